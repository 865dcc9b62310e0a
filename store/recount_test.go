package store_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// droppedAndReported are the columns of counts that single disconnects tell, too.
const droppedAndReported = `
	count(*) FILTER (WHERE exchange AND party = 'client') AS dc, count(*) FILTER (WHERE exchange AND party = 'upstream') AS du,
	count(*) FILTER (WHERE exchange AND party = 'server') AS ds, count(*) FILTER (WHERE exchange AND party = 'unknown') AS dx,
	count(*) FILTER (WHERE NOT exchange AND party = 'client') AS rc, count(*) FILTER (WHERE NOT exchange AND party = 'upstream') AS ru,
	count(*) FILTER (WHERE NOT exchange AND party = 'server') AS rs, count(*) FILTER (WHERE NOT exchange AND party = 'unknown') AS rx`

// recounts are pairs of questions that give the same rows when counts and stored records agree.
var recounts = map[string][2]string{
	"minutes": {
		`SELECT service_id, minute, route_id, agent_id, sum(dropped_client), sum(dropped_upstream), sum(dropped_server), sum(dropped_unknown),
			sum(reported_client), sum(reported_upstream), sum(reported_server), sum(reported_unknown)
		FROM tally GROUP BY 1, 2, 3, 4
		HAVING sum(dropped_client + dropped_upstream + dropped_server + dropped_unknown) <> 0
			OR sum(reported_client + reported_upstream + reported_server + reported_unknown) <> 0`,
		`SELECT service_id, date_trunc('minute', at) AS minute, route_id, agent_id, ` + droppedAndReported + `
		FROM disconnect WHERE phase <> 'idle' AND joined_generation_id IS NULL GROUP BY 1, 2, 3, 4`,
	},
	"idle closes": {
		`SELECT service_id, minute, route_id, agent_id, sum(idle) FROM tally GROUP BY 1, 2, 3, 4 HAVING sum(idle) <> 0`,
		`SELECT service_id, date_trunc('minute', at), route_id, agent_id, count(*) FROM disconnect WHERE phase = 'idle' GROUP BY 1, 2, 3, 4`,
	},
	"clients": {
		`SELECT service_id, hour, client, sum(dropped), sum(reported), sum(idle) FROM client_tally GROUP BY 1, 2, 3
		HAVING sum(dropped) <> 0 OR sum(reported) <> 0 OR sum(idle) <> 0`,
		`SELECT service_id, date_trunc('hour', at, 'UTC'), client, count(*) FILTER (WHERE exchange AND phase <> 'idle'),
			count(*) FILTER (WHERE NOT exchange AND phase <> 'idle'), count(*) FILTER (WHERE phase = 'idle')
		FROM disconnect WHERE client IS NOT NULL AND joined_generation_id IS NULL GROUP BY 1, 2, 3`,
	},
	"records of a generation": {
		`SELECT service_id, generation_id, disconnects FROM generation WHERE disconnects <> 0`,
		`SELECT service_id, generation_id, count(*) FROM disconnect GROUP BY 1, 2`,
	},
	"requests of a generation": {
		`SELECT service_id, sum(requests) FROM generation GROUP BY 1 HAVING sum(requests) <> 0`,
		`SELECT * FROM (SELECT service_id, sum(requests - dropped_client - dropped_upstream - dropped_server - dropped_unknown) - (
			SELECT count(*) FROM disconnect d WHERE d.service_id = t.service_id AND exchange AND phase = 'idle') AS n
		FROM tally t GROUP BY 1) x WHERE n <> 0`,
	},
}

// checkCounts compares every count with what the stored records say. Nothing may have expired.
func checkCounts(tb testing.TB, pool *pgxpool.Pool) {
	tb.Helper()
	for what, q := range recounts {
		if diff := cmp.Diff(rowsOf(tb, pool, q[1]), rowsOf(tb, pool, q[0])); diff != "" {
			tb.Errorf("the counts of %s are not what the records say (-records +counts):\n%s", what, diff)
		}
	}
	for _, row := range rowsOf(tb, pool, `SELECT generation_id, off, bytes_parsed + bytes_skipped + bytes_unparsed + bytes_oversize FROM generation
		WHERE off <> bytes_parsed + bytes_skipped + bytes_unparsed + bytes_oversize`) {
		tb.Errorf("bytes are not accounted for: generation, offset, accounts %s", row)
	}
}

// rowsOf returns what sql gives, a text for each row, in order.
func rowsOf(tb testing.TB, pool *pgxpool.Pool, sql string, args ...any) []string {
	tb.Helper()
	rows, err := pool.Query(tb.Context(), `SELECT x::text FROM (`+sql+`) x ORDER BY 1`, args...)
	check(tb, err)
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	check(tb, err)
	return out
}

// number returns what sql gives, which is one number.
func number(tb testing.TB, pool *pgxpool.Pool, sql string, args ...any) (n int64) {
	tb.Helper()
	check(tb, pool.QueryRow(tb.Context(), sql, args...).Scan(&n))
	return n
}

// wantNumber fails when sql does not give n.
func wantNumber(tb testing.TB, pool *pgxpool.Pool, n int64, sql string, args ...any) {
	tb.Helper()
	if got := number(tb, pool, sql, args...); got != n {
		tb.Errorf("%s gives %d, want %d", fmt.Sprintf("%s %v", sql, args), got, n)
	}
}

func exec(tb testing.TB, pool *pgxpool.Pool, sql string, args ...any) {
	tb.Helper()
	_, err := pool.Exec(tb.Context(), sql, args...)
	check(tb, err)
}

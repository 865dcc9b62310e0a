package store

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

//go:embed sql/join.sql
var joinSQL string

// joinRounds bounds the rounds of one run; what is left is joined at the next.
const joinRounds = 50

// joinWindow is how long after it was stored a report may be joined still: what it belongs to may be read later than it.
const joinWindow = 15 * time.Minute

// flattenSQL points what is joined to a joined record at the record that counts.
const flattenSQL = `UPDATE disconnect d SET joined_generation_id = p.joined_generation_id, joined_off = p.joined_off
	FROM disconnect p
	WHERE d.service_id = $1 AND d.day = ANY ($2::date[]) AND d.joined_generation_id IS NOT NULL
		AND p.service_id = $1 AND p.day BETWEEN d.day - 1 AND d.day + 1 AND p.generation_id = d.joined_generation_id AND p.off = d.joined_off
		AND p.joined_generation_id IS NOT NULL`

// Join joins the reports that were stored in the last minutes, of whatever time, to the records that count the same
// hang-ups, and takes them out of the counts: one hang-up counts once. It returns how many reports it joined.
func (s *Store) Join(ctx context.Context, now time.Time) (n int64, err error) {
	rows, err := s.pool.Query(ctx, `SELECT service_id, day FROM day_written WHERE written_at > $1 ORDER BY service_id, day`, now.Add(-touchEvery-5*time.Minute))
	if err != nil {
		return 0, fmt.Errorf("list days to join: %w", err)
	}
	days := map[int32][]time.Time{}
	var service int32
	var day time.Time
	if _, err = pgx.ForEachRow(rows, []any{&service, &day}, func() error {
		days[service] = append(days[service], day)
		return nil
	}); err != nil {
		return 0, fmt.Errorf("list days to join: %w", err)
	}
	for service, wanted := range days {
		// Where sessions are being decided, the next run joins.
		if err := s.changeHangups(ctx, service, 0, func(conn *pgxpool.Conn) error {
			k, err := joinService(ctx, conn, service, wanted, now)
			n += k
			return err
		}); err != nil {
			return n, fmt.Errorf("join the reports of service %d: %w", service, err)
		}
	}
	return n, nil
}

func joinService(ctx context.Context, conn *pgxpool.Conn, service int32, wanted []time.Time, now time.Time) (n int64, err error) {
	for range joinRounds {
		var k int64
		err := conn.QueryRow(ctx, joinSQL, pgx.NamedArgs{"service": service, "days": wanted, "recent": now.Add(-joinWindow)}).Scan(&k)
		if err != nil {
			return n, err
		}
		n += k
		if k == 0 {
			break
		}
	}
	if n == 0 {
		return 0, nil
	}
	return n, pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		// Both sides are all that is joined. While the day's statistics are young they look empty, and a loop over both
		// would be chosen.
		if _, err := tx.Exec(ctx, `SET LOCAL enable_nestloop = off`); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, flattenSQL, service, wanted)
		return err
	})
}

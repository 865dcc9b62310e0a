package fill

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"hangup/event"
	"hangup/store/block"
)

type foldKey struct {
	service, route, agent int32
	bucket                time.Time
}

type foldValue struct {
	counts     event.Counts
	done, drop event.Histogram
}

// Fold writes the hours ("hour") or days ("day") that begin at the given times from their minutes, and says that they
// hold what the minutes say. It is a second, plain way to what the jobs do.
func Fold(tb testing.TB, pool *pgxpool.Pool, grain string, buckets ...time.Time) {
	tb.Helper()
	ctx := tb.Context()
	table, width := "hour_block", time.Hour
	if grain == "day" {
		table, width = "day_block", 24*time.Hour
	}
	sums := map[foldKey]*foldValue{}
	services := map[int32]bool{}
	for _, b := range buckets {
		rows, err := pool.Query(ctx, `SELECT service_id, route_id, agent_id, requests, bytes,
			dropped_client, dropped_upstream, dropped_server, dropped_unknown,
			reported_client, reported_upstream, reported_server, reported_unknown, idle, done, "drop"
			FROM tally WHERE minute >= $1 AND minute < $2`, b, b.Add(width))
		if err != nil {
			tb.Fatal(err)
		}
		var (
			k          = foldKey{bucket: b}
			c          event.Counts
			done, drop []byte
		)
		_, err = pgx.ForEachRow(rows, []any{
			&k.service, &k.route, &k.agent, &c.Requests, &c.Bytes, &c.Dropped[0], &c.Dropped[1], &c.Dropped[2], &c.Dropped[3],
			&c.Reported[0], &c.Reported[1], &c.Reported[2], &c.Reported[3], &c.Idle, &done, &drop,
		}, func() error {
			services[k.service] = true
			v := sums[k]
			if v == nil {
				v = &foldValue{}
				sums[k] = v
			}
			v.counts.Add(c)
			if err := v.done.MergeEncoded(done); err != nil {
				return err
			}
			return v.drop.MergeEncoded(drop)
		})
		if err != nil {
			tb.Fatal(err)
		}
		for s := range services {
			exec(tb, pool, `DELETE FROM `+table+` WHERE service_id = $1 AND bucket = $2`, s, b)
			exec(tb, pool, `DELETE FROM dirty_hour WHERE service_id = $1 AND hour >= $2 AND hour < $3`, s, b, b.Add(width))
			exec(tb, pool, `INSERT INTO folded (service_id, grain, bucket) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, s, grain, b)
		}
	}
	byRoute := map[foldKey][]foldKey{}
	for k := range sums {
		r := k
		r.agent = 0
		byRoute[r] = append(byRoute[r], k)
	}
	batch := &pgx.Batch{}
	for r, keys := range byRoute {
		var w block.Cells
		for _, k := range keys {
			v := sums[k]
			w.Add(&block.Cell{Agent: k.agent, Counts: v.counts, Done: v.done.Encode(), Drop: v.drop.Encode()})
		}
		batch.Queue(`INSERT INTO `+table+` VALUES ($1, $2, $3, $4)`, r.service, r.bucket, r.route, w.Bytes())
	}
	if err := pool.SendBatch(ctx, batch).Close(); err != nil {
		tb.Fatal(err)
	}
}

func exec(tb testing.TB, pool *pgxpool.Pool, sql string, args ...any) {
	tb.Helper()
	if _, err := pool.Exec(tb.Context(), sql, args...); err != nil {
		tb.Fatal(err)
	}
}

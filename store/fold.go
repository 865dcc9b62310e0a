package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"hangup/event"
)

// tallyKey is what a row of counts is about. minute is the zero time where the rows are of one bucket.
type tallyKey struct {
	minute       time.Time
	route, agent int32
}

// tallyValue is what a row of counts says.
type tallyValue struct {
	counts     event.Counts
	done, drop event.Histogram
}

// tallies are rows of counts, merged by key.
type tallies map[tallyKey]*tallyValue

// countColumns are the columns of every table of counts, in the order in which mergeRows reads them and rows gives them.
const countColumns = `route_id, agent_id, requests, bytes, dropped_client, dropped_upstream, dropped_server, dropped_unknown,
	reported_client, reported_upstream, reported_server, reported_unknown, idle, done, "drop"`

// mergeRows adds rows of (time, countColumns). byMinute keeps the time in the key.
func (t tallies) mergeRows(rows pgx.Rows, byMinute bool) error {
	var (
		k          tallyKey
		at         time.Time
		c          event.Counts
		done, drop []byte
	)
	_, err := pgx.ForEachRow(rows, []any{
		&at, &k.route, &k.agent, &c.Requests, &c.Bytes, &c.Dropped[0], &c.Dropped[1], &c.Dropped[2], &c.Dropped[3],
		&c.Reported[0], &c.Reported[1], &c.Reported[2], &c.Reported[3], &c.Idle, &done, &drop,
	}, func() error {
		if byMinute {
			k.minute = at.UTC()
		}
		v := t[k]
		if v == nil {
			v = &tallyValue{}
			t[k] = v
		}
		v.counts.Add(c)
		if err := v.done.MergeEncoded(done); err != nil {
			return err
		}
		return v.drop.MergeEncoded(drop)
	})
	return err
}

// copyTo writes the rows, in the order of their keys. head gives the columns before the counts.
func (t tallies) copyTo(ctx context.Context, tx pgx.Tx, table string, headColumns []string, head func(tallyKey) []any) error {
	keys := slices.SortedFunc(maps.Keys(t), func(a, b tallyKey) int {
		return cmp.Or(a.minute.Compare(b.minute), cmp.Compare(a.route, b.route), cmp.Compare(a.agent, b.agent))
	})
	columns := append(slices.Clone(headColumns), tallyColumns[3:]...)
	_, err := tx.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromSlice(len(keys), func(i int) ([]any, error) {
		v := t[keys[i]]
		c := &v.counts
		return append(head(keys[i]), keys[i].route, keys[i].agent, c.Requests, c.Bytes, c.Dropped[0], c.Dropped[1], c.Dropped[2], c.Dropped[3],
			c.Reported[0], c.Reported[1], c.Reported[2], c.Reported[3], c.Idle, v.done.Encode(), v.drop.Encode()), nil
	}))
	return err
}

// foldDelay is how long after its end an hour is folded: lines of it may still be under way.
const foldDelay = 2 * time.Minute

// serviceHour is one hour of one service.
type serviceHour struct {
	Service int32
	Hour    time.Time
}

// FoldHours folds the minutes of every dirty hour that is over into the hour, which it replaces whole, and merges the
// rows of the hour's minutes and clients. It returns how many hours it folded. An error leaves the hours after it dirty.
func (s *Store) FoldHours(ctx context.Context, now time.Time) (n int64, err error) {
	rows, err := s.pool.Query(ctx, `SELECT DISTINCT service_id, hour FROM dirty_hour WHERE hour <= $1 ORDER BY hour, service_id LIMIT 2000`,
		now.Add(-time.Hour-foldDelay))
	if err != nil {
		return 0, fmt.Errorf("list dirty hours: %w", err)
	}
	hours, err := pgx.CollectRows(rows, pgx.RowToStructByPos[serviceHour])
	if err != nil {
		return 0, fmt.Errorf("list dirty hours: %w", err)
	}
	for _, h := range hours {
		err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return foldHour(ctx, tx, h.Service, h.Hour.UTC()) })
		if err != nil {
			return n, fmt.Errorf("fold hour %s of service %d: %w", h.Hour.UTC().Format(time.RFC3339), h.Service, err)
		}
		n++
	}
	return n, nil
}

func foldHour(ctx context.Context, tx pgx.Tx, service int32, hour time.Time) error {
	if err := lockRows(ctx, tx, service); err != nil {
		return err
	}
	// The lock on these rows makes a commit that is adding to the hour come before or after this, never between.
	if _, err := tx.Exec(ctx, `DELETE FROM dirty_hour WHERE service_id = $1 AND hour = $2`, service, hour); err != nil {
		return err
	}
	expired := false
	if err := tx.QueryRow(ctx, `SELECT coalesce(bool_or(minutes_expired), false) FROM day_written WHERE service_id = $1 AND day = $2`,
		service, dayOf(hour)).Scan(&expired); err != nil {
		return err
	}
	// Rows that are one to a key stay where they are: an hour of an import would be written twice for nothing.
	var have, keys int64
	if err := tx.QueryRow(ctx, `SELECT count(*), count(DISTINCT (minute, route_id, agent_id)) FROM tally
		WHERE service_id = $1 AND day = $2 AND minute >= $3 AND minute < $4`, service, dayOf(hour), hour, hour.Add(time.Hour)).Scan(&have, &keys); err != nil {
		return err
	}
	rewrite := expired || have > keys+keys/5
	read := `SELECT minute, ` + countColumns + ` FROM tally WHERE service_id = $1 AND day = $2 AND minute >= $3 AND minute < $4`
	if rewrite { // what a commit adds meanwhile is not taken out: it makes the hour dirty again
		read = `DELETE FROM tally WHERE service_id = $1 AND day = $2 AND minute >= $3 AND minute < $4 RETURNING minute, ` + countColumns
	}
	minutes := tallies{}
	rows, err := tx.Query(ctx, read, service, dayOf(hour), hour, hour.Add(time.Hour))
	if err == nil {
		err = minutes.mergeRows(rows, true)
	}
	if err != nil {
		return err
	}
	whole := tallies{}
	switch {
	case expired: // what came late is added to the hour, once: its minutes are not kept
		rows, err := tx.Query(ctx, `SELECT bucket, `+countColumns+` FROM tally_hour WHERE service_id = $1 AND bucket = $2`, service, hour)
		if err == nil {
			err = whole.mergeRows(rows, false)
		}
		if err != nil {
			return err
		}
	case rewrite:
		if err := minutes.copyTo(ctx, tx, "tally", tallyColumns[:3],
			func(k tallyKey) []any { return []any{service, dayOf(k.minute), k.minute} }); err != nil {
			return err
		}
	}
	for k, v := range minutes {
		k.minute = time.Time{}
		w := whole[k]
		if w == nil {
			w = &tallyValue{}
			whole[k] = w
		}
		w.counts.Add(v.counts)
		w.done.Merge(&v.done)
		w.drop.Merge(&v.drop)
	}
	if err := replaceBucket(ctx, tx, "tally_hour", service, hour, whole); err != nil {
		return err
	}
	if err := mergeClients(ctx, tx, service, hour, true); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO folded (service_id, grain, bucket) VALUES ($1, 'hour', $2) ON CONFLICT DO NOTHING`, service, hour)
	if err == nil { // its day has to be folded again
		_, err = tx.Exec(ctx, `DELETE FROM folded WHERE service_id = $1 AND grain = 'day' AND bucket = $2`, service, dayOf(hour))
	}
	return err
}

func replaceBucket(ctx context.Context, tx pgx.Tx, table string, service int32, bucket time.Time, t tallies) error {
	if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE service_id = $1 AND bucket = $2`, service, bucket); err != nil {
		return err
	}
	return t.copyTo(ctx, tx, table, []string{"service_id", "bucket"}, func(tallyKey) []any { return []any{service, bucket} })
}

// FoldDays folds the hours of every day that is over, all folded and not folded itself into the day, which it replaces
// whole. It returns how many days it folded.
func (s *Store) FoldDays(ctx context.Context, now time.Time) (n int64, err error) {
	rows, err := s.pool.Query(ctx, `SELECT DISTINCT f.service_id, date_trunc('day', f.bucket, 'UTC') AS day FROM folded f
		WHERE f.grain = 'hour' AND f.bucket < $1
			AND NOT EXISTS (SELECT FROM folded d WHERE d.service_id = f.service_id AND d.grain = 'day' AND d.bucket = date_trunc('day', f.bucket, 'UTC'))
			AND NOT EXISTS (SELECT FROM dirty_hour h WHERE h.service_id = f.service_id
				AND h.hour >= date_trunc('day', f.bucket, 'UTC') AND h.hour < date_trunc('day', f.bucket, 'UTC') + interval '24 hours')
		ORDER BY day, f.service_id LIMIT 500`, dayOf(now))
	if err != nil {
		return 0, fmt.Errorf("list days to fold: %w", err)
	}
	days, err := pgx.CollectRows(rows, pgx.RowToStructByPos[serviceHour])
	if err != nil {
		return 0, fmt.Errorf("list days to fold: %w", err)
	}
	for _, d := range days {
		day := d.Hour.UTC()
		err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
			return foldDay(ctx, tx, d.Service, day)
		})
		if err != nil {
			return n, fmt.Errorf("fold day %s of service %d: %w", day.Format(time.DateOnly), d.Service, err)
		}
		n++
	}
	return n, nil
}

// foldDay runs in a snapshot: an hour that becomes dirty or is folded meanwhile makes the day dirty after it, or makes
// this transaction fail and be tried at the next run.
func foldDay(ctx context.Context, tx pgx.Tx, service int32, day time.Time) error {
	whole := tallies{}
	rows, err := tx.Query(ctx, `SELECT bucket, `+countColumns+` FROM tally_hour WHERE service_id = $1 AND bucket >= $2 AND bucket < $3`,
		service, day, day.AddDate(0, 0, 1))
	if err == nil {
		err = whole.mergeRows(rows, false)
	}
	if err != nil {
		return err
	}
	if err := replaceBucket(ctx, tx, "tally_day", service, day, whole); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO folded (service_id, grain, bucket) VALUES ($1, 'day', $2) ON CONFLICT DO NOTHING`, service, day)
	return err
}

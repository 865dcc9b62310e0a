package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"golang.org/x/sync/errgroup"

	"hangup/event"
	"hangup/store/block"
)

// mergeCells adds up the cells of blocks of one route and hour, and returns them by minute and agent, one to each, in
// the room of cells. Those whose key only one block has keep their histograms as they are: parts of the blocks.
func mergeCells(cells []block.Cell, blocks [][]byte) ([]block.Cell, error) {
	for _, b := range blocks {
		r := block.ReadCells(b)
		for r.Next() {
			cells = append(cells, r.Cell)
		}
		if err := r.Err(); err != nil {
			return nil, err
		}
	}
	compare := func(a, b block.Cell) int { return cmp.Or(a.Minute-b.Minute, cmp.Compare(a.Agent, b.Agent)) }
	if !slices.IsSortedFunc(cells, compare) {
		slices.SortStableFunc(cells, compare)
	}
	out := cells[:0]
	for i := range cells {
		c := &cells[i]
		if n := len(out); n == 0 || compare(out[n-1], *c) != 0 {
			out = append(out, *c)
			continue
		}
		have := &out[len(out)-1]
		have.Add(c.Counts)
		var err error
		if have.Done, err = mergeHistograms(have.Done, c.Done); err != nil {
			return nil, err
		}
		if have.Drop, err = mergeHistograms(have.Drop, c.Drop); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func mergeHistograms(a, b []byte) ([]byte, error) {
	if len(b) == 0 {
		return a, nil
	}
	if len(a) == 0 {
		return b, nil
	}
	var h event.Histogram
	if err := h.MergeEncoded(a); err != nil {
		return nil, err
	}
	if err := h.MergeEncoded(b); err != nil {
		return nil, err
	}
	return h.Encode(), nil
}

func packCells(cells []block.Cell) []byte {
	var w block.Cells
	for i := range cells {
		w.Add(&cells[i])
	}
	return w.Bytes()
}

// byAgent adds cells up for each class of user agents, whatever their minutes.
type byAgent map[int32]*agentCell

type agentCell struct {
	counts     event.Counts
	done, drop event.Histogram
}

func (t byAgent) add(c *block.Cell) error {
	v := t[c.Agent]
	if v == nil {
		v = &agentCell{}
		t[c.Agent] = v
	}
	v.counts.Add(c.Counts)
	if err := v.done.MergeEncoded(c.Done); err != nil {
		return err
	}
	return v.drop.MergeEncoded(c.Drop)
}

func (t byAgent) addBlock(b []byte) error {
	r := block.ReadCells(b)
	for r.Next() {
		if err := t.add(&r.Cell); err != nil {
			return err
		}
	}
	return r.Err()
}

func (t byAgent) pack() []byte {
	var w block.Cells
	for _, agent := range slices.Sorted(maps.Keys(t)) {
		v := t[agent]
		w.Add(&block.Cell{Agent: agent, Counts: v.counts, Done: v.done.Encode(), Drop: v.drop.Encode()})
	}
	return w.Bytes()
}

// blocksByRoute collects rows of (route_id, cells).
func blocksByRoute(rows pgx.Rows) (map[int32][][]byte, error) {
	out := map[int32][][]byte{}
	var (
		route int32
		cells []byte
	)
	_, err := pgx.ForEachRow(rows, []any{&route, &cells}, func() error {
		out[route] = append(out[route], cells)
		cells = nil
		return nil
	})
	return out, err
}

// foldDelay is how long after its end an hour is folded: lines of it may still be under way.
const foldDelay = 2 * time.Minute

// serviceHour is one hour of one service.
type serviceHour struct {
	Service int32
	Hour    time.Time
}

// FoldHours folds the minutes of every dirty hour that is over into the hour, which it replaces whole, and merges the
// blocks of the hour's minutes and clients. It returns how many hours it folded, and the first error: an hour that cannot be
// read stays dirty, and so do the hours after it when it is another error.
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
	var (
		folded  atomic.Int64
		damaged error
		mu      sync.Mutex
	)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(foldAtOnce)
	for _, h := range hours {
		h.Hour = h.Hour.UTC()
		g.Go(func() error {
			if ctx.Err() != nil { // another one failed
				return ctx.Err()
			}
			err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return foldHour(ctx, tx, h) })
			if err == nil {
				folded.Add(1)
				return nil
			}
			of := ofItself(ctx, err)
			err = fmt.Errorf("fold hour %s of service %d: %w", h.Hour.Format(time.RFC3339), h.Service, err)
			if !of {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			damaged = cmp.Or(damaged, err)
			return nil
		})
	}
	err = g.Wait()
	return folded.Load(), cmp.Or(err, damaged)
}

// ofItself says whether what is wrong is wrong with one hour or day: others can be folded all the same.
func ofItself(ctx context.Context, err error) bool {
	return ctx.Err() == nil && classOf(err) == event.OtherClass
}

// foldAtOnce is how many hours are folded side by side: one waits for the database while the other counts.
const foldAtOnce = 2

func foldHour(ctx context.Context, tx pgx.Tx, h serviceHour) error {
	service, hour := h.Service, h.Hour
	if err := lockRows(ctx, tx, h); err != nil {
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
	// Blocks that are one to a route stay where they are.
	var have, routes int64
	if err := tx.QueryRow(ctx, `SELECT count(*), count(DISTINCT route_id) FROM minute_block WHERE service_id = $1 AND day = $2 AND hour = $3`,
		service, dayOf(hour), hour).Scan(&have, &routes); err != nil {
		return err
	}
	rewrite := expired || have > routes
	read := `SELECT route_id, cells FROM minute_block WHERE service_id = $1 AND day = $2 AND hour = $3`
	if rewrite { // what a commit adds meanwhile is not taken out: it makes the hour dirty again
		read = `DELETE FROM minute_block WHERE service_id = $1 AND day = $2 AND hour = $3 RETURNING route_id, cells`
	}
	rows, err := tx.Query(ctx, read, service, dayOf(hour), hour)
	if err != nil {
		return err
	}
	minutes, err := blocksByRoute(rows)
	if err != nil {
		return err
	}
	whole := map[int32]byAgent{}
	if expired { // what came late is added to the hour, once: its minutes are not kept
		if whole, err = readBuckets(ctx, tx, "hour_block", service, hour, hour.Add(time.Hour)); err != nil {
			return err
		}
	}
	var (
		merged []minuteBlock
		cells  []block.Cell
	)
	for _, route := range slices.Sorted(maps.Keys(minutes)) {
		if cells, err = mergeCells(cells[:0], minutes[route]); err != nil {
			return fmt.Errorf("route %d: %w", route, err)
		}
		if rewrite && !expired {
			merged = append(merged, minuteBlock{hour, route, packCells(cells)})
		}
		if whole[route] == nil {
			whole[route] = byAgent{}
		}
		for i := range cells {
			if err := whole[route].add(&cells[i]); err != nil {
				return fmt.Errorf("route %d: %w", route, err)
			}
		}
	}
	if err := copyMinutes(ctx, tx, service, merged); err != nil {
		return err
	}
	if err := replaceBucket(ctx, tx, "hour_block", service, hour, whole); err != nil {
		return err
	}
	if err := foldClients(ctx, tx, service, hour); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO folded (service_id, grain, bucket) VALUES ($1, 'hour', $2) ON CONFLICT DO NOTHING`, service, hour)
	if err == nil { // its day has to be folded again
		_, err = tx.Exec(ctx, `DELETE FROM folded WHERE service_id = $1 AND grain = 'day' AND bucket = $2`, service, dayOf(hour))
	}
	return err
}

// readBuckets adds up the buckets of a table of hours from <= bucket < to, by route and agent.
func readBuckets(ctx context.Context, tx pgx.Tx, table string, service int32, from, to time.Time) (map[int32]byAgent, error) {
	out := map[int32]byAgent{}
	rows, err := tx.Query(ctx, `SELECT route_id, cells FROM `+table+` WHERE service_id = $1 AND bucket >= $2 AND bucket < $3`, service, from, to)
	if err != nil {
		return nil, err
	}
	var (
		route int32
		cells []byte
	)
	_, err = pgx.ForEachRow(rows, []any{&route, (*pgtype.DriverBytes)(&cells)}, func() error {
		if out[route] == nil {
			out[route] = byAgent{}
		}
		if err := out[route].addBlock(cells); err != nil {
			return fmt.Errorf("route %d: %w", route, err)
		}
		return nil
	})
	return out, err
}

func replaceBucket(ctx context.Context, tx pgx.Tx, table string, service int32, bucket time.Time, routes map[int32]byAgent) error {
	if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE service_id = $1 AND bucket = $2`, service, bucket); err != nil {
		return err
	}
	ids := slices.Sorted(maps.Keys(routes))
	_, err := tx.CopyFrom(ctx, pgx.Identifier{table}, []string{"service_id", "bucket", "route_id", "cells"},
		pgx.CopyFromSlice(len(ids), func(i int) ([]any, error) { return []any{service, bucket, ids[i], routes[ids[i]].pack()}, nil }))
	return err
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
	var bad error
	for _, d := range days {
		day := d.Hour.UTC()
		err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
			return foldDay(ctx, tx, d.Service, day)
		})
		if err != nil {
			bad = cmp.Or(bad, fmt.Errorf("fold day %s of service %d: %w", day.Format(time.DateOnly), d.Service, err))
			if !ofItself(ctx, err) {
				return n, bad
			}
			continue
		}
		n++
	}
	return n, bad
}

// foldDay runs in a snapshot: an hour that becomes dirty or is folded meanwhile makes the day dirty after it, or makes
// this transaction fail and be tried at the next run.
func foldDay(ctx context.Context, tx pgx.Tx, service int32, day time.Time) error {
	whole, err := readBuckets(ctx, tx, "hour_block", service, day, day.AddDate(0, 0, 1))
	if err != nil {
		return err
	}
	if err := replaceBucket(ctx, tx, "day_block", service, day, whole); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO folded (service_id, grain, bucket) VALUES ($1, 'day', $2) ON CONFLICT DO NOTHING`, service, day)
	return err
}

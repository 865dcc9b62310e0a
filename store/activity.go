package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"hangup/event"
	"hangup/store/block"
)

// packSigns packs signs of life into one block.
func packSigns(id ids, signs event.Signs) []byte {
	routes := make([]int32, len(signs.Routes))
	for i, r := range signs.Routes {
		routes[i] = id.routes[r]
	}
	var (
		w      block.Signs
		client string
		agent  int64
		begun  bool
	)
	for s := range signs.All() {
		if !begun || s.AgentHash != agent || s.Client != client {
			begun, client, agent = true, s.Client, s.AgentHash
			w.Begin(event.Clean(client), agent)
		}
		w.Add(&block.Sign{At: s.Time.UnixMicro(), Off: s.Off, Route: routes[s.Route], Drop: s.Drop})
	}
	return w.Bytes()
}

// copySigns appends the batch's signs of life, in one row.
func copySigns(ctx context.Context, tx pgx.Tx, service int32, now time.Time, generation int64, signs []byte) error {
	if len(signs) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO activity_block (service_id, generation_id, written_at, signs) VALUES ($1, $2, $3, $4)`, service, generation, now, signs)
	if err != nil {
		return fmt.Errorf("store activity: %w", err)
	}
	return nil
}

// signBlock is a row of activity_block.
type signBlock struct {
	Generation int64
	WrittenAt  time.Time
	Signs      []byte
}

// blocksAtOnce bounds how many blocks are in memory: each may be a few MB.
const blocksAtOnce = 8

// takeActivity turns the signs that commits have appended since the last time into rows of session_activity.
func takeActivity(ctx context.Context, tx pgx.Tx, service int32) error {
	for {
		rows, err := tx.Query(ctx, `DELETE FROM activity_block WHERE ctid = ANY (ARRAY(SELECT ctid FROM activity_block WHERE service_id = $1 LIMIT $2))
			RETURNING generation_id, written_at, signs`, service, blocksAtOnce)
		if err != nil {
			return fmt.Errorf("take activity: %w", err)
		}
		blocks, err := pgx.CollectRows(rows, pgx.RowToStructByPos[signBlock])
		if err != nil {
			return fmt.Errorf("take activity: %w", err)
		}
		for _, b := range blocks {
			if err := copyActivity(ctx, tx, service, b); err != nil {
				return fmt.Errorf("take activity of generation %d: %w", b.Generation, err)
			}
		}
		if len(blocks) < blocksAtOnce {
			return nil
		}
	}
}

func copyActivity(ctx context.Context, tx pgx.Tx, service int32, b signBlock) error {
	r := block.ReadSigns(b.Signs)
	columns := []string{"service_id", "generation_id", "off", "at", "client", "agent_hash", "route_id", "is_drop", "written_at"}
	err := copyRowsWhile(ctx, tx, "session_activity", columns, func(w *copyWriter) bool {
		if !r.Next() {
			return false
		}
		w.int4(service)
		w.int8(b.Generation)
		w.int8(r.Sign.Off)
		w.time(time.UnixMicro(r.Sign.At))
		w.text(string(r.Client))
		w.int8(r.AgentHash)
		w.int4(r.Sign.Route)
		w.bool(r.Sign.Drop)
		w.time(b.WrittenAt)
		return true
	})
	return cmp.Or(r.Err(), err)
}

// Watched returns the hang-ups of a service within d of its newest sign of life, the oldest first: what their clients ask
// next tells what became of them.
func (s *Store) Watched(ctx context.Context, service string, d time.Duration) ([]event.Activity, error) {
	svc, err := s.ServiceID(ctx, service)
	if err != nil {
		return nil, err
	}
	var out []event.Activity
	err = pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) (err error) {
		out, err = watched(ctx, tx, svc, d)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list watched clients of %s: %w", service, err)
	}
	return out, nil
}

func watched(ctx context.Context, tx pgx.Tx, service int32, d time.Duration) ([]event.Activity, error) {
	newest := time.Time{}
	var last *time.Time
	if err := tx.QueryRow(ctx, `SELECT max(at) FROM session_activity WHERE service_id = $1`, service).Scan(&last); err != nil {
		return nil, err
	}
	if last != nil {
		newest = *last
	}
	type drop struct {
		event.Activity
		generation int64
		route      int32
	}
	var drops []drop
	old := func(v drop) bool { return !v.Time.After(newest.Add(-d)) }
	rows, err := tx.Query(ctx, `SELECT generation_id, signs FROM activity_block WHERE service_id = $1`, service)
	if err != nil {
		return nil, err
	}
	var (
		generation int64
		signs      []byte
		room       = 1 << 16
	)
	_, err = pgx.ForEachRow(rows, []any{&generation, &signs}, func() error {
		r := block.ReadSigns(signs)
		for r.Next() {
			at := time.UnixMicro(r.Sign.At).UTC()
			if at.After(newest) {
				newest = at
			}
			if r.Sign.Drop {
				drops = append(drops, drop{event.Activity{Time: at, Client: string(r.Client), AgentHash: r.AgentHash, Drop: true, Off: r.Sign.Off}, generation, r.Sign.Route})
			}
		}
		if len(drops) > room {
			drops = slices.DeleteFunc(drops, old)
			room = max(room, 2*len(drops))
		}
		return r.Err()
	})
	if err != nil {
		return nil, err
	}
	rows, err = tx.Query(ctx, `SELECT client, agent_hash, at, generation_id, off, route_id FROM session_activity WHERE service_id = $1 AND is_drop AND at > $2`,
		service, newest.Add(-d))
	if err != nil {
		return nil, err
	}
	v := drop{Activity: event.Activity{Drop: true}}
	_, err = pgx.ForEachRow(rows, []any{&v.Client, &v.AgentHash, &v.Time, &v.generation, &v.Off, &v.route}, func() error {
		drops = append(drops, v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	drops = slices.DeleteFunc(drops, old)
	slices.SortFunc(drops, func(a, b drop) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.generation, b.generation), cmp.Compare(a.Off, b.Off))
	})
	routes := map[int32]event.Route{}
	rows, err = tx.Query(ctx, `SELECT route_id, method, template FROM route WHERE service_id = $1`, service)
	if err != nil {
		return nil, err
	}
	var (
		id    int32
		route event.Route
	)
	if _, err := pgx.ForEachRow(rows, []any{&id, &route.Method, &route.Template}, func() error {
		routes[id] = route
		return nil
	}); err != nil {
		return nil, err
	}
	out := make([]event.Activity, len(drops))
	for i, v := range drops {
		out[i] = v.Activity
		out[i].Route = routes[v.route]
	}
	return out, nil
}

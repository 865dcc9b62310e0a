package store

import (
	"cmp"
	"context"
	"fmt"
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

// Watched gives each the hang-ups of a service that were stored since then and of which signs of life are kept, as they came:
// what their clients ask next tells what became of them. One is valid until the next. That which belongs to sessions that are
// over is not there.
func (s *Store) Watched(ctx context.Context, service string, since time.Time, each func(a *event.Activity)) error {
	svc, err := s.ServiceID(ctx, service)
	if err != nil {
		return err
	}
	err = pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		return watched(ctx, tx, svc, since, each)
	})
	if err != nil {
		return fmt.Errorf("list watched clients of %s: %w", service, err)
	}
	return nil
}

// watchedBlocks bounds how many blocks a start looks through. The job takes them over within a minute; where only imports run,
// so many are 32 GB of logs.
const watchedBlocks = 1000

func watched(ctx context.Context, tx pgx.Tx, service int32, since time.Time, each func(a *event.Activity)) error {
	routes := map[int32]event.Route{}
	rows, err := tx.Query(ctx, `SELECT route_id, method, template FROM route WHERE service_id = $1`, service)
	if err != nil {
		return err
	}
	var (
		id    int32
		route event.Route
	)
	if _, err := pgx.ForEachRow(rows, []any{&id, &route.Method, &route.Template}, func() error {
		routes[id] = route
		return nil
	}); err != nil {
		return err
	}
	a := event.Activity{Drop: true}
	rows, err = tx.Query(ctx, `SELECT client, agent_hash, at, off, route_id FROM session_activity WHERE service_id = $1 AND is_drop
		AND written_at >= $2 ORDER BY written_at, generation_id, off`, service, since)
	if err != nil {
		return err
	}
	if _, err := pgx.ForEachRow(rows, []any{&a.Client, &a.AgentHash, &a.Time, &a.Off, &id}, func() error {
		a.Route = routes[id]
		each(&a)
		return nil
	}); err != nil {
		return err
	}
	rows, err = tx.Query(ctx, `SELECT signs FROM (SELECT ctid AS place, written_at, signs FROM activity_block WHERE service_id = $1
		AND written_at >= $2 ORDER BY written_at DESC, ctid DESC LIMIT $3) newest ORDER BY written_at, place`, service, since, watchedBlocks)
	if err != nil {
		return err
	}
	var signs []byte
	_, err = pgx.ForEachRow(rows, []any{&signs}, func() error {
		r := block.ReadSigns(signs)
		for r.Next() {
			if r.Other {
				a.Client, a.AgentHash = string(r.Client), r.AgentHash
			}
			if r.Sign.Drop {
				a.Time, a.Route, a.Off = time.UnixMicro(r.Sign.At).UTC(), routes[r.Sign.Route], r.Sign.Off
				each(&a)
			}
		}
		return r.Err()
	})
	return err
}

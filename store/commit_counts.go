package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"hangup/event"
	"hangup/store/block"
)

// copyCounts appends the batch's counts by minute and by client, and marks the hours as dirty.
func copyCounts(ctx context.Context, tx pgx.Tx, service int32, generation int64, p *packed) error {
	if err := copyMinutes(ctx, tx, service, p.minutes); err != nil {
		return fmt.Errorf("store counts: %w", err)
	}
	hours := map[time.Time]bool{}
	for i := range p.minutes {
		hours[p.minutes[i].hour] = true
	}
	if err := markDirty(ctx, tx, service, generation, slices.Collect(maps.Keys(hours))); err != nil {
		return err
	}
	if err := copyClients(ctx, tx, service, p.clients); err != nil {
		return fmt.Errorf("store client counts: %w", err)
	}
	return nil
}

// minuteBlock is a row of minute_block.
type minuteBlock struct {
	hour  time.Time
	route int32
	cells []byte
}

// packMinutes packs minutes by hour and route, as they stand together.
func packMinutes(id ids, m event.Minutes) (out []minuteBlock) {
	routes, agents := make([]int32, len(m.Routes)), make([]int32, len(m.Agents))
	for i, r := range m.Routes {
		routes[i] = id.routes[r]
	}
	for i, g := range m.Agents {
		agents[i] = id.agents[g]
	}
	var (
		w           block.Cells
		done, drop  []byte
		hour, route int64
		last        = -1
	)
	end := func() {
		if last >= 0 {
			out = append(out, minuteBlock{time.Unix(hour*3600, 0).UTC(), routes[route], w.Bytes()})
			w.Reset()
		}
	}
	for c := range m.All(true) {
		h := c.Minute / 60
		if c.Minute < h*60 { // before 1970
			h--
		}
		minute := int(c.Minute - h*60)
		if h != hour || int64(c.Route) != route || minute < last {
			end()
			hour, route = h, int64(c.Route)
		}
		last = minute
		done, drop = c.Done.AppendEncoded(done[:0]), c.Drop.AppendEncoded(drop[:0])
		w.Add(&block.Cell{Minute: minute, Agent: agents[c.Agent], Counts: c.Counts, Done: done, Drop: drop})
	}
	end()
	return out
}

func copyMinutes(ctx context.Context, tx pgx.Tx, service int32, blocks []minuteBlock) error {
	if len(blocks) == 0 {
		return nil
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"minute_block"}, []string{"service_id", "day", "hour", "route_id", "cells"},
		pgx.CopyFromSlice(len(blocks), func(i int) ([]any, error) {
			b := &blocks[i]
			return []any{service, dayOf(b.hour), b.hour, b.route, b.cells}, nil
		}))
	return err
}

// clientBlock is a row of client_block.
type clientBlock struct {
	hour        time.Time
	parts, part int
	clients     []byte
}

// packClients packs clients by hour.
func packClients(clients event.Clients) []clientBlock {
	var (
		out []clientBlock
		w   *block.Clients // of the hour that the last client was of
		at  time.Time
	)
	packed := map[int64]*block.Clients{}
	for c := range clients.All() {
		if w == nil || !c.Start.Equal(at) {
			at = c.Start
			if w = packed[at.Unix()]; w == nil {
				w = &block.Clients{}
				packed[at.Unix()] = w
				out = append(out, clientBlock{hour: at, parts: 1})
			}
		}
		v := block.Client{Name: event.Clean(c.Client), Scope: c.Scope, Clients: 1, Requests: c.Counts.Requests, Idle: c.Counts.Idle, LastSeen: c.LastSeen}
		for p := range c.Counts.Dropped {
			v.Dropped, v.Reported = v.Dropped+c.Counts.Dropped[p], v.Reported+c.Counts.Reported[p]
		}
		w.Add(at, &v)
	}
	for i := range out {
		out[i].clients = packed[out[i].hour.Unix()].Bytes()
	}
	return out
}

func copyClients(ctx context.Context, tx pgx.Tx, service int32, blocks []clientBlock) error {
	if len(blocks) == 0 {
		return nil
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"client_block"}, []string{"service_id", "day", "hour", "parts", "part", "clients"},
		pgx.CopyFromSlice(len(blocks), func(i int) ([]any, error) {
			b := &blocks[i]
			return []any{service, dayOf(b.hour), b.hour, b.parts, b.part, b.clients}, nil
		}))
	return err
}

// markDirty says that hours have minutes that are not folded. The row is rewritten even when it is there: its lock makes
// the folding job wait for this transaction.
func markDirty(ctx context.Context, tx pgx.Tx, service int32, generation int64, hours []time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO dirty_hour (service_id, hour, generation_id) SELECT $1, h, $2 FROM unnest($3::timestamptz[]) h ORDER BY h
		ON CONFLICT (service_id, hour, generation_id) DO UPDATE SET generation_id = excluded.generation_id`, service, generation, hours)
	if err != nil {
		return fmt.Errorf("mark hours to fold: %w", err)
	}
	return nil
}

// copyRest appends what is neither hang-up nor count.
func copyRest(ctx context.Context, tx pgx.Tx, id ids, now time.Time, b *event.Batch) error {
	copyInto := func(table string, columns []string, n int, row func(i int) []any) error {
		if n == 0 {
			return nil
		}
		_, err := tx.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromSlice(n, func(i int) ([]any, error) { return row(i), nil }))
		if err != nil {
			return fmt.Errorf("store %s: %w", table, err)
		}
		return nil
	}
	err := copyInto("unparsed_sample", []string{"service_id", "source_id", "generation_id", "off", "line", "reason", "text", "seen_at"},
		len(b.Unparsed), func(i int) []any {
			u := &b.Unparsed[i]
			return []any{id.service, b.Source, b.Generation, u.Off, u.Line, string(u.Reason), u.Text, now}
		})
	if err != nil {
		return err
	}
	return copyInto("quarantine", []string{"service_id", "generation_id", "off", "off_end", "line", "reason", "text", "seen_at"},
		len(b.Quarantine), func(i int) []any {
			q := &b.Quarantine[i]
			return []any{id.service, b.Generation, q.Off, q.End, q.Line, event.Clean(q.Reason), event.Clean(q.Text), now}
		})
}

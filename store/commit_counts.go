package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"hangup/event"
)

var tallyColumns = []string{
	"service_id", "day", "minute", "route_id", "agent_id", "requests", "bytes",
	"dropped_client", "dropped_upstream", "dropped_server", "dropped_unknown",
	"reported_client", "reported_upstream", "reported_server", "reported_unknown", "idle", "done", "drop",
}

// copyCounts appends the batch's counts by minute and by client, and marks the hours as dirty.
func copyCounts(ctx context.Context, tx pgx.Tx, id ids, b *event.Batch) error {
	if len(b.Minutes) > 0 {
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"tally"}, tallyColumns, pgx.CopyFromSlice(len(b.Minutes), func(i int) ([]any, error) {
			m := &b.Minutes[i]
			c := &m.Counts
			return []any{
				id.service, dayOf(m.Start), m.Start, id.routes[m.Route], id.agents[m.Agent], c.Requests, c.Bytes,
				c.Dropped[0], c.Dropped[1], c.Dropped[2], c.Dropped[3],
				c.Reported[0], c.Reported[1], c.Reported[2], c.Reported[3], c.Idle, m.Done.Encode(), m.Drop.Encode(),
			}, nil
		}))
		if err != nil {
			return fmt.Errorf("store counts: %w", err)
		}
	}
	hours := map[time.Time]bool{}
	for i := range b.Minutes {
		hours[b.Minutes[i].Start.Truncate(time.Hour)] = true
	}
	if err := markDirty(ctx, tx, id.service, b.Generation, slices.Collect(maps.Keys(hours))); err != nil {
		return err
	}
	if len(b.Clients) == 0 {
		return nil
	}
	columns := []string{"service_id", "day", "hour", "client", "client_scope", "requests", "dropped", "reported", "idle", "last_seen_at"}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"client_tally"}, columns, pgx.CopyFromSlice(len(b.Clients), func(i int) ([]any, error) {
		c := &b.Clients[i]
		var dropped, reported int64
		for p := range c.Counts.Dropped {
			dropped, reported = dropped+c.Counts.Dropped[p], reported+c.Counts.Reported[p]
		}
		return []any{
			id.service, dayOf(c.Start), c.Start, c.Client, c.Scope, c.Counts.Requests, dropped, reported, c.Counts.Idle, c.LastSeen,
		}, nil
	}))
	if err != nil {
		return fmt.Errorf("store client counts: %w", err)
	}
	return nil
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
	err := copyInto("session_activity", []string{"service_id", "generation_id", "off", "at", "client", "agent_hash", "route_id", "is_drop", "written_at"},
		len(b.Activity), func(i int) []any {
			a := &b.Activity[i]
			return []any{id.service, b.Generation, a.Off, a.Time, a.Client, a.AgentHash, id.routes[a.Route], a.Drop, now}
		})
	if err != nil {
		return err
	}
	err = copyInto("unparsed_sample", []string{"service_id", "source_id", "generation_id", "off", "line", "reason", "text", "seen_at"},
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

package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"hangup/event"
)

// Ages are the durations of exchanges in milliseconds, those that were completed and those that were abandoned: dropped ones,
// and reports that count and say how long it was.
type Ages struct{ Completed, Abandoned event.Histogram }

// agesBy merges the plan's histograms by a key. Histograms hold the ages of exchanges. Those of reports come from the single
// disconnects, as a report that is joined counts no more; and with a filter on the party all do, as counts do not tell
// parties apart.
func agesBy(ctx context.Context, tx pgx.Tx, n names, p plan, r Range, f Filter, by key) (map[int64]*Ages, error) {
	out := map[int64]*Ages{}
	at := func(k int64) *Ages {
		if out[k] == nil {
			out[k] = &Ages{}
		}
		return out[k]
	}
	byParty := f.has(FieldParty)
	err := p.each(ctx, tx, f, func(c *cell) error {
		if len(c.Done) == 0 && len(c.Drop) == 0 {
			return nil
		}
		ages := at(by.of(c))
		if err := ages.Completed.MergeEncoded(c.Done); err != nil || byParty {
			return err
		}
		return ages.Abandoned.MergeEncoded(c.Drop)
	})
	if err != nil {
		return nil, err
	}
	which := counted + " AND NOT t.exchange"
	if byParty {
		which = counted
	}
	a := &args{list: slices.Clone(by.args)}
	rows, err := tx.Query(ctx, fmt.Sprintf(`WITH part AS (SELECT t.at, t.service_id, t.route_id, t.agent_id, t.duration_us FROM disconnect t
		WHERE %s AND %s AND t.duration_us IS NOT NULL%s)
		SELECT %s AS key, duration_us / 1000, count(*) FROM part GROUP BY 1, 2`,
		disconnectsIn(a, n, r), which, f.onDisconnect(a), by.sql), a.list...)
	if err != nil {
		return nil, err
	}
	var k, ms, count int64
	_, err = pgx.ForEachRow(rows, []any{&k, &ms, &count}, func() error {
		h := &at(k).Abandoned
		for range count {
			h.Add(ms)
		}
		return nil
	})
	return out, err
}

// disconnectsIn returns the condition on rows t of disconnect to be of the services and in the range.
func disconnectsIn(a *args, n names, r Range) string {
	return n.sql(a) + " AND " + during(a, r)
}

// during returns the condition on rows t of disconnect to be in the range. The day says nothing new, but it leaves the
// partitions of other days out.
func during(a *args, r Range) string {
	return fmt.Sprintf("t.at >= %s AND t.at < %s AND t.day >= %s AND t.day <= %s", a.add(r.From), a.add(r.To), a.add(r.From), a.add(r.To))
}

// counted is the condition on rows t of disconnect that makes them part of every figure.
const counted = "t.phase <> 'idle' AND t.joined_generation_id IS NULL"

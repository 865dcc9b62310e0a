package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"hangup/event"
)

// sums is the list of the sums of all counts of `part`, in the order of scanCounts.
const sums = `coalesce(sum(requests), 0)::bigint, coalesce(sum(bytes), 0)::bigint,
	coalesce(sum(dropped_client), 0)::bigint, coalesce(sum(dropped_upstream), 0)::bigint,
	coalesce(sum(dropped_server), 0)::bigint, coalesce(sum(dropped_unknown), 0)::bigint,
	coalesce(sum(reported_client), 0)::bigint, coalesce(sum(reported_upstream), 0)::bigint,
	coalesce(sum(reported_server), 0)::bigint, coalesce(sum(reported_unknown), 0)::bigint, coalesce(sum(idle), 0)::bigint`

// scanCounts returns the places that the columns of sums go to.
func scanCounts(c *event.Counts) []any {
	out := []any{&c.Requests, &c.Bytes}
	for i := range c.Dropped {
		out = append(out, &c.Dropped[i])
	}
	for i := range c.Reported {
		out = append(out, &c.Reported[i])
	}
	return append(out, &c.Idle)
}

// countsBy adds the counts of `part` up by a key, an SQL expression of type bigint over its columns.
func countsBy(ctx context.Context, tx pgx.Tx, p plan, f Filter, key string, keyArgs ...any) (map[int64]event.Counts, error) {
	a := &args{list: keyArgs}
	rows, err := tx.Query(ctx, "WITH "+p.part(a, f)+" SELECT "+key+" AS key, "+sums+" FROM part GROUP BY 1", a.list...)
	if err != nil {
		return nil, err
	}
	out := map[int64]event.Counts{}
	var (
		k int64
		c event.Counts
	)
	_, err = pgx.ForEachRow(rows, append([]any{&k}, scanCounts(&c)...), func() error {
		out[k] = f.counts(c)
		return nil
	})
	return out, err
}

// total adds all counts up.
func total(by map[int64]event.Counts) event.Counts {
	var out event.Counts
	for _, c := range by {
		out.Add(c)
	}
	return out
}

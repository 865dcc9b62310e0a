package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"hangup/event"
)

// key is what counts and single disconnects are added up by.
type key struct {
	of   func(*cell) int64
	sql  string // the same as an expression of type bigint over the columns at, service_id, route_id and agent_id
	args []any  // $1 and so on in sql
}

var (
	together = key{of: func(*cell) int64 { return 0 }, sql: "0::bigint"}
	byRoute  = key{of: func(c *cell) int64 { return int64(c.route) }, sql: "route_id::bigint"}
)

// countsBy adds the plan's counts up by a key, which is compared often and should be small.
func countsBy[K comparable](ctx context.Context, tx pgx.Tx, p plan, f Filter, of func(*cell) K) (map[K]event.Counts, error) {
	sums := map[K]*event.Counts{}
	var (
		last K // cells of one key stand together often
		sum  *event.Counts
	)
	err := p.each(ctx, tx, f, func(c *cell) error {
		if k := of(c); sum == nil || k != last {
			if sum = sums[k]; sum == nil {
				sum = &event.Counts{}
				sums[k] = sum
			}
			last = k
		}
		sum.Add(c.Counts)
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := make(map[K]event.Counts, len(sums))
	for k, c := range sums {
		out[k] = f.counts(*c)
	}
	return out, nil
}

// total adds all counts up.
func total(by map[int64]event.Counts) event.Counts {
	var out event.Counts
	for _, c := range by {
		out.Add(c)
	}
	return out
}

// ofService names a row of a service's dictionary.
type ofService struct{ service, id int32 }

// columns returns the keys of a map as two lists, for unnest.
func columns(by map[ofService]event.Counts) (services, ids []int32) {
	for k := range by {
		services, ids = append(services, k.service), append(ids, k.id)
	}
	return services, ids
}

package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"hangup/event"
)

// Part is the records of a generation from an offset on, with the times of the first and last hang-up among them.
type Part struct {
	Service     string
	Generation  int64
	From        int64
	First, Last time.Time
}

// Brought says what disconnect records came to.
type Brought struct {
	Routes  map[event.Route]int64 // hang-ups
	Hangups int64                 // the sum of these
	Joined  int64                 // records that tell of a hang-up that another record counts
	Idle    int64                 // records of closes between requests
}

// Brought adds up what parts of generations came to.
func (s *Store) Brought(ctx context.Context, parts []Part) (b Brought, err error) {
	b.Routes = map[event.Route]int64{}
	for _, p := range parts {
		service, err := s.ServiceID(ctx, p.Service)
		if err != nil {
			return b, err
		}
		rows, err := s.pool.Query(ctx, `SELECT r.method, r.template, count(*) FILTER (WHERE phase <> 'idle' AND joined_generation_id IS NULL),
				count(*) FILTER (WHERE phase <> 'idle' AND joined_generation_id IS NOT NULL), count(*) FILTER (WHERE phase = 'idle')
			FROM disconnect d JOIN route r USING (service_id, route_id)
			WHERE d.service_id = $1 AND d.day BETWEEN $2 AND $3 AND d.generation_id = $4 AND d.off >= $5 GROUP BY 1, 2`,
			service, dayOf(p.First), dayOf(p.Last), p.Generation, p.From)
		if err == nil {
			var (
				route               event.Route
				hangs, joined, idle int64
			)
			_, err = pgx.ForEachRow(rows, []any{&route.Method, &route.Template, &hangs, &joined, &idle}, func() error {
				if hangs > 0 {
					b.Routes[route] += hangs
				}
				b.Hangups, b.Joined, b.Idle = b.Hangups+hangs, b.Joined+joined, b.Idle+idle
				return nil
			})
		}
		if err != nil {
			return b, fmt.Errorf("count the hang-ups of generation %d: %w", p.Generation, err)
		}
	}
	return b, nil
}

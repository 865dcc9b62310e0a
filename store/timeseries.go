package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"hangup/event"
)

// Steps cuts a range into steps of one width. The first begins at Origin, at or before the range's begin; the first and
// the last may stick out of the range and then hold what is in it only.
type Steps struct {
	Origin time.Time
	Width  time.Duration // whole minutes
}

// Count returns how many steps it takes to the end of the range.
func (s Steps) Count(r Range) int {
	return int((r.To.Sub(s.Origin) + s.Width - 1) / s.Width)
}

// key is the number of the step that a time is in.
func (s Steps) key() key {
	origin, width := s.Origin.Unix(), int64(s.Width/time.Second)
	return key{
		of: func(c *cell) int64 {
			if c.at < origin {
				return (c.at-origin+1)/width - 1
			}
			return (c.at - origin) / width
		},
		sql:  "floor(extract(epoch FROM at - $1::timestamptz) / $2::bigint)::bigint",
		args: []any{s.Origin, width},
	}
}

// Timeseries returns the counts of each step of the range.
func (s *Store) Timeseries(ctx context.Context, r Range, steps Steps, f Filter) ([]event.Counts, error) {
	out := make([]event.Counts, steps.Count(r))
	err := s.ask(ctx, "the time series", func(tx pgx.Tx) error {
		n, err := servicesIn(ctx, tx, f)
		if err != nil {
			return err
		}
		p, err := newPlan(ctx, tx, n.ids(), r, grainOf(steps.Origin, steps.Width))
		if err != nil {
			return err
		}
		by, err := countsBy(ctx, tx, p, f, steps.key().of)
		if err != nil {
			return err
		}
		for i, c := range by {
			out[i] = c
		}
		return nil
	})
	return out, err
}

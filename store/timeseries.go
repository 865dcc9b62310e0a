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

// index is an SQL expression for the number of the step that `at` is in: $1 is Origin and $2 Width in seconds.
const index = "floor(extract(epoch FROM at - $1::timestamptz) / $2::bigint)::bigint"

func (s Steps) args() []any { return []any{s.Origin, int64(s.Width / time.Second)} }

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
		by, err := countsBy(ctx, tx, p, f, index, steps.args()...)
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

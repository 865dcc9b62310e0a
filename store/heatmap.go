package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"hangup/event"
)

// Heat is what a heat map is drawn from.
type Heat struct {
	Steps  []Ages       // of each step
	Counts event.Counts // of the whole range
}

// Heatmap returns the ages of completed and of dropped exchanges in each step of the range.
func (s *Store) Heatmap(ctx context.Context, r Range, steps Steps, f Filter) (Heat, error) {
	out := Heat{Steps: make([]Ages, steps.Count(r))}
	err := s.ask(ctx, "the heat map", func(tx pgx.Tx) error {
		n, err := servicesIn(ctx, tx, f)
		if err != nil {
			return err
		}
		p, err := newPlan(ctx, tx, n.ids(), r, grainOf(steps.Origin, steps.Width))
		if err != nil {
			return err
		}
		by, err := agesBy(ctx, tx, n, p, r, f, steps.key())
		if err != nil {
			return err
		}
		for i, a := range by {
			out.Steps[i] = *a
		}
		counts, err := countsBy(ctx, tx, p, f, together.of)
		out.Counts = total(counts)
		return err
	})
	return out, err
}

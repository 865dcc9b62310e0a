package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"hangup/event"
)

// Summary holds the figures of a range.
type Summary struct {
	event.Counts
	Ages    Ages
	Clients int64 // different clients with a hang-up
	Joined  int64 // reports left out because another record counts the same hang-up
	ByHow   map[string]int64
	ByPhase map[string]int64
	Top     *Top // of the routes that are one path, that with the most hang-ups; nil when there is none
}

// Top is the route with the most hang-ups.
type Top struct {
	RouteFigures
	Ages Ages
}

// Summary answers what happened in the range.
func (s *Store) Summary(ctx context.Context, r Range, f Filter) (Summary, error) {
	var out Summary
	err := s.ask(ctx, "the summary", func(tx pgx.Tx) error {
		n, err := servicesIn(ctx, tx, f)
		if err != nil {
			return err
		}
		p, err := newPlan(ctx, tx, n.ids(), r, byDay)
		if err != nil {
			return err
		}
		routes, err := routeFigures(ctx, tx, n, p, f)
		if err != nil {
			return err
		}
		for _, v := range routes {
			out.Add(v.Counts)
			if v.Disconnects() > 0 && v.Template != event.NoRoute && v.Template != event.OtherRoute && (out.Top == nil || v.Disconnects() > out.Top.Disconnects()) {
				out.Top = &Top{RouteFigures: v}
			}
		}
		ages, err := agesBy(ctx, tx, n, p, r, f, byRoute)
		if err != nil {
			return err
		}
		for k, v := range ages {
			out.Ages.Completed.Merge(&v.Completed)
			out.Ages.Abandoned.Merge(&v.Abandoned)
			if out.Top != nil && k == int64(out.Top.ID) {
				out.Top.Ages = *v
			}
		}
		return out.disconnects(ctx, tx, n, r, f)
	})
	return out, err
}

// disconnects fills in what only the single disconnects tell.
func (out *Summary) disconnects(ctx context.Context, tx pgx.Tx, n names, r Range, f Filter) error {
	a := &args{}
	where := disconnectsIn(a, n, r) + f.onDisconnect(a)
	rows, err := tx.Query(ctx, fmt.Sprintf(`
		SELECT t.how, t.phase, t.joined_generation_id IS NOT NULL, count(*) FROM disconnect t
		WHERE %s AND t.phase <> 'idle' GROUP BY 1, 2, 3`, where), a.list...)
	if err != nil {
		return err
	}
	out.ByHow, out.ByPhase = map[string]int64{}, map[string]int64{}
	var (
		how, phase string
		joined     bool
		count      int64
	)
	_, err = pgx.ForEachRow(rows, []any{&how, &phase, &joined, &count}, func() error {
		if joined {
			out.Joined += count
			return nil
		}
		out.ByHow[how] += count
		out.ByPhase[phase] += count
		return nil
	})
	if err != nil {
		return err
	}
	return tx.QueryRow(ctx, fmt.Sprintf(`SELECT count(*) FROM (
		SELECT DISTINCT t.service_id, t.client FROM disconnect t WHERE %s AND %s AND t.client IS NOT NULL) c`, where, counted),
		a.list...).Scan(&out.Clients)
}

// Totals returns the counts of the range.
func (s *Store) Totals(ctx context.Context, r Range, f Filter) (event.Counts, error) {
	var out event.Counts
	err := s.ask(ctx, "totals", func(tx pgx.Tx) error {
		n, err := servicesIn(ctx, tx, f)
		if err != nil {
			return err
		}
		p, err := newPlan(ctx, tx, n.ids(), r, byDay)
		if err != nil {
			return err
		}
		by, err := countsBy(ctx, tx, p, f, together.of)
		out = total(by)
		return err
	})
	return out, err
}

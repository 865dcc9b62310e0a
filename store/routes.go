package store

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"hangup/event"
)

// RouteFigures are the counts of one route in a range.
type RouteFigures struct {
	ID      int32
	Service string
	event.Route
	event.Counts
}

// Routes are all routes of a range that had requests or hang-ups.
type Routes struct {
	Routes []RouteFigures // in no order
	Total  event.Counts   // of these routes
	Normal event.Counts   // of all routes: of the filter without its conditions on the route and the method
}

// Routes returns the routes of the range.
func (s *Store) Routes(ctx context.Context, r Range, f Filter) (Routes, error) {
	var out Routes
	err := s.ask(ctx, "routes", func(tx pgx.Tx) error {
		n, err := servicesIn(ctx, tx, f)
		if err != nil {
			return err
		}
		p, err := newPlan(ctx, tx, n.ids(), r, byDay)
		if err != nil {
			return err
		}
		out.Routes, err = routeFigures(ctx, tx, n, p, f)
		if err != nil {
			return err
		}
		out.Routes = slices.DeleteFunc(out.Routes, func(v RouteFigures) bool { return v.Requests == 0 && v.Disconnects() == 0 })
		for _, v := range out.Routes {
			out.Total.Add(v.Counts)
		}
		out.Normal = out.Total
		if f.has(FieldRoute) || f.has(FieldMethod) {
			by, err := countsBy(ctx, tx, p, f.without(FieldRoute, FieldMethod), together.of)
			if err != nil {
				return err
			}
			out.Normal = total(by)
		}
		return nil
	})
	return out, err
}

// routeFigures returns the counts by route, also of routes that had idle closes only.
func routeFigures(ctx context.Context, tx pgx.Tx, n names, p plan, f Filter) ([]RouteFigures, error) {
	by, err := countsBy(ctx, tx, p, f, func(c *cell) ofService { return ofService{c.service, c.route} })
	if err != nil {
		return nil, err
	}
	services, ids := columns(by)
	rows, err := tx.Query(ctx, `SELECT service_id, route_id, method, template FROM unnest($1::integer[], $2::integer[]) k(service_id, route_id)
		JOIN route USING (service_id, route_id)`, services, ids)
	if err != nil {
		return nil, err
	}
	var (
		out []RouteFigures
		k   ofService
		v   RouteFigures
	)
	_, err = pgx.ForEachRow(rows, []any{&k.service, &k.id, &v.Method, &v.Template}, func() error {
		v.ID, v.Service, v.Counts = k.id, n[k.service], by[k]
		out = append(out, v)
		return nil
	})
	return out, err
}

// AgesOf returns the ages of the exchanges of each of the routes in the range.
func (s *Store) AgesOf(ctx context.Context, r Range, f Filter, routes []int32) (map[int32]Ages, error) {
	out := map[int32]Ages{}
	if len(routes) == 0 {
		return out, nil
	}
	err := s.ask(ctx, "the ages of exchanges", func(tx pgx.Tx) error {
		n, err := servicesIn(ctx, tx, f)
		if err != nil {
			return err
		}
		p, err := newPlan(ctx, tx, n.ids(), r, byDay)
		if err != nil {
			return err
		}
		by, err := agesBy(ctx, tx, n, p, r, f.and(routeIs(routes...)), byRoute)
		for k, v := range by {
			out[int32(k)] = *v
		}
		return err
	})
	return out, err
}

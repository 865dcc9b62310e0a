package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"hangup/event"
)

// RouteDetail is one route in a range.
type RouteDetail struct {
	RouteFigures
	Ages     Ages
	Total    event.Counts // of all routes under the filter's other conditions
	Agents   []AgentFigures
	Clients  []ClientFigures // the ten that hung up most
	Outcomes Outcomes
}

// AgentFigures are the counts of one class of user agents.
type AgentFigures struct {
	event.Agent
	event.Counts
}

// Outcomes say what clients did after a hang-up: asked the same route again within 10 s, asked anything within 30 min,
// or nothing; or that this is not known, or not yet.
type Outcomes struct{ Retried, Stayed, Lost, Undecided int64 }

// topClients is how many clients a route shows.
const topClients = 10

// Route returns one route, with zero counts when nothing happened to it in the range. Its error is ErrNotFound when there
// is no such route.
func (s *Store) Route(ctx context.Context, id int32, r Range, f Filter) (RouteDetail, error) {
	out := RouteDetail{RouteFigures: RouteFigures{ID: id}}
	err := s.ask(ctx, "a route", func(tx pgx.Tx) error {
		var service int32
		err := tx.QueryRow(ctx, `SELECT s.service_id, s.name, r.method, r.template FROM route r JOIN service s USING (service_id)
			WHERE r.route_id = $1`, id).Scan(&service, &out.Service, &out.Method, &out.Template)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return err
		}
		n, err := servicesIn(ctx, tx, f)
		if err != nil {
			return err
		}
		p, err := newPlan(ctx, tx, n.ids(), r, byDay)
		if err != nil {
			return err
		}
		all, err := routeFigures(ctx, tx, n, p, f.without(FieldRoute, FieldMethod))
		if err != nil {
			return err
		}
		for _, v := range all {
			out.Total.Add(v.Counts)
		}
		one := f.and(routeIs(id))
		by, err := countsBy(ctx, tx, p, one, together.of)
		if err != nil {
			return err
		}
		out.Counts = total(by)
		ages, err := agesBy(ctx, tx, n, p, r, one, together)
		if err != nil {
			return err
		}
		if a := ages[0]; a != nil {
			out.Ages = *a
		}
		if out.Agents, err = agents(ctx, tx, p, one); err != nil {
			return err
		}
		list, err := clients(ctx, tx, n, ClientQuery{Range: r, Filter: one, Sort: ClientsByDisconnects, Limit: topClients})
		if err != nil {
			return err
		}
		out.Clients = list.Clients
		return out.Outcomes.read(ctx, tx, n, r, one)
	})
	return out, err
}

// agents returns the counts by user agent, those with the most hang-ups first.
func agents(ctx context.Context, tx pgx.Tx, p plan, f Filter) ([]AgentFigures, error) {
	by, err := countsBy(ctx, tx, p, f, func(c *cell) ofService { return ofService{c.service, c.Agent} })
	if err != nil {
		return nil, err
	}
	services, ids := columns(by)
	rows, err := tx.Query(ctx, `SELECT service_id, agent_id, family, class FROM unnest($1::integer[], $2::integer[]) k(service_id, agent_id)
		JOIN agent USING (service_id, agent_id) ORDER BY family, class`, services, ids)
	if err != nil {
		return nil, err
	}
	var (
		out []AgentFigures
		k   ofService
		v   event.Agent
	)
	_, err = pgx.ForEachRow(rows, []any{&k.service, &k.id, &v.Family, &v.Class}, func() error {
		c := by[k]
		if c.Requests == 0 && c.Disconnects() == 0 {
			return nil
		}
		if n := len(out); n > 0 && out[n-1].Agent == v { // the same in another service
			out[n-1].Add(c)
			return nil
		}
		out = append(out, AgentFigures{Agent: v, Counts: c})
		return nil
	})
	slices.SortStableFunc(out, func(a, b AgentFigures) int {
		switch da, db := a.Disconnects(), b.Disconnects(); {
		case da != db:
			return int(db - da)
		default:
			return int(b.Requests - a.Requests)
		}
	})
	return out, err
}

// read counts the hang-ups that the filter keeps by what their clients did next.
func (o *Outcomes) read(ctx context.Context, tx pgx.Tx, n names, r Range, f Filter) error {
	a := &args{}
	where := disconnectsIn(a, n, r) + f.onDisconnect(a)
	return tx.QueryRow(ctx, fmt.Sprintf(`
		SELECT count(*) FILTER (WHERE t.outcome = 'retried'), count(*) FILTER (WHERE t.outcome = 'stayed'),
			count(*) FILTER (WHERE t.outcome = 'lost'), count(*) FILTER (WHERE t.outcome IS NULL)
		FROM disconnect t WHERE %s AND %s`, where, counted), a.list...).
		Scan(&o.Retried, &o.Stayed, &o.Lost, &o.Undecided)
}

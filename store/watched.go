package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"hangup/event"
)

// RouteNames returns the routes of a service, the oldest first.
func (s *Store) RouteNames(ctx context.Context, service string) ([]event.Route, error) {
	svc, err := s.ServiceID(ctx, service)
	if err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, `SELECT method, template FROM route WHERE service_id = $1 ORDER BY route_id`, svc)
	if err != nil {
		return nil, fmt.Errorf("list routes of %s: %w", service, err)
	}
	routes, err := pgx.CollectRows(rows, pgx.RowToStructByPos[event.Route])
	if err != nil {
		return nil, fmt.Errorf("list routes of %s: %w", service, err)
	}
	return routes, nil
}

// Watched returns the hang-ups of a service within d of its newest sign of life: what their clients ask next tells what
// became of them.
func (s *Store) Watched(ctx context.Context, service string, d time.Duration) ([]event.Activity, error) {
	svc, err := s.ServiceID(ctx, service)
	if err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, `SELECT a.client, a.agent_hash, a.at, r.method, r.template FROM activity a
		JOIN route r ON r.service_id = a.service_id AND r.route_id = a.route_id
		WHERE a.service_id = $1 AND a.is_drop AND a.at > (SELECT max(at) FROM activity WHERE service_id = $1) - $2::interval
		ORDER BY a.at, a.generation_id, a.off`, svc, d)
	if err != nil {
		return nil, fmt.Errorf("list watched clients of %s: %w", service, err)
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (a event.Activity, err error) {
		a.Drop = true
		return a, r.Scan(&a.Client, &a.AgentHash, &a.Time, &a.Route.Method, &a.Route.Template)
	})
	if err != nil {
		return nil, fmt.Errorf("list watched clients of %s: %w", service, err)
	}
	return out, nil
}

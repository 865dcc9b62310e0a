package store

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"

	"hangup/event"
)

// dictionary remembers the ids of names that this process has used. Ids never change within an epoch of the database, so
// what is remembered stays right; it is forgotten after a failed commit.
type dictionary struct {
	mu       sync.Mutex // guards services and epoch
	services map[string]int32
	epoch    string

	names  sync.Mutex // guards the rest, also while the database is asked
	routes map[int32]map[event.Route]int32
	agents map[int32]map[event.Agent]int32
}

// forget empties the dictionary.
func (d *dictionary) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.clear()
}

// clear is forget for who holds mu.
func (d *dictionary) clear() {
	d.services = nil
	d.names.Lock()
	defer d.names.Unlock()
	d.routes, d.agents = nil, nil
}

// enter forgets what was learned in another epoch, and says whether it was another.
func (d *dictionary) enter(epoch string) (changed bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.epoch == epoch {
		return false
	}
	d.epoch = epoch
	d.clear()
	return true
}

// ServiceID returns the id of the service called name, which it makes when there is none.
func (s *Store) ServiceID(ctx context.Context, name string) (int32, error) {
	s.dict.mu.Lock()
	id, ok := s.dict.services[name]
	s.dict.mu.Unlock()
	if ok {
		return id, nil
	}
	_, err := s.pool.Exec(ctx, `INSERT INTO service (name) SELECT $1 WHERE NOT EXISTS (SELECT FROM service WHERE name = $1) ON CONFLICT DO NOTHING`, name)
	if err == nil {
		err = s.pool.QueryRow(ctx, `SELECT service_id FROM service WHERE name = $1`, name).Scan(&id)
	}
	if err != nil {
		return 0, fmt.Errorf("look up service %q: %w", name, err)
	}
	s.dict.mu.Lock()
	defer s.dict.mu.Unlock()
	if s.dict.services == nil {
		s.dict.services = make(map[string]int32)
	}
	s.dict.services[name] = id
	return id, nil
}

// pairTable is a dictionary table of two text columns.
type pairTable struct{ insert, find string }

var (
	routeTable = pairTable{
		`INSERT INTO route (service_id, method, template) SELECT $1, a, b FROM unnest($2::text[], $3::text[]) t(a, b)
		 WHERE NOT EXISTS (SELECT FROM route r WHERE r.service_id = $1 AND r.method = a AND r.template = b)
		 ORDER BY a, b ON CONFLICT DO NOTHING`,
		`SELECT r.route_id, r.method, r.template FROM route r JOIN unnest($2::text[], $3::text[]) t(a, b)
		 ON r.method = a AND r.template = b WHERE r.service_id = $1`,
	}
	agentTable = pairTable{
		`INSERT INTO agent (service_id, family, class) SELECT $1, a, b FROM unnest($2::text[], $3::text[]) t(a, b)
		 WHERE NOT EXISTS (SELECT FROM agent g WHERE g.service_id = $1 AND g.family = a AND g.class = b)
		 ORDER BY a, b ON CONFLICT DO NOTHING`,
		`SELECT g.agent_id, g.family, g.class FROM agent g JOIN unnest($2::text[], $3::text[]) t(a, b)
		 ON g.family = a AND g.class = b WHERE g.service_id = $1`,
	}
)

// routeIDs returns the ids of routes, which it makes when there are none.
func (s *Store) routeIDs(ctx context.Context, service int32, routes []event.Route) (map[event.Route]int32, error) {
	s.dict.names.Lock()
	defer s.dict.names.Unlock()
	if s.dict.routes == nil {
		s.dict.routes = make(map[int32]map[event.Route]int32)
	}
	return resolve(ctx, s, s.dict.routes, routeTable, service, routes,
		func(r event.Route) (string, string) { return r.Method, r.Template },
		func(a, b string) event.Route { return event.Route{Method: a, Template: b} })
}

// agentIDs returns the ids of agents, which it makes when there are none.
func (s *Store) agentIDs(ctx context.Context, service int32, agents []event.Agent) (map[event.Agent]int32, error) {
	s.dict.names.Lock()
	defer s.dict.names.Unlock()
	if s.dict.agents == nil {
		s.dict.agents = make(map[int32]map[event.Agent]int32)
	}
	return resolve(ctx, s, s.dict.agents, agentTable, service, agents,
		func(g event.Agent) (string, string) { return g.Family, g.Class },
		func(a, b string) event.Agent { return event.Agent{Family: a, Class: b} })
}

// resolve looks keys up in what is known and in the table. The caller holds dict.names.
func resolve[K comparable](ctx context.Context, s *Store, known map[int32]map[K]int32, t pairTable, service int32, keys []K,
	split func(K) (string, string), join func(a, b string) K,
) (map[K]int32, error) {
	ids := make(map[K]int32, len(keys))
	var a, b []string
	for _, k := range keys {
		if id, ok := known[service][k]; ok {
			ids[k] = id
			continue
		}
		x, y := split(k)
		a, b = append(a, x), append(b, y)
	}
	if len(a) == 0 {
		return ids, nil
	}
	if _, err := s.pool.Exec(ctx, t.insert, service, a, b); err != nil {
		return nil, fmt.Errorf("add to the dictionary: %w", err)
	}
	rows, err := s.pool.Query(ctx, t.find, service, a, b)
	if err != nil {
		return nil, fmt.Errorf("read the dictionary: %w", err)
	}
	defer rows.Close()
	if known[service] == nil {
		known[service] = make(map[K]int32)
	}
	for rows.Next() {
		var id int32
		var x, y string
		if err := rows.Scan(&id, &x, &y); err != nil {
			return nil, fmt.Errorf("read the dictionary: %w", err)
		}
		known[service][join(x, y)], ids[join(x, y)] = id, id
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the dictionary: %w", err)
	}
	if missing := slices.IndexFunc(keys, func(k K) bool { _, ok := ids[k]; return !ok }); missing >= 0 {
		return nil, fmt.Errorf("read the dictionary: %v is not there", keys[missing])
	}
	return ids, nil
}

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

package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// ClientSort is an order of clients. Ties are in the order of client and service.
type ClientSort string

// The orders of clients.
const (
	ClientsByDisconnects ClientSort = "-disconnects"
	ClientsByRate        ClientSort = "-rate" // clients without a rate come last
	ClientsByRequests    ClientSort = "-requests"
	ClientsByName        ClientSort = "client"
)

var clientKeys = map[ClientSort]string{
	ClientsByDisconnects: "-disconnects::float8",
	ClientsByRate:        "-coalesce(rate, -1)",
	ClientsByRequests:    "-requests::float8",
	ClientsByName:        "0::float8",
}

// ClientQuery asks for a page of clients.
type ClientQuery struct {
	Range
	Filter Filter
	Sort   ClientSort
	Limit  int
	After  *ClientKey // the last client of the page before; nil for the first page
}

// ClientKey is a client's place in the order.
type ClientKey struct {
	Value   float64
	Client  string
	Service string
}

// ClientFigures are the figures of one client.
type ClientFigures struct {
	Client      string
	Service     string
	Scope       string
	Requests    int64 // on all routes, in the hours that the range touches
	Disconnects int64 // in the range
	// Rate is disconnects / requests of the hours that the range touches. It is nil without requests, and when the filter is
	// on anything but the client, the service and the party, because requests by client are not counted apart from each other.
	Rate      *float64
	Abandoned Spread
	LastSeen  time.Time
	Key       ClientKey
}

// Spread holds quantiles of durations in microseconds; they are nil when Count is 0.
type Spread struct {
	Count    int64
	P50, P95 *int64
}

// Clients is a page of clients.
type Clients struct {
	Clients     []ClientFigures
	Total       int64 // clients in all pages
	Disconnects int64 // hang-ups of the answer, those without a client's address included
}

// Clients returns a page of the clients that have hang-ups in the range.
func (s *Store) Clients(ctx context.Context, q ClientQuery) (Clients, error) {
	var out Clients
	err := s.ask(ctx, "clients", func(tx pgx.Tx) error {
		n, err := servicesIn(ctx, tx, q.Filter)
		if err != nil {
			return err
		}
		out, err = clients(ctx, tx, n, q)
		return err
	})
	return out, err
}

func clients(ctx context.Context, tx pgx.Tx, n names, q ClientQuery) (Clients, error) {
	var out Clients
	a := &args{}
	wide := q.hours()
	where := disconnectsIn(a, n, wide) + q.Filter.onDisconnect(a)
	in := fmt.Sprintf("t.at >= %s AND t.at < %s", a.add(q.From), a.add(q.To))
	err := tx.QueryRow(ctx, fmt.Sprintf(`SELECT coalesce(sum(n), 0)::bigint, count(client)
		FROM (SELECT t.client, count(*) AS n FROM disconnect t WHERE %s AND %s AND %s GROUP BY t.service_id, t.client) c`, where, counted, in), a.list...).Scan(&out.Disconnects, &out.Total)
	if err != nil || out.Total == 0 {
		return out, err
	}
	rate, rated := "NULL::float8", q.Filter.only(FieldClient, FieldService, FieldParty)
	if rated {
		rate = "d.wide / nullif(coalesce(r.requests, 0), 0)::float8"
	}
	// Orders that do not look at requests need those of the page's clients only.
	var asked askedOf
	early := q.Sort == ClientsByRate || q.Sort == ClientsByRequests
	if early {
		rows, err := tx.Query(ctx, fmt.Sprintf(`SELECT DISTINCT t.client FROM disconnect t WHERE %s AND %s AND %s AND t.client IS NOT NULL`, where, counted, in), a.list...)
		if err != nil {
			return out, err
		}
		list, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return out, err
		}
		if asked, err = requestsOf(ctx, tx, n, wide, list); err != nil {
			return out, err
		}
	}
	services, names, requests, seen := asked.columns()
	after := ""
	if k := q.After; k != nil {
		after = fmt.Sprintf("WHERE (key, client, service) > (%s::float8, %s::text, %s::text)", a.add(k.Value), a.add(k.Client), a.add(k.Service))
	}
	rows, err := tx.Query(ctx, fmt.Sprintf(`
		WITH d AS (
			SELECT t.service_id, t.client, max(t.client_scope) AS scope, count(*) AS wide,
				count(*) FILTER (WHERE %[1]s) AS disconnects, max(t.at) FILTER (WHERE %[1]s) AS last_at
			FROM disconnect t WHERE %[2]s AND %[3]s AND t.client IS NOT NULL GROUP BY 1, 2
			HAVING count(*) FILTER (WHERE %[1]s) > 0
		), r AS (
			SELECT * FROM unnest(%[4]s::integer[], %[5]s::text[], %[6]s::bigint[], %[11]s::timestamptz[]) r(service_id, client, requests, seen_at)
		), c AS (
			SELECT s.name AS service, d.client, d.scope, coalesce(r.requests, 0) AS requests, d.disconnects, d.wide, d.service_id,
				greatest(d.last_at, r.seen_at) AS seen_at, %[7]s AS rate
			FROM d JOIN service s USING (service_id) LEFT JOIN r USING (service_id, client)
		), k AS (SELECT *, %[8]s AS key FROM c), page AS (SELECT * FROM k %[9]s ORDER BY key, client, service LIMIT %[10]s)
		SELECT service_id, service, client, scope, requests, disconnects, wide, a.ages, a.p50, a.p95, seen_at, rate, key FROM page
		CROSS JOIN LATERAL (
			SELECT count(t.duration_us) AS ages, percentile_disc(0.5) WITHIN GROUP (ORDER BY t.duration_us) AS p50,
				percentile_disc(0.95) WITHIN GROUP (ORDER BY t.duration_us) AS p95
			FROM disconnect t WHERE t.service_id = page.service_id AND t.client = page.client AND %[12]s AND %[3]s
		) a ORDER BY key, client, service`,
		in, where, counted, a.add(services), a.add(names), a.add(requests), rate, clientKeys[q.Sort], after, a.add(q.Limit),
		a.add(seen), disconnectsIn(a, n, q.Range)+q.Filter.onDisconnect(a)), a.list...)
	if err != nil {
		return out, err
	}
	var (
		keys []ofClient
		all  []int64 // their hang-ups in the hours that the range touches
	)
	out.Clients, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (v ClientFigures, err error) {
		var (
			k ofClient
			w int64
		)
		err = row.Scan(&k.service, &v.Service, &v.Client, &v.Scope, &v.Requests, &v.Disconnects, &w, &v.Abandoned.Count, &v.Abandoned.P50,
			&v.Abandoned.P95, &v.LastSeen, &v.Rate, &v.Key.Value)
		v.LastSeen = v.LastSeen.UTC()
		v.Key.Client, v.Key.Service = v.Client, v.Service
		k.client = v.Client
		keys, all = append(keys, k), append(all, w)
		return v, err
	})
	if err != nil || early || len(keys) == 0 {
		return out, err
	}
	page := make([]string, len(keys))
	for i, k := range keys {
		page[i] = k.client
	}
	if asked, err = requestsOf(ctx, tx, n, wide, page); err != nil {
		return out, err
	}
	for i, k := range keys {
		v, have := &out.Clients[i], asked[k]
		if have == nil {
			continue
		}
		if v.Requests = have.requests; have.seen.After(v.LastSeen) {
			v.LastSeen = have.seen
		}
		if rated && v.Requests != 0 {
			rate := float64(all[i]) / float64(v.Requests)
			v.Rate = &rate
		}
	}
	return out, nil
}

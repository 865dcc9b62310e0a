package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"hangup/store/block"
)

// ofClient names a client of a service.
type ofClient struct {
	service int32
	client  string
}

// asked is what a client's hours say of it.
type asked struct {
	requests int64
	seen     time.Time
}

// askedOf are requests by client.
type askedOf map[ofClient]*asked

// requestsOf adds up what the clients that are named asked in a range of whole hours.
func requestsOf(ctx context.Context, tx pgx.Tx, n names, r Range, clients []string) (askedOf, error) {
	a := &args{}
	where := fmt.Sprintf("%s AND t.hour >= %s AND t.hour < %s AND t.day >= %s AND t.day <= %s", n.sql(a), a.add(r.From), a.add(r.To), a.add(r.From), a.add(r.To))
	wanted, parts := make(map[string]bool, len(clients)), make([]int, len(clients))
	for i, c := range clients {
		wanted[c], parts[i] = true, partOf(c, clientParts)
	}
	slices.Sort(parts)
	where += fmt.Sprintf(" AND (t.parts <> %s OR t.part = ANY(%s))", a.add(clientParts), a.add(slices.Compact(parts)))
	rows, err := tx.Query(ctx, "SELECT t.service_id, t.hour, t.clients FROM client_block t WHERE "+where, a.list...)
	if err != nil {
		return nil, err
	}
	out := askedOf{}
	var (
		service int32
		hour    time.Time
		b       []byte
	)
	_, err = pgx.ForEachRow(rows, []any{&service, &hour, (*pgtype.DriverBytes)(&b)}, func() error {
		c := block.ReadClients(hour, b)
		for c.Next() {
			if !wanted[string(c.Name)] || string(c.Name) == OtherClients {
				continue
			}
			have := out[ofClient{service, string(c.Name)}]
			if have == nil {
				have = &asked{}
				out[ofClient{service, string(c.Name)}] = have
			}
			have.requests += c.Client.Requests
			if c.Client.LastSeen.After(have.seen) {
				have.seen = c.Client.LastSeen
			}
		}
		if err := c.Err(); err != nil {
			return fmt.Errorf("clients of service %d, %s: %w", service, hour.UTC().Format(time.RFC3339), err)
		}
		return nil
	})
	return out, err
}

// columns returns the requests as columns, for unnest.
func (a askedOf) columns() (services []int32, clients []string, requests []int64, seen []time.Time) {
	for k, v := range a {
		services, clients = append(services, k.service), append(clients, k.client)
		requests, seen = append(requests, v.requests), append(seen, v.seen)
	}
	return services, clients, requests, seen
}

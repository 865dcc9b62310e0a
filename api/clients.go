package api

import (
	"context"

	"hangup/answer"
	"hangup/store"
)

// ListClients gives a page of clients.
func (s *service) ListClients(ctx context.Context, request ListClientsRequestObject) (ListClientsResponseObject, error) {
	p := request.Params
	a, f, err := s.resolve(ctx, p.From, p.To, p.Tz, p.F, true)
	if err != nil {
		return nil, err
	}
	q := store.ClientQuery{Range: a.Range, Filter: f, Sort: store.ClientsByDisconnects, Limit: limit(p.Limit)}
	if p.Sort != nil {
		q.Sort = store.ClientSort(*p.Sort)
	}
	question := questionID("clients", given(p.From), given(p.To), given(p.Tz), all(p.F), string(q.Sort))
	if p.Cursor != nil {
		c, err := decodeCursor[clientAfter](*p.Cursor, question)
		if err != nil {
			return nil, err
		}
		a.Range = c.rng()
		q.Range, q.After = a.Range, &store.ClientKey{Value: c.After.Value, Client: c.After.Client, Service: c.After.Service}
	}
	q.Limit++ // one more than asked for says whether there is another page
	list, err := s.Store.Clients(ctx, q)
	if err != nil {
		return nil, err
	}
	out := ListClients200JSONResponse{Range: a.toRange(), Total: list.Total}
	if n := limit(p.Limit); len(list.Clients) > n {
		list.Clients = list.Clients[:n]
		k := list.Clients[n-1].Key
		c := cursor[clientAfter]{question, [2]int64{a.From.Unix(), a.To.Unix()}, clientAfter{k.Value, k.Client, k.Service}}.encode()
		out.NextCursor = &c
	}
	out.Items = toClients(list.Clients, list.Disconnects)
	return out, nil
}

func toClients(list []store.ClientFigures, disconnects int64) []Client {
	out := []Client{}
	for _, v := range list {
		out = append(out, Client{
			Client: v.Client, Service: v.Service, Scope: v.Scope, Requests: v.Requests, Disconnects: v.Disconnects,
			Rate: v.Rate, Share: answer.Share(v.Disconnects, disconnects), LastSeen: v.LastSeen,
			Abandoned: Quantiles{Count: v.Abandoned.Count, P50Ms: milliseconds(v.Abandoned.P50), P95Ms: milliseconds(v.Abandoned.P95)},
		})
	}
	return out
}

// milliseconds returns microseconds as milliseconds.
func milliseconds(us *int64) *float64 {
	if us == nil {
		return nil
	}
	ms := float64(*us) / 1000
	return &ms
}

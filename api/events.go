package api

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"hangup/store"
)

// ListEvents gives a page of disconnects.
func (s *service) ListEvents(ctx context.Context, request ListEventsRequestObject) (ListEventsResponseObject, error) {
	p := request.Params
	a, f, err := s.resolve(ctx, p.From, p.To, p.Tz, p.F, true)
	if err != nil {
		return nil, err
	}
	q := store.EventQuery{
		Range: a.Range, Filter: f, Idle: p.Idle != nil && *p.Idle, Joined: p.Joined != nil && *p.Joined,
		Limit: limit(p.Limit) + 1, // one more than asked for says whether there is another page
	}
	question := questionID("events", given(p.From), given(p.To), given(p.Tz), all(p.F),
		strconv.FormatBool(q.Idle), strconv.FormatBool(q.Joined))
	if p.Cursor != nil {
		c, err := decodeCursor[eventAfter](*p.Cursor, question)
		if err != nil {
			return nil, err
		}
		a.Range = c.rng()
		at := time.UnixMicro(c.After.At).UTC()
		if at.Before(a.From) || !at.Before(a.To) {
			return nil, bad("cursor", "it is not one that this service gave: take next_cursor as it is, or leave it out to begin again")
		}
		q.Range, q.After = a.Range, &store.EventPlace{At: at, Generation: c.After.Generation, Off: c.After.Off}
	}
	list, err := s.Store.Events(ctx, q)
	if err != nil {
		return nil, err
	}
	out := ListEvents200JSONResponse{Range: a.toRange(), Items: []Event{}}
	if n := limit(p.Limit); len(list) > n {
		list = list[:n]
		k := list[n-1]
		c := cursor[eventAfter]{question, [2]int64{a.From.Unix(), a.To.Unix()}, eventAfter{k.At.UnixMicro(), k.Generation, k.Off}}.encode()
		out.NextCursor = &c
	}
	out.Items = toEvents(list)
	return out, nil
}

// GetEvent gives one disconnect.
func (s *service) GetEvent(ctx context.Context, request GetEventRequestObject) (GetEventResponseObject, error) {
	key, ok := parseEventID(request.Id)
	if !ok {
		return nil, fmt.Errorf("read the event's id %s: %w", quote(request.Id), store.ErrNotFound)
	}
	v, err := s.Store.Event(ctx, key)
	if err != nil {
		return nil, err
	}
	return GetEvent200JSONResponse{
		Event: toEvent(v.Event), Raw: v.Raw, Source: v.Source, Path: v.Path,
		Line: v.Line, Lines: int(v.Lines), Off: v.Off, OffEnd: v.OffEnd, Related: toEvents(v.Related),
	}, nil
}

const eventDay = "20060102"

// eventID writes the natural key of a disconnect: service, day, generation and offset.
func eventID(k store.EventKey) string {
	return fmt.Sprintf("%d-%s-%d-%d", k.Service, k.Day.Format(eventDay), k.Generation, k.Off)
}

func parseEventID(s string) (k store.EventKey, ok bool) {
	part := strings.Split(s, "-")
	if len(part) != 4 {
		return k, false
	}
	service, err1 := parseID(part[0], 32)
	at, err2 := time.Parse(eventDay, part[1])
	generation, err3 := parseID(part[2], 64)
	off, err4 := parseID(part[3], 64)
	if err1 != nil || err2 != nil || err3 != nil || err4 != nil {
		return k, false
	}
	return store.EventKey{Service: int32(service), Day: at, Generation: generation, Off: off}, true
}

func toEvents(list []store.Event) []Event {
	out := make([]Event, len(list))
	for i, v := range list {
		out[i] = toEvent(v)
	}
	return out
}

func toEvent(v store.Event) Event {
	return Event{
		Id: eventID(v.EventKey), Service: v.ServiceName, Time: v.At, TimeAssumed: v.TimeAssumed, Recovered: v.Recovered, Exchange: v.Exchange,
		Party: v.Party, How: v.How, Phase: v.Phase, RouteId: strconv.Itoa(int(v.RouteID)), Method: v.RouteMethod, Template: v.Template,
		Path: v.Path, Query: v.Query, Host: v.Host, Protocol: v.Protocol, Status: wider(v.Status), Bytes: v.Bytes,
		DurationMs: milliseconds(v.DurationUS), Client: v.Client, ClientPort: wider(v.ClientPort), ClientScope: some(v.ClientScope),
		Upstream: v.Upstream, UpstreamMs: milliseconds(v.UpstreamUS), UpstreamStatus: wider(v.UpstreamCode),
		UserAgent: v.UserAgent, Agent: some(v.AgentFamily), Referer: v.Referer, RequestId: v.RequestID,
		Logger: v.Logger, Level: v.Level, Pid: wider(v.PID), Message: v.Message, Joined: v.JoinedTo != nil,
	}
}

func wider(n *int32) *int {
	if n == nil {
		return nil
	}
	w := int(*n)
	return &w
}

// Package fill puts exchanges and hang-ups into a test's database through the ordinary commit, without log files.
package fill

import (
	"context"
	"math"
	"testing"
	"time"

	"hangup/event"
	"hangup/store"
)

// recordSize is how long the made-up records are, in bytes.
const recordSize = 100

// Source is a made-up log with one file, which is as long as what was added to it.
type Source struct {
	ID         int64
	Generation int64
	Service    string

	st  *store.Store
	off int64
}

// Open makes a source with one generation.
func Open(tb testing.TB, st *store.Store, service, path string) *Source {
	tb.Helper()
	ctx := tb.Context()
	id, _, err := st.OpenSource(ctx, service, path)
	if err != nil {
		tb.Fatal(err)
	}
	generations, err := st.AddGenerations(ctx, service, id, []event.Generation{{Path: path, Ino: uint64(id), State: event.Live}}, math.MaxInt64)
	if err != nil {
		tb.Fatal(err)
	}
	return &Source{ID: id, Generation: generations[0], Service: service, st: st}
}

// Add stores records in one batch, one after the other in the file. The kind, the place in the file, the route (from
// method and path), the agent and the text are filled in where they are not given. It returns the offset of the first.
func (s *Source) Add(tb testing.TB, records ...event.Hangup) int64 {
	tb.Helper()
	first := s.off
	b := s.Batch(records...)
	if err := s.st.Commit(context.WithoutCancel(tb.Context()), lastTime(records), b); err != nil {
		tb.Fatal(err)
	}
	return first
}

// Batch makes a batch of records as Add stores it, and leaves the commit to the caller. The next batch begins where this
// one ends, whether it is stored or not.
func (s *Source) Batch(records ...event.Hangup) *event.Batch {
	b := &event.Batch{
		Service: s.Service, Source: s.ID, Generation: s.Generation, Start: s.off, Lines: int64(len(records)),
		Head: event.Print{Sum: []byte{}}, Mark: event.Print{Sum: []byte{}},
	}
	minutes, clients := map[minuteKey]*event.Minute{}, map[clientKey]*event.ClientHour{}
	for _, h := range records {
		s.place(&h)
		b.Accounts.Count(h.Kind, recordSize)
		if h.Time.After(b.LastEvent) {
			b.LastEvent = h.Time
		}
		countMinute(minutes, &h)
		countClient(clients, &h)
		if h.Kind == event.Disconnect {
			b.Disconnects = append(b.Disconnects, h)
		}
	}
	var list []event.Minute
	for _, m := range minutes {
		list = append(list, *m)
	}
	b.Minutes = event.MinutesOf(list)
	var callers []event.ClientHour
	for _, c := range clients {
		callers = append(callers, *c)
	}
	b.Clients = event.ClientsOf(callers)
	b.End, b.Size = s.off, s.off
	return b
}

// place fills in what is not given.
func (s *Source) place(h *event.Hangup) {
	if h.Kind == event.Unparsed {
		h.Kind = event.Request
		if h.Party != event.PartyNone {
			h.Kind = event.Disconnect
		}
	}
	h.Start, h.End, h.Line, h.Lines = s.off, s.off+recordSize, s.off/recordSize+1, 1
	s.off = h.End
	if h.Route == (event.Route{}) {
		h.Route = event.Route{Method: h.Method, Template: h.Path}
	}
	if h.Agent == (event.Agent{}) {
		h.Agent = event.Agent{Family: "curl", Class: "library"}
	}
	if h.Text == "" {
		h.Text = h.Time.Format(time.RFC3339Nano) + " " + h.Method + " " + h.Path
	}
}

type minuteKey struct {
	start time.Time
	route event.Route
	agent event.Agent
}

func countMinute(minutes map[minuteKey]*event.Minute, h *event.Hangup) {
	k := minuteKey{h.Time.Truncate(time.Minute), h.Route, h.Agent}
	m := minutes[k]
	if m == nil {
		m = &event.Minute{Start: k.start, Route: k.route, Agent: k.agent}
		minutes[k] = m
	}
	m.Counts.Count(&h.Event)
	switch {
	case !h.Exchange || !h.Duration.OK:
	case h.Kind == event.Request:
		m.Done.Add(h.Duration.V.Milliseconds())
	case h.Phase != event.PhaseIdle:
		m.Drop.Add(h.Duration.V.Milliseconds())
	}
}

type clientKey struct {
	start  time.Time
	client string
}

func countClient(clients map[clientKey]*event.ClientHour, h *event.Hangup) {
	if h.Client == "" {
		return
	}
	k := clientKey{h.Time.Truncate(time.Hour), h.Client}
	c := clients[k]
	if c == nil {
		c = &event.ClientHour{Start: k.start, Client: k.client, Scope: h.Scope}
		clients[k] = c
	}
	c.Counts.Count(&h.Event)
	c.Counts.Bytes = 0
	if h.Time.After(c.LastSeen) {
		c.LastSeen = h.Time
	}
}

// lastTime returns a time that is not before any of the records.
func lastTime(records []event.Hangup) time.Time {
	now := time.Now()
	for _, h := range records {
		if h.Time.After(now) {
			now = h.Time
		}
	}
	return now
}

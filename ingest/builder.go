package ingest

import (
	"fmt"
	"strings"
	"time"

	"hangup/event"
)

// builder makes a batch out of records.
type builder struct {
	service *serviceState
	b       *event.Batch
	minutes map[minuteKey]int // index in b.Minutes
	clients map[clientKey]int
	seen    map[activityKey]time.Time
}

type minuteKey struct {
	minute int64
	route  event.Route
	agent  event.Agent
}

type clientKey struct {
	hour   int64
	client string
}

type activityKey struct {
	watchKey
	route event.Route
}

// maxSamples bounds the examples of unparsed records in one batch.
const maxSamples = 5

func newBuilder(s *serviceState, source, generation, start int64) *builder {
	return &builder{
		service: s,
		b:       &event.Batch{Service: s.name, Source: source, Generation: generation, Start: start, End: start},
		minutes: map[minuteKey]int{}, clients: map[clientKey]int{}, seen: map[activityKey]time.Time{},
	}
}

// records says how many records the batch holds.
func (u *builder) records() int64 {
	a := &u.b.Accounts
	return a.Requests + a.Disconnects + a.Others + a.Unparsed + a.Skipped
}

func (u *builder) empty() bool { return u.b.End == u.b.Start }

// add counts one record. seen is when it was read. A record that does not join on to the one before is an error: a
// parser has swallowed a line.
func (u *builder) add(r *event.Record, seen time.Time) error {
	if r.Start != u.b.End || r.End < r.Start {
		return fmt.Errorf("record [%d, %d) does not join on to offset %d", r.Start, r.End, u.b.End)
	}
	u.b.End = r.End
	u.b.Lines += int64(r.Lines)
	u.b.Accounts.Count(r.Kind, r.End-r.Start)
	switch r.Kind {
	case event.Unparsed:
		if len(u.b.Unparsed) < maxSamples {
			u.b.Unparsed = append(u.b.Unparsed, event.Sample{
				Off: r.Start, Line: r.Line, Reason: r.Reason, Text: keep(redactText(clip(r.Text, 4*maxSample)), maxSample),
			})
		}
	case event.Request, event.Disconnect:
		u.count(r, seen)
	case event.Other, event.Skipped:
	}
	return nil
}

// oversize counts n bytes of a line that is too long to be parsed; ends says that the line ends with them.
func (u *builder) oversize(s span, ends bool) error {
	if s.start != u.b.End {
		return fmt.Errorf("oversize bytes [%d, %d) do not join on to offset %d", s.start, s.end, u.b.End)
	}
	u.b.End = s.end
	u.b.Accounts.OversizeBytes += s.end - s.start
	if ends {
		u.b.Lines++
		u.b.Accounts.Unparsed++
	}
	return nil
}

func (u *builder) count(r *event.Record, seen time.Time) {
	e := &r.Event
	t, assumed := eventTime(e.Time, seen)
	route, agent := u.service.classify(e)
	if t.After(u.b.LastEvent) {
		u.b.LastEvent = t
	}

	if e.Kind == event.Disconnect {
		h := hangup(r)
		h.Time, h.TimeAssumed, h.Route, h.Agent = t, assumed, route, agent
		u.b.Disconnects = append(u.b.Disconnects, h)
	}

	m := u.minute(t, route, agent)
	m.Counts.Count(e)
	if e.Exchange && e.Duration.OK && e.Phase != event.PhaseIdle {
		if ms := e.Duration.V.Milliseconds(); e.Kind == event.Disconnect {
			m.Drop.Add(ms)
		} else {
			m.Done.Add(ms)
		}
	}
	if e.Client == "" {
		return
	}
	c := u.client(t, e.Client)
	c.Counts.Count(e)
	if t.After(c.LastSeen) {
		c.LastSeen = t
	}
	if k, ok := u.service.activity(e, t); ok {
		u.sign(r, k, route, t)
	}
}

func (u *builder) minute(t time.Time, route event.Route, agent event.Agent) *event.Minute {
	k := minuteKey{t.Unix() / 60, route, agent}
	i, ok := u.minutes[k]
	if !ok {
		i = len(u.b.Minutes)
		u.minutes[k] = i
		u.b.Minutes = append(u.b.Minutes, event.Minute{Start: t.Truncate(time.Minute), Route: route, Agent: agent})
	}
	return &u.b.Minutes[i]
}

func (u *builder) client(t time.Time, client string) *event.ClientHour {
	k := clientKey{t.Unix() / 3600, client}
	i, ok := u.clients[k]
	if !ok {
		name := keep(client, maxShort)
		k.client = strings.Clone(client)
		i = len(u.b.Clients)
		u.clients[k] = i
		u.b.Clients = append(u.b.Clients, event.ClientHour{Start: t.Truncate(time.Hour), Client: name, Scope: scope(client), LastSeen: t})
	}
	return &u.b.Clients[i]
}

// sign keeps a sign of life of a watched client: every hang-up, and of the requests for one route one a second.
func (u *builder) sign(r *event.Record, k watchKey, route event.Route, t time.Time) {
	drop := r.Kind == event.Disconnect
	key := activityKey{k, route}
	if last, ok := u.seen[key]; !drop && ok && t.Sub(last) >= 0 && t.Sub(last) < time.Second {
		return
	}
	key.client = strings.Clone(k.client)
	u.seen[key] = t
	u.b.Activity = append(u.b.Activity, event.Activity{
		Time: t, Client: keep(k.client, maxShort), AgentHash: k.agent, Route: route, Drop: drop, Off: r.Start,
	})
}

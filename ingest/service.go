package ingest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"hangup/event"
)

// patience is how long after a hang-up a client's requests still tell what became of it.
const patience = 30 * time.Minute

// maxWatched bounds how many clients of a service are watched at one time.
const maxWatched = 100_000

// serviceState is what the files of one service share. All of it can be made again from the database and the files.
type serviceState struct {
	name string

	mu      sync.Mutex
	router  *router
	agents  *agents
	watched map[watchKey]time.Time // until when
	loaded  bool
}

type watchKey struct {
	client string
	agent  int64
}

func newServiceState(name string, l RouteLimits) *serviceState {
	return &serviceState{name: name, router: newRouter(l), agents: newAgents(), watched: map[watchKey]time.Time{}}
}

// load reads once what was known before this process started.
func (s *serviceState) load(ctx context.Context, l Ledger) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loaded {
		return nil
	}
	routes, err := l.RouteNames(ctx, s.name)
	if err != nil {
		return fmt.Errorf("load the routes of service %s: %w", s.name, err)
	}
	drops, err := l.Watched(ctx, s.name, patience)
	if err != nil {
		return fmt.Errorf("load the sessions of service %s: %w", s.name, err)
	}
	for _, r := range routes {
		s.router.knows(r)
	}
	for _, d := range drops {
		s.watch(watchKey{d.Client, d.AgentHash}, d.Time)
	}
	s.loaded = true
	return nil
}

// classify returns the route and agent class of an event.
func (s *serviceState) classify(e *event.Event) (event.Route, event.Agent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.router.route(e.Method, e.Path), s.agents.agent(e.UserAgent)
}

// watch notes that a client hung up at t. The caller holds mu.
func (s *serviceState) watch(k watchKey, t time.Time) {
	until := t.Add(patience)
	if have, ok := s.watched[k]; ok && have.After(until) {
		return
	}
	if len(s.watched) >= maxWatched {
		for k, u := range s.watched {
			if u.Before(t) {
				delete(s.watched, k)
			}
		}
		if len(s.watched) >= maxWatched {
			return
		}
	}
	s.watched[k] = until
}

// activity says whether an event is a sign of life to be kept: a hang-up, or a request within 30 minutes of one.
func (s *serviceState) activity(e *event.Event, t time.Time) (watchKey, bool) {
	if e.Client == "" || e.Phase == event.PhaseIdle {
		return watchKey{}, false
	}
	k := watchKey{e.Client, agentHash(e.UserAgent)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Kind == event.Disconnect {
		s.watch(k, t)
		return k, true
	}
	until, ok := s.watched[k]
	return k, ok && t.Before(until) && t.After(until.Add(-patience))
}

package ingest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"hangup/event"
)

// serviceState is what the files of one service share. All of it can be made again from the database and the files.
type serviceState struct {
	name string

	mu       sync.Mutex
	router   *router
	families families
	numbers  map[event.Route]uint32 // what routes are called in watched
	watched  map[watchKey]*watcher
	clients  map[string]*clientWatch // those that are in watched
	marked   marks                   // of the same
	turned   int                     // clients that are turned away before room is looked for again
	forgot   int                     // how often some were taken out of watched and clients
	loadedAt time.Time               // when what others stored was loaded last; zero for never
	behind   bool                    // another process has stored something since
}

// reloadWait bounds how often what others stored is loaded: two processes that read the same files get ahead of each other all
// the time. clockSkew is how far the clocks of their machines may be apart.
const (
	reloadWait = 10 * time.Second
	clockSkew  = 5 * time.Minute
)

func newServiceState(name string, l RouteLimits) *serviceState {
	return &serviceState{
		name: name, router: newRouter(l), families: families{},
		numbers: map[event.Route]uint32{}, watched: map[watchKey]*watcher{}, clients: map[string]*clientWatch{},
	}
}

// load reads what was known before this process started, and what another has stored that got ahead of it.
func (s *serviceState) load(ctx context.Context, l Ledger) error {
	ctx, cancel := context.WithTimeout(ctx, largeTime)
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	now, since := time.Now(), time.Time{}
	if s.loadedAt.IsZero() {
		routes, err := l.RouteNames(ctx, s.name)
		if err != nil {
			return fmt.Errorf("load the routes of service %s: %w", s.name, err)
		}
		for _, r := range routes {
			s.router.knows(r)
		}
	} else {
		if !s.behind || now.Sub(s.loadedAt) < reloadWait {
			return nil
		}
		since = s.loadedAt.Add(-clockSkew)
	}
	err := l.Watched(ctx, s.name, since, func(d *event.Activity) { // nothing is made of them twice, so an error half way costs nothing
		s.watch(d.Client, d.AgentHash, d.Time.UnixNano(), s.number(d.Route))
	})
	if err != nil {
		return fmt.Errorf("load the sessions of service %s: %w", s.name, err)
	}
	s.loadedAt, s.behind = now, false
	return nil
}

// fenced notes that another process has got ahead of this one: what it stored is not known here.
func (s *serviceState) fenced() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behind = true
}

// number returns what a route that was admitted is called in watched. The caller holds mu.
func (s *serviceState) number(r event.Route) uint32 {
	n, ok := s.numbers[r]
	if !ok {
		n = uint32(len(s.numbers))
		s.numbers[r] = n
	}
	return n
}

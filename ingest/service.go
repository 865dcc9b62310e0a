package ingest

import (
	"context"
	"fmt"
	"sync"

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
	loaded   bool
}

func newServiceState(name string, l RouteLimits) *serviceState {
	return &serviceState{
		name: name, router: newRouter(l), families: families{},
		numbers: map[event.Route]uint32{}, watched: map[watchKey]*watcher{}, clients: map[string]*clientWatch{},
	}
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
	for _, r := range routes {
		s.router.knows(r)
	}
	err = l.Watched(ctx, s.name, func(d *event.Activity) { // nothing is made of them twice, so an error half way costs nothing
		s.watch(d.Client, d.AgentHash, d.Time.UnixNano(), s.number(d.Route))
	})
	if err != nil {
		return fmt.Errorf("load the sessions of service %s: %w", s.name, err)
	}
	s.loaded = true
	return nil
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

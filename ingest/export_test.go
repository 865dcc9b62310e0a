package ingest

import (
	"context"
	"time"
)

// Watching is what a service's files share, for tests with a database.
type Watching struct{ s *serviceState }

// NewWatching returns the state of a service of which nothing is known yet.
func NewWatching(service string) *Watching { return &Watching{newServiceState(service, RouteLimits{})} }

// Load loads what others have stored, if it is time to.
func (w *Watching) Load(ctx context.Context, l Ledger) error { return w.s.load(ctx, l) }

// Fenced notes that another process is ahead.
func (w *Watching) Fenced() { w.s.fenced() }

// Wait lets so much time pass that it may be loaded again.
func (w *Watching) Wait() { w.s.loadedAt = w.s.loadedAt.Add(-reloadWait) }

// Awaits says whether a client without a user agent is awaited at a time.
func (w *Watching) Awaits(client string, at time.Time) bool {
	c := w.s.clients[client]
	return c != nil && w.s.watched[watchKey{c, 0}].awaits(at.UnixNano())
}

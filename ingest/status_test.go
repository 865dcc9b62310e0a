package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"hangup/event"
	"hangup/ingest"
)

// opensLate is a Ledger that cannot open a source at first.
type opensLate struct {
	ingest.Ledger
	failures *atomic.Int64
}

func (l opensLate) OpenSource(ctx context.Context, service, path string) (int64, string, error) {
	if l.failures.Add(-1) >= 0 {
		return 0, "", errors.New("not yet")
	}
	return l.Ledger.OpenSource(ctx, service, path)
}

// states returns what the status says of each path.
func (r *rig) states() map[string]event.SourceState {
	r.t.Helper()
	out := map[string]event.SourceState{}
	for _, s := range r.status.Status() {
		if _, twice := out[s.Path]; twice {
			r.t.Errorf("the status has %s twice", s.Path)
		}
		out[s.Path] = s
	}
	return out
}

// TestStatusKnowsSourcesOnly has sources that cannot be opened at first: nothing without a name is told of, nor that it
// fails, once they can.
func TestStatusKnowsSourcesOnly(t *testing.T) {
	r := newRig(t)
	var failures atomic.Int64
	failures.Store(3)
	r.limits = func(o *ingest.Options) { o.Ledger = opensLate{o.Ledger, &failures} }
	r.put("a.log", r.lines(5))
	r.put("b.log", r.lines(5))
	r.start("a.log", "b.log")
	r.complete()
	for path, s := range r.states() {
		if path == "" || s.Service == "" || s.LastError != "" {
			t.Errorf("the status has a source %q of service %q, whose error is %q", path, s.Service, s.LastError)
		}
	}
}

// TestStatusAfterTheDatabaseWentBack has sources get other ids: what is told of each goes on being told once, of it.
func TestStatusAfterTheDatabaseWentBack(t *testing.T) {
	r := newRig(t)
	names := []string{"a.log", "b.log", "c.log"}
	for i, n := range names {
		r.put(n, r.lines(5*(i+1)))
	}
	r.start(names...)
	r.complete()
	again := []string{`INSERT INTO service (name) VALUES ('test')`}
	for _, n := range []string{"c.log", "x.log", "b.log", "a.log"} {
		again = append(again, fmt.Sprintf(`INSERT INTO source (service_id, path) SELECT service_id, '%s' FROM service`, r.path(n)))
	}
	r.goBack(again...)
	for _, n := range names {
		r.put(n, r.line())
	}
	r.complete()
	r.eventually("all was told twice", func() bool {
		states := r.states()
		for i, n := range names {
			if states[r.path(n)].Lines < 2*int64(5*(i+1)) {
				return false
			}
		}
		return len(states) == len(names)
	}, func() string { return fmt.Sprintf("%+v", r.status.Status()) })
	for path, s := range r.states() {
		if id := r.number(`SELECT source_id FROM source WHERE path = $1`, path); s.Source != id {
			t.Errorf("the status has %s as source %d, want %d", path, s.Source, id)
		}
	}
}

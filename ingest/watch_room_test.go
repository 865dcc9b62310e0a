package ingest

import (
	"fmt"
	"testing"
	"time"
)

// TestWatchManyClients has three times as many clients hang up as are watched: the first are, and when they are quiet for long
// the next have room.
func TestWatchManyClients(t *testing.T) {
	t.Parallel()
	s := newServiceState("shop", RouteLimits{})
	begin := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	watch := func(i int, at time.Time) bool {
		return s.watch(fmt.Sprint(i), 0, at.UnixNano(), 0) != nil
	}
	for i := range 3 * maxWatched {
		if got := watch(i, begin); got != (i < maxWatched) {
			t.Fatalf("client %d is watched: %t", i, got)
		}
	}
	later, n := begin.Add(patience+time.Second), 0
	for i := range maxWatched {
		if watch(-1-i, later) {
			n++
		}
	}
	if n < maxWatched*9/10 || len(s.watched) > maxWatched {
		t.Errorf("%d new clients are watched after the others' time, %d in all", n, len(s.watched))
	}
}

// TestWatchSteadyClients has hardly fewer clients hang up in half an hour than are watched, and goes on: room is looked for now and then,
// not for each of them, and most are watched.
func TestWatchSteadyClients(t *testing.T) {
	t.Parallel()
	s := newServiceState("shop", RouteLimits{})
	begin, apart, watched := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC), patience/maxWatched+time.Microsecond, 0
	for i := range 2 * maxWatched {
		if s.forgot > 100 {
			t.Fatalf("of %d clients, room was looked for %d times", i, s.forgot)
		}
		if s.watch(fmt.Sprint(i), 0, begin.Add(time.Duration(i)*apart).UnixNano(), 0) != nil {
			watched++
		}
	}
	if watched < 2*maxWatched*8/10 {
		t.Errorf("%d of %d clients are watched", watched, 2*maxWatched)
	}
}

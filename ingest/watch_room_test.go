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

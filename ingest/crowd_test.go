package ingest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hangup/event"
)

// step is a record of a client.
type step struct {
	at     time.Duration // from noon
	client string
	path   string
	drop   bool
}

// addSteps adds records to a batch, behind those that it has.
func addSteps(t *testing.T, u *builder, steps ...step) {
	t.Helper()
	noon := time.Date(2026, 3, 9, 12, 0, 0, 0, time.UTC)
	for _, x := range steps {
		r := event.Record{Start: u.end(), End: u.end() + 1, Lines: 1}
		r.Kind, r.Exchange, r.Time, r.Method, r.Path, r.Client = event.Request, true, noon.Add(x.at), "GET", x.path, x.client
		if x.drop {
			r.Kind, r.Party, r.Phase = event.Disconnect, event.PartyClient, event.PhaseWaiting
		}
		if err := u.add(&r, noon.Add(24*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
}

// keptOf returns which records' signs of life are kept, by their offsets.
func keptOf(u *builder) (offs []int64) {
	for _, a := range u.finish().Signs.List() {
		offs = append(offs, a.Off)
	}
	slices.Sort(offs)
	return offs
}

// TestRoomIsMadeBetweenSigns has a client hang up and come back in one part of a log, between which another makes room by
// having clients forgotten.
func TestRoomIsMadeBetweenSigns(t *testing.T) {
	t.Parallel()
	s := newServiceState("shop", RouteLimits{})
	long := time.Date(2026, 3, 9, 8, 0, 0, 0, time.UTC).UnixNano()
	for i := range maxWatched - 1 {
		s.watch(fmt.Sprint(i), 0, long, 0)
	}
	u := newBuilder(s, 0)
	addSteps(t, u, step{0, "192.0.2.1", "/a", true}, step{time.Second, "192.0.2.2", "/a", true}, step{2 * time.Second, "192.0.2.1", "/a", false})
	if got := keptOf(u); !slices.Equal(got, []int64{0, 1, 2}) {
		t.Errorf("the signs of records %d are kept", got)
	}
}

// TestRetriesInOneSecond has a client hang up twice on one route in the same second, and retry each time.
func TestRetriesInOneSecond(t *testing.T) {
	t.Parallel()
	u := newBuilder(newServiceState("shop", RouteLimits{}), 0)
	addSteps(t, u, step{0, "192.0.2.1", "/a", true}, step{0, "192.0.2.1", "/a", false}, step{0, "192.0.2.1", "/a", true},
		step{time.Second, "192.0.2.1", "/b", false}, step{2 * time.Second, "192.0.2.1", "/a", false}, step{time.Minute, "192.0.2.1", "/b", false})
	if got := keptOf(u); !slices.Contains(got, 4) {
		t.Errorf("the signs of records %d are kept, not the second retry", got)
	}
}

// TestRetryBesideAnotherLog has a client hang up, and retry, while a log that is written a few minutes late, in which it hangs
// up some times, is read between.
func TestRetryBesideAnotherLog(t *testing.T) {
	t.Parallel()
	s := newServiceState("shop", RouteLimits{})
	u := newBuilder(s, 0)
	addSteps(t, u, step{0, "192.0.2.1", "/a", true})
	u.settle()
	other := newBuilder(s, 0)
	for i := range 8 {
		addSteps(t, other, step{-5*time.Minute + time.Duration(i)*20*time.Second, "192.0.2.1", "/b", true})
	}
	other.settle()
	addSteps(t, u, step{time.Second, "192.0.2.1", "/b", false}, step{2 * time.Second, "192.0.2.1", "/a", false}, step{time.Minute, "192.0.2.1", "/b", false})
	if got := keptOf(u); !slices.Contains(got, 2) {
		t.Errorf("the signs of records %d are kept, not the retry", got)
	}
}

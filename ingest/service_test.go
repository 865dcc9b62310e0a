package ingest

import (
	"testing"
	"time"

	"hangup/event"
	"hangup/store"
	"hangup/store/storetest"
	"hangup/store/storetest/fill"
)

// TestLoadWhatAnotherStored has another process store hang-ups: this one learns of them when it finds out that it is behind, and
// not at every turn.
func TestLoadWhatAnotherStored(t *testing.T) {
	t.Parallel()
	st := store.New(storetest.New(t))
	src := fill.Open(t, st, "shop", "/var/log/shop.log")
	now := time.Now().UTC().Truncate(time.Second)
	commit := func(client string) {
		t.Helper()
		h := event.Hangup{}
		h.Exchange, h.Party, h.How, h.Phase, h.Time, h.Client, h.Method, h.Path = true, event.PartyClient, event.HowClosed, event.PhaseWaiting, now, client, "GET", "/a"
		b := src.Batch(h)
		b.Signs = event.SignsOf([]event.Activity{{Time: now, Client: client, Route: event.Route{Method: "GET", Template: "/a"}, Drop: true, Off: b.Start}})
		if err := st.Commit(t.Context(), now, b); err != nil {
			t.Fatal(err)
		}
	}
	s := newServiceState("shop", RouteLimits{})
	knows := func(client string, want bool) {
		t.Helper()
		if err := s.load(t.Context(), st); err != nil {
			t.Fatal(err)
		}
		c := s.clients[client]
		if (c != nil) != want {
			t.Fatalf("%s is watched: %v", client, !want)
		}
		if c != nil && !s.watched[watchKey{c, 0}].awaits(now.Add(time.Minute).UnixNano()) {
			t.Fatalf("%s is not awaited", client)
		}
	}
	commit("192.0.2.1")
	knows("192.0.2.1", true)
	commit("192.0.2.2")
	knows("192.0.2.2", false)
	s.fenced()
	knows("192.0.2.2", false) // it was loaded just now
	s.loadedAt = s.loadedAt.Add(-reloadWait)
	knows("192.0.2.2", true)
	commit("192.0.2.3")
	s.loadedAt = s.loadedAt.Add(-reloadWait)
	knows("192.0.2.3", false) // nobody is ahead
}

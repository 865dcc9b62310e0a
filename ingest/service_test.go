package ingest_test

import (
	"testing"
	"time"

	"hangup/event"
	"hangup/ingest"
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
	s := ingest.NewWatching("shop")
	knows := func(client string, want bool) {
		t.Helper()
		if err := s.Load(t.Context(), st); err != nil {
			t.Fatal(err)
		}
		if got := s.Awaits(client, now.Add(time.Minute)); got != want {
			t.Fatalf("%s is awaited: %v", client, got)
		}
	}
	commit("192.0.2.1")
	knows("192.0.2.1", true)
	commit("192.0.2.2")
	knows("192.0.2.2", false)
	s.Fenced()
	knows("192.0.2.2", false) // it was loaded just now
	s.Wait()
	knows("192.0.2.2", true)
	commit("192.0.2.3")
	s.Wait()
	knows("192.0.2.3", false) // nobody is ahead
}

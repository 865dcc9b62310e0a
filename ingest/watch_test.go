package ingest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"hangup/event"
)

// TestSignsTellWhatAllWouldTell compares sessions made of the signs that are kept with those made of all: of one file, and of
// files that tell of the same hours and are read one after another, as several servers' are; in one process, and in processes
// that know only what was stored.
func TestSignsTellWhatAllWouldTell(t *testing.T) {
	t.Parallel()
	for i := range 12 {
		seed := rand.Uint64()
		rnd := rand.New(rand.NewPCG(seed, 1))
		files, restarts := 1+i%3, i%4 >= 2
		s := newServiceState("shop", RouteLimits{})
		var all, kept []event.Activity
		var drops []event.Activity // that came before
		for file := range files {
			base := int64(file) << 32
			start := int64(0)
			u := newBuilder(s, start)
			flush := func() {
				for _, a := range u.finish().Signs.List() {
					a.Off += base
					kept = append(kept, a)
				}
			}
			at := time.Date(2026, 3, 9, 21, 0, 0, 0, time.UTC)
			for i := range 1500 {
				at = at.Add(time.Duration(rnd.ExpFloat64() * float64(4*time.Second))).Truncate(time.Second)
				if rnd.IntN(50*files*files) == 0 { // a client has no more windows than are kept
					at = at.Add(time.Duration(rnd.IntN(35)) * time.Minute)
				}
				r := event.Record{Start: int64(i), End: int64(i + 1), Line: int64(i + 1), Lines: 1}
				r.Kind, r.Exchange, r.Time, r.Method, r.Path, r.Client = event.Request, true, at, "GET", fmt.Sprintf("/%c", 'a'+rnd.IntN(5)), fmt.Sprintf("192.0.2.%d", rnd.IntN(4))
				if rnd.IntN(10) == 0 {
					r.Kind, r.Party, r.Phase = event.Disconnect, event.PartyClient, event.PhaseWaiting
				}
				a := event.Activity{
					Time: at, Client: r.Client, AgentHash: agentHash(""), Route: event.Route{Method: "GET", Template: r.Path}, Drop: r.Kind == event.Disconnect, Off: base + r.Start,
				}
				if a.Drop {
					drops = append(drops, a)
				}
				if slices.ContainsFunc(drops, func(d event.Activity) bool {
					return d.Client == a.Client && !at.Before(d.Time) && at.Sub(d.Time) < patience
				}) {
					all = append(all, a)
				}
				if err := u.add(&r, at); err != nil {
					t.Fatal(err)
				}
				if rnd.IntN(150) == 0 {
					flush()
					if restarts {
						s = newServiceState("shop", RouteLimits{})
						for _, a := range kept {
							if a.Drop {
								s.watch(a.Client, a.AgentHash, a.Time.UnixNano(), s.number(a.Route))
							}
						}
					}
					u = newBuilder(s, int64(i+1))
				}
			}
			flush()
		}
		n := len(all)
		if files == 1 {
			if diff := gocmp.Diff(sessionsOf(all), sessionsOf(kept)); diff != "" {
				t.Errorf("seed %d, restarts %v: -all %d signs +%d kept: %s", seed, restarts, n, len(kept), diff)
			}
		}
		byFile := make([][]event.Activity, files)
		for _, a := range all {
			byFile[a.Off>>32] = append(byFile[a.Off>>32], a)
		}
		for _, d := range drops { // of other files some is known, as they were read before or long after
			own := byFile[d.Off>>32]
			least, got, most := outcomeOf(d, own), outcomeOf(d, kept), outcomeOf(d, all)
			if got < least || got > most {
				t.Errorf("seed %d, %d files, restarts %v: hang-up %d has outcome %d, by its own file %d, by all %d", seed, files, restarts, d.Off, got, least, most)
			}
		}
		if len(kept) > n*3/4 {
			t.Errorf("seed %d, %d files, restarts %v: %d of %d signs are kept", seed, files, restarts, len(kept), n)
		}
	}
}

// outcomeOf says what became of a hang-up: 0 lost, 1 stayed, 2 retried.
func outcomeOf(d event.Activity, signs []event.Activity) (outcome int) {
	for _, a := range signs {
		switch after := a.Time.Sub(d.Time); {
		case a.Client != d.Client || a.AgentHash != d.AgentHash || a.Off == d.Off || after < 0 || after == 0 && a.Off < d.Off || after > patience:
		case after <= retryTime && a.Route == d.Route:
			return 2
		default:
			outcome = 1
		}
	}
	return outcome
}

// TestWindows compares what a watcher awaits with all of the hang-ups, as long as there are no more windows than it keeps.
func TestWindows(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 9))
	for range 200 {
		var w watcher
		var drops []int64
		for range 1 + r.IntN(12) {
			at := int64(time.Hour) * 1000 * int64(1+r.IntN(4)) // around a few hours
			at += r.Int64N(int64(2 * patience))
			w.await(at)
			drops = append(drops, at)
			for range 20 {
				sign := at + r.Int64N(int64(6*patience)) - int64(3*patience)
				want := slices.ContainsFunc(drops, func(d int64) bool { return sign >= d && sign < d+int64(patience) })
				if got := w.awaits(sign); got != want {
					t.Fatalf("after hang-ups at %d, %d is awaited: %v", drops, sign, got)
				}
			}
			if w.newest() != slices.Max(drops) {
				t.Fatalf("of %d the newest is %d", drops, w.newest())
			}
		}
		if n := len(w.others); n > maxWindows {
			t.Fatalf("%d windows", n)
		}
	}
}

package ingest

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"hangup/event"
	"hangup/parser"
)

// totals are what batches and sums both say.
type totals struct {
	Cells    map[cellOfTotals]event.Counts
	Agents   map[event.Agent]event.Counts
	Minutes  map[int64][2]int64  // requests and hang-ups
	Clients  map[string][2]int64 // requests and hang-ups
	Last     map[string]int64
	Done     map[event.Route]string
	Drop     map[event.Route]string
	Hangups  []string
	Accounts event.Accounts
}

type cellOfTotals struct {
	minute int64
	route  event.Route
	agent  event.Agent
}

func newTotals() *totals {
	return &totals{
		Cells: map[cellOfTotals]event.Counts{}, Agents: map[event.Agent]event.Counts{}, Clients: map[string][2]int64{},
		Minutes: map[int64][2]int64{}, Last: map[string]int64{}, Done: map[event.Route]string{}, Drop: map[event.Route]string{},
	}
}

func plus[K comparable](m map[K]event.Counts, k K, c event.Counts) {
	have := m[k]
	have.Add(c)
	m[k] = have
}

func (s *totals) visit(client string, requests, hangups, at int64) {
	n := s.Clients[client]
	s.Clients[client] = [2]int64{n[0] + requests, n[1] + hangups}
	s.Last[client] = max(s.Last[client], at)
}

func (s *totals) minute(minute, requests, hangups int64) {
	n := s.Minutes[minute]
	s.Minutes[minute] = [2]int64{n[0] + requests, n[1] + hangups}
}

func (s *totals) hangups(b *event.Batch) {
	s.Accounts.Add(b.Accounts)
	for _, h := range b.Disconnects {
		s.Hangups = append(s.Hangups, strings.Join([]string{h.Client, h.Method, h.Path, h.RequestID, h.Scope, h.Route.Template, h.Agent.Family, h.Time.String()}, " "))
	}
}

// TestSumsAreOfBatches compares what Scan says with the batches that are stored of the same log.
func TestSumsAreOfBatches(t *testing.T) {
	t.Parallel()
	for _, byAgent := range []bool{false, true} {
		seed := rand.Uint64()
		rnd := rand.New(rand.NewPCG(seed, 2))
		text := randomLog(rnd, 30_000, 0.0005)
		t.Logf("seed %d: %d bytes", seed, len(text))
		want, done, drop := newTotals(), map[event.Route]*event.Histogram{}, map[event.Route]*event.Histogram{}
		for _, b := range readBatches(t, text, parser.Options{}, 2, chunkBytes, 1<<20) {
			want.hangups(b)
			for _, m := range b.Minutes.List() {
				k := cellOfTotals{route: m.Route}
				if byAgent {
					k.minute, k.agent = m.Start.Unix()/60, m.Agent
				} else {
					plus(want.Agents, m.Agent, m.Counts)
					want.minute(m.Start.Unix()/60, m.Counts.Requests, m.Counts.Disconnects())
				}
				plus(want.Cells, k, m.Counts)
				if done[m.Route] == nil {
					done[m.Route], drop[m.Route] = &event.Histogram{}, &event.Histogram{}
				}
				done[m.Route].Merge(&m.Done)
				drop[m.Route].Merge(&m.Drop)
			}
			for c := range b.Clients.All() {
				want.visit(c.Client, c.Counts.Requests, c.Counts.Disconnects(), c.LastSeen.UnixNano())
			}
		}
		for r, h := range done {
			want.Done[r], want.Drop[r] = string(h.Encode()), string(drop[r].Encode())
		}

		got, ages := newTotals(), map[event.Route]*[2]event.Ages{}
		_, _, err := NewScanner(RouteLimits{PerPosition: 20, PerService: 60}).Scan(t.Context(), Content{
			Reader: strings.NewReader(text), Seen: time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC), ByAgent: byAgent,
		}, func(s *Sums) error {
			got.hangups(s.Batch)
			for p := range s.Parts() {
				routes := p.Routes()
				for c := range p.Cells() {
					plus(got.Cells, cellOfTotals{c.Minute, routes[c.Route], c.Agent}, c.Counts)
					if ages[routes[c.Route]] == nil {
						ages[routes[c.Route]] = &[2]event.Ages{}
					}
				}
				for m := range p.Minutes() {
					got.minute(m.Minute, m.Requests, m.Hangups)
				}
				for a := range p.Ages() {
					n := 0
					if a.Drop {
						n = 1
					}
					ages[routes[a.Route]][n].Add(a.MS)
				}
				for g, c := range p.Agents() {
					plus(got.Agents, g, c)
				}
				for v := range p.Visits() {
					if v.Key != ClientKey(v.Client) {
						t.Errorf("%q has the keys %d and %d", v.Client, v.Key, ClientKey(v.Client))
					}
					got.visit(strings.Clone(v.Client), v.Requests, v.Hangups, v.LastSeen)
				}
			}
			s.Release()
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for r, a := range ages {
			one, two := a[0].Histogram(), a[1].Histogram()
			got.Done[r], got.Drop[r] = string(one.Encode()), string(two.Encode())
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("by agent: %t: -batches +sums: %.4000s", byAgent, diff)
		}
	}
}

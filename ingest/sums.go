package ingest

import (
	"iter"

	"hangup/event"
)

// Sums are what a part of a content says: a batch of which only what is not counted by minute or client is there, and what
// is, added up over less. Of a hang-up's texts only the client, method, path and request id are there.
type Sums struct {
	*event.Batch
	tallies []*tally
	byAgent bool
}

// Release gives the memory of what was counted back. Nothing of the methods' results may be used after it.
func (s *Sums) Release() {
	for _, t := range s.tallies {
		t.reuse()
	}
	s.tallies = nil
}

// Parts returns what the sums are made of: what is counted is the sum of all.
func (s *Sums) Parts() iter.Seq[Part] {
	return func(yield func(Part) bool) {
		for _, t := range s.tallies {
			if !yield(Part{t, s.byAgent}) {
				return
			}
		}
	}
}

// Part is what a run of lines says.
type Part struct {
	t       *tally
	byAgent bool
}

// Routes returns the routes, which its other methods name by their places; one may stand at several.
func (p Part) Routes() []event.Route { return p.t.routes }

// Agents returns what each user agent class did on all routes, if that was not asked for by route.
func (p Part) Agents() iter.Seq2[event.Agent, event.Counts] {
	return func(yield func(event.Agent, event.Counts) bool) {
		for i := range p.t.served {
			if !yield(p.t.agents[i], p.t.served[i].whole(p.t.extras)) {
				return
			}
		}
	}
}

// Minute is what happened in a minute.
type Minute struct {
	Minute            int64 // since 1970
	Requests, Hangups int64
}

// Minutes returns what happened on all routes by minute, in the order of the records: one minute may come several times.
// If sums by user agent class were asked for there are none, but Cells tells their minutes.
func (p Part) Minutes() iter.Seq[Minute] {
	return func(yield func(Minute) bool) {
		for _, m := range p.t.minutes {
			if !yield(Minute{m.minute, m.requests, m.hangups}) {
				return
			}
		}
	}
}

// Cell is what happened to a route. If sums by user agent class were asked for, it is of one class and one minute.
type Cell struct {
	Minute int64 // since 1970
	Route  int
	Agent  event.Agent
	Counts event.Counts
}

// Cells returns what happened by route.
func (p Part) Cells() iter.Seq[Cell] {
	return func(yield func(Cell) bool) {
		for i, k := range p.t.cells.keys {
			c := Cell{Minute: k.minute, Route: int(k.route), Counts: p.t.counts[i].whole(p.t.extras)}
			if p.byAgent {
				c.Agent = p.t.agents[k.agent]
			}
			if !yield(c) {
				return
			}
		}
	}
}

// Age is how long one exchange took.
type Age struct {
	Route int
	Drop  bool // it was dropped, not completed
	MS    int64
}

// Ages returns the ages of all exchanges that have one.
func (p Part) Ages() iter.Seq[Age] {
	return func(yield func(Age) bool) {
		for _, a := range p.t.ages {
			if !yield(Age{int(p.t.cells.keys[a.cell()].route), a.drop(), a.ms()}) {
				return
			}
		}
	}
}

// Visit is what one client did.
type Visit struct {
	Client            string // as hang-ups name it; it is valid until Release
	Key               uint64 // its ClientKey
	Requests, Hangups int64
	LastSeen          int64 // Unix nanoseconds
}

// Visits returns what each client did.
func (p Part) Visits() iter.Seq[Visit] {
	return func(yield func(Visit) bool) {
		for i := range p.t.visits {
			v := &p.t.visits[i]
			one := Visit{
				Client: view(p.t.names[v.name:][:v.size]), Key: p.t.clients.keys[i].hash(), Requests: int64(v.requests), LastSeen: v.seen,
			}
			if v.odd {
				one.Client = clean(one.Client, maxShort)
				one.Key = ClientKey(one.Client)
			}
			if v.extra > 0 {
				more := &p.t.extras[v.extra-1]
				one.Requests += more.Requests
				one.Hangups = more.Disconnects()
			}
			if !yield(one) {
				return
			}
		}
	}
}

// ClientKey returns a number for a client that is another for others, but for one case in 2^64. It is this process's own.
func ClientKey(client string) uint64 {
	return clientKey{nameKey: keyOf(client), length: uint32(len(client))}.hash()
}

// ClientScope says where a client is, as in event.Hangup.
func ClientScope(client string) string { return scope(client) }

package ingest

import (
	"slices"
	"time"

	"hangup/event"
)

// crowd is what a builder knows of those clients of its batch that may be watched: each is looked up by its name once, not
// for each of its signs of life. The zero value knows nobody.
type crowd struct {
	numbers table[personKey]
	people  []person
	pairs   table[pairKey]
	tracks  []track      // of the pairs
	answers [][]dropMark // of the pairs: hang-ups whose retry is kept
	signs   []crowdSign
	forgot  int // as the service's: what it has taken out is not what the pointers here lead to
}

// personKey is a client, whatever the hour.
type personKey struct {
	nameKey
	length uint32
}

func (k personKey) hash() uint64 { return fold(k.a, k.b^uint64(k.length)<<32) }

// person is a client.
type person struct {
	name    string
	watch   *clientWatch // nil while it is not known to be watched
	dropped int          // the tally, counted from 1, in which it hung up last
	agent   int64        // of its newest pair
	pair    uint32       // the number of that + 1; 0 for none
}

// pairKey is a client with one of its user agents.
type pairKey struct {
	person uint32
	agent  int64 // hash
}

func (k pairKey) hash() uint64 { return fold(uint64(k.person), uint64(k.agent)) }

// track is what is known of a pair, and which of its signs of life are kept.
type track struct {
	w           *watcher // nil while it is not known to be watched
	first, last uint32   // places in signs + 1; 0 for none
	thinner
}

// crowdSign is a sign of life.
type crowdSign struct {
	at, off int64
	route   uint32 // as the builder numbers it
	drop    bool
	next    uint32 // the place of the pair's next one in signs + 1; 0 for none
}

// empty returns the crowd's room to be used again.
func (c *crowd) empty() crowd {
	c.numbers.clear()
	c.pairs.clear()
	clear(c.people)
	clear(c.tracks)
	clear(c.answers)
	return crowd{numbers: c.numbers, people: c.people[:0], pairs: c.pairs, tracks: c.tracks[:0], answers: c.answers[:0], signs: c.signs[:0], forgot: c.forgot}
}

// number returns the number of a client in people.
func (c *crowd) number(k clientKey, name []byte) uint32 {
	p := personKey{k.nameKey, k.length}
	at, known := c.numbers.number(p.hash(), p)
	if !known {
		c.people = append(c.people, person{name: string(name)})
	}
	return at
}

// follow looks clients up again when the service has taken some out. The caller holds the service's lock.
func (c *crowd) follow(s *serviceState) {
	if c.forgot == s.forgot {
		return
	}
	c.forgot = s.forgot
	for i := range c.people {
		c.people[i].watch = s.clients[c.people[i].name]
	}
	for i := range c.tracks {
		c.tracks[i].w = nil
	}
}

// sign keeps a sign of life of a client in a tally that begins at start, for a route that the builder calls so, if the client
// is watched and nothing that is kept tells the same. The caller holds the service's lock.
func (u *builder) sign(who uint32, start int64, s *sign, route uint32) {
	c := &u.crowd
	p := &c.people[who]
	key := pairKey{who, s.agent}
	at, known := p.pair-1, p.pair != 0 && p.agent == s.agent
	if !known {
		at, known = c.pairs.find(key.hash(), key)
	}
	var w *watcher
	if known {
		w = c.tracks[at].w
	}
	switch {
	case s.drop:
		if w = u.service.watch(p.name, s.agent, s.at, u.serviceNo[route]); w != nil {
			c.follow(u.service)
			p.watch = w.client
		}
	case w == nil && p.watch != nil:
		w = u.service.watched[watchKey{p.watch, s.agent}]
	}
	if !s.drop && (w == nil || !w.awaits(s.at)) {
		return
	}
	if !known {
		at, _ = c.pairs.number(key.hash(), key)
		c.tracks, c.answers = append(c.tracks, track{thinner: thinner{fresh: true}}), append(c.answers, nil)
	}
	p.agent, p.pair = s.agent, at+1
	t := &c.tracks[at]
	t.w = w
	if t.waiting && (s.at-t.kept >= thinSpan || s.at < t.pending.at) {
		t.waiting = false
		t.kept = t.pending.at
		c.keep(t, t.pending)
	}
	keep := s.drop || t.fresh || s.at < t.kept || s.at-t.kept >= thinSpan || hold(w.dense, s.at)
	if !s.drop && s.at-w.last <= int64(retryTime) {
		for i := range w.drops {
			if d := w.drops[i]; d.at != 0 && s.at >= d.at && s.at-d.at <= int64(retryTime) && d.route == u.serviceNo[route] && !slices.Contains(c.answers[at], d) {
				if s.at > d.at { // else one more hang-up may come that is told from d by its place only
					c.answers[at] = append(c.answers[at], d)
				}
				keep = true
			}
		}
	}
	v := crowdSign{at: s.at, off: start + int64(s.off), route: route, drop: s.drop}
	if !keep {
		t.waiting, t.pending = true, v
		return
	}
	t.kept, t.fresh, t.waiting = s.at, s.drop, false
	c.keep(t, v)
}

// keep puts a sign behind those of a pair.
func (c *crowd) keep(t *track, v crowdSign) {
	c.signs = append(c.signs, v)
	n := uint32(len(c.signs))
	if t.last == 0 {
		t.first = n
	} else {
		c.signs[t.last-1].next = n
	}
	t.last = n
}

// signs returns the signs of life that are kept, and the last one of each client. They are made of the builder's room.
func (u *builder) signs() event.Signs {
	c := &u.crowd
	for i := range c.tracks {
		if t := &c.tracks[i]; t.waiting {
			c.keep(t, t.pending)
		}
	}
	if len(c.signs) == 0 {
		return event.Signs{}
	}
	pairs, tracks, signs, people := c.pairs.keys, c.tracks, c.signs, c.people
	return event.Signs{Routes: u.routes, Each: func(yield func(s *event.Sign) bool) {
		var s event.Sign
		for i := range tracks {
			s.Client, s.AgentHash = people[pairs[i].person].name, pairs[i].agent
			for at := tracks[i].first; at != 0; at = signs[at-1].next {
				v := &signs[at-1]
				s.Time, s.Route, s.Drop, s.Off = time.Unix(0, v.at).UTC(), int(v.route), v.drop, v.off
				if !yield(&s) {
					return
				}
			}
		}
	}}
}

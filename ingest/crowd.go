package ingest

import (
	"cmp"
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
	tracks  []track // of the pairs
	forgot  int     // as the service's: what it has taken out is not what the pointers here lead to
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
}

// pairKey is a client with one of its user agents.
type pairKey struct {
	person uint32
	agent  int64 // hash
}

func (k pairKey) hash() uint64 { return fold(uint64(k.person), uint64(k.agent)) }

// track is what is known of a pair, and which of its signs of life are kept.
type track struct {
	w *watcher // nil while it is not known to be watched
	thinner
}

// empty returns the crowd's room to be used again.
func (c *crowd) empty() crowd {
	c.numbers.clear()
	c.pairs.clear()
	clear(c.people)
	clear(c.tracks)
	return crowd{numbers: c.numbers, people: c.people[:0], pairs: c.pairs, tracks: c.tracks[:0], forgot: c.forgot}
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

// follow forgets what the service has taken out. The caller holds the service's lock.
func (c *crowd) follow(s *serviceState) {
	if c.forgot == s.forgot {
		return
	}
	c.forgot = s.forgot
	for i := range c.people {
		c.people[i].watch = nil
	}
	for i := range c.tracks {
		c.tracks[i].w = nil
	}
}

// sign keeps a sign of life of a client, if it is watched and nothing that is kept tells the same. The caller holds the
// service's lock.
func (u *builder) sign(who uint32, s *sign, route event.Route) {
	c := &u.crowd
	key := pairKey{who, s.agent}
	at, known := c.pairs.find(key.hash(), key)
	var w *watcher
	if known {
		w = c.tracks[at].w
	}
	switch {
	case s.drop:
		w = u.service.watch(watchKey{c.people[who].name, s.agent}, s.at, route)
		c.follow(u.service)
	case w == nil:
		w = u.service.watched[watchKey{c.people[who].name, s.agent}]
	}
	if !s.drop && (w == nil || s.at < w.last || s.at >= w.last+int64(patience)) {
		return
	}
	if !known {
		at, _ = c.pairs.number(key.hash(), key)
		c.tracks = append(c.tracks, track{thinner: thinner{fresh: true}})
	}
	t := &c.tracks[at]
	t.w = w
	a := event.Activity{Time: time.Unix(0, s.at).UTC(), Client: c.people[who].name, AgentHash: s.agent, Route: route, Drop: s.drop, Off: s.off}
	if t.waiting && (s.at-t.kept >= thinSpan || s.at < t.pending.Time.UnixNano()) {
		t.waiting = false
		t.kept = t.pending.Time.UnixNano()
		u.b.Activity = append(u.b.Activity, t.pending)
	}
	keep := s.drop || t.fresh || s.at < t.kept || s.at-t.kept >= thinSpan || s.at <= w.dense
	if !s.drop {
		for _, d := range w.drops {
			if d.at != 0 && s.at >= d.at && s.at-d.at <= int64(retryTime) && d.route == route && !slices.Contains(t.answered, d) {
				t.answered = append(t.answered, d)
				keep = true
			}
		}
	}
	if !keep {
		t.waiting, t.pending = true, a
		return
	}
	t.kept, t.fresh, t.waiting = s.at, s.drop, false
	u.b.Activity = append(u.b.Activity, a)
}

// flushSigns keeps the last sign of each client, and puts all in the order of the file.
func (u *builder) flushSigns() {
	for i := range u.crowd.tracks {
		if t := &u.crowd.tracks[i]; t.waiting {
			u.b.Activity = append(u.b.Activity, t.pending)
		}
	}
	signs := u.b.Activity
	type place struct {
		off int64
		at  int
	}
	order := make([]place, len(signs))
	for i := range signs {
		order[i] = place{signs[i].Off, i}
	}
	slices.SortFunc(order, func(a, b place) int { return cmp.Compare(a.off, b.off) }) // signs are six times as large
	u.b.Activity = make([]event.Activity, len(signs))
	for i, p := range order {
		u.b.Activity[i] = signs[p.at]
	}
}

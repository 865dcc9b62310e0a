package ingest

import (
	"math"
	"slices"
	"time"

	"hangup/event"
)

// caller is what one client did in one hour.
type caller struct {
	few
	seen       int64  // Unix nanoseconds of the newest event
	name, size uint32 // names[name:name+size] is what the batch calls it
	mark       uint32 // see marks
	person     uint32 // its number in crowd + 1; 0 when it was not asked for
}

// mergeClients adds the counts by client, and keeps the signs of life of those that are watched. The caller holds the
// service's lock.
func (u *builder) mergeClients(t *tally) {
	n := len(t.visits)
	u.clientOf = slices.Grow(u.clientOf[:0], n)[:n]
	u.tallies++
	var hashes [32]uint64
	for from := 0; from < n; from += len(hashes) {
		keys := t.clients.keys[from:min(n, from+len(hashes))]
		for i, k := range keys { // the processor waits for all of them at once
			hashes[i] = k.hash()
			u.touched = u.clients.touch(hashes[i])
		}
		for i, k := range keys {
			u.mergeClient(t, from+i, hashes[i], k)
		}
	}
	u.crowd.follow(u.service)
	u.watched = slices.Grow(u.watched[:0], n)[:n]
	any := false
	for i, at := range u.clientOf { // before any of the signs is looked at: most clients are of no interest
		u.watched[i] = 0
		if !u.service.marked.has(u.callers[at].mark) {
			continue
		}
		p := u.person(at)
		if p.watch == nil {
			p.watch = u.service.clients[p.name]
		}
		if p.dropped == u.tallies || p.watch.until() > t.first {
			u.watched[i] = u.callers[at].person
			any = true
		}
	}
	if !any {
		return
	}
	for i := range t.signs {
		s := &t.signs[i]
		if who := u.watched[s.client]; who != 0 {
			u.sign(who-1, t.start, s, u.cells.keys[u.cellOf[s.cell]].route)
		}
	}
}

// mergeClient adds the counts of one client, and leaves in clientOf where they went.
func (u *builder) mergeClient(t *tally, i int, hash uint64, k clientKey) {
	v := &t.visits[i]
	at, ok := u.clients.number(hash, k)
	if !ok {
		name := clean(view(t.names[v.name:][:v.size]), maxShort)
		u.callers = append(u.callers, caller{name: uint32(len(u.names)), size: uint32(len(name)), seen: math.MinInt64, mark: markOf(name)})
		u.names = append(u.names, name...)
	}
	c := &u.callers[at]
	c.few.merge(v.few, t.extras, &u.extras)
	c.seen = max(c.seen, v.seen)
	u.clientOf[i] = at
	if v.drops {
		u.person(at).dropped = u.tallies
		u.service.marked.set(c.mark)
	}
}

// person returns what the crowd knows of a client. It is valid until the next call.
func (u *builder) person(at uint32) *person {
	c := &u.callers[at]
	if c.person == 0 {
		c.person = u.crowd.number(u.clients.keys[at], u.name(at)) + 1
	}
	return &u.crowd.people[c.person-1]
}

// name returns what the batch calls a client.
func (u *builder) name(at uint32) []byte {
	c := &u.callers[at]
	return u.names[c.name:][:c.size]
}

// byClient returns the batch's clients, which are made of the builder's room.
func (u *builder) byClient() event.Clients {
	keys, callers, names, extras := u.clients.keys, u.callers, u.names, u.extras
	return event.Clients{Each: func(yield func(c *event.ClientHour) bool) {
		var c event.ClientHour
		for i := range callers {
			v := &callers[i]
			c.Start, c.LastSeen = time.Unix(int64(keys[i].hour)*3600, 0).UTC(), time.Unix(0, v.seen).UTC()
			c.Client, c.Counts = view(names[v.name:][:v.size]), v.whole(extras)
			c.Scope = scope(c.Client)
			if !yield(&c) {
				return
			}
		}
	}}
}

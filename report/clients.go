package report

import (
	"cmp"
	"hash/maphash"
	"iter"
	"slices"
	"strings"
	"time"

	"hangup/ingest"
)

// seed of the hashes that stand for texts.
var seed = maphash.MakeSeed()

// hashOf returns a number for a text, 0 for none.
func hashOf(s string) uint64 {
	if s == "" {
		return 0
	}
	return max(maphash.String(seed, s), 1)
}

// clients counts by client. Whoever sends requests chooses addresses: only maxClients are held, and those that hung up
// least and asked least go when there are more.
type clients struct {
	slots   []client            // by key, open addressing: there are many, and most are looked up once in a while
	names   []name              // of the slots
	texts   []byte              // of the names
	n       int                 // of slots that are taken
	hungUp  map[uint64]struct{} // every client that hung up
	clipped bool
	over    bool   // hungUp is full
	touched uint64 // see addGroup
}

// client is what a client did. Two of them share a cache line, and nothing of them has to be looked at by the garbage collector.
type client struct {
	key               uint64 // 0 in a slot that is free
	requests, hangups int64
	lastSeen          int64 // Unix nanoseconds
}

// name says where a client's name stands in texts.
type name struct{ at, size uint32 }

const (
	maxClients = 200_000
	maxHungUp  = 2_000_000
)

func newClients() *clients {
	s := &clients{hungUp: map[uint64]struct{}{}}
	s.room(1 << 12)
	return s
}

// room makes n free slots.
func (s *clients) room(n int) {
	s.slots, s.names, s.n = make([]client, n), make([]name, n), 0
	const page = 4096 / 32
	for i := 0; i < n; i += page {
		s.slots[i].lastSeen = 0 // a page that is read first is mapped twice
	}
}

// find returns the client's slot, or the free one where it has to be.
func (s *clients) find(key uint64) int {
	mask := uint64(len(s.slots) - 1)
	for i := key & mask; ; i = (i + 1) & mask {
		if k := s.slots[i].key; k == key || k == 0 {
			return int(i)
		}
	}
}

// grow makes more slots.
func (s *clients) grow() {
	slots, names := s.slots, s.names
	s.room(4 * len(slots))
	for i := range slots {
		if slots[i].key != 0 {
			s.put(slots[i], names[i])
		}
	}
}

// put adds a client that is not there.
func (s *clients) put(c client, n name) {
	i := s.find(c.key)
	s.slots[i], s.names[i] = c, n
	s.n++
}

// addAll adds all visits, in groups.
func (s *clients) addAll(visits iter.Seq[ingest.Visit]) {
	var group [64]ingest.Visit
	n := 0
	for v := range visits {
		group[n] = v
		if n++; n == len(group) {
			s.addGroup(group[:])
			n = 0
		}
	}
	s.addGroup(group[:n])
}

// addGroup adds some visits. Most clients are not in the processor's caches, so all are touched before the first is needed:
// they are fetched at the same time, not one after another.
func (s *clients) addGroup(visits []ingest.Visit) {
	slots, touched := s.slots, uint64(0)
	mask := uint64(len(slots) - 1)
	for i := range visits {
		touched ^= slots[visits[i].Key&mask].key
	}
	s.touched = touched // or else the compiler would leave it out
	for i := range visits {
		s.add(&visits[i])
	}
}

func (s *clients) add(v *ingest.Visit) {
	key := max(v.Key, 1)
	i := s.find(key)
	if s.slots[i].key == 0 {
		if s.n >= maxClients {
			s.clip()
		} else if s.n*5 >= len(s.slots)*4 {
			s.grow()
		}
		s.put(client{key: key}, s.keep(v.Client))
		i = s.find(key)
	}
	c := &s.slots[i]
	first := c.hangups <= 0
	c.requests += v.Requests
	c.hangups += v.Hangups
	c.lastSeen = max(c.lastSeen, v.LastSeen)
	if v.Hangups <= 0 || !first {
		return
	}
	if len(s.hungUp) < maxHungUp {
		s.hungUp[key] = struct{}{}
	} else if _, ok := s.hungUp[key]; !ok {
		s.over = true
	}
}

// keep copies a name.
func (s *clients) keep(text string) name {
	s.texts = append(s.texts, text...)
	return name{uint32(len(s.texts) - len(text)), uint32(len(text))}
}

// takeBack takes back a hang-up. The client has another: that of the record that counts it.
func (s *clients) takeBack(key uint64) {
	if c := &s.slots[s.find(max(key, 1))]; c.key != 0 {
		c.hangups--
	}
}

// clip forgets half of the clients.
func (s *clients) clip() {
	s.clipped = true
	list := slices.SortedFunc(s.all(), byHangups)
	s.room(len(s.slots))
	s.texts = s.texts[:0]
	for _, c := range list[:len(list)/2] {
		s.put(c.client, s.keep(c.name))
	}
}

// called is a client with its name.
type called struct {
	client
	name string
}

func (s *clients) all() iter.Seq[called] {
	texts := string(s.texts)
	return func(yield func(called) bool) {
		for i, n := range s.names {
			if s.slots[i].key != 0 && !yield(called{s.slots[i], texts[n.at:][:n.size]}) {
				return
			}
		}
	}
}

// byHangups puts those that hung up most and asked most first.
func byHangups(a, b called) int {
	return cmp.Or(cmp.Compare(b.hangups, a.hangups), cmp.Compare(b.requests, a.requests), strings.Compare(a.name, b.name))
}

// top returns the n clients with most hang-ups.
func (s *clients) top(n int) []Client {
	var best []called
	for c := range s.all() {
		if c.hangups <= 0 || len(best) == n && byHangups(best[n-1], c) < 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, c, byHangups)
		best = slices.Insert(best, at, c)
		best = best[:min(len(best), n)]
	}
	var out []Client
	for _, c := range best {
		out = append(out, Client{
			Client: c.name, Scope: ingest.ClientScope(c.name), Requests: c.requests, Hangups: c.hangups, LastSeen: time.Unix(0, c.lastSeen).UTC(),
		})
	}
	return out
}

// clientOf returns a client's key, 0 for none.
func clientOf(name string) uint64 {
	if name == "" {
		return 0
	}
	return max(ingest.ClientKey(name), 1)
}

package report

import (
	"cmp"
	"hash/maphash"
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
	n       int                 // of slots that are taken
	hungUp  map[uint64]struct{} // every client that hung up
	clipped bool
	over    bool // hungUp is full
}

type client struct {
	key               uint64 // 0 in a slot that is free
	name              string
	requests, hangups int64
	lastSeen          int64 // Unix nanoseconds
}

const (
	maxClients = 200_000
	maxHungUp  = 2_000_000
)

func newClients() *clients {
	return &clients{slots: make([]client, 1<<10), hungUp: map[uint64]struct{}{}}
}

// find returns the client's slot, or the free one where it has to be.
func (s *clients) find(key uint64) *client {
	mask := uint64(len(s.slots) - 1)
	for i := key & mask; ; i = (i + 1) & mask {
		if c := &s.slots[i]; c.key == key || c.key == 0 {
			return c
		}
	}
}

// fill makes slots of n and puts the clients into them.
func (s *clients) fill(n int, all []client) {
	s.slots, s.n = make([]client, n), len(all)
	for i := range all {
		*s.find(all[i].key) = all[i]
	}
}

func (s *clients) add(v *ingest.Visit) {
	key := max(v.Key, 1)
	c := s.find(key)
	if c.key == 0 {
		switch {
		case s.n >= maxClients:
			s.clip()
			c = s.find(key)
		case s.n*5 >= len(s.slots)*4:
			s.fill(2*len(s.slots), s.all())
			c = s.find(key)
		}
		s.n++
		*c = client{key: key, name: strings.Clone(v.Client)}
	}
	c.requests += v.Requests
	c.hangups += v.Hangups
	c.lastSeen = max(c.lastSeen, v.LastSeen)
	if v.Hangups <= 0 {
		return
	}
	if len(s.hungUp) < maxHungUp {
		s.hungUp[key] = struct{}{}
	} else if _, ok := s.hungUp[key]; !ok {
		s.over = true
	}
}

// takeBack takes back a hang-up. The client has another: that of the record that counts it.
func (s *clients) takeBack(key uint64) {
	if c := s.find(max(key, 1)); c.key != 0 {
		c.hangups--
	}
}

// clip forgets half of the clients.
func (s *clients) clip() {
	s.clipped = true
	list := s.all()
	sortClients(list)
	s.fill(len(s.slots), list[:len(list)/2])
}

func (s *clients) all() []client {
	list := make([]client, 0, s.n)
	for i := range s.slots {
		if s.slots[i].key != 0 {
			list = append(list, s.slots[i])
		}
	}
	return list
}

// sortClients puts those that hung up most and asked most first.
func sortClients(list []client) {
	slices.SortFunc(list, func(a, b client) int {
		return cmp.Or(cmp.Compare(b.hangups, a.hangups), cmp.Compare(b.requests, a.requests), strings.Compare(a.name, b.name))
	})
}

// top returns the n clients with most hang-ups.
func (s *clients) top(n int) []Client {
	list := slices.DeleteFunc(s.all(), func(c client) bool { return c.hangups <= 0 })
	sortClients(list)
	var out []Client
	for _, c := range list[:min(n, len(list))] {
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

package report

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"hangup/event"
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
	all     map[uint64]*client
	hungUp  map[uint64]struct{} // every client that hung up
	clipped bool
	over    bool // hungUp is full
}

type client struct {
	name              string
	scope             string
	requests, hangups int64
	lastSeen          time.Time
}

const (
	maxClients = 200_000
	maxHungUp  = 2_000_000
)

func newClients() *clients {
	return &clients{all: map[uint64]*client{}, hungUp: map[uint64]struct{}{}}
}

func (s *clients) add(h *event.ClientHour) {
	k := hashOf(h.Client)
	c := s.all[k]
	if c == nil {
		if len(s.all) >= maxClients {
			s.clip()
		}
		c = &client{name: strings.Clone(h.Client), scope: h.Scope}
		s.all[k] = c
	}
	n := h.Counts.Disconnects()
	c.requests += h.Counts.Requests
	c.hangups += n
	if h.LastSeen.After(c.lastSeen) {
		c.lastSeen = h.LastSeen
	}
	if n <= 0 {
		return
	}
	if len(s.hungUp) < maxHungUp {
		s.hungUp[k] = struct{}{}
	} else if _, ok := s.hungUp[k]; !ok {
		s.over = true
	}
}

// takeBack takes back a hang-up. The client has another: that of the record that counts it.
func (s *clients) takeBack(k uint64) {
	if c := s.all[k]; c != nil {
		c.hangups--
	}
}

// clip forgets half of the clients.
func (s *clients) clip() {
	s.clipped = true
	list := s.sorted()
	for _, k := range list[len(list)/2:] {
		delete(s.all, k)
	}
}

// sorted returns the clients, those that hung up most and asked most first.
func (s *clients) sorted() []uint64 {
	list := make([]uint64, 0, len(s.all))
	for k := range s.all {
		list = append(list, k)
	}
	slices.SortFunc(list, func(a, b uint64) int {
		x, y := s.all[a], s.all[b]
		return cmp.Or(cmp.Compare(y.hangups, x.hangups), cmp.Compare(y.requests, x.requests), cmp.Compare(x.name, y.name))
	})
	return list
}

// top returns the n clients with most hang-ups.
func (s *clients) top(n int) []Client {
	var out []Client
	for _, k := range s.sorted() {
		c := s.all[k]
		if len(out) == n || c.hangups <= 0 {
			break
		}
		out = append(out, Client{Client: c.name, Scope: c.scope, Requests: c.requests, Hangups: c.hangups, LastSeen: c.lastSeen.UTC()})
	}
	return out
}

package event

import (
	"iter"
	"strings"
	"time"
)

// Clients are what a batch counts by client and hour. They are made one by one: a batch may hold a hundred thousand. The zero
// value holds none.
type Clients struct {
	// Each calls yield with each client and hour, until that returns false. One is valid until the next.
	Each func(yield func(c *ClientHour) bool)
}

// ClientHour is what one client did in one hour.
type ClientHour struct {
	Start    time.Time // UTC, a whole hour
	Client   string
	Scope    string
	Counts   Counts // Bytes is not kept
	LastSeen time.Time
}

// All yields what Each gives.
func (c Clients) All() iter.Seq[*ClientHour] {
	return func(yield func(*ClientHour) bool) {
		if c.Each != nil {
			c.Each(yield)
		}
	}
}

// List returns all of them.
func (c Clients) List() []ClientHour {
	var list []ClientHour
	for v := range c.All() {
		list = append(list, *v)
		list[len(list)-1].Client = strings.Clone(v.Client)
	}
	return list
}

// ClientsOf returns the clients of a list, which it keeps.
func ClientsOf(list []ClientHour) Clients {
	return Clients{Each: func(yield func(c *ClientHour) bool) {
		for i := range list {
			if !yield(&list[i]) {
				return
			}
		}
	}}
}

package event

import (
	"cmp"
	"iter"
	"slices"
	"time"
)

// Signs are a batch's signs of life of clients that hung up. They are made one by one: a batch may hold tens of thousands. The
// zero value holds none.
type Signs struct {
	Routes []Route // what signs name by their places
	// Each calls yield with each sign, until that returns false. Those of one client and user agent stand together, in the
	// order of the file. A sign is valid until the next.
	Each func(yield func(s *Sign) bool)
}

// Sign is a sign of life of a client that hung up: the hang-up itself, or a request in the 30 minutes after.
type Sign struct {
	Client    string
	AgentHash int64 // of the whole user agent: with the client it names who it was
	Time      time.Time
	Route     int   // place
	Drop      bool  // this is a hang-up
	Off       int64 // the record's offset: with the generation its natural key
}

// All yields what Each gives.
func (s Signs) All() iter.Seq[*Sign] {
	return func(yield func(*Sign) bool) {
		if s.Each != nil {
			s.Each(yield)
		}
	}
}

// Activity is a Sign that names its route itself.
type Activity struct {
	Time      time.Time
	Client    string
	AgentHash int64
	Route     Route
	Drop      bool
	Off       int64
}

// List returns all of them.
func (s Signs) List() []Activity {
	var list []Activity
	for v := range s.All() {
		list = append(list, Activity{v.Time, v.Client, v.AgentHash, s.Routes[v.Route], v.Drop, v.Off})
	}
	return list
}

// SignsOf returns the signs of a list, which it puts in order and keeps.
func SignsOf(list []Activity) Signs {
	slices.SortStableFunc(list, func(a, b Activity) int {
		return cmp.Or(cmp.Compare(a.Client, b.Client), cmp.Compare(a.AgentHash, b.AgentHash))
	})
	var s Signs
	places := map[Route]int{}
	for i := range list {
		r := list[i].Route
		if _, ok := places[r]; !ok {
			places[r] = len(s.Routes)
			s.Routes = append(s.Routes, r)
		}
	}
	s.Each = func(yield func(*Sign) bool) {
		for i := range list {
			a := &list[i]
			if !yield(&Sign{a.Client, a.AgentHash, a.Time, places[a.Route], a.Drop, a.Off}) {
				return
			}
		}
	}
	return s
}

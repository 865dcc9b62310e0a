package event

import (
	"cmp"
	"iter"
	"slices"
	"time"
)

// Minutes are what a batch counts by minute, route and user agent class. They are made one by one: a batch may hold
// hundreds of thousands. The zero value holds none.
type Minutes struct {
	Routes []Route // what cells name by their places; each is named by one
	Agents []Agent // the same
	// Each calls yield with each cell, until that returns false. Those of one route and hour stand together, in the order
	// of their minutes. Without ages their histograms are empty, and they are cheaper. A cell is valid until the next.
	Each func(ages bool, yield func(c *MinuteCell) bool)
}

// MinuteCell is what happened to one route and agent class in one minute.
type MinuteCell struct {
	Minute       int64 // since 1970
	Route, Agent int   // places
	Counts       Counts
	Done, Drop   Histogram // ages of completed and of dropped exchanges, ms
}

// All yields what Each gives.
func (m Minutes) All(ages bool) iter.Seq[*MinuteCell] {
	return func(yield func(*MinuteCell) bool) {
		if m.Each != nil {
			m.Each(ages, yield)
		}
	}
}

// Minute is what happened to one route and agent class in one minute.
type Minute struct {
	Start  time.Time // UTC, a whole minute
	Route  Route
	Agent  Agent
	Counts Counts
	Done   Histogram // ages of completed exchanges, ms
	Drop   Histogram // ages of dropped exchanges, ms
}

// List returns all of them.
func (m Minutes) List() []Minute {
	var list []Minute
	for c := range m.All(true) {
		done, drop := c.Done, c.Drop
		done.cells, drop.cells = slices.Clone(done.cells), slices.Clone(drop.cells)
		list = append(list, Minute{time.Unix(c.Minute*60, 0).UTC(), m.Routes[c.Route], m.Agents[c.Agent], c.Counts, done, drop})
	}
	return list
}

// MinutesOf returns the minutes of a list, which it puts in order and keeps.
func MinutesOf(list []Minute) Minutes {
	slices.SortStableFunc(list, func(a, b Minute) int {
		return cmp.Or(cmp.Compare(a.Route.Template, b.Route.Template), cmp.Compare(a.Route.Method, b.Route.Method), a.Start.Compare(b.Start))
	})
	var m Minutes
	agents := map[Agent]int{}
	places := make([][2]int, len(list))
	for i := range list {
		r, g := list[i].Route, list[i].Agent
		if i == 0 || list[i-1].Route != r {
			m.Routes = append(m.Routes, r)
		}
		if _, ok := agents[g]; !ok {
			agents[g] = len(m.Agents)
			m.Agents = append(m.Agents, g)
		}
		places[i] = [2]int{len(m.Routes) - 1, agents[g]}
	}
	m.Each = func(ages bool, yield func(*MinuteCell) bool) {
		for i := range list {
			v := &list[i]
			minute := v.Start.Unix() / 60
			if minute*60 > v.Start.Unix() { // before 1970
				minute--
			}
			c := MinuteCell{Minute: minute, Route: places[i][0], Agent: places[i][1], Counts: v.Counts}
			if ages {
				c.Done, c.Drop = v.Done, v.Drop
			}
			if !yield(&c) {
				return
			}
		}
	}
	return m
}

package event

import (
	"testing"
	"time"
)

// Minutes give back the list that they were made of, in order, each route and agent class under one place, and ages only
// when they are asked for.
func TestMinutesOf(t *testing.T) {
	t.Parallel()
	at := time.Date(1969, 12, 31, 23, 58, 0, 0, time.UTC)
	a, b := Route{"GET", "/a"}, Route{"GET", "/b"}
	firefox, curl := Agent{"Firefox", "browser"}, Agent{"curl", "library"}
	list := []Minute{
		{Start: at.Add(3 * time.Minute), Route: a, Agent: curl, Counts: Counts{Requests: 1}},
		{Start: at, Route: b, Agent: firefox, Counts: Counts{Requests: 2}},
		{Start: at.Add(time.Minute), Route: a, Agent: curl, Counts: Counts{Requests: 3}},
		{Start: at.Add(time.Minute), Route: a, Agent: firefox, Counts: Counts{Requests: 4}},
	}
	list[1].Done.Add(1500)
	m := MinutesOf(append([]Minute(nil), list...))
	want := []Minute{list[2], list[3], list[0], list[1]}
	got := m.List()
	if len(got) != len(want) || len(m.Routes) != 2 || len(m.Agents) != 2 {
		t.Fatalf("%d minutes, routes %v, agents %v", len(got), m.Routes, m.Agents)
	}
	for i, g := range got {
		w := want[i]
		if !g.Start.Equal(w.Start) || g.Route != w.Route || g.Agent != w.Agent || g.Counts != w.Counts || g.Done.Count() != w.Done.Count() {
			t.Errorf("minute %d: %v, want %v", i, g, w)
		}
	}
	n := 0
	for c := range m.All(false) {
		if c.Done.Count() != 0 {
			t.Error("there are ages that nobody asked for")
		}
		if n++; n == 2 {
			break
		}
	}
	if n != 2 || len((Minutes{}).List()) != 0 {
		t.Error("the zero value holds some, or breaking off does not end the loop")
	}
}

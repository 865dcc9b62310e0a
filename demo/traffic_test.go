package demo

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestSeedFixesThePlans(t *testing.T) {
	t.Parallel()
	type plan struct {
		work  time.Duration
		dies  bool
		agent string
		ip    string
		next  uint64
	}
	draw := func(seed uint64) []plan {
		o, err := Options{Dir: "unused", Seed: seed}.withDefaults()
		if err != nil {
			t.Fatal(err)
		}
		a := app{scale: 1, started: time.Now(), rng: rand.New(rand.NewPCG(seed, 1))}
		tr := newTraffic(o, "", nil)
		rng := rand.New(rand.NewPCG(seed, 2))
		var all []plan
		for i := range 50 {
			var p plan
			p.work, p.dies = a.plan(routes[1])
			c := tr.newClient(populations[i%len(populations)], rng)
			p.agent, p.ip, p.next = c.userAgent, c.address.String(), c.rng.Uint64()
			all = append(all, p)
		}
		return all
	}
	first, again, other := draw(11), draw(11), draw(12)
	same := 0
	for i := range first {
		if first[i] != again[i] {
			t.Fatalf("plan %d differs with the same seed: %+v, %+v", i, first[i], again[i])
		}
		if first[i] == other[i] {
			same++
		}
	}
	if same > 0 {
		t.Errorf("%d of %d plans are the same with another seed", same, len(first))
	}
}

func TestSlowSearches(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	for minute := range 60 {
		running := opening + time.Duration(minute)*time.Minute
		if s := slowShare(running); s < 0.15 || s > 0.35 {
			t.Errorf("after %v the share of slow searches is %v", running, s)
		}
		if d := drift(running); d < 0.8 || d > 1.2 {
			t.Errorf("after %v the rate is multiplied by %v", running, d)
		}
		r, ok := findRoute("POST", "/api/search")
		if !ok {
			t.Fatal("the slow route is gone")
		}
		if work := r.workTime(rng, running); work < 300*time.Millisecond || work > 6*time.Second {
			t.Errorf("a search takes %v", work)
		}
	}
}

func TestAddressesBelongToOnePopulation(t *testing.T) {
	t.Parallel()
	o, err := Options{Dir: "unused", Seed: 1}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	tr := newTraffic(o, "", nil)
	owner, agent := map[string]string{}, map[string]string{}
	for _, p := range populations {
		rng := rand.New(rand.NewPCG(1, 1))
		for range 2000 {
			c := tr.newClient(p, rng)
			ip := c.address.String()
			if !c.address.IsLoopback() || owner[ip] != "" && owner[ip] != p.name || agent[ip] != "" && agent[ip] != c.userAgent {
				t.Fatalf("%s is %s with %q, was %s with %q", ip, p.name, c.userAgent, owner[ip], agent[ip])
			}
			owner[ip], agent[ip] = p.name, c.userAgent
		}
	}
}

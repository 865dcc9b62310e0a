package demo

import (
	"context"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// population is a kind of client. Its sessions begin at random, rate times a second on average.
type population struct {
	name      string
	rate      float64
	net       [2]byte // its addresses are 127.net[0].net[1].x, and the next nets if it spans more than one
	nets      int
	addresses int // per net
	agents    []string
	session   func(ctx context.Context, c *client)
}

// opening is how long after the start more sessions begin than later, because none are under way yet.
const opening = 3 * time.Second

// drift is the slow change of how many sessions begin: 20 % up and down, with a period of 17 minutes.
func drift(running time.Duration) float64 {
	if running < opening {
		return 2.5
	}
	return 1 + 0.2*math.Sin(2*math.Pi*running.Minutes()/17)
}

// traffic starts the sessions of all populations.
type traffic struct {
	o       Options
	front   string
	truth   *truth
	started time.Time
	wg      sync.WaitGroup
	slots   chan struct{} // bounds the sessions at a time, and so the descriptors
}

// newTraffic prepares clients for the front at an address.
func newTraffic(o Options, front string, t *truth) *traffic {
	return &traffic{
		o: o, front: front, truth: t, started: time.Now(),
		slots: make(chan struct{}, 60+int(120*o.Rate)),
	}
}

// start lets sessions begin until ctx is done.
func (t *traffic) start(ctx context.Context) {
	for _, p := range populations {
		t.wg.Go(func() { t.populate(ctx, p) })
	}
}

// wait returns when every session has ended.
func (t *traffic) wait() { t.wg.Wait() }

// populate lets the sessions of one population begin.
func (t *traffic) populate(ctx context.Context, p population) {
	h := fnv.New64a()
	_, _ = h.Write([]byte(p.name))
	rng := rand.New(rand.NewPCG(t.o.Seed, h.Sum64()))
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		c := t.newClient(p, rng)
		select {
		case t.slots <- struct{}{}:
			t.wg.Go(func() {
				defer func() { <-t.slots }()
				p.session(ctx, c)
				c.close()
			})
		default: // the machine is too slow for this rate; the session does not take place
		}
		timer.Reset(seconds(rng.ExpFloat64() / (p.rate * t.o.Rate * drift(time.Since(t.started)))))
	}
}

// newClient draws the address, the user agent and the habits of one client. An address keeps its user agent.
func (t *traffic) newClient(p population, rng *rand.Rand) *client {
	which, host := rng.IntN(p.nets), rng.IntN(p.addresses)
	return &client{
		front:     t.front,
		address:   net.IPv4(127, p.net[0], p.net[1]+byte(which), byte(1+host)).To4(),
		userAgent: p.agents[(which*p.addresses+host)%len(p.agents)],
		forwarded: t.o.forwarded,
		scale:     t.o.scale,
		rng:       rand.New(rand.NewPCG(rng.Uint64(), rng.Uint64())),
		truth:     t.truth,
	}
}

package report

import (
	"time"

	"hangup/event"
	"hangup/ingest"
)

// collector adds batches up.
type collector struct {
	counts   event.Counts
	how      [8]int64
	phase    [8]int64
	routes   map[event.Route]*routeFigures
	agents   map[event.Agent]*event.Counts
	clients  *clients
	series   *series
	join     *joiner
	from, to time.Time
	joined   int64
	filter   Filter
}

type routeFigures struct {
	event.Route
	event.Counts
	key        uint64
	done, drop event.Ages
}

func newCollector(f Filter) *collector {
	c := &collector{
		filter: f,
		routes: map[event.Route]*routeFigures{}, agents: map[event.Agent]*event.Counts{}, clients: newClients(), series: newSeries(),
	}
	c.join = &joiner{out: c.takeBack}
	return c
}

// add adds what a part of a content says. settled is a time before which nothing more is to come, give or take what logs
// are out of order.
func (c *collector) add(b *ingest.Sums, settled time.Time) {
	for p := range b.Parts() {
		c.addPart(p, b.LastEvent)
	}
	for i := range b.Disconnects {
		h := &b.Disconnects[i]
		if h.Phase == event.PhaseIdle || !c.filter.route(h.Route) {
			continue
		}
		if c.filter.Route != "" && h.Client != "" { // requests are not counted by client and route
			one := ingest.Visit{Client: h.Client, Key: clientOf(h.Client), Hangups: 1, LastSeen: h.Time.UnixNano()}
			c.clients.add(&one)
		}
		if !h.Exchange && h.Duration.OK { // those of exchanges are in their ages
			c.route(h.Route).drop.Add(h.Duration.V.Milliseconds())
		}
		c.how[h.How]++
		c.phase[h.Phase]++
		c.join.add(h, b.Source, b.Generation, c.route(h.Route), c.agent(h.Agent))
	}
	c.join.settle(settled)
	b.Release()
}

func (c *collector) addPart(p ingest.Part, last time.Time) {
	routes := make([]*routeFigures, len(p.Routes())) // nil for those that do not count
	for i, r := range p.Routes() {
		if c.filter.route(r) {
			routes[i] = c.route(r)
		}
	}
	any := false
	for cell := range p.Cells() {
		r := routes[cell.Route]
		if r == nil {
			continue
		}
		r.Counts.Add(cell.Counts)
		c.counts.Add(cell.Counts)
		if c.filter.Route != "" {
			c.agent(cell.Agent).Add(cell.Counts)
			c.minute(ingest.Minute{Minute: cell.Minute, Requests: cell.Counts.Requests, Hangups: cell.Counts.Disconnects()})
		}
		any = true
	}
	for m := range p.Minutes() {
		c.minute(m)
	}
	if any && last.After(c.to) {
		c.to = last
	}
	for a := range p.Ages() {
		switch r := routes[a.Route]; {
		case r == nil:
		case a.Drop:
			r.drop.Add(a.MS)
		default:
			r.done.Add(a.MS)
		}
	}
	if c.filter.Route != "" {
		return
	}
	for g, n := range p.Agents() {
		c.agent(g).Add(n)
	}
	c.clients.addAll(p.Visits())
}

// minute adds what happened in a minute.
func (c *collector) minute(m ingest.Minute) {
	c.series.add(m.Minute, m.Requests, m.Hangups)
	if at := time.Unix(m.Minute*60, 0).UTC(); c.from.IsZero() || at.Before(c.from) {
		c.from = at
	}
}

func (c *collector) agent(g event.Agent) *event.Counts {
	n := c.agents[g]
	if n == nil {
		n = &event.Counts{}
		c.agents[g] = n
	}
	return n
}

func (c *collector) route(k event.Route) *routeFigures {
	r := c.routes[k]
	if r == nil {
		r = &routeFigures{Route: k, key: hashOf(k.Method + " " + k.Template)}
		c.routes[k] = r
	}
	return r
}

// takeBack takes a report out of the counts: another record counts the hang-up.
func (c *collector) takeBack(h *held) {
	i := event.PartyIndex(h.party)
	c.joined++
	c.counts.Reported[i]--
	h.route.Reported[i]--
	h.agent.Reported[i]--
	if h.timed {
		h.route.drop.Remove(h.Duration / 1000)
	}
	c.how[h.how]--
	c.phase[h.phase]--
	c.series.add(floor(h.At/1e6, 60)/60, 0, -1)
	if h.Client != 0 {
		c.clients.takeBack(h.Client)
	}
}

package report

import (
	"time"

	"hangup/event"
)

// collector adds batches up.
type collector struct {
	counts   event.Counts
	how      [8]int64
	phase    [8]int64
	done     event.Histogram
	drop     event.Histogram
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
	done, drop event.Histogram
}

func newCollector(f Filter) *collector {
	c := &collector{
		filter: f,
		routes: map[event.Route]*routeFigures{}, agents: map[event.Agent]*event.Counts{}, clients: newClients(), series: newSeries(),
	}
	c.join = &joiner{out: c.takeBack}
	return c
}

// add adds a batch. settled is a time before which nothing more is to come, give or take what logs are out of order.
func (c *collector) add(b *event.Batch, settled time.Time) {
	for i := range b.Minutes {
		m := &b.Minutes[i]
		if !c.filter.route(m.Route) {
			continue
		}
		c.counts.Add(m.Counts)
		c.done.Merge(&m.Done)
		c.drop.Merge(&m.Drop)
		r := c.route(m.Route)
		r.Counts.Add(m.Counts)
		r.done.Merge(&m.Done)
		r.drop.Merge(&m.Drop)
		a := c.agents[m.Agent]
		if a == nil {
			a = &event.Counts{}
			c.agents[m.Agent] = a
		}
		a.Add(m.Counts)
		c.series.add(m.Start, m.Counts.Requests, m.Counts.Disconnects())
		if c.from.IsZero() || m.Start.Before(c.from) {
			c.from = m.Start
		}
	}
	if len(b.Minutes) > 0 && b.LastEvent.After(c.to) {
		c.to = b.LastEvent
	}
	for i := range b.Clients {
		if c.filter.Route == "" {
			c.clients.add(&b.Clients[i])
		}
	}
	for i := range b.Disconnects {
		h := &b.Disconnects[i]
		if h.Phase == event.PhaseIdle || !c.filter.route(h.Route) {
			continue
		}
		if c.filter.Route != "" && h.Client != "" { // requests are not counted by client and route
			one := event.ClientHour{Client: h.Client, Scope: h.Scope, LastSeen: h.Time}
			one.Counts.Count(&h.Event)
			one.Counts.Requests = 0
			c.clients.add(&one)
		}
		if !h.Exchange && h.Duration.OK { // those of exchanges are in their minutes
			c.drop.Add(h.Duration.V.Milliseconds())
			c.route(h.Route).drop.Add(h.Duration.V.Milliseconds())
		}
		c.how[h.How]++
		c.phase[h.Phase]++
		c.join.add(h, b.Source, b.Generation, c.route(h.Route), c.agents[h.Agent])
	}
	c.join.settle(settled)
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
		c.drop.Remove(h.duration / 1000)
		h.route.drop.Remove(h.duration / 1000)
	}
	c.how[h.how]--
	c.phase[h.phase]--
	c.series.add(time.UnixMicro(h.at).UTC().Truncate(time.Minute), 0, -1)
	if h.client != 0 {
		c.clients.takeBack(h.client)
	}
}

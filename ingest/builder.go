package ingest

import (
	"math"
	"slices"
	"strings"
	"time"

	"hangup/event"
)

// builder makes a batch of records. It merges tallies in the order of the file: what depends on what came before is
// decided here, so that the batch is the same however its records were tallied.
//
// A caller that keeps nothing in a database gets batches by an Importer whose Sink adds them up by their keys and whose
// Library knows no content.
type builder struct {
	service *serviceState
	b       *event.Batch
	own     *tallier // counts what add gets

	cells     []minuteCell
	ages      []age // cell is a place in cells
	routes    []event.Route
	routeNo   map[event.Route]uint32
	agents    []event.Agent
	agentNo   map[event.Agent]uint32
	cellAt    index
	clients   []clientKey // of b.Clients
	clientAt  index
	watching  map[watchKey]*thinner
	finished  bool
	remapCell []uint32
}

// minuteCell is a cell whose numbers are the builder's.
type minuteCell struct {
	cellKey
	counts event.Counts
	ages   uint32 // how many completed exchanges have one; see dealAges
	drops  uint32 // the same of dropped ones
}

// maxSamples bounds the examples of unparsed records in one batch.
const maxSamples = 5

// builder returns a builder that counts single records with c, which remembers words of earlier batches.
func (c *tallier) builder(s *serviceState, source, generation, start int64) *builder {
	if c.shapes == nil {
		*c = *newTallier()
	}
	c.begin(start)
	return &builder{
		service: s, own: c,
		b:       &event.Batch{Service: s.name, Source: source, Generation: generation, Start: start, End: start},
		routeNo: map[event.Route]uint32{}, agentNo: map[event.Agent]uint32{},
		watching: map[watchKey]*thinner{},
	}
}

// end is the offset up to which the builder has counted.
func (u *builder) end() int64 { return max(u.b.End, u.own.t.end) }

// records says how many records the batch holds.
func (u *builder) records() int64 {
	a := &u.b.Accounts
	return a.Requests + a.Disconnects + a.Others + a.Unparsed + a.Skipped + u.own.t.records()
}

func (u *builder) empty() bool { return u.end() == u.b.Start }

// add counts one record. seen is when it was read.
func (u *builder) add(r *event.Record, seen time.Time) error {
	if u.own.t.end-u.own.t.start > chunkBytes {
		u.settle()
	}
	return u.own.add(r, seen)
}

// oversize counts bytes of a line that is too long to be parsed; ends says that the line ends with them.
func (u *builder) oversize(s span, ends bool) error { return u.own.oversize(s, ends) }

// settle merges what add has counted.
func (u *builder) settle() {
	t := u.own.t
	if t.end == t.start {
		return
	}
	u.own.begin(t.end)
	u.merge(t)
	t.reuse()
}

// merge adds the tally of the records that follow those of the batch. Nothing that add has counted may be unsettled.
func (u *builder) merge(t *tally) {
	b := u.b
	b.End, b.Lines = t.end, b.Lines+t.lines
	b.Accounts.Add(t.accounts)
	if t.lastEvent.After(b.LastEvent) {
		b.LastEvent = t.lastEvent
	}
	b.Unparsed = append(b.Unparsed, t.samples[:min(len(t.samples), maxSamples-len(b.Unparsed))]...)
	if u.own.t.end < t.end {
		u.own.begin(t.end)
	}
	if len(t.cells) == 0 {
		return
	}
	u.service.mu.Lock()
	defer u.service.mu.Unlock()
	u.mergeCells(t)
	for i := range t.hangups {
		h := &t.hangups[i]
		c := &u.cells[u.remapCell[t.of[i]]]
		h.Route, h.Agent = u.routes[c.route], u.agents[c.agent]
	}
	b.Disconnects = append(b.Disconnects, t.hangups...)
	u.mergeClients(t)
}

// mergeCells adds the cells, and leaves in remapCell where they went.
func (u *builder) mergeCells(t *tally) {
	routes, agents := make([]uint32, len(t.routes)), make([]uint32, len(t.agents))
	for i, shape := range t.routes {
		routes[i] = number(&u.routes, u.routeNo, u.service.router.admit(shape))
	}
	for i, g := range t.agents {
		agents[i] = number(&u.agents, u.agentNo, u.service.families.admit(g))
	}
	u.remapCell = slices.Grow(u.remapCell[:0], len(t.cells))[:len(t.cells)]
	for i := range t.cells {
		c := &t.cells[i]
		k := cellKey{c.minute, routes[c.route], agents[c.agent]}
		h := mix(uint64(k.minute)<<40 ^ uint64(k.route)<<20 ^ uint64(k.agent))
		at, ok := u.cellAt.find(h, func(i uint32) bool { return u.cells[i].cellKey == k })
		if !ok {
			u.cells = append(u.cells, minuteCell{cellKey: k})
		}
		u.cells[at].counts.Add(c.counts)
		u.remapCell[i] = at
	}
	u.ages = slices.Grow(u.ages, len(t.ages))
	for _, a := range t.ages {
		a.cell = u.remapCell[a.cell]
		if c := &u.cells[a.cell]; a.drop {
			c.drops++
		} else {
			c.ages++
		}
		u.ages = append(u.ages, a)
	}
}

// number returns the number of a name in a list, to which it is added when it is new.
func number[K comparable](list *[]K, numbers map[K]uint32, name K) uint32 {
	n, ok := numbers[name]
	if !ok {
		n = uint32(len(*list))
		numbers[name] = n
		*list = append(*list, name)
	}
	return n
}

// mergeClients adds the counts by client, and keeps the signs of life of those that are watched. The caller holds the
// service's lock.
func (u *builder) mergeClients(t *tally) {
	names := make([]string, len(t.clients)) // what the batch calls them
	dropped := map[string]bool{}
	for i := range t.clients {
		k := &t.clients[i]
		at, ok := u.clientAt.find(k.hash, func(i uint32) bool { return u.clients[i] == k.clientKey })
		if !ok {
			h := event.ClientHour{Start: time.Unix(k.hour*3600, 0).UTC(), Client: keep(k.client, maxShort), Scope: scope(k.client), LastSeen: k.lastSeen}
			u.b.Clients = append(u.b.Clients, h)
			name := h.Client
			if name != k.client {
				name = strings.Clone(k.client)
			}
			u.clients = append(u.clients, clientKey{k.hour, name})
		}
		c := &u.b.Clients[at]
		c.Counts.Add(k.counts)
		if k.lastSeen.After(c.LastSeen) {
			c.LastSeen = k.lastSeen
		}
		if names[i] = c.Client; k.drops {
			dropped[c.Client] = true
		}
	}
	for i, n := range names { // before any of the signs is looked at: most clients are of no interest
		if !dropped[n] && u.service.clients[n] == 0 {
			names[i] = ""
		}
	}
	for i := range t.signs {
		s := &t.signs[i]
		if names[s.client] == "" {
			continue
		}
		c := &u.cells[u.remapCell[s.cell]]
		u.sign(watchKey{names[s.client], s.agent}, s, u.routes[c.route])
	}
}

// size says how much the batch holds: its minutes, clients and hang-ups.
func (u *builder) size() int { return len(u.cells) + len(u.b.Clients) + 4*len(u.b.Disconnects) }

// finish returns the batch. Nothing can be added after that.
func (u *builder) finish() *event.Batch {
	if u.finished {
		return u.b
	}
	u.finished = true
	u.settle()
	u.flushSigns()
	order := u.order()
	values := u.dealAges()
	u.b.Minutes = make([]event.Minute, len(order))
	var made event.Histograms
	for i, at := range order {
		c := &u.cells[at]
		m := &u.b.Minutes[i]
		m.Start, m.Route, m.Agent, m.Counts = time.Unix(c.minute*60, 0).UTC(), u.routes[c.route], u.agents[c.agent], c.counts
		from := uint32(0)
		if at > 0 {
			from = u.cells[at-1].drops
		}
		made.Fill(&m.Done, values[from:c.ages])
		made.Fill(&m.Drop, values[c.ages:c.drops])
	}
	u.cells, u.ages, u.cellAt, u.clients, u.clientAt, u.watching = nil, nil, index{}, nil, index{}, nil
	return u.b
}

// order returns the cells by route, then minute, then agent: those of one route and hour stand together.
func (u *builder) order() []uint32 {
	type place struct {
		key   uint64 // route and minute
		agent uint32
		at    uint32
	}
	first := int64(math.MaxInt64)
	for i := range u.cells {
		first = min(first, u.cells[i].minute)
	}
	list := make([]place, len(u.cells))
	for i := range u.cells {
		c := &u.cells[i]
		list[i] = place{uint64(c.route)<<32 | uint64(uint32(c.minute-first)), c.agent, uint32(i)}
	}
	slices.SortFunc(list, func(a, b place) int {
		if a.key != b.key {
			if a.key < b.key {
				return -1
			}
			return 1
		}
		return int(a.agent) - int(b.agent)
	})
	order := make([]uint32, len(list))
	for i := range list {
		order[i] = list[i].at
	}
	return order
}

// dealAges returns the ages by cell, in the order of the cells: of each the completed exchanges', then the dropped ones'.
// After it a cell's ages and drops are where these end.
func (u *builder) dealAges() []int64 {
	at := uint32(0)
	for i := range u.cells {
		c := &u.cells[i]
		n, d := c.ages, c.drops
		c.ages, c.drops = at, at+n
		at += n + d
	}
	values := make([]int64, at)
	for _, a := range u.ages {
		next := &u.cells[a.cell].ages
		if a.drop {
			next = &u.cells[a.cell].drops
		}
		values[*next] = a.ms
		*next++
	}
	return values
}

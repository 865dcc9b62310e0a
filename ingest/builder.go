package ingest

import (
	"math"
	"slices"
	"time"
	"unsafe"

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

	room
	routes    []event.Route
	routeNo   map[event.Route]uint32
	serviceNo []uint32 // of the routes: what the service calls them
	agents    []event.Agent
	agentNo   map[event.Agent]uint32
	tallies   int      // how many were merged
	parts     []*tally // what Sums are made of
	finished  bool
}

// room is what a builder counts in. The next one may have it.
type room struct {
	cells   table[cellKey]
	counts  []minuteCount // of the cells
	ages    []age
	values  []int64 // the ages by cell
	clients table[clientKey]
	callers []caller // the clients
	names   []byte   // what the batch calls them
	extras  []event.Counts
	crowd   crowd

	// where what a tally holds has gone
	cellOf, clientOf []uint32
	touched          uint32   // keeps what the processor is to fetch from being optimized away
	watched          []uint32 // the numbers in crowd + 1 of its clients that are watched; 0 for the others
}

// empty returns the room to be used again. Much room is given up when little of it was used.
func (r *room) empty() room {
	if cap(r.ages) > 1<<16 && len(r.ages) < cap(r.ages)/16 {
		return room{}
	}
	r.cells.clear()
	r.clients.clear()
	return room{
		cells: r.cells, counts: r.counts[:0], ages: r.ages[:0], values: r.values[:0], clients: r.clients, callers: r.callers[:0],
		names: r.names[:0], extras: r.extras[:0], crowd: r.crowd.empty(),
		cellOf: r.cellOf, clientOf: r.clientOf, watched: r.watched,
	}
}

// minuteCount is what a cell counts.
type minuteCount struct {
	count
	ages  uint32 // how many completed exchanges have one; see dealAges
	drops uint32 // the same of dropped ones
}

// maxSamples bounds the examples of unparsed records in one batch.
const maxSamples = 5

// builder returns a builder that counts single records with c, which remembers words of earlier batches.
func (c *tallier) builder(s *serviceState, source, generation, start int64) *builder {
	if c.classes == nil {
		*c = *newTallier(c.counting)
	}
	c.full = &s.router.full
	c.begin(start)
	return &builder{
		service: s, own: c,
		b:       &event.Batch{Service: s.name, Source: source, Generation: generation, Start: start, End: start},
		routeNo: map[event.Route]uint32{}, agentNo: map[event.Agent]uint32{},
	}
}

// end is the offset up to which the builder has counted.
func (u *builder) end() int64 { return max(u.b.End, u.own.t.end) }

// records says how many records the batch holds.
func (u *builder) records() int64 {
	a := &u.b.Accounts
	return a.Requests + a.Disconnects + a.Others + a.Unparsed + a.Skipped + u.own.t.records()
}

// disconnects says how many of them are disconnects.
func (u *builder) disconnects() int64 { return u.b.Accounts.Disconnects + u.own.t.accounts.Disconnects }

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
}

// merge adds the tally of the records that follow those of the batch, which is not to be used any more. Nothing that add
// has counted may be unsettled.
func (u *builder) merge(t *tally) {
	b := u.b
	b.End, b.Lines = t.end, b.Lines+t.lines
	b.Accounts.Add(t.accounts)
	if t.lastEvent.After(b.LastEvent) {
		b.LastEvent = t.lastEvent
	}
	b.Unparsed = append(b.Unparsed, t.samples[:min(len(t.samples), maxSamples-len(b.Unparsed))]...)
	if u.own.t.end < t.end {
		u.own.t.reuse()
		u.own.begin(t.end)
	}
	if len(t.counts) == 0 {
		t.reuse()
		return
	}
	u.service.mu.Lock()
	defer u.service.mu.Unlock()
	for i := range t.routes {
		t.routes[i] = u.service.router.admit(t.routes[i])
	}
	for i := range t.agents {
		t.agents[i] = u.service.families.admit(t.agents[i])
	}
	for i := range t.hangups {
		h := &t.hangups[i]
		h.Route, h.Agent = t.routes[t.cells.keys[t.of[i].cell].route], t.agents[t.of[i].agent]
	}
	b.Disconnects = append(b.Disconnects, t.hangups...)
	if u.own.sums {
		u.parts = append(u.parts, t)
		return
	}
	u.mergeCells(t)
	u.mergeClients(t)
	t.reuse()
}

// mergeCells adds the cells, and leaves in cellOf where they went.
func (u *builder) mergeCells(t *tally) {
	routes, agents := make([]uint32, len(t.routes)), make([]uint32, len(t.agents))
	for i, r := range t.routes {
		routes[i] = number(&u.routes, u.routeNo, r)
	}
	for _, r := range u.routes[len(u.serviceNo):] {
		u.serviceNo = append(u.serviceNo, u.service.number(r))
	}
	for i, g := range t.agents {
		agents[i] = number(&u.agents, u.agentNo, g)
	}
	u.cellOf = slices.Grow(u.cellOf[:0], len(t.counts))[:len(t.counts)]
	for i, k := range t.cells.keys {
		k.route, k.agent = routes[k.route], agents[k.agent]
		at, ok := u.cells.number(k.hash(), k)
		if !ok {
			u.counts = append(u.counts, minuteCount{})
		}
		u.counts[at].merge(t.counts[i], t.extras, &u.extras)
		u.cellOf[i] = at
	}
	u.ages = slices.Grow(u.ages, len(t.ages))
	for _, a := range t.ages {
		at := u.cellOf[a.cell()]
		if c := &u.counts[at]; a.drop() {
			c.drops++
		} else {
			c.ages++
		}
		u.ages = append(u.ages, a.of(at))
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

// view returns a string that is b, and changes with it.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// size says how much the batch holds: its minutes, clients and hang-ups, of which each takes the room of many.
func (u *builder) size() int { return len(u.counts) + len(u.callers) + 20*len(u.b.Disconnects) }

// finish returns the batch. Nothing can be added after that.
func (u *builder) finish() *event.Batch {
	if u.finished {
		return u.b
	}
	u.finished = true
	u.settle()
	u.b.Minutes, u.b.Clients, u.b.Signs = u.minutes(), u.byClient(), u.signs()
	return u.b
}

// minutes returns the cells as the batch's minutes, which are made of the builder's room.
func (u *builder) minutes() event.Minutes {
	keys, counts, extras, order, values := u.cells.keys, u.counts, u.extras, u.order(), u.dealAges()
	var made event.Histograms
	return event.Minutes{Routes: u.routes, Agents: u.agents, Each: func(ages bool, yield func(*event.MinuteCell) bool) {
		var cell event.MinuteCell
		for _, at := range order {
			k, c := &keys[at], &counts[at]
			cell.Minute, cell.Route, cell.Agent, cell.Counts = k.minute, int(k.route), int(k.agent), c.whole(extras)
			if ages {
				from := uint32(0)
				if at > 0 {
					from = counts[at-1].drops
				}
				made.Reset()
				made.Fill(&cell.Done, values[from:c.ages])
				made.Fill(&cell.Drop, values[c.ages:c.drops])
			}
			if !yield(&cell) {
				return
			}
		}
	}}
}

// order returns the cells by route, then minute, then agent: those of one route and hour stand together.
func (u *builder) order() []uint32 {
	order := make([]uint32, len(u.counts))
	for i := range order {
		order[i] = uint32(i)
	}
	if len(order) == 0 {
		return order
	}
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	for i := range u.cells.keys {
		k := &u.cells.keys[i]
		first, last = min(first, k.minute), max(last, k.minute)
	}
	keys, room := u.cells.keys, make([]uint32, len(order))
	order, room = byPart(order, room, len(u.agents), func(i uint32) uint32 { return keys[i].agent })
	for shift := 0; (last-first)>>shift != 0; shift += 16 {
		n := min((last-first)>>shift, 1<<16-1) + 1
		order, room = byPart(order, room, int(n), func(i uint32) uint32 { return uint32((keys[i].minute - first) >> shift & (1<<16 - 1)) })
	}
	order, _ = byPart(order, room, len(u.routes), func(i uint32) uint32 { return keys[i].route })
	return order
}

// byPart puts the order by a part of the keys that is below n, and leaves those of the same part as they stand. It returns
// the new order, which is in room, and the room that it leaves.
func byPart(order, room []uint32, n int, part func(uint32) uint32) (sorted, left []uint32) {
	if n < 2 {
		return order, room
	}
	at := make([]uint32, n+1)
	for _, i := range order {
		at[part(i)+1]++
	}
	for p := range n {
		at[p+1] += at[p]
	}
	for _, i := range order {
		p := part(i)
		room[at[p]] = i
		at[p]++
	}
	return room, order
}

// dealAges returns the ages by cell, in the order of the cells: of each the completed exchanges', then the dropped ones'.
// After it a cell's ages and drops are where these end.
func (u *builder) dealAges() []int64 {
	at := uint32(0)
	for i := range u.counts {
		c := &u.counts[i]
		n, d := c.ages, c.drops
		c.ages, c.drops = at, at+n
		at += n + d
	}
	u.values = slices.Grow(u.values[:0], int(at))[:at]
	values := u.values
	for _, a := range u.ages {
		c := &u.counts[a.cell()]
		next := &c.ages
		if a.drop() {
			next = &c.drops
		}
		values[*next] = a.ms()
		*next++
	}
	return values
}

package ingest

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"hangup/event"
)

// tally is what the records of one run of lines say, counted without knowing what came before them: parts of a file can
// be tallied side by side, and a builder merges them in order. Its names are numbers into its own lists. Nothing of it
// is part of the records' text.
type tally struct {
	start, end int64
	lines      int64
	accounts   event.Accounts
	first      int64 // Unix nanoseconds of the oldest event
	lastEvent  time.Time

	routes  []event.Route // shapes, in the order of their first record
	shapes  []uint32      // of the routes: what the tallier calls them
	agents  []event.Agent // the same
	cells   table[cellKey]
	counts  []count // of the cells
	ages    []age
	clients table[clientKey]
	visits  []visit // of the clients
	names   []byte
	extras  []event.Counts
	hangups []event.Hangup // without route and agent
	of      []hangupOf     // the hang-ups' cells and agents
	signs   []sign
	samples []event.Sample
	served  []count     // of the agents, if the cells have none
	minutes []minuteSum // the same of the minutes
}

type hangupOf struct{ cell, agent uint32 }

// counting says what is counted.
type counting struct {
	sums    bool // for Sums: clients over all hours, no signs of life, of hang-ups only what tells them apart
	byAgent bool // with sums: cells are of one user agent class and minute; else these are counted apart, and a cell is a route
}

// cellKey is one route and agent class in one minute, or one route.
type cellKey struct {
	minute       int64 // since 1970
	route, agent uint32
}

func (k cellKey) hash() uint64 { return fold(uint64(k.minute), uint64(k.route)<<32|uint64(k.agent)) }

// age is a duration in ms that a cell's histograms count, the cell, and whether the exchange was dropped: 40, 23 and 1 bits.
type age uint64

// maxCell is the largest number of a cell in an age: a tally has fewer records, a batch fewer cells.
const maxCell = 1<<23 - 1

func ageOf(ms int64, cell uint32, drop bool) age {
	a := age(min(max(ms, 0), event.MaxAge))<<24 | age(cell)<<1
	if drop {
		a |= 1
	}
	return a
}

// of returns the same age of another cell.
func (a age) of(cell uint32) age { return a&^(maxCell<<1) | age(cell)<<1 }

func (a age) ms() int64    { return int64(a >> 24) }
func (a age) cell() uint32 { return uint32(a>>1) & maxCell }
func (a age) drop() bool   { return a&1 != 0 }

// clientKey is one client in one hour.
type clientKey struct {
	nameKey
	hour   int32 // since 1970
	length uint32
}

func (k clientKey) hash() uint64 {
	return fold(fold(k.a, k.b)^secrets[2], uint64(uint32(k.hour))<<32|uint64(k.length))
}

// visit is what one client did in one hour.
type visit struct {
	few
	seen  int64 // Unix nanoseconds of the newest event
	name  uint32
	size  uint32 // names[name:name+size] is the client
	drops bool   // it hung up, not idle
	odd   bool   // hang-ups name it otherwise; only Sums need to know
}

// sign is a record of which a client's session may be made.
type sign struct {
	agent        int64  // hash
	at           int64  // Unix nanoseconds
	off          uint32 // from the tally's start
	client, cell uint32
	drop         bool
}

// records says how many records it holds.
func (t *tally) records() int64 {
	a := &t.accounts
	return a.Requests + a.Disconnects + a.Others + a.Unparsed + a.Skipped
}

// tallier counts records into tallies, one after another. What it remembers between them are only words that it has
// classified. It is for one goroutine.
type tallier struct {
	counting
	t     *tally
	epoch uint32 // of t: local numbers of words are those of their epoch

	shapes  words[shapeWord] // by method, NUL, shape
	known   []event.Route    // the shapes
	agents  words[agentWord] // by user agent
	classes map[event.Agent]*agentClass
	buf     []byte
	short   []byte
	full    *fullPrefixes // of the service
	touched uint32        // keeps what the processor is to fetch from being optimized away
	last    sizes         // of the last chunk's tally: the next will be much like it

	seen         time.Time // when the records are read, as of which the next two are
	oldest, next int64     // Unix seconds between which times are believed
}

// sizes say how much a tally holds.
type sizes struct{ routes, cells, ages, clients, names, hangups, signs int }

func (t *tally) sizes() sizes {
	return sizes{len(t.routes), len(t.counts), len(t.ages), len(t.visits), len(t.names), len(t.hangups), len(t.signs)}
}

// reserve makes room for so much, and some more, at once.
func (t *tally) reserve(n sizes) {
	more := func(n int) int { return n + n/8 }
	t.routes, t.shapes = slices.Grow(t.routes, more(n.routes)), slices.Grow(t.shapes, more(n.routes))
	t.cells.reserve(more(n.cells))
	t.counts = slices.Grow(t.counts, more(n.cells))
	t.ages = slices.Grow(t.ages, more(n.ages))
	t.clients.reserve(more(n.clients))
	t.visits = slices.Grow(t.visits, more(n.clients))
	t.names = slices.Grow(t.names, more(n.names))
	t.hangups, t.of = slices.Grow(t.hangups, more(n.hangups)), slices.Grow(t.of, more(n.hangups))
	t.signs = slices.Grow(t.signs, more(n.signs))
}

// spare are tallies that were merged, for their room.
var spare = sync.Pool{New: func() any { return &tally{} }}

// reuse gives a tally up that has been merged.
func (t *tally) reuse() {
	clear(t.hangups) // the batch has them now
	t.cells.clear()
	t.clients.clear()
	*t = tally{
		routes: t.routes[:0], shapes: t.shapes[:0], agents: t.agents[:0], cells: t.cells, counts: t.counts[:0], ages: t.ages[:0], clients: t.clients,
		visits: t.visits[:0], names: t.names[:0], extras: t.extras[:0], hangups: t.hangups[:0], of: t.of[:0], signs: t.signs[:0], served: t.served[:0],
		minutes: t.minutes[:0],
	}
	spare.Put(t)
}

// shapeWord is a shape's place in the tallier's list and, if it is there, in the tally's. There are thousands, and nearly
// every line needs another: they are small.
type shapeWord struct{ known, local uint32 }

type agentWord struct {
	class *agentClass
	hash  int64 // as it is stored
}

type agentClass struct {
	agent        event.Agent
	epoch, local uint32
}

// maxWords bounds how many words of a kind a tallier takes along to the next tally.
const maxWords = 20000

func newTallier(what counting) *tallier {
	return &tallier{counting: what, classes: map[event.Agent]*agentClass{}}
}

// begin starts a tally at an offset.
func (c *tallier) begin(start int64) {
	c.t = spare.Get().(*tally)
	c.t.start, c.t.end, c.t.first = start, start, math.MaxInt64
	c.epoch++
	if len(c.known) > maxWords {
		c.shapes, c.known = words[shapeWord]{}, nil
	}
	if c.agents.n > maxWords || len(c.classes) > maxWords {
		c.agents = words[agentWord]{}
		clear(c.classes)
	}
}

// add counts one record. seen is when it was read. A record that does not join on to the one before is an error: a
// parser has swallowed a line.
func (c *tallier) add(r *event.Record, seen time.Time) error {
	t := c.t
	if r.Start != t.end || r.End < r.Start {
		return fmt.Errorf("record [%d, %d) does not join on to offset %d", r.Start, r.End, t.end)
	}
	t.end = r.End
	t.lines += int64(r.Lines)
	t.accounts.Count(r.Kind, r.End-r.Start)
	switch r.Kind {
	case event.Unparsed:
		if len(t.samples) < maxSamples {
			t.samples = append(t.samples, event.Sample{
				Off: r.Start, Line: r.Line, Reason: r.Reason, Text: keep(redactText(clip(r.Text, 4*maxSample)), maxSample),
			})
		}
	case event.Request, event.Disconnect:
		r.Client = unmapped(r.Client)
		c.count(r, seen)
	case event.Other, event.Skipped:
	}
	return nil
}

// oversize counts bytes of a line that is too long to be parsed; ends says that the line ends with them.
func (c *tallier) oversize(s span, ends bool) error {
	t := c.t
	if s.start != t.end {
		return fmt.Errorf("oversize bytes [%d, %d) do not join on to offset %d", s.start, s.end, t.end)
	}
	t.end = s.end
	t.accounts.OversizeBytes += s.end - s.start
	if ends {
		t.lines++
		t.accounts.Unparsed++
	}
	return nil
}

func (c *tallier) count(r *event.Record, seen time.Time) {
	t, e := c.t, &r.Event
	at, assumed := c.time(e.Time, seen)
	if at.After(t.lastEvent) {
		t.lastEvent = at
	}
	unix, nanos := at.Unix(), at.UnixNano()
	t.first = min(t.first, nanos)
	agent := c.agent(e.UserAgent)
	class, hour := c.class(agent.class), int32(unix/3600)
	if c.sums {
		hour = 0
	}
	who := clientKey{keyOf(e.Client), hour, uint32(len(e.Client))}
	whose := who.hash()
	c.touched = t.clients.touch(whose)
	i := c.cell(e, unix/60, c.shape(e.Method, e.Path), class)
	t.counts[i].add(e, &t.extras)
	drop := e.Kind == event.Disconnect
	if e.Exchange && e.Duration.OK && e.Phase != event.PhaseIdle {
		t.ages = append(t.ages, ageOf(e.Duration.V.Milliseconds(), i, drop))
	}
	if drop {
		t.hangups, t.of = append(t.hangups, event.Hangup{}), append(t.of, hangupOf{i, class})
		h := &t.hangups[len(t.hangups)-1]
		if c.sums {
			lean(h, r)
		} else {
			hangup(h, r)
		}
		h.Time, h.TimeAssumed = at, assumed
	}
	if e.Client == "" {
		return
	}
	n := c.client(e.Client, who, whose)
	v := &t.visits[n]
	v.add(e, &t.extras)
	v.seen = max(v.seen, nanos)
	if e.Phase != event.PhaseIdle && !c.sums {
		v.drops = v.drops || drop
		t.signs = append(t.signs, sign{agent.hash, nanos, uint32(r.Start - t.start), n, i, drop})
	}
}

// cell returns the number of an event's cell.
func (c *tallier) cell(e *event.Event, minute int64, route, class uint32) uint32 {
	t := c.t
	if c.sums && !c.byAgent {
		for int(class) >= len(t.served) {
			t.served = append(t.served, count{})
		}
		t.served[class].add(e, &t.extras)
		if n := len(t.minutes); n == 0 || t.minutes[n-1].minute != minute {
			t.minutes = append(t.minutes, minuteSum{minute: minute})
		}
		t.minutes[len(t.minutes)-1].add(e)
		for int(route) >= len(t.counts) {
			t.cells.keys, t.counts = append(t.cells.keys, cellKey{route: uint32(len(t.counts))}), append(t.counts, count{})
		}
		return route
	}
	k := cellKey{minute, route, class}
	i, ok := t.cells.number(k.hash(), k)
	if !ok {
		t.counts = append(t.counts, count{})
	}
	return i
}

// time is eventTime for records that are read at about the same time.
func (c *tallier) time(t, seen time.Time) (time.Time, bool) {
	if seen != c.seen {
		c.seen, c.oldest, c.next = seen, earliest.Unix(), seen.Add(maxAhead).Unix()
	}
	if at := t.Unix(); at >= c.oldest && at < c.next && t.Location() == time.UTC {
		return t, false
	}
	return eventTime(t, seen)
}

// shape returns the number of a request's shape.
func (c *tallier) shape(method, path string) uint32 {
	if !isMethod(method) {
		method = otherMethod
	}
	c.buf = append(append(c.buf[:0], method...), 0)
	n := len(c.buf)
	c.buf = appendShape(c.buf, path)
	key := view(c.buf)
	h := hashText(key)
	w := c.shapes.find(h)
	if w == nil { // paths that hold names of things make new shapes all the time
		var shorter bool
		if c.short, shorter = c.full.shorten(append(c.short[:0], key[:n]...), key[n:]); shorter {
			key = view(c.short)
			h = hashText(key)
			w = c.shapes.find(h)
		}
	}
	if w == nil {
		key = strings.Clone(key)
		w = c.shapes.add(h, shapeWord{known: uint32(len(c.known))})
		c.known = append(c.known, event.Route{Method: key[:n-1], Template: key[n:]})
	}
	t := c.t
	if int(w.local) >= len(t.shapes) || t.shapes[w.local] != w.known {
		w.local = uint32(len(t.shapes))
		t.shapes, t.routes = append(t.shapes, w.known), append(t.routes, c.known[w.known])
	}
	return w.local
}

// agent returns the word of a user agent.
func (c *tallier) agent(ua string) agentWord {
	h := hashText(ua)
	if w := c.agents.find(h); w != nil {
		return *w
	}
	g := agentOf(ua)
	k := c.classes[g]
	if k == nil {
		k = &agentClass{agent: g}
		c.classes[g] = k
	}
	w := agentWord{k, agentHash(ua)}
	c.agents.add(h, w)
	return w
}

// class returns the number of a user agent class.
func (c *tallier) class(k *agentClass) uint32 {
	if k.epoch != c.epoch {
		k.epoch, k.local = c.epoch, uint32(len(c.t.agents))
		c.t.agents = append(c.t.agents, k.agent)
	}
	return k.local
}

// client returns the number of a client in an hour.
func (c *tallier) client(name string, k clientKey, h uint64) uint32 {
	t := c.t
	i, ok := t.clients.number(h, k)
	if !ok {
		t.visits = append(t.visits, visit{
			name: uint32(len(t.names)), size: uint32(len(name)), seen: math.MinInt64, odd: c.sums && !k.plain(int(k.length)) && clean(name, maxShort) != name,
		})
		t.names = append(t.names, name...)
	}
	return i
}

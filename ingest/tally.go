package ingest

import (
	"fmt"
	"hash/maphash"
	"strings"
	"sync"
	"time"

	"hangup/event"
)

// tally is what the records of one run of lines say, counted without knowing what came before them: parts of a file can
// be tallied side by side, and a builder merges them in order. Its names are numbers into its own lists. Strings of it
// may be parts of the records' text.
type tally struct {
	start, end int64
	lines      int64
	accounts   event.Accounts
	lastEvent  time.Time

	routes  []event.Route // shapes, in the order of their first record
	agents  []event.Agent // the same
	cells   []cell
	ages    []age
	clients []clientCount
	hangups []event.Hangup // without route and agent, which their cells have
	of      []uint32       // the hang-ups' cells
	signs   []sign
	samples []event.Sample
}

// cell is what happened to one route and agent class in one minute.
type cell struct {
	cellKey
	counts event.Counts
}

type cellKey struct {
	minute       int64 // since 1970
	route, agent uint32
}

// age is a duration that a cell's histograms count.
type age struct {
	cell uint32
	drop bool
	ms   int64
}

type clientCount struct {
	clientKey
	hash     uint64
	counts   event.Counts
	lastSeen time.Time
	drops    bool // it hung up, not idle
}

type clientKey struct {
	hour   int64 // since 1970
	client string
}

// sign is a record of which a client's session may be made.
type sign struct {
	client, cell uint32
	drop         bool
	agent        int64 // hash
	at           int64 // Unix nanoseconds
	off          int64
}

// records says how many records it holds.
func (t *tally) records() int64 {
	a := &t.accounts
	return a.Requests + a.Disconnects + a.Others + a.Unparsed + a.Skipped
}

// tallier counts records into tallies, one after another. What it remembers between them are only words that it has
// classified. It is for one goroutine.
type tallier struct {
	t     *tally
	epoch uint32 // of t: local numbers of words are those of their epoch

	shapes  map[string]*shapeWord // by method, NUL, shape
	agents  map[string]*agentWord // by user agent
	classes map[event.Agent]*agentWord
	buf     []byte

	cells   index
	clients index
}

// hashes is the seed under which clients are hashed.
var hashes = maphash.MakeSeed()

// spare are tallies that were merged, for their room.
var spare = sync.Pool{New: func() any { return &tally{} }}

// reuse gives a tally up that has been merged.
func (t *tally) reuse() {
	clear(t.clients) // their names hold the text
	*t = tally{
		routes: t.routes[:0], agents: t.agents[:0], cells: t.cells[:0], ages: t.ages[:0], clients: t.clients[:0], of: t.of[:0], signs: t.signs[:0],
	}
	spare.Put(t)
}

type shapeWord struct {
	shape        event.Route
	epoch, local uint32
}

type agentWord struct {
	agent        event.Agent
	class        *agentWord // the first word of the same class, which has the local number
	hash         int64
	epoch, local uint32
}

// maxWords bounds how many words of a kind a tallier takes along to the next tally.
const maxWords = 20000

func newTallier() *tallier {
	return &tallier{
		shapes: map[string]*shapeWord{}, agents: map[string]*agentWord{}, classes: map[event.Agent]*agentWord{},
	}
}

// begin starts a tally at an offset.
func (c *tallier) begin(start int64) {
	c.t = spare.Get().(*tally)
	c.t.start, c.t.end = start, start
	c.epoch++
	c.cells.clear()
	c.clients.clear()
	if len(c.shapes) > maxWords {
		clear(c.shapes)
	}
	if len(c.agents) > maxWords || len(c.classes) > maxWords {
		clear(c.agents)
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
	at, assumed := eventTime(e.Time, seen)
	if at.After(t.lastEvent) {
		t.lastEvent = at
	}
	unix := at.Unix()
	agent := c.agent(e.UserAgent)
	i := c.cell(cellKey{unix / 60, c.shape(e.Method, e.Path), agent.class.local})
	t.cells[i].counts.Count(e)
	if e.Exchange && e.Duration.OK && e.Phase != event.PhaseIdle {
		t.ages = append(t.ages, age{i, e.Kind == event.Disconnect, e.Duration.V.Milliseconds()})
	}
	if e.Kind == event.Disconnect {
		h := hangup(r)
		h.Time, h.TimeAssumed = at, assumed
		t.hangups, t.of = append(t.hangups, h), append(t.of, i)
	}
	if e.Client == "" {
		return
	}
	n := c.client(clientKey{unix / 3600, e.Client})
	k := &t.clients[n]
	k.counts.Count(e)
	if at.After(k.lastSeen) {
		k.lastSeen = at
	}
	if e.Phase != event.PhaseIdle {
		drop := e.Kind == event.Disconnect
		k.drops = k.drops || drop
		t.signs = append(t.signs, sign{n, i, drop, agent.hash, at.UnixNano(), r.Start})
	}
}

// shape returns the number of a request's shape.
func (c *tallier) shape(method, path string) uint32 {
	c.buf = append(append(c.buf[:0], method...), 0)
	if !methods[method] {
		c.buf = append(append(c.buf[:0], "_OTHER"...), 0)
	}
	n := len(c.buf)
	c.buf = appendShape(c.buf, path)
	w := c.shapes[string(c.buf)]
	if w == nil {
		key := string(c.buf)
		w = &shapeWord{shape: event.Route{Method: key[:n-1], Template: key[n:]}}
		c.shapes[key] = w
	}
	if w.epoch != c.epoch {
		w.epoch, w.local = c.epoch, uint32(len(c.t.routes))
		c.t.routes = append(c.t.routes, w.shape)
	}
	return w.local
}

// agent returns the word of a user agent, whose class has a number.
func (c *tallier) agent(ua string) *agentWord {
	w := c.agents[ua]
	if w == nil {
		w = &agentWord{agent: agentOf(ua), hash: agentHash(ua)}
		if w.class = c.classes[w.agent]; w.class == nil {
			w.class = w
			c.classes[w.agent] = w
		}
		if len(ua) <= maxAgent {
			c.agents[strings.Clone(ua)] = w
		}
	}
	if k := w.class; k.epoch != c.epoch {
		k.epoch, k.local = c.epoch, uint32(len(c.t.agents))
		c.t.agents = append(c.t.agents, k.agent)
	}
	return w
}

func (c *tallier) cell(k cellKey) uint32 {
	cells := c.t.cells
	h := mix(uint64(k.minute)<<40 ^ uint64(k.route)<<20 ^ uint64(k.agent))
	i, ok := c.cells.find(h, func(i uint32) bool { return cells[i].cellKey == k })
	if !ok {
		c.t.cells = append(c.t.cells, cell{cellKey: k})
	}
	return i
}

func (c *tallier) client(k clientKey) uint32 {
	clients := c.t.clients
	h := maphash.String(hashes, k.client) ^ uint64(k.hour)*0x9e3779b97f4a7c15
	i, ok := c.clients.find(h, func(i uint32) bool { return clients[i].clientKey == k })
	if !ok {
		c.t.clients = append(c.t.clients, clientCount{clientKey: k, hash: h})
	}
	return i
}

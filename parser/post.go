package parser

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"hangup/event"
)

// post reads lines that other programs passed on: it takes the envelopes off, puts the lines of each writer together,
// and gives the records of all writers in the order in which they begin. A record that lies across those of another
// writer holds them back until it is complete, so that whoever reads on after any record reads no line twice.
type post struct {
	stock *stock
	plan  plan
	clock clock
	env   []envelope // in the order of envelopes; those that are not looked for are nil
	last  int        // the one that came last
	found func(format, layout string)

	lanes  map[string]*lane
	order  []*lane
	recent *lane // the one of the last line that was quick
	key    []byte

	now    message            // the line at hand
	within [maxNested]message // and what is in envelopes within its own

	lines []event.Line // physical lines since the first that is not given
	size  int
	done  []delivery
	seen  time.Time // by the envelopes' own clock, as far as they have one

	object  *message // a JSON object that is printed over several lines
	printed []byte   // its lines
}

// plan says how a log is read.
type plan struct {
	envelope int       // index of the envelope to try first, -1 for none
	forced   bool      // no other envelope is looked for
	nested   bool      // there is another one in it
	formats  []Options // the formats that are tried first
	all      bool      // formats besides those may be found
}

// delivery is a record that is complete.
type delivery struct {
	rec   event.Record
	first int // its first line in lines
}

// message is one line of a writer, of one or more physical lines.
type message struct {
	letter
	raw   string
	first int // in post.lines
	n     int // physical lines
	seen  time.Time
}

// lane is what one writer writes.
type lane struct {
	key    string
	in     *mixed
	part   *message // a line that goes on
	nested bool     // its lines are in another envelope
	queue  []message
	base   int64 // ordinal of queue[0]
	at     int   // count of lines when it was written to last
	seen   time.Time
	emit   func(*event.Record)
}

// Bounds of what is held.
const (
	maxLanes     = 256
	maxGroup     = 2000            // physical lines
	maxGroupSize = 1 << 20         // bytes
	laneLines    = 500             // other writers' lines after which a writer's record is ended
	laneSilence  = 1 * time.Second // and so long after its last line, by the envelopes' clock
	maxNested    = 4
)

func newPost(of *stock, p plan, found func(format, layout string)) *post {
	s := &post{stock: of, plan: p, clock: clock{zone: of.base.Zone}, found: found, lanes: map[string]*lane{}, last: max(p.envelope, 0)}
	s.env = make([]envelope, len(envelopes))
	for i := range envelopes {
		s.env[i] = envelopes[i].make(&s.clock)
	}
	return s
}

// cut takes an envelope off a line: the one that came last is tried first. l is zero, and so it is when there is none.
func (s *post) cut(line string, seen time.Time, nested bool, l *letter) bool {
	if s.env[s.last].cut(line, seen, l) {
		l.kind = s.last
		return true
	}
	*l = letter{}
	if s.plan.forced && !nested {
		return false
	}
	for i, e := range s.env {
		if i == s.last {
			continue
		}
		if e.cut(line, seen, l) {
			if l.kind = i; !nested {
				s.last = i
			}
			return true
		}
		*l = letter{}
	}
	return false
}

// line takes a line that is in an envelope. It returns false when it is in none.
func (s *post) line(l *event.Line, emit func(*event.Record)) bool {
	text := strings.TrimSuffix(l.Text, "\r")
	if len(text) >= MaxLine || l.End-l.Start > MaxLine {
		return false
	}
	m := &s.now
	*m = message{}
	m.raw, m.first, m.n, m.seen = text, len(s.lines), 1, l.Seen
	switch o := s.object; {
	case o != nil && len(s.printed)+len(text) < maxGroupSize/4:
		s.lines, s.size = append(s.lines, *l), s.size+len(text)
		s.printed, o.n = append(append(s.printed, '\n'), text...), o.n+1
		if text == "}" {
			s.endObject()
			s.settle(emit)
		}
		return true
	case text == "{":
		s.lines, s.size = append(s.lines, *l), s.size+1
		object := *m
		s.object, s.printed = &object, append(s.printed[:0], text...)
		return true
	case o != nil:
		s.endObject()
		m.first = len(s.lines)
	}
	if !s.cut(text, l.Seen, false, &m.letter) {
		s.settle(emit)
		return false
	}
	t := m.base.Time
	if t.IsZero() {
		t = m.seen
	}
	if t.After(s.seen) || t.Sub(s.seen) < -time.Minute {
		s.seen = t
	}
	if len(s.lines) == 0 && s.quick(l, emit) {
		return true
	}
	s.lines, s.size = append(s.lines, *l), s.size+len(text)
	s.deliver("", *m, 0)
	s.settle(emit)
	return true
}

// quick reads the line at hand when nothing is held and it is a record by itself, of the format that its writer used last:
// as nearly all lines are. It goes to no queue and is given at once. When quick returns false it has done nothing.
func (s *post) quick(l *event.Line, emit func(*event.Record)) bool {
	m, ln := &s.now, s.recent
	if m.part || m.full || m.text == "" {
		return false
	}
	if ln == nil || len(ln.key) != len(m.lane)+1 || ln.key[1:] != m.lane {
		s.key = append(append(s.key[:0], 0), m.lane...)
		if ln = s.lanes[string(s.key)]; ln == nil {
			return false
		}
		s.recent = ln
	}
	if ln.part != nil || ln.nested || len(ln.in.used) == 0 {
		return false
	}
	r := ln.in.used[0]
	if !r.single || r.fresh || m.text[len(m.text)-1] == '\r' || isBlank(m.text) {
		return false
	}
	seen := m.seen
	if !m.base.Time.IsZero() {
		seen = m.base.Time
	}
	r.set(&event.Line{Text: m.text, Start: l.Start, End: l.End, Number: l.Number, Seen: seen})
	if r.read(); r.rec.Reason != "" {
		return false
	}
	ln.base++
	ln.in.misses, ln.seen = 0, s.seen
	complete(&r.rec.Event, &m.base)
	r.rec.Text, r.rec.Seen = m.raw, l.Seen
	emit(r.rec)
	return true
}

// endObject reads a JSON object that is printed over several lines as if it were on one.
func (s *post) endObject() {
	m := *s.object
	m.raw = string(s.printed)
	s.object = nil
	text := strings.ReplaceAll(m.raw, "\n", " ")
	if s.cut(text, m.seen, false, &m.letter) {
		s.deliver("", m, 0)
		return
	}
	m.text = text
	ln := s.lane(nil)
	if ln.in.flush(ln.emit); ln.take(&m, true) {
		ln.in.flush(ln.emit)
		return
	}
	s.done = append(s.done, delivery{event.Record{Lines: m.n, Seen: m.seen, Text: m.raw, Reason: event.NoFormat}, m.first})
}

// deliver brings a message to its lane.
func (s *post) deliver(key string, m message, depth int) {
	s.key = append(append(append(s.key[:0], key...), 0), m.lane...)
	ln := s.lane(s.key)
	ln.at, ln.seen = len(s.lines), s.seen
	if p := ln.part; p != nil {
		p.text, p.raw, p.n = p.text+m.text, p.raw+"\n"+m.raw, p.n+m.n
		p.part = m.part && len(p.text) < MaxRecordBytes
		m = *p
		ln.part = nil
	}
	if m.part {
		part := m
		ln.part = &part
		return
	}
	switch {
	case m.full:
		s.whole(ln, m, depth)
	case ln.nested && s.unwrap(ln, &m, depth):
	case ln.take(&m, false):
	case !ln.nested && s.unwrap(ln, &m, depth):
	case ln.take(&m, true):
	default:
		if text := plainText(m.text); text != m.text { // without the colours of a terminal
			if m.text = text; ln.take(&m, true) {
				return
			}
		}
		s.words(ln, m)
	}
}

// unwrap looks for an envelope within the envelope.
func (s *post) unwrap(ln *lane, m *message, depth int) bool {
	if depth >= maxNested || m.text == "" {
		return false
	}
	inner := &s.within[depth]
	*inner = message{}
	if !s.cut(m.text, m.seen, true, &inner.letter) || inner.text == m.text {
		return false
	}
	ln.nested = !envelopes[inner.kind].weak
	complete(&inner.base, &m.base)
	inner.mail = inner.mail || m.mail
	inner.raw, inner.first, inner.n, inner.seen = m.raw, m.first, m.n, m.seen
	s.deliver(ln.key, *inner, depth+1)
	return true
}

// lane returns the lane of a writer.
func (s *post) lane(key []byte) *lane {
	if ln := s.lanes[string(key)]; ln != nil {
		return ln
	}
	if s.recent != nil && len(s.lanes) >= maxLanes {
		s.recent = nil
	}
	if len(s.lanes) >= maxLanes {
		old := slices.MinFunc(s.order, func(a, b *lane) int { return cmp.Compare(a.at, b.at) })
		s.end(old)
		delete(s.lanes, old.key)
		s.order = slices.DeleteFunc(s.order, func(l *lane) bool { return l == old })
	}
	in, err := newMixed(s.stock, s.plan, s.found)
	if err != nil { // the plan's formats were made before
		in = &mixed{}
	}
	ln := &lane{key: string(key), in: in}
	ln.nested = s.plan.nested && strings.Count(ln.key, "\x00") == 1
	ln.emit = func(r *event.Record) { s.record(ln, r) }
	s.lanes[ln.key] = ln
	s.order = append(s.order, ln)
	return ln
}

// take gives a message to the lane's formats. It returns false when none knows it.
func (ln *lane) take(m *message, all bool) bool {
	ln.queue = append(ln.queue, *m)
	n := ln.base + int64(len(ln.queue)) - 1
	seen := m.seen
	if !m.base.Time.IsZero() {
		seen = m.base.Time
	}
	if m.text == "" && !ln.in.isOpen() { // a blank line is a record: its envelope says so
		ln.queue = ln.queue[:len(ln.queue)-1]
		return false
	}
	if ln.in.line(&event.Line{Text: m.text, Start: n, End: n + 1, Number: n + 1, Seen: seen}, all, ln.emit) {
		return true
	}
	ln.queue = ln.queue[:len(ln.queue)-1]
	return false
}

// record takes a record of the lane's messages [Start, End).
func (s *post) record(ln *lane, r *event.Record) {
	k := int(r.End - ln.base)
	of := ln.queue[:k]
	d := delivery{rec: *r, first: of[0].first}
	d.rec.Lines, d.rec.Text = 0, of[0].raw
	size := 0
	for i := range of {
		d.rec.Lines += of[i].n
		size += len(of[i].raw) + 1
	}
	if k > 1 {
		var b strings.Builder
		b.Grow(size)
		for i := range of {
			if i > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(of[i].raw)
		}
		d.rec.Text = b.String()
	}
	if d.rec.Kind == event.Skipped { // a blank line in an envelope
		d.rec.Kind, d.rec.Reason = event.Other, ""
	}
	if d.rec.Kind != event.Unparsed {
		complete(&d.rec.Event, &of[0].base)
	}
	s.done = append(s.done, d)
	ln.base = r.End
	left := copy(ln.queue, ln.queue[k:])
	clear(ln.queue[left:])
	if ln.queue = ln.queue[:left]; left == 0 && cap(ln.queue) > maxKept {
		ln.queue = nil
	}
}

// whole reads a message that is a record by itself, whatever its text holds.
func (s *post) whole(ln *lane, m message, depth int) {
	ln.in.flush(ln.emit)
	var best event.Record
	known := false
	keep := func(r *event.Record) {
		if r.Kind > event.Skipped && r.Kind > best.Kind {
			best, known = *r, true
		}
	}
	if m.more == "" && !m.base.Exchange {
		at := int64(0)
		for text := range strings.SplitSeq(m.text, "\n") {
			seen := m.seen
			if !m.base.Time.IsZero() {
				seen = m.base.Time
			}
			ln.in.line(&event.Line{Text: text, Start: at, End: at + 1, Number: at + 1, Seen: seen}, true, keep)
			at++
		}
		ln.in.flush(keep)
		if !known && s.unwrap(ln, &m, depth) {
			return
		}
	}
	if !known {
		s.words(ln, m)
		return
	}
	complete(&best.Event, &m.base)
	best.Lines, best.Text, best.Reason = m.n, m.raw, ""
	s.done = append(s.done, delivery{best, m.first})
}

// words reads a message that no format knows.
func (s *post) words(ln *lane, m message) {
	ln.in.flush(ln.emit)
	r := event.Record{Lines: m.n, Seen: m.seen, Text: m.raw, Event: m.base}
	if !m.base.Exchange && isAccessLike(m.text) {
		r.Event, r.Reason = event.Event{}, event.NoFormat
	} else {
		plainMessage(&r.Event, m.text, m.more, m.why)
	}
	s.done = append(s.done, delivery{r, m.first})
}

// complete fills in what an event does not say by what was around it.
func complete(e, outer *event.Event) {
	if e.Time.IsZero() {
		e.Time, e.ZoneAssumed = outer.Time, outer.ZoneAssumed
	}
	fill(&e.Logger, outer.Logger)
	fill(&e.Level, outer.Level)
	fill(&e.RequestID, outer.RequestID)
	fill(&e.Client, outer.Client)
	if e.PID == 0 {
		e.PID = outer.PID
	}
}

func fill(s *string, outer string) {
	if *s == "" {
		*s = outer
	}
}

// settle gives what is complete, and ends what has been open for too long.
func (s *post) settle(emit func(*event.Record)) {
	full := len(s.lines) >= maxGroup || s.size >= maxGroupSize
	open := false
	for _, ln := range s.order {
		if ln.part == nil && !ln.in.isOpen() {
			continue
		}
		if full || len(s.lines)-ln.at > laneLines || s.seen.Sub(ln.seen) > laneSilence {
			s.end(ln)
			continue
		}
		open = true
	}
	if !open && s.object == nil {
		s.give(emit)
	}
}

// end completes what is open in a lane.
func (s *post) end(ln *lane) {
	if p := ln.part; p != nil {
		ln.part = nil
		p.part = false
		if !ln.take(p, true) {
			s.words(ln, *p)
		}
	}
	ln.in.flush(ln.emit)
}

// give emits what is held, in the order of the file. Each record has the bytes up to the next one's beginning.
func (s *post) give(emit func(*event.Record)) {
	if len(s.lines) == 0 {
		return
	}
	slices.SortStableFunc(s.done, func(a, b delivery) int { return cmp.Compare(a.first, b.first) })
	for i := range s.done {
		d := &s.done[i]
		d.rec.Line, d.rec.Start, d.rec.End = s.lines[d.first].Number, s.lines[d.first].Start, s.lines[len(s.lines)-1].End
		if i+1 < len(s.done) {
			d.rec.End = s.lines[s.done[i+1].first].Start
		}
		d.rec.Seen = s.lines[d.first].Seen
		emit(&d.rec)
	}
	clear(s.done)
	clear(s.lines)
	s.done, s.lines, s.size = s.done[:0], s.lines[:0], 0
	for _, ln := range s.order {
		ln.at = 0
	}
}

// isOpen says whether records are held.
func (s *post) isOpen() bool { return len(s.lines) > 0 }

// flush completes and gives all that is held.
func (s *post) flush(emit func(*event.Record)) {
	if s.object != nil {
		s.endObject()
	}
	for _, ln := range s.order {
		s.end(ln)
	}
	s.give(emit)
}

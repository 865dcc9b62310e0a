package parser

import (
	"strings"
	"time"

	"hangup/event"
)

// How a format is found while a log is read.
const (
	autoLines  = 50      // lines that are held before the format is chosen
	autoBytes  = 1 << 20 // or their bytes
	autoSure   = 5       // lines below which a choice is provisional
	autoWindow = 200     // records over which the share of unparsed ones is watched
	autoWait   = 16      // windows at most, twice as many after each in which a new look found nothing new
	autoRow    = 20      // records in a row that are not understood: the format has changed
	autoSlow   = 5       // so many of a log that has few lines, if the first of them was read autoQuiet before
	autoQuiet  = 30 * time.Second
)

// auto is the Parser of a log whose format is not given. It holds the first lines, finds the envelope around them and
// the formats in it, and reads what comes by these; a line that they do not know is tried with all others. When most
// lines are not known any more, it chooses again.
type auto struct {
	base  Options   // the zone, the hint and users' formats
	fixed plan      // what is given of the plan
	found Detection // what is in use
	stock *stock    // of the readers of all writers
	in    *mixed    // lines without an envelope; nil until a format is chosen
	post  *post     // lines with one

	held []event.Line // lines that are not read yet
	size int
	seen []string // lines on which a provisional choice was made

	records, unparsed int            // in the window
	wait              int            // windows until the next look, at least one
	unknown           []string       // texts of the newest unparsed records
	row               int            // records in a row that were not understood
	since, newest     time.Time      // when the first and the last of them were read
	tried             bool           // the format was looked for again in this row
	named             map[string]int // formats that were found while reading, and how often

	out   func(*event.Record) // whom the call at hand emits to
	watch func(*event.Record) // counts a record and hands it on to out; made once
}

func newAuto(o Options, fixed plan) *auto {
	a := &auto{base: Options{Zone: o.Zone, Hint: o.Hint, User: o.User}, fixed: fixed, wait: 1, named: map[string]int{}}
	a.stock = newStock(a.base)
	a.watch = a.count
	return a
}

// Format implements Parser.
func (a *auto) Format() (string, float64) { return a.found.Name(), a.found.Confidence }

// Open implements Parser.
func (a *auto) Open() bool {
	return len(a.held) > 0 || a.in != nil && (a.in.isOpen() || a.post.isOpen())
}

// Line implements Parser.
func (a *auto) Line(l event.Line, emit func(*event.Record)) {
	a.out = emit
	if a.in != nil && a.seen == nil {
		a.read(&l)
		a.review()
		return
	}
	a.held = append(a.held, l)
	a.size += len(l.Text)
	if len(a.held) >= autoLines || a.size >= autoBytes {
		a.decide()
	}
}

// Flush implements Parser.
func (a *auto) Flush(emit func(*event.Record)) {
	a.out = emit
	if len(a.held) > 0 {
		a.decide()
	}
	a.end()
}

// end completes what is open.
func (a *auto) end() {
	if a.in != nil {
		a.post.flush(a.watch)
		a.in.flush(a.watch)
	}
}

// read gives a line to whom it belongs: the envelope that the log has comes first, or else the formats that it has.
func (a *auto) read(l *event.Line) {
	if a.post.plan.envelope >= 0 || a.post.isOpen() {
		if a.in.isOpen() {
			a.in.flush(a.watch)
		}
		if a.post.line(l, a.watch) {
			return
		}
		a.post.flush(a.watch)
		if a.plain(l, false) || a.plain(l, true) {
			return
		}
	} else {
		if a.plain(l, false) {
			return
		}
		if !a.post.plan.forced {
			a.in.flush(a.watch)
			if a.post.line(l, a.watch) {
				return
			}
		}
		if a.plain(l, true) {
			return
		}
	}
	l.Text = strings.TrimSuffix(l.Text, "\r")
	if isNoticeLine(l.Text) {
		a.watch(&event.Record{
			Event: event.Event{Kind: event.Other, Message: l.Text},
			Line:  l.Number, Lines: 1, Start: l.Start, End: l.End, Seen: l.Seen, Text: l.Text,
		})
		return
	}
	if !a.in.remains(l, a.watch) {
		refuse(l, event.NoFormat, a.watch)
	}
}

func (a *auto) plain(l *event.Line, all bool) bool { return a.in.line(l, all, a.watch) }

// isNoticeLine reads what the entry points of container images print before the server's own log begins.
func isNoticeLine(s string) bool {
	return strings.HasPrefix(s, "/docker-entrypoint.sh: ") || strings.HasPrefix(s, "/docker-entrypoint.d/")
}

// decide chooses formats for the held lines, with those that an earlier provisional choice was made on, and reads them.
func (a *auto) decide() {
	lines := a.seen
	for i := range a.held {
		lines = append(lines, strings.TrimSuffix(a.held[i].Text, "\r"))
	}
	a.seen = nil
	a.choose(lines, a.held[0].Seen, false)
	if len(lines) < autoSure {
		a.seen = make([]string, len(lines))
		for i, s := range lines {
			a.seen[i] = strings.Clone(s[:min(len(s), maxDetect)])
		}
	}
	held := a.held
	a.held, a.size = nil, 0
	for i := range held {
		a.read(&held[i])
	}
	if len(a.seen) > 0 { // what comes next may be read in another format: no record may be open across that
		a.end()
	}
	if len(held) >= autoLines {
		a.review()
	}
}

// choose takes the envelope and the formats that fit the lines best.
// With keep, the formats in use stay before those that are found.
func (a *auto) choose(lines []string, seen time.Time, keep bool) {
	d := detect(lines, a.base, seen, a.fixed)
	if a.in != nil {
		if keep && d.envelope == a.found.envelope && d.Share >= Enough {
			both := a.found
			for _, g := range d.Formats {
				both.add(g.Format, g.Layout)
			}
			d.Formats = both.Formats
		}
		if d.Share < Enough || d.Name() == a.found.Name() {
			return
		}
		a.end()
	}
	p := a.fixed
	p.envelope, p.nested, p.formats = d.envelope, strings.Contains(d.Envelope, "/docker-json") || strings.Contains(d.Envelope, "/cri"), d.options(a.base)
	if len(a.fixed.formats) > 0 {
		p.formats = a.fixed.formats
	}
	in, err := newMixed(a.stock, p, a.note)
	if err != nil {
		return // the formats were made when they were detected
	}
	a.in, a.post, a.found = in, newPost(a.stock, p, a.note), d
	a.records, a.unparsed, a.unknown = 0, 0, nil
}

// note counts a format that was found while reading. One that comes again is named.
func (a *auto) note(format, layout string) {
	key := format + "\x00" + layout
	if a.named[key]++; a.named[key] == 2 {
		a.found.add(format, layout)
	}
}

// count counts the records that go by.
func (a *auto) count(r *event.Record) {
	switch r.Kind {
	case event.Skipped:
	case event.Unparsed:
		a.records++
		a.unparsed++
		if len(r.Text) <= maxDetect {
			if len(a.unknown) >= autoLines {
				a.unknown = append(a.unknown[:0], a.unknown[autoLines/2:]...)
			}
			a.unknown = append(a.unknown, strings.Clone(r.Text))
		}
		if a.row == 0 {
			a.since = r.Seen
		}
		a.row, a.newest = a.row+1, r.Seen
	default:
		a.records++
		a.row, a.tried = 0, false
	}
	a.out(r)
}

// review finds the format again when records in a row were not understood, or more than half of the last ones.
func (a *auto) review() {
	changed := !a.tried && (a.row >= autoRow || a.row >= autoSlow && a.newest.Sub(a.since) >= autoQuiet)
	if !changed && a.records < autoWindow*a.wait {
		return
	}
	lines, before := a.unknown, a.found.Name()
	again := changed || a.unparsed > a.records/2
	if changed {
		a.tried, lines = true, lines[max(0, len(lines)-a.row):]
	}
	a.records, a.unparsed, a.unknown = 0, 0, nil
	if again {
		a.choose(lines, a.newest, changed)
	}
	if a.wait = min(2*a.wait, autoWait); !again || a.found.Name() != before {
		a.wait = 1
	}
}

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
)

// auto is the Parser of a log whose format is not given. It holds the first lines, finds the format that understands
// most of them, and gives them to a reader of that format. A format that no longer fits is left for a better one.
type auto struct {
	zone  *time.Location
	hint  string
	guess Guess // the format in use; its Format is "" when none is
	in    *reader

	held []event.Line // lines that are not read yet
	size int
	seen []string // lines on which a provisional choice was made

	records, unparsed int      // in the window
	unknown           []string // texts of the window's unparsed records

	out   func(*event.Record) // whom the call at hand emits to
	watch func(*event.Record) // counts a record and hands it on to out; made once
}

func newAuto(o Options) *auto {
	a := &auto{zone: o.Zone, hint: o.Hint}
	a.watch = a.count
	return a
}

// Format implements Parser.
func (a *auto) Format() (string, float64) { return a.guess.Format, a.guess.Confidence }

// Open implements Parser.
func (a *auto) Open() bool { return len(a.held) > 0 || a.in != nil && a.in.Open() }

// Line implements Parser.
func (a *auto) Line(l event.Line, emit func(*event.Record)) {
	a.out = emit
	if a.in != nil && a.seen == nil {
		a.in.Line(l, a.watch)
		a.review(emit)
		return
	}
	a.held = append(a.held, l)
	a.size += len(l.Text)
	if len(a.held) >= autoLines || a.size >= autoBytes {
		a.decide(emit)
	}
}

// Flush implements Parser.
func (a *auto) Flush(emit func(*event.Record)) {
	a.out = emit
	if len(a.held) > 0 {
		a.decide(emit)
	}
	if a.in != nil {
		a.in.Flush(a.watch)
	}
}

// decide chooses a format for the held lines, with those that an earlier provisional choice was made on, and reads
// them.
func (a *auto) decide(emit func(*event.Record)) {
	lines := a.seen
	for i := range a.held {
		lines = append(lines, strings.TrimSuffix(a.held[i].Text, "\r"))
	}
	a.seen = nil
	if a.choose(lines, emit) && len(lines) < autoSure {
		a.seen = make([]string, len(lines))
		for i, s := range lines {
			a.seen[i] = strings.Clone(s[:min(len(s), maxDetect)])
		}
	}
	held := a.held
	a.held, a.size = nil, 0
	for i := range held {
		if a.in == nil {
			a.refuse(held[i], emit)
			continue
		}
		a.in.Line(held[i], a.watch)
	}
	if len(a.seen) > 0 { // what comes next may be read in another format: no record may be open across that
		a.in.Flush(a.watch)
	}
	if a.in == nil || len(held) < autoLines {
		return
	}
	a.review(emit)
}

// choose takes the format that fits the lines best, if one understands at least half of them.
func (a *auto) choose(lines []string, emit func(*event.Record)) bool {
	guesses := Detect(lines)
	if len(guesses) == 0 || guesses[0].Share < Enough {
		return a.in != nil
	}
	best := guesses[0]
	for _, g := range guesses[1:] { // of those that fit equally well the one that the log had before
		if g.Format == a.hint && g.Share == best.Share {
			best = g
			break
		}
	}
	if a.in != nil && best.Format == a.guess.Format && best.Layout == a.guess.Layout {
		a.guess = best
		return true
	}
	in, err := newReader(Options{Format: best.Format, Layout: best.Layout, Zone: a.zone})
	if err != nil {
		return a.in != nil
	}
	if a.in != nil {
		a.in.Flush(emit)
	}
	a.in, a.guess = in, best
	a.records, a.unparsed, a.unknown = 0, 0, nil
	return true
}

// refuse emits a line for which there is no format.
func (a *auto) refuse(l event.Line, emit func(*event.Record)) {
	rec := event.Record{Line: l.Number, Lines: 1, Start: l.Start, End: l.End, Seen: l.Seen, Text: l.Text, Reason: event.NoFormat}
	switch {
	case len(l.Text) >= MaxLine || l.End-l.Start > MaxLine:
		rec.Reason = event.TooLong
	case isBlank(strings.TrimSuffix(l.Text, "\r")):
		rec.Kind, rec.Reason = event.Skipped, blankReason(l.Text)
	}
	emit(&rec)
}

// count counts the records that go by.
func (a *auto) count(r *event.Record) {
	if r.Kind != event.Skipped {
		a.records++
	}
	if r.Kind == event.Unparsed {
		a.unparsed++
		if len(a.unknown) < autoLines && len(r.Text) <= maxDetect {
			a.unknown = append(a.unknown, strings.Clone(r.Text))
		}
	}
	a.out(r)
}

// review finds the format again when more than half of the last records were not understood.
func (a *auto) review(emit func(*event.Record)) {
	if a.records < autoWindow {
		return
	}
	lines := a.unknown
	again := a.unparsed > autoWindow/2
	a.records, a.unparsed, a.unknown = 0, 0, nil
	if again {
		a.choose(lines, emit)
	}
}

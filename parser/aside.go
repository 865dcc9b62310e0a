package parser

import (
	"time"

	"hangup/event"
)

// Aside reads lines of a log beside its Parser, in another goroutine: many parts of one log at a time. It takes only
// lines of which the Parser would make the same records without remembering anything of them, and says no to the
// others; these are the Parser's.
type Aside struct{ r *reader }

// NewAside returns an Aside for what follows the lines that p has read, or false when p is needed for them: its format
// is not found yet, its records span lines or depend on others, or one is open. Any number may be made.
func NewAside(p Parser, zone *time.Location) (*Aside, bool) {
	r := firstReader(p)
	if r == nil || !r.single || r.fresh || !apart(r.grammar, zone) {
		return nil, false
	}
	a := (&Aside{r}).Twin()
	return a, a != nil
}

// Twin returns another Aside for the same lines, for another goroutine.
func (a *Aside) Twin() *Aside {
	twin, err := newReader(a.r.made)
	if err != nil { // it was made before
		return nil
	}
	return &Aside{twin}
}

// Serves says whether an Aside still reads what p would.
func (a *Aside) Serves(p Parser) bool {
	r := firstReader(p)
	return r != nil && !r.fresh && r.name == a.r.name && r.made.Layout == a.r.made.Layout
}

// Line reads one line. It returns false, and emits nothing, when the Parser has to read it.
func (a *Aside) Line(l *event.Line, emit func(*event.Record)) bool {
	if len(l.Text) >= MaxLine || l.End-l.Start > MaxLine {
		return false
	}
	text := l.Text
	if n := len(text); n > 0 && text[n-1] == '\r' {
		text = text[:n-1]
	}
	if isBlank(text) {
		return false
	}
	a.r.set(l)
	a.r.rec.Text = text
	if a.r.read(); a.r.rec.Reason != "" {
		return false
	}
	emit(a.r.rec)
	return true
}

// Passed tells p that Asides have read the next n records, and gives it the last lines of these again, of which it may
// remember something. It returns false when p has to read all of them itself.
func Passed(p Parser, n int64, last []event.Line) bool {
	none := func(*event.Record) {}
	switch p := p.(type) {
	case *reader:
		for _, l := range last {
			p.Line(l, none)
		}
		return true
	case *auto:
		// The share of unparsed records is watched over autoWindow of them.
		left := int64(autoWindow - p.records)
		k := n - int64(len(last))
		if k < 0 || p.unparsed > autoWindow/2 {
			return false
		}
		if k < left {
			p.records += int(k)
		} else {
			p.records, p.unparsed, p.unknown = int((k-left)%autoWindow), 0, nil
		}
		for _, l := range last {
			p.Line(l, none)
		}
		return true
	}
	return false
}

// firstReader returns the reader of a format that is sure to be asked first for the next line, or nil.
func firstReader(p Parser) *reader {
	switch p := p.(type) {
	case *reader:
		return p
	case *auto:
		if p.in == nil || p.seen != nil || len(p.held) > 0 || p.post.plan.envelope >= 0 || p.post.isOpen() || p.in.isOpen() || len(p.in.used) == 0 {
			return nil
		}
		return p.in.used[0]
	}
	return nil
}

// apart says whether a grammar reads each line by itself. What it remembers may only make it read lines that it would
// refuse otherwise. A zone with summer time makes times depend on those before.
func apart(g grammar, zone *time.Location) bool {
	if zone != nil && zone != time.UTC && zone.String() != "UTC" {
		return false
	}
	switch g := g.(type) {
	case *access:
		return len(g.layouts) == 1
	case *nginxTimed, *nginxJSON, *haproxy:
		return true
	}
	return false
}

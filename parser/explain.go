package parser

import (
	"fmt"
	"strings"
	"time"

	"hangup/event"
)

// Failure says why a record was not understood: how far a format could read it, and what it would have needed there.
type Failure struct {
	Format   string // the format that read furthest; "" when none read anything
	At       int    // the bytes of the text that were read; -1 when the place is not known
	Expected string // what the format needs there, in words
	Rest     string // what stands there: its beginning, which may hold anything
}

// Explainer says where the reading of records stopped. It tries them again, slowly and far from where logs are read.
type Explainer struct {
	envelope   int
	candidates []candidate
}

type candidate struct {
	name    string
	example string
	grammar grammar
}

// stop is where the reading of a text stopped.
type stop struct {
	at       int // -1 when that is not known
	near     int // how much of the text the format knows: of two formats the one that knows more is named
	expected string
}

// explainer is a grammar that can say how far it can read a text, and what it needs there.
type explainer interface {
	explain(text string) stop
}

// maxRest bounds Failure.Rest, in bytes.
const maxRest = 80

// Explain returns an Explainer for records that p gave as unparsed. It takes the formats that p reads with; all formats when
// p has found none.
func Explain(p Parser) *Explainer {
	e := &Explainer{envelope: -1}
	switch p := p.(type) {
	case *reader:
		e.candidates = []candidate{{p.name, p.example, p.grammar}}
	case *auto:
		if p.in != nil {
			e.envelope = p.post.plan.envelope
		}
		for _, g := range Found(p).Formats {
			e.add(p.base.of(g.Format, g.Layout))
		}
	}
	if len(e.candidates) == 0 {
		var base Options
		if a, ok := p.(*auto); ok {
			base = a.base
		}
		for _, o := range base.searched() {
			e.add(o)
		}
	}
	return e
}

func (e *Explainer) add(o Options) {
	if r, err := newReader(o); err == nil {
		e.candidates = append(e.candidates, candidate{r.name, r.example, r.grammar})
	}
}

// Record says why a record was not understood.
func (e *Explainer) Record(r *event.Record) Failure {
	switch r.Reason {
	case event.TooLong:
		return Failure{At: -1, Expected: fmt.Sprintf("a line of less than %d KiB", MaxLine>>10)}
	case event.Continuation:
		return Failure{At: 0, Expected: "the beginning of the record: this is the rest of one that began earlier", Rest: cutRest(r.Text)}
	case event.ParserPanic:
		return Failure{At: -1, Expected: "a parser without a defect: this is Hangup's fault, please report the line"}
	default:
	}
	text, _, _ := strings.Cut(r.Text, "\n")
	text = strings.TrimSuffix(text, "\r")
	if e.envelope < 0 {
		return e.text(text)
	}
	info := &envelopes[e.envelope]
	var l letter
	if !info.make(&clock{}).cut(text, time.Time{}, &l) {
		return compareShape(text, info.example).failure(info.name, text)
	}
	f := e.text(l.text)
	switch i := strings.LastIndex(text, l.text); {
	case i < 0: // its text is written otherwise, as JSON does
		f.At = -1
	case f.At >= 0:
		f.At += i
	}
	return f
}

// text takes the format that knows most of it.
func (e *Explainer) text(text string) Failure {
	best := Failure{At: 0, Expected: "the beginning of a record of a known format", Rest: cutRest(text)}
	near := -1
	if len(e.candidates) > maxFormats { // any of all formats: one that knows next to nothing of it is not named
		near = nearEnough
	}
	for i := range e.candidates {
		c := &e.candidates[i]
		if s := c.explain(text); s.near > near && s.at <= len(text) {
			near, best = s.near, s.failure(c.name, text)
		}
	}
	return best
}

// nearEnough is how many bytes one of all formats must know to be named.
const nearEnough = 12

func (s stop) failure(format, text string) Failure {
	f := Failure{Format: format, At: s.at, Expected: s.expected}
	if s.at >= 0 {
		f.Rest = cutRest(text[s.at:])
	}
	return f
}

func (c *candidate) explain(text string) (s stop) {
	defer func() {
		if recover() != nil {
			s = stop{at: -1, near: -1}
		}
	}()
	if x, ok := c.grammar.(explainer); ok {
		return x.explain(text)
	}
	return compareShape(text, c.example)
}

func cutRest(s string) string { return s[:min(len(s), maxRest)] }

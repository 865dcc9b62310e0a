package parser

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

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

// explain implements explainer: the layout that reads furthest.
func (g *access) explain(line string) stop {
	best := stop{at: -1, near: -1}
	for _, l := range g.layouts {
		if at, expected := g.trace(l, line); at > best.near {
			best = stop{at, at, expected}
		}
	}
	return best
}

// trace says how far the layout can read a line, by reading with its first piece, its first two pieces, and so on.
func (g *access) trace(l *layout, line string) (at int, expected string) {
	var x exchange
	part := *l
	part.tail = ""
	begins := make([]int, len(l.pieces)) // of the values
	end := 0
	for i := range l.pieces {
		p := &l.pieces[i]
		n := commonPrefix(line[end:], p.literal.text)
		if n < len(p.literal.text) {
			return end + n, fmt.Sprintf("%q, and behind it %s", p.literal.text[n:], l.names[i])
		}
		begins[i] = end + n
		part.pieces = l.pieces[:i+1]
		rest, ok := part.scan(line, &x)
		if !ok {
			behind := "the end of the line"
			if p.ends != "" {
				behind = fmt.Sprintf("%q", p.ends)
			}
			return begins[i], fmt.Sprintf("%s, and behind it %s", l.names[i], behind)
		}
		if why := valueFault(&x, p.slot, &g.clock); why != "" {
			return begins[i], l.names[i] + ", " + why
		}
		end = len(line) - len(rest)
	}
	if n := commonPrefix(line[end:], l.tail); n < len(l.tail) {
		return end + n, fmt.Sprintf("%q", l.tail[n:])
	}
	if end += len(l.tail); end < len(line) {
		return end, "the end of the line"
	}
	return begins[0], "values that this format can have: each can be read, but together they are not of it"
}

// valueFault says what is wrong with the value of a slot, by itself.
func valueFault(x *exchange, v variable, c *clock) string {
	if v == vIgnored {
		return ""
	}
	one := exchange{escape: x.escape, given: 1 << v, stamp: x.stamp}
	one.values[v] = x.values[v]
	if v == vAddr && one.values[v] != "" && !isAddress(one.values[v]) {
		return "which is an address"
	}
	if !one.isRequest() {
		return "which is a method or a path"
	}
	at := clock{zone: c.zone}
	switch one.fill(&at, &event.Event{}) {
	case event.BadTime:
		return "which is a time"
	case event.BadNumber:
		return "which is a number"
	default:
		return ""
	}
}

// compareShape says how far a text looks like the example of a format: a word stands for any word, a number for any
// number. Of JSON it says where it is none, or which of the example's keys are missing.
func compareShape(text, example string) stop {
	if strings.HasPrefix(example, "{") {
		return compareJSON(text, example)
	}
	example, _, _ = strings.Cut(example, "\n")
	i, j := 0, 0
	for i < len(text) && j < len(example) {
		a := shapeOf(text[i])
		if a != shapeOf(example[j]) {
			break
		}
		i, j = i+1, j+1
		if a == 'a' || a == '0' {
			for i < len(text) && shapeOf(text[i]) == a {
				i++
			}
			for j < len(example) && shapeOf(example[j]) == a {
				j++
			}
		}
	}
	return stop{i, i, "what looks like this: " + example}
}

// shapeOf returns a letter for any letter, a digit for any digit.
func shapeOf(c byte) byte {
	switch {
	case isDigit(c):
		return '0'
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= utf8.RuneSelf:
		return 'a'
	}
	return c
}

func compareJSON(text, example string) stop {
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		return stop{0, 0, "a JSON object, such as " + example}
	}
	var have, want map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &have); err != nil {
		if s, ok := errors.AsType[*json.SyntaxError](err); ok {
			at := min(max(int(s.Offset)-1, 0), len(text))
			return stop{at, at, "JSON: " + err.Error()}
		}
		return stop{0, 0, "a JSON object: " + err.Error()}
	}
	if json.Unmarshal([]byte(example), &want) != nil || len(want) == 0 {
		return stop{at: -1, near: -1}
	}
	var missing []string
	for k := range want {
		if _, ok := have[k]; !ok {
			missing = append(missing, k)
		}
	}
	slices.Sort(missing)
	s := stop{at: -1, near: len(text) * (len(want) - len(missing)) / len(want), expected: "values as in " + example}
	if len(missing) > 0 {
		s.expected = "the keys " + strings.Join(missing, ", ") + ", as in " + example
	}
	return s
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func cutRest(s string) string { return s[:min(len(s), maxRest)] }

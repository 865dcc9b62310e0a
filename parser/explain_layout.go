package parser

import (
	"fmt"
	"slices"
	"strings"

	"hangup/event"
)

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

const (
	endOfLine   = "the end of the line"
	notTogether = "values that this format can have: each can be read, but together they are not of it"
)

// trace says how far the layout can read a line, by reading with its first piece, its first two pieces, and so on.
func (g *access) trace(l *layout, line string) (at int, expected string) {
	var x exchange
	part := *l
	part.tail = ""
	pieces := slices.Clone(l.pieces)
	for i := range pieces {
		pieces[i].skip = head{} // one after the other
	}
	begins := make([]int, len(l.pieces)) // of the values
	end := 0
	for i := range l.pieces {
		p := &l.pieces[i]
		n := commonPrefix(line[end:], p.literal.text)
		if n < len(p.literal.text) {
			return end + n, fmt.Sprintf("%q, and behind it %s", p.literal.text[n:], l.names[i])
		}
		begins[i] = end + n
		part.pieces = pieces[:i+1]
		rest, ok := part.scan(line, &x)
		if !ok {
			behind := endOfLine
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
		return end, endOfLine
	}
	return begins[0], notTogether
}

// explain implements explainer: the layout first, then the pairs behind it.
func (g *nginxTimed) explain(line string) stop {
	a := access{clock: clock{zone: g.clock.zone}}
	at, expected := a.trace(g.combined, line)
	switch expected {
	case endOfLine:
	case notTogether:
		at = len(line)
	default:
		return stop{at, at, expected}
	}
	known := false
	for at < len(line) {
		rest := line[at:]
		if strings.HasPrefix(rest, ` "`) { // "$http_x_forwarded_for" stands before the pairs
			if _, behind, ok := quoted(rest[1:]); ok {
				at = len(line) - len(behind)
				continue
			}
		}
		var p timedPair
		n := p.learn(rest)
		if n == 0 {
			return stop{at, at, "a blank and a pair such as rt=0.123"}
		}
		value, behind := pairValue(rest[n:])
		if rest[n-1] == '"' {
			end := strings.IndexByte(rest[n:], '"')
			if end < 0 {
				return stop{at + n, at + n, "a value, and behind it a quote"}
			}
			value, behind = rest[n:n+end], rest[n+end+1:]
		}
		var x exchange
		x.set(p.value, value)
		if why := valueFault(&x, p.value, &g.clock); why != "" {
			return stop{at + n, at + n, "a value, " + why}
		}
		known, at = known || p.known, len(line)-len(behind)
	}
	if !known {
		return stop{at, at, "a pair that is known, such as rt=0.123"}
	}
	return stop{0, 0, notTogether}
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

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

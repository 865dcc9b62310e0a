package parser

import (
	"strings"

	"hangup/event"
)

// Feed gives a line to a parser. NUL bytes at its beginning, as a writer without O_APPEND leaves them when the file is
// truncated under it, are a record of their own, and no record goes on across them.
func Feed(p Parser, l event.Line, emit func(r *event.Record)) {
	n := len(l.Text) - len(strings.TrimLeft(l.Text, "\x00"))
	if n == 0 || l.End-l.Start > MaxLine { // what is too long is one record
		p.Line(l, emit)
		return
	}
	p.Flush(emit)
	r := event.Record{Event: event.Event{Kind: event.Skipped}, Line: l.Number, Start: l.Start, End: l.Start + int64(n), Reason: event.Hole}
	if n == len(l.Text) {
		r.End, r.Lines = l.End, 1
	}
	emit(&r)
	if l.Text, l.Start = l.Text[n:], r.End; l.Start < l.End {
		p.Line(l, emit)
	}
}

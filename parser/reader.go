package parser

import (
	"strings"

	"hangup/event"
)

// Bounds of a record. A line above MaxLine is not read; a record that would grow above the others is ended, and the
// lines that would have belonged to it become a record of their own with the reason event.Continuation.
const (
	MaxLine        = 1 << 20   // bytes of one line, its newline included
	MaxRecordLines = 1000      // lines of one record
	MaxRecordBytes = 256 << 10 // bytes of a record of several lines
)

// maxKept bounds the room for lines that is kept after a record: writers have many readers, and most records are short.
const maxKept = 128

// place says where a line stands among the records of a format.
type place uint8

const (
	whole  place = iota // a record by itself
	opens               // the first line of a record that may go on
	more                // belongs to the open record
	maybe               // belongs to the open record if a later line does, else to none
	closes              // belongs to the open record and ends it
	stray               // belongs to a record whose beginning is not there
)

// grammar is what a format knows: which lines make a record, and what a record says.
type grammar interface {
	// place says where line stands. Open says whether a record is open; if not, what is remembered of one is void.
	// Empty lines come only while a record is open; those that are whole are nobody's.
	place(line string, open bool) place
	// read fills r's event from the record's text, whose lines are joined by "\n". It returns why when it cannot.
	read(text string, r *event.Record) event.Reason
	// remembers says whether anything of the lines before, with no record open, may change how others are read. What only
	// makes reading faster does not count. Of grammars that remember nothing one serves many writers, see stock.
	remembers() bool
}

// oneLine is embedded by formats whose records are single lines.
type oneLine struct{}

func (oneLine) single() {}

// remembers is for formats that read each line by itself. Others have a method of their own.
func (oneLine) remembers() bool { return false }

func (oneLine) place(string, bool) place { return whole }

// reader is the Parser of a known format. It joins lines to records and keeps every byte accounted for.
type reader struct {
	name    string
	layout  string
	example string
	grammar grammar
	single  bool
	made    Options // what it was made of
	fresh   bool    // it was found for one line only so far
	kind    int     // in the stock that it is of, from 1; 0 for none

	rec   *event.Record // the one that is being read; those who are never at it at once may share it
	lines []event.Line  // of the open record
	held  []event.Line  // empty lines after it that may yet belong to it
	size  int           // bytes of lines and held
	rest  bool          // the open record is the rest of one that is not there
	inner bool          // as far as the grammar knows a record is open
}

// Format implements Parser.
func (r *reader) Format() (string, float64) { return r.name, 1 }

// Open implements Parser.
func (r *reader) Open() bool { return len(r.lines) > 0 }

// Line implements Parser.
func (r *reader) Line(l event.Line, emit func(*event.Record)) {
	if len(l.Text) >= MaxLine || l.End-l.Start > MaxLine {
		r.Flush(emit)
		r.drop(&l, event.Unparsed, event.TooLong, emit)
		return
	}
	if n := len(l.Text); n > 0 && l.Text[n-1] == '\r' {
		l.Text = l.Text[:n-1]
	}
	if r.single {
		if isBlank(l.Text) {
			r.drop(&l, event.Skipped, blankReason(l.Text), emit)
			return
		}
		r.one(&l, emit)
		return
	}
	r.join(&l, emit)
}

// Flush implements Parser.
func (r *reader) Flush(emit func(*event.Record)) {
	if len(r.lines) == 0 {
		return
	}
	first, last := &r.lines[0], &r.lines[len(r.lines)-1]
	*r.rec = event.Record{Line: first.Number, Lines: len(r.lines), Start: first.Start, End: last.End, Seen: first.Seen, Text: first.Text, Format: r.name}
	if len(r.lines) > 1 {
		r.rec.Text = joinLines(r.lines, r.size)
	}
	if r.rest {
		r.rec.Reason = event.Continuation
	} else {
		r.read()
	}
	held := r.held
	clear(r.lines) // a line holds the block that it was read in
	if r.lines = r.lines[:0]; cap(r.lines) > maxKept {
		r.lines = nil
	}
	r.held, r.size, r.rest, r.inner = r.held[:0], 0, false, false
	emit(r.rec)
	for i := range held {
		r.drop(&held[i], event.Skipped, event.Blank, emit)
	}
	clear(held)
}

// join puts a line to the open record, or ends that and begins another.
func (r *reader) join(l *event.Line, emit func(*event.Record)) {
	blank := isBlank(l.Text)
	if blank && !r.inner {
		r.Flush(emit)
		r.drop(l, event.Skipped, blankReason(l.Text), emit)
		return
	}
	r.joinAt(l, r.placeOf(l.Text), emit)
}

// joinAt puts a line where the grammar has said that it belongs.
func (r *reader) joinAt(l *event.Line, where place, emit func(*event.Record)) {
	blank := isBlank(l.Text)
	switch {
	case where == more || where == closes || where == maybe:
		if !r.inner { // no record is open: the grammar is mistaken, and the line nobody's
			r.Flush(emit)
			r.one(l, emit)
			return
		}
		r.extend(l, where, emit)
	case where == stray:
		if !r.rest || r.inner {
			r.Flush(emit)
			r.begin(l, true)
			return
		}
		r.extend(l, more, emit)
	case where == opens:
		r.Flush(emit)
		r.begin(l, false)
		r.inner = true
	default:
		r.Flush(emit)
		if blank {
			r.drop(l, event.Skipped, blankReason(l.Text), emit)
			return
		}
		r.one(l, emit)
	}
}

func (r *reader) begin(l *event.Line, rest bool) {
	r.lines, r.size, r.rest, r.inner = append(r.lines, *l), len(l.Text)+1, rest, false
}

// extend adds a line to the open record. A record that is full is ended, and the line begins its rest.
func (r *reader) extend(l *event.Line, where place, emit func(*event.Record)) {
	n := len(l.Text) + 1
	if len(r.lines)+len(r.held) >= MaxRecordLines || r.size+n > MaxRecordBytes {
		inner := r.inner
		r.Flush(emit)
		r.begin(l, true)
		r.inner = inner
	} else {
		r.size += n
		if where == maybe {
			r.held = append(r.held, *l)
			return
		}
		r.lines = append(append(r.lines, r.held...), *l)
		r.held = r.held[:0]
	}
	if where == closes {
		r.Flush(emit)
	}
}

// one emits a line as a record by itself.
func (r *reader) one(l *event.Line, emit func(*event.Record)) {
	r.set(l)
	r.read()
	emit(r.rec)
}

// set makes the record that of a line, with nothing read yet. It is cleared in place: a record is large, and copying one
// costs more than reading it.
func (r *reader) set(l *event.Line) {
	rec := r.rec
	*rec = event.Record{}
	rec.Line, rec.Lines, rec.Start, rec.End, rec.Seen, rec.Text, rec.Format = l.Number, 1, l.Start, l.End, l.Seen, l.Text, r.name
}

// try reads a line as a record by itself, and emits it when it is of the format. Sure says that it must be without fault.
func (r *reader) try(l *event.Line, sure bool, emit func(*event.Record)) bool {
	r.set(l)
	r.read()
	if r.rec.Reason == event.NoFormat || sure && r.rec.Reason != "" {
		return false
	}
	emit(r.rec)
	return true
}

// knows says whether a line can be a record of the format, or begin one. No record is open.
func (r *reader) knows(l *event.Line) bool {
	where := whole
	if !r.single {
		where = r.placeOf(l.Text)
	}
	if where != whole {
		return where == opens
	}
	r.set(l)
	r.read()
	return r.rec.Reason == ""
}

// drop emits a line that is not read.
func (r *reader) drop(l *event.Line, k event.Kind, why event.Reason, emit func(*event.Record)) {
	r.set(l)
	r.rec.Kind, r.rec.Reason, r.rec.Format = k, why, ""
	emit(r.rec)
}

// read reads the record's text. A panic in a format is that record's loss only.
func (r *reader) read() {
	defer func() {
		if recover() != nil {
			r.rec.Event, r.rec.Reason = event.Event{}, event.ParserPanic
		}
	}()
	if why := r.grammar.read(r.rec.Text, r.rec); why != "" {
		r.rec.Event, r.rec.Reason = event.Event{}, why
	}
}

func (r *reader) placeOf(line string) (where place) {
	defer func() {
		if recover() != nil {
			where = whole
		}
	}()
	return r.grammar.place(line, r.inner)
}

func isBlank(s string) bool {
	for i := range len(s) {
		if s[i] != ' ' && s[i] != '\t' && s[i] != 0 {
			return false
		}
	}
	return true
}

// blankReason tells an empty line from a hole that a truncation left.
func blankReason(s string) event.Reason {
	if strings.IndexByte(s, 0) >= 0 {
		return event.Hole
	}
	return event.Blank
}

func joinLines(lines []event.Line, size int) string {
	var b strings.Builder
	b.Grow(size)
	for i := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(lines[i].Text)
	}
	return b.String()
}

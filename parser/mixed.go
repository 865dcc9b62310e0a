package parser

import (
	"slices"
	"strings"

	"hangup/event"
)

// mixed reads the lines of one writer, who may write in several formats: nginx's access and error log on one console,
// a server's access lines and its tracebacks. The formats that a line was read in last are tried first; for a line that
// none of them knows all others are tried.
type mixed struct {
	stock  *stock
	used   []*reader // formats that are in use, the last used first
	all    bool      // the others are looked for
	rest   []idle    // these, once one was
	open   *reader   // whose record is open
	misses int       // lines in a row that no format knew
	found  func(format, layout string)
}

// idle is a format that is not in use.
type idle struct {
	kind int     // in the stock
	own  *reader // the writer's own; nil: the stock's
}

// Bounds of how hard mixed tries.
const (
	maxUsed   = 12       // formats in use
	maxMisses = 2000     // lines in a row that no format knows: after them only lines with a word of ours are tried by all, after twice as many one in 16
	maxSearch = 16 << 10 // bytes of a line's two ends, of a longer one, by which formats that are not in use know it
)

// newMixed makes a reader of a plan's formats. If the plan says so, every other format is tried on lines that these do
// not know.
func newMixed(s *stock, p plan, found func(format, layout string)) (*mixed, error) {
	m := &mixed{stock: s, all: p.all, found: found}
	for _, o := range p.formats {
		r, err := s.reader(o)
		if err != nil {
			return nil, err
		}
		m.used = append(m.used, r)
	}
	return m, nil
}

// isOpen says whether a record is open.
func (m *mixed) isOpen() bool { return m.open != nil && m.open.Open() }

// flush ends the open record.
func (m *mixed) flush(emit func(*event.Record)) {
	if m.open != nil {
		m.open.Flush(emit)
	}
}

// line gives a line to the format that it belongs to. It returns false when it has given it to none: all says whether
// formats that are not in use are tried.
func (m *mixed) line(l *event.Line, all bool, emit func(*event.Record)) bool {
	if text, cut := strings.CutSuffix(l.Text, "\r"); cut {
		bare := *l
		bare.Text = text
		l = &bare
	}
	if len(l.Text) >= MaxLine || l.End-l.Start > MaxLine {
		m.flush(emit)
		refuse(l, event.TooLong, emit)
		return true
	}
	blank := isBlank(l.Text)
	tried := m.open
	if m.isOpen() {
		r := m.open
		if blank && !r.inner {
			r.Flush(emit)
			refuse(l, "", emit)
			return true
		}
		switch where := r.placeOf(l.Text); {
		case where == more || where == closes || where == maybe, where == stray && r.rest && !r.inner:
			r.joinAt(l, where, emit)
			return true
		case where == opens:
			r.joinAt(l, where, emit)
			m.misses = 0
			return true
		case blank:
			r.Flush(emit)
			refuse(l, "", emit)
			return true
		default:
			r.Flush(emit)
			if where == whole && r.try(l, true, emit) {
				m.misses = 0
				return true
			}
		}
	} else {
		tried = nil
	}
	if blank {
		refuse(l, "", emit)
		return true
	}
	for i, r := range m.used {
		if r != tried && m.give(r, l, emit) {
			if i > 0 {
				copy(m.used[1:i+1], m.used[:i])
				m.used[0] = r
			}
			m.misses = 0
			if r.fresh { // it was no accident
				r.fresh = false
				m.found(r.name, r.layout)
			}
			return true
		}
	}
	return all && m.all && m.search(l, emit)
}

// give offers a line to a format that has no open record.
func (m *mixed) give(r *reader, l *event.Line, emit func(*event.Record)) bool {
	where := whole
	if !r.single {
		where = r.placeOf(l.Text)
	}
	if where == opens {
		r.joinAt(l, where, emit)
		m.open = r
		return true
	}
	return where == whole && r.try(l, true, emit)
}

// search tries the formats that are not in use, and takes the one that knows the line into use.
func (m *mixed) search(l *event.Line, emit func(*event.Record)) bool {
	m.misses++
	if m.misses > maxMisses && (m.misses > 2*maxMisses && m.misses%16 != 0 || !hasSignalWord(l.Text)) {
		return false
	}
	if m.rest == nil {
		m.stock.fill()
		m.rest = make([]idle, len(m.stock.kinds), len(m.stock.kinds)+1)
		for i := range m.rest {
			m.rest[i].kind = i + 1
		}
	}
	look := *l
	if len(look.Text) > maxSearch {
		look.Text = look.Text[:maxSearch/2] + look.Text[len(look.Text)-maxSearch/2:]
	}
	for i := range m.rest {
		of := &m.rest[i]
		if m.isUsed(of) {
			continue
		}
		r := of.own
		if r == nil {
			if r = m.stock.look(of.kind); r == nil {
				continue
			}
		}
		known := (len(look.Text) == len(l.Text) || r.knows(&look)) && m.give(r, l, emit)
		if of.own == nil && (known || r.grammar.remembers()) {
			m.stock.take(of.kind)
			of.own = r
		}
		if !known {
			continue
		}
		m.rest = slices.Delete(m.rest, i, i+1)
		m.use(r)
		m.misses, r.fresh = 0, true
		m.found(r.name, r.layout)
		return true
	}
	return false
}

// isUsed says whether a format is in use already.
func (m *mixed) isUsed(of *idle) bool {
	var name, layout string
	if of.own != nil {
		name, layout = of.own.name, of.own.layout
	} else {
		k := &m.stock.kinds[of.kind-1]
		name, layout = k.name, k.layout
	}
	return slices.ContainsFunc(m.used, func(u *reader) bool { return u.name == name && u.layout == layout })
}

// use takes a format into use. If these are too many the one goes that was not used for longest.
func (m *mixed) use(r *reader) {
	if m.used = append(m.used, r); len(m.used) <= maxUsed {
		return
	}
	old := m.used[maxUsed-1]
	m.used = slices.Delete(m.used, maxUsed-1, maxUsed)
	if m.open == old {
		m.open = nil
	}
	of := idle{old.kind, old}
	if m.stock.put(old) {
		of.own = nil
	}
	m.rest = append(m.rest, of)
}

// remains gives a line that no format knows to the format whose record it may be a part of, or a record with a fault. It
// returns false when there is none.
func (m *mixed) remains(l *event.Line, emit func(*event.Record)) bool {
	for _, r := range m.used {
		if !r.single && !r.Open() && r.placeOf(l.Text) == stray {
			r.joinAt(l, stray, emit)
			m.open = r
			return true
		}
	}
	for _, r := range m.used {
		if (r.single || r.placeOf(l.Text) == whole) && r.try(l, false, emit) {
			return true
		}
	}
	return false
}

// refuse emits a line that is not read. Without a reason it is blank.
func refuse(l *event.Line, why event.Reason, emit func(*event.Record)) {
	rec := event.Record{Line: l.Number, Lines: 1, Start: l.Start, End: l.End, Seen: l.Seen, Text: l.Text, Reason: why}
	if why == "" {
		rec.Kind, rec.Reason = event.Skipped, blankReason(l.Text)
	}
	emit(&rec)
}

// signalWords are parts of words with which programs say that a connection ended, in lower case.
var signalWords = []string{
	"pipe", "reset", "abort", "clos", "disconnect", "timed out", "timeout", "time out", "eof", "cancel", "hang", "hung", "gone", "lost",
	"terminat", "econn", "errno", "499", "exception", "traceback", "panic", "premature", "interrupted", "shutdown",
}

// hasSignalWord says whether a line may be about a connection's end.
func hasSignalWord(s string) bool {
	s = strings.ToLower(s[:min(len(s), 4096)])
	for _, w := range signalWords {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

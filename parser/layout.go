package parser

// Layouts: the format strings of access logs, as users have them in their servers' configurations.
//
// Each server's language of such strings is a dialect. To add one, write a file with an init function that calls
// registerDialect. The dialect's split cuts the user's text into tokens: text that stands in the line as it is, and
// values, each with the slot of exchange (exchange.go) that it goes to; values that nobody reads go to vIgnored, but
// must be there. compile makes of the tokens one list of pieces, and layout.scan (layout_scan.go) cuts lines by it
// into an exchange, without allocation. Then exchange.fill gives the event all that the slots say, and the dialect's
// outcome, which has to set at least Event.Kind, says how the exchange ended. Slots that only one server has are added
// to the list in exchange.go and read by outcome with exchange.get (unescaped, "" for "-") or exchange.raw.
//
// A dialect is a format by its name and takes Options.Layout; without a format, the first dialect whose mark knows the
// text is taken. It needs testdata/<name>.log, <name>.expect.jsonl and <name>.layout.

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"hangup/event"
)

// layoutFormat is the format that Options.Layout alone means when no dialect knows it.
const layoutFormat = "nginx"

// dialect is a server's language of layouts.
type dialect struct {
	FormatInfo
	order   int                    // dialects with a lower one are asked first whether a layout is theirs
	mark    func(text string) bool // says whether a layout without a format is of this dialect
	split   func(source string) (cutLayout, error)
	outcome func(x *exchange, e *event.Event)
	wrap    func(g *access) grammar // makes another grammar of the layout's; nil: none
	usual   []string                // layouts that many use

	// The usual ones, compiled once: every writer of a log that holds several formats has readers of its own.
	compiled map[string]func() (*layout, error)
}

// cutLayout is a layout's text, cut.
type cutLayout struct {
	text   string // as token.at counts in it
	tokens []token
	escape escape
}

// token is a text or a value of a layout.
type token struct {
	text string // what stands in the line; "" for a value
	at   int    // where it begins in the layout, for errors

	name  string // the value's, as the user wrote it
	slot  variable
	until string      // bytes, one of which ends the value when another follows at once; "scheme", "is_args", "captures": see link
	short bool        // the value is a number, or a word like one
	list  bool        // the value may be a list whose separators hold blanks
	stamp stampFormat // how a time of a form of its own is written; slot is vStamp
	back  int         // bytes before the value that belong to it
}

var dialects []*dialect

// registerDialect makes a dialect known, and a format of it. It is called by init functions only.
func registerDialect(d dialect) {
	d.Layout = true
	d.compiled = map[string]func() (*layout, error){}
	for _, text := range d.usual {
		d.compiled[text] = sync.OnceValues(func() (*layout, error) { return d.compile(text) })
	}
	dialects = append(dialects, &d)
	slices.SortFunc(dialects, func(a, b *dialect) int { return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.Name, b.Name)) })
	register(format{
		FormatInfo: d.FormatInfo,
		rank:       60,
		make: func(o Options) (grammar, error) {
			compile := d.compiled[o.Layout]
			if compile == nil {
				compile = func() (*layout, error) { return d.compile(o.Layout) }
			}
			l, err := compile()
			if err != nil {
				return nil, err
			}
			g := &access{layouts: []*layout{l}, clock: clock{zone: o.Zone}}
			if d.wrap != nil {
				return d.wrap(g), nil
			}
			return g, nil
		},
	})
}

// dialectOf names the dialect that a layout is of.
func dialectOf(text string) string {
	for _, d := range dialects {
		if d.mark != nil && d.mark(text) {
			return d.Name
		}
	}
	return layoutFormat
}

// dialectNames lists the formats that take a layout.
func dialectNames() []string {
	names := make([]string, len(dialects))
	for i, d := range dialects {
		names[i] = d.Name
	}
	return names
}

// layout is a layout, compiled: pieces in the order of the line. Those who read with it leave it as it is.
type layout struct {
	escape  escape
	pieces  []piece
	tail    string // what stands behind the last value
	given   uint64 // the slots that it has
	stamps  bool   // one of them is vStamp
	outcome func(x *exchange, e *event.Event)

	unchecked bool // it has an address of which scan does not say whether it is one

	names []string // of the pieces' values, as the user wrote them
}

// piece is a text, which may be empty, and the value behind it.
type piece struct {
	literal head
	met     bool // the value before has ended at the literal
	slot    variable
	end     ending
	stop    byte   // for the endings that look for a byte
	stops   uint64 // the same, eight times
	ends    string // the text behind the value
	behind  head   // the same
	near    bool   // the value is short as a rule
	ahead   int    // so many bytes of a time cannot be what ends it
	parts   int    // values that nobody reads, for endParts
	back    int
	stamp   stampFormat

	skip   head // this piece and those behind it up to skipTo with "-" for their values, and skipTo's text: they are passed over at once
	skipTo int
}

// compile reads a layout.
func (d *dialect) compile(source string) (*layout, error) {
	s, err := d.split(source)
	if err != nil {
		return nil, err
	}
	l := &layout{escape: s.escape, outcome: d.outcome}
	return l, l.link(s)
}

// mustLayout compiles a layout of our own.
func mustLayout(dialectName, text string) *layout {
	for _, d := range dialects {
		if d.Name != dialectName {
			continue
		}
		l, err := d.compile(text)
		if err != nil {
			panic("parser: " + text + ": " + err.Error())
		}
		return l
	}
	panic("parser: no dialect " + dialectName)
}

// link makes pieces of the tokens and tells each value what ends it. Of two values for one slot the first counts.
func (l *layout) link(s cutLayout) error {
	if i := strings.IndexAny(s.text, "\n\r"); i >= 0 {
		return layoutError(s.text, i, "a log line cannot hold a newline; put the parts in quotes")
	}
	tokens := joinTexts(s.tokens)
	literal := ""
	for i := range tokens {
		t := &tokens[i]
		if t.text != "" {
			literal = t.text
			continue
		}
		p := piece{literal: headOf(literal), slot: t.slot, stamp: t.stamp, back: t.back}
		before := literal
		if literal = ""; i+1 < len(tokens) && tokens[i+1].text != "" {
			p.ends = tokens[i+1].text
		}
		if p.slot != vStamp && l.given&(1<<p.slot) != 0 {
			p.slot = vIgnored
		}
		l.given |= 1 << p.slot
		if i+1 < len(tokens) && p.ends == "" {
			if t.until == "" && t.stamp == nil && t.slot != vTimeLocal {
				return layoutError(s.text, tokens[i+1].at, fmt.Sprintf("nothing stands between %s and %s: where one ends cannot be known", t.name, tokens[i+1].name))
			}
		} else if t.until != "captures" {
			t.until = ""
		}
		p.end, p.stop = ends(t, p, l.escape)
		if strings.HasSuffix(p.ends, "[") && i+3 < len(tokens) && tokens[i+2].slot == vTimeLocal && strings.HasPrefix(tokens[i+3].text, "]") {
			p.end = endBracket
		}
		p.stops, p.behind, p.near = ones*uint64(p.stop), headOf(p.ends), isNear(t)
		if p.slot == vTimeISO || p.slot == vTimeNoZone {
			p.ahead = len("2026-11-22T10:00:00")
		}
		if n := len(l.pieces); n > 0 {
			p.met = l.pieces[n-1].meets()
			if l.pieces[n-1].joins(&p) {
				l.names[n-1] += before + t.name
				continue
			}
		}
		l.unchecked = l.unchecked || p.slot == vAddr && p.end != endAddr
		l.pieces, l.names = append(l.pieces, p), append(l.names, t.name)
	}
	for i := range l.pieces {
		l.shorten(i)
	}
	l.tail = literal
	l.given &^= 1 << vIgnored
	l.stamps = l.given&(1<<vStamp) != 0
	if l.given == 0 {
		return fmt.Errorf("layout: it has none of the variables that are read, as the client, the time, the request or the status")
	}
	return nil
}

// shorten makes the text that the values from the i-th piece on have that nobody reads, when there are none.
func (l *layout) shorten(i int) {
	text, to := "", i
	for ; to < len(l.pieces)-1; to++ {
		none, ok := l.pieces[to].none(&l.pieces[to+1])
		if !ok {
			break
		}
		text += l.pieces[to].literal.text + none
	}
	last := l.pieces[to].literal.text // without one nothing shows that the values are not there
	if text += last; to > i && last != "" && len(text) <= 8 {
		l.pieces[i].skip, l.pieces[i].skipTo = headOf(text), to
	}
}

// none is what stands for a value that nobody reads when there is none, if that can be told from a value.
func (p *piece) none(next *piece) (text string, ok bool) {
	behind := next.literal.text
	if p.slot != vIgnored {
		return "", false
	}
	switch p.end {
	case endCaptures:
		return "", behind == "" && next.end == endCaptures || behind != "" && behind[0] != '{'
	case endBracket:
		return "-", behind == " ["
	case endText, endByte, endQuote, endNear, endParts:
		return "-" + strings.Repeat(string(p.stop)+"-", max(p.parts-1, 0)), behind != "" && behind[0] != '-'
	default:
		return "", false
	}
}

func joinTexts(tokens []token) []token {
	var out []token
	for _, t := range tokens {
		if n := len(out); t.text != "" && n > 0 && out[n-1].text != "" {
			out[n-1].text += t.text
			continue
		}
		if t.text != "" || t.name != "" {
			out = append(out, t)
		}
	}
	return out
}

// escaped says whether a quote in a value cannot end it: because it is never there, or because a backslash says so.
func (e escape) escaped() bool { return e != escapeNone }

// ends says how the end of a value is found.
func ends(t *token, p piece, e escape) (ending, byte) {
	switch {
	case t.stamp != nil:
		return endStamp, 0
	case t.slot == vTimeLocal:
		return endTime, 0
	case t.until == "is_args":
		return endMark, 0
	case t.until == "captures":
		return endCaptures, 0
	case t.until == "scheme":
		return endScheme, 0
	case t.until != "":
		return endOneOf, t.until[0]
	case p.ends == "":
		return endLine, 0
	case (t.slot == vAddr || t.slot == vHost || t.slot == vHTTPHost) && p.ends[0] == ':': // before a port: an IPv6 address has colons too
		return endColon, 0
	case p.ends[0] == '"' && e.escaped():
		if e == escapeHex {
			return endByte, '"'
		}
		return endQuote, '"'
	case p.ends[0] == ' ' && (t.list || t.slot == vForwarded):
		return endList, 0
	case p.ends[0] == ' ' && t.slot == vRequest:
		return endRequest, 0
	case p.ends[0] == ' ' && t.slot == vAddr:
		return endAddr, ' '
	case p.ends[0] == ' ' && isShort(t.slot), len(p.ends) == 1 && isNear(t):
		return endNear, p.ends[0]
	case len(p.ends) == 1:
		return endByte, p.ends[0]
	}
	return endText, p.ends[0]
}

// joins makes one piece of this and the next when nobody reads their values, and the same byte ends both.
func (p *piece) joins(next *piece) bool {
	if p.slot != vIgnored || next.slot != vIgnored || p.end != endNear && p.end != endParts || next.end != endNear ||
		p.stop != next.stop || len(p.ends) != 1 || len(next.ends) != 1 || p.back+next.back != 0 {
		return false
	}
	p.end, p.parts = endParts, max(p.parts, 1)+1
	return true
}

// meets says whether the value is known to end at the whole text behind it.
func (p *piece) meets() bool {
	switch p.end {
	case endByte, endNear, endParts:
		return len(p.ends) == 1
	case endText, endList, endRequest, endBracket, endColon:
		return true
	default:
		return false
	}
}

// isShort says whether values of the slot are numbers and words, in which what ends them cannot be.
func isShort(v variable) bool {
	switch v {
	case vPort, vStatus, vBodyBytes, vBytes, vMethod, vProtocol, vDuration, vMicros, vMillis, vWhole, vPID, vConnection, vCommit:
		return true
	default:
		return false
	}
}

// isNear says whether values are so short as a rule that their end is found sooner without a call.
func isNear(t *token) bool {
	switch t.slot {
	case vIgnored:
		return t.short
	case vRequest, vTarget, vPath, vArgs, vQuestion, vAgent, vReferer, vID, vHeaderID, vDetails, vFailure:
		return false
	default:
		return true
	}
}

// layoutError says what is wrong, where, and shows the place.
func layoutError(s string, at int, what string) error {
	line, column := 1+strings.Count(s[:at], "\n"), at-strings.LastIndexByte(s[:at], '\n')
	from, to := max(0, at-20), min(len(s), at+20)
	return fmt.Errorf("layout: line %d, column %d: %s (at %q)", line, column, what, s[from:to])
}

package parser

import "strings"

// head is a text that lines are compared with: its first eight bytes in one step.
type head struct {
	text        string
	first, mask uint64 // mask is 0xff for each byte that the text has
	long        bool   // it has more
}

func headOf(text string) head {
	h := head{text: text, long: len(text) > 8}
	for i := range min(len(text), 8) {
		h.first |= uint64(text[i]) << (8 * i)
		h.mask |= 0xff << (8 * i)
	}
	return h
}

// begins says whether s begins with the text.
func (h *head) begins(s string) bool {
	if len(s) < 8 || h.long {
		return strings.HasPrefix(s, h.text)
	}
	return load64(s)&h.mask == h.first
}

// ending says how the end of a value is found.
type ending uint8

const (
	endLine     ending = iota // the end of the line
	endByte                   // the next stop
	endNear                   // the next stop; the value is short
	endAddr                   // the next blank; the value is an address or a name
	endQuote                  // the next quote that is not escaped
	endTime                   // 26 bytes: 22/Nov/2026:10:00:00 +0000
	endBracket                // the text behind it, which ends with "[", if what follows is a time
	endText                   // the next of the text behind it
	endList                   // the next blank that is not part of a list's separators
	endRequest                // the next blank behind " HTTP/1.1"
	endColon                  // the last colon before the next blank
	endParts                  // so many of the next stops: several values that nobody reads
	endMark                   // a question mark, which is the value
	endCaptures               // behind HAProxy's captured headers, "{a|b} ", if there are any
	endScheme                 // http or https
	endOneOf                  // the next stop, blank or quote, or the end of the line
	endStamp                  // where the time ends
)

const timeLocal = len("22/Nov/2026:10:00:00 +0000")

// scan cuts a line by the layout and returns what stands behind its last piece. It goes over the line once for each
// value at most.
func (l *layout) scan(line string, x *exchange) (rest string, ok bool) {
	x.given, x.escape, x.plain = l.given, escapeNone, false
	if l.escape != escapeNone && strings.IndexByte(line, '\\') >= 0 {
		x.escape = l.escape
	}
	if l.stamps {
		x.stamp = stamp{}
	}
	// A load of eight bytes, what marks the end in it, and the next load from there: each waits for the one before. So at is
	// a number, and line is cut for the values only.
	at := 0
	pieces := l.pieces
	for i := 0; i < len(pieces); i++ {
		p := &pieces[i]
		switch {
		case p.met && p.skip.mask == 0:
			at += len(p.literal.text)
		case p.skip.mask != 0 && at+8 <= len(line) && load64(line[at:at+8])&p.skip.mask == p.skip.first: // values that nobody reads, and that are not there
			at += len(p.skip.text)
			i = p.skipTo
			p = &pieces[i]
		case p.met:
			at += len(p.literal.text)
		default:
			if (at+8 > len(line) || load64(line[at:at+8])&p.literal.mask != p.literal.first || p.literal.long) && !strings.HasPrefix(line[at:], p.literal.text) {
				return "", false
			}
			at += len(p.literal.text)
		}
		n := 0
		switch p.end {
		case endNear:
			if at+8 <= len(line) {
				if stop := zeroBytes(load64(line[at:at+8]) ^ p.stops); stop != 0 {
					n = firstByte(stop)
					break
				}
			}
			if n = indexShort(line[at:], p.stop); n < 0 {
				return "", false
			}
		case endText:
			from := at + p.ahead
			if p.near && from+16 <= len(line) && (p.ahead == 0 || isDigit(line[at]) && isDigit(line[from-1])) {
				if stop := zeroBytes(load64(line[from:from+8]) ^ p.stops); stop != 0 {
					if n = p.ahead + firstByte(stop); load64(line[at+n:])&p.behind.mask == p.behind.first && !p.behind.long {
						break
					}
				}
			}
			if p.near || p.behind.long {
				n = p.text(line[at:])
			} else if n = strings.IndexByte(line[at:], p.stop); n >= 0 && !p.behind.begins(line[at+n:]) {
				n = p.text(line[at:])
			}
			if n < 0 {
				return "", false
			}
		case endAddr:
			if n, x.plain = addressEnd(line[at:]); n < 0 {
				return "", false
			}
		case endByte, endQuote:
			if at+1 < len(line) && line[at] == '-' && line[at+1] == p.stop { // nothing, as often
				n = 1
				break
			}
			if n = strings.IndexByte(line[at:], p.stop); n > 0 && p.end == endQuote && x.escape != escapeNone {
				n = p.quote(line[at:], x)
			}
			if n < 0 {
				return "", false
			}
		case endTime:
			if n = timeLocal; len(line)-at < n {
				return "", false
			}
		case endLine:
			n = len(line) - at
		default:
			if n = p.width(line[at:], x); n < 0 {
				return "", false
			}
		}
		if p.back == 0 {
			x.values[p.slot] = line[at : at+n]
		} else {
			x.values[p.slot] = line[at-p.back : at+n]
		}
		at += n
	}
	switch n := len(l.tail); {
	case n == 0:
	case len(line)-at < n || line[at] != l.tail[0] || n > 1 && line[at:at+n] != l.tail:
		return "", false
	default:
		at += n
	}
	return line[at:], true
}

// dotted finds the stop behind an address like 203.0.113.7, as nearly all are: eight to fifteen digits and dots. It is 0
// when s, which has at least 16 bytes, does not begin so.
func dotted(s string, stop byte) int {
	a, b := load64(s), load64(s[8:])
	behind := zeroBytes(b ^ ones*uint64(stop))
	if behind == 0 {
		return 0
	}
	n := firstByte(behind)
	b = b&below(n) | ^below(n)&(ones*'0')
	if notBetween(a, '.', '9')|notBetween(b, '.', '9')|zeroBytes(a^ones*'/')|zeroBytes(b^ones*'/') != 0 {
		return 0
	}
	return 8 + n
}

// addressEnd finds the blank behind an address or a name, -1 when it is none. Plain says that it needs no cleaning.
func addressEnd(s string) (n int, plain bool) {
	if len(s) >= 16 {
		if n = dotted(s, ' '); n > 0 {
			return n, true
		}
	}
	class := byte(0)
	for n < len(s) && addressByte[s[n]] != 0 {
		class |= addressByte[s[n]]
		n++
	}
	if n == len(s) || s[n] != ' ' {
		return -1, false
	}
	return n, class&addressOdd == 0
}

// width returns how many bytes of s the value has, or -1 when what must end it is not there.
func (p *piece) width(s string, x *exchange) int {
	switch p.end {
	case endBracket:
		return p.bracket(s)
	case endList:
		return p.list(s)
	case endRequest:
		const protocol = " HTTP/"
		from := 0
		if i := strings.Index(s, protocol); i >= 0 {
			from = i + len(protocol)
		}
		if i := strings.Index(s[from:], p.ends); i >= 0 {
			return from + i
		}
		return -1
	case endColon:
		return p.colon(s, x)
	case endParts:
		return nth(s, p.stop, p.parts)
	case endMark:
		if s != "" && s[0] == '?' {
			return 1
		}
		return 0
	case endCaptures:
		if s == "" || s[0] != '{' {
			return 0
		}
		i := strings.IndexByte(s, '}')
		switch {
		case i < 0:
			return -1
		case i+1 < len(s) && s[i+1] == ' ':
			return i + 2
		}
		return i + 1
	case endScheme:
		if strings.HasPrefix(s, "https") {
			return len("https")
		}
		return min(len("http"), len(s))
	case endOneOf:
		for n := range len(s) {
			if b := s[n]; b == p.stop || b == ' ' || b == '"' {
				return n
			}
		}
		return len(s)
	case endStamp:
		if n, ok := p.stamp.parse(s, &x.stamp); ok {
			return n
		}
	default: // the others are scan's own
	}
	return -1
}

// quote finds the quote behind the value.
func (p *piece) quote(s string, x *exchange) int {
	from := 0
	for {
		i := strings.IndexByte(s[from:], '"')
		if i < 0 {
			return -1
		}
		if end := from + i; x.escape == escapeNone || !escapedAt(s, end) {
			return end
		}
		from += i + 1
	}
}

// text finds the text behind the value.
func (p *piece) text(s string) int {
	if p.behind.long {
		return strings.Index(s, p.ends)
	}
	from := 0
	for {
		i := 0
		if p.near {
			i = indexShort(s[from:], p.ends[0])
		} else {
			i = strings.IndexByte(s[from:], p.ends[0])
		}
		if i < 0 {
			return -1
		}
		if from += i; p.behind.begins(s[from:]) {
			return from
		}
		from++
	}
}

// bracket finds the text behind the value, which ends with "[". A user's name may hold that too: a time and a bracket
// must follow.
func (p *piece) bracket(s string) int {
	if len(s) > 2 && s[0] == '-' && s[1] == ' ' && s[2] == '[' && p.ends == " [" {
		return 1
	}
	from := 0
	for {
		i := strings.Index(s[from:], p.ends)
		if i < 0 {
			return -1
		}
		i += from
		if at := i + len(p.ends) + timeLocal; at >= len(s) || s[at] == ']' {
			return i
		}
		from = i + 1
	}
}

// colon finds the text behind a host, which begins with the last colon before the next blank.
func (p *piece) colon(s string, x *exchange) int {
	if p.slot == vAddr && len(s) >= 24 && p.ends == ":" { // with a port, as nearly always
		if n := dotted(s, ':'); n > 0 {
			word := load64(s[n+1 : n+9])
			blank, another := zeroBytes(word^ones*' '), zeroBytes(word^ones*':')
			if x.plain = blank != 0 && another&(blank^(blank-1)) == 0; x.plain {
				return n
			}
		}
	}
	end := strings.IndexByte(s, ' ')
	if end < 0 {
		end = len(s)
	}
	return strings.LastIndex(s[:end], p.ends)
}

// list finds the text behind a list of upstreams or addresses.
func (p *piece) list(s string) int {
	if i := indexShort(s, ' '); i > 0 && len(p.ends) == 1 && s[i-1] != ',' && !inList(s, i) {
		return i
	}
	from := 0
	for {
		i := strings.Index(s[from:], p.ends)
		if i < 0 {
			return -1
		}
		if i += from; !inList(s, i) {
			return i
		}
		from = i + 1
	}
}

// escapedAt says whether an odd number of backslashes stands before s[i].
func escapedAt(s string, i int) bool {
	n := 0
	for i > n && s[i-n-1] == '\\' {
		n++
	}
	return n%2 == 1
}

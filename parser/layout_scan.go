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

// ending says how the end of a value is found.
type ending uint8

const (
	endLine     ending = iota // the end of the line
	endByte                   // the next stop
	endBlank                  // the next blank; the value is short
	endAddr                   // the next blank; the value is an address or a name
	endQuote                  // the next quote that is not escaped
	endTime                   // 26 bytes: 22/Nov/2026:10:00:00 +0000
	endBracket                // the text behind it, which ends with "[", if what follows is a time
	endText                   // the next of the text behind it
	endList                   // the next blank that is not part of a list's separators
	endRequest                // the next blank behind " HTTP/1.1"
	endColon                  // the last colon before the next blank
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
	s := line
	for i := 0; i < len(l.pieces); i++ {
		p := &l.pieces[i]
		if p.skip.mask != 0 && len(s) >= 8 && load64(s)&p.skip.mask == p.skip.first { // values that nobody reads, and that are not there
			s = s[len(p.skip.text):]
			i = p.skipTo
			p = &l.pieces[i]
		} else {
			if len(s) < 8 || load64(s)&p.literal.mask != p.literal.first || p.literal.long {
				if !strings.HasPrefix(s, p.literal.text) {
					return "", false
				}
			}
			s = s[len(p.literal.text):]
		}
		n := 0
		switch p.end {
		case endBlank:
			if len(s) >= 8 {
				if blank := zeroBytes(load64(s) ^ ones*' '); blank != 0 {
					n = firstByte(blank)
					break
				}
			}
			if n = indexShort(s, ' '); n < 0 {
				return "", false
			}
		case endAddr:
			if n, x.plain = addressEnd(s); n < 0 {
				return "", false
			}
		case endByte:
			if len(s) > 1 && s[0] == '-' && s[1] == p.stop { // nothing, as often
				n = 1
				break
			}
			if n = strings.IndexByte(s, p.stop); n < 0 {
				return "", false
			}
		case endTime:
			if n = timeLocal; len(s) < n {
				return "", false
			}
		case endLine:
			n = len(s)
		default:
			if n = p.width(s, x); n < 0 {
				return "", false
			}
		}
		if p.back == 0 {
			x.values[p.slot] = s[:n]
		} else {
			at := len(line) - len(s)
			x.values[p.slot] = line[at-p.back : at+n]
		}
		s = s[n:]
	}
	n := len(l.tail)
	if len(s) < n || s[:n] != l.tail {
		return "", false
	}
	return s[n:], true
}

// addressEnd finds the blank behind an address or a name, -1 when it is none. Plain says that it needs no cleaning.
func addressEnd(s string) (n int, plain bool) {
	if len(s) >= 16 { // 203.0.113.7, as nearly always: digits and dots
		a, b := load64(s), load64(s[8:])
		if blank := zeroBytes(b ^ ones*' '); blank != 0 {
			n = 8 + firstByte(blank)
			b = b&below(n-8) | ^below(n-8)&(ones*'0')
			if notBetween(a, '.', '9')|notBetween(b, '.', '9')|zeroBytes(a^ones*'/')|zeroBytes(b^ones*'/') == 0 {
				return n, true
			}
			n = 0
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
	case endQuote:
		return p.quote(s, x)
	case endBracket:
		return p.bracket(s)
	case endText:
		return strings.Index(s, p.ends)
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
		end := strings.IndexByte(s, ' ')
		if end < 0 {
			end = len(s)
		}
		return strings.LastIndex(s[:end], p.ends)
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

// list finds the text behind a list of upstreams or addresses.
func (p *piece) list(s string) int {
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

package parser

import (
	"strings"
)

// scan cuts a line by the layout. It goes over the line once for each variable at most.
func (l *layout) scan(line string, x *exchange) bool {
	at := 0
	for i := range l.pieces {
		p := &l.pieces[i]
		if p.name == "" {
			if !strings.HasPrefix(line[at:], p.literal) {
				return false
			}
			at += len(p.literal)
			continue
		}
		n := p.width(line[at:], l.escape)
		if n < 0 {
			return false
		}
		if p.value != vIgnored {
			x.set(p.value, line[at:at+n])
		}
		at += n
	}
	return at == len(line)
}

// width returns how many bytes of s the variable's value has, or -1 when what must end it is not there.
func (p *piece) width(s string, e escape) int {
	switch {
	case p.until == "is_args":
		if s != "" && s[0] == '?' {
			return 1
		}
		return 0
	case p.until == "/" || p.until == "?":
		if i := strings.IndexAny(s, p.until+" \""); i >= 0 {
			return i
		}
		return len(s)
	case p.until != "":
		if strings.HasPrefix(s, "https") {
			return len("https")
		}
		return min(len("http"), len(s))
	case p.ends == "":
		return len(s)
	case p.value == vAddr && p.ends[0] == ':': // before a port: an IPv6 address has colons too
		end := strings.IndexByte(s, ' ')
		if end < 0 {
			end = len(s)
		}
		return strings.LastIndex(s[:end], p.ends)
	}
	return p.search(s, e)
}

// search finds the literal behind the value. Values that hold blanks by themselves are not ended by one of those.
func (p *piece) search(s string, e escape) int {
	const timeLocal, protocol = len("22/Nov/2026:10:00:00 +0000"), " HTTP/"
	from := 0
	if p.ends[0] == ' ' && p.value == vTimeLocal {
		from = min(timeLocal, len(s))
	}
	if i := strings.Index(s, protocol); p.ends[0] == ' ' && p.value == vRequest && i >= 0 {
		from = i + len(protocol)
	}
	for {
		i := strings.Index(s[from:], p.ends)
		if i < 0 {
			return -1
		}
		end := from + i
		switch {
		case p.ends[0] == '"' && e == escapeJSON && escapedAt(s, end):
			from = end + 1
		case p.ends[0] == ' ' && p.isList() && inList(s, end):
			from = end + 1
		default:
			return end
		}
	}
}

// isList says whether the variable's value is a list of upstreams, whose separators hold blanks.
func (p *piece) isList() bool { return strings.HasPrefix(p.name, "upstream_") }

// escapedAt says whether an odd number of backslashes stands before s[i].
func escapedAt(s string, i int) bool {
	n := 0
	for i > n && s[i-n-1] == '\\' {
		n++
	}
	return n%2 == 1
}

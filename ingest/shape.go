package ingest

import (
	"strings"

	"hangup/event"
)

// methods are those of RFC 9110 section 9 and RFC 5789, and WebDAV's (RFC 4918) as they are seen. Anything else is
// _OTHER, as OpenTelemetry has it: a method is text that a client sends.
var methods = map[string]bool{
	"": true, "GET": true, "HEAD": true, "POST": true, "PUT": true, "DELETE": true, "CONNECT": true, "OPTIONS": true, "TRACE": true,
	"PATCH": true, "QUERY": true, "PROPFIND": true, "PROPPATCH": true, "MKCOL": true, "COPY": true, "MOVE": true, "LOCK": true,
	"UNLOCK": true, "REPORT": true, "SEARCH": true, "PURGE": true,
}

func normalMethod(m string) string {
	if methods[m] {
		return strings.Clone(m)
	}
	return "_OTHER"
}

// maxSegments bounds the depth of a template.
const maxSegments = 12

// appendShape appends the template of a path as far as the path alone tells it: segments that are values become classes.
func appendShape(b []byte, path string) []byte {
	if path == "" {
		return append(b, event.NoRoute...)
	}
	path = clip(event.Clean(path), maxPath)
	if i := strings.IndexByte(path[:min(len(path), 8)], ':'); i > 0 && strings.HasPrefix(path[i:], "://") { // absolute form, RFC 9112 section 3.2.2
		if j := strings.IndexByte(path[i+3:], '/'); j >= 0 {
			path = path[i+3+j:]
		} else {
			path = "/"
		}
	}
	if path[0] != '/' {
		if path[0] == '*' && (len(path) == 1 || isPathEnd(path[1])) {
			return append(b, '*')
		}
		return append(b, event.OtherRoute...)
	}
	for n := 0; ; n++ {
		b = append(b, '/')
		if n == maxSegments {
			return append(b, "{*}"...)
		}
		path = path[1:]
		// The bytes of each kind are counted in a part of one number.
		var kinds uint64
		i := 0
		for ; i < len(path); i++ {
			k := kindOf[path[i]]
			if k == endOfSegment {
				break
			}
			kinds += k
		}
		b = append(b, shortClass(path[:i], kinds)...)
		if i == len(path) || path[i] != '/' {
			return b
		}
		path = path[i:]
	}
}

func isPathEnd(c byte) bool { return c == '?' || c == ';' || c == '#' }

// The parts of kinds: 12 bits each, as a path has 2048 bytes at most.
const (
	kindBits     = 12
	kindDigit    = 1
	kindAt       = 1 << kindBits // '@'
	endOfSegment = 1 << 63
)

var kindOf = func() (t [256]uint64) {
	for c := range 10 {
		t['0'+c] = kindDigit
	}
	t['@'] = kindAt
	for _, c := range "/?;#" {
		t[c] = endOfSegment
	}
	return t
}()

// shortClass is classify for a segment whose bytes are counted: most have no digit, or nothing else.
func shortClass(s string, kinds uint64) string {
	switch {
	case kinds == 0 && len(s) <= 64 && len(s) != 36:
		return s
	case kinds == uint64(len(s)): // and not empty
		return "{id}"
	}
	return classify(s)
}

// classify returns the class of a path segment that is a value, or the segment itself.
func classify(s string) string {
	var digits, hex, letters, upper, lower, other int
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
			hex++
		case c >= 'a' && c <= 'f':
			hex++
			letters++
			lower++
		case c >= 'A' && c <= 'F':
			hex++
			letters++
			upper++
		case c >= 'g' && c <= 'z':
			letters++
			lower++
		case c >= 'G' && c <= 'Z':
			letters++
			upper++
		default:
			other++
		}
	}
	n := len(s)
	switch {
	case n == 0:
		return s
	case digits == n:
		return "{id}"
	case n == 36 && hex == 32 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-':
		return "{uuid}"
	case isDate(s):
		return "{date}"
	case strings.IndexByte(s, '@') > 0 || strings.Contains(s, "%40"):
		return "{email}"
	case hex == n && n >= 8 && digits > 0:
		return "{hex}"
	case n == 26 && other == 0 && lower == 0 && digits > 0: // ULID
		return "{id}"
	case n >= 20 && digits >= 3 && letters >= 6 && upper > 0 && lower > 0 && other <= n/8: // base64-like
		return "{token}"
	case n >= 16 && digits*4 >= n && letters > 0 && strings.IndexByte(s, '.') < 0:
		return "{token}"
	case digits > 0 && other > 0 && digits+strings.Count(s, "-")+strings.Count(s, "_")+strings.Count(s, ".")+strings.Count(s, ",") == n && !strings.HasPrefix(s, "."):
		return "{id}"
	case n > 64:
		return "{long}"
	}
	return s
}

// isDate says whether s is YYYY-MM-DD, with or without a time after it.
func isDate(s string) bool {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return false
	}
	for _, i := range [...]int{0, 1, 2, 3, 5, 6, 8, 9} {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) == 10 || s[10] == 'T' || s[10] == '_'
}

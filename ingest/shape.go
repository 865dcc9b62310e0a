package ingest

import (
	"strings"

	"hangup/event"
)

// otherMethod stands for all methods that are not known, as OpenTelemetry has it: a method is text that a client sends.
const otherMethod = "_OTHER"

// isMethod says whether a method is one of RFC 9110 section 9 and RFC 5789, or of WebDAV's (RFC 4918) as they are seen, or
// none.
func isMethod(m string) bool {
	switch m {
	case "", "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY", "PROPFIND", "PROPPATCH", "MKCOL", "COPY",
		"MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH", "PURGE":
		return true
	}
	return false
}

func normalMethod(m string) string {
	if isMethod(m) {
		return strings.Clone(m)
	}
	return otherMethod
}

// maxSegments bounds the depth of a template.
const maxSegments = 12

// appendShape appends the template of a path as far as the path alone tells it: segments that are values become classes.
func appendShape(b []byte, path string) []byte {
	if len(path) <= maxPath {
		if out, ok := appendTemplate(b, path, kindOdd); ok {
			return out
		}
	}
	b, _ = appendTemplate(b, clip(event.Clean(path), maxPath), 0)
	return b
}

// appendTemplate is appendShape for a path that is clean. It returns false when it meets a byte of the kind refused.
func appendTemplate(b []byte, path string, refused uint64) ([]byte, bool) {
	if path == "" {
		return append(b, event.NoRoute...), true
	}
	if i := schemeEnd(path); i > 0 { // absolute form, RFC 9112 section 3.2.2
		if j := strings.IndexByte(path[i+3:], '/'); j >= 0 {
			path = path[i+3+j:]
		} else {
			path = "/"
		}
	}
	if path[0] != '/' {
		if path[0] == '*' && (len(path) == 1 || isPathEnd(path[1])) {
			return append(b, '*'), true
		}
		return append(b, event.OtherRoute...), true
	}
	copied := 0 // path[:copied] is in b
	i := 0      // of a slash
	for n := 0; ; n++ {
		i++
		if n == maxSegments {
			return append(append(b, path[copied:i]...), "{*}"...), true
		}
		// The bytes of each kind are counted in a part of one number.
		from := i
		var counts, all uint64
		for ; i < len(path); i++ {
			k := kindOf[path[i]]
			if int64(k) < 0 { // kindEnd
				break
			}
			counts += k
			all |= k
		}
		if all&refused != 0 {
			return b, false
		}
		if all&^(kindLower|kindHexLower) != 0 || i-from > maxWord || i-from == lenUUID {
			s := path[from:i]
			if class := classify(s, counts, all); len(class) > 0 {
				b = append(append(b, path[copied:from]...), class...)
				copied = i
			}
		}
		if i == len(path) || path[i] != '/' {
			return append(b, path[copied:i]...), true
		}
	}
}

// schemeEnd returns how long the scheme of a URL is, 0 for a path.
func schemeEnd(s string) int {
	if s[0] == '/' {
		return 0
	}
	i := strings.IndexByte(s[:min(len(s), 8)], ':')
	if i < 0 || !strings.HasPrefix(s[i:], "://") {
		return 0
	}
	return i
}

func isPathEnd(c byte) bool { return c == '?' || c == ';' || c == '#' }

// The parts of a count of kinds: 12 bits each, as a path has 2048 bytes at most. Those above only say that there is one.
const (
	kindBits = 12
	kindMask = 1<<kindBits - 1

	kindDigit    = 1
	kindHexLower = 1 << kindBits // a to f
	kindHexUpper = 1 << (2 * kindBits)
	kindLower    = 1 << (3 * kindBits) // g to z
	kindUpper    = 1 << (4 * kindBits)
	kindOther    = 1 << 60
	kindMail     = 1 << 61 // '@', and the '%' of "%40"
	kindOdd      = 1 << 62 // what event.Clean may take out
	kindEnd      = 1 << 63 // of a segment
)

var kindOf = func() (t [256]uint64) {
	for c := range t {
		switch {
		case c >= '0' && c <= '9':
			t[c] = kindDigit
		case c >= 'a' && c <= 'f':
			t[c] = kindHexLower
		case c >= 'A' && c <= 'F':
			t[c] = kindHexUpper
		case c >= 'g' && c <= 'z':
			t[c] = kindLower
		case c >= 'G' && c <= 'Z':
			t[c] = kindUpper
		case c == 0 || c >= 0x80:
			t[c] = kindOther | kindOdd
		case c == '@' || c == '%':
			t[c] = kindOther | kindMail
		case c == '/' || c == '?' || c == ';' || c == '#':
			t[c] = kindEnd
		default:
			t[c] = kindOther
		}
	}
	return t
}()

// maxWord is the length of the longest segment that stays, lenUUID that of a UUID.
const (
	maxWord = 64
	lenUUID = 36
)

// classify returns the class of a path segment that is a value, "" when it is none. counts are how many bytes it has of
// each kind, and all which kinds there are.
func classify(s string, counts, all uint64) string {
	n := len(s)
	digits := int(counts & kindMask)
	if digits == n {
		if n == 0 {
			return ""
		}
		return "{id}"
	}
	if digits == 0 && all&kindMail == 0 && n <= maxWord && n != lenUUID {
		return ""
	}
	hexLower, hexUpper := int(counts>>kindBits&kindMask), int(counts>>(2*kindBits)&kindMask)
	lower, upper := hexLower+int(counts>>(3*kindBits)&kindMask), hexUpper+int(counts>>(4*kindBits)&kindMask)
	hex, letters := digits+hexLower+hexUpper, lower+upper
	other := n - digits - letters
	switch {
	case n == lenUUID && hex == 32 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-':
		return "{uuid}"
	case other > 0 && digits >= 8 && isDate(s):
		return "{date}"
	case all&kindMail != 0 && (strings.IndexByte(s, '@') > 0 || strings.Contains(s, "%40")):
		return "{email}"
	case hex == n && n >= 8 && digits > 0:
		return "{hex}"
	case n == 26 && other == 0 && lower == 0 && digits > 0: // ULID
		return "{id}"
	case n >= 20 && digits >= 3 && letters >= 6 && upper > 0 && lower > 0 && other <= n/8: // base64-like
		return "{token}"
	case n >= 16 && digits*4 >= n && letters > 0 && strings.IndexByte(s, '.') < 0:
		return "{token}"
	case digits > 0 && letters == 0 && isNumbers(s):
		return "{id}"
	case n > maxWord:
		return "{long}"
	}
	return ""
}

// isNumbers says whether s is digits and what stands between numbers.
func isNumbers(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c == '-', c == '_', c == ',', c == '.' && i > 0:
		default:
			return false
		}
	}
	return true
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

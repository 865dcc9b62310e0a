package parser

import (
	"strings"

	"hangup/event"
)

// setRequest reads a request line, "GET /a?x=1 HTTP/1.1". What is not one, as an incomplete line or bytes of another
// protocol, gives nothing.
func setRequest(e *event.Event, s string) {
	n := methodEnd(s)
	if n == 0 || n > maxMethod || n >= len(s) || s[n] != ' ' {
		return
	}
	const protocol = len(" HTTP/1.1")
	i := len(s) - protocol
	if i <= n || s[i] != ' ' || !isProtocol(s[i+1:]) {
		if i = strings.LastIndexByte(s, ' '); i == n || !isProtocol(s[i+1:]) {
			return
		}
	}
	e.Method, e.Protocol = s[:n], s[i+1:]
	if i > n {
		setTarget(e, s[n+1:i])
	}
}

// methodEnd returns how many bytes at the beginning of s can be a method's.
func methodEnd(s string) (n int) {
	if len(s) >= 8 { // capitals and a blank, as nearly always
		x := load64(s)
		if blank := zeroBytes(x ^ ones*' '); blank != 0 {
			n = firstByte(blank)
			if notBetween(x&below(n)|^below(n)&(ones*'A'), 'A', 'Z') == 0 {
				return n
			}
			n = 0
		}
	}
	for n < len(s) && methodByte[s[n]] {
		n++
	}
	return n
}

// setTarget reads a request target (RFC 9112 section 3.2): a path with its query, an absolute URL, the host and port
// of CONNECT, or "*".
func setTarget(e *event.Event, s string) {
	if e.Method == "CONNECT" {
		e.Host = host(s)
		return
	}
	if s != "" && s[0] != '/' {
		if i := strings.Index(s, "://"); i > 0 && i < 16 && !strings.ContainsAny(s[:i], "/?") {
			authority := s[i+3:]
			s = ""
			if j := strings.IndexAny(authority, "/?"); j >= 0 {
				authority, s = authority[:j], authority[j:]
			}
			e.Host = host(authority)
			if s == "" || s[0] == '?' {
				e.Path = "/"
			}
		}
	}
	if i := strings.IndexByte(s, '?'); i >= 0 {
		e.Query = s[i+1:]
		s = s[:i]
	} else {
		e.Query = ""
	}
	if s != "" {
		e.Path = s
	}
}

// maxMethod bounds a method.
const maxMethod = 32

// methodByte are the bytes that methods are made of.
var methodByte = bytesOf("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_")

func bytesOf(s string) (set [256]bool) {
	for i := range len(s) {
		set[s[i]] = true
	}
	return set
}

func isMethod(s string) bool {
	if s == "" || len(s) > maxMethod {
		return false
	}
	for i := range len(s) {
		if !methodByte[s[i]] {
			return false
		}
	}
	return true
}

func isProtocol(s string) bool {
	return len(s) >= 6 && len(s) <= 10 && s[:5] == "HTTP/" && isDigit(s[5])
}

// hasBody says whether requests of the method carry a body as a rule.
func hasBody(method string) bool { return method == "POST" || method == "PUT" || method == "PATCH" }

// host cleans a host: lower case, without user, port and brackets.
func host(s string) string {
	if isCleanHost(s) {
		return s
	}
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		s = s[i+1:]
	}
	if s == "-" {
		return ""
	}
	if s != "" && s[0] == '[' {
		if i := strings.IndexByte(s, ']'); i >= 0 {
			s = s[1:i]
		}
	} else if i := strings.IndexByte(s, ':'); i >= 0 && strings.IndexByte(s[i+1:], ':') < 0 {
		s = s[:i]
	}
	return strings.ToLower(s)
}

// isCleanHost says of a host of eight bytes or more that it has nothing to clean: no capital, and none of ":@[".
func isCleanHost(s string) bool {
	n := len(s)
	if n < 8 || n > 64 {
		return false
	}
	odd := uint64(0)
	for i := 0; ; i += 8 {
		x := load64(s[min(i, n-8):])
		odd |= x&highs | ^notBetween(x, ':', '[')&highs // all of them are between those two
		if i >= n-8 {
			return odd == 0
		}
	}
}

// address cleans a client: without brackets and zone. It is "" when there is none, as for unix sockets.
func address(s string) string {
	if isDotted(s) {
		return s
	}
	if s == "" || s == "-" || strings.HasPrefix(s, "unix:") {
		return ""
	}
	if s[0] == '[' && s[len(s)-1] == ']' {
		s = s[1 : len(s)-1]
	}
	if i := indexShort(s, '%'); i > 0 {
		s = s[:i]
	}
	return s
}

// isDotted says of nearly all addresses like 203.0.113.7 that they are digits and dots.
func isDotted(s string) bool {
	n := len(s)
	if n < 8 || n > 15 {
		return false
	}
	a, b := load64(s), load64(s[n-8:])
	return notBetween(a, '.', '9')|notBetween(b, '.', '9')|zeroBytes(a^ones*'/')|zeroBytes(b^ones*'/') == 0
}

// addressByte are the bytes that addresses and host names are made of. An address without an odd byte needs no cleaning:
// it has no brackets and no zone, and is neither "-" nor "unix:".
var addressByte = func() (class [256]byte) {
	for b, is := range bytesOf("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.:-_%[]") {
		if is {
			class[b] = 1
		}
	}
	for _, b := range []byte("-%[]x") {
		class[b] |= addressOdd
	}
	return class
}()

const addressOdd = 2

// isAddress says whether s can be an address or a host name: what stands first in an access log's line.
func isAddress(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	if s[0] == '[' && strings.IndexByte(s, ']') < 0 {
		return false
	}
	for i := range len(s) {
		if addressByte[s[i]] == 0 {
			return false
		}
	}
	return true
}

// isIP says whether s looks like an address, and not like a name: digits with dots, or hexadecimal with colons.
func isIP(s string) bool {
	if len(s) < 2 || len(s) > 64 {
		return false
	}
	dots, colons := 0, 0
	for i := range len(s) {
		switch b := s[i]; {
		case b == '.':
			dots++
		case b == ':':
			colons++
		case b-'0' <= 9:
		case b|0x20 >= 'a' && b|0x20 <= 'f':
			if strings.IndexByte(s, ':') < 0 {
				return false
			}
		default:
			return false
		}
	}
	return colons >= 2 || dots == 3 && colons == 0
}

// addressPort reads "203.0.113.7:51234", "[2001:db8::1]:51234" or HAProxy's "2001:db8::1:51234".
func addressPort(s string) (string, uint16) {
	i := indexShort(s, ':')
	if i < 0 || strings.HasPrefix(s, "unix:") {
		return address(s), 0
	}
	p := port(s[i+1:])
	if p == 0 {
		i = strings.LastIndexByte(s, ':')
		if p = port(s[i+1:]); p == 0 {
			return address(s), 0
		}
	}
	return address(s[:i]), p
}

// isPlainPeer says of most of the likes of 10.0.0.5:8080 that they need no cleaning: digits, dots and colons.
func isPlainPeer(s string) bool {
	n := len(s)
	if n < 8 || n > 24 {
		return false
	}
	odd := uint64(0)
	for i := 0; ; i += 8 {
		x := load64(s[min(i, n-8):])
		odd |= notBetween(x, '.', ':') | zeroBytes(x^ones*'/')
		if i >= n-8 {
			return odd == 0
		}
	}
}

// upstream cleans the address of a backend: without scheme and URI; unix sockets keep "unix:" and their path.
func upstream(s string) string {
	if indexShort(s, '/') < 0 && s != "-" && !strings.HasPrefix(s, "unix:") {
		return s
	}
	if i := strings.Index(s, "://"); i > 0 && i < 16 {
		s = s[i+3:]
	}
	if path, ok := strings.CutPrefix(s, "unix:"); ok {
		if i := strings.IndexByte(path, ':'); i >= 0 {
			return s[:len("unix:")+i]
		}
		return s
	}
	if i := strings.IndexByte(s, '/'); i >= 0 {
		s = s[:i]
	}
	if s == "-" {
		return ""
	}
	return s
}

package parser

import (
	"strings"
	"time"

	"hangup/event"
)

// HAProxy's own formats (doc/configuration.txt 8.2): "option httplog", its TLS variant "option httpslog", "option
// tcplog", both "clf", and the connection error format, with or without the head that syslog gives. They come in one
// stream, so each of the four names reads all of them, once its own kind is certain.
func init() {
	for _, f := range [...]struct {
		own              haproxyKind
		rank             int
		summary, example string
	}{
		{
			haproxyHTTP, 50, "HAProxy: option httplog and all else that HAProxy logs, by syslog or standard output",
			`Nov 22 10:00:00 lb1 haproxy[14389]: 203.0.113.80:51900 [22/Nov/2026:10:00:01.123] www~ api/s1 0/0/1/-1/5003 -1 0 - - CH-- 1/1/0/0/0 0/0 "GET /api/orders?id=7 HTTP/1.1"`,
		},
		{
			haproxyHTTPS, 49, "HAProxy: option httpslog, by syslog or standard output",
			`Nov 22 10:00:00 lb1 haproxy[14389]: 203.0.113.110:40001 [22/Nov/2026:10:00:01.123] https-in~ api/s1 0/0/1/-1/2002 -1 0 - - CH-- 1/1/0/0/0 0/0 "GET https://shop.example/slow HTTP/2.0" 0/0/0/0/0 shop.example/TLSv1.3/TLS_AES_128_GCM_SHA256`,
		},
		{
			haproxyTCP, 48, "HAProxy: option tcplog, by syslog or standard output",
			`Nov 22 10:00:00 lb1 haproxy[14387]: 203.0.113.122:41000 [22/Nov/2026:10:00:10.123] pg pg/db1 0/1/3000 8192 CD 3/3/2/1/0 0/0`,
		},
		{
			haproxyError, 47, "HAProxy: connections that failed before a request (dontlog-normal, error-log-format)",
			`Nov 22 10:00:00 lb1 haproxy[6103]: 203.0.113.130:50210 [22/Nov/2026:10:00:00.266] www/https: Connection closed during SSL handshake`,
		},
	} {
		register(format{
			FormatInfo: FormatInfo{
				Name: haproxyNames[f.own], Summary: f.summary, Example: f.example, Durations: f.own != haproxyError,
			},
			rank: f.rank,
			make: func(o Options) (grammar, error) { return newHAProxy(f.own, o), nil },
		})
	}
}

// haproxyKind is a kind of record in HAProxy's log.
type haproxyKind uint8

const (
	haproxyHTTP haproxyKind = iota
	haproxyHTTPS
	haproxyTCP
	haproxyError
	haproxyNotice // of the program itself
	haproxyForm   // an exchange in a form that a setting chose: clf, JSON
)

var haproxyNames = [...]string{haproxyHTTP: "haproxy-http", haproxyHTTPS: "haproxy-https", haproxyTCP: "haproxy-tcp", haproxyError: "haproxy-error"}

// haproxyCertain is how many records of its own kind a format must have seen before it reads the others. It makes the
// names tell logs apart without losing a line of those that mix: a choice of fewer lines is not final.
const haproxyCertain = autoSure

type haproxy struct {
	oneLine
	clock clock
	own   haproxyKind
	seen  int // records of the own kind, up to haproxyCertain
	json  haproxyJSON
}

func newHAProxy(own haproxyKind, o Options) *haproxy {
	g := &haproxy{clock: clock{zone: o.Zone}, own: own}
	g.json.field = g.json.take // made once: a method value is an allocation
	return g
}

func (g *haproxy) read(line string, r *event.Record) event.Reason {
	kind, why := g.record(line, &r.Event)
	switch {
	case why != "" || g.own == haproxyHTTP:
		return why
	case kind == g.own:
		g.seen = min(g.seen+1, haproxyCertain)
		return ""
	case g.seen == haproxyCertain, g.seen > 0 && g.own == haproxyError && kind == haproxyForm:
		return "" // what failed may be logged in another form, by error-log-format
	}
	return event.NoFormat
}

func (g *haproxy) remembers() bool { return g.seen > 0 }

func (g *haproxy) record(line string, e *event.Event) (haproxyKind, event.Reason) {
	h, s, isSyslog := cutSyslog(line)
	e.PID = h.pid
	if s != "" && s[0] == '{' {
		return haproxyForm, g.readJSON(s, e)
	}
	// "203.0.113.105:39759 [22/Nov/2026:10:00:01.123] frontend"
	client, rest, ok := cutBlank(s)
	if ok && rest != "" && rest[0] == '[' {
		rest = rest[1:]
		i := len("22/Nov/2026:10:00:01.123")
		if len(rest) <= i || rest[i] != ']' {
			i = strings.IndexByte(rest, ']')
		}
		if i >= 20 && i <= 24 && strings.HasPrefix(rest[i:], "] ") {
			e.Client, e.ClientPort = addressPort(client)
			if e.Time, ok = g.clock.apacheLocal(rest[:i], ':'); !ok {
				return 0, event.BadTime
			}
			e.ZoneAssumed = true
			return g.session(rest[i+2:], e)
		}
	}
	if client, _, ok = strings.Cut(s, " ["); ok && strings.HasSuffix(client, " - -") {
		return haproxyForm, g.readCLF(s, e)
	}
	if !isSyslog || !strings.Contains(h.tag, "haproxy") {
		return 0, event.NoFormat
	}
	e.Kind, e.Message = event.Other, s
	// "Connect from 10.9.1.2:33312 to ...": what is logged of a connection without a log format.
	if from, ok := strings.CutPrefix(s, "Connect from "); ok {
		from, _, _ = strings.Cut(from, " ")
		e.Client, e.ClientPort = addressPort(from)
	}
	return haproxyNotice, ""
}

// session reads what follows the time.
func (g *haproxy) session(s string, e *event.Event) (haproxyKind, event.Reason) {
	frontend, s, ok := cutBlank(s)
	if !ok {
		return 0, event.NoFormat
	}
	if strings.HasSuffix(frontend, ":") && strings.IndexByte(frontend, '/') > 0 {
		e.Kind, e.Message = event.Other, s
		haproxyErrorText(e)
		return haproxyError, ""
	}
	backend, rest, ok1 := cutBlank(s)
	slash := indexShort(backend, '/')
	if !ok1 || slash < 0 {
		return 0, event.NoFormat
	}
	timers, behind, ok2 := cutBlank(rest)
	if (!ok2 || indexShort(behind, ' ') < 0) && haproxyTLSError(s, e) { // which is two or three words
		return haproxyError, ""
	}
	if s = behind; !ok2 {
		return 0, event.NoFormat
	}
	if server := backend[slash+1:]; slash > 0 && server != "" && server[0] != '<' { // <NOSRV>, <STATS>
		e.Upstream = backend
	}
	var t [5]int64
	n, why := haproxyTimers(timers, &t)
	if why != "" {
		return 0, why
	}
	e.Exchange = true
	if !haproxyTime(&e.Duration, t[n-1]) {
		return 0, event.BadNumber
	}
	if n == 3 {
		return haproxyTCP, tcpSession(s, e)
	}
	if !haproxyTime(&e.UpstreamDuration, t[3]) {
		return 0, event.BadNumber
	}
	return httpSession(s, e, t[3])
}

// haproxyTime takes a timer, unless what it times did not happen or had no end yet.
func haproxyTime(to *event.Opt[time.Duration], ms int64) bool {
	if ms < 0 {
		return true
	}
	d, ok := millis(ms)
	*to = event.Some(d)
	return ok
}

// lowerBound marks a number that HAProxy writes with "+": it was logged before the end (option logasap).
const lowerBound = -2

// haproxyTimers reads "Tr/Tw/Tc/Tr/Ta" or "Tw/Tc/Tt": milliseconds, -1 for what did not happen.
func haproxyTimers(s string, t *[5]int64) (n int, why event.Reason) {
	for more := true; more; n++ {
		if n == len(t) {
			return 0, event.NoFormat
		}
		v, digits := int64(0), 0 // nearly all are whole numbers
		for digits < len(s) && digits < 12 && isDigit(s[digits]) {
			v = v*10 + int64(s[digits]-'0')
			digits++
		}
		if digits > 0 && (digits == len(s) || s[digits] == '/') {
			t[n] = v
			if more = digits < len(s); more {
				s = s[digits+1:]
			}
			continue
		}
		part := s
		i := indexShort(s, '/')
		if more = i >= 0; more {
			part, s = s[:i], s[i+1:]
		}
		v, ok := haproxyTimer(part)
		if !ok || part == "" {
			return 0, event.BadNumber
		}
		t[n] = v
	}
	if n != 3 && n != 5 {
		return 0, event.NoFormat
	}
	return n, ""
}

// haproxyTimer reads one timer. An empty one is -1: there is none.
func haproxyTimer(s string) (ms int64, ok bool) {
	switch {
	case s == "":
		return -1, true
	case isDigit(s[0]):
		return count(s)
	case s == "-" || s == "-1":
		return -1, true
	case s[0] == '+':
		_, ok = count(s[1:])
		return lowerBound, ok
	}
	return count(s)
}

// httpSession reads `status bytes cookie cookie STATE conns queue {captures} "request"`, and behind it what httpslog
// adds: `fc_err/ssl_fc_err/ssl_c_err/ssl_c_ca_err/resumed sni/version/cipher`.
func httpSession(s string, e *event.Event, response int64) (haproxyKind, event.Reason) {
	status, s, ok1 := cutBlank(s)
	bytes, s, ok2 := cutBlank(s)
	s, ok3 := behindBlanks(s, 2)
	state, s, ok4 := cutBlank(s)
	s, ok5 := behindBlanks(s, 2)
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 {
		return 0, event.NoFormat
	}
	code, ok := integer(status)
	if !ok {
		return 0, event.BadNumber
	}
	if code >= 100 && code <= 999 {
		e.Status = int(code)
	}
	if !setBytes(e, bytes) {
		return 0, event.BadNumber
	}
	if !isHAProxyState(state, 4) {
		return 0, event.NoFormat
	}
	for s != "" && s[0] == '{' { // captured headers; a brace in them is escaped
		i := strings.IndexByte(s, '}')
		if i < 0 {
			return 0, event.NoFormat
		}
		s = strings.TrimPrefix(s[i+1:], " ")
	}
	if s == "" || s[0] != '"' {
		return 0, event.NoFormat
	}
	request, rest := s[1:], ""
	if i := strings.IndexByte(request, '"'); i >= 0 { // a quote in it is escaped; a line that was cut has no closing quote
		request, rest = request[:i], request[i+1:]
	}
	setRequest(e, unescapeHash(request))
	haproxyState(e, state[:2], response >= 0)
	if rest == "" {
		return haproxyHTTP, ""
	}
	if codes, names, ok := strings.Cut(strings.TrimPrefix(rest, " "), " "); ok && strings.Count(codes, "/") == 4 && strings.Count(names, "/") == 2 {
		return haproxyHTTPS, ""
	}
	return haproxyHTTP, ""
}

// cutBlank is strings.Cut at a blank that is near.
func cutBlank(s string) (before, after string, found bool) {
	if len(s) >= 8 {
		if blank := zeroBytes(load64(s) ^ ones*' '); blank != 0 {
			i := firstByte(blank)
			return s[:i], s[i+1:], true
		}
	}
	if i := indexShort(s, ' '); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// behindBlanks returns what stands behind the nth blank.
func behindBlanks(s string, n int) (after string, found bool) {
	if i := nth(s, ' ', n); i >= 0 {
		return s[i+1:], true
	}
	return "", false
}

// isHAProxyState says whether s is a termination state of n letters.
func isHAProxyState(s string, n int) bool {
	if len(s) != n {
		return false
	}
	for i := range len(s) {
		if b := s[i]; b != '-' && (b|0x20 < 'a' || b|0x20 > 'z') {
			return false
		}
	}
	return true
}

// tcpSession reads "bytes STATE conns queue".
func tcpSession(s string, e *event.Event) event.Reason {
	bytes, s, ok1 := strings.Cut(s, " ")
	state, s, ok2 := strings.Cut(s, " ")
	if !ok1 || !ok2 || !isHAProxyState(state, 2) || strings.IndexByte(s, '/') < 0 {
		return event.NoFormat
	}
	if !setBytes(e, bytes) {
		return event.BadNumber
	}
	haproxyState(e, state, true)
	return ""
}

func setBytes(e *event.Event, s string) bool {
	if strings.HasPrefix(s, "+") {
		_, ok := count(s[1:])
		return ok
	}
	n, ok := count(s)
	e.Bytes = event.Opt[int64]{V: n, OK: ok}
	return ok
}

package parser

import (
	"strings"

	"hangup/event"
)

// HAProxy's own formats (doc/configuration.txt 8.2): "option httplog", its TLS variant "option httpslog", "option
// tcplog" and the connection error format, which come in one stream, with or without the head that syslog gives.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "haproxy-http",
			Summary:   "HAProxy: option httplog, httpslog and tcplog, by syslog or standard output",
			Example:   `Nov 22 10:00:00 lb1 haproxy[14389]: 203.0.113.80:51900 [22/Nov/2026:10:00:01.123] www~ api/s1 0/0/1/-1/5003 -1 0 - - CH-- 1/1/0/0/0 0/0 "GET /api/orders?id=7 HTTP/1.1"`,
			Durations: true,
		},
		rank: 50,
		make: func(o Options) (grammar, error) { return &haproxy{clock: clock{zone: o.Zone}}, nil },
	})
}

type haproxy struct {
	oneLine
	clock clock
}

func (g *haproxy) read(line string, r *event.Record) event.Reason {
	h, s, isSyslog := cutSyslog(line)
	e := &r.Event
	e.PID = h.pid
	// "203.0.113.80:51900 [22/Nov/2026:10:00:01.123] frontend"
	client, rest, ok := strings.Cut(s, " [")
	if ok && strings.IndexByte(client, ' ') < 0 {
		if i := strings.IndexByte(rest, ']'); i >= 20 && i <= 24 && strings.HasPrefix(rest[i:], "] ") {
			e.Client, e.ClientPort = addressPort(client)
			if e.Time, ok = g.clock.apacheLocal(rest[:i], ':'); !ok {
				return event.BadTime
			}
			e.ZoneAssumed = true
			return g.session(rest[i+2:], e)
		}
	}
	if !isSyslog || !strings.Contains(h.tag, "haproxy") {
		return event.NoFormat
	}
	e.Kind, e.Message = event.Other, s
	// "Connect from 10.9.1.2:33312 to ...": what is logged of a connection without a log format.
	if from, ok := strings.CutPrefix(s, "Connect from "); ok {
		from, _, _ = strings.Cut(from, " ")
		e.Client, e.ClientPort = addressPort(from)
	}
	return ""
}

// session reads what follows the time.
func (g *haproxy) session(s string, e *event.Event) event.Reason {
	frontend, s, ok := strings.Cut(s, " ")
	if !ok {
		return event.NoFormat
	}
	if strings.HasSuffix(frontend, ":") && strings.IndexByte(frontend, '/') > 0 {
		e.Kind, e.Message = event.Other, s
		haproxyError(e)
		return ""
	}
	backend, s, ok1 := strings.Cut(s, " ")
	timers, s, ok2 := strings.Cut(s, " ")
	if !ok1 || !ok2 || strings.IndexByte(backend, '/') < 0 {
		return event.NoFormat
	}
	if name, server, _ := strings.Cut(backend, "/"); name != "" && server != "" && server[0] != '<' { // <NOSRV>, <STATS>
		e.Upstream = backend
	}
	var t [5]int64
	n, why := haproxyTimers(timers, &t)
	if why != "" {
		return why
	}
	e.Exchange = true
	last := t[n-1]
	if last >= 0 {
		d, ok := millis(last)
		if !ok {
			return event.BadNumber
		}
		e.Duration = event.Some(d)
	}
	if n == 3 {
		return tcpSession(s, e)
	}
	if t[3] >= 0 {
		d, ok := millis(t[3])
		if !ok {
			return event.BadNumber
		}
		e.UpstreamDuration = event.Some(d)
	}
	return httpSession(s, e, t[3])
}

// lowerBound marks a number that HAProxy writes with "+": it was logged before the end (option logasap).
const lowerBound = -2

// haproxyTimers reads "Tr/Tw/Tc/Tr/Ta" or "Tw/Tc/Tt": milliseconds, -1 for what did not happen.
func haproxyTimers(s string, t *[5]int64) (n int, why event.Reason) {
	for {
		part, rest, more := strings.Cut(s, "/")
		if n == len(t) {
			return 0, event.NoFormat
		}
		v, ok := integer(part)
		if strings.HasPrefix(part, "+") {
			_, ok = count(part[1:])
			v = lowerBound
		}
		if !ok || v < lowerBound {
			return 0, event.BadNumber
		}
		t[n] = v
		n++
		if !more {
			break
		}
		s = rest
	}
	if n != 3 && n != 5 {
		return 0, event.NoFormat
	}
	return n, ""
}

// httpSession reads `status bytes cookie cookie STATE conns queue {captures} "request"`.
func httpSession(s string, e *event.Event, response int64) event.Reason {
	var f [7]string
	for i := range f {
		var ok bool
		if f[i], s, ok = strings.Cut(s, " "); !ok {
			return event.NoFormat
		}
	}
	code, ok := integer(f[0])
	if !ok {
		return event.BadNumber
	}
	if code >= 100 && code <= 999 {
		e.Status = int(code)
	}
	if !setBytes(e, f[1]) {
		return event.BadNumber
	}
	if len(f[4]) != 4 {
		return event.NoFormat
	}
	for s != "" && s[0] == '{' { // captured headers; a brace in them is escaped
		i := strings.IndexByte(s, '}')
		if i < 0 {
			return event.NoFormat
		}
		s = strings.TrimPrefix(s[i+1:], " ")
	}
	if s == "" || s[0] != '"' {
		return event.NoFormat
	}
	request, _, _ := strings.Cut(s[1:], `"`) // a quote in it is escaped; a line that was cut has no closing quote
	setRequest(e, unescapeHash(request))
	haproxyState(e, f[4][:2], response >= 0)
	return ""
}

// tcpSession reads "bytes STATE conns queue".
func tcpSession(s string, e *event.Event) event.Reason {
	bytes, s, ok1 := strings.Cut(s, " ")
	state, s, ok2 := strings.Cut(s, " ")
	if !ok1 || !ok2 || len(state) != 2 || strings.IndexByte(s, '/') < 0 {
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

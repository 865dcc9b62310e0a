package parser

import (
	"strings"
	"time"

	"hangup/event"
)

// pyAccess is an access line as Python's servers write it, to a stream of its own or as a message of logging:
//
//	127.0.0.4 - - [23/Nov/2026 07:06:01] "GET /slow HTTP/1.1" 200 -
//	127.0.0.2 [23/Nov/2026:07:08:10 +0000] "GET /fast HTTP/1.1" 200 175 "http://shop.example/cart" "curl/7.88.1"
//	127.0.0.2:33429 - "GET /fast HTTP/1.1" 200 OK
//
// http.server, werkzeug, django.server, wsgiref, eventlet, gevent, aiohttp, cherrypy, hypercorn, daphne and
// uvicorn.access differ in what they leave out and in what stands behind the status.
type pyAccess struct {
	client  string
	port    uint16
	time    string // between brackets
	request string // between quotes
	code    string
	rest    string // behind the code and a blank
}

func cutPyAccess(s string) (a pyAccess, ok bool) {
	i := strings.IndexByte(s[:min(len(s), 200)], '"')
	if i < 0 {
		return a, false
	}
	if i == 0 { // daphne quotes the address: "127.0.0.3" - - [...] "GET ..."
		if first, rest, ok := quoted(s); ok && isIP(first) && strings.HasPrefix(rest, " - ") {
			a.client = first
			s = rest
			if i = strings.IndexByte(s[:min(len(s), 200)], '"'); i < 0 {
				return a, false
			}
		}
	}
	if !a.head(s[:i]) {
		return a, false
	}
	s = s[i+1:]
	for from := 0; ; { // quotes in the request are not always escaped: the one before a status ends it
		i := strings.Index(s[from:], `" `)
		if i < 0 {
			return a, false
		}
		i += from
		from = i + 1
		code := s[i+2:]
		if len(code) < 3 || !isDigit(code[0]) || !isDigit(code[1]) || !isDigit(code[2]) || len(code) > 3 && code[3] != ' ' {
			continue
		}
		a.request, a.code = s[:i], code[:3]
		a.rest = code[min(len(code), 4):]
		return a, true
	}
}

// head reads what stands before the request: an address, dashes, a user's name, a time in brackets.
func (a *pyAccess) head(s string) bool {
	if s == "" || s == " " {
		return true
	}
	first := ""
	if a.client == "" {
		first, s, _ = strings.Cut(s, " ")
		if host, p := addressPort(first); isIP(host) {
			a.client, a.port = host, p
		} else if host = address(first); isIP(host) || isAddress(first) && strings.HasPrefix(s, "- ") && !strings.Contains(first, ":") {
			a.client = host
		} else if first != "-" && first != "unix:" && first != "b''" && first != "None" { // there is no address behind a unix socket
			return false
		}
	}
	for words := 0; s != ""; {
		switch {
		case s[0] == ' ':
			s = s[1:]
		case s[0] == '[':
			i := strings.IndexByte(s, ']')
			if i < 0 || a.time != "" {
				return false
			}
			a.time, s = s[1:i], s[i+1:]
		default: // "-", or the name of a user
			if words++; words > 2 || a.time != "" {
				return false
			}
			word, rest, _ := strings.Cut(s, " ")
			if word != "-" && (words != 2 || strings.HasSuffix(word, ":")) {
				return false
			}
			s = rest
		}
	}
	return true
}

// set takes the peer, the request and the status over to the event. It says whether there was a request: what a
// client sent instead may be anything.
func (a *pyAccess) set(e *event.Event) bool {
	e.Client, e.ClientPort = a.client, a.port
	if n, ok := status(a.code); ok {
		e.Status = n
	}
	e.ZeroStatus = a.code == "000"
	setRequest(e, a.request)
	if e.Method == "" {
		a.short(e)
	}
	return e.Method != ""
}

// short reads a request as hypercorn ("GET /fast 1.1") and daphne's own access log ("GET /big") write it.
func (a *pyAccess) short(e *event.Event) {
	method, target, ok := strings.Cut(a.request, " ")
	if !ok || !httpMethods[method] || target == "" || target[0] != '/' && target != "*" {
		return
	}
	e.Method = method
	if i := strings.LastIndexByte(target, ' '); i >= 0 {
		for _, p := range shortProtocols {
			if target[i+1:] == p[len("HTTP/"):] {
				e.Protocol, target = p, target[:i]
				break
			}
		}
	}
	setTarget(e, target)
}

var shortProtocols = []string{"HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/3", "HTTP/2.0"}

// stamp reads the time between the brackets. One with a zone replaces the record's own; without a zone it is taken
// when the record has none.
func (a *pyAccess) stamp(c *clock, e *event.Event) bool {
	switch {
	case len(a.time) == 26:
		t, ok := c.apache(a.time)
		if ok {
			e.Time, e.ZoneAssumed = t, false
		}
		return ok
	case !e.Time.IsZero():
		return true
	case len(a.time) < 19:
		return false
	}
	ok := false
	if a.time[2] == '/' {
		e.Time, ok = c.apacheLocal(a.time, a.time[min(len(a.time)-1, 11)])
	} else {
		e.Time, ok = c.sql(a.time, '-')
	}
	e.ZoneAssumed = ok
	return ok
}

// size reads the bytes at the beginning of what stands behind the status; "-" is none.
func (a *pyAccess) size(e *event.Event) bool {
	s, rest, _ := strings.Cut(a.rest, " ")
	if s != "-" {
		n, ok := count(s)
		if !ok {
			return false
		}
		e.Bytes = event.Some(n)
	}
	a.rest = rest
	return true
}

// agents reads the referer and the user agent in quotes, and returns what is behind them.
func (a *pyAccess) agents(e *event.Event) bool {
	referer, rest, ok := quoted(a.rest)
	if !ok || !strings.HasPrefix(rest, ` "`) {
		return false
	}
	agent, rest, ok := quoted(rest[1:])
	if !ok {
		return false
	}
	a.rest = rest
	e.Referer, e.UserAgent = noDash(escapeQuote.unescape(referer)), noDash(escapeQuote.unescape(agent))
	return true
}

func noDash(s string) string {
	if s == "-" {
		return ""
	}
	return s
}

// accessMessage reads an access line that is a message of a record.
func accessMessage(c *clock, e *event.Event, s string) bool {
	if s == "" || s[0] == '<' {
		return false
	}
	if strings.Contains(s[:min(len(s), 400)], " status: ") {
		return eventletAccess(e, s)
	}
	if s[0] == 'H' && strings.HasPrefix(s, "HTTP ") {
		return channelsAccess(e, s)
	}
	if tornadoAccess(e, s) {
		return true
	}
	a, ok := cutPyAccess(s)
	if !ok {
		return false
	}
	x := event.Event{}
	if !a.set(&x) || x.Status == 0 {
		return false
	}
	if a.rest != "" && !isReason(a.rest) {
		if !a.size(&x) || a.rest != "" && a.rest[0] == '"' && !a.agents(&x) {
			return false
		}
	}
	e.Client, e.ClientPort, e.Method, e.Path, e.Query, e.Protocol, e.Host = x.Client, x.ClientPort, x.Method, x.Path, x.Query, x.Protocol, x.Host
	e.Status, e.Bytes, e.Referer, e.UserAgent = x.Status, x.Bytes, x.Referer, x.UserAgent
	if a.time != "" {
		a.stamp(c, e)
	}
	e.Kind, e.Exchange = event.Request, true
	return true
}

// eventletAccess reads what OpenStack's services have eventlet write: 10.0.0.1 "GET /v2 HTTP/1.1" status: 200  len: 12
// time: 0.1234567.
func eventletAccess(e *event.Event, s string) bool {
	head, rest, ok := strings.Cut(s, ` "`)
	head, _, _ = strings.Cut(head, ",") // the forwarded chain
	if !ok || !isIP(address(head)) {
		return false
	}
	request, rest, ok := strings.Cut(rest, `" status: `)
	code, rest, ok1 := strings.Cut(rest, " ")
	size, took, ok2 := strings.Cut(strings.TrimLeft(rest, " "), " time: ")
	size, isSize := strings.CutPrefix(size, "len: ")
	n, isCode := status(code)
	b, isCount := count(size)
	d, isTime := seconds(took)
	if !ok || !ok1 || !ok2 || !isSize || !isCode || !isCount || !isTime {
		return false
	}
	x := event.Event{}
	if setRequest(&x, request); x.Method == "" {
		return false
	}
	setRequest(e, request)
	e.Client, e.Status, e.Bytes, e.Duration = address(head), n, event.Some(b), event.Some(d)
	e.Kind, e.Exchange = event.Request, true
	return true
}

// channelsAccess reads the lines of django.channels.server (daphne/management/commands/runserver.py):
// HTTP GET /slow 200 [1.01, 127.0.0.1:54321].
func channelsAccess(e *event.Event, s string) bool {
	s = strings.TrimPrefix(s, "HTTP ")
	method, s, _ := strings.Cut(s, " ")
	i := strings.LastIndex(s, " [")
	if !httpMethods[method] || i < 5 || s[len(s)-1] != ']' {
		return false
	}
	target, code := s[:i-4], s[i-3:i]
	took, peer, ok := strings.Cut(s[i+2:len(s)-1], ", ")
	d, isTime := seconds(took)
	n, isCode := status(code)
	if !ok || !isTime || !isCode || target == "" || target[0] != '/' || s[i-4] != ' ' {
		return false
	}
	e.Method, e.Status, e.Duration = method, n, event.Some(d)
	setTarget(e, target)
	if a, p := addressPort(peer); isIP(a) {
		e.Client, e.ClientPort = a, p
	}
	e.Kind, e.Exchange = event.Request, true
	return true
}

// tornadoAccess reads tornado.web's log_request: 200 GET /fast?x=1 (127.0.0.3) 0.72ms. nginx's status for a client that
// left is not tornado's own: an application gave it.
func tornadoAccess(e *event.Event, s string) bool {
	if len(s) < 12 || s[3] != ' ' {
		return false
	}
	n, ok := status(s[:3])
	if !ok || n == 0 {
		return false
	}
	method, s, _ := strings.Cut(s[4:], " ")
	if !isMethod(method) || method != strings.ToUpper(method) {
		return false
	}
	i := strings.LastIndex(s, ") ")
	if i < 0 {
		return false
	}
	number, rest, _ := strings.Cut(s[i+2:], " ") // Jupyter adds the referer
	number, ok1 := strings.CutSuffix(number, "ms")
	d, ok2 := pyMillis(number)
	j := strings.LastIndex(s[:i], " (")
	if !ok1 || !ok2 || j < 0 || rest != "" && !strings.Contains(rest, "referer=") {
		return false
	}
	peer := s[j+2 : i]
	peer = peer[strings.LastIndexByte(peer, '@')+1:] // Jupyter: (user@127.0.0.1)
	if a := address(peer); isIP(a) {
		e.Client = a
	} else if a != "" && !isAddress(a) {
		return false
	}
	e.Method, e.Status, e.Duration = method, n, event.Some(d)
	setTarget(e, s[:j])
	e.Kind, e.Exchange = event.Request, true
	if n == 499 {
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseUnknown)
	}
	return true
}

// isReason says whether a text is a status's reason phrase, which uvicorn writes: "OK", "Not Found".
func isReason(s string) bool {
	for i := range len(s) {
		if b := s[i] | 0x20; (b < 'a' || b > 'z') && b != ' ' && s[i] != '-' && s[i] != '\'' {
			return false
		}
	}
	return s != "-"
}

// pyPlain takes off the colours of a terminal: "\x1b[31m", "\x1b(B".
func pyPlain(s string) string {
	i := strings.IndexByte(s, 0x1b)
	if i < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	out = append(out, s[:i]...)
	for i < len(s) {
		switch {
		case s[i] != 0x1b:
			out = append(out, s[i])
			i++
		case i+1 < len(s) && s[i+1] == '[':
			for i += 2; i < len(s) && (isDigit(s[i]) || s[i] == ';' || s[i] == '?'); i++ {
			}
			i++
		case i+2 < len(s) && s[i+1] == '(':
			i += 3
		default:
			i++
		}
	}
	return string(out)
}

// pyMillis reads milliseconds with a fraction, "1003.45".
func pyMillis(s string) (time.Duration, bool) {
	d, ok := seconds(s)
	return d / 1000, ok
}

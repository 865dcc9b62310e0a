package parser

import (
	"strings"

	"hangup/event"
)

// access reads Pound's lines about exchanges (src/http.c, do_http; pound(8), LogLevel). 1 and 2 are
//
//	client request - response
//	client request - response (host/service -> backend) 0.123 sec
//
// 3 is combined with the host before it, 4 without, 5 as 3 with "(service -> backend) 0.123 sec" behind it.
func (g *pound) access(s string, e *event.Event) bool {
	first, rest, ok := strings.Cut(s, " ")
	if !ok || !isAddress(first) {
		return false
	}
	if strings.Contains(s, `] "`) {
		return g.combined(s, e)
	}
	if !isIP(first) {
		return false
	}
	i := strings.LastIndex(rest, " - HTTP/")
	if i < 0 {
		return false
	}
	request, rest := rest[:i], rest[i+len(" - HTTP/"):]
	_, rest, _ = strings.Cut(rest, " ") // the version
	code, rest, _ := strings.Cut(rest, " ")
	n, ok := status(code)
	if !ok || n == 0 {
		return false
	}
	e.Client, e.Status = first, n
	setRequest(e, request)
	if i := strings.LastIndexByte(rest, '('); i >= 0 {
		poundBackend(rest[i:], e)
	}
	e.Kind, e.Exchange = event.Request, true
	return true
}

// combined reads the levels 3 to 5.
func (g *pound) combined(s string, e *event.Event) bool {
	head, s, ok := strings.Cut(s, " [")
	at, s, ok2 := strings.Cut(s, `] "`)
	if !ok || !ok2 || len(at) != 26 {
		return false
	}
	words := strings.Fields(head) // [host] client ident user
	if len(words) != 3 && len(words) != 4 {
		return false
	}
	client := words[len(words)-3]
	if !isIP(client) && !isAddress(client) {
		return false
	}
	request, s, ok := strings.Cut(s, `" `)
	code, s, ok2 := strings.Cut(s, " ")
	bytes, s, _ := strings.Cut(s, " ")
	n, ok3 := status(code)
	if !ok || !ok2 || !ok3 {
		return false
	}
	t, ok := g.clock.apache(at)
	if !ok {
		return false
	}
	if b, ok := count(bytes); ok {
		e.Bytes = event.Some(b)
	} else if bytes != "-" {
		return false
	}
	e.Time, e.Client, e.Status = t, address(client), n
	setRequest(e, request)
	if len(words) == 4 && e.Host == "" {
		e.Host = host(words[0])
	}
	if referer, rest, ok := quoted(s); ok && strings.HasPrefix(rest, " ") {
		if agent, rest, ok := quoted(rest[1:]); ok {
			e.Referer, e.UserAgent = dash(referer), dash(agent)
			poundBackend(strings.TrimPrefix(rest, " "), e)
		}
	}
	e.Kind, e.Exchange = event.Request, true
	return true
}

// poundBackend reads "(service -> backend) 0.123 sec".
func poundBackend(s string, e *event.Event) {
	service, rest, ok := strings.Cut(s, ") ")
	if !ok || service == "" || service[0] != '(' {
		return
	}
	if _, backend, ok := strings.Cut(service, " -> "); ok {
		e.Upstream = upstream(backend)
	}
	if name, _, ok := strings.Cut(service[1:], "/"); ok && name != "" && name != "-" && e.Host == "" {
		e.Host = host(name)
	}
	if d, ok := seconds(strings.TrimSuffix(rest, " sec")); ok {
		e.Duration = event.Some(d)
	}
}

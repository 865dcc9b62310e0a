package parser

import (
	"strings"

	"hangup/event"
)

// Pound's log, which goes through syslog (src/http.c, src/pound.c, src/svc.c of 2.x):
//
//	(thread) e500: client <= backend: "request": what failed: why (0.123 sec)
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "pound",
			Summary:   "Pound, by syslog",
			Example:   `Nov 22 10:00:00 lb3 pound: (7f1c2a3b4c5d) e500: 203.0.113.3 <= 10.0.0.5:8080: "GET /slow?x=1 HTTP/1.1": response read error: Connection timed out`,
			Durations: true,
		},
		rank: 35,
		make: func(o Options) (grammar, error) { return &pound{clock: clock{zone: o.Zone}}, nil },
	})
}

type pound struct {
	oneLine
	clock clock
}

func (g *pound) read(line string, r *event.Record) event.Reason {
	h, s, ok := cutSyslog(line)
	if ok && h.tag != "pound" || !ok && !isPoundThread(line) {
		return event.NoFormat
	}
	e := &r.Event
	e.PID = h.pid
	if g.access(s, e) {
		return ""
	}
	e.Kind, e.Message = event.Other, s
	poundMessage(s, e)
	return ""
}

// isPoundThread says whether s begins as records without syslog's head do: "(7f1c2a3b4c5d) ".
func isPoundThread(s string) bool {
	i := strings.IndexByte(s[:min(len(s), 24)], ')')
	if i < 6 || s[0] != '(' {
		return false
	}
	for j := 1; j < i; j++ {
		if _, ok := hexDigit(s[j]); !ok {
			return false
		}
	}
	rest := s[i+1:]
	return strings.HasPrefix(rest, ": ") || strings.HasPrefix(rest, " e") && len(rest) > 6 && rest[5] == ':' || strings.HasPrefix(rest, " error ")
}

// poundMessage reads the parts of a message as far as they are there.
func poundMessage(s string, e *event.Event) {
	if s != "" && s[0] == '(' {
		if _, rest, ok := strings.Cut(s, ")"); ok {
			s = strings.TrimPrefix(rest, " ")
		}
	}
	if len(s) > 4 && s[0] == 'e' && s[4] == ':' {
		if code, ok := status(s[1:4]); ok {
			e.Status, s = code, s[4:]
		}
	}
	s = strings.TrimPrefix(strings.TrimPrefix(s, ":"), " ")
	s = poundPeers(s, e)
	if s != "" && s[0] == '"' {
		if i := strings.LastIndex(s, `": `); i > 0 { // quotes in the request are not escaped
			setRequest(e, s[1:i])
			s = s[i+len(`": `):]
		}
	}
	if i := strings.LastIndex(s, " ("); i >= 0 && strings.HasSuffix(s, " sec)") {
		if d, ok := seconds(s[i+2 : len(s)-len(" sec)")]); ok {
			e.Duration = event.Some(d)
			s = s[:i]
		}
	}
	poundSignal(e, s)
}

// poundPeers takes "client: " or "client <= backend: " from the beginning of s.
func poundPeers(s string, e *event.Event) string {
	end := strings.Index(s[:min(len(s), 300)], ": ")
	if end < 0 {
		return s
	}
	client, backend, both := strings.Cut(s[:end], " <= ")
	if !both {
		client, backend, both = strings.Cut(s[:end], " => ")
	}
	if !isIP(client) {
		return s
	}
	e.Client = client
	if both {
		e.Upstream = upstream(backend)
	}
	return s[end+2:]
}

// poundSignals are the texts of what failed (src/http.c). The error's text behind the last colon says how; where the
// text says it itself how is given. "error sending chunks" says again what copy_chunks has said before.
var poundSignals = [...]struct {
	text  string
	party event.Party
	phase event.Phase
	how   event.How
}{
	{"response read error", event.PartyUpstream, event.PhaseWaiting, event.HowNone},
	{"eof from backend", event.PartyUpstream, event.PhaseWaiting, event.HowClosed},
	{"read error from backend", event.PartyUpstream, event.PhaseWaiting, event.HowNone},
	{"error read from backend", event.PartyUpstream, event.PhaseWaiting, event.HowNone},
	{"handshake with backend failed", event.PartyUpstream, event.PhaseWaiting, event.HowNone},
	{"error writing to backend", event.PartyUpstream, event.PhaseRequest, event.HowNone},
	{"error write to backend", event.PartyUpstream, event.PhaseRequest, event.HowNone},
	{"error flush to backend", event.PartyUpstream, event.PhaseRequest, event.HowNone},
	{"error flushing data", event.PartyUpstream, event.PhaseRequest, event.HowNone}, // the request's
	{"write error while sending client request", event.PartyUpstream, event.PhaseRequest, event.HowNone},
	{"read error while sending client request", event.PartyClient, event.PhaseRequest, event.HowNone},
	{"write error while sending backend response", event.PartyClient, event.PhaseResponse, event.HowNone},
	{"read error while sending backend response", event.PartyUpstream, event.PhaseResponse, event.HowNone},
	{"write error while sending response", event.PartyClient, event.PhaseResponse, event.HowNone},
	{"error reading response", event.PartyUpstream, event.PhaseResponse, event.HowNone},
	{"read error", event.PartyUpstream, event.PhaseWaiting, event.HowNone},
	{"error writing response", event.PartyClient, event.PhaseResponse, event.HowNone},
	{"error sending response headers", event.PartyClient, event.PhaseResponse, event.HowNone},
	{"error copying response body", event.PartyClient, event.PhaseResponse, event.HowNone}, // its reads are not logged
	{"error flushing response", event.PartyClient, event.PhaseResponse, event.HowNone},
	{"error write to client", event.PartyClient, event.PhaseResponse, event.HowNone},
	{"error reading ws request", event.PartyClient, event.PhaseResponse, event.HowNone},
	{"error writing ws request", event.PartyUpstream, event.PhaseResponse, event.HowNone},
	{"error copying ws request body", event.PartyUpstream, event.PhaseResponse, event.HowNone},
	{"error reading ws response", event.PartyUpstream, event.PhaseResponse, event.HowNone},
	{"error writing ws response", event.PartyClient, event.PhaseResponse, event.HowNone},
	{"error copying ws response body", event.PartyClient, event.PhaseResponse, event.HowNone},
	{"error reading client request", event.PartyClient, event.PhaseRequest, event.HowNone},
	{"error reading request", event.PartyClient, event.PhaseRequest, event.HowNone},
	{"error read from ", event.PartyClient, event.PhaseRequest, event.HowNone},
	{"error copying client cont", event.PartyClient, event.PhaseRequest, event.HowNone},
	{"request dropped", event.PartyClient, event.PhaseUnknown, event.HowNone}, // perhaps between two
	{"handshake failed", event.PartyClient, event.PhaseRequest, event.HowNone},
	{"error write chunked", event.PartyUnknown, event.PhaseResponse, event.HowNone},
	{"error read chunked", event.PartyUnknown, event.PhaseResponse, event.HowNone},
	{"error copy chunked", event.PartyUnknown, event.PhaseResponse, event.HowNone},
	{"error flush chunked", event.PartyUnknown, event.PhaseResponse, event.HowNone},
	{"error copy response body", event.PartyUnknown, event.PhaseResponse, event.HowNone},
	{"I/O time out in tunnel", event.PartyUnknown, event.PhaseResponse, event.HowTimeout},
	{"client shutdown (", event.PartyClient, event.PhaseResponse, event.HowUnknown}, // of a tunnel
	{"backend shutdown (", event.PartyUpstream, event.PhaseResponse, event.HowUnknown},
}

// poundSignal reads what failed. A backend that could not be connected to never was, unless it let the time run out.
func poundSignal(e *event.Event, s string) {
	why := s
	if i := strings.LastIndex(s, ": "); i >= 0 {
		why = s[i+2:]
	}
	how := poundHow(why)
	if rest, ok := strings.CutPrefix(s, "can't connect to backend "); ok || strings.HasPrefix(s, "connect_nb: ") || strings.HasPrefix(s, "backend ") && strings.Contains(s, " connect: ") {
		if !ok {
			rest, _ = strings.CutPrefix(s, "backend ")
		}
		if addr, _, found := strings.Cut(rest, ": "); found && e.Upstream == "" && port(addr[strings.LastIndexByte(addr, ':')+1:]) != 0 {
			e.Upstream = upstream(addr)
		}
		if how == event.HowTimeout {
			hangUp(e, event.PartyUpstream, how, event.PhaseWaiting)
		}
		return
	}
	for i := range poundSignals {
		x := &poundSignals[i]
		rest, ok := strings.CutPrefix(s, x.text)
		if !ok || rest != "" && rest[0] != ':' && rest[0] != ' ' && rest[0] != '/' && rest[0] != ',' && strings.IndexByte(" (t", x.text[len(x.text)-1]) < 0 {
			continue
		}
		switch {
		case x.how != event.HowNone:
			how = x.how
		case how == event.HowNone && strings.HasPrefix(x.text, "handshake ") && !strings.Contains(strings.ToLower(s), "eof"):
			return // the client spoke wrongly
		case how == event.HowNone:
			how = event.HowUnknown
		}
		hangUp(e, x.party, how, x.phase)
		return
	}
}

// poundHow reads an error's text, whose first letter newer versions write small.
func poundHow(s string) event.How {
	if how, _ := strerrorHow(s); how != event.HowNone {
		return how
	}
	switch {
	case strings.HasPrefix(s, "connection reset by peer"):
		return event.HowReset
	case strings.HasPrefix(s, "broken pipe"):
		return event.HowBrokenPipe
	case strings.HasPrefix(s, "connection timed out"), strings.HasPrefix(s, "operation timed out"), strings.HasPrefix(s, "timed out"), strings.HasPrefix(s, "timeout"):
		return event.HowTimeout
	case strings.HasPrefix(s, "software caused connection abort"):
		return event.HowAborted
	case strings.EqualFold(s, "EOF"), strings.HasPrefix(s, "unexpected eof"), strings.HasPrefix(s, "Success"), strings.HasPrefix(s, "success"):
		return event.HowClosed
	}
	return event.HowNone
}

package parser

import (
	"strings"

	"hangup/event"
)

// lighttpdSignals are the beginnings of messages about a connection that ended (src/connections.c, h1.c, h2.c,
// gw_backend.c, reqpool.c, mod_openssl.c). HowNone: the error's text behind it says how, and there must be one.
var lighttpdSignals = [...]struct {
	text  string
	party event.Party
	how   event.How
	phase event.Phase
}{
	{"connection closed - read failed: ", event.PartyClient, event.HowNone, event.PhaseUnknown},
	{"connection closed - recv failed: ", event.PartyClient, event.HowNone, event.PhaseUnknown}, // Windows: a number
	{"connection closed - write failed: ", event.PartyClient, event.HowNone, event.PhaseResponse},
	{"connection closed: write failed on fd ", event.PartyClient, event.HowUnknown, event.PhaseResponse},
	{"connection closed - keep-alive timeout: ", event.PartyClient, event.HowTimeout, event.PhaseIdle},
	{"connection closed - keep-alive timed out", event.PartyClient, event.HowTimeout, event.PhaseIdle},
	{"connection closed - read timeout: ", event.PartyClient, event.HowTimeout, event.PhaseRequest},
	{"request aborted - read timeout: ", event.PartyClient, event.HowTimeout, event.PhaseRequest},
	{"connection closed - write timeout: ", event.PartyClient, event.HowTimeout, event.PhaseResponse},
	{"error: unexpected close of gw connection for ", event.PartyUpstream, event.HowClosed, event.PhaseWaiting},
	{"unexpected end-of-file (perhaps the gw process died)", event.PartyUpstream, event.HowClosed, event.PhaseWaiting},
	{"unexpected end-of-file (perhaps the fastcgi process died)", event.PartyUpstream, event.HowClosed, event.PhaseWaiting},
	{"unexpected end-of-file (perhaps the proxy process died)", event.PartyUpstream, event.HowClosed, event.PhaseWaiting},
	{"read timeout on socket: ", event.PartyUpstream, event.HowTimeout, event.PhaseWaiting},
	{"write timeout on socket: ", event.PartyUpstream, event.HowTimeout, event.PhaseRequest},
	{"connect timeout on socket: ", event.PartyUpstream, event.HowTimeout, event.PhaseWaiting},
	{"response not received, request sent: ", event.PartyUpstream, event.HowClosed, event.PhaseWaiting},
	{"response already sent out, but backend returned error on socket: ", event.PartyUpstream, event.HowUnknown, event.PhaseResponse},
	{"response already sent out, termination connection", event.PartyUpstream, event.HowUnknown, event.PhaseResponse},
}

func lighttpdSignal(e *event.Event) {
	if rest, ok := strings.CutPrefix(e.Message, "NOTE: a request "); ok {
		lighttpdNote(e, rest)
		return
	}
	if strings.HasPrefix(e.Message, "establishing connection failed: ") { // a backend that refused was never connected
		if strings.Contains(e.Message, "timed out") {
			hangUp(e, event.PartyUpstream, event.HowTimeout, event.PhaseWaiting)
		}
		lighttpdBackend(e)
		return
	}
	for i := range lighttpdSignals {
		x := &lighttpdSignals[i]
		rest, ok := strings.CutPrefix(e.Message, x.text)
		if !ok {
			continue
		}
		how := x.how
		if how == event.HowNone {
			how = lighttpdHow(strings.TrimLeft(rest, " "))
		}
		hangUp(e, x.party, how, x.phase)
		if x.party == event.PartyUpstream {
			lighttpdBackend(e)
		}
		return
	}
	if i := strings.LastIndex(e.Message, ", IP: "); i >= 0 && isIP(e.Message[i+len(", IP: "):]) {
		e.Client = e.Message[i+len(", IP: "):]
	}
}

// lighttpdHow reads an error's text, or its number.
func lighttpdHow(s string) event.How {
	how, _ := strerrorHow(s)
	if n, ok := count(s); ok {
		how = errnoHow(n)
	}
	if how == event.HowNone {
		return event.HowUnknown
	}
	return how
}

// lighttpdNote reads "from 203.0.113.241 for /big.iso?x=1 timed out after writing 131072 bytes. We waited ...": the client
// stopped reading (server.max-write-idle).
func lighttpdNote(e *event.Event, s string) {
	const middle = " timed out after writing "
	i := strings.LastIndex(s, middle)
	s, rest := s[:max(i, 0)], s[max(i, 0):]
	from, target, ok := strings.Cut(s, "for ") // before 1.4.40 without the client
	if !ok {
		return
	}
	if client, ok := strings.CutPrefix(strings.TrimSuffix(from, " "), "from "); ok && isAddress(client) {
		e.Client = address(client)
	}
	setTarget(e, target)
	bytes, _, _ := strings.Cut(rest[len(middle):], " ")
	if n, ok := count(bytes); ok {
		e.Bytes = event.Some(n)
	}
	hangUp(e, event.PartyClient, event.HowTimeout, event.PhaseResponse)
}

// lighttpdBackend takes what a message says of the request and of the backend: "... for /api?x=1 (... on socket:
// unix:/run/php.sock ?)", "... on socket: tcp:10.0.0.5:9000 (fd: 14)".
func lighttpdBackend(e *event.Event) {
	if _, rest, ok := strings.Cut(e.Message, "socket: "); ok {
		rest, _, _ = strings.Cut(rest, " ")
		if i := strings.IndexByte(rest, '?'); i > 0 && !strings.HasPrefix(rest, "unix:") {
			rest = rest[:i]
		}
		e.Upstream = upstream(strings.TrimPrefix(strings.TrimRight(rest, ",:"), "tcp:"))
	}
	_, target, ok := strings.Cut(e.Message, " for /")
	if !ok {
		return
	}
	end := strings.Index(target, " (")
	if i := strings.Index(target, ", closing connection"); i >= 0 {
		end = i
	}
	if end < 0 {
		end = len(target)
	}
	from := strings.Index(e.Message, " for /") + len(" for ")
	setTarget(e, e.Message[from:from+1+end])
}

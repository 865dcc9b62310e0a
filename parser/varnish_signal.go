package parser

import (
	"strings"

	"hangup/event"
)

// varnishReason is what a reason for a session's end says. PartyNone: nobody left.
type varnishReason struct {
	kind  event.Kind
	party event.Party
	how   event.How
	phase event.Phase
}

// varnishReasons are the reasons of SessClose (include/tbl/sess_close.h).
var varnishReasons = map[string]varnishReason{
	"REM_CLOSE":          {event.Disconnect, event.PartyClient, event.HowClosed, event.PhaseUnknown},
	"RX_TIMEOUT":         {event.Disconnect, event.PartyClient, event.HowTimeout, event.PhaseRequest},
	"RX_CLOSE_IDLE":      {event.Disconnect, event.PartyClient, event.HowTimeout, event.PhaseIdle},
	"RX_BODY":            {event.Disconnect, event.PartyClient, event.HowUnknown, event.PhaseRequest},
	"TX_ERROR":           {event.Disconnect, event.PartyClient, event.HowUnknown, event.PhaseResponse},
	"RANGE_SHORT":        {event.Disconnect, event.PartyUpstream, event.HowClosed, event.PhaseResponse},
	"RAPID_RESET":        {event.Disconnect, event.PartyServer, event.HowClosed, event.PhaseUnknown},
	"BANKRUPT":           {event.Disconnect, event.PartyServer, event.HowClosed, event.PhaseUnknown},
	"OVERLOAD":           {event.Disconnect, event.PartyServer, event.HowClosed, event.PhaseUnknown},
	"PIPE_OVERFLOW":      {event.Disconnect, event.PartyServer, event.HowClosed, event.PhaseUnknown},
	"SESS_PIPE_OVERFLOW": {event.Disconnect, event.PartyServer, event.HowClosed, event.PhaseUnknown},
	"VCL_FAILURE":        {event.Disconnect, event.PartyServer, event.HowClosed, event.PhaseUnknown},
	"RX_OVERFLOW":        {kind: event.Other}, // the client spoke wrongly
	"RX_BAD":             {kind: event.Other},
	"RX_JUNK":            {kind: event.Other},
	"REQ_HTTP10":         {kind: event.Other},
	"REQ_HTTP20":         {kind: event.Other},
	"RESP_CLOSE":         {kind: event.Request}, // normal ends
	"REQ_CLOSE":          {kind: event.Request},
	"TX_EOF":             {kind: event.Request},
	"TX_PIPE":            {kind: event.Request},
}

func varnishSession(e *event.Event) {
	reason, _, _ := strings.Cut(e.Message, " ")
	x, ok := varnishReasons[reason]
	if !ok {
		x = varnishReason{event.Disconnect, event.PartyUnknown, event.HowUnknown, event.PhaseUnknown}
	}
	e.Kind, e.Party, e.How, e.Phase = x.kind, x.party, x.how, x.phase
}

// varnishErrors are the texts of FetchError by their beginnings (bin/varnishd/cache/cache_fetch.c, cache_backend.c,
// http1/cache_http1_fetch.c, cache_http1_vfp.c, cache_req_body.c). Others, as "backend be1: unhealthy", "No backend",
// "http format error", "Received junk", "chunked header non-hex" or those of workspace and storage, are about
// connections that never were, or about what was said on them.
var varnishErrors = [...]struct {
	text  string
	party event.Party
	how   event.How // when there is no error's number behind it
	phase event.Phase
}{
	{"first byte timeout", event.PartyUpstream, event.HowTimeout, event.PhaseWaiting}, // and "(reused connection)"
	{"timeout", event.PartyUpstream, event.HowTimeout, event.PhaseWaiting},
	{"HTC timeout", event.PartyUpstream, event.HowTimeout, event.PhaseWaiting},
	{"HTC eof", event.PartyUpstream, event.HowClosed, event.PhaseWaiting},
	{"HTC close", event.PartyUpstream, event.HowClosed, event.PhaseWaiting},
	{"HTC status -1", event.PartyUpstream, event.HowClosed, event.PhaseWaiting},
	{"backend closed", event.PartyUpstream, event.HowClosed, event.PhaseWaiting},
	{"http first read error: EOF", event.PartyUpstream, event.HowClosed, event.PhaseWaiting}, // 4.0, as the next three
	{"http first read error", event.PartyUpstream, event.HowUnknown, event.PhaseWaiting},
	{"http read error: EOF", event.PartyUpstream, event.HowClosed, event.PhaseWaiting},
	{"http read error", event.PartyUpstream, event.HowUnknown, event.PhaseWaiting},
	{"between bytes timeout", event.PartyUpstream, event.HowTimeout, event.PhaseResponse},
	{"last byte timeout", event.PartyUpstream, event.HowTimeout, event.PhaseResponse},
	{"straight insufficient bytes", event.PartyUpstream, event.HowClosed, event.PhaseResponse},
	{"straight read", event.PartyUpstream, event.HowUnknown, event.PhaseResponse},
	{"straight socket", event.PartyUpstream, event.HowUnknown, event.PhaseResponse},
	{"chunked insufficient bytes", event.PartyUpstream, event.HowClosed, event.PhaseResponse},
	{"chunked read err", event.PartyUpstream, event.HowUnknown, event.PhaseResponse},
	{"eof socket fail", event.PartyUpstream, event.HowUnknown, event.PhaseResponse},
	{"backend write error", event.PartyUpstream, event.HowUnknown, event.PhaseRequest},
	{"req.body read error", event.PartyClient, event.HowClosed, event.PhaseRequest}, // the client's body, not the backend
	{"Pass delivery abandoned", event.PartyClient, event.HowClosed, event.PhaseResponse},
}

// varnishFetch reads the event's message, a FetchError.
func varnishFetch(e *event.Event) {
	for i := range varnishErrors {
		if x := &varnishErrors[i]; strings.HasPrefix(e.Message, x.text) {
			hangUp(e, x.party, varnishErrno(e.Message, x.how), x.phase)
			return
		}
	}
	// "backend be1: fail errno 110 (Connection timed out)". Refused and unreachable backends were never connected;
	// without a number (before 6.0.2) it is not known which.
	rest, ok := strings.CutPrefix(e.Message, "backend ")
	if !ok {
		return
	}
	_, why, _ := strings.Cut(rest, ": ")
	switch number, isErrno := strings.CutPrefix(why, "fail errno "); {
	case why == "fail":
		hangUp(e, event.PartyUpstream, event.HowUnknown, event.PhaseWaiting)
	case isErrno:
		number, _, _ = strings.Cut(number, " ")
		if n, ok := count(number); ok && errnoHow(n) == event.HowTimeout {
			hangUp(e, event.PartyUpstream, event.HowTimeout, event.PhaseWaiting)
		}
	}
}

// varnishErrno returns what "...: 32 (Broken pipe)" at the end of a text says. "Resource temporarily unavailable" is
// how a timer on a socket shows (SO_RCVTIMEO).
func varnishErrno(s string, otherwise event.How) event.How {
	open := strings.LastIndexByte(s, '(')
	if open < 0 {
		if i := strings.LastIndex(s, "errno = "); i >= 0 {
			open = i + len("errno = ") - 1
		}
	}
	if open < 0 {
		return otherwise
	}
	text := s[open+1:]
	if how, _ := strerrorHow(text); how != event.HowNone {
		return how
	}
	if strings.HasPrefix(text, "Resource temporarily unavailable") {
		return event.HowTimeout
	}
	return otherwise
}

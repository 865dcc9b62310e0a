package parser

import (
	"hangup/event"
)

// haproxyState reads the first two letters of the termination state (doc/configuration.txt 8.5): the first event
// that ended the session, and where the session was. responded says whether response headers had come.
func haproxyState(e *event.Event, state string, responded bool) {
	e.Kind = event.Request
	who, how := event.PartyUnknown, event.HowUnknown
	switch state[0] {
	case '-', 'P', 'L', 'R': // a normal end; denied, answered by HAProxy itself, out of resources: the client got an answer
		return
	case 'C':
		who, how = event.PartyClient, event.HowClosed
	case 'c':
		who, how = event.PartyClient, event.HowTimeout
	case 'S':
		who, how = event.PartyUpstream, event.HowClosed
	case 's':
		who, how = event.PartyUpstream, event.HowTimeout
	case 'D': // closed because the server was marked down
		who, how = event.PartyUpstream, event.HowClosed
	case 'U', 'K': // closed because a preferred server came back; by the operator
		who, how = event.PartyServer, event.HowClosed
	case 'I': // an internal error
		who = event.PartyServer
	}
	at := event.PhaseUnknown
	switch state[1] {
	case 'R':
		at = event.PhaseRequest
	case 'Q', 'C', 'H', 'T':
		at = event.PhaseWaiting
	case 'D', 'L':
		at = event.PhaseResponse
	}
	switch {
	case state == "sQ": // the queue is HAProxy's own: no server was asked
		who = event.PartyServer
	case state == "SC": // refused, reset or unreachable, or no server at all: the letters do not tell
		how = event.HowUnknown
	case state[1] == 'D' && !responded && e.Bytes.V == 0:
		// Data without response headers was the request's body, or HAProxy counts an HTTP/2 exchange as data while it
		// waits; then it invents a 400 (haproxy/haproxy issue 2751).
		at = event.PhaseWaiting
		if who == event.PartyClient && e.Status == 0 && hasBody(e.Method) {
			at = event.PhaseRequest
		}
	}
	hangUp(e, who, how, at)
}

package parser

import (
	"strings"

	"hangup/event"
)

// postgresSignals are messages that tell of a connection's end by themselves; they are whole, or the beginning.
// Sources: backend/tcop/postgres.c (ProcessInterrupts, SocketBackend), backend/libpq/pqcomm.c, backend/tcop/backend_startup.c
// (postmaster.c before 17), backend/libpq/be-secure-openssl.c, backend/replication/walsender.c and walreceiver.c,
// backend/postmaster/postmaster.c (LogChildExit), backend/utils/init/postinit.c.
var postgresSignals = []struct {
	text  string
	party event.Party
	how   event.How
	phase event.Phase
}{
	{"unexpected EOF on client connection", event.PartyClient, event.HowClosed, event.PhaseUnknown},
	{"connection to client lost", event.PartyClient, event.HowClosed, event.PhaseUnknown},
	{"unexpected EOF within message length word", event.PartyClient, event.HowClosed, event.PhaseRequest},
	{"incomplete message from client", event.PartyClient, event.HowClosed, event.PhaseRequest},
	{"incomplete startup packet", event.PartyClient, event.HowClosed, event.PhaseRequest},
	{"could not accept SSL connection: EOF detected", event.PartyClient, event.HowClosed, event.PhaseRequest},
	{"SSL error: unexpected eof while reading", event.PartyClient, event.HowClosed, event.PhaseUnknown},
	{"canceling authentication due to timeout", event.PartyClient, event.HowTimeout, event.PhaseRequest},
	{"terminating walsender process due to replication timeout", event.PartyClient, event.HowTimeout, event.PhaseResponse},

	{"terminating connection due to idle-session timeout", event.PartyServer, event.HowTimeout, event.PhaseIdle},
	{"terminating connection due to idle-in-transaction timeout", event.PartyServer, event.HowTimeout, event.PhaseIdle},
	{"terminating connection due to transaction timeout", event.PartyServer, event.HowTimeout, event.PhaseUnknown},
	{"terminating connection due to administrator command", event.PartyServer, event.HowClosed, event.PhaseUnknown},
	{"terminating connection due to conflict with recovery", event.PartyServer, event.HowClosed, event.PhaseUnknown},
	{"terminating connection due to unexpected postmaster exit", event.PartyServer, event.HowClosed, event.PhaseUnknown},
	{"terminating connection due to immediate shutdown command", event.PartyServer, event.HowClosed, event.PhaseUnknown},
	{"terminating connection because of crash of another server process", event.PartyServer, event.HowClosed, event.PhaseUnknown},

	{"terminating walreceiver due to timeout", event.PartyUpstream, event.HowTimeout, event.PhaseResponse},
	{"server closed the connection unexpectedly", event.PartyUpstream, event.HowClosed, event.PhaseUnknown},
}

// postgresErrors are messages that end with an errno's text, as libpq's and the backend's "%m" does.
var postgresErrors = []struct {
	text  string
	party event.Party
	phase event.Phase
}{
	{"could not send data to client: ", event.PartyClient, event.PhaseResponse},
	{"could not receive data from client: ", event.PartyClient, event.PhaseRequest},
	{"could not accept SSL connection: ", event.PartyClient, event.PhaseRequest},
	{"could not send data to WAL stream: ", event.PartyUpstream, event.PhaseRequest},
	{"could not receive data from WAL stream: ", event.PartyUpstream, event.PhaseResponse},
	{"could not receive data from server: ", event.PartyUpstream, event.PhaseWaiting},
	{"could not send data to server: ", event.PartyUpstream, event.PhaseRequest},
	{"SSL SYSCALL error: ", event.PartyClient, event.PhaseUnknown},
}

// postgresMessage reads a message: who went away, or what it says of a connection that came or went in order.
func postgresMessage(e *event.Event, s string) {
	e.Kind = event.Other
	bare := s
	if code, rest, ok := strings.Cut(s, ": "); ok && len(code) == 5 && isSQLState(code) { // log_error_verbosity = verbose
		bare = rest
	}
	switch {
	case strings.HasPrefix(bare, "connection received: "), strings.HasPrefix(bare, "disconnection: "):
		if v := valueOf(bare, "host="); isIP(v) {
			e.Client = address(v)
			e.ClientPort = port(valueOf(bare, "port="))
		}
		return
	case strings.HasPrefix(bare, "server process (PID ") && strings.Contains(bare, ") was terminated by "):
		hangUp(e, event.PartyServer, event.HowClosed, event.PhaseUnknown)
		e.Message = s
		return
	}
	for i := range postgresSignals {
		if x := &postgresSignals[i]; strings.HasPrefix(bare, x.text) {
			hangUp(e, x.party, x.how, x.phase)
			e.Message = s
			return
		}
	}
	for i := range postgresErrors {
		x := &postgresErrors[i]
		text, ok := strings.CutPrefix(bare, x.text)
		if !ok {
			continue
		}
		how, at := postgresHow(text), x.phase
		switch {
		case how == event.HowNone && x.text == "could not accept SSL connection: ": // of the handshake: no certificate, no cipher
			return
		case how == event.HowNone:
			how = event.HowUnknown
		case how == event.HowTimeout && at == event.PhaseRequest && x.party == event.PartyClient: // keep-alive probes got no answer
			at = event.PhaseIdle
		case strings.HasPrefix(text, "An e") && at == event.PhaseRequest: // Winsock's errors come at any time
			at = event.PhaseUnknown
		}
		hangUp(e, x.party, how, at)
		e.Message = s
		return
	}
}

// postgresHow reads an errno's text, or what libpq says of an end of file.
func postgresHow(s string) event.How {
	if how, _ := strerrorHow(s); how != event.HowNone {
		return how
	}
	if strings.HasPrefix(s, "server closed the connection unexpectedly") || strings.Contains(s, "EOF detected") ||
		strings.HasPrefix(s, "SSL connection has been closed unexpectedly") {
		return event.HowClosed
	}
	if rest, ok := strings.CutPrefix(s, "SSL SYSCALL error: "); ok {
		how, _ := strerrorHow(rest)
		return how
	}
	return event.HowNone
}

// isSQLState says whether s is a code as in PostgreSQL's appendix A: digits and capitals.
func isSQLState(s string) bool {
	for i := range len(s) {
		if b := s[i]; !isDigit(b) && (b < 'A' || b > 'Z') {
			return false
		}
	}
	return isDigit(s[0]) || s[0] == 'X' || s[0] == 'P' || s[0] == 'F' || s[0] == 'H'
}

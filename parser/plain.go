package parser

import (
	"slices"
	"strings"

	"hangup/event"
)

// quietPrograms are programs whose connections are no HTTP exchanges: what they say of them is not counted.
var quietPrograms = []string{"sshd", "dovecot", "systemd", "kernel", "sudo", "su", "CRON", "cron", "ntpd", "chronyd", "NetworkManager", "dhclient", "journalctl"}

// plainMessage reads a message whose layout no format knows. Its writer is known from an envelope around it: that makes
// it a record, of which only its words tell something. Trace is a stack trace beside it, and thrown the exception's own
// words.
func plainMessage(e *event.Event, text, trace, thrown string) {
	if e.Kind = event.Other; e.Exchange {
		e.Kind = event.Request
	}
	message, behind, _ := strings.Cut(text, "\n")
	message = cut(message)
	program, _, _ := strings.Cut(e.Logger, "/")
	switch {
	case slices.Contains(quietPrograms, program):
	case program == "postfix":
		postfixMessage(e, message)
	case (hasSignalWord(text) || hasSignalWord(trace)) && plainSignal(e, message, behind, trace, thrown):
		if thrown != "" && e.Message != message {
			e.Message = cut(thrown)
		}
		if e.Message == "" {
			e.Message = message
		}
	case e.Exchange && e.Status == 499:
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseUnknown)
	}
}

func plainSignal(e *event.Event, message, behind, trace, thrown string) bool {
	if trace == "" {
		trace = behind
	}
	if trace == "" {
		trace = thrown
	}
	lines := strings.Split(trace, "\n")
	if t, ok := readTrace(lines); ok && strings.Contains(trace, tracebackLine) {
		return traceSignal(e, t, message, e.Logger)
	}
	if t := readJavaTrace(lines); javaTraceSignal(e, message, &t) {
		javaDetails(e, message, &t)
		return true
	}
	if strings.HasPrefix(message, "request aborted") { // what servers of Node.js and their copies say
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseUnknown)
		return true
	}
	return goSignal(e, message) || thrown != "" && goSignalAfter(e, message, thrown) || etcdMessage(e, message) || messageSignal(e, message, e.Logger)
}

// postfixMessage reads "lost connection after DATA (11200 bytes) from unknown[203.0.113.9]" and "timeout after RCPT from
// ..." (postfix smtpd/smtpd.c). What follows an orderly end is "disconnect from".
func postfixMessage(e *event.Event, s string) {
	how := event.HowClosed
	rest, ok := strings.CutPrefix(s, "lost connection after ")
	if !ok {
		if rest, ok = strings.CutPrefix(s, "timeout after "); !ok {
			return
		}
		how = event.HowTimeout
	}
	hangUp(e, event.PartyClient, how, event.PhaseRequest)
	e.Message = s
	if i := strings.LastIndex(rest, "["); i >= 0 && strings.HasSuffix(rest, "]") {
		e.Client = address(rest[i+1 : len(rest)-1])
	}
}

// etcdMessage reads etcd's words about its peers without its head (rafthttp/peer_status.go, stream.go).
func etcdMessage(e *event.Event, s string) bool {
	if !strings.HasPrefix(s, "lost the TCP streaming connection with peer ") && !strings.HasPrefix(s, "lost TCP streaming connection with remote peer") {
		return false
	}
	hangUp(e, event.PartyUpstream, event.HowUnknown, event.PhaseUnknown)
	e.Message = s
	return true
}

// isAccessLike says whether a text looks like a line of an access log: when no format knows it, it is not understood.
func isAccessLike(s string) bool {
	if i := strings.Index(s, " HTTP/"); i > 0 && len(s) > i+8 && isDigit(s[i+6]) {
		return true
	}
	return false
}

package parser

import (
	"strings"

	"hangup/event"
)

// rustTexts are what hyper, h2, reqwest, std and actix say of a connection. Sources: hyper's error.rs (Kind's
// descriptions), proto/h1/dispatch.rs and conn.rs, h2's proto/error.rs, std's io/error.rs (ErrorKind's names and
// descriptions, "(os error N)"), tokio's and reqwest's error.rs, actix-http's error.rs, warp and axum.
var rustTexts = []struct {
	text  string
	how   event.How
	phase event.Phase
}{
	{"error writing a body to connection", event.HowUnknown, event.PhaseResponse},
	{"error shutting down connection", event.HowUnknown, event.PhaseUnknown},
	{"error reading a body from connection", event.HowUnknown, event.PhaseRequest},
	{"connection closed before message completed", event.HowClosed, event.PhaseRequest},
	{"read header from client timeout", event.HowTimeout, event.PhaseRequest},
	{"end of file before message length reached", event.HowClosed, event.PhaseRequest},
	{"unexpected EOF during chunk size line", event.HowClosed, event.PhaseRequest},
	{"request body was aborted", event.HowClosed, event.PhaseRequest},
	{"A payload reached EOF, but is not complete", event.HowClosed, event.PhaseRequest},
	{"payload reached EOF before completing", event.HowClosed, event.PhaseRequest},
	{"request timeout", event.HowTimeout, event.PhaseRequest},
	{"tls handshake eof", event.HowClosed, event.PhaseRequest},
	{"peer closed connection without sending TLS close_notify", event.HowClosed, event.PhaseUnknown},
	{"Client disconnect", event.HowClosed, event.PhaseUnknown},
	{"stream error received: stream no longer needed", event.HowClosed, event.PhaseUnknown}, // h2: CANCEL
	{"channel closed", event.HowNone, event.PhaseNone},
}

// rustErrno finds an error of the operating system in a text: "Broken pipe (os error 32)", "Kind(BrokenPipe)",
// "kind: ConnectionReset", "'BrokenPipe'".
func rustErrno(s string) (how event.How, at int) {
	for from := 0; ; {
		i := strings.Index(s[from:], "(os error ")
		if i < 0 {
			break
		}
		i += from
		number, _, _ := strings.Cut(s[i+len("(os error "):], ")")
		if n, ok := count(number); ok && !inQuotes(s, i) {
			if how = errnoHow(n); how != event.HowNone {
				return how, i
			}
		}
		from = i + 1
	}
	for _, k := range [...]struct {
		text string
		how  event.How
	}{
		{"BrokenPipe", event.HowBrokenPipe},
		{"ConnectionReset", event.HowReset},
		{"ConnectionAborted", event.HowAborted},
		{"broken pipe", event.HowBrokenPipe},
		{"connection reset", event.HowReset},
		{"connection aborted", event.HowAborted},
	} {
		i := strings.Index(s, k.text)
		if i < 0 || inQuotes(s, i) {
			continue
		}
		end := i + len(k.text)
		before := i == 0 || s[i-1] == '(' || s[i-1] == '\'' || s[i-1] == ' ' && i > 1 && s[i-2] == ':'
		behind := end == len(s) || s[end] == ')' || s[end] == '\'' || s[end] == ',' || s[end] == ' '
		if before && behind {
			return k.how, i
		}
	}
	return event.HowNone, -1
}

// rustClientWords tell of a program that is itself the client: reqwest, hyper's client, drivers.
var rustClientWords = []string{"error sending request for url", "error decoding response body", "error trying to connect", "client error", "reqwest::", "hyper::client", "hyper_util::client"}

var rustClientTargets = []string{"reqwest", "hyper::client", "hyper_util::client", "sqlx", "tokio_postgres", "redis", "lapin", "rdkafka", "mongodb", "aws_smithy", "aws_sdk", "ureq", "isahc", "surf", "elasticsearch", "tonic::transport::channel", "rumqttc", "lettre", "::client", "async_nats", "deadpool"}

var rustServerTargets = []string{"hyper::server", "hyper::proto", "hyper_util::server", "actix", "axum", "warp", "rocket", "tower_http", "tide", "poem", "salvo", "::server", "::http", "h2::server", "tonic::transport::server", "pingora"}

// rustNever are errors of connections that never were, and of pipes that are no connection.
var rustNever = []string{"Connection refused", "connection refused", "tcp connect error", "dns error", "failed to lookup address", "ConnectionRefused", "printing to stdout", "printing to stderr", "No route to host", "error trying to connect"}

// rustSignal reads a message.
func rustSignal(e *event.Event, s string) bool {
	if hasNeverRust(s) {
		return false
	}
	how, _ := rustErrno(s)
	at := event.PhaseNone
	known := false
	for i := range rustTexts {
		x := &rustTexts[i]
		j := strings.Index(s, x.text)
		if j < 0 || inQuotes(s, j) || x.how == event.HowNone {
			continue
		}
		if x.text == "request timeout" && !strings.HasPrefix(e.Logger, "actix") {
			continue
		}
		known, at = true, x.phase
		if how == event.HowNone {
			how = x.how
		}
		break
	}
	if h, ph, ok := clientWords(s); how == event.HowNone && ok {
		how, at, known = h, ph, true
	}
	timedOut := strings.Contains(s, "operation timed out")
	if how == event.HowNone && timedOut {
		how = event.HowTimeout
	}
	if how == event.HowNone {
		return false
	}
	party := rustParty(e.Logger, s)
	if party == event.PartyNone && timedOut {
		return false
	}
	if party == event.PartyNone && known {
		party = event.PartyClient // hyper's words of a server; its client's are in reqwest's
	}
	switch {
	case party == event.PartyUpstream:
		at = event.PhaseWaiting
		if strings.Contains(s, "error decoding response body") || strings.Contains(s, "error reading a body") {
			at = event.PhaseResponse
		}
		if how == event.HowBrokenPipe {
			at = event.PhaseRequest
		}
	case at != event.PhaseNone:
	case party == event.PartyClient && (strings.Contains(s, "error writing") || strings.Contains(s, "hyper::Error(") && how == event.HowBrokenPipe ||
		strings.Contains(s, "error flushing") || strings.Contains(s, "hyper::Error(BodyWrite")):
		at = event.PhaseResponse
	case party == event.PartyClient && (strings.Contains(s, "error reading") || strings.Contains(s, "hyper::Error(Body,")):
		at = event.PhaseRequest
	default:
		at = event.PhaseUnknown
	}
	if party == event.PartyNone {
		party = event.PartyUnknown
	}
	hangUp(e, party, how, at)
	e.Message = s
	return true
}

func hasNeverRust(s string) bool {
	for _, n := range rustNever {
		if i := strings.Index(s, n); i >= 0 && !inQuotes(s, i) {
			return true
		}
	}
	return false
}

// rustParty finds the other end by the record's target and its words.
func rustParty(target, s string) event.Party {
	switch {
	case hasAny(s, rustClientWords), hasAny(target, rustClientTargets):
		return event.PartyUpstream
	case hasAny(target, rustServerTargets), strings.Contains(s, "handling request"), strings.Contains(s, "serving connection"), strings.Contains(s, "Error serving"), strings.Contains(s, "conn error"):
		return event.PartyClient
	case hasAny(plainWords(s), upstreamWords):
		return event.PartyUpstream
	}
	return event.PartyNone
}

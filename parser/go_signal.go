package parser

import (
	"strings"

	"hangup/event"
)

// goSignal reads a Go error's text, alone or behind the words of a message, and makes the event a disconnect when it
// tells of one. It says who went away, how and when, and takes the client or the upstream from the two addresses that
// package net prints. What the event knows already stays; the message is the caller's to set.
func goSignal(e *event.Event, text string) bool { return goSignalAfter(e, "", text) }

// goSignalAfter is goSignal for loggers that keep the error in a field of its own: before is what they say besides,
// the message or the logger's name ("failed to read request body", "http.handlers.reverse_proxy").
func goSignalAfter(e *event.Event, before, text string) bool {
	text = cut(text)
	c, at := findGoCause(text)
	if c == nil {
		return false
	}
	x := goError{cause: c, head: text[:at], rest: text[at+len(c.text):]}
	x.words = readGoWords(cut(before)) | readGoWords(x.head)
	if e.Method != "" && e.Path != "" {
		x.words |= goMethod
	}
	x.socket = findGoSocket(x.head)
	party, how, at2, ok := x.signal(e)
	if !ok {
		return false
	}
	hangUp(e, party, how, at2)
	x.addresses(e, party)
	return true
}

// goError is an error's text that was taken apart.
type goError struct {
	cause  *goCause
	head   string // what stands before the cause
	rest   string // what stands behind it
	words  goWords
	socket goSocket
}

// goKind says what has to be known besides a cause to judge it.
type goKind uint8

const (
	goFixed     goKind = iota // the cause says all
	goErrno                   // an error of a socket
	goTimer                   // a deadline of a socket, or a name that was not found in time
	goHere                    // the program had closed the socket itself
	goCanceled                // the request's context: net/http cancels it when the client has gone
	goDeadline                // a context's deadline
	goEnd                     // the other end closed in the middle of a message
	goEOF                     // the other end closed; also how every read ends
	goGone                    // the client has gone, by x/net/http2
	goReset                   // RST_STREAM
	goRequestUp               // the program gave up a request of its own
	goDial                    // the dialing was given up
)

// goCause is the last part of an error's text, which names what happened.
type goCause struct {
	text  string
	kind  goKind
	party event.Party
	how   event.How
	phase event.Phase
}

// goCauses are the causes, longer texts before those that they begin with. Sources: package syscall's errno texts
// (zerrors_linux_amd64.go, zerrors_darwin_arm64.go), net/net.go, internal/poll/fd.go, context/context.go, io/io.go,
// net/http/server.go, client.go and transport.go, x/net/http2 (server.go, transport.go, errors.go), google.golang.org/grpc
// (internal/transport, status), database/sql/driver, k8s.io/apiserver/pkg/server/filters/wrap.go.
var goCauses = []goCause{
	{"broken pipe", goErrno, 0, event.HowBrokenPipe, 0},
	{"connection reset by peer", goErrno, 0, event.HowReset, 0},
	{"An existing connection was forcibly closed by the remote host", goErrno, 0, event.HowReset, 0},
	{"software caused connection abort", goErrno, 0, event.HowAborted, 0},
	{"An established connection was aborted by the software in your host machine", goErrno, 0, event.HowAborted, 0},
	{"connection timed out", goErrno, 0, event.HowTimeout, 0},
	{"operation timed out", goErrno, 0, event.HowTimeout, 0},
	{"transport endpoint is not connected", goErrno, 0, event.HowClosed, 0},
	{"socket is not connected", goErrno, 0, event.HowClosed, 0},
	{"i/o timeout", goTimer, 0, event.HowTimeout, 0},
	{"use of closed network connection", goHere, event.PartyServer, event.HowClosed, 0},
	{"tls: use of closed connection", goHere, event.PartyServer, event.HowClosed, 0},
	{"context canceled", goCanceled, event.PartyClient, event.HowClosed, 0},
	{"context cancelled", goCanceled, event.PartyClient, event.HowClosed, 0},
	{"context deadline exceeded", goDeadline, 0, event.HowTimeout, 0},
	{"unexpected EOF", goEnd, 0, event.HowClosed, 0},
	{"EOF", goEOF, 0, event.HowClosed, 0},
	{"operation was canceled", goDial, event.PartyClient, event.HowClosed, event.PhaseWaiting},

	{"net/http: abort Handler", goFixed, event.PartyServer, event.HowAborted, event.PhaseResponse},
	{"http: Handler timeout", goFixed, event.PartyServer, event.HowTimeout, event.PhaseWaiting},
	{"http2: stream closed", goFixed, event.PartyClient, event.HowClosed, event.PhaseResponse},
	{"client disconnected", goGone, event.PartyClient, event.HowClosed, 0},
	{"timeout waiting for client preface", goFixed, event.PartyClient, event.HowTimeout, event.PhaseRequest},
	{"timeout or abort while handling", goFixed, event.PartyUnknown, event.HowUnknown, event.PhaseUnknown},
	{"stream error: stream ID ", goReset, 0, event.HowReset, 0},

	{"net/http: timeout awaiting response headers", goFixed, event.PartyUpstream, event.HowTimeout, event.PhaseWaiting},
	{"Client.Timeout exceeded while awaiting headers", goFixed, event.PartyUpstream, event.HowTimeout, event.PhaseWaiting},
	{"Client.Timeout exceeded while reading body", goFixed, event.PartyUpstream, event.HowTimeout, event.PhaseResponse},
	{"Client.Timeout or context cancellation while reading body", goFixed, event.PartyUpstream, event.HowTimeout, event.PhaseResponse},
	{"net/http: TLS handshake timeout", goFixed, event.PartyUpstream, event.HowTimeout, event.PhaseWaiting},
	{"http: server closed idle connection", goFixed, event.PartyUpstream, event.HowClosed, event.PhaseWaiting},
	{"http2: client connection lost", goFixed, event.PartyUpstream, event.HowTimeout, event.PhaseWaiting},
	{"http2: Transport received Server's graceful shutdown GOAWAY", goFixed, event.PartyUpstream, event.HowClosed, event.PhaseWaiting},
	{"http2: server sent GOAWAY and closed the connection", goFixed, event.PartyUpstream, event.HowClosed, event.PhaseWaiting},
	{"net/http: request canceled", goRequestUp, event.PartyServer, event.HowClosed, 0},
	{"transport is closing", goFixed, event.PartyUpstream, event.HowClosed, event.PhaseWaiting},
	{"driver: bad connection", goFixed, event.PartyUpstream, event.HowUnknown, event.PhaseUnknown},
}

// goCausesBy are the causes by their first byte.
var goCausesBy = func() (by [128][]*goCause) {
	for i := range goCauses {
		b := goCauses[i].text[0]
		by[b] = append(by[b], &goCauses[i])
	}
	return by
}()

// findGoCause finds the last cause in a text. It stands by itself: at the beginning or behind a blank, a bracket, "="
// or a quote, and at the end, before punctuation, or before details in brackets or quotes.
func findGoCause(text string) (*goCause, int) {
	for i := len(text) - 1; i >= 0; i-- {
		if text[i] >= 128 || goCausesBy[text[i]] == nil || i > 0 && !strings.ContainsRune(" (=\"'[\n\t", rune(text[i-1])) {
			continue
		}
		for _, c := range goCausesBy[text[i]] {
			if c.kind == goEOF && strings.HasSuffix(text[:i], "unexpected ") {
				continue
			}
			if strings.HasPrefix(text[i:], c.text) && (c.kind == goReset || goStands(text[i+len(c.text):])) {
				return c, i
			}
		}
	}
	return nil, 0
}

// goStands says whether a cause may end where rest begins.
func goStands(rest string) bool {
	if rest == "" {
		return true
	}
	switch rest[0] {
	case ')', '"', '\'', ',', ';', ']', '}', '\n', ':', '\\':
		return true
	case '.':
		return len(rest) == 1 || rest[1] == ' ' || rest[1] == '\n'
	case ' ':
		return len(rest) > 1 && strings.IndexByte("([{\"", rest[1]) >= 0 || goField(rest[1:])
	}
	return false
}

// goField says whether s begins with "key=".
func goField(s string) bool {
	i := 0
	for i < len(s) && i < 32 && (isDigit(s[i]) || s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z' || s[i] == '_' || s[i] == '.' || s[i] == '-') {
		i++
	}
	return i > 0 && i < len(s) && s[i] == '='
}

// signal judges the error. It returns false when it is none of a connection's end.
func (x *goError) signal(e *event.Event) (event.Party, event.How, event.Phase, bool) {
	c := x.cause
	none := func() (event.Party, event.How, event.Phase, bool) { return 0, 0, 0, false }
	if c.kind != goFixed && x.neverConnected() {
		if c.kind == goTimer && strings.Contains(x.head, "504 Gateway Timeout") { // the proxy's answer to a client that waited
			return event.PartyUpstream, c.how, event.PhaseWaiting, true
		}
		if c.kind == goDial && x.words&goUpstream != 0 { // the client of a proxy left before the backend was there
			return c.party, c.how, c.phase, true
		}
		return none()
	}
	switch c.kind {
	case goFixed:
		return c.party, c.how, c.phase, true
	case goErrno, goTimer:
		if x.notSocket() || c.how == event.HowTimeout && x.socket.op == goNoOp && x.side() == event.PartyUnknown {
			return none()
		}
		party := x.side()
		return party, c.how, x.phase(party), true
	case goHere:
		if x.socket.op == goNoOp && c.text[0] != 't' {
			return none() // a listener's end
		}
		at := event.PhaseUnknown
		if x.socket.op == goWrite && x.side() != event.PartyUpstream {
			at = event.PhaseResponse
		}
		return c.party, c.how, at, true
	case goCanceled, goGone:
		return x.canceled()
	case goDeadline:
		side := x.side()
		if side == event.PartyUpstream {
			return side, c.how, x.phase(side), true
		}
		if side == event.PartyClient { // the handler's own timer
			return event.PartyServer, c.how, event.PhaseWaiting, true
		}
		return none()
	case goEnd, goEOF:
		return x.end(e)
	case goReset:
		if !strings.HasSuffix(strings.TrimRight(x.rest, `"'). `), "received from peer") || strings.Contains(x.rest, "; NO_ERROR;") || strings.Contains(x.rest, "; REFUSED_STREAM;") {
			return none()
		}
		party := x.side()
		if party == event.PartyUnknown && strings.Contains(x.rest, "; CANCEL;") {
			party = event.PartyClient
		}
		return party, c.how, x.phase(party), true
	case goDial:
		return none()
	case goRequestUp:
		switch {
		case x.words&goProxy != 0: // net/http/httputil before Go 1.7 cancelled the request for a client that had gone
			return event.PartyClient, c.how, event.PhaseWaiting, true
		case x.words&goReading != 0:
			return c.party, c.how, event.PhaseResponse, true
		}
		return c.party, c.how, event.PhaseUnknown, true
	}
	return none()
}

// canceled judges a request's context that was cancelled: its client has gone, unless the program is going itself.
func (x *goError) canceled() (event.Party, event.How, event.Phase, bool) {
	c := x.cause
	at := event.PhaseWaiting
	switch {
	case x.words&goStopping != 0:
		return 0, 0, 0, false
	case x.words&goCopy != 0:
		at = event.PhaseResponse
	case x.socket.copying, x.words&goBody != 0 && x.words&goReading != 0 && x.words&goResponse == 0:
		at = event.PhaseRequest
	case x.words&goWriting != 0 && x.words&goRequest == 0:
		at = event.PhaseResponse
	case c.kind == goGone:
		at = event.PhaseUnknown
	}
	return c.party, c.how, at, true
}

// end judges an end of file.
func (x *goError) end(e *event.Event) (event.Party, event.How, event.Phase, bool) {
	c := x.cause
	switch {
	case x.words&goHandshake != 0 || x.socket.copying: // a request's body is copied to the upstream's socket
		return event.PartyClient, c.how, event.PhaseRequest, true
	case x.words&goCopy != 0:
		return event.PartyUpstream, c.how, event.PhaseResponse, true
	case x.words&goProxyError != 0: // of the request's body or of the upstream: it is not said
		return event.PartyUnknown, c.how, event.PhaseUnknown, true
	case strings.Contains(x.head, "websocket: close 1006"): // RFC 6455 section 7.4.1: closed without a close frame
		return event.PartyClient, c.how, event.PhaseUnknown, true
	case x.words&goUpstream != 0:
		return event.PartyUpstream, c.how, x.phase(event.PartyUpstream), true
	case c.kind == goEOF: // every body that is read to its end ends so
		return 0, 0, 0, false
	case x.words&goBody != 0 && x.words&goResponse == 0, x.words&goReading != 0 && x.words&(goRequest|goMethod) != 0,
		hasBody(e.Method) && x.words&goMethod != 0:
		return event.PartyClient, c.how, event.PhaseRequest, true
	case x.words&goReading != 0 && x.words&goResponse != 0:
		return event.PartyUpstream, c.how, event.PhaseResponse, true
	}
	return 0, 0, 0, false
}

// phase says what was interrupted, from the operation on the socket and the words before it.
func (x *goError) phase(party event.Party) event.Phase {
	op := x.socket.op
	if op == goNoOp && x.cause.how == event.HowBrokenPipe { // only writing gives EPIPE
		op = goWrite
	}
	if op == goNoOp && x.words&goWriting != 0 && x.words&goReading == 0 {
		op = goWrite
	}
	if op == goNoOp && x.words&goReading != 0 && x.words&goWriting == 0 {
		op = goRead
	}
	switch {
	case party == event.PartyClient && x.words&goHandshake != 0:
		return event.PhaseRequest
	case party == event.PartyUpstream && (x.words&goCopy != 0 || op == goRead && x.words&goReading != 0 && x.words&(goResponse|goBackend) != 0 && x.words&goProxy == 0):
		return event.PhaseResponse
	case party == event.PartyUpstream && op == goWrite:
		return event.PhaseRequest
	case party == event.PartyUpstream && (op == goRead || x.socket.op == goNoOp):
		return event.PhaseWaiting
	case op == goWrite:
		return event.PhaseResponse
	case op == goRead && party == event.PartyClient && x.words&goSocketWord == 0:
		return event.PhaseRequest
	}
	return event.PhaseUnknown
}

// neverConnected says whether the error is one of finding or dialing the other end.
func (x *goError) neverConnected() bool {
	return strings.Contains(x.head, "dial ") && goHasAny(x.head, "dial tcp", "dial udp", "dial unix", "dial: lookup") ||
		goHasAny(x.head, ": connect: ", "Error while dialing", " udp ", "connectex: ") ||
		x.socket.op == goNoOp && strings.HasPrefix(x.head[max(0, strings.LastIndex(x.head, "lookup ")):], "lookup ")
}

// notSocket says whether the error is one of a pipe, a file or a signal.
func (x *goError) notSocket() bool {
	if x.socket.op != goNoOp {
		return false
	}
	i := strings.LastIndex(x.head, "write ")
	return i >= 0 && i+6 < len(x.head) && (x.head[i+6] == '|' || x.head[i+6] == '/') && strings.HasSuffix(x.head, ": ") ||
		strings.HasSuffix(x.head, "signal: ") || strings.HasSuffix(x.head, "stdout: ")
}

func goHasAny(s string, parts ...string) bool { return hasAny(s, parts) }

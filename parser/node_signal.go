package parser

import (
	"slices"
	"strings"

	"hangup/event"
)

// nodeError is an error as util.inspect prints it: its text, its frames, its code, and where a socket was connected to.
type nodeError struct {
	text   string // "Error: read ECONNRESET"
	code   string // "ECONNRESET"
	frames []string
	remote string // 10.0.0.9:8080
	url    string
	depth  int // how many causes stand above it
}

// readNodeErrors reads a record's error and its causes, the outermost first.
func readNodeErrors(message string, lines []string) []nodeError {
	list := []nodeError{{text: message}}
	x := &list[0]
	address, first := "", true
	for i, line := range lines {
		text := strings.TrimSpace(cut(line))
		switch {
		case isNodeFrame(text):
			if len(x.frames) < 100 {
				x.frames = append(x.frames, text)
			}
		case strings.HasPrefix(text, "[cause]: ") || strings.HasPrefix(text, "cause: "):
			_, text, _ = strings.Cut(text, ": ")
			if n := nodeErrorLen(strings.TrimPrefix(text, "[")); n > 0 && len(list) < 16 {
				list = append(list, nodeError{text: strings.Trim(strings.TrimSuffix(text, " {"), "[]"), depth: len(list)})
				x, address = &list[len(list)-1], ""
			}
		case first && isNodeSource(message) && nodeErrorLen(text) > 0: // a crash's error
			x.text, first = strings.TrimSuffix(text, " {"), false
		default:
			key, value, ok := strings.Cut(text, ": ")
			if !ok || i > 400 {
				continue
			}
			value = strings.Trim(value, "',\"")
			switch strings.Trim(key, "\"") {
			case "code":
				if x.code == "" {
					x.code = value
				}
			case "remoteAddress", "host", "hostname":
				address = value
			case "remotePort", "port":
				if port(value) != 0 && address != "" && x.remote == "" && len(address) < 254 {
					x.remote = address + ":" + value
				}
			case "url", "baseURL":
				if u := javaURL(value); u != "" && x.url == "" {
					x.url = u
				}
			}
		}
	}
	return list
}

// nodeErrorCodes are errors by their code. Sources: libuv's errno names, Node's doc/api/errors.md and lib/internal/errors.js,
// deps/llhttp (HPE_...), undici's lib/core/errors.js, mysql's Protocol.js.
var nodeErrorCodes = []struct {
	code  string
	how   event.How
	party event.Party
	phase event.Phase
}{
	{"ECONNRESET", event.HowReset, event.PartyNone, event.PhaseNone},
	{"EPIPE", event.HowBrokenPipe, event.PartyNone, event.PhaseResponse},
	{"ECONNABORTED", event.HowAborted, event.PartyNone, event.PhaseNone},
	{"HPE_INVALID_EOF_STATE", event.HowClosed, event.PartyClient, event.PhaseRequest},
	{"ERR_HTTP_REQUEST_TIMEOUT", event.HowTimeout, event.PartyClient, event.PhaseRequest},
	{"ERR_TLS_HANDSHAKE_TIMEOUT", event.HowTimeout, event.PartyClient, event.PhaseRequest},
	{"ERR_STREAM_PREMATURE_CLOSE", event.HowClosed, event.PartyNone, event.PhaseResponse},
	{"ERR_HTTP2_STREAM_ERROR", event.HowClosed, event.PartyNone, event.PhaseNone},
	{"UND_ERR_SOCKET", event.HowClosed, event.PartyUpstream, event.PhaseWaiting},
	{"UND_ERR_HEADERS_TIMEOUT", event.HowTimeout, event.PartyUpstream, event.PhaseWaiting},
	{"UND_ERR_BODY_TIMEOUT", event.HowTimeout, event.PartyUpstream, event.PhaseResponse},
	{"UND_ERR_RES_CONTENT_LENGTH_MISMATCH", event.HowClosed, event.PartyUpstream, event.PhaseResponse},
	{"ESOCKETTIMEDOUT", event.HowTimeout, event.PartyUpstream, event.PhaseWaiting},
	{"PROTOCOL_CONNECTION_LOST", event.HowClosed, event.PartyUpstream, event.PhaseUnknown},
}

// nodeTexts are errors by their text, which is looked for anywhere outside quotes.
var nodeTexts = []struct {
	text  string
	how   event.How
	party event.Party
	phase event.Phase
}{
	{"socket hang up", event.HowClosed, event.PartyUpstream, event.PhaseWaiting},                                                  // lib/_http_client.js
	{"Client network socket disconnected before secure TLS connection", event.HowClosed, event.PartyUpstream, event.PhaseWaiting}, // lib/_tls_wrap.js
	{"other side closed", event.HowClosed, event.PartyUpstream, event.PhaseWaiting},                                               // undici
	{"Invalid response body while trying to fetch", event.HowClosed, event.PartyUpstream, event.PhaseResponse},                    // node-fetch
	{"Premature close", event.HowClosed, event.PartyNone, event.PhaseResponse},
	{"Connection lost: The server closed the connection", event.HowClosed, event.PartyUpstream, event.PhaseUnknown}, // mysql
	{"Connection terminated unexpectedly", event.HowClosed, event.PartyUpstream, event.PhaseUnknown},                // pg
	{"stream has been aborted", event.HowClosed, event.PartyUpstream, event.PhaseResponse},                          // axios
	{"14 UNAVAILABLE: Connection dropped", event.HowClosed, event.PartyUpstream, event.PhaseUnknown},                // grpc-js
	{"4 DEADLINE_EXCEEDED", event.HowTimeout, event.PartyUpstream, event.PhaseWaiting},
	{"Timeout awaiting '", event.HowTimeout, event.PartyUpstream, event.PhaseWaiting}, // got
	{"response closed before finish", event.HowClosed, event.PartyClient, event.PhaseUnknown},
	{"response closed before", event.HowClosed, event.PartyClient, event.PhaseUnknown},
	{"connection closed before response", event.HowClosed, event.PartyClient, event.PhaseUnknown},
	{"client disconnected", event.HowClosed, event.PartyClient, event.PhaseUnknown},
	{"client closed request", event.HowClosed, event.PartyClient, event.PhaseUnknown},
	{"MongoNetworkError: connection ", event.HowClosed, event.PartyUpstream, event.PhaseUnknown},
	{"MongoNetworkTimeoutError: connection ", event.HowTimeout, event.PartyUpstream, event.PhaseWaiting},
	{"client aborted", event.HowClosed, event.PartyClient, event.PhaseUnknown},
}

// nodeNever are texts and codes of connections that never were, of aborts that the program itself asked for, and of
// errors that only sound like it.
var nodeNever = []string{
	"ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "EADDRNOTAVAIL", "EADDRINUSE", "connect ETIMEDOUT", "connect ECONNRESET",
	"UND_ERR_CONNECT_TIMEOUT", "No connection established", "This operation was aborted", "AbortError", "failed to pipe response",
}

var nodeClientFrames = []string{
	"_http_client", "ClientRequest", "ClientHttp2", "/undici", "undici:", "/node_modules/pg/", "/node_modules/mysql", "/node_modules/ioredis/", "/node_modules/redis/",
	"/node_modules/@redis/", "/node_modules/mongodb/", "/node_modules/amqplib/", "/node_modules/kafkajs/", "/node_modules/axios/", "/node_modules/got/",
	"/node_modules/node-fetch/", "/node_modules/nodemailer/", "/node_modules/superagent/", "/node_modules/request/", "/node_modules/@aws-sdk/",
	"/node_modules/@smithy/", "/node_modules/aws-sdk/", "/node_modules/@grpc/", "/node_modules/memcached/", "/node_modules/tedious/",
}

var nodeServerFrames = []string{"_http_server", "_http_incoming", "ServerResponse", "ServerHttp2", "/node_modules/raw-body/", "abortIncoming", "/node_modules/multer/", "/node_modules/busboy/", "/node_modules/formidable/"}

var nodeUpstreamWords = []string{"axioserror", "fetcherror", "requesterror", "mongonetwork", "ioredis", "[redis]", "postgres", "mysql", "kafka", "amqp", "nodemailer", "unavailable:", "fetch failed", "upstream", "backend"}

// nodeRecord reads the text of a record and the error in it.
func nodeRecord(e *event.Event, message string, lines []string) {
	message = strings.TrimSpace(cut(message))
	list := readNodeErrors(message, lines)
	never := false
	for i := range list {
		never = never || hasNever(list[i].text) || hasNever(list[i].code)
	}
	if never {
		return
	}
	for i := len(list) - 1; i >= 0; i-- { // the deepest cause knows best
		if nodeErrorSignal(e, &list[i], list) {
			nodeDetails(e, message, list)
			return
		}
	}
}

func hasNever(s string) bool {
	for _, n := range nodeNever {
		if i := strings.Index(s, n); i >= 0 && !inQuotes(s, i) {
			return true
		}
	}
	return false
}

// nodeErrorSignal reads one error.
func nodeErrorSignal(e *event.Event, x *nodeError, list []nodeError) bool {
	text := strings.TrimSuffix(x.text, " {")
	if isAborted(text) || text == "aborted" && x.code == "ECONNRESET" { // the latter is fastify's message
		return abortedNode(e, x, text)
	}
	how, party, at, ok := nodeCause(text, x.code)
	if !ok {
		return false
	}
	// A proxy's error names one of its two sockets' code: which is not known.
	if party == event.PartyNone {
		party = nodeParty(text, list)
	}
	if party == event.PartyNone && x.code == "ERR_STREAM_PREMATURE_CLOSE" {
		party = event.PartyClient // stream.pipeline into a response that was closed
	}
	if how == event.HowAborted && party == event.PartyUpstream && strings.Contains(text, "timeout of ") { // axios
		how, at = event.HowTimeout, event.PhaseWaiting
	}
	if party == event.PartyNone {
		party = event.PartyUnknown
	}
	if at == event.PhaseNone || party == event.PartyUpstream && how == event.HowBrokenPipe {
		at = nodePhase(text, party)
	}
	hangUp(e, party, how, at)
	e.Message = text
	return true
}

// nodeCause finds what an error's text or code says.
func nodeCause(text, code string) (how event.How, party event.Party, at event.Phase, ok bool) {
	for i := range nodeTexts {
		x := &nodeTexts[i]
		if j := indexFold(text, x.text); j >= 0 && !inQuotes(text, j) {
			return x.how, x.party, x.phase, true
		}
	}
	for i := range nodeErrorCodes {
		x := &nodeErrorCodes[i]
		if code == x.code || hasNodeCode(text, x.code) {
			return x.how, x.party, x.phase, true
		}
	}
	if h, at, isGone := clientWords(text); isGone {
		return h, event.PartyClient, at, true
	}
	return 0, 0, 0, false
}

// hasNodeCode says whether a text has a code as a word: "read ECONNRESET", "[ECONNRESET]".
func hasNodeCode(text, code string) bool {
	i := strings.Index(text, code)
	if i < 0 || inQuotes(text, i) {
		return false
	}
	end := i + len(code)
	return (i == 0 || text[i-1] == ' ' || text[i-1] == '[' || text[i-1] == '(' || text[i-1] == ':') && (end == len(text) || !isWord(text[end]))
}

// indexFold finds a text, in any case of its first letter.
func indexFold(s, text string) int {
	if i := strings.Index(s, text); i >= 0 {
		return i
	}
	i := strings.Index(s, text[1:])
	if i < 1 || s[i-1]|0x20 != text[0]|0x20 {
		return -1
	}
	return i - 1
}

// isAborted says whether a text is of a request that its client aborted: "Error: aborted" and "ECONNRESET aborted"
// (lib/_http_server.js, abortIncoming), "request aborted" (its event; raw-body, multer, formidable).
func isAborted(s string) bool {
	s = strings.TrimSuffix(s, "]")
	if strings.HasSuffix(s, "Error: aborted") || strings.HasSuffix(s, "ECONNRESET aborted") {
		return true
	}
	i := indexFold(s, "request aborted")
	return i >= 0 && !inQuotes(s, i) && !strings.HasPrefix(s, "Axios") && (i == 0 || s[i-1] == ' ' || s[i-1] == ':')
}

// abortedNode reads an aborted request. Who waited for its body tells the phase; the event by itself is given at any
// time, so the method must tell.
func abortedNode(e *event.Event, x *nodeError, text string) bool {
	how, at := event.HowReset, event.PhaseRequest
	for _, f := range x.frames {
		if strings.Contains(f, "_http_client") { // an answer that the program was reading
			hangUp(e, event.PartyUpstream, how, event.PhaseResponse)
			e.Message = text
			return true
		}
	}
	switch {
	case indexFold(text, "request aborted") >= 0:
		how = event.HowClosed
		isError := strings.Contains(text, "Error: ")
		if isError && (x.code == "ECONNABORTED" || x.code == "" && strings.Contains(text, "BadRequestError")) {
			how = event.HowAborted
		}
		if isError && x.code == "ECONNRESET" {
			how = event.HowReset
		}
		if !isError {
			at = bodyPhase(text)
		}
	case strings.Contains(text, "request error"):
		at = bodyPhase(text)
	}
	hangUp(e, event.PartyClient, how, at)
	e.Message = text
	return true
}

// bodyPhase finds a method in a text: those with a body were aborted in it.
func bodyPhase(s string) event.Phase {
	for _, m := range [...]string{"POST /", "PUT /", "PATCH /"} {
		if strings.Contains(s, m) {
			return event.PhaseRequest
		}
	}
	return event.PhaseUnknown
}

// nodeParty finds who is at the other end of the socket that failed.
func nodeParty(text string, list []nodeError) event.Party {
	lower := strings.ToLower(text[:min(len(text), 300)])
	outer := strings.ToLower(list[0].text[:min(len(list[0].text), 300)])
	if hasAny(lower, nodeUpstreamWords) || hasAny(outer, nodeUpstreamWords) || hasAny(plainWords(list[0].text), upstreamWords) {
		return event.PartyUpstream
	}
	for _, x := range slices.Backward(list) {
		for _, f := range x.frames {
			switch {
			case hasAny(f, nodeClientFrames):
				return event.PartyUpstream
			case hasAny(f, nodeServerFrames):
				return event.PartyClient
			}
		}
	}
	for _, w := range [...]string{"clientError", "ClientError", "socket error", "response error", "request error", "connection error from client"} {
		if i := strings.Index(text, w); i >= 0 && !inQuotes(text, i) {
			return event.PartyClient
		}
	}
	return event.PartyNone
}

func nodePhase(text string, party event.Party) event.Phase {
	switch {
	case party == event.PartyClient && strings.Contains(text, "tlsClientError"):
		return event.PhaseRequest
	case party != event.PartyUpstream:
		return event.PhaseUnknown
	case strings.Contains(text, "write E"):
		return event.PhaseRequest
	case strings.Contains(text, "read E"), strings.Contains(text, "aborted"):
		return event.PhaseWaiting
	}
	return event.PhaseUnknown
}

// nodeDetails takes the ends of the connection, and the request that the text names.
func nodeDetails(e *event.Event, message string, list []nodeError) {
	if e.Party == event.PartyUpstream {
		for i := len(list) - 1; i >= 0 && e.Upstream == ""; i-- {
			e.Upstream = list[i].remote
		}
		for i := 0; i < len(list) && e.Upstream == ""; i++ {
			if e.Upstream = list[i].url; e.Upstream == "" {
				e.Upstream = javaURL(list[i].text)
			}
			if _, rest, ok := strings.Cut(list[i].text, "MongoNetwork"); ok && e.Upstream == "" { // "connection 3 to 10.0.0.7:27017 closed"
				if _, rest, ok = strings.Cut(rest, " to "); ok {
					e.Upstream, _, _ = strings.Cut(rest, " ")
				}
			}
		}
		return
	}
	peer(e, message)
	details(e, message)
	if e.Duration.OK {
		return
	}
	// "... 203.0.113.9 75ms", "... after 75ms"
	for word := range strings.FieldsSeq(message) {
		number, ok := strings.CutSuffix(word, "ms")
		if n, isNumber := count(number); ok && isNumber {
			if d, ok := millis(n); ok {
				e.Duration = event.Some(d)
			}
			return
		}
	}
}

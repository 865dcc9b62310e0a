package parser

import (
	"strings"

	"hangup/event"
)

// nodeCodes are the codes of Node's errors that tell of a connection (Node.js documentation: "Errors", libuv's
// uv_err_name, undici's errors, llhttp's HPE_ codes).
var nodeCodes = map[string]struct {
	party event.Party // PartyNone when the code does not name it
	how   event.How
	phase event.Phase
}{
	"EPIPE":                               {0, event.HowBrokenPipe, event.PhaseResponse},
	"ECONNRESET":                          {0, event.HowReset, event.PhaseUnknown},
	"ECONNABORTED":                        {0, event.HowAborted, event.PhaseUnknown},
	"ERR_STREAM_PREMATURE_CLOSE":          {event.PartyClient, event.HowClosed, event.PhaseResponse},
	"ERR_HTTP_REQUEST_TIMEOUT":            {event.PartyClient, event.HowTimeout, event.PhaseRequest},
	"HPE_INVALID_EOF_STATE":               {event.PartyClient, event.HowClosed, event.PhaseRequest},
	"ESOCKETTIMEDOUT":                     {event.PartyUpstream, event.HowTimeout, event.PhaseWaiting}, // package request
	"UND_ERR_HEADERS_TIMEOUT":             {event.PartyUpstream, event.HowTimeout, event.PhaseWaiting},
	"UND_ERR_BODY_TIMEOUT":                {event.PartyUpstream, event.HowTimeout, event.PhaseResponse},
	"UND_ERR_SOCKET":                      {event.PartyUpstream, event.HowClosed, event.PhaseUnknown},
	"UND_ERR_RES_CONTENT_LENGTH_MISMATCH": {event.PartyUpstream, event.HowClosed, event.PhaseResponse},
}

// nodeSignal reads an error as Node's loggers serialize it: message, code, address and stack. It is for formats that
// keep them in fields.
func nodeSignal(e *event.Event, message, failure, code, addr, port string, stack jsonValue) bool {
	x, ok := nodeCodes[code]
	text := failure
	if text == "" {
		text = message
	}
	if !ok { // without a code the text has it: "write EPIPE", "Error: read ECONNRESET"
		for _, c := range [...]string{"EPIPE", "ECONNRESET"} {
			if head, found := strings.CutSuffix(text, c); found && (strings.HasSuffix(head, "write ") || strings.HasSuffix(head, "read ")) {
				code, ok = c, true
				x = nodeCodes[c]
			}
		}
		switch {
		case ok:
		case strings.HasSuffix(text, "socket hang up"), strings.HasSuffix(text, "Premature close"), text == "aborted", text == "Error: aborted", text == "request aborted",
			text == "BadRequestError: request aborted":
		default:
			return false
		}
	}
	if strings.Contains(text, "connect ") && (strings.Contains(text, " ECONN") || strings.Contains(text, "TIMEDOUT")) {
		return false // never connected
	}
	client := stack.kind == jsonString && strings.Contains(stack.raw, "_http_client") || strings.Contains(stack.raw, "node-fetch") || strings.Contains(stack.raw, "/axios/")
	switch {
	case strings.HasSuffix(text, "socket hang up"): // _http_client.js: no answer came
		x.party, x.how, x.phase = event.PartyUpstream, event.HowClosed, event.PhaseWaiting
	case strings.HasPrefix(text, "timeout of ") && strings.HasSuffix(text, " exceeded"): // axios
		x.party, x.how, x.phase = event.PartyUpstream, event.HowTimeout, event.PhaseWaiting
	case strings.HasSuffix(text, "request aborted"): // raw-body, body-parser
		x.party, x.phase = event.PartyClient, event.PhaseRequest
		if x.how == event.HowNone {
			x.how = event.HowAborted
		}
	case text == "aborted" || strings.HasSuffix(text, "Error: aborted"): // _http_server.js, abortIncoming; of a response in _http_client.js
		x.party, x.phase = event.PartyClient, event.PhaseRequest
		if client {
			x.party, x.phase = event.PartyUpstream, event.PhaseResponse
		}
		if x.how == event.HowNone {
			x.how = event.HowReset
		}
	case strings.HasSuffix(text, "Premature close"): // internal/streams/end-of-stream.js
		x.party, x.how, x.phase = event.PartyClient, event.HowClosed, event.PhaseResponse
		if client || strings.Contains(text, "while trying to fetch") {
			x.party = event.PartyUpstream
		}
	case x.party != event.PartyNone:
	case addr != "": // who connects knows the address
		x.party = event.PartyUpstream
	case client:
		x.party = event.PartyUpstream
	default:
		x.party = messageParty(message, e.Logger)
	}
	if x.party == event.PartyNone {
		x.party = event.PartyUnknown
	}
	if x.party == event.PartyUpstream && code == "EPIPE" {
		x.phase = event.PhaseRequest
	}
	hangUp(e, x.party, x.how, x.phase)
	if e.Message = message; message == "" {
		e.Message = failure
	}
	if x.party == event.PartyUpstream && addr != "" && e.Upstream == "" {
		e.Upstream = addr
		if port != "" {
			e.Upstream += ":" + port
		}
	}
	return true
}

// nodeWords are what pino-http, fastify and applications on Node say of a client that left, at the beginning of a
// message.
var nodeWords = []struct {
	text  string
	phase event.Phase
}{
	{"request aborted", event.PhaseUnknown},
	{"response closed before finish", event.PhaseUnknown},
	{"stream closed prematurely", event.PhaseResponse},
	{"premature close", event.PhaseResponse},
}

func nodeMessage(e *event.Event, message string) bool {
	for _, w := range nodeWords {
		rest, ok := strings.CutPrefix(message, w.text)
		if ok && (rest == "" || !isWord(rest[0]) && rest[0] != '-') {
			hangUp(e, event.PartyClient, event.HowClosed, w.phase)
			return true
		}
	}
	switch message {
	case "write EPIPE", "Error: write EPIPE":
		hangUp(e, event.PartyUnknown, event.HowBrokenPipe, event.PhaseResponse)
	case "read ECONNRESET", "Error: read ECONNRESET":
		hangUp(e, event.PartyUnknown, event.HowReset, event.PhaseUnknown)
	case "socket hang up", "Error: socket hang up":
		hangUp(e, event.PartyUpstream, event.HowClosed, event.PhaseWaiting)
	default:
		return false
	}
	return true
}

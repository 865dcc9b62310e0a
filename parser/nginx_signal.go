package parser

import (
	"strings"

	"hangup/event"
)

// nginxSignal reads from the message of an nginx error record who went away, how and when. The messages are those
// of nginx 1.29 (commit 3f6f7824d: ngx_http_request.c, ngx_http_upstream.c, ngx_http_request_body.c,
// ngx_http_special_response.c, ngx_event_openssl.c, ngx_connection.c, ngx_recv.c, ngx_writev_chain.c,
// ngx_linux_sendfile_chain.c, ngx_http_v2.c, ngx_http_v3_request.c, ngx_event_quic.c, ngx_stream_proxy_module.c,
// ngx_process_cycle.c).
func nginxSignal(e *event.Event) {
	text, action := cutAction(e.Message)
	// kqueue and epoll tell of a closed connection before a read does; kevent's "about an closed connection" is not one.
	for _, p := range [...]string{"epoll_wait() reported that ", "kevent() reported that "} {
		if rest, ok := strings.CutPrefix(text, p); ok {
			text = rest
			break
		}
	}
	switch {
	case strings.HasPrefix(text, "client "):
		clientSignal(e, text, action)
	case strings.HasPrefix(text, "upstream "):
		upstreamSignal(e, text, action)
	case strings.HasPrefix(text, "peer closed connection in SSL handshake"):
		peerSignal(e, text, action)
	case strings.HasPrefix(text, "quic client timed out"): // ngx_event_quic.c: no packet within the idle timeout
		hangUp(e, event.PartyClient, event.HowTimeout, event.PhaseIdle)
	case strings.HasPrefix(text, "connection timed out"): // ngx_stream_proxy_module.c: neither end sent anything
		hangUp(e, event.PartyUnknown, event.HowTimeout, event.PhaseResponse)
	case text == "shutdown timeout": // ngx_event.c: worker_shutdown_timeout cut the connection
		hangUp(e, event.PartyServer, event.HowTimeout, event.PhaseUnknown)
	case text == "disconnected on shutdown": // ngx_stream_proxy_module.c
		hangUp(e, event.PartyServer, event.HowClosed, event.PhaseResponse)
	case strings.HasPrefix(text, "worker process ") && strings.Contains(text, " exited on signal "): // ngx_process.c
		hangUp(e, event.PartyServer, event.HowClosed, event.PhaseUnknown)
	default:
		socketSignal(e, text, action)
	}
}

// cutAction splits a message into its text and what nginx was doing (c->log->action). The last " while " counts:
// "an error while reading" may be part of the text.
func cutAction(s string) (text, action string) {
	if i := strings.LastIndex(s, " while "); i >= 0 {
		return s[:i], s[i+len(" while "):]
	}
	return s, ""
}

// clientSignal reads messages that begin with "client ". Those of clients that spoke wrongly ("client sent invalid
// header line", "client intended to send too large body") say nothing of leaving.
func clientSignal(e *event.Event, text, action string) {
	rest := strings.TrimPrefix(text, "client ")
	switch {
	case strings.HasPrefix(rest, "closed connection"):
		at := event.PhaseIdle
		if action == "SSL handshaking" || action == "reading PROXY protocol" {
			at = event.PhaseRequest
		}
		hangUp(e, event.PartyClient, closedHow(rest), at)
	case strings.HasPrefix(rest, "prematurely closed connection, so upstream connection is closed too"):
		at := event.PhaseWaiting
		if nginxActions[action].client == event.PhaseResponse {
			at = event.PhaseResponse
		}
		hangUp(e, event.PartyClient, closedHow(rest), at)
	case strings.HasPrefix(rest, "prematurely closed connection"):
		hangUp(e, event.PartyClient, closedHow(rest), clientPhase(e, action, event.PhaseUnknown))
	case strings.HasPrefix(rest, "prematurely closed stream"):
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseRequest)
	case strings.HasPrefix(rest, "timed out"):
		hangUp(e, event.PartyClient, event.HowTimeout, clientPhase(e, action, event.PhaseRequest))
	default: // "client 203.0.113.7 closed keepalive connection": the address is in the text, there is no tail
		i := strings.IndexByte(rest, ' ')
		if i > 0 && strings.HasPrefix(rest[i:], " closed keepalive connection") {
			if e.Client == "" && isAddress(rest[:i]) {
				e.Client = address(rest[:i])
			}
			hangUp(e, event.PartyClient, closedHow(rest[i:]), event.PhaseIdle)
		}
	}
}

// upstreamSignal reads messages that begin with "upstream ". Others, as "upstream sent invalid header", are no news
// of a connection.
func upstreamSignal(e *event.Event, text, action string) {
	switch {
	case strings.HasPrefix(text, "upstream prematurely closed "):
		hangUp(e, event.PartyUpstream, closedHow(text), upstreamPhase(action))
	case strings.HasPrefix(text, "upstream timed out"):
		hangUp(e, event.PartyUpstream, event.HowTimeout, upstreamPhase(action))
	}
}

func peerSignal(e *event.Event, text, action string) {
	if action == "SSL handshaking to upstream" || e.Level == "error" {
		hangUp(e, event.PartyUpstream, closedHow(text), event.PhaseWaiting)
		return
	}
	hangUp(e, event.PartyClient, closedHow(text), event.PhaseRequest)
}

// socketSignal reads "recv() failed (104: Connection reset by peer)" and its like. Client connections log at [info]
// (c->log_error = NGX_ERROR_INFO, ngx_http_request.c), upstream connections at [error] (NGX_ERROR_ERR,
// ngx_http_upstream.c): the level names the party. The action is shared by both sockets and can name the wrong one.
func socketSignal(e *event.Event, text, action string) {
	call, rest, ok := strings.Cut(text, "() failed (")
	if !ok || !nginxCalls[call] {
		return
	}
	how := errnoText(rest)
	if how == event.HowNone {
		return
	}
	switch {
	case call == "connect": // a connection that was refused never was one; one that got no answer is a wait that ended
		if how == event.HowTimeout {
			hangUp(e, event.PartyUpstream, how, event.PhaseWaiting)
		}
	case e.Level == "info":
		hangUp(e, event.PartyClient, how, clientPhase(e, action, event.PhaseUnknown))
	case e.Level == "error":
		hangUp(e, event.PartyUpstream, how, upstreamPhase(action))
	default: // [alert] and [crit] are given to errors that were not expected, on either socket
		hangUp(e, event.PartyUnknown, how, event.PhaseUnknown)
	}
}

// nginxCalls are the functions whose failure is a connection's end.
var nginxCalls = map[string]bool{
	"recv": true, "readv": true, "recvmsg": true, "recvmmsg": true, "send": true, "writev": true, "sendfile": true,
	"sendfilev": true, "sendmsg": true, "sendto": true, "WSARecv": true, "WSASend": true, "TransmitFile": true,
	"SSL_read": true, "SSL_write": true, "SSL_sendfile": true, "SSL_shutdown": true, "SSL_do_handshake": true,
	"SSL_read_early_data": true, "SSL_write_early_data": true, "SSL_peek": true, "SSL_connect": true, "connect": true,
}

// closedHow returns what "(104: ...)" in a message about a closed connection says, closed when there is none.
func closedHow(s string) event.How {
	if _, rest, ok := strings.Cut(s, " ("); ok {
		if how := errnoText(rest); how != event.HowNone {
			return how
		}
	}
	return event.HowClosed
}

// errnoText reads "104: Connection reset by peer)" or OpenSSL's "SSL: error:80000020:system library::Broken pipe)".
func errnoText(s string) event.How {
	number, text, ok := strings.Cut(s, ":")
	if !ok {
		return event.HowNone
	}
	if n, ok := count(number); ok {
		return errnoHow(n)
	}
	if i := strings.Index(text, "system library:"); number == "SSL" && i >= 0 {
		text = text[i:]
		text = text[strings.LastIndexByte(text, ':')+1:]
		how, _ := strerrorHow(text)
		return how
	}
	return event.HowNone
}

// phases say what an action means for a client's and for an upstream's socket.
type phases struct{ client, upstream event.Phase }

// nginxActions are the actions that nginx logs (c->log->action = ..., in src/http, src/stream and src/event).
var nginxActions = map[string]phases{
	"waiting for request":                   {event.PhaseIdle, event.PhaseUnknown},
	"SSL handshaking":                       {event.PhaseRequest, event.PhaseWaiting},
	"reading PROXY protocol":                {event.PhaseRequest, event.PhaseUnknown},
	"reading client request line":           {event.PhaseRequest, event.PhaseUnknown},
	"reading client pipelined request line": {event.PhaseRequest, event.PhaseUnknown},
	"reading client request headers":        {event.PhaseRequest, event.PhaseUnknown},
	"reading client request":                {event.PhaseRequest, event.PhaseUnknown},
	"reading client request body":           {event.PhaseRequest, event.PhaseUnknown},
	"prereading client data":                {event.PhaseRequest, event.PhaseUnknown},
	"initializing session":                  {event.PhaseRequest, event.PhaseUnknown},
	"keepalive":                             {event.PhaseIdle, event.PhaseIdle},
	"handling quic input":                   {event.PhaseIdle, event.PhaseUnknown},
	"connecting to upstream":                {event.PhaseWaiting, event.PhaseWaiting},
	"SSL handshaking to upstream":           {event.PhaseWaiting, event.PhaseWaiting},
	"sending request to upstream":           {event.PhaseWaiting, event.PhaseWaiting},
	"reading response header from upstream": {event.PhaseWaiting, event.PhaseWaiting},
	"sending early hints to client":         {event.PhaseWaiting, event.PhaseWaiting},
	"reading upstream":                      {event.PhaseResponse, event.PhaseResponse},
	"sending to client":                     {event.PhaseResponse, event.PhaseResponse},
	"sending response to client":            {event.PhaseResponse, event.PhaseResponse},
	"sending mp4 to client":                 {event.PhaseResponse, event.PhaseResponse},
	"sending flv to client":                 {event.PhaseResponse, event.PhaseResponse},
	"returning text":                        {event.PhaseResponse, event.PhaseUnknown},
	"proxying upgraded connection":          {event.PhaseResponse, event.PhaseResponse},
	"proxying connection":                   {event.PhaseResponse, event.PhaseResponse},
	"proxying and reading from client":      {event.PhaseResponse, event.PhaseResponse},
	"proxying and sending to client":        {event.PhaseResponse, event.PhaseResponse},
	"proxying and reading from upstream":    {event.PhaseResponse, event.PhaseResponse},
	"proxying and sending to upstream":      {event.PhaseResponse, event.PhaseResponse},
}

// clientPhase says when a client left. Without an action nginx was reading a body, or a handler watched the socket:
// bare says what that means for methods without a body.
func clientPhase(e *event.Event, action string, bare event.Phase) event.Phase {
	if action == "" {
		if hasBody(e.Method) {
			return event.PhaseRequest
		}
		return bare
	}
	return orUnknown(nginxActions[action].client)
}

func upstreamPhase(action string) event.Phase { return orUnknown(nginxActions[action].upstream) }

func orUnknown(p event.Phase) event.Phase {
	if p == event.PhaseNone {
		return event.PhaseUnknown
	}
	return p
}

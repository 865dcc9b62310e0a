package parser

import (
	"slices"
	"strings"

	"hangup/event"
)

// Frames that tell on which socket an error happened. The deepest frame decides: a server's frames are at the
// beginning of most tracebacks, and a library's that it called at the end.
var serverFrames = []string{
	"/socketserver.py\"", "/SocketServer.py\"", "/http/server.py\"", "/BaseHTTPServer.py\"", "/wsgiref/", "/werkzeug/serving.py\"",
	"/gunicorn/", "/uvicorn/", "/hypercorn/", "/daphne/", "/waitress/", "/cheroot/", "/aiohttp/web", "/tornado/http1connection.py\"",
	"/tornado/web.py\"", "/tornado/websocket.py\"", "/eventlet/wsgi.py\"", "/gevent/pywsgi.py\"", "/websockets/server.py\"", "/websockets/legacy/server.py\"", "/sanic/", "/twisted/web/http.py\"",
	"/django/core/servers/", "/django/http/request.py\"", "/django/core/handlers/wsgi.py\"", "/starlette/", "/wsgiserver",
}

// serverCode are texts of frames that are a server's, whatever file they are in.
var serverCode = []string{"self.wfile.", "self.rfile.", "wsgi.input", "b'HTTP/1.", "b\"HTTP/1."}

var clientFrames = []string{
	"/http/client.py\"", "/httplib.py\"", "/urllib/request.py\"", "/urllib2.py\"", "/urllib3/", "/requests/", "/httpx/", "/httpcore/",
	"/aiohttp/client", "/websockets/client.py\"", "/websockets/legacy/client.py\"", "/botocore/", "/redis/", "/psycopg", "/pymysql/", "/MySQLdb/", "/mysql/connector/", "/sqlalchemy/", "/asyncpg/",
	"/pymongo/", "/kombu/", "/amqp/", "/pika/", "/aiokafka/", "/kafka/", "/memcache", "/pymemcache/", "/pylibmc", "/elasticsearch/",
	"/elastic_transport/", "/smtplib.py\"", "/ldap", "/paramiko/", "/grpc/", "/thrift/", "/cassandra/", "/nats/", "/imaplib.py\"",
	"/ftplib.py\"", "/poplib.py\"", "/tornado/simple_httpclient.py\"", "/logging/handlers.py\"",
}

// spokenRequests are what a program sends that is itself the client of a socket, in the text of a frame.
var spokenRequests = []string{"b'GET ", "b\"GET ", "b'POST ", "b\"POST ", "b'HEAD ", "b'PUT ", "'GET /", "'POST /"}

// frameParty finds who is at the other end of the socket that failed.
func frameParty(frames []string) event.Party {
	for _, frame := range slices.Backward(frames) {
		f := frameText(frame)
		switch {
		case !isFrame(f): // the code, or marks below it
			if hasAny(f, spokenRequests) {
				return event.PartyUpstream
			}
			if hasAny(f, serverCode) {
				return event.PartyClient
			}
		case strings.Contains(f, "/http/client.py\"") && (strings.Contains(f, ", in parse_headers") || strings.Contains(f, ", in _read_headers")):
			// servers have their requests' headers read by it too: whoever called says what for
		case hasAny(f, clientFrames):
			return event.PartyUpstream
		case hasAny(f, serverFrames):
			return event.PartyClient
		}
	}
	return event.PartyNone
}

// framePhase finds what was being done when the connection failed: from the client's side of an exchange when party is
// the client, else from the side of the program that asked an upstream.
func framePhase(frames []string, party event.Party) event.Phase {
	for end := len(frames); end > 0; {
		start := end - 1
		for start > 0 && !isFrame(frames[start]) {
			start--
		}
		if !loopFrame(frames[start]) { // whoever waited for the event loop's reading says what for
			for _, frame := range slices.Backward(frames[start:end]) {
				if at := linePhase(frameText(frame), party); at != event.PhaseNone {
					return at
				}
			}
		}
		end = start
	}
	return event.PhaseUnknown
}

// isFrame says whether a line of a traceback names a place in the code; the code follows it.
func isFrame(s string) bool {
	return strings.HasPrefix(strings.TrimLeft(s[:min(len(s), 64)], " |"), "File \"")
}

// loopFrame says whether a frame is of asyncio's event loop, which reads each socket to learn that it was closed
// (asyncio/selector_events.py, proactor_events.py).
func loopFrame(s string) bool {
	s = frameText(s)
	return strings.Contains(s, "/asyncio/selector_events.py\"") || strings.Contains(s, "/asyncio/proactor_events.py\"")
}

// frameText bounds a line of a traceback, and turns the backslashes of Windows's paths.
func frameText(s string) string {
	s = cut(s)
	if strings.Contains(s, `:\`) {
		s = strings.ReplaceAll(s, `\`, "/")
	}
	return s
}

func linePhase(f string, party event.Party) event.Phase {
	switch {
	case strings.Contains(f, "raw_requestline"), strings.Contains(f, "self.rfile.readline("):
		return pick(party, event.PhaseIdle, event.PhaseWaiting)
	case hasAny(f, requestFrames):
		return pick(party, event.PhaseRequest, event.PhaseWaiting)
	case hasAny(f, reads) && !hasAny(f, socketFrames):
		return pick(party, event.PhaseRequest, event.PhaseWaiting)
	case hasAny(f, writes):
		return pick(party, event.PhaseResponse, event.PhaseRequest)
	}
	return event.PhaseNone
}

var (
	requestFrames = []string{
		"_read_headers", "rfile.read(", "parse_request", "readheaders()", "wsgi.input", "django/http/request.py", "/aiohttp/streams.py",
		"in read_request_body", "in do_handshake", "in wrap_socket",
	}
	reads        = []string{".recv(", ".recv_into(", ".readline(", ".readinto("}
	writes       = []string{".sendall(", ".send(", ".write(", ".flush(", ".sendfile(", ".shutdown(", " in write", " in flush", " in sendall", ".writelines(", ", in send", ", in handle_write", "req.respond()"}
	socketFrames = []string{"self._sock.recv", "self._sslobj"} // socket.py's own: the frame above says what was read
)

func pick(party event.Party, client, upstream event.Phase) event.Phase {
	if party == event.PartyUpstream {
		return upstream
	}
	return client
}

func hasAny(s string, parts []string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

// neverConnected says whether a traceback ends in the making of a connection.
func neverConnected(frames []string) bool {
	for i := len(frames) - 1; i >= 0 && i >= len(frames)-4; i-- {
		if f := cut(frames[i]); strings.Contains(f, ".connect(") || strings.Contains(f, "create_connection") {
			return true
		}
	}
	return false
}

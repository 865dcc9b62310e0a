package parser

import (
	"fmt"
	"strings"
	"testing"
)

// outcome says what a record of a log is, in short.
func outcome(r map[string]any) string {
	if r["event"] != "disconnect" {
		return fmt.Sprint(r["event"])
	}
	return fmt.Sprintf("%v/%v/%v", r["party"], r["how"], r["phase"])
}

// TestPythonMessages reads what applications say about a connection in one line, and what only sounds so.
func TestPythonMessages(t *testing.T) {
	t.Parallel()
	tests := []struct{ message, want string }{
		{"Client ('127.0.0.31', 52929) disconnected", "client/closed/unknown"},
		{"Client ('::1', 52929, 0, 0) disconnected", "client/closed/unknown"},
		{"Client web-42 disconnected", "client/closed/unknown"},
		{"client disconnected", "client/closed/unknown"},
		{"Client 203.0.113.9 went away", "client/closed/unknown"},
		{"Client disconnected: [Errno 104] Connection reset by peer (request_id=x, path=/checkout)", "client/reset/unknown"},
		{"Client 203.0.113.9 closed connection before sending full body", "client/closed/request"},
		{"Client disconnected while serving /stream", "client/closed/response"},
		{"BrokenPipeError: [Errno 32] Broken pipe while sending response for /a?x=redis to 203.0.113.9 after 2.969s", "client/broken_pipe/response"},
		{"203.0.113.9 Request timed out: TimeoutError('timed out')", "client/timeout/unknown"},
		{"203.0.113.9 Request timed out: timeout('timed out',)", "client/timeout/unknown"},
		{"Error writing response: ConnectionResetError(104, 'Connection reset by peer')", "client/reset/response"},
		{"write failed: Broken pipe", "unknown/broken_pipe/unknown"},
		{"[Errno 107] Transport endpoint is not connected", "unknown/closed/unknown"},
		{"redis write failed: [Errno 32] Broken pipe", "upstream/broken_pipe/unknown"},
		{"Error 104 while reading from redis:6379 : (104, 'Connection reset by peer')", "upstream/reset/waiting"},
		{"('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))", "upstream/closed/unknown"},
		{`127.0.0.1 - - [23/Nov/2026 07:06:02] "GET /slow HTTP/1.1" 200 -`, "request"},
		{`203.0.113.9:51234 - "GET /slow HTTP/1.1" 404 Not Found`, "request"},
		{`"GET /slow HTTP/1.1" 200 12`, "request"},
		// nobody hung up
		{"GET /docs/broken-pipe-howto 200 12ms", "other"},
		{`User-Agent "client-disconnect-checker/1.0" from 203.0.113.9`, "other"},
		{`User-Agent "client disconnected" from 203.0.113.9`, "other"},
		{`search for "[Errno 32] Broken pipe" from 203.0.113.9`, "other"},
		{"User alice disconnected Google account", "other"},
		{"Client alice disconnected her account", "other"},
		{"Client list updated", "other"},
		{"multiclient disconnected", "other"},
		{"[Errno 111] Connection refused", "other"},
		{"[Errno 2] No such file or directory: 'Broken pipe'", "other"},
		{"Read error: The words Broken pipes", "other"},
		{"task failed: TimeoutError()", "other"},
		{"cache timed out", "other"},
		{"could not connect: [Errno 113] No route to host", "other"},
	}
	for _, tt := range tests {
		r := records(t, []byte("2026-11-23 07:19:09,128 - app - ERROR - "+tt.message), Options{Format: "python-logging"})[0]
		if got := outcome(r); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.message, got, tt.want)
		}
	}
}

// TestPythonTraces reads tracebacks that differ in who is at the other end of the socket.
func TestPythonTraces(t *testing.T) {
	t.Parallel()
	frame := func(file, fn, code string) string {
		return fmt.Sprintf("  File %q, line 1, in %s\n    %s\n", file, fn, code)
	}
	app := frame("/srv/app/views.py", "view", "return fetch()")
	wsgi := frame("/usr/lib/python3/dist-packages/gunicorn/workers/sync.py", "handle_request", "respiter = self.wsgi(environ, resp.start_response)")
	tests := []struct{ name, frames, exception, want string }{
		{"a client of a web server", frame("/usr/lib/python3.11/socketserver.py", "write", "self._sock.sendall(b)"), "BrokenPipeError: [Errno 32] Broken pipe", "client/broken_pipe/response"},
		{"a server behind a library", wsgi + app + frame("/usr/lib/python3.11/http/client.py", "send", "self.sock.sendall(data)"), "BrokenPipeError: [Errno 32] Broken pipe", "upstream/broken_pipe/request"},
		{"requests", wsgi + app, "requests.exceptions.ConnectionError: ('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))", "upstream/reset/unknown"},
		{"a server that says nothing", wsgi + app, "http.client.RemoteDisconnected: Remote end closed connection without response", "upstream/closed/waiting"},
		{"a server that is slow", wsgi + app, "requests.exceptions.ReadTimeout: HTTPConnectionPool(host='stock', port=80): Read timed out. (read timeout=5)", "upstream/timeout/waiting"},
		{"an old Python", frame("/usr/lib/python2.7/SocketServer.py", "finish", "self.wfile.close()") + frame("/usr/lib/python2.7/socket.py", "flush", "self._sock.sendall(view[a:b])"), "error: [Errno 32] Broken pipe", "client/broken_pipe/response"},
		{"between requests", frame("/usr/lib/python3.11/http/server.py", "handle_one_request", "self.raw_requestline = self.rfile.readline(65537)"), "ConnectionResetError: [Errno 104] Connection reset by peer", "client/reset/idle"},
		{"in a body", frame("/usr/lib/python3.11/http/server.py", "do_POST", "body = self.rfile.read(n)"), "socket.timeout: timed out", "client/timeout/request"},
		{"starlette", app, "starlette.requests.ClientDisconnect", "client/closed/request"},
		{"tornado", app, "tornado.iostream.StreamClosedError: Stream is closed", "client/closed/response"},
		{"aiohttp", app, "ConnectionResetError: Cannot write to closing transport", "client/closed/response"},
		{"nobody is named", app, "ConnectionResetError: [Errno 104] Connection reset by peer", "unknown/reset/unknown"},
		{"never connected", app + frame("/usr/lib/python3.11/socket.py", "create_connection", "sock.connect(sa)"), "TimeoutError: [Errno 110] Connection timed out", "other"},
		{"refused", app, "ConnectionRefusedError: [Errno 111] Connection refused", "other"},
		{"a timeout of its own", app, "TimeoutError", "other"},
		{"another error", wsgi + app, "ValueError: Broken pipe", "other"},
		{"a quoted text", wsgi + app, "KeyError: 'Connection reset by peer'", "other"},
	}
	const head = "2026-11-23 07:19:09,128 - app - ERROR - it failed\n" + tracebackLine + "\n"
	for _, tt := range tests {
		r := records(t, []byte(head+tt.frames+tt.exception+"\n"), Options{Format: "python-logging"})[0]
		if got := outcome(r); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
		if r["event"] == "disconnect" && r["message"] != tt.exception {
			t.Errorf("%s: message %q", tt.name, r["message"])
		}
	}
}

// TestPythonChains holds that of chained exceptions the last decides, and its direct cause when it says nothing.
func TestPythonChains(t *testing.T) {
	t.Parallel()
	const (
		head   = "2026-11-23 07:19:09,128 - app - ERROR - it failed\n"
		gone   = tracebackLine + "\n  File \"/usr/lib/python3.11/socketserver.py\", line 1, in write\n    self._sock.sendall(b)\nBrokenPipeError: [Errno 32] Broken pipe\n"
		failed = tracebackLine + "\n  File \"/srv/app.py\", line 1, in view\n    raise Failed\napp.Failed: no answer\n"
	)
	for log, want := range map[string]string{
		head + gone + "\n" + causeLine + "\n\n" + failed:   "unknown/broken_pipe/unknown",
		head + gone + "\n" + contextLine + "\n\n" + failed: "other",
		head + failed + "\n" + contextLine + "\n\n" + gone: "client/broken_pipe/response",
	} {
		all := records(t, []byte(log), Options{Format: "python-logging"})
		if len(all) != 1 || outcome(all[0]) != want {
			t.Errorf("%s: %v, want one %s", log, all, want)
		}
	}
}

// TestPythonReport reads socketserver's report as Python 2 and 3 print it, inside two formats.
func TestPythonReport(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"happened", "occurred"} {
		log := strings.Join([]string{
			rulerLine, "Exception " + verb + " during processing of request from ('203.0.113.9', 51234)", tracebackLine,
			`  File "/usr/lib/python3.11/socketserver.py", line 1, in write`, "    self._sock.sendall(b)",
			"ConnectionResetError: [Errno 104] Connection reset by peer", rulerLine,
		}, "\n")
		for _, format := range []string{"python-logging", "django-runserver"} {
			r := records(t, []byte(log), Options{Format: format})
			if len(r) != 1 || outcome(r[0]) != "client/reset/response" || r[0]["client"] != "203.0.113.9" || r[0]["client_port"] != 51234.0 || r[0]["lines"] != 7.0 {
				t.Errorf("%s, %s: %v", format, verb, r)
			}
		}
	}
}

// TestPythonDetails holds what else is taken from a message.
func TestPythonDetails(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]map[string]any{
		"Client ('::1', 52929, 0, 0) disconnected": {"client": "::1", "client_port": 52929.0},
		"Client [2001:db8::17]:51234 disconnected": {"client": "2001:db8::17", "client_port": 51234.0},
		"Client 203.0.113.9 disconnected before response was complete (route=/api/report, elapsed=30.0s)": {
			"client": "203.0.113.9", "path": "/api/report", "duration_ms": 30000.0,
		},
		"Client disconnected: [Errno 104] Connection reset by peer (request_id=ab-1, path=/checkout?x=1)": {
			"request_id": "ab-1", "path": "/checkout", "query": "x=1", "client": nil,
		},
		"BrokenPipeError: [Errno 32] Broken pipe while sending response for /a?b=c to 203.0.113.9 after 2.969s": {
			"path": "/a", "query": "b=c", "client": "203.0.113.9", "duration_ms": 2969.0,
		},
		"Client disconnected, will retry after 5s":                       {"duration_ms": nil},
		"redis 10.0.0.5:6379 failed: [Errno 32] Broken pipe":             {"party": "upstream", "client": nil},
		"Unhandled exception in GET /api/export: [Errno 32] Broken pipe": {"method": "GET", "path": "/api/export"},
	} {
		r := records(t, []byte("2026-11-23 07:19:09,128 - app - ERROR - "+message), Options{Format: "python-logging"})[0]
		for key, w := range want {
			if !same(key, w, r[key]) {
				t.Errorf("%s: %s is %v, want %v", message, key, r[key], w)
			}
		}
	}
}

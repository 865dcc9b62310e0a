package parser

import (
	"fmt"
	"strings"
	"testing"

	"hangup/event"
)

// report is what socketserver writes of a connection that failed.
func report(peer, code, exception string) string {
	return rulerLine + "\nException occurred during processing of request from " + peer + "\n" + tracebackLine +
		"\n  File \"/usr/lib/python3.11/socketserver.py\", line 1, in x\n    " + code + "\n" + exception + "\n" + rulerLine + "\n"
}

// TestServerRoute holds when http.server's report of a connection gets its route from an access line: when all that the
// client may have open are for that route.
func TestServerRoute(t *testing.T) {
	t.Parallel()
	access := func(client, at, request string) string {
		return fmt.Sprintf("%s - - [23/Nov/2026 %s] \"%s HTTP/1.1\" 200 -\n", client, at, request)
	}
	const (
		a, b  = "10.0.0.1", "10.0.0.2"
		reset = "ConnectionResetError: [Errno 104] Connection reset by peer"
	)
	failed := report("('10.0.0.1', 5)", "self._sock.sendall(b)", reset)
	for log, want := range map[string]any{
		access(a, "07:00:00", "GET /a?x=1") + failed:                                                                            "/a",
		access(a, "07:00:00", "GET /a") + access(b, "07:00:01", "GET /b") + failed:                                              "/a",
		access(a, "07:00:00", "GET /a") + access(a, "07:00:01", "GET /a") + failed:                                              "/a",
		access(a, "07:00:00", "GET /a") + access(a, "07:00:01", "GET /b") + failed:                                              nil,
		access(a, "07:00:00", "GET /a") + access(a, "07:00:01", "GET /b") + access(a, "07:00:02", "GET /b") + failed:            nil,
		access(a, "07:00:00", "GET /a") + access(a, "07:20:01", "GET /b") + failed:                                              "/b",
		access(b, "07:00:00", "GET /a") + failed:                                                                                nil,
		failed:                                                                                                                  nil,
		access(a, "07:00:00", "GET /a") + report("('10.0.0.1', 5)", "self.raw_requestline = self.rfile.readline(65537)", reset): nil,
		access(a, "07:00:00", "GET /a") + report("('10.0.0.1', 5)", "self.rfile.read(n)", reset):                                nil,
	} {
		all := records(t, []byte(log), Options{Format: "http-server"})
		r := all[len(all)-1]
		if r["event"] != "disconnect" || r["path"] != want || (r["recovered"] == true) != (want != nil) {
			t.Errorf("%s: %v, want %v", log, r, want)
		}
	}
}

// TestServerBounds holds that what is remembered does not grow with the log.
func TestServerBounds(t *testing.T) {
	t.Parallel()
	web, err := newReader(Options{Format: "http-server"})
	if err != nil {
		t.Fatal(err)
	}
	asgi, err := newReader(Options{Format: "daphne"})
	if err != nil {
		t.Fatal(err)
	}
	wsgi, err := newReader(Options{Format: "gunicorn-error"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5000 {
		feed(web, fmt.Appendf(nil, "10.0.%d.%d - - [23/Nov/2026 07:%02d:00] \"GET /%d HTTP/1.1\" 200 -\n", i/250, i%250, i%60, i), func(*event.Record) {})
		feed(asgi, fmt.Appendf(nil, "2026-11-23 07:08:10,488 DEBUG    HTTP b'GET' request for ['10.0.%d.%d', 5]\n", i/250, i%250), func(*event.Record) {})
		feed(wsgi, fmt.Appendf(nil, "[2026-11-23 07:07:18 +0000] [%d] [DEBUG] GET /fast\n", i+1), func(*event.Record) {})
	}
	if n := len(web.grammar.(*pyServer).clients); n == 0 || n > maxClients {
		t.Errorf("%d clients", n)
	}
	if n := len(asgi.grammar.(*daphne).open); n == 0 || n > maxDaphne {
		t.Errorf("%d connections", n)
	}
	if n := len(wsgi.grammar.(*gunicornError).workers); n == 0 || n > maxWorkers {
		t.Errorf("%d workers", n)
	}
}

// TestDaphneConnection holds what a hang-up gets from the request on the same connection.
func TestDaphneConnection(t *testing.T) {
	t.Parallel()
	const (
		came = "2026-11-23 07:08:10,488 DEBUG    HTTP b'POST' request for ['10.0.0.9', 53067]\n"
		done = "2026-11-23 07:08:11,000 DEBUG    HTTP response complete for ['10.0.0.9', 53067]\n"
		gone = "2026-11-23 07:08:12,691 DEBUG    HTTP disconnect for ['10.0.0.9', 53067]\n"
	)
	for log, want := range map[string]any{came + gone: "POST", gone: nil, came + done + gone: nil, came + gone + gone: nil, strings.Replace(came, "53067", "53068", 1) + gone: nil} {
		all := records(t, []byte(log), Options{Format: "daphne"})
		r := all[len(all)-1]
		if outcome(r) != "client/closed/unknown" || r["method"] != want || (r["recovered"] == true) != (want != nil) || want != nil && r["duration_ms"] != 2203.0 {
			t.Errorf("%s: %v", log, r)
		}
	}
}

// TestGunicornRoute holds when a hang-up gets the route of the request line before it.
func TestGunicornRoute(t *testing.T) {
	t.Parallel()
	line := func(at string, pid int, message string) string {
		return fmt.Sprintf("[2026-11-23 07:07:%s +0000] [%d] [DEBUG] %s\n", at, pid, message)
	}
	sync := line("00", 1, "Current configuration:") + "  timeout: 5\n" + line("00", 1, "Starting gunicorn 22.0.0") + line("00", 1, "Using worker: sync")
	get := line("10", 7, "GET /slow")
	for log, want := range map[string]any{
		sync + get + line("11", 7, "Ignoring EPIPE"):                                                                                    "/slow",
		sync + get + line("11", 7, "Ignoring connection reset"):                                                                         "/slow",
		sync + get + line("11", 8, "Ignoring EPIPE"):                                                                                    nil,
		sync + get + line("11", 7, "Error handling request /slow") + line("11", 7, "Ignoring EPIPE"):                                    "/slow",
		sync + get + line("11", 7, "Invalid request from ip=10.0.0.9: x") + line("11", 7, "Ignoring EPIPE"):                             nil,
		sync + get + line("11", 7, "Ignoring EPIPE") + line("12", 7, "Ignoring EPIPE"):                                                  nil,
		sync + get + line("11", 7, "Worker exiting (pid: 7)") + line("12", 7, "Ignoring EPIPE"):                                         nil,
		sync + get + line("11", 7, "Booting worker with pid: 7") + line("12", 7, "Ignoring EPIPE"):                                      nil,
		sync + get + line("11", 1, "Starting gunicorn 22.0.0") + line("11", 1, "Using worker: sync") + line("12", 7, "Ignoring EPIPE"):  nil,
		get + line("11", 7, "Ignoring EPIPE"):                                                                                           nil,
		strings.Replace(sync, "worker: sync", "worker: gevent", 1) + get + line("11", 7, "Ignoring EPIPE"):                              nil,
		sync + line("09", 9, "Ignoring connection reset") + get + line("11", 7, "Ignoring connection reset"):                            nil,
		sync + get + line("11", 7, "Ignoring socket not connected"):                                                                     nil,
		sync + get + line("15", 1, "WORKER TIMEOUT (pid:7)"):                                                                            "/slow",
		sync + get + line("15", 1, "WORKER TIMEOUT (pid:7)") + line("16", 1, "Worker (pid:7) was sent SIGKILL! Perhaps out of memory?"): "/slow",
		sync + get + line("40", 1, "WORKER TIMEOUT (pid:7)"):                                                                            nil,
		sync + get + line("12", 1, "WORKER TIMEOUT (pid:7)"):                                                                            nil,
		sync + get + line("15", 1, "WORKER TIMEOUT (pid:8)"):                                                                            nil,
		strings.Replace(sync, "  timeout: 5\n", "", 1) + get + line("15", 1, "WORKER TIMEOUT (pid:7)"):                                  nil,
	} {
		all := records(t, []byte(log), Options{Format: "gunicorn-error"})
		r := all[len(all)-1]
		if r["event"] != "disconnect" || r["path"] != want || (r["recovered"] == true) != (want != nil) {
			t.Errorf("%s: %v, want %v", log, r, want)
		}
	}
}

// TestServerLines reads lines of servers that their logs in testdata do not have.
func TestServerLines(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ format, line, want, client string }{
		{"http-server", `10.0.0.9 - - [23/Nov/2026 07:06:12] Request timed out: TimeoutError('timed out')`, "client/timeout/unknown", "10.0.0.9"},
		{"http-server", `10.0.0.9 - - [23/Nov/2026 07:06:12] code 400, message Bad request version ('Broken pipe')`, "other", "10.0.0.9"},
		{"http-server", `db1.example - - [23/Nov/2026 07:06:12] "GET /a"b HTTP/1.1" 200 12`, "request", "db1.example"},
		{"http-server", `10.0.0.9 - - [23/Nov/2026 07:06:12] "GET /a HTTP/1.1" 200 12 0.123456`, "unparsed", ""},
		{"eventlet", `10.0.0.9,10.0.0.1 - - [23/Nov/2026 07:06:12] "GET /a HTTP/1.1" 200 12 0.123456`, "request", "10.0.0.9"},
		{"eventlet", `10.0.0.9 - - [23/Nov/2026 07:06:12] "GET /a HTTP/1.1" 200 12`, "unparsed", ""},
		{"eventlet", `(7245) wsgi exited, is_accepting=True`, "other", ""},
		{"gevent", `10.0.0.9 - - [2026-11-23 07:08:47] "GET /a HTTP/1.1" 000 - 0.303261`, "unknown/unknown/unknown", "10.0.0.9"},
		{"gevent", `2026-11-23T07:08:46Z {'REMOTE_ADDR': '10.0.0.9', 'REMOTE_PORT': '5', 'HTTP_HOST': 'a', (hidden keys: 21)} failed with BrokenPipeError`, "client/broken_pipe/unknown", "10.0.0.9"},
		{"gevent", `{'REMOTE_ADDR': '10.0.0.9', 'REMOTE_PORT': '5'} failed with ValueError`, "other", "10.0.0.9"},
		{"gevent", `('10.0.0.9', 5): Invalid HTTP method: 'x'`, "other", "10.0.0.9"},
		{"gevent", `<gevent._socket3.socket at 0x7 object, fd=6>: Invalid request: [Errno 104] Connection reset by peer`, "client/reset/request", ""},
		{"cherrypy", `[23/Nov/2026:07:09:01] ENGINE socket.error 104`, "client/reset/unknown", ""},
		{"cherrypy", `[23/Nov/2026:07:09:01]  something`, "other", ""},
		{"cherrypy", `10.0.0.9 - bob [23/Nov/2026:07:09:02] "GET / HTTP/1.1" 200 - "" ""`, "request", "10.0.0.9"},
		{"tornado", "\x1b[32m[I 261123 07:08:10 web:2293]\x1b(B\x1b[m 200 GET /a (10.0.0.9) 0.72ms", "request", "10.0.0.9"},
		{"tornado", `[I 261123 07:08:10 http1connection:441] Timeout reading body from ('10.0.0.9', 5)`, "client/timeout/request", "10.0.0.9"},
		{"jupyter", `[W 2026-11-23 07:08:10.123 ServerApp] 404 GET /api/x?1 (@10.0.0.9) 1.20ms referer=http://a/`, "request", "10.0.0.9"},
		{"tornado", `[I 261123 07:08:10 web:2293] Client 10.0.0.9 disconnected`, "client/closed/unknown", "10.0.0.9"},
		{"tornado", `[X 261123 07:08:10 web:2293] x`, "unparsed", ""},
		{"tornado", `[I 261323 07:08:10 web:2293] x`, "unparsed", ""},
		{"uvicorn", "\x1b[32mINFO\x1b[0m:     10.0.0.9:5000 - \"\x1b[1mGET / HTTP/1.1\x1b[0m\" \x1b[32m200 OK\x1b[0m", "request", "10.0.0.9"},
		{"uvicorn", `INFO:     10.0.0.9:5000 - "WebSocket /ws?x=1" [accepted]`, "other", "10.0.0.9"},
		{"uvicorn", `10.0.0.9:5000 - "GET / HTTP/1.1" 200`, "request", "10.0.0.9"},
		{"uvicorn", `      INFO   10.0.0.9:5000 - "GET / HTTP/1.1" 200`, "request", "10.0.0.9"},
		{"uvicorn", `   WARNING   Invalid HTTP request received.`, "other", ""},
		{"uvicorn", `INFO:     connection closed`, "other", ""},
		{"uvicorn", `INFO: Hello`, "unparsed", ""},
		{"daphne", `10.0.0.9:5000 - - [23/Nov/2026:07:08:14] "WSDISCONNECT /ws/" - -`, "other", "10.0.0.9"},
		{"daphne", `2026-11-23 07:08:12,691 WARNING  Application timed out while sending response`, "server/timeout/response", ""},
		{"daphne", `2026-11-23 07:08:12,691 DEBUG    WebSocket closed for ['10.0.0.9', 5]`, "other", "10.0.0.9"},
		{"daphne", `2026-11-23 07:08:12,691 DEBUG    HTTP for ['10.0.0.9', 5]`, "other", "10.0.0.9"},
		{"daphne", `2026-11-23 07:08:12,691 DEBUG HTTP close for ['10.0.0.9', 5]`, "unparsed", ""},
		{"hypercorn", `[2026-11-23 07:07:44 +0000] [5096] [INFO] 10.0.0.9:5 - - [23/Nov/2026:07:07:44 +0000] "GET /fast 2" 200 5 "-" "curl/7.88.1"`, "request", "10.0.0.9"},
		{"gunicorn-error", `[2026-11-23 07:07:44 +0000] [5096] [INFO] 10.0.0.9:5 - - [23/Nov/2026:07:07:44 +0000] "GET /fast 2" 200 5 "-" "curl/7.88.1"`, "unparsed", ""},
		{"django-runserver", `HTTP GET /slow 200 [1.01, 10.0.0.9:54321]`, "request", "10.0.0.9"},
		{"django-runserver", `[2018/04/26 12:34:56] HTTP GET / 200 [0.02, 10.0.0.9:50044]`, "request", "10.0.0.9"},
		{"django-runserver", `WebSocket DISCONNECT /ws/chat/ [10.0.0.9:54321]`, "other", "10.0.0.9"},
		{"python", `INFO 2026-11-23 07:19:09,128 basehttp 12 139 - Broken pipe from ('10.0.0.9', 5)`, "client/broken_pipe/unknown", "10.0.0.9"},
		{"python", `ERROR:asyncio:Connection lost before response written @ ('10.0.0.9', 5) <Request: GET /x>`, "client/closed/waiting", "10.0.0.9"},
		{"waitress", `ERROR:waitress:Exception while serving /a b`, "other", ""},
		{"werkzeug", `[2026-11-23 07:08:24,123] ERROR in app: Exception on /boom [GET]`, "other", ""},
		{"werkzeug", ` * Debugger PIN: 123-456-789`, "other", ""},
	} {
		all := records(t, []byte(tt.line), Options{Format: tt.format})
		client, _ := all[0]["client"].(string)
		if len(all) != 1 || outcome(all[0]) != tt.want || client != tt.client {
			t.Errorf("%s: %s: %v, want %s of %q", tt.format, tt.line, all, tt.want, tt.client)
		}
	}
}

// TestServerContext joins what asyncio prints between its message and the traceback.
func TestServerContext(t *testing.T) {
	t.Parallel()
	log := "ERROR:asyncio:Fatal error on transport\nprotocol: <x>\ntransport: <y>\n" + tracebackLine +
		"\n  File \"/usr/lib/python3.11/asyncio/selector_events.py\", line 1, in write\n    n = self._sock.send(data)\nBrokenPipeError: [Errno 32] Broken pipe\n"
	all := records(t, []byte(log), Options{Format: "python-logging"})
	if len(all) != 1 || all[0]["lines"] != 7.0 || outcome(all[0]) != "unknown/broken_pipe/unknown" {
		t.Errorf("%v", all)
	}
}

// TestServerRotated reads logs that begin in the middle of a report.
func TestServerRotated(t *testing.T) {
	t.Parallel()
	whole := report("('10.0.0.9', 5)", "self._sock.sendall(b)", "BrokenPipeError: [Errno 32] Broken pipe")
	const access = "10.0.0.9 - - [23/Nov/2026 07:06:12] \"GET /a HTTP/1.1\" 200 -\n"
	lines := strings.SplitAfter(whole, "\n")
	for i, want := range []string{
		"client/broken_pipe/response 7", "client/broken_pipe/response 6", "client/broken_pipe/response 4,unparsed 1",
		"unparsed 4", "unparsed 3", "unparsed 1,unparsed 1", "unparsed 1",
	} {
		var got []string
		for _, r := range records(t, []byte(strings.Join(lines[i:], "")+access+whole), Options{Format: "http-server"}) {
			got = append(got, outcome(r)+" "+fmt.Sprint(r["lines"]))
		}
		if s := strings.Join(got, ","); s != want+",request 1,client/broken_pipe/response 7" {
			t.Errorf("from line %d: %s, want %s", i+1, s, want)
		}
	}
}

// TestServerPaths takes the routes that frameworks put into their messages.
func TestServerPaths(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"ERROR 2026-11-23 07:19:09,128 log 4711 140123 Internal Server Error: /upload?x=1": "/upload",
		"ERROR:django.request:Forbidden (CSRF cookie not set.): /login":                    "/login",
		"[2026-11-23 07:08:24,123] ERROR in app: Exception on /boom [GET]":                 "/boom",
		"INFO:waitress:Client disconnected while serving /a b":                             "/a b",
	} {
		r := records(t, []byte(line), Options{Format: "python"})[0]
		if r["path"] != want {
			t.Errorf("%s: %v", line, r)
		}
	}
}

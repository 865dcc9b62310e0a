package parser

import (
	"strings"
	"testing"
)

// TestPythonLayouts reads one line of each usual layout of logging.
func TestPythonLayouts(t *testing.T) {
	t.Parallel()
	const gone = "Client 203.0.113.9 disconnected"
	tests := []struct {
		head, time, logger, level string
		pid                       float64
	}{
		{"2026-11-23 07:19:09,128 - app.views - INFO - ", "2026-11-23T07:19:09.128Z", "app.views", "INFO", 0},
		{"2026-11-23 07:19:09,128 - INFO - app.views - ", "2026-11-23T07:19:09.128Z", "app.views", "INFO", 0},
		{"2026-11-23 07:19:09,128 - INFO - ", "2026-11-23T07:19:09.128Z", "", "INFO", 0},
		{"INFO:app.views:", "", "app.views", "INFO", 0},
		{"WARNING:root:", "", "root", "WARNING", 0},
		{"2026-11-23 07:19:09,128 ERROR app.views ", "2026-11-23T07:19:09.128Z", "app.views", "ERROR", 0},
		{"2026-11-23 07:19:09,128 ERROR    app.views: ", "2026-11-23T07:19:09.128Z", "app.views", "ERROR", 0},
		{"2026-11-23 07:19:09,128 ERROR ", "2026-11-23T07:19:09.128Z", "", "ERROR", 0},
		{"2026-11-23 07:19:09.128 ERROR app.views: ", "2026-11-23T07:19:09.128Z", "app.views", "ERROR", 0},
		{"2026-11-23 07:19:09 ERROR: ", "2026-11-23T07:19:09Z", "", "ERROR", 0},
		{"2026-11-23 07:19:09,128 myapp ERROR ", "2026-11-23T07:19:09.128Z", "myapp", "ERROR", 0},
		{"2026-11-23 07:19:09,128:ERROR:", "2026-11-23T07:19:09.128Z", "", "ERROR", 0},
		{"2026-11-23 07:19:09,128 [ERROR] app.views: ", "2026-11-23T07:19:09.128Z", "app.views", "ERROR", 0},
		{"2026-11-23 07:19:09,128 [4711] ERROR app.views: ", "2026-11-23T07:19:09.128Z", "app.views", "ERROR", 4711},
		{"2026-11-23 07:19:09,128 myapp[4711] ERROR ", "2026-11-23T07:19:09.128Z", "myapp", "ERROR", 4711},
		{"[2026-11-23 07:19:09,128] ERROR in views: ", "2026-11-23T07:19:09.128Z", "views", "ERROR", 0}, // Flask
		{"[2026-11-23 07:19:09,128: ERROR/ForkPoolWorker-1] ", "2026-11-23T07:19:09.128Z", "", "ERROR", 0},
		{"[2026-11-23 07:19:09,128] ERROR [app.views:42] ", "2026-11-23T07:19:09.128Z", "app.views", "ERROR", 0},
		{"[2026-11-23 07:19:09,128] {views.py:42} ERROR - ", "2026-11-23T07:19:09.128Z", "", "ERROR", 0},
		{"[2026-11-23T07:19:09.128+0100] {views.py:42} ERROR - ", "2026-11-23T06:19:09.128Z", "", "ERROR", 0},
		{"[23/Nov/2026 07:19:09] ERROR [app.views:42] ", "2026-11-23T07:19:09Z", "app.views", "ERROR", 0},
		{"ERROR 2026-11-23 07:19:09,128 views 4711 140123 ", "2026-11-23T07:19:09.128Z", "views", "ERROR", 4711}, // Django
		{"ERROR 2026-11-23 07:19:09,128 app.views ", "2026-11-23T07:19:09.128Z", "app.views", "ERROR", 0},
		{"2026-11-23 07:19:09.128 | ERROR    | app.views:get:42 - ", "2026-11-23T07:19:09.128Z", "app.views", "ERROR", 0},
		{"2026-11-23 07:19:09 [error    ] ", "2026-11-23T07:19:09Z", "", "error", 0}, // structlog
		{"2026-11-23T07:19:09.128456Z [info     ] ", "2026-11-23T07:19:09.128456Z", "", "info", 0},
		{"\x1b[2m2026-11-23T07:19:09Z\x1b[0m [\x1b[32minfo     \x1b[0m] \x1b[1m", "2026-11-23T07:19:09Z", "", "info", 0},
		{"2026-11-23 07:19:09 [scrapy.core.engine] INFO: ", "2026-11-23T07:19:09Z", "scrapy.core.engine", "INFO", 0},
		{"2026-11-23 07:19:09.128 4711 INFO nova.api [req-6f1c - - - -] ", "2026-11-23T07:19:09.128Z", "nova.api", "INFO", 4711},
		{"2026-11-23 07:19:09,128 - app - Level 25 - ", "2026-11-23T07:19:09.128Z", "app", "Level 25", 0},
	}
	for _, tt := range tests {
		r := records(t, []byte(tt.head+gone), Options{Format: "python"})[0]
		if outcome(r) != "client/closed/unknown" || r["client"] != "203.0.113.9" || !strings.HasSuffix(gone, r["message"].(string)) {
			t.Errorf("%s: %v", tt.head, r)
		}
		for key, want := range map[string]any{"time": tt.time, "logger": tt.logger, "level": tt.level, "pid": tt.pid} {
			if want == "" || want == 0.0 {
				want = nil
			}
			if r[key] != want {
				t.Errorf("%s: %s is %v, want %v", tt.head, key, r[key], want)
			}
		}
	}
}

// TestPythonNoLayout holds that lines of other programs are not taken for Python's.
func TestPythonNoLayout(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"2026-11-23T07:08:10.123Z  INFO 1234 --- [nio-8080-exec-1] c.e.Shop : started",
		"2018-12-10 00:40:45,708 [ERROR] {reactor-1} reactor.netty.tcp.TcpServer - x",
		"2026-11-23 07:08:10,123 [main] INFO  c.e.Shop - x",
		"2026-11-23 07:08:10,123 INFO  [main] c.e.Shop - x",
		"2026-11-23 07:14:20.123 UTC [123] ERROR:  canceling statement",
		"2026/11/23 07:14:20 ERROR x",
		"2026-11-23T07:14:20.123Z\tINFO\tserver/a.go:12\tx",
		"[2026-11-23T07:20:30.147Z] error: clientError ECONNRESET",
		"[2026-11-23 07:17:42 +0000] [28761] [INFO] Using worker: sync",
		"2026-11-23 07:08:12,691 DEBUG    HTTP disconnect for ['127.0.0.5', 39297]",
		"INFO:     127.0.0.1:5000 - \"GET / HTTP/1.1\" 200 OK",
		"2026-11-23 07:08:10.123:INFO:oejs.Server:main: Started",
		"INFO: Hello", "ERROR", "INFO:", "",
	} {
		for _, r := range records(t, []byte(line), Options{Format: "python-logging"}) {
			if r["event"] != "unparsed" {
				t.Errorf("%s: %v", line, r)
			}
		}
	}
}

// TestPythonBare reads messages behind a time and a level that look like other programs' heads.
func TestPythonBare(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"2026-11-23 07:19:09,128 ERROR [Errno 32] Broken pipe":                "unknown/broken_pipe/unknown",
		"[2026-11-23 07:19:09,128] ERROR [WinError 10054] An existing thing":  "unknown/reset/unknown",
		"2026-11-23 07:19:09,128 ERROR [stream] client 10.0.0.9 disconnected": "client/closed/unknown",
		"2026-11-23 07:19:09,128 ERROR {'a': 1}":                              "unparsed",
	} {
		if r := records(t, []byte(line), Options{Format: "python"})[0]; outcome(r) != want {
			t.Errorf("%s: %v, want %s", line, r, want)
		}
	}
}

// TestPythonAccess reads access lines that are messages.
func TestPythonAccess(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]map[string]any{
		`127.0.0.2 [23/Nov/2026:08:08:10 +0100] "GET /fast?x=1 HTTP/1.1" 200 175 "http://shop.example/cart" "curl/7.88.1"`: {
			"time": "2026-11-23T07:08:10Z", "zone": nil, "path": "/fast", "query": "x=1", "bytes": 175.0, "user_agent": "curl/7.88.1", "referer": "http://shop.example/cart",
		},
		`203.0.113.9 - alice [23/Nov/2026:07:08:10 +0000] "GET /a"b HTTP/1.1" 200 5 "-" "-"`: {"client": "203.0.113.9", "path": `/a"b`, "status": 200.0, "user_agent": nil},
		`10.0.0.1,10.0.0.9 "GET /v2/servers HTTP/1.1" status: 200  len: 1234 time: 0.1234567`: {
			"client": "10.0.0.1", "path": "/v2/servers", "status": 200.0, "bytes": 1234.0, "duration_ms": 123.4567,
		},
		`404 GET /missing?x=(1) (2001:db8::1) 0.72ms`: {"client": "2001:db8::1", "path": "/missing", "status": 404.0, "duration_ms": 0.72},
		`HTTP GET /slow?x=1 200 [1.01, 127.0.0.1:54321]`: {
			"client": "127.0.0.1", "client_port": 54321.0, "method": "GET", "path": "/slow", "status": 200.0, "duration_ms": 1010.0,
		},
	} {
		r := records(t, []byte("2026-11-23 07:19:09,128 - access - INFO - "+message), Options{Format: "python-logging"})[0]
		if r["event"] != "request" {
			t.Errorf("%s: %v", message, r)
		}
		for key, w := range want {
			if !same(key, w, r[key]) {
				t.Errorf("%s: %s is %v, want %v", message, key, r[key], w)
			}
		}
	}
	for _, message := range []string{`"GET / HTTP/1.1"`, `x "GET / HTTP/1.1" 200`, `10.0.0.1 "GET / HTTP/1.1" status: x  len: 1 time: 1`, `HTTP GET / 200 []`, `200 GET / (x y) 1ms`, `200 things done (all) 3ms`} {
		r := records(t, []byte("2026-11-23 07:19:09,128 - access - INFO - "+message), Options{Format: "python-logging"})[0]
		if r["event"] != "other" {
			t.Errorf("%s: %v", message, r)
		}
	}
}

// TestPythonGroups reads exception groups: what one of their members tells happened.
func TestPythonGroups(t *testing.T) {
	t.Parallel()
	group := func(members ...string) string {
		lines := []string{
			groupLine, `  |   File "/usr/lib/python3/dist-packages/uvicorn/protocols/http/h11_impl.py", line 1, in run_asgi`, "  |     result = await app()",
			"  | ExceptionGroup: unhandled errors in a TaskGroup (" + string('0'+byte(len(members))) + " sub-exceptions)",
		}
		for i, m := range members {
			lines = append(lines, "  +-+---------------- "+string('1'+byte(i))+" ----------------", "    | "+tracebackLine,
				`    |   File "/usr/lib/python3/dist-packages/starlette/requests.py", line 1, in stream`, "    |     await self.send()", "    | "+m)
		}
		return strings.Join(append(lines, "    +------------------------------------"), "\n")
	}
	const head = "ERROR:    Exception in ASGI application\n"
	chained := "\n\n" + contextLine + "\n\n" + tracebackLine + "\n  File \"/srv/app.py\", line 1, in x\n    raise exc\nstarlette.requests.ClientDisconnect"
	for log, want := range map[string]string{
		head + group("starlette.requests.ClientDisconnect"):                                                    "client/closed/request",
		head + group("ValueError: x", "ConnectionResetError: [Errno 104] Connection reset by peer"):            "client/reset/response",
		head + group("ValueError: Broken pipe", "KeyError: 'Connection reset by peer'"):                        "other",
		head + group("ValueError: x") + chained:                                                                "client/closed/request",
		group("BrokenPipeError: [Errno 32] Broken pipe"):                                                       "client/broken_pipe/response",
		head + group("BrokenPipeError: [Errno 32] Broken pipe") + "\nINFO:     Shutting down":                  "client/broken_pipe/response",
		head + group("ValueError: x", "ValueError: y", "aiohttp.ServerDisconnectedError: Server disconnected"): "upstream/closed/waiting",
	} {
		all := records(t, []byte(log), Options{Format: "uvicorn"})
		if len(all) == 0 || outcome(all[0]) != want || len(all) != 1+strings.Count(log, "INFO:") {
			t.Errorf("%s: %v, want %s", log, all, want)
		}
	}
}

// TestPythonErrors reads the last lines of tracebacks of many libraries and systems.
func TestPythonErrors(t *testing.T) {
	t.Parallel()
	server := "  File \"C:\\Python311\\Lib\\socketserver.py\", line 1, in write\n    self._sock.sendall(b)\n"
	loop := "  File \"/usr/lib/python3/dist-packages/aiohttp/web_protocol.py\", line 1, in _handle_request\n    resp = await x\n" +
		"  File \"/usr/lib/python3/dist-packages/aiohttp/http_writer.py\", line 1, in write\n    await self.drain()\n" +
		"  File \"/usr/lib/python3.11/asyncio/selector_events.py\", line 1, in _read_ready__data_received\n    data = self._sock.recv(self.max_size)\n"
	headers := "  File \"/usr/lib/python3.11/http/server.py\", line 1, in parse_request\n    self.headers = x\n" +
		"  File \"/usr/lib/python3.11/http/client.py\", line 1, in parse_headers\n    headers = _read_headers(fp)\n"
	for _, tt := range []struct{ frames, exception, want string }{
		{server, "ConnectionResetError: [WinError 10054] An existing connection was forcibly closed by the remote host", "client/reset/response"},
		{server, "ConnectionAbortedError: [WinError 10053] An established connection was aborted by the software in your host machine", "client/aborted/response"},
		{server, "socket.error: (32, 'Broken pipe')", "client/broken_pipe/response"},
		{server, "error: (104, 'Connection reset by peer')", "client/reset/response"},
		{server, "OpenSSL.SSL.SysCallError: (-1, 'Unexpected EOF')", "client/closed/response"},
		{server, "OpenSSL.SSL.SysCallError: (32, 'EPIPE')", "client/broken_pipe/response"},
		{server, "ssl.SSLEOFError: EOF occurred in violation of protocol (_ssl.c:2396)", "client/closed/response"},
		{server, "KeyError: (32, 'Broken pipe')", "other"},
		{loop, "ConnectionResetError: [Errno 104] Connection reset by peer", "client/reset/response"},
		{headers, "ConnectionResetError: [Errno 104] Connection reset by peer", "client/reset/request"},
		{server, "werkzeug.exceptions.ClientDisconnected: 400 Bad Request: The browser (or proxy) sent a request", "client/closed/request"},
		{server, "OSError: write error", "client/unknown/response"},
		{server, "OSError: timeout during read(1000) on wsgi.input", "client/timeout/request"},
		{server, "psycopg2.OperationalError: server closed the connection unexpectedly", "upstream/closed/waiting"},
		{server, "sqlalchemy.exc.OperationalError: (psycopg2.OperationalError) server closed the connection unexpectedly", "upstream/closed/waiting"},
		{server, "sqlalchemy.exc.OperationalError: (pymysql.err.OperationalError) (2013, 'Lost connection to MySQL server during query')", "upstream/closed/waiting"},
		{server, "pymysql.err.OperationalError: (1054, \"Unknown column\")", "other"},
		{server, "httpx.RemoteProtocolError: Server disconnected without sending a response.", "upstream/closed/waiting"},
		{server, "httpx.ReadTimeout", "upstream/timeout/waiting"},
		{server, "httpx.ConnectTimeout", "other"},
		{server, "aiohttp.client_exceptions.ClientConnectorError: Cannot connect to host a:1 ssl:default [Connect call failed]", "other"},
		{server, "aiohttp.client_exceptions.ClientPayloadError: Response payload is not completed", "upstream/closed/response"},
		{server, "starlette.websockets.WebSocketDisconnect: 1006", "client/closed/unknown"},
		{server, "starlette.websockets.WebSocketDisconnect: 1001", "other"},
		{server, "websockets.exceptions.ConnectionClosedOK: received 1001 (going away); then sent 1001 (going away)", "other"},
	} {
		log := "2026-11-23 07:19:09,128 - app - ERROR - it failed\n" + tracebackLine + "\n" + tt.frames + tt.exception
		r := records(t, []byte(log), Options{Format: "python-logging"})
		if len(r) != 1 || outcome(r[0]) != tt.want {
			t.Errorf("%s: %v, want %s", tt.exception, r, tt.want)
		}
	}
}

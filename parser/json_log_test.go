package parser

import (
	"fmt"
	"strings"
	"testing"

	"hangup/event"
)

// TestJSONSignals holds what the errors and messages of JSON logs mean.
func TestJSONSignals(t *testing.T) {
	t.Parallel()
	const (
		goLine   = `{"time":"2026-11-23T07:14:07Z","level":"ERROR","msg":%q,"err":%q,"method":%q,"path":"/a","remote_addr":"203.0.113.7:51234"}`
		access   = `{"time":"2026-11-23T07:14:07Z","level":"INFO","msg":"request","method":%q,"path":"/a","remote_addr":"203.0.113.7:51234","status":%s,"bytes":%s,"duration_ms":1%s}`
		node     = `{"level":50,"time":1795417801061,"pid":1,"hostname":"h","req":{"id":1,"method":"GET","url":"/a"},"msg":%q,"err":{"type":%q,"message":%q,"code":%q,"stack":%q}}`
		pinoLine = `{"level":30,"time":1795417801061,"pid":1,"hostname":"h","req":{"id":1,"method":%q,"url":"/a"},"res":{"statusCode":%s},"responseTime":5,"msg":%q}`
		other    = `{"timestamp":"2026-11-23T07:14:07Z","level":"warn","message":%q,"logger":%q}`
	)
	serverStack := "Error: x\n    at abortIncoming (node:_http_server:796:17)"
	clientStack := "Error: x\n    at Socket.socketCloseListener (node:_http_client:468:11)"
	tests := []struct {
		format, line string
		args         []any
		want         string
	}{
		{"go-json", goLine, []any{"failed to write", "write tcp 10.0.0.1:8080->203.0.113.7:51234: write: broken pipe", "GET"}, "client/broken_pipe/response"},
		{"go-json", goLine, []any{"query failed", "context canceled", "GET"}, "client/closed/waiting"},
		{"go-json", goLine, []any{"failed to read request body", "unexpected EOF", "POST"}, "client/closed/request"},
		{"go-json", goLine, []any{"redis", "write tcp 10.0.0.1:51000->10.0.0.9:6379: write: broken pipe", "GET"}, "upstream/broken_pipe/request"},
		{"go-json", goLine, []any{"db", "dial tcp 10.0.0.9:5432: connect: connection refused", "GET"}, "other"},
		{"go-json", goLine, []any{"db", "sql: no rows in result set", "GET"}, "other"},
		{"go-json", access, []any{"GET", "200", "9", ""}, "request"},
		{"go-json", access, []any{"GET", "499", "0", ""}, "client/closed/unknown"},
		{"go-json", access, []any{"GET", "499", "0", `,"ctx_err":"context canceled"`}, "client/closed/waiting"},
		{"go-json", access, []any{"POST", "400", "9", `,"ctx_err":"context canceled"`}, "client/closed/request"},
		{"go-json", access, []any{"GET", "200", "9", `,"ctx_err":"context canceled"`}, "client/closed/unknown"},
		{"go-json", access, []any{"GET", "500", "9", `,"error":"context canceled"`}, "client/closed/waiting"},
		{"go-json", access, []any{"GET", "200", "9", `,"panic":true`}, "unknown/unknown/response"},
		{"go-json", access, []any{"GET", "500", "9", `,"panic":true`}, "request"},
		{"go-json", access, []any{"GET", "500", "9", `,"error":"boom"`}, "request"},
		{"go-json", access, []any{"GET", `"ok"`, "9", ""}, "other"},
		{"go-json", `{"level":"info","method":"GET","url":"/a","status":200,"size":5,"duration":1.2,"time":"2026-11-23T07:14:12Z"}`, nil, "request"},
		{"pino-http", pinoLine, []any{"GET", "null", "request aborted"}, "client/closed/waiting"},
		{"pino-http", pinoLine, []any{"POST", "null", "request aborted"}, "client/closed/waiting"},
		{"pino-http", pinoLine, []any{"GET", "200", "request aborted"}, "client/closed/response"},
		{"pino-http", pinoLine, []any{"POST", "400", "request aborted"}, "client/closed/request"},
		{"pino-http", pinoLine, []any{"GET", "200", "request completed"}, "request"},
		{"pino-http", pinoLine, []any{"GET", "500", "request errored"}, "request"},
		{"pino-http", node, []any{"x", "Error", "aborted", "ECONNRESET", serverStack}, "client/reset/request"},
		{"pino-http", node, []any{"x", "BadRequestError", "request aborted", "ECONNABORTED", serverStack}, "client/aborted/request"},
		{"pino-http", node, []any{"x", "Error", "Premature close", "ERR_STREAM_PREMATURE_CLOSE", serverStack}, "client/closed/response"},
		{"pino-http", node, []any{"x", "Error", "socket hang up", "ECONNRESET", clientStack}, "upstream/closed/waiting"},
		{"pino-http", node, []any{"x", "Error", "write EPIPE", "EPIPE", ""}, "unknown/broken_pipe/response"},
		{"pino-http", node, []any{"x", "Error", "read ECONNRESET", "ECONNRESET", ""}, "unknown/reset/unknown"},
		{"pino-http", node, []any{"x", "Error", "connect ECONNREFUSED 127.0.0.1:5432", "ECONNREFUSED", clientStack}, "other"},
		{"pino-http", node, []any{"x", "Error", "Parse Error", "HPE_INVALID_EOF_STATE", serverStack}, "client/closed/request"},
		{"pino-http", node, []any{"boom", "Error", "boom: not a disconnect", "", serverStack}, "other"},
		{"json", other, []any{"Client 203.0.113.7:51234 disconnected", "app"}, "client/closed/unknown"},
		{"json", other, []any{"user 17 disconnected Google account", "app"}, "other"},
		{"json", other, []any{"GET /docs/broken-pipe done", "app"}, "other"},
		{"json", other, []any{"request aborted by client", "app"}, "client/closed/unknown"},
		{"json", other, []any{"http: proxy error: context canceled", "app"}, "client/closed/waiting"},
		{"json", `{"a":1}`, nil, "unparsed"},
		{"json", `{"time":"2026-11-23T07:14:07Z"}`, nil, "unparsed"},
		{"json", `{"time":"soon","level":"info","msg":"x"}`, nil, "unparsed"},
		{"go-json", `{"time":"2026-11-23T07:14:07Z","level":30,"msg":"x"}`, nil, "unparsed"},
		{"bunyan", `{"name":"a","hostname":"h","pid":1,"level":30,"msg":"x","time":"2026-11-22T10:00:00Z","v":1}`, nil, "unparsed"},
		{"echo-json", `{"time":"2026-11-22T10:00:00Z","status":499,"method":"GET","uri":"/a","latency":5,"latency_human":"5ns","bytes_out":0}`, nil, "client/closed/unknown"},
	}
	for _, tt := range tests {
		line := fmt.Sprintf(tt.line, tt.args...)
		if got := endOf(t, tt.format, line); got != tt.want {
			t.Errorf("%s: %s, want %s", line, got, tt.want)
		}
	}
}

// TestDurations reads durations whose unit is the key's, the text's or the logger's.
func TestDurations(t *testing.T) {
	t.Parallel()
	for fields, want := range map[string]any{
		`"time":"2026-11-23T07:14:07Z","level":"info","message":"x","duration":601.377009`:    601.377009, // zerolog
		`"ts":1795418047.389074,"level":"info","msg":"x","duration":0.300283243`:              300.283243, // zap
		`"time":"2026-11-23T07:14:07Z","level":"INFO","msg":"x","duration":50706`:             0.050706,   // slog
		`"time":"2026-11-23T07:14:07Z","level":"info","msg":"x","duration":"1m30.5s"`:         90500.0,    // logrus
		`"time":"2026-11-23T07:14:07Z","level":"info","msg":"x","duration":300283243`:         300.283243, // logrus
		`"time":"2026-11-23T07:14:07Z","level":"info","msg":"x","duration":30`:                nil,        // nobody knows
		`"t":"2026-11-23T07:14:07Z","level":"info","msg":"x","time_ms":1,"duration":"1.25ms"`: 1.25,       // Grafana
		`"time":"2026-11-23T07:14:07Z","level":"info","msg":"x","elapsed_ms":30`:              30.0,
		`"time":"2026-11-23T07:14:07Z","level":"info","msg":"x","duration_s":1.5e-2`:          15.0,
		`"time":"2026-11-23T07:14:07Z","level":"info","msg":"x","took_us":1500`:               1.5,
		`"time":"2026-11-23T07:14:07Z","level":"info","msg":"x","event":{"duration":2000000}`: 2.0,
		`"time":"2026-11-23T07:14:07Z","level":"info","msg":"x","duration":-1`:                nil,
		`"time":"2026-11-23T07:14:07Z","level":"info","msg":"x","duration_ms":1e300`:          nil,
	} {
		if r := records(t, []byte("{"+fields+"}"), Options{Format: "json"})[0]; r["duration_ms"] != want {
			t.Errorf("%s: %v, want %v", fields, r["duration_ms"], want)
		}
	}
}

// TestFastifyRecall holds when a record takes the route and the client of the one before it: never across processes,
// hosts or starts.
func TestFastifyRecall(t *testing.T) {
	t.Parallel()
	line := func(pid int, host, id, rest string) string {
		return fmt.Sprintf(`{"level":30,"time":1795417801061,"pid":%d,"hostname":%q,"reqId":%q,%s}`+"\n", pid, host, id, rest)
	}
	const (
		begins = `"req":{"method":"GET","url":"/a?x=1","host":"shop.example:80","remoteAddress":"203.0.113.7","remotePort":51234},"msg":"incoming request"`
		ends   = `"res":{"statusCode":200},"responseTime":5,"msg":"request completed"`
		start  = `{"level":30,"time":1795417801061,"pid":1,"hostname":"h","msg":"Server listening at http://127.0.0.1:3000"}` + "\n"
	)
	tests := []struct {
		name, log string
		recovered bool
	}{
		{"same", line(1, "h", "req-1", begins) + line(1, "h", "req-1", ends), true},
		{"between", line(1, "h", "req-1", begins) + line(1, "h", "req-2", begins) + line(1, "h", "req-1", ends), true},
		{"other id", line(1, "h", "req-1", begins) + line(1, "h", "req-2", ends), false},
		{"other process", line(1, "h", "req-1", begins) + line(2, "h", "req-1", ends), false},
		{"other host", line(1, "h", "req-1", begins) + line(1, "i", "req-1", ends), false},
		{"start", line(1, "h", "req-1", begins) + start + line(1, "h", "req-1", ends), false},
		{"twice", line(1, "h", "req-1", begins) + line(1, "h", "req-1", ends) + line(1, "h", "req-1", ends), false},
		{"alone", line(1, "h", "req-1", ends), false},
		{"pushed out", line(1, "h", "req-1", begins) + strings.Repeat(line(1, "h", "req-x", begins), pinoRoutes) + line(1, "h", "req-1", ends), false},
	}
	for _, tt := range tests {
		list := records(t, []byte(tt.log), Options{Format: "fastify"})
		r := list[len(list)-1]
		want := map[string]any{}
		if tt.recovered {
			want = map[string]any{"recovered": true, "method": "GET", "path": "/a", "query": "x=1", "host": "shop.example", "client": "203.0.113.7", "client_port": 51234.0}
		}
		for _, key := range []string{"recovered", "method", "path", "query", "host", "client", "client_port"} {
			if r[key] != want[key] {
				t.Errorf("%s: %s is %v, want %v", tt.name, key, r[key], want[key])
			}
		}
	}
	p, err := New(Options{Format: "fastify"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 * pinoRoutes {
		feed(p, []byte(line(1, "h", fmt.Sprint("req-", i), begins)), func(*event.Record) {})
	}
	if n := len(p.(*reader).grammar.(*pino).routes); n != pinoRoutes {
		t.Errorf("%d routes are remembered", n)
	}
}

// TestServersOfGo holds the messages of Caddy, Traefik and etcd.
func TestServersOfGo(t *testing.T) {
	t.Parallel()
	const (
		caddyLine   = `{"level":"error","ts":1795341605.5,"logger":%q,"msg":%q,"error":%q,"request":{"remote_ip":"203.0.113.170","method":"GET","uri":"/"}%s}`
		traefikLine = `{"level":"debug","error":%q,"time":"2026-11-22T10:00:45Z","message":%q}`
		etcdLine    = `{"level":"warn","ts":"2020-10-27T08:38:20.860Z","caller":"rafthttp/stream.go:421","msg":%q,"error":%q}`
		proxy       = "http.handlers.reverse_proxy"
		aborting    = "aborting with incomplete response"
	)
	tests := []struct {
		format, line string
		args         []any
		want         string
	}{
		{"caddy-json", caddyLine, []any{proxy, aborting, "context canceled", ""}, "client/closed/response"},
		{"caddy-json", caddyLine, []any{proxy, aborting, "writing: write tcp 10.0.0.1:443->203.0.113.170:44790: write: connection reset by peer", ""}, "client/reset/response"},
		{"caddy-json", caddyLine, []any{proxy, aborting, "writing: H3 error (0x10c)", ""}, "client/closed/response"},
		{"caddy-json", caddyLine, []any{proxy, aborting, "stream 4 canceled by remote with error code 268", ""}, "client/closed/response"},
		{"caddy-json", caddyLine, []any{proxy, aborting, "reading: unexpected EOF", ""}, "upstream/closed/response"},
		{"caddy-json", caddyLine, []any{proxy, aborting, "reading: context canceled", ""}, "client/closed/response"},
		{"caddy-json", caddyLine, []any{proxy, "reading from backend", "read tcp 10.0.0.1:40000->10.0.0.5:8080: i/o timeout", ""}, "upstream/timeout/response"},
		{"caddy-json", caddyLine, []any{proxy, "reading from backend", "context canceled", ""}, "other"},
		{"caddy-json", caddyLine, []any{"http.log.error", "dial tcp 10.0.0.5:8080: connect: connection refused", "", `,"status":502`}, "other"},
		{"caddy-json", caddyLine, []any{"http.log.error", "dial tcp 10.0.0.5:8080: i/o timeout", "", `,"status":504`}, "upstream/timeout/waiting"},
		{"caddy-json", caddyLine, []any{"http.log.error", "EOF", "", `,"status":502`}, "upstream/closed/waiting"},
		{"caddy-json", caddyLine, []any{"http.log.error", "net/http: timeout awaiting response headers", "", `,"status":504`}, "upstream/timeout/waiting"},
		{"caddy-json", caddyLine, []any{"http.log.error", "no upstreams available", "", `,"status":503`}, "other"},
		{"caddy-json", caddyLine, []any{"http.log.error.log0", "context canceled", "", `,"status":499`}, "client/closed/waiting"},
		{"caddy-json", caddyLine, []any{"http.stdlib", "http: TLS handshake error from 203.0.113.171:5555: remote error: tls: bad certificate", "", ""}, "other"},
		{"caddy-json", caddyLine, []any{"http.log.access", "handled request", "", `,"status":499,"size":0`}, "client/closed/waiting"},
		{"caddy-json", caddyLine, []any{"http.log.access", "handled request", "", `,"status":0,"size":0`}, "request"},
		{"caddy-json", caddyLine, []any{"main", "handled", "", ""}, "unparsed"},
		{"traefik-json", traefikLine, []any{"context canceled", "499 Client Closed Request"}, "client/closed/waiting"},
		{"traefik-json", traefikLine, []any{"EOF", "502 Bad Gateway"}, "upstream/closed/waiting"},
		{"traefik-json", traefikLine, []any{"read tcp 10.0.0.1:40000->10.0.0.5:80: read: connection reset by peer", "502 Bad Gateway"}, "upstream/reset/waiting"},
		{"traefik-json", traefikLine, []any{"net/http: timeout awaiting response headers", "504 Gateway Timeout"}, "upstream/timeout/waiting"},
		{"traefik-json", traefikLine, []any{"dial tcp 10.0.0.5:80: connect: connection refused", "502 Bad Gateway"}, "other"},
		{"traefik-json", `{"ClientAddr":"203.0.113.160:39496","DownstreamStatus":499,"DownstreamContentSize":21,"Duration":5,"RequestMethod":"GET","RequestPath":"/","time":"2026-11-22T10:00:43Z"}`, nil, "client/closed/waiting"},
		{"etcd", etcdLine, []any{"rejected connection", "EOF"}, "client/closed/request"},
		{"etcd", etcdLine, []any{"rejected connection", "read tcp 10.0.0.1:2379->10.0.0.2:43183: read: connection reset by peer"}, "client/reset/request"},
		{"etcd", etcdLine, []any{"rejected connection", "remote error: tls: bad certificate"}, "other"},
		{"etcd", etcdLine, []any{"lost TCP streaming connection with remote peer", "read tcp 10.0.0.1:38948->10.0.0.2:2380: i/o timeout"}, "upstream/timeout/unknown"},
		{"etcd", etcdLine, []any{"lost TCP streaming connection with remote peer", "unexpected EOF"}, "upstream/closed/unknown"},
		{"etcd", etcdLine, []any{"prober detected unhealthy status", "dial tcp 10.0.0.2:2380: connect: connection refused"}, "other"},
		{"etcd", "2021-03-30 01:16:29.095730 W | rafthttp: lost the TCP streaming connection with peer 5d73ea50db7c3509 (stream Message reader)", nil, "upstream/unknown/unknown"},
		{"etcd", "2021-03-30 01:16:29.095730 I | etcdserver: published {Name:a} to cluster 1", nil, "other"},
		{"mongodb", `{"t":{"$date":"2024-06-10T20:13:39.018+00:00"},"s":"I","c":"NETWORK","id":22988,"ctx":"conn1","msg":"Error receiving request from client. Ending connection from remote","attr":{"error":{"code":6,"codeName":"HostUnreachable","errmsg":"Connection reset by peer"},"remote":"10.0.0.7:5555"}}`, nil, "client/reset/unknown"},
		{"mongodb", `{"t":{"$date":"2024-06-10T20:13:39.018+00:00"},"s":"I","c":"NETWORK","id":22989,"ctx":"conn1","msg":"Error sending response to client. Ending connection from remote","attr":{"error":{"code":9001,"codeName":"SocketException","errmsg":"Broken pipe"},"remote":"10.0.0.7:5555"}}`, nil, "client/broken_pipe/response"},
		{"mongodb", "2020-12-13T04:00:55.266+0000 I  NETWORK  [conn51] SocketException handling request, closing client connection: 9001 socket exception [SEND_ERROR] for 10.0.0.7:5555", nil, "client/unknown/response"},
		{"klog", `E0226 05:09:14.387547       1 writers.go:120] apiserver was unable to write a JSON response: http2: stream closed`, nil, "client/closed/response"},
		{"klog", `I0710 11:59:20.654253       1 httplog.go:90] GET /api/v1/nodes?limit=500: (5.195ms) 200 [kubelet/v1.9.2 (linux/amd64) kubernetes/5fa2db2 10.0.0.1:40022]`, nil, "request"},
		{"klog", `W1123 07:14:10.593237   21569 reflector.go:299] watch of *v1.Pod ended with: too old resource version`, nil, "other"},
		{"klog", `X1123 07:14:10.593237   21569 reflector.go:299] x`, nil, "unparsed"},
		{"klog", `E1323 07:14:10.593237   21569 reflector.go:299] x`, nil, "unparsed"},
		{"logfmt", `at=error code=H27 desc="Client Request Interrupted" method=GET path="/slow?x=1" host=shop.example request_id=a1 fwd="203.0.113.7, 10.0.0.1" dyno=web.1 connect=1ms service=1002ms status=499 bytes=0 protocol=https`, nil, "client/closed/unknown"},
		{"logfmt", `at=error code=H12 desc="Request timeout" method=GET path="/slow" host=shop.example request_id=a1 fwd="203.0.113.7" dyno=web.1 connect=1ms service=30000ms status=503 bytes=0`, nil, "upstream/timeout/waiting"},
		{"logfmt", `at=info method=GET path="/" host=shop.example request_id=a1 fwd="203.0.113.7" dyno=web.1 connect=1ms service=18ms status=200 bytes=13`, nil, "request"},
		{"logfmt", `time=2026-11-23T07:14:07Z level=info msg=x y`, nil, "unparsed"},
		{"logfmt", `a=1 b=2 c=3`, nil, "unparsed"},
		{"logfmt", `time=2026-11-23T07:14:07Z level= msg=`, nil, "other"},
	}
	for _, tt := range tests {
		line := fmt.Sprintf(tt.line, tt.args...)
		if got := endOf(t, tt.format, line); got != tt.want {
			t.Errorf("%s: %s, want %s", line, got, tt.want)
		}
	}
}

// TestHeroku reads what a line of Heroku's router says besides.
func TestHeroku(t *testing.T) {
	t.Parallel()
	r := records(t, []byte(`at=info method=POST path="/a?x=1" host=shop.example request_id=a1 fwd="203.0.113.7, 10.0.0.1" dyno=web.1 connect=1ms service=18ms status=200 bytes=13 protocol=https`), Options{Format: "logfmt"})[0]
	for key, want := range map[string]any{"client": "203.0.113.7", "path": "/a", "query": "x=1", "host": "shop.example", "request_id": "a1", "duration_ms": 18.0, "bytes": 13.0, "upstream": "web.1"} {
		if r[key] != want {
			t.Errorf("%s is %v, want %v", key, r[key], want)
		}
	}
}

// TestKlogYear gives times without a year the year that fits to when they were seen, at the turn of a year too.
func TestKlogYear(t *testing.T) {
	t.Parallel()
	r := records(t, []byte("E0226 05:09:14.386521       1 a.go:1] x\nE1210 05:09:14.386521       1 a.go:1] x\nE0229 05:09:14.386521       1 a.go:1] x\n"), Options{Format: "klog"})
	if r[0]["time"] != "2026-02-26T05:09:14.386521Z" || r[1]["time"] != "2025-12-10T05:09:14.386521Z" || r[2]["time"] != "2024-02-29T05:09:14.386521Z" {
		t.Errorf("%v", r)
	}
}

// TestZapConsole reads lines of other settings of zap's console encoder, and traces without their record.
func TestZapConsole(t *testing.T) {
	t.Parallel()
	log := "\t/srv/app/go/main.go:23\nnet/http.HandlerFunc.ServeHTTP\n\t/usr/local/go/src/net/http/server.go:2286\n" +
		"2026-11-23T07:14:07.389Z\t\x1b[31mERROR\x1b[0m\tapi.http\tgo/main.go:23\tfailed to write response\t{\"error\": \"write tcp 10.0.0.1:8080->203.0.113.7:51234: write: broken pipe\"}\n" +
		"main.rep\n\t/srv/app/go/main.go:23\n" +
		"2026-11-23T07:14:08.389+0100\tinfo\tready\n"
	r := records(t, []byte(log), Options{Format: "zap-console"})
	if len(r) != 3 || r[0]["lines"] != 3.0 || r[0]["reason"] != "continuation" || r[1]["logger"] != "api.http" || r[1]["level"] != "ERROR" || r[1]["lines"] != 3.0 ||
		r[1]["how"] != "broken_pipe" || r[2]["time"] != "2026-11-23T06:14:08.389Z" || r[2]["message"] != "ready" {
		t.Errorf("%v", r)
	}
}

// TestMayTell holds that no text that is a signal is passed over.
func TestMayTell(t *testing.T) {
	t.Parallel()
	var texts []string
	for i := range goCauses {
		texts = append(texts, goCauses[i].text)
	}
	for _, w := range goneWords {
		texts = append(texts, "client "+w.text)
	}
	for i := range nodeTexts {
		texts = append(texts, nodeTexts[i].text)
	}
	for i := range nodeErrorCodes {
		texts = append(texts, nodeErrorCodes[i].code)
	}
	for _, x := range pythonExceptions {
		texts = append(texts, x.name+": "+x.text)
	}
	for _, x := range pythonTexts {
		texts = append(texts, x.text)
	}
	for i := range strerrors {
		texts = append(texts, strerrors[i].text)
	}
	for _, s := range texts {
		if !mayTell("x: "+s) || !mayTell(strings.ToUpper(s)) {
			t.Errorf("%q is passed over", s)
		}
	}
	for _, s := range []string{"", "user cart was updated with a new item", "GET /cart", "started"} {
		if mayTell(s) {
			t.Errorf("%q is searched", s)
		}
	}
}

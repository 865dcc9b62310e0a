package parser

import (
	"strings"
	"testing"
)

// TestUwsgiSignals holds what uWSGI's own lines mean.
func TestUwsgiSignals(t *testing.T) {
	t.Parallel()
	const at = "Mon Nov 23 07:07:46 2026 - "
	for line, want := range map[string]string{
		at + "uwsgi_response_write_headers_do(): Broken pipe [core/writer.c line 248] during GET /a b (10.0.0.9)":                                             "client/broken_pipe/response",
		at + "uwsgi_response_write_headers_do() Broken pipe [core/writer.c line 248] ":                                                                        "client/broken_pipe/response",
		at + "uwsgi_response_writev_headers_and_body_do(): Connection timed out [core/writer.c line 306] during GET / (::1)":                                  "client/timeout/response",
		at + "uwsgi_response_sendfile_do(): Connection reset by peer [core/writer.c line 655] during GET /a.js (10.0.0.9)":                                    "client/reset/response",
		at + "uwsgi_response_write_body_do(): Bad file descriptor [core/writer.c line 429] during GET / (10.0.0.9)":                                           "unknown/unknown/response",
		at + "uwsgi_response_sendfile_do() TIMEOUT !!!":                                                                                                       "client/timeout/response",
		at + "SIGPIPE: writing to a closed pipe/socket/fd (probably the client disconnected) on request /a (ip 10.0.0.9) !!!":                                 "client/broken_pipe/response",
		"SIGPIPE: writing to a closed pipe/socket/fd (probably the client disconnected) !!!":                                                                  "client/broken_pipe/response",
		"[uwsgi-body-read] Error reading 9 bytes. Content-Length: 9 consumed: 0 left: 9 message: Client closed connection":                                    "client/closed/request",
		"[uwsgi-body-read] Error reading 9 bytes. Content-Length: 9 consumed: 0 left: 9 message: Connection reset by peer":                                    "client/reset/request",
		"[uwsgi-body-read] Error reading 9 bytes. Content-Length: 9 consumed: 0 left: 9 message: Input/output error":                                          "client/unknown/request",
		"[uwsgi-body-read] Timeout reading 9 bytes. Content-Length: 9 consumed: 0 left: 9":                                                                    "client/timeout/request",
		"uwsgi_proto_http_parser() -> client closed connection":                                                                                               "client/closed/request",
		"uwsgi_proto_uwsgi_parser(): Connection reset by peer [proto/uwsgi.c line 40]":                                                                        "client/reset/request",
		"uwsgi_proto_fastcgi_parser(): Resource temporarily unavailable [proto/fastcgi.c line 40]":                                                            "other",
		"[uwsgi-http key: shop.example client_addr: 10.0.0.9 client_port: 54321] hr_write(): Broken pipe [plugins/http/http.c line 565]":                      "client/broken_pipe/response",
		"[uwsgi-http key:  client_addr: 10.0.0.9 client_port: 54321] hr_read(): Connection reset by peer [plugins/http/http.c line 917]":                      "client/reset/unknown",
		"[uwsgi-http key: shop.example client_addr: 10.0.0.9 client_port: 54321] hr_instance_write(): Broken pipe [plugins/http/http.c line 614]":             "upstream/broken_pipe/request",
		"[uwsgi-http key: shop.example client_addr: 10.0.0.9 client_port: 54321] hr_instance_read(): Connection reset by peer [plugins/http/http.c line 647]": "upstream/reset/unknown",
		"[uwsgi-http key: shop.example client_addr: 10.0.0.9 client_port: 54321] hr_instance_connected(): Connection refused [plugins/http/http.c line 650]":  "other",
		"uwsgi_proto_ssl_write()/SSL_write(): Broken pipe [proto/base.c line 291]":                                                                            "client/broken_pipe/response",
		"[uwsgi-http key: a client_addr: 10.0.0.9 client_port: 5] hr_ssl_write(): Broken pipe [plugins/http/https.c line 332]":                                "client/broken_pipe/response",
		"[uwsgi-websocket] no PONG received in 3 seconds !!!":                                                                                                 "client/timeout/unknown",
		at + "*** HARAKIRI ON WORKER 1 (pid: 24470, try: 1) ***":                                                                                              "server/timeout/unknown",
		at + "*** HARAKIRI ON THE SPOOLER (pid: 24470) ***":                                                                                                   "other",
		"DAMN ! worker 1 (pid: 24470) died, killed by signal 9 :( trying respawn ...":                                                                         "other",
		"invalid request block size: 4937 (max 4096)...skip":                                                                                                  "other",
		"worker 3 buried after 1 seconds": "other",
		"worker bees disconnected":        "unparsed",
		"client disconnected":             "unparsed",
	} {
		all := records(t, []byte(line), Options{Format: "uwsgi"})
		if len(all) != 1 || outcome(all[0]) != want {
			t.Errorf("%s: %v, want %s", line, all, want)
			continue
		}
		if r := all[0]; strings.HasPrefix(line, at) && r["time"] != "2026-11-23T07:07:46Z" || strings.Contains(line, "10.0.0.9") && r["client"] != "10.0.0.9" {
			t.Errorf("%s: %v", line, r)
		}
	}
}

// TestUwsgiRequests reads the variants of the request line.
func TestUwsgiRequests(t *testing.T) {
	t.Parallel()
	const tail = "1 headers in 44 bytes (2 switches on core 0)"
	for line, want := range map[string]map[string]any{
		"[pid: 7|app: 0|req: 1/1] ::1 (alice) {28 vars in 3 bytes} [Mon Nov  2 07:07:45 2026] GET /a?x= => generated 3 bytes in 250 micros (HTTP/1.1 200) " + tail: {
			"client": "::1", "path": "/a", "query": "x=", "duration_ms": 0.25, "bytes": 3.0, "status": 200.0, "pid": 7.0, "time": "2026-11-02T07:07:45Z",
		},
		"{address space usage: 71 bytes/67MB} {rss usage: 3 bytes/3MB} [pid: 7|app: -1|req: -1/9] 10.0.0.9 () {28 vars in 3 bytes} [Mon Nov 23 07:07:45 2026] GET /a => generated 9 => generated 3 bytes in 2 msecs via sendfile() (HTTP/2.0 304) " + tail: {
			"client": "10.0.0.9", "path": "/a => generated 9", "duration_ms": 2.0, "status": 304.0, "protocol": "HTTP/2.0",
		},
		"Mon Nov 23 07:07:46 2026 - [pid: 7|app: 0|req: 1/1]  () {28 vars in 3 bytes} [Mon Nov 23 07:07:45 2026]   => generated 0 bytes in 0 msecs ( 500) " + tail: {
			"client": nil, "path": nil, "status": 500.0,
		},
		"2026-11-23 07:07:46 - [pid: 7|app: 0|req: 1/1] 10.0.0.9 () {28 vars in 3 bytes} [Mon Nov 23 07:07:45 2026] GET / => generated 0 bytes in 0 msecs (HTTP/1.1 200) " + tail: {"path": "/"},
	} {
		all := records(t, []byte(line), Options{Format: "uwsgi"})
		if len(all) != 1 || all[0]["event"] != "request" {
			t.Errorf("%s: %v", line, all)
			continue
		}
		for key, w := range want {
			if !same(key, w, all[0][key]) {
				t.Errorf("%s: %s is %v, want %v", line, key, all[0][key], w)
			}
		}
	}
}

// TestUwsgiBlocks joins what belongs together, and nothing else.
func TestUwsgiBlocks(t *testing.T) {
	t.Parallel()
	const (
		at      = "Mon Nov 23 07:07:46 2026 - "
		write   = at + "uwsgi_response_write_body_do(): Broken pipe [core/writer.c line 429] during GET /big (10.0.0.9)\n"
		request = "[pid: 7|app: 0|req: 1/1] 10.0.0.9 () {1 vars in 3 bytes} [Mon Nov 23 07:07:45 2026] GET /big => generated 0 bytes in 0 msecs (HTTP/1.1 200) 1 headers in 44 bytes (2 switches on core 0)\n"
		failed  = tracebackLine + "\n  File \"a.py\", line 1, in app\n    x()\nRuntimeError: x\n"
	)
	for log, want := range map[string]string{
		write + "OSError: write error\n" + request: "client/broken_pipe/response 2,request 1",
		write + request:                    "client/broken_pipe/response 1,request 1",
		write + write:                      "client/broken_pipe/response 1,client/broken_pipe/response 1",
		"OSError: write error\n" + request: "unparsed 1,request 1",
		failed + request:                   "other 4,request 1",
		"Internal Server Error: /big\n" + failed + request: "other 5,request 1",
		at + "*** HARAKIRI ON WORKER 1 (pid: 7, try: 1) ***\n" + at + "HARAKIRI !!! worker 1 status !!!\n" +
			at + "HARAKIRI [core 0] 10.0.0.9 - GET /a since 1795418160\n" + at + "HARAKIRI [core 1] 10.0.0.8 - GET /b since 1795418153\n" +
			at + "HARAKIRI !!! end of worker 1 status !!!\n" + request: "server/timeout/waiting 5,request 1",
		at + "*** HARAKIRI ON WORKER 1 (pid: 7, try: 1) ***\n" + request:                        "server/timeout/unknown 1,request 1",
		"*** backtrace of 7 ***\n/usr/bin/uwsgi(x) [0x1]\n*** end of backtrace ***\n" + request: "other 3,request 1",
	} {
		var got []string
		for _, r := range records(t, []byte(log), Options{Format: "uwsgi"}) {
			got = append(got, outcome(r)+" "+string('0'+byte(r["lines"].(float64))))
			if r["party"] == "server" && r["lines"] == 5.0 && r["path"] != "/b" {
				t.Errorf("the oldest request is not taken: %v", r)
			}
		}
		if s := strings.Join(got, ","); s != want {
			t.Errorf("%s: %s, want %s", log, s, want)
		}
	}
}

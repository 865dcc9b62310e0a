package parser

import (
	"fmt"
	"strings"
	"testing"

	"hangup/event"
)

// TestNginxSignal reads messages of nginx's error log that the testdata has not.
func TestNginxSignal(t *testing.T) {
	t.Parallel()
	const post, get = `POST /upload HTTP/1.1`, `GET /a HTTP/1.1`
	tests := []struct {
		level, message, request, want string
	}{
		{"info", "client closed connection while SSL handshaking", "", "client/closed/request"},
		{"info", "client timed out (110: Connection timed out) while SSL handshaking", "", "client/timeout/request"},
		{"info", "client timed out (110: Connection timed out) while reading client request line", "", "client/timeout/request"},
		{"info", "client timed out (110: Connection timed out) while sending response to client", get, "client/timeout/response"},
		{"info", "client timed out (110: Connection timed out)", post, "client/timeout/request"},
		{"info", "client prematurely closed connection while processing HTTP/2 connection", "", "client/closed/unknown"},
		{"info", "client prematurely closed connection (104: Connection reset by peer) while sending response to client", get, "client/reset/response"},
		{"info", "client prematurely closed stream", get, "client/closed/request"},
		{"info", "client prematurely closed stream: only 5 out of 10 bytes of request body received", post, "client/closed/request"},
		{"info", "epoll_wait() reported that client prematurely closed connection, so upstream connection is closed too while connecting to upstream", get, "client/closed/waiting"},
		{"info", "kevent() reported that client prematurely closed connection, so upstream connection is closed too (54: Connection reset by peer) while reading upstream", get, "client/reset/response"},
		{"info", "client 203.0.113.9 closed keepalive connection (104: Connection reset by peer)", "-", "client/reset/idle"},
		{"info", "quic client timed out (110: Operation timed out) while handling quic input", "", "client/timeout/idle"},
		{"info", "recv() failed (104: Connection reset by peer)", get, "client/reset/unknown"},
		{"info", "recv() failed (110: Connection timed out) while waiting for request", "", "client/timeout/idle"},
		{"info", "writev() failed (10053: An established connection was aborted by the software in your host machine) while sending to client", get, "client/aborted/response"},
		{"info", "SSL_write() failed (SSL: error:80000068:system library::Connection reset by peer) while sending to client", get, "client/reset/response"},
		{"info", "recv() failed (104: Connection reset by peer) while keepalive", "", "client/reset/idle"},
		{"error", "recv() failed (104: Connection reset by peer) while sending to client", get, "upstream/reset/response"},
		{"error", "sendfile() failed (32: Broken pipe) while sending request to upstream", post, "upstream/broken_pipe/waiting"},
		{"error", "upstream prematurely closed FastCGI request while reading upstream", get, "upstream/closed/response"},
		{"error", "upstream prematurely closed stream while reading response header from upstream", get, "upstream/closed/waiting"},
		{"error", "upstream prematurely closed connection in SSL handshake while SSL handshaking to upstream", get, "upstream/closed/waiting"},
		{"error", "upstream timed out (110: Connection timed out) while sending request to upstream", get, "upstream/timeout/waiting"},
		{"error", "upstream timed out (110: Connection timed out) while proxying upgraded connection", get, "upstream/timeout/response"},
		{"error", "connect() failed (110: Connection timed out) while connecting to upstream", get, "upstream/timeout/waiting"},
		{"alert", "recv() failed (104: Connection reset by peer) while doing something new", get, "unknown/reset/unknown"},
		{"info", "recv() failed (104: Connection reset by peer) while doing something new", get, "client/reset/unknown"},
		// nobody left
		{"error", "connect() failed (111: Connection refused) while connecting to upstream", get, ""},
		{"error", "connect() failed (113: No route to host) while connecting to upstream", get, ""},
		{"error", "recv() failed (111: Connection refused) while reading response header from upstream", get, ""},
		{"info", "kevent() reported about an closed connection (54: Connection reset by peer)", get, ""},
		{"info", "client sent invalid request while reading client request line", "", ""},
		{"info", "client sent HTTP/1.1 request without \"Host\" header while reading client request headers", get, ""},
		{"info", "client disconnected, bytes from/to client:1/2, bytes from/to upstream:2/1", "", ""},
		{"info", "upstream disconnected, bytes from/to client:1/2", "", ""},
		{"error", "upstream sent invalid header while reading response header from upstream", get, ""},
		{"warn", "an upstream response is buffered to a temporary file /var/x while reading upstream", get, ""},
		{"error", `open() "/srv/client prematurely closed connection" failed (2: No such file or directory)`, get, ""},
		{"error", `open() "/srv/recv() failed (104: Connection reset by peer)" failed (2: No such file or directory)`, get, ""},
		{"info", "SSL_do_handshake() failed (SSL: error:0A000416:SSL routines::sslv3 alert certificate unknown) while SSL handshaking", "", ""},
		{"notice", "worker process 7 exited with code 0", "-", ""},
	}
	for _, tt := range tests {
		line := fmt.Sprintf("2026/11/22 10:00:00 [%s] 7#7: *1 %s", tt.level, tt.message)
		if tt.request != "-" {
			line += ", client: 203.0.113.9, server: shop.example"
			if tt.request != "" {
				line += fmt.Sprintf(`, request: "%s", host: "shop.example"`, tt.request)
			}
		}
		r := records(t, []byte(line), Options{Format: "nginx-error"})[0]
		got := ""
		if r["event"] == "disconnect" {
			got = fmt.Sprintf("%v/%v/%v", r["party"], r["how"], r["phase"])
		}
		if got != tt.want {
			t.Errorf("[%s] %s: %s, want %s", tt.level, tt.message, got, tt.want)
		}
		if tt.request != "-" && r["client"] != "203.0.113.9" {
			t.Errorf("%s: client %v", tt.message, r["client"])
		}
	}
}

// TestNginxForgery holds that what a client writes into its request cannot pose as another field.
func TestNginxForgery(t *testing.T) {
	t.Parallel()
	const line = `2026/11/22 10:00:00 [error] 7#7: *1 open() "/srv/x, client: 6.6.6.6, server: s" failed (2: No such file or directory), ` +
		`client: 203.0.113.9, server: shop.example, request: "GET /x, client: 6.6.6.6, upstream: "http://6.6.6.6/", host: "evil" HTTP/1.1", ` +
		`host: "shop.example", referrer: "https://shop.example/?", host: "evil", request_id: ""`
	r := records(t, []byte(line), Options{Format: "nginx-error"})[0]
	if r["client"] != "203.0.113.9" || r["host"] != "shop.example" || r["upstream"] != nil || !strings.HasPrefix(fmt.Sprint(r["path"]), "/x, client: ") {
		t.Error(r)
	}
}

// TestHAProxyStates goes through all termination states, and those that no manual lists.
func TestHAProxyStates(t *testing.T) {
	t.Parallel()
	tests := []struct {
		states, timers, status, bytes, method, want string
	}{
		{"-- PR PH PD PC PT LR LC LH RC RQ", "0/0/1/2/3", "200", "1", "GET", ""},
		{"CR", "-1/-1/-1/-1/5", "400", "0", "GET", "client/closed/request"},
		{"cR", "-1/-1/-1/-1/5", "408", "0", "GET", "client/timeout/request"},
		{"CQ CC CH CT", "0/0/-1/-1/5", "503", "0", "GET", "client/closed/waiting"},
		{"cH cC cQ", "0/0/0/-1/5", "408", "0", "POST", "client/timeout/waiting"},
		{"CD CL", "0/0/0/2/5", "200", "9", "GET", "client/closed/response"},
		{"CD", "0/0/0/-1/5", "400", "0", "POST", "client/closed/waiting"},
		{"CD", "0/0/0/-1/5", "-1", "0", "POST", "client/closed/request"},
		{"CD", "0/0/0/-1/5", "-1", "0", "GET", "client/closed/waiting"},
		{"cD cL", "0/0/0/2/5", "200", "9", "GET", "client/timeout/response"},
		{"SC", "0/0/-1/-1/5", "503", "0", "GET", "upstream/unknown/waiting"},
		{"sC sH", "0/0/-1/-1/5", "504", "0", "GET", "upstream/timeout/waiting"},
		{"sQ", "0/5/-1/-1/5", "503", "0", "GET", "server/timeout/waiting"},
		{"SH", "0/0/0/-1/5", "502", "0", "GET", "upstream/closed/waiting"},
		{"SD SL DD", "0/0/0/2/5", "200", "9", "GET", "upstream/closed/response"},
		{"SD", "0/0/0/-1/5", "-1", "0", "GET", "upstream/closed/waiting"},
		{"UD KD", "0/0/0/2/5", "200", "9", "GET", "server/closed/response"},
		{"KC", "0/0/-1/-1/5", "503", "0", "GET", "server/closed/waiting"},
		{"IH", "0/0/0/-1/5", "500", "0", "GET", "server/unknown/waiting"},
		{"C-", "0/0/0/-1/5", "500", "0", "GET", "client/closed/unknown"},
		{"XD", "0/0/0/2/5", "200", "9", "GET", "unknown/unknown/response"},
		{"XY", "0/0/0/2/5", "200", "9", "GET", "unknown/unknown/unknown"},
	}
	for _, tt := range tests {
		for state := range strings.FieldsSeq(tt.states) {
			line := fmt.Sprintf(`203.0.113.80:51900 [22/Nov/2026:10:00:01.123] www~ api/s1 %s %s %s - - %s-- 1/1/0/0/0 0/0 "%s /a HTTP/1.1"`,
				tt.timers, tt.status, tt.bytes, state, tt.method)
			feedOne(t, line, func(r *event.Record) {
				got := ""
				if r.Kind == event.Disconnect {
					got = fmt.Sprintf("%v/%v/%v", r.Party, r.How, r.Phase)
				}
				if got != tt.want || !r.Exchange {
					t.Errorf("%s: %s, want %s (%s)", state, got, tt.want, r.Kind)
				}
			})
		}
	}
}

func feedOne(t *testing.T, line string, emit func(*event.Record)) {
	t.Helper()
	p, err := New(Options{Format: "haproxy-http"})
	if err != nil {
		t.Fatal(err)
	}
	feed(p, []byte(line), emit)
}

// TestHAProxyErrors reads the connection error format and lines that were cut or are broken.
func TestHAProxyErrors(t *testing.T) {
	t.Parallel()
	const head = "203.0.113.80:51900 [22/Nov/2026:10:00:01.123] "
	for line, want := range map[string]string{
		head + "frt/f1: Connection closed during SSL handshake":                                        "disconnect client/closed/request",
		head + "frt/f1: Connection error during SSL handshake":                                         "disconnect client/unknown/request",
		head + "frt/f1: Timeout while waiting for PROXY protocol header":                               "disconnect client/timeout/request",
		head + "frt/f1: ECONNRESET returned by OS":                                                     "disconnect client/reset/unknown",
		head + "frt/f1: SSL handshake failure":                                                         "other //",
		head + `www~ api/s1 0/0/1/-1/5003 -1 0 - - CH-- 1/1/0/0/0 0/0 "GET /a-line-that-syslog-has-cu`: "disconnect client/closed/waiting",
		head + `www~ api/s1 0/0/1/+2/+3 200 +0 - - ---- 1/1/0/0/0 0/0 "GET / HTTP/1.1"`:                "request //",
		head + `www~ api/s1 0/0/x/-1/5003 -1 0 - - CH-- 1/1/0/0/0 0/0 "GET / HTTP/1.1"`:                "unparsed //",
		head + `www~ api/s1 0/0/1/-1/5003 -1 x - - CH-- 1/1/0/0/0 0/0 "GET / HTTP/1.1"`:                "unparsed //",
		head + `www~ api/s1 0/0/1/-1/5003`:                                                             "unparsed //",
		"203.0.113.80:51900 [22/Nov/2026:10:61:01.123] www~ x":                                         "unparsed //",
		"Nov 22 10:00:00 lb1 sshd[1]: Connection closed by 203.0.113.9":                                "unparsed //",
		"Nov 22 10:00:00 lb1 haproxy[1]: Proxy www stopped.":                                           "other //",
	} {
		feedOne(t, line, func(r *event.Record) {
			if got := fmt.Sprintf("%v %v/%v/%v", r.Kind, r.Party, r.How, r.Phase); got != want {
				t.Errorf("%s: %s, want %s", line, got, want)
			}
		})
	}
}

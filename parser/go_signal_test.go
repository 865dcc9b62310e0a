package parser

import (
	"fmt"
	"strings"
	"testing"

	"hangup/event"
)

// TestGoSignal reads Go's errors, as loggers print them behind the words of a message.
func TestGoSignal(t *testing.T) {
	t.Parallel()
	tests := []struct{ before, text, want string }{
		// Sockets whose ports say who called.
		{"", "write tcp 10.0.0.7:8080->203.0.113.7:51234: write: broken pipe", "client/broken_pipe/response 203.0.113.7:51234"},
		{"", "read tcp 10.0.0.7:443->203.0.113.7:51234: read: connection reset by peer", "client/reset/request 203.0.113.7:51234"},
		{"", "read tcp [2001:db8::7]:443->[2001:db8::1]:51234: read: connection reset by peer", "client/reset/request 2001:db8::1:51234"},
		{"", "write tcp4 10.0.0.7:8080->203.0.113.7:51234: write: connection reset by peer", "client/reset/response 203.0.113.7:51234"},
		{"", "write tcp 10.0.0.7:8080->203.0.113.7:51234: i/o timeout", "client/timeout/response 203.0.113.7:51234"},
		{"", "read tcp 10.0.0.7:8080->203.0.113.7:51234: i/o timeout", "client/timeout/request 203.0.113.7:51234"},
		{"", "read tcp 10.0.0.7:8080->203.0.113.7:51234: read: connection timed out", "client/timeout/request 203.0.113.7:51234"},
		{"", "readfrom tcp 10.0.0.7:8080->203.0.113.7:51234: sendfile: broken pipe", "client/broken_pipe/response 203.0.113.7:51234"},
		{"", "readfrom tcp 10.0.0.7:8080->203.0.113.7:51234: write tcp 10.0.0.7:8080->203.0.113.7:51234: write: broken pipe", "client/broken_pipe/response 203.0.113.7:51234"},
		{"", "write tcp 10.0.0.7:8080->203.0.113.7:51234: wsasend: An existing connection was forcibly closed by the remote host.", "client/reset/response 203.0.113.7:51234"},
		{"", "write tcp 10.0.0.7:51122->10.0.0.9:6379: write: broken pipe", "upstream/broken_pipe/request up 10.0.0.9:6379"},
		{"cache", "write tcp 10.0.0.7:51122->10.0.0.9:6379: write: broken pipe", "upstream/broken_pipe/request up 10.0.0.9:6379"},
		{"", "read tcp 10.0.0.7:51122->10.0.0.9:5432: read: connection reset by peer", "upstream/reset/waiting up 10.0.0.9:5432"},
		{"", "read tcp 10.0.0.7:51122->10.0.0.9:5432: i/o timeout", "upstream/timeout/waiting up 10.0.0.9:5432"},
		{"", "read unix @->/run/postgresql/.s.PGSQL.5432: read: connection reset by peer", "upstream/reset/waiting up unix:/run/postgresql/.s.PGSQL.5432"},
		{"", "write unix /run/app.sock->@: write: broken pipe", "client/broken_pipe/response"},
		// Sockets of which words tell, or nothing does.
		{"", "write tcp 127.0.0.1:8080->1.2.3.4:5: write: broken pipe", "unknown/broken_pipe/response"},
		{"", "write tcp 127.0.0.1:47151->127.0.0.7:60333: write: broken pipe", "unknown/broken_pipe/response"},
		{"failed to write response", "write tcp 127.0.0.1:47151->127.0.0.7:60333: write: broken pipe", "client/broken_pipe/response 127.0.0.7:60333"},
		{"failed to read request body", "read tcp 127.0.0.1:47151->127.0.0.7:60333: read: connection reset by peer", "client/reset/request 127.0.0.7:60333"},
		{"redis", "write tcp 127.0.0.1:47151->127.0.0.7:60333: write: broken pipe", "upstream/broken_pipe/request up 127.0.0.7:60333"},
		{"GET /big", "write tcp 127.0.0.1:47151->127.0.0.7:60333: write: connection reset by peer", "client/reset/response 127.0.0.7:60333"},
		{"GET /docs/redis", "write tcp 127.0.0.1:47151->127.0.0.7:60333: write: connection reset by peer", "client/reset/response 127.0.0.7:60333"},
		{"", `Get "http://10.0.0.5:47151/x": read tcp 127.0.0.1:47150->127.0.0.7:60333: read: connection reset by peer`, "upstream/reset/waiting up 127.0.0.7:60333"},
		{"", `Post "https://pay.example/v1/charge": EOF`, "upstream/closed/waiting up pay.example"},
		{"", `Get "http://10.0.0.5:8080/x": net/http: HTTP/1.x transport connection broken: unexpected EOF`, "upstream/closed/waiting up 10.0.0.5:8080"},
		{"", `Get "http://10.0.0.5:8080/x": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`, "upstream/timeout/waiting up 10.0.0.5:8080"},
		{"reading response body", "unexpected EOF", "upstream/closed/response"},
		{"websocket read", "read tcp 10.0.0.7:8080->203.0.113.7:51234: read: connection reset by peer", "client/reset/unknown 203.0.113.7:51234"},
		{"", "websocket: close 1006 (abnormal closure): unexpected EOF", "client/closed/unknown"},
		{"", "write tcp 10.0.0.7:8080->203.0.113.7:51234: use of closed network connection", "server/closed/response"},
		{"", "error: broken pipe", "unknown/broken_pipe/response"},
		// Contexts.
		{"request cancelled", "context canceled", "client/closed/waiting"},
		{"", "context canceled", "client/closed/waiting"},
		{"failed to write response", "context canceled", "client/closed/response"},
		{"failed to read request body", "context canceled", "client/closed/request"},
		{"aborting with incomplete response", "context canceled", "client/closed/response"},
		{"", "Error forwarding to http://10.42.24.15:80, err: context canceled", "client/closed/waiting up 10.42.24.15:80"},
		{"", "rpc error: code = Canceled desc = context canceled", "client/closed/waiting"},
		{"retrying of unary invoker failed", "rpc error: code = DeadlineExceeded desc = context deadline exceeded", "upstream/timeout/waiting"},
		{"GET /slow", "context deadline exceeded", "server/timeout/waiting"},
		{"worker", "context deadline exceeded", "none"},
		{"shutting down", "context canceled", "none"},
		// Bodies.
		{"failed to read request body", "unexpected EOF", "client/closed/request"},
		{"read body POST /checkout from 100.65.4.207:59023", "unexpected EOF (got 1050 of 2100)", "client/closed/request"},
		{"", "multipart: NextPart: unexpected EOF", "client/closed/request"},
		{"failed to read request body", "EOF", "none"},
		{"decode config", "unexpected EOF", "none"},
		{"", "unexpected EOF", "none"},
		// net/http's own words.
		{"", "net/http: abort Handler", "server/aborted/response"},
		{"", "apiserver was unable to write a fallback JSON response: http: Handler timeout", "server/timeout/waiting"},
		{"", "apiserver was unable to write a fallback JSON response: http2: stream closed", "client/closed/response"},
		{"", `apiserver received an error that is not an metav1.Status: &errors.errorString{s:"http2: stream closed"}`, "client/closed/response"},
		{"", `timeout or abort while handling: method=GET URI="/apis" audit-ID="47fb"`, "unknown/unknown/unknown"},
		{"", "http: TLS handshake error from 203.0.113.171:5555: EOF", "client/closed/request"},
		{"", "http: TLS handshake error from 203.0.113.171:5555: read tcp 10.0.0.1:443->203.0.113.171:5555: read: connection reset by peer", "client/reset/request 203.0.113.171:5555"},
		{"", "http: TLS handshake error from 203.0.113.171:5555: i/o timeout", "client/timeout/request"},
		{"", "http: TLS handshake error from 203.0.113.7:51234: remote error: tls: bad certificate", "none"},
		{"", "http2: server: error reading preface from client 203.0.113.7:51234: timeout waiting for client preface", "client/timeout/request"},
		{"", "http2: server: error reading preface from client 203.0.113.7:51234: EOF", "client/closed/request"},
		{"", "http: superfluous response.WriteHeader call from main.h (main.go:36)", "none"},
		{"", "http: Accept error: accept tcp [::]:8080: accept4: too many open files; retrying in 5ms", "none"},
		{"", "accept tcp [::]:8080: use of closed network connection", "none"},
		{"", "http: Server closed", "none"},
		{"reading from backend", "stream error: stream ID 5; INTERNAL_ERROR; received from peer", "upstream/reset/response"},
		{"failed to read request body", "stream error: stream ID 5; CANCEL; received from peer", "client/reset/request"},
		{"", "stream error: stream ID 5; CANCEL", "none"},
		{"", "stream error: stream ID 5; NO_ERROR; received from peer", "none"},
		// Reverse proxies.
		{"", "http: proxy error: context canceled", "client/closed/waiting"},
		{"", "http: proxy error: EOF", "unknown/closed/unknown"},
		{"", "http: proxy error: unexpected EOF", "unknown/closed/unknown"},
		{"", "http: proxy error: read tcp 127.0.0.1:47294->127.0.0.1:41113: read: connection reset by peer", "upstream/reset/waiting up 127.0.0.1:41113"},
		{"", "http: proxy error: write tcp 127.0.0.1:47294->10.0.0.5:8080: write: broken pipe", "upstream/broken_pipe/request up 10.0.0.5:8080"},
		{"", "http: proxy error: readfrom tcp 127.0.0.1:59672->127.0.0.1:21113: unexpected EOF", "client/closed/request up 127.0.0.1:21113"},
		{"", "http: proxy error: readfrom tcp 127.0.0.1:47294->127.0.0.1:21113: read tcp 127.0.0.1:21112->100.65.9.134:48267: i/o timeout", "client/timeout/request 100.65.9.134:48267 up 127.0.0.1:21113"},
		{"502 Bad Gateway", "readfrom tcp 10.11.100.164:56118->10.11.125.155:80: client disconnected", "client/closed/request up 10.11.125.155:80"},
		{"502 Bad Gateway", "EOF", "upstream/closed/waiting"},
		{"504 Gateway Timeout", "read tcp 127.0.0.1:47294->10.0.0.5:8080: i/o timeout", "upstream/timeout/waiting up 10.0.0.5:8080"},
		{"", "504 Gateway Timeout: dial tcp 10.0.0.5:80: i/o timeout", "upstream/timeout/waiting"},
		{"", "http: proxy error: dial tcp 10.0.0.5:8080: operation was canceled", "client/closed/waiting"},
		{"", "http: proxy error: net/http: timeout awaiting response headers", "upstream/timeout/waiting"},
		{"", "http: proxy error: http: server closed idle connection", "upstream/closed/waiting"},
		{"", "httputil: ReverseProxy read error during body copy: unexpected EOF", "upstream/closed/response"},
		{"", "httputil: ReverseProxy read error during body copy: read tcp 10.0.0.7:51122->10.0.0.9:8080: read: connection reset by peer", "upstream/reset/response up 10.0.0.9:8080"},
		{"", "httputil: ReverseProxy read error during body copy: context canceled", "client/closed/response"},
		{"aborting with incomplete response", "writing: write tcp 10.0.0.1:443->203.0.113.170:44790: write: broken pipe", "client/broken_pipe/response 203.0.113.170:44790"},
		{"reading from backend", "read tcp 10.0.0.1:40000->10.0.0.5:8080: read: connection reset by peer", "upstream/reset/response up 10.0.0.5:8080"},
		{"aborting with incomplete response", "reading: unexpected EOF", "upstream/closed/response"},
		// Others.
		{"", "rpc error: code = Unavailable desc = error reading from server: EOF", "upstream/closed/waiting"},
		{"", "rpc error: code = Unavailable desc = transport is closing", "upstream/closed/waiting"},
		{"", "driver: bad connection", "upstream/unknown/unknown"},
		// False friends.
		{"", "http: proxy error: dial tcp 10.0.0.5:8080: connect: connection refused", "none"},
		{"", "dial tcp 10.0.0.5:8080: i/o timeout", "none"},
		{"", "dial tcp: lookup db.example on 10.0.0.2:53: read udp 10.0.0.7:40000->10.0.0.2:53: i/o timeout", "none"},
		{"", "lookup db.example: i/o timeout", "none"},
		{"", "dial tcp 10.0.0.5:443: connect: connection timed out", "none"},
		{"", `rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp 10.0.0.5:443: connect: connection reset by peer"`, "none"},
		{"", "write |1: broken pipe", "none"},
		{"", "write /dev/stdout: broken pipe", "none"},
		{"", "signal: broken pipe", "none"},
		{"", "GET /docs/broken-pipe 200", "none"},
		{"", "GET /q?x=broken%20pipe 200", "none"},
		{"", "how to handle a broken pipe in shells", "none"},
		{"", "user 7 disconnected Google account", "none"},
		{"", "pq: canceling statement due to user request", "none"},
		{"", "", "none"},
	}
	for _, tt := range tests {
		var e event.Event
		got := "none"
		if goSignalAfter(&e, tt.before, tt.text) {
			got = goEventText(&e)
		} else if e != (event.Event{}) {
			t.Errorf("%s: %s: the event was changed: %+v", tt.before, tt.text, e)
		}
		if got != tt.want {
			t.Errorf("%s: %s: %s, want %s", tt.before, tt.text, got, tt.want)
		}
		if tt.before == "" || strings.Contains(tt.text, "received from peer") {
			continue
		}
		var joined event.Event // one text says the same as two
		goSignal(&joined, tt.before+": "+tt.text)
		if joined != e {
			t.Errorf("%s: %s: %+v, in one text %+v", tt.before, tt.text, e, joined)
		}
	}
}

func goEventText(e *event.Event) string {
	s := fmt.Sprintf("%s/%s/%s", e.Party, e.How, e.Phase)
	if e.Client != "" {
		s += fmt.Sprintf(" %s:%d", e.Client, e.ClientPort)
	}
	if e.Upstream != "" {
		s += " up " + e.Upstream
	}
	return s
}

// TestGoSignalKeeps holds that what an event knows already stays, and that a route makes the program a server.
func TestGoSignalKeeps(t *testing.T) {
	t.Parallel()
	e := event.Event{Method: "GET", Path: "/big", Client: "198.51.100.1", Upstream: "app"}
	if !goSignal(&e, "write tcp 127.0.0.1:47151->127.0.0.7:60333: write: broken pipe") || goEventText(&e) != "client/broken_pipe/response 198.51.100.1:0 up app" {
		t.Errorf("%s", goEventText(&e))
	}
	e = event.Event{Client: "127.0.0.7", Method: "GET", Path: "/big"}
	if !goSignal(&e, "write tcp 127.0.0.1:47151->127.0.0.7:60333: write: broken pipe") || e.ClientPort != 60333 {
		t.Errorf("%s", goEventText(&e))
	}
}

func BenchmarkGoSignal(b *testing.B) {
	for _, text := range []string{
		"failed to write response: GET /big: write tcp 127.0.0.1:47151->127.0.0.6:33659: write: connection reset by peer",
		"cache warmed with 1200 entries in 30 ms for tenant blue, next run in 15 minutes",
	} {
		b.Run(text[:6], func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				var e event.Event
				goSignal(&e, text)
			}
		})
	}
}

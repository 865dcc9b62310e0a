package parser

import (
	"testing"
)

// TestRust reads messages of hyper, actix-web, reqwest and std.
func TestRust(t *testing.T) {
	t.Parallel()
	const ts = "2026-11-22T10:00:03.000000Z "
	tests := []struct{ line, want string }{
		{" DEBUG hyper::server::conn           > conn error: error writing a body to connection: Broken pipe (os error 32)", "client/broken_pipe/response"},
		{ts + "DEBUG hyper::proto::h1::conn: read eof mid-message: connection closed before message completed", "client/closed/request"},
		{ts + "DEBUG hyper::proto::h1::dispatch: error writing: Connection reset by peer (os error 104)", "client/reset/response"},
		{ts + "DEBUG hyper::proto::h1::conn: error reading a body from connection: Connection reset by peer (os error 104)", "client/reset/request"},
		{ts + "ERROR api::server: Hyper(hyper::Error(BodyWrite, Os { code: 32, kind: BrokenPipe, message: \"Broken pipe\" }))", "client/broken_pipe/response"},
		{ts + "ERROR api::server: error serving connection: hyper::Error(IncompleteMessage): connection closed before message completed", "client/closed/request"},
		{ts + " WARN request{method=GET uri=/a?b=1 version=HTTP/1.1}: api::web: error handling request: Broken pipe (os error 32)", "client/broken_pipe/unknown"},
		{ts + "ERROR actix_http::h1::dispatcher: stream error: request timeout", "client/timeout/request"},
		{ts + "ERROR api::web: read header from client timeout", "client/timeout/request"},
		{ts + "ERROR api::client: error sending request for url (http://10.0.0.9:8080/x): connection closed before message completed", "upstream/closed/waiting"},
		{ts + "ERROR api: error sending request for url (http://10.0.0.9:8080/x): operation timed out", "upstream/timeout/waiting"},
		{ts + "ERROR api: error decoding response body: operation timed out", "upstream/timeout/response"},
		{ts + "ERROR api: error sending request for url (http://10.0.0.9:8080/x): Connection reset by peer (os error 104)", "upstream/reset/waiting"},
		{ts + "ERROR sqlx::pool: error communicating with database: Broken pipe (os error 32)", "upstream/broken_pipe/request"},
		{ts + "ERROR api::worker: Broken pipe (os error 32)", "unknown/broken_pipe/unknown"},
		{"[2026-11-22T10:00:00Z ERROR app] Client 203.0.113.9 disconnected", "client/closed/unknown"},
		{"error(apple_pie): An error occured handling request: 'BrokenPipe'", "client/broken_pipe/unknown"},
		{`[2026-11-22T10:00:00Z INFO  actix_web::middleware::logger] 203.0.113.7 "GET /report HTTP/1.1" 200 5 "-" "curl/7.88.1" 0.000123`, "request"},
		{ts + ` INFO actix_web::middleware::logger: [2001:db8::7]:51234 "GET /report HTTP/1.1" 200 - "-" "-" 0.1`, "request"},
		{ts + "DEBUG request{method=GET uri=/a?b=1 version=HTTP/1.1}: tower_http::trace::on_response: finished processing request latency=12 ms status=200", "request"},
		{"[2026-11-22T10:00:00Z DEBUG actix_http::h1::dispatcher] Error: Io(Os { code: 104, kind: ConnectionReset, message: \"Connection reset by peer\" })", "client/reset/unknown"},
		{ts + "DEBUG hyper::proto::h1::conn: error shutting down IO: Transport endpoint is not connected (os error 107)", "client/closed/unknown"},
		// nobody hung up
		{ts + "ERROR api: error sending request for url (http://10.0.0.9:8080/x): error trying to connect: tcp connect error: Connection refused (os error 111)", "other"},
		{ts + "ERROR api: Connection refused (os error 111)", "other"},
		{ts + "ERROR api: No such file or directory (os error 2)", "other"},
		{ts + "ERROR api: operation timed out", "other"},
		{ts + `ERROR api: query failed: "Broken pipe (os error 32)"`, "other"},
		{ts + " INFO api: GET /docs/broken-pipe", "other"},
		{ts + " INFO api: BrokenPipeline started", "other"},
		{"thread 'main' panicked at 'failed printing to stdout: Broken pipe (os error 32)', library/std/src/io/stdio.rs:1021:9", "other"},
		{"thread 'main' panicked at src/main.rs:1:2:\nfailed printing to stdout: Broken pipe (os error 32)\nnote: run with `RUST_BACKTRACE=1`", "other"},
	}
	for _, tt := range tests {
		list := records(t, []byte(tt.line), Options{Format: "rust"})
		if got := outcome(list[0]); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.line, got, tt.want)
		}
	}
}

// TestRustFields reads heads and fields.
func TestRustFields(t *testing.T) {
	t.Parallel()
	tests := []struct{ line, key, want string }{
		{"\x1b[2m2026-11-22T10:00:03.000000Z\x1b[0m \x1b[31mERROR\x1b[0m \x1b[2mapi::web\x1b[0m\x1b[2m:\x1b[0m x", "logger", "api::web"},
		{"2026-11-22T10:00:03.000000+01:00 ERROR api::web: x", "time", "2026-11-22T09:00:03Z"},
		{"2026-11-22T10:00:03.000000Z  INFO ThreadId(02) api::web: x", "logger", "api::web"},
		{"2026-11-22T10:00:03.000000Z  INFO http{id=\"a {b}\"}:db: api::db: x", "logger", "api::db"},
		{"2026-11-22T10:00:03.000000Z DEBUG request{method=GET uri=/a?b=1 version=HTTP/1.1}: tower_http::trace::on_response: finished processing request latency=12 ms status=200", "path", "/a"},
		{"[2026-11-22T10:00:00.123Z WARN  api::web] x", "level", "WARN"},
		{"2026-11-22T10:00:03.000000Z  WARN request{method=GET uri=/a?b=1 version=HTTP/1.1}: api::web: error handling request: Broken pipe (os error 32)", "path", "/a"},
		{"2026-11-22T10:00:02.000000Z ERROR api::client: error sending request for url (http://10.0.0.9:8080/x): connection closed before message completed", "upstream", "10.0.0.9:8080"},
	}
	for _, tt := range tests {
		if got := records(t, []byte(tt.line), Options{Format: "rust"})[0][tt.key]; got != tt.want {
			t.Errorf("%s: %s is %v, want %s", tt.line, tt.key, got, tt.want)
		}
	}
}

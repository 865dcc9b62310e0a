package demo

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

var aTime = time.Date(2026, 11, 23, 7, 17, 46, 89_999_999, time.FixedZone("", 3600))

func clock() time.Time { return aTime }

// logged returns what write appends to a fresh log file.
func logged(tb testing.TB, write func(*logFile)) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "x.log")
	l, err := openLogFile(path, 1<<20, func(err error) { tb.Errorf("write failed: %v", err) })
	if err != nil {
		tb.Fatal(err)
	}
	write(l)
	if err := l.close(); err != nil {
		tb.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return string(data)
}

func TestAccessLine(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		e    entry
		want string
	}{
		{
			"answered",
			entry{
				client: "127.10.0.7", line: "GET /cart HTTP/1.1", referer: "https://shop.example/", userAgent: "curl/8.5.0",
				id: "0af", start: aTime.Add(-204 * time.Millisecond), status: 200, bytes: 1924, upstream: "127.0.0.1:21002",
				header: 204 * time.Millisecond, all: 204_999 * time.Microsecond, upstreamStatus: 200,
			},
			`127.10.0.7 - - [23/Nov/2026:06:17:46 +0000] "GET /cart HTTP/1.1" 200 1924 "https://shop.example/" "curl/8.5.0" ` +
				`rt=0.204 uct="0.000" uht="0.204" urt="0.204" ups="127.0.0.1:21002" us="200" request_id=0af` + "\n",
		},
		{
			"client gone",
			entry{
				client: "127.40.0.7", line: "POST /api/search HTTP/1.1", userAgent: "okhttp/4.12.0", id: "0af",
				start: aTime.Add(-2001 * time.Millisecond), status: 499, upstream: "127.0.0.1:21002", connect: time.Millisecond,
				header: -1, all: 2 * time.Second,
			},
			`127.40.0.7 - - [23/Nov/2026:06:17:46 +0000] "POST /api/search HTTP/1.1" 499 0 "-" "okhttp/4.12.0" ` +
				`rt=2.001 uct="0.001" uht="-" urt="2.000" ups="127.0.0.1:21002" us="-" request_id=0af` + "\n",
		},
		{
			"hostile, no upstream",
			entry{
				client: "127.0.0.1", line: `GET /"<script>\ HTTP/1.1`, userAgent: "a\x00b\x7fé", referer: "\n200 0", id: "0af",
				start: aTime, status: 400,
			},
			`127.0.0.1 - - [23/Nov/2026:06:17:46 +0000] "GET /\x22<script>\x5C HTTP/1.1" 400 0 "\x0A200 0" "a\x00b\x7F\xC3\xA9" ` +
				`rt=0.000 uct="-" uht="-" urt="-" ups="-" us="-" request_id=0af` + "\n",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := logged(t, func(f *logFile) { nginxLog{access: f, now: clock}.exchange(&tc.e) })
			if got != tc.want {
				t.Errorf("got  %swant %s", got, tc.want)
			}
		})
	}
}

func TestErrorLine(t *testing.T) {
	t.Parallel()
	got := logged(t, func(f *logFile) {
		l := nginxLog{errors: f, pid: 28549, now: clock}
		l.connection("info", 6, "client 127.10.1.69 closed keepalive connection")
		l.failure("info", 7, "client prematurely closed connection", &entry{client: "127.0.0.1"})
		l.failure("error", 13, "upstream prematurely closed connection while reading upstream", &entry{
			client: "127.10.4.251", line: "GET /search?q=a\"b HTTP/1.1", host: "shop.example", referer: "https://shop.example/",
			upstream: "127.0.0.1:21002", uri: "/search?q=a\"b",
		})
	})
	want := `2026/11/23 06:17:46 [info] 28549#28549: *6 client 127.10.1.69 closed keepalive connection
2026/11/23 06:17:46 [info] 28549#28549: *7 client prematurely closed connection, client: 127.0.0.1, server: shop.example
2026/11/23 06:17:46 [error] 28549#28549: *13 upstream prematurely closed connection while reading upstream, ` +
		`client: 127.10.4.251, server: shop.example, request: "GET /search?q=a\x22b HTTP/1.1", ` +
		`upstream: "http://127.0.0.1:21002/search?q=a\x22b", host: "shop.example", referrer: "https://shop.example/"` + "\n"
	if got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}

func TestPythonRecord(t *testing.T) {
	t.Parallel()
	got := logged(t, func(f *logFile) {
		l := pythonLog{f, clock}
		l.record("shop.access", "INFO", "GET /a\n2026-11-23 06:17:46,089 - x - ERROR - forged", "")
		l.record("shop.server", "ERROR", "Unhandled exception", traceback(framesHead, fmt.Errorf("write: %w", syscall.EPIPE)))
	})
	want := `2026-11-23 06:17:46,089 - shop.access - INFO - GET /a?2026-11-23 06:17:46,089 - x - ERROR - forged
2026-11-23 06:17:46,089 - shop.server - ERROR - Unhandled exception
Traceback (most recent call last):
  File "/srv/shop/server.py", line 61, in do_request
    self.end_headers()
  File "/usr/lib/python3.11/http/server.py", line 534, in end_headers
    self.flush_headers()
  File "/usr/lib/python3.11/http/server.py", line 538, in flush_headers
    self.wfile.write(b"".join(self._headers_buffer))
  File "/usr/lib/python3.11/socketserver.py", line 834, in write
    self._sock.sendall(b)
BrokenPipeError: [Errno 32] Broken pipe
`
	if got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}

func TestPythonError(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]string{
		syscall.ECONNRESET:          fmt.Sprintf("ConnectionResetError: [Errno %d] Connection reset by peer", int(syscall.ECONNRESET)),
		syscall.EBADF:               fmt.Sprintf("OSError: [Errno %d] Bad file descriptor", int(syscall.EBADF)),
		os.ErrDeadlineExceeded:      "TimeoutError: timed out",
		errors.New("anything else"): "TimeoutError: timed out",
	} {
		if got := pythonError(err); got != want {
			t.Errorf("%v reads %q, want %q", err, got, want)
		}
	}
}

package demo

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// withFront starts a front before an upstream of the test's own, lets talk use a connection to it, and returns the
// lines of access and error log when everything has ended.
func withFront(t *testing.T, upstream func(*net.TCPConn), talk func(*net.TCPConn)) (access, errs []string) {
	t.Helper()
	fail := func(err error) { t.Errorf("demo failed: %v", err) }
	o, err := Options{Dir: t.TempDir()}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	l, err := openLogs(o, fail)
	if err != nil {
		t.Fatal(err)
	}
	back, err := listen()
	if err != nil {
		t.Fatal(err)
	}
	back.start(func(c net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			upstream(c.(*net.TCPConn))
		}
	}, fail)
	f, err := newFront(o, back.addr(), l)
	if err != nil {
		t.Fatal(err)
	}
	f.start(f.handle, fail)

	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp4", f.addr())
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(patienceOfTests))
	talk(conn.(*net.TCPConn))
	_ = conn.Close()
	f.drain()
	back.drain()
	if err := l.close(); err != nil {
		t.Fatal(err)
	}
	return lines(t, filepath.Join(o.Dir, "access.log")), lines(t, filepath.Join(o.Dir, "error.log"))
}

// sendAndRead sends text and reads the connection to its end.
func sendAndRead(t *testing.T, text string) func(*net.TCPConn) {
	t.Helper()
	return func(c *net.TCPConn) {
		if _, err := io.WriteString(c, text); err != nil {
			t.Error(err)
		}
		_, _ = io.Copy(io.Discard, c)
	}
}

const get = "GET /cart HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: t\r\nConnection: close\r\n\r\n"

func TestFront(t *testing.T) {
	t.Parallel()
	reset := regexp.QuoteMeta(errnoSuffix(syscall.ECONNRESET))
	unused := func(c *net.TCPConn) { t.Errorf("front asks the upstream") }
	answer := func(text string) func(*net.TCPConn) {
		return func(c *net.TCPConn) { _, _ = io.WriteString(c, text) }
	}
	for _, tc := range []struct {
		name     string
		upstream func(*net.TCPConn)
		talk     func(*net.TCPConn)
		access   string // regular expressions; empty for no line
		errs     string
	}{
		{
			"answer", answer("HTTP/1.0 201 Created\r\nContent-Length: 5\r\n\r\nhello"), sendAndRead(t, get),
			`"GET /cart HTTP/1.1" 201 5 "-" "t" rt=\S+ uct="0\S+" uht="0\S+" urt="0\S+" ups="127.0.0.1:\d+" us="201"`, "",
		},
		{
			"head", answer("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n"), sendAndRead(t, strings.Replace(get, "GET", "HEAD", 1)),
			`"HEAD /cart HTTP/1.1" 200 0 `, "",
		},
		{
			"upstream closes without an answer", func(*net.TCPConn) {}, sendAndRead(t, get),
			`" 502 [1-9]\d* .* uht="-" urt="0\S+" ups="127.0.0.1:\d+" us="502"`,
			`\[error\] .* upstream prematurely closed connection while reading response header from upstream, client: 127.0.0.1, server: shop.example, request: "GET /cart HTTP/1.1", upstream: "http://127.0.0.1:\d+/cart", host: "shop.example"$`,
		},
		{
			"upstream resets before its answer", func(c *net.TCPConn) { _ = c.SetLinger(0) }, sendAndRead(t, get),
			`" 502 `, `\[error\] .* recv\(\) failed` + reset + ` while reading response header from upstream,`,
		},
		{
			"upstream closes within the body", answer("HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nhello"), sendAndRead(t, get),
			`" 200 5 `, `\[error\] .* upstream prematurely closed connection while reading upstream,`,
		},
		{
			"client closes within the body",
			func(c *net.TCPConn) {
				_, _ = io.WriteString(c, "HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nhello")
				_, _ = io.Copy(io.Discard, c) // until the front has gone
			},
			func(c *net.TCPConn) {
				_, _ = io.WriteString(c, get)
				in := bufio.NewReader(c)
				if _, err := in.ReadString('h'); err != nil {
					t.Error(err)
				}
				for range "ello" {
					_, _ = in.ReadByte() // what is left unread would turn the close into a reset
				}
			},
			`" 200 [0-5] `,
			`\[info\] .* epoll_wait\(\) reported that client prematurely closed connection, so upstream connection is closed too( \(.*\))? while reading upstream,`,
		},
		{
			"client resets while it waits",
			func(c *net.TCPConn) { _, _ = io.Copy(io.Discard, c) },
			func(c *net.TCPConn) {
				_, _ = io.WriteString(c, get)
				_ = c.SetLinger(0)
			},
			`" 499 0 .* uht="-" urt="0\S+" ups="127.0.0.1:\d+" us="-"`,
			`\[info\] .* epoll_wait\(\) reported that client prematurely closed connection, so upstream connection is closed too` + reset + ` while sending request to upstream,`,
		},
		{
			"client never asks", unused, func(*net.TCPConn) {}, "",
			`\[info\] .* client closed connection while waiting for request, client: 127.0.0.1, server: 127.0.0.1:\d+$`,
		},
		{
			"client sends half a head", unused, func(c *net.TCPConn) { _, _ = io.WriteString(c, get[:30]) },
			`"" 400 0 "-" "-"`, `\[info\] .* client prematurely closed connection while reading client request headers, client: 127.0.0.1, server: shop.example$`,
		},
		{
			"client sends half a body", unused,
			func(c *net.TCPConn) {
				_, _ = io.WriteString(c, "POST /checkout HTTP/1.1\r\nHost: h\r\nContent-Length: 90\r\n\r\nhalf")
			},
			`"POST /checkout HTTP/1.1" 400 0 `, `\[info\] .* client prematurely closed connection, client: .*host: "h"$`,
		},
		{
			"no HTTP", unused, sendAndRead(t, "\x16\x03\x01 \"hello\"\r\n\r\n"),
			`"" 400 [1-9]`, `\[info\] .* client sent invalid request while reading client request headers,`,
		},
		{
			"head too long", unused, sendAndRead(t, "GET / HTTP/1.1\r\nX: "+strings.Repeat("x", maxHead)),
			`"" 400 [1-9]`, `\[info\] .* client sent invalid request while reading client request headers,`,
		},
		{
			"body too long", unused,
			sendAndRead(t, fmt.Sprintf("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", maxBody+1, strings.Repeat("x", maxBody+1))),
			`" 413 [1-9]`, "",
		},
		{
			"hostile headers", answer("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
			sendAndRead(t, "GET /%0a HTTP/1.1\r\nHost: h\r\nUser-Agent: \" 200 \\\xff\r\nX-Request-ID: \"x\" 1\r\nX-Forwarded-For: 9.9.9.9\r\nConnection: close\r\n\r\n"),
			`^127.0.0.1 .*"GET /%0a HTTP/1.1" 200 0 "-" "\\x22 200 \\x5C\\xFF" .* request_id=[0-9a-f]{32}$`, "",
		},
		{
			"static", unused, sendAndRead(t, strings.Replace(get, "/cart", "/static/"+strings.Repeat("x", 900), 1)),
			`" 200 [1-9]\d* .* uct="-" uht="-" urt="-" ups="-" us="-"`, "",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			access, errs := withFront(t, tc.upstream, tc.talk)
			expect(t, "access.log", access, tc.access)
			expect(t, "error.log", errs, tc.errs)
			for _, line := range access {
				if !accessLine.MatchString(line) {
					t.Errorf("access log line is not of its layout:\n%s", line)
				}
			}
		})
	}
}

// expect demands one line that matches, or none at all if pattern is empty.
func expect(t *testing.T, file string, got []string, pattern string) {
	t.Helper()
	switch {
	case pattern == "" && len(got) > 0:
		t.Errorf("%s has %q, want nothing", file, got)
	case pattern != "" && (len(got) != 1 || !regexp.MustCompile(pattern).MatchString(got[0])):
		t.Errorf("%s has\n%s\nwant one line like\n%s", file, strings.Join(got, "\n"), pattern)
	}
}

func TestKeepAlive(t *testing.T) {
	t.Parallel()
	access, errs := withFront(t,
		func(c *net.TCPConn) { _, _ = io.WriteString(c, "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello") },
		func(c *net.TCPConn) {
			in := bufio.NewReader(c)
			for range 3 {
				_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n")
				resp, err := http.ReadResponse(in, nil)
				if err != nil {
					t.Error(err)
					return
				}
				if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "hello" || resp.Close {
					t.Errorf("answer is %q (%v), close %v", body, err, resp.Close)
				}
				_ = resp.Body.Close()
			}
		})
	if len(access) != 3 {
		t.Errorf("%d exchanges are logged, want 3", len(access))
	}
	expect(t, "error.log", errs, `\[info\] .*: \*1 client 127.0.0.1 closed keepalive connection$`)
}

func TestCutClosesThePort(t *testing.T) {
	t.Parallel()
	s, err := listen()
	if err != nil {
		t.Fatal(err)
	}
	s.start(func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, func(err error) { t.Errorf("server failed: %v", err) })
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp4", s.addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	s.cut()
	s.cut()
	s.drain()
	_ = conn.SetReadDeadline(time.Now().Add(patienceOfTests))
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("a connection outlived its server")
	}
	if again, err := (&net.Dialer{}).DialContext(context.Background(), "tcp4", s.addr()); err == nil {
		_ = again.Close()
		t.Error("the port is still open")
	}
	if s.wait(time.Hour) {
		t.Error("a wait outlived its server")
	}
}

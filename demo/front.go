package demo

import (
	"bufio"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// The front's limits: those of nginx's defaults where it has them.
const (
	maxHead          = 32 << 10
	maxBody          = 1 << 20
	keepaliveTimeout = 75 * time.Second
	clientTimeout    = 60 * time.Second // for the head, for the body, and for each write to a client
	upstreamTimeout  = 60 * time.Second
)

// front is the shop's HTTP server: it answers /static/ itself and passes the rest to the application, over a new
// connection for each request. While it waits or sends it watches the client's socket, as nginx does.
type front struct {
	*server
	log       nginxLog
	upstream  string
	forwarded bool
	serial    atomic.Uint64 // of connections, clients' and upstream's alike
	static    []byte
}

// newFront opens the front's port; upstream is the application's address.
func newFront(o Options, upstream string, l logs) (*front, error) {
	s, err := listen()
	if err != nil {
		return nil, err
	}
	return &front{
		server: s, log: newNginxLog(l), upstream: upstream, forwarded: o.forwarded,
		static: []byte(strings.Repeat("/* shop */ export const parcel = 53;\n", 900)),
	}, nil
}

// clientConn is one client's connection. Only one goroutine reads from it at a time.
type clientConn struct {
	net.Conn
	limit  *io.LimitedReader
	in     *bufio.Reader
	id     uint64
	client string // address, of the last request if clients are told apart by a header
	served int    // requests whose head has arrived
}

// handle serves the requests of one connection, one after another.
func (f *front) handle(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(socketBuffer)
	}
	limit := &io.LimitedReader{R: conn}
	c := &clientConn{Conn: conn, limit: limit, in: bufio.NewReader(limit), id: f.serial.Add(1)}
	c.client, _, _ = net.SplitHostPort(conn.RemoteAddr().String())
	for f.serve(c) {
	}
}

// serve waits for one request and answers it. It reports whether the connection lives on.
func (f *front) serve(c *clientConn) bool {
	c.limit.N = maxHead
	_ = c.SetReadDeadline(time.Now().Add(keepaliveTimeout))
	if _, err := c.in.Peek(1); err != nil {
		f.idleEnd(c, err)
		return false
	}
	e := &entry{client: c.client, start: time.Now(), connect: -1, header: -1, all: -1}
	_ = c.SetReadDeadline(e.start.Add(clientTimeout))
	req, err := http.ReadRequest(c.in)
	if err != nil {
		f.badHead(c, e, err)
		return false
	}
	c.served++
	f.describe(c, e, req)

	c.limit.N = maxBody + maxHead
	body, err := io.ReadAll(io.LimitReader(req.Body, maxBody+1))
	switch {
	case f.stopped():
		return false
	case err != nil:
		f.badBody(c, e, err)
		return false
	case len(body) > maxBody:
		return f.page(c, e, http.StatusRequestEntityTooLarge)
	}
	c.limit.N = maxHead // a pipelined request may begin
	_ = c.SetReadDeadline(time.Time{})

	keep := !req.Close && req.ProtoAtLeast(1, 1)
	if strings.HasPrefix(req.URL.Path, "/static/") {
		return f.sendStatic(c, e, req, keep)
	}
	return f.proxy(c, e, req, body, keep)
}

// describe fills in what the request says about itself.
func (f *front) describe(c *clientConn, e *entry, req *http.Request) {
	if f.forwarded {
		if a, err := netip.ParseAddr(req.Header.Get("X-Forwarded-For")); err == nil && a.IsLoopback() {
			c.client = a.String()
		}
	}
	e.client = c.client
	e.line = req.Method + " " + req.RequestURI + " " + req.Proto
	e.host, e.referer, e.userAgent = req.Host, req.Referer(), req.UserAgent()
	e.id = req.Header.Get("X-Request-ID")
	if raw, err := hex.DecodeString(e.id); err != nil || len(raw) != 16 {
		e.id = newRequestID()
	}
}

// newRequestID is an id of 32 hexadecimal digits, like nginx's $request_id.
func newRequestID() string {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(raw[:])
}

// idleEnd notes the end of a connection on which no request was under way.
func (f *front) idleEnd(c *clientConn, err error) {
	suffix := errnoSuffix(err)
	switch {
	case f.stopped(), errors.Is(err, os.ErrDeadlineExceeded): // nginx ends idle connections without a word
	case c.served > 0:
		f.log.connection("info", c.id, "client "+c.client+" closed keepalive connection"+suffix)
	case suffix != "":
		f.log.connection("info", c.id, fmt.Sprintf("recv() failed%s while waiting for request, client: %s, server: %s",
			suffix, c.client, f.addr()))
	default:
		f.log.connection("info", c.id, fmt.Sprintf("client closed connection while waiting for request, client: %s, server: %s",
			c.client, f.addr()))
	}
}

// badHead notes a request whose head did not arrive whole.
func (f *front) badHead(c *clientConn, e *entry, err error) {
	const action = " while reading client request headers"
	e.id = newRequestID()
	e.status = http.StatusBadRequest
	suffix := errnoSuffix(err)
	switch {
	case f.stopped():
		return
	case errors.Is(err, os.ErrDeadlineExceeded):
		e.status = http.StatusRequestTimeout
		f.log.failure("info", c.id, "client timed out"+timedOut+action, e)
	case suffix != "":
		f.log.failure("info", c.id, "recv() failed"+suffix+action, e)
	case c.limit.N > 0 && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)):
		f.log.failure("info", c.id, "client prematurely closed connection"+action, e)
	default:
		f.log.failure("info", c.id, "client sent invalid request"+action, e)
		f.page(c, e, e.status)
		return
	}
	f.log.exchange(e)
}

// badBody notes a request whose body did not arrive whole.
func (f *front) badBody(c *clientConn, e *entry, err error) {
	e.status = http.StatusBadRequest
	suffix := errnoSuffix(err)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded): // nginx writes no error record here
		e.status = http.StatusRequestTimeout
	case suffix != "":
		f.log.failure("info", c.id, "recv() failed"+suffix, e)
	default:
		f.log.failure("info", c.id, "client prematurely closed connection", e)
	}
	f.log.exchange(e)
}

// page answers with a page of the front's own and closes the connection. It always reports false.
func (f *front) page(c *clientConn, e *entry, status int) bool {
	e.status = status
	text := fmt.Sprintf("<html><head><title>%[1]d %[2]s</title></head><body><h1>%[1]d %[2]s</h1></body></html>\r\n",
		status, http.StatusText(status))
	_ = c.SetWriteDeadline(time.Now().Add(clientTimeout))
	head := responseHead(status, html, int64(len(text)), false)
	n, _ := io.WriteString(c, head+text) // who has left does not read the page; the record is the same
	e.bytes = int64(max(n-len(head), 0))
	f.log.exchange(e)
	return false
}

// sendStatic answers from memory, as nginx does from disk: no upstream is asked.
func (f *front) sendStatic(c *clientConn, e *entry, req *http.Request, keep bool) bool {
	e.status = http.StatusOK
	body := f.static[:min(len(f.static), 9000+len(req.URL.Path)*900)]
	if req.Method == http.MethodHead {
		body = nil
	}
	_ = c.SetWriteDeadline(time.Now().Add(clientTimeout))
	head := responseHead(e.status, "text/javascript", int64(len(body)), keep)
	n, err := c.Write(append([]byte(head), body...))
	e.bytes = int64(max(n-len(head), 0))
	if err != nil {
		if f.stopped() {
			return false
		}
		f.log.failure("info", c.id, sendFailure(err)+" while sending response to client", e)
		keep = false
	}
	f.log.exchange(e)
	return keep
}

// timedOut is how a timer's end reads in the error log.
var timedOut = errnoSuffix(syscall.ETIMEDOUT)

// errnoSuffix is the socket error in err as nginx appends it to its messages, or nothing.
func errnoSuffix(err error) string {
	if number, text, ok := errnoText(err); ok {
		return fmt.Sprintf(" (%d: %s)", number, text)
	}
	return ""
}

// sendFailure is nginx's text for a write to a client that failed.
func sendFailure(err error) string {
	if suffix := errnoSuffix(err); suffix != "" {
		return "writev() failed" + suffix
	}
	return "client timed out" + timedOut
}

// responseHead is the head of the front's responses.
func responseHead(status int, contentType string, size int64, keep bool) string {
	connection := "close"
	if keep {
		connection = "keep-alive"
	}
	return fmt.Sprintf("HTTP/1.1 %d %s\r\nServer: hangup-demo\r\nDate: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n"+
		"Connection: %s\r\n\r\n", status, http.StatusText(status), time.Now().UTC().Format(http.TimeFormat), contentType,
		size, connection)
}

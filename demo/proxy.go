package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"
)

// past is a deadline that interrupts whatever waits on a socket.
var past = time.Unix(1, 0)

// watch looks whether a client that waits for its response is still there.
type watch struct {
	c     *clientConn
	ended chan error
}

// startWatch reads ahead on the client's connection and calls gone when it has ended. Until stop has returned,
// nobody else may read from it.
func startWatch(c *clientConn, gone func()) *watch {
	w := &watch{c: c, ended: make(chan error, 1)}
	go func() {
		_, err := c.in.Peek(1)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = nil // stop was called
		}
		if err != nil {
			gone()
		}
		w.ended <- err
	}()
	return w
}

// stop ends the watch. The error says how the client's connection had ended, nil that it is still open.
func (w *watch) stop() error {
	_ = w.c.SetReadDeadline(past)
	err := <-w.ended
	_ = w.c.SetReadDeadline(time.Time{})
	return err
}

// stage says how far an exchange with the upstream got, and so which socket stood in the way.
type stage int

const (
	connecting stage = iota
	waiting          // for the head of the response
	receiving        // the upstream's body
	sending          // to the client
	finished
)

// passage is one attempt to pass a request to the upstream and its response to the client.
type passage struct {
	f    *front
	c    *clientConn
	e    *entry
	keep bool
	at   stage
	err  error // what stopped it at this stage
}

// proxy passes a request to the application and the response to the client, writes the record of the exchange, and
// reports whether the client's connection lives on.
func (f *front) proxy(c *clientConn, e *entry, req *http.Request, body []byte, keep bool) bool {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	f.serial.Add(1) // nginx numbers the upstream's connection too
	e.upstream, e.uri = f.upstream, req.RequestURI
	p := &passage{f: f, c: c, e: e, keep: keep}
	w := startWatch(c, cancel)
	started := time.Now()
	p.err = p.run(ctx, req, body)
	e.all = time.Since(started)
	gone := w.stop()
	if f.stopped() && p.at != finished {
		return false // nginx's fast shutdown leaves no record of what was under way
	}
	return p.conclude(gone)
}

// run does the passage; ctx ends when the client has gone.
func (p *passage) run(ctx context.Context, req *http.Request, body []byte) error {
	started := time.Now()
	up, err := (&net.Dialer{Timeout: upstreamTimeout}).DialContext(ctx, "tcp4", p.f.upstream)
	if err != nil {
		return err
	}
	defer func() { _ = up.Close() }()
	if tcp, ok := up.(*net.TCPConn); ok {
		_ = tcp.SetReadBuffer(socketBuffer)
	}
	p.e.connect = time.Since(started)
	_ = up.SetDeadline(started.Add(upstreamTimeout))
	// The client's end interrupts whatever the passage waits for.
	defer context.AfterFunc(ctx, func() {
		_ = up.SetDeadline(past)
		_ = p.c.SetWriteDeadline(past)
	})()

	p.at = waiting
	if _, err := up.Write(upstreamRequest(p.e, req, body)); err != nil {
		return err
	}
	in := bufio.NewReaderSize(up, blockSize)
	resp, err := http.ReadResponse(in, req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	p.e.header = time.Since(started)
	p.e.upstreamStatus = resp.StatusCode
	p.e.status = resp.StatusCode
	return p.copy(ctx, up, resp)
}

// copy passes the response on. As with nginx, the head leaves together with the first bytes of the body.
func (p *passage) copy(ctx context.Context, up net.Conn, resp *http.Response) error {
	head := responseHead(resp.StatusCode, resp.Header.Get("Content-Type"), max(resp.ContentLength, 0), p.keep)
	block := make([]byte, blockSize)
	copy(block, head)
	unsent := len(head) // bytes of the head at the beginning of block
	for {
		p.at = receiving
		deadline(ctx, up.SetReadDeadline)
		n, readErr := resp.Body.Read(block[unsent:])
		ended := errors.Is(readErr, io.EOF)
		if n > 0 || ended && unsent > 0 {
			p.at = sending
			deadline(ctx, p.c.SetWriteDeadline)
			sent, err := p.c.Write(block[:unsent+n])
			p.e.bytes += int64(max(sent-unsent, 0))
			unsent = 0
			if err != nil {
				return err
			}
		}
		if ended {
			p.at = finished
			return nil
		}
		if readErr != nil {
			p.at = receiving
			return readErr
		}
	}
}

// deadline allows the next read or write a minute, unless ctx has ended and nothing may wait any more.
func deadline(ctx context.Context, set func(time.Time) error) {
	_ = set(time.Now().Add(upstreamTimeout))
	if ctx.Err() != nil {
		_ = set(past)
	}
}

// upstreamRequest is the request as the front sends it on: HTTP/1.0 with a connection of its own, nginx's default.
func upstreamRequest(e *entry, req *http.Request, body []byte) []byte {
	b := fmt.Appendf(nil, "%s %s HTTP/1.0\r\nHost: %s\r\nConnection: close\r\nX-Real-IP: %s\r\nX-Request-ID: %s\r\n",
		req.Method, e.uri, serverName, e.client, e.id)
	if len(body) > 0 {
		b = append(b, "Content-Length: "+strconv.Itoa(len(body))+"\r\n"...)
	}
	return append(append(b, "\r\n"...), body...)
}

// conclude says in the logs how the passage ended. gone is how the client's connection ended, nil if it is open.
func (p *passage) conclude(gone error) (keep bool) {
	const epoll = "epoll_wait() reported that client prematurely closed connection, so upstream connection is closed too"
	f, c, e := p.f, p.c, p.e
	suffix := errnoSuffix(gone)
	switch {
	case p.at == finished:
		f.log.exchange(e)
		if gone != nil {
			f.idleEnd(c, gone)
		}
		return p.keep && gone == nil
	case gone != nil && p.at <= waiting:
		e.status, e.upstreamStatus, e.header = 499, 0, -1
		f.log.failure("info", c.id, epoll+suffix+" while sending request to upstream", e)
	case p.at == sending:
		f.log.failure("info", c.id, p.sendFailure(gone)+" while sending to client", e)
	case gone != nil:
		f.log.failure("info", c.id, epoll+suffix+" while reading upstream", e)
	case p.at == receiving:
		f.log.failure("error", c.id, receiveFailure(p.err)+" while reading upstream", e)
	default:
		return p.refuse()
	}
	f.log.exchange(e)
	return false
}

// sendFailure is the text for a write to the client that failed. The kernel hands a reset to whoever asks first, the
// watch or the write; nginx has one thread and one answer, so the reset wins here.
func (p *passage) sendFailure(gone error) string {
	if suffix := errnoSuffix(gone); suffix != "" {
		return "writev() failed" + suffix
	}
	if gone != nil && errnoSuffix(p.err) == "" {
		return "client prematurely closed connection" // while the write waited for room
	}
	return sendFailure(p.err)
}

// refuse answers for an upstream that has not.
func (p *passage) refuse() bool {
	action := " while reading response header from upstream"
	text := receiveFailure(p.err)
	if p.at == connecting {
		action = " while connecting to upstream"
		text = "connect() failed" + errnoSuffix(p.err)
	}
	status := http.StatusBadGateway
	if errors.Is(p.err, os.ErrDeadlineExceeded) {
		status = http.StatusGatewayTimeout
		text = "upstream timed out" + timedOut
	}
	p.e.upstreamStatus, p.e.header = status, -1
	p.f.log.failure("error", p.c.id, text+action, p.e)
	return p.f.page(p.c, p.e, status)
}

// receiveFailure is nginx's text for a read from the upstream that failed.
func receiveFailure(err error) string {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return "upstream timed out" + timedOut
	}
	if suffix := errnoSuffix(err); suffix != "" {
		return "recv() failed" + suffix
	}
	return "upstream prematurely closed connection"
}

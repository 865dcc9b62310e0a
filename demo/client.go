package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"time"
)

// manyLoopbackAddresses reports whether a client may choose its address in 127.0.0.0/8, as on Linux.
func manyLoopbackAddresses() bool {
	ln, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp4", "127.66.6.1:0")
	if err != nil {
		return false
	}
	return ln.Close() == nil
}

// ask is what a client wants, and when it will have had enough.
type ask struct {
	method, target string
	body           string
	referer        string

	cause      Cause         // why it may end the exchange; empty if it never will
	patience   time.Duration // ends the exchange when so long has passed; 0 waits for ever
	patientFor int64         // ends it when so many bytes of the body are read; 0 reads all
	reset      bool          // ends it with a reset instead of a close
	pace       time.Duration // pause after each block that is read: a slow line
}

// client is one program at one address with at most one connection.
type client struct {
	front     string
	address   net.IP
	userAgent string
	forwarded bool // name the address in a header, because the socket cannot have it
	scale     float64
	rng       *rand.Rand
	truth     *truth

	conn net.Conn
	in   *bufio.Reader
}

// connect opens the client's connection if it has none.
func (c *client) connect(ctx context.Context) error {
	if c.conn != nil {
		return nil
	}
	d := net.Dialer{Timeout: 10 * time.Second}
	if !c.forwarded {
		d.LocalAddr = &net.TCPAddr{IP: c.address}
	}
	conn, err := d.DialContext(ctx, "tcp4", c.front)
	if err != nil {
		return err
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetReadBuffer(blockSize)
	}
	c.conn, c.in = conn, bufio.NewReaderSize(conn, blockSize)
	return nil
}

// close ends the connection as a program does that exits.
func (c *client) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn, c.in = nil, nil
	}
}

// reset ends the connection as a network does that lost it: nothing more is sent but RST.
func (c *client) reset() {
	if tcp, ok := c.conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	c.close()
}

// do sends one request and lives through the response. The account of it goes to the truth, unless the request was
// never sent.
func (c *client) do(ctx context.Context, a ask) outcome {
	if ctx.Err() != nil || c.connect(ctx) != nil {
		return notSent
	}
	e := exchange{
		id: newRequestID(), method: a.method, target: a.target, client: c.address.String(), userAgent: c.userAgent,
		outcome: completed,
	}
	start := time.Now()
	_ = c.conn.SetReadDeadline(time.Time{})
	if a.patience > 0 {
		_ = c.conn.SetReadDeadline(start.Add(a.patience))
	}
	keep, err := c.exchange(a, &e)
	switch {
	case err == nil && !keep:
		c.close()
	case err == nil:
	case c.truth.cutting.Load(): // the front has closed the connection, whatever was still in its buffers
		e.outcome = cutOff
		c.close()
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, errEnough):
		e.outcome, e.cause = hungUp, a.cause
		if a.reset {
			c.reset()
		} else {
			c.close()
		}
	default:
		e.outcome = failed
		c.close()
	}
	e.took = time.Since(start)
	c.truth.add(e)
	return e.outcome
}

// errEnough says that the client has read as much as it meant to.
var errEnough = errors.New("enough")

// exchange sends the request and reads the response. keep says whether the server keeps the connection open.
func (c *client) exchange(a ask, e *exchange) (keep bool, err error) {
	if _, err := c.conn.Write(c.request(a, e.id)); err != nil {
		return false, err
	}
	// Closing the body would read it to its end, which is what a client that leaves does not do.
	resp, err := http.ReadResponse(c.in, &http.Request{Method: a.method}) //nolint:bodyclose // the connection is closed
	if err != nil {
		return false, err
	}
	e.status = resp.StatusCode
	block := make([]byte, blockSize)
	for {
		n, err := io.ReadFull(resp.Body, block)
		e.bytes += int64(n)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF) && e.bytes == resp.ContentLength:
			return !resp.Close, nil
		case err != nil:
			return false, err
		case a.patientFor > 0 && e.bytes >= a.patientFor:
			return false, errEnough
		case a.pace > 0 && !c.truth.cutting.Load():
			<-time.After(a.pace)
		}
	}
}

// request is the request as it goes over the wire.
func (c *client) request(a ask, id string) []byte {
	b := fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nAccept: */*\r\nX-Request-ID: %s\r\n",
		a.method, a.target, serverName, c.userAgent, id)
	if a.referer != "" {
		b = fmt.Appendf(b, "Referer: %s\r\n", a.referer)
	}
	if c.forwarded {
		b = fmt.Appendf(b, "X-Forwarded-For: %s\r\n", c.address)
	}
	if a.body != "" {
		b = fmt.Appendf(b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(a.body))
	}
	return append(append(b, "\r\n"...), a.body...)
}

// think waits as the client does between two requests; false means that the run ends.
func (c *client) think(ctx context.Context, secs float64) bool {
	t := time.NewTimer(time.Duration(secs * c.scale * float64(time.Second)))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// queueTime is how long a draining server still accepts connections that were made before.
const queueTime = 100 * time.Millisecond

// server accepts connections on a loopback port and keeps track of them, so that they can be waited for or cut off.
type server struct {
	ln net.Listener
	wg sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	isCut bool
	done  chan struct{} // closed by cut
}

// listen opens a port of the kernel's choice on 127.0.0.1. Reachable from this machine only.
func listen() (*server, error) {
	ln, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open demo port: %w", err)
	}
	return &server{ln: ln, conns: map[net.Conn]struct{}{}, done: make(chan struct{})}, nil
}

// addr is the address and port that the server listens on.
func (s *server) addr() string { return s.ln.Addr().String() }

// start accepts connections until drain or cut. handle runs on a goroutine for each connection, which is closed
// when it returns. An accept that fails for good calls fail.
func (s *server) start(handle func(net.Conn), fail context.CancelCauseFunc) {
	s.wg.Go(func() {
		for {
			conn, err := s.ln.Accept()
			switch {
			case err == nil:
			case errors.Is(err, net.ErrClosed), errors.Is(err, os.ErrDeadlineExceeded):
				return
			case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
				s.wait(50 * time.Millisecond) // connections in flight end and give descriptors back
				continue
			default:
				fail(&fatalError{fmt.Errorf("accept demo connection: %w", err)})
				return
			}
			if !s.add(conn) {
				_ = conn.Close()
				return
			}
			s.wg.Go(func() {
				defer s.remove(conn)
				handle(conn)
			})
		}
	})
}

// add notes a connection; false means that the server was cut off.
func (s *server) add(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isCut {
		return false
	}
	s.conns[conn] = struct{}{}
	return true
}

// remove closes a connection and forgets it.
func (s *server) remove(conn net.Conn) {
	_ = conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, conn)
}

// wait waits for d and reports whether it passed; false means that the server was cut off.
func (s *server) wait(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.done:
		return false
	}
}

// stopped reports whether the server was cut off.
func (s *server) stopped() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// drain accepts what is still in the queue, then nothing more, and returns when every connection has ended.
func (s *server) drain() {
	if ln, ok := s.ln.(*net.TCPListener); ok {
		_ = ln.SetDeadline(time.Now().Add(queueTime))
	}
	s.wg.Wait()
	_ = s.ln.Close()
}

// cut closes the port and every connection at once. It may be called at any time and more than once.
func (s *server) cut() {
	_ = s.ln.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isCut {
		return
	}
	s.isCut = true
	close(s.done)
	for conn := range s.conns {
		_ = conn.Close()
	}
}

// errnoText is the number and the text of the socket error in err as a C library prints them, for instance
// 104 and "Connection reset by peer"; ok is false when there is none in it.
func errnoText(err error) (number int, text string, ok bool) {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return 0, "", false
	}
	text = errno.Error()
	return int(errno), string(text[0]&^0x20) + text[1:], true
}

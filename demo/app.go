package demo

import (
	"bufio"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// The application's limits.
const (
	appReadTimeout = 60 * time.Second
	blockSize      = 32 << 10 // bytes in one write of a body
	socketBuffer   = 64 << 10 // of the kernel, so that a slow reader is felt by the writer
)

// app is the program behind the front. Like a plain Python server it works on one request of a connection, looks at
// the socket only when it has something to send, and finds out there that nobody waits any more.
type app struct {
	*server
	log     pythonLog
	scale   float64
	started time.Time
	filler  []byte

	mu  sync.Mutex
	rng *rand.Rand
}

// newApp opens the application's port.
func newApp(o Options, file *logFile) (*app, error) {
	s, err := listen()
	if err != nil {
		return nil, err
	}
	filler := []byte(strings.Repeat("The quick brown fox packs five dozen parcels a day. \n", blockSize/53+1))
	return &app{
		server: s, log: pythonLog{file, time.Now}, scale: o.scale, started: time.Now(), filler: filler[:blockSize],
		rng: rand.New(rand.NewPCG(o.Seed, 0xa99)),
	}, nil
}

// plan draws how long the application will work on a request, and whether the worker dies of it.
func (a *app) plan(r route) (work time.Duration, dies bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	work = r.workTime(a.rng, time.Since(a.started))
	return time.Duration(float64(work) * a.scale), a.rng.Float64() < r.dies
}

// sizeOf is the size of the answer to a target: always the same, as a file has one size.
func (r route) sizeOf(target string) int {
	h := fnv.New64a()
	_, _ = io.WriteString(h, target)
	return int(r.size.draw(rand.New(rand.NewPCG(h.Sum64(), 1))))
}

// handle answers the one request of a connection and writes exactly one record about it, unless the run is cut off.
func (a *app) handle(conn net.Conn) {
	start := time.Now()
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(socketBuffer)
	}
	_ = conn.SetDeadline(start.Add(appReadTimeout))
	req, err := http.ReadRequest(bufio.NewReader(io.LimitReader(conn, maxHead+maxBody)))
	if err != nil {
		return // the front went away before it had asked for anything
	}
	if _, err := io.Copy(io.Discard, req.Body); err != nil {
		a.log.record("shop.server", "WARNING", "request body of "+describe(req)+" is incomplete", "")
		return
	}

	r, found := findRoute(req.Method, req.URL.Path)
	status := http.StatusOK
	if !found {
		status = http.StatusNotFound
		r = route{contentType: json, size: spread{90, 0, 90, 90}}
	}
	work, dies := a.plan(r)
	if !a.wait(work) {
		return
	}
	if dies {
		a.log.record("shop.worker", "CRITICAL", "out of memory in "+describe(req)+", worker is killed", "")
		return
	}
	if frames, err := a.answer(conn, req, r, status); err != nil {
		if !a.stopped() {
			a.log.record("shop.server", "ERROR", "Unhandled exception in request handler "+describe(req), traceback(frames, err))
		}
		return
	}
	a.log.record("shop.access", "INFO", fmt.Sprintf("%s %d in %d ms%s", label(req), status,
		time.Since(start).Milliseconds(), requestID(req)), "")
}

// answer writes head and body, each with a write of its own as http.server does. On an error it returns where a
// Python program would have been.
func (a *app) answer(conn net.Conn, req *http.Request, r route, status int) ([]frame, error) {
	size := r.sizeOf(req.RequestURI)
	_ = conn.SetDeadline(time.Now().Add(appReadTimeout))
	head := fmt.Sprintf("HTTP/1.0 %d %s\r\nServer: ShopHTTP/1.0 Python/3.11.2\r\nDate: %s\r\nContent-Type: %s\r\n"+
		"Content-Length: %d\r\n\r\n", status, http.StatusText(status), time.Now().UTC().Format(http.TimeFormat),
		r.contentType, size)
	if _, err := io.WriteString(conn, head); err != nil {
		return framesHead, err
	}
	if req.Method == http.MethodHead {
		return nil, nil
	}
	for size > 0 {
		n, err := conn.Write(a.filler[:min(size, len(a.filler))])
		if err != nil {
			return framesBody, err
		}
		size -= n
	}
	return nil, nil
}

// label names a request by method and path.
func label(req *http.Request) string { return req.Method + " " + req.URL.EscapedPath() }

// describe names a request by method, path, client and request id.
func describe(req *http.Request) string {
	return label(req) + " from " + req.Header.Get("X-Real-IP") + requestID(req)
}

// requestID is the request's id as the application appends it to its messages.
func requestID(req *http.Request) string {
	return " (request_id=" + req.Header.Get("X-Request-ID") + ")"
}

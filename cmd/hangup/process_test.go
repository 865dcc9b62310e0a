package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// process is a hangup serve of its own, as its users start it.
type process struct {
	t    testing.TB
	cmd  *exec.Cmd
	base string // of the API
	done chan struct{}
	log  *lockedBuffer
}

// lockedBuffer keeps the last output of a process.
type lockedBuffer struct {
	mu sync.Mutex
	b  []byte
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b = append(l.b, p...)
	if len(l.b) > 1<<16 {
		l.b = l.b[len(l.b)-1<<15:]
	}
	return len(p), nil
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.b)
}

var address = regexp.MustCompile(`http://[0-9.:]+`)

// startServe starts `hangup serve` on files and waits for the line that gives the address.
func startServe(tb testing.TB, databaseURL string, files ...string) *process {
	tb.Helper()
	p, err := tryServe(tb, databaseURL, files...)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// tryServe is startServe where serve may fail to start.
func tryServe(tb testing.TB, databaseURL string, files ...string) (*process, error) {
	tb.Helper()
	return runServe(tb, databaseURL, append([]string{"hangup", "serve", "--listen", "127.0.0.1:0", "--log-level", "warn"}, files...))
}

// runServe runs a command that ends up as serve.
func runServe(tb testing.TB, databaseURL string, command []string) (*process, error) {
	tb.Helper()
	p := &process{t: tb, done: make(chan struct{}), log: &lockedBuffer{}}
	p.cmd = exec.Command(command[0], command[1:]...)
	p.cmd.Env = append(os.Environ(), "DATABASE_URL="+databaseURL)
	p.cmd.Stderr = p.log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	tb.Cleanup(p.kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	p.base = address.FindString(line)
	go func() {
		defer close(p.done)
		_, _ = io.Copy(io.Discard, out)
		_ = p.cmd.Wait()
	}()
	if err != nil || p.base == "" {
		p.kill()
		return nil, fmt.Errorf("serve said %q, %w; its log:\n%s", line, err, p.log)
	}
	return p, nil
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// stop ends the process as an operator does and checks how it ends.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.done:
	case <-time.After(20 * time.Second):
		p.t.Fatalf("serve did not end within 20 s of SIGTERM; its log:\n%s", p.log)
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		p.t.Errorf("exit code %d after SIGTERM; log:\n%s", code, p.log)
	}
}

// get asks the API and returns the status and the body.
func (p *process) get(path string) (int, string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.base+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(b)
}

type summary struct {
	Requests    int64  `json:"requests"`
	Disconnects int64  `json:"disconnects"`
	Dropped     int64  `json:"dropped"`
	Reported    int64  `json:"reported"`
	Idle        int64  `json:"idle"`
	ByParty     counts `json:"by_party"`
}

type counts map[string]int64

func (p *process) summary(query string) (s summary) {
	p.t.Helper()
	code, body := p.get("/api/v1/summary" + query)
	if err := json.Unmarshal([]byte(body), &s); err != nil || code != http.StatusOK {
		p.t.Fatalf("summary: %d %v %s; log:\n%s", code, err, body, p.log)
	}
	return s
}

// eventually waits until ok says so, for a minute at most.
func eventually(t *testing.T, what string, ok func() bool, explain ...func() string) {
	t.Helper()
	deadline := time.Now().Add(90 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			for _, f := range explain {
				what += "\n" + f()
			}
			t.Fatalf("not within 90 s: %s", what)
		}
		<-tick.C
	}
}

// writer appends numbered lines to a log, in writes that cut lines anywhere, and rotates it.
type writer struct {
	t      *testing.T
	r      *rand.Rand
	path   string
	n      int
	copies bool // rotate by copytruncate
	f      *os.File
	rest   string
	turns  int
	turn   func() // rotates in another way than rotate does
}

func newWriter(t *testing.T, seed uint64, path string, copies bool) *writer {
	t.Helper()
	w := &writer{t: t, r: rand.New(rand.NewPCG(seed, 1)), path: path, copies: copies}
	w.open()
	return w
}

func (w *writer) open() {
	f, err := os.OpenFile(w.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		w.t.Error(err)
		return
	}
	w.f = f
}

func (w *writer) line() string {
	w.n++
	status := 200
	if w.n%2 == 0 {
		status = 499
	}
	return fmt.Sprintf("203.0.113.%d - - [%s] \"GET /%s/%d HTTP/1.1\" %d 0 \"-\" \"%s\"\n", w.n%250,
		time.Now().UTC().Format("02/Jan/2006:15:04:05 -0700"), filepath.Base(w.path), w.n, status, strings.Repeat("x", w.n%37))
}

// write appends some lines; the last may be cut and go on in the next write.
func (w *writer) write(lines int) {
	text := w.rest
	for range lines {
		text += w.line()
	}
	cut := len(text)
	if text != "" && w.r.IntN(3) > 0 {
		cut -= w.r.IntN(min(60, len(text)))
	}
	w.rest = text[cut:]
	if _, err := w.f.WriteString(text[:cut]); err != nil {
		w.t.Error(err)
	}
}

func (w *writer) flush() {
	if w.rest == "" {
		return
	}
	if _, err := w.f.WriteString(w.rest); err != nil {
		w.t.Error(err)
	}
	w.rest = ""
}

// rotate moves .1 to .2 and so on, and the log to .1. With copytruncate no line is written meanwhile: one that is, is
// lost by the rotation itself.
func (w *writer) rotate() {
	if w.turn != nil {
		w.turn()
		return
	}
	for i := w.turns; i > 0; i-- {
		if err := os.Rename(fmt.Sprintf("%s.%d", w.path, i), fmt.Sprintf("%s.%d", w.path, i+1)); err != nil {
			w.t.Error(err)
		}
	}
	w.turns++
	if !w.copies {
		if err := os.Rename(w.path, w.path+".1"); err != nil {
			w.t.Error(err)
		}
		old := w.f
		w.write(w.r.IntN(30)) // the server goes on in the old file for a moment
		w.flush()
		w.open()
		_ = old.Close()
		return
	}
	w.flush()
	b, err := os.ReadFile(w.path)
	if err == nil {
		err = os.WriteFile(w.path+".1", b, 0o644)
	}
	if err == nil {
		err = os.Truncate(w.path, 0)
	}
	if err != nil {
		w.t.Error(err)
	}
}

// bytes returns how many bytes the log and its rotated files hold.
func (w *writer) bytes() (n int64) {
	names, err := filepath.Glob(w.path + "*")
	if err != nil {
		w.t.Fatal(err)
	}
	for _, name := range names {
		n += contentSize(w.t, name)
	}
	return n
}

// audit compares what a writer has written with what is stored: every line once, every byte, every count.
func audit(t *testing.T, conn *pgx.Conn, w *writer) {
	t.Helper()
	ctx := context.Background()
	name := filepath.Base(w.path)
	rows, err := conn.Query(ctx, `SELECT substring(path FROM length($1) + 3)::int, count(*)::int FROM disconnect WHERE path LIKE '/' || $1 || '/%' GROUP BY 1`, name)
	if err != nil {
		t.Fatal(err)
	}
	got := map[int]int{}
	var k, n int
	if _, err := pgx.ForEachRow(rows, []any{&k, &n}, func() error { got[k] = n; return nil }); err != nil {
		t.Fatal(err)
	}
	lost, twice := 0, 0
	for i := 2; i <= w.n; i += 2 {
		if got[i] == 0 {
			lost++
		}
	}
	for _, i := range slices.Sorted(maps.Keys(got)) {
		if got[i] > 1 || i > w.n || i%2 == 1 {
			twice++
		}
	}
	if lost > 0 || twice > 0 {
		t.Errorf("%s: of %d lines with a disconnect %d are lost and %d stored twice", name, w.n/2, lost, twice)
	}
	for what, check := range map[string]struct {
		sql  string
		want int64
	}{
		"bytes committed": {`SELECT coalesce(sum(off), 0)::bigint FROM generation JOIN source USING (service_id, source_id) WHERE source.path = $1`, w.bytes()},
		"bytes accounted": {`SELECT coalesce(sum(bytes_parsed + bytes_skipped + bytes_unparsed + bytes_oversize), 0)::bigint
			FROM generation JOIN source USING (service_id, source_id) WHERE source.path = $1`, w.bytes()},
		"bytes lost": {`SELECT coalesce(sum(bytes_lost), 0)::bigint FROM generation JOIN source USING (service_id, source_id) WHERE source.path = $1`, 0},
		"lines":      {`SELECT coalesce(sum(lines), 0)::bigint FROM generation JOIN source USING (service_id, source_id) WHERE source.path = $1`, int64(w.n)},
		"records":    {`SELECT coalesce(sum(requests + disconnects + others + unparsed), 0)::bigint FROM generation JOIN source USING (service_id, source_id) WHERE source.path = $1`, int64(w.n)},
	} {
		var have int64
		if err := conn.QueryRow(ctx, check.sql, w.path).Scan(&have); err != nil {
			t.Fatal(err)
		}
		if have != check.want {
			t.Errorf("%s: %s: %d, want %d", name, what, have, check.want)
		}
	}
}

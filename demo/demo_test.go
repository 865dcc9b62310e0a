package demo

import (
	"context"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patienceOfTests bounds every wait. It is never reached on a machine that works.
const patienceOfTests = 2 * time.Minute

// runUntil runs the demo until the clients' accounts satisfy enough, and returns them with Run's sums.
func runUntil(tb testing.TB, o Options, enough func([]exchange) bool) ([]exchange, Stats) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patienceOfTests)
	defer cancel()
	var mu sync.Mutex
	var seen []exchange
	isEnough := false
	o.observe = func(e exchange) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, e)
		if !isEnough && enough(seen) {
			isEnough = true
			cancel()
		}
	}
	stats, err := Run(ctx, o)
	if err != nil {
		tb.Fatalf("run: %v", err)
	}
	if !isEnough {
		tb.Fatalf("after %v the clients have not seen enough: %+v", patienceOfTests, stats)
	}
	return seen, stats
}

// count counts the exchanges that a test asks for.
func count(all []exchange, match func(exchange) bool) int {
	n := 0
	for _, e := range all {
		if match(e) {
			n++
		}
	}
	return n
}

func TestLogsAgreeWithWhatTheClientsSaw(t *testing.T) {
	t.Parallel()
	for _, forwarded := range []bool{false, true} {
		t.Run(fmt.Sprintf("forwarded=%v", forwarded), func(t *testing.T) {
			t.Parallel()
			if !forwarded && !manyLoopbackAddresses() {
				t.Skip("this system's loopback has one address")
			}
			o := Options{Dir: t.TempDir(), Rate: 4, Seed: 7, Grace: patienceOfTests, scale: 0.2, forwarded: forwarded}
			seen, stats := runUntil(t, o, func(all []exchange) bool {
				for _, c := range []Cause{LibraryTimeout, BadNetwork, Impatience} {
					if count(all, func(e exchange) bool { return e.cause == c }) < 4 {
						return false
					}
				}
				return count(all, func(e exchange) bool { return e.cause == BadNetwork && e.bytes > 0 }) >= 3
			})
			checkStats(t, seen, stats)
			checkAccess(t, o, seen)
			checkErrors(t, o, stats)
			checkApp(t, o, seen)
		})
	}
}

// checkStats compares Run's sums with the accounts that they were made of.
func checkStats(t *testing.T, seen []exchange, stats Stats) {
	t.Helper()
	by := map[Cause]int64{}
	for _, e := range seen {
		if e.outcome == hungUp {
			by[e.cause]++
		}
	}
	if stats.Exchanges != int64(len(seen)) || !maps.Equal(stats.HungUp, by) || stats.Cut != 0 {
		t.Errorf("stats are %+v, want %d exchanges, %v hung up and none cut", stats, len(seen), by)
	}
	if sum := stats.Completed + stats.HangUps() + stats.Failed + stats.Cut; sum != stats.Exchanges {
		t.Errorf("outcomes add up to %d, want %d", sum, stats.Exchanges)
	}
}

// checkAccess demands exactly one line per exchange, and that it says what happened.
func checkAccess(t *testing.T, o Options, seen []exchange) {
	t.Helper()
	logged := map[string]map[string]string{}
	for _, line := range readAccess(t, filepath.Join(o.Dir, "access.log")) {
		if logged[line["request_id"]] != nil {
			t.Errorf("exchange %s is logged twice", line["request_id"])
		}
		logged[line["request_id"]] = line
	}
	if len(logged) != len(seen) {
		t.Errorf("%d exchanges are logged, the clients made %d", len(logged), len(seen))
	}
	dropped, truncated := map[Cause]int{}, 0
	for _, e := range seen {
		line := logged[e.id]
		if line == nil {
			t.Errorf("exchange is not logged: %+v", e)
			continue
		}
		if line["remote_addr"] != e.client || line["request"] != e.method+" "+e.target+" HTTP/1.1" || line["http_user_agent"] != e.userAgent {
			t.Errorf("line says %v, the client %+v", line, e)
		}
		status, _ := strconv.Atoi(line["status"])
		bytes, _ := strconv.ParseInt(line["body_bytes_sent"], 10, 64)
		switch {
		case status == 404:
			t.Errorf("clients ask for what the shop does not have: %s", line["request"])
		case status == 499:
			if e.outcome != hungUp || e.status != 0 || bytes != 0 || line["upstream_status"] != "-" {
				t.Errorf("line %v is a 499, but the client says %+v", line, e)
			}
			dropped[e.cause]++
			if e.cause == LibraryTimeout && e.took < seconds(libraryTimeout*o.scale) {
				t.Errorf("the library gave up after %v", e.took)
			}
		case e.outcome == completed && (status != e.status || bytes != e.bytes):
			t.Errorf("line %v, but the client got status %d and %d bytes", line, e.status, e.bytes)
		case e.status != 0 && (status != e.status || bytes < e.bytes):
			t.Errorf("line %v, but the client saw status %d and %d bytes before it left", line, e.status, e.bytes)
		}
		if r, ok := findRoute(e.method, strings.SplitN(e.target, "?", 2)[0]); ok && status == 200 && bytes < int64(r.sizeOf(e.target)) {
			if e.outcome != hungUp {
				t.Errorf("line %v is truncated, but the client says %+v", line, e)
			}
			truncated++
		}
	}
	if dropped[LibraryTimeout] == 0 || dropped[Impatience] == 0 {
		t.Errorf("dropped before an answer: %v; want some of each", dropped)
	}
	if truncated == 0 {
		t.Error("no response is logged as truncated, although connections were reset within downloads")
	}
}

// checkErrors demands that the error log has every reset, and that it names those who hung up.
func checkErrors(t *testing.T, o Options, stats Stats) {
	t.Helper()
	var resets int64
	sending, closes, kept := 0, 0, 0
	reset := errnoSuffix(syscall.ECONNRESET)
	for _, line := range lines(t, filepath.Join(o.Dir, "error.log")) {
		m := errorLine.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("error log line is not nginx's:\n%s", line)
		}
		if strings.Contains(m[2], reset) && (strings.HasPrefix(m[2], "client 127.66.6.") || strings.Contains(m[2], ", client: 127.66.6.")) {
			resets++
		}
		switch {
		case strings.HasPrefix(m[2], "writev() failed"+reset+" while sending to client, client: 127.66.6."):
			sending++
		case strings.Contains(m[2], "so upstream connection is closed too while sending request to upstream"):
			closes++
		case strings.HasSuffix(m[2], " closed keepalive connection"):
			kept++
		}
	}
	// Where in its exchange the front met a reset depends on what was in the buffers; that it met it does not.
	if want := stats.HungUp[BadNetwork] + stats.IdleReset; resets != want {
		t.Errorf("error log has %d resets of the bad network, the clients made %d", resets, want)
	}
	if sending == 0 || closes == 0 || kept == 0 {
		t.Errorf("error log has %d resets within a response, %d closes before one, %d keep-alive closes", sending, closes, kept)
	}
}

// checkApp demands that the application complains about those exchanges only that a client ended.
func checkApp(t *testing.T, o Options, seen []exchange) {
	t.Helper()
	byID := map[string]exchange{}
	for _, e := range seen {
		byID[e.id] = e
	}
	exceptions := map[string]int{}
	for _, r := range readApp(t, filepath.Join(o.Dir, "app.log")) {
		e, ok := byID[r.id]
		if !ok {
			t.Errorf("app log names exchange %s twice, or it was never made", r.id)
		}
		delete(byID, r.id)
		if r.level != "ERROR" {
			if r.trace != "" {
				t.Errorf("record %q has a traceback", r.message)
			}
			continue
		}
		last := r.trace[strings.LastIndex(strings.TrimSuffix(r.trace, "\n"), "\n")+1:]
		if !strings.HasPrefix(r.trace, "Traceback (most recent call last):\n  File ") || e.outcome != hungUp {
			t.Errorf("record %q ends %q, but the client says %+v", r.message, last, e)
		}
		name, _, _ := strings.Cut(last, ":")
		exceptions[name]++
	}
	for _, e := range byID {
		if e.outcome == completed && !strings.HasPrefix(e.target, "/static/") {
			t.Errorf("app log lacks an exchange: %+v", e)
		}
	}
	if exceptions["BrokenPipeError"] == 0 || exceptions["ConnectionResetError"] == 0 || len(exceptions) > 2 {
		t.Errorf("exceptions are %v, want broken pipes and resets only", exceptions)
	}
}

func TestLibraryGivesUpAfterTwoSeconds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), patienceOfTests)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := Run(ctx, Options{Dir: dir, Rate: 5, Seed: 3, Grace: -1})
		ended <- err
	}()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for found := false; !found; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("no okhttp client gave up near 2.0 s")
		}
		data, err := os.ReadFile(filepath.Join(dir, "access.log"))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			m := accessLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
			if m == nil {
				continue // the last line, half written
			}
			took, _ := strconv.ParseFloat(m[accessLine.SubexpIndex("request_time")], 64)
			found = found || strings.Contains(line, `"POST /api/search HTTP/1.1" 499 0 "-" "okhttp/4.12.0"`) && took > 1.9 && took < 2.2
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// TestRunEndsWhatItStarted is not parallel, so that no other test's goroutines are there to be seen.
func TestRunEndsWhatItStarted(t *testing.T) {
	o := Options{Dir: t.TempDir(), Rate: 4, Seed: 5, Grace: -1}
	enough := func(all []exchange) bool { return len(all) >= 20 }
	runUntil(t, o, enough)
	first := lines(t, filepath.Join(o.Dir, "access.log"))
	seen, _ := runUntil(t, o, enough)
	second := lines(t, filepath.Join(o.Dir, "access.log"))
	if len(second) <= len(first) || !slices.Equal(second[:len(first)], first) {
		t.Errorf("the second run did not append: %d lines before, %d after", len(first), len(second))
	}
	readAccess(t, filepath.Join(o.Dir, "access.log"))
	if len(second)-len(first) > len(seen) {
		t.Errorf("second run logged %d exchanges, clients made %d", len(second)-len(first), len(seen))
	}

	deadline := time.Now().Add(patienceOfTests)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		var b strings.Builder
		if err := pprof.Lookup("goroutine").WriteTo(&b, 2); err != nil {
			t.Fatal(err)
		}
		var left []string
		for g := range strings.SplitSeq(b.String(), "\n\n") {
			if strings.Contains(g, "hangup/demo.") && !strings.Contains(g, "testing.tRunner") {
				left = append(left, g)
			}
		}
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines are left, for instance:\n%s", len(left), left[0])
		}
		<-tick.C
	}
}

func TestRunFails(t *testing.T) {
	t.Parallel()
	t.Run("options", func(t *testing.T) {
		t.Parallel()
		for _, o := range []Options{{}, {Dir: "x", Rate: -1}, {Dir: "x", Rate: math.NaN()}, {Dir: "x", Rate: MaxRate + 1}, {Dir: "x", RotateAfter: -1}} {
			if _, err := Run(t.Context(), o); err == nil {
				t.Errorf("Run(%+v) accepts it", o)
			}
		}
	})
	t.Run("directory", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Run(t.Context(), Options{Dir: file}); err == nil {
			t.Error("Run accepts a file as its directory")
		}
	})
	t.Run("log cannot be rotated", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "access.log.1", "occupied"), 0o700); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patienceOfTests)
		defer cancel()
		_, err := Run(ctx, Options{Dir: dir, RotateAfter: 2000, Grace: -1})
		if err == nil || !strings.Contains(err.Error(), "access.log.1") {
			t.Errorf("Run ends with %v, want an error that names access.log.1", err)
		}
		if ctx.Err() != nil {
			t.Error("Run went on although it could not log")
		}
	})
}

package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// TestDatabaseOutage stops PostgreSQL while a log is written and rotated, and starts it again: nothing is lost, memory stays flat and
// /readyz says so meanwhile. HANGUP_TEST_OUTAGE is how long it is away, 6 s when it is not set.
func TestDatabaseOutage(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes ten seconds")
	}
	outage := 6 * time.Second
	if s := os.Getenv("HANGUP_TEST_OUTAGE"); s != "" {
		var err error
		if outage, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
	}
	db := newServer(t)
	path := t.TempDir() + "/a.log"
	p := startServe(t, db.URL(), path)
	l := newLoad(t, seedOf(t), db, path)
	ready := func(want int, word string) func() bool {
		return func() bool {
			code, body := p.get("/readyz")
			return code == want && strings.Contains(body, word)
		}
	}
	eventually(t, "ready", ready(http.StatusOK, `"ready"`), p.log.String)
	eventually(t, "the first lines are shown", func() bool { return p.summary("?from=now-1h&to=now").Requests > 2000 })

	if err := db.Stop(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "not ready without a database", ready(http.StatusServiceUnavailable, `"unavailable"`))
	before := residentKiB(t, p.cmd.Process.Pid)
	for range 3 {
		pause(t.Context(), outage/4)
		l.rotate()
	}
	pause(t.Context(), outage/4)
	if code, body := p.get("/healthz"); code != http.StatusOK {
		t.Errorf("/healthz: %d %s", code, body)
	}
	if code, body := p.get("/api/v1/summary"); code != http.StatusServiceUnavailable {
		t.Errorf("summary without a database: %d %s", code, body)
	}
	after := residentKiB(t, p.cmd.Process.Pid)
	if after > before+32<<10 {
		t.Errorf("memory grew from %d KiB to %d KiB while the database was away", before, after)
	}
	t.Logf("resident memory: %d KiB when the database went, %d KiB after %s", before, after, outage)

	db.start()
	eventually(t, "ready again", ready(http.StatusOK, `"ready"`), p.log.String)
	settled(t, db, p, l)
	t.Logf("%d rotations", l.turns)
	p.stop()
}

// residentKiB returns the process's resident memory as Linux tells it.
func residentKiB(t *testing.T, pid int) (n int64) {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "VmRSS:")
	if _, err := fmt.Sscan(rest, &n); err != nil {
		t.Fatalf("VmRSS of %d: %v", pid, err)
	}
	return n
}

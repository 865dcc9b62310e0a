package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestTracesKilled writes Python tracebacks line by line, ends the reader in the middle of them, by SIGKILL and SIGTERM in turn,
// and rotates the log between two of them. Each is one record, once, and has its last line.
func TestTracesKilled(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes ten seconds")
	}
	seed := seedOf(t)
	r := rand.New(rand.NewPCG(seed, 500))
	db := newServer(t)
	path := t.TempDir() + "/app.log"
	f := appendTo(t, path)
	n := 0
	record := func(killer func()) {
		n++
		at := time.Now().UTC().Format("2006-01-02 15:04:05,000")
		for i, part := range []string{
			fmt.Sprintf("%s ERROR app: Exception on /work/%d [GET]\nTraceback (most recent call last):\n", at, n),
			"  File \"/srv/app/views.py\", line 12, in answer\n    out.wri", "te(body)\n", "BrokenPipeError: [Errno 32] Broken pipe\n",
		} {
			if _, err := f.WriteString(part); err != nil {
				t.Fatal(err)
			}
			if i == 1 {
				killer()
			}
		}
	}
	p := startServe(t, db.URL(), path)
	record(func() {})
	eventually(t, "the log is known", func() bool { return db.number(`SELECT count(*) FROM generation`) > 0 }, p.log.String) // else it may be rotated away before
	for round := range 8 {
		for range r.IntN(30) {
			record(func() {})
		}
		record(func() {
			pause(t.Context(), time.Duration(r.IntN(300))*time.Millisecond) // within the second of silence that ends a record
			if round%2 == 0 {
				p.kill()
			} else {
				p.stop()
			}
		})
		if r.IntN(2) == 0 {
			if err := os.Rename(path, fmt.Sprintf("%s.%d", path, n)); err != nil {
				t.Fatal(err)
			}
			_ = f.Close()
			f = appendTo(t, path)
		}
		p = startServe(t, db.URL(), path)
	}
	record(func() {})
	eventually(t, "every traceback is stored", func() bool { return db.number(`SELECT count(*) FROM disconnect`) >= int64(n) }, p.log.String, func() string { return explain(t, db, filepath.Dir(path)) })
	for what, check := range map[string]struct {
		sql  string
		want int
	}{
		"records":                      {`SELECT count(*) FROM disconnect`, n},
		"records with their last line": {`SELECT count(*) FROM disconnect d WHERE raw_of(d) LIKE '%Errno 32%' AND lines = 5`, n},
		"different bytes":              {`SELECT count(DISTINCT (generation_id, off)) FROM disconnect`, n},
		"lines":                        {`SELECT sum(lines)::bigint FROM generation`, 5 * n},
	} {
		if got := db.number(check.sql); got != int64(check.want) {
			t.Errorf("%s: %d, want %d", what, got, check.want)
		}
	}
	t.Logf("%d tracebacks", n)
	p.stop()
}

func appendTo(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

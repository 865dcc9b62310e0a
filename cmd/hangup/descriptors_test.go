package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var filesWaiting = regexp.MustCompile(`hangup_source_files_waiting\{[^}]*\} [1-9]`)

// TestDescriptorLimit starts serve with fewer file descriptors than there are files: they take turns, and the page is served.
func TestDescriptorLimit(t *testing.T) {
	db := newServer(t)
	dir := t.TempDir()
	const files = 30
	lines := 0
	put := func(name string, n int) {
		t.Helper()
		var b strings.Builder
		for range n {
			lines++
			fmt.Fprintf(&b, "203.0.113.%d - - [%s] \"GET /n/%d HTTP/1.1\" 499 0 \"-\" \"-\"\n", lines%250, time.Now().UTC().Format("02/Jan/2006:15:04:05 -0700"), lines)
		}
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = f.WriteString(b.String()); err == nil {
			err = f.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range files {
		put(fmt.Sprintf("f%02d.log", i), 10)
	}
	p, err := runServe(t, db.URL(), []string{
		"sh", "-c", `ulimit -n 64 && exec "$0" "$@"`, "hangup", "serve", "--listen", "127.0.0.1:0", "--log-level", "warn", filepath.Join(dir, "*.log"),
	})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "files wait", func() bool {
		_, body := p.get("/metrics")
		return filesWaiting.MatchString(body)
	}, p.log.String)
	stored := func() bool { return p.summary("?from=now-1h&to=now").Requests >= int64(lines) }
	eventually(t, "all is read", stored, p.log.String)
	for i := range files {
		name := fmt.Sprintf("f%02d.log", i)
		put(name, 2)
		if i%3 == 0 {
			if err := os.Rename(filepath.Join(dir, name), filepath.Join(dir, name+".1")); err != nil {
				t.Fatal(err)
			}
			put(name, 2)
		}
	}
	eventually(t, "all is read after a rotation", stored, p.log.String)
	var n, distinct int
	if err := db.conn().QueryRow(t.Context(), `SELECT count(*)::int, count(DISTINCT path)::int FROM disconnect`).Scan(&n, &distinct); err != nil {
		t.Fatal(err)
	}
	if n != lines || distinct != lines {
		t.Errorf("%d lines, %d different ones, are stored of %d", n, distinct, lines)
	}
	if strings.Contains(p.log.String(), "too many open files") {
		t.Errorf("descriptors ran out:\n%s", p.log)
	}
	p.stop()
}

package ingest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"hangup/parser"
)

// TestExcerpt takes lines of small and large files, and of what is no file.
func TestExcerpt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	status := NewStatus()
	var id int64
	take := func(t *testing.T, path string) ([]string, error) {
		t.Helper()
		id++
		status.change(id, func(x *sourceStatus) { x.source = Source{Path: path, Parser: parser.Options{Format: "nginx-error"}} })
		lines, o, err := status.Excerpt(id)
		if o.Format != "nginx-error" {
			t.Errorf("the options are %+v", o)
		}
		var out []string
		for i, l := range lines {
			if i > 0 && l.Start != lines[i-1].End {
				out = append(out, "...")
			}
			out = append(out, l.Text)
		}
		return out, err
	}
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	got, err := take(t, write("small", "GET /a?token=geheim&q=1\nb\r\n\nhalf a li"))
	if want := []string{"GET /a?token=[redacted]&q=1", "b\r", ""}; err != nil || strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%q, %v", got, err)
	}
	if err := os.Symlink(filepath.Join(dir, "small"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if got, err := take(t, filepath.Join(dir, "link")); len(got) != 3 || err != nil {
		t.Errorf("by a link: %q, %v", got, err)
	}
	var b strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&b, "line %d\n", i)
	}
	got, err = take(t, write("large", b.String()))
	if err != nil || len(got) != 2*excerptLines+1 || got[0] != "line 0" || got[excerptLines] != "..." || got[len(got)-1] != "line 99999" {
		t.Errorf("%d lines of a large file, from %q to %q, %v", len(got), got[0], got[len(got)-1], err)
	}
	for _, l := range got {
		if l != "..." && !strings.HasPrefix(l, "line ") {
			t.Errorf("half a line: %q", l)
		}
	}
	if got, err := take(t, write("one", strings.Repeat("x", 1<<20))); len(got) != 0 || err != nil {
		t.Errorf("of a line without an end: %d lines, %v", len(got), err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "pipe"), dir, filepath.Join(dir, "none")} {
		if _, err := take(t, path); err == nil {
			t.Errorf("%s is read", path)
		}
	}
	if _, _, err := status.Excerpt(999); !errors.Is(err, ErrNotRead) {
		t.Errorf("a source that is not read: %v", err)
	}
}

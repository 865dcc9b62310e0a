package parser

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"hangup/event"
)

// TestAsideKeepsNoText reads lines that lie in one buffer, one after another: whoever has Asides read may use the memory
// of lines again.
func TestAsideKeepsNoText(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.log")
	if err != nil || len(files) == 0 {
		t.Fatal("no logs", err)
	}
	read := 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Repeat(string(b), 3)
		p, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		for l := range strings.Lines(text) {
			p.Line(event.Line{Text: strings.TrimSuffix(l, "\n")}, func(*event.Record) {})
		}
		p.Flush(func(*event.Record) {})
		one, ok := NewAside(p, nil)
		if !ok {
			continue
		}
		two := one.Twin()
		buf := make([]byte, MaxLine)
		for l := range strings.Lines(text) {
			l = strings.TrimSuffix(l, "\n")
			var want, got []event.Record
			one.Line(&event.Line{Text: l}, func(r *event.Record) { want = append(want, *r) })
			n := copy(buf, l)
			two.Line(&event.Line{Text: unsafe.String(unsafe.SliceData(buf), n)}, func(r *event.Record) {
				if diff := cmp.Diff(want, append(got, *r)); diff != "" {
					t.Errorf("%s: %q: -lines of their own +lines in one buffer: %s", file, l, diff)
				}
				got = append(got, *r)
				read++
			})
			if len(want) != len(got) {
				t.Errorf("%s: %q: %d records, in one buffer %d", file, l, len(want), len(got))
			}
			clear(buf[:n])
		}
	}
	if read == 0 {
		t.Error("no log can be read aside")
	}
}

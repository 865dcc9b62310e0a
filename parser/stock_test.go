package parser

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hangup/event"
)

// TestStockReaders holds what the stock relies on: a reader that says that it remembers nothing reads every line as a new
// one does. The lines of all logs come to each format, mixed, as those of many writers do.
func TestStockReaders(t *testing.T) {
	t.Parallel()
	var lines []string
	files, err := filepath.Glob("testdata/*.log")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		list := strings.Split(string(b), "\n")
		lines = append(lines, list[:min(len(list), 200)]...)
	}
	random := rand.New(rand.NewPCG(1, 2))
	random.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	lines = slices.Clip(lines[:min(len(lines), 6000)])
	for i := 0; i < len(lines); i += 5 { // torn ones
		if n := len(lines[i]); n > 0 {
			lines = append(lines, lines[i][:random.IntN(n)], lines[i][random.IntN(n):])
		}
	}
	for _, o := range (Options{}).searched() {
		t.Run(o.Format+o.Layout[:min(len(o.Layout), 20)], func(t *testing.T) {
			t.Parallel()
			made := func() *reader {
				r, err := newReader(o)
				if err != nil {
					t.Fatal(err)
				}
				return r
			}
			records := func(r *reader, l event.Line) (list []event.Record) {
				r.Line(l, func(rec *event.Record) { list = append(list, *rec) })
				r.Flush(func(rec *event.Record) { list = append(list, *rec) })
				return list
			}
			old := made()
			for i, s := range lines {
				if isBlank(s) {
					continue
				}
				l := event.Line{Text: s, Start: int64(i), End: int64(i + 1), Number: int64(i + 1)}
				fresh := made()
				known := fresh.knows(&l)
				if got := old.knows(&l); got != known {
					t.Fatalf("%q: known %v, by a new reader %v", s, got, known)
				}
				if known && !old.grammar.remembers() { // its writer takes it, and gives it back
					if diff := cmp.Diff(records(fresh, l), records(old, l)); diff != "" {
						t.Fatalf("%q: %s", s, diff)
					}
				}
				if old.grammar.remembers() {
					old = made()
				}
			}
		})
	}
}

// TestManyWriters holds what a parser keeps of a log in which hundreds of writers write lines of all formats.
func TestManyWriters(t *testing.T) {
	const (
		writers = maxLanes
		most    = 8 << 20 // bytes
	)
	files, err := filepath.Glob("testdata/*.log")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		line, _, _ := strings.Cut(string(b), "\n")
		lines = append(lines, line[:min(len(line), 500)])
	}
	p, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, n := heap(), int64(0)
	for _, line := range lines {
		for id := range writers {
			s := fmt.Sprintf("Nov 22 10:00:00 host app[%d]: %s", id+1, line)
			p.Line(event.Line{Text: s, Start: n, End: n + int64(len(s)) + 1, Number: n + 1}, func(*event.Record) {})
			n += int64(len(s)) + 1
		}
	}
	p.Flush(func(*event.Record) {})
	if lanes := len(p.(*auto).post.lanes); lanes < writers/2 {
		t.Fatalf("%d writers are known, not %d", lanes, writers)
	}
	if grown := int64(heap() - before); grown > most {
		t.Errorf("%d writers: %d KiB are held, at most %d wanted", writers, grown>>10, most>>10)
	} else {
		t.Logf("%d KiB are held", grown>>10)
	}
	runtime.KeepAlive(p)
}

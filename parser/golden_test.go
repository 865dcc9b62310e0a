package parser

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hangup/event"
)

// TestGolden reads each testdata/<format>[.<case>].log and compares its records with the expectations beside it:
// every key of an expectation must be equal, numbers within 1e-4, times to as many digits as are expected, and there
// must be no further record besides empty lines.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.log")
	if err != nil {
		t.Fatal(err)
	}
	tested := map[string]bool{}
	for _, file := range files {
		name, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".log"), ".")
		tested[name] = true
		t.Run(strings.TrimSuffix(filepath.Base(file), ".log"), func(t *testing.T) {
			t.Parallel()
			golden(t, file, Options{Format: name, Layout: layoutOf(t, file)})
		})
	}
	for _, f := range Formats() {
		if !tested[f.Name] {
			t.Errorf("format %s has no testdata/%s.log", f.Name, f.Name)
		}
	}
}

// layoutOf reads the layout beside a log, for formats that need one.
func layoutOf(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(strings.TrimSuffix(file, ".log") + ".layout")
	if os.IsNotExist(err) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func golden(t *testing.T, file string, o Options) {
	t.Helper()
	want := expectations(t, strings.TrimSuffix(file, ".log")+".expect.jsonl")
	got := records(t, readFile(t, file), o)
	for i, g := range got {
		if i >= len(want) {
			t.Errorf("%s:%v: a record too many: %v", file, g["line"], g)
			continue
		}
		for key, w := range want[i] {
			if !same(key, w, g[key]) {
				t.Errorf("%s:%v: %s is %#v, want %#v", file, want[i]["line"], key, g[key], w)
			}
		}
		for _, key := range []string{"party", "how", "phase", "status", "bytes", "duration_ms", "upstream", "upstream_ms", "upstream_status", "user_agent", "referer"} {
			if _, expected := want[i][key]; !expected && g[key] != nil && key != "duration_ms" {
				t.Errorf("%s:%v: %s is %#v, want none", file, want[i]["line"], key, g[key])
			}
		}
	}
	for _, w := range want[min(len(got), len(want)):] {
		t.Errorf("%s:%v: no record, want %v", file, w["line"], w)
	}
}

func readFile(tb testing.TB, file string) []byte {
	tb.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func expectations(t *testing.T, file string) []map[string]any {
	t.Helper()
	var list []map[string]any
	for line := range bytes.Lines(readFile(t, file)) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var m map[string]any
		if err := json.Unmarshal(line, &m); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		list = append(list, m)
	}
	return list
}

// records reads a log and returns its records as they are printed, without empty lines.
func records(t *testing.T, log []byte, o Options) []map[string]any {
	t.Helper()
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	var list []map[string]any
	feed(p, log, func(r *event.Record) {
		if r.Kind == event.Skipped {
			return
		}
		b, err := r.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]any
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		list = append(list, m)
	})
	return list
}

// seenAt is when the logs of testdata were seen: their years are taken from it where they have none.
var seenAt = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// feed gives a log to a parser, line by line.
func feed(p Parser, log []byte, emit func(*event.Record)) {
	off, n := int64(0), int64(0)
	for line := range strings.Lines(string(log)) {
		n++
		text, ended := strings.CutSuffix(line, "\n")
		p.Line(event.Line{Text: text, Start: off, End: off + int64(len(line)), Number: n, Seen: seenAt, Unterminated: !ended}, emit)
		off += int64(len(line))
	}
	p.Flush(emit)
}

func same(key string, want, got any) bool {
	switch w := want.(type) {
	case float64:
		g, ok := got.(float64)
		return ok && math.Abs(w-g) < 1e-4
	case string:
		g, ok := got.(string)
		if key == "time" {
			w, g = strings.TrimSuffix(w, "Z"), strings.TrimSuffix(g, "Z")
			if dot := strings.IndexByte(w, '.'); dot >= 0 { // our own form leaves trailing zeros out
				if strings.IndexByte(g, '.') < 0 {
					g += "."
				}
				g += strings.Repeat("0", 9)
			}
			return ok && strings.HasPrefix(g, w)
		}
		return ok && w == g
	}
	return want == got
}

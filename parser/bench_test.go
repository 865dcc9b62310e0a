package parser

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"hangup/event"
)

// BenchmarkParse reads each format's testdata again and again. Those are lines of many kinds, each of another second;
// "served" are lines as a busy server writes them: parts of its real logs.
func BenchmarkParse(b *testing.B) {
	for _, f := range Formats() {
		file := "testdata/" + f.Name + ".log"
		o := Options{Format: f.Name}
		if f.Layout {
			o.Layout = string(readFile(b, "testdata/"+f.Name+".layout"))
		}
		b.Run(f.Name, func(b *testing.B) { benchmark(b, o, readFile(b, file)) })
	}
	served, err := filepath.Glob("testdata/lab/*.log")
	if err != nil {
		b.Fatal(err)
	}
	for _, file := range served {
		name := strings.TrimSuffix(filepath.Base(file), ".log")
		format, _, _ := strings.Cut(name, ".")
		b.Run("served/"+name, func(b *testing.B) { benchmark(b, Options{Format: format}, readFile(b, file)) })
	}
	b.Run("auto", func(b *testing.B) { benchmark(b, Options{}, readFile(b, "testdata/nginx-timed.log")) })
}

func benchmark(b *testing.B, o Options, log []byte) {
	b.Helper()
	var lines []event.Line
	off := int64(0)
	for line := range strings.Lines(string(bytes.Repeat(log, 1+100_000/len(log)))) {
		lines = append(lines, event.Line{Text: strings.TrimSuffix(line, "\n"), Start: off, End: off + int64(len(line)), Number: int64(len(lines) + 1)})
		off += int64(len(line))
	}
	p, err := New(o)
	if err != nil {
		b.Fatal(err)
	}
	records := 0
	emit := func(*event.Record) { records++ }
	b.SetBytes(off)
	b.ReportAllocs()
	for b.Loop() {
		for i := range lines {
			p.Line(lines[i], emit)
		}
		p.Flush(emit)
	}
	b.ReportMetric(float64(len(lines))*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(records), "ns/record")
}

// BenchmarkHostile reads each kind of hostile line by each format: none may take 50 ms for a megabyte.
func BenchmarkHostile(b *testing.B) {
	for _, o := range everyFormat(b)[1:] {
		name := o.Format
		if o.Layout != "" {
			name += "/" + o.Layout[max(0, len(o.Layout)-60):]
		}
		b.Run(name, func(b *testing.B) {
			lines := hostile(MaxLine - 200)
			worst, at := 0.0, ""
			for b.Loop() {
				for _, s := range lines {
					start := b.Elapsed()
					p, err := New(o)
					if err != nil {
						b.Fatal(err)
					}
					feed(p, []byte(s), func(*event.Record) {})
					if d := (b.Elapsed() - start).Seconds() * 1000; d > worst {
						worst, at = d, s[:min(len(s), 80)]+" ... "+s[max(0, len(s)-40):]
					}
				}
			}
			b.ReportMetric(worst, "worst-ms")
			b.Logf("worst: %q", at)
		})
	}
}

package parser

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hangup/event"
)

// BenchmarkParse reads each format's testdata again and again. Those are lines of many kinds, each of another second;
// "served" are lines as a busy server writes them: parts of real servers' logs; "busy" are made (busy_test.go).
func BenchmarkParse(b *testing.B) {
	for _, f := range Formats() {
		file := "testdata/" + f.Name + ".log"
		o := Options{Format: f.Name}
		if f.Layout {
			o.Layout = string(readFile(b, "testdata/"+f.Name+".layout"))
		}
		b.Run("samples/"+f.Name, func(b *testing.B) { benchmark(b, o, repeated(readFile(b, file))) })
	}
	served, err := filepath.Glob("testdata/lab/*.log")
	if err != nil {
		b.Fatal(err)
	}
	for _, file := range served {
		name := strings.TrimSuffix(filepath.Base(file), ".log")
		format, _, _ := strings.Cut(name, ".")
		b.Run("served/"+name, func(b *testing.B) { benchmark(b, Options{Format: format}, repeated(readFile(b, file))) })
	}
	for _, f := range busyFormats {
		b.Run("busy/"+f.name(), func(b *testing.B) { benchmark(b, f.options(), busyLog(f.line, 2000, 1)) })
	}
	b.Run("busy/auto/nginx-timed", func(b *testing.B) { benchmark(b, Options{}, busyLog(busyTimed, 2000, 1)) })
	b.Run("busy/auto/cri/nginx-timed", func(b *testing.B) { benchmark(b, Options{}, busyLog(`{iso9} stdout F `+busyTimed, 2000, 1)) })
}

func repeated(log []byte) string { return strings.Repeat(string(log), 1+100_000/len(log)) }

// benchmark reads a log in chunks of lines, and cuts the same lines at their blanks and quotes, for comparison. Of each chunk the
// best of all rounds counts: on a machine with other work it is nearest to what the code costs. "cut" is how many times
// as long as the cutting the reading takes.
func benchmark(b *testing.B, o Options, log string) {
	b.Helper()
	var lines []event.Line
	off := int64(0)
	for line := range strings.Lines(log) {
		lines = append(lines, event.Line{Text: strings.TrimSuffix(line, "\n"), Start: off, End: off + int64(len(line)), Number: int64(len(lines) + 1)})
		off += int64(len(line))
	}
	p, err := New(o)
	if err != nil {
		b.Fatal(err)
	}
	records := 0
	emit := func(*event.Record) { records++ }
	type round struct{ read, cut time.Duration }
	var best []round
	b.ReportAllocs()
	for b.Loop() {
		k := 0
		for chunk := range slices.Chunk(lines, 100) {
			start := time.Now()
			for i := range chunk {
				p.Line(chunk[i], emit)
			}
			read := time.Since(start)
			start = time.Now()
			for i := range chunk {
				pieces += cutUp(chunk[i].Text)
			}
			r := round{read, time.Since(start)}
			if k == len(best) {
				best = append(best, r)
			}
			best[k] = round{min(best[k].read, r.read), min(best[k].cut, r.cut)}
			k++
		}
		p.Flush(emit)
	}
	var sum round
	for _, r := range best {
		sum.read, sum.cut = sum.read+r.read, sum.cut+r.cut
	}
	b.ReportMetric(float64(sum.read.Nanoseconds()), "ns/op")
	b.ReportMetric(float64(off)/sum.read.Seconds()/1e6, "MB/s")
	b.ReportMetric(sum.read.Seconds()/sum.cut.Seconds(), "cut")
	b.ReportMetric(float64(sum.read.Nanoseconds())/float64(len(lines)), "ns/line")
}

var pieces int

// cutUp cuts a line at its blanks, and at its quotes.
func cutUp(line string) (n int) {
	for _, c := range [...]byte{' ', '"'} {
		for s := line; ; n++ {
			i := strings.IndexByte(s, c)
			if i < 0 {
				break
			}
			s = s[i+1:]
		}
	}
	return n
}

// BenchmarkHostile reads each kind of hostile line by each format, by the detection, and in envelopes: none may take 50 ms
// for a megabyte. "worst-ms" is the best time of four of the dearest.
func BenchmarkHostile(b *testing.B) {
	lines := hostile(MaxLine - 200)
	for _, o := range everyFormat(b) {
		name := cmp.Or(o.Format, "auto")
		if o.Layout != "" {
			name += "/" + o.Layout[max(0, len(o.Layout)-60):]
		}
		b.Run(name, func(b *testing.B) { benchmarkHostile(b, o, lines, "", "") })
	}
	for name, around := range map[string][2]string{
		"cri": {"2026-11-22T10:00:01.123456789Z stdout F ", ""}, "syslog-rfc3164": {"Nov 22 10:00:00 web-1 app[14]: ", ""},
		"docker-json": {`{"log":"`, `\n","stream":"stdout","time":"2026-11-22T10:00:01.123456789Z"}`},
	} {
		b.Run("auto/"+name, func(b *testing.B) { benchmarkHostile(b, Options{}, lines, around[0], around[1]) })
	}
}

func benchmarkHostile(b *testing.B, o Options, lines []string, before, behind string) {
	b.Helper()
	worst, at := time.Duration(0), ""
	read := func(s string) time.Duration {
		p, err := New(o)
		if err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		feed(p, []byte(s), func(*event.Record) {})
		return time.Since(start)
	}
	for b.Loop() {
		for _, s := range lines {
			if strings.IndexByte(s, '\n') >= 0 { // lines that belong together: they are bounded by MaxRecordLines
				continue
			}
			s = before + s[:min(len(s), MaxLine-len(before)-len(behind))] + behind
			d := read(s)
			for range 3 {
				if d > worst {
					d = min(d, read(s))
				}
			}
			if d > worst {
				worst, at = d, s[:min(len(s), 80)]+" ... "+s[max(0, len(s)-40):]
			}
		}
	}
	b.ReportMetric(worst.Seconds()*1000, "worst-ms")
	b.Logf("worst: %q", at)
}

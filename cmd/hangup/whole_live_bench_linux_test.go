package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// cpuOf returns the processor time that a process has had: fields 14 and 15 of /proc/PID/stat, hundredths of a second.
func cpuOf(b *testing.B, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), ") ") // behind the name, which is the second
	fields := strings.Fields(rest)
	sum := int64(0)
	for _, s := range fields[11:13] {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		sum += n
	}
	return time.Duration(sum) * 10 * time.Millisecond
}

// shareOf returns how much of one core a process takes while do runs, in per cent.
func shareOf(b *testing.B, p *process, do func()) float64 {
	b.Helper()
	begin, before := time.Now(), cpuOf(b, p.cmd.Process.Pid)
	do()
	return 100 * float64(cpuOf(b, p.cmd.Process.Pid)-before) / float64(time.Since(begin))
}

// followed starts a serve that follows an empty log, and returns both.
func followed(b *testing.B) (*os.File, *process) {
	b.Helper()
	f, err := os.Create(filepath.Join(b.TempDir(), "access.log"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = f.Close() })
	return f, startServe(b, benchServer(b).URL(), f.Name())
}

// BenchmarkWholeLive follows a log that gets 10,000 lines a second.
func BenchmarkWholeLive(b *testing.B) {
	const rate, tick = 10_000, 50 * time.Millisecond
	f, p := followed(b)
	s, written := newTraffic(), int64(0)
	feed := func(long time.Duration) {
		ticker := time.NewTicker(tick)
		defer ticker.Stop()
		for range long / tick {
			<-ticker.C
			const n = int(rate * tick / time.Second)
			var part strings.Builder
			if err := s.write(&part, n, time.Now().UTC(), tick, (*exchange).nginx); err != nil {
				b.Fatal(err)
			}
			if _, err := f.WriteString(part.String()); err != nil {
				b.Fatal(err)
			}
			written += int64(n)
		}
	}
	feed(5 * time.Second)
	var share float64
	for b.Loop() {
		share += shareOf(b, p, func() { feed(20 * time.Second) })
	}
	b.ReportMetric(share/float64(b.N), "%core")
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		got := p.summary("?from=now-1h&to=now").Requests
		if got == written {
			return
		}
		if time.Now().After(deadline) {
			b.Fatalf("%d of %d requests are stored", got, written)
		}
	}
}

// BenchmarkWholeDelay writes one hang-up after the other to a quiet log, and waits until the API shows it.
func BenchmarkWholeDelay(b *testing.B) {
	const times = 60
	f, p := followed(b)
	r, known := rand.New(rand.NewPCG(1, 1)), int64(0)
	var delays []time.Duration
	for b.Loop() {
		for range times {
			time.Sleep(time.Duration(300+r.IntN(700)) * time.Millisecond)
			begin := time.Now()
			known++
			if _, err := fmt.Fprintf(f, "203.0.113.7 - - [%s] \"GET /api/export HTTP/1.1\" 499 0 \"-\" \"curl/8.5.0\" rt=2.000 urt=2.000 rid=%032x\n",
				begin.UTC().Format("02/Jan/2006:15:04:05 -0700"), known); err != nil {
				b.Fatal(err)
			}
			for p.summary("?from=now-1h&to=now").Disconnects < known {
				if time.Since(begin) > time.Minute {
					b.Fatalf("a hang-up is not shown a minute after it was written; the log of serve:\n%s", p.log)
				}
				time.Sleep(5 * time.Millisecond)
			}
			delays = append(delays, time.Since(begin))
		}
	}
	slices.Sort(delays)
	b.ReportMetric(delays[len(delays)/2].Seconds(), "p50-s")
	b.ReportMetric(delays[len(delays)*99/100].Seconds(), "p99-s")
}

// BenchmarkWholeIdle follows 1,000 files of one pattern that do not grow.
func BenchmarkWholeIdle(b *testing.B) {
	const files = 1000
	dir := b.TempDir()
	for i := range files {
		text := fmt.Sprintf("203.0.113.7 - - [%s] \"GET /%d HTTP/1.1\" 200 5 \"-\" \"curl/8.5.0\"\n", time.Now().UTC().Format("02/Jan/2006:15:04:05 -0700"), i)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%04d.log", i)), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	p := startServe(b, benchServer(b).URL(), filepath.Join(dir, "*.log"))
	idle := func() bool {
		_, body := p.get("/metrics")
		for line := range strings.Lines(body) {
			if strings.HasPrefix(line, "hangup_source_files_idle{") && strings.HasSuffix(line, fmt.Sprintf(" %d\n", files)) {
				return true
			}
		}
		return false
	}
	for deadline := time.Now().Add(5 * time.Minute); !idle(); time.Sleep(time.Second) {
		if time.Now().After(deadline) {
			b.Fatalf("the files are not idle after five minutes; the log of serve:\n%s", p.log)
		}
	}
	var share float64
	for b.Loop() {
		share += shareOf(b, p, func() { time.Sleep(time.Minute) })
	}
	b.ReportMetric(share/float64(b.N), "%core")
}

package main

import (
	"bufio"
	"bytes"
	"cmp"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hangup/store/local"
)

// The benchmarks of the whole program: as its users start it, each beside the program that they would use instead, in turns in
// one run. A peer that is not installed is left out, and its ratio with it.

// benchLines is how many lines the logs have: HANGUP_BENCH_LINES, or a million.
func benchLines(b *testing.B) int {
	b.Helper()
	s := os.Getenv("HANGUP_BENCH_LINES")
	if s == "" {
		return 1_000_000
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		b.Fatalf("HANGUP_BENCH_LINES is %q, not a number of lines", s)
	}
	return n
}

// spent is what a process took.
type spent struct {
	time, cpu time.Duration
	peak      int64 // bytes of memory
}

// spend runs a program to its end, and returns what it said on its standard error.
func spend(b *testing.B, c *exec.Cmd) (spent, string) {
	b.Helper()
	var stderr bytes.Buffer
	c.Stderr = &stderr
	begin := time.Now()
	if err := c.Run(); err != nil {
		b.Fatalf("%v: %v\n%s", c.Args, err, &stderr)
	}
	s := spent{time: time.Since(begin), cpu: c.ProcessState.UserTime() + c.ProcessState.SystemTime()}
	if u, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.peak = u.Maxrss
		if runtime.GOOS == "linux" { // KiB there, bytes elsewhere
			s.peak <<= 10
		}
	}
	return s, stderr.String()
}

// pace is how many MB a log's reader takes in a second.
func pace(b *testing.B, log string, took time.Duration) float64 {
	b.Helper()
	st, err := os.Stat(log)
	if err != nil {
		b.Fatal(err)
	}
	return float64(st.Size()) / 1e6 / took.Seconds()
}

// peerLines is how much of a log a peer reads: it takes long.
const peerLines = 1_000_000

// peer is a program that is run beside Hangup, on a log of its own.
type peer struct {
	name, log string
	args      func(log, out string) []string
	input     bool // it reads its standard input
}

// goaccess is GoAccess with its default panels.
func goaccess(log string) peer {
	return peer{name: "goaccess", log: log, args: func(log, out string) []string {
		return []string{
			log, `--log-format=%h - - [%d:%t %^] "%r" %s %b "%R" "%u" rt=%T urt=%^ rid=%^`, "--date-format=%d/%b/%Y", "--time-format=%T",
			"-o", filepath.Join(out, "goaccess.json"),
		}
	}}
}

// halog is HAProxy's, its counts by URL.
func halog(log string) peer {
	return peer{name: "halog", log: log, input: true, args: func(string, string) []string { return []string{"-ut"} }}
}

// pace runs the peer, and returns its MB a second; 0 when it is not there.
func (p peer) pace(b *testing.B) float64 {
	b.Helper()
	program, err := exec.LookPath(p.name)
	if err != nil {
		if program, err = exec.LookPath("/usr/sbin/" + p.name); err != nil { // not in everybody's PATH
			return 0
		}
	}
	c := exec.Command(program, p.args(p.log, b.TempDir())...)
	if p.input {
		f, err := os.Open(p.log)
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		c.Stdin = f
	}
	s, _ := spend(b, c)
	return pace(b, p.log, s.time)
}

// firstLines makes a log of the first lines of another.
func firstLines(b *testing.B, log string, n int) string {
	b.Helper()
	in, err := os.Open(log)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	first := log + ".first"
	out, err := os.Create(first)
	if err != nil {
		b.Fatal(err)
	}
	w, r := bufio.NewWriter(out), bufio.NewScanner(in) // not all at once: what this process has had counts as its children's peak
	for ; n > 0 && r.Scan(); n-- {
		_, _ = w.Write(append(r.Bytes(), '\n')) // Flush says so
	}
	if err := cmp.Or(r.Err(), w.Flush(), out.Close()); err != nil {
		b.Fatal(err)
	}
	return first
}

// beside reports the mean pace of Hangup and how many times the peer's that is, and what else Hangup took.
func beside(b *testing.B, p peer, log string, run func() (took time.Duration, s spent)) {
	b.Helper()
	var mine, theirs, cpu, peak float64
	for b.Loop() {
		b.StopTimer()
		theirs += p.pace(b)
		b.StartTimer()
		took, s := run()
		mine, cpu, peak = mine+pace(b, log, took), cpu+s.cpu.Seconds(), max(peak, float64(s.peak)/1e6)
	}
	n := float64(b.N)
	b.ReportMetric(mine/n, "MB/s")
	b.ReportMetric(cpu/n, "cpu-s")
	b.ReportMetric(peak, "peak-MB")
	if theirs > 0 {
		b.ReportMetric(mine/theirs, "x-"+p.name)
	}
}

// benchServer starts a private server as Hangup makes it, which waits for its disk.
func benchServer(b *testing.B) *local.Server {
	b.Helper()
	s, err := local.Start(b.Context(), local.Options{Dir: serverDir(b), Search: []string{"../.."}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Stop() })
	return s
}

// databaseSize tells a database to do something, and returns its size in bytes after it.
func databaseSize(b *testing.B, url, do string) (size int64) {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), url)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(b.Context()) //nolint:errcheck // all was answered
	if _, err := conn.Exec(b.Context(), do); err != nil {
		b.Fatal(err)
	}
	if err := conn.QueryRow(b.Context(), "SELECT pg_database_size(current_database())").Scan(&size); err != nil {
		b.Fatal(err)
	}
	return size
}

// BenchmarkWholeImport imports a log into an empty database of a private server. Its pace is that of what is stored; joining
// and folding, which come after it, are in ns/op.
func BenchmarkWholeImport(b *testing.B) {
	lines := benchLines(b)
	server := benchServer(b)
	stored := regexp.MustCompile(` MB in ([0-9.a-zµ]+), `)
	day := trafficLog(b, "day.log", lines, 24*time.Hour, (*exchange).nginx)
	first := firstLines(b, day, peerLines)
	for _, tt := range []struct {
		name, log string
	}{{"day", day}, {"hour", trafficLog(b, "hour.log", lines, time.Hour, (*exchange).nginx)}} {
		b.Run(tt.name, func(b *testing.B) {
			var empty int64
			beside(b, goaccess(first), tt.log, func() (time.Duration, spent) {
				b.StopTimer()
				databaseSize(b, server.URL(), "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
				migrate := exec.Command("hangup", "migrate")
				migrate.Env = append(os.Environ(), "DATABASE_URL="+server.URL())
				spend(b, migrate)
				empty = databaseSize(b, server.URL(), "CHECKPOINT")
				b.StartTimer()
				var out bytes.Buffer
				c := exec.Command("hangup", "import", tt.log)
				c.Env, c.Stdout = append(os.Environ(), "DATABASE_URL="+server.URL()), &out
				s, said := spend(b, c)
				m := stored.FindStringSubmatch(said + out.String())
				if m == nil {
					b.Fatalf("import does not say when all was stored:\n%s%s", said, &out)
				}
				took, err := time.ParseDuration(m[1])
				if err != nil {
					b.Fatal(err)
				}
				return took, s
			})
			b.ReportMetric(float64(databaseSize(b, server.URL(), "VACUUM FULL")-empty)/float64(lines), "db-B/line")
		})
	}
}

// BenchmarkWholeReport reports logs, the one of HAProxy beside its own program.
func BenchmarkWholeReport(b *testing.B) {
	lines := benchLines(b)
	day := trafficLog(b, "day.log", lines, 24*time.Hour, (*exchange).nginx)
	first := firstLines(b, day, peerLines)
	proxy := trafficLog(b, "haproxy.log", lines, 24*time.Hour, (*exchange).haproxy)
	for _, tt := range []struct {
		name, log string
		peer      peer
	}{{"day", day, goaccess(first)}, {"million", first, goaccess(first)}, {"haproxy", proxy, halog(proxy)}} {
		b.Run(tt.name, func(b *testing.B) {
			beside(b, tt.peer, tt.log, func() (time.Duration, spent) {
				c := exec.Command("hangup", "report", "-o", "json", tt.log)
				c.Stdout = io.Discard
				s, _ := spend(b, c)
				return s.time, s
			})
		})
	}
}

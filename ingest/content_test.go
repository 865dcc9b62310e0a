package ingest_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hangup/event"
	"hangup/ingest"
)

func TestLongLinesAreCountedNotHeld(t *testing.T) {
	r := newRig(t)
	f := r.open("a.log")
	r.write(f, r.lines(10))
	chunk := bytes.Repeat([]byte("x"), 1<<20)
	for range 12 { // 12 MiB without a newline, then its end
		if _, err := f.Write(chunk); err != nil {
			t.Fatal(err)
		}
	}
	r.write(f, "\n"+r.lines(10))
	r.start("a.log")
	r.complete()
	if n := r.number(`SELECT sum(bytes_oversize)::bigint FROM generation`); n != 12<<20+1 {
		t.Errorf("bytes_oversize = %d, want %d", n, 12<<20+1)
	}
	// At the live end, in two parts, with a restart between them.
	if _, err := f.Write(bytes.Repeat(chunk, 3)); err != nil {
		t.Fatal(err)
	}
	r.eventually("the first part is counted", func() bool { return r.number(`SELECT sum(bytes_oversize)::bigint FROM generation`) >= 15<<20 })
	r.stop()
	r.start("a.log")
	r.write(f, "still the long line\n"+r.lines(3))
	r.complete()
	if n := r.number(`SELECT sum(off)::bigint FROM generation`); n != size(t, r.path("a.log")) {
		t.Errorf("committed %d of %d bytes", n, size(t, r.path("a.log")))
	}
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return st.Size()
}

// TestHolesAreSkipped has NULs in a log, and then a hole of them: a server that does not append writes on where it was after its
// log was truncated.
func TestHolesAreSkipped(t *testing.T) {
	r := newRig(t)
	f, err := os.Create(r.path("a.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // of a test's log
	r.write(f, r.lines(5)+strings.Repeat("\x00", 8000)+r.lines(5)+strings.Repeat("\x00", 10)+"\n"+r.lines(1))
	r.start("a.log")
	r.complete()
	if n := r.number(`SELECT sum(bytes_skipped)::bigint FROM generation`); n != 8000+11 {
		t.Errorf("bytes_skipped = %d, want 8011", n)
	}
	hole := r.size("a.log")
	for i := range 2 { // while it is read, and while it is not
		if i == 1 {
			r.stop()
		}
		if err := os.Truncate(r.path("a.log"), 0); err != nil {
			t.Fatal(err)
		}
		r.write(f, r.lines(7))
		if i == 1 {
			r.start("a.log")
		}
		r.complete()
		if n := r.number(`SELECT bytes_skipped FROM generation ORDER BY generation_id DESC LIMIT 1`); n != hole {
			t.Errorf("of a hole of %d bytes %d are skipped", hole, n)
		}
		hole = r.size("a.log")
	}
	if n := r.number(`SELECT sum(unparsed)::bigint FROM generation`); n != 0 {
		t.Errorf("%d lines are not understood", n)
	}
}

// TestHoleBeforeAnOpenRecord stops between a hole and the record whose first line stands behind it.
func TestHoleBeforeAnOpenRecord(t *testing.T) {
	const hole = 100
	r := newRig(t)
	r.source.Parser.Format = "python-logging"
	f := r.open("app.log")
	for i := range 40 {
		r.write(f, fmt.Sprintf("2026-11-22 10:00:%02d,000 - shop.web - ERROR - Error handling request /a\nTraceback (most recent call last):\n  File \"a.py\", line 1, in a\nValueError: %d\n", i, i))
	}
	r.start("app.log")
	first := r.size("app.log")
	committed := func(off int64) func() bool {
		return func() bool { return r.number(`SELECT coalesce(sum(off), 0)::bigint FROM generation`) == off }
	}
	r.eventually("what came before the hole is committed", committed(first), r.generations)
	r.write(f, strings.Repeat("\x00", hole)+"2026-11-22 10:01:00,000 - shop.web - ERROR - Error handling request /b\n")
	r.eventually("the hole is committed", func() bool { return r.number(`SELECT sum(off)::bigint FROM generation`) >= first+hole }, r.generations)
	r.stop()
	r.write(f, "Traceback (most recent call last):\n  File \"a.py\", line 1, in a\nBrokenPipeError: [Errno 32] Broken pipe\n")
	r.start("app.log")
	r.eventually("all is committed", committed(r.size("app.log")), r.generations)
	if n := r.number(`SELECT sum(bytes_oversize)::bigint FROM generation`); n != 0 {
		t.Errorf("%d bytes were taken for the rest of a line that is too long", n)
	}
}

// hostile is what attackers write into logs.
var hostile = []string{
	`203.0.113.9 - - [22/Nov/2026:10:00:00 +0000] "GET /<img%20src=x%20onerror=alert(1)> HTTP/1.1" 499 0 "javascript:alert(1)" "<script>alert(1)</script>"`,
	`203.0.113.9 - - [22/Nov/2026:10:00:00 +0000] "GET /'; DROP TABLE disconnect; -- HTTP/1.1" 499 0 "-" "' OR 1=1 --"`,
	"203.0.113.9 - - [22/Nov/2026:10:00:00 +0000] \"GET /nul\x00path\xff\xfe HTTP/1.1\" 499 0 \"-\" \"bad\xc3\x28utf8\x00\"",
	`203.0.113.9 - - [22/Nov/2026:10:00:00 +0000] "GET /x?token=hunter2&email=a%40b.example HTTP/1.1" 499 0 "https://user:hunter2@h.example/?session=hunter2" "ua"`,
	`203.0.113.9 - - [22/Nov/2026:10:00:00 +0000] "GET /big HTTP/1.1" 499 99999999999999999999999 "-" "ua"`,
	`999.999.999.999 - - [99/Foo/9999:99:99:99 +9999] "GET /time HTTP/1.1" 99999 -1 "-" "ua"`,
	`203.0.113.9 - - [` + time.Now().UTC().Add(72*time.Hour).Format("02/Jan/2006:15:04:05 -0700") + `] "GET /future HTTP/1.1" 499 0 "-" "ua"`,
	`203.0.113.9 - - [22/Nov/1971:10:00:00 +0000] "GET /past HTTP/1.1" 499 0 "-" "ua"`,
	`203.0.113.9 - - [22/Nov/2026:10:00:00 +0000] "GET /long/` + strings.Repeat("a/", 20_000) + ` HTTP/1.1" 499 0 "http://h.example/` + strings.Repeat("r", 20_000) + `" "` + strings.Repeat("u", 20_000) + `"`,
	strings.Repeat("A", 200_000),
	"\x1b[31mred\x1b[0m \u202egnp.exe",
}

func TestHostileLines(t *testing.T) {
	r := newRig(t)
	f := r.open("a.log")
	for range 20 {
		for _, h := range hostile {
			r.write(f, h+"\n"+r.line())
		}
	}
	r.start("a.log")
	r.eventually("all is committed", func() bool {
		return r.number(`SELECT coalesce(sum(off), 0)::bigint FROM generation`) == size(t, r.path("a.log"))
	})
	got := r.stored()
	for n := range r.want {
		if got[n] != 1 {
			t.Errorf("line %d, beside hostile ones, is stored %d times", n, got[n])
		}
	}
	if n := r.number(`SELECT count(*) FROM disconnect d WHERE raw_of(d) || coalesce(query, '') || coalesce(referer, '') LIKE '%hunter2%'`); n != 0 {
		t.Errorf("%d rows hold a secret", n)
	}
	if n := r.number(`SELECT sum(requests + disconnects + others + unparsed + skipped - lines)::bigint FROM generation`); n != 0 {
		t.Errorf("records read and lines differ by %d", n)
	}
	if n := r.number(`SELECT count(*) FROM disconnect WHERE path LIKE '/nul%'`); n != 20 {
		t.Errorf("%d lines with NUL and bad UTF-8 are stored, want 20", n)
	}
	if n := r.number(`SELECT count(*) FROM disconnect WHERE path IN ('/future', '/past') AND time_assumed AND at BETWEEN now() - interval '1 hour' AND now()`); n != 20 {
		t.Errorf("%d lines of days to come are counted when they were read, want 20", n)
	}
	if n := r.number(`SELECT count(*) FROM disconnect WHERE path IN ('/future', '/past')`); n != 20 {
		t.Errorf("%d lines are stored of days to come and of before there were such logs, want 20", n)
	}
	if n := r.number(`SELECT count(*) FROM disconnect d WHERE path LIKE '/long/%' AND octet_length(path) BETWEEN 1000 AND 2 << 10
		AND octet_length(referer) <= 2 << 10 AND octet_length(user_agent) <= 1 << 10 AND octet_length(raw_of(d)) <= 8 << 10`); n != 20 {
		t.Errorf("%d lines with long values are stored and cut, want 20", n)
	}
}

// TestHostileJSON has values that JSON can write and PostgreSQL cannot hold, and numbers that are none, among ordinary lines: no
// batch is refused for them, and no sum is spoilt.
func TestHostileJSON(t *testing.T) {
	r := newRig(t)
	r.source.Parser.Format = "nginx-json"
	line := func(with map[string]string) string {
		values := map[string]string{
			"time": time.Now().UTC().Format(`"2006-01-02T15:04:05+00:00"`), "remote_addr": `"203.0.113.40"`, "request_method": `"GET"`, "request_uri": `"/hostile"`,
			"server_protocol": `"HTTP/1.1"`, "status": "499", "body_bytes_sent": "0", "request_time": "1.5", "http_user_agent": `"curl/8.5.0"`,
		}
		maps.Copy(values, with)
		var b strings.Builder
		for i, k := range slices.Sorted(maps.Keys(values)) {
			fmt.Fprintf(&b, `%s"%s":%s`, map[bool]string{true: "{", false: ","}[i == 0], k, values[k])
		}
		return b.String() + "}\n"
	}
	text, n := "", 0
	for key, values := range map[string][]string{
		"request_uri":     {`"/t\u0000ext"`, `"/t\ud800ext"`, `"/t\udc00\ud800"`, `"/t\u202e\u001b[31m"`, "\"/t\xff\xfe\"", "\"/t\x00\""},
		"http_user_agent": {`"\u0000"`, `"\ud83d"`, `{"a":1}`},
		"status":          {"99999", "-1", "1e308", `"4\u00009"`},
		"body_bytes_sent": {"1180591620717411303424", "-1", "1e308", `"NaN"`, "NaN"},
		"request_time":    {`"NaN"`, `"Infinity"`, "-1", "1e308", "NaN", `"1\u0000"`},
		"remote_addr":     {`"999.1.1.1"`, `"::ffff:192.0.2.1"`, `"fe80::1%eth0"`, `"\u0000"`},
		"time":            {`"300000-01-01T00:00:00+00:00"`, `"2026-02-31T00:00:00+00:00"`, `"-1"`, "1e308"},
	} {
		for _, v := range values {
			r.seq++
			r.want[r.seq] = true
			text += line(map[string]string{key: v}) + line(map[string]string{"request_uri": fmt.Sprintf(`"/n/%d"`, r.seq)})
			n += 2
		}
	}
	r.put("a.log", text)
	r.start("a.log")
	r.eventually("all is committed", func() bool {
		return r.number(`SELECT coalesce(sum(off), 0)::bigint FROM generation`) == r.size("a.log")
	}, r.generations)
	got := r.stored()
	for k := range r.want {
		if got[k] != 1 {
			t.Errorf("line %d, beside hostile ones, is stored %d times", k, got[k])
		}
	}
	if s := r.state(); s.Retries > 0 || s.Quarantined > 0 || s.Lines != int64(n) {
		t.Errorf("of %d lines %d are stored, %d refused by the database, after %d failures", n, s.Lines, s.Quarantined, s.Retries)
	}
	for what, sql := range map[string]string{
		"records and lines differ":     `SELECT sum(requests + disconnects + others + unparsed + skipped - lines)::bigint FROM generation`,
		"are stored beside the counts": `SELECT count(*) - (SELECT sum(dropped_client + reported_client)::bigint FROM tally) FROM disconnect`,
		"have a value that is none": `SELECT count(*) FROM disconnect WHERE status NOT BETWEEN 100 AND 999 OR bytes NOT BETWEEN 0 AND 1::bigint << 62
			OR duration_us NOT BETWEEN 0 AND 1::bigint << 62 OR at NOT BETWEEN now() - interval '1 hour' AND now()`,
		"have a zone with their address": `SELECT count(*) FROM disconnect WHERE client LIKE '%\%%'`,
	} {
		if k := r.number(sql); k != 0 {
			t.Errorf("%d %s", k, what)
		}
	}
	if k := r.number(`SELECT count(*) FROM disconnect WHERE path LIKE '/t%'`); k != 6 {
		t.Errorf("%d lines with texts that PostgreSQL does not hold are stored, want 6", k)
	}
	r.stop()
}

func TestTwoReadersOfOneFile(t *testing.T) {
	r := newRig(t)
	f := r.open("a.log")
	r.write(f, r.lines(2000))
	r.start("a.log")
	first, one := r.stop, r.status
	r.start("a.log") // the same, as a second process would
	count := func() (fenced, failed int64) {
		for _, s := range []*ingest.Status{one, r.status} {
			for _, x := range s.Status() {
				fenced, failed = fenced+x.Fenced, failed+x.Retries
			}
		}
		return fenced, failed
	}
	r.eventually("one of the two comes second with a batch", func() bool {
		r.write(f, r.lines(40))
		fenced, _ := count()
		return fenced >= 5
	})
	r.complete()
	first()
	r.write(f, r.lines(40))
	r.complete()
	if _, failed := count(); failed > 0 { // the offset tells, before anything else is stored
		t.Errorf("%d attempts to store a batch failed", failed)
	}
}

// stopped is a ledger whose reader is held up, once, when it looks for files by their heads.
type stopped struct {
	ingest.Ledger
	held, on chan struct{}
	once     sync.Once
}

func (s *stopped) Candidates(ctx context.Context, service string, source int64, dirs []string, inodes []event.Inode, heads []event.Print) ([]event.Generation, int64, error) {
	if len(heads) > 0 {
		s.once.Do(func() {
			close(s.held)
			<-s.on
		})
	}
	return s.Ledger.Candidates(ctx, service, source, dirs, inodes, heads)
}

// TestTwoReadersFindAFile has a second process find a file, and store some of it, while the first is about to.
func TestTwoReadersFindAFile(t *testing.T) {
	r := newRig(t)
	f := r.open("a.log")
	r.write(f, r.lines(100))
	s := &stopped{held: make(chan struct{}), on: make(chan struct{})}
	r.limits = func(o *ingest.Options) { s.Ledger, o.Ledger = o.Ledger, s }
	r.start("a.log")
	first := r.stop
	<-s.held
	r.limits = nil
	r.start("a.log")
	r.complete()
	r.write(f, r.lines(10))
	r.stop()
	close(s.on)
	r.write(f, r.lines(10))
	r.complete()
	first()
	if n := r.number(`SELECT count(*) FROM generation`); n != 1 {
		t.Errorf("%d generations of one file", n)
	}
}

// TestDatabaseGoesAway cuts the connections of transactions that store something, until a few attempts have failed by it.
func TestDatabaseGoesAway(t *testing.T) {
	r := newRig(t)
	f := r.open("a.log")
	conn, err := pgx.ConnectConfig(context.Background(), r.pool.Config().ConnConfig) // of the pool any may be cut
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background()) //nolint:errcheck // it has told what it had to
	r.start("a.log")
	cuts := 0
	r.eventually("attempts have failed", func() bool {
		r.write(f, r.lines(20))
		var n int
		if err := conn.QueryRow(context.Background(), `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		cuts += n
		return r.state().RetriesBy[event.Unreachable] >= 3
	}, func() string { return fmt.Sprintf("%d connections were cut: %+v", cuts, r.state()) })
	t.Logf("%d connections were cut, %d attempts failed", cuts, r.state().Retries)
	r.pool.Reset() // of what was cut, nothing is asked
	r.complete()
}

package ingest_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"hangup/event"
	"hangup/ingest"
	"hangup/store/storetest"
)

func newRigPool(t *testing.T) *pgxpool.Pool {
	t.Helper()
	return storetest.New(t)
}

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

func TestHolesAreSkipped(t *testing.T) {
	r := newRig(t)
	f := r.open("a.log")
	r.write(f, r.lines(5)+strings.Repeat("\x00", 8000)+r.lines(5)+strings.Repeat("\x00", 10)+"\n"+r.lines(1))
	r.start("a.log")
	r.complete()
	if n := r.number(`SELECT sum(bytes_skipped)::bigint FROM generation`); n != 8000+11 {
		t.Errorf("bytes_skipped = %d, want 8011", n)
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
}

func TestTwoReadersOfOneFile(t *testing.T) {
	r := newRig(t)
	f := r.open("a.log")
	r.write(f, r.lines(2000))
	r.start("a.log")
	first := r.stop
	r.start("a.log") // the same, as a second process would
	for range 30 {
		r.write(f, r.lines(40))
	}
	r.complete()
	first()
	r.write(f, r.lines(40))
	r.complete()
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

func TestDatabaseGoesAway(t *testing.T) {
	r := newRig(t)
	f := r.open("a.log")
	r.start("a.log")
	for range 10 {
		r.write(f, r.lines(100))
		if _, err := r.pool.Exec(context.Background(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
			t.Log(err) // our own connection may be of the pool that is cut
		}
	}
	r.pool.Reset() // of what was cut, nothing is asked
	r.complete()
}

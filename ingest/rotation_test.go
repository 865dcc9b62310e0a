package ingest_test

import (
	"fmt"
	"io"
	"os"
	"testing"
	"time"
)

func TestReadsFromTheBeginningAndFollows(t *testing.T) {
	r := newRig(t)
	f := r.open("a.log")
	r.write(f, r.lines(3000))
	r.start("a.log")
	r.complete()
	for range 20 {
		r.write(f, r.lines(7))
	}
	r.complete()
}

func TestGoesOnAfterRestart(t *testing.T) {
	r := newRig(t)
	f := r.open("a.log")
	for range 4 {
		r.write(f, r.lines(500))
		r.start("a.log")
		r.complete()
		r.stop()
	}
	if n := r.number(`SELECT count(*) FROM generation`); n != 1 {
		t.Errorf("%d generations of one file", n)
	}
}

func TestRename(t *testing.T) {
	r := newRig(t)
	f := r.open("a.log")
	r.start("a.log")
	r.write(f, r.lines(1))
	r.complete()
	for i := range 5 {
		r.write(f, r.lines(200))
		r.rename("a.log", fmt.Sprintf("a.log.%d", 5-i))
		r.write(f, r.lines(150)) // the server goes on in the old file until it is told
		next := r.open("a.log")
		r.write(f, r.lines(50))
		r.write(next, r.lines(30))
		f = next
	}
	r.complete()
	r.eventually("the renamed files are done", func() bool { return r.number(`SELECT count(*) FROM generation WHERE state = 'done'`) == 5 })
	r.audit()
}

func TestRenamedWhileDown(t *testing.T) {
	r := newRig(t)
	f := r.open("a.log")
	r.write(f, r.lines(100))
	r.start("a.log")
	r.complete()
	r.stop()

	r.write(f, r.lines(100)) // unread when it is rotated away
	r.rename("a.log", "a.log.1")
	f = r.open("a.log")
	r.write(f, r.lines(100)) // a whole file that nobody saw
	r.rename("a.log.1", "a.log.2")
	r.rename("a.log", "a.log.1")
	f = r.open("a.log")
	r.write(f, r.lines(100))
	r.start("a.log")
	r.complete()
	if n := r.number(`SELECT count(*) FROM generation`); n != 3 {
		t.Errorf("%d generations, want 3", n)
	}
}

func TestRotatedBeforeTheFirstStartIsNotRead(t *testing.T) {
	r := newRig(t)
	old := r.open("a.log.1")
	r.write(old, "203.0.113.1 - - [22/Nov/2026:10:00:00 +0000] \"GET /n/999999 HTTP/1.1\" 499 0 \"-\" \"old\"\n")
	past := time.Now().Add(-time.Hour)
	if err := os.Chtimes(r.path("a.log.1"), past, past); err != nil {
		t.Fatal(err)
	}
	f := r.open("a.log")
	r.write(f, r.lines(10))
	r.start("a.log")
	r.complete()
}

// copyTruncate does what logrotate's copytruncate does.
func (r *rig) copyTruncate(from, to string) {
	r.t.Helper()
	in, err := os.Open(r.path(from))
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	out, err := os.Create(r.path(to))
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		r.t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		r.t.Fatal(err)
	}
	if err := os.Truncate(r.path(from), 0); err != nil {
		r.t.Fatal(err)
	}
}

func TestCopyTruncate(t *testing.T) {
	r := newRig(t)
	f := r.open("a.log")
	r.write(f, r.lines(300))
	r.start("a.log")
	r.complete()
	for i := range 3 {
		r.write(f, r.lines(400)) // partly unread when it is cut
		if i > 0 {
			r.rename("a.log.1", "a.log.2")
		}
		r.copyTruncate("a.log", "a.log.1")
		r.write(f, r.lines(50))
		r.complete()
	}
}

func TestCopyTruncateWhileDown(t *testing.T) {
	r := newRig(t)
	f := r.open("a.log")
	r.write(f, r.lines(300))
	r.start("a.log")
	r.complete()
	r.stop()
	r.write(f, r.lines(200))
	r.copyTruncate("a.log", "a.log.1")
	r.write(f, r.lines(900)) // longer than before: no size tells
	r.start("a.log")
	r.complete()
}

func TestReplaced(t *testing.T) {
	for _, size := range []int{10, 900} {
		r := &rig{t: t, dir: t.TempDir(), want: map[int]bool{}, stop: func() {}}
		r.pool = newRigPool(t)
		f := r.open("a.log")
		r.write(f, r.lines(300))
		r.start("a.log")
		r.complete()
		next := r.open("a.new")
		r.write(next, r.lines(size))
		r.rename("a.new", "a.log")
		r.complete()
		r.stop()
	}
}

func TestSameInodeOtherContentWhileDown(t *testing.T) {
	r := newRig(t)
	f := r.open("a.log")
	r.write(f, r.lines(100))
	r.start("a.log")
	r.complete()
	r.stop()
	if err := f.Truncate(0); err != nil {
		t.Fatal(err)
	}
	r.write(f, r.lines(300))
	r.start("a.log")
	r.complete()
}

func TestPartialLines(t *testing.T) {
	r := newRig(t)
	f := r.open("a.log")
	r.start("a.log")
	line := r.line()
	r.write(f, line[:30])
	r.write(f, line[30:60])
	r.stop()
	r.start("a.log")
	r.write(f, line[60:])
	r.complete()

	last := r.line()
	r.write(f, last[:len(last)-1]) // no newline, ever
	r.rename("a.log", "a.log.1")
	f = r.open("a.log")
	r.write(f, r.lines(3))
	r.complete()
}

func TestDeleted(t *testing.T) {
	r := newRig(t)
	f := r.open("a.log")
	r.start("a.log")
	r.write(f, r.lines(50))
	r.complete()
	if err := os.Remove(r.path("a.log")); err != nil {
		t.Fatal(err)
	}
	r.write(f, r.lines(50)) // nothing names the file any more
	r.complete()
	r.write(r.open("a.log"), r.lines(20))
	r.complete()
}

func TestAppearsLate(t *testing.T) {
	r := newRig(t)
	r.start("a.log")
	r.write(r.open("a.log"), r.lines(5))
	r.complete()
}

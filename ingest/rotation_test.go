package ingest_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"hangup/ingest"
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
	r.again("a.log")
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
	r.again("a.log")
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
	r.again("a.log")
}

// TestCopyTruncateGap has lines come between the copy and the truncation. The copy has less than was read: it is nothing new, also
// when nobody was there to see it made.
func TestCopyTruncateGap(t *testing.T) {
	for _, down := range []bool{false, true} {
		t.Run(fmt.Sprintf("down=%v", down), func(t *testing.T) {
			r := newRig(t)
			f := r.open("a.log")
			r.write(f, r.lines(300))
			r.start("a.log")
			r.complete()
			b, err := os.ReadFile(r.path("a.log"))
			if err != nil {
				t.Fatal(err)
			}
			r.write(f, r.lines(20)) // in no copy
			r.complete()
			if down {
				r.stop()
			}
			if err := os.WriteFile(r.path("a.log.1"), b, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := f.Truncate(0); err != nil {
				t.Fatal(err)
			}
			r.write(f, r.lines(50))
			if down {
				r.start("a.log")
			}
			r.complete()
			r.again("a.log")
			if n := r.number(`SELECT count(*) FROM generation`); n != 2 {
				t.Errorf("%d generations, want 2\n%s", n, r.generations())
			}
		})
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
	r.again("a.log")
}

// TestReplaced puts another file in the log's place, whose server is not told at once: nothing names any more what it writes.
func TestReplaced(t *testing.T) {
	for _, size := range []int{10, 900} {
		t.Run(fmt.Sprintf("lines=%d", size), func(t *testing.T) {
			r := newRig(t)
			r.limits = func(o *ingest.Options) { o.Grace = 20 * time.Second } // on any machine longer than the pauses below
			f := r.open("a.log")
			r.write(f, r.lines(300))
			r.start("a.log")
			r.complete()
			next := r.open("a.new")
			r.write(next, r.lines(size))
			r.rename("a.new", "a.log")
			for range 3 {
				r.write(f, r.lines(5))
				r.complete()
				<-time.After(600 * time.Millisecond) // it is looked at meanwhile
			}
			r.again("a.log")
		})
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

// TestTruncatedAndRegrownAtOnce truncates files that have just been found and lets them grow past where they were in the same
// moment, so that no size tells. What was read of the old content, and half of its last line, must not go on in the new one:
// of that every line is stored once. It goes on until lines that were in hand had to be thrown away a few times.
func TestTruncatedAndRegrownAtOnce(t *testing.T) {
	r := newRig(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	r.start("*.log")
	old := map[int]bool{} // they may be stored, as they were there
	thrown := func() int64 { s := r.state(); return s.ReadLines - s.Lines }
	n := 0
	r.eventually("lines that were read are thrown away", func() bool {
		var files []*os.File
		for range 8 {
			files = append(files, r.open(fmt.Sprintf("%d.log", n)))
			n++
		}
		r.eventually("the files are known", func() bool { return r.number(`SELECT count(*) FROM generation`) >= int64(n) }, r.generations)
		for _, f := range files {
			text := r.lines(10)
			for i := r.seq - 9; i <= r.seq; i++ {
				old[i] = true
				delete(r.want, i)
			}
			r.write(f, text[:len(text)-rnd.IntN(60)])
		}
		for _, f := range files {
			<-time.After(time.Duration(rnd.IntN(60)) * time.Millisecond)
			next := r.lines(15 + rnd.IntN(30))
			if err := f.Truncate(0); err != nil {
				t.Fatal(err)
			}
			r.write(f, next)
		}
		r.eventually("all new lines are stored", func() bool {
			got := r.stored()
			for k := range r.want {
				if got[k] == 0 {
					return false
				}
			}
			return true
		}, r.generations)
		return thrown() >= 30
	})
	r.eventually("all is committed", func() bool { s := r.state(); return s.Size > 0 && s.Off == s.Size }, r.generations)
	r.stop()
	for k, times := range r.stored() {
		if times != 1 || !r.want[k] && !old[k] {
			t.Errorf("line %d is stored %d times", k, times)
		}
	}
	if n := r.number(`SELECT sum(unparsed)::bigint FROM generation`); n != 0 {
		t.Errorf("%d lines are joined of old and new ones", n)
	}
	t.Logf("%d files, %d lines were thrown away", n, thrown())
}

func TestPartialLines(t *testing.T) {
	r := newRig(t)
	f := r.open("a.log")
	r.start("a.log")
	line := r.line()
	seen := func(n int) {
		r.eventually("half a line is seen", func() bool { s := r.state(); return s.Size-s.Off == 0 && s.Size == int64(n) || s.WorstLag == int64(n) },
			func() string { return fmt.Sprintf("%+v", r.state()) })
	}
	r.write(f, line[:30])
	seen(30)
	r.write(f, line[30:60])
	seen(60)
	r.stop()
	r.start("a.log")
	seen(60)
	r.write(f, line[60:])
	r.complete()

	last := r.line()
	r.write(f, last[:len(last)-1]) // no newline, ever
	r.rename("a.log", "a.log.1")
	f = r.open("a.log")
	r.write(f, r.lines(3))
	r.complete()
	r.again("a.log")
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
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	r.write(r.open("a.log"), r.lines(20))
	r.complete()
	r.eventually("the deleted file takes no room on the disk", func() bool { return !isOpen(t, r.path("a.log")+" (deleted)") }, r.generations)
}

// TestAppearsLate has no file at first, and for a while after a rotation, in which the renamed file is written to and read.
func TestAppearsLate(t *testing.T) {
	r := newRig(t)
	r.start("a.log")
	r.eventually("it is looked for", func() bool { s := r.state(); return s.Path != "" && s.Files == 0 })
	f := r.open("a.log")
	r.write(f, r.lines(5))
	r.complete()
	r.rename("a.log", "a.log.1")
	for range 3 {
		r.write(f, r.lines(5))
		r.complete()
	}
	r.write(r.open("a.log"), r.lines(5))
	r.complete()
	r.eventually("the renamed file is done", func() bool { return r.number(`SELECT count(*) FROM generation WHERE state = 'done'`) == 1 }, r.generations)
	if s := r.state(); s.LastError != "" {
		t.Errorf("it is said that %s", s.LastError)
	}
}

package ingest_test

import (
	"strings"
	"testing"
)

// TestSameBeginning has logs that begin with the same two kilobytes, as those of programs with a banner do, in one
// directory and one after the other in one file, and changes places between them while nobody reads.
func TestSameBeginning(t *testing.T) {
	r := newRig(t)
	banner := strings.Repeat("# this program says the same at every start, whatever it is then told to do\n", 30)
	a, b := r.open("a.log"), r.open("b.log")
	r.write(a, banner+r.lines(10))
	r.write(b, banner+r.lines(20))
	r.start("a.log", "b.log")
	r.complete()
	r.rename("a.log", "a.log.1")
	a2 := r.open("a.log")
	r.write(a2, banner)
	r.write(a, r.lines(3)) // the writer goes on in the old file
	r.write(a2, r.lines(7))
	r.complete()
	r.stop()
	// While nobody reads: the names change places, and another file with the same beginning comes.
	r.rename("a.log.1", "a.log.2")
	r.rename("a.log", "a.log.1")
	a3 := r.open("a.log")
	r.write(a3, banner+r.lines(5))
	r.write(a2, r.lines(4))
	r.write(b, r.lines(2))
	r.start("a.log", "b.log")
	r.complete()
	if n := r.number(`SELECT count(*) FROM generation`); n != 4 {
		t.Errorf("%d generations of four contents:\n%s", n, r.generations())
	}
}

// TestSameBeginningAndShorter has contents come to rotated names while nobody reads which begin as a longer one does that was
// read, whose file is still there: they are no copies of it.
func TestSameBeginningAndShorter(t *testing.T) {
	for _, ext := range []string{"", ".gz"} {
		t.Run("rotated"+ext, func(t *testing.T) {
			r := newRig(t)
			banner := strings.Repeat("# this program says the same at every start, whatever it is then told to do\n", 30)
			r.put("a.log", banner+r.lines(40))
			r.start("a.log")
			r.complete()
			r.stop()
			r.rename("a.log", "a.log.2")
			r.put("a.log.1", banner+r.lines(5))
			if ext != "" {
				r.pack("a.log.1", ext)
			}
			r.put("a.log", banner+r.lines(3))
			r.start("a.log")
			r.complete()
			r.put("a.log", r.lines(3))
			r.complete()
			if n := r.number(`SELECT count(*) FROM generation`); n != 3 {
				t.Errorf("%d generations of three contents:\n%s", n, r.generations())
			}
		})
	}
}

package ingest_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"hangup/event"
	"hangup/ingest"
)

// pack compresses a log as log rotation does: under the new name beside it, with its time, then it removes the log. bzip2
// and xz are done by the programs, where there are any.
func (r *rig) pack(name, ext string) {
	r.t.Helper()
	from, to := r.path(name), r.path(name+ext)
	st, err := os.Stat(from)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(to, r.packed(name, ext), 0o644); err != nil {
		r.t.Fatal(err)
	}
	if err := os.Chtimes(to, st.ModTime(), st.ModTime()); err != nil {
		r.t.Fatal(err)
	}
	if err := os.Remove(from); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) packed(name, ext string) []byte {
	r.t.Helper()
	content, err := os.ReadFile(r.path(name))
	if err != nil {
		r.t.Fatal(err)
	}
	var b bytes.Buffer
	var w io.WriteCloser
	switch ext {
	case ".gz":
		w = gzip.NewWriter(&b)
	case ".zst":
		if w, err = zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1)); err != nil {
			r.t.Fatal(err)
		}
	default:
		program := map[string]string{".bz2": "bzip2", ".xz": "xz"}[ext]
		if _, err := exec.LookPath(program); err != nil {
			r.t.Skipf("no %s here", program)
		}
		out, err := exec.Command(program, "-c", r.path(name)).Output()
		if err != nil {
			r.t.Fatal(err)
		}
		return out
	}
	if _, err := w.Write(content); err != nil {
		r.t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		r.t.Fatal(err)
	}
	return b.Bytes()
}

// known waits until every file that was read is done, but for the one that is written.
func (r *rig) known() {
	r.t.Helper()
	r.complete()
	r.eventually("all but one generation are done", func() bool {
		return r.number(`SELECT count(*) FROM generation WHERE state <> 'done'`) == 1
	}, r.generations)
	if n := r.number(`SELECT coalesce(sum(bytes_lost), 0)::bigint FROM generation`); n != 0 {
		r.t.Errorf("%d bytes lost", n)
	}
}

func TestRenamedAndCompressedWhileDown(t *testing.T) {
	for _, ext := range []string{".gz", ".zst", ".bz2", ".xz"} {
		t.Run(ext, func(t *testing.T) {
			r := newRig(t)
			f := r.open("a.log")
			r.write(f, r.lines(300))
			r.start("a.log")
			r.complete()
			r.stop()
			r.write(f, r.lines(200)) // unread when it is compressed
			r.rename("a.log", "a.log.1")
			r.pack("a.log.1", ext)
			r.rename("a.log.1"+ext, "a.log.2"+ext)
			r.write(r.open("a.log"), r.lines(400)) // a whole log that nobody saw
			r.rename("a.log", "a.log.1")
			r.pack("a.log.1", ext)
			r.write(r.open("a.log"), r.lines(10))
			r.start("a.log")
			r.known()
			if n := r.number(`SELECT count(*) FROM generation`); n != 3 {
				t.Errorf("%d generations, want 3", n)
			}
			r.stop()
			r.start("a.log") // and nothing is read again
			r.write(r.open("a.log"), r.lines(10))
			r.known()
		})
	}
}

// TestCompressedWhileRead compresses at once, and a turn later, what is being read.
func TestCompressedWhileRead(t *testing.T) {
	for _, delay := range []bool{false, true} {
		t.Run(fmt.Sprintf("delay=%v", delay), func(t *testing.T) {
			r := newRig(t)
			f := r.open("a.log")
			r.start("a.log")
			r.eventually("the log is known", func() bool { return r.number(`SELECT count(*) FROM generation`) == 1 })
			for i := range 4 {
				r.write(f, r.lines(500))
				date := fmt.Sprintf("a.log-2026112%d", i)
				r.rename("a.log", date)
				f = r.open("a.log")
				r.write(f, r.lines(30))
				switch {
				case !delay:
					r.pack(date, ".gz")
				case i > 0:
					r.pack(fmt.Sprintf("a.log-2026112%d", i-1), ".gz")
				}
			}
			r.known()
			r.again("a.log")
		})
	}
}

func TestCopyTruncateAndCompress(t *testing.T) {
	r := newRig(t)
	f := r.open("a.log")
	r.write(f, r.lines(300))
	r.start("a.log")
	r.complete()
	for i := range 2 {
		if i%2 == 1 {
			r.stop()
		}
		r.write(f, r.lines(400))
		r.copyTruncate("a.log", fmt.Sprintf("a.log.%d", 9-i))
		r.pack(fmt.Sprintf("a.log.%d", 9-i), ".gz")
		r.write(f, r.lines(900)) // longer than before
		if i%2 == 1 {
			r.start("a.log")
		}
		r.complete()
	}
	r.again("a.log")
}

// TestCompressedBeforeTheFirstCommit stops the database from storing anything until the log is compressed away.
func TestCompressedBeforeTheFirstCommit(t *testing.T) {
	for _, text := range []bool{true, false} {
		t.Run(fmt.Sprintf("text=%v", text), func(t *testing.T) {
			r := newRig(t)
			f := r.open("a.log")
			if text {
				r.write(f, r.lines(1)[:20]) // half of a line: nothing to commit
				r.seq--
			}
			r.start("a.log")
			r.eventually("the log is known", func() bool { return r.number(`SELECT count(*) FROM generation`) == 1 })
			r.stop()
			if err := f.Truncate(0); err != nil {
				t.Fatal(err)
			}
			r.write(f, r.lines(300))
			r.rename("a.log", "a.log.1")
			r.pack("a.log.1", ".gz")
			r.write(r.open("a.log"), r.lines(20))
			r.start("a.log")
			r.complete()
		})
	}
}

func TestHalfWrittenArchiveWaits(t *testing.T) {
	r := newRig(t)
	r.write(r.open("a.log"), r.lines(10))
	r.start("a.log")
	r.complete()
	r.stop()
	r.write(r.open("a.log"), r.lines(300))
	r.rename("a.log", "a.log.1")
	whole := r.packed("a.log.1", ".gz")
	if err := os.Remove(r.path("a.log.1")); err != nil {
		t.Fatal(err)
	}
	past := time.Now().Add(-5 * time.Second) // it is not written to any more, as far as a look tells
	half := func(n int) {
		if err := os.WriteFile(r.path("a.log.1.gz"), whole[:n], 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(r.path("a.log.1.gz"), past, past); err != nil {
			t.Fatal(err)
		}
	}
	half(1)
	f := r.open("a.log")
	r.start("a.log")
	for _, n := range []int{3, len(whole) / 2, len(whole) - 1} {
		half(n)
		r.want[r.seq+1] = true
		seen := r.seq + 1
		r.write(f, r.line())
		r.eventually("a live line is read", func() bool { return r.stored()[seen] == 1 })
	}
	if n := len(r.stored()); n != 13 {
		t.Errorf("%d lines are stored before the archive is whole, want 13", n)
	}
	half(len(whole))
	r.known()
}

func TestArchivesThatAreNoLogs(t *testing.T) {
	r := newRig(t)
	f := r.open("a.log")
	r.write(f, r.lines(10))
	r.start("a.log")
	r.complete()
	zeros, err := os.Create(r.path("zeros"))
	if err != nil {
		t.Fatal(err)
	}
	if err := zeros.Truncate(100 << 20); err != nil {
		t.Fatal(err)
	}
	for _, ext := range []string{".gz", ".zst"} {
		if err := os.WriteFile(r.path("a.log.1"+ext), r.packed("zeros", ext), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	damaged := r.packed("a.log", ".gz")
	damaged[len(damaged)-6] ^= 1 // of the checksum
	for name, text := range map[string]string{"a.log.2.gz": strings.Repeat("no gzip\n", 20), "a.log.3.gz": string(damaged)} {
		if err := os.WriteFile(r.path(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r.eventually("all of them are judged", func() bool { return r.number(`SELECT count(*) FROM archive`) == 4 })
	r.write(f, r.lines(10))
	r.complete()
	if n := r.number(`SELECT count(*) FROM generation`); n != 1 {
		t.Errorf("%d generations, want 1", n)
	}
}

func TestArchivesFromBeforeTheFirstStartAreNotRead(t *testing.T) {
	r := newRig(t)
	for name, content := range archives {
		b := contentOf(t, archivedLog+content)
		old := time.Now().Add(-time.Hour)
		if err := os.WriteFile(r.path("a.log-"+fmt.Sprint(20261100+len(name))+content), b, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(r.path("a.log-"+fmt.Sprint(20261100+len(name))+content), old, old); err != nil {
			t.Fatal(err)
		}
	}
	r.write(r.open("a.log"), r.lines(10))
	r.start("a.log")
	r.eventually("all of them are judged", func() bool { return r.number(`SELECT count(*) FROM archive`) == int64(len(archives)) })
	r.complete()
	if n := r.number(`SELECT count(*) FROM generation`); n != 1 {
		t.Errorf("%d generations, want 1", n)
	}
}

// panicsAtArchives is a Ledger with a fault of ours, which the first look at an archive meets.
type panicsAtArchives struct {
	ingest.Ledger
	done *atomic.Bool
}

func (l panicsAtArchives) Candidates(ctx context.Context, service string, source int64, dirs []string, inodes []event.Inode, heads []event.Print) ([]event.Generation, int64, error) {
	if len(inodes) == 0 && !l.done.Swap(true) {
		panic("a fault of ours")
	}
	return l.Ledger.Candidates(ctx, service, source, dirs, inodes, heads)
}

// TestPanicAtAnArchive has a fault of ours, as a decompressor's would be, at an archive: it is not read, and what is live is.
func TestPanicAtAnArchive(t *testing.T) {
	r := newRig(t)
	var panicked atomic.Bool
	r.limits = func(o *ingest.Options) { o.Ledger = panicsAtArchives{o.Ledger, &panicked} }
	r.put("a.log", r.lines(10))
	r.start("a.log")
	r.complete()
	not := r.line()
	delete(r.want, r.seq)
	r.put("other", not) // under a log's name it could be read before it is compressed
	r.pack("other", ".gz")
	r.rename("other.gz", "a.log.1.gz")
	r.eventually("it panics", panicked.Load)
	r.put("a.log", r.lines(3))
	r.complete()
	r.eventually("the archive is given up", func() bool { return r.number(`SELECT count(*) FROM archive`) == 1 })
}

package ingest_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"hangup/event"
)

// TestLostBytesAreCounted takes away, while Hangup is down, what it has seen of a file and not read: half a line.
func TestLostBytesAreCounted(t *testing.T) {
	const half = `203.0.113.1 - - [22/Nov/2026:10:0`
	for what, take := range map[string]func(r *rig) error{
		"truncated": func(r *rig) error { return os.Truncate(r.path("a.log"), 0) },
		"deleted":   func(r *rig) error { return os.Remove(r.path("a.log")) },
		"replaced": func(r *rig) error {
			r.write(r.open("b.log"), r.lines(30))
			return os.Rename(r.path("b.log"), r.path("a.log"))
		},
	} {
		t.Run(what, func(t *testing.T) {
			r := newRig(t)
			r.write(r.open("a.log"), r.lines(10)+half)
			r.start("a.log")
			r.complete()
			r.stop()
			if err := take(r); err != nil {
				t.Fatal(err)
			}
			r.write(r.open("a.log"), r.lines(5))
			r.start("a.log")
			r.complete()
			r.eventually("the lost bytes are counted", func() bool {
				return r.number(`SELECT coalesce(sum(bytes_lost), 0)::bigint FROM generation WHERE state = 'lost'`) == int64(len(half))
			}, r.generations)
			r.audit()
		})
	}
}

// TestPermissionDeniedThenGranted needs another user than root, who may read everything.
func TestPermissionDeniedThenGranted(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	r := newRig(t)
	chmod := func(name string, mode os.FileMode) {
		if err := os.Chmod(r.path(name), mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { chmod("", 0o755) })
	f := r.open("a.log")
	r.write(f, r.lines(10))
	chmod("a.log", 0)
	r.start("a.log", "b.log")
	r.write(r.open("b.log"), r.lines(5))
	r.eventually("the other log is read", func() bool { return len(r.stored()) == 5 })
	chmod("a.log", 0o644)
	r.complete()

	chmod("", 0)
	r.write(f, r.lines(10)) // held open: read on
	r.complete()
	r.stop()
	r.write(f, r.lines(10))
	r.start("a.log")
	chmod("", 0o711) // may be entered, not listed
	r.complete()
	if n := r.number(`SELECT count(*) FROM generation`); n != 2 {
		t.Errorf("%d generations, want 2", n)
	}
}

func TestDirectoryRemovedAndMadeAgain(t *testing.T) {
	r := newRig(t)
	r.start("logs/a.log")
	for range 3 {
		if err := os.Mkdir(r.path("logs"), 0o755); err != nil {
			t.Fatal(err)
		}
		r.write(r.open("logs/a.log"), r.lines(20))
		r.complete()
		if err := os.RemoveAll(r.path("logs")); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSymlinkSwitched does what a kubelet does: the link stays, what it names is rotated, and then it names another file.
func TestSymlinkSwitched(t *testing.T) {
	r := newRig(t)
	link := func(target string) {
		if err := os.Symlink(r.path(target), r.path("new")); err != nil {
			t.Fatal(err)
		}
		r.rename("new", "links/a.log")
	}
	for _, dir := range []string{"links", "pod"} {
		if err := os.Mkdir(r.path(dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	link("pod/0.log") // it dangles
	r.start("links/a.log")
	f := r.open("pod/0.log")
	r.write(f, r.lines(10))
	r.complete()
	r.write(f, r.lines(10))
	r.rename("pod/0.log", "pod/0.log.20261124-101500")
	r.write(f, r.lines(10))
	f = r.open("pod/0.log")
	r.write(f, r.lines(10))
	r.complete()
	r.stop()
	r.write(f, r.lines(10))
	r.rename("pod/0.log", "pod/0.log.20261124-111500")
	r.pack("pod/0.log.20261124-111500", ".gz")
	r.write(r.open("pod/0.log"), r.lines(10))
	r.start("links/a.log")
	r.complete()
	r.write(r.open("pod/1.log"), r.lines(10)) // the container was started again
	link("pod/1.log")
	r.write(r.open("pod/0.log"), r.lines(10))
	r.complete()
}

// TestPlanted puts beside and in place of logs what must not be read, or would never end.
func TestPlanted(t *testing.T) {
	r := newRig(t)
	f := r.open("a.log")
	r.write(f, r.lines(10))
	for _, name := range []string{"pipe.log", "a.log.1", "a.log.2.gz"} {
		if err := syscall.Mkfifo(r.path(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"dir.log", "a.log.3"} {
		if err := os.Mkdir(r.path(name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	other := r.path("secret")
	if err := os.WriteFile(other, []byte("203.0.113.1 - - [22/Nov/2026:10:00:00 +0000] \"GET /n/999999 HTTP/1.1\" 499 0 \"-\" \"-\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{
		"a.log.4": other, "null.log": "/dev/null", "zero.log": "/dev/zero", "loop.log": r.path("loop.log"), "proc.log": "/proc/self/mem", "a.log.5": "/dev/zero",
	} {
		if err := os.Symlink(target, r.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	r.start("a.log", "pipe.log", "dir.log", "null.log", "zero.log", "loop.log")
	r.complete()
	r.write(f, r.lines(10))
	r.complete()
	if n := r.number(`SELECT count(*) FROM generation`); n != 1 {
		t.Errorf("%d generations, want 1", n)
	}
	for _, name := range []string{"pipe.log", "dir.log"} { // and once it is a log, it is read
		if err := os.Remove(r.path(name)); err != nil {
			t.Fatal(err)
		}
		r.write(r.open(name), r.lines(3))
	}
	r.complete()
}

// TestLinkOfAnotherUser makes a link as a user would who may write into the log's directory, but not read what it names.
func TestLinkOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root makes links of other users")
	}
	r := newRig(t)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("203.0.113.1 - - [22/Nov/2026:10:00:00 +0000] \"GET /n/999999 HTTP/1.1\" 499 0 \"-\" \"-\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, r.path("a.log")); err != nil {
		t.Fatal(err)
	}
	if err := os.Lchown(r.path("a.log"), 65534, 65534); err != nil {
		t.Fatal(err)
	}
	r.start("a.log", "b.log")
	r.write(r.open("b.log"), r.lines(3))
	r.complete()
	if err := os.Remove(r.path("a.log")); err != nil {
		t.Fatal(err)
	}
	r.write(r.open("a.log"), r.lines(3))
	r.complete()
}

// TestLinkedDirectoryOfAnotherUser has directories that are links, as a user would make them who may write into a log's
// directory, but not read where they lead.
func TestLinkedDirectoryOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root makes links of other users")
	}
	for _, pattern := range []string{"apps/*/current/*.log", "apps/*/*/*.log", "apps/shop/*.log", "apps/shop/a.log"} {
		t.Run(pattern, func(t *testing.T) {
			r := newRig(t)
			r.source.Also = []string{"current"}
			r.mkdir("apps/shop", "apps/blog/current")
			r.start(pattern, "c.log")
			r.put("c.log", r.lines(1))
			r.complete()
			secret := t.TempDir()
			for _, name := range []string{"b.log", "a.log.1"} {
				line := strings.ReplaceAll(r.line(), "/n/", "/secret/")
				delete(r.want, r.seq)
				if err := os.WriteFile(filepath.Join(secret, name), []byte(line), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Symlink(secret, r.path("apps/shop/current")); err != nil {
				t.Fatal(err)
			}
			if err := os.Lchown(r.path("apps/shop/current"), 65534, 65534); err != nil {
				t.Fatal(err)
			}
			r.put("apps/shop/a.log", r.lines(1))
			r.put("apps/blog/current/a.log", r.lines(1))
			r.eventually("what may be read is", func() bool { return len(r.stored()) == 2 }, r.generations)
			r.eventually("the link is told", func() bool {
				return slices.ContainsFunc(r.status.Status(), func(s event.SourceState) bool {
					return strings.Contains(s.LastError, "shop/current is a symbolic link")
				})
			}, r.generations)
			r.stop()
			if n := r.number(`SELECT count(*) FROM disconnect WHERE path LIKE '/secret/%'`); n != 0 {
				t.Errorf("%d lines that nobody allowed to be read", n)
			}
		})
	}
}

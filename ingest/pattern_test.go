package ingest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hangup/ingest"
)

// TestPattern follows what a pattern names: files of several directories, those that come later, with rotated ones that it
// names too, and without what is excluded or the source of its own.
func TestPattern(t *testing.T) {
	r := newRig(t)
	r.mkdir("a", "b", "c/deep/er")
	not := strings.ReplaceAll(r.line(), "/n/", "/not/")
	delete(r.want, r.seq)
	r.put("a/access.log", r.lines(10))
	r.put("a/access.log.1", not) // from before the first start
	r.put("a/access.log.2", not)
	r.pack("a/access.log.2", ".gz")
	r.put("a/api-1.log", r.lines(5))
	r.put("a/api-2.log", r.lines(5))
	r.put("a/debug.log", not)
	r.put("a/notes.txt", not)
	r.put("b/access.log", r.lines(10))
	r.put("b/own.log", r.lines(3))
	r.source.Exclude = []string{"debug*"}
	r.start("*/*.log*", "b/own.log")
	r.complete()

	r.mkdir("d")
	r.put("d/late.log", r.lines(4))
	r.put("c/deep/er/not.log", not)
	r.complete()
	r.rename("a/access.log", "a/access.log.1.new")
	r.rename("a/access.log.1.new", "a/access-20261123.log")
	r.put("a/access-20261123.log", r.lines(4)) // its writer was not told yet
	r.put("a/access.log", r.lines(4))
	r.rename("b/access.log", "b/access.log-20261123")
	r.pack("b/access.log-20261123", ".gz")
	r.put("b/access.log", r.lines(4))
	r.complete()
	if err := os.RemoveAll(r.path("d")); err != nil {
		t.Fatal(err)
	}
	r.stop()

	r.put("a/access.log", r.lines(4)) // rotated twice and compressed while down
	r.rename("a/access.log", "a/access.log.1")
	r.pack("a/access.log.1", ".gz")
	r.put("a/access.log", r.lines(30))
	r.rename("a/access.log", "a/access.log.0")
	r.rename("a/access.log.0", "a/access.log-20261124")
	r.put("a/access.log", r.lines(2))
	r.put("a/api-2.log", r.lines(5))
	r.start("*/*.log*", "b/own.log")
	r.complete()
	if n := r.number(`SELECT count(*) FROM disconnect WHERE path LIKE '/not/%'`); n != 0 {
		t.Errorf("%d lines of files that do not belong to the pattern", n)
	}
	if n := r.number(`SELECT count(*) FROM generation g JOIN source s USING (service_id, source_id) WHERE s.path LIKE '%own.log'`); n != 1 {
		t.Errorf("%d generations of the log that is a source of its own, want 1", n)
	}
}

// TestPatternOfDirectories uses ** beside links that lead in circles.
func TestPatternOfDirectories(t *testing.T) {
	r := newRig(t)
	r.mkdir("x/y/z", "other")
	for _, n := range []string{"top.log", "x/one.log", "x/y/two.log", "x/y/z/three.log"} {
		r.put(n, r.lines(3))
	}
	r.put("other/linked.log", r.lines(3))
	for link, target := range map[string]string{"x/loop": "..", "x/y/self": "self", "x/y/link.log": "../../other/linked.log", "x/y/dangling.log": "nowhere"} {
		if err := os.Symlink(target, r.path(link)); err != nil {
			t.Fatal(err)
		}
	}
	r.start("**/*.log")
	r.complete()
	r.put("x/y/z/three.log", r.lines(3))
	r.complete()
	if n := r.number(`SELECT count(*) FROM generation`); n != 5 {
		t.Errorf("%d generations, want 5\n%s", n, r.generations())
	}
}

// TestPatternLikeAKubelet has links to containers' logs, which are rotated where they are.
func TestPatternLikeAKubelet(t *testing.T) {
	r := newRig(t)
	r.mkdir("containers")
	pods := []string{"web", "db", "job"}
	file := func(pod, name string) string { return "pods/ns_" + pod + "_uid/main/" + name }
	for _, pod := range pods {
		r.mkdir(filepath.Dir(file(pod, "")))
		r.put(file(pod, "0.log"), r.lines(5))
		if err := os.Symlink(r.path(file(pod, "0.log")), r.path("containers/"+pod+"_ns_main-id.log")); err != nil {
			t.Fatal(err)
		}
	}
	r.start("containers/*.log")
	r.complete()
	rotate := func(pod, at string) {
		r.rename(file(pod, "0.log"), file(pod, "0.log."+at))
		r.put(file(pod, "0.log."+at), r.lines(2))
		r.put(file(pod, "0.log"), r.lines(3))
	}
	for _, pod := range pods {
		rotate(pod, "20261123-101010")
	}
	r.complete()
	r.stop()
	for _, pod := range pods {
		r.put(file(pod, "0.log"), r.lines(3))
		rotate(pod, "20261123-111010")
		r.pack(file(pod, "0.log.20261123-101010"), ".gz")
		r.pack(file(pod, "0.log.20261123-111010"), ".gz")
	}
	r.start("containers/*.log")
	r.complete()
	r.put(file("web", "1.log"), r.lines(4)) // the container was started again
	if err := os.Symlink(r.path(file("web", "1.log")), r.path("containers/web_ns_main-id2.log")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(r.path("containers/job_ns_main-id.log")); err != nil {
		t.Fatal(err)
	}
	r.complete()
}

// TestPatternManyFiles has many files that stop growing and go on, and alike beginnings in all of them.
func TestPatternManyFiles(t *testing.T) {
	r := newRig(t)
	const dirs, each = 12, 50
	r.limits = func(o *ingest.Options) { o.Idle = 300 * time.Millisecond }
	banner := strings.Repeat("# a banner that all of the logs begin with\n", 10)
	name := func(d, i int) string { return fmt.Sprintf("d%02d/f%03d.log", d, i) }
	for d := range dirs {
		r.mkdir(fmt.Sprintf("d%02d", d))
		for i := range each {
			r.put(name(d, i), banner+r.line())
		}
	}
	r.start("*/*.log")
	r.complete()
	r.eventually("all are idle", func() bool { s := r.state(); return s.Files == dirs*each && s.Idle == s.Files && s.Waiting == 0 }, func() string { return fmt.Sprintf("%+v", r.state()) })
	for d := range dirs {
		r.put(name(d, d), r.lines(3))
	}
	r.complete()
	r.stop()
	r.put(name(3, 3), r.line())
	r.rename(name(4, 4), name(4, 4)+".1")
	r.put(name(4, 4), r.lines(2))
	r.start("*/*.log")
	r.put(name(5, 5), r.line())
	r.complete()
	if n := r.number(`SELECT count(*) FROM generation`); n != dirs*each+1 {
		t.Errorf("%d generations, want %d", n, dirs*each+1)
	}
}

// TestFewDescriptors has more files than may be open: they take turns.
func TestFewDescriptors(t *testing.T) {
	r := newRig(t)
	const files = 16
	waited := false
	r.limits = func(o *ingest.Options) { o.MaxFiles, o.Idle = 4, time.Second }
	name := func(i int) string { return fmt.Sprintf("f%02d.log", i) }
	for i := range files {
		r.put(name(i), r.lines(20))
	}
	r.put("alone.txt", r.lines(5))
	r.start("*.log", "alone.txt")
	look := func() bool {
		for _, s := range r.status.Status() {
			waited = waited || s.Waiting > 0
		}
		return waited
	}
	r.eventually("files wait", look)
	r.complete()
	r.put(name(7), r.lines(3))
	r.rename(name(7), name(7)+".1")
	r.put(name(7), r.lines(3))
	if err := os.WriteFile(r.path(name(8)), []byte(r.lines(2)), 0o644); err != nil { // truncated
		t.Fatal(err)
	}
	if err := os.Remove(r.path(name(9))); err != nil {
		t.Fatal(err)
	}
	for i := 10; i < files; i++ {
		r.put(name(i), r.lines(2)+"203.0.113.9 half")
	}
	r.complete()
	for i := 10; i < files; i++ {
		r.put(name(i), "\n"+r.line())
	}
	r.put("alone.txt", r.lines(5))
	r.complete()
	r.eventually("nothing waits", func() bool {
		for _, s := range r.status.Status() {
			if s.Waiting > 0 {
				return false
			}
		}
		return true
	})
}

// TestIdleFileIsRotated has everything happen to files whose descriptors are closed.
func TestIdleFileIsRotated(t *testing.T) {
	for what, then := range map[string]func(r *rig){
		"renamed": func(r *rig) { r.rename("a.log", "a.log.1"); r.put("a.log", r.lines(3)) },
		"renamed and written": func(r *rig) {
			r.put("a.log", r.lines(9))
			r.rename("a.log", "a.log.1")
			r.put("a.log.1", r.lines(3))
			r.put("a.log", r.lines(3))
		},
		"compressed": func(r *rig) {
			r.put("a.log", r.lines(9))
			r.rename("a.log", "a.log.1")
			r.pack("a.log.1", ".gz")
			r.put("a.log", r.lines(3))
		},
		"copied and truncated": func(r *rig) {
			r.put("a.log", r.lines(9))
			b, err := os.ReadFile(r.path("a.log"))
			if err == nil {
				err = os.WriteFile(r.path("a.log.1"), b, 0o600)
			}
			if err == nil {
				err = os.Truncate(r.path("a.log"), 0)
			}
			if err != nil {
				r.t.Fatal(err)
			}
			r.put("a.log", r.lines(3))
		},
		"rewritten": func(r *rig) {
			if err := os.WriteFile(r.path("a.log"), []byte(r.lines(40)), 0o600); err != nil {
				r.t.Fatal(err)
			}
		},
		"written": func(r *rig) { r.put("a.log", r.lines(3)) },
		"a half line is ended by rotation": func(r *rig) {
			r.rename("a.log", "a.log.1")
			r.put("a.log", r.lines(3))
		},
	} {
		t.Run(what, func(t *testing.T) {
			r := newRig(t)
			r.limits = func(o *ingest.Options) { o.Idle = 20 * time.Millisecond }
			text := r.lines(12)
			if strings.Contains(what, "half line") {
				text = strings.TrimSuffix(text, "\n")
			}
			r.put("a.log", text)
			r.start("a.log")
			n := len(r.want)
			if strings.Contains(what, "half line") {
				n--
			}
			r.eventually("it is read", func() bool { return len(r.stored()) == n })
			r.eventually("it is idle", func() bool { return r.state().Idle == 1 })
			r.eventually("its descriptor is closed", func() bool { return !isOpen(t, r.path("a.log")) })
			then(r)
			r.complete()
			for _, half := range []int{1, 2} { // and again
				r.put("a.log", r.lines(half))
				r.complete()
			}
			if n := r.number(`SELECT coalesce(sum(bytes_lost), 0)::bigint FROM generation`); n != 0 {
				t.Errorf("%d bytes are called lost", n)
			}
		})
	}
}

// isOpen says whether this process holds a descriptor of a file.
func isOpen(t *testing.T, path string) bool {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if target, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && target == path {
			return true
		}
	}
	return false
}

// TestSince reads only the newest past of logs that are new.
func TestSince(t *testing.T) {
	r := newRig(t)
	r.source.Since = time.Hour
	old := strings.ReplaceAll(r.line(), time.Now().UTC().Format("02/Jan/2006"), "01/Feb/2020")
	delete(r.want, r.seq)
	r.put("a.log", old+r.lines(3))
	r.put("b.log", old)
	if err := os.Chtimes(r.path("b.log"), time.Time{}, time.Now().Add(-2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	r.start("*.log")
	r.complete()
	if n := r.number(`SELECT count(*) FROM generation`); n != 1 {
		t.Errorf("%d generations, want 1: the other file is old", n)
	}
	r.stop()
	r.put("a.log", r.lines(3))
	r.put("b.log", r.lines(3))
	r.start("*.log")
	r.complete()
	if n := r.number(`SELECT sum(skipped)::bigint FROM generation`); n != 2 {
		t.Errorf("%d old records are skipped, want 2", n)
	}
}

// TestOldDirectory has rotation move files elsewhere.
func TestOldDirectory(t *testing.T) {
	for _, name := range []string{"a.log", "*.log"} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.source.Also = []string{"old"}
			r.put("a.log", r.lines(5))
			r.start(name)
			r.complete()
			r.stop()
			r.mkdir("old")
			r.put("a.log", r.lines(5))
			r.rename("a.log", "old/a.log-20261122")
			r.pack("old/a.log-20261122", ".gz")
			r.put("a.log", r.lines(5))
			r.rename("a.log", "old/a.log-20261123")
			r.put("a.log", r.lines(5))
			r.start(name)
			r.complete()
		})
	}
}

// TestPatternPermission needs another user than root, who may read everything.
func TestPatternPermission(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	r := newRig(t)
	r.mkdir("a", "b", "c")
	chmod := func(name string, mode os.FileMode) {
		if err := os.Chmod(r.path(name), mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { chmod("b", 0o755) })
	r.put("a/a.log", r.lines(3))
	n := len(r.want)
	r.put("b/b.log", r.lines(3))
	r.put("c/c.log", r.lines(3))
	chmod("b", 0)
	chmod("c/c.log", 0)
	r.start("*/*.log")
	r.eventually("the other log is read", func() bool { return len(r.stored()) == n })
	r.eventually("what is refused is told", func() bool {
		e := r.state().LastError
		return strings.Contains(e, r.path("b")) && strings.Contains(e, r.path("c/c.log"))
	}, func() string { return r.state().LastError })
	chmod("c/c.log", 0o644)
	chmod("b", 0o755)
	r.complete()
	chmod("b", 0) // it is read on: the file is held
	r.put("a/a.log", r.lines(3))
	r.complete()
	chmod("b", 0o755)
	r.put("b/b.log", r.lines(3))
	r.complete()
	r.eventually("all is well", func() bool { return r.state().LastError == "" }, func() string { return r.state().LastError })
	if n := r.number(`SELECT count(*) FROM generation`); n != 3 {
		t.Errorf("%d generations, want 3\n%s", n, r.generations())
	}
}

// TestArchiveDoesNotStarveALiveLog has an archive of many lines that is to be read, beside a log that is written to.
func TestArchiveDoesNotStarveALiveLog(t *testing.T) {
	r := newRig(t)
	live := r.lines(5)
	r.put("a.log", live)
	r.start("*.log")
	r.complete()
	r.stop()
	filler := strings.Repeat(strings.Replace(r.line(), " 499 0 ", " 200 0 ", 1), 400_000)
	delete(r.want, r.seq)
	r.put("a.log", filler)
	r.rename("a.log", "a.log.1")
	r.pack("a.log.1", ".gz")
	r.start("*.log")
	for range 5 {
		r.put("b.log", r.lines(2))
		r.eventually("the live lines are stored", func() bool { return len(r.stored()) == len(r.want) })
	}
	r.eventually("the archive is read", func() bool {
		return r.number(`SELECT coalesce(sum(lines), 0)::bigint FROM generation WHERE path LIKE '%a.log%'`) == 400_005
	}, r.generations)
}

// TestPathBecomesAPattern changes what the configuration says of logs, there and back: nothing is read again.
func TestPathBecomesAPattern(t *testing.T) {
	r := newRig(t)
	r.put("a.log", r.lines(10))
	r.put("b.log", r.lines(10))
	r.start("a.log", "b.log")
	r.complete()
	r.stop()
	for _, names := range [][]string{{"a.log", "b.log"}, {"*.log"}, {"a.log", "*.log"}, {"b.log", "a.log"}} {
		r.put("a.log", r.lines(3))
		r.rename("b.log", "b.log.1")
		r.put("b.log.1", r.lines(2))
		r.put("b.log", r.lines(2))
		r.start(names...)
		r.put("a.log", r.lines(1))
		r.complete()
		r.stop()
		if err := os.Rename(r.path("b.log.1"), r.path("b.log.old")); err != nil {
			t.Fatal(err)
		}
	}
	if n := r.number(`SELECT count(*) FROM generation`); n != 6 {
		t.Errorf("%d generations, want 6\n%s", n, r.generations())
	}
}

// TestOldDirectoryInAPattern has the directory to which rotation moves one log's files lie where another source's pattern
// looks: each file is one source's.
func TestOldDirectoryInAPattern(t *testing.T) {
	r := newRig(t)
	r.limits = func(o *ingest.Options) {
		for i := range o.Sources {
			if !o.Sources[i].Pattern {
				o.Sources[i].Also = []string{"old"}
			}
		}
	}
	r.mkdir("old")
	r.put("a.log", r.lines(5))
	r.put("b.log", r.lines(5))
	r.start("**/*.log", "a.log")
	r.complete()
	r.put("a.log", r.lines(5))
	r.rename("a.log", "old/a.log.1")
	r.put("a.log", r.lines(5))
	r.complete()
	r.stop()
	r.put("a.log", r.lines(5))
	r.rename("a.log", "old/a.log-20261124")
	r.pack("old/a.log-20261124", ".gz")
	r.put("a.log", r.lines(5))
	r.put("old/c.log", r.lines(5))
	r.start("**/*.log", "a.log")
	r.complete()
	r.put("old/c.log", r.lines(5))
	r.complete()
	if n := r.number(`SELECT count(*) FROM generation`); n != 5 {
		t.Errorf("%d generations, want 5\n%s", n, r.generations())
	}
}

// TestPatternOddNames rotates logs whose names are no UTF-8, which the database does not hold as they are.
func TestPatternOddNames(t *testing.T) {
	r := newRig(t)
	dir, name := "b\xfc/", "b\xfc/caf\xe9 'x'\n.log"
	r.mkdir(dir)
	r.put(name, r.lines(20))
	r.start("*/*.log")
	r.complete()
	r.stop()
	r.put(name, r.lines(5))
	r.rename(name, name+".1")
	r.pack(name+".1", ".gz")
	r.put(name, r.lines(5))
	r.start("*/*.log")
	r.complete()
	r.stop()
	b, err := os.ReadFile(r.path(name))
	if err == nil {
		err = os.WriteFile(r.path(name+".1"), b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	r.put(name+".1", r.lines(2))
	if err := os.Truncate(r.path(name), 0); err != nil {
		t.Fatal(err)
	}
	r.put(name, r.lines(3))
	r.start("*/*.log")
	r.complete()
	if n := r.number(`SELECT count(*) FROM generation`); n != 3 {
		t.Errorf("%d generations, want 3\n%s", n, r.generations())
	}
}

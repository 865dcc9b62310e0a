package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"hangup/api"
)

// startBound is startServe for a process that may read only what modes of files allow: root's may read everything else.
func startBound(t *testing.T, url string, files ...string) (p *process) {
	t.Helper()
	var err error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread()                       // for good: the thread, which has lost them, ends with the goroutine
		for _, capability := range []uintptr{1, 2} { // CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
			const drop = 24 // PR_CAPBSET_DROP
			if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, drop, capability, 0, 0, 0, 0); errno != 0 && os.Geteuid() == 0 {
				err = fmt.Errorf("drop capability %d: %w", capability, errno)
				return
			}
		}
		p, err = tryServe(t, url, files...)
	}()
	<-ended
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestPermissionDenied has a log that may not be read and a directory that may not be entered: it is said which, others are read,
// and so are these as soon as they may be. What is held open is read on whatever becomes of its directory.
func TestPermissionDenied(t *testing.T) {
	t.Parallel()
	db := newServer(t)
	seed, dir := seedOf(t), t.TempDir()
	url := newProxy(t, seed, db).url(db) // the socket's directory is the server's
	chmod := func(name string, mode os.FileMode) {
		t.Helper()
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	var writers []*writer
	var paths []string
	for i, name := range []string{"a", "b", "c"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { chmod(name, 0o755) })
		w := newWriter(t, seed+uint64(i), filepath.Join(dir, name, name+".log"), false)
		writers, paths = append(writers, w), append(paths, w.path)
	}
	write := func() {
		for _, w := range writers {
			w.write(20)
			w.flush()
		}
	}
	// stored waits until all that these logs hold is stored.
	stored := func(logs ...int) {
		t.Helper()
		for _, i := range logs {
			eventually(t, paths[i]+" is stored", func() bool {
				return db.number(fmt.Sprintf(`SELECT coalesce(sum(lines), 0)::bigint FROM generation WHERE path = '%s'`, paths[i])) == int64(writers[i].n)
			}, func() string { return explain(t, db, dir) })
		}
	}
	var p *process
	said := func(names ...string) {
		t.Helper()
		eventually(t, fmt.Sprintf("it is said of %q that they may not be read", names), func() bool {
			var list api.SourceList
			_, body := p.get("/api/v1/sources")
			if err := json.Unmarshal([]byte(body), &list); err != nil {
				t.Fatalf("%v: %s", err, body)
			}
			var denied []string
			for _, s := range list.Items {
				if s.LastError != nil && strings.Contains(*s.LastError, "permission denied") {
					denied = append(denied, filepath.Base(s.Path))
				}
			}
			slices.Sort(denied)
			return slices.Equal(denied, names)
		}, func() string { _, body := p.get("/api/v1/sources"); return body })
		if code, body := p.get("/healthz"); code != http.StatusOK {
			t.Errorf("/healthz: %d %s", code, body)
		}
	}

	write()
	chmod("a/a.log", 0)
	chmod("c", 0)
	p = startBound(t, url, paths...)
	stored(1)
	said("a.log", "c.log")
	if n := db.number(`SELECT count(*) FROM generation`); n != 1 {
		t.Errorf("%d files are known, and one may be read", n)
	}
	chmod("a/a.log", 0o644)
	chmod("c", 0o755)
	stored(0, 1, 2)
	said()

	chmod("a", 0)
	write()
	stored(0, 1, 2)
	said("a.log")
	p.stop()
	write()
	p = startBound(t, url, paths...)
	stored(1, 2)
	said("a.log")
	chmod("a", 0o755)
	stored(0)
	said()
	for _, w := range writers {
		audit(t, db.conn(), w)
	}
	p.stop()
}

package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// turnWith makes a writer rotate as a configuration of logrotate says: by logrotate(8) where there is one, else by the
// same steps in the same order. The options are "compress", "delaycompress" and "copytruncate".
func (w *writer) turnWith(options ...string) {
	program, err := exec.LookPath("logrotate")
	if err != nil {
		program, err = exec.LookPath("/usr/sbin/logrotate")
	}
	has := func(o string) bool { return strings.Contains(" "+strings.Join(options, " ")+" ", " "+o+" ") }
	turn := func() { w.shift(has("copytruncate"), has("compress"), has("delaycompress")) }
	if err == nil {
		turn = w.logrotate(program, options)
	}
	w.turn = func() {
		w.turns++
		if has("copytruncate") {
			w.flush() // a line that is written between copy and truncation is lost by the rotation itself
			turn()
			return
		}
		if !has("delaycompress") { // what is written to a file while it is compressed is lost by the rotation itself
			w.flush()
		}
		old := w.f
		turn()
		if has("delaycompress") {
			w.write(w.r.IntN(30)) // the server goes on in the old file for a moment
			w.flush()
		}
		w.open()
		_ = old.Close()
	}
}

// logrotate returns a function that runs the program once on the writer's log.
func (w *writer) logrotate(program string, options []string) func() {
	dir := w.t.TempDir()
	config := filepath.Join(dir, "logrotate.conf")
	text := fmt.Sprintf("%s {\n  rotate 100000\n  nodateext\n  missingok\n  nocreate\n  %s\n}\n", w.path, strings.Join(options, "\n  "))
	if os.Geteuid() == 0 {
		text = "su root root\n" + text
	}
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
	return func() {
		out, err := exec.Command(program, "--force", "--state", filepath.Join(dir, "state"), config).CombinedOutput()
		if err != nil {
			w.t.Errorf("logrotate: %v: %s", err, out)
		}
	}
}

// shift moves .1 to .2 and so on, and the log to .1, as logrotate does.
func (w *writer) shift(copies, compress, delay bool) {
	check := func(err error) {
		if err != nil {
			w.t.Error(err)
		}
	}
	if compress && delay {
		if _, err := os.Stat(w.path + ".1"); err == nil {
			check(gzipFile(w.path + ".1"))
		}
	}
	for i := w.turns; i > 0; i-- {
		for _, end := range []string{"", ".gz"} {
			if err := os.Rename(fmt.Sprintf("%s.%d%s", w.path, i, end), fmt.Sprintf("%s.%d%s", w.path, i+1, end)); !os.IsNotExist(err) {
				check(err)
			}
		}
	}
	if copies {
		b, err := os.ReadFile(w.path)
		check(err)
		check(os.WriteFile(w.path+".1", b, 0o644))
		check(os.Truncate(w.path, 0))
	} else {
		check(os.Rename(w.path, w.path+".1"))
	}
	if compress && !delay {
		check(gzipFile(w.path + ".1"))
	}
}

// gzipFile replaces a file by its compressed content, under another name while it is written.
func gzipFile(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	f, err := os.Create(path + ".gz")
	if err != nil {
		return err
	}
	z := gzip.NewWriter(f)
	if _, err := z.Write(b); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Remove(path)
}

// contentSize returns how many bytes a log holds, decompressed.
func contentSize(t *testing.T, path string) int64 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if !strings.HasSuffix(path, ".gz") {
		st, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		return st.Size()
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	n, err := io.Copy(io.Discard, z)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return n
}

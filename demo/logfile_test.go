package demo

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestLogFileRotates(t *testing.T) {
	t.Parallel()
	const limit = 1000
	path := filepath.Join(t.TempDir(), "x.log")
	l, err := openLogFile(path, limit, func(err error) { t.Errorf("write failed: %v", err) })
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for writer := range 4 {
		wg.Go(func() {
			for i := range 50 {
				l.write(fmt.Appendf(nil, "writer %d record %02d\n  more of it\n", writer, i))
			}
		})
	}
	wg.Wait()
	if err := l.close(); err != nil {
		t.Fatal(err)
	}
	l.write([]byte("after the end\n"))

	names, err := filepath.Glob(path + "*")
	if err != nil || len(names) != 2 {
		t.Fatalf("files are %v (%v), want x.log and x.log.1", names, err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) == 0 || len(data) > limit {
			t.Errorf("%s has %d bytes, want some and at most %d", name, len(data), limit)
		}
		for record := range strings.SplitAfterSeq(string(data), "  more of it\n") {
			if record != "" && (!strings.HasPrefix(record, "writer ") || strings.Count(record, "\n") != 2) {
				t.Errorf("%s holds a torn record %q", name, record)
			}
		}
	}
}

func TestLogFileTakesARecordLargerThanItsLimit(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.log")
	l, err := openLogFile(path, 10, func(err error) { t.Errorf("write failed: %v", err) })
	if err != nil {
		t.Fatal(err)
	}
	l.write([]byte("a record longer than ten bytes\n"))
	l.write([]byte("short\n"))
	if err := l.close(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{path: "short\n", path + ".1": "a record longer than ten bytes\n"} {
		if data, err := os.ReadFile(name); err != nil || string(data) != want {
			t.Errorf("%s holds %q (%v), want %q", name, data, err, want)
		}
	}
}

func TestLogFileContinues(t *testing.T) {
	t.Parallel()
	for before, want := range map[string]string{
		"":             "new\n",
		"whole\n":      "whole\nnew\n",
		"cut off here": "cut off here\nnew\n",
	} {
		path := filepath.Join(t.TempDir(), "x.log")
		if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := openLogFile(path, 1000, func(err error) { t.Errorf("write failed: %v", err) })
		if err != nil {
			t.Fatal(err)
		}
		l.write([]byte("new\n"))
		if err := l.close(); err != nil {
			t.Fatal(err)
		}
		if data, err := os.ReadFile(path); err != nil || string(data) != want {
			t.Errorf("after %q the file holds %q (%v), want %q", before, data, err, want)
		}
	}
}

func TestCreateLeavesWhatExists(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "demo")
	for range 2 {
		if err := Create(dir); err != nil {
			t.Fatal(err)
		}
		for _, f := range Files(dir) {
			if _, err := os.Stat(f.Path); err != nil {
				t.Error(err)
			}
		}
	}
	path := Files(dir)[0].Path
	if err := os.WriteFile(path, []byte("kept\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Create(dir); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "kept\n" {
		t.Errorf("access.log holds %q (%v) after Create", data, err)
	}
}

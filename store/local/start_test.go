package local

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLongStateDir(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(stateDir(t), strings.Repeat("long/", 30))
	s := start(t, dir)
	if got := query[int32](t, s, "SELECT 1"); got != 1 {
		t.Errorf("query answers %d", got)
	}
	if n := len(socketFile(s.socket)); n > maxSocketPath {
		t.Errorf("path of the socket has %d bytes", n)
	}
	socket := s.socket
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(socket); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("socket directory after Stop: %v", err)
	}
}

// Somebody else made the directory in /tmp that we would use for the socket.
func TestForeignSocketDirIsRefused(t *testing.T) {
	t.Parallel()
	s := &Server{dir: filepath.Join(stateDir(t), strings.Repeat("long/", 30))}
	var err error
	if s.owner, err = chooseOwner(); err != nil {
		t.Fatal(err)
	}
	dir, err := s.socketDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := s.socketDir(); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("a socket directory that all may write to: error %v, want one that names it", err)
	}
}

func TestDataOfAnotherVersion(t *testing.T) {
	t.Parallel()
	dir := stateDir(t)
	data := filepath.Join(dir, "postgres", "data")
	if err := os.MkdirAll(data, 0o711); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("9\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Options{Dir: dir, Search: []string{sourceTree(t)}})
	if err == nil {
		t.Fatal("started on data of PostgreSQL 9")
	}
	for _, want := range []string{data, "made by PostgreSQL 9", "install PostgreSQL 9", "move the directory away"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
}

func TestForeignDataDirIsRefused(t *testing.T) {
	t.Parallel()
	dir := stateDir(t)
	file := filepath.Join(dir, "postgres", "data", "thesis.txt")
	if err := os.MkdirAll(filepath.Dir(file), 0o711); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), Options{Dir: dir, Search: []string{sourceTree(t)}}); err == nil {
		t.Error("started in a directory with other files")
	}
	if text, err := os.ReadFile(file); string(text) != "precious" {
		t.Errorf("the file is %q, %v", text, err)
	}
}

// initdb was killed half way, and the server's log says why a start fails.
func TestInterruptedInitdbAndLogTail(t *testing.T) {
	t.Parallel()
	dir := stateDir(t)
	half := filepath.Join(dir, "postgres", "data.new", "base")
	if err := os.MkdirAll(half, 0o711); err != nil {
		t.Fatal(err)
	}
	s := start(t, dir)
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(s.data, "global", "pg_control")); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Options{Dir: dir, Search: []string{sourceTree(t)}})
	if err == nil || !strings.Contains(err.Error(), "pg_control") || !strings.Contains(err.Error(), s.LogFile()) {
		t.Errorf("start without pg_control: %v, want the end of the server's log", err)
	}
}

// Ctrl-C while initdb or the server starts: nothing is left that keeps the next start from working.
func TestCancelledStart(t *testing.T) {
	t.Parallel()
	dir := stateDir(t)
	for _, stage := range []string{"data.new", "data"} { // exists while initdb works; exists from then on
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() {
			s, err := Start(ctx, Options{Dir: dir, Scratch: true, Search: []string{sourceTree(t)}})
			if err == nil {
				err = s.Stop() // it was faster than cancel, which is as good
			}
			failed <- err
		}()
		eventually(t, stage+" is there", func() bool {
			_, err := os.Stat(filepath.Join(dir, "postgres", stage))
			return err == nil
		})
		cancel()
		if err := <-failed; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("start that was cancelled while making %s: %v", stage, err)
		}
	}
	s := start(t, dir)
	if got := query[int32](t, s, "SELECT 1"); got != 1 {
		t.Errorf("query answers %d", got)
	}
}

package local

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// stateDir makes a state directory that the server's user can reach: tb.TempDir is closed to others when we are root.
func stateDir(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("/tmp", "hangup-local-")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			tb.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o711); err != nil {
		tb.Fatal(err)
	}
	return dir
}

// sourceTree is the root of the source tree, where tools/node_modules may be.
func sourceTree(tb testing.TB) string {
	tb.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		tb.Fatal(err)
	}
	return dir
}

func start(tb testing.TB, dir string) *Server {
	tb.Helper()
	s, err := Start(tb.Context(), Options{Dir: dir, Scratch: true, Search: []string{sourceTree(tb)}})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Stop(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func execute(tb testing.TB, s *Server, sql string) {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), s.URL())
	if err != nil {
		tb.Fatal(err)
	}
	defer conn.Close(tb.Context()) //nolint:errcheck // Exec's error is the one that counts
	if _, err := conn.Exec(tb.Context(), sql); err != nil {
		tb.Fatal(err)
	}
}

func query[T any](tb testing.TB, s *Server, sql string) T {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), s.URL())
	if err != nil {
		tb.Fatal(err)
	}
	defer conn.Close(tb.Context()) //nolint:errcheck // it was only read
	rows, _ := conn.Query(tb.Context(), sql)
	v, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func TestRestartKeepsData(t *testing.T) {
	t.Parallel()
	dir := stateDir(t)
	s := start(t, dir)
	execute(t, s, "CREATE TABLE kept AS SELECT 42 AS n")
	if got := query[string](t, s, "SELECT current_setting('listen_addresses')"); got != "" {
		t.Errorf("server listens on %q, want on nothing but its socket", got)
	}
	pid := s.child.cmd.Process.Pid
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if alive(pid) {
		t.Errorf("server process %d lives after Stop", pid)
	}
	select {
	case <-s.Done():
	default:
		t.Error("Done is open after Stop")
	}
	if got := query[int32](t, start(t, dir), "SELECT n FROM kept"); got != 42 {
		t.Errorf("after a restart: %d, want 42", got)
	}
}

func TestSecondInstanceIsRefused(t *testing.T) {
	t.Parallel()
	dir := stateDir(t)
	s := start(t, dir)
	_, err := Start(t.Context(), Options{Dir: dir, Search: []string{sourceTree(t)}})
	if !errors.Is(err, ErrInUse) {
		t.Fatalf("second start: %v, want ErrInUse", err)
	}
	for _, want := range []string{dir, "process " + strconv.Itoa(os.Getpid()), "DATABASE_URL"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not name %q", err, want)
		}
	}
	if got := query[int32](t, s, "SELECT 1"); got != 1 {
		t.Errorf("first server answers %d after the second was refused", got)
	}
}

// A caller that forgets the Server, as a test process does, must not lose the lock to the garbage collector.
func TestForgottenServerKeepsItsLock(t *testing.T) {
	t.Parallel()
	dir := stateDir(t)
	opt := Options{Dir: dir, Scratch: true, Search: []string{sourceTree(t)}}
	process := func() *os.Process {
		s, err := Start(t.Context(), opt)
		if err != nil {
			t.Fatal(err)
		}
		return s.child.cmd.Process
	}()
	runtime.GC()
	runtime.GC()
	if _, err := Start(t.Context(), opt); !errors.Is(err, ErrInUse) {
		t.Errorf("second start: %v, want ErrInUse", err)
	}
	if err := process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server has ended", func() bool { return !alive(process.Pid) })
}

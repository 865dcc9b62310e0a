package main

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hangup/store/local"
)

// server is a PostgreSQL of a test's own, which it may crash.
type server struct {
	*local.Server
	t       *testing.T
	options local.Options
	open    *pgx.Conn
}

// serverDir makes a directory for a server, which may run as another user: TempDir belongs to us alone.
func serverDir(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "hangup-server-")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		tb.Fatal(err)
	}
	return dir
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, options: local.Options{Dir: serverDir(t), Scratch: true, Search: []string{"../.."}}}
	s.start()
	t.Cleanup(func() {
		if s.open != nil {
			_ = s.open.Close(context.Background())
		}
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *server) start() {
	s.t.Helper()
	var err error
	if s.Server, err = local.Start(s.t.Context(), s.options); err != nil {
		s.t.Fatal(err)
	}
}

// crash ends the server at once, as a power cut of the process would, and starts it again. It recovers from its log.
func (s *server) crash() {
	s.t.Helper()
	b, err := os.ReadFile(filepath.Join(s.options.Dir, "postgres", "data", "postmaster.pid"))
	if err != nil {
		s.t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(b), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGQUIT); err != nil {
		s.t.Fatal(err)
	}
	<-s.Done()
	_ = s.Stop() // it says that the server has ended by itself
	s.start()
}

// conn returns a connection, a new one when the server was crashed. It waits for a server that recovers.
func (s *server) conn() *pgx.Conn {
	s.t.Helper()
	if s.open == nil || s.open.IsClosed() || s.open.Ping(s.t.Context()) != nil {
		var err error
		eventually(s.t, "the server answers", func() bool {
			s.open, err = pgx.Connect(s.t.Context(), s.URL())
			return err == nil
		}, func() string { return err.Error() })
	}
	return s.open
}

// number asks for a number, again when the connection is cut meanwhile.
func (s *server) number(sql string) (n int64) {
	s.t.Helper()
	for {
		conn := s.conn()
		err := conn.QueryRow(s.t.Context(), sql).Scan(&n)
		if err == nil {
			return n
		}
		if !conn.IsClosed() {
			s.t.Fatal(err)
		}
	}
}

// disturb cuts connections of others, and now and then crashes the server, until ctx ends.
func (s *server) disturb(ctx context.Context, r *rand.Rand) (cuts, crashes int) {
	s.t.Helper()
	for {
		pause(ctx, time.Duration(100+r.IntN(900))*time.Millisecond)
		if ctx.Err() != nil {
			return cuts, crashes
		}
		if r.IntN(12) == 0 {
			s.crash()
			crashes++
			continue
		}
		rows, err := s.conn().Query(s.t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY random() LIMIT 2`)
		if err != nil {
			s.t.Fatal(err)
		}
		for rows.Next() {
			cuts++
		}
		if err := rows.Err(); err != nil {
			s.t.Fatal(err)
		}
	}
}

// Package local runs a private PostgreSQL server for one process: it finds the server's programs, makes a data directory,
// starts the server on a Unix socket only, and stops it again. Nothing listens on the network and no password exists:
// the server lets in the operating system's user that started it ("peer" authentication) and nobody else.
//
// The server does not outlive the process, not even when the process is killed. Data stay across restarts.
// The package does not make tables and does not repair data. It works on Linux and macOS.
package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// Name of the role and of the database, and the port, which on a Unix socket is only a part of the socket's file name.
const (
	role     = "hangup"
	database = "hangup"
	port     = "5432"
)

// How long the server may take. Starting includes the recovery after a crash, so it is long.
const (
	startTimeout     = 5 * time.Minute
	fastStopTimeout  = 20 * time.Second
	immediateTimeout = 5 * time.Second
	pollInterval     = 15 * time.Millisecond
)

// Options say where and how the server runs. The zero value is an ordinary server in DefaultDir.
type Options struct {
	// Dir is the state directory; the server keeps everything in its subdirectory "postgres". Empty means DefaultDir.
	Dir string
	// Bin is the directory of the server's programs (postgres, initdb). Empty means that Find looks for it.
	Bin string
	// Search are further directories below which Find looks for tools/node_modules, such as the root of a source tree.
	Search []string
	// Programs is where programs are copied that the server's user cannot reach, as those below root's home.
	// Empty means beside the data. Several servers may share it.
	Programs string
	// Log gets a line when the server starts and stops. Nil means none. The server's own log is a file, see LogFile.
	Log *slog.Logger
	// MaxConnections is the largest number of connections at one time. Zero means 100.
	MaxConnections int
	// Scratch says that the data may be lost when the machine crashes: the server does not wait for the disk.
	// It is meant for tests.
	Scratch bool
}

// Server is a running private server. Its methods may be called from several goroutines.
type Server struct {
	opt     Options
	log     *slog.Logger
	install Installation
	owner   owner
	dir     string // <state directory>/postgres
	data    string // data directory
	socket  string // directory of the Unix socket
	lock    *os.File
	child   *child
	stop    sync.Once
	stopErr error
}

// Start makes the data directory if there is none, starts the server and returns when it takes connections and the
// database exists. The caller must call Stop. Errors: ErrInUse when another process runs a server in the same directory,
// ErrNoServer when no programs of PostgreSQL 14 or newer are found; other errors name the file and what to do.
// When ctx ends before the server is ready, the server is stopped and ctx's error is returned; later ctx means nothing.
func Start(ctx context.Context, opt Options) (*Server, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	s := &Server{opt: opt, log: opt.Log}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if err := s.prepare(ctx); err != nil {
		return nil, fmt.Errorf("start private PostgreSQL: %w", errors.Join(err, s.release()))
	}
	begin := time.Now()
	if err := s.launch(ctx); err != nil {
		return nil, fmt.Errorf("start private PostgreSQL: %w", errors.Join(err, s.Stop()))
	}
	s.log.InfoContext(ctx, "private PostgreSQL is running", "version", s.install.Version, "bin", s.install.Bin,
		"data", s.data, "took", time.Since(begin).Round(time.Millisecond))
	return s, nil
}

// prepare does all that needs no running server: directories, lock, programs, data directory.
func (s *Server) prepare(ctx context.Context) error {
	var err error
	if s.owner, err = chooseOwner(); err != nil {
		return err
	}
	state := s.opt.Dir
	if state == "" {
		if state, err = DefaultDir(); err != nil {
			return err
		}
	}
	if state, err = filepath.Abs(state); err != nil {
		return fmt.Errorf("find state directory: %w", err)
	}
	s.dir = filepath.Join(state, "postgres")
	if err := s.owner.makeDir(s.dir); err != nil {
		return err
	}
	if s.dir, err = filepath.EvalSymlinks(s.dir); err != nil {
		return fmt.Errorf("find state directory: %w", err)
	}
	s.data = filepath.Join(s.dir, "data")
	if s.lock, err = acquire(s.dir); err != nil {
		return err
	}
	if s.install, err = s.choose(ctx); err != nil {
		return err
	}
	if err := s.owner.mayEnter(ctx, s.install, s.dir); err != nil {
		return err
	}
	if err := s.initdb(ctx); err != nil {
		return err
	}
	if err := s.writeAccess(); err != nil {
		return err
	}
	if err := s.stopLeftover(ctx); err != nil {
		return err
	}
	s.socket, err = s.socketDir()
	return err
}

// launch starts the server's process and waits until it answers. A server whose postmaster was killed leaves processes
// that need a moment to notice; PostgreSQL refuses to start meanwhile, so that case is tried again.
func (s *Server) launch(ctx context.Context) error {
	tick := time.NewTicker(10 * pollInterval)
	defer tick.Stop()
	for {
		mark, err := s.startChild()
		if err != nil {
			return err
		}
		err = s.waitReady(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("wait for the server: %w%s", context.Cause(ctx), s.logTail(mark))
		}
		if !s.logHas(mark, "pre-existing shared memory block") {
			return fmt.Errorf("%w%s", err, s.logTail(mark))
		}
		<-tick.C
	}
}

// startChild starts the process and returns the size of the log file before it.
func (s *Server) startChild() (int64, error) {
	logFile, mark, err := openLog(s.LogFile())
	if err != nil {
		return 0, err
	}
	defer logFile.Close()                                                           //nolint:errcheck // only the child writes to it
	cmd := exec.Command(filepath.Join(s.install.Bin, "postgres"), s.arguments()...) //nolint:noctx // it is stopped by Stop
	cmd.Dir = s.data
	cmd.Env = environment()
	cmd.Stdout, cmd.Stderr = logFile, logFile
	cmd.SysProcAttr = s.owner.attributes()
	s.child, err = spawn(cmd, s.lock)
	if err != nil {
		return mark, fmt.Errorf("run %s: %w", cmd.Path, err)
	}
	return mark, nil
}

// arguments are the server's settings. How durable a commit is, is left to each session (synchronous_commit).
func (s *Server) arguments() []string {
	connections := s.opt.MaxConnections
	if connections == 0 {
		connections = 100
	}
	set := [][2]string{
		{"listen_addresses", ""},
		{"unix_socket_directories", s.socket},
		{"unix_socket_permissions", "0700"},
		{"port", port},
		{"hba_file", s.hbaFile()},
		{"ident_file", s.identFile()},
		{"max_connections", strconv.Itoa(connections)},
		{"shared_buffers", "128MB"},
		{"jit", "off"},
		{"wal_level", "minimal"},
		{"max_wal_senders", "0"},
		{"logging_collector", "off"},
		{"log_destination", "stderr"},
		{"log_checkpoints", "off"},
		{"timezone", "UTC"},
		{"log_timezone", "UTC"},
	}
	if s.opt.Scratch {
		set = append(set, [][2]string{
			{"fsync", "off"},
			{"full_page_writes", "off"},
			{"synchronous_commit", "off"},
			{"min_wal_size", "32MB"},
			{"max_wal_size", "128MB"},
		}...)
	}
	args := []string{"-D", s.data}
	for _, kv := range set {
		args = append(args, "-c", kv[0]+"="+kv[1])
	}
	return args
}

// waitReady connects until the server answers, and makes the database.
func (s *Server) waitReady(ctx context.Context) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.url("postgres"))
		if err == nil {
			return errors.Join(makeDatabase(ctx, conn), conn.Close(ctx))
		}
		select {
		case <-ctx.Done():
			return err
		case <-s.child.done:
			return fmt.Errorf("the server ended at once (%v)", s.child.cmd.ProcessState)
		case <-tick.C:
		}
	}
}

func makeDatabase(ctx context.Context, conn *pgx.Conn) error {
	var exists bool
	err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", database).Scan(&exists)
	if err == nil && !exists {
		_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{database}.Sanitize())
	}
	if err != nil {
		return fmt.Errorf("make database %s: %w", database, err)
	}
	return nil
}

// URL returns the address of the database, for pgx and psql. It holds no secret. It is valid until Stop.
func (s *Server) URL() string { return s.url(database) }

func (s *Server) url(db string) string {
	q := url.Values{"host": {s.socket}, "port": {port}, "user": {role}, "sslmode": {"disable"}}
	return (&url.URL{Scheme: "postgres", Path: "/" + db, RawQuery: q.Encode()}).String()
}

// Version returns the server's version, such as "15.18".
func (s *Server) Version() string { return s.install.Version }

// Done returns a channel that is closed when the server has ended, after Stop or by itself.
func (s *Server) Done() <-chan struct{} { return s.child.done }

// Stop ends the server and gives the directory free. Open connections are cut, open transactions are rolled back.
// It waits at most half a minute and may be called more than once. An error says that the server had to be killed;
// the data are recovered at the next start.
func (s *Server) Stop() error {
	s.stop.Do(func() {
		var err error
		if s.child != nil {
			if err = s.child.end(); err != nil {
				err = fmt.Errorf("stop private PostgreSQL: %w", err)
			}
			s.log.Info("private PostgreSQL has stopped", "data", s.data)
		}
		s.stopErr = errors.Join(err, s.release())
	})
	return s.stopErr
}

// release removes what only a running server needs.
func (s *Server) release() error {
	if s.lock == nil {
		return nil
	}
	err := s.removeSockets()
	err = errors.Join(err, unlock(s.lock))
	s.lock = nil
	return err
}

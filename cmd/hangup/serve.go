package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"hangup/api"
	"hangup/event"
	"hangup/ingest"
	"hangup/jobs"
	"hangup/parser"
	"hangup/store"
	"hangup/web"
)

// serveFlags are what serve and demo share.
type serveFlags struct {
	Listen         string `help:"Address of the page and the API (default 127.0.0.1:8080)." env:"HANGUP_LISTEN" placeholder:"HOST:PORT"`
	DatabaseURL    string `help:"PostgreSQL to use; without it a private server is run." env:"DATABASE_URL" placeholder:"URL"`
	StateDir       string `help:"Where the private server keeps its data." env:"HANGUP_STATE_DIR" type:"path" placeholder:"DIR"`
	InsecureRemote bool   `help:"Serve on an address that others can reach, without accounts: put a proxy that asks for a password in front." env:"HANGUP_INSECURE_REMOTE"`
	LogLevel       string `help:"Least level that is logged: debug, info, warn or error (default info)." env:"HANGUP_LOG_LEVEL" placeholder:"LEVEL"`
	LogFormat      string `help:"Log as text or json (default text)." env:"HANGUP_LOG_FORMAT" placeholder:"FORMAT"`
}

// serveCmd follows logs and serves the page and the API.
type serveCmd struct {
	serveFlags
	Config string   `help:"Configuration file (YAML)." env:"HANGUP_CONFIG" type:"path" placeholder:"FILE"`
	Files  []string `arg:"" optional:"" name:"file" help:"Log files to follow, from their beginning, and quoted patterns of them: '/var/log/nginx/*.log', '/srv/**/access.log'. Formats are detected."`
}

// Run serves until ctx ends.
func (c *serveCmd) Run(ctx context.Context, e env) error {
	cfg, err := readConfig(c.Config)
	if err != nil {
		return err
	}
	sources, err := cfg.sources(c.Files)
	if err != nil {
		return err
	}
	return serve(ctx, e, c.serveFlags, cfg, sources, nil)
}

// memoryLimit is where the garbage collector begins to work harder, in bytes; GOMEMLIMIT sets another.
const memoryLimit = 320 << 20

const defaultListen = "127.0.0.1:8080"

// serve runs everything until ctx ends, which is no error: it is how it ends. beside, when there is one, runs beside it once
// sources are followed.
func serve(ctx context.Context, e env, f serveFlags, cfg config, sources []ingest.Source, beside func(context.Context, *slog.Logger) error) (err error) {
	defer func(asked context.Context) {
		if asked.Err() != nil && errors.Is(err, context.Canceled) {
			err = nil
		}
	}(ctx)
	log, err := newLog(e.stderr, cmp.Or(f.LogLevel, cfg.Log.Level, "info"), cmp.Or(f.LogFormat, cfg.Log.Format, "text"))
	if err != nil {
		return err
	}
	if e.getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
		if e.getenv("GOGC") == "" { // what is live is little, and collected often: a tenth of the time a followed log takes
			debug.SetGCPercent(200)
		}
	}
	listener, err := listen(ctx, cmp.Or(f.Listen, cfg.Listen), f.InsecureRemote)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // the server closes it too

	db, err := openDatabase(ctx, log, f.DatabaseURL, cmp.Or(f.StateDir, cfg.StateDir))
	if err != nil {
		return err
	}
	defer db.close()

	writes, asks := store.New(db.ingest), store.New(db.ask)
	status := ingest.NewStatus()
	scheduler := jobs.New(log, writes, schedule(writes, cfg.retention()))
	handler, err := api.New(api.Options{
		Store: asks, Log: log, Version: version(), Sources: status, Excerpts: excerpts{status}, Jobs: agenda{scheduler}, Formats: cfg.user,
		Hosts: hosts(listener, cfg.Hosts), Files: web.Files(), Metrics: []func(io.Writer){ownMetrics(status, scheduler, db.pools)},
	})
	if err != nil {
		return err
	}
	server := api.Server(handler, log)

	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		return ingest.Run(ctx, ingest.Options{
			Sources: sources, Ledger: writes, Sink: writes, Log: log, Status: status, Grace: cfg.grace,
			Routes: ingest.RouteLimits{PerPosition: cfg.Routes.PerPosition, PerService: cfg.Routes.PerService},
		})
	})
	g.Go(func() error { return scheduler.Run(ctx) })
	g.Go(func() error { return serveHTTP(ctx, server, listener) })
	if beside != nil {
		g.Go(func() error { return beside(ctx, log) })
	}
	if db.done != nil {
		g.Go(func() error {
			select {
			case <-ctx.Done():
				return nil
			case <-db.done:
				return errors.New("the private PostgreSQL has ended: its log is in the state directory")
			}
		})
	}
	_, _ = fmt.Fprintf(e.stdout, "Hangup is at http://%s (reading %s). Ctrl-C ends it.\n", listener.Addr(), counted(sources))
	return g.Wait()
}

// counted says how much is read.
func counted(sources []ingest.Source) string {
	patterns := 0
	for _, s := range sources {
		if s.Pattern {
			patterns++
		}
	}
	switch logs := len(sources) - patterns; {
	case patterns == 0:
		return count(logs, "log")
	case logs == 0:
		return "the logs of " + count(patterns, "pattern")
	default:
		return count(logs, "log") + " and those of " + count(patterns, "pattern")
	}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// newLog makes the program's log. Values are quoted in both formats: text from a log cannot forge a line.
func newLog(w io.Writer, level, format string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, usageError{fmt.Errorf("log level %q is not debug, info, warn or error", level)}
	}
	o := &slog.HandlerOptions{Level: l}
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(w, o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, o)), nil
	}
	return nil, usageError{fmt.Errorf("log format %q is not text or json", format)}
}

// listen opens the address, before anything else is started. The default address gives way to the next free port; one
// that was asked for does not.
func listen(ctx context.Context, address string, remote bool) (net.Listener, error) {
	asked := address != ""
	address = cmp.Or(address, defaultListen)
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, usageError{fmt.Errorf("listen on %q: it is not HOST:PORT", address)}
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) && !remote {
		return nil, usageError{fmt.Errorf("listen on %s: others could read your logs there, as there are no accounts yet; listen on 127.0.0.1, or put a proxy that asks for a password in front and add --insecure-remote", address)}
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	for port := 8081; err != nil && !asked && errors.Is(err, syscall.EADDRINUSE) && port < 8100; port++ {
		l, err = lc.Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, usageError{fmt.Errorf("listen on %s: the port is taken; choose another with --listen", address)}
	}
	if err != nil {
		return nil, usageError{fmt.Errorf("listen: %w", err)}
	}
	return l, nil
}

// hosts are the names under which the page may be asked for: with others a foreign page could read it (DNS rebinding).
func hosts(l net.Listener, configured []string) []string {
	host, _, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return configured
	}
	names := append([]string{host}, configured...)
	if name, err := os.Hostname(); err == nil {
		names = append(names, name)
	}
	return names
}

// shutdownTime is how long answers that are under way may take at the end.
const shutdownTime = 10 * time.Second

func serveHTTP(ctx context.Context, s httpServer, l net.Listener) error {
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	c, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	err := s.Shutdown(c)
	if ended := <-failed; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("stop serving: %w", err), s.Close())
	}
	return nil
}

// httpServer is the part of http.Server that is used here.
type httpServer interface {
	Serve(l net.Listener) error
	Shutdown(ctx context.Context) error
	Close() error
}

// schedule fills the table of jobs with the store's work.
func schedule(s *store.Store, r store.Retention) []jobs.Job {
	return jobs.Schedule(jobs.Work{
		Join:  s.Join,
		Merge: s.MergeMinutes,
		Fold: func(ctx context.Context, now time.Time) (int64, error) {
			hours, err := s.FoldHours(ctx, now)
			days, daysErr := s.FoldDays(ctx, now) // those of which all hours are folded
			return hours + days, cmp.Or(err, daysErr)
		},
		Sessions: func(ctx context.Context, now time.Time) (int64, error) { return s.DecideSessions(ctx, now, r.Sessions) },
		Clean:    s.ExpireSessions,
		Ahead:    s.PreparePartitions,
		Expire:   func(ctx context.Context, now time.Time) (int64, error) { return s.Expire(ctx, now, r) },
	})
}

// excerpts shows lines of the sources to the API.
type excerpts struct{ status *ingest.Status }

// Excerpt implements api.Excerpts.
func (e excerpts) Excerpt(source int64) ([]event.Line, parser.Options, error) {
	lines, o, err := e.status.Excerpt(source)
	if errors.Is(err, ingest.ErrNotRead) {
		err = fmt.Errorf("%w: %w", store.ErrNotFound, err)
	}
	return lines, o, err
}

// agenda shows the scheduler to the API.
type agenda struct{ s *jobs.Scheduler }

// Schedule returns the jobs and when they run next.
func (a agenda) Schedule() []api.JobInfo {
	var out []api.JobInfo
	for _, j := range a.s.Jobs() {
		next, _ := a.s.Next(j.Name)
		out = append(out, api.JobInfo{Name: j.Name, Description: j.Description, Every: j.Every, Next: next})
	}
	return out
}

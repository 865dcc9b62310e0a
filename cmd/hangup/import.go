package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"

	"hangup/event"
	"hangup/ingest"
	"hangup/parser"
	"hangup/store"
)

// importCmd reads logs that nobody writes to any more into the database.
type importCmd struct {
	Config      string   `help:"Configuration file (YAML): services and formats of its sources, routes, users' formats." env:"HANGUP_CONFIG" type:"path" placeholder:"FILE"`
	DatabaseURL string   `help:"PostgreSQL to use; without it a private server is run, which serve must not be using." env:"DATABASE_URL" placeholder:"URL"`
	StateDir    string   `help:"Where the private server keeps its data." env:"HANGUP_STATE_DIR" type:"path" placeholder:"DIR"`
	Service     string   `help:"Service that the logs are of (default: the configuration's, or default)." placeholder:"NAME"`
	Format      string   `help:"Format of the logs (see hangup formats); detected for each when not given." placeholder:"NAME"`
	Layout      string   `help:"The format string of the access logs, as in the server's configuration." placeholder:"STR"`
	Timezone    string   `help:"Zone of times that have none, and of --since and --until, as Europe/Berlin; UTC when not given." placeholder:"IANA"`
	Since       string   `help:"Count only records from this time on: 2026-11-24, 2026-11-24T08:00:00Z, or 36h (before now)." placeholder:"TIME"`
	Until       string   `help:"Count only records before this time." placeholder:"TIME"`
	Batch       int      `help:"MiB of a log that are stored in one transaction: smaller ones take less memory and more time." default:"32" placeholder:"MIB"`
	Files       []string `arg:"" name:"file" help:"Log files; gzip, zstd, bzip2 and xz are decompressed."`
}

// Run imports the files, the oldest of each log first, and folds what they bring.
func (c importCmd) Run(ctx context.Context, e env) error {
	if c.Batch < 1 || c.Batch > 256 {
		return usageError{fmt.Errorf("--batch %d is not between 1 and 256", c.Batch)}
	}
	cfg, err := readConfig(c.Config)
	if err != nil {
		return err
	}
	files, err := c.imports(cfg, time.Now())
	if err != nil {
		return err
	}
	if e.getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	log, err := newLog(e.stderr, "warn", "text")
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, log, c.DatabaseURL, cmp.Or(c.StateDir, cfg.StateDir))
	if err != nil {
		return err
	}
	defer db.close()

	s := store.New(db.ingest)
	m := &ingest.Importer{Library: s, Sink: s, Routes: ingest.RouteLimits{PerPosition: cfg.Routes.PerPosition, PerService: cfg.Routes.PerService}}
	out := &outcome{w: e.stdout}
	t := &importTotals{out: out, began: time.Now(), routes: map[event.Route]*importRoute{}, terminal: isTerminal(e.stderr), screen: e.stderr, files: len(files)}
	for i := range files {
		t.size += files[i].size
	}
	var damaged []error
	for i := range files {
		f := &files[i].Import
		t.begin(i, f.File)
		f.Progress, f.Stored, f.Batch = t.progress, t.stored, int64(c.Batch)<<20
		out, err := m.Import(ctx, *f)
		t.end(f, out, files[i].size, err)
		if err != nil {
			if ctx.Err() != nil {
				return fmt.Errorf("interrupted in %s; what is stored stays, and the same command goes on from there", f.File)
			}
			err = fmt.Errorf("import %s: %w", f.File, err)
			if !ingest.IsDamaged(err) {
				return err
			}
			damaged = append(damaged, err) // the others are read
		}
	}
	t.took = time.Since(t.began)
	_, err = s.JoinDue(ctx, time.Now())
	if errors.Is(err, store.ErrCrowded) {
		_, _ = fmt.Fprintln(e.stderr, "hangup:", err)
	} else if err != nil {
		return fmt.Errorf("join reports of the same hang-ups, which the same command does again: %w", err)
	}
	if err := t.count(ctx, s); err != nil {
		return err
	}
	t.summary()
	return errors.Join(append(damaged, fold(ctx, s), out.err)...)
}

// outcome remembers the first error of a writer that is told what was done: that is not undone when it cannot be told.
type outcome struct {
	w   io.Writer
	err error
}

func (o *outcome) Write(b []byte) (int, error) {
	n, err := o.w.Write(b)
	if err != nil && o.err == nil {
		o.err = fmt.Errorf("what was read is stored, but it cannot be told what that is: %w", err)
	}
	return n, err
}

// fold makes the hours and days of what was imported, so that questions about them are quick at once.
func fold(ctx context.Context, s *store.Store) error {
	for {
		n, err := s.FoldHours(ctx, time.Now())
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
	}
	_, err := s.FoldDays(ctx, time.Now())
	return err
}

// importFile is one file to be imported.
type importFile struct {
	ingest.Import
	size     int64
	modified time.Time
}

// sourceOf returns the source that a log belongs to: the one that names it, else the first whose pattern does.
func sourceOf(sources []ingest.Source, log string) (src ingest.Source, ok bool) {
	for _, s := range sources {
		if s.Names(log) && (!ok || src.Pattern && !s.Pattern) {
			src, ok = s, true
		}
	}
	return src, ok
}

// imports checks the command line and returns what is to be read, in order.
func (c importCmd) imports(cfg config, now time.Time) ([]importFile, error) {
	zone, err := loadZone(c.Timezone)
	if err != nil {
		return nil, err
	}
	since, until, err := bounds(c.Since, c.Until, now, zone)
	if err != nil {
		return nil, err
	}
	var configured []ingest.Source
	if len(cfg.Sources) > 0 {
		if configured, err = cfg.sources(nil); err != nil {
			return nil, err
		}
	}
	var out []importFile
	for _, name := range c.Files {
		path, err := filepath.Abs(name)
		if err != nil {
			return nil, usageError{err}
		}
		st, err := os.Stat(path)
		switch {
		case err != nil:
			return nil, usageError{err}
		case !st.Mode().IsRegular():
			return nil, usageError{fmt.Errorf("%s is no file that can be read twice: name log files", name)}
		}
		r, err := os.Open(path)
		if err != nil {
			return nil, usageError{err}
		}
		_ = r.Close()
		f := importFile{size: st.Size(), modified: st.ModTime()}
		f.File, f.Since, f.Until = path, since, until
		f.Path = ingest.LogOf(path)
		src, ok := sourceOf(configured, f.Path)
		if ok {
			f.Path = src.Path
		}
		if ok && c.Format == "" && c.Layout == "" {
			f.Parser = src.Parser
		} else {
			f.Parser = parser.Options{Format: c.Format, Layout: c.Layout, User: cfg.user}
		}
		if c.Timezone != "" {
			f.Parser.Zone = zone
		}
		f.Service = cmp.Or(c.Service, src.Service, cfg.Service, defaultService)
		if _, err := parser.New(f.Parser); err != nil {
			return nil, usageError{err}
		}
		out = append(out, f)
	}
	slices.SortStableFunc(out, func(a, b importFile) int { // each log's oldest file first
		return cmp.Or(cmp.Compare(a.Path, b.Path), a.modified.Compare(b.modified))
	})
	return out, nil
}

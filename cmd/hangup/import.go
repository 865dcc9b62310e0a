package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
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
	Timezone    string   `help:"Zone of times that have none, as Europe/Berlin; UTC when not given." placeholder:"IANA"`
	Since       string   `help:"Count only records from this time on: 2026-11-23, or 2026-11-23T10:00:00Z." placeholder:"TIME"`
	Until       string   `help:"Count only records before this time." placeholder:"TIME"`
	Batch       int      `help:"MiB of a log that are stored in one transaction: smaller ones take less memory and more time." default:"32" placeholder:"MIB"`
	Files       []string `arg:"" name:"file" help:"Log files; gzip, zstd, bzip2 and xz are decompressed."`
}

// Run imports the files, the oldest of each log first, and folds what they bring.
func (c importCmd) Run(ctx context.Context, e env) error {
	if c.Batch < 1 || c.Batch > 256 {
		return usageError{fmt.Errorf("--batch %d is not between 1 and 256", c.Batch)}
	}
	files, err := c.imports()
	if err != nil {
		return err
	}
	cfg, err := readConfig(c.Config)
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
	dsn, _, stop, err := openDatabase(ctx, log, c.DatabaseURL, cmp.Or(c.StateDir, cfg.StateDir))
	if err != nil {
		return err
	}
	defer stop()
	if err := migrate(ctx, log, dsn); err != nil {
		return err
	}
	p, err := openPools(ctx, dsn)
	if err != nil {
		return err
	}
	defer p.close()

	s := store.New(p.ingest)
	m := &ingest.Importer{Library: s, Sink: s, Routes: ingest.RouteLimits{PerPosition: cfg.Routes.PerPosition, PerService: cfg.Routes.PerService}}
	t := &importTotals{out: e.stdout, began: time.Now(), routes: map[event.Route]event.Counts{}, terminal: isTerminal(e.stderr), screen: e.stderr, files: len(files)}
	for i := range files {
		t.size += files[i].size
	}
	for i := range files {
		f := &files[i].Import
		t.begin(i, f.File)
		f.Progress, f.Stored, f.Batch = t.progress, t.stored, int64(c.Batch)<<20
		out, err := m.Import(ctx, *f)
		t.end(f.File, out, files[i].size)
		if err != nil {
			if ctx.Err() != nil {
				return fmt.Errorf("interrupted in %s; what is stored stays, and the same command goes on from there", f.File)
			}
			return fmt.Errorf("import %s: %w", f.File, err)
		}
	}
	t.summary()
	return fold(ctx, s)
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

// imports checks the command line and returns what is to be read, in order.
func (c importCmd) imports() ([]importFile, error) {
	cfg, err := readConfig(c.Config)
	if err != nil {
		return nil, err
	}
	since, err := parseBound("--since", c.Since)
	if err != nil {
		return nil, err
	}
	until, err := parseBound("--until", c.Until)
	if err != nil {
		return nil, err
	}
	if !until.IsZero() && !until.After(since) {
		return nil, usageError{fmt.Errorf("--until %s is not after --since %s", c.Until, c.Since)}
	}
	zone, err := loadZone(c.Timezone)
	if err != nil {
		return nil, err
	}
	configured := map[string]ingest.Source{}
	if len(cfg.Sources) > 0 {
		sources, err := cfg.sources(nil)
		if err != nil {
			return nil, err
		}
		for _, s := range sources {
			configured[s.Path] = s
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
		f := importFile{size: st.Size(), modified: st.ModTime()}
		f.File, f.Since, f.Until = path, since, until
		f.Path = ingest.LogOf(path)
		src, ok := configured[f.Path]
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

// parseBound reads a day or a time; "" is the zero time.
func parseBound(flag, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339, "2006-01-02T15:04", time.DateTime} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, usageError{fmt.Errorf("%s %q is not a time: write 2026-11-23 or 2026-11-23T10:00:00Z", flag, s)}
}

// importTotals shows how an import goes and what it brought.
type importTotals struct {
	out, screen io.Writer
	terminal    bool
	began       time.Time
	shown       time.Time

	files, at  int
	name       string
	size, done int64 // bytes on the disk: of all files, and of those that are read
	here       int64 // of the file at hand

	accounts event.Accounts
	content  int64
	samples  []event.Sample
	routes   map[event.Route]event.Counts
}

func (t *importTotals) begin(i int, name string) { t.at, t.name, t.here = i+1, filepath.Base(name), 0 }

// progress draws a line that says how far it is, on a terminal.
func (t *importTotals) progress(read, size int64) {
	t.here = read
	now := time.Now()
	if !t.terminal || now.Sub(t.shown) < 200*time.Millisecond {
		return
	}
	t.shown = now
	done := t.done + read
	rate := float64(done) / max(now.Sub(t.began).Seconds(), 0.001)
	left := time.Duration(float64(max(t.size-done, 0)) / max(rate, 1) * float64(time.Second)).Round(time.Second)
	share := func(a, b int64) int64 { return 100 * a / max(b, 1) }
	_, _ = fmt.Fprintf(t.screen, "\r\x1b[K%d/%d %.40s %d %%, in all %d %%, %.0f MB/s, %s left", t.at, t.files, printable(t.name), share(read, size), share(done, t.size), rate/1e6, left)
}

func (t *importTotals) stored(b *event.Batch) {
	t.accounts.Add(b.Accounts)
	t.content += b.End - b.Start
	t.samples = append(t.samples, b.Unparsed[:min(len(b.Unparsed), 5-min(len(t.samples), 5))]...)
	for i := range b.Minutes {
		c := t.routes[b.Minutes[i].Route]
		c.Add(b.Minutes[i].Counts)
		t.routes[b.Minutes[i].Route] = c
	}
}

func (t *importTotals) end(name string, out ingest.Imported, size int64) {
	t.done += size
	name = printable(name)
	if t.terminal {
		_, _ = fmt.Fprint(t.screen, "\r\x1b[K")
	}
	switch {
	case out.End == out.From && out.As != "":
		_, _ = fmt.Fprintf(t.out, "%s: nothing new, all of it was read before as %s\n", name, printable(out.As))
	case out.End == out.From:
		_, _ = fmt.Fprintf(t.out, "%s: empty\n", name)
	default:
		more := ""
		if out.From > 0 {
			more = fmt.Sprintf(", after %d bytes that were read before as %s", out.From, printable(out.As))
		}
		_, _ = fmt.Fprintf(t.out, "%s: %d lines, %d hang-ups, format %s%s\n", name, out.Lines, out.Accounts.Disconnects, cmp.Or(out.Format, "not known"), more)
	}
}

// topRoutes is how many routes the summary names.
const topRoutes = 10

func (t *importTotals) summary() {
	took := time.Since(t.began)
	a := t.accounts
	_, _ = fmt.Fprintf(t.out, "\n%d requests, %d hang-ups, %d other records, %d not understood, %d skipped; %.1f MB in %s, %.0f MB/s\n",
		a.Requests, a.Disconnects, a.Others, a.Unparsed, a.Skipped, float64(t.content)/1e6, took.Round(10*time.Millisecond), float64(t.content)/1e6/max(took.Seconds(), 0.001))
	routes := slices.SortedFunc(maps.Keys(t.routes), func(x, y event.Route) int {
		return cmp.Or(cmp.Compare(hangUps(t.routes[y]), hangUps(t.routes[x])), cmp.Compare(x.Template, y.Template), cmp.Compare(x.Method, y.Method))
	})
	for i, r := range routes {
		c := t.routes[r]
		if i == topRoutes || hangUps(c) == 0 {
			break
		}
		if i == 0 {
			_, _ = fmt.Fprintf(t.out, "\n%10s %10s  route\n", "hang-ups", "requests")
		}
		_, _ = fmt.Fprintf(t.out, "%10d %10d  %s\n", hangUps(c), c.Requests, printable(strings.TrimSpace(r.Method+" "+r.Template)))
	}
	if len(t.samples) > 0 {
		_, _ = fmt.Fprintln(t.out, "\nnot understood, for example:")
	}
	for _, s := range t.samples {
		_, _ = fmt.Fprintf(t.out, "  line %d (%s): %.160q\n", s.Line, s.Reason, s.Text)
	}
}

func hangUps(c event.Counts) int64 { return c.Disconnects() }

// isTerminal says whether w is a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}

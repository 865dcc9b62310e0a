package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"hangup/ingest"
	"hangup/migrations"
	"hangup/parser"
	"hangup/store"
	"hangup/store/local"
)

// verifyCmd counts again what is stored, from the files that are still there.
type verifyCmd struct {
	Config      string `help:"Configuration file (YAML) of serve: retention, formats of your own, settings of the sources." env:"HANGUP_CONFIG" type:"path" placeholder:"FILE"`
	DatabaseURL string `help:"PostgreSQL to use; without it the private server's, also while serve uses it." env:"DATABASE_URL" placeholder:"URL"`
	StateDir    string `help:"Where the private server keeps its data." env:"HANGUP_STATE_DIR" type:"path" placeholder:"DIR"`
	Source      string `help:"Only this log: a source's path or id." placeholder:"PATH"`
	Since       string `help:"Only what was read or happened from this time on: 2026-11-24, 2026-11-24T08:00:00Z, or 36h (before now)." placeholder:"TIME"`
	Quick       bool   `help:"Only compare what is stored with itself; read no file."`
	Output      string `short:"o" enum:"text,json" default:"text" help:"How to print: text or json."`
}

// Help says what the exit codes mean.
func (verifyCmd) Help() string {
	return `Every log content that was read is looked for on the disk, under whatever name, compressed or not, and read again to where it is
committed; its counts are compared with those that are stored. Hours are counted again from the single hang-ups and the files,
and hours and days are compared with what they were folded from. Nothing is changed, and serve may run beside it.

Exit codes: 0: whatever could be compared is equal. 1: something differs. 2: it could not be checked (a wrong flag, a
database that does not answer, a file that cannot be read, an interruption).`
}

// errDiffers says that something that was compared is not equal.
var errDiffers = errors.New("what is stored is not what was counted again: see above")

// Run compares and prints. Its error is errDiffers, or a usageError when not all could be checked.
func (c verifyCmd) Run(ctx context.Context, e env) error {
	err := c.run(ctx, e)
	switch {
	case err == nil, errors.Is(err, errDiffers):
		return err
	case ctx.Err() != nil:
		return usageError{errors.New("interrupted: not all was compared")}
	default:
		return usageError{err}
	}
}

func (c verifyCmd) run(ctx context.Context, e env) error {
	now := time.Now()
	since, _, err := bounds(c.Since, "", now, nil)
	if err != nil {
		return err
	}
	cfg, err := readConfig(c.Config)
	if err != nil {
		return err
	}
	v := &verifier{since: since, quick: c.Quick, cfg: cfg, now: now, configured: map[string]ingest.Source{}, progress: func(string) {}}
	if len(cfg.Sources) > 0 {
		sources, err := cfg.sources(nil)
		if err != nil {
			return err
		}
		for _, s := range sources {
			v.configured[s.Path] = s
		}
	}
	if e.getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	if isTerminal(e.stderr) {
		v.progress = func(s string) { _, _ = fmt.Fprintf(e.stderr, "\r\x1b[K%.79s", s) }
	}
	pool, stop, err := c.open(ctx, e, cmp.Or(c.StateDir, cfg.StateDir))
	if err != nil {
		return err
	}
	defer stop()
	if v.stored, err = store.New(pool).Stored(ctx, now, since, cfg.retention().Events); err != nil {
		return err
	}
	if err := v.choose(c.Source); err != nil {
		return err
	}
	out, err := v.run(ctx)
	v.progress("")
	if err != nil {
		return err
	}
	if c.Output == "json" {
		err = out.writeJSON(e.stdout)
	} else {
		err = out.writeText(e.stdout)
	}
	switch {
	case err != nil:
		return fmt.Errorf("write the result: %w", err)
	case out.differs():
		return errDiffers
	case out.Verdicts[verdictUnread] > 0:
		return errors.New("some files cannot be read: see above; run it as a user who may read them")
	}
	return nil
}

// open connects for reading only. The schema must be this program's: nothing is migrated.
func (c verifyCmd) open(ctx context.Context, e env, stateDir string) (pool *pgxpool.Pool, stop func(), err error) {
	url, end := c.DatabaseURL, func() {}
	if url == "" {
		o := local.Options{Dir: stateDir}
		if exe, err := os.Executable(); err == nil {
			o.Search = append(o.Search, filepath.Dir(filepath.Dir(exe)))
		}
		r, err := local.Inspect(ctx, o)
		switch {
		case r.Running:
			url = r.URL
		case err != nil:
			return nil, nil, err
		case !r.Exists:
			return nil, nil, fmt.Errorf("there is no private PostgreSQL at %s: give DATABASE_URL, or the --state-dir that serve has", r.Dir)
		default:
			log, err := newLog(e.stderr, "warn", "text")
			if err != nil {
				return nil, nil, err
			}
			if url, _, end, err = findDatabase(ctx, log.With(slog.String("command", "verify")), "", stateDir); err != nil {
				return nil, nil, err
			}
		}
	}
	defer func() {
		if err != nil {
			end()
		}
	}()
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	have, want, err := migrations.Versions(ctx, url)
	switch {
	case err != nil:
		return nil, nil, err
	case have > want:
		return nil, nil, fmt.Errorf("the database has schema version %d and this program knows %d: use the hangup that serves it", have, want)
	case have < want:
		return nil, nil, fmt.Errorf("the database has schema version %d and this program needs %d: run hangup migrate first", have, want)
	}
	config.MaxConns = 1
	config.ConnConfig.ConnectTimeout = databaseWait
	config.ConnConfig.DialFunc = databaseDialer().DialContext
	maps.Copy(config.ConnConfig.RuntimeParams, map[string]string{
		"application_name": "hangup verify", "default_transaction_read_only": "on", "timezone": "UTC",
		"statement_timeout": "20s", "idle_in_transaction_session_timeout": "30s", "lock_timeout": "5s",
	})
	if pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, nil, err
	}
	return pool, func() { pool.Close(); end() }, nil
}

// choose leaves the generations of one source, when one is named, and those that the time bound keeps.
func (v *verifier) choose(source string) error {
	path, err := filepath.Abs(source)
	if err != nil {
		return err
	}
	id, _ := strconv.ParseInt(source, 10, 64) // 0 is no id
	var known []string
	for i := range v.stored.Generations {
		g := &v.stored.Generations[i]
		if !slices.Contains(known, g.Source) {
			known = append(known, g.Source)
		}
		named := source == "" || g.Source == source || g.Source == path || g.Generation.Source == id
		v.named = append(v.named, named)
		v.chosen = append(v.chosen, named && (v.since.IsZero() || g.Off == 0 || !g.LastEvent.Before(v.since) || !g.Committed.Before(v.since)))
	}
	if source != "" && !slices.Contains(v.named, true) {
		return fmt.Errorf("--source %s: nothing is stored of it; there is %s", source, someOf(known))
	}
	return nil
}

// someOf names some of many.
func someOf(names []string) string {
	const most = 5
	shown := slices.Clone(names[:min(len(names), most)])
	for i, n := range shown {
		shown[i] = printable(n)
	}
	out := strings.Join(shown, ", ")
	if len(names) > most {
		out += fmt.Sprintf(" and %d more", len(names)-most)
	}
	return cmp.Or(out, "no source at all")
}

// options returns how a generation was read, by its settings, in the order in which they are to be tried. No settings
// are left when the format was of the user's own and is not there any more.
func (v *verifier) options(g *store.StoredGeneration) (list []parser.Options, newer bool) {
	s := g.Settings
	o := parser.Options{Format: s.Format, Layout: s.Layout, User: v.cfg.user}
	if s.Zone != "" {
		o.Zone, _ = time.LoadLocation(s.Zone) // it was known when it was stored; nil is UTC
	}
	if s.Format == "" {
		hint := o
		hint.Hint = g.Format
		list = append(list, hint)
	}
	list = append(list, o)
	newer = s.Formats != v.cfg.user.Fingerprint()
	if now, ok := v.configured[g.Source]; ok {
		have := ingest.SettingsOf(now.Parser)
		have.Since, have.Until = s.Since, s.Until
		if have != s {
			newer = true
			list = append(list, now.Parser)
		}
	}
	return slices.DeleteFunc(list, func(o parser.Options) bool {
		_, err := parser.New(o)
		return err != nil
	}), newer
}

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // zones by name on machines that have no zone files

	"hangup/event"
	"hangup/parser"
)

// parseCmd prints the records of one log.
type parseCmd struct {
	Format   string `help:"Format of the log (see hangup formats); detected when not given." placeholder:"NAME" xor:"format"`
	Layout   string `help:"The format string of an access log, as in the server's configuration: nginx log_format, Apache LogFormat, Tomcat and Jetty patterns, gunicorn --access-logformat, uWSGI log-format, morgan ..." placeholder:"STR"`
	Zone     string `help:"Zone of times that have none, as Europe/Berlin; UTC when not given." placeholder:"IANA" aliases:"timezone"`
	Pattern  string `help:"A regular expression (RE2) with groups named after fields, to try a format of your own: (?P<time>\\S+) (?P<message>.*) ..." placeholder:"RE" xor:"format"`
	Config   string `help:"Configuration file, for the formats that it defines." env:"HANGUP_CONFIG" type:"path" placeholder:"FILE"`
	Unparsed bool   `help:"Print only the records that were not understood, with the reason and their text."`
	File     string `arg:"" optional:"" help:"The log; standard input when it is - or not given." placeholder:"FILE"`
}

// Run prints each record as one line of JSON, in the keys of corpus/SCHEMA.md.
func (c parseCmd) Run(ctx context.Context, e env) error {
	zone, err := loadZone(c.Zone)
	if err != nil {
		return err
	}
	o := parser.Options{Format: c.Format, Layout: c.Layout, Zone: zone}
	if o.User, err = c.userFormats(); err != nil {
		return err
	}
	if c.Pattern != "" {
		o.Format = patternName
	}
	p, err := parser.New(o)
	if err != nil {
		return usageError{err}
	}
	in, name, err := openLog(e, c.File)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	seen := time.Now()
	if f, ok := in.(*os.File); ok {
		if s, err := f.Stat(); err == nil && s.Mode().IsRegular() { // years that the log leaves out are those in which it was written
			seen = s.ModTime()
		}
	}
	signal.Ignore(syscall.SIGPIPE) // a reader that has enough is the error EPIPE, and no failure
	w := &recordWriter{out: bufio.NewWriterSize(e.stdout, 64<<10), unparsed: c.Unparsed}
	err = readLines(ctx, in,
		func(l event.Line) {
			l.Seen = seen
			parser.Feed(p, l, w.record)
		},
		func(silent bool) error {
			if silent {
				p.Flush(w.record)
			}
			return w.flush()
		})
	if ctx.Err() != nil { // what was read is printed
		p.Flush(w.record)
		_ = w.flush()
	}
	switch {
	case errors.Is(err, syscall.EPIPE): // whoever read has what it wanted
		return nil
	case w.err != nil:
		return fmt.Errorf("write records: %w", w.err)
	case err != nil && ctx.Err() == nil:
		return usageError{fmt.Errorf("read %s: %w", name, err)}
	}
	w.summary(e.stderr, name)
	return err
}

// patternName is the format that --pattern makes.
const patternName = "pattern"

// userFormats returns the format of --pattern, or those of the configuration.
func (c parseCmd) userFormats() (*parser.UserFormats, error) {
	if c.Pattern == "" {
		cfg, err := readConfig(c.Config)
		return cfg.user, err
	}
	set, err := parser.DefineFormats([]parser.UserFormat{{Name: patternName, Pattern: c.Pattern}})
	if err != nil {
		return nil, usageError{fmt.Errorf("--pattern: %w", errors.Unwrap(err))}
	}
	return set, nil
}

// loadZone finds a zone by its name; "" is none.
func loadZone(name string) (*time.Location, error) {
	if name == "" {
		return nil, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, usageError{fmt.Errorf("zone %q is not known: it must be a name like Europe/Berlin: %w", name, err)}
	}
	return zone, nil
}

// openLog opens a file for reading, or standard input.
func openLog(e env, file string) (in io.ReadCloser, name string, err error) {
	if file == "" || file == "-" {
		return io.NopCloser(e.stdin), "standard input", nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, "", usageError{err}
	}
	if s, err := f.Stat(); err == nil && s.IsDir() {
		_ = f.Close()
		return nil, "", usageError{fmt.Errorf("open %s: it is a directory; name a log file in it", file)}
	}
	return f, file, nil
}

// recordWriter prints and counts records. The first error of the output is kept, and nothing written after it.
type recordWriter struct {
	out      *bufio.Writer
	unparsed bool // print these only
	counts   event.Accounts
	err      error
}

func (w *recordWriter) record(r *event.Record) {
	w.counts.Count(r.Kind, r.End-r.Start)
	if w.err != nil || r.Kind == event.Skipped || (r.Kind == event.Unparsed) != w.unparsed {
		return
	}
	b, err := r.MarshalJSON()
	if err != nil {
		w.err = fmt.Errorf("print record of line %d: %w", r.Line, err)
		return
	}
	_, _ = w.out.Write(append(b, '\n')) // its error stays in the writer until flush
}

func (w *recordWriter) flush() error {
	if w.err == nil {
		w.err = w.out.Flush()
	}
	return w.err
}

// summary says how many records there were, if some were not understood.
func (w *recordWriter) summary(to io.Writer, name string) {
	c := w.counts
	if c.Unparsed == 0 {
		return
	}
	_, _ = fmt.Fprintf(to, "hangup: %s: %d records read = %d requests + %d disconnects + %d others + %d unparsed + %d blank\n", name,
		c.Requests+c.Disconnects+c.Others+c.Unparsed+c.Skipped, c.Requests, c.Disconnects, c.Others, c.Unparsed, c.Skipped)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/term"

	"hangup/parser"
	"hangup/report"
)

// reportCmd answers from log files without a database.
type reportCmd struct {
	Output   string   `short:"o" enum:"text,json,html,md" default:"text" help:"How to print: text; json (its keys are in docs/using.md); html, a page to keep or send; md, Markdown for a ticket."`
	Since    string   `help:"Count from this time on: 2026-11-24, 2026-11-24T08:00:00Z, or 36h (before now)." placeholder:"TIME"`
	Until    string   `help:"Count up to this time, without it." placeholder:"TIME"`
	Top      int      `default:"10" help:"How many routes, clients and user agents to show." placeholder:"N"`
	Route    string   `help:"Count this route only, as the report writes it: 'POST /api/orders/{id}', or without the method." placeholder:"ROUTE"`
	Client   string   `help:"Count this client only, by its address." placeholder:"ADDRESS"`
	Format   string   `help:"Format of all logs (see hangup formats); detected in each when not given." placeholder:"NAME"`
	Layout   string   `help:"The format string of the access logs, as in the server's configuration." placeholder:"STR"`
	Config   string   `help:"Configuration file, for the formats that it defines." env:"HANGUP_CONFIG" type:"path" placeholder:"FILE"`
	Timezone string   `help:"Zone of times that have none, and of --since and --until, as Europe/Berlin; UTC when not given." placeholder:"IANA"`
	Files    []string `arg:"" name:"file" help:"Logs, compressed or not, rotated files in any order; - is standard input." placeholder:"FILE"`
}

// reportMemory is where the garbage collector begins to work harder, in bytes; GOMEMLIMIT sets another.
const reportMemory = 160 << 20

// Run reads the files once and prints what they say.
func (c reportCmd) Run(ctx context.Context, e env) error {
	zone, err := loadZone(c.Timezone)
	if err != nil {
		return err
	}
	since, until, err := bounds(c.Since, c.Until, time.Now(), zone)
	if err != nil {
		return err
	}
	cfg, err := readConfig(c.Config)
	if err != nil {
		return err
	}
	o := report.Options{
		Parser: parser.Options{Format: c.Format, Layout: c.Layout, Zone: zone, User: cfg.user}, Stdin: e.stdin, Top: c.Top,
		Filter: report.Filter{Route: c.Route, Client: c.Client, Since: since, Until: until},
	}
	if c.Output == "html" && isTerminal(e.stdout) {
		return usageError{errors.New("-o html is a page for a browser, not for the terminal: send it to a file with > report.html")}
	}
	if c.Top < 1 || c.Top > 1000 {
		return usageError{fmt.Errorf("--top %d: it must be from 1 to 1000", c.Top)}
	}
	if _, err := parser.New(o.Parser); err != nil {
		return usageError{err}
	}
	if o.Sets, err = report.Sets(c.Files); err != nil {
		return usageError{err}
	}
	if e.getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(reportMemory)
	}
	r, err := report.Run(ctx, o)
	if err != nil {
		return err
	}
	if err := understood(r); err != nil {
		return err
	}
	if err := c.write(e, r); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return problems(r)
}

func (c reportCmd) write(e env, r *report.Report) error {
	switch c.Output {
	case "json":
		return r.WriteJSON(e.stdout)
	case "html":
		return r.WriteHTML(e.stdout)
	case "md":
		return r.WriteMarkdown(e.stdout)
	}
	return r.WriteText(e.stdout, terminal(e.stdout, e.getenv))
}

// terminal says what can be shown where the report goes to.
func terminal(out io.Writer, getenv func(string) string) report.TextOptions {
	if !isTerminal(out) {
		return report.TextOptions{}
	}
	f := out.(*os.File)
	width, _, _ := term.GetSize(int(f.Fd())) // 0 when it is not known
	return report.TextOptions{Width: width, Colour: getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"}
}

// understood says what is wrong when no record was understood.
func understood(r *report.Report) error {
	a := r.Read()
	if a.Requests+a.Disconnects+a.Others > 0 {
		return nil
	}
	if err := problems(r); err != nil {
		return err
	}
	var names []string
	for i := range r.Sources {
		for _, f := range r.Sources[i].Files {
			names = append(names, report.Title(f))
		}
	}
	what := strings.Join(names[:min(3, len(names))], ", ")
	if len(names) > 3 {
		what += fmt.Sprintf(" and %d more", len(names)-3)
	}
	if a.Records() == a.Skipped {
		return fmt.Errorf("nothing to report: %s: no line but blank ones", what)
	}
	hint := "hangup detect says which format comes nearest; --layout takes the format string of the server's configuration"
	if r.Sources[0].Format != "" {
		hint = fmt.Sprintf("they were read as %s; hangup detect says which format fits", r.Sources[0].Format)
	}
	return fmt.Errorf("nothing to report: none of the %d records of %s was understood: %s", a.Unparsed, what, hint)
}

// problems returns what kept files from being read whole.
func problems(r *report.Report) error {
	var all []error
	for i := range r.Sources {
		for _, p := range r.Sources[i].Problems {
			all = append(all, errors.New(p))
		}
	}
	return errors.Join(all...)
}

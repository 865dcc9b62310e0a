package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"hangup/ingest"
)

// doctorCmd checks what serve would work with. It changes nothing.
type doctorCmd struct {
	Config      string   `help:"Configuration file (YAML)." env:"HANGUP_CONFIG" type:"path" placeholder:"FILE"`
	DatabaseURL string   `help:"PostgreSQL to use; without it the private server's place is checked." env:"DATABASE_URL" placeholder:"URL"`
	StateDir    string   `help:"Where the private server keeps its data." env:"HANGUP_STATE_DIR" type:"path" placeholder:"DIR"`
	Output      string   `short:"o" enum:"text,json" default:"text" help:"How to print: text or json."`
	Files       []string `arg:"" optional:"" name:"file" help:"Log files, beside those of the configuration."`
}

// errProblems says that a check has failed.
var errProblems = errors.New("there are problems: see what is marked fail")

// level says how a check came out.
type level string

const (
	levelOK   level = "ok"
	levelWarn level = "warn" // it works, but something will not be seen
	levelFail level = "fail" // it does not work
	levelNote level = "note" // good to know
)

// finding is the result of one check.
type finding struct {
	Subject string `json:"subject"` // the log's path, or "database"
	Check   string `json:"check"`
	Level   level  `json:"level"`
	Text    string `json:"text"`         // what was found
	Do      string `json:"do,omitempty"` // what to do
}

// findings collects what is found about one subject.
type findings struct {
	subject string
	list    []finding
}

func (f *findings) add(l level, check, do, format string, args ...any) {
	f.list = append(f.list, finding{f.subject, check, l, fmt.Sprintf(format, args...), do})
}

// Run checks each log and the database. Its error is errProblems when a check has failed.
func (c doctorCmd) Run(ctx context.Context, e env) error {
	cfg, err := readConfig(c.Config)
	if err != nil {
		return err
	}
	var sources []ingest.Source
	if len(c.Files)+len(cfg.Sources) > 0 {
		if sources, err = cfg.sources(c.Files); err != nil {
			return err
		}
	}
	var list []finding
	now := time.Now()
	for i, s := range sources {
		if s.Pattern {
			list = append(list, checkPattern(sources, i, now)...)
		} else {
			list = append(list, checkSource(s, now)...)
		}
	}
	if len(sources) == 0 {
		list = append(list, finding{"sources", "sources", levelWarn, "no log is named", "name log files, or sources in a configuration file (--config)"})
	}
	list = append(list, checkDatabase(ctx, c.DatabaseURL, cmp.Or(c.StateDir, cfg.StateDir))...)
	bad := 0
	for _, f := range list {
		if f.Level == levelFail {
			bad++
		}
	}
	out := bufio.NewWriter(e.stdout)
	if c.Output == "json" {
		err = json.NewEncoder(out).Encode(struct {
			OK     bool      `json:"ok"`
			Checks []finding `json:"checks"`
		}{bad == 0, list})
	} else {
		printFindings(out, list)
	}
	if err := errors.Join(err, out.Flush()); err != nil {
		return fmt.Errorf("print what was found: %w", err)
	}
	if bad > 0 {
		return errProblems
	}
	return nil
}

// printFindings writes a table for people: a heading for each subject, a line for each check, and below it what to do.
func printFindings(out io.Writer, list []finding) {
	subject := ""
	for _, f := range list {
		if f.Subject != subject {
			if subject != "" {
				_, _ = fmt.Fprintln(out)
			}
			subject = f.Subject
			_, _ = fmt.Fprintln(out, printable(subject))
		}
		_, _ = fmt.Fprintf(out, "  %-4s  %-10s  %s\n", f.Level, f.Check, printable(f.Text))
		if f.Do == "" {
			continue
		}
		for l := range strings.SplitSeq(f.Do, "\n") {
			_, _ = fmt.Fprintf(out, "  %-4s  %-10s    %s\n", "", "", printable(l))
		}
	}
}

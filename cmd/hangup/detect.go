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

	"hangup/event"
	"hangup/parser"
)

// detectLines is how many lines of a file are looked at.
const detectLines = 1000

// errNotDetected says that there is a file whose format is not known.
var errNotDetected = errors.New("no format fits")

// detectCmd says which format logs have.
type detectCmd struct {
	Config string   `help:"Configuration file: formats that it defines are tried too." env:"HANGUP_CONFIG" type:"path" placeholder:"FILE"`
	Output string   `short:"o" enum:"text,json" default:"text" help:"How to print: text or json."`
	Files  []string `arg:"" name:"file" help:"Logs, - for standard input; or nginx's configuration (nginx.conf or its directory), whose logs are listed as sources."`
}

// detection is what is found out about one file.
type detection struct {
	File       string   `json:"file"`
	Format     string   `json:"format"` // "" when none fits; an envelope and formats as --format takes them
	Envelope   string   `json:"envelope,omitempty"`
	Formats    []part   `json:"formats,omitempty"` // the one that reads most lines first
	Layout     string   `json:"layout,omitempty"`
	Confidence float64  `json:"confidence"`
	Lines      int      `json:"lines"` // looked at
	Understood float64  `json:"understood"`
	RunnerUp   *runner  `json:"runner_up,omitempty"`
	Misses     []string `json:"misses,omitempty"`
}

// part is one of the formats of a log.
type part struct {
	Format string  `json:"format"`
	Layout string  `json:"layout,omitempty"`
	Share  float64 `json:"share"` // of the lines
}

type runner struct {
	Format     string  `json:"format"`
	Layout     string  `json:"layout,omitempty"`
	Confidence float64 `json:"confidence"`
}

// Run prints for each file the best format, how sure that is, the next best, and lines that are not of the format.
// The error wraps errNotDetected when a file has none.
func (c detectCmd) Run(ctx context.Context, e env) error {
	cfg, err := readConfig(c.Config)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(e.stdout)
	var unknown []error
	for _, file := range c.Files {
		if isServerConfig(file) {
			d, err := discoverLogs(file)
			if err != nil {
				return err
			}
			if err := d.write(out, c.Output); err != nil {
				return fmt.Errorf("print the logs of %s: %w", file, err)
			}
			continue
		}
		d, err := detectFile(ctx, e, file, parser.Options{User: cfg.user})
		if err != nil {
			return err
		}
		if d.Format == "" {
			unknown = append(unknown, fmt.Errorf("%w: %s; see hangup formats, or give --layout", errNotDetected, d.File))
		}
		if c.Output == "json" {
			err = json.NewEncoder(out).Encode(d)
		} else {
			err = d.print(out)
		}
		if err != nil {
			return fmt.Errorf("print detection: %w", err)
		}
	}
	return errors.Join(append(unknown, out.Flush())...)
}

func detectFile(ctx context.Context, e env, file string, o parser.Options) (detection, error) {
	in, name, err := openLog(e, file)
	if err != nil {
		return detection{}, err
	}
	defer func() { _ = in.Close() }()
	var lines []string
	enough := errors.New("enough lines") // ends the reading, and is not told
	err = readLines(ctx, io.LimitReader(in, 4<<20), func(l event.Line) {
		if len(lines) < detectLines {
			lines = append(lines, l.Text)
		}
	}, func(bool) error {
		if len(lines) == detectLines {
			return enough
		}
		return nil
	})
	if err != nil && !errors.Is(err, enough) {
		return detection{}, usageError{fmt.Errorf("read %s: %w", name, err)}
	}
	found := parser.DetectLog(lines, o, time.Now())
	d := detection{File: name, Lines: len(lines), Envelope: found.Envelope, Misses: found.Misses}
	if found.Name() == "" || found.Share < parser.Enough {
		d.Misses = lines[:min(3, len(lines))]
		for _, g := range append(found.Formats, found.Others...) {
			d.RunnerUp = &runner{g.Format, g.Layout, g.Confidence}
			d.Misses = g.Misses
			break
		}
		return d, nil
	}
	d.Format, d.Confidence, d.Understood = found.Name(), found.Confidence, found.Share
	for _, g := range found.Formats {
		d.Layout = cmp.Or(d.Layout, g.Layout)
		d.Formats = append(d.Formats, part{g.Format, g.Layout, g.Share})
	}
	if len(found.Others) > 0 {
		d.RunnerUp = &runner{found.Others[0].Format, found.Others[0].Layout, found.Others[0].Confidence}
	}
	return d, nil
}

// print writes the detection for people. Lines of the log are quoted: they may hold what moves a terminal's cursor.
func (d detection) print(out io.Writer) error {
	format := d.Format
	if format == "" {
		format = "unknown"
	}
	_, err := fmt.Fprintf(out, "%s: %s, confidence %.2f, %.1f %% of %d lines understood\n", d.File, format, d.Confidence, 100*d.Understood, d.Lines)
	if d.Layout != "" {
		_, err = fmt.Fprintf(out, "  layout     %s\n", d.Layout)
	}
	if len(d.Formats) > 1 {
		for _, p := range d.Formats {
			_, err = fmt.Fprintf(out, "  %5.1f %%    %s\n", 100*p.Share, p.Format)
		}
	}
	if d.RunnerUp != nil {
		_, err = fmt.Fprintf(out, "  runner-up  %s, confidence %.2f\n", d.RunnerUp.Format, d.RunnerUp.Confidence)
	}
	for _, p := range d.Formats {
		a, ok := parser.Advise(p.Format, p.Layout)
		if !ok {
			continue
		}
		_, err = fmt.Fprintf(out, "  %s hides %s\n", p.Format, a.Hides)
		if a.Config != "" {
			_, err = fmt.Fprintf(out, "    to see more:\n      %s\n", strings.ReplaceAll(a.Config, "\n", "\n      "))
		}
	}
	for _, m := range d.Misses {
		_, err = fmt.Fprintf(out, "  not of it  %.200q\n", m)
	}
	return err
}

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"hangup/parser"
)

// formatsCmd lists the formats.
type formatsCmd struct {
	Config string `help:"Configuration file: formats that it defines are listed too." env:"HANGUP_CONFIG" type:"path" placeholder:"FILE"`
	Output string `short:"o" enum:"text,json,markdown" default:"text" help:"How to print: text, json or markdown."`
}

// formatJSON is a format as it is printed.
type formatJSON struct {
	Name      string `json:"name"`
	Summary   string `json:"summary"`
	Example   string `json:"example"`
	Durations bool   `json:"durations"`
	Layout    bool   `json:"layout"`
	Multiline bool   `json:"multiline"`

	Aliases []string `json:"aliases,omitempty"`
}

// writeFormats writes docs/formats.md.
func writeFormats(out io.Writer) {
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format, args...) }
	p(formatsHead)
	for _, f := range parser.Envelopes() {
		p("| `%s` | %s |\n", f.Name, f.Summary)
	}
	p("\n## Formats\n")
	for _, f := range parser.Formats() {
		p("\n### %s\n\n%s.", f.Name, f.Summary)
		switch {
		case f.Layout:
			p(" Give the layout as the server's configuration has it.")
		case !f.Durations:
			p(" It says nothing of how long an exchange took, so no timer can be found in it alone.")
		}
		if len(f.Aliases) > 0 {
			p(" Other names: `%s`.", strings.Join(f.Aliases, "`, `"))
		}
		p("\n\n```text\n%s\n```\n", f.Example)
		if a, ok := parser.AdviceFor(f.Name); ok {
			p("\nHidden: %s.\n", a.Hides)
			if a.Config != "" {
				p("\nTo see more:\n\n```text\n%s\n```\n", a.Config)
			}
		}
	}
}

const formatsHead = `# Log formats

Made by ` + "`hangup formats -o markdown`" + `: a test compares it with the program.

Leave the format out: Hangup finds the envelope, the formats in it and, where a log holds several, reads each line in its own. A
line that none of them knows is tried with all formats; what no format knows is counted as unparsed and shown on the Sources page.
` + "`hangup detect FILE`" + ` says what was found, ` + "`hangup parse FILE`" + ` what each record says.

Give a format to hold Hangup to it: ` + "`--format nginx-error`" + `, several as ` + "`nginx-error+nginx-combined`" + `, in an envelope as
` + "`docker-json/nginx-combined`" + `, and a layout of your own as ` + "`--layout 'log_format ...'`" + `.

## Envelopes

The time, level, program and process id of the envelope complete a record that has none. Split lines are put together, several
writers' lines are kept apart, and envelopes may be in one another.

| name | what it is |
|---|---|
`

// Run prints each format with what it is, whether it can say how long an exchange took, and a line of it.
func (c formatsCmd) Run(_ context.Context, e env) error {
	cfg, err := readConfig(c.Config)
	if err != nil {
		return err
	}
	all := append(cfg.user.Formats(), parser.Formats()...)
	out := bufio.NewWriter(e.stdout)
	if c.Output == "json" {
		list := []formatJSON{}
		for _, f := range all {
			list = append(list, formatJSON{f.Name, f.Summary, f.Example, f.Durations, f.Layout, f.Multiline, f.Aliases})
		}
		if err := json.NewEncoder(out).Encode(list); err != nil {
			return fmt.Errorf("print formats: %w", err)
		}
		return out.Flush()
	}
	if c.Output == "markdown" {
		writeFormats(out)
		return out.Flush()
	}
	for _, f := range all {
		durations := "no durations"
		if f.Durations {
			durations = "durations"
		}
		_, _ = fmt.Fprintf(out, "%-21s %s (%s)\n", f.Name, f.Summary, durations)
		if f.Example != "" {
			_, _ = fmt.Fprintf(out, "%-21s %s\n", "", f.Example)
		}
	}
	_, _ = fmt.Fprintln(out, "\nAround them, taken off by itself, or as --format ENVELOPE or ENVELOPE/FORMAT:")
	for _, f := range parser.Envelopes() {
		_, _ = fmt.Fprintf(out, "%-21s %s\n%-21s %s\n", f.Name, f.Summary, "", f.Example)
	}
	return out.Flush()
}

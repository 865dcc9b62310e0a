package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"

	"hangup/parser"
)

// formatsCmd lists the formats.
type formatsCmd struct {
	Output string `short:"o" enum:"text,json" default:"text" help:"How to print: text or json."`
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

// Run prints each format with what it is, whether it can say how long an exchange took, and a line of it.
func (c formatsCmd) Run(_ context.Context, e env) error {
	out := bufio.NewWriter(e.stdout)
	if c.Output == "json" {
		list := []formatJSON{}
		for _, f := range parser.Formats() {
			list = append(list, formatJSON{f.Name, f.Summary, f.Example, f.Durations, f.Layout, f.Multiline, f.Aliases})
		}
		if err := json.NewEncoder(out).Encode(list); err != nil {
			return fmt.Errorf("print formats: %w", err)
		}
		return out.Flush()
	}
	for _, f := range parser.Formats() {
		durations := "no durations"
		if f.Durations {
			durations = "durations"
		}
		_, _ = fmt.Fprintf(out, "%-21s %s (%s)\n%-21s %s\n", f.Name, f.Summary, durations, "", f.Example)
	}
	_, _ = fmt.Fprintln(out, "\nEnvelopes around them, taken off by themselves or as --format ENVELOPE/FORMAT:")
	for _, f := range parser.Envelopes() {
		_, _ = fmt.Fprintf(out, "%-21s %s\n%-21s %s\n", f.Name, f.Summary, "", f.Example)
	}
	_, _ = fmt.Fprintln(out, "\nAround them, taken off by itself, or as --format ENVELOPE or ENVELOPE/FORMAT:")
	for _, f := range parser.Envelopes() {
		_, _ = fmt.Fprintf(out, "%-21s %s\n%-21s %s\n", f.Name, f.Summary, "", f.Example)
	}
	return out.Flush()
}

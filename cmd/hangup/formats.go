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
}

// Run prints each format with what it is, whether it can say how long an exchange took, and a line of it.
func (c formatsCmd) Run(_ context.Context, e env) error {
	out := bufio.NewWriter(e.stdout)
	if c.Output == "json" {
		list := []formatJSON{}
		for _, f := range parser.Formats() {
			list = append(list, formatJSON{f.Name, f.Summary, f.Example, f.Durations, f.Layout, f.Multiline})
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
		_, _ = fmt.Fprintf(out, "%-17s %s (%s)\n%-17s %s\n", f.Name, f.Summary, durations, "", f.Example)
	}
	return out.Flush()
}

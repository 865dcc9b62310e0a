package ingest

import (
	"slices"
	"strings"

	"hangup/event"
	"hangup/parser"
)

// mostFormats is how many formats of a pattern's logs are named.
const mostFormats = 6

// format returns the format that was found in the source: of a pattern, those of its logs together.
func (m *manager) format() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.found
}

// addFormat takes a format that was found in one log. It returns what is to be stored, and what was before.
func (m *manager) addFormat(name string) (all, before string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before = m.found
	if m.found == "" || !m.source.Pattern {
		m.found = name
		return m.found, before
	}
	had := parser.FormatsOf(m.found)
	for _, g := range parser.FormatsOf(name) {
		same := func(x parser.Guess) bool { return x.Format == g.Format }
		if len(had) < mostFormats && !slices.ContainsFunc(had, same) {
			m.found += "+" + g.Format
			had = append(had, g)
		}
	}
	return m.found, before
}

// takeFormat takes the format that was found earlier.
func (m *manager) takeFormat(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.found = name
}

// showFormat has the status tell the format of which name is the name, and formats what is known of it.
func (m *manager) showFormat(name string, confidence float64, formats []parser.Guess) {
	m.Status.change(m.id, func(x *sourceStatus) {
		seen := x.Formats
		if !strings.Contains(name, "+") {
			seen = nil
		}
		for _, g := range formats {
			f := event.SeenFormat{Format: g.Format, Layout: g.Layout}
			if len(seen) < mostFormats && !slices.Contains(seen, f) {
				seen = append(slices.Clip(seen), f)
			}
		}
		if x.Format != "" && x.Format != name && !m.source.Pattern {
			x.Changes++
		}
		x.Format, x.Confidence, x.Formats = name, confidence, seen
	})
}

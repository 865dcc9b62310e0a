package parser

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"hangup/event"
)

// TestLab reads parts of logs that real servers wrote while clients hung up on them, and compares the disconnects
// with what is known of those (testdata/lab/*.labels.jsonl). Labels that are arguable and that are read another way
// on purpose are left out: nginx's own 504 is an answer, HAProxy's queue is its own.
func TestLab(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/lab/*.log")
	if err != nil || len(files) == 0 {
		t.Fatal("no logs", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".log")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			format, _, _ := strings.Cut(name, ".")
			labels := map[float64]map[string]any{}
			for _, l := range expectations(t, strings.TrimSuffix(file, ".log")+".labels.jsonl") {
				if l["soft"] != "status" || l["party"] == "client" {
					labels[l["line"].(float64)] = l
				}
			}
			for _, r := range records(t, readFile(t, file), Options{Format: format}) {
				line := r["line"].(float64)
				want, isLabelled := labels[line]
				delete(labels, line)
				if (r["event"] == event.Disconnect.String()) != isLabelled {
					t.Errorf("line %v: %v, label %v", line, r, want)
				}
				for key, w := range want {
					if key != "soft" && !same(key, w, r[key]) {
						t.Errorf("line %v: %s is %v, want %v", line, key, r[key], w)
					}
				}
			}
			for line, l := range labels {
				t.Errorf("line %v: no record, label %v", line, l)
			}
		})
	}
}

// TestGunicornPhase holds what a record about a hang-up takes from the record before it.
func TestGunicornPhase(t *testing.T) {
	t.Parallel()
	const head = "[2026-11-23 07:07:%02d +0000] [4210] [DEBUG] %s"
	tests := []struct {
		before, message, phase string
	}{
		{"GET /slow", "Ignoring EPIPE", "response"},
		{"GET /slow\n" + fmt.Sprintf(head, 1, "Ignoring connection reset"), "Ignoring EPIPE", "unknown"},
		{"Ignoring EPIPE", "Ignoring EPIPE", "response"}, // requests are not logged
		{"GET /slow", "Ignoring connection reset", "unknown"},
		{"Ignoring connection epipe", "Ignoring connection epipe", "response"},
	}
	for _, tt := range tests {
		log := fmt.Sprintf(head+"\n"+head+"\n", 1, tt.before, 2, tt.message)
		all := records(t, []byte(log), Options{Format: "gunicorn-error"})
		if got := all[len(all)-1]["phase"]; got != tt.phase {
			t.Errorf("%q behind %q: phase %v, want %s", tt.message, tt.before, got, tt.phase)
		}
	}
}

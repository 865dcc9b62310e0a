package parser

import (
	"fmt"
	"testing"
)

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

package main

import (
	"fmt"
	"io"
	"time"

	"hangup/event"
	"hangup/ingest"
)

// sourceMetrics are the metrics of each source.
var sourceMetrics = []struct {
	name, help, kind string
	value            func(s event.SourceState, now time.Time) float64
}{
	{"lag_bytes", "Bytes that are readable and not committed.", "gauge", func(s event.SourceState, _ time.Time) float64 { return float64(s.Size - s.Off) }},
	{"lag_seconds", "How long something readable has not been committed.", "gauge", func(s event.SourceState, now time.Time) float64 {
		if s.BehindSince.IsZero() {
			return 0
		}
		return now.Sub(s.BehindSince).Seconds()
	}},
	{"files", "Files that are followed, idle ones included.", "gauge", func(s event.SourceState, _ time.Time) float64 { return float64(s.Files) }},
	{"files_idle", "Of these, files that do not grow and are only looked at.", "gauge", func(s event.SourceState, _ time.Time) float64 { return float64(s.Idle) }},
	{"files_waiting", "Files that wait for a file descriptor.", "gauge", func(s event.SourceState, _ time.Time) float64 { return float64(s.Waiting) }},
	{"worst_lag_bytes", "Bytes of the file with most of them that are readable and not committed.", "gauge", func(s event.SourceState, _ time.Time) float64 { return float64(s.WorstLag) }},
	{"degraded", "1 while the newest records are not understood.", "gauge", func(s event.SourceState, _ time.Time) float64 {
		if s.Alarm.Since.IsZero() {
			return 0
		}
		return 1
	}},
	{"alarms_total", "How often the newest records were not understood.", "counter", func(s event.SourceState, _ time.Time) float64 { return float64(s.Alarms) }},
	{"batches_total", "Batches committed.", "counter", func(s event.SourceState, _ time.Time) float64 { return float64(s.Batches) }},
	{"retries_total", "Failed attempts to commit.", "counter", func(s event.SourceState, _ time.Time) float64 { return float64(s.Retries) }},
	{"fenced_total", "Batches that another process had committed.", "counter", func(s event.SourceState, _ time.Time) float64 { return float64(s.Fenced) }},
}

// writeSources returns a writer of how the reading of each source goes, in Prometheus's text format.
func writeSources(status *ingest.Status) func(io.Writer) {
	return func(w io.Writer) {
		now := time.Now()
		sources := status.Status()
		for _, m := range sourceMetrics {
			_, _ = fmt.Fprintf(w, "# HELP hangup_source_%s %s\n# TYPE hangup_source_%s %s\n", m.name, m.help, m.name, m.kind)
			for _, s := range sources {
				_, _ = fmt.Fprintf(w, "hangup_source_%s{source=\"%d\"} %g\n", m.name, s.Source, m.value(s, now))
			}
		}
	}
}

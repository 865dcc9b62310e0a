package main

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hangup/event"
	"hangup/ingest"
)

// sourceMetrics shows how the reading of each source goes.
type sourceMetrics struct {
	status  *ingest.Status
	metrics []sourceMetric
}

type sourceMetric struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(event.SourceState, time.Time) float64
}

func collectors(status *ingest.Status) []prometheus.Collector {
	m := &sourceMetrics{status: status}
	add := func(name, help string, kind prometheus.ValueType, value func(event.SourceState, time.Time) float64) {
		m.metrics = append(m.metrics, sourceMetric{prometheus.NewDesc("hangup_source_"+name, help, []string{"source"}, nil), kind, value})
	}
	add("lag_bytes", "Bytes that are readable and not committed.", prometheus.GaugeValue,
		func(s event.SourceState, _ time.Time) float64 { return float64(s.Size - s.Off) })
	add("lag_seconds", "How long something readable has not been committed.", prometheus.GaugeValue,
		func(s event.SourceState, now time.Time) float64 {
			if s.BehindSince.IsZero() {
				return 0
			}
			return now.Sub(s.BehindSince).Seconds()
		})
	add("files", "Open generations.", prometheus.GaugeValue, func(s event.SourceState, _ time.Time) float64 { return float64(s.Files) })
	add("batches_total", "Batches committed.", prometheus.CounterValue, func(s event.SourceState, _ time.Time) float64 { return float64(s.Batches) })
	add("retries_total", "Failed attempts to commit.", prometheus.CounterValue, func(s event.SourceState, _ time.Time) float64 { return float64(s.Retries) })
	add("fenced_total", "Batches that another process had committed.", prometheus.CounterValue,
		func(s event.SourceState, _ time.Time) float64 { return float64(s.Fenced) })
	return []prometheus.Collector{m}
}

// Describe sends the descriptions of all metrics.
func (m *sourceMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, x := range m.metrics {
		ch <- x.desc
	}
}

// Collect sends the values of all sources.
func (m *sourceMetrics) Collect(ch chan<- prometheus.Metric) {
	now := time.Now()
	for _, s := range m.status.Status() {
		for _, x := range m.metrics {
			ch <- prometheus.MustNewConstMetric(x.desc, x.kind, x.value(s, now), strconv.FormatInt(s.Source, 10))
		}
	}
}

package report

import (
	"strings"
	"time"

	"hangup/event"
)

// Filter chooses which requests and disconnects count. Zero values choose all.
type Filter struct {
	Since, Until time.Time // Since <= t < Until
	Route        string    // "GET /a/{id}", or the template alone
	Client       string
}

// keep returns what tells ingest which events count, nil when all do. The route is not known yet then: see route.
func (f Filter) keep() func(*event.Event, time.Time) bool {
	if f.Since.IsZero() && f.Until.IsZero() && f.Client == "" {
		return nil
	}
	return func(e *event.Event, t time.Time) bool {
		return (f.Since.IsZero() || !t.Before(f.Since)) && (f.Until.IsZero() || t.Before(f.Until)) && (f.Client == "" || e.Client == f.Client)
	}
}

// route says whether a route counts.
func (f Filter) route(r event.Route) bool {
	return f.Route == "" || r.Template == f.Route || r.Method != "" && r.Method+" "+r.Template == f.Route
}

// words says what counts, "" when all does.
func (f Filter) words() string {
	var parts []string
	if !f.Since.IsZero() {
		parts = append(parts, "from "+moment(f.Since)+" UTC")
	}
	if !f.Until.IsZero() {
		parts = append(parts, "until "+moment(f.Until)+" UTC")
	}
	if f.Route != "" {
		parts = append(parts, "route "+plain(f.Route))
	}
	if f.Client != "" {
		parts = append(parts, "client "+plain(f.Client))
	}
	return strings.Join(parts, ", ")
}

package api_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hangup/api"
	"hangup/event"
	"hangup/store/storetest/fill"
)

// TestEmpty asks everything of a database without data.
func TestEmpty(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	sum := get[api.Summary](t, s, "/api/v1/summary")
	want := api.Verdict{Level: api.VerdictLevelNone, Text: "No log read yet."}
	if sum.Verdict != want || sum.Rate != nil || sum.Range.DataTo != nil || sum.Completed.P50Ms != nil {
		t.Errorf("summary is %+v", sum)
	}
	if r := sum.Range; !r.From.Equal(time.Date(2026, 3, 9, 11, 0, 0, 0, time.UTC)) || !r.To.Equal(time.Date(2026, 3, 9, 12, 1, 0, 0, time.UTC)) {
		t.Errorf("the default range is %v to %v", r.From, r.To)
	}
	if v := get[api.Timeseries](t, s, "/api/v1/timeseries"); len(v.T) != 61 || len(v.Requests) != 61 || len(v.Rate) != 61 || v.Rate[0] != nil {
		t.Errorf("the time series has %d, %d and %d steps", len(v.T), len(v.Requests), len(v.Rate))
	}
	if v := get[api.Heatmap](t, s, "/api/v1/heatmap"); len(v.Completed) != 61 || len(v.Completed[0]) != len(v.EdgesMs) {
		t.Errorf("the heat map has %d columns", len(v.Completed))
	}
	if v := get[api.RouteList](t, s, "/api/v1/routes"); v.Items == nil || v.Total != 0 {
		t.Errorf("routes are %+v", v)
	}
	if v := get[api.ClientList](t, s, "/api/v1/clients"); v.Items == nil || v.Total != 0 {
		t.Errorf("clients are %+v", v)
	}
	if v := get[api.EventList](t, s, "/api/v1/events"); v.Items == nil {
		t.Errorf("events are %+v", v)
	}
	if v := get[api.SourceList](t, s, "/api/v1/sources"); v.Items == nil {
		t.Errorf("sources are %+v", v)
	}
	if v := get[api.JobList](t, s, "/api/v1/jobs"); v.Items == nil {
		t.Errorf("jobs are %+v", v)
	}
	if v := get[api.Meta](t, s, "/api/v1/meta"); len(v.Services) != 0 || len(v.Fields) != 11 || v.Version != "test" {
		t.Errorf("meta is %+v", v)
	}
}

// TestSummary counts a few records by hand.
func TestSummary(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	src := fill.Open(t, s.st, "shop", "/var/log/shop.log")
	at := now.Add(-30 * time.Minute)
	report := exchange(at, "192.0.2.3", "GET /a", 0, event.PartyUpstream)
	report.Exchange, report.Duration, report.How, report.Phase = false, event.Opt[time.Duration]{}, event.HowReset, event.PhaseResponse
	idle := exchange(at, "192.0.2.4", "GET /a", 0, event.PartyClient)
	idle.Phase, idle.Exchange, idle.Method, idle.Path = event.PhaseIdle, false, "", "" // of no route
	other := event.Hangup{}
	other.Kind, other.Time = event.Other, at
	src.Add(t,
		exchange(at, "192.0.2.1", "GET /a", 100*time.Millisecond),
		exchange(at, "192.0.2.1", "GET /a", 120*time.Millisecond),
		exchange(at.Add(-time.Minute), "192.0.2.2", "POST /b", 90*time.Millisecond),
		exchange(at, "192.0.2.2", "POST /b", 2*time.Second, event.PartyClient),
		exchange(at.Add(-25*time.Hour), "192.0.2.2", "POST /b", time.Second),
		exchange(at.Add(-25*time.Hour), "192.0.2.2", "POST /b", time.Second, event.PartyClient),
		report, idle, other)
	have := get[api.Summary](t, s, "/api/v1/summary?compare=1d&from=now-2h")
	want := api.Summary{
		Range: have.Range, Requests: 4, Disconnects: 2, Rate: new(0.5), Dropped: 1, Reported: 1, Idle: 1, Clients: 2,
		ByParty: api.ByParty{Client: 1, Upstream: 1}, ByHow: map[string]int64{"closed": 1, "reset": 1},
		ByPhase:   map[string]int64{"waiting": 1, "response": 1},
		Completed: api.Quantiles{Count: 3, P50Ms: new(100.0), P95Ms: new(120.0), P99Ms: new(120.0)},
		Abandoned: api.Quantiles{Count: 1, P50Ms: new(2000.0), P95Ms: new(2000.0), P99Ms: new(2000.0)},
		Sources:   api.SourcesBrief{Total: 1, UnparsedRate: new(0.0)},
		Verdict:   api.Verdict{Level: api.VerdictLevelNotice, Text: "2 hang-ups in 4 requests."},
		Baseline:  &api.Baseline{Range: have.Baseline.Range, Requests: 2, Disconnects: 1, Rate: new(0.5)},
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Error(diff)
	}
	if b := have.Baseline.Range; !b.To.Equal(have.Range.To.Add(-24*time.Hour)) || !b.From.Equal(have.Range.From.Add(-24*time.Hour)) {
		t.Errorf("compared with %v to %v", b.From, b.To)
	}
	byParty := get[api.Summary](t, s, "/api/v1/summary"+q("f", "party:eq:upstream"))
	if byParty.Requests != 4 || byParty.Disconnects != 1 || byParty.Abandoned.Count != 0 || byParty.Clients != 1 || byParty.Dropped != 0 {
		t.Errorf("by party: %+v", byParty)
	}
}

// TestVerdict reads the sentences.
func TestVerdict(t *testing.T) {
	t.Parallel()
	at := now.Add(-10 * time.Minute)
	many := func(n int, route string, took time.Duration, party ...event.Party) []event.Hangup {
		var out []event.Hangup
		for i := range n {
			out = append(out, exchange(at, fmt.Sprintf("192.0.2.%d", i%250), route, took, party...))
		}
		return out
	}
	for name, c := range map[string]struct {
		records []event.Hangup
		query   string
		want    api.Verdict
	}{
		"nothing here": {many(1, "GET /a", 0), "?from=now-3h&to=now-2h", api.Verdict{Level: "none", Text: "No data in this range."}},
		"one request":  {many(1, "GET /a", 0), "", api.Verdict{Level: "good", Text: "1 request, no hang-ups."}},
		"few":          {append(many(1200, "GET /a", 0), many(7, "GET /a", 0, event.PartyClient)...), "", api.Verdict{Level: "notice", Text: "7 hang-ups in 1,207 requests."}},
		"a timer": {
			append(append(many(3000, "GET /a", 0), many(70, "POST /s", 2*time.Second, event.PartyClient)...), many(30, "GET /b", 0, event.PartyClient)...), "",
			api.Verdict{Level: "notice", Text: "3.2 % of 3,100 requests hung up (100). Most: POST /s, 70 % of them, after about 2.0 s."},
		},
		"bad": {
			append(many(300, "GET /a", 0), many(40, "GET /b", 10*time.Millisecond, event.PartyClient)...), "",
			api.Verdict{Level: "bad", Text: "12 % of 340 requests hung up (40). Most: GET /b, 100 % of them, after about 10 ms."},
		},
		"reports only": {func() []event.Hangup {
			l := many(3, "GET /a", 0, event.PartyUpstream)
			for i := range l {
				l[i].Exchange = false
			}
			return l
		}(), "", api.Verdict{Level: "notice", Text: "3 hang-ups; no access log here says of how many requests."}},
		"worse than before": {func() []event.Hangup {
			old := append(many(2000, "GET /a", 0), many(10, "GET /a", 0, event.PartyClient)...)
			for i := range old {
				old[i].Time = old[i].Time.Add(-24 * time.Hour)
			}
			return append(append(old, many(1900, "GET /a", 0)...), many(90, "GET /a", 0, event.PartyClient)...)
		}(), "?compare=1d", api.Verdict{Level: "bad", Text: "4.5 % of 1,990 requests hung up (90). 9.1 times the share of the range compared with. Most: GET /a, 100 % of them."}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			fill.Open(t, s.st, "shop", "/log").Add(t, c.records...)
			if diff := cmp.Diff(c.want, get[api.Summary](t, s, "/api/v1/summary"+c.query).Verdict); diff != "" {
				t.Error(diff)
			}
		})
	}
}

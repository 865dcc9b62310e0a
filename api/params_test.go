package api_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"hangup/api"
	"hangup/event"
	"hangup/store/storetest/fill"
)

// TestBadParameters reads every message about a parameter.
func TestBadParameters(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	const notOurs = "cursor: it is not one that this service gave"
	for _, c := range []struct{ path, want string }{
		{"/api/v1/summary?form=now", `form: there is no such parameter here; there are compare, f, from, to, tz`},
		{"/api/v1/sources?x=1", `x: there is no such parameter here; there is none`},
		{"/api/v1/sources/1/unparsed?x=1", `x: there is no such parameter here; there is limit`},
		{"/api/v1/summary?from=now&from=now", `from: it is given 2 times and may be given once`},
		{"/api/v1/summary?f=%zz", `the query is not written as RFC 3986 says`},
		{"/api/v1/summary?from=a;to=b", `the query is not written as RFC 3986 says`},
		{"/api/v1/summary?from=%00", `from: it is not valid UTF-8, or holds NUL`},
		{"/api/v1/summary?f=method:eq:%ff%fe", `f: it is not valid UTF-8, or holds NUL`},
		{"/api/v1/summary?from=" + strings.Repeat("9", 65), `from: it is longer than 64 characters`},
		{"/api/v1/summary?" + strings.Repeat("f=a&", 20) + "f=a", `f: it is given 21 times and may be given 20 times`},
		{"/api/v1/summary?compare=yesterday", `compare: "yesterday" is not one of none, previous, 1d, 7d`},
		{"/api/v1/routes?limit=0", `limit: 0 is not from 1 to 1000`},
		{"/api/v1/routes?limit=1001", `limit: 1001 is not from 1 to 1000`},
		{"/api/v1/routes?limit=ten", `limit: "ten" is not a whole number from 1 to 1000`},
		{"/api/v1/routes?limit=99999999999999999999", `limit: "99999999999999999999" is not a whole number from 1 to 1000`},
		{"/api/v1/routes?sort=name", `sort: "name" is not one of -excess, -disconnects, -rate, -requests, route`},
		{"/api/v1/events?idle=yes", `idle: "yes" is neither true nor false`},
		{"/api/v1/heatmap?rows=3", `rows: 3 is not from 4 to 120`},
		{"/api/v1/timeseries?max_points=5", `max_points: 5 is not from 10 to 2000`},
		{"/api/v1/timeseries?step=1s", `step: "1s" is not auto or a duration of whole minutes`},
		{"/api/v1/timeseries?step=0m", `step: "0m" is no width`},
		{"/api/v1/timeseries?step=1m&from=now-7d", `step: 1m gives 10,081 points and there may be 2000`},
		{"/api/v1/summary?tz=Mars/Olympus", `tz: "Mars/Olympus" is not an IANA time zone`},
		{"/api/v1/summary?tz=Local", `tz: "Local" is not an IANA time zone`},
		{"/api/v1/summary?tz=../../etc/passwd", `tz: "../../etc/passwd" is not an IANA time zone`},
		{"/api/v1/summary?from=yesterday", `from: "yesterday" is not a time`},
		{"/api/v1/summary?to=now-1y", `to: "now-1y" is not a time`},
		{"/api/v1/summary?to=NaN", `to: "NaN" is not a time`},
		{"/api/v1/summary?to=0x10", `to: "0x10" is not a time`},
		{"/api/v1/summary?from=-5", `from: "-5" is not between the years 1970 and 2199`},
		{"/api/v1/summary?to=2200-01-01T00:00:00Z", `to: "2200-01-01T00:00:00Z" is not between the years 1970 and 2199`},
		{"/api/v1/summary?from=now-999999999w", `from: "now-999999999w" is not a time`},
		{"/api/v1/summary?from=now&to=now-1h", `from: the range begins at 2026-03-09T12:00:30Z and ends at 2026-03-09T11:00:30Z: from must be before to`},
		{"/api/v1/summary?from=now-401d", `from: the range is 401 days long and may be 400`},
		{"/api/v1/summary?f=route", `f: "route" is not written as field:op:value`},
		{"/api/v1/summary?f=route:eq", `f: "route:eq" is not written as field:op:value`},
		{"/api/v1/summary?f=path:eq:/", `f: there is no field "path"; there are service, route, method, agent, agent_class, party`},
		{"/api/v1/events?f=path:eq:/", `f: there is no field "path"; there are service, route, method, agent, agent_class, party, client, how, phase, status, exchange`},
		{"/api/v1/summary?f=client:eq:192.0.2.1", `f: counts do not tell client apart; take it at events or clients`},
		{"/api/v1/timeseries?f=how:eq:reset", `f: counts do not tell how apart; take it at events or clients`},
		{"/api/v1/heatmap?f=phase:eq:reset", `f: counts do not tell phase apart; take it at events or clients`},
		{"/api/v1/routes?f=status:eq:499", `f: counts do not tell status apart; take it at events or clients`},
		{"/api/v1/routes/1?f=exchange:eq:true", `f: counts do not tell exchange apart; take it at events or clients`},
		{"/api/v1/summary?f=route:gt:1", `f: there is no op "gt"; there are eq, ne, in, nin`},
		{"/api/v1/summary?f=route:eq:1|2", `f: route "1|2" is not a route's id`},
		{"/api/v1/summary?f=route:eq:99999999999", `f: route "99999999999" is not a route's id`},
		{"/api/v1/events?f=status:in:499|abc", `f: status "abc" is not a status such as 499`},
		{"/api/v1/summary?f=party:eq:nobody", `f: party is never "nobody"; it is one of client, upstream, server, unknown`},
		{"/api/v1/events?f=how:eq:magic", `f: how is never "magic"; it is one of broken_pipe, reset, aborted, closed, timeout, unknown`},
		{"/api/v1/events?f=phase:eq:late", `f: phase is never "late"; it is one of request, waiting, response, idle, unknown`},
		{"/api/v1/events?f=exchange:eq:1", `f: exchange is never "1"; it is one of true, false`},
		{"/api/v1/summary?f=method:in:" + strings.Repeat("a|", 100), `f: method has 101 values and may have 100`},
		{"/api/v1/routes?cursor=x", notOurs},
		{"/api/v1/events?cursor=%22", notOurs},
		{"/api/v1/clients?cursor=" + b64(`{"q":1}`), notOurs},
		{"/api/v1/clients?cursor=" + b64(`{"q":"x","r":[0,60],"a":{"v":0,"c":"","s":"","x":1}}`), notOurs},
		{"/api/v1/clients?cursor=" + b64(`{"q":"x","r":[0,60],"a":{"v":0,"c":"","s":""}}`), "cursor: it belongs to another question"},
		{"/api/v1/clients?cursor=" + strings.Repeat("a", 1025), "cursor: it is longer than 1024 characters"},
	} {
		if p := refuse(t, s, http.StatusBadRequest, c.path); !strings.Contains(*p.Detail, c.want) || p.Errors == nil || len(*p.Errors) == 0 {
			t.Errorf("GET %s says\n  %s\ninstead of\n  %s", c.path, *p.Detail, c.want)
		}
	}
	// All that is wrong is said at once.
	p := refuse(t, s, http.StatusBadRequest, "/api/v1/summary?f=a:eq:1&f=b:eq:2")
	if len(*p.Errors) != 2 || *(*p.Errors)[1].Param != "f" {
		t.Errorf("two bad filters give %s", *p.Detail)
	}
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// TestForgedCursors changes every part of a good cursor.
func TestForgedCursors(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	src := fill.Open(t, s.st, "shop", "/log")
	src.Add(t, exchange(now.Add(-time.Minute), "192.0.2.1", "GET /a", 0, event.PartyClient), exchange(now.Add(-time.Minute), "192.0.2.1", "GET /a", 0, event.PartyClient))
	good := *get[api.EventList](t, s, "/api/v1/events?limit=1").NextCursor
	raw, err := base64.RawURLEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{
		{`"r":[`, `"r":[9`},
		{`"r":[`, `"r":[1,`},
		{`"r":[`, `"r":[-`},
		{`"r":[17`, `"r":[16`},
		{`"t":`, `"t":-`},
		{`"t":1`, `"t":9`},
		{`"t":`, `"t":"x`},
		{`"g":`, `"g":1e99,"g":`},
		{`}`, ``},
		{`{"q"`, `[{"q"`},
		{`}}`, `}}{}`},
	} {
		bad := strings.Replace(string(raw), c[0], c[1], 1)
		if bad == string(raw) {
			t.Fatalf("%s is not in %s", c[0], raw)
		}
		refuse(t, s, http.StatusBadRequest, "/api/v1/events?limit=1&cursor="+b64(bad))
	}
	// It is good for its own question only.
	get[api.EventList](t, s, "/api/v1/events?limit=2&cursor="+good)
	for _, other := range []string{"&idle=true", "&joined=true", "&from=now-2h", "&f=party:eq:client", "&tz=Europe/Berlin"} {
		refuse(t, s, http.StatusBadRequest, "/api/v1/events?limit=1"+other+"&cursor="+good)
	}
	refuse(t, s, http.StatusBadRequest, "/api/v1/clients?cursor="+good)
	refuse(t, s, http.StatusBadRequest, "/api/v1/routes?cursor="+good)
}

// TestHostileParameters sends what attackers send, where it is allowed to be text: it finds nothing and breaks nothing.
func TestHostileParameters(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	fill.Open(t, s.st, "shop", "/log").Add(t, exchange(now.Add(-time.Minute), "192.0.2.1", "GET /a", 0, event.PartyClient))
	for _, v := range []string{
		"' OR '1'='1", "'; DROP TABLE disconnect; --", `\'; SELECT pg_sleep(60); --`, "$1", "%s%s%n", "<script>alert(1)</script>",
		"\u202e\u0007", strings.Repeat("x", 1000), "{a,b}", `"`, "a\nb", ":", "::", "%", "_", "null", "\U0001F4A9",
	} {
		for _, f := range []string{"service", "method", "agent", "agent_class", "client"} {
			path := "/api/v1/events" + q("f", f+":eq:"+v)
			if have := get[api.EventList](t, s, path).Items; len(have) != 0 {
				t.Errorf("%s:eq:%q finds %d events", f, v, len(have))
			}
			if have := get[api.EventList](t, s, "/api/v1/events"+q("f", f+":ne:"+v)).Items; len(have) != 1 {
				t.Errorf("%s:ne:%q finds %d events", f, v, len(have))
			}
		}
		get[api.ClientList](t, s, "/api/v1/clients"+q("f", "client:in:"+v+"|"+v))
		get[api.Summary](t, s, "/api/v1/summary"+q("f", "method:nin:"+v))
		if w := s.ask(t, request("/api/v1/summary"+q("from", v))); w.Code != http.StatusBadRequest {
			t.Errorf("from=%q answers %d", v, w.Code)
		}
		if w := s.ask(t, request("/api/v1/summary"+q(v, v))); w.Code != http.StatusBadRequest {
			t.Errorf("%q=%q answers %d", v, v, w.Code)
		}
	}
	if n := get[api.Summary](t, s, "/api/v1/summary").Disconnects; n != 1 {
		t.Errorf("%d disconnects are left", n)
	}
}

// TestRange resolves times in every form.
func TestRange(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	at := func(m time.Month, d, h, min int) time.Time { return time.Date(2026, m, d, h, min, 0, 0, time.UTC) }
	for query, want := range map[string][2]time.Time{
		"":                            {at(3, 9, 11, 0), at(3, 9, 12, 1)},
		"?from=now-90s":               {at(3, 9, 11, 59), at(3, 9, 12, 1)},
		"?from=now-2d&to=now-1d":      {at(3, 7, 12, 0), at(3, 8, 12, 1)},
		"?from=now-1w&to=now-6d":      {at(3, 2, 12, 0), at(3, 3, 12, 1)},
		"?from=now-5m":                {at(3, 9, 11, 55), at(3, 9, 12, 1)},
		"?from=now/d":                 {at(3, 9, 0, 0), at(3, 9, 12, 1)},
		"?from=now-1d/d&to=now/d":     {at(3, 8, 0, 0), at(3, 9, 0, 0)},
		"?from=now-3h/h&to=now/h":     {at(3, 9, 9, 0), at(3, 9, 12, 0)},
		"?from=now/d&tz=Asia/Kolkata": {at(3, 8, 18, 30), at(3, 9, 12, 1)},
		"?from=now/h&tz=Asia/Kolkata": {at(3, 9, 11, 30), at(3, 9, 12, 1)},
		"?from=now-1d/d&to=now/d&tz=Europe/Berlin":                       {at(3, 7, 23, 0), at(3, 8, 23, 0)},
		"?from=2026-03-09T10:00:00Z&to=2026-03-09T10:00:01Z":             {at(3, 9, 10, 0), at(3, 9, 10, 1)},
		"?from=2026-03-09T10:00:59.999Z&to=2026-03-09T10:01:00Z":         {at(3, 9, 10, 0), at(3, 9, 10, 1)},
		"?from=2026-03-09T12:00:00+02:00&to=2026-03-09T12:30:00%2B02:00": {at(3, 9, 10, 0), at(3, 9, 10, 30)},
		"?from=1773054000&to=1773054060.5":                               {at(3, 9, 11, 0), at(3, 9, 11, 2)},
		"?to=2026-03-01T00:00:00Z":                                       {at(2, 28, 23, 0), at(3, 1, 0, 0)},
		"?from=now-400d":                                                 {time.Date(2025, 2, 2, 12, 0, 0, 0, time.UTC), at(3, 9, 12, 1)},
	} {
		if query == "?from=now-400d" {
			refuse(t, s, http.StatusBadRequest, "/api/v1/summary"+query) // widened to minutes it is longer
			continue
		}
		if r := get[api.Summary](t, s, "/api/v1/summary"+query).Range; !r.From.Equal(want[0]) || !r.To.Equal(want[1]) {
			t.Errorf("%q is %s to %s instead of %s to %s", query, r.From, r.To, want[0], want[1])
		}
	}
}

// TestOldData looks at an import: the default is its last day, and the end of the data where no end is given.
func TestOldData(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	first := time.Date(2024, 5, 1, 3, 4, 5, 0, time.UTC)
	last := time.Date(2024, 5, 7, 8, 9, 0, 0, time.UTC)
	fill.Open(t, s.st, "shop", "/log").Add(t, exchange(first, "192.0.2.1", "GET /a", 0), exchange(last, "192.0.2.1", "GET /a", 0, event.PartyClient))
	fill.Open(t, s.st, "blog", "/log").Add(t, exchange(now.Add(-2*time.Minute), "192.0.2.1", "GET /a", 0))

	old := q("f", "service:eq:shop")
	sum := get[api.Summary](t, s, "/api/v1/summary"+old)
	end := last.Truncate(time.Minute).Add(time.Minute)
	if r := sum.Range; !r.To.Equal(end) || !r.From.Equal(end.Add(-24*time.Hour)) || sum.Requests != 1 {
		t.Errorf("of the old service: %s to %s, %d requests", r.From, r.To, sum.Requests)
	}
	if r := sum.Range; !r.DataFrom.Equal(first.Truncate(time.Minute)) || !r.DataTo.Equal(last) {
		t.Errorf("data are from %s to %s", r.DataFrom, r.DataTo)
	}
	if r := get[api.Summary](t, s, "/api/v1/summary"+old+"&from=2024-05-01T00:00:00Z").Range; !r.To.Equal(end) {
		t.Errorf("with a begin the range ends at %s", r.To)
	}
	if r := get[api.Summary](t, s, "/api/v1/summary"+old+"&from=now-1h").Range; !r.To.Equal(now.Truncate(time.Minute).Add(time.Minute)) {
		t.Errorf("with a begin after the data the range ends at %s", r.To)
	}
	if r := get[api.Summary](t, s, "/api/v1/summary").Range; !r.To.Equal(now.Truncate(time.Minute).Add(time.Minute)) {
		t.Errorf("of both services the range ends at %s", r.To)
	}
	if sum := get[api.Summary](t, s, "/api/v1/summary"+old+"&from=now-1h"); sum.Verdict.Text != "No data in this range." {
		t.Errorf("without data in the range the verdict is %q", sum.Verdict.Text)
	}
}

// TestSteps looks at the widths of steps and at where they begin.
func TestSteps(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	fill.Open(t, s.st, "shop", "/log").Add(t, exchange(now.Add(-time.Minute), "192.0.2.1", "GET /a", 0),
		exchange(now.Add(-26*time.Hour), "192.0.2.1", "GET /a", 0, event.PartyUpstream))
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]struct {
		width, points int
		first         time.Time
	}{
		"?from=now-2d":                              {600, 289, time.Date(2026, 3, 7, 12, 0, 0, 0, time.UTC)},
		"?from=now-2d&max_points=10":                {21600, 9, time.Date(2026, 3, 7, 12, 0, 0, 0, time.UTC)},
		"?from=now-399d&max_points=10":              {91 * 86400, 5, time.Date(2025, 1, 27, 0, 0, 0, 0, time.UTC)},
		"?from=now-399d":                            {2 * 86400, 200, time.Date(2025, 2, 3, 0, 0, 0, 0, time.UTC)},
		"?from=now-2d&step=1d":                      {86400, 3, time.Date(2026, 3, 7, 0, 0, 0, 0, time.UTC)},
		"?from=now-2d&step=1d&tz=Europe/Berlin":     {86400, 3, time.Date(2026, 3, 7, 0, 0, 0, 0, berlin)},
		"?from=now-2d&step=7d":                      {604800, 2, time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)},
		"?from=now-2d&step=6h&tz=Asia/Kolkata":      {21600, 9, time.Date(2026, 3, 7, 12, 30, 0, 0, time.UTC).Add(-6 * time.Hour)},
		"?from=now-2d&step=auto&max_points=2000":    {120, 1441, time.Date(2026, 3, 7, 12, 0, 0, 0, time.UTC)},
		"?from=now-30m&step=1m":                     {60, 31, time.Date(2026, 3, 9, 11, 30, 0, 0, time.UTC)},
		"?from=2026-03-09T10:07:00Z&to=now&step=5m": {300, 24, time.Date(2026, 3, 9, 10, 5, 0, 0, time.UTC)},
	} {
		v := get[api.Timeseries](t, s, "/api/v1/timeseries"+query)
		if *v.Range.StepSeconds != want.width || len(v.T) != want.points || v.T[0] != want.first.Unix() || v.T[1] != v.T[0]+int64(want.width) {
			t.Errorf("%s gives %d steps of %d s from %s", query, len(v.T), *v.Range.StepSeconds, time.Unix(v.T[0], 0).UTC())
		}
		query, _, _ := strings.Cut(query, "&step") // the summary has no steps
		query, _, _ = strings.Cut(query, "&max_points")
		sum := get[api.Summary](t, s, "/api/v1/summary"+query)
		var requests, disconnects, upstream int64
		for i := range v.T {
			requests, disconnects, upstream = requests+v.Requests[i], disconnects+v.Disconnects[i], upstream+v.ByParty.Upstream[i]
		}
		if requests != sum.Requests || disconnects != sum.Disconnects || upstream != sum.ByParty.Upstream {
			t.Errorf("%s adds up to %d, %d and %d instead of %d, %d and %d", query, requests, disconnects, upstream, sum.Requests, sum.Disconnects, sum.ByParty.Upstream)
		}
	}
}

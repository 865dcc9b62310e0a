package api_test

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hangup/api"
	"hangup/event"
	"hangup/store"
	"hangup/store/block"
	"hangup/store/storetest/fill"
)

// TestRoutes orders routes in every way and reads the lists page by page.
func TestRoutes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	src := fill.Open(t, s.st, "shop", "/log")
	at := now.Add(-10 * time.Minute)
	var records []event.Hangup
	// Route i has 20*i+20 requests and 7-i hang-ups among them.
	for i := range 7 {
		for k := range 20*i + 20 {
			h := exchange(at, fmt.Sprintf("192.0.2.%d", k), fmt.Sprintf("GET /r%d", i), time.Duration(k)*time.Millisecond)
			if k < 7-i {
				h = exchange(at, fmt.Sprintf("192.0.2.%d", k), fmt.Sprintf("GET /r%d", i), 3*time.Second, event.PartyClient)
			}
			records = append(records, h)
		}
	}
	src.Add(t, records...)
	rising := []string{"/r0", "/r1", "/r2", "/r3", "/r4", "/r5", "/r6"}
	falling := slices.Clone(rising)
	slices.Reverse(falling)
	for sort, want := range map[string][]string{
		"": rising, "-excess": rising, "-disconnects": rising, "-rate": rising, "-requests": falling, "route": rising,
	} {
		all := get[api.RouteList](t, s, "/api/v1/routes"+q("limit", "100", "sort", or(sort, "-excess")))
		if diff := cmp.Diff(want, templates(all.Items)); diff != "" || all.Total != 7 || all.NextCursor != nil {
			t.Errorf("sort %q: total %d, cursor %v, %s", sort, all.Total, all.NextCursor, diff)
		}
		var paged []api.Route
		for cursor := ""; ; {
			p := get[api.RouteList](t, s, "/api/v1/routes"+q("limit", "3", "sort", or(sort, "-excess"))+cursor)
			paged = append(paged, p.Items...)
			if p.NextCursor == nil {
				break
			}
			cursor = "&cursor=" + *p.NextCursor
		}
		if diff := cmp.Diff(all.Items, paged); diff != "" {
			t.Errorf("sort %q: the pages are not the list: %s", sort, diff)
		}
	}

	list := get[api.RouteList](t, s, "/api/v1/routes").Items
	first := list[0]
	if first.Requests != 20 || first.Disconnects != 7 || *first.Rate != 0.35 || first.Share != 0.25 || first.ByParty.Client != 7 {
		t.Errorf("the first route is %+v", first)
	}
	if diff := first.Excess - (7 - 20*28.0/560); diff > 1e-9 || diff < -1e-9 {
		t.Errorf("its excess is %v", first.Excess)
	}
	// Wilson's interval for 7 of 20 is 0.1812 to 0.5671 (Brown, Cai, DasGupta 2001 give the formula).
	if l, h := *first.RateLow, *first.RateHigh; l < 0.1811 || l > 0.1813 || h < 0.5670 || h > 0.5672 {
		t.Errorf("its interval is %v to %v", l, h)
	}
	if *first.Abandoned.P50Ms < 2950 || *first.Abandoned.P50Ms > 3050 || first.Abandoned.Count != 7 || first.Completed.Count != 13 {
		t.Errorf("its ages are %+v and %+v", first.Completed, first.Abandoned)
	}

	// One route alone keeps the others' rate as what is normal.
	one := get[api.RouteList](t, s, "/api/v1/routes"+q("f", "route:eq:"+first.Id))
	if len(one.Items) != 1 || one.Items[0].Excess != first.Excess || one.Items[0].Share != 1 {
		t.Errorf("the route alone is %+v", one.Items)
	}
	none := get[api.RouteList](t, s, "/api/v1/routes"+q("f", "route:ne:"+first.Id, "f", "method:in:POST|PUT"))
	if len(none.Items) != 0 || none.Total != 0 {
		t.Errorf("routes with POST are %+v", none.Items)
	}

	detail := get[api.RouteDetail](t, s, "/api/v1/routes/"+first.Id)
	if diff := cmp.Diff(first, detail.Route); diff != "" {
		t.Errorf("the route in the list and alone: %s", diff)
	}
	if len(detail.Clients) != 7 || len(detail.Agents) != 1 || detail.Agents[0].Disconnects != 7 || detail.Agents[0].Family != "curl" {
		t.Errorf("its clients and agents are %+v and %+v", detail.Clients, detail.Agents)
	}
	for _, id := range []string{"0", "999999", "-1", "x", "1e3", "99999999999999999999", "%00", "1%20OR%201=1"} {
		refuse(t, s, 404, "/api/v1/routes/"+id)
	}
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func templates(list []api.Route) []string {
	var out []string
	for _, v := range list {
		out = append(out, v.Template)
	}
	return out
}

// TestRouteOutcomes counts what the clients of a route did after their hang-ups.
func TestRouteOutcomes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	at := now.Add(-10 * time.Minute)
	var records []event.Hangup
	for range 10 {
		records = append(records, exchange(at, "192.0.2.1", "GET /a", 0, event.PartyClient))
	}
	fill.Open(t, s.st, "shop", "/log").Add(t, append(records, exchange(at, "192.0.2.1", "GET /b", 0, event.PartyClient))...)
	_, err := s.pool.Exec(t.Context(), `UPDATE disconnect SET outcome = CASE WHEN off < 100 THEN 'retried' WHEN off < 300 THEN 'stayed' ELSE 'lost' END
		WHERE off < 600 OR off = 1000`)
	if err != nil {
		t.Fatal(err)
	}
	id := get[api.RouteList](t, s, "/api/v1/routes").Items[0].Id
	if d := get[api.RouteDetail](t, s, "/api/v1/routes/"+id); d.Sessions != (api.Outcomes{Retried: 1, Stayed: 2, Lost: 3, Undecided: 4}) {
		t.Errorf("outcomes are %+v", d.Sessions)
	}
}

// TestClients counts hang-ups in the range and requests in its hours, in every order and page by page.
func TestClients(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	src := fill.Open(t, s.st, "shop", "/log")
	at := time.Date(2026, 3, 9, 11, 30, 0, 0, time.UTC)
	var records []event.Hangup
	for i := range 9 {
		client := fmt.Sprintf("192.0.2.%d", i)
		for range 10 + i {
			records = append(records, exchange(at, client, "GET /a", 0))
		}
		for k := range 9 - i/2 { // pairs of clients have the same number of hang-ups
			records = append(records, exchange(at, client, "GET /a", time.Duration(k+1)*time.Second, event.PartyClient))
		}
	}
	early := exchange(at.Add(-20*time.Minute), "192.0.2.0", "GET /a", time.Minute, event.PartyClient)
	nobody := exchange(at, "", "GET /a", 0, event.PartyServer)
	src.Add(t, append(records, early, nobody)...)

	rg := q("from", "2026-03-09T11:25:00Z", "to", "2026-03-09T12:25:00+00:00")
	list := get[api.ClientList](t, s, "/api/v1/clients"+rg)
	if len(list.Items) != 9 || list.Total != 9 {
		t.Fatalf("%d clients, total %d", len(list.Items), list.Total)
	}
	want := api.Client{
		Client: "192.0.2.0", Service: "shop", Scope: "public", Requests: 20, Disconnects: 9, Rate: new(0.5), Share: 9.0 / 66,
		Abandoned: api.Quantiles{Count: 9, P50Ms: new(5000.0), P95Ms: new(9000.0)}, LastSeen: at,
	}
	if diff := cmp.Diff(want, list.Items[0]); diff != "" {
		t.Error(diff)
	}
	for _, sort := range []string{"-disconnects", "-rate", "-requests", "client"} {
		all := get[api.ClientList](t, s, "/api/v1/clients"+rg+"&limit=100&sort="+sort)
		var paged []api.Client
		for cursor := ""; ; {
			p := get[api.ClientList](t, s, "/api/v1/clients"+rg+"&limit=2&sort="+sort+cursor)
			paged = append(paged, p.Items...)
			if p.NextCursor == nil {
				break
			}
			cursor = "&cursor=" + *p.NextCursor
		}
		if diff := cmp.Diff(all.Items, paged); diff != "" {
			t.Errorf("sort %s: the pages are not the list: %s", sort, diff)
		}
	}
	if l := get[api.ClientList](t, s, "/api/v1/clients"+rg+"&f=how:eq:reset"); len(l.Items) != 0 || l.Total != 0 {
		t.Errorf("clients that reset: %+v", l.Items)
	}
	if l := get[api.ClientList](t, s, "/api/v1/clients"+rg+"&f=status:eq:499&f=client:in:192.0.2.1|192.0.2.2"); len(l.Items) != 2 || l.Items[0].Rate != nil {
		t.Errorf("two clients: %+v", l.Items)
	}
	var (
		hour time.Time
		w    block.Clients
	)
	if err := s.pool.QueryRow(t.Context(), `SELECT hour FROM client_block LIMIT 1`).Scan(&hour); err != nil {
		t.Fatal(err)
	}
	w.Add(hour, &block.Client{Name: store.OtherClients, Clients: 5, Requests: 1000, Dropped: 5, LastSeen: hour})
	if _, err := s.pool.Exec(t.Context(), `INSERT INTO client_block SELECT service_id, day, hour, 1, 0, $1 FROM client_block LIMIT 1`, w.Bytes()); err != nil {
		t.Fatal(err)
	}
	if l := get[api.ClientList](t, s, "/api/v1/clients"+rg); len(l.Items) != 9 {
		t.Errorf("the others are listed as a client: %+v", l.Items)
	}
}

// TestEvents reads single disconnects page by page while more are stored.
func TestEvents(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	src := fill.Open(t, s.st, "shop", "/var/log/shop.log")
	base := now.Add(-30 * time.Minute)
	var records []event.Hangup
	for i := range 25 {
		at := base.Add(time.Duration(i/4) * time.Microsecond) // several at the same time
		records = append(records, exchange(at, "192.0.2.1", "GET /a", 1500*time.Microsecond, event.PartyClient))
	}
	records[0].Recovered = true
	src.Add(t, records...)
	all := get[api.EventList](t, s, "/api/v1/events?limit=1000")
	if len(all.Items) != 25 {
		t.Fatalf("%d events", len(all.Items))
	}
	var paged []api.Event
	path := "/api/v1/events?limit=4"
	for cursor := ""; ; {
		p := get[api.EventList](t, s, path+cursor)
		if !p.Range.From.Equal(all.Range.From) || !p.Range.To.Equal(all.Range.To) {
			t.Errorf("a page is of the range %v to %v", p.Range.From, p.Range.To)
		}
		paged = append(paged, p.Items...)
		if p.NextCursor == nil {
			break
		}
		cursor = "&cursor=" + *p.NextCursor
		// Newer ones come in, and the clock goes on.
		src.Add(t, exchange(base.Add(time.Hour/4), "192.0.2.9", "GET /a", 0, event.PartyClient))
	}
	if diff := cmp.Diff(all.Items, paged); diff != "" {
		t.Errorf("the pages are not the list: %s", diff)
	}
	have := all.Items[24]
	want := api.Event{
		Id: fmt.Sprintf("%s-20260309-%d-0", have.Id[:1], src.Generation), Service: "shop", Time: base, Recovered: true, Exchange: true, Party: "client", How: "closed", Phase: "waiting",
		RouteId: have.RouteId, Method: "GET", Template: "/a", Path: new("/a"), Status: new(499), DurationMs: new(1.5), Client: new("192.0.2.1"),
		ClientScope: new("public"), Agent: new("curl"),
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Error(diff)
	}
	d := get[api.EventDetail](t, s, "/api/v1/events/"+have.Id)
	if diff := cmp.Diff(api.EventDetail{
		Event: want, Raw: base.Format(time.RFC3339Nano) + " GET /a", Source: "/var/log/shop.log", Path: "/var/log/shop.log",
		Line: 1, Lines: 1, Off: 0, OffEnd: 100, Related: []api.Event{},
	}, d); diff != "" {
		t.Error(diff)
	}
	for _, id := range []string{"1", "1-2-3-4", "1-20260309-1-99999", "1-20260399-1-0", "x-20260309-1-0", "1-20260309--1-0", "1-20260309-1-0-0", url.PathEscape("1-20260309-1-0' OR '1'='1")} {
		refuse(t, s, 404, "/api/v1/events/"+id)
	}
}

// TestEventFlags asks with and without idle closes and joined reports, and for the records of one hang-up.
func TestEventFlags(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	at := now.Add(-30 * time.Minute)
	src := fill.Open(t, s.st, "shop", "/log")
	report := exchange(at.Add(time.Second), "192.0.2.1", "GET /a", 0, event.PartyClient)
	report.Exchange = false
	idle := report
	idle.Phase = event.PhaseIdle
	src.Add(t, exchange(at, "192.0.2.1", "GET /a", 0, event.PartyClient), report, idle, report)
	if _, err := s.pool.Exec(t.Context(), `UPDATE disconnect SET joined_generation_id = generation_id, joined_off = 0 WHERE off IN (100, 300)`); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]int{
		"": 1, "?idle=true": 2, "?joined=true": 3, "?idle=true&joined=true": 4, "?idle=false": 1,
		"?idle=true&f=phase:eq:idle": 1, "?f=exchange:eq:false&joined=true": 2, "?f=exchange:eq:true": 1, "?f=client:eq:192.0.2.2": 0,
		"?f=status:nin:499": 0, "?f=agent_class:ne:browser": 1, "?f=service:eq:blog": 0, "?f=service:nin:blog|api": 1,
	} {
		if have := get[api.EventList](t, s, "/api/v1/events"+query).Items; len(have) != want {
			t.Errorf("%q gives %d events instead of %d", query, len(have), want)
		}
	}
	for off, want := range map[int]int{0: 2, 100: 2, 200: 0, 300: 2} {
		id := fmt.Sprintf("%s-20260309-%d-%d", get[api.EventList](t, s, "/api/v1/events").Items[0].Id[:1], src.Generation, off)
		d := get[api.EventDetail](t, s, "/api/v1/events/"+id)
		if len(d.Related) != want || d.Event.Joined != (off == 100 || off == 300) {
			t.Errorf("the event at %d has %d related records, joined %v", off, len(d.Related), d.Event.Joined)
		}
	}
}

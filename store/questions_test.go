package store_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"hangup/event"
	"hangup/store"
	"hangup/store/block"
	"hangup/store/storetest"
	"hangup/store/storetest/fill"
)

// begin is when the made-up traffic begins: not on a whole hour.
var begin = time.Date(2026, 3, 9, 22, 17, 0, 0, time.UTC)

// traffic makes n records over the duration with all parties, phases and ways, some without duration or client.
func traffic(r *rand.Rand, n int, from time.Time, over time.Duration) []event.Hangup {
	out := make([]event.Hangup, n)
	for i := range out {
		h := &out[i]
		h.Time = from.Add(time.Duration(r.Int64N(int64(over)))).Truncate(time.Microsecond)
		h.Method = []string{"GET", "POST"}[r.IntN(2)]
		h.Path = fmt.Sprintf("/r%d", r.IntN(5))
		h.Agent = event.Agent{Family: []string{"curl", "Firefox", "okhttp"}[r.IntN(3)], Class: []string{"library", "browser"}[r.IntN(2)]}
		h.Bytes = event.Some(r.Int64N(5000))
		h.Exchange = true
		if r.IntN(20) > 0 {
			h.Client = fmt.Sprintf("192.0.2.%d", r.IntN(30))
			h.Scope = "public"
		}
		if r.IntN(10) > 0 {
			h.Duration = event.Some(time.Duration(r.Int64N(int64(8 * time.Second))))
		}
		if r.IntN(4) > 0 {
			continue
		}
		h.Kind = event.Disconnect
		h.Exchange = r.IntN(3) > 0
		h.Party = event.Parties()[r.IntN(4)]
		h.How = event.HowBrokenPipe + event.How(r.IntN(6))
		h.Phase = event.PhaseRequest + event.Phase(r.IntN(5))
		h.Status = 499
	}
	return out
}

func open(tb testing.TB) (*pgxpool.Pool, *store.Store) {
	tb.Helper()
	pool := storetest.New(tb)
	return pool, store.New(pool)
}

// answers are what all questions say of one range and filter.
type answers struct {
	Counts    event.Counts
	ByHow     map[string]int64
	ByPhase   map[string]int64
	Clients   int64
	Completed []byte
	Abandoned []byte
	Totals    event.Counts
	Series    []event.Counts
	SeriesSum event.Counts
	Heat      [][2][]byte
	HeatSum   event.Counts
	Routes    map[string]event.Counts
	Ages      map[string][2][]byte
	Agents    map[event.Agent]event.Counts
}

func askAll(tb testing.TB, st *store.Store, r store.Range, steps store.Steps, f store.Filter) answers {
	tb.Helper()
	ctx := tb.Context()
	var a answers
	sum, err := st.Summary(ctx, r, f)
	check(tb, err)
	a.Counts, a.ByHow, a.ByPhase, a.Clients = sum.Counts, sum.ByHow, sum.ByPhase, sum.Clients
	a.Completed, a.Abandoned = sum.Ages.Completed.Encode(), sum.Ages.Abandoned.Encode()
	a.Totals, err = st.Totals(ctx, r, f)
	check(tb, err)
	a.Series, err = st.Timeseries(ctx, r, steps, f)
	check(tb, err)
	for _, c := range a.Series {
		a.SeriesSum.Add(c)
	}
	heat, err := st.Heatmap(ctx, r, steps, f)
	check(tb, err)
	a.HeatSum = heat.Counts
	for _, s := range heat.Steps {
		a.Heat = append(a.Heat, [2][]byte{s.Completed.Encode(), s.Abandoned.Encode()})
	}
	routes, err := st.Routes(ctx, r, f)
	check(tb, err)
	a.Routes, a.Ages, a.Agents = map[string]event.Counts{}, map[string][2][]byte{}, map[event.Agent]event.Counts{}
	var ids []int32
	for _, v := range routes.Routes {
		ids = append(ids, v.ID)
	}
	ages, err := st.AgesOf(ctx, r, f, ids)
	check(tb, err)
	for i, v := range routes.Routes {
		name := v.Service + " " + v.Method + " " + v.Template
		a.Routes[name] = v.Counts
		g := ages[v.ID]
		a.Ages[name] = [2][]byte{g.Completed.Encode(), g.Abandoned.Encode()}
		if i > 0 {
			continue // one in detail is enough
		}
		detail, err := st.Route(ctx, v.ID, r, f)
		check(tb, err)
		if diff := cmp.Diff(v.Counts, detail.Counts); diff != "" {
			tb.Errorf("route %s in its list and alone: %s", name, diff)
		}
		for _, g := range detail.Agents {
			c := a.Agents[g.Agent]
			c.Add(g.Counts)
			a.Agents[g.Agent] = c
		}
	}
	return a
}

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// TestFoldingChangesNoAnswer asks everything before and after hours and days are folded, in part and in whole, and after
// more minutes came to folded hours.
func TestFoldingChangesNoAnswer(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	r := rand.New(rand.NewPCG(1, 2))
	shop, blog := fill.Open(t, st, "shop", "/var/log/shop.log"), fill.Open(t, st, "blog", "/var/log/blog.log")
	shop.Add(t, traffic(r, 1500, begin, 76*time.Hour)...)
	shop.Add(t, traffic(r, 1500, begin, 76*time.Hour)...)
	blog.Add(t, traffic(r, 500, begin.Add(20*time.Hour), 30*time.Hour)...)

	days := []time.Time{time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 11, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 12, 0, 0, 0, 0, time.UTC)}
	var hours []time.Time
	for h := begin.Truncate(time.Hour); h.Before(begin.Add(76 * time.Hour)); h = h.Add(time.Hour) {
		hours = append(hours, h)
	}
	type question struct {
		r     store.Range
		steps store.Steps
		f     store.Filter
	}
	at := func(d, h, m int) time.Time { return time.Date(2026, 3, d, h, m, 0, 0, time.UTC) }
	questions := map[string]question{
		"all by hour":       {store.Range{From: at(9, 22, 0), To: at(13, 3, 0)}, store.Steps{Origin: at(9, 22, 0), Width: time.Hour}, nil},
		"all by day":        {store.Range{From: at(9, 22, 0), To: at(13, 3, 0)}, store.Steps{Origin: at(9, 0, 0), Width: 24 * time.Hour}, nil},
		"odd ends":          {store.Range{From: at(9, 23, 59), To: at(12, 5, 1)}, store.Steps{Origin: at(9, 23, 0), Width: time.Hour}, nil},
		"half-hour steps":   {store.Range{From: at(10, 0, 0), To: at(11, 0, 0)}, store.Steps{Origin: at(9, 23, 30), Width: time.Hour}, nil},
		"days elsewhere":    {store.Range{From: at(9, 23, 0), To: at(12, 23, 0)}, store.Steps{Origin: at(9, 23, 0), Width: 24 * time.Hour}, nil},
		"minutes":           {store.Range{From: at(10, 5, 7), To: at(10, 5, 41)}, store.Steps{Origin: at(10, 5, 5), Width: 5 * time.Minute}, nil},
		"party":             {store.Range{From: at(9, 22, 30), To: at(12, 12, 30)}, store.Steps{Origin: at(9, 22, 0), Width: 2 * time.Hour}, store.Filter{{Field: store.FieldParty, Values: []string{"client", "server"}}}},
		"method and agent":  {store.Range{From: at(9, 22, 30), To: at(12, 12, 30)}, store.Steps{Origin: at(9, 22, 0), Width: time.Hour}, store.Filter{{Field: store.FieldMethod, Values: []string{"GET"}}, {Field: store.FieldAgent, Not: true, Values: []string{"curl"}}}},
		"service and class": {store.Range{From: at(9, 22, 30), To: at(12, 12, 30)}, store.Steps{Origin: at(9, 22, 0), Width: time.Hour}, store.Filter{{Field: store.FieldService, Values: []string{"blog"}}, {Field: store.FieldAgentClass, Values: []string{"browser"}}}},
	}
	services, err := st.Services(t.Context())
	check(t, err)
	if v := services[1]; v.Name != "shop" || v.Data.From.Truncate(time.Hour) != begin.Truncate(time.Hour) || v.Data.To.Before(begin.Add(75*time.Hour)) {
		t.Errorf("data of %s are from %s to %s", v.Name, v.Data.From, v.Data.To)
	}
	before := map[string]answers{}
	for name, q := range questions {
		before[name] = askAll(t, st, q.r, q.steps, q.f)
		a := before[name]
		if a.Counts.Requests == 0 || a.Counts.Disconnects() == 0 {
			t.Fatalf("%s asks for nothing", name)
		}
		if diff := cmp.Diff([]event.Counts{a.Counts, a.Counts, a.Counts}, []event.Counts{a.Totals, a.SeriesSum, a.HeatSum}); diff != "" {
			t.Errorf("%s: summary and the totals, the series' sum, the heat map's sum differ: %s", name, diff)
		}
	}
	same := func(when string) {
		t.Helper()
		now, err := st.Services(t.Context())
		check(t, err)
		if diff := cmp.Diff(services, now); diff != "" {
			t.Errorf("services, %s: %s", when, diff)
		}
		for name, q := range questions {
			if diff := cmp.Diff(before[name], askAll(t, st, q.r, q.steps, q.f)); diff != "" {
				t.Errorf("%s, %s: %s", name, when, diff)
			}
		}
	}
	fill.Fold(t, pool, "hour", hours[1:20]...)
	same("some hours folded")
	fill.Fold(t, pool, "day", days[0], days[2])
	same("and two days")
	fill.Fold(t, pool, "hour", hours...)
	fill.Fold(t, pool, "day", days...)
	same("all folded")

	// Folded rows that are not believed must not be counted: these are wrong on purpose.
	for _, sql := range []string{
		`DELETE FROM folded WHERE grain = 'day' AND bucket = '2026-03-11Z'`, `UPDATE day_block SET cells = '\x0100000180897a' WHERE bucket = '2026-03-11Z'`, // agent 0: 1,000,000 requests
		`INSERT INTO dirty_hour SELECT service_id, '2026-03-10 05:00Z', 1 FROM service ON CONFLICT DO NOTHING`,
		`UPDATE day_block SET cells = '\x0100000180897a' WHERE bucket = '2026-03-10Z'`, `UPDATE hour_block SET cells = '\x0100000180897a' WHERE bucket = '2026-03-10 05:00Z'`,
	} {
		_, err := pool.Exec(t.Context(), sql)
		check(t, err)
	}
	wantNumber(t, pool, 1_000_000, `SELECT DISTINCT requests FROM tally_day WHERE bucket = '2026-03-11Z'`)
	same("a day not folded, an hour dirty")
	_, err = pool.Exec(t.Context(), `INSERT INTO dirty_hour SELECT s.service_id, h, 1 FROM service s,
		generate_series('2026-03-10Z'::timestamptz, '2026-03-12 22:00Z', interval '2 hours') h ON CONFLICT DO NOTHING`)
	check(t, err)
	same("every other hour dirty")
}

// TestAskWhileFolding asks while the jobs fold, and while hours become dirty again: no answer is between two states.
func TestAskWhileFolding(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	src := fill.Open(t, st, "shop", "/var/log/shop.log")
	src.Add(t, traffic(rand.New(rand.NewPCG(9, 10)), 600, begin, 30*time.Hour)...)
	r := store.Range{From: begin.Truncate(time.Hour), To: begin.Add(40 * time.Hour).Truncate(time.Hour)}
	want, err := st.Totals(t.Context(), r, nil)
	check(t, err)
	folded := make(chan error, 1)
	go func() {
		for range 4 {
			// A batch without records makes its hours dirty and changes no count.
			_, err := pool.Exec(t.Context(), `INSERT INTO dirty_hour SELECT service_id, h, 1 FROM service,
				generate_series('2026-03-09 22:00Z'::timestamptz, '2026-03-11 05:00Z', interval '1 hour') h ON CONFLICT DO NOTHING`)
			if err == nil {
				_, err = st.FoldHours(t.Context(), r.To.AddDate(0, 0, 3))
			}
			if err == nil {
				_, err = st.FoldDays(t.Context(), r.To.AddDate(0, 0, 3))
			}
			if err != nil {
				folded <- err
				return
			}
		}
		folded <- nil
	}()
	for asked := 0; ; asked++ {
		have, err := st.Totals(t.Context(), r, nil)
		check(t, err)
		if diff := cmp.Diff(want, have); diff != "" {
			t.Fatalf("after %d answers: %s", asked, diff)
		}
		select {
		case err := <-folded:
			check(t, err)
			return
		default:
		}
	}
}

// TestExpiredMinutes asks about days of which only the hours are left.
func TestExpiredMinutes(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	src := fill.Open(t, st, "shop", "/var/log/shop.log")
	day := time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)
	src.Add(t, traffic(rand.New(rand.NewPCG(5, 6)), 1000, day, 26*time.Hour)...)
	var hours []time.Time
	for h := range 26 {
		hours = append(hours, day.Add(time.Duration(h)*time.Hour))
	}
	whole := store.Range{From: day.Add(time.Hour), To: day.Add(26 * time.Hour)}
	steps := store.Steps{Origin: whole.From, Width: time.Hour}
	before := askAll(t, st, whole, steps, nil)
	fill.Fold(t, pool, "hour", hours...)
	for _, sql := range []string{`DELETE FROM minute_block WHERE day = '2026-03-10'`, `UPDATE day_written SET minutes_expired = true WHERE day = '2026-03-10'`} {
		_, err := pool.Exec(t.Context(), sql)
		check(t, err)
	}
	if diff := cmp.Diff(before, askAll(t, st, whole, steps, nil)); diff != "" {
		t.Errorf("whole hours: %s", diff)
	}
	services, err := st.Services(t.Context())
	check(t, err)
	if from := services[0].Data.From; !from.Equal(day) {
		t.Errorf("data are from %s", from)
	}
	// Finer steps show an hour at its begin, and each hour is in exactly one of two ranges that join on to each other.
	fine := askAll(t, st, whole, store.Steps{Origin: whole.From, Width: 10 * time.Minute}, nil)
	if diff := cmp.Diff(before.Counts, fine.SeriesSum); diff != "" {
		t.Errorf("the sum of finer steps: %s", diff)
	}
	if diff := cmp.Diff(before.Series[3], fine.Series[18]); diff != "" {
		t.Errorf("an hour at its begin: %s", diff)
	}
	cut := day.Add(5*time.Hour + 30*time.Minute)
	first, err := st.Totals(t.Context(), store.Range{From: whole.From, To: cut}, nil)
	check(t, err)
	second, err := st.Totals(t.Context(), store.Range{From: cut, To: whole.To}, nil)
	check(t, err)
	first.Add(second)
	if diff := cmp.Diff(before.Counts, first); diff != "" {
		t.Errorf("two ranges: %s", diff)
	}
	// What comes late is there at once, and is not lost among the hours.
	src.Add(t, traffic(rand.New(rand.NewPCG(7, 8)), 10, day.Add(3*time.Hour), time.Hour)...)
	after, err := st.Totals(t.Context(), whole, nil)
	check(t, err)
	if n := after.Requests + after.Disconnects() - before.Counts.Requests - before.Counts.Disconnects(); n < 10 {
		t.Errorf("of 10 late records %d are counted", n)
	}
}

// TestCountsAgreeWithEvents compares the counts of minutes with a count of the single disconnects.
func TestCountsAgreeWithEvents(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	r := rand.New(rand.NewPCG(3, 4))
	src := fill.Open(t, st, "shop", "/var/log/shop.log")
	records := traffic(r, 2000, begin, 5*time.Hour)
	src.Add(t, records...)
	// Some reports turn out to be about hang-ups that other rows count: that is taken from the counts as the job does it.
	rows, err := pool.Query(t.Context(), `UPDATE disconnect SET joined_generation_id = generation_id, joined_off = 0
		WHERE off IN (SELECT off FROM disconnect WHERE NOT exchange AND phase <> 'idle' ORDER BY off LIMIT 40)
		RETURNING service_id, at, route_id, agent_id, party`)
	check(t, err)
	var (
		service, route, agent int32
		at                    time.Time
		party                 string
		taken                 = &pgx.Batch{}
	)
	_, err = pgx.ForEachRow(rows, []any{&service, &at, &route, &agent, &party}, func() error {
		c := block.Cell{Minute: at.Minute(), Agent: agent}
		c.Reported[slices.IndexFunc(event.Parties(), func(p event.Party) bool { return p.String() == party })] = -1
		var w block.Cells
		w.Add(&c)
		taken.Queue(`INSERT INTO minute_block VALUES ($1, $2, $3, $4, $5)`, service, at.UTC(), at.UTC().Truncate(time.Hour), route, w.Bytes())
		return nil
	})
	check(t, err)
	check(t, pool.SendBatch(t.Context(), taken).Close())
	for _, f := range []store.Filter{
		nil,
		{{Field: store.FieldParty, Values: []string{"upstream"}}},
		{{Field: store.FieldParty, Not: true, Values: []string{"unknown"}}, {Field: store.FieldMethod, Values: []string{"POST"}}},
	} {
		rg := store.Range{From: begin.Add(30 * time.Minute), To: begin.Add(4 * time.Hour)}
		sum, err := st.Summary(t.Context(), rg, f)
		check(t, err)
		var byHow, byPhase int64
		for _, n := range sum.ByHow {
			byHow += n
		}
		for _, n := range sum.ByPhase {
			byPhase += n
		}
		events, err := st.Events(t.Context(), store.EventQuery{Range: rg, Filter: f, Limit: 10000})
		check(t, err)
		all, err := st.Events(t.Context(), store.EventQuery{Range: rg, Filter: f, Limit: 10000, Joined: true})
		check(t, err)
		n := sum.Disconnects()
		if n == 0 || byHow != n || byPhase != n || int64(len(events)) != n {
			t.Errorf("filter %v: %d disconnects by counts, %d by how, %d by phase, %d events", f, n, byHow, byPhase, len(events))
		}
		if sum.Joined == 0 && f == nil || int64(len(all)-len(events)) != sum.Joined {
			t.Errorf("filter %v: %d joined, and %d more events with them", f, sum.Joined, len(all)-len(events))
		}
	}
}

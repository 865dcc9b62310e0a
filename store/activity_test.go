package store_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hangup/event"
	"hangup/store/storetest/fill"
)

// TestActivityIsTakenOver stores signs of life of many batches: what people see of them with psql, which hang-ups are watched,
// and the rows that the job makes of them are the same, before, between and after.
func TestActivityIsTakenOver(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	r := rand.New(rand.NewPCG(71, 1))
	sources := []*fill.Source{fill.Open(t, st, "shop", "/var/log/a.log"), fill.Open(t, st, "shop", "/var/log/b.log")}
	other := fill.Open(t, st, "other", "/var/log/other.log")
	var want []event.Activity
	commit := func(src *fill.Source, batch int) {
		b := src.Batch(hangUp(begin, "192.0.2.1", "/a"))
		var list []event.Activity
		for i := range 1 + r.IntN(40) {
			a := event.Activity{
				Time: begin.Add(time.Duration(r.Int64N(int64(time.Hour)))).Truncate(time.Microsecond), Client: fmt.Sprintf("ä 192.0.2.%d", r.IntN(5)),
				AgentHash: int64(r.Uint64()) >> r.IntN(64), Route: event.Route{Method: "GET", Template: fmt.Sprintf("/%d", r.IntN(9))}, Drop: r.IntN(2) == 0,
				Off: int64(batch)<<40 + int64(i),
			}
			list = append(list, a)
		}
		b.Signs = event.SignsOf(slices.Clone(list))
		check(t, st.Commit(t.Context(), begin.Add(time.Hour), b))
		if src != other {
			want = append(want, list...)
		}
	}
	verify := func(when string) {
		t.Helper()
		var rows, watch []string
		for _, a := range want {
			rows = append(rows, fmt.Sprintf("(%q,%d,%s,%s,%t,%d)", a.Client, a.AgentHash, a.Time.Format(time.RFC3339Nano), a.Route.Template, a.Drop, a.Off))
			if a.Drop {
				watch = append(watch, fmt.Sprint(a))
			}
		}
		var got []string
		all, err := pool.Query(t.Context(), `SELECT a.client, a.agent_hash, a.at, r.template, a.is_drop, a.off FROM activity a JOIN route r USING (service_id, route_id)
			JOIN service s USING (service_id) WHERE s.name = 'shop'`)
		check(t, err)
		for all.Next() {
			var a event.Activity
			check(t, all.Scan(&a.Client, &a.AgentHash, &a.Time, &a.Route.Template, &a.Drop, &a.Off))
			got = append(got, fmt.Sprintf("(%q,%d,%s,%s,%t,%d)", a.Client, a.AgentHash, a.Time.UTC().Format(time.RFC3339Nano), a.Route.Template, a.Drop, a.Off))
		}
		check(t, all.Err())
		slices.Sort(rows)
		slices.Sort(got)
		if diff := cmp.Diff(rows, got); diff != "" {
			t.Errorf("%s (-stored +seen):\n%s", when, diff)
		}
		got = nil
		check(t, st.Watched(t.Context(), "shop", time.Time{}, func(a *event.Activity) {
			a.Time = a.Time.UTC()
			got = append(got, fmt.Sprint(*a))
		}))
		slices.Sort(watch)
		slices.Sort(got)
		if diff := cmp.Diff(watch, got); diff != "" || len(watch) == 0 {
			t.Errorf("%s, watched (-stored +seen):\n%s", when, diff)
		}
	}
	commit(other, 0)
	for batch := range 20 { // more than are taken at once
		commit(sources[batch%2], batch+1)
	}
	verify("before")
	// The job takes all of it, but no session of these ends: the log is not that far.
	_, err := st.DecideSessions(t.Context(), begin, 30*day)
	check(t, err)
	wantNumber(t, pool, 0, `SELECT count(*) FROM activity_block`)
	verify("after")
	for batch := range 3 {
		commit(sources[batch%2], batch+100)
	}
	wantNumber(t, pool, 3, `SELECT count(*) FROM activity_block`)
	verify("between")
}

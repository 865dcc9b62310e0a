package store_test

import (
	"errors"
	"testing"
	"time"

	"hangup/event"
	"hangup/store"
)

// alike makes n exchanges and as many reports of one client and path, of which nothing else is known, as a server behind a
// load balancer logs them.
func alike(n int, exchange, reported func(i int) time.Time) (exchanges, reports []event.Hangup) {
	for i := range n {
		exchanges = append(exchanges, hangUp(exchange(i), "192.0.2.1", "/a"))
		reports = append(reports, report(reported(i), "192.0.2.1", "/a"))
	}
	return exchanges, reports
}

// TestJoinAlike joins all of many that are alike, each to one of its own, whoever joins them.
func TestJoinAlike(t *testing.T) {
	t.Parallel()
	const n = 500
	type way struct {
		at   time.Time // of what is joined
		join func(r *joinRig) (int64, error)
	}
	old, now := time.Now().Add(-30*time.Hour).Truncate(time.Hour), time.Now().Truncate(time.Second)
	ways := map[string]way{
		"by the job":          {old, func(r *joinRig) (int64, error) { return r.st.Join(t.Context(), time.Now()) }},
		"by an import":        {old, func(r *joinRig) (int64, error) { return r.st.JoinDue(t.Context(), time.Now()) }},
		"by the live commits": {now, nil},
	}
	second := func(at time.Time) func(int) time.Time { return func(int) time.Time { return at } }
	millisecond := func(at time.Time) func(int) time.Time {
		return func(i int) time.Time { return at.Add(time.Duration(i*999/n) * time.Millisecond) }
	}
	for how, w := range ways {
		for name, c := range map[string]struct {
			exchange, reported func(int) time.Time
			exchanges          int
		}{
			"in one second":                {second(w.at), second(w.at), n},
			"reports by the millisecond":   {second(w.at), millisecond(w.at), n},
			"exchanges by the millisecond": {millisecond(w.at), second(w.at), n},
			"more reports than exchanges":  {second(w.at), second(w.at), n * 3 / 5},
		} {
			t.Run(how+"/"+name, func(t *testing.T) {
				t.Parallel()
				r := newJoinRig(t)
				exchanges, reports := alike(n, c.exchange, c.reported)
				exchanges = exchanges[:c.exchanges]
				if w.join == nil { // in several commits, either first
					r.err.Add(t, reports[:n/2]...)
					r.access.Add(t, exchanges[:c.exchanges/2]...)
					r.access.Add(t, exchanges[c.exchanges/2:]...)
					r.err.Add(t, reports[n/2:]...)
					wantNumber(t, r.pool, 0, `SELECT count(*) FROM join_due`)
				} else {
					r.access.Add(t, exchanges...)
					r.err.Add(t, reports...)
					k, err := w.join(r)
					check(t, err)
					if k != int64(c.exchanges) {
						t.Errorf("%d reports were joined, want %d", k, c.exchanges)
					}
				}
				wantNumber(t, r.pool, int64(c.exchanges), `SELECT count(DISTINCT (joined_generation_id, joined_off)) FROM disconnect WHERE joined_generation_id = $1`, r.access.Generation)
				wantNumber(t, r.pool, int64(n-c.exchanges), `SELECT count(*) FROM disconnect WHERE NOT exchange AND joined_generation_id IS NULL`)
				s, err := r.st.Summary(t.Context(), store.Minutes(w.at.Add(-time.Hour), w.at.Add(time.Hour)), store.Filter{})
				check(t, err)
				if s.Disconnects() != n {
					t.Errorf("%d hang-ups count, want %d", s.Disconnects(), n)
				}
				checkCounts(t, r.pool)
				r.join(t, 0)
			})
		}
	}
}

// TestJoinAlikeOfThree joins alike ones of three logs: an exchange takes one of each of the others, and what is left of those
// is joined to each other.
func TestJoinAlikeOfThree(t *testing.T) {
	t.Parallel()
	r := newJoinRig(t)
	at := time.Now().Add(-30 * time.Hour).Truncate(time.Hour)
	same := func(int) time.Time { return at }
	exchanges, reports := alike(50, same, same)
	r.access.Add(t, exchanges[:30]...)
	r.err.Add(t, reports[:40]...)
	r.app.Add(t, reports...)
	r.join(t, 30+40)
	wantNumber(t, r.pool, 60, `SELECT count(*) FROM disconnect WHERE joined_generation_id = $1`, r.access.Generation)
	wantNumber(t, r.pool, 10, `SELECT count(*) FROM disconnect WHERE joined_generation_id = $1`, r.err.Generation)
	wantNumber(t, r.pool, 50, `SELECT count(*) FROM disconnect WHERE joined_generation_id IS NULL`)
}

// TestJoinCrowdedDays has more hang-ups in a second of each day than are looked at together. It ends within its budget, says
// so, and the days that it did not come to stay due: each run ends one at least.
func TestJoinCrowdedDays(t *testing.T) {
	t.Parallel()
	r := newJoinRig(t)
	const days, each = 100, 40
	var exchanges, reports []event.Hangup
	for d := range days {
		at := time.Now().Add(-time.Duration(d+2) * day).Truncate(time.Hour).Add(10 * time.Minute)
		e, w := alike(each, func(int) time.Time { return at }, func(int) time.Time { return at })
		other := at.Add(3 * time.Hour)
		exchanges, reports = append(append(exchanges, e...), hangUp(other, "192.0.2.2", "/b")), append(append(reports, w...), report(other, "192.0.2.2", "/b"))
	}
	r.access.Add(t, exchanges...)
	r.err.Add(t, reports...)
	r.st.SetJoinMost(each - 1)
	r.st.SetCrowdBudget(time.Nanosecond)
	n, err := r.st.JoinDue(t.Context(), time.Now())
	if !errors.Is(err, store.ErrCrowded) || n > 2 {
		t.Errorf("%d reports were joined, %v", n, err)
	}
	const due = `SELECT count(DISTINCT day) FROM join_due`
	left := number(t, r.pool, due)
	if left < days-3 { // hang-ups after midnight mark three days
		t.Errorf("%d days are due still", left)
	}
	r.st.SetCrowdBudget(time.Hour)
	if n, err = r.st.JoinDue(t.Context(), time.Now()); !errors.Is(err, store.ErrCrowded) || n < days-4 {
		t.Errorf("with more time %d reports were joined, %v", n, err)
	}
	wantNumber(t, r.pool, 0, due)
	wantNumber(t, r.pool, days*each, `SELECT count(*) FROM disconnect WHERE NOT exchange AND joined_generation_id IS NULL`)
	checkCounts(t, r.pool)
	if n, err := r.st.JoinDue(t.Context(), time.Now()); n != 0 || err != nil {
		t.Errorf("a third time: %d, %v", n, err)
	}
}

package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"hangup/event"
	"hangup/store"
	"hangup/store/storetest/fill"
)

// report is an error log's word about a hang-up.
func report(at time.Time, client, path string) event.Hangup {
	h := hangUp(at, client, path)
	h.Exchange, h.Status, h.Duration = false, 0, event.Opt[time.Duration]{}
	return h
}

// joinRig has one service with an access log, an error log and an application's log.
type joinRig struct {
	pool             *pgxpool.Pool
	st               *store.Store
	access, err, app *fill.Source
}

func newJoinRig(t *testing.T) *joinRig {
	t.Helper()
	pool, st := open(t)
	return &joinRig{pool, st, fill.Open(t, st, "shop", "/var/log/access.log"), fill.Open(t, st, "shop", "/var/log/error.log"), fill.Open(t, st, "shop", "/var/log/app.log")}
}

// join joins, compares all counts, and sees that a second time changes nothing.
func (r *joinRig) join(t *testing.T, want int64) {
	t.Helper()
	for _, want := range []int64{want, 0} {
		n, err := r.st.Join(t.Context(), time.Now())
		check(t, err)
		if n != want {
			t.Errorf("%d reports were joined, want %d", n, want)
		}
		checkCounts(t, r.pool)
	}
}

// TestJoinPairs joins one report and one exchange, or not, by what they say.
func TestJoinPairs(t *testing.T) {
	t.Parallel()
	at := time.Now().Add(-time.Hour).Truncate(time.Hour).Add(10 * time.Minute)
	with := func(h event.Hangup, change func(h *event.Hangup)) event.Hangup { change(&h); return h }
	for name, c := range map[string]struct {
		exchange, report event.Hangup
		want             int64
	}{
		"client and path":          {hangUp(at, "192.0.2.1", "/a"), report(at.Add(time.Second), "192.0.2.1", "/a"), 1},
		"another client":           {hangUp(at, "192.0.2.1", "/a"), report(at, "192.0.2.2", "/a"), 0},
		"another path":             {hangUp(at, "192.0.2.1", "/a"), report(at, "192.0.2.1", "/b"), 0},
		"another method":           {hangUp(at, "192.0.2.1", "/a"), with(report(at, "192.0.2.1", "/a"), func(h *event.Hangup) { h.Method = "POST" }), 0},
		"the report has no method": {hangUp(at, "192.0.2.1", "/a"), with(report(at, "192.0.2.1", "/a"), func(h *event.Hangup) { h.Method = "" }), 1},
		"the same port":            {with(hangUp(at, "192.0.2.1", "/a"), func(h *event.Hangup) { h.ClientPort = 1 }), with(report(at, "192.0.2.1", "/a"), func(h *event.Hangup) { h.ClientPort = 1 }), 1},
		"another port":             {with(hangUp(at, "192.0.2.1", "/a"), func(h *event.Hangup) { h.ClientPort = 1 }), with(report(at, "192.0.2.1", "/a"), func(h *event.Hangup) { h.ClientPort = 2 }), 0},
		"the port alone":           {with(hangUp(at, "192.0.2.1", "/a"), func(h *event.Hangup) { h.ClientPort = 1 }), with(report(at, "192.0.2.1", ""), func(h *event.Hangup) { h.ClientPort, h.Method = 1, "" }), 1},
		"the client alone":         {hangUp(at, "192.0.2.1", "/a"), with(report(at, "192.0.2.1", ""), func(h *event.Hangup) { h.Method = "" }), 0},
		"the same request id":      {with(hangUp(at, "192.0.2.1", "/a"), func(h *event.Hangup) { h.RequestID = "x" }), with(report(at, "192.0.2.1", "/a"), func(h *event.Hangup) { h.RequestID = "x" }), 1},
		"another request id":       {with(hangUp(at, "192.0.2.1", "/a"), func(h *event.Hangup) { h.RequestID = "x" }), with(report(at, "192.0.2.1", "/a"), func(h *event.Hangup) { h.RequestID = "y" }), 0},
		"path without a client":    {hangUp(at, "192.0.2.1", "/a"), report(at, "", "/a"), 1},
		"30 s after":               {hangUp(at, "192.0.2.1", "/a"), report(at.Add(31500*time.Millisecond), "192.0.2.1", "/a"), 1},
		"too long after":           {hangUp(at, "192.0.2.1", "/a"), report(at.Add(31501*time.Millisecond), "192.0.2.1", "/a"), 0},
		"before":                   {hangUp(at, "192.0.2.1", "/a"), report(at.Add(-3500*time.Millisecond), "192.0.2.1", "/a"), 1},
		"too long before":          {hangUp(at, "192.0.2.1", "/a"), report(at.Add(-3501*time.Millisecond), "192.0.2.1", "/a"), 0},
		"an idle report":           {hangUp(at, "192.0.2.1", "/a"), with(report(at, "192.0.2.1", "/a"), func(h *event.Hangup) { h.Phase = event.PhaseIdle }), 0},
		"an idle exchange":         {with(hangUp(at, "192.0.2.1", "/a"), func(h *event.Hangup) { h.Phase = event.PhaseIdle }), report(at, "192.0.2.1", "/a"), 0},
		"over midnight": {
			hangUp(at.UTC().Truncate(day).Add(-day-time.Second), "192.0.2.1", "/a"), report(at.UTC().Truncate(day).Add(-day+time.Second), "192.0.2.1", "/a"), 1,
		},
		"read long after": {hangUp(at.Add(-20*day), "192.0.2.1", "/a"), report(at.Add(-20*day), "192.0.2.1", "/a"), 1},
		"another party":   {hangUp(at, "192.0.2.1", "/a"), with(report(at, "192.0.2.1", "/a"), func(h *event.Hangup) { h.Party = event.PartyServer }), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newJoinRig(t)
			r.access.Add(t, c.exchange)
			r.err.Add(t, c.report)
			r.join(t, c.want)
			wantNumber(t, r.pool, c.want, `SELECT count(*) FROM disconnect r JOIN disconnect a ON (r.joined_generation_id, r.joined_off) = (a.generation_id, a.off) AND a.exchange`)
		})
	}
}

// TestJoinChoosesTheNearest has more than one that fits on both sides: each record takes one report of each source.
func TestJoinChoosesTheNearest(t *testing.T) {
	t.Parallel()
	r := newJoinRig(t)
	at := time.Now().Add(-time.Hour)
	var exchanges, errs, apps []event.Hangup
	for i := range 6 {
		exchanges = append(exchanges, hangUp(at.Add(time.Duration(i)*10*time.Second), "192.0.2.1", "/a"))
		errs = append(errs, report(at.Add(time.Duration(i)*10*time.Second+time.Second), "192.0.2.1", "/a"))
		apps = append(apps, report(at.Add(time.Duration(i)*10*time.Second+2*time.Second), "192.0.2.1", "/a"))
	}
	r.access.Add(t, exchanges...)
	r.err.Add(t, errs...)
	r.app.Add(t, apps...)
	r.app.Add(t, report(at, "192.0.2.1", "/a")) // of a hang-up that has its report of the application already
	r.join(t, 12)
	wantNumber(t, r.pool, 6, `SELECT count(*) FROM disconnect WHERE source_id = $1 AND joined_off = off AND joined_generation_id = $2`, r.err.ID, r.access.Generation)
	wantNumber(t, r.pool, 6, `SELECT count(*) FROM disconnect WHERE source_id = $1 AND joined_generation_id = $2`, r.app.ID, r.access.Generation)
	wantNumber(t, r.pool, 0, `SELECT count(*) FROM (SELECT FROM disconnect WHERE joined_off IS NOT NULL GROUP BY source_id, joined_generation_id, joined_off HAVING count(*) > 1) x`)
	wantNumber(t, r.pool, 7, `SELECT count(*) FROM disconnect WHERE joined_generation_id IS NULL`)
}

// TestJoinReportsOfSources joins reports whose exchange the access log calls complete, and moves all of them when the
// access log's own record comes after them.
func TestJoinReportsOfSources(t *testing.T) {
	t.Parallel()
	r := newJoinRig(t)
	at := time.Now().Add(-time.Hour)
	r.app.Add(t, report(at.Add(2*time.Second), "192.0.2.1", "/a"))
	r.err.Add(t, report(at.Add(time.Second), "192.0.2.1", "/a"))
	r.join(t, 1)
	wantNumber(t, r.pool, 1, `SELECT count(*) FROM disconnect WHERE source_id = $1 AND joined_generation_id = $2`, r.app.ID, r.err.Generation)
	r.access.Add(t, hangUp(at, "192.0.2.1", "/a")) // late
	r.join(t, 1)
	wantNumber(t, r.pool, 2, `SELECT count(*) FROM disconnect WHERE joined_generation_id = $1`, r.access.Generation)
	wantNumber(t, r.pool, 1, `SELECT sum(dropped_client + reported_client)::bigint FROM tally`)
}

// TestJoinAfterFolding takes joined reports out of hours and days that are folded already.
func TestJoinAfterFolding(t *testing.T) {
	t.Parallel()
	r := newJoinRig(t)
	at := time.Now().Add(-72 * time.Hour)
	for i := range 20 {
		r.access.Add(t, hangUp(at.Add(time.Duration(i)*time.Hour), "192.0.2.1", fmt.Sprintf("/%d", i%3)))
		r.err.Add(t, report(at.Add(time.Duration(i)*time.Hour), "192.0.2.1", fmt.Sprintf("/%d", i%3)))
	}
	foldAll(t, r.st, time.Now())
	r.join(t, 20)
	foldAll(t, r.st, time.Now())
	checkFolded(t, r.pool)
	checkCounts(t, r.pool)
	wantNumber(t, r.pool, 20, `SELECT sum(dropped_client)::bigint FROM tally_day`)
	wantNumber(t, r.pool, 0, `SELECT sum(reported_client)::bigint FROM tally_day`)
}

// TestJoinMany joins many at once.
func TestJoinMany(t *testing.T) {
	t.Parallel()
	r := newJoinRig(t)
	at := time.Now().Add(-2 * time.Hour)
	const n = 20_000
	exchanges, reports := make([]event.Hangup, n), make([]event.Hangup, n)
	for i := range n {
		client := fmt.Sprintf("10.0.%d.%d", i%50, i%200)
		exchanges[i] = hangUp(at.Add(time.Duration(i)*300*time.Millisecond), client, fmt.Sprintf("/%d", i%20))
		reports[i] = report(exchanges[i].Time.Add(100*time.Millisecond), client, exchanges[i].Path)
	}
	for i := 0; i < n; i += 5000 {
		r.access.Add(t, exchanges[i:i+5000]...)
		r.err.Add(t, reports[i:i+5000]...)
	}
	r.join(t, n)
	wantNumber(t, r.pool, n, `SELECT count(*) FROM disconnect WHERE joined_off = off`)
}

// TestAgesOfReports shows how long an application's clients waited when no access log says so, and counts the age of a
// report no more once its exchange counts it.
func TestAgesOfReports(t *testing.T) {
	t.Parallel()
	r := newJoinRig(t)
	at := time.Now().Add(-time.Hour).Truncate(time.Hour).Add(10 * time.Minute)
	timed := func(client string) event.Hangup {
		h := report(at, client, "/api/report")
		h.Duration = event.Some(30 * time.Second)
		return h
	}
	abandoned := func(want int64) {
		t.Helper()
		s, err := r.st.Summary(t.Context(), store.Minutes(at.Add(-time.Hour), at.Add(time.Hour)), store.Filter{})
		check(t, err)
		if n := s.Ages.Abandoned.Count(); n != want || n != s.Disconnects() {
			t.Errorf("%d ages of %d hang-ups, want %d", n, s.Disconnects(), want)
		}
		if ms, _ := s.Ages.Abandoned.Quantile(1); ms != 30_000 {
			t.Errorf("the longest wait is %d ms, want 30000", ms)
		}
	}
	r.app.Add(t, timed("192.0.2.1"), timed("192.0.2.2"))
	abandoned(2)
	r.access.Add(t, hangUp(at, "192.0.2.1", "/api/report"))
	r.join(t, 1)
	abandoned(2)
}

// TestCommitJoins commits the two records of each hang-up side by side, in either order and at once, and looks at the
// count all the time: it never falls, and each hang-up counts once as soon as both commits are over.
func TestCommitJoins(t *testing.T) {
	t.Parallel()
	r := newJoinRig(t)
	const n = 40
	done, watched := make(chan struct{}), make(chan error)
	go func() {
		var high int64
		for {
			var now int64
			if err := r.pool.QueryRow(context.Background(), `SELECT coalesce(sum(dropped_client + reported_client), 0)::bigint FROM tally`).Scan(&now); err != nil {
				watched <- err
				return
			}
			if now < high {
				watched <- fmt.Errorf("the count fell from %d to %d", high, now)
				return
			}
			high = now
			select {
			case <-done:
				watched <- nil
				return
			default:
			}
		}
	}()
	for i := range n {
		now := time.Now()
		client, path := fmt.Sprintf("192.0.2.%d", i%5), fmt.Sprintf("/%d", i)
		access := func() error { return r.st.Commit(t.Context(), now, r.access.Batch(hangUp(now, client, path))) }
		report := func() error { return r.st.Commit(t.Context(), now, r.err.Batch(report(now, client, path))) }
		switch i % 3 {
		case 0:
			check(t, access())
			check(t, report())
		case 1:
			check(t, report())
			check(t, access())
		default:
			other := make(chan error)
			go func() { other <- access() }()
			check(t, errors.Join(report(), <-other))
		}
		wantNumber(t, r.pool, int64(i+1), `SELECT sum(dropped_client + reported_client)::bigint FROM tally`)
	}
	close(done)
	check(t, <-watched)
	checkCounts(t, r.pool)
	r.join(t, 0)
}

package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"hangup/event"
	"hangup/store"
	"hangup/store/storetest/fill"
)

const day = 24 * time.Hour

func expire(tb testing.TB, st *store.Store, now time.Time) int64 {
	tb.Helper()
	n, err := st.Expire(tb.Context(), now, store.DefaultRetention())
	check(tb, err)
	return n
}

// TestExpireDays lets a day expire table by table, by when it was last written to.
func TestExpireDays(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	src := fill.Open(t, st, "shop", "/var/log/shop.log")
	midnight := begin.Truncate(day)
	r := rand.New(rand.NewPCG(71, 1))
	old := func(days int) time.Time { return midnight.Add(-time.Duration(days) * day) }
	// An old log, a very old one that shares the default partition, and today's.
	for _, from := range []time.Time{old(200), old(5000), midnight} {
		check(t, st.Commit(t.Context(), begin, src.Batch(traffic(r, 300, from, 20*time.Hour)...)))
	}
	tables := map[string]int64{}
	for _, table := range []string{"tally", "client_tally", "disconnect"} {
		tables[table] = number(t, pool, `SELECT count(*) FROM `+table)
	}
	left := func(want string) {
		t.Helper()
		got := fmt.Sprint(number(t, pool, `SELECT count(DISTINCT day) FROM tally`), number(t, pool, `SELECT count(DISTINCT day) FROM client_tally`),
			number(t, pool, `SELECT count(DISTINCT day) FROM disconnect`), len(partitions(t, pool)),
			number(t, pool, `SELECT count(*) FROM day_written WHERE minutes_expired`))
		if got != want {
			t.Errorf("days of tally, client_tally and disconnect, partitions and days without minutes: %s, want %s", got, want)
		}
	}
	left("3 3 3 6 0")
	expire(t, st, begin.Add(15*day))
	left("3 3 3 6 0") // nothing is folded: minutes cannot go, and the rest is kept with them
	foldAll(t, st, begin.Add(2*day))
	if n := expire(t, st, begin.Add(14*day)); n != 0 {
		t.Errorf("%d rows expired on the last day", n)
	}
	left("3 3 3 6 0")
	expire(t, st, begin.Add(14*day+time.Second))
	left("0 3 3 4 3")
	hours := number(t, pool, `SELECT count(*) FROM tally_hour`)
	expire(t, st, begin.Add(90*day))
	left("0 3 3 4 3")
	expire(t, st, begin.Add(90*day+time.Second))
	left("0 0 0 0 3")
	wantNumber(t, pool, hours, `SELECT count(*) FROM tally_hour`)
	expire(t, st, begin.Add(400*day))
	wantNumber(t, pool, hours, `SELECT count(*) FROM tally_hour`)
	expire(t, st, begin.Add(401*day))
	for _, table := range []string{"tally_hour", "tally_day", "folded", "day_written"} {
		wantNumber(t, pool, 0, `SELECT count(*) FROM `+table)
	}
}

// TestExpireKeepsWhatOthersWrite keeps a day's partition while another service still writes to the day.
func TestExpireKeepsWhatOthersWrite(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	shop, blog := fill.Open(t, st, "shop", "/var/log/shop.log"), fill.Open(t, st, "blog", "/var/log/blog.log")
	check(t, st.Commit(t.Context(), begin, shop.Batch(hangUp(begin, "192.0.2.1", "/a"))))
	check(t, st.Commit(t.Context(), begin.Add(50*day), blog.Batch(hangUp(begin, "192.0.2.2", "/b"))))
	foldAll(t, st, begin.Add(51*day))
	expire(t, st, begin.Add(60*day))
	wantNumber(t, pool, 2, `SELECT count(*) FROM tally`)
	expire(t, st, begin.Add(91*day))
	wantNumber(t, pool, 0, `SELECT count(*) FROM tally`)
	wantNumber(t, pool, 2, `SELECT count(*) FROM disconnect`)
	expire(t, st, begin.Add(141*day))
	wantNumber(t, pool, 0, `SELECT count(*) FROM disconnect`)
}

// TestExpireWhileCommitting lets days expire while late lines for them are committed: the hours get every line once.
func TestExpireWhileCommitting(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	now := begin.Add(60 * day)
	src := fill.Open(t, st, "shop", "/var/log/shop.log")
	var want event.Counts
	batch := func(src *fill.Source, seed uint64, n int, at time.Time) *event.Batch {
		b := src.Batch(traffic(rand.New(rand.NewPCG(81, seed)), n, at, time.Hour)...)
		for m := range b.Minutes.All(false) {
			want.Add(m.Counts)
		}
		return b
	}
	const days = 30
	for i := range days {
		check(t, st.Commit(t.Context(), begin, batch(src, uint64(i), 20, begin.Add(time.Duration(i)*day))))
	}
	foldAll(t, st, now)
	var late []*event.Batch
	for i := range 3 {
		src := fill.Open(t, st, "shop", fmt.Sprintf("/var/log/%d", i))
		for k := range days {
			late = append(late, batch(src, uint64(1000*i+k), 20, begin.Add(time.Duration(1+(k*7+i)%(days-1))*day))) // nothing comes late to the first day
		}
	}
	var both sync.WaitGroup
	both.Go(func() {
		for range 3 {
			_, err := st.Expire(t.Context(), now, store.DefaultRetention())
			if err != nil {
				t.Error(err)
			}
		}
	})
	for i := range 3 {
		other := store.New(pool) // a process that has prepared none of the days
		both.Go(func() {
			for _, b := range late[i*days : (i+1)*days] {
				if err := other.Commit(t.Context(), now, b); err != nil {
					t.Error(err)
				}
			}
		})
	}
	both.Wait()
	foldAll(t, st, now)
	if expired := number(t, pool, `SELECT count(*) FROM day_written WHERE minutes_expired`); expired == 0 {
		t.Error("no day expired")
	}
	wantNumber(t, pool, want.Requests, `SELECT sum(requests)::bigint FROM tally_hour`)
	wantNumber(t, pool, want.Disconnects(), `SELECT sum(dropped_client + dropped_upstream + dropped_server + dropped_unknown
		+ reported_client + reported_upstream + reported_server + reported_unknown)::bigint FROM tally_hour`)
}

// TestExpireIsCutOff has the expiring of minutes that share the default partition fail in its middle: hours that hold what
// these say already, and get something late, do not count it twice.
func TestExpireIsCutOff(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	src := fill.Open(t, st, "shop", "/var/log/shop.log")
	long := begin.Add(-5000 * day)
	var want event.Counts
	commit := func(st *store.Store, at time.Time, records ...event.Hangup) {
		t.Helper()
		b := src.Batch(records...)
		for m := range b.Minutes.All(false) {
			want.Add(m.Counts)
		}
		check(t, st.Commit(t.Context(), at, b))
	}
	commit(st, begin, traffic(rand.New(rand.NewPCG(91, 1)), 500, long, time.Hour)...)
	later := begin.Add(20 * day)
	foldAll(t, st, later)
	tx, err := pool.Begin(t.Context())
	check(t, err)
	defer tx.Rollback(context.WithoutCancel(t.Context())) //nolint:errcheck // it has ended by then
	_, err = tx.Exec(t.Context(), `SELECT FROM minute_block FOR UPDATE`)
	check(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	if _, err := st.Expire(ctx, later, store.DefaultRetention()); err == nil {
		t.Fatal("rows that another holds were deleted")
	}
	exec(t, pool, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)
	check(t, tx.Rollback(t.Context()))
	commit(store.New(pool), later, hangUp(long, "192.0.2.1", "/late"))
	foldAll(t, st, later)
	wantNumber(t, pool, want.Requests, `SELECT sum(requests)::bigint FROM tally_hour`)
	wantNumber(t, pool, want.Disconnects(), `SELECT sum(dropped_client + dropped_upstream + dropped_server + dropped_unknown
		+ reported_client + reported_upstream + reported_server + reported_unknown)::bigint FROM tally_hour`)
}

// TestExpireTrims trims samples, job runs, quarantine and activity.
func TestExpireTrims(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	src := fill.Open(t, st, "shop", "/var/log/shop.log")
	other := fill.Open(t, st, "shop", "/var/log/other.log")
	for i := range 30 {
		b := src.Batch(hangUp(begin, "192.0.2.1", "/a"))
		b.Unparsed = []event.Sample{{Off: int64(2 * i), Reason: event.NoFormat, Text: fmt.Sprint(i)}, {Off: int64(2*i + 1), Reason: event.BadTime, Text: fmt.Sprint(i)}}
		check(t, st.Commit(t.Context(), begin.Add(time.Duration(i)*time.Second), signs(b)))
	}
	b := other.Batch(hangUp(begin, "192.0.2.1", "/a"))
	b.Unparsed = []event.Sample{{Reason: event.NoFormat, Text: "other"}}
	b.Quarantine = []event.Quarantine{{Off: 1, End: 2, Reason: "r", Text: "t"}}
	check(t, st.Commit(t.Context(), begin, b))
	ran, err := st.RunJob(t.Context(), "x", func(context.Context) (int64, error) { return 0, errors.New("no") })
	if !ran || err == nil {
		t.Fatalf("the job gives %v, %v", ran, err)
	}
	exec(t, pool, `UPDATE job_run SET started_at = $1`, begin)

	if n := expire(t, st, begin.Add(day)); n != 20 {
		t.Errorf("%d rows expired, want 20", n)
	}
	for _, reason := range []event.Reason{event.NoFormat, event.BadTime} {
		wantNumber(t, pool, 20, `SELECT count(*) FROM unparsed_sample WHERE source_id = $1 AND reason = $2 AND text::int >= 10`, src.ID, string(reason))
	}
	wantNumber(t, pool, 41, `SELECT count(*) FROM unparsed_sample`)
	wantNumber(t, pool, 1, `SELECT count(*) FROM job_run`)
	expire(t, st, begin.Add(day+time.Second))
	wantNumber(t, pool, 0, `SELECT count(*) FROM job_run`)
	wantNumber(t, pool, 30, `SELECT count(*) FROM activity`)
	expire(t, st, begin.Add(31*day))
	wantNumber(t, pool, 0, `SELECT count(*) FROM activity`)
	wantNumber(t, pool, 1, `SELECT count(*) FROM quarantine`)
	expire(t, st, begin.Add(91*day))
	wantNumber(t, pool, 0, `SELECT count(*) FROM quarantine`)
}

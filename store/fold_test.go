package store_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"hangup/event"
	"hangup/store"
	"hangup/store/storetest/fill"
)

// sums are what a table of counts says, by service, bucket, route and agent, histograms merged.
func sums(tb testing.TB, pool *pgxpool.Pool, table, bucket string) map[string]string {
	tb.Helper()
	type sum struct {
		counts     event.Counts
		done, drop event.Histogram
	}
	all := map[string]*sum{}
	var (
		key        string
		c          event.Counts
		done, drop []byte
	)
	rows, err := pool.Query(tb.Context(), `SELECT concat_ws(' ', service_id, extract(epoch FROM `+bucket+`), route_id, agent_id), requests, bytes,
		dropped_client, dropped_upstream, dropped_server, dropped_unknown, reported_client, reported_upstream, reported_server, reported_unknown,
		idle, done, "drop" FROM `+table)
	check(tb, err)
	_, err = pgx.ForEachRow(rows, []any{
		&key, &c.Requests, &c.Bytes, &c.Dropped[0], &c.Dropped[1], &c.Dropped[2], &c.Dropped[3],
		&c.Reported[0], &c.Reported[1], &c.Reported[2], &c.Reported[3], &c.Idle, &done, &drop,
	}, func() error {
		if all[key] == nil {
			all[key] = &sum{}
		}
		all[key].counts.Add(c)
		if err := all[key].done.MergeEncoded(done); err != nil {
			return err
		}
		return all[key].drop.MergeEncoded(drop)
	})
	check(tb, err)
	out := map[string]string{}
	for k, s := range all {
		out[k] = fmt.Sprintf("%+v %x %x", s.counts, s.done.Encode(), s.drop.Encode())
	}
	return out
}

const (
	hourOfMinute = `date_trunc('hour', minute, 'UTC')`
	dayOfMinute  = `date_trunc('day', minute, 'UTC')`
)

// checkFolded compares hours and days, one row per key, with the minutes.
func checkFolded(tb testing.TB, pool *pgxpool.Pool) {
	tb.Helper()
	for table, bucket := range map[string]string{"tally_hour": hourOfMinute, "tally_day": dayOfMinute} {
		want, got := sums(tb, pool, "tally", bucket), sums(tb, pool, table, "bucket")
		if len(want) == 0 {
			tb.Errorf("there are no minutes")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			tb.Errorf("%s is not what the minutes say (-minutes +%s):\n%s", table, table, diff)
		}
	}
}

func foldAll(tb testing.TB, st *store.Store, now time.Time) (hours, days int64) {
	tb.Helper()
	hours, err := st.FoldHours(tb.Context(), now)
	check(tb, err)
	days, err = st.FoldDays(tb.Context(), now)
	check(tb, err)
	return hours, days
}

// TestFold folds hours and days, again without change, and again when more came.
func TestFold(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	r := rand.New(rand.NewPCG(21, 1))
	shop, blog := fill.Open(t, st, "shop", "/var/log/shop.log"), fill.Open(t, st, "blog", "/var/log/blog.log")
	for range 3 {
		shop.Add(t, traffic(r, 700, begin, 50*time.Hour)...)
		blog.Add(t, traffic(r, 300, begin, 50*time.Hour)...)
		shop.Add(t, traffic(r, 1000, begin.Add(20*time.Hour), 5*time.Minute)...) // an hour with several rows to a key
	}
	// An hour is folded 2 minutes after its end, a day when it is over.
	first := begin.Truncate(time.Hour).Add(time.Hour)
	for _, c := range []struct {
		now  time.Time
		want int64
	}{{first.Add(2*time.Minute - time.Second), 0}, {first.Add(2 * time.Minute), 2}} {
		if hours, days := foldAll(t, st, c.now); hours != c.want || days != 0 {
			t.Errorf("at %s, %d hours and %d days were folded, want %d and 0", c.now, hours, days, c.want)
		}
	}
	end := begin.Add(80 * time.Hour)
	rowsBefore := number(t, pool, `SELECT count(*) FROM tally`)
	if hours, days := foldAll(t, st, end); hours != 2*50 || days != 2*4 {
		t.Errorf("%d hours and %d days were folded", hours, days)
	}
	checkFolded(t, pool)
	checkCounts(t, pool)
	if rows := number(t, pool, `SELECT count(*) FROM tally`); rows >= rowsBefore {
		t.Errorf("folding left %d rows of minutes, there were %d", rows, rowsBefore)
	}
	wantNumber(t, pool, 0, `SELECT count(*) FROM dirty_hour`)
	if hours, days := foldAll(t, st, end); hours != 0 || days != 0 {
		t.Errorf("again, %d hours and %d days were folded", hours, days)
	}

	shop.Add(t, traffic(r, 30, begin, time.Hour)...)
	wantNumber(t, pool, 2, `SELECT count(*) FROM dirty_hour`) // late lines
	if hours, days := foldAll(t, st, end); hours != 2 || days != 1 {
		t.Errorf("after late lines, %d hours and %d days were folded", hours, days)
	}
	checkFolded(t, pool)
	checkCounts(t, pool)
}

// TestFoldWhileCommitting folds and merges from two instances while four writers add to the same hours.
func TestFoldWhileCommitting(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	other := store.New(pool)
	now := begin.Add(3 * time.Hour)
	from := begin.Add(50 * time.Minute) // the minutes that are folded are those that are merged, too
	stop := make(chan struct{})
	var jobs, writers sync.WaitGroup
	again := func(f func() error) {
		jobs.Go(func() {
			for {
				if err := f(); err != nil {
					t.Error(err)
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	ctx := t.Context()
	for _, s := range []*store.Store{st, other} {
		again(func() error { _, err := s.FoldHours(ctx, now); return err })
		again(func() error { _, err := s.MergeMinutes(ctx, now.Add(-40*time.Minute)); return err })
	}
	for i := range 4 {
		src := fill.Open(t, st, "shop", fmt.Sprintf("/var/log/%d", i))
		r := rand.New(rand.NewPCG(31, uint64(i)))
		writers.Go(func() {
			for range 25 {
				b := src.Batch(traffic(r, 60, from, 70*time.Minute)...)
				if err := []*store.Store{st, other}[i%2].Commit(ctx, now, b); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	close(stop)
	jobs.Wait()
	foldAll(t, st, begin.Add(48*time.Hour))
	checkFolded(t, pool)
	checkCounts(t, pool)
	wantNumber(t, pool, 4*25*60, `SELECT sum(requests + disconnects)::bigint FROM generation`)
}

// TestFoldBesideDamage has a block that cannot be read in one service's oldest hour: it is told, and all others are merged and
// folded.
func TestFoldBesideDamage(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	r := rand.New(rand.NewPCG(51, 1))
	for _, name := range []string{"shop", "blog"} {
		fill.Open(t, st, name, "/var/log/"+name+".log").Add(t, traffic(r, 500, begin, 30*time.Hour)...)
	}
	hours := number(t, pool, `SELECT count(*) FROM dirty_hour`)
	exec(t, pool, `UPDATE minute_block SET cells = '\xff' WHERE service_id = (SELECT service_id FROM service WHERE name = 'shop')
		AND hour = (SELECT min(hour) FROM minute_block)`)
	for range 2 {
		folded, err := st.FoldHours(t.Context(), begin.Add(48*time.Hour))
		if err == nil || !strings.Contains(err.Error(), "damaged") || !strings.Contains(err.Error(), begin.Truncate(time.Hour).Format(time.RFC3339)) {
			t.Errorf("%d hours are folded, with the error %v", folded, err)
		}
	}
	wantNumber(t, pool, 1, `SELECT count(*) FROM dirty_hour`)
	wantNumber(t, pool, hours-1, `SELECT count(*) FROM folded WHERE grain = 'hour'`)
}

// TestFoldAfterMinutesExpired adds late lines to hours whose minutes are gone, once.
func TestFoldAfterMinutesExpired(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	r := rand.New(rand.NewPCG(41, 1))
	src := fill.Open(t, st, "shop", "/var/log/shop.log")
	early, late := traffic(r, 500, begin, 5*time.Hour), traffic(r, 100, begin, 5*time.Hour)
	later := begin.Add(100 * 24 * time.Hour)
	check(t, st.Commit(t.Context(), begin, src.Batch(early...)))
	foldAll(t, st, later)
	_, err := st.Expire(t.Context(), begin.Add(20*24*time.Hour), store.DefaultRetention())
	check(t, err)
	wantNumber(t, pool, 0, `SELECT count(*) FROM tally`)
	wantNumber(t, pool, 2, `SELECT count(*) FROM day_written WHERE minutes_expired`)
	for i := range 3 {
		if i == 1 {
			check(t, store.New(pool).Commit(t.Context(), later, src.Batch(late...)))
		}
		foldAll(t, st, later)
	}
	wantNumber(t, pool, 0, `SELECT count(*) FROM tally`)

	// The same in a database in which nothing expires.
	whole, wholeStore := open(t)
	fill.Open(t, wholeStore, "shop", "/var/log/shop.log").Add(t, append(early, late...)...)
	foldAll(t, wholeStore, later)
	for _, table := range []string{"tally_hour", "tally_day"} {
		if diff := cmp.Diff(named(t, whole, table), named(t, pool, table)); diff != "" {
			t.Errorf("%s of what came late (-whole +late):\n%s", table, diff)
		}
	}
}

// named gives the counts of a table by names instead of ids.
func named(tb testing.TB, pool *pgxpool.Pool, table string) []string {
	tb.Helper()
	return rowsOf(tb, pool, `SELECT s.name, bucket, r.method, template, family, class, requests, bytes, dropped_client, dropped_upstream, dropped_server,
		dropped_unknown, reported_client, reported_upstream, reported_server, reported_unknown, idle, done, "drop"
		FROM `+table+` JOIN service s USING (service_id) JOIN route r USING (service_id, route_id) JOIN agent a USING (service_id, agent_id)`)
}

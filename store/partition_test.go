package store_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"hangup/event"
	"hangup/store"
	"hangup/store/storetest/fill"
)

// partitions returns the names of all partitions of days.
func partitions(tb testing.TB, pool *pgxpool.Pool) []string {
	tb.Helper()
	return rowsOf(tb, pool, `SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' AND relname ~ '_p[0-9]{8}$'`)
}

// TestDaysGetPartitions writes to days inside and outside the window around now.
func TestDaysGetPartitions(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	src := fill.Open(t, st, "shop", "/var/log/shop.log")
	now := begin
	day := func(n int) time.Time { return now.AddDate(0, 0, n) }
	var records []event.Hangup
	for _, n := range []int{-5000, -401, -399, 0, 399, 402} {
		records = append(records, hangUp(day(n), "192.0.2.1", "/a"))
	}
	check(t, st.Commit(t.Context(), now, src.Batch(records...)))
	var want []string
	for _, table := range []string{"client_block", "disconnect", "minute_block"} {
		for _, n := range []int{-399, 0, 399} {
			want = append(want, "("+table+"_p"+day(n).Format("20060102")+")")
		}
	}
	slices.Sort(want)
	if got := partitions(t, pool); !slices.Equal(got, want) {
		t.Errorf("partitions %v, want %v", got, want)
	}
	for _, table := range []string{"client_block", "disconnect", "minute_block"} {
		wantNumber(t, pool, 3, `SELECT count(*) FROM `+table+`_default`)
		wantNumber(t, pool, 6, `SELECT count(*) FROM `+table)
	}
	wantNumber(t, pool, 6, `SELECT count(*) FROM day_written WHERE written_at = $1`, now)
	checkCounts(t, pool)

	_, err := st.PreparePartitions(t.Context(), now)
	check(t, err)
	for n := range 3 {
		wantNumber(t, pool, 1, `SELECT count(*) FROM pg_class WHERE relname = 'minute_block_p' || $1`, day(n).Format("20060102"))
	}
}

// TestDaysAreTouched notes when a day is written to, but not at each commit.
func TestDaysAreTouched(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	src := fill.Open(t, st, "shop", "/var/log/shop.log")
	for _, c := range []struct{ after, want time.Duration }{
		{0, 0}, {9 * time.Minute, 0}, {11 * time.Minute, 11 * time.Minute}, {5 * time.Minute, 11 * time.Minute}, {48 * time.Hour, 48 * time.Hour},
	} {
		check(t, st.Commit(t.Context(), begin.Add(c.after), src.Batch(hangUp(begin, "192.0.2.1", "/a"))))
		wantNumber(t, pool, 1, `SELECT count(*) FROM day_written WHERE written_at = $1`, begin.Add(c.want))
	}
}

// TestPartitionsAreMadeByTwo lets many writers of two instances make the same days' partitions at the same time.
func TestPartitionsAreMadeByTwo(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	stores := []*store.Store{st, store.New(pool)}
	var wg sync.WaitGroup
	for i := range 8 {
		src := fill.Open(t, stores[i%2], "shop", "/var/log/"+string(rune('a'+i)))
		b := src.Batch(traffic(rand.New(rand.NewPCG(uint64(i), 1)), 300, begin, 5*24*time.Hour)...)
		wg.Go(func() {
			if err := stores[i%2].Commit(t.Context(), begin, b); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := len(partitions(t, pool)); got != 3*6 {
		t.Errorf("%d partitions were made, want 18", got)
	}
	wantNumber(t, pool, 0, `SELECT (SELECT count(*) FROM disconnect_default) + (SELECT count(*) FROM minute_block_default) + (SELECT count(*) FROM client_block_default)`)
	checkCounts(t, pool)
}

// TestPartitionOfADayInTheDefaultOne makes the partition of a day of which rows are in the default one: a writer that had
// prepared the day put them there after the day had expired.
func TestPartitionOfADayInTheDefaultOne(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	src := fill.Open(t, st, "shop", "/var/log/shop.log")
	src.Add(t, traffic(rand.New(rand.NewPCG(1, 1)), 100, begin, time.Hour)...)
	for _, p := range partitions(t, pool) {
		exec(t, pool, `DROP TABLE `+p[1:len(p)-1])
	}
	src.Add(t, traffic(rand.New(rand.NewPCG(1, 2)), 100, begin, time.Hour)...)
	late := number(t, pool, `SELECT count(*) FROM disconnect_default`)
	if late == 0 {
		t.Fatal("nothing is in the default partition")
	}
	fresh := store.New(pool)
	b := src.Batch(traffic(rand.New(rand.NewPCG(1, 3)), 100, begin, time.Hour)...)
	check(t, fresh.Commit(t.Context(), begin.Add(time.Hour), b))
	wantNumber(t, pool, late+int64(len(b.Disconnects)), `SELECT count(*) FROM disconnect`)
	wantNumber(t, pool, 0, `SELECT (SELECT count(*) FROM disconnect_default) + (SELECT count(*) FROM minute_block_default) + (SELECT count(*) FROM client_block_default)`)
}

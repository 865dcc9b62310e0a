package store_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"hangup/event"
	"hangup/store"
	"hangup/store/storetest/fill"
)

// sourceOf returns what is stored of the source at path.
func sourceOf(tb testing.TB, st *store.Store, path string) store.Source {
	tb.Helper()
	list, err := st.Sources(tb.Context())
	check(tb, err)
	for _, s := range list {
		if s.Path == path {
			return s
		}
	}
	tb.Fatalf("no source %s", path)
	return store.Source{}
}

// done says that a content was read to its end.
func done(tb testing.TB, st *store.Store, src *fill.Source) {
	tb.Helper()
	check(tb, st.SetGeneration(tb.Context(), src.Service, src.Generation, "/var/log/shop.log.1", event.Done, 0))
}

// TestSums adds up contents that were read to their end, and goes on where they change after all.
func TestSums(t *testing.T) {
	t.Parallel()
	const path = "/var/log/shop.log"
	pool, st := open(t)
	a, b, c := fill.Open(t, st, "shop", path), fill.Open(t, st, "shop", path), fill.Open(t, st, "shop", path)
	for i, src := range []*fill.Source{a, b, c} {
		check(t, st.Commit(t.Context(), begin, src.Batch(hangUp(begin.Add(time.Duration(i)*time.Minute), "192.0.2.1", "/a"))))
	}
	done(t, st, a)
	done(t, st, b)
	want := sourceOf(t, st, path)
	same := func(what string) {
		t.Helper()
		got := sourceOf(t, st, path)
		if got.Off != want.Off || got.Accounts != want.Accounts || got.Lost != want.Lost || got.Open != want.Open ||
			!got.LastEventAt.Equal(*want.LastEventAt) || !got.CommittedAt.Equal(*want.CommittedAt) {
			t.Errorf("%s: the source has %+v, want %+v", what, got, want)
		}
	}
	expire(t, st, begin.Add(sumAfter-time.Second))
	wantNumber(t, pool, 0, `SELECT count(*) FROM generation WHERE summed`)
	for range 2 { // it changes nothing to do it again
		expire(t, st, begin.Add(sumAfter+time.Second))
		wantNumber(t, pool, 2, `SELECT generations FROM source_sum`)
		wantNumber(t, pool, 2, `SELECT count(*) FROM generation WHERE summed`)
		same("summed up")
	}

	at := begin.Add(time.Hour)
	late := a.Batch(hangUp(at, "192.0.2.1", "/a"), hangUp(at, "192.0.2.2", "/a")) // of its archive
	check(t, st.Commit(t.Context(), at, late))
	want.Off += late.End - late.Start
	want.Accounts.Add(late.Accounts)
	want.LastEventAt, want.CommittedAt = &at, &at
	same("after a commit to one that is summed")
	wantNumber(t, pool, 1, `SELECT generations FROM source_sum`)
	expire(t, st, at.Add(time.Hour))
	wantNumber(t, pool, 2, `SELECT generations FROM source_sum`)
	same("when that is summed up again")

	check(t, st.SetGeneration(t.Context(), "shop", b.Generation, path, event.Lost, 70))
	want.Lost = 70
	same("after a loss")
	check(t, st.SetGeneration(t.Context(), "shop", b.Generation, path, event.Lost, 50))
	want.Lost = 50
	same("after a smaller loss")

	other, _, err := st.OpenSource(t.Context(), "shop", "/var/log/*.log")
	check(t, err)
	check(t, st.MoveGeneration(t.Context(), "shop", a.Generation, other))
	moved := sourceOf(t, st, "/var/log/*.log")
	if moved.Off != late.End || sourceOf(t, st, path).Off+moved.Off != want.Off {
		t.Errorf("after a move the sources have %d and %d bytes, want %d together", sourceOf(t, st, path).Off, moved.Off, want.Off)
	}
	expire(t, st, at.Add(time.Hour))
	if again := sourceOf(t, st, "/var/log/*.log"); again.Off != moved.Off || again.Accounts != moved.Accounts {
		t.Errorf("summed up again the moved content has %+v, want %+v", again, moved)
	}
}

const sumAfter = 10 * time.Minute

// TestSumsWhileCommitting sums up contents while others commit to them.
func TestSumsWhileCommitting(t *testing.T) {
	t.Parallel()
	const path = "/var/log/shop.log"
	pool, st := open(t)
	var writers, summing sync.WaitGroup
	for range 4 {
		src := fill.Open(t, st, "shop", path)
		done(t, st, src)
		writers.Go(func() {
			for i := range 25 {
				if err := st.Commit(t.Context(), begin, src.Batch(hangUp(begin.Add(time.Duration(i)*time.Second), "192.0.2.1", "/a"))); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	over := make(chan struct{})
	summing.Go(func() {
		for {
			if _, err := st.Expire(t.Context(), begin.Add(time.Hour), store.DefaultRetention()); err != nil {
				t.Error(err)
				return
			}
			if got := sourceOf(t, st, path); got.Off != 100*got.Accounts.Disconnects || got.Off != got.Accounts.ParsedBytes {
				t.Errorf("%d bytes and %+v are of different moments", got.Off, got.Accounts)
			}
			select {
			case <-over:
				return
			default:
			}
		}
	})
	writers.Wait()
	close(over)
	summing.Wait()
	expire(t, st, begin.Add(time.Hour))
	if got := sourceOf(t, st, path); got.Accounts.Disconnects != 100 || got.Off != 10_000 {
		t.Errorf("the source has %+v, want 100 records of 100 bytes", got)
	}
	wantNumber(t, pool, 4, `SELECT generations FROM source_sum`)
}

// TestForget forgets contents by the rule, and not before.
func TestForget(t *testing.T) {
	t.Parallel()
	const path = "/var/log/shop.log"
	over := begin.Add(402*day + time.Second) // the default retention of roll-ups, and the margin
	for _, c := range []struct {
		name  string
		at    time.Time
		spoil func(t *testing.T, pool *pgxpool.Pool, st *store.Store, old *fill.Source)
		kept  bool
	}{
		{name: "nothing speaks against it", at: over},
		{name: "too early", at: begin.Add(402*day - time.Minute), kept: true},
		{"it lies on the disk", over, func(t *testing.T, pool *pgxpool.Pool, _ *store.Store, old *fill.Source) {
			t.Helper()
			exec(t, pool, `UPDATE generation SET seen_at = $2 WHERE generation_id = $1`, old.Generation, over.Add(-401*day))
		}, true},
		{"it was committed to", over, func(t *testing.T, _ *pgxpool.Pool, st *store.Store, old *fill.Source) {
			t.Helper()
			check(t, st.Commit(t.Context(), begin.Add(time.Hour), old.Batch(hangUp(begin, "192.0.2.1", "/a"))))
		}, true},
		{"it is still read", over, func(t *testing.T, _ *pgxpool.Pool, st *store.Store, old *fill.Source) {
			t.Helper()
			check(t, st.SetGeneration(t.Context(), "shop", old.Generation, path, event.Truncated, 0))
		}, true},
		{"nobody looks", over, func(t *testing.T, pool *pgxpool.Pool, _ *store.Store, _ *fill.Source) {
			t.Helper()
			exec(t, pool, `UPDATE source SET looked_at = NULL`)
		}, true},
		{"nobody has looked lately", over, func(t *testing.T, pool *pgxpool.Pool, _ *store.Store, _ *fill.Source) {
			t.Helper()
			exec(t, pool, `UPDATE source SET looked_at = $1`, over.Add(-3*day))
		}, true},
		{"its day is still kept", over, func(t *testing.T, _ *pgxpool.Pool, st *store.Store, _ *fill.Source) {
			t.Helper()
			imported := fill.Open(t, st, "shop", "/var/log/imported.log")
			check(t, st.Commit(t.Context(), over.Add(-30*day), imported.Batch(hangUp(begin, "192.0.2.1", "/a"))))
		}, true},
		{"its first day is still kept", over, func(t *testing.T, _ *pgxpool.Pool, st *store.Store, _ *fill.Source) {
			t.Helper()
			imported := fill.Open(t, st, "shop", "/var/log/imported.log")
			check(t, st.Commit(t.Context(), over.Add(-30*day), imported.Batch(hangUp(begin.Add(-3*day), "192.0.2.1", "/a"))))
		}, true},
		{"a day before it is still kept", over, func(t *testing.T, _ *pgxpool.Pool, st *store.Store, _ *fill.Source) {
			t.Helper()
			imported := fill.Open(t, st, "shop", "/var/log/imported.log")
			check(t, st.Commit(t.Context(), over.Add(-30*day), imported.Batch(hangUp(begin.Add(-5*day), "192.0.2.1", "/a"))))
		}, false},
		{"what it counts was not known by an older version", over, func(t *testing.T, pool *pgxpool.Pool, st *store.Store, old *fill.Source) {
			t.Helper()
			exec(t, pool, `UPDATE generation SET first_day = '-infinity' WHERE generation_id = $1`, old.Generation)
			imported := fill.Open(t, st, "shop", "/var/log/imported.log")
			check(t, st.Commit(t.Context(), over.Add(-30*day), imported.Batch(hangUp(begin.Add(-5*day), "192.0.2.1", "/a"))))
		}, true},
		{"it is the newest", over, func(t *testing.T, pool *pgxpool.Pool, _ *store.Store, old *fill.Source) {
			t.Helper()
			exec(t, pool, `DELETE FROM generation WHERE generation_id > $1`, old.Generation)
		}, true},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			pool, st := open(t)
			old, next := fill.Open(t, st, "shop", path), fill.Open(t, st, "shop", path)
			b := old.Batch(hangUp(begin, "192.0.2.1", "/a"), hangUp(begin.Add(-3*day), "192.0.2.1", "/a"))
			b.Unparsed = []event.Sample{{Off: 1, Line: 1, Reason: "no_format", Text: "?"}}
			check(t, st.Commit(t.Context(), begin, b))
			check(t, st.Commit(t.Context(), begin, next.Batch(hangUp(begin.Add(-3*day), "192.0.2.3", "/a"))))
			done(t, st, old)
			exec(t, pool, `UPDATE generation SET seen_at = first_seen_at`)
			exec(t, pool, `UPDATE source SET looked_at = $1`, c.at.Add(-day))
			if c.spoil != nil {
				c.spoil(t, pool, st, old)
			}
			foldAll(t, st, begin.Add(2*day))
			want := sourceOf(t, st, path)
			expire(t, st, begin.Add(3*day)) // it is summed up once, and forgotten another time
			expire(t, st, c.at)
			left := int64(0)
			if c.kept {
				left = 1
			}
			wantNumber(t, pool, left, `SELECT count(*) FROM generation WHERE generation_id = $1`, old.Generation)
			wantNumber(t, pool, left, `SELECT count(*) FROM unparsed_sample`)
			wantNumber(t, pool, 1-left, `SELECT count(*) FROM source WHERE forgotten_before IS NOT NULL`)
			if got := sourceOf(t, st, path); got.Off != want.Off || got.Accounts != want.Accounts || !got.LastEventAt.Equal(*want.LastEventAt) {
				t.Errorf("the source has %+v, want %+v", got, want)
			}
			past, err := st.Past(t.Context(), "shop", old.ID)
			check(t, err)
			if bound := c.at.Add(-402 * day); !c.kept && !past.First.Equal(bound) {
				t.Errorf("what was not written to since %v is not read, want %v", past.First, bound)
			}
		})
	}
}

// TestForgottenCountsOnce has a reader that comes back to a forgotten content look at it anew, and counts it once when its file
// is read again.
func TestForgottenCountsOnce(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	old := fill.Open(t, st, "shop", "/var/log/shop.log")
	fill.Open(t, st, "shop", "/var/log/shop.log") // the newest one stays
	check(t, st.Commit(t.Context(), begin, old.Batch(hangUp(begin, "192.0.2.1", "/a"))))
	done(t, st, old)
	over := begin.Add(403 * day)
	exec(t, pool, `UPDATE generation SET seen_at = first_seen_at`)
	exec(t, pool, `UPDATE source SET looked_at = $1`, over)
	foldAll(t, st, begin.Add(2*day))
	expire(t, st, over)
	if err := st.Commit(t.Context(), over, old.Batch(hangUp(begin, "192.0.2.1", "/a"))); err == nil {
		t.Error("a batch of a forgotten content was stored")
	}
	if _, err := st.Generation(t.Context(), "shop", old.Generation); err == nil {
		t.Error("the content is still known")
	}
	again := fill.Open(t, st, "shop", "/var/log/shop.log")
	check(t, st.Commit(t.Context(), over, again.Batch(hangUp(begin, "192.0.2.1", "/a"))))
	foldAll(t, st, over.Add(2*day))
	for _, table := range []string{"tally", "tally_hour", "tally_day"} {
		wantNumber(t, pool, 1, `SELECT sum(dropped_client)::bigint FROM `+table)
	}
	wantNumber(t, pool, 1, `SELECT count(*) FROM disconnect`)
}

// TestNoteSeen notes contents of the source's service only, and says from when on unknown files are read.
func TestNoteSeen(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	a, b := fill.Open(t, st, "shop", "/var/log/a.log"), fill.Open(t, st, "shop", "/var/log/b.log")
	exec(t, pool, `UPDATE generation SET seen_at = $1`, begin)
	since, err := st.NoteSeen(t.Context(), "shop", a.ID, []int64{a.Generation, 1 << 40})
	check(t, err)
	if !since.IsZero() {
		t.Errorf("nothing is forgotten, and what was not written to since %v is not read", since)
	}
	wantNumber(t, pool, b.Generation, `SELECT generation_id FROM generation WHERE seen_at = $1`, begin)
	wantNumber(t, pool, a.ID, `SELECT source_id FROM source WHERE looked_at IS NOT NULL`)
	exec(t, pool, `UPDATE source SET forgotten_before = $1`, begin)
	since, err = st.NoteSeen(t.Context(), "shop", a.ID, nil)
	check(t, err)
	if !since.Equal(begin) {
		t.Errorf("what was not written to since %v is not read, want %v", since, begin)
	}
}

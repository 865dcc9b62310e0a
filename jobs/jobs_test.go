package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"hangup/jobs"
	"hangup/store"
	"hangup/store/storetest"
)

// alone runs every job, one run of a name at a time.
type alone struct {
	mu      sync.Mutex
	running map[string]bool
	refused int
}

func (a *alone) RunJob(ctx context.Context, job string, f func(ctx context.Context) (int64, error)) (bool, error) {
	a.mu.Lock()
	if a.running == nil {
		a.running = map[string]bool{}
	}
	if a.running[job] {
		a.refused++
		a.mu.Unlock()
		return false, nil
	}
	a.running[job] = true
	a.mu.Unlock()
	defer func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.running, job)
	}()
	_, err := f(ctx)
	return true, err
}

// runs counts runs and when they began.
type runs struct {
	mu sync.Mutex
	at []time.Time
}

func (r *runs) note() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = append(r.at, time.Now())
}

func (r *runs) times() []time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at
}

// start runs a scheduler in the bubble; the returned function ends it and waits.
func start(t *testing.T, s *jobs.Scheduler) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return func() {
		t.Helper()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the scheduler ends with %v", err)
		}
	}
}

// TestJobsRunAtOnceAndAgain also has jobs that fail and panic, which stop nothing.
func TestJobsRunAtOnceAndAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var good, bad, worse runs
		var log bytes.Buffer
		s := jobs.New(slog.New(slog.NewTextHandler(&log, nil)), &alone{}, []jobs.Job{
			{Name: "good", Every: time.Minute, Run: func(_ context.Context, now time.Time) (int64, error) {
				good.note()
				if !now.Equal(time.Now()) || now.Location() != time.UTC {
					t.Errorf("the job is told that it is %s", now)
				}
				return 1, nil
			}},
			{Name: "bad", Every: time.Minute, Run: func(context.Context, time.Time) (int64, error) { bad.note(); return 0, errors.New("no room") }},
			{Name: "worse", Every: 30 * time.Second, Run: func(context.Context, time.Time) (int64, error) { worse.note(); panic("oh") }},
		})
		if _, ok := s.Next("good"); ok {
			t.Error("before it runs, the next run is known")
		}
		begun := time.Now()
		stop := start(t, s)
		<-time.After(5*time.Minute + time.Second)
		synctest.Wait()
		if next, ok := s.Next("good"); !ok || next.Sub(begun) != 6*time.Minute {
			t.Errorf("the next run is at %s, %v", next, ok)
		}
		if _, ok := s.Next("nobody"); ok {
			t.Error("a job that is not there has a next run")
		}
		stop()
		for name, c := range map[string]struct {
			r     *runs
			n     int
			every time.Duration
		}{"good": {&good, 6, time.Minute}, "bad": {&bad, 6, time.Minute}, "worse": {&worse, 11, 30 * time.Second}} {
			at := c.r.times()
			if len(at) != c.n {
				t.Errorf("job %s ran %d times, want %d", name, len(at), c.n)
			}
			for i, at := range at {
				if d := at.Sub(begun) - time.Duration(i)*c.every; d < 0 || d > time.Second {
					t.Errorf("run %d of job %s came at %s", i, name, at.Sub(begun))
				}
			}
		}
		for _, want := range []string{`job=bad error="no room"`, `job=worse error="panic: oh"`} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log does not say %s:\n%s", want, log.String())
			}
		}
		for name, want := range map[string][2]int64{"good": {6, 0}, "bad": {6, 6}, "worse": {11, 11}} {
			if x := s.Stats(name); x.Runs != want[0] || x.Failures != want[1] || x.LastSuccess.IsZero() != (name != "good") {
				t.Errorf("the stats of job %s are %+v", name, x)
			}
		}
		if len(s.Jobs()) != 3 || s.Jobs()[2].Name != "worse" {
			t.Errorf("the jobs are %v", s.Jobs())
		}
	})
}

// TestJobsLeaveTurnsOut has a run that lasts longer than its interval.
func TestJobsLeaveTurnsOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var slow, quick runs
		runner := &alone{}
		s := jobs.New(slog.New(slog.DiscardHandler), runner, []jobs.Job{
			{Name: "slow", Every: time.Minute, Run: func(ctx context.Context, _ time.Time) (int64, error) {
				slow.note()
				select {
				case <-time.After(150 * time.Second):
				case <-ctx.Done():
				}
				return 0, nil
			}},
			{Name: "quick", Every: time.Minute, Run: func(context.Context, time.Time) (int64, error) { quick.note(); return 0, nil }},
		})
		stop := start(t, s)
		<-time.After(10*time.Minute + time.Second)
		stop()
		if n := len(slow.times()); n < 3 || n > 5 {
			t.Errorf("the slow job ran %d times in 10 minutes", n)
		}
		// Where time stands still while a run is planned, gocron may plan it twice for the same instant.
		if at := slices.Compact(quick.times()); len(at) != 11 {
			t.Errorf("the quick job ran at %d times beside it, want 11: %v", len(at), at)
		}
		if runner.refused > 0 {
			t.Errorf("%d runs began while another was under way", runner.refused)
		}
	})
}

// TestJobsEndOnCancel waits for the run that is under way, which is told to end. Its time is real: the scheduler does not
// rest while it waits, and in a bubble time would stand still.
func TestJobsEndOnCancel(t *testing.T) {
	t.Parallel()
	began := make(chan struct{})
	var ended atomic.Bool
	s := jobs.New(slog.New(slog.DiscardHandler), &alone{}, []jobs.Job{{Name: "long", Every: time.Hour, Run: func(ctx context.Context, _ time.Time) (int64, error) {
		close(began)
		<-ctx.Done()
		<-time.After(200 * time.Millisecond) // it tidies up
		ended.Store(true)
		return 0, ctx.Err()
	}}})
	stop := start(t, s)
	<-began
	stop()
	if !ended.Load() {
		t.Error("the scheduler did not wait for the run")
	}
}

// TestJobsOnDatabase runs the whole schedule on a real store: errors and panics are recorded beside what goes well.
func TestJobsOnDatabase(t *testing.T) {
	t.Parallel()
	config, err := pgxpool.ParseConfig(storetest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	config.MaxConns = 12 // each run holds one while it works with others
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	st := store.New(pool)
	keep := store.DefaultRetention()
	schedule := jobs.Schedule(jobs.Work{
		Join: st.Join, Merge: st.MergeMinutes, Fold: st.FoldHours, Clean: st.ExpireSessions, Ahead: st.PreparePartitions,
		Sessions: func(context.Context, time.Time) (int64, error) { panic("oh") },
		Expire: func(ctx context.Context, now time.Time) (int64, error) {
			n, err := st.Expire(ctx, now, keep)
			return n, errors.Join(err, errors.New("no room"))
		},
	})
	s := jobs.New(slog.New(slog.DiscardHandler), st, schedule)
	stop := start(t, s)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(30 * time.Second)
	for done := 0; done < len(schedule); {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("the jobs do not end: do they hold all connections?")
		}
		if err := pool.QueryRow(t.Context(), `SELECT count(DISTINCT job) FROM job_run WHERE finished_at IS NOT NULL`).Scan(&done); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	for job, want := range map[string]string{"join": "", "merge": "", "fold": "", "clean sessions": "", "partitions": "", "sessions": "panic: oh", "retention": "no room"} {
		var got string
		err := pool.QueryRow(t.Context(), `SELECT coalesce(error, '') FROM job_run WHERE job = $1 AND finished_at IS NOT NULL ORDER BY job_run_id LIMIT 1`, job).Scan(&got)
		if err != nil || got != want {
			t.Errorf("job %s is recorded with %q, %v; want %q", job, got, err, want)
		}
	}
}

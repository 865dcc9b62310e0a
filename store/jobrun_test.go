package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"hangup/store"
)

func nothing(context.Context) (int64, error) { return 0, nil }

// TestRunJobAlone runs a job from two instances at the same time.
func TestRunJobAlone(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	other := store.New(pool)
	ran, err := st.RunJob(t.Context(), "fold", func(ctx context.Context) (int64, error) {
		if ran, err := other.RunJob(ctx, "fold", nothing); ran || err != nil {
			t.Errorf("a second run gives %v, %v", ran, err)
		}
		if ran, err := other.RunJob(ctx, "join", nothing); !ran || err != nil {
			t.Errorf("another job gives %v, %v", ran, err)
		}
		wantNumber(t, pool, 1, `SELECT count(*) FROM job_run WHERE job = 'fold' AND finished_at IS NULL`)
		return 42, nil
	})
	if !ran || err != nil {
		t.Errorf("the run gives %v, %v", ran, err)
	}
	if ran, err := other.RunJob(t.Context(), "fold", nothing); !ran || err != nil {
		t.Errorf("after it, another run gives %v, %v", ran, err)
	}
	wantNumber(t, pool, 2, `SELECT count(*) FROM job_run WHERE job = 'fold' AND finished_at >= started_at AND error IS NULL`)
	wantNumber(t, pool, 1, `SELECT count(*) FROM job_run WHERE rows = 42`)
}

// TestRunJobFails records errors, ends well when the context does, and lets go of the lock when the work panics.
func TestRunJobFails(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	failure := errors.New("no room")
	if ran, err := st.RunJob(t.Context(), "fold", func(context.Context) (int64, error) { return 3, failure }); !ran || !errors.Is(err, failure) {
		t.Errorf("the run gives %v, %v", ran, err)
	}
	wantNumber(t, pool, 1, `SELECT count(*) FROM job_run WHERE error = 'no room' AND rows = 3 AND finished_at IS NOT NULL`)

	ctx, cancel := context.WithCancel(t.Context())
	_, err := st.RunJob(ctx, "fold", func(ctx context.Context) (int64, error) {
		cancel()
		return 0, ctx.Err()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled run gives %v", err)
	}
	wantNumber(t, pool, 1, `SELECT count(*) FROM job_run WHERE error = 'context canceled' AND finished_at IS NOT NULL`)

	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is swallowed")
			}
		}()
		_, _ = st.RunJob(t.Context(), "fold", func(context.Context) (int64, error) { panic("oh") })
	}()
	// An error with text that PostgreSQL does not take is recorded, too.
	if _, err := st.RunJob(t.Context(), "fold", func(context.Context) (int64, error) { return 0, errors.New("a\x00b\xff") }); err == nil || strings.Contains(err.Error(), "SQLSTATE") {
		t.Errorf("a strange error gives %v", err)
	}
	wantNumber(t, pool, 1, `SELECT count(*) FROM job_run WHERE error = U&'a\FFFDb\FFFD'`)
	if ran, err := store.New(pool).RunJob(t.Context(), "fold", nothing); !ran || err != nil {
		t.Errorf("after all that, a run gives %v, %v", ran, err)
	}
}

// TestRunJobIsCutOff ends the session of a run: its lock goes with it, and the run says so.
func TestRunJobIsCutOff(t *testing.T) {
	t.Parallel()
	pool, st := open(t)
	config := pool.Config()
	config.ConnConfig.RuntimeParams["application_name"] = "cut"
	cut, err := pgxpool.NewWithConfig(t.Context(), config)
	check(t, err)
	defer cut.Close()
	ran, err := store.New(cut).RunJob(t.Context(), "fold", func(ctx context.Context) (int64, error) {
		exec(t, pool, `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'cut' AND datname = current_database()`)
		if ran, err := st.RunJob(ctx, "fold", nothing); !ran || err != nil {
			t.Errorf("the lock is held by nobody, but a run gives %v, %v", ran, err)
		}
		return 1, nil
	})
	if !ran || err == nil {
		t.Errorf("a run that was cut off gives %v, %v", ran, err)
	}
	if ran, err := store.New(cut).RunJob(t.Context(), "fold", nothing); !ran || err != nil {
		t.Errorf("the next run gives %v, %v", ran, err)
	}
	wantNumber(t, pool, 1, `SELECT count(*) FROM job_run WHERE finished_at IS NULL`)
}

package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"hangup/event"
	"hangup/store"
)

// TestJoinDue leaves what was imported to be joined, however long after it was stored, whichever came first.
func TestJoinDue(t *testing.T) {
	t.Parallel()
	at := time.Now().Add(-30 * time.Hour).Truncate(time.Hour)
	var exchanges, reports []event.Hangup
	for i := range 40 {
		client := fmt.Sprintf("192.0.2.%d", i)
		exchanges = append(exchanges, hangUp(at.Add(time.Duration(i)*10*time.Minute), client, "/a"))
		reports = append(reports, report(exchanges[i].Time.Add(time.Second), client, "/a"))
	}
	const due = `SELECT count(*) FROM join_due`
	for name, join := range map[string]func(*joinRig) (int64, error){
		"by the end of an import":  func(r *joinRig) (int64, error) { return r.st.JoinDue(t.Context(), time.Now()) },
		"by the job, a day later":  func(r *joinRig) (int64, error) { return r.st.Join(t.Context(), time.Now().Add(24*time.Hour)) },
		"by the job, some time on": func(r *joinRig) (int64, error) { return r.st.Join(t.Context(), time.Now().Add(20*time.Minute)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newJoinRig(t)
			r.err.Add(t, reports...)
			if n, err := join(r); n != 0 || err != nil {
				t.Errorf("%d reports without an exchange were joined, %v", n, err)
			}
			wantNumber(t, r.pool, 0, due)
			r.access.Add(t, exchanges...)
			n, err := join(r)
			check(t, err)
			if n != 40 {
				t.Errorf("%d reports were joined, want 40", n)
			}
			wantNumber(t, r.pool, 0, due)
			checkCounts(t, r.pool)
		})
	}
	t.Run("not what a commit has joined", func(t *testing.T) {
		t.Parallel()
		r := newJoinRig(t)
		now := time.Now()
		r.access.Add(t, hangUp(now, "192.0.2.1", "/a"))
		r.err.Add(t, report(now, "192.0.2.1", "/a"))
		wantNumber(t, r.pool, 0, due)
	})
	t.Run("not before it rests", func(t *testing.T) {
		t.Parallel()
		r := newJoinRig(t)
		r.access.Add(t, exchanges...)
		check(t, ignore(r.st.Join(t.Context(), time.Now())))
		if n, err := r.st.Join(t.Context(), time.Now()); n != 0 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		wantNumber(t, r.pool, 1, `SELECT least(count(*), 1) FROM join_due`)
	})
}

func ignore(_ int64, err error) error { return err }

// TestJoinCrowded has more hang-ups in one second than are looked at together: the others are joined, and it is said once.
func TestJoinCrowded(t *testing.T) {
	t.Parallel()
	r := newJoinRig(t)
	at := time.Now().Add(-30 * time.Hour).Truncate(time.Hour)
	const alike, others = 300, 30
	var exchanges, reports []event.Hangup
	for i := range alike {
		exchanges = append(exchanges, hangUp(at.Add(time.Duration(i)*time.Microsecond), "192.0.2.1", "/a"))
		reports = append(reports, report(at.Add(time.Duration(i)*time.Microsecond), "192.0.2.1", "/a"))
	}
	for i := range others {
		exchanges = append(exchanges, hangUp(at.Add(time.Duration(i+1)*5*time.Minute), "192.0.2.2", "/a"))
		reports = append(reports, report(at.Add(time.Duration(i+1)*5*time.Minute), "192.0.2.2", "/a"))
	}
	r.access.Add(t, exchanges...)
	r.err.Add(t, reports...)
	r.st.SetJoinMost(alike - 1)
	n, err := r.st.JoinDue(t.Context(), time.Now())
	if !errors.Is(err, store.ErrCrowded) || n != others {
		t.Errorf("%d reports were joined, %v; want %d", n, err, others)
	}
	checkCounts(t, r.pool)
	if n, err := r.st.JoinDue(t.Context(), time.Now()); n != 0 || err != nil {
		t.Errorf("a second time: %d, %v", n, err)
	}
}

// TestJoinTooLong bounds the time of each statement: what takes longer is halved, and given up in the end.
func TestJoinTooLong(t *testing.T) {
	t.Parallel()
	r := newJoinRig(t)
	at := time.Now().Add(-30 * time.Hour).Truncate(time.Hour)
	r.access.Add(t, hangUp(at, "192.0.2.1", "/a"))
	r.err.Add(t, report(at, "192.0.2.1", "/a"))
	lock, err := r.pool.Begin(t.Context())
	check(t, err)
	_, err = lock.Exec(t.Context(), `SELECT FROM disconnect FOR UPDATE`)
	check(t, err)
	r.st.SetSliceBudget("20ms")
	if n, err := r.st.JoinDue(t.Context(), time.Now()); !errors.Is(err, store.ErrCrowded) || n != 0 {
		t.Errorf("%d reports were joined, %v", n, err)
	}
	check(t, lock.Rollback(t.Context()))
	checkCounts(t, r.pool)
}

package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// lockHangups is the class of the advisory locks under which stored hang-ups of a service are changed: joining them and
// deciding what became of their clients change the same rows, and would wait for each other in circles.
const lockHangups = 0x68616e68

// changeHangups runs f on a connection that holds the service's lock on stored hang-ups. It waits for the lock, patience
// at most, and returns false when another has it all that time: the next run of the job does it. The lock is taken before
// f begins a transaction, so that the transaction sees what the holder before has done.
func (s *Store) changeHangups(ctx context.Context, service int32, patience time.Duration, f func(*pgxpool.Conn) error) (done bool, err error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Release()
	deadline := time.Now().Add(patience)
	for held := false; !held; {
		if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1, $2)`, lockHangups, service).Scan(&held); err != nil {
			return false, fmt.Errorf("lock the hang-ups of service %d: %w", service, err)
		}
		if held {
			break
		}
		if time.Now().After(deadline) {
			return false, nil
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(lockEvery):
		}
	}
	defer func() {
		c, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if _, unlockErr := conn.Exec(c, `SELECT pg_advisory_unlock($1, $2)`, lockHangups, service); unlockErr != nil {
			_ = conn.Conn().Close(c) // the lock goes with the session
		}
	}()
	return true, f(conn)
}

// lockEvery is how often a lock that another has is tried again.
const lockEvery = 100 * time.Millisecond

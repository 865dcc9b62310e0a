package store

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"hangup/event"
)

// RunJob runs f as the only run of the job in this database, and records it. It returns false, and runs nothing, while
// another process runs the job. The error of f is recorded and returned.
func (s *Store) RunJob(ctx context.Context, job string, f func(ctx context.Context) (rows int64, err error)) (ran bool, err error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return false, fmt.Errorf("run job %s: %w", job, err)
	}
	defer conn.Release()
	key := lockKey(job)
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, key).Scan(&ran); err != nil {
		return false, fmt.Errorf("lock job %s: %w", job, err)
	}
	if !ran {
		return false, nil
	}
	defer func() {
		c, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if _, unlockErr := conn.Exec(c, `SELECT pg_advisory_unlock($1)`, key); unlockErr != nil {
			_ = conn.Conn().Close(c) // the lock goes with the session
		}
	}()
	var id int64
	if err := conn.QueryRow(ctx, `INSERT INTO job_run (job, started_at) VALUES ($1, clock_timestamp()) RETURNING job_run_id`, job).Scan(&id); err != nil {
		return true, fmt.Errorf("record job %s: %w", job, err)
	}
	rows, err := f(ctx)
	var text *string
	if err != nil {
		t := event.Clean(err.Error()) // it may quote a log
		text = &t
	}
	c, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if _, recordErr := conn.Exec(c, `UPDATE job_run SET finished_at = clock_timestamp(), rows = $2, error = $3 WHERE job_run_id = $1`, id, rows, text); recordErr != nil {
		err = errors.Join(err, fmt.Errorf("record job %s: %w", job, recordErr))
	}
	return true, err
}

// lockKey names a job's advisory lock.
func lockKey(job string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte("hangup job " + job))
	return int64(h.Sum64())
}

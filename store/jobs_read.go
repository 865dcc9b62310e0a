package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// JobRun is one run of a job.
type JobRun struct {
	Job        string
	StartedAt  time.Time
	FinishedAt *time.Time // nil while it runs, and when the process ended in it
	Rows       *int64
	Error      *string
}

// JobRuns returns the newest runs of each job, at most limit of each, the newest first.
func (s *Store) JobRuns(ctx context.Context, limit int) ([]JobRun, error) {
	var out []JobRun
	err := s.ask(ctx, "job runs", func(tx pgx.Tx) error {
		// The names are found by stepping through the index, which stays cheap when there are many runs.
		rows, err := tx.Query(ctx, `
			WITH RECURSIVE name AS (
				(SELECT job FROM job_run ORDER BY job LIMIT 1)
				UNION ALL
				SELECT (SELECT job FROM job_run WHERE job > name.job ORDER BY job LIMIT 1) FROM name WHERE name.job IS NOT NULL
			)
			SELECT n.job, r.started_at, r.finished_at, r.rows, r.error FROM name n
			CROSS JOIN LATERAL (SELECT * FROM job_run j WHERE j.job = n.job ORDER BY started_at DESC, job_run_id DESC LIMIT $1) r
			WHERE n.job IS NOT NULL ORDER BY n.job, r.started_at DESC, r.job_run_id DESC`, limit)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, pgx.RowToStructByPos[JobRun])
		return err
	})
	return out, err
}

package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Retention says how long data are kept. Days expire so long after they were last written to, so that an import of old
// logs stays as long as new data do.
type Retention struct {
	Minutes  time.Duration // counts by minute; the hours stay
	Events   time.Duration // single disconnects and counts by client
	Rollups  time.Duration // counts by hour and by day
	Sessions time.Duration
	JobRuns  time.Duration
}

// DefaultRetention is what holds when nothing is configured.
func DefaultRetention() Retention {
	const day = 24 * time.Hour
	return Retention{Minutes: 14 * day, Events: 90 * day, Rollups: 400 * day, Sessions: 30 * day, JobRuns: day}
}

// samplesKept is how many examples of unparsed records a source keeps for each reason.
const samplesKept = 20

// PreparePartitions makes the partitions of today and the next two days. It returns 0.
func (s *Store) PreparePartitions(ctx context.Context, now time.Time) (int64, error) {
	today := dayOf(now)
	if err := s.makePartitions(ctx, now, []time.Time{today, today.AddDate(0, 0, 1), today.AddDate(0, 0, 2)}); err != nil {
		return 0, fmt.Errorf("make partitions ahead: %w", err)
	}
	return 0, nil
}

// Expire drops and deletes what is older than r allows. It returns how many partitions it dropped and rows it deleted.
func (s *Store) Expire(ctx context.Context, now time.Time, r Retention) (n int64, err error) {
	for table, keep := range map[string]time.Duration{"minute_block": r.Minutes, "client_block": r.Events, "disconnect": r.Events} {
		k, err := s.expireDays(ctx, now, table, keep)
		n += k
		if err != nil {
			return n, fmt.Errorf("expire %s: %w", table, err)
		}
	}
	for _, d := range []struct {
		what, sql string
		before    time.Time
	}{
		{"hours", `DELETE FROM hour_block WHERE service_id = $1 AND (bucket, route_id) IN (
			SELECT bucket, route_id FROM hour_block WHERE service_id = $1 AND bucket < $2 AND NOT EXISTS (SELECT FROM day_written w
				WHERE w.service_id = $1 AND w.day = (bucket AT TIME ZONE 'UTC')::date AND w.written_at >= $2) LIMIT $3)`, now.Add(-r.Rollups)},
		{"days", `DELETE FROM day_block WHERE service_id = $1 AND (bucket, route_id) IN (
			SELECT bucket, route_id FROM day_block WHERE service_id = $1 AND bucket < $2 AND NOT EXISTS (SELECT FROM day_written w
				WHERE w.service_id = $1 AND w.day = (bucket AT TIME ZONE 'UTC')::date AND w.written_at >= $2) LIMIT $3)`, now.Add(-r.Rollups)},
		{"folded marks", `DELETE FROM folded f WHERE service_id = $1 AND (grain, bucket) IN (
			SELECT grain, bucket FROM folded WHERE service_id = $1 AND bucket < $2 AND NOT EXISTS (SELECT FROM day_written w
				WHERE w.service_id = $1 AND w.day = (bucket AT TIME ZONE 'UTC')::date AND w.written_at >= $2) LIMIT $3)`, now.Add(-r.Rollups)},
		{"notes of days", `DELETE FROM day_written WHERE service_id = $1 AND day IN (
			SELECT day FROM day_written WHERE service_id = $1 AND written_at < $2 AND NOT EXISTS (SELECT FROM dirty_hour h
				WHERE (h.hour AT TIME ZONE 'UTC')::date = day) LIMIT $3)`, now.Add(-max(r.Minutes, r.Events, r.Rollups))},
		{"quarantine", `DELETE FROM quarantine WHERE service_id = $1 AND (generation_id, off) IN (
			SELECT generation_id, off FROM quarantine WHERE service_id = $1 AND seen_at < $2 LIMIT $3)`, now.Add(-r.Events)},
		{"new session activity", `DELETE FROM activity_block WHERE ctid = ANY (ARRAY(SELECT ctid FROM activity_block
			WHERE service_id = $1 AND written_at < $2 LIMIT $3))`, now.Add(-r.Sessions)},
		{"session activity", `DELETE FROM session_activity WHERE service_id = $1 AND (generation_id, off) IN (
			SELECT generation_id, off FROM session_activity WHERE service_id = $1 AND written_at < $2 LIMIT $3)`, now.Add(-r.Sessions)},
	} {
		k, err := s.deleteInBatches(ctx, d.sql, d.before)
		n += k
		if err != nil {
			return n, fmt.Errorf("expire %s: %w", d.what, err)
		}
	}
	k, err := s.endGenerations(ctx, now, r)
	n += k
	if err != nil {
		return n, err
	}
	for _, sql := range []struct {
		text string
		args []any
	}{
		{`DELETE FROM unparsed_sample u USING (SELECT service_id, source_id, generation_id, off,
			row_number() OVER (PARTITION BY service_id, source_id, reason ORDER BY seen_at DESC, generation_id DESC, off DESC) AS n FROM unparsed_sample) x
			WHERE u.service_id = x.service_id AND u.source_id = x.source_id AND u.generation_id = x.generation_id AND u.off = x.off AND x.n > $1`, []any{samplesKept}},
		{`DELETE FROM job_run WHERE started_at < $1`, []any{now.Add(-r.JobRuns)}},
	} {
		tag, err := s.pool.Exec(ctx, sql.text, sql.args...)
		if err != nil {
			return n, fmt.Errorf("expire samples and job runs: %w", err)
		}
		n += tag.RowsAffected()
	}
	return n, nil
}

// expiredDays lists the days, or the day $3, that were not written to since $1, are before $2 and are folded.
const expiredDays = `SELECT day FROM day_written WHERE $3::date IS NULL OR day = $3 GROUP BY day HAVING max(written_at) < $1 AND day < $2
	AND NOT EXISTS (SELECT FROM dirty_hour h WHERE (h.hour AT TIME ZONE 'UTC')::date = day_written.day) ORDER BY day`

// expireDays drops the partitions of table whose days were not written to for keep, and deletes their rows from the
// default partition. Minutes go only when their hours hold what they say, and all of a day's together.
func (s *Store) expireDays(ctx context.Context, now time.Time, table string, keep time.Duration) (n int64, err error) {
	rows, err := s.pool.Query(ctx, expiredDays, now.Add(-keep), dayOf(now), nil)
	if err != nil {
		return 0, err
	}
	days, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	if err != nil {
		return 0, err
	}
	for _, day := range days {
		expired, dropped := false, false
		err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, `SELECT set_config('lock_timeout', '1s', true), pg_advisory_xact_lock($1)`, lockPartitions); err != nil {
				return err
			}
			// A writer may have come back to the day since it was listed; one that comes now waits for these rows.
			if _, err := tx.Exec(ctx, `SELECT FROM day_written WHERE day = $1 ORDER BY service_id FOR UPDATE`, day); err != nil {
				return err
			}
			if err := tx.QueryRow(ctx, `SELECT EXISTS (`+expiredDays+`)`, now.Add(-keep), dayOf(now), day).Scan(&expired); err != nil || !expired {
				return err
			}
			if table == "minute_block" {
				if _, err := tx.Exec(ctx, `UPDATE day_written SET minutes_expired = true WHERE day = $1 AND NOT minutes_expired`, day); err != nil {
					return err
				}
			}
			name := partitionName(table, day)
			if err := tx.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, name).Scan(&dropped); err != nil {
				return err
			}
			if !dropped && table == "minute_block" { // at once: of a day that is called expired nothing may be left that its hours hold
				tag, err := tx.Exec(ctx, `DELETE FROM minute_block_default WHERE day = $1`, day)
				n += tag.RowsAffected()
				return err
			}
			if !dropped {
				return nil
			}
			_, err := tx.Exec(ctx, strings.Join([]string{"DROP TABLE", name}, " ")) // made here from a constant and a date
			return err
		})
		if err != nil {
			return n, fmt.Errorf("drop the partition of %s: %w", day.Format(time.DateOnly), err)
		}
		if dropped {
			n++
		}
		if dropped || !expired {
			continue
		}
		for {
			tag, err := s.pool.Exec(ctx, `DELETE FROM `+table+`_default WHERE ctid = ANY (ARRAY(SELECT ctid FROM `+table+`_default WHERE day = $1 LIMIT $2))`, day, expireBatch)
			if err != nil {
				return n, fmt.Errorf("delete the rows of %s: %w", day.Format(time.DateOnly), err)
			}
			n += tag.RowsAffected()
			if tag.RowsAffected() < expireBatch {
				break
			}
		}
	}
	return n, nil
}

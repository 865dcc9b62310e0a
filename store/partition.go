package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// dayTables are the tables that are partitioned by day.
var dayTables = []string{"disconnect", "minute_block", "client_block"}

// partitionWindow is how far from today a day may lie to get partitions of its own. The others share the default one.
const partitionWindow = 400 * 24 * time.Hour

// touchEvery is how often day_written is brought up to date while a day is written to.
const touchEvery = 10 * time.Minute

// days remembers which days this process has prepared, and when.
type days struct {
	mu      sync.Mutex
	touched map[serviceDay]time.Time
}

type serviceDay struct {
	service int32
	day     time.Time
}

func (d *days) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.touched = nil
}

func dayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// prepareDays makes the partitions of the days that are to be written and notes that they are written to, so that
// they do not expire under the writer.
func (s *Store) prepareDays(ctx context.Context, now time.Time, service int32, wanted []time.Time) error {
	s.days.mu.Lock()
	defer s.days.mu.Unlock()
	if s.days.touched == nil {
		s.days.touched = make(map[serviceDay]time.Time)
	}
	var stale []time.Time
	for _, d := range wanted {
		if at, ok := s.days.touched[serviceDay{service, d}]; !ok || now.Sub(at) > touchEvery {
			stale = append(stale, d)
		}
	}
	if len(stale) == 0 {
		return nil
	}
	// The note comes first: what is noted does not expire.
	_, err := s.pool.Exec(ctx, `INSERT INTO day_written (service_id, day, written_at) SELECT $1, d, $3 FROM unnest($2::date[]) d ORDER BY d
		ON CONFLICT (service_id, day) DO UPDATE SET written_at = greatest(day_written.written_at, excluded.written_at)`, service, stale, now)
	if err != nil {
		return fmt.Errorf("note the days that are written: %w", err)
	}
	if err := s.makePartitions(ctx, now, stale); err != nil {
		return fmt.Errorf("prepare the partitions: %w", err)
	}
	for _, d := range stale {
		s.days.touched[serviceDay{service, d}] = now
	}
	return nil
}

// lockPartitions is the advisory lock under which partitions are made and dropped.
const lockPartitions = 0x68616e677570 // "hangup"

// makePartitions makes the missing partitions of the days in the window around now.
func (s *Store) makePartitions(ctx context.Context, now time.Time, wanted []time.Time) error {
	for _, d := range wanted {
		if d.Before(now.Add(-partitionWindow)) || d.After(now.Add(partitionWindow)) {
			continue
		}
		for _, t := range dayTables {
			var have bool
			if err := s.pool.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, partitionName(t, d)).Scan(&have); err != nil {
				return err
			}
			if have {
				continue
			}
			if err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return makePartition(ctx, tx, t, d) }); err != nil {
				return fmt.Errorf("of %s for %s: %w", t, d.Format(time.DateOnly), err)
			}
		}
	}
	return nil
}

// makePartition makes one partition. It waits for the readers and writers of the table, and they for it, a moment only: a
// transaction that did so for two tables could wait for a reader of both that waits for it.
func makePartition(ctx context.Context, tx pgx.Tx, table string, day time.Time) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, lockPartitions); err != nil {
		return err
	}
	// Attaching takes a lesser lock by itself. Under that one, a session that learns of the table's partitions at this very
	// moment may miss the new one, and believe so from then on: it writes to, and reads from, the default partition.
	if _, err := tx.Exec(ctx, fmt.Sprintf(`LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE`, table)); err != nil {
		return err
	}
	name, from, to := partitionName(table, day), day.Format(time.DateOnly), day.AddDate(0, 0, 1).Format(time.DateOnly)
	var have bool
	if err := tx.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, name).Scan(&have); err != nil || have { // another was faster
		return err
	}
	// Names and dates are made here, from a constant and a date: nothing of a log is in this text.
	// A writer that prepared the day before it expired may have left rows of it in the default partition.
	for _, sql := range []string{
		fmt.Sprintf(`CREATE TABLE %s (LIKE %s INCLUDING ALL)`, name, table),
		fmt.Sprintf(`WITH moved AS (DELETE FROM %s_default WHERE day = '%s' RETURNING *) INSERT INTO %s SELECT * FROM moved`, table, from, name),
		fmt.Sprintf(`ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM ('%s') TO ('%s')`, table, name, from, to),
	} {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

func partitionName(table string, day time.Time) string { return table + "_p" + day.Format("20060102") }

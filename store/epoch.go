package store

import (
	"context"
	"fmt"
)

// Epoch names the time in which nothing that was committed can have been lost: it changes when PostgreSQL is started, as
// after a restored backup or a fail-over, when it recovers from a crash, which may lose the last moments because
// commits do not wait for the disk, and when the tables are made again, as by the restoring of a dump. Whoever remembers what
// is stored has to look again when it changes; what this Store remembers it forgets by itself.
func (s *Store) Epoch(ctx context.Context) (string, error) {
	var epoch string
	err := s.pool.QueryRow(ctx, `SELECT coalesce((`+epochNow+`), '')`).Scan(&epoch)
	if err == nil && epoch == "" { // the table is new, or was emptied by the recovery from a crash
		_, err = s.pool.Exec(ctx, `INSERT INTO epoch (token) VALUES (gen_random_uuid()) ON CONFLICT DO NOTHING`)
		if err == nil {
			err = s.pool.QueryRow(ctx, epochNow).Scan(&epoch)
		}
	}
	if err != nil {
		return "", fmt.Errorf("read the database's epoch: %w", failure(err))
	}
	s.enter(epoch)
	return epoch, nil
}

// enter forgets what is remembered of the database when that was learned in another epoch: ids may be others' by now, or
// nobody's, and days that were prepared may not be.
func (s *Store) enter(epoch string) {
	if s.dict.enter(epoch) {
		s.days.forget()
	}
}

// epochNow has no row while the epoch has no name.
const epochNow = `SELECT token::text || ' ' || extract(epoch FROM pg_postmaster_start_time())::text || ' ' || tableoid::text FROM epoch`

package jobs

import (
	"context"
	"time"
)

// Work is what the jobs do, as package store offers it.
type Work struct {
	Join     func(ctx context.Context, now time.Time) (int64, error)
	Merge    func(ctx context.Context, now time.Time) (int64, error)
	Fold     func(ctx context.Context, now time.Time) (int64, error)
	Sessions func(ctx context.Context, now time.Time) (int64, error)
	Clean    func(ctx context.Context, now time.Time) (int64, error)
	Ahead    func(ctx context.Context, now time.Time) (int64, error)
	Expire   func(ctx context.Context, now time.Time) (int64, error)
}

// Schedule is the one table of what runs when.
func Schedule(w Work) []Job {
	return []Job{
		{"join", "Joins reports of error logs and applications to the record that counts the same hang-up.", 2 * time.Second, w.Join},
		{"merge", "Merges the rows that commits append to the counts of a minute.", time.Minute, w.Merge},
		{"fold", "Folds minutes that are over into hours, and hours into days.", time.Minute, w.Fold},
		{"sessions", "Decides what the clients did after a hang-up.", time.Minute, w.Sessions},
		{"clean sessions", "Deletes expired client sessions.", time.Hour, w.Clean},
		{"partitions", "Makes the partitions of the next days.", time.Hour, w.Ahead},
		{"retention", "Drops and deletes what is older than the retention allows.", time.Hour, w.Expire},
	}
}

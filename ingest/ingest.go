// Package ingest follows log files and hands what they say to a sink, exactly once: through rotation, truncation,
// restarts and a database that is slow or away. The file is the buffer: when the sink does not take a batch, reading
// stops and nothing is held but that batch.
package ingest

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"hangup/event"
	"hangup/parser"
)

// Source is what is configured to be read: a log, followed across its rotations, or all logs that a pattern names.
type Source struct {
	Service string
	Path    string        // absolute
	Pattern bool          // Path is a pattern; see CheckPattern
	Exclude []string      // patterns of paths of it, or without a slash of names, that are not read
	Also    []string      // directories to which rotation moves its files; relative ones are so to each log's
	Since   time.Duration // of a log that is new to Hangup, how much of its past is read; 0 for all
	Parser  parser.Options
}

// Ledger is the stored list of generations. Its methods may fail at any time; they are tried again.
type Ledger interface {
	// OpenSource returns the id of a source, and the format that was found for it earlier.
	OpenSource(ctx context.Context, service, path string) (id int64, format string, err error)
	// SetFormat notes the format that was found for a source.
	SetFormat(ctx context.Context, service string, source int64, format string, confidence float64) error
	// Past returns what is stored about a source when a reader comes to it.
	Past(ctx context.Context, service string, source int64) (event.Past, error)
	// Candidates returns the generations of a source that files in these directories, with these inodes and heads may hold,
	// the newest first, and the id of the newest generation.
	Candidates(ctx context.Context, service string, source int64, dirs []string, inodes []event.Inode, heads []event.Print) (gs []event.Generation, newest int64, err error)
	// Abandoned returns the generations of a service that files with these inodes may hold and whose sources are none of
	// those at paths, the newest first.
	Abandoned(ctx context.Context, service string, paths []string, inodes []event.Inode) ([]event.Generation, error)
	// MoveGeneration makes a generation one of another source, which sees it now for the first time.
	MoveGeneration(ctx context.Context, service string, id, source int64) error
	// SettleArchive notes that a compressed file need not be looked at again while it is as it is.
	SettleArchive(ctx context.Context, service string, source int64, a event.Archive) error
	// NoteSeen notes that all that a source names could be looked at and told, and that the contents of these generations are
	// there. It returns since when a content must have been written to, to be read if it is not known; zero for no such bound.
	NoteSeen(ctx context.Context, service string, source int64, generations []int64) (since time.Time, err error)
	// Generation returns one generation as it is stored now.
	Generation(ctx context.Context, service string, id int64) (event.Generation, error)
	// Epoch names the time in which nothing that was committed can have been lost: when it changes, all has to be looked at
	// again.
	Epoch(ctx context.Context) (string, error)
	// AddGenerations stores new generations and returns their ids, or event.ErrStale when one was added after newest.
	AddGenerations(ctx context.Context, service string, source int64, gs []event.Generation, newest int64) ([]int64, error)
	// SetGeneration notes where a generation is, its state, and how many bytes of it are lost.
	SetGeneration(ctx context.Context, service string, id int64, path string, state event.State, lost int64) error
	// RouteNames returns the routes of a service.
	RouteNames(ctx context.Context, service string) ([]event.Route, error)
	// Watched gives each the hang-ups of a service that were stored since then, as they came, and whose sessions are not
	// over: the clients' next requests tell what became of them. One is valid until the next.
	Watched(ctx context.Context, service string, since time.Time, each func(a *event.Activity)) error
}

// Sink stores batches.
type Sink interface {
	// Commit stores b and moves the offset from b.Start to b.End in one transaction, or returns event.ErrStale. After
	// any other error it is not known whether b is stored.
	Commit(ctx context.Context, now time.Time, b *event.Batch) error
}

// Options are what Run works with and within.
type Options struct {
	Sources []Source
	Ledger  Ledger
	Sink    Sink
	Log     *slog.Logger
	Routes  RouteLimits // zero values take the defaults
	Status  *Status     // where Run tells how it goes; nil for nowhere

	// Grace is how long after the last growth a renamed file is read on: its writer may not have been told yet.
	// 0 takes 10 s.
	Grace time.Duration
	// Idle is how long after its last growth a file is read no further until it grows again. Its descriptor is closed
	// after 60 times that. 0 takes 10 s.
	Idle time.Duration
	// MaxFiles is how many files are open at one time; others wait for their turn. 0 takes what the process may open.
	MaxFiles int
}

// The bounds of reading. A batch is committed at the first limit that it reaches.
const (
	scanEvery    = 250 * time.Millisecond // how often directories are looked at
	silence      = 800 * time.Millisecond // after which an open record is ended
	liveLines    = 2000
	liveHangups  = 500 // hang-ups are rows, and are joined in their commit
	tailBlock    = 500 // lines that a tail gives at one time
	liveBytes    = 1 << 20
	liveWait     = 200 * time.Millisecond
	backlogLines = 10000
	backlogBytes = 4 << 20
	maxLine      = 1 << 20 // longer lines are counted, not parsed
	writers      = 4       // commits at one time
	unpackers    = 2       // compressed files that are read at one time
)

// Run follows all sources until ctx ends. It commits what it has read before it returns, for 10 s at most; what is
// not committed then is read again at the next start. It returns nil when ctx ended it.
func Run(ctx context.Context, o Options) error {
	if o.Status == nil {
		o.Status = NewStatus()
	}
	if o.Grace == 0 {
		o.Grace = 10 * time.Second
	}
	if o.Idle == 0 {
		o.Idle = 10 * time.Second
	}
	began := time.Now()
	for epoch := ""; ; {
		now, err := presentEpoch(ctx, o)
		if err != nil {
			return nil //nolint:nilerr // ctx has ended
		}
		if epoch != "" {
			o.Log.WarnContext(ctx, "the database was started anew or has recovered from a crash: looking at all logs again")
		}
		epoch = now
		if err := runEpoch(ctx, o, epoch, began); err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// retryWait returns how long to wait before try n (from 1): 50 ms, doubled each time, 5 s at most, of which half is left to
// chance: what failed together does not come back together.
func retryWait(n int) time.Duration {
	d := min(50*time.Millisecond<<min(n-1, 10), 5*time.Second) / 2
	return d + rand.N(d+1)
}

// wait waits for d or the end of ctx, and says whether ctx goes on.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

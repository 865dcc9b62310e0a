package ingest

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"hangup/event"
)

// epochEvery is how often the database is asked whether it has gone back.
const epochEvery = time.Second

// presentEpoch returns the database's epoch as soon as it can be had, or ctx's error.
func presentEpoch(ctx context.Context, o Options) (string, error) {
	for try := 1; ; try++ {
		c, cancel := answering(ctx)
		epoch, err := o.Ledger.Epoch(c)
		cancel()
		if err == nil {
			return epoch, nil
		}
		if try == 1 {
			o.Log.WarnContext(ctx, "the database does not answer, waiting", slog.Any("error", err))
		}
		if !wait(ctx, retryWait(try)) {
			return "", ctx.Err()
		}
	}
}

// runEpoch follows all sources until ctx or the epoch ends. What is known of the files, clients and routes is of one epoch:
// the database may have gone back behind it.
func runEpoch(ctx context.Context, o Options, epoch string, began time.Time) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	sem, fast, unpacking := semaphore.NewWeighted(writers), semaphore.NewWeighted(1), semaphore.NewWeighted(unpackers)
	bulk := semaphore.NewWeighted(writers - 1)
	dirs, files := newDirectories(), newSlots(o.MaxFiles)
	services := map[string]*serviceState{}
	for _, s := range o.Sources {
		if services[s.Service] == nil {
			services[s.Service] = newServiceState(s.Service, o.Routes)
		}
	}
	ledger := ofEpoch{o.Ledger, epoch}
	o.Ledger = ledger
	g, ctx := errgroup.WithContext(ctx)
	for i, s := range o.Sources {
		m := &manager{
			Options: o, source: s, service: services[s.Service], began: began, epoch: epoch, sem: sem, fast: fast,
			bulk: bulk, dirs: dirs, unpacking: unpacking, files: files, number: i,
			log:    o.Log.With(slog.String("log.file.path", s.Path)),
			groups: map[string]*grouped{}, beside: map[sibling]siblings{}, asleep: map[inode]*sleeper{},
			held: map[inode]*held{}, settled: map[content]int64{}, retry: map[content]time.Time{}, cut: map[int64]cut{},
		}
		if s.Pattern {
			m.pattern = newPattern(s.Path)
		}
		g.Go(func() error { return m.run(ctx) })
	}
	g.Go(func() error {
		for wait(ctx, epochEvery) {
			if errors.Is(ledger.still(ctx), event.ErrStale) {
				end()
			}
		}
		return nil
	})
	return g.Wait()
}

// answerTime bounds how long a question to the ledger may take. Where nothing passes between here and the database and something on
// the way says that all is well, nobody else ends it.
const answerTime = 20 * time.Second

func answering(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, answerTime)
}

// ofEpoch is a Ledger in one epoch: it returns event.ErrStale when that has ended, and other errors when no answer comes. A database
// that has gone back gives ids again that it has given before, to others.
type ofEpoch struct {
	Ledger

	epoch string
}

// still returns event.ErrStale when the epoch has ended.
func (l ofEpoch) still(ctx context.Context) error {
	ctx, cancel := answering(ctx)
	defer cancel()
	now, err := l.Ledger.Epoch(ctx)
	if err == nil && now != l.epoch {
		err = event.ErrStale
	}
	return err
}

func (l ofEpoch) SetFormat(ctx context.Context, service string, source int64, format string, confidence float64) error {
	ctx, cancel := answering(ctx)
	defer cancel()
	if err := l.still(ctx); err != nil {
		return err
	}
	return l.Ledger.SetFormat(ctx, service, source, format, confidence)
}

func (l ofEpoch) SettleArchive(ctx context.Context, service string, source int64, a event.Archive) error {
	ctx, cancel := answering(ctx)
	defer cancel()
	if err := l.still(ctx); err != nil {
		return err
	}
	return l.Ledger.SettleArchive(ctx, service, source, a)
}

func (l ofEpoch) Generation(ctx context.Context, service string, id int64) (event.Generation, error) {
	ctx, cancel := answering(ctx)
	defer cancel()
	g, err := l.Ledger.Generation(ctx, service, id)
	e := l.still(ctx)
	if errors.Is(e, event.ErrStale) {
		err = e
	}
	if err = cmp.Or(err, e); err != nil {
		return event.Generation{}, err
	}
	return g, nil
}

func (l ofEpoch) AddGenerations(ctx context.Context, service string, source int64, gs []event.Generation, newest int64) ([]int64, error) {
	ctx, cancel := answering(ctx)
	defer cancel()
	if err := l.still(ctx); err != nil {
		return nil, err
	}
	return l.Ledger.AddGenerations(ctx, service, source, gs, newest)
}

func (l ofEpoch) MoveGeneration(ctx context.Context, service string, id, source int64) error {
	ctx, cancel := answering(ctx)
	defer cancel()
	if err := l.still(ctx); err != nil {
		return err
	}
	return l.Ledger.MoveGeneration(ctx, service, id, source)
}

func (l ofEpoch) NoteSeen(ctx context.Context, service string, source int64, generations []int64) (time.Time, error) {
	ctx, cancel := answering(ctx)
	defer cancel()
	if err := l.still(ctx); err != nil {
		return time.Time{}, err
	}
	return l.Ledger.NoteSeen(ctx, service, source, generations)
}

func (l ofEpoch) SetGeneration(ctx context.Context, service string, id int64, path string, state event.State, lost int64) error {
	ctx, cancel := answering(ctx)
	defer cancel()
	if err := l.still(ctx); err != nil {
		return err
	}
	return l.Ledger.SetGeneration(ctx, service, id, path, state, lost)
}

func (l ofEpoch) OpenSource(ctx context.Context, service, path string) (id int64, format string, err error) {
	ctx, cancel := answering(ctx)
	defer cancel()
	return l.Ledger.OpenSource(ctx, service, path)
}

func (l ofEpoch) Past(ctx context.Context, service string, source int64) (event.Past, error) {
	ctx, cancel := answering(ctx)
	defer cancel()
	return l.Ledger.Past(ctx, service, source)
}

func (l ofEpoch) Candidates(ctx context.Context, service string, source int64, dirs []string, inodes []event.Inode, heads []event.Print) ([]event.Generation, int64, error) {
	ctx, cancel := answering(ctx)
	defer cancel()
	return l.Ledger.Candidates(ctx, service, source, dirs, inodes, heads)
}

func (l ofEpoch) Abandoned(ctx context.Context, service string, paths []string, inodes []event.Inode) ([]event.Generation, error) {
	ctx, cancel := answering(ctx)
	defer cancel()
	return l.Ledger.Abandoned(ctx, service, paths, inodes)
}

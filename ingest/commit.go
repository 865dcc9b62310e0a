package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"golang.org/x/sync/semaphore"

	"hangup/event"
	"hangup/parser"
)

// check says whether the file still has the content that was read, to offset end.
func (w *follower) check(end int64, ends [2]event.Line) (size int64, err error) {
	size, err = w.f.Size()
	if err != nil {
		return 0, err
	}
	if size < end {
		return 0, errChanged
	}
	same, err := continues(w.f, size, w.gen)
	if err != nil {
		return 0, err
	}
	if !same {
		return 0, errChanged
	}
	for _, l := range ends {
		if same, err := holds(w.f, l); err != nil || !same {
			return 0, cmp.Or(err, errChanged)
		}
	}
	return size, nil
}

// holds says whether a line that was read still stands where it stood: after a truncation that was not seen, what was
// read may be the old content, or half of it.
func holds(r io.ReaderAt, l event.Line) (bool, error) {
	b := make([]byte, len(l.Text))
	if _, err := r.ReadAt(b, l.Start); err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return string(b) == l.Text, nil
}

// commitTime bounds one attempt to store a batch; a large one is given largeTime.
const (
	commitTime = 10 * time.Second
	largeTime  = 2 * time.Minute
)

// commit stores the batch in hand. It tries until the batch is stored, another process has stored it (errFenced) or ctx
// ends. Nothing else is read meanwhile.
func (w *follower) commit(ctx context.Context) error {
	if w.u.empty() {
		return nil
	}
	if err := w.commitBatch(ctx, w.u.finish(), w.ends); err != nil {
		return err
	}
	w.u = w.tally.builder(w.m.service, w.gen.Source, w.gen.ID, w.gen.Off)
	w.opened, w.ends = time.Time{}, [2]event.Line{}
	w.noteFormat(ctx)
	return nil
}

// commitBatch stores a batch that begins where the generation is committed. ends are its first and last line.
func (w *follower) commitBatch(ctx context.Context, b *event.Batch, ends [2]event.Line) error {
	size, err := w.check(b.End, ends)
	if err != nil {
		return err
	}
	b.Size, b.Epoch = size, w.m.epoch
	if b.Head, err = event.HeadPrint(w.f, int(min(b.End, event.HeadSize))); err != nil {
		return fmt.Errorf("take the fingerprint: %w", err)
	}
	if b.Mark, err = event.MarkPrint(w.f, b.End); err != nil {
		return fmt.Errorf("take the fingerprint: %w", err)
	}
	// The bytes may have been replaced between reading them and taking their fingerprints: look once more.
	if _, err := w.check(b.End, ends); err != nil {
		return err
	}
	begun := time.Now()
	if err := w.store(ctx, b); err != nil {
		return err
	}
	w.gen.Off, w.gen.Lines, w.gen.Head, w.gen.Mark, w.gen.SizeSeen = b.End, w.gen.Lines+b.Lines, b.Head, b.Mark, b.Size
	w.off.Store(b.End)
	w.m.Status.committed(b, time.Since(begun), time.Now())
	return nil
}

// store brings the batch into the sink, however often it takes.
func (w *follower) store(ctx context.Context, b *event.Batch) error {
	for try := 1; ; try++ {
		err := w.attempt(ctx, b)
		if err == nil {
			return nil
		}
		if errors.Is(err, event.ErrStale) && try == 1 {
			w.m.Status.change(w.gen.Source, func(x *sourceStatus) { x.Fenced++ })
			return errFenced
		}
		for n := try; ; n++ {
			if !errors.Is(err, event.ErrStale) {
				w.m.Status.failed(w.gen.Source, err, time.Now())
				if n == 1 {
					w.log.WarnContext(ctx, "batch not stored, trying again", slog.Any("error", err))
				}
				if !wait(ctx, retryWait(n)) {
					return err
				}
			}
			// Whether the batch is stored is not known: the offset tells.
			g, readErr := w.m.Ledger.Generation(ctx, w.m.source.Service, b.Generation)
			if errors.Is(readErr, event.ErrStale) {
				return errFenced
			}
			if readErr != nil {
				err = readErr
				continue
			}
			if g.Off == b.End {
				return nil
			}
			if g.Off != b.Start {
				w.m.Status.change(w.gen.Source, func(x *sourceStatus) { x.Fenced++ })
				return errFenced
			}
			try = n
			break
		}
	}
}

// attempt stores the batch once. It is not cut off by the end of ctx: a transaction that is under way may end.
func (w *follower) attempt(ctx context.Context, b *event.Batch) error {
	queues := []*semaphore.Weighted{w.m.sem}
	if b.Lines > 2*liveLines || b.End-b.Start > 2*liveBytes { // a backlog leaves one writer to what is live
		queues = []*semaphore.Weighted{w.m.bulk, w.m.sem}
	}
	for _, q := range queues {
		if err := q.Acquire(ctx, 1); err != nil {
			return err
		}
		defer q.Release(1)
	}
	limit := commitTime
	if b.End-b.Start > backlogBytes {
		limit = largeTime
	}
	c, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	return w.m.Sink.Commit(c, time.Now().UTC(), b)
}

// noteFormat stores the format when it was found or has changed. It is worth no retry: the next batch comes by here too.
func (w *follower) noteFormat(ctx context.Context) {
	name, confidence := w.parse.Format()
	if name == "" || name == w.format {
		return
	}
	all, before := w.m.addFormat(name)
	if all != before {
		if err := w.m.Ledger.SetFormat(ctx, w.m.source.Service, w.gen.Source, all, confidence); err != nil {
			w.m.takeFormat(before)
			return
		}
		w.m.showFormat(all, confidence, parser.Found(w.parse).Formats)
	}
	w.format = name
}

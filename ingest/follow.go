package ingest

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"hangup/event"
	"hangup/parser"
)

// Why a follower ends before its generation does.
var (
	errChanged = errors.New("the file's content is not what was read before")
	errFenced  = errors.New("another process reads this file")
	errIdle    = errors.New("nothing is left to be read, and the file does not grow")
)

// follower reads one generation from its committed offset and commits what it says.
type follower struct {
	m     *manager
	log   *slog.Logger
	f     file
	gen   event.Generation
	live  bool            // the file may grow
	last  *atomic.Bool    // the path names another file: end once there is nothing more to read
	halt  <-chan struct{} // closed when the file is to be read no further
	off   *atomic.Int64
	part  *atomic.Int64 // bytes of a last line without a newline
	grown func() time.Time
	since time.Time // records of before are skipped; zero for none
	rest  int64     // the file's size when it was left as idle

	parse  parser.Parser
	format string
	lr     *lineReader
	ends   [2]event.Line // the batch's first and last line
	pos    int64         // end of the last line that was taken
	number int64         // its number
	tally  tallier
	u      *builder
	opened time.Time // when the batch got its first record
	seen   time.Time // when the newest line was read
	fault  error     // of emit

	lookout lookout
	alarmed bool // by this follower
}

// tailMargin is how much may lie unread before the reader takes over from the tail.
const tailMargin = 1 << 20

// handTick is how often a follower looks whether what it has in hand is to be committed. With nothing in hand it looks as
// often as directories are looked at.
const handTick = liveWait / 4

// run follows the generation. It returns nil when ctx ended or it was halted, and done when the generation was read to
// its end.
func (w *follower) run(ctx context.Context) (done bool, err error) {
	if err := w.restart(); err != nil {
		return false, err
	}
	for {
		b, err := w.lr.next(time.Now())
		if err != nil {
			return false, err
		}
		if !b.caughtUp {
			if err := w.take(b); err != nil {
				return false, err
			}
			if err := w.catchUp(ctx); err != nil {
				return false, err
			}
			if w.u.records() >= backlogLines || w.u.end()-w.u.b.Start >= backlogBytes {
				if err := w.commit(ctx); err != nil {
					return false, err
				}
			}
			if w.halted(ctx) {
				return false, w.stop(ctx)
			}
			continue
		}
		if !w.live {
			return true, w.finish(ctx)
		}
		if done, err := w.follow(ctx); done || err != nil {
			return done, err
		}
		if w.halted(ctx) {
			return false, w.stop(ctx)
		}
	}
}

func (w *follower) halted(ctx context.Context) bool {
	select {
	case <-w.halt:
		return true
	default:
		return ctx.Err() != nil
	}
}

// restart begins at the committed offset with nothing in hand.
func (w *follower) restart() (err error) {
	o := w.m.source.Parser
	if o.Format == "" {
		o.Hint = w.m.format()
	}
	if w.parse, err = parser.New(o); err != nil {
		return err
	}
	w.pos, w.number = w.gen.Off, w.gen.Lines
	w.u = w.tally.builder(w.m.service, w.gen.Source, w.gen.ID, w.gen.Off)
	w.lr, err = newLineReader(w.f, w.pos, w.number)
	return err
}

// take parses a block.
func (w *follower) take(b block) error {
	w.m.Status.read(w.gen.Source, b.size(), int64(len(b.lines)))
	if b.oversize.end > 0 {
		w.parse.Flush(w.emit)
		if w.fault == nil {
			w.fault = w.u.oversize(b.oversize, b.lineEnds)
		}
		w.pos = b.oversize.end
		if b.lineEnds {
			w.number++
		}
		w.touch()
		return w.fault
	}
	for _, l := range b.lines {
		w.seen, w.pos, w.number = l.Seen, l.End, l.Number
		if w.ends[0].End == 0 {
			w.ends[0] = l
		}
		w.ends[1] = l
		parser.Feed(w.parse, l, w.emit)
	}
	w.touch()
	return w.fault
}

func (w *follower) emit(r *event.Record) {
	if !w.since.IsZero() {
		skipOld(r, w.since)
	}
	if w.fault == nil {
		w.fault = w.u.add(r, w.seen)
		w.look(r)
	}
}

// touch notes when the batch got its first record.
func (w *follower) touch() {
	if w.opened.IsZero() && !w.u.empty() {
		w.opened = time.Now()
	}
}

// follow waits at the live end. It returns when the reader has to take over, with done when the generation is at its end.
func (w *follower) follow(ctx context.Context) (done bool, err error) {
	var (
		t      *liveTail
		blocks <-chan block
	)
	if f, ok := w.f.(plain); ok && canTail() && !w.lr.skipping && len(w.lr.buf) < tailMargin {
		t, err = startTail(f.File, w.pos, w.number)
		if err != nil { // its mode was narrowed, or descriptors have run out: the reader goes on alone
			w.log.DebugContext(ctx, "follow without a tail", slog.Any("error", err))
		} else {
			defer t.stop()
			blocks = t.blocks
			w.lr.buf = nil // the tail has its own
		}
	}
	tick := time.NewTicker(handTick)
	defer tick.Stop()
	begun, slow := time.Now(), false
	for {
		if empty := w.opened.IsZero() && !w.parse.Open(); empty != slow {
			if slow = empty; slow {
				tick.Reset(scanEvery)
			} else {
				tick.Reset(handTick)
			}
		}
		select {
		case <-ctx.Done():
			return false, nil
		case <-w.halt:
			return false, nil
		case b, ok := <-blocks:
			if !ok { // too much lies unread, or too little: a changed content is found when it is committed
				if !t.ahead.Load() {
					w.m.Status.change(w.gen.Source, func(x *sourceStatus) { x.Tails++ })
				}
				return false, w.again(ctx)
			}
			w.part.Store(0)
			if err := w.take(b); err != nil {
				return false, err
			}
			if w.u.records() >= liveLines || w.u.disconnects() >= liveHangups || w.u.end()-w.u.b.Start >= liveBytes {
				if err := w.commit(ctx); err != nil {
					return false, err
				}
			}
			continue
		case <-tick.C:
		}
		now := time.Now()
		if w.parse.Open() && now.Sub(w.seen) >= silence {
			w.parse.Flush(w.emit)
			w.touch()
			if w.fault != nil {
				return false, w.fault
			}
		}
		if !w.opened.IsZero() && now.Sub(w.opened) >= liveWait {
			if err := w.commit(ctx); err != nil {
				return false, err
			}
		}
		size, err := w.f.Size()
		if err != nil {
			return false, err
		}
		unread := size - w.pos
		if now.Sub(w.grown()) > time.Second {
			w.part.Store(max(unread, 0))
		}
		switch {
		case unread > tailMargin && blocks != nil, unread > int64(len(w.lr.buf)) && blocks == nil && now.Sub(begun) >= scanEvery:
			return false, w.again(ctx)
		case w.last.Load() && (unread == 0 || w.grown().Add(w.m.Grace).Before(now)):
			return w.drain(ctx)
		case now.Sub(w.grown()) > w.m.Idle, now.Sub(begun) > silence && now.Sub(w.grown()) > silence && w.m.files.crowded():
			if idle, err := w.idle(size); err != nil || idle {
				return false, cmp.Or(err, errIdle)
			}
		}
	}
}

// idle says whether nothing is left to be read of the file, which has size bytes, but a line without an end.
func (w *follower) idle(size int64) (bool, error) {
	if !w.u.empty() || w.parse.Open() || w.gen.Off != w.pos {
		return false, nil
	}
	if size > w.pos {
		lr, err := newLineReader(w.f, w.pos, w.number)
		if err != nil {
			return false, err
		}
		if b, err := lr.next(time.Now()); err != nil || !b.caughtUp || w.pos+int64(len(lr.buf)) > size {
			return false, err
		}
	}
	w.rest = size
	return true, nil
}

// again makes a new reader where the last line ended.
func (w *follower) again(ctx context.Context) (err error) {
	if !wait(ctx, scanEvery/10) {
		return nil
	}
	if w.lr.skipping && w.lr.off == w.pos {
		return nil
	}
	w.lr, err = newLineReader(w.f, w.pos, w.number)
	return err
}

// drain reads what a generation that nobody writes to any more still holds.
func (w *follower) drain(ctx context.Context) (bool, error) {
	var err error
	if w.lr, err = newLineReader(w.f, w.pos, w.number); err != nil {
		return false, err
	}
	for {
		b, err := w.lr.next(time.Now())
		if err != nil {
			return false, err
		}
		if b.caughtUp {
			return true, w.finish(ctx)
		}
		if err := w.take(b); err != nil {
			return false, err
		}
		if err := w.commit(ctx); err != nil {
			return false, err
		}
	}
}

// finish takes the last line, with or without a newline, and commits.
func (w *follower) finish(ctx context.Context) error {
	if b, ok := w.lr.rest(time.Now()); ok {
		if err := w.take(b); err != nil {
			return err
		}
	}
	w.parse.Flush(w.emit)
	if w.fault != nil {
		return w.fault
	}
	return w.commit(ctx)
}

// stop commits the complete records in hand; an open record is read again at the next start.
func (w *follower) stop(ctx context.Context) error {
	c, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTime)
	defer cancel()
	return w.commit(c)
}

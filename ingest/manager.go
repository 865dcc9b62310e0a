package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"hangup/event"
	"hangup/parser"
)

// manager finds the generations of one source and has each followed, all at the same time: a renamed file is read on
// until its writer is done, while its successor is read already.
type manager struct {
	Options
	source    Source
	dirs      *directories
	service   *serviceState
	sem       *semaphore.Weighted
	bulk      *semaphore.Weighted
	fast      *semaphore.Weighted // of files that are read with all cores
	unpacking *semaphore.Weighted
	log       *slog.Logger

	id      int64
	first   time.Time // when the source's first generation was seen
	held    map[inode]*held
	pending []*candidate          // found while the ledger did not answer: kept open, so that a rotation cannot take them away
	settled map[content]bool      // copies of what is known, with nothing to take
	looking *archive              // that is being read to tell what it is
	retry   map[content]time.Time // when archives are to be looked at again
	unread  int                   // archives of which it is not known yet what they are
	cut     map[int64]cut         // generations that were truncated lately, or that were open when this process came
	wg      sync.WaitGroup
	lastErr string

	mu         sync.Mutex
	found      string // the format
	confidence float64
	alarm      event.Alarm // since when its lines are not understood, if they are not
	alarmSaid  time.Time   // when the log told of one last
}

// held is a generation that is being followed.
type held struct {
	gen   event.Generation
	f     file
	path  string
	last  atomic.Bool
	off   atomic.Int64
	halt  chan struct{}
	ended chan struct{}
	done  bool // read to its end; valid after ended
	err   error

	size   int64        // seen last
	full   int64        // before it shrank
	growth atomic.Int64 // when it grew last, Unix nanoseconds
	part   atomic.Int64 // bytes of a last line without a newline
	named  bool         // the source's path names it
}

// holdDeleted is how long a file that no path names and no successor follows is held: it keeps its disk space.
const holdDeleted = time.Hour

func (m *manager) format() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.found
}

func (m *manager) setFormat(name string, confidence float64, formats []parser.Guess) {
	m.mu.Lock()
	m.found, m.confidence = name, confidence
	m.mu.Unlock()
	var seen []event.SeenFormat
	for _, g := range formats {
		seen = append(seen, event.SeenFormat{Format: g.Format, Layout: g.Layout})
	}
	m.Status.change(m.id, func(x *sourceStatus) { x.Format, x.Confidence, x.Formats = name, confidence, seen })
}

// run looks at the source's directory until ctx ends.
func (m *manager) run(ctx context.Context) error {
	defer m.close()
	m.first = time.Now()
	for try := 1; ; try++ {
		err := m.open(ctx)
		if err == nil {
			break
		}
		m.note(err)
		if !wait(ctx, retryWait(try)) {
			return nil
		}
	}
	t := time.NewTicker(scanEvery)
	defer t.Stop()
	for {
		m.note(m.scan(ctx))
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

func (m *manager) open(ctx context.Context) error {
	id, format, err := m.Ledger.OpenSource(ctx, m.source.Service, m.source.Path)
	if err != nil {
		return err
	}
	m.id = id
	m.Status.change(id, func(x *sourceStatus) { x.source = m.source })
	past, err := m.Ledger.Past(ctx, m.source.Service, id)
	if err != nil {
		return err
	}
	if !past.First.IsZero() {
		m.first = past.First
	}
	for _, a := range past.Archives {
		m.settled[content{a.Inode, a.Size, a.Modified}] = true
	}
	for _, g := range past.Open {
		m.cut[g.ID] = cut{at: time.Now(), path: g.Path, size: g.SizeSeen, off: g.Off, inode: inode{Dev: g.Dev, Ino: g.Ino}, whole: g.State != event.Truncated}
	}
	if err := m.service.load(ctx, m.Ledger); err != nil {
		return err
	}
	if format != "" {
		m.setFormat(format, 1, parser.FormatsOf(format))
	}
	return nil
}

// note shows an error in the status, and logs it when it is another than the one before.
func (m *manager) note(err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		m.lastErr = ""
		return
	}
	m.Status.change(m.id, func(x *sourceStatus) { x.LastError, x.LastErrorAt = err.Error(), time.Now() })
	if err.Error() != m.lastErr {
		m.lastErr = err.Error()
		m.log.Warn("source not well", slog.Any("error", err))
	}
}

func (m *manager) close() {
	m.wg.Wait()
	for _, h := range m.held {
		_ = h.f.Close()
	}
	for _, c := range m.pending {
		_ = c.f.Close()
	}
	if m.looking != nil {
		m.looking.close()
	}
}

// scan looks once at what is held and what is there.
func (m *manager) scan(ctx context.Context) error {
	errs := []error{m.reap(ctx)}
	found, listErr := m.list()
	errs = append(errs, listErr)
	for _, h := range m.held {
		h.named = false
	}
	present, successor, waiting := map[inode]bool{}, false, map[inode]*candidate{}
	for _, c := range m.pending {
		waiting[c.inode] = c
	}
	settled := map[content]bool{}
	var packed []entry
	for _, e := range found {
		present[e.inode] = true
		successor = successor || e.main
		h, w := m.held[e.inode], waiting[e.inode]
		switch {
		case m.settled[e.content]:
			settled[e.content] = true
		case h != nil:
			h.named, h.path = h.named || e.main, e.path
		case w != nil: // it may have been renamed
			w.path, w.main = e.path, e.main
		case e.packed():
			packed = append(packed, e)
		default:
			c, err := e.open()
			if err == nil {
				m.pending = append(m.pending, c)
			} else if !errors.Is(err, os.ErrNotExist) {
				errs = append(errs, err)
			}
		}
	}
	if listErr == nil {
		m.settled = settled
	}
	for _, h := range m.held {
		quiet := time.Since(time.Unix(0, h.growth.Load()))
		h.last.Store(!h.named && (successor && quiet > m.Grace || quiet > holdDeleted))
	}
	if len(m.pending) > 0 {
		errs = append(errs, m.identify(ctx))
	}
	errs = append(errs, m.archives(ctx, packed))
	if listErr == nil {
		errs = append(errs, m.settleCuts(ctx, present))
	}
	m.report()
	return errors.Join(errs...)
}

// reap looks at what is held: what was truncated, what has ended.
func (m *manager) reap(ctx context.Context) error {
	var errs []error
	for k, h := range m.held {
		select {
		case <-h.ended:
			delete(m.held, k)
			_ = h.f.Close()
			switch {
			case h.done:
				if u, ok := h.f.(*unpacked); ok {
					errs = append(errs, m.settle(ctx, u.was))
				}
				if err := m.Ledger.SetGeneration(ctx, m.source.Service, h.gen.ID, h.path, event.Done, 0); err != nil {
					errs = append(errs, err)
					m.cut[h.gen.ID] = cut{at: time.Now(), path: h.path, size: h.off.Load(), off: h.off.Load()} // it is tried again
				}
			case h.full > 0 || errors.Is(h.err, errChanged):
				m.cut[h.gen.ID] = cut{at: time.Now(), path: h.path, size: max(h.full, h.off.Load()), off: h.off.Load()}
			case h.err != nil && !errors.Is(h.err, errChanged) && !errors.Is(h.err, errFenced):
				errs = append(errs, fmt.Errorf("read %s: %w", h.path, h.err))
			}
			continue
		default:
		}
		size, err := h.f.Size()
		if errors.Is(err, errChanged) { // a compressed file that is being written to
			size, err = 0, nil
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if size > h.size {
			h.growth.Store(time.Now().UnixNano())
		}
		if size < h.size && h.full == 0 { // the follower finds out at its next commit; where nothing comes, it has to be told
			h.full = h.size
			close(h.halt)
		}
		h.size = size
	}
	return errors.Join(errs...)
}

// begin adds a new generation and has it followed from its beginning. The first of a source is dated when Hangup came to
// the source: what is rotated away after that is not old. newest is the newest generation that was known when the file
// was found to be new; it is brought up to date.
func (m *manager) begin(ctx context.Context, e entry, f file, newest *int64) error {
	size, err := f.Size()
	if err != nil {
		return err
	}
	g := event.Generation{Source: m.id, Path: e.path, Dev: e.Dev, Ino: e.Ino, SizeSeen: size, State: event.Live, FirstSeen: time.Now(), Settings: SettingsOf(m.source.Parser)}
	if *newest == 0 {
		g.FirstSeen = m.first
	}
	if g.Head, err = event.HeadPrint(f, event.HeadSize); err != nil {
		return err
	}
	if g.ID, err = m.Ledger.AddGeneration(ctx, m.source.Service, g, *newest); err != nil {
		return err
	}
	*newest = g.ID
	_, live := f.(plain)
	m.follow(ctx, e, f, g, live)
	return nil
}

// follow starts a follower. live says that the file may grow; the follower of a copy ends with what is there.
func (m *manager) follow(ctx context.Context, e entry, f file, g event.Generation, live bool) {
	delete(m.cut, g.ID)
	size, _ := f.Size() // an error comes again
	h := &held{gen: g, f: f, path: e.path, halt: make(chan struct{}), ended: make(chan struct{}), size: size, named: e.main}
	h.off.Store(g.Off)
	h.growth.Store(time.Now().UnixNano())
	m.held[e.inode] = h
	w := &follower{
		m: m, log: m.log, f: f, gen: g, live: live, last: &h.last, halt: h.halt, off: &h.off, part: &h.part,
		grown: func() time.Time { return time.Unix(0, h.growth.Load()) },
	}
	m.wg.Go(func() {
		defer close(h.ended)
		h.done, h.err = w.run(ctx)
	})
}

// report brings the status up to date.
func (m *manager) report() {
	var size, off int64
	for _, h := range m.held {
		size += h.size
		off += min(h.off.Load()+h.part.Load(), h.size)
	}
	now := time.Now()
	m.Status.change(m.id, func(x *sourceStatus) {
		x.Files, x.Size, x.Off = len(m.held), size, off
		switch {
		case size <= off:
			x.BehindSince = time.Time{}
		case x.BehindSince.IsZero() || x.LastCommit.After(x.BehindSince) && size-off < liveBytes:
			x.BehindSince = now
		}
		if m.lastErr == "" && size <= off {
			x.LastError = ""
		}
	})
}

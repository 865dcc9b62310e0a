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
)

// manager finds the generations of one source and has each followed, all at the same time: a renamed file is read on
// until its writer is done, while its successor is read already.
type manager struct {
	Options
	source  Source
	service *serviceState
	sem     *semaphore.Weighted
	log     *slog.Logger

	id      int64
	started time.Time
	held    map[inode]*held
	pending []candidate      // found while the ledger did not answer: kept open, so that a rotation cannot take them away
	settled map[content]bool // copies of what is known, with nothing to take
	cut     map[int64]cut    // generations that were truncated lately
	wg      sync.WaitGroup
	lastErr string

	mu         sync.Mutex
	found      string // the format
	confidence float64
}

// held is a generation that is being followed.
type held struct {
	gen   event.Generation
	f     *os.File
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

func (m *manager) setFormat(name string, confidence float64) {
	m.mu.Lock()
	m.found, m.confidence = name, confidence
	m.mu.Unlock()
	m.Status.change(m.id, func(x *sourceStatus) { x.Format, x.Confidence = name, confidence })
}

// run looks at the source's directory until ctx ends.
func (m *manager) run(ctx context.Context) error {
	defer m.close()
	m.started = time.Now()
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
	m.Status.change(id, func(*sourceStatus) {})
	if err := m.service.load(ctx, m.Ledger); err != nil {
		return err
	}
	if format != "" {
		m.setFormat(format, 1)
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
}

// scan looks once at what is held and what is there.
func (m *manager) scan(ctx context.Context) error {
	errs := []error{m.reap(ctx)}
	found, err := m.candidates()
	errs = append(errs, err)
	for _, h := range m.held {
		h.named = false
	}
	var unknown []candidate
	successor := false
	waiting := map[inode]int{}
	for i, c := range m.pending {
		waiting[c.inode] = i + 1
	}
	for _, c := range found {
		h := m.held[c.inode]
		switch {
		case h != nil:
			h.named, h.path = h.named || c.main, c.path
			_ = c.f.Close()
		case waiting[c.inode] > 0: // it may have been renamed
			m.pending[waiting[c.inode]-1].path, m.pending[waiting[c.inode]-1].main = c.path, c.main
			_ = c.f.Close()
		case m.settled[c.content] || c.size == 0 && !c.main:
			_ = c.f.Close()
		default:
			unknown = append(unknown, c)
			successor = successor || c.main
		}
	}
	for _, h := range m.held {
		successor = successor || h.named
	}
	for _, h := range m.held {
		quiet := time.Since(time.Unix(0, h.growth.Load()))
		h.last.Store(!h.named && (successor && quiet > m.Grace || quiet > holdDeleted))
	}
	m.pending = append(m.pending, unknown...)
	if len(m.pending) > 0 {
		errs = append(errs, m.identify(ctx))
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
			if h.full > 0 || errors.Is(h.err, errChanged) {
				m.cut[h.gen.ID] = cut{at: time.Now(), path: h.path, size: max(h.full, h.off.Load())}
			}
			switch {
			case h.done:
				errs = append(errs, m.Ledger.SetGeneration(ctx, m.source.Service, h.gen.ID, h.path, event.Done, 0))
			case h.err != nil && !errors.Is(h.err, errChanged) && !errors.Is(h.err, errFenced):
				errs = append(errs, fmt.Errorf("read %s: %w", h.path, h.err))
			}
			continue
		default:
		}
		st, err := h.f.Stat()
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if st.Size() > h.size {
			h.growth.Store(time.Now().UnixNano())
		}
		if st.Size() < h.size && h.full == 0 { // the follower finds out at its next commit; where nothing comes, it has to be told
			h.full = h.size
			close(h.halt)
		}
		h.size = st.Size()
	}
	return errors.Join(append(errs, m.settleCuts(ctx))...)
}

// cut is a generation that was truncated: what is not found in a copy of it within copyTime is lost.
type cut struct {
	at   time.Time
	path string
	size int64
}

const copyTime = 30 * time.Second

// settleCuts says of each truncated generation what became of the bytes that were not read from it.
func (m *manager) settleCuts(ctx context.Context) error {
	for id, c := range m.cut {
		if time.Since(c.at) < copyTime {
			continue
		}
		g, err := m.Ledger.Generation(ctx, m.source.Service, id)
		if err != nil {
			return err
		}
		state, lost := event.Done, max(c.size-g.Off, 0)
		if lost > 0 {
			state = event.Lost
			m.log.WarnContext(ctx, "bytes were truncated away before they could be read, and no copy has them",
				slog.String("log.file.path", c.path), slog.Int64("bytes", lost))
		}
		if err := m.Ledger.SetGeneration(ctx, m.source.Service, id, g.Path, state, lost); err != nil {
			return err
		}
		delete(m.cut, id)
	}
	return nil
}

// identify tells what the unknown files are, and has them followed.
func (m *manager) identify(ctx context.Context) error {
	rows, err := m.Ledger.Generations(ctx, m.source.Service, m.id)
	if err != nil {
		return err // they stay pending
	}
	candidates := m.pending
	m.pending = nil
	var errs []error
	// First those that go on where they were: a copy of a file is told by that file being followed.
	for _, identify := range []func(context.Context, *candidate, []event.Generation) (verdict, error){m.own, m.other} {
		var open []candidate
		for _, c := range candidates {
			if m.held[c.inode] != nil {
				_ = c.f.Close()
				continue
			}
			v, err := identify(ctx, &c, rows)
			switch {
			case err != nil:
				errs = append(errs, fmt.Errorf("identify %s: %w", c.path, err))
				m.pending = append(m.pending, c)
			case v == unsure:
				open = append(open, c)
			case v == later:
				m.pending = append(m.pending, c)
			case v == dismissed:
				_ = c.f.Close()
			case v == followed:
			}
		}
		candidates = open
	}
	return errors.Join(errs...)
}

// verdict is what was found about a candidate.
type verdict int

const (
	unsure    verdict = iota // to be looked at by the next pass
	later                    // to be kept open and looked at by the next scan
	followed                 // its descriptor is in use
	dismissed                // not to be read, now or ever
)

// own has a file followed that is a generation by its inode and content. Generations whose inode has another content
// now are truncated.
func (m *manager) own(ctx context.Context, c *candidate, rows []event.Generation) (verdict, error) {
	st, err := c.f.Stat()
	if err != nil {
		return unsure, err
	}
	c.content = contentOf(st)
	for i := range rows {
		g := &rows[i]
		if g.Dev != c.dev || g.Ino != c.ino || g.State == event.Truncated || g.State == event.Lost {
			continue
		}
		same, err := continues(c.f, c.size, *g)
		if err != nil {
			return unsure, err
		}
		if same && g.State == event.Done && c.size == g.Off && !c.main {
			m.settled[c.content] = true
			return dismissed, nil
		}
		if same && (g.Off > 0 || g.State == event.Live) {
			m.follow(ctx, c, *g, true)
			return followed, nil
		}
		if g.State != event.Done {
			if err := m.Ledger.SetGeneration(ctx, m.source.Service, g.ID, g.Path, event.Truncated, 0); err != nil {
				return unsure, err
			}
			g.State = event.Truncated
			m.log.InfoContext(ctx, "file was truncated or replaced", slog.Int64("off", g.Off), slog.Int64("size", c.size))
			if _, ok := m.cut[g.ID]; !ok {
				m.cut[g.ID] = cut{at: time.Now(), path: g.Path, size: g.SizeSeen}
			}
		}
	}
	return unsure, nil
}

// other decides what a file is that no inode tells: a copy of a generation, or a new one.
func (m *manager) other(ctx context.Context, c *candidate, rows []event.Generation) (verdict, error) {
	g, ok, err := m.original(c, rows)
	switch {
	case err != nil:
		return unsure, err
	case ok && c.main: // the file was replaced by a copy of itself: go on in it
		m.follow(ctx, c, g, true)
		return followed, nil
	case ok:
		return m.takeFromCopy(ctx, c, g)
	case c.main:
		return followed, m.begin(ctx, c, len(rows) == 0)
	case m.beingCopied(c), m.unsettled(c, rows):
		return later, nil
	case c.modified.Before(m.firstSeen(rows)): // rotated before Hangup first saw this log
		m.settled[c.content] = true
		return dismissed, nil
	}
	return followed, m.begin(ctx, c, false)
}

// original returns the generation that the file is a copy of. A copy may be shorter than what was read, when lines came
// between copying and truncating; then a head of 256 bytes must tell.
func (m *manager) original(c *candidate, rows []event.Generation) (event.Generation, bool, error) {
	for _, g := range rows {
		if g.Off == 0 || g.Dev == c.dev && g.Ino == c.ino {
			continue
		}
		same, err := continues(c.f, c.size, g)
		if err != nil {
			return g, false, err
		}
		if !same && g.Off > c.size && g.Head.Len >= 256 && c.size >= int64(g.Head.Len) && !c.main {
			head, err := event.HeadPrint(c.f, g.Head.Len)
			if err != nil {
				return g, false, err
			}
			same = head.Equal(g.Head)
		}
		if same {
			return g, true, nil
		}
	}
	return event.Generation{}, false, nil
}

// takeFromCopy takes what a copy of generation g holds beyond what is committed of g.
func (m *manager) takeFromCopy(ctx context.Context, c *candidate, g event.Generation) (verdict, error) {
	for _, h := range m.held {
		if h.gen.ID == g.ID {
			return later, nil // its own file is still being read
		}
	}
	if c.size > g.Off {
		if time.Since(c.modified) < copyQuiet {
			return later, nil // it may still be being written
		}
		m.log.InfoContext(ctx, "taking the rest of a file from its copy", slog.String("copy", c.path), slog.Int64("bytes", c.size-g.Off))
		m.follow(ctx, c, g, false)
		return followed, nil
	}
	m.settled[c.content] = true
	return dismissed, nil
}

// copyQuiet is how long a copy must not have been written to before it is read.
const copyQuiet = 2 * time.Second

// beingCopied says whether the file begins as one that is being read does and is still being written: a copy under way.
func (m *manager) beingCopied(c *candidate) bool {
	if time.Since(c.modified) > 10*time.Second {
		return false
	}
	n := int(min(c.size, event.HeadSize))
	head, err := event.HeadPrint(c.f, n)
	if err != nil {
		return false
	}
	for _, h := range m.held {
		if p, err := event.HeadPrint(h.f, n); err == nil && p.Equal(head) {
			return true
		}
	}
	return false
}

// unsettled says whether the file may be a copy of a generation of which nothing is known to be stored yet, so that its
// fingerprints cannot tell: one that is being read and whose first batch is under way, here or in another process.
func (m *manager) unsettled(c *candidate, rows []event.Generation) bool {
	stored := map[int64]int64{}
	for _, g := range rows {
		stored[g.ID] = g.Off
		if g.Off == 0 && g.State == event.Live && g.SizeSeen > 0 && time.Since(c.modified) < copyTime {
			return true
		}
	}
	for _, h := range m.held {
		if off := h.off.Load(); off != stored[h.gen.ID] || off == 0 && max(h.size, h.full) > 0 {
			return true
		}
	}
	return false
}

func (m *manager) firstSeen(rows []event.Generation) time.Time {
	first := m.started
	for _, g := range rows {
		if g.FirstSeen.Before(first) {
			first = g.FirstSeen
		}
	}
	return first
}

// begin adds a new generation and has it followed from its beginning. The first of a source is dated when Hangup came to
// the source: what is rotated away after that is not old.
func (m *manager) begin(ctx context.Context, c *candidate, first bool) error {
	g := event.Generation{Source: m.id, Path: c.path, Dev: c.dev, Ino: c.ino, SizeSeen: c.size, State: event.Live, FirstSeen: time.Now()}
	if first {
		g.FirstSeen = m.started
	}
	id, err := m.Ledger.AddGeneration(ctx, m.source.Service, g)
	if err != nil {
		return err
	}
	g.ID = id
	m.follow(ctx, c, g, true)
	return nil
}

// follow starts a follower. live says that the file may grow; the follower of a copy ends with what is there.
func (m *manager) follow(ctx context.Context, c *candidate, g event.Generation, live bool) {
	h := &held{gen: g, f: c.f, path: c.path, halt: make(chan struct{}), ended: make(chan struct{}), size: c.size, named: c.main}
	h.off.Store(g.Off)
	h.growth.Store(time.Now().UnixNano())
	m.held[c.inode] = h
	w := &follower{
		m: m, log: m.log, f: c.f, gen: g, live: live, last: &h.last, halt: h.halt, off: &h.off, part: &h.part,
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

package ingest

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"hangup/event"
)

// archive is a compressed file of the source that is read to tell what it is. It is told by what comes out of it, as any
// other file is by its content, and only once it is whole.
type archive struct {
	entry         // as it was opened: it is the examiner's until read is closed
	found  string // the log that it was found as, for the manager meanwhile
	u      *unpacked
	rows   []event.Generation // that it may hold, when it was looked at
	newest int64
	match  event.Generation   // that it is, if ID is not 0
	longer []event.Generation // of which it may be a copy that ends earlier: see original
	mark   event.Print        // of its end
	old    bool               // from before Hangup first came to the source
	err    error              // of the file
	asked  error              // of the ledger
	read   chan struct{}      // closed when all of this is known
}

func (a *archive) close() {
	if a.u != nil {
		_ = a.u.Close()
	}
}

const (
	// deadAfter is how long after it was written to last an archive that is not whole is given up.
	deadAfter = 10 * time.Minute
	// lookAgain is how long an archive waits that cannot be told yet.
	lookAgain = time.Second
	// lookAtOnce is how many archives of a source are looked at together. Only a few are decompressed at one time.
	lookAtOnce = 16
)

// archives looks at the compressed files, a few at a time, of each log one after the other.
func (m *manager) archives(ctx context.Context, packed []entry) error {
	var errs []error
	m.looking = slices.DeleteFunc(m.looking, func(a *archive) bool {
		select {
		case <-a.read:
			errs = append(errs, m.judge(ctx, a))
			return true
		default:
			return false
		}
	})
	busy := map[string]bool{} // what is still being opened may be what was compressed
	for _, c := range m.pending {
		busy[c.log] = true
	}
	for _, a := range m.looking {
		busy[a.found] = true
	}
	m.unread = map[string]bool{}
	now := time.Now()
	retry := map[content]time.Time{}
	for _, e := range packed {
		if _, done := m.settled[e.content]; done || m.held[e.inode] != nil {
			continue
		}
		m.unread[e.log] = true
		if at := m.retry[e.content]; now.Before(at) {
			retry[e.content] = at
			continue
		}
		// What was just written to is not whole.
		if busy[e.log] || len(m.looking) >= lookAtOnce || now.Sub(e.modified) < copyQuiet && now.After(e.modified) {
			continue
		}
		a := &archive{entry: e, found: e.log, read: make(chan struct{})}
		m.looking, busy[e.log] = append(m.looking, a), true
		m.wg.Go(func() {
			defer close(a.read)
			if err := guarded(func() error { m.examine(ctx, a); return nil })(); err != nil {
				a.err, a.asked = err, nil
			}
		})
	}
	m.retry = retry
	return someErrors(errs)
}

// examine reads an archive to its end, and finds the generation whose content it is: the one of which most is committed, of
// those that it may be. One that needs more room than is usual is read beside no other.
func (m *manager) examine(ctx context.Context, a *archive) {
	m.examineIn(ctx, a, usualWindow, 1)
	if isWide(a.err) {
		a.close()
		a.u, a.err, a.match = nil, nil, event.Generation{}
		m.examineIn(ctx, a, maxWindow, unpackers)
	}
}

// examineIn is examine in so much room for the decompressor, as so many of those that unpack.
func (m *manager) examineIn(ctx context.Context, a *archive, room uint32, share int64) {
	if a.asked = m.unpacking.Acquire(ctx, share); a.asked != nil {
		return
	}
	c, err := a.open()
	if err != nil {
		m.unpacking.Release(share)
		a.asked = err // it may have been renamed
		return
	}
	a.entry = c.entry
	a.u = newUnpacked(c.f.File, a.content, room, ctx.Done(), func() { m.unpacking.Release(share) })
	head, err := event.HeadPrint(a.u, event.HeadSize)
	if err != nil {
		a.err = err
		return
	}
	if a.u.s.Compression() == "" {
		a.err = errNotPacked
		return
	}
	a.rows, a.newest, a.asked = m.Ledger.Candidates(ctx, m.source.Service, m.id, m.dirsOf([]string{filepath.Dir(a.path)}), nil, []event.Print{head})
	if a.asked != nil {
		return
	}
	a.rows = m.byLog(a.rows)[m.key(a.log)]
	var alike []event.Generation
	for _, g := range a.rows {
		if g.Head.Len == 0 {
			continue
		}
		if head, err = event.HeadPrint(a.u, g.Head.Len); err != nil {
			a.err = err
			return
		}
		if head.Equal(g.Head) {
			alike = append(alike, g)
		}
	}
	if a.old = len(alike) == 0 && a.modified.Before(m.first); a.old {
		return
	}
	slices.SortStableFunc(alike, func(x, y event.Generation) int { return cmp.Compare(x.Off, y.Off) }) // in the order of reading
	for _, g := range alike {
		same, err := continues(a.u, math.MaxInt64, g)
		if err != nil {
			a.err = err
			return
		}
		if same {
			a.match = g
		}
	}
	if a.err = a.u.whole(); a.err != nil || a.match.ID != 0 {
		return
	}
	a.longer = slices.DeleteFunc(alike, func(g event.Generation) bool { return g.Off <= a.u.size || g.Head.Len < tellingHead })
	if len(a.longer) > 0 {
		a.mark, a.err = event.MarkPrint(a.u, a.u.size)
	}
}

var errNotPacked = errors.New("not compressed with gzip, zstd, bzip2 or xz, as its name says")

// judge decides what is done with an archive that was examined.
func (m *manager) judge(ctx context.Context, a *archive) (err error) {
	keep := false
	defer func() {
		if !keep {
			a.close()
		}
		if errors.Is(err, event.ErrStale) {
			err = nil
		}
	}()
	m.retry[a.content] = time.Now().Add(lookAgain) // unless it is settled
	log := m.log.With(slog.String("archive", a.path))
	switch {
	case errors.Is(a.asked, context.Canceled), errors.Is(a.asked, os.ErrNotExist), errors.Is(a.err, context.Canceled):
		return nil
	case a.asked != nil:
		return a.asked
	case a.partial() && time.Since(a.modified) < deadAfter: // it may still be written: then it changes
		m.retry[a.content] = a.modified.Add(deadAfter)
		return nil
	case errors.As(a.err, new(*os.PathError)):
		return a.err
	case a.err != nil:
		log.WarnContext(ctx, "compressed log is not read", slog.Any("error", a.err))
		return m.settle(ctx, a.content, 0)
	case a.old:
		return m.settle(ctx, a.content, 0)
	}
	g := a.match
	for _, l := range a.longer {
		if g.ID == 0 && !contradicted(ctx, m.pathOf(l), l, a.u.size, a.mark, false) {
			g = l
		}
	}
	if g.ID == 0 {
		g = a.untold(m)
	}
	switch {
	case g.ID != 0 && m.reads(g.ID), m.underWay(a.rows, a.log):
		return nil // its own file is still being read
	case g.ID != 0 && g.Off >= a.u.size:
		return m.settle(ctx, a.content, g.ID)
	case g.ID != 0:
		log.InfoContext(ctx, "taking the rest of a file from its archive", slog.Int64("bytes", a.u.size-g.Off))
		keep = true
		m.Status.change(m.id, func(x *sourceStatus) { x.Archives++ })
		m.follow(ctx, a.entry, a.u, g, false)
		return nil
	}
	log.InfoContext(ctx, "reading an archive of a log that was not seen before it was compressed", slog.Int64("bytes", a.u.size))
	x, err := m.fresh(a.entry, a.u)
	if err == nil {
		err = m.begin(ctx, []fresh{x}, a.newest)
	}
	if err != nil {
		return err
	}
	keep = true
	m.Status.change(m.id, func(x *sourceStatus) { x.Archives++ })
	return nil
}

// partial says whether the file ends before its content does.
func (a *archive) partial() bool {
	return errors.Is(a.err, ErrIncomplete) || errors.Is(a.err, errNotPacked) && a.size < 6
}

// untold returns a generation that the archive may be, though nothing tells: one that was empty when it was found and of
// which nothing is stored. Another process may be about to store its first batch; of the two the first one wins.
func (a *archive) untold(m *manager) event.Generation {
	for _, g := range a.rows {
		if g.Off == 0 && g.Head.Len == 0 && (g.State == event.Live || g.State == event.Truncated) && !m.reads(g.ID) {
			return g
		}
	}
	return event.Generation{}
}

// settle notes that an archive need not be looked at again, and whose content it is; 0 for nobody's.
func (m *manager) settle(ctx context.Context, c content, generation int64) error {
	m.settled[c] = generation
	return m.Ledger.SettleArchive(ctx, m.source.Service, m.id, event.Archive{Inode: c.inode, Size: c.size, Modified: c.modified, Generation: generation})
}

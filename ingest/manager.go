package ingest

import (
	"context"
	"errors"
	"log/slog"
	"sync"
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
	number    int     // of the source
	pattern   pattern // of a source that is one
	dirs      *directories
	files     *slots
	service   *serviceState
	sem       *semaphore.Weighted
	bulk      *semaphore.Weighted
	fast      *semaphore.Weighted // of files that are read with all cores
	unpacking *semaphore.Weighted
	log       *slog.Logger

	id      int64
	epoch   string               // of the database, in which all that is known here is right
	began   time.Time            // when Run began: a rotation after it is not one from before Hangup came to the log
	first   time.Time            // when the source's first generation was seen
	groups  map[string]*grouped  // logs of a pattern, by directory
	beside  map[sibling]siblings // rotated files
	held    map[inode]*held
	asleep  map[inode]*sleeper
	waits   map[inode]time.Time   // files for which there is no slot, and since when
	cost    time.Duration         // of the last look at the directories
	pending []*candidate          // found while the ledger did not answer: kept open, so that a rotation cannot take them away
	settled map[content]int64     // files with nothing to take, and the generations whose contents or copies they are; 0 for none
	looking []*archive            // that are being read to tell what they are
	retry   map[content]time.Time // when archives are to be looked at again
	unread  map[string]bool       // logs with archives of which it is not known yet what they are
	cut     map[int64]cut         // generations that were truncated lately, or that were open when this process came
	wg      sync.WaitGroup
	lastErr string
	noted   time.Time // when what is there was noted last

	mu        sync.Mutex
	found     string      // the format
	alarm     event.Alarm // since when its lines are not understood, if they are not
	alarmSaid time.Time   // when the log told of one last
}

const (
	// holdDeleted is how long a file that no path names and no successor follows is held: it keeps its disk space.
	holdDeleted = time.Hour
	// lookShare is how many times as long as a look at the directories the pause after it is: large trees are looked at
	// less often, but at least every scanAtMost.
	lookShare  = 50
	scanAtMost = 2 * time.Second
)

// run looks at the source's directory until ctx ends.
func (m *manager) run(ctx context.Context) error {
	defer m.close()
	m.first = m.began
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
	for {
		m.note(m.scan(ctx))
		if !wait(ctx, min(max(scanEvery, lookShare*m.cost), scanAtMost)) {
			return nil
		}
	}
}

func (m *manager) open(ctx context.Context) error {
	id, format, err := m.Ledger.OpenSource(ctx, m.source.Service, m.source.Path)
	if err != nil {
		return err
	}
	m.id = id
	m.Status.open(id, m.source)
	past, err := m.Ledger.Past(ctx, m.source.Service, id)
	if err != nil {
		return err
	}
	if !past.First.IsZero() {
		m.first = past.First
	}
	for _, a := range past.Archives {
		m.settled[content{a.Inode, a.Size, a.Modified}] = a.Generation
	}
	for _, g := range past.Open {
		m.cut[g.ID] = cut{at: time.Now(), path: g.Path, size: g.SizeSeen, off: g.Off, inode: inode{Dev: g.Dev, Ino: g.Ino}, whole: g.State != event.Truncated}
	}
	if err := m.service.load(ctx, m.Ledger); err != nil {
		return err
	}
	if format != "" {
		m.takeFormat(format)
		m.showFormat(format, 1, parser.FormatsOf(format))
	}
	return nil
}

// note shows an error in the status, and logs it when it is another than the one before.
func (m *manager) note(err error) {
	none := errors.Is(err, errNoFile)
	show := func(f func(*sourceStatus)) {
		if m.id != 0 { // until it is opened, nothing is known of it
			m.Status.change(m.id, f)
		}
	}
	show(func(x *sourceStatus) { x.NoFile = none })
	if err == nil || errors.Is(err, context.Canceled) {
		m.lastErr = ""
		return
	}
	show(func(x *sourceStatus) { x.LastError, x.LastErrorAt, x.LastClass = err.Error(), time.Now(), "" })
	if err.Error() != m.lastErr {
		m.lastErr = err.Error()
		m.log.Warn("source not well", slog.Any("error", err))
	}
}

func (m *manager) close() {
	m.wg.Wait()
	for _, h := range m.held {
		m.release(h)
	}
	for _, c := range m.pending {
		m.drop(c)
	}
	for _, a := range m.looking {
		a.close()
	}
	m.files.wait(m, nil)
}

// scan looks once at what is held and what is there.
func (m *manager) scan(ctx context.Context) error {
	errs := []error{m.reap(ctx), m.service.load(ctx, m.Ledger)}
	begun := time.Now()
	found, failed, listErr := m.list()
	m.cost = time.Since(begun)
	errs = append(errs, listErr)
	for _, h := range m.held {
		h.named, h.there = false, false
	}
	present, successor, waiting := make(map[inode]bool, len(found)), map[string]bool{}, map[inode]*candidate{}
	for _, c := range m.pending {
		waiting[c.inode] = c
	}
	settled := map[content]int64{}
	var packed, wanted []entry
	for _, e := range found {
		present[e.inode] = true
		if e.main {
			successor[e.log] = true
		}
		h, w, s := m.held[e.inode], waiting[e.inode], m.asleep[e.inode]
		of, done := m.settled[e.content]
		switch {
		case done:
			settled[e.content] = of
		case h != nil:
			h.named, h.there, h.path, h.log = h.named || e.main, true, e.path, e.log
			if h.parked {
				m.grown(h, e.size)
			}
		case w != nil: // it may have been renamed
			w.path, w.main, w.log = e.path, e.main, e.log
		case s != nil && s.rests(e):
			errs = append(errs, m.rests(ctx, s, e))
		case e.packed():
			packed = append(packed, e)
		default:
			wanted = append(wanted, e)
		}
	}
	if len(failed) == 0 {
		m.settled = settled
	}
	m.missing(present, failed)
	hold := holdDeleted
	if m.files.crowded() {
		hold = min(hold, 6*m.Grace)
	}
	for k, h := range m.held {
		if h.parked && !h.there {
			size, err := h.f.Size()
			errs = append(errs, err)
			m.grown(h, size)
		}
		quiet := time.Since(time.Unix(0, h.growth.Load()))
		h.last.Store(!h.named && (successor[h.log] && quiet > m.Grace || quiet > hold))
		switch {
		case !h.parked:
		case h.full > 0:
			m.shrunk(k, h)
		case h.last.Load():
			m.resume(ctx, h)
		case h.there && quiet > keepOpen*m.Idle:
			m.letGo(k, h)
		case h.growth.Load() > h.begun.UnixNano():
			m.resume(ctx, h)
		}
	}
	m.yield()
	denied := m.admit(wanted)
	errs = append(errs, denied...)
	if len(m.pending) > 0 {
		errs = append(errs, m.identify(ctx))
	}
	errs = append(errs, m.archives(ctx, packed), m.settleCuts(ctx, present, failed))
	if len(failed)+len(denied) == 0 && (listErr == nil || errors.Is(listErr, errNoFile)) {
		errs = append(errs, m.noteSeen(ctx))
	}
	m.report()
	return someErrors(errs)
}

// report brings the status up to date.
func (m *manager) report() {
	var size, off, worst int64
	idle, newest, current := 0, int64(0), ""
	for _, h := range m.held {
		committed := min(h.off.Load()+h.part.Load(), h.size)
		size += h.size
		off += committed
		worst = max(worst, h.size-committed)
		if h.parked {
			idle++
		}
		if t := h.growth.Load(); h.named && t >= newest {
			newest, current = t, h.path
		}
	}
	for _, s := range m.asleep {
		size += s.size
		read := s.size
		if s.unread {
			read = min(s.off, s.size)
			worst = max(worst, s.size-read)
		} else {
			idle++
		}
		off += read
		if current == "" && s.main {
			current = s.path
		}
	}
	now := time.Now()
	m.Status.change(m.id, func(x *sourceStatus) {
		x.Files, x.Idle, x.Waiting = len(m.held)+len(m.asleep), idle, len(m.waits)
		x.Size, x.Off, x.WorstLag, x.current = size, off, worst, current
		switch {
		case size <= off && len(m.waits) == 0:
			x.BehindSince = time.Time{}
		case x.BehindSince.IsZero() || x.LastCommit.After(x.BehindSince) && size-off < liveBytes && len(m.waits) == 0:
			x.BehindSince = now
		}
		if m.lastErr == "" && size <= off {
			x.LastError, x.LastClass = "", ""
		}
	})
}

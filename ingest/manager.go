package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
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

// held is a generation that is being followed.
type held struct {
	gen   event.Generation
	f     file
	path  string
	log   string
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
	there  bool         // the last look found it
	begun  time.Time
	slot   bool      // it has one to give back
	parked bool      // nobody reads it until it grows
	yields bool      // it is to give its slot to another
	w      *follower // that reads it; only to be looked at after ended
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

// drop closes a file that is not followed.
func (m *manager) drop(c *candidate) {
	_ = c.f.Close()
	m.files.give(false)
}

// release closes a file that was followed.
func (m *manager) release(h *held) {
	_ = h.f.Close()
	if h.slot {
		m.files.give(h.yields)
	}
}

// scan looks once at what is held and what is there.
func (m *manager) scan(ctx context.Context) error {
	errs := []error{m.reap(ctx)}
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

// reap looks at what is held: what was truncated, what has ended.
func (m *manager) reap(ctx context.Context) error {
	var errs []error
	for k, h := range m.held {
		if h.parked {
			continue
		}
		select {
		case <-h.ended:
			rest := h.w.rest
			h.gen, h.w = h.w.gen, nil
			switch {
			case errors.Is(h.err, errIdle) && h.full == 0:
				h.parked, h.size, h.begun = true, rest, time.Now()
				if h.yields {
					m.letGo(k, h)
				}
				continue
			case h.yields && !h.done && h.err == nil && h.full == 0:
				m.letGo(k, h)
				continue
			}
			delete(m.held, k)
			m.release(h)
			switch {
			case h.done:
				if u, ok := h.f.(*unpacked); ok {
					errs = append(errs, m.settle(ctx, u.was, h.gen.ID))
				}
				if err := m.Ledger.SetGeneration(ctx, m.source.Service, h.gen.ID, h.path, event.Done, 0); err != nil {
					errs = append(errs, err)
					m.cut[h.gen.ID] = cut{at: time.Now(), path: h.path, size: h.off.Load(), off: h.off.Load()} // it is tried again
				}
			case h.full > 0 || errors.Is(h.err, errChanged):
				m.cut[h.gen.ID] = cut{at: time.Now(), path: h.path, size: max(h.full, h.off.Load()), off: h.off.Load()}
			case h.err != nil && !errors.Is(h.err, errFenced):
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
		if m.grown(h, size); h.full > 0 { // the follower finds out at its next commit; where nothing comes, it has to be told
			h.stop()
		}
	}
	return someErrors(errs)
}

// grown notes the size of a held file.
func (m *manager) grown(h *held, size int64) {
	if size > h.size {
		h.growth.Store(time.Now().UnixNano())
	}
	if size < h.size && h.full == 0 {
		h.full = h.size
	}
	h.size = size
}

// stop has the follower end.
func (h *held) stop() {
	select {
	case <-h.halt:
	default:
		close(h.halt)
	}
}

// admit opens files, those that have waited longest first, as long as there are slots.
func (m *manager) admit(wanted []entry) (errs []error) {
	now, waits := time.Now(), map[inode]time.Time{}
	since := func(e entry) time.Time {
		if t, ok := m.waits[e.inode]; ok {
			return t
		}
		return now
	}
	slices.SortStableFunc(wanted, func(a, b entry) int { return since(a).Compare(since(b)) })
	var times []time.Time
	for _, e := range wanted {
		if !m.files.take(m, since(e)) {
			waits[e.inode] = since(e)
			times = append(times, since(e))
			continue
		}
		c, err := e.open()
		switch {
		case err == nil:
			delete(m.asleep, e.inode)
			m.pending = append(m.pending, c)
			continue
		case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
			waits[e.inode] = since(e)
			times = append(times, since(e))
			m.files.give(false)
			m.files.exhausted()
			continue
		case !errors.Is(err, os.ErrNotExist):
			errs = append(errs, err)
		}
		m.files.give(false)
	}
	m.waits = waits
	m.files.wait(m, times)
	return errs
}

// fresh is a file that is a new generation.
type fresh struct {
	entry
	f   file
	gen event.Generation
}

// fresh describes a new generation.
func (m *manager) fresh(e entry, f file) (x fresh, err error) {
	x = fresh{e, f, event.Generation{Source: m.id, Path: e.path, Dev: e.Dev, Ino: e.Ino, State: event.Live, Settings: SettingsOf(m.source.Parser)}}
	if x.gen.SizeSeen, err = f.Size(); err == nil {
		x.gen.Head, err = event.HeadPrint(f, event.HeadSize)
	}
	return x, err
}

// begin adds new generations and has them followed from their beginning. The first ones of a source are dated when Hangup
// came to the source: what is rotated away after that is not old. newest is the newest generation that was known when the
// files were found to be new.
func (m *manager) begin(ctx context.Context, files []fresh, newest int64) error {
	now := time.Now()
	if newest == 0 {
		now = m.first
	}
	gs := make([]event.Generation, len(files))
	for i := range files {
		files[i].gen.FirstSeen = now
		if m.source.Since > 0 {
			files[i].gen.Settings.Since = now.Add(-m.source.Since)
		}
		gs[i] = files[i].gen
	}
	ids, err := m.Ledger.AddGenerations(ctx, m.source.Service, m.id, gs, newest)
	if err != nil {
		return err
	}
	for i, x := range files {
		gs[i].ID = ids[i]
		_, live := x.f.(plain)
		m.follow(ctx, x.entry, x.f, gs[i], live)
	}
	return nil
}

// follow has a file followed. live says that it may grow; the follower of a copy ends with what is there.
func (m *manager) follow(ctx context.Context, e entry, f file, g event.Generation, live bool) {
	delete(m.cut, g.ID)
	delete(m.asleep, e.inode)
	size, _ := f.Size() // an error comes again
	_, slot := f.(plain)
	h := &held{gen: g, f: f, path: e.path, log: e.log, size: size, named: e.main, there: true, slot: slot}
	h.growth.Store(time.Now().UnixNano())
	m.held[e.inode] = h
	m.read(ctx, h, live)
}

// read starts a follower.
func (m *manager) read(ctx context.Context, h *held, live bool) {
	h.halt, h.ended, h.begun = make(chan struct{}), make(chan struct{}), time.Now()
	h.parked, h.done, h.err = false, false, nil
	h.off.Store(h.gen.Off)
	w := &follower{
		m: m, log: m.log, f: h.f, gen: h.gen, live: live, last: &h.last, halt: h.halt, off: &h.off, part: &h.part,
		grown: func() time.Time { return time.Unix(0, h.growth.Load()) },
	}
	if m.source.Since > 0 {
		w.since = h.gen.FirstSeen.Add(-m.source.Since)
	}
	h.w = w
	m.wg.Go(func() {
		defer close(h.ended)
		h.err = guarded(func() (err error) {
			h.done, err = w.run(ctx)
			return err
		})()
	})
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

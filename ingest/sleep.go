package ingest

import (
	"cmp"
	"context"
	"slices"
	"time"

	"hangup/event"
)

// A file that does not grow is let go in two steps. First its follower ends, and only its size is looked at (parked): a
// reader that is gone costs nothing, and our descriptor keeps what is written to it after a rename or a deletion. Then,
// or at once when other files need the slot, its descriptor is closed too (asleep). What becomes of it then is told by its
// fingerprints, as after a restart of Hangup.

const (
	// keepOpen is after how many times Options.Idle the descriptor of an idle file is closed.
	keepOpen = 60
	// turn is how long a file is followed at least before it gives its slot to one that waits.
	turn = 3 * time.Second
)

// sleeper is a generation of which no descriptor is held.
type sleeper struct {
	gen    int64
	off    int64
	unread bool // there is more to be read, as soon as there is a slot
	entry
}

// rests says whether the file need not be opened: it is as it was, and nothing is left of it to be read.
func (s *sleeper) rests(e entry) bool {
	return !s.unread && s.content == e.content && (e.main || s.off == e.size)
}

// rests notes where a sleeping file is. One that was rotated away and is read to its end is done.
func (m *manager) rests(ctx context.Context, s *sleeper, e entry) error {
	s.entry = e
	if e.main {
		return nil
	}
	if err := m.Ledger.SetGeneration(ctx, m.source.Service, s.gen, e.path, event.Done, 0); err != nil {
		return err
	}
	m.settled[e.content] = s.gen
	delete(m.asleep, e.inode)
	return nil
}

// sleep notes that a generation's file is closed.
func (m *manager) sleep(g event.Generation, e entry, unread bool) {
	delete(m.cut, g.ID)
	m.asleep[e.inode] = &sleeper{gen: g.ID, off: g.Off, unread: unread, entry: e}
}

// missing finds the sleeping files that are gone. They may have been compressed.
func (m *manager) missing(present map[inode]bool, failed []string) {
	for k, s := range m.asleep {
		if present[k] || len(failed) > 0 && blind(failed, s.path) {
			continue
		}
		delete(m.asleep, k)
		m.cut[s.gen] = cut{at: time.Now(), path: s.path, size: s.size, off: s.off, inode: k, whole: true}
	}
}

// letGo closes a file that nobody reads, or not any more.
func (m *manager) letGo(k inode, h *held) {
	e := entry{path: h.path, main: h.named, log: h.log, content: content{inode: k, size: h.size}}
	unread := true
	if f, ok := h.f.(plain); ok && h.parked {
		if st, err := f.Stat(); err == nil {
			e.content = contentOf(st)
			unread = e.size != h.size
		}
	}
	delete(m.held, k)
	m.release(h)
	m.sleep(h.gen, e, unread)
}

// shrunk lets a parked file go that was truncated.
func (m *manager) shrunk(k inode, h *held) {
	delete(m.held, k)
	m.release(h)
	m.cut[h.gen.ID] = cut{at: time.Now(), path: h.path, size: max(h.full, h.gen.Off), off: h.gen.Off}
}

// resume has a parked file read again.
func (m *manager) resume(ctx context.Context, h *held) { m.read(ctx, h, true) }

// yield gives slots to files that wait: those of parked files first, then of those that were followed for longest. Only a
// file that has a name is found again.
func (m *manager) yield() {
	var parked, active []*held
	keys := map[*held]inode{}
	for k, h := range m.held {
		if !h.slot || !h.there || h.yields || h.last.Load() {
			continue
		}
		keys[h] = k
		if h.parked {
			parked = append(parked, h)
		} else if h.named && time.Since(h.begun) > turn {
			active = append(active, h)
		}
	}
	n := m.files.claim(len(parked) + len(active))
	if n == 0 {
		return
	}
	byBegin := func(a, b *held) int { return cmp.Or(a.begun.Compare(b.begun), cmp.Compare(a.path, b.path)) }
	slices.SortFunc(parked, byBegin)
	slices.SortFunc(active, byBegin)
	for _, h := range append(parked, active...)[:n] {
		h.yields = true
		if h.parked {
			m.letGo(keys[h], h)
		} else {
			h.stop()
		}
	}
}

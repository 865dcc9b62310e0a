package ingest

import (
	"context"
	"errors"
	"os"
	"slices"
	"syscall"
	"time"

	"hangup/event"
)

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

// drop closes a file that is not followed.
func (m *manager) drop(c *candidate) {
	_ = c.f.Close()
	m.files.give(false)
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

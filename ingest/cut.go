package ingest

import (
	"context"
	"log/slog"
	"time"

	"hangup/event"
)

// cut is a generation that was truncated, or that was open when this process came and is not there any more: what is not
// found in a copy of it within three times the grace is lost.
type cut struct {
	at    time.Time
	path  string
	size  int64
	off   int64 // committed when it was looked at last
	inode inode // of one that was open
	whole bool  // it was not truncated: while there is a file of its inode, it waits for being identified
}

// settleCuts says of each of them what became of the bytes that were not read from it. present are the files that are
// there, failed the places that could not be looked at.
func (m *manager) settleCuts(ctx context.Context, present map[inode]bool, failed []string) error {
	if len(m.cut) == 0 {
		return nil
	}
	copies := map[string]bool{}
	for log := range m.unread {
		copies[m.key(log)] = true
	}
	for _, c := range m.pending {
		copies[m.key(c.log)] = true
	}
	reading := map[int64]bool{}
	for _, h := range m.held {
		reading[h.gen.ID] = true
	}
	for id, c := range m.cut {
		if reading[id] {
			delete(m.cut, id)
			continue
		}
		if time.Since(c.at) < 3*m.Grace || c.whole && present[c.inode] || copies[m.logOf(c.path)] || blind(failed, c.path) {
			continue
		}
		g, err := m.Ledger.Generation(ctx, m.source.Service, id)
		if err != nil {
			return err
		}
		if g.Source != m.id { // another source has taken it over
			delete(m.cut, id)
			continue
		}
		if g.Off != c.off { // another process reads it, or has done so
			c.off, c.at = g.Off, time.Now()
			m.cut[id] = c
			continue
		}
		state, lost := event.Done, max(c.size-g.Off, 0)
		if lost > 0 {
			state = event.Lost
			m.log.WarnContext(ctx, "bytes were gone before they could be read, and no copy has them",
				slog.String("log.file.path", c.path), slog.Int64("bytes", lost))
		}
		if err := m.Ledger.SetGeneration(ctx, m.source.Service, id, g.Path, state, lost); err != nil {
			return err
		}
		m.Status.change(m.id, func(x *sourceStatus) { x.LostBytes += lost })
		delete(m.cut, id)
	}
	return nil
}

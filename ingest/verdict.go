package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"hangup/event"
)

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

package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"hangup/event"
)

// identify tells what the unknown files are, and has them followed.
func (m *manager) identify(ctx context.Context) error {
	candidates := m.pending[:min(len(m.pending), tellAtOnce)]
	inodes := make([]event.Inode, len(candidates))
	for i, c := range candidates {
		inodes[i] = c.inode
	}
	// What another process adds from here on is not among the rows by which own judges: begin then finds newest to be stale.
	rows, newest, err := m.Ledger.Candidates(ctx, m.source.Service, m.id, nil, inodes, nil)
	if err != nil {
		return err // they stay pending
	}
	byInode := map[inode][]*event.Generation{}
	for i := range rows {
		k := inode{Dev: rows[i].Dev, Ino: rows[i].Ino}
		byInode[k] = append(byInode[k], &rows[i])
	}
	m.pending = slices.Clone(m.pending[len(candidates):])
	// First those that go on where they were: a copy of a file is told by that file being followed.
	candidates, errs := m.tell(candidates, func(c *candidate) (verdict, error) { return m.own(ctx, c, byInode[c.inode]) })
	if len(candidates) > 0 {
		var more []error
		candidates, more = m.adopt(ctx, candidates)
		errs = append(errs, more...)
	}
	if len(candidates) == 0 {
		return someErrors(errs)
	}
	var heads []event.Print
	var dirs []string
	inodes = inodes[:0]
	candidates, more := m.tell(candidates, func(c *candidate) (verdict, error) {
		head, err := event.HeadPrint(c.f, event.HeadSize)
		if err == nil {
			inodes, heads, dirs = append(inodes, c.inode), append(heads, head), append(dirs, filepath.Dir(c.path))
		}
		return unsure, err
	})
	errs = append(errs, more...)
	rows, _, err = m.Ledger.Candidates(ctx, m.source.Service, m.id, m.dirsOf(dirs), inodes, heads)
	if err != nil {
		m.pending = append(m.pending, candidates...)
		return someErrors(append(errs, err))
	}
	logs, files := m.byLog(rows), []fresh{}
	candidates, more = m.tell(candidates, func(c *candidate) (verdict, error) {
		v, err := m.other(ctx, c, logs[m.key(c.log)])
		if err == nil && v == unsure {
			var x fresh
			if x, err = m.fresh(c.entry, c.f); err == nil {
				files = append(files, x)
			}
		}
		return v, err
	})
	errs = append(errs, more...)
	if len(candidates) == 0 {
		return someErrors(errs)
	}
	if err := m.begin(ctx, files, newest); err != nil {
		m.pending = append(m.pending, candidates...)
		if !errors.Is(err, event.ErrStale) { // another process has found one of them: look again
			errs = append(errs, err)
		}
	}
	return someErrors(errs)
}

// adopt takes over files that sources have read which are not configured any more: a path became a pattern, or a pattern a
// path. It returns the others.
func (m *manager) adopt(ctx context.Context, candidates []*candidate) (others []*candidate, errs []error) {
	var paths []string
	for _, s := range m.Sources {
		if s.Service == m.source.Service && (m.source.Pattern || !s.Pattern || !s.Names(m.source.Path)) { // a path goes before patterns
			paths = append(paths, s.Path)
		}
	}
	inodes := make([]event.Inode, len(candidates))
	for i, c := range candidates {
		inodes[i] = c.inode
	}
	rows, err := m.Ledger.Abandoned(ctx, m.source.Service, paths, inodes)
	if err != nil {
		m.pending = append(m.pending, candidates...)
		return nil, []error{err}
	}
	return m.tell(candidates, func(c *candidate) (verdict, error) {
		for i := range rows {
			g := &rows[i]
			if g.Dev != c.Dev || g.Ino != c.Ino || g.Off == 0 {
				continue
			}
			if same, err := continues(c.f, c.size, *g); err != nil || !same {
				if err != nil {
					return unsure, err
				}
				continue
			}
			if err := m.Ledger.MoveGeneration(ctx, m.source.Service, g.ID, m.id); err != nil {
				return unsure, err
			}
			m.log.InfoContext(ctx, "taking over a file of a source that is not configured any more", slog.String("path", c.path), slog.Int64("off", g.Off))
			g.Source = m.id
			return m.own(ctx, c, []*event.Generation{g})
		}
		return unsure, nil
	})
}

// tellAtOnce is how many files are identified in one scan.
const tellAtOnce = 1000

// tell asks what candidates are, and returns those of which it is not known yet.
func (m *manager) tell(candidates []*candidate, ask func(*candidate) (verdict, error)) (open []*candidate, errs []error) {
	for _, c := range candidates {
		if m.held[c.inode] != nil {
			m.drop(c)
			continue
		}
		v, err := ask(c)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("identify %s: %w", c.path, err))
			m.pending = append(m.pending, c)
		case v == unsure:
			open = append(open, c)
		case v == later:
			m.pending = append(m.pending, c)
		case v == dismissed:
			m.drop(c)
		case v == followed:
		}
	}
	return open, errs
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
func (m *manager) own(ctx context.Context, c *candidate, rows []*event.Generation) (verdict, error) {
	st, err := c.f.Stat()
	if err != nil {
		return unsure, err
	}
	c.content = contentOf(st)
	for _, g := range rows {
		if g.Off == 0 && g.State != event.Live {
			continue
		}
		same, err := continues(c.f, c.size, *g)
		if err != nil {
			return unsure, err
		}
		if same && g.State == event.Done && c.size == g.Off && !c.main {
			m.settled[c.content] = g.ID
			return dismissed, nil
		}
		if same && c.main && c.size == g.Off && g.State == event.Live && time.Since(c.modified) > m.Idle {
			m.sleep(*g, c.entry, false)
			return dismissed, nil
		}
		if same {
			m.follow(ctx, c.entry, c.f, *g, true)
			return followed, nil
		}
		if g.State == event.Live || g.State == event.Draining {
			if err := m.Ledger.SetGeneration(ctx, m.source.Service, g.ID, g.Path, event.Truncated, 0); err != nil {
				return unsure, err
			}
			g.State = event.Truncated
			m.log.InfoContext(ctx, "file was truncated or replaced", slog.Int64("off", g.Off), slog.Int64("size", c.size))
			// What it held may have been seen here after the newest batch was stored.
			m.cut[g.ID] = cut{at: time.Now(), path: g.Path, size: max(g.SizeSeen, m.cut[g.ID].size), off: g.Off}
		}
	}
	return unsure, nil
}

// other decides what a file is that no inode tells: a copy of a generation, or, when it is unsure, a new one.
func (m *manager) other(ctx context.Context, c *candidate, rows []event.Generation) (verdict, error) {
	g, ok, err := m.original(ctx, c, rows)
	switch {
	case err != nil:
		return unsure, err
	case ok && c.main: // the file was replaced by a copy of itself: go on in it
		m.follow(ctx, c.entry, c.f, g, true)
		return followed, nil
	case ok:
		return m.takeFromCopy(ctx, c, g)
	case c.main && m.source.Since > 0 && time.Since(c.modified) > m.source.Since: // it is looked at again when it grows
		m.settled[c.content] = 0
		return dismissed, nil
	case c.main:
		return unsure, nil
	case m.beingCopied(c), m.unsettled(c, rows):
		return later, nil
	case c.modified.Before(m.first): // rotated before Hangup first saw this log, or so long ago that it may be forgotten
		m.settled[c.content] = 0
		return dismissed, nil
	}
	return unsure, nil
}

// original returns the generation that the file is a copy of. A copy may be shorter than what was read, when lines came
// between copying and truncating; then a head of 256 bytes must tell, unless the original is there and says something else.
func (m *manager) original(ctx context.Context, c *candidate, rows []event.Generation) (event.Generation, bool, error) {
	for _, g := range rows {
		if g.Off == 0 && g.Head.Len < tellingHead || g.Dev == c.Dev && g.Ino == c.Ino {
			continue
		}
		same, err := continues(c.f, c.size, g)
		if err != nil {
			return g, false, err
		}
		if !same && g.Off > c.size && g.Head.Len >= tellingHead && c.size >= int64(g.Head.Len) && !c.main {
			head, err := event.HeadPrint(c.f, g.Head.Len)
			if err != nil {
				return g, false, err
			}
			mark, err := event.MarkPrint(c.f, c.size)
			if err != nil {
				return g, false, err
			}
			same = head.Equal(g.Head) && !contradicted(ctx, m.pathOf(g), g, c.size, mark, false)
		}
		if same {
			return g, true, nil
		}
	}
	return event.Generation{}, false, nil
}

// takeFromCopy takes what a copy of generation g holds beyond what is committed of g.
func (m *manager) takeFromCopy(ctx context.Context, c *candidate, g event.Generation) (verdict, error) {
	if m.reads(g.ID) {
		return later, nil // its own file is still being read
	}
	if c.size > g.Off {
		if time.Since(c.modified) < copyQuiet {
			return later, nil // it may still be being written
		}
		m.log.InfoContext(ctx, "taking the rest of a file from its copy", slog.String("copy", c.path), slog.Int64("bytes", c.size-g.Off))
		m.follow(ctx, c.entry, c.f, g, false)
		return followed, nil
	}
	m.settled[c.content] = g.ID
	return dismissed, nil
}

// copyTime is how long a file may be a copy of one of which nothing is stored yet.
const copyTime = 30 * time.Second

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
		f, ok := h.f.(plain)
		if !ok || h.log != c.log {
			continue
		}
		if p, err := event.HeadPrint(f, n); err == nil && p.Equal(head) {
			return true
		}
	}
	return false
}

// unsettled says whether the file may be a copy of a generation of which nothing is known to be stored yet, so that its
// fingerprints cannot tell: one that is being read and whose first batch is under way, here or in another process.
func (m *manager) unsettled(c *candidate, rows []event.Generation) bool {
	for _, g := range rows {
		if g.Off == 0 && g.Head.Len < tellingHead && g.State == event.Live && g.SizeSeen > 0 && time.Since(c.modified) < copyTime {
			return true
		}
	}
	return m.underWay(rows, c.log)
}

// underWay says whether something of a log is being read of which not enough is stored, or was when rows were, to tell a copy of
// it.
func (m *manager) underWay(rows []event.Generation, log string) bool {
	stored := map[int64]int64{}
	for _, g := range rows {
		stored[g.ID] = g.Off
	}
	for _, h := range m.held {
		if h.log != log {
			continue
		}
		off := h.off.Load()
		if was, ok := stored[h.gen.ID]; ok && off != was || off == 0 && h.gen.Head.Len < tellingHead && max(h.size, h.full) > 0 {
			return true
		}
	}
	return false
}

// pathOf returns where a generation's file is, as far as that is known.
func (m *manager) pathOf(g event.Generation) string {
	for _, h := range m.held {
		if h.gen.ID == g.ID {
			return h.path
		}
	}
	for _, s := range m.asleep {
		if s.gen == g.ID {
			return s.path
		}
	}
	return g.Path
}

// reads says whether a generation is being followed.
func (m *manager) reads(id int64) bool {
	for _, h := range m.held {
		if h.gen.ID == id {
			return true
		}
	}
	return false
}

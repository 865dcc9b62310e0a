package ingest

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// entry is a file that belongs to a source, as a look at its directory tells.
type entry struct {
	path string // where it is, links followed
	base string // the log that it is, or that it was before it was rotated: a path that the source names
	main bool   // the source names it; else it is a rotated one
	content
}

// content names a file's content as far as a stat tells it.
type content struct {
	inode
	size     int64
	modified time.Time
}

// packed says whether the file is named as a compressed one.
func (e entry) packed() bool {
	_, packed := unpackedName(e.path)
	return packed && !e.main
}

// list returns the files of the source, the rotated ones first, and of each kind the one that was written to last at the
// end. Files that cannot be looked at are reported together; the others are good.
func (m *manager) list() ([]entry, error) {
	dirs, errs := []string{m.pattern.dir}, []error(nil)
	if m.pattern.glob {
		var err error
		dirs, err = m.dirs.expand(m.pattern.dir)
		errs = append(errs, err)
	}
	if name, packed := unpackedName(m.pattern.name); packed && !m.pattern.glob {
		return nil, fmt.Errorf("follow %s: a compressed log does not grow: name the log that it was, %s; what is not read yet is taken from both",
			m.source.Path, name)
	}
	seen := map[inode]bool{}
	var mains, out []entry
	for _, dir := range dirs {
		names, err := m.dirs.names(dir)
		errs = append(errs, err)
		if !m.pattern.glob && err != nil { // a directory that may be entered and not listed
			names = map[string]bool{m.pattern.name: true}
		}
		for n := range names {
			if m.pattern.role(n, names) != n {
				continue
			}
			e, err := look(filepath.Join(dir, n), m.pattern.glob)
			if err != nil {
				errs = append(errs, err)
			} else if e.path != "" && !seen[e.inode] {
				seen[e.inode] = true
				mains = append(mains, e)
			}
		}
		for n := range names {
			if base := m.pattern.role(n, names); base != "" && base != n {
				out = append(out, rotated(filepath.Join(dir, n), filepath.Join(dir, base), seen)...)
			}
		}
	}
	for _, e := range mains { // what a link names is rotated where it is
		if e.path == e.base {
			continue
		}
		p := newPattern(e.path, true)
		names, err := m.dirs.names(p.dir)
		errs = append(errs, err)
		for n := range names {
			if p.role(n, names) == p.name && n != p.name {
				out = append(out, rotated(filepath.Join(p.dir, n), e.base, seen)...)
			}
		}
	}
	for _, list := range [][]entry{out, mains} {
		slices.SortFunc(list, func(a, b entry) int { return cmp.Or(a.modified.Compare(b.modified), cmp.Compare(a.path, b.path)) })
	}
	return append(out, mains...), errors.Join(errs...)
}

// look looks at a file that a source names. Of a pattern's matches those that are no files are left out: then the entry
// is empty.
func look(path string, glob bool) (entry, error) {
	target, st, err := resolve(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return entry{}, nil
	case err != nil:
		return entry{}, err
	case !st.Mode().IsRegular() && glob:
		return entry{}, nil
	case !st.Mode().IsRegular():
		return entry{}, &os.PathError{Op: "read", Path: path, Err: errNotRegular}
	}
	return entry{path: target, base: path, main: true, content: contentOf(st)}, nil
}

// rotated looks at a rotated file. Links among them are not followed.
func rotated(path, base string, seen map[inode]bool) []entry {
	st, err := os.Lstat(path)
	if err != nil || !st.Mode().IsRegular() || st.Size() == 0 {
		return nil
	}
	e := entry{path: path, base: base, content: contentOf(st)}
	if seen[e.inode] {
		return nil
	}
	seen[e.inode] = true
	return []entry{e}
}

func contentOf(st os.FileInfo) content {
	c := content{size: st.Size(), modified: st.ModTime()}
	if s, ok := st.Sys().(*syscall.Stat_t); ok {
		c.inode = inode{Dev: uint64(s.Dev), Ino: s.Ino} //nolint:unconvert // its type differs between systems
	}
	return c
}

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
	path := m.source.Path
	if name, packed := unpackedName(path); packed {
		return nil, fmt.Errorf("follow %s: a compressed log does not grow: name the log that it was, %s; what is not read yet is taken from both", path, name)
	}
	seen := map[inode]bool{}
	log, err := look(path)
	if log.path != "" {
		seen[log.inode] = true
	}
	errs := []error{err}
	places := []string{path}
	if log.path != "" && log.path != path { // what a link names is rotated where it is
		places = append(places, log.path)
	}
	var out []entry
	for _, place := range places {
		dir, name := filepath.Split(place)
		dir = filepath.Clean(dir + ".")
		names, err := m.dirs.names(dir)
		errs = append(errs, err)
		for n := range names {
			if isRotated(n, name) {
				out = append(out, rotated(filepath.Join(dir, n), seen)...)
			}
		}
	}
	slices.SortFunc(out, func(a, b entry) int { return cmp.Or(a.modified.Compare(b.modified), cmp.Compare(a.path, b.path)) })
	if log.path != "" {
		out = append(out, log)
	}
	return out, errors.Join(errs...)
}

// look looks at the file that a source names. The entry is empty when there is none.
func look(path string) (entry, error) {
	target, st, err := resolve(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return entry{}, nil
	case err != nil:
		return entry{}, err
	case !st.Mode().IsRegular():
		return entry{}, &os.PathError{Op: "read", Path: path, Err: errNotRegular}
	}
	return entry{path: target, main: true, content: contentOf(st)}, nil
}

// rotated looks at a rotated file. Links among them are not followed.
func rotated(path string, seen map[inode]bool) []entry {
	st, err := os.Lstat(path)
	if err != nil || !st.Mode().IsRegular() || st.Size() == 0 {
		return nil
	}
	e := entry{path: path, content: contentOf(st)}
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

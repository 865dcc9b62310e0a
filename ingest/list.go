package ingest

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"hangup/event"
)

// entry is a file that belongs to a source, as a look at its directory tells.
type entry struct {
	path string // where it is, links followed
	main bool   // the source names it; else it is a rotated one
	log  string // the log that it belongs to
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

// list returns the files of the source, those of a log together: the rotated ones first, the one that was written to last
// at their end, then the log itself. Places that could not be looked at are in failed, with all that is below them, and
// reported together; the rest is good.
func (m *manager) list() (found []entry, failed []string, err error) {
	if m.source.Pattern {
		return m.listPattern()
	}
	path := m.source.Path
	if name, packed := unpackedName(path); packed {
		return nil, []string{"/"}, fmt.Errorf("follow %s: a compressed log does not grow: name the log that it was, %s; what is not read yet is taken from both", path, name)
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
	for _, place := range places {
		dir, name := filepath.Split(place)
		dir = filepath.Clean(dir + ".")
		names, err := m.siblings(dir, name)
		errs = append(errs, err)
		for _, n := range names {
			found = append(found, rotated(filepath.Join(dir, n), seen)...)
		}
	}
	found = append(found, m.moved(path, &errs, seen)...)
	slices.SortFunc(found, byAge)
	if log.path != "" {
		found = append(found, log)
	}
	for i := range found {
		found[i].log = path
	}
	if err := errors.Join(errs...); err != nil {
		return found, []string{"/"}, err
	}
	return found, nil, nil
}

func byAge(a, b entry) int {
	return cmp.Or(a.modified.Compare(b.modified), cmp.Compare(a.path, b.path))
}

// moved returns the rotated files of a log in the directories to which rotation moves them.
func (m *manager) moved(log string, errs *[]error, seen map[inode]bool) (out []entry) {
	if len(m.source.Also) == 0 {
		return nil
	}
	dir, name := filepath.Split(log)
	for _, also := range m.source.Also {
		if !filepath.IsAbs(also) {
			also = filepath.Join(dir, also)
		}
		if err := refused(also); err != nil {
			*errs = append(*errs, err)
			continue
		}
		names, err := m.siblings(also, name)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			*errs = append(*errs, err)
		}
		for _, n := range names {
			if m.named(filepath.Join(also, ParseName(n, nil).Log)) { // it lies beside a log of its own
				continue
			}
			out = append(out, rotated(filepath.Join(also, n), seen)...)
		}
	}
	return out
}

// sibling names the log of which a directory is searched for rotated files.
type sibling struct{ dir, name string }

type siblings struct {
	listed time.Time
	names  []string
}

// siblings returns the names in dir that rotation gives a log, without those that are sources of their own. It looks
// through them again when the directory changes.
func (m *manager) siblings(dir, name string) ([]string, error) {
	names, listed, err := m.dirs.names(dir)
	if err != nil {
		return nil, err
	}
	k := sibling{dir, name}
	if s, ok := m.beside[k]; ok && s.listed.Equal(listed) {
		return s.names, nil
	}
	s := siblings{listed: listed}
	stem := strings.TrimSuffix(name, filepath.Ext(name))
	for n := range names {
		if strings.HasPrefix(n, stem) && isRotated(n, name) && !m.named(filepath.Join(dir, n)) {
			s.names = append(s.names, n)
		}
	}
	if len(m.beside) > 2*maxDirs {
		clear(m.beside)
	}
	m.beside[k] = s
	return s.names, nil
}

// named says whether another source names this very path.
func (m *manager) named(path string) bool {
	return slices.ContainsFunc(m.Sources, func(s Source) bool { return !s.Pattern && s.Path == path && path != m.source.Path })
}

// logOf returns the log that a file of the source belongs to, by its path alone, as key returns it.
func (m *manager) logOf(path string) string {
	dir, base := filepath.Split(path)
	return m.key(dir + ParseName(base, nil).Log)
}

// key returns what a log's files are told by: in a source of one log all of its files are. Paths are as they are stored, which
// names in another encoding than UTF-8 are not as they are on the disk.
func (m *manager) key(log string) string {
	switch {
	case !m.source.Pattern:
		return ""
	case len(m.source.Also) > 0: // rotation moves them to other directories
		return event.Clean(filepath.Base(log))
	}
	return event.Clean(log)
}

// byLog sorts generations by their logs: only one log's files are copies of each other.
func (m *manager) byLog(rows []event.Generation) map[string][]event.Generation {
	out := map[string][]event.Generation{}
	for _, g := range rows {
		log := m.logOf(g.Path)
		out[log] = append(out[log], g)
		dir, base := filepath.Split(g.Path)
		if other := m.key(dir + ParseName(base, func(string) bool { return true }).Log); other != log {
			out[other] = append(out[other], g)
		}
	}
	return out
}

// dirsOf returns the directories in which files of the same logs may have been, when they are now in dirs; nil for any.
func (m *manager) dirsOf(dirs []string) []string {
	if !m.source.Pattern || len(m.source.Also) > 0 {
		return nil
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// blind says whether a file may be there though the look at the source's directories did not show it.
func blind(failed []string, path string) bool {
	path = event.Clean(path) // it may be of the database
	return slices.ContainsFunc(failed, func(f string) bool {
		f = event.Clean(f)
		return f == "/" || path == f || strings.HasPrefix(path, f+"/")
	})
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

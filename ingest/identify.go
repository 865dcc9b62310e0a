package ingest

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"hangup/event"
)

// inode names a file while it exists. Numbers are used again at once after a deletion: an inode alone identifies nothing.
type inode struct{ dev, ino uint64 }

// content names a file's content as far as a stat tells it.
type content struct {
	inode
	size     int64
	modified time.Time
}

// candidate is an open file that may be a generation.
type candidate struct {
	path string
	main bool // the source's own path, not a rotated sibling
	f    *os.File
	content
}

// continues says whether the content of r, of size bytes, goes on from where generation g is committed.
func continues(r io.ReaderAt, size int64, g event.Generation) (bool, error) {
	if size < g.Off {
		return false, nil
	}
	if g.Off == 0 {
		return true, nil
	}
	head, err := event.HeadPrint(r, g.Head.Len)
	if err != nil || !head.Equal(g.Head) {
		return false, err
	}
	mark, err := event.MarkPrint(r, g.Off)
	return err == nil && mark.Equal(g.Mark), err
}

// sibling matches what log rotation puts after a name: .1, -20261123, .2026-11-23, and before an extension.
var sibling = regexp.MustCompile(`^[.-][0-9][0-9T_.:-]*$`)

// candidates opens the files that may hold content of the source: its path, and rotated siblings beside it. Compressed
// siblings are not opened. Errors of single files are returned together; the other files are good.
func (m *manager) candidates() ([]candidate, error) {
	path := m.source.Path
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	names := []string{path}
	dir, base := filepath.Split(m.source.Path)
	entries, listErr := os.ReadDir(filepath.Clean(dir + "."))
	ext := filepath.Ext(base)
	for _, e := range entries {
		n := e.Name()
		rest, ok := strings.CutPrefix(n, base)
		if !ok && ext != "" { // access-20261123.log
			rest, ok = strings.CutPrefix(n, strings.TrimSuffix(base, ext))
			rest, _ = strings.CutSuffix(rest, ext)
			ok = ok && strings.HasSuffix(n, ext)
		}
		if ok && sibling.MatchString(rest) {
			names = append(names, filepath.Join(dir, n))
		}
	}
	var out []candidate
	errs := []error{listErr}
	for i, n := range names {
		c, err := openCandidate(n)
		switch {
		case err == nil:
			c.main = i == 0
			out = append(out, c)
		case !errors.Is(err, os.ErrNotExist):
			errs = append(errs, err)
		}
	}
	if len(out) > 1 { // oldest first: what is behind is read in its order
		slices.SortStableFunc(out[1:], func(a, b candidate) int { return a.modified.Compare(b.modified) })
		out = append(out[1:], out[0])
	}
	return out, errors.Join(errs...)
}

var errNotRegular = errors.New("not a regular file")

// openCandidate opens a regular file without following a link and without waiting for a pipe's writer.
func openCandidate(path string) (candidate, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0)
	if err != nil {
		return candidate{}, err
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = &os.PathError{Op: "read", Path: path, Err: errNotRegular}
	}
	if err != nil {
		_ = f.Close()
		return candidate{}, err
	}
	return candidate{path: path, f: f, content: contentOf(st)}, nil
}

func contentOf(st os.FileInfo) content {
	c := content{size: st.Size(), modified: st.ModTime()}
	if s, ok := st.Sys().(*syscall.Stat_t); ok {
		c.inode = inode{uint64(s.Dev), s.Ino} //nolint:unconvert // its type differs between systems
	}
	return c
}

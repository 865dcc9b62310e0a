package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"hangup/event"
)

// Shelf holds the log files that lie beside some paths now, to be told by their content. It keeps no file open and is for
// one goroutine.
type Shelf struct {
	files   []shelved
	service *serviceState // of recounting
}

// shelved is a file on a Shelf.
type shelved struct {
	entry
	head  []byte // how the content begins, event.HeadSize bytes of it or all
	err   error  // of reading that
	known bool   // its content is a generation's
	sums  map[int]event.Print
}

// Shelve looks at the files at paths, which may be links, and at the rotated and compressed files beside them. Files that
// are not there, that are none, and links of others are left out.
func Shelve(paths []string) *Shelf {
	s := &Shelf{service: newServiceState("", RouteLimits{})}
	seen, listed := map[inode]bool{}, map[string][]string{}
	places := map[string]bool{}
	for _, p := range paths {
		e, err := look(p)
		places[p] = true
		if err != nil || e.path == "" {
			continue
		}
		places[e.path] = true
		if !seen[e.inode] {
			seen[e.inode] = true
			s.files = append(s.files, shelved{entry: e})
		}
	}
	for p := range places {
		dir, log := filepath.Split(p)
		dir = filepath.Clean(dir + ".")
		names, ok := listed[dir]
		if !ok {
			if f, err := os.Open(dir); err == nil {
				names, _ = f.Readdirnames(-1) // what is read of it counts
				_ = f.Close()
			}
			listed[dir] = names
		}
		for _, n := range names {
			if isRotated(n, log) {
				for _, e := range rotated(filepath.Join(dir, n), seen) {
					s.files = append(s.files, shelved{entry: e})
				}
			}
		}
	}
	for i := range s.files {
		f := &s.files[i]
		f.head, f.err = f.begin()
	}
	slices.SortStableFunc(s.files, func(a, b shelved) int { // those that cost less to read come first
		switch ap, bp := a.packed(), b.packed(); {
		case ap == bp:
			return 0
		case bp:
			return -1
		default:
			return 1
		}
	})
	return s
}

// begin returns how a file's content begins.
func (f *shelved) begin() ([]byte, error) {
	s, err := f.stream()
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.Close() }()
	head := make([]byte, event.HeadSize)
	n, err := io.ReadFull(s, head)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return head[:n], err
}

// stream opens the file, which must be the one that was looked at.
func (f *shelved) stream() (*Stream, error) {
	c, err := f.open()
	if err != nil {
		return nil, err
	}
	s, err := newStream(c.f.File, maxWindow)
	if err != nil {
		_ = c.f.Close()
		return nil, fmt.Errorf("open %s: %w", f.path, err)
	}
	return s, nil
}

// begins says whether the content begins as a generation does.
func (f *shelved) begins(g event.Generation) bool {
	if g.Head.Len == 0 || len(f.head) < g.Head.Len {
		return false
	}
	p, ok := f.sums[g.Head.Len]
	if !ok {
		p, _ = event.HeadPrint(bytes.NewReader(f.head), g.Head.Len) // bytes in memory
		if f.sums == nil {
			f.sums = map[int]event.Print{}
		}
		f.sums[g.Head.Len] = p
	}
	return p.Equal(g.Head)
}

// Fate is what became of a generation's content.
type Fate string

// The fates of a content.
const (
	Changed Fate = "changed" // its file is there and says something else
	Unread  Fate = "unread"  // its file is there and cannot be read
	Gone    Fate = "gone"    // it is in no file beside its source
)

// Fate says what became of a generation that Recount did not find. It is to be asked when all generations have been
// looked for: a file that begins as one does may be another.
func (s *Shelf) Fate(g event.Generation) (fate Fate, path string, err error) {
	fate = Gone
	for i := range s.files {
		f := &s.files[i]
		same := f.Dev == g.Dev && f.Ino == g.Ino
		switch {
		case f.known:
		case f.err != nil && (same || f.path == g.Path || f.begins(g)):
			return Unread, f.path, f.err
		case same || f.begins(g):
			fate, path = Changed, f.path
		}
	}
	return fate, path, nil
}

// Again looks at the files at paths, as Shelve does. What s knew of files, if there was an s, stays known.
func (s *Shelf) Again(paths []string) *Shelf {
	n := Shelve(paths)
	if s == nil {
		return n
	}
	for i := range n.files {
		f := &n.files[i]
		f.known = slices.ContainsFunc(s.files, func(o shelved) bool { return o.known && o.inode == f.inode })
	}
	return n
}

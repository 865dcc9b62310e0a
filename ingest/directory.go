package ingest

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// directories lists directories for all sources: each is read once a scan, and only when it has changed.
type directories struct {
	mu    sync.Mutex
	dirs  map[string]*directory
	swept time.Time
}

type directory struct {
	looked time.Time   // when it was looked at
	was    os.FileInfo // that names were read of
	listed time.Time   // when names were read
	names  map[string]fs.FileMode
	err    error
}

func newDirectories() *directories { return &directories{dirs: map[string]*directory{}} }

const (
	// settles is how long after a directory's newest change its names are read again at each look: changes of one tick of
	// the file system's clock have one time.
	settles = 2 * time.Second
	// forgotten is how long after it was asked for last a directory is kept in mind.
	forgotten = time.Minute
)

// names returns the names in dir, with their types, and when they were read. They are not to be changed.
func (d *directories) names(dir string) (map[string]fs.FileMode, time.Time, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	if now.Sub(d.swept) > forgotten {
		d.swept = now
		maps.DeleteFunc(d.dirs, func(_ string, x *directory) bool { return now.Sub(x.looked) > forgotten })
	}
	x := d.dirs[dir]
	if x == nil {
		x = &directory{}
		d.dirs[dir] = x
	}
	if now.Sub(x.looked) < scanEvery/2 {
		return x.names, x.listed, x.err
	}
	x.looked = now
	st, err := os.Stat(dir)
	if err != nil {
		x.names, x.err = nil, err
		return nil, x.listed, err
	}
	if x.names != nil && x.err == nil && os.SameFile(st, x.was) && st.ModTime().Equal(x.was.ModTime()) && x.listed.Sub(st.ModTime()) > settles {
		return x.names, x.listed, nil
	}
	x.was, x.listed, x.names = st, now, nil
	var list []fs.DirEntry
	if f, err := os.Open(dir); err != nil {
		x.err = err
	} else {
		list, x.err = f.ReadDir(-1)
		_ = f.Close()
	}
	if x.err == nil {
		x.names = make(map[string]fs.FileMode, len(list))
		for _, e := range list {
			x.names[e.Name()] = e.Type()
		}
	}
	return x.names, x.listed, x.err
}

var errUntrusted = errors.New("symbolic link to a file of another user")

// resolve returns what path names once links are followed. A link is followed when root or Hangup's own user made it, or
// the owner of what it names: whoever may write into a log directory must not have other files of the machine read.
func resolve(path string) (target string, st os.FileInfo, err error) {
	st, err = os.Lstat(path)
	if err != nil || st.Mode()&os.ModeSymlink == 0 {
		return path, st, err
	}
	if target, err = filepath.EvalSymlinks(path); err != nil {
		return "", nil, fmt.Errorf("follow the link %s: %w", path, err)
	}
	if st, err = os.Lstat(target); err != nil {
		return "", nil, err
	}
	for hop := path; hop != target; {
		l, err := os.Lstat(hop)
		if err != nil {
			return "", nil, err
		}
		if l.Mode()&os.ModeSymlink == 0 {
			break
		}
		if !trusted(owner(l), owner(st), os.Geteuid()) {
			return "", nil, fmt.Errorf("%s is a %w: name %s itself if it is to be read", hop, errUntrusted, target)
		}
		next, err := os.Readlink(hop)
		if err != nil {
			return "", nil, err
		}
		if !filepath.IsAbs(next) {
			dir, err := filepath.EvalSymlinks(filepath.Dir(hop))
			if err != nil {
				return "", nil, err
			}
			next = filepath.Join(dir, next)
		}
		hop = next
	}
	return target, st, nil
}

// refused returns an error when a directory is a link that is not followed: where it leads, whoever made it may not be
// allowed to look. What else is wrong with the directory is told by looking into it.
func refused(dir string) error {
	if _, _, err := resolve(dir); errors.Is(err, errUntrusted) {
		return err
	}
	return nil
}

// trusted says whether a link of user link to a file of user target is followed by user self.
func trusted(link, target, self int) bool { return link == 0 || link == self || link == target }

// owner returns the user id of a file's owner, -1 when it is not known.
func owner(st os.FileInfo) int {
	if s, ok := st.Sys().(*syscall.Stat_t); ok {
		return int(s.Uid)
	}
	return -1
}

package ingest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"syscall"

	"hangup/event"
)

// inode names a file while it exists.
type inode = event.Inode

// file is what a follower reads: an open log, or the content of a whole archive of one.
type file interface {
	io.ReaderAt
	io.Closer
	// Size returns how many bytes there are now.
	Size() (int64, error)
}

// plain is an open log.
type plain struct{ *os.File }

func (p plain) Size() (int64, error) {
	st, err := p.Stat()
	if err != nil {
		return 0, err
	}
	return st.Size(), nil
}

// candidate is an open file that may be a generation.
type candidate struct {
	entry
	f plain
}

var errNotRegular = errors.New("not a regular file")

// open opens a regular file without following a link and without waiting for a pipe's writer.
func (e entry) open() (*candidate, error) {
	f, err := os.OpenFile(e.path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = &os.PathError{Op: "read", Path: e.path, Err: errNotRegular}
	}
	if err == nil && contentOf(st).inode != e.inode { // replaced since it was looked at: it is looked at again
		err = os.ErrNotExist
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	e.content = contentOf(st)
	return &candidate{e, plain{f}}, nil
}

// continues says whether the content of r, of size bytes, goes on from where generation g is committed. Of a generation
// of which nothing is committed its head tells, as far as it was there when the generation was first seen.
func continues(r io.ReaderAt, size int64, g event.Generation) (bool, error) {
	if size < max(g.Off, int64(g.Head.Len)) {
		return false, nil
	}
	if g.Head.Len > 0 {
		head, err := event.HeadPrint(r, g.Head.Len)
		if err != nil || !head.Equal(g.Head) {
			return false, err
		}
	}
	if g.Off == 0 {
		return true, nil
	}
	mark, err := event.MarkPrint(r, g.Off)
	return err == nil && mark.Equal(g.Mark), err
}

// contradicted says whether the content of generation g is still in the file at path, and is another than one of size bytes
// before whose end are those of mark. A copy may end before what was read of the original does; then the head alone tells, and
// several contents may begin alike. Only unpack reads a compressed file, to where g is committed.
func contradicted(ctx context.Context, path string, g event.Generation, size int64, mark event.Print, unpack bool) bool {
	e, err := look(path)
	if err != nil || e.path == "" {
		return false
	}
	c, err := e.open()
	if err != nil {
		return false
	}
	s, err := newStream(c.f.File, maxWindow)
	if err != nil {
		_ = c.f.Close()
		return false
	}
	defer func() { _ = s.Close() }()
	if s.Compression() == "" {
		if same, err := continues(c.f, c.size, g); err != nil || !same {
			return false
		}
		there, err := event.MarkPrint(c.f, size)
		return err == nil && !there.Equal(mark)
	}
	if !unpack {
		return false
	}
	m := &marked{}
	at := func(off int64) event.Print { // an error leaves a print that is no content's
		m.r = io.LimitReader(s, off-m.n)
		for m.n < off && m.err == nil && ctx.Err() == nil {
			_, _ = io.CopyN(io.Discard, m, min(off-m.n, 1<<20))
		}
		p, _ := event.MarkPrint(bytes.NewReader(m.last), int64(len(m.last)))
		return p
	}
	there := at(size)
	return at(g.Off).Equal(g.Mark) && !there.Equal(mark)
}

// tellingHead is how many bytes of a head tell a file by themselves: enough for a line or two with times.
const tellingHead = 256

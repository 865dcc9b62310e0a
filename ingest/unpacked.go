package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"hangup/event"
)

// unpacked is the content of an archive that was found whole. It is read front to back; what was read lately, and the
// beginning, can be read again.
type unpacked struct {
	f     *os.File
	was   content
	size  int64  // -1 while it is not known
	room  uint32 // of the decompressor: see newStream
	s     *Stream
	head  []byte          // the first bytes, event.HeadSize at most
	buf   []byte          // the last bytes that came out
	pos   int64           // of the end of buf
	stop  <-chan struct{} // closed when reading is to end
	close func()
}

// keepBack is how far back unpacked reads without beginning again: a batch, and the lines that were read ahead of it.
const keepBack = backlogBytes + 2*(maxLine+readAhead)

// newUnpacked returns the content of archive f, which it takes over; done is called when it is closed. Its size is known
// once it was read to its end.
func newUnpacked(f *os.File, was content, room uint32, stop <-chan struct{}, done func()) *unpacked {
	return &unpacked{f: f, was: was, size: -1, room: room, stop: stop, close: done}
}

// whole reads to the end: then the archive is complete, and its size is known.
func (u *unpacked) whole() error {
	for u.size < 0 {
		if err := u.more(); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	}
	return nil
}

// Size returns the size of the content. It is errChanged when the archive is not what it was.
func (u *unpacked) Size() (int64, error) {
	st, err := u.f.Stat()
	if err != nil {
		return 0, err
	}
	if contentOf(st) != u.was {
		return 0, errChanged
	}
	return u.size, nil
}

func (u *unpacked) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) <= int64(len(u.head)) {
		return copy(p, u.head[off:]), nil
	}
	if u.s == nil || off < u.pos-int64(len(u.buf)) {
		if err := u.restart(); err != nil {
			return 0, err
		}
	}
	for u.pos < off+int64(len(p)) && u.pos != u.size {
		if err := u.more(); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
	}
	if off >= u.pos {
		return 0, io.EOF
	}
	n := copy(p, u.buf[off-(u.pos-int64(len(u.buf))):])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (u *unpacked) restart() (err error) {
	if u.s != nil {
		u.s.end()
	}
	u.pos, u.buf, u.head = 0, u.buf[:0], nil
	u.s, err = newStream(u.f, u.room)
	return err
}

// more decompresses on. It returns io.EOF at the end.
func (u *unpacked) more() error {
	select {
	case <-u.stop:
		return context.Canceled
	default:
	}
	if u.s == nil {
		if err := u.restart(); err != nil {
			return err
		}
	}
	if len(u.buf) == cap(u.buf) {
		if cap(u.buf) < 2*keepBack {
			u.buf = slices.Grow(u.buf, max(len(u.buf), readAhead))
		} else {
			u.buf = u.buf[:copy(u.buf, u.buf[len(u.buf)-keepBack:])]
		}
	}
	to := u.buf[len(u.buf):min(len(u.buf)+readAhead, cap(u.buf))]
	n, err := u.s.Read(to)
	u.buf = u.buf[:len(u.buf)+n]
	u.pos += int64(n)
	if len(u.head) < event.HeadSize {
		u.head = append(u.head, to[:min(n, event.HeadSize-len(u.head))]...)
	}
	if n > 0 || err == nil {
		return nil
	}
	if errors.Is(err, io.EOF) && (u.size < 0 || u.size == u.pos) {
		u.size = u.pos
		return io.EOF
	}
	if errors.Is(err, io.EOF) {
		err = errChanged
	}
	return fmt.Errorf("read %s: %w", u.f.Name(), err)
}

func (u *unpacked) Close() error {
	if u.s != nil {
		u.s.end()
	}
	u.close()
	return u.f.Close()
}

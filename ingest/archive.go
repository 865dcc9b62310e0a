package ingest

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
)

// Stream is what a log file says, from its beginning to its end: a plain file's bytes, or what a compressed file
// decompresses to. One goroutine may read it; Progress is safe beside it.
type Stream struct {
	f           *os.File
	compression string
	r           io.Reader
	stop        func() // ends the decompressor; nil when there is nothing to end
	in          atomic.Int64
	out         int64
	size        int64
}

var (
	// ErrIncomplete says that a compressed file ends before its content does: it is still being written, or damaged.
	ErrIncomplete = errors.New("the compressed file ends before its content does")
	// ErrInflated says that a compressed file decompresses to far more than a log does.
	ErrInflated = fmt.Errorf("more than %d times the compressed size comes out: if it is a log, decompress it and name the result", maxRatio)
)

// The bounds of decompression. Identical lines reach 100:1 with gzip; beyond maxRatio it is no log. What is small in
// any case is not looked at. maxWindow is how much of its output a decompressor may have to hold: xz -9 asks for 64 MiB,
// zstd --long for 128 MiB. Few archives ask for more than usualWindow.
const (
	maxRatio     = 200
	inflatesFree = 64 << 20
	maxWindow    = 128 << 20
	usualWindow  = 16 << 20
)

// OpenStream opens the log file at path. Its first bytes, not its name, say whether it is compressed: with gzip, zstd,
// bzip2 or xz. The caller closes the Stream.
func OpenStream(path string) (*Stream, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	s, err := newStream(f, maxWindow)
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return s, nil
}

// newStream returns the Stream of f, which it takes over unless it returns an error. Where f stands does not matter. An
// archive of which more output has to be held than window is wide: newStream or Read returns an error that isWide.
func newStream(f *os.File, window uint32) (*Stream, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	var content io.Reader = f // a pipe is read as it comes
	if st.Mode().IsRegular() {
		content = io.NewSectionReader(f, 0, math.MaxInt64)
	}
	return unpack(&Stream{f: f, size: st.Size()}, content, window)
}

// NewStream returns the Stream of what r gives, compressed or not. Closing it leaves r open.
func NewStream(r io.Reader) (*Stream, error) {
	return unpack(&Stream{}, r, maxWindow)
}

// unpack finds out how the content is compressed, and returns s ready to give what is in it.
func unpack(s *Stream, content io.Reader, window uint32) (*Stream, error) {
	in := bufio.NewReaderSize(&counter{content, &s.in}, readAhead)
	magic, err := in.Peek(6)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	s.compression = compression(magic)
	switch s.compression {
	case "gzip":
		s.r, err = gzip.NewReader(in)
	case "bzip2":
		s.r = bzip2.NewReader(in)
	case "xz":
		s.r, err = xz.NewReader(in, window)
	case "zstd":
		var d *zstd.Decoder
		if d, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(uint64(window))); err == nil {
			s.r, s.stop = d, d.Close
		}
	default:
		s.r, err = in, nil // of Peek: a file may be shorter than that
	}
	if err != nil {
		return nil, s.explain(err)
	}
	return s, nil
}

// compression names what a file that begins with these bytes is compressed with; "" is not at all.
func compression(magic []byte) string {
	switch {
	case bytes.HasPrefix(magic, []byte("\x1f\x8b")):
		return "gzip"
	case bytes.HasPrefix(magic, []byte("\x28\xb5\x2f\xfd")),
		len(magic) > 3 && magic[0]&0xf0 == 0x50 && string(magic[1:4]) == "\x2a\x4d\x18": // a skippable frame, as pzstd writes
		return "zstd"
	case len(magic) > 3 && string(magic[:3]) == "BZh" && magic[3] >= '1' && magic[3] <= '9':
		return "bzip2"
	case bytes.HasPrefix(magic, []byte("\xfd7zXZ\x00")):
		return "xz"
	}
	return ""
}

// Read reads on. io.EOF says that the content is whole: sizes and checksums of a compressed file were right.
// ErrIncomplete and ErrInflated come wrapped; after them, and after any other error, nothing more is to be had.
func (s *Stream) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.out += int64(n)
	switch {
	case s.compression == "":
	case err != nil && !errors.Is(err, io.EOF): // io.ErrUnexpectedEOF is another than io.EOF
		err = s.explain(err)
	case s.out > inflatesFree && s.out/maxRatio > s.in.Load():
		return 0, damaged{fmt.Errorf("%s: %w", s.compression, ErrInflated)}
	}
	return n, err
}

// explain says what an error of a decompressor means.
func (s *Stream) explain(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, xz.ErrBuf) {
		err = ErrIncomplete
	}
	return damaged{fmt.Errorf("%s: %w", s.compression, err)}
}

// damaged is an error of a compressed file itself.
type damaged struct{ error }

func (d damaged) Unwrap() error { return d.error }

// IsDamaged says whether an error is that a compressed file cannot be decompressed to its end, of which other files know
// nothing.
func IsDamaged(err error) bool { return errors.As(err, new(damaged)) }

// isWide says whether an error is that more output has to be held than may be.
func isWide(err error) bool {
	return errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, xz.ErrMemlimit)
}

// Compression names what the file is compressed with: gzip, zstd, bzip2, xz, or "" for not at all.
func (s *Stream) Compression() string { return s.compression }

// Progress says how many bytes of the file, as it lies on the disk, have been read, and how many there were when it was
// opened.
func (s *Stream) Progress() (read, size int64) { return s.in.Load(), s.size }

// Close closes the file.
func (s *Stream) Close() error {
	s.end()
	if s.f == nil {
		return nil
	}
	return s.f.Close()
}

// end ends the decompressor and leaves the file open.
func (s *Stream) end() {
	if s.stop != nil {
		s.stop()
	}
}

// counter counts what is read.
type counter struct {
	r io.Reader
	n *atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

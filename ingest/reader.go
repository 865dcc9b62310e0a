package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"hangup/event"
)

// block is a run of lines, or a part of a line that is too long to be held, in the order of the file.
type block struct {
	lines    []event.Line
	oversize span // bytes of a line longer than maxLine; when it is set there are no lines
	lineEnds bool // the oversize line ends here
	caughtUp bool // the end of the file was reached after this block
}

type span struct{ start, end int64 }

// size returns how many bytes of the file the block is.
func (b block) size() int64 {
	if n := len(b.lines); n > 0 {
		return b.lines[n-1].End - b.lines[0].Start
	}
	return b.oversize.end - b.oversize.start
}

// lineReader reads whole lines of r from an offset. It holds no more than one line of maxLine bytes and what is read
// ahead of it.
type lineReader struct {
	r        io.ReaderAt
	off      int64 // of buf[0]
	number   int64 // of the last line given
	buf      []byte
	skipping bool // inside a line that is too long
}

// readAhead is how much is read at once, in bytes; readLeast where there is little.
const (
	readAhead = 256 << 10
	readLeast = 4 << 10
)

// textSize is how many bytes of lines are one text. Whoever keeps a line, or a part of it, keeps the text that it is a part
// of: of the parser's many readers each may keep its last line.
const textSize = 16 << 10

// newLineReader starts at off, after line number lines. An offset inside a line goes on with skipping that line: it comes
// after an oversize part, or after a hole, which ends with a NUL byte and of which the rest is a line of its own.
func newLineReader(r io.ReaderAt, off, lines int64) (*lineReader, error) {
	lr := &lineReader{r: r, off: off, number: lines}
	if off > 0 {
		var b [1]byte
		if _, err := r.ReadAt(b[:], off-1); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read before offset %d: %w", off, err)
		}
		lr.skipping = b[0] != '\n' && b[0] != 0
	}
	return lr, nil
}

// next returns the next block. At the end of what is there it returns an empty block that is caughtUp.
func (lr *lineReader) next(now time.Time) (block, error) {
	for {
		if b, ok := lr.take(now); ok {
			return b, nil
		}
		if cap(lr.buf) == 0 {
			lr.buf = make([]byte, 0, lr.room())
		}
		if len(lr.buf) == cap(lr.buf) {
			grown := make([]byte, len(lr.buf), min(2*cap(lr.buf), maxLine+readAhead))
			copy(grown, lr.buf)
			lr.buf = grown
		}
		n, err := lr.r.ReadAt(lr.buf[len(lr.buf):cap(lr.buf)], lr.off+int64(len(lr.buf)))
		lr.buf = lr.buf[:len(lr.buf)+n]
		if err != nil && !errors.Is(err, io.EOF) {
			return block{}, fmt.Errorf("read at offset %d: %w", lr.off, err)
		}
		if n == 0 {
			return block{caughtUp: true}, nil
		}
	}
}

// room returns how large a buffer is made first: of thousands of files most are small, or have little that is new.
func (lr *lineReader) room() int64 {
	f, ok := lr.r.(file)
	if !ok {
		return readAhead
	}
	size, err := f.Size()
	if err != nil || size < 0 {
		return readAhead
	}
	return min(max(size-lr.off+1, readLeast), readAhead)
}

// take cuts what can be given out of the buffer.
func (lr *lineReader) take(now time.Time) (block, bool) {
	if lr.skipping {
		n, ends := len(lr.buf), false
		if i := bytes.IndexByte(lr.buf, '\n'); i >= 0 {
			n, ends = i+1, true
		}
		if n == 0 {
			return block{}, false
		}
		b := block{oversize: span{lr.off, lr.off + int64(n)}, lineEnds: ends}
		lr.drop(n)
		if ends {
			lr.skipping = false
			lr.number++
		}
		return b, true
	}
	last := bytes.LastIndexByte(lr.buf, '\n')
	if last < 0 {
		if len(lr.buf) <= maxLine {
			return block{}, false
		}
		lr.skipping = true
		return lr.take(now)
	}
	rest := lr.buf[:last+1]
	b := block{lines: make([]event.Line, 0, bytes.Count(rest, []byte{'\n'}))}
	start := lr.off
	for text := ""; len(text) > 0 || len(rest) > 0; {
		if text == "" { // one allocation for many lines
			n := len(rest)
			if n > textSize {
				n = textSize + bytes.IndexByte(rest[textSize:], '\n') + 1
			}
			text, rest = string(rest[:n]), rest[n:]
		}
		i := strings.IndexByte(text, '\n')
		if i > maxLine { // whole, but longer than a line may be
			if len(b.lines) == 0 {
				lr.skipping = true
				return lr.take(now)
			}
			break
		}
		lr.number++
		end := start + int64(i) + 1
		b.lines = append(b.lines, event.Line{Text: text[:i], Start: start, End: end, Number: lr.number, Seen: now})
		text, start = text[i+1:], end
	}
	lr.drop(int(start - lr.off))
	return b, true
}

// rest returns the last line, when the file ends without a newline and nothing more is to come.
func (lr *lineReader) rest(now time.Time) (block, bool) {
	if len(lr.buf) == 0 || lr.skipping {
		return block{}, false
	}
	lr.number++
	end := lr.off + int64(len(lr.buf))
	b := block{lines: []event.Line{{Text: string(lr.buf), Start: lr.off, End: end, Number: lr.number, Seen: now, Unterminated: true}}}
	lr.drop(len(lr.buf))
	return b, true
}

func (lr *lineReader) drop(n int) {
	lr.off += int64(n)
	lr.buf = lr.buf[:copy(lr.buf, lr.buf[n:])]
}

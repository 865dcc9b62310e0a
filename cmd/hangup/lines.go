package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"hangup/event"
	"hangup/parser"
)

// How input is read.
const (
	blockSize  = 256 << 10       // bytes read at once
	textSize   = 16 << 10        // bytes of lines that are one text: whoever keeps a line keeps the text that it is a part of
	sampleSize = 16 << 10        // bytes kept of a line that is too long
	silence    = 1 * time.Second // without input for so long, a record is taken for complete
)

// lineReader cuts blocks of input into lines. A line above parser.MaxLine is not held: only its beginning is given,
// with its true length.
type lineReader struct {
	line func(event.Line)

	rest   []byte // the beginning of a line whose end has not been read
	long   int64  // bytes of that line that were not kept
	off    int64
	number int64
}

// block takes the next bytes of the input.
func (r *lineReader) block(b []byte) {
	if len(r.rest) > 0 {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			r.keep(b)
			return
		}
		r.keep(b[:i])
		b = b[i+1:]
		r.end(1)
	}
	whole := b[:bytes.LastIndexByte(b, '\n')+1]
	b = b[len(whole):]
	for len(whole) > 0 {
		n := len(whole)
		if n > textSize {
			n = textSize + bytes.IndexByte(whole[textSize:], '\n') + 1
		}
		for line := range strings.Lines(string(whole[:n])) {
			r.number++
			r.line(event.Line{Text: line[:len(line)-1], Start: r.off, End: r.off + int64(len(line)), Number: r.number})
			r.off += int64(len(line))
		}
		whole = whole[n:]
	}
	r.keep(b)
}

// keep adds to the open line, or counts what is too much.
func (r *lineReader) keep(b []byte) {
	if r.long == 0 && len(r.rest)+len(b) < parser.MaxLine {
		r.rest = append(r.rest, b...)
		return
	}
	r.long += int64(len(b))
	if n := len(r.rest) - sampleSize; n > 0 { // a block is shorter than MaxLine less the sample
		r.rest, r.long = r.rest[:sampleSize], r.long+int64(n)
	}
}

// end gives the open line, whose newline has so many bytes.
func (r *lineReader) end(newline int64) {
	r.number++
	end := r.off + int64(len(r.rest)) + r.long + newline
	r.line(event.Line{Text: string(r.rest), Start: r.off, End: end, Number: r.number, Unterminated: newline == 0})
	r.rest, r.long, r.off = r.rest[:0], 0, end
}

// readLines gives each line of in to line, and calls pause behind each block, and with silent when nothing came for a
// second and at the end. It returns nil at the end of the input, the first error of the input or of pause, and the
// context's error when that ends first; the goroutine that reads then waits for input that may never come, so the
// caller must be about to exit.
func readLines(ctx context.Context, in io.Reader, line func(event.Line), pause func(silent bool) error) error {
	type block struct {
		b   []byte
		err error
	}
	blocks := make(chan block, 2)
	go func() {
		for {
			b := make([]byte, blockSize)
			n, err := in.Read(b)
			select {
			case blocks <- block{b[:n], err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	r := &lineReader{line: line}
	timer := time.NewTimer(silence)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			if err := pause(true); err != nil {
				return err
			}
		case b := <-blocks:
			r.block(b.b)
			if b.err != nil {
				if len(r.rest) > 0 {
					r.end(0)
				}
				if errors.Is(b.err, io.EOF) {
					return pause(true)
				}
				return errors.Join(b.err, pause(true))
			}
			if err := pause(false); err != nil {
				return err
			}
			timer.Reset(silence)
		}
	}
}

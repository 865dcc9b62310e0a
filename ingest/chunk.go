package ingest

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"time"

	"hangup/event"
	"hangup/parser"
)

// chunkBytes is how much of a file is read and tallied at once.
const chunkBytes = 4 << 20

// chunk is a run of whole lines, or a part of a line that is too long to be held.
type chunk struct {
	text     string // whole lines; the last may be without its newline at the end of the content. It is buf
	buf      []byte // to be read into again, once nobody holds a part of text any more
	start    int64
	number   int64 // of the line before
	lines    int64
	oversize span // when it is set, text is what is there of the line
	ends     bool // the oversize line ends here

	worked chan struct{} // closed when nobody works on it
	tally  *tally        // nil when the parser has to read it
	by     *parser.Aside // whose twin has read it
	tail   []event.Line  // the last lines, with texts of their own
	apart  bool          // nobody has taken parts of its text
}

// chunks cuts a log into chunks.
type chunks struct {
	r        io.Reader
	off      int64 // of buf[0]
	number   int64 // of the last line given
	buf      []byte
	size     int // of a chunk; 0 takes chunkBytes
	first    int // of the first one, 0 afterwards
	skipping bool
	last     bool        // the content ends with r: its last line counts without a newline
	spare    chan []byte // buffers that were given back; nil when none are
}

// room returns a buffer that holds b.
func (c *chunks) room(b []byte) []byte {
	select {
	case r := <-c.spare:
		return append(r[:0], b...)
	default:
		return append(make([]byte, 0, c.size), b...)
	}
}

// giveBack takes a chunk's buffer to be used again.
func (c *chunks) giveBack(k *chunk) {
	if !k.apart || cap(k.buf) != c.size {
		return
	}
	select {
	case c.spare <- k.buf:
	default:
	}
}

// next returns the next chunk. At the end it returns io.EOF; what is left then is an incomplete line.
func (c *chunks) next() (*chunk, error) {
	if c.buf == nil {
		if c.size == 0 {
			c.size = chunkBytes
		}
		c.buf = c.room(nil)
	}
	for {
		limit := c.size
		if c.first > 0 {
			limit = min(c.first, c.size)
		}
		n, err := io.ReadFull(c.r, c.buf[len(c.buf):max(limit, len(c.buf))])
		c.buf = c.buf[:len(c.buf)+n]
		ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !ended {
			return nil, err
		}
		if k := c.cut(ended); k != nil {
			c.first = 0
			return k, nil
		}
		if ended {
			return nil, io.EOF
		}
		c.first = 0 // no line ended within it
	}
}

func (c *chunks) cut(ended bool) *chunk {
	if len(c.buf) == 0 {
		return nil
	}
	k := &chunk{start: c.off, number: c.number, worked: make(chan struct{})}
	n := bytes.LastIndexByte(c.buf, '\n') + 1
	switch {
	case c.skipping || n == 0 && len(c.buf) == c.size:
		n = bytes.IndexByte(c.buf, '\n') + 1
		k.ends = n > 0
		if n == 0 {
			n = len(c.buf)
		}
		k.oversize = span{c.off, c.off + int64(n)}
		c.skipping = !k.ends
		if k.ends {
			k.lines = 1
		}
	case n == 0 && !(ended && c.last):
		return nil
	default:
		if ended && c.last {
			n = len(c.buf)
		}
		k.lines = int64(bytes.Count(c.buf[:n], []byte{'\n'}))
		if c.buf[n-1] != '\n' {
			k.lines++
		}
	}
	c.off += int64(n)
	c.number += k.lines
	k.buf = c.buf
	k.text = view(k.buf[:n])
	c.buf = c.room(k.buf[n:])
	return k
}

func (k *chunk) end() int64 { return max(k.oversize.end, k.start+int64(len(k.text))) }

// each calls f with each line, until f returns false. The line is valid until then.
func (k *chunk) each(seen time.Time, f func(l *event.Line) bool) {
	text, l := k.text, event.Line{End: k.start, Number: k.number, Seen: seen}
	for len(text) > 0 {
		i := strings.IndexByte(text, '\n')
		l.Start = l.End
		l.Number++
		if i < 0 {
			l.Text, text, l.Unterminated = text, "", true
			l.End += int64(len(l.Text))
		} else {
			l.Text, text = text[:i], text[i+1:]
			l.End += int64(i) + 1
		}
		if !f(&l) {
			return
		}
	}
}

// copied is each with lines that may be kept: they are parts of texts of their own.
func (k *chunk) copied(seen time.Time, f func(l *event.Line) bool) {
	part := chunk{start: k.start, number: k.number}
	for rest, more := k.text, true; rest != "" && more; {
		n := len(rest)
		if n > textSize {
			if n = strings.IndexByte(rest[textSize:], '\n') + textSize + 1; n == textSize {
				n = len(rest)
			}
		}
		part.text, rest = strings.Clone(rest[:n]), rest[n:]
		number := part.number
		part.each(seen, func(l *event.Line) bool {
			number = l.Number
			more = f(l)
			return more
		})
		part.start, part.number = part.start+int64(n), number
	}
}

// newest returns the last lines, with texts of their own.
func (k *chunk) newest(seen time.Time) []event.Line {
	from := len(k.text)
	for range tailLines {
		from = strings.LastIndexByte(k.text[:max(from-1, 0)], '\n') + 1
	}
	end := chunk{text: strings.Clone(k.text[from:]), start: k.start + int64(from)}
	end.number = k.number + k.lines - int64(strings.Count(end.text, "\n"))
	if !strings.HasSuffix(end.text, "\n") {
		end.number--
	}
	var lines []event.Line
	end.each(seen, func(l *event.Line) bool {
		lines = append(lines, *l)
		return true
	})
	return lines
}

// edges returns the chunk's first and last line, with texts of their own.
func (k *chunk) edges() (first, last event.Line) {
	text := strings.TrimSuffix(k.text, "\n")
	i := strings.IndexByte(text, '\n')
	if i < 0 {
		i = len(text)
	}
	j := strings.LastIndexByte(text, '\n') + 1
	return event.Line{Text: strings.Clone(text[:i]), Start: k.start, End: k.start + int64(min(i+1, len(k.text)))},
		event.Line{Text: strings.Clone(text[j:]), Start: k.start + int64(j), End: k.end()}
}

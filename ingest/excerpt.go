package ingest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"hangup/event"
	"hangup/parser"
)

// ErrNotRead says that a source is none of those that this process reads.
var ErrNotRead = errors.New("this process does not read the source")

// Bounds of an excerpt: of the file's beginning, and of its end.
const (
	excerptHead  = 32 << 10
	excerptTail  = 96 << 10
	excerptLines = 250 // of each
)

// Excerpt returns the first and the newest whole lines of a source's file as it is now, with secrets taken out of them as of
// what is stored, and the options by which the source is read. Between two lines that do not join on to each other there
// are others.. The error is ErrNotRead for a source of others.
func (s *Status) Excerpt(source int64) ([]event.Line, parser.Options, error) {
	s.mu.Lock()
	var of Source
	var path string
	if x := s.sources[source]; x != nil {
		of, path = x.source, x.source.Path
		if of.Pattern {
			path = x.current
		}
	}
	s.mu.Unlock()
	if of.Path == "" {
		return nil, parser.Options{}, ErrNotRead
	}
	o := of.Parser
	if path == "" {
		return nil, o, fmt.Errorf("read lines of the source: no file is like %s: %w", of.Path, os.ErrNotExist)
	}
	lines, err := ReadExcerpt(path)
	if err != nil {
		return nil, o, fmt.Errorf("read lines of the source: %w", err)
	}
	return lines, o, nil
}

// ReadExcerpt returns the lines of a file at path as Status.Excerpt does.
func ReadExcerpt(path string) ([]event.Line, error) {
	e, err := look(path)
	if err != nil {
		return nil, err
	}
	if e.path == "" {
		return nil, &os.PathError{Op: "open", Path: path, Err: os.ErrNotExist}
	}
	c, err := e.open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.f.Close() }()
	if c.size <= excerptHead+excerptTail {
		lines, err := linesAt(c.f, 0, c.size, c.modified)
		if n := len(lines); n > 2*excerptLines {
			lines = append(lines[:excerptLines:excerptLines], lines[n-excerptLines:]...)
		}
		return lines, err
	}
	head, err := linesAt(c.f, 0, excerptHead, c.modified)
	if err != nil {
		return nil, err
	}
	tail, err := linesAt(c.f, c.size-excerptTail, excerptTail, c.modified)
	if err != nil {
		return nil, err
	}
	if len(tail) > 0 { // the first may have begun before
		tail = tail[1:]
	}
	return append(head[:min(len(head), excerptLines)], tail[max(0, len(tail)-excerptLines):]...), nil
}

// linesAt returns the lines that end in the n bytes at off. They have no numbers.
func linesAt(r io.ReaderAt, off, n int64, seen time.Time) ([]event.Line, error) {
	b := make([]byte, n)
	k, err := r.ReadAt(b, off)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var out []event.Line
	for text := range strings.Lines(string(b[:k])) {
		end := off + int64(len(text))
		if s, whole := strings.CutSuffix(text, "\n"); whole {
			out = append(out, event.Line{Text: redactText(s), Start: off, End: end, Seen: seen})
		}
		off = end
	}
	return out, nil
}

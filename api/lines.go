package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hangup/event"
	"hangup/parser"
)

// Bounds of what the format tester does for one request.
const (
	testBody    = "256K"
	detectLines = 500
	testLines   = 1000
	testRecords = 500
	testText    = 4 << 10         // bytes shown of a record
	testTime    = 5 * time.Second // after which no more lines are read
	testWait    = 2 * time.Second // for a free place
	testsAtOnce = 2
)

// Excerpts gives lines of the sources that this process reads.
type Excerpts interface {
	// Excerpt returns the first and the newest lines of a source's file as it is now, with secrets taken out, and how the
	// source is read. Between lines that do not join on to each other there are others. The error wraps store.ErrNotFound
	// for a source that this process does not read; any other is of the file.
	Excerpt(source int64) ([]event.Line, parser.Options, error)
}

// errBusy says that as many logs are looked at as may be.
var errBusy = errors.New("too many logs are looked at")

// sample is what a request gives to look at.
type sample struct {
	lines     []event.Line
	truncated bool
	options   parser.Options
	text      bool // the lines came with the request
}

// sample takes the lines of a request: from its text, or from the file of a source.
func (s *service) sample(text, source, zone *string, most int) (sample, error) {
	var out sample
	switch {
	case (text == nil) == (source == nil):
		return out, &badRequest{[]ProblemError{{Detail: "give either text or source"}}}
	case text != nil:
		out.text, out.options.User = true, s.Formats
		out.lines = linesOf(*text, s.now())
	default:
		id, err := parseID(*source, 64)
		if err != nil {
			return out, err
		}
		if out.lines, out.options, err = s.excerpt(id); err != nil {
			return out, err
		}
	}
	if n := len(out.lines); n > most {
		out.truncated = true
		if out.text {
			out.lines = out.lines[:most]
		} else { // the newest are as good as the first
			out.lines = append(out.lines[:most/2:most/2], out.lines[n-most/2:]...)
		}
	}
	for i := range out.lines {
		out.lines[i].Number = int64(i + 1)
	}
	if zone != nil && *zone != "" {
		z, err := parseZone("timezone", zone)
		if err != nil {
			return out, err
		}
		out.options.Zone = z
	}
	return out, nil
}

func (s *service) excerpt(id int64) ([]event.Line, parser.Options, error) {
	if s.Excerpts == nil {
		return nil, parser.Options{}, echo.NewHTTPError(http.StatusConflict, "This process reads no sources: give text.")
	}
	lines, o, err := s.Excerpts.Excerpt(id)
	if err != nil && toProblem(err).Status == http.StatusInternalServerError {
		return nil, o, echo.NewHTTPError(http.StatusConflict, fmt.Sprintf("The source's file cannot be read now: %s.", event.Clean(err.Error())))
	}
	return lines, o, err
}

// linesOf cuts text as a file is cut.
func linesOf(text string, seen time.Time) []event.Line {
	var out []event.Line
	off := int64(0)
	for l := range strings.Lines(text) {
		end := off + int64(len(l))
		out = append(out, event.Line{Text: strings.TrimSuffix(l, "\n"), Start: off, End: end, Seen: seen})
		off = end
	}
	return out
}

// place waits for one of the places for those who look at formats, which is work for the processor. The caller gives it back
// by calling done.
func (s *service) place(ctx context.Context) (done func(), err error) {
	t := time.NewTimer(testWait)
	defer t.Stop()
	select {
	case s.places <- struct{}{}:
		return func() { <-s.places }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-t.C:
		return nil, errBusy
	}
}

// texts are the lines' texts, those of blank lines too.
func (m *sample) texts() []string {
	out := make([]string, len(m.lines))
	for i := range m.lines {
		out[i] = strings.TrimSuffix(m.lines[i].Text, "\r")
	}
	return out
}

// seen is when the lines were written, as far as that is known.
func (m *sample) seen() time.Time {
	if len(m.lines) == 0 {
		return time.Time{}
	}
	return m.lines[0].Seen
}

// read gives the lines to a parser, and each record to emit, until emit's caller has enough or the time is over. It says
// whether all were read.
func (m *sample) read(ctx context.Context, p parser.Parser, emit func(*event.Record) (more bool)) bool {
	ctx, cancel := context.WithTimeout(ctx, testTime)
	defer cancel()
	more := true
	take := func(r *event.Record) {
		if more {
			more = emit(r)
		}
	}
	for i := range m.lines {
		if i > 0 && m.lines[i].Start != m.lines[i-1].End { // a gap: nothing goes on across it
			p.Flush(take)
		}
		if !more || ctx.Err() != nil {
			return false
		}
		parser.Feed(p, m.lines[i], take)
	}
	p.Flush(take)
	return more
}

package ingest

import (
	"context"
	"errors"
	"io"
	"time"

	"hangup/event"
	"hangup/parser"
)

// Scanner counts what the logs of one service say as Run does, without storing it. Its methods may be called at the same
// time.
type Scanner struct{ service *serviceState }

// NewScanner returns a Scanner whose routes are bounded by l.
func NewScanner(l RouteLimits) *Scanner { return &Scanner{newServiceState("", l)} }

// scanBytes is how much of a content is read and given at once: less than is stored at once, since adding sums up is cheap and less
// memory is touched.
const scanBytes = 2 << 20

// Content is what is scanned: one file's, from its beginning to its end.
type Content struct {
	Reader     io.Reader
	Source     int64 // of the batches
	Generation int64
	Parser     parser.Options
	Seen       time.Time // when it was written: years that the log leaves out and times that it does not give are taken from it

	// Keep says whether an exchange or disconnect counts; t is the time at which it would. Those that do not are Others in
	// the batches. The event is valid until Keep returns. Several goroutines call Keep, more than once for some records. Nil keeps all.
	Keep func(e *event.Event, t time.Time) bool

	// ByAgent has Sums tell what each user agent class did by route.
	ByAgent bool
}

// Scan reads a content to its end with all cores and gives what it says to emit in parts, in order. It returns the
// format in use at the end with how sure that is, and the first error of the reader, of emit or of ctx; what was read
// before an error of the reader is given.
func (s *Scanner) Scan(ctx context.Context, c Content, emit func(*Sums) error) (format string, confidence float64, err error) {
	parse, err := parser.New(c.Parser)
	if err != nil {
		return "", 0, err
	}
	in := &untilError{r: c.Reader}
	p := &pipeline{
		in: chunks{r: in, size: scanBytes, first: firstChunk, last: true}, parse: parse, zone: c.Parser.Zone, seen: c.Seen, batch: scanBytes,
		open: func(t *tallier, start int64) *builder { return t.builder(s.service, c.Source, c.Generation, start) },
	}
	if c.Keep != nil {
		p.before = c.drop
	}
	p.tally.counting = counting{sums: true, byAgent: c.ByAgent}
	p.u = p.open(&p.tally, 0)
	if err := p.run(ctx, nil, func(_ context.Context, f filled) error { return emit(&Sums{f.b, f.sums, c.ByAgent}) }); err != nil {
		return "", 0, err
	}
	parse.Flush(p.emit)
	if p.fault == nil && !p.u.empty() {
		f := p.full()
		p.fault = emit(&Sums{f.b, f.sums, c.ByAgent})
	}
	format, confidence = parse.Format()
	return format, confidence, errors.Join(p.fault, in.err)
}

// drop makes an Other of a record that is not to be kept.
func (c *Content) drop(r *event.Record) {
	if r.Kind != event.Request && r.Kind != event.Disconnect {
		return
	}
	if t, _ := eventTime(r.Time, c.Seen); !c.Keep(&r.Event, t) {
		r.Kind = event.Other
	}
}

// untilError is a reader whose errors are ends: what came before them is used.
type untilError struct {
	r   io.Reader
	err error
}

// Read implements io.Reader.
func (u *untilError) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		u.err, err = err, io.EOF
	}
	return n, err
}

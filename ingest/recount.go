package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"time"

	"hangup/event"
	"hangup/parser"
)

// SettingsOf returns the settings of a source that is read with o.
func SettingsOf(o parser.Options) event.Settings {
	s := event.Settings{Format: o.Format, Layout: o.Layout, Formats: o.User.Fingerprint()}
	if s.Format == "auto" {
		s.Format = ""
	}
	if o.Zone != nil && o.Zone != time.UTC {
		s.Zone = o.Zone.String()
	}
	return s
}

// Recount is what a content is counted again with.
type Recount struct {
	Parser       parser.Options
	Since, Until time.Time      // records outside are skipped; zero for no bound
	Seen         time.Time      // when it was read last: see Content
	Refused      map[int64]bool // offsets of the records that the database refused: they count as not understood
}

// Recounted is what a content says.
type Recounted struct {
	Path     string // of the file
	Accounts event.Accounts
	Hours    map[time.Time]event.Counts // by hour, reports of hang-ups that another record counts included
	Hangups  map[time.Time]int64        // disconnects by day
	Undated  bool                       // records without a usable time were counted when they were read: hours are not to be compared
	Format   string                     // that was in use at the end
}

// Recount reads the content of a generation again, from its beginning to exactly where it is committed, and counts it as
// it was counted first. It returns false when no file holds it. An error is of ctx, or of a file that holds it.
func (s *Shelf) Recount(ctx context.Context, g event.Generation, r Recount) (Recounted, bool, error) {
	for i := range s.files {
		f := &s.files[i]
		if f.err != nil || !f.begins(g) {
			continue
		}
		out, ok, err := s.recount(ctx, f, g, r)
		if ok || err != nil {
			f.known = f.known || ok
			return out, ok, err
		}
	}
	return Recounted{}, false, nil
}

// recount reads one file. A content that is another before the offset is found out at the latest when the offset is
// reached.
func (s *Shelf) recount(ctx context.Context, f *shelved, g event.Generation, r Recount) (out Recounted, same bool, err error) {
	in, err := f.stream()
	if err != nil {
		f.err = err
		return out, false, nil
	}
	defer func() { _ = in.Close() }()
	if in.Compression() == "" {
		st, err := in.f.Stat()
		if err != nil {
			return out, false, fmt.Errorf("look at %s: %w", f.path, err)
		}
		if same, err = continues(in.f, st.Size(), g); err != nil || !same {
			return out, false, err
		}
	}
	parse, err := parser.New(r.Parser)
	if err != nil {
		return out, false, err
	}
	out = Recounted{Path: f.path, Hours: map[time.Time]event.Counts{}, Hangups: map[time.Time]int64{}}
	m := &marked{r: io.LimitReader(in, g.Off)}
	b := bounds{Recount: r}
	p := &pipeline{
		in: chunks{r: &untilError{r: m}, first: firstChunk, last: true}, parse: parse, zone: r.Parser.Zone, seen: r.Seen, batch: chunkBytes,
		workers: max(1, runtime.GOMAXPROCS(0)/2), before: b.check, // a server that is busy has others to serve
		open: func(t *tallier, start int64) *builder { return t.builder(s.service, g.Source, g.ID, start) },
	}
	p.u = p.open(&p.tally, 0)
	if err := p.run(ctx, nil, func(_ context.Context, f filled) error { out.add(f.b); return nil }); err != nil {
		return out, false, err
	}
	parse.Flush(p.emit)
	if p.fault != nil {
		return out, false, fmt.Errorf("count %s: %w", f.path, p.fault)
	}
	if !p.u.empty() {
		out.add(p.u.finish())
	}
	if m.err != nil && !errors.Is(m.err, io.EOF) {
		f.err = m.err
		return out, false, nil
	}
	mark, err := event.MarkPrint(bytes.NewReader(m.last), int64(len(m.last)))
	if err != nil {
		return out, false, err
	}
	out.Undated = b.undated.Load()
	out.Format, _ = parse.Format()
	return out, m.n == g.Off && mark.Equal(g.Mark), nil
}

// add adds a batch.
func (out *Recounted) add(b *event.Batch) {
	out.Accounts.Add(b.Accounts)
	for m := range b.Minutes.All(false) {
		hour := time.Unix(m.Minute*60, 0).UTC().Truncate(time.Hour)
		c := out.Hours[hour]
		c.Add(m.Counts)
		out.Hours[hour] = c
	}
	for i := range b.Disconnects {
		out.Hangups[b.Disconnects[i].Time.Truncate(24*time.Hour)]++
	}
}

// bounds changes records to what they were counted as. Its method check may be called at the same time.
type bounds struct {
	Recount
	undated atomic.Bool
}

func (b *bounds) check(r *event.Record) {
	(&Import{Since: b.Since, Until: b.Until}).skip(r)
	if r.Kind != event.Request && r.Kind != event.Disconnect {
		return
	}
	if b.Refused[r.Start] {
		r.Event = event.Event{Kind: event.Unparsed}
		return
	}
	if _, assumed := eventTime(r.Time, b.Seen); assumed {
		b.undated.Store(true)
	}
}

// marked is a reader that keeps the last bytes for a fingerprint.
type marked struct {
	r    io.Reader
	n    int64
	last []byte // event.MarkSize of them at most
	err  error
}

// Read implements io.Reader.
func (m *marked) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.n += int64(n)
	m.last = append(m.last, p[max(0, n-event.MarkSize):n]...)
	m.last = m.last[:copy(m.last, m.last[max(0, len(m.last)-event.MarkSize):])]
	if err != nil {
		m.err = err
	}
	return n, err
}

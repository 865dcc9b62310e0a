package ingest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"hangup/event"
	"hangup/parser"
)

// Library is a Ledger that knows contents by how they begin.
type Library interface {
	Ledger
	// GenerationsByHead returns the generations of a service whose content begins as head does, which is the
	// first event.HeadSize bytes of a content, or all of it. The one with the most committed bytes comes first.
	GenerationsByHead(ctx context.Context, service string, head []byte) ([]event.Generation, error)
}

// Importer reads files that nobody writes to any more, each content once: also when it was renamed, compressed or read
// by Run before, and when it was interrupted. It is for one goroutine.
type Importer struct {
	Library Library
	Sink    Sink
	Routes  RouteLimits // zero values take the defaults

	services map[string]*serviceState
}

// Import is one file to be imported.
type Import struct {
	Source
	File         string    // Source.Path is the log that it is a part of
	Since, Until time.Time // records before and after are skipped; zero for no bound
	Batch        int64     // bytes of the content that are stored in one transaction, at least 1 MiB: a line has to fit; 0 takes 32 MiB
	// Progress is called with how much of the file, as it lies on the disk, has been read; nil for nobody.
	Progress func(read, size int64)
	// Stored is called with each batch once it is stored; nil for nobody.
	Stored func(*event.Batch)
}

// Imported says what became of a file.
type Imported struct {
	From, End int64 // bytes of the content that were there before, and that are now
	As        string
	// Generation is the content's; 0 for one that is empty.
	Generation int64
	Accounts   event.Accounts // of what was added
	Lines      int64
	Format     string
}

// errTaken says that another process stored what this one was about to.
var errTaken = errors.New("another process reads the same content at the same time; import it again when that is done")

// Import reads one file from where its content is committed to its end. When ctx ends, what is stored stays, and a later
// Import goes on from there. Imported is valid after an error too.
func (m *Importer) Import(ctx context.Context, i Import) (out Imported, err error) {
	s, err := OpenStream(i.File)
	if err != nil {
		return out, err
	}
	x := &importing{Import: i, m: m, s: s, out: &out}
	defer func() { _ = x.s.Close() }()
	if x.epoch, err = m.Library.Epoch(ctx); err != nil {
		return out, err
	}
	st, err := os.Stat(i.File)
	if err != nil {
		return out, err
	}
	state, err := m.service(ctx, i.Service)
	if err != nil {
		return out, err
	}
	err = x.find(ctx, contentOf(st))
	if out.Generation = x.gen.ID; err == nil && x.known && x.gen.ID != 0 && x.gen.Path == i.File && x.gen.State == event.Live && time.Since(st.ModTime()) > quietFile {
		err = m.Library.SetGeneration(ctx, i.Service, x.gen.ID, i.File, event.Done, 0) // an import was cut off before it could say so
	}
	if err != nil || x.known {
		return out, err
	}
	parse, err := parser.New(x.Parser)
	if err != nil {
		return out, err
	}
	batch := cmp.Or(i.Batch, largeBatch)
	p := &pipeline{
		in:    chunks{r: x, off: x.gen.Off, number: x.gen.Lines, size: int(min(batch, chunkBytes)), first: firstChunk, last: s.Compression() != "" || time.Since(st.ModTime()) > quietFile},
		parse: parse, zone: i.Parser.Zone, seen: st.ModTime(), batch: batch,
		workers: besideStore(),
		open:    func(c *tallier, start int64) *builder { return c.builder(state, x.gen.Source, x.gen.ID, start) },
	}
	p.texts = []*chunk{{start: x.gen.Off - int64(len(x.mark)), text: string(x.mark)}}
	if !i.Since.IsZero() || !i.Until.IsZero() {
		p.before = i.skip
	}
	p.u = p.open(&p.tally, x.gen.Off)
	err = p.run(ctx, nil, x.store)
	if err == nil {
		p.parse.Flush(p.emit)
		err = p.fault
	}
	if err == nil && !p.u.empty() {
		err = x.store(ctx, p.full())
	}
	if name, confidence := parse.Format(); name != "" {
		out.Format = name
		if err == nil {
			err = m.Library.SetFormat(ctx, i.Service, x.gen.Source, name, confidence)
		}
	}
	if err == nil {
		err = m.Library.SetGeneration(ctx, i.Service, x.gen.ID, i.File, event.Done, 0)
	}
	return out, err
}

func (m *Importer) service(ctx context.Context, name string) (*serviceState, error) {
	if m.services == nil {
		m.services = map[string]*serviceState{}
	}
	s := m.services[name]
	if s == nil {
		s = newServiceState(name, m.Routes)
		m.services[name] = s
	}
	return s, s.load(ctx, m.Library)
}

// skip makes a record that lies outside the bounds one that does not count. Its bytes do.
func (i *Import) skip(r *event.Record) {
	if i.Until.IsZero() || r.Time.Before(i.Until) {
		skipOld(r, i.Since)
	} else {
		skipOld(r, r.Time.Add(1))
	}
}

// skipOld makes a record of before a time one that does not count. Its bytes do.
func skipOld(r *event.Record, since time.Time) {
	if r.Kind != event.Unparsed && r.Kind != event.Skipped && !r.Time.IsZero() && r.Time.Before(since) {
		r.Event, r.Reason = event.Event{Kind: event.Skipped}, event.TooOld
	}
}

// importing is a file that is being imported.
type importing struct {
	epoch string // of the database, in which gen is right
	Import
	m     *Importer
	s     *Stream
	out   *Imported
	gen   event.Generation
	known bool // all of the content is stored

	prefix []byte // read already, and to be read first
	head   []byte // the content's first bytes
	mark   []byte // the newest bytes that were read, event.MarkSize at most of them count
	read   int64
}

// find looks for the content among those that are stored, reads up to where it is committed, or adds a generation.
func (x *importing) find(ctx context.Context, c content) error {
	head := make([]byte, event.HeadSize)
	n, err := io.ReadFull(x.s, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	x.head = head[:n]
	if n == 0 {
		x.known = true
		return nil
	}
	list, err := x.m.Library.GenerationsByHead(ctx, x.Service, x.head)
	if err != nil {
		return err
	}
	g, found, err := x.stored(ctx, list)
	if err != nil {
		return err
	}
	if found {
		x.gen, x.out.From, x.out.End, x.out.As = g, g.Off, g.Off, g.Path
		return nil
	}
	if err := x.again(); err != nil {
		return err
	}
	id, format, err := x.m.Library.OpenSource(ctx, x.Service, x.Path)
	if err != nil {
		return err
	}
	if x.Parser.Format == "" {
		x.Parser.Hint = format
	}
	x.gen = event.Generation{Source: id, Path: x.File, Dev: c.Dev, Ino: c.Ino, SizeSeen: c.size, State: event.Live, FirstSeen: time.Now(), Settings: SettingsOf(x.Parser)}
	x.gen.Settings.Since, x.gen.Settings.Until = x.Since, x.Until
	if x.gen.Head, err = event.HeadPrint(bytes.NewReader(x.head), len(x.head)); err != nil {
		return err
	}
	_, newest, err := x.m.Library.Candidates(ctx, x.Service, id, nil, []event.Inode{c.inode}, nil)
	if err != nil {
		return err
	}
	// Newest tells of what is added from here on; look once more for what was added before it was asked for.
	now, err := x.m.Library.GenerationsByHead(ctx, x.Service, x.head)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(now, func(g event.Generation) bool {
		return !slices.ContainsFunc(list, func(known event.Generation) bool { return known.ID == g.ID })
	}) {
		return errTaken
	}
	ids, err := x.m.Library.AddGenerations(ctx, x.Service, id, []event.Generation{x.gen}, newest)
	if errors.Is(err, event.ErrStale) {
		return errTaken
	}
	if err == nil {
		x.gen.ID = ids[0]
	}
	return err
}

// again reads the content from its beginning.
func (x *importing) again() error {
	_ = x.s.Close()
	s, err := OpenStream(x.File)
	if err != nil {
		return err
	}
	x.s, x.read, x.mark = s, 0, nil
	return nil
}

// stored returns the one of these generations that the content is, of several the one of which most is committed. The stream
// stands at its offset then, and known says whether the content ends there.
func (x *importing) stored(ctx context.Context, list []event.Generation) (g event.Generation, found bool, err error) {
	slices.SortStableFunc(list, func(a, b event.Generation) int { return cmp.Or(cmp.Compare(a.Off, b.Off), cmp.Compare(a.ID, b.ID)) })
	if err := x.again(); err != nil {
		return g, false, err
	}
	for len(list) > 0 {
		there, err := x.reach(ctx, list[0].Off)
		if err != nil {
			return g, false, err
		}
		if !there {
			break
		}
		mark, err := event.MarkPrint(bytes.NewReader(x.mark), int64(len(x.mark)))
		if err != nil {
			return g, false, err
		}
		if list[0].Off == 0 || mark.Equal(list[0].Mark) { // an import may have been interrupted before its first batch
			g, found = list[0], true
		}
		list = list[1:]
	}
	if !found {
		g, x.known, err = x.copied(ctx, list)
		return g, x.known, err
	}
	if x.read != g.Off {
		if err := x.again(); err != nil {
			return g, false, err
		}
		if there, err := x.reach(ctx, g.Off); err != nil || !there {
			return g, false, cmp.Or(err, errChanged)
		}
	}
	x.prefix = make([]byte, 1)
	n, err := io.ReadFull(x.s, x.prefix)
	x.prefix = x.prefix[:n]
	x.known = errors.Is(err, io.EOF)
	return g, true, nil
}

// copied returns the one of these generations, of which more is committed than the content has, that it is a copy of, made
// while that was still being written to. The stream stands at its end.
func (x *importing) copied(ctx context.Context, list []event.Generation) (event.Generation, bool, error) {
	mark, err := event.MarkPrint(bytes.NewReader(x.mark), int64(len(x.mark)))
	if err != nil {
		return event.Generation{}, false, err
	}
	for _, g := range slices.Backward(list) {
		if (g.Head.Len >= tellingHead || int64(g.Head.Len) == x.read) && !contradicted(ctx, g.Path, g, x.read, mark, true) {
			return g, ctx.Err() == nil, ctx.Err()
		}
	}
	return event.Generation{}, false, ctx.Err()
}

// reach reads on to an offset, and says whether the content goes so far.
func (x *importing) reach(ctx context.Context, off int64) (bool, error) {
	buf := make([]byte, max(0, min(1<<20, off-x.read)))
	for x.read < off {
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		n, err := x.Read(buf[:min(int64(len(buf)), off-x.read)])
		if n == 0 && errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return false, err
		}
	}
	return true, nil
}

// Read reads on, and keeps what fingerprints are made of.
func (x *importing) Read(b []byte) (n int, err error) {
	if len(x.prefix) > 0 {
		n = copy(b, x.prefix)
		x.prefix = x.prefix[n:]
	} else {
		n, err = x.s.Read(b)
	}
	x.read += int64(n)
	if n >= event.MarkSize {
		x.mark = append(x.mark[:0], b[n-event.MarkSize:n]...)
	} else {
		x.mark = append(x.mark, b[:n]...)
		x.mark = x.mark[max(0, len(x.mark)-event.MarkSize):]
	}
	if x.Progress != nil {
		x.Progress(x.s.Progress())
	}
	return n, err
}

// store stores a batch. It tries until it is stored, somebody else has stored it, or ctx ends.
func (x *importing) store(ctx context.Context, f filled) error {
	b := f.b
	head := x.head[:min(int64(len(x.head)), b.End)]
	var err error
	if b.Head, err = event.HeadPrint(bytes.NewReader(head), len(head)); err != nil {
		return err
	}
	b.Mark = f.mark
	b.Size = b.End
	for try := 1; ; try++ {
		b.Epoch = x.epoch
		c, cancel := context.WithTimeout(context.WithoutCancel(ctx), largeTime)
		err := x.m.Sink.Commit(c, time.Now().UTC(), b)
		cancel()
		if err != nil {
			g, readErr := x.present(ctx)
			switch {
			case readErr != nil && ctx.Err() != nil:
				return err
			case readErr == nil && g.Off == b.End: // the answer was lost, not the batch
			case readErr == nil && g.Off != b.Start, errors.Is(readErr, errTaken):
				return errTaken
			case try >= importTries || !wait(ctx, retryWait(try)):
				return fmt.Errorf("store what was read: %w", err)
			default:
				continue
			}
		}
		break
	}
	x.out.End, x.out.Lines = b.End, x.out.Lines+b.Lines
	x.out.As = cmp.Or(x.out.As, x.File)
	x.out.Accounts.Add(b.Accounts)
	if x.Stored != nil {
		x.Stored(b)
	}
	return nil
}

// present returns the generation as it is stored now, in the epoch that is now. It is errTaken when the database has gone
// back and its id is another's.
func (x *importing) present(ctx context.Context) (event.Generation, error) {
	epoch, err := x.m.Library.Epoch(ctx)
	if err != nil {
		return event.Generation{}, err
	}
	g, err := x.m.Library.Generation(ctx, x.Service, x.gen.ID)
	if err == nil && (g.Source != x.gen.Source || g.FirstSeen.UnixMicro() != x.gen.FirstSeen.UnixMicro()) {
		err = errTaken
	}
	if err == nil {
		x.epoch = epoch
	}
	return g, err
}

// quietFile is how long a file must not have been written to for an import to take it for whole.
const quietFile = time.Minute

// importTries is how often a batch is tried: about a minute and a half while the database does not answer.
const importTries = 24

package ingest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"hangup/event"
	"hangup/parser"
)

// The bounds of catching up.
const (
	catchUpBytes = 8 << 20  // so much has to be unread
	largeBatch   = 32 << 20 // bytes of a batch
	largeCells   = 400_000  // its minutes and clients at most, or thereabouts: lines may be short
	firstChunk   = 256 << 10
	tailLines    = 8
)

// pipeline reads a log with all cores: one goroutine reads chunks, workers tally those that can be read by
// themselves, run puts them in order and gives the others to the parser, and one stores batches. Whatever the number of workers
// and wherever chunks end, the batches say what one parser that reads line by line says.
type pipeline struct {
	in      chunks
	parse   parser.Parser
	zone    *time.Location
	seen    time.Time // when the lines were read, for those that have no time
	workers int
	batch   int64 // bytes of a batch

	tally tallier
	open  func(c *tallier, start int64) *builder
	u     *builder
	ends  [2]event.Line // first and last line of the batch
	fault error
	// before, when it is set, is asked whether a record counts; it may change it.
	before func(r *event.Record)
	// look, when it is set, sees what kinds of records there are: those that the parser read, and of others the last.
	look func(r *event.Record)

	mu    sync.Mutex
	aside *parser.Aside // workers read with twins of it; nil when only the parser can read
	ready chan struct{} // closed when the parser has read the first chunk

	rooms chan room // of batches that are stored

	texts []*chunk // the newest ones, when marks are to be made of them; nil for none

	begin       int64
	pos, number int64 // end of the last line that was taken, and its number
}

// besideStore is how many workers there are where batches are stored: the others have a core's work together, and a database on
// this machine more.
func besideStore() int { return max(1, runtime.GOMAXPROCS(0)-1) }

// filled is a batch to be stored.
type filled struct {
	b    *event.Batch
	sums []*tally // of which Sums are made, if that is what is counted
	ends [2]event.Line
	mark event.Print // of the bytes before the batch's end, if the pipeline keeps texts
	room room        // of which the batch's minutes are made
}

// run reads to the end of the input, or until stop is closed, and gives each batch to store, one after another. What is
// left in u and in the parser then is not stored.
func (p *pipeline) run(ctx context.Context, stop <-chan struct{}, store func(context.Context, filled) error) error {
	if p.workers == 0 {
		p.workers = runtime.GOMAXPROCS(0)
	}
	g, ctx := errgroup.WithContext(ctx)
	order, work, batches := make(chan *chunk, p.workers), make(chan *chunk, p.workers), make(chan filled)
	p.in.spare, p.rooms = make(chan []byte, 2*p.workers+2), make(chan room, 1)
	p.ready, p.begin, p.pos, p.number = make(chan struct{}), p.in.off, p.in.off, p.in.number
	g.Go(guarded(func() error {
		defer close(order)
		defer close(work)
		for {
			k, err := p.in.next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			select {
			case order <- k:
			case <-stop:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
			select {
			case work <- k:
			case <-ctx.Done(): // a worker that panicked takes none
				return ctx.Err()
			}
		}
	}))
	for range p.workers {
		c := newTallier(p.u.own.counting)
		c.full = p.u.own.full
		g.Go(guarded(func() error {
			p.worker(ctx, c, work)
			return nil
		}))
	}
	g.Go(guarded(func() error {
		for f := range batches {
			if err := store(ctx, f); err != nil {
				return err
			}
			select {
			case p.rooms <- f.room.empty():
			default:
			}
		}
		return nil
	}))
	g.Go(guarded(func() error {
		defer close(batches)
		opened := false
		for k := range order {
			select {
			case <-k.worked:
			case <-ctx.Done():
				return ctx.Err()
			}
			if err := p.take(k); err != nil {
				return err
			}
			if !opened {
				opened = true
				p.renew()
				close(p.ready)
			}
			if p.u.end()-p.u.b.Start < p.batch && p.u.size() < largeCells {
				continue
			}
			f := p.full()
			select {
			case batches <- f:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	}))
	return g.Wait()
}

// full ends the batch and begins the next.
func (p *pipeline) full() filled {
	f := filled{b: p.u.finish(), sums: p.u.parts, ends: p.ends}
	f.mark, f.room = p.mark(f.b.End), p.u.room
	p.u, p.ends = p.open(&p.tally, f.b.End), [2]event.Line{}
	select {
	case p.u.room = <-p.rooms:
	default:
	}
	return f
}

// keep remembers the text that a mark may have to be made of: a record is open over less than 2 MiB.
func (p *pipeline) keep(k *chunk) {
	if p.texts == nil {
		return
	}
	p.texts = append(p.texts, k)
	size := 0
	for i := len(p.texts) - 1; i > 0; i-- {
		if size += len(p.texts[i].text); size > 2<<20 {
			for _, old := range p.texts[:i] {
				p.in.giveBack(old)
			}
			p.texts = slices.Delete(p.texts, 0, i)
			return
		}
	}
}

// mark returns the fingerprint of the bytes before an offset.
func (p *pipeline) mark(end int64) event.Print {
	var b []byte
	for _, k := range p.texts {
		from, to := max(k.start, end-event.MarkSize), min(k.start+int64(len(k.text)), end)
		if from < to {
			b = append(b, k.text[from-k.start:to-k.start]...)
		}
	}
	m, _ := event.MarkPrint(bytes.NewReader(b), int64(len(b))) // bytes in memory
	return m
}

// worker tallies chunks that can be read by themselves with c.
func (p *pipeline) worker(ctx context.Context, c *tallier, work <-chan *chunk) {
	var mine, of *parser.Aside
	for k := range work {
		if k.start > p.begin { // the first is the parser's
			select {
			case <-p.ready:
			case <-ctx.Done():
			}
			p.mu.Lock()
			if p.aside != of {
				if mine, of = nil, p.aside; of != nil {
					mine = of.Twin()
				}
			}
			p.mu.Unlock()
			if mine != nil && k.oversize.end == 0 && ctx.Err() == nil {
				k.by = of
				p.work(c, mine, k)
			}
		}
		close(k.worked)
	}
}

func (p *pipeline) work(c *tallier, a *parser.Aside, k *chunk) {
	c.begin(k.start)
	c.t.reserve(c.last)
	ok := true
	emit := func(r *event.Record) {
		if p.before != nil {
			p.before(r)
		}
		ok = c.add(r, p.seen) == nil
	}
	k.each(p.seen, func(l *event.Line) bool {
		return (l.Text == "" || l.Text[0] != 0) && a.Line(l, emit) && ok
	})
	if !ok || c.t.end != k.end() {
		c.t.reuse()
		return
	}
	c.last = c.t.sizes()
	k.tail, k.tally = k.newest(p.seen), c.t
}

// take adds a chunk to the batch.
func (p *pipeline) take(k *chunk) error {
	p.pos, p.number = k.end(), k.number+k.lines
	p.keep(k)
	if k.oversize.end > 0 {
		return p.long(k.oversize, k.ends)
	}
	first, last := k.edges()
	if p.ends[0].End == 0 {
		p.ends[0] = first
	}
	p.ends[1] = last
	if k.tally != nil && !p.parse.Open() && p.aside != nil && k.by == p.aside && p.aside.Serves(p.parse) && parser.Passed(p.parse, k.tally.records(), k.tail) {
		p.u.settle()
		records := k.tally.records()
		p.u.merge(k.tally)
		if p.look != nil {
			for range min(records, lookBack) {
				p.look(&event.Record{Event: event.Event{Kind: event.Request}})
			}
		}
		p.done(k)
		return nil
	}
	k.copied(p.seen, func(l *event.Line) bool {
		p.line(*l)
		return p.fault == nil
	})
	p.done(k)
	p.renew()
	return p.fault
}

// done is told that a chunk has been read, and that nobody has taken parts of its text.
func (p *pipeline) done(k *chunk) {
	k.apart = true
	if p.texts == nil {
		p.in.giveBack(k)
	}
}

// renew has the workers read with what the parser has found.
func (p *pipeline) renew() {
	if p.aside != nil && p.aside.Serves(p.parse) {
		return
	}
	a, _ := parser.NewAside(p.parse, p.zone)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.aside = a
}

func (p *pipeline) emit(r *event.Record) {
	if p.before != nil {
		p.before(r)
	}
	if p.fault == nil {
		p.fault = p.u.add(r, p.seen)
		if p.look != nil {
			p.look(r)
		}
	}
}

func (p *pipeline) long(s span, ends bool) error {
	p.parse.Flush(p.emit)
	if p.fault == nil {
		p.fault = p.u.oversize(s, ends)
	}
	return p.fault
}

// line gives a line to the parser.
func (p *pipeline) line(l event.Line) {
	if len(l.Text) > maxLine {
		_ = p.long(span{l.Start, l.End}, !l.Unterminated)
		return
	}
	parser.Feed(p.parse, l, p.emit)
}

// catchUp reads what lies unread with all cores, when it is much and no other file is read so now. It begins and ends
// between two lines.
func (w *follower) catchUp(ctx context.Context) error {
	if _, ok := w.f.(plain); !ok { // an archive is read by one, front to back
		return nil
	}
	size, err := w.f.Size()
	if err != nil {
		return err
	}
	if w.lr.skipping || size-w.pos < catchUpBytes || !w.m.fast.TryAcquire(1) {
		return nil
	}
	defer w.m.fast.Release(1)
	c, cancel := context.WithCancel(ctx)
	defer cancel()
	p := &pipeline{
		in:    chunks{r: io.NewSectionReader(w.f, w.pos, size-w.pos), off: w.pos, number: w.number, first: firstChunk},
		parse: w.parse, zone: w.m.source.Parser.Zone, seen: time.Now(), batch: largeBatch,
		workers: besideStore(),
		open: func(t *tallier, start int64) *builder {
			return t.builder(w.m.service, w.gen.Source, w.gen.ID, start)
		},
		u: w.u, ends: w.ends, look: w.look,
	}
	if !w.since.IsZero() {
		p.before = func(r *event.Record) { skipOld(r, w.since) }
	}
	w.seen = p.seen
	already, lines := w.pos-w.gen.Off, w.number-w.gen.Lines // were read one by one
	err = p.run(c, w.halt, func(ctx context.Context, f filled) error {
		w.m.Status.read(w.gen.Source, f.b.End-f.b.Start-already, f.b.Lines-lines)
		already, lines = 0, 0
		return w.commitBatch(ctx, f.b, f.ends)
	})
	if err != nil && (p.fault != nil || ctx.Err() == nil) {
		return err
	}
	w.u, w.ends, w.seen = p.u, p.ends, p.seen
	w.pos, w.number = p.pos, p.number
	w.touch()
	w.noteFormat(ctx)
	if ctx.Err() != nil || w.u.b.Start != w.gen.Off { // what was counted after the last batch is read again
		return w.restart()
	}
	w.lr, err = newLineReader(w.f, w.pos, w.number)
	return err
}

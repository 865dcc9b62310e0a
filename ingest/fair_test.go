package ingest_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hangup/event"
	"hangup/ingest"
)

// slowForBacklogs holds large batches back until open is closed, as a database does that is slow.
type slowForBacklogs struct {
	ingest.Sink
	held chan struct{}
	open chan struct{}
}

func (s slowForBacklogs) Commit(ctx context.Context, now time.Time, b *event.Batch) error {
	if b.Lines > 4000 {
		select {
		case s.held <- struct{}{}:
		default:
		}
		<-s.open
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	return s.Sink.Commit(ctx, now, b)
}

func TestBacklogsDoNotStarveALiveLog(t *testing.T) {
	r := newRig(t)
	held, open := make(chan struct{}, 100), make(chan struct{})
	r.gate = func(s ingest.Sink) ingest.Sink { return slowForBacklogs{s, held, open} }
	names := []string{"live.log"}
	for i := range 8 {
		names = append(names, fmt.Sprintf("%d.log", i))
		r.write(r.open(names[i+1]), r.lines(6000))
	}
	f := r.open("live.log")
	r.start(names...)
	release := sync.OnceFunc(func() { close(open) })
	t.Cleanup(release)
	for range 3 { // as many as are stored at one time
		<-held
	}
	for range 3 {
		r.write(f, r.lines(10))
		last := r.seq
		r.eventually("a live line is stored", func() bool { return r.stored()[last] == 1 })
	}
	release()
	r.complete()
}

// panicsOnce panics at the second batch of a file that it is given, as a fault of ours would.
type panicsOnce struct {
	ingest.Sink
	path string
	n    *atomic.Int64
}

func (s panicsOnce) Commit(ctx context.Context, now time.Time, b *event.Batch) error {
	if len(b.Disconnects) > 0 && b.Disconnects[0].UserAgent == s.path && s.n.Add(1) == 2 {
		panic("a fault of ours")
	}
	return s.Sink.Commit(ctx, now, b)
}

// TestPanicIsOneFiles has a fault of ours in the reading of one log: it is said, the log is read on, and others are not
// disturbed.
func TestPanicIsOneFiles(t *testing.T) {
	r := newRig(t)
	var commits atomic.Int64
	r.gate = func(s ingest.Sink) ingest.Sink { return panicsOnce{s, "panics", &commits} }
	a, b := r.open("a.log"), r.open("b.log")
	r.start("a.log", "b.log")
	for range 5 {
		r.write(a, strings.ReplaceAll(r.line(), `"-" "`, `"-" "panics" "`))
		r.write(b, r.lines(3))
		r.complete()
	}
	if commits.Load() < 5 {
		t.Errorf("%d batches of the log that panics", commits.Load())
	}
}

// panicsAtBacklog panics at the first large batch, as a fault of ours would.
type panicsAtBacklog struct {
	ingest.Sink
	done *atomic.Bool
}

func (s panicsAtBacklog) Commit(ctx context.Context, now time.Time, b *event.Batch) error {
	if b.Lines > 50_000 && !s.done.Swap(true) {
		panic("a fault of ours")
	}
	return s.Sink.Commit(ctx, now, b)
}

// TestPanicInABacklog is TestPanicIsOneFiles for what is read with all cores.
func TestPanicInABacklog(t *testing.T) {
	r := newRig(t)
	var panicked atomic.Bool
	r.gate = func(s ingest.Sink) ingest.Sink { return panicsAtBacklog{s, &panicked} }
	filler := strings.Replace(r.line(), " 499 0 ", " 200 0 ", 1)
	delete(r.want, r.seq)
	r.put("a.log", r.line()+strings.Repeat(filler, 600_000)+r.line())
	r.put("b.log", r.lines(3))
	r.start("a.log", "b.log")
	r.eventually("all lines are stored", func() bool { return len(r.stored()) == len(r.want) }, r.generations)
	if !panicked.Load() {
		t.Error("nothing panicked")
	}
	if n := r.number(`SELECT sum(lines)::bigint FROM generation`); n != 600_005 {
		t.Errorf("%d lines are stored, want 600005", n)
	}
}

func TestArchiveAsASource(t *testing.T) {
	r := newRig(t)
	r.write(r.open("a.log"), "no matter what\n")
	r.pack("a.log", ".gz")
	r.start("a.log.gz", "b.log")
	r.write(r.open("b.log"), r.lines(3))
	r.complete()
	if n := r.number(`SELECT count(*) FROM generation`); n != 1 {
		t.Errorf("%d generations, want 1", n)
	}
}

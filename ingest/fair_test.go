package ingest_test

import (
	"context"
	"fmt"
	"sync"
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
	if b.Lines > 1000 {
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
		r.write(r.open(names[i+1]), r.lines(3000))
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

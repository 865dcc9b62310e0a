package main

import (
	"context"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// live is an ordinary log that is written to all the time, and how long its lines take until they are stored.
type live struct {
	*writer
	wg    sync.WaitGroup
	mu    sync.Mutex
	waits []lineEnd // lines that are not stored yet, the oldest first
	most  time.Duration
}

// lineEnd is where a line ends, and when it was written.
type lineEnd struct {
	off int64
	at  time.Time
}

func newLive(t *testing.T, seed uint64, path string) *live {
	t.Helper()
	return &live{writer: newWriter(t, seed, path, false)}
}

// run writes, and looks what is stored, until ctx ends.
func (l *live) run(ctx context.Context, url string) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		l.t.Fatal(err)
	}
	l.wg.Go(func() {
		off := int64(0)
		for tick := time.NewTicker(50 * time.Millisecond); ; {
			select {
			case <-ctx.Done():
				tick.Stop()
				return
			case <-tick.C:
			}
			text := ""
			for range 1 + l.r.IntN(10) {
				text += l.line()
			}
			if _, err := l.f.WriteString(text); err != nil {
				l.t.Error(err)
			}
			off += int64(len(text))
			l.mu.Lock()
			l.waits = append(l.waits, lineEnd{off, time.Now()})
			l.mu.Unlock()
		}
	})
	l.wg.Go(func() {
		defer conn.Close(context.Background())
		for ; ctx.Err() == nil; pause(ctx, 50*time.Millisecond) {
			var off int64
			if err := conn.QueryRow(ctx, `SELECT coalesce(sum(off), 0)::bigint FROM generation WHERE path = $1`, l.path).Scan(&off); err != nil && ctx.Err() == nil {
				l.t.Error(err)
			}
			l.stored(off, time.Now())
		}
	})
}

// stored notes up to where the log is stored.
func (l *live) stored(off int64, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.waits) > 0 {
		if d := now.Sub(l.waits[0].at); d > l.most {
			l.most = d
		}
		if l.waits[0].off > off {
			return
		}
		l.waits = l.waits[1:]
	}
}

// check waits for the end of run and compares the longest delay with its bound.
func (l *live) check() {
	l.t.Helper()
	l.wg.Wait()
	bound := delayBound
	if raceDetector { // all takes several times as long
		bound *= 3
	}
	if l.most > bound {
		l.t.Errorf("%s: a line was stored after %s, more than %s", filepath.Base(l.path), l.most, bound)
	}
	l.t.Logf("%s: %d lines, stored after %d ms at most", filepath.Base(l.path), l.n, l.most.Milliseconds())
}

// asker asks the questions of the page again and again.
type asker struct {
	t    *testing.T
	p    *process
	wg   sync.WaitGroup
	took map[string][]time.Duration
}

func newAsker(t *testing.T, p *process) *asker {
	t.Helper()
	return &asker{t: t, p: p, took: map[string][]time.Duration{}}
}

func (a *asker) run(ctx context.Context) {
	a.wg.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			what := []string{"summary?", "routes?", "clients?", "clients?sort=-rate&"}[n%4]
			begun := time.Now()
			code, body := a.p.get("/api/v1/" + what + "from=now-6h&to=now")
			if ctx.Err() != nil {
				return
			}
			if code != http.StatusOK {
				a.t.Errorf("%s: %d %s", what, code, body)
			}
			a.took[what] = append(a.took[what], time.Since(begun))
			pause(ctx, 100*time.Millisecond)
		}
	})
}

// check waits for the end of run and says how long answers took.
func (a *asker) check() {
	a.t.Helper()
	a.wg.Wait()
	for what, took := range a.took {
		slices.Sort(took)
		a.t.Logf("%s: %d answers, p50 %d ms, p95 %d ms, %d ms at most", what, len(took), took[len(took)/2].Milliseconds(),
			took[len(took)*95/100].Milliseconds(), took[len(took)-1].Milliseconds())
	}
}

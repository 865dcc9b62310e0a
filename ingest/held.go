package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"hangup/event"
)

// held is a generation that is being followed.
type held struct {
	gen   event.Generation
	f     file
	path  string
	log   string
	last  atomic.Bool
	off   atomic.Int64
	halt  chan struct{}
	ended chan struct{}
	done  bool // read to its end; valid after ended
	err   error

	size   int64        // seen last
	full   int64        // before it shrank
	growth atomic.Int64 // when it grew last, Unix nanoseconds
	part   atomic.Int64 // bytes of a last line without a newline
	named  bool         // the source's path names it
	there  bool         // the last look found it
	begun  time.Time
	slot   bool      // it has one to give back
	parked bool      // nobody reads it until it grows
	yields bool      // it is to give its slot to another
	w      *follower // that reads it; only to be looked at after ended
}

// follow has a file followed. live says that it may grow; the follower of a copy ends with what is there.
func (m *manager) follow(ctx context.Context, e entry, f file, g event.Generation, live bool) {
	delete(m.cut, g.ID)
	delete(m.asleep, e.inode)
	size, _ := f.Size() // an error comes again
	_, slot := f.(plain)
	h := &held{gen: g, f: f, path: e.path, log: e.log, size: size, named: e.main, there: true, slot: slot}
	h.growth.Store(time.Now().UnixNano())
	m.held[e.inode] = h
	m.read(ctx, h, live)
}

// read starts a follower.
func (m *manager) read(ctx context.Context, h *held, live bool) {
	h.halt, h.ended, h.begun = make(chan struct{}), make(chan struct{}), time.Now()
	h.parked, h.done, h.err = false, false, nil
	h.off.Store(h.gen.Off)
	w := &follower{
		m: m, log: m.log, f: h.f, gen: h.gen, live: live, last: &h.last, halt: h.halt, off: &h.off, part: &h.part,
		grown: func() time.Time { return time.Unix(0, h.growth.Load()) },
	}
	if m.source.Since > 0 {
		w.since = h.gen.FirstSeen.Add(-m.source.Since)
	}
	h.w = w
	m.wg.Go(func() {
		defer close(h.ended)
		h.err = guarded(func() (err error) {
			h.done, err = w.run(ctx)
			return err
		})()
	})
}

// reap looks at what is held: what was truncated, what has ended.
func (m *manager) reap(ctx context.Context) error {
	var errs []error
	for k, h := range m.held {
		if h.parked {
			continue
		}
		select {
		case <-h.ended:
			rest := h.w.rest
			h.gen, h.w = h.w.gen, nil
			switch {
			case errors.Is(h.err, errIdle) && h.full == 0:
				h.parked, h.size, h.begun = true, rest, time.Now()
				if h.yields {
					m.letGo(k, h)
				}
				continue
			case h.yields && !h.done && h.err == nil && h.full == 0:
				m.letGo(k, h)
				continue
			}
			delete(m.held, k)
			m.release(h)
			switch {
			case h.done:
				if u, ok := h.f.(*unpacked); ok {
					errs = append(errs, m.settle(ctx, u.was, h.gen.ID))
				}
				if err := m.Ledger.SetGeneration(ctx, m.source.Service, h.gen.ID, h.path, event.Done, 0); err != nil {
					errs = append(errs, err)
					m.cut[h.gen.ID] = cut{at: time.Now(), path: h.path, size: h.off.Load(), off: h.off.Load()} // it is tried again
				}
			case h.full > 0 || errors.Is(h.err, errChanged):
				m.cut[h.gen.ID] = cut{at: time.Now(), path: h.path, size: max(h.full, h.off.Load()), off: h.off.Load()}
			case errors.Is(h.err, errFenced):
				m.service.fenced()
			case h.err != nil:
				errs = append(errs, fmt.Errorf("read %s: %w", h.path, h.err))
			}
			continue
		default:
		}
		size, err := h.f.Size()
		if errors.Is(err, errChanged) { // a compressed file that is being written to
			size, err = 0, nil
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if m.grown(h, size); h.full > 0 { // the follower finds out at its next commit; where nothing comes, it has to be told
			h.stop()
		}
	}
	return someErrors(errs)
}

// grown notes the size of a held file.
func (m *manager) grown(h *held, size int64) {
	if size > h.size {
		h.growth.Store(time.Now().UnixNano())
	}
	if size < h.size && h.full == 0 {
		h.full = h.size
	}
	h.size = size
}

// stop has the follower end.
func (h *held) stop() {
	select {
	case <-h.halt:
	default:
		close(h.halt)
	}
}

// release closes a file that was followed.
func (m *manager) release(h *held) {
	_ = h.f.Close()
	if h.slot {
		m.files.give(h.yields)
	}
}

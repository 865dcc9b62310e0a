package ingest

import (
	"maps"
	"slices"
	"sync"
	"time"

	"hangup/event"
)

// Status is how reading goes, source by source. It is safe for concurrent use.
type Status struct {
	mu      sync.Mutex
	sources map[int64]*sourceStatus
}

type sourceStatus struct {
	event.SourceState
	source  Source
	current string  // the file that was written to last
	rate    float64 // lines a second, smoothed
	rated   time.Time
	pending int64
}

// NewStatus returns an empty Status.
func NewStatus() *Status { return &Status{sources: map[int64]*sourceStatus{}} }

// Status returns the state of every source, by id.
func (s *Status) Status() []event.SourceState {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []event.SourceState
	now := time.Now()
	for _, id := range slices.Sorted(maps.Keys(s.sources)) {
		x := s.sources[id]
		x.settle(now)
		st := x.SourceState
		st.LinesPerSec = x.rate
		out = append(out, st)
	}
	return out
}

func (s *Status) change(source int64, f func(*sourceStatus)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.sources[source]
	if x == nil {
		x = &sourceStatus{SourceState: event.SourceState{Source: source}}
		s.sources[source] = x
	}
	f(x)
}

// committed notes a stored batch.
func (s *Status) committed(source, lines int64, now time.Time) {
	s.change(source, func(x *sourceStatus) {
		x.LastCommit, x.LastError = now, ""
		x.pending += lines
		x.Batches++
		x.settle(now)
	})
}

// failed notes an error; it stays until a batch is stored or the source is well again.
func (s *Status) failed(source int64, err error, now time.Time) {
	s.change(source, func(x *sourceStatus) { x.LastError, x.LastErrorAt = err.Error(), now; x.Retries++ })
}

// settle brings the rate up to date: a moving average over about 10 s.
func (x *sourceStatus) settle(now time.Time) {
	if x.rated.IsZero() {
		x.rated = now
		return
	}
	d := now.Sub(x.rated).Seconds()
	if d < 1 {
		return
	}
	weight := min(d/10, 1)
	x.rate += weight * (float64(x.pending)/d - x.rate)
	if x.rate < 0.01 {
		x.rate = 0
	}
	x.pending, x.rated = 0, now
}

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
		st.LinesPerSec, st.Progress = x.rate, x.Progress.Clone()
		st.Service, st.Path = x.source.Service, x.source.Path
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

// open notes under which id a source is stored. What was told of it before, under another id, is told of it under this one:
// a database that has gone back may give its ids to others.
func (s *Status) open(id int64, source Source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	same := func(x *sourceStatus) bool { return x.source.Service == source.Service && x.source.Path == source.Path }
	x := s.sources[id]
	if x == nil || !same(x) {
		other, free := x, int64(-1)
		for s.sources[free] != nil {
			free--
		}
		x = &sourceStatus{}
		for was, o := range s.sources {
			if same(o) {
				x, free = o, was
				delete(s.sources, was)
				break
			}
		}
		if other != nil { // until it is opened itself
			other.Source, s.sources[free] = free, other
		}
	}
	x.Source, x.source = id, source
	s.sources[id] = x
}

// committed notes a batch that was stored, and how long that took.
func (s *Status) committed(b *event.Batch, took time.Duration, now time.Time) {
	s.change(b.Source, func(x *sourceStatus) {
		x.LastCommit, x.LastError, x.LastClass = now, "", ""
		x.pending += b.Lines
		x.Batches++
		x.Took.Add(took)
		x.Lines += b.Lines
		x.Accounts.Add(b.Accounts)
		x.Quarantined += int64(len(b.Quarantine))
		x.settle(now)
	})
}

// read notes what was taken from a file.
func (s *Status) read(source, bytes, lines int64) {
	s.change(source, func(x *sourceStatus) { x.ReadBytes, x.ReadLines = x.ReadBytes+bytes, x.ReadLines+lines })
}

// failed notes an error of storing; it stays until a batch is stored or the source is well again.
func (s *Status) failed(source int64, err error, now time.Time) {
	s.change(source, func(x *sourceStatus) {
		x.LastError, x.LastErrorAt, x.LastClass = err.Error(), now, event.ClassOf(err)
		x.Retry(x.LastClass)
	})
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

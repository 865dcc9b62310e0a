package event

import (
	"maps"
	"time"
)

// Progress counts what a process has done with a source since it began to read it.
type Progress struct {
	ReadBytes   int64 // taken from files; what is read again after a failure counts again
	ReadLines   int64
	Lines       int64    // committed
	Accounts    Accounts // of what was committed
	LostBytes   int64    // found to be nowhere
	Quarantined int64    // records that the database refused
	Batches     int64    // stored
	Took        Spans    // by storing them, tries that failed included
	Retries     int64    // attempts that failed
	RetriesBy   map[Class]int64
	Fenced      int64 // batches that another process had stored
	Tails       int64 // times that following at the live end was begun again
	Archives    int64 // compressed files that were read
	Changes     int64 // times that another format was found than before
}

// Retry counts an attempt that failed.
func (p *Progress) Retry(c Class) {
	if p.RetriesBy == nil {
		p.RetriesBy = map[Class]int64{}
	}
	p.Retries++
	p.RetriesBy[c]++
}

// Clone returns a copy that shares nothing.
func (p Progress) Clone() Progress {
	p.RetriesBy = maps.Clone(p.RetriesBy)
	return p
}

// SpanBounds are the upper bounds of the buckets of Spans, in seconds.
var SpanBounds = [...]float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60}

// Spans is a histogram of durations.
type Spans struct {
	Buckets [len(SpanBounds) + 1]int64 // the last one is of those beyond all bounds
	Sum     time.Duration
}

// Add adds a duration.
func (s *Spans) Add(d time.Duration) {
	i := 0
	for i < len(SpanBounds) && d.Seconds() > SpanBounds[i] {
		i++
	}
	s.Buckets[i]++
	s.Sum += d
}

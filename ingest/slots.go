package ingest

import (
	"slices"
	"sync"
	"syscall"
	"time"
)

// slots bounds how many files are open at one time, over all sources. A file that gets none waits; who waits longest is
// next, whatever source it is of.
type slots struct {
	mu       sync.Mutex
	most     int // that max is, unless the system gives fewer
	max      int
	lowered  time.Time // when max was lowered, or raised again, last
	used     int
	promised int                      // of used, that are about to be given back
	waits    map[*manager][]time.Time // since when the files of each source wait, the longest first
}

// The descriptors of a process. An open file takes three while it is followed: ours, and two of a pipe to its tail.
const (
	mostFiles  = 1024 // open at one time; each that is being read has some 50 KiB
	leastFiles = 4
	perFile    = 3
	ownAtLeast = 48 // for the database, the page and directories
	ownAtMost  = 512

	// raiseAfter is how long after the system gave no more descriptors it is asked for some more than that.
	raiseAfter = time.Minute
)

// newSlots returns slots for n files, or for n = 0 for as many as the process may open. Go raises the soft limit to the
// hard one at start.
func newSlots(n int) *slots {
	if n <= 0 {
		n = mostFiles
		var l syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err == nil && l.Cur < perFile*(mostFiles+ownAtMost) {
			had := int(l.Cur) //nolint:unconvert // its type differs between systems
			n = max(leastFiles, min(mostFiles, (had-min(max(had/4, ownAtLeast), ownAtMost))/perFile))
		}
	}
	return &slots{most: n, max: n, waits: map[*manager][]time.Time{}}
}

// wait notes since when files of m wait, the longest first.
func (s *slots) wait(m *manager, since []time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(since) == 0 {
		delete(s.waits, m)
		return
	}
	s.waits[m] = since
}

// take takes a slot for a file of m that has waited since then. It says no when there is none, or when those that are free
// are for files of others that have waited longer.
func (s *slots) take(m *manager, since time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.max < s.most && time.Since(s.lowered) > raiseAfter { // others may have given some back
		s.max, s.lowered = min(s.most, s.max+max(1, s.max/4)), time.Now()
	}
	free := s.max - s.used
	if free <= 0 {
		return false
	}
	for who, list := range s.waits {
		if who == m {
			continue
		}
		older, _ := slices.BinarySearchFunc(list, since, time.Time.Compare)
		if free -= older; free <= 0 {
			return false
		}
	}
	s.used++
	return true
}

// give gives a slot back, promised if it was claimed before.
func (s *slots) give(promised bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used--
	if promised {
		s.promised--
	}
}

// claim promises to give back n slots, or as many of them as are needed for who waits, and returns how many that are.
func (s *slots) claim(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n = max(0, min(n, s.lacking()))
	s.promised += n
	return n
}

// crowded says whether files wait for which nobody has promised a slot yet.
func (s *slots) crowded() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lacking() > 0
}

func (s *slots) lacking() int {
	n := s.used - s.promised - s.max
	for _, list := range s.waits {
		n += len(list)
	}
	return n
}

// exhausted notes that the system gives no more descriptors for now than are in use.
func (s *slots) exhausted() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.max, s.lowered = min(s.most, max(leastFiles, min(s.max, s.used))), time.Now()
}

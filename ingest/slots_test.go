package ingest

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"hangup/event"
)

// TestSlotsRecover has the system give few descriptors for a while: later there are as many as before.
func TestSlotsRecover(t *testing.T) {
	t.Parallel()
	s, m := newSlots(100), &manager{}
	take := func() (n int) {
		for s.take(m, time.Now()) {
			n++
		}
		return n
	}
	if n := take(); n != 100 {
		t.Fatalf("%d slots, want 100", n)
	}
	for range 90 {
		s.give(false)
	}
	s.exhausted()
	if n := take(); n != 0 {
		t.Errorf("%d slots more than the system gives", n)
	}
	more := 0
	for try := 0; more < 90 && try < 20; try++ {
		s.lowered = s.lowered.Add(-2 * raiseAfter)
		more += take()
	}
	if more != 90 || s.used != 100 {
		t.Errorf("%d slots are there again, %d are used", more, s.used)
	}
}

// TestTruncatedAtItsTurnsEnd has a file truncated when it was to give its slot to another: what of it was seen and is not
// stored may be lost, and is not forgotten.
func TestTruncatedAtItsTurnsEnd(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.log")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	close(ended)
	g := event.Generation{ID: 7, Off: 10}
	h := &held{gen: g, f: plain{f}, path: path, ended: ended, w: &follower{gen: g}, slot: true, yields: true, full: 30}
	h.off.Store(10)
	m := &manager{files: newSlots(4), held: map[inode]*held{{Ino: 1}: h}, asleep: map[inode]*sleeper{}, cut: map[int64]cut{}}
	m.files.used, m.files.promised = 1, 1
	if err := m.reap(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c := m.cut[7]; c.size != 30 || c.off != 10 || len(m.asleep) != 0 || m.files.used != 0 || m.files.promised != 0 {
		t.Errorf("of it is known %+v, %d files sleep, %d slots are used and %d promised", c, len(m.asleep), m.files.used, m.files.promised)
	}
}

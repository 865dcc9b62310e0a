package ingest

import (
	"testing"
	"time"
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

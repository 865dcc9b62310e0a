package ingest

import (
	"testing"
	"time"

	"hangup/event"
)

// TestLookout feeds records of busy and quiet logs, and says at which the alarm is raised and called off.
func TestLookout(t *testing.T) {
	t.Parallel()
	type run struct {
		n     int
		kinds string // repeated: g understood, b not, s skipped
	}
	for _, c := range []struct {
		name        string
		every       time.Duration
		runs        []run
		raise, calm int // the record at which; 0 for none
	}{
		{"all is well", 0, []run{{500, "g"}}, 0, 0},
		{"one in ten", 0, []run{{1000, "ggggbggggg"}}, 0, 0},
		{"the format changes", 0, []run{{100, "g"}, {30, "b"}, {100, "g"}}, 116, 150},
		{"blank lines say nothing", 0, []run{{50, "g"}, {60, "bs"}, {100, "sg"}}, 81, 150},
		{"half of them", 0, []run{{100, "g"}, {100, "gb"}}, 132, 0},
		{"a banner of ten lines", 0, []run{{100, "g"}, {10, "b"}, {100, "g"}}, 0, 0},
		{"never understood", 0, []run{{100, "b"}}, 16, 0},
		{"quiet, ten seconds apart", 10 * time.Second, []run{{20, "g"}, {10, "b"}, {10, "g"}}, 25, 35},
		{"quiet, one in three", 10 * time.Second, []run{{300, "ggb"}}, 48, 0},
		{"a second apart", time.Second, []run{{20, "g"}, {20, "b"}, {10, "g"}}, 26, 46},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var w lookout
			at := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
			n, raised, calmed := 0, 0, 0
			for _, r := range c.runs {
				for i := range r.n {
					kind := map[byte]event.Kind{'g': event.Request, 'b': event.Unparsed, 's': event.Skipped}[r.kinds[i%len(r.kinds)]]
					n++
					raise, calm := w.add(&event.Record{Event: event.Event{Kind: kind}, Text: "x"}, at)
					if raise && raised == 0 {
						raised = n
					}
					if calm && raised > 0 && calmed == 0 {
						calmed = n
					}
					at = at.Add(c.every)
				}
			}
			if raised != c.raise || calmed != c.calm {
				t.Errorf("raised at %d and called off at %d, want %d and %d", raised, calmed, c.raise, c.calm)
			}
			if len(w.texts) > keepTexts {
				t.Errorf("%d texts are kept", len(w.texts))
			}
		})
	}
}

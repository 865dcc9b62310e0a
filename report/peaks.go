package report

import (
	"slices"

	"hangup/event"
)

// Peak is an age at which far more clients hang up than shortly before and after it: most often a timer. It says nothing
// about whose.
type Peak struct {
	At       int64 // ms, the mean of the peak
	From, To int64 // ms, its least and greatest age
	Count    int64
	Share    float64 // of the hang-ups whose age is known
}

// What makes a peak, and how many are named at most.
const (
	peakCount = 30   // hang-ups at least
	peakShare = 0.1  // of all at least
	peakTimes = 4    // as dense as on either side of it
	peakWidth = 0.02 // half of its width, as a share of the age
	peakFrom  = 100  // ms: below, clients leave for reasons of their own
	maxPeaks  = 3
)

// peaks returns the peaks in the ages of dropped exchanges, the highest first. done tells how finely the log times.
func peaks(drop, done *event.Histogram) []Peak {
	n := drop.Count()
	if n < peakCount {
		return nil
	}
	coarse := int64(1)
	if wholeSeconds(drop) && wholeSeconds(done) {
		coarse = 1000
	}
	buckets := drop.Buckets()
	cells := make([]event.Cell, len(buckets))
	for i, b := range buckets {
		cells[i] = drop.Cell(b)
	}
	within := func(from, to int64) (c event.Cell) {
		for i := range buckets {
			if at := cells[i].Sum / cells[i].Count; at >= from && at < to {
				c.Count += cells[i].Count
				c.Sum += cells[i].Sum
			}
		}
		return c
	}
	var found []Peak
	for _, c := range cells {
		at := c.Sum / c.Count
		half := max(int64(peakWidth*float64(at)), coarse/2+1)
		if at < peakFrom {
			continue
		}
		here := within(at-half, at+half)
		beside := max(within(at-5*half, at-half).Count, within(at+half, at+5*half).Count)
		if here.Count < peakCount || float64(here.Count) < peakShare*float64(n) || here.Count*2 < peakTimes*beside {
			continue
		}
		found = append(found, Peak{
			At: here.Sum / here.Count, From: at - half, To: at + half, Count: here.Count, Share: float64(here.Count) / float64(n),
		})
	}
	slices.SortStableFunc(found, func(a, b Peak) int { return int(b.Count - a.Count) })
	var out []Peak
	for _, p := range found {
		if len(out) < maxPeaks && !slices.ContainsFunc(out, func(q Peak) bool { return p.From < q.To && q.From < p.To }) {
			out = append(out, p)
		}
	}
	return out
}

// wholeSeconds says whether nearly all ages are whole seconds: the log counts no more finely.
func wholeSeconds(h *event.Histogram) bool {
	var whole, n int64
	for _, b := range h.Buckets() {
		c := h.Cell(b)
		n += c.Count
		if at := c.Sum / c.Count; c.Sum%c.Count == 0 && at%1000 == 0 {
			whole += c.Count
		}
	}
	return whole*20 >= n*19
}

package report

import "time"

// series counts by minute, and in wider steps once minutes would be too many.
type series struct {
	step  int // in steps
	cells map[int64]*[2]int64
}

// steps are the widths of a series in minutes; each is a multiple of the one before.
var steps = []int64{1, 5, 15, 60, 360, 1440, 1440 * 7, 1440 * 28, 1440 * 364}

const (
	maxCells  = 50_000
	maxPoints = 240
)

func newSeries() *series { return &series{cells: map[int64]*[2]int64{}} }

// add counts in a minute since 1970.
func (s *series) add(minute, requests, hangups int64) {
	if requests == 0 && hangups == 0 {
		return
	}
	s.put(floor(minute, steps[s.step]), requests, hangups)
	if len(s.cells) > maxCells && s.step < len(steps)-1 {
		s.widen()
	}
}

func (s *series) put(k, requests, hangups int64) {
	c := s.cells[k]
	if c == nil {
		c = &[2]int64{}
		s.cells[k] = c
	}
	c[0] += requests
	c[1] += hangups
}

// widen takes the next step.
func (s *series) widen() {
	old := s.cells
	s.cells = make(map[int64]*[2]int64, len(old)/4)
	s.step++
	for k, c := range old {
		s.put(floor(k, steps[s.step]), c[0], c[1])
	}
}

func floor(k, step int64) int64 { return k - ((k%step)+step)%step }

// points returns the series from its first to its last cell, in a step that makes maxPoints points of it at most.
func (s *series) points() (step time.Duration, out []Point) {
	for {
		var first, last int64
		any := false
		for k, c := range s.cells {
			if c[0] == 0 && c[1] == 0 {
				continue
			}
			if !any || k < first {
				first = k
			}
			if !any || k > last {
				last = k
			}
			any = true
		}
		w := steps[s.step]
		step = time.Duration(w) * time.Minute
		if !any {
			return step, nil
		}
		if (last-first)/w+1 > maxPoints && s.step < len(steps)-1 {
			s.widen()
			continue
		}
		for k := first; k <= last; k += w {
			p := Point{Start: time.Unix(60*k, 0).UTC()}
			if c := s.cells[k]; c != nil {
				p.Requests, p.Hangups = c[0], c[1]
			}
			out = append(out, p)
		}
		return step, out
	}
}

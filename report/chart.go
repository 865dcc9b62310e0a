package report

import (
	"strings"

	"hangup/answer"
	"hangup/event"
)

// spark draws values as a line of bars, each in eighths of the highest. Negative values are gaps: nothing is known.
func spark(values []float64) string {
	const bars = "▁▂▃▄▅▆▇█"
	top := 0.0
	for _, v := range values {
		top = max(top, v)
	}
	var out strings.Builder
	for _, v := range values {
		if v < 0 {
			out.WriteByte(' ')
			continue
		}
		k := 0
		if top > 0 {
			k = min(int(v/top*8), 7)
		}
		out.WriteString(string([]rune(bars)[k]))
	}
	return out.String()
}

// bar draws part of whole as a bar of so many columns, in eighths of one; what is not 0 can be seen.
func bar(part, whole int64, columns int) string {
	if whole <= 0 || part <= 0 {
		return ""
	}
	n := max(int(float64(part)/float64(whole)*float64(columns*8)+0.5), 1)
	out := strings.Repeat("█", n/8)
	if n%8 > 0 {
		out += string([]rune(" ▏▎▍▌▋▊▉")[n%8])
	}
	return out
}

// squeeze adds neighbours up until n points are left at most.
func squeeze(points []Point, n int) []Point {
	if len(points) <= n {
		return points
	}
	each := (len(points) + n - 1) / n
	var out []Point
	for i, p := range points {
		if i%each == 0 {
			out = append(out, Point{Start: p.Start})
		}
		last := &out[len(out)-1]
		last.Requests += p.Requests
		last.Hangups += p.Hangups
	}
	return out
}

// rate returns hang-ups / requests of a point, and whether there is one.
func (p Point) rate() (float64, bool) {
	if p.Requests <= 0 || p.Hangups > p.Requests {
		return 0, false
	}
	return max(0, answer.Share(p.Hangups, p.Requests)), true
}

// Bin is one step of ages: From <= age < To, in ms. To of the last is 0: there is no end.
type Bin struct {
	From, To           int64
	Dropped, Completed int64
}

// binEdges are the steps of ages that are shown, in ms.
var binEdges = []int64{
	0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 3000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 3_600_000,
}

// Ages returns the ages of dropped and completed exchanges in steps, from the first to the last that holds any.
func (r *Report) Ages() []Bin { return bins(&r.Abandoned, &r.Completed) }

func bins(drop, done *event.Histogram) []Bin {
	out := make([]Bin, len(binEdges))
	for i, from := range binEdges {
		out[i].From = from
		if i+1 < len(binEdges) {
			out[i].To = binEdges[i+1]
		}
	}
	put := func(h *event.Histogram, count func(*Bin) *int64) {
		for _, b := range h.Buckets() {
			c := h.Cell(b)
			at := c.Sum / c.Count
			i := 0
			for i+1 < len(binEdges) && binEdges[i+1] <= at {
				i++
			}
			*count(&out[i]) += c.Count
		}
	}
	put(drop, func(b *Bin) *int64 { return &b.Dropped })
	put(done, func(b *Bin) *int64 { return &b.Completed })
	used := func(b Bin) bool { return b.Dropped+b.Completed > 0 }
	for len(out) > 0 && !used(out[0]) {
		out = out[1:]
	}
	for len(out) > 0 && !used(out[len(out)-1]) {
		out = out[:len(out)-1]
	}
	return out
}

// label names a bin: "1.0 s".
func (b Bin) label() string {
	if b.From == 0 {
		return "< 1 ms"
	}
	return age(b.From)
}

// age writes milliseconds shortly: "80 ms", "2 s", "2.5 s", "10 min".
func age(ms int64) string {
	if ms >= 3_600_000 {
		return answer.Thousands(ms/3_600_000) + " h"
	}
	return strings.Replace(answer.Seconds(ms), ".0 s", " s", 1)
}

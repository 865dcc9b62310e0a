package report

import (
	"fmt"
	"math"
	"strings"
	"time"

	"hangup/answer"
	"hangup/event"
)

// The charts of the page are drawn as SVG whose places across are percents and whose heights are pixels: they fill the
// width of whatever screen they are on, and their letters keep their size.

// frame is the room of a chart, in pixels from its upper edge.
type frame struct {
	Top, Base, Room, Height float64
	Foot                    float64 // where the marks of the lower axis end or, below two halves, begin
}

// tick is a place on an axis, in pixels down or in percent across.
type tick struct {
	At   float64
	Text string
}

// column is a bar with the place that shows its figures to a pointer. X and W are percents, Y, H and Down pixels.
type column struct {
	X, W, BarX, BarW float64
	Y, H, Down       float64
	Title            string
}

// timeChart draws hang-ups and their rate over time.
type timeChart struct {
	frame
	Name, Tone  string // whose hang-ups they are, when all are one party's
	Sum         int64
	Step, Most  string
	Text        string // for those who cannot see it
	Curve       string // the rate as an SVG path, Points wide and 1000 high
	Gaps        bool   // it leaves out points of too few requests
	Points      int
	Left, Right []tick
	Bottom      []tick
	Columns     []column
	Rows        []pointRow
}

type pointRow struct {
	Point
	Rate string
}

// timeColumns is how many bars fit on a telephone.
const timeColumns = 120

// timeChart returns nil when there is nothing to draw.
func (r *Report) timeChart() *timeChart {
	points := squeeze(r.Series, timeColumns)
	n := len(points)
	if n < 2 || r.Disconnects() <= 0 {
		return nil
	}
	width := points[1].Start.Sub(points[0].Start)
	c := &timeChart{
		frame: frame{Top: 8, Base: 178, Room: 170, Height: 204, Foot: 183}, Name: "hang-ups", Tone: "gone", Sum: r.Disconnects(),
		Step: duration(width), Points: n, Bottom: timeTicks(points, width),
	}
	if by := parties(r.Counts); len(by) == 1 {
		c.Name = ranked(by)[0]
		c.Tone = c.Name
	}
	var most Point
	for _, p := range points {
		if p.Hangups > most.Hangups {
			most = p
		}
	}
	if most.Hangups == 0 {
		return nil
	}
	c.Text = fmt.Sprintf("%s from %s to %s, most at %s: %s.", answer.Count(c.Sum, "hang-up"), moment(points[0].Start),
		moment(points[n-1].Start), moment(most.Start), answer.Thousands(most.Hangups))
	c.bars(points, most.Hangups)
	c.rate(points)
	for _, p := range r.Series {
		row := pointRow{p, "–"}
		if v, ok := p.rate(); ok {
			row.Rate = answer.Percent(v)
		}
		c.Rows = append(c.Rows, row)
	}
	return c
}

// bars draws the hang-ups.
func (c *timeChart) bars(points []Point, most int64) {
	high, step := scale(float64(most), 1)
	for v := 0.0; v <= high; v += step {
		c.Left = append(c.Left, tick{round(c.Base - c.Room*v/high), answer.Thousands(int64(v))})
	}
	const gap = 0.12
	slot := 100 / float64(len(points))
	for i, p := range points {
		title := moment(p.Start) + ": " + answer.Count(p.Hangups, "hang-up") + " in " + answer.Count(p.Requests, "request")
		if v, ok := p.rate(); ok {
			title += ", " + answer.Percent(v)
		}
		h := c.Room * float64(max(p.Hangups, 0)) / high
		c.Columns = append(c.Columns, column{
			X: round(slot * float64(i)), W: round(slot), BarX: round(slot * (float64(i) + gap/2)), BarW: round(slot * (1 - gap)),
			Y: round(c.Base - h), H: round(h), Title: title,
		})
	}
}

// rate draws the rate, where there is one.
func (c *timeChart) rate(points []Point) {
	var top float64
	var at time.Time
	least := leastRequests(points)
	for _, p := range points {
		v, ok := p.rate()
		switch {
		case !ok:
		case p.Requests < least:
			c.Gaps = true
		case v > top:
			top, at = v, p.Start
		}
	}
	if top == 0 {
		return
	}
	c.Most = answer.Percent(top)
	c.Text += fmt.Sprintf(" The rate is highest at %s: %s.", moment(at), c.Most)
	high, step := scale(top, 0)
	for v := 0.0; v < high+step/2; v += step {
		c.Right = append(c.Right, tick{round(c.Base - c.Room*v/high), answer.Percent(v)})
	}
	c.Curve = curve(points, high, least)
}

// few is the number of requests below which a rate says little.
const few = 20

// leastRequests returns how many requests a point must have for its rate to be drawn: a minute that is cut off at the end of a
// log would be the highest. Where most points have few, all are drawn.
func leastRequests(points []Point) int64 {
	n := 0
	for _, p := range points {
		if p.Requests >= few {
			n++
		}
	}
	if 2*n < len(points) {
		return 1
	}
	return few
}

// curve draws the rate as steps; where nothing is known it has a gap.
func curve(points []Point, high float64, least int64) string {
	var out strings.Builder
	joined := false
	for i, p := range points {
		v, ok := p.rate()
		if !ok || p.Requests < least {
			joined = false
			continue
		}
		y := round(1000 * (1 - v/high))
		if joined {
			_, _ = fmt.Fprintf(&out, "V%v", y)
		} else {
			_, _ = fmt.Fprintf(&out, "M%d %v", i, y)
		}
		_, _ = fmt.Fprintf(&out, "H%d", i+1)
		joined = true
	}
	return out.String()
}

// scale returns the upper end of an axis for values up to top, and its step: 1, 2 or 5 times a power of ten, at least least.
func scale(top, least float64) (high, step float64) {
	step = math.Pow(10, math.Floor(math.Log10(top/4)))
	for _, m := range []float64{1, 2, 5, 10} {
		if top/(step*m) <= 4 {
			step *= m
			break
		}
	}
	step = max(step, least)
	return step * math.Ceil(top/step-1e-9), step
}

// timeSteps are the distances of marks on an axis of time.
var timeSteps = []time.Duration{
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour,
	6 * time.Hour, 12 * time.Hour, day, 2 * day, 7 * day, 14 * day, 28 * day, 91 * day, 182 * day, 364 * day, 5 * 364 * day, 20 * 364 * day,
}

const day = 24 * time.Hour

// timeTicks marks five or six times; those too near the ends to be written whole are left out.
func timeTicks(points []Point, width time.Duration) []tick {
	from := points[0].Start
	all := time.Duration(len(points)) * width
	step := timeSteps[len(timeSteps)-1]
	for _, s := range timeSteps {
		if all/s <= 5 {
			step = s
			break
		}
	}
	layout := "15:04"
	switch {
	case step >= 91*day:
		layout = "Jan 2006"
	case step >= day:
		layout = "2 Jan"
	}
	var out []tick
	for t := from.Truncate(step); t.Before(from.Add(all)); t = t.Add(step) {
		at := 100 * float64(t.Sub(from)) / float64(all)
		if at < 5 || at > 95 {
			continue
		}
		text := t.Format(layout)
		if step < day && t.Equal(t.Truncate(day)) {
			text = t.Format("2 Jan")
		}
		out = append(out, tick{round(at), text})
	}
	return out
}

// waitChart draws how long those waited who hung up, above, and those who were answered, below.
type waitChart struct {
	frame
	Tip                float64
	Dropped, Completed int64
	Text               string
	Left, Bottom       []tick
	Columns            []column
	Timers             []timerMark
	Bins               []Bin
}

// timerMark is a peak on the chart: At is in percent, Y and Shift in pixels.
type timerMark struct {
	At, Y, Shift float64
	Anchor, Text string
}

const waitColumns = 72

// waitChart returns nil when no hang-up is timed.
func (r *Report) waitChart() *waitChart {
	if r.Abandoned.Count() == 0 {
		return nil
	}
	const line = 14
	c := &waitChart{
		frame: frame{Top: 4 + line*float64(len(r.Peaks))}, Dropped: r.Abandoned.Count(), Completed: r.Completed.Count(), Bins: r.Ages(),
	}
	const up, down = 96, 66
	c.Base = c.Top + up
	c.Foot = c.Base + down
	c.Room = up + down
	c.Tip = c.Foot + 5
	c.Height = c.Foot + 24
	axis := logAxis(&r.Abandoned, &r.Completed)
	var drops, dones [waitColumns]int64
	axis.fill(&drops, &r.Abandoned)
	axis.fill(&dones, &r.Completed)
	var mostDrops, mostDones int64
	for i := range drops {
		mostDrops, mostDones = max(mostDrops, drops[i]), max(mostDones, dones[i])
	}
	const slot = 100.0 / waitColumns
	for i := range drops {
		if drops[i]+dones[i] == 0 {
			continue
		}
		h := height(drops[i], mostDrops, up)
		c.Columns = append(c.Columns, column{
			X: round(slot * float64(i)), W: round(slot), BarX: round(slot * (float64(i) + 0.06)), BarW: round(slot * 0.88),
			Y: round(c.Base - h), H: h, Down: height(dones[i], mostDones, down),
			Title: fmt.Sprintf("%s to %s: %s, %s answered", waitAge(axis.edge(i)), waitAge(axis.edge(i+1)), answer.Count(drops[i], "hang-up"), answer.Thousands(dones[i])),
		})
	}
	c.Left = []tick{{c.Top, answer.Thousands(mostDrops)}, {c.Base, "0"}}
	if mostDones > 0 {
		c.Left = append(c.Left, tick{c.Foot, answer.Thousands(mostDones)})
	}
	for _, ms := range []int64{1, 10, 100, 1000, 10_000, 60_000, 600_000, 3_600_000, 36_000_000} {
		if at := axis.at(float64(ms)); at > 0.02 && at < 0.98 {
			c.Bottom = append(c.Bottom, tick{round(100 * at), age(ms)})
		}
	}
	c.Text = fmt.Sprintf("%s and %s by how long they took.", answer.Count(c.Dropped, "hang-up"), answer.Count(c.Completed, "completed exchange"))
	for i, p := range r.Peaks {
		m := timerMark{At: round(100 * axis.at(float64(p.At))), Y: 2 + line*float64(i), Shift: 5, Anchor: "start", Text: p.age() + " · " + answer.Percent(p.Share)}
		if m.At > 60 {
			m.Shift, m.Anchor = -5, "end"
		}
		c.Timers = append(c.Timers, m)
		c.Text += fmt.Sprintf(" %s at %s.", answer.Count(p.Count, "hang-up"), p.age())
	}
	return c
}

// height returns the height of a bar in pixels; what is not 0 can be seen.
func height(part, whole int64, room float64) float64 {
	if part <= 0 {
		return 0
	}
	return round(max(room*float64(part)/float64(whole), 1.5))
}

// ageAxis is a logarithmic axis of ages.
type ageAxis struct{ low, high float64 } // logarithms of ms

// logAxis makes an axis for all ages in both.
func logAxis(a, b *event.Histogram) ageAxis {
	low, high := math.Inf(1), 1.0
	for _, h := range []*event.Histogram{a, b} {
		for _, k := range h.Buckets() {
			cell := h.Cell(k)
			at := max(1, float64(cell.Sum)/float64(cell.Count))
			low, high = min(low, at), max(high, at)
		}
	}
	return ageAxis{math.Log(low / 1.15), math.Log(high * 1.15)}
}

// at returns the place of an age on the axis, from 0 to 1 within it.
func (x ageAxis) at(ms float64) float64 { return (math.Log(max(1, ms)) - x.low) / (x.high - x.low) }

// edge returns the age at which column i begins, in ms.
func (x ageAxis) edge(i int) float64 {
	return math.Exp(x.low + (x.high-x.low)*float64(i)/waitColumns)
}

func (x ageAxis) fill(out *[waitColumns]int64, h *event.Histogram) {
	for _, k := range h.Buckets() {
		cell := h.Cell(k)
		i := int(x.at(float64(cell.Sum)/float64(cell.Count)) * waitColumns)
		out[min(max(i, 0), waitColumns-1)] += cell.Count
	}
}

// waitAge writes an age with two digits after the second.
func waitAge(ms float64) string {
	if ms < 1000 || ms >= 120_000 {
		return age(int64(ms))
	}
	return fmt.Sprintf("%.2f s", ms/1000)
}

// round leaves two digits after the point.
func round(v float64) float64 { return math.Round(100*v) / 100 }

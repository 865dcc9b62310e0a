// Package answer says what counts mean: shares and their intervals, the order of routes, and one sentence for a reader.
// The page and the report say the same because both ask here. It holds pure functions over event's counts.
package answer

import (
	"fmt"
	"strconv"

	"hangup/event"
)

// Level is how bad it looks.
type Level string

// The levels, by this rule:
//
//	None    there is no record to judge by
//	Good    requests and no hang-ups
//	Bad     at least enough hang-ups, and either at least bad of the requests hang up, or at least worse times as many
//	        as in the range that it is compared with; each by the cautious end of the 95 % interval
//	Notice  everything else
//
// Below enough hang-ups the sentence counts and explains nothing.
const (
	None   Level = "none"
	Good   Level = "good"
	Bad    Level = "bad"
	Notice Level = "notice"
)

const (
	enough = 30
	badAt  = 0.05
	worse  = 2.0
	// tight is how far apart, as a share of the median, the quartiles of ages may be for "after about".
	tight = 0.1
)

// Verdict is what figures mean, in one sentence or two.
type Verdict struct {
	Level Level
	Text  string // holds no control characters
	Route string // the route that Text names, as it is written there; "" when it names none
}

// Facts are the figures that a verdict is about.
type Facts struct {
	event.Counts
	Before  *event.Counts // of the range that it is compared with; nil for none
	HasData bool          // something was read, of whatever time
	Top     *Route        // of the routes that are one path, that with the most hang-ups; nil when there is none
}

// Route is a route with its figures.
type Route struct {
	event.Route
	event.Counts
	Abandoned *event.Histogram // ages of its dropped exchanges, ms
}

// Of returns the verdict on the facts.
func Of(f Facts) Verdict {
	n := f.Disconnects()
	switch {
	case !f.HasData:
		return Verdict{Level: None, Text: "No log read yet."}
	case f.Requests == 0 && n == 0:
		return Verdict{Level: None, Text: "No data in this range."}
	case n == 0:
		return Verdict{Level: Good, Text: Count(f.Requests, "request") + ", no hang-ups."}
	case f.Requests == 0:
		return f.most(Verdict{Level: Notice, Text: Count(n, "hang-up") + "; no access log here says of how many requests."})
	case n > f.Requests:
		return f.most(Verdict{Level: Notice, Text: Count(n, "hang-up") + " and " + Count(f.Requests, "request") +
			" in access logs: not all that hung up is in them."})
	case n < enough:
		return Verdict{Level: Notice, Text: Count(n, "hang-up") + " in " + Count(f.Requests, "request") + "."}
	}
	out := Verdict{Level: Notice}
	low, _, ok := Wilson(n, f.Requests)
	out.Text = fmt.Sprintf("%s of %s hung up (%s).", Percent(Share(n, f.Requests)), Count(f.Requests, "request"), Thousands(n))
	if ok && low >= badAt {
		out.Level = Bad
	}
	if f.Before != nil && ok {
		if _, high, ok := Wilson(f.Before.Disconnects(), f.Before.Requests); ok && low >= worse*high {
			out.Level = Bad
			out.Text += " " + times(Share(n, f.Requests), Share(f.Before.Disconnects(), f.Before.Requests))
		}
	}
	return f.most(out)
}

// times says how much more often requests hang up than before.
func times(now, before float64) string {
	if before == 0 {
		return "There were none in the range compared with."
	}
	return strconv.FormatFloat(now/before, 'f', 1, 64) + " times the share of the range compared with."
}

// most adds the route with the most hang-ups, with its share and its wait, as far as the figures bear it.
func (f Facts) most(v Verdict) Verdict {
	t := f.Top
	if t == nil || t.Disconnects() < enough {
		return v
	}
	part := Share(t.Disconnects(), f.Disconnects())
	word := "Most"
	if part <= 0.5 {
		word = "The largest part"
	}
	name := t.Template
	if t.Method != "" {
		name = t.Method + " " + t.Template
	}
	v.Route = Escape(name)
	v.Text += fmt.Sprintf(" %s: %s, %s of them%s.", word, v.Route, Percent(part), wait(t.Abandoned))
	return v
}

// wait says after how long most of the ages end, "" when too few are known or the log does not time them finely enough.
func wait(h *event.Histogram) string {
	p50, _ := h.Quantile(0.5)
	if h.Count() < enough || p50 == 0 {
		return ""
	}
	p25, _ := h.Quantile(0.25)
	p75, _ := h.Quantile(0.75)
	if float64(p75-p25) <= tight*float64(p50) {
		return ", after about " + Seconds(p50)
	}
	return ", half of them within " + Seconds(p50)
}

package api

import (
	"fmt"
	"strconv"

	"hangup/event"
	"hangup/store"
)

// The rule of the verdict:
//
//	none    there is no record to judge by
//	good    requests and no hang-ups
//	bad     at least enough hang-ups, and either at least bad of the requests hang up, or at least worse times as many
//	        as in the range that it is compared with; each by the cautious end of the 95 % interval
//	notice  everything else
//
// Below enough hang-ups the sentence counts and explains nothing.
const (
	enough = 30
	badAt  = 0.05
	worse  = 2.0
	// tight is how far apart, as a share of the median, the quartiles of ages may be for "after about".
	tight = 0.1
)

// verdict says in one sentence what the figures mean. before is what they are compared with, or nil.
func verdict(s store.Summary, before *event.Counts, hasData bool) Verdict {
	n := s.Disconnects()
	switch {
	case !hasData:
		return Verdict{Level: VerdictLevelNone, Text: "No log read yet."}
	case s.Requests == 0 && n == 0:
		return Verdict{Level: VerdictLevelNone, Text: "No data in this range."}
	case n == 0:
		return Verdict{Level: VerdictLevelGood, Text: count(s.Requests, "request") + ", no hang-ups."}
	case s.Requests == 0:
		return Verdict{Level: VerdictLevelNotice, Text: count(n, "hang-up") + "; no access log here says of how many requests." + most(s)}
	case n > s.Requests:
		return Verdict{Level: VerdictLevelNotice, Text: count(n, "hang-up") + " and " + count(s.Requests, "request") +
			" in access logs: not all that hung up is in them." + most(s)}
	case n < enough:
		return Verdict{Level: VerdictLevelNotice, Text: count(n, "hang-up") + " in " + count(s.Requests, "request") + "."}
	}
	out := Verdict{Level: VerdictLevelNotice}
	low, _ := wilson(n, s.Requests)
	out.Text = fmt.Sprintf("%s of %s hung up (%s).", percent(share(n, s.Requests)), count(s.Requests, "request"), thousands(n))
	if low != nil && *low >= badAt {
		out.Level = VerdictLevelBad
	}
	if before != nil && low != nil {
		if _, high := wilson(before.Disconnects(), before.Requests); high != nil && *low >= worse*(*high) {
			out.Level = VerdictLevelBad
			out.Text += " " + times(share(n, s.Requests), share(before.Disconnects(), before.Requests))
		}
	}
	out.Text += most(s)
	return out
}

// times says how much more often requests hang up than before.
func times(now, before float64) string {
	if before == 0 {
		return "There were none in the range compared with."
	}
	return strconv.FormatFloat(now/before, 'f', 1, 64) + " times the share of the range compared with."
}

// most names the route with the most hang-ups, with its share and its wait, as far as the figures bear it.
func most(s store.Summary) string {
	t := s.Top
	if t == nil || t.Disconnects() < enough {
		return ""
	}
	part := share(t.Disconnects(), s.Disconnects())
	word := "Most"
	if part <= 0.5 {
		word = "The largest part"
	}
	name := t.Template
	if t.Method != "" {
		name = t.Method + " " + t.Template
	}
	return fmt.Sprintf(" %s: %s, %s of them%s.", word, cut(name), percent(part), wait(&t.Ages.Abandoned))
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
		return ", after about " + seconds(p50)
	}
	return ", half of them within " + seconds(p50)
}

// seconds writes milliseconds for a person: "80 ms", "2.0 s", "3 min".
func seconds(ms int64) string {
	switch {
	case ms < 1000:
		return fmt.Sprintf("%d ms", ms)
	case ms < 120_000:
		return fmt.Sprintf("%.1f s", float64(ms)/1000)
	default:
		return fmt.Sprintf("%.0f min", float64(ms)/60_000)
	}
}

func count(n int64, what string) string {
	if n != 1 {
		what += "s"
	}
	return thousands(n) + " " + what
}

package report

import (
	"cmp"
	"math"
	"slices"
	"time"

	"hangup/event"
	"hangup/join"
)

// joiner finds the reports (of error logs and applications) whose hang-up another record counts already, by the rule of
// package join, as the store does. It holds the hang-ups themselves, without their texts, and the oldest of them only until
// nothing near them in time can come any more.
type joiner struct {
	out       func(*held) // is told each report that is joined, once
	held      []*held
	reports   int   // of held
	unmatched int64 // reports that were let go before all that is near them was known or looked at
}

// held is a hang-up as far as joining looks at it. Report says that it is not decided yet.
type held struct {
	join.Record

	timed, joined bool
	party         event.Party
	how           event.How
	phase         event.Phase
	route         *routeFigures
	agent         *event.Counts
}

const (
	joinWindow = int64(join.Window / time.Microsecond)
	maxHeld    = 200_000
	maxSteps   = 200 // for each of them
)

func (j *joiner) add(h *event.Hangup, source, generation int64, route *routeFigures, agent *event.Counts) {
	v := &held{
		Record: join.Record{
			At: h.Time.UnixMicro(), Duration: h.Duration.Or(0).Microseconds(), Source: source, Generation: generation, Off: h.Start,
			Client: clientOf(h.Client), Path: hashOf(h.Path), Method: hashOf(h.Method), RequestID: hashOf(h.RequestID), Route: route.key, Port: h.ClientPort,
			Exchange: h.Exchange, Report: !h.Exchange,
		},
		timed: h.Duration.OK, party: h.Party, how: h.How, phase: h.Phase, route: route, agent: agent,
	}
	if v.Report {
		j.reports++
	}
	j.held = append(j.held, v)
}

// settle makes room when too much is held. Nothing more is to come from before the time.
func (j *joiner) settle(before time.Time) {
	if len(j.held) < maxHeld {
		return
	}
	j.match(before.UnixMicro() - joinWindow)
	if len(j.held) < maxHeld*3/4 {
		return
	}
	// So many within minutes: let the older half go.
	j.match(j.held[len(j.held)/2].At)
	cut := len(j.held) / 2
	for _, h := range j.held[:cut] {
		if h.Exchange {
			continue
		}
		if j.reports--; h.Report {
			j.unmatched++
		}
	}
	j.held = slices.Delete(j.held, 0, cut)
}

// finish joins what is left.
func (j *joiner) finish() { j.match(math.MaxInt64) }

// match joins reports from before the horizon, and lets go what is too old for reports after it.
func (j *joiner) match(horizon int64) {
	slices.SortFunc(j.held, func(a, b *held) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Generation, b.Generation), cmp.Compare(a.Off, b.Off))
	})
	var pairs []join.Pair
	done := true
	if j.reports > 0 {
		records := make([]join.Record, len(j.held))
		for i, h := range j.held {
			records[i] = h.Record
		}
		pairs, done = join.Match(records, maxSteps*len(records))
	}
	for _, p := range pairs {
		h, t := j.held[p.Report], j.held[p.Target]
		if h.At >= horizon {
			continue // decided anew with what comes
		}
		t.Taken = append(t.Taken, h.Source)
		h.joined = true
		j.out(h)
	}
	j.held = slices.DeleteFunc(j.held, func(h *held) bool {
		if h.Report && h.At < horizon {
			if h.Report = false; !done && !h.joined {
				j.unmatched++
			}
		}
		gone := h.joined || h.At < horizon-2*joinWindow
		if gone && !h.Exchange {
			j.reports--
		}
		return gone
	})
}

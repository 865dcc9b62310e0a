package report

import (
	"cmp"
	"math"
	"slices"
	"time"

	"hangup/event"
)

// joiner finds the reports (of error logs and applications) whose hang-up another record counts already, by the rule of
// the store: see store/sql/join.sql. It holds the hang-ups themselves, without their texts, and the oldest of them only
// until nothing near them in time can come any more.
type joiner struct {
	out       func(*held) // is told each report that is joined, once
	held      []*held
	reports   int   // of held
	unmatched int64 // reports that were let go before all exchanges near them were known
}

// held is a hang-up as far as joining looks at it. Texts are hashes, 0 where the record has none; times are in µs.
type held struct {
	at, duration                    int64
	source, generation, off         int64
	client, path, method, requestID uint64
	port                            uint16
	exchange, timed                 bool
	party                           event.Party
	how                             event.How
	phase                           event.Phase
	decided                         bool // a report that is not to be joined any more
	route                           *routeFigures
	agent                           *event.Counts
	taken                           []int64 // sources that have a report joined to this record
}

// The rule's times, in µs, and the bounds of what is held.
const (
	joinWindow = int64(15 * time.Minute / time.Microsecond)
	joinBefore = int64(2 * time.Second / time.Microsecond)
	joinAfter  = int64(30 * time.Second / time.Microsecond)
	maxHeld    = 200_000
	maxPairs   = 32 // records that are weighed for one report: the nearest in time
)

func (j *joiner) add(h *event.Hangup, source, generation int64, route *routeFigures, agent *event.Counts) {
	v := &held{
		at: h.Time.UnixMicro(), duration: h.Duration.Or(0).Microseconds(), source: source, generation: generation, off: h.Start,
		client: clientOf(h.Client), path: hashOf(h.Path), method: hashOf(h.Method), requestID: hashOf(h.RequestID), port: h.ClientPort,
		exchange: h.Exchange, timed: h.Duration.OK, party: h.Party, how: h.How, phase: h.Phase, route: route, agent: agent,
	}
	v.decided = v.client == 0 && v.path == 0
	if !v.exchange {
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
	j.match(j.held[len(j.held)/2].at)
	cut := len(j.held) / 2
	for _, h := range j.held[:cut] {
		if !h.exchange {
			j.reports--
			if !h.decided {
				j.unmatched++
			}
		}
	}
	j.held = slices.Delete(j.held, 0, cut)
}

// finish joins what is left.
func (j *joiner) finish() { j.match(math.MaxInt64) }

// match joins reports from before the horizon, and lets go what is too old for reports after it.
func (j *joiner) match(horizon int64) {
	slices.SortFunc(j.held, func(a, b *held) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.generation, b.generation), cmp.Compare(a.off, b.off))
	})
	joined := map[int]int{} // report -> the record that counts
	if j.reports > 0 {
		joined = rounds(j.held, pairs(j.held))
	}
	for r, t := range joined {
		h := j.held[r]
		if h.at >= horizon {
			continue // decided anew with what comes
		}
		j.held[t].taken = append(j.held[t].taken, h.source)
		h.decided, h.generation = true, -1
		j.out(h)
	}
	j.held = slices.DeleteFunc(j.held, func(h *held) bool {
		h.decided = h.decided || h.at < horizon
		gone := h.generation < 0 || h.at < horizon-2*joinWindow
		if gone && !h.exchange {
			j.reports--
		}
		return gone
	})
}

// pair is a report and a record that may count the same hang-up.
type pair struct {
	report, target int
	apart          int64
}

// pairs returns what fits, for each report the nearest in time.
func pairs(all []*held) []pair {
	type key struct{ a, b uint64 }
	near := map[key][]int{}
	for i, h := range all {
		if h.client != 0 && h.port != 0 {
			k := key{h.client, uint64(h.port)}
			near[k] = append(near[k], i)
		}
		if h.client != 0 && h.path != 0 {
			k := key{h.client, h.path}
			near[k] = append(near[k], i)
		}
		if h.exchange && h.path != 0 {
			k := key{h.route.key, h.path}
			near[k] = append(near[k], i)
		}
	}
	var out []pair
	for i, r := range all {
		if r.exchange || r.decided {
			continue
		}
		first := len(out)
		add := func(t int) {
			if fits(r, all[t]) && !slices.ContainsFunc(out[first:], func(p pair) bool { return p.target == t }) {
				out = append(out, pair{i, t, abs(r.at - all[t].at)})
			}
		}
		if r.client == 0 {
			outward(all, near[key{r.route.key, r.path}], r.at, add)
			continue
		}
		if r.port != 0 {
			outward(all, near[key{r.client, uint64(r.port)}], r.at, add)
		}
		if r.path != 0 {
			outward(all, near[key{r.client, r.path}], r.at, add)
		}
	}
	return out
}

// outward calls f with the records of a list that is in order of time, from the time on in both directions.
func outward(all []*held, list []int, at int64, f func(int)) {
	mid, _ := slices.BinarySearchFunc(list, at, func(i int, at int64) int { return cmp.Compare(all[i].at, at) })
	for n := range maxPairs {
		if k := mid - 1 - n; k >= 0 {
			f(list[k])
		}
		if k := mid + n; k < len(list) {
			f(list[k])
		}
	}
}

// fits says whether the report r and the record t may be about the same hang-up.
func fits(r, t *held) bool {
	if r == t || !t.exchange && (t.decided && t.generation < 0 || t.source >= r.source) {
		return false
	}
	later := r.at - t.at
	if abs(later) > joinWindow || later < -t.duration-joinBefore || later > t.duration+joinAfter || unlike(r.requestID, t.requestID) {
		return false
	}
	if r.client == 0 {
		return t.exchange && r.route == t.route && r.path != 0 && r.path == t.path
	}
	samePort, samePath := r.port != 0 && r.port == t.port, r.path != 0 && r.path == t.path
	return r.client == t.client && (samePort || samePath) && !unlike(uint64(r.port), uint64(t.port)) && !unlike(r.path, t.path) && !unlike(r.method, t.method)
}

// unlike says that both are known and differ.
func unlike(a, b uint64) bool { return a != 0 && b != 0 && a != b }

func abs(n int64) int64 { return max(n, -n) }

// rounds joins, round by round, each report to the record that is its best while it is the best of its source for that
// record, until no two are.
func rounds(all []*held, list []pair) map[int]int {
	joined := map[int]int{}
	type slot struct {
		target int
		source int64
	}
	full := map[slot]bool{}
	free := func(p pair) bool {
		if _, done := joined[p.report]; done {
			return false
		}
		t := all[p.target]
		_, gone := joined[p.target]
		s := all[p.report].source
		return !gone && !full[slot{p.target, s}] && !slices.Contains(t.taken, s)
	}
	byReport, bySlot := map[int][]pair{}, map[slot][]pair{}
	for _, p := range list {
		s := slot{p.target, all[p.report].source}
		byReport[p.report], bySlot[s] = append(byReport[p.report], p), append(bySlot[s], p)
	}
	place := func(a, b int) int {
		return cmp.Or(cmp.Compare(all[a].generation, all[b].generation), cmp.Compare(all[a].off, all[b].off))
	}
	for _, l := range byReport {
		slices.SortFunc(l, func(p, q pair) int {
			if x, y := all[p.target].exchange, all[q.target].exchange; x != y {
				if x {
					return -1
				}
				return 1
			}
			return cmp.Or(cmp.Compare(p.apart, q.apart), place(p.target, q.target))
		})
	}
	for _, l := range bySlot {
		slices.SortFunc(l, func(p, q pair) int { return cmp.Or(cmp.Compare(p.apart, q.apart), place(p.report, q.report)) })
	}
	best := func(l []pair) []pair {
		for len(l) > 0 && !free(l[0]) {
			l = l[1:]
		}
		return l
	}
	for {
		var now []pair
		for r, l := range byReport {
			if l = best(l); len(l) == 0 {
				delete(byReport, r)
				continue
			}
			byReport[r] = l
			s := slot{l[0].target, all[r].source}
			if bySlot[s] = best(bySlot[s]); bySlot[s][0].report == r {
				now = append(now, l[0])
			}
		}
		if len(now) == 0 {
			return joined
		}
		for _, p := range now {
			joined[p.report] = p.target
			full[slot{p.target, all[p.report].source}] = true
		}
	}
}

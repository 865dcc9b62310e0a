package join

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// fits states the rule for two records by itself.
func fits(r, t *Record) bool {
	differ := func(a, b uint64) bool { return a != 0 && b != 0 && a != b }
	if r == t || !r.Report || !t.Exchange && t.Source >= r.Source {
		return false
	}
	later := r.At - t.At
	if max(later, -later) > window || later < -t.Duration-before || later > t.Duration+after || differ(r.RequestID, t.RequestID) {
		return false
	}
	if r.Client == 0 {
		return t.Exchange && r.Route == t.Route && r.Path != 0 && r.Path == t.Path
	}
	return r.Client == t.Client && (r.Port != 0 && r.Port == t.Port || r.Path != 0 && r.Path == t.Path) &&
		!differ(uint64(r.Port), uint64(t.Port)) && !differ(r.Path, t.Path) && !differ(r.Method, t.Method)
}

// slowly does what Match does, with all pairs.
func slowly(records []Record) (out []Pair) {
	var all []Pair
	for i := range records {
		for k := range records {
			if fits(&records[i], &records[k]) {
				all = append(all, Pair{i, k})
			}
		}
	}
	apart := func(p Pair) int64 {
		d := records[p.Report].At - records[p.Target].At
		return max(d, -d)
	}
	place := func(a, b int) int {
		return cmp.Or(cmp.Compare(records[a].Generation, records[b].Generation), cmp.Compare(records[a].Off, records[b].Off))
	}
	slices.SortFunc(all, func(p, q Pair) int {
		if x, y := records[p.Target].Exchange, records[q.Target].Exchange; x != y {
			if x {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(apart(p), apart(q)), place(p.Target, q.Target), place(p.Report, q.Report))
	})
	root, taken := map[int]int{}, map[int][]int64{}
	for i := range records {
		taken[i] = slices.Clone(records[i].Taken)
	}
	for _, p := range all {
		if _, joined := root[p.Report]; joined {
			continue
		}
		t := p.Target
		for {
			up, joined := root[t]
			if !joined {
				break
			}
			t = up
		}
		source := records[p.Report].Source
		if slices.Contains(taken[p.Target], source) || slices.Contains(taken[t], source) {
			continue
		}
		root[p.Report] = t
		taken[p.Target] = append(taken[p.Target], source)
		taken[t] = append(append(taken[t], source), taken[p.Report]...)
		out = append(out, Pair{p.Report, t})
	}
	return out
}

// TestMatch compares with all pairs, on records of which many are alike.
func TestMatch(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		few := func(n int) uint64 { return uint64(r.IntN(n)) }
		span, kinds := 1+r.IntN(100), 1+r.IntN(3)
		records := make([]Record, r.IntN(60))
		for i := range records {
			source := 1 + r.Int64N(4)
			h := Record{
				At: r.Int64N(int64(span)) * int64([]time.Duration{time.Second, 100 * time.Millisecond, time.Minute}[r.IntN(3)]/time.Microsecond), Source: source, Generation: source,
				Off: int64(i * 10), Client: few(1 + kinds), Path: few(1 + kinds), Method: few(2), RequestID: few(kinds), Route: 1 + few(2), Port: uint16(few(kinds)),
				Exchange: source <= 2,
			}
			if r.IntN(2) == 0 {
				h.Duration = r.Int64N(int64(5 * time.Minute / time.Microsecond))
			}
			h.Report = !h.Exchange && r.IntN(10) > 0
			if r.IntN(20) == 0 {
				h.Taken = []int64{3}
			}
			records[i] = h
		}
		want := slowly(records)
		got, done := Match(records, 0)
		if diff := gocmp.Diff(want, got); diff != "" || !done {
			t.Fatalf("seed %d: (-all pairs +Match)\n%s", seed, diff)
		}
	}
}

// crowd makes as many exchanges and reports that are all alike.
func crowd(exchanges, reports int, at func(i int) time.Duration) (records []Record) {
	for i := range exchanges {
		records = append(records, Record{At: int64(at(i) / time.Microsecond), Source: 1, Generation: 1, Off: int64(i), Client: 1, Path: 1, Exchange: true})
	}
	for i := range reports {
		records = append(records, Record{At: int64(at(i) / time.Microsecond), Source: 2, Generation: 2, Off: int64(i), Client: 1, Path: 1, Report: true})
	}
	return records
}

// TestMatchCrowds takes few steps for each record, however many are alike, and stops where it is told to.
func TestMatchCrowds(t *testing.T) {
	t.Parallel()
	const n = 20_000
	for name, at := range map[string]func(int) time.Duration{
		"at one time": func(int) time.Duration { return 0 },
		"by second":   func(i int) time.Duration { return time.Duration(i/1000) * time.Second },
		"one by one":  func(i int) time.Duration { return time.Duration(i) * time.Millisecond },
		"far and near": func(i int) time.Duration {
			return time.Duration(i%2)*20*time.Second + time.Duration(i)*time.Microsecond
		},
	} {
		for _, exchanges := range []int{n, n / 2, 2 * n} {
			records := crowd(exchanges, n, at)
			pairs, done := Match(records, 100*len(records))
			if want := min(exchanges, n); len(pairs) != want || !done {
				t.Errorf("%s: %d of %d reports are joined, %v; want %d", name, len(pairs), n, done, want)
			}
		}
	}
	if pairs, done := Match(crowd(n, n, func(i int) time.Duration { return time.Duration(i) * time.Millisecond }), 1000); done || len(pairs) == n {
		t.Errorf("%d pairs within 1000 steps, %v", len(pairs), done)
	}
}

func BenchmarkMatch(b *testing.B) {
	records := crowd(60_000, 60_000, func(i int) time.Duration { return time.Duration(i) * 10 * time.Millisecond })
	for b.Loop() {
		Match(records, 0)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(records)), "ns/record")
}

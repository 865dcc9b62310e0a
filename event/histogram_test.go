package event

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// ages makes n values over many magnitudes.
func ages(r *rand.Rand, n int) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = int64(math.Exp(r.Float64() * 20))
	}
	return out
}

func histogramOf(values []int64) *Histogram {
	h := &Histogram{}
	for _, v := range values {
		h.Add(v)
	}
	return h
}

func TestHistogramBuckets(t *testing.T) {
	t.Parallel()
	for _, v := range append(ages(rand.New(rand.NewPCG(1, 1)), 2000), 0, 1, 127, 128, 129, 255, 256, MaxAge) {
		lo, hi := BucketRange(Bucket(v))
		if v < lo || v >= hi {
			t.Errorf("%d is in bucket [%d, %d)", v, lo, hi)
		}
		if v < 128 && hi != lo+1 || float64(hi-lo) > 1+float64(v)/64 {
			t.Errorf("the bucket of %d is [%d, %d)", v, lo, hi)
		}
	}
	if Bucket(-5) != 0 || Bucket(math.MaxInt64) != Bucket(MaxAge) {
		t.Error("values out of range are not clamped")
	}
}

func TestHistogramEncodesMergesAndRemoves(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2, 2))
	for n := range 60 {
		a, b := ages(r, n*7), ages(r, r.IntN(300))
		whole, half := histogramOf(append(slices.Clone(a), b...)), histogramOf(a)
		want := whole.Encode()
		var back Histogram
		if err := back.MergeEncoded(want); err != nil || !bytes.Equal(back.Encode(), want) {
			t.Fatalf("%d values: %v, or encoded otherwise", n, err)
		}
		other := histogramOf(b)
		half.Merge(other)
		if !bytes.Equal(half.Encode(), want) {
			t.Fatal("merging is not adding")
		}
		if whole.Count() != int64(len(a)+len(b)) {
			t.Fatalf("%d values count as %d", len(a)+len(b), whole.Count())
		}
		for _, v := range b {
			whole.Remove(v)
		}
		if !bytes.Equal(whole.Encode(), histogramOf(a).Encode()) {
			t.Fatal("removing is not the opposite of adding")
		}
	}
	var empty Histogram
	if _, ok := empty.Quantile(0.5); ok || empty.Encode() != nil || empty.MergeEncoded(nil) != nil {
		t.Error("an empty histogram is not empty")
	}
	// A value of the same bucket that was never added leaves a histogram that can be read again.
	off := histogramOf([]int64{1024, 1024})
	off.Remove(1038)
	if err := new(Histogram).MergeEncoded(off.Encode()); err != nil {
		t.Error(err)
	}
}

func TestHistogramQuantiles(t *testing.T) {
	t.Parallel()
	values := ages(rand.New(rand.NewPCG(3, 3)), 5001)
	h := histogramOf(values)
	slices.Sort(values)
	for _, q := range []float64{0, 0.01, 0.25, 0.5, 0.9, 0.99, 1} {
		exact := values[min(int(q*5001), 5000)]
		got, ok := h.Quantile(q)
		lo, hi := BucketRange(Bucket(exact))
		if !ok || got < lo || got >= hi {
			t.Errorf("quantile %v is %d, exactly %d", q, got, exact)
		}
	}
}

func TestHistogramRefusesDamage(t *testing.T) {
	t.Parallel()
	good := histogramOf([]int64{5, 700, 80_000}).Encode()
	for i := 1; i < len(good); i++ {
		var h Histogram
		if err := h.MergeEncoded(good[:i]); err == nil && len(h.Buckets()) == 3 {
			t.Errorf("cut off after %d bytes, it is whole", i)
		}
	}
	for _, bad := range [][]byte{
		{0x80},
		{1},
		{1, 1},
		{1, 0, 0},
		{200, 100, 1, 0},
		bytes.Repeat([]byte{0xff}, 30),
		{0xcf, 0x10, 1, 0, 0xcf, 0x10, 1, 0}, // beyond the last bucket
		{5, 1, 1},                            // more than the bucket can hold
		{0xc0, 0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0}, // overflows
	} {
		if err := new(Histogram).MergeEncoded(bad); err == nil {
			t.Errorf("% x is no histogram", bad)
		}
	}
}

// TestHistogramOfTooLongTimes counts more times of many years than their sum has room for, as a log has them whose layout
// gives a point in time for a duration: what was written can be read, and added up, all the same.
func TestHistogramOfTooLongTimes(t *testing.T) {
	t.Parallel()
	values := make([]int64, 1<<20+5)
	for i := range values {
		values[i] = MaxAge + int64(i)
	}
	var many Histogram
	new(Histograms).Fill(&many, values)
	var ages, other Ages
	for _, v := range values {
		ages.Add(v)
	}
	other.Merge(&ages)
	other.Merge(&ages)
	fromAges := other.Histogram()
	for what, h := range map[string]*Histogram{"filled": &many, "ages": &fromAges} {
		var sum Histogram
		for range 10 {
			if err := sum.MergeEncoded(h.Encode()); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
		}
		sum.Add(7)
		var back Histogram
		if err := back.MergeEncoded(sum.Encode()); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if q, _ := back.Quantile(0.5); q != MaxAge || back.Count() != 1<<20+1 {
			t.Errorf("%s: %d times, half of them at least %d", what, back.Count(), q)
		}
	}
}

func FuzzMergeEncoded(f *testing.F) {
	f.Add(histogramOf([]int64{1, 200, 70_000}).Encode())
	f.Add([]byte{0xcf, 0x10, 1, 0, 0xcf, 0x10, 1, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		var h Histogram
		if h.MergeEncoded(b) != nil {
			return
		}
		for _, k := range h.Buckets() {
			c := h.Cell(k)
			if lo, hi := BucketRange(k); k > Bucket(MaxAge) || c.Count < 1 || c.Sum < c.Count*lo || c.Sum > c.Count*(hi-1) {
				t.Errorf("bucket %d holds %+v", k, c)
			}
		}
		var back Histogram
		if err := back.MergeEncoded(h.Encode()); err != nil || !bytes.Equal(back.Encode(), h.Encode()) {
			t.Errorf("it is read, but not after it is written: %v", err)
		}
	})
}

// TestAgesAreAHistogram counts the same values both ways.
func TestAgesAreAHistogram(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(3, 4))
	var all, one, two Ages
	var want Histogram
	for i := range 5000 {
		v := rnd.Int64N(1<<rnd.IntN(44)+1) - 1
		a := &one
		if i%3 == 0 {
			a = &two
		}
		a.Add(v)
		if i%7 == 0 {
			a.Remove(v)
		} else {
			want.Add(v)
		}
	}
	all.Merge(&one)
	all.Merge(&two)
	if got := all.Histogram(); string(got.Encode()) != string(want.Encode()) || got.Count() == 0 {
		t.Errorf("%d ages are counted, want %d", got.Count(), want.Count())
	}
}

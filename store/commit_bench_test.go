package store_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"hangup/store/storetest/fill"
)

// BenchmarkCommit stores batches of 500 records, a quarter of them hang-ups.
func BenchmarkCommit(b *testing.B) {
	_, st := open(b)
	src := fill.Open(b, st, "shop", "/var/log/shop.log")
	records := traffic(rand.New(rand.NewPCG(1, 1)), 500, begin, 5*time.Minute)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if err := st.Commit(b.Context(), begin, src.Batch(records...)); err != nil {
			b.Fatal(err)
		}
		n += len(records)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
}

package ingest

import (
	"fmt"
	"testing"
	"time"

	"hangup/event"
)

// newBuilder returns a builder of a generation's batch.
func newBuilder(s *serviceState, start int64) *builder {
	return newTallier(counting{}).builder(s, 1, 2, start)
}

// logRecords are n requests, every tenth a hang-up, one a 10 ms.
func logRecords(n int) []event.Record {
	at := time.Date(2026, 3, 9, 22, 17, 0, 0, time.UTC)
	out := make([]event.Record, n)
	for i := range out {
		r := &out[i]
		r.Kind, r.Exchange, r.Time, r.Method, r.Path = event.Request, true, at.Add(time.Duration(i)*10*time.Millisecond), "GET", fmt.Sprintf("/users/%d", i%500)
		r.Client, r.UserAgent, r.Status = fmt.Sprintf("192.0.2.%d", i%100), "curl/8.5.0", 200
		r.Duration, r.Bytes = event.Some(time.Duration(i%3000)*time.Millisecond), event.Some[int64](10)
		r.Start, r.End, r.Line, r.Lines, r.Text = int64(i)*100, int64(i+1)*100, int64(i+1), 1, "raw"
		if i%10 == 0 {
			r.Kind, r.Party, r.How, r.Phase = event.Disconnect, event.PartyClient, event.HowClosed, event.PhaseWaiting
		}
	}
	return out
}

func TestBuilderCountsAll(t *testing.T) {
	t.Parallel()
	u := newBuilder(newServiceState("shop", RouteLimits{}), 0)
	records := logRecords(1000)
	for i := range records {
		if err := u.add(&records[i], time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if again := u.add(&records[0], time.Now()); again == nil {
		t.Error("a record that does not join on is taken")
	}
	u.finish()
	var sum, clients event.Counts
	var done, drop int64
	for m := range u.b.Minutes.All(true) {
		sum.Add(m.Counts)
		done, drop = done+m.Done.Count(), drop+m.Drop.Count()
	}
	for c := range u.b.Clients.All() {
		clients.Add(c.Counts)
	}
	clients.Bytes += 10_000 // are not counted by client
	want := event.Counts{Requests: 1000, Bytes: 10_000, Dropped: [4]int64{100}}
	if sum != want || clients != want || done != 900 || drop != 100 || len(u.b.Disconnects) != 100 || u.b.End != 100_000 || u.b.Accounts.Bytes() != 100_000 || u.records() != 1000 {
		t.Errorf("counted %+v by minute, %+v by client, %d and %d ages", sum, clients, done, drop)
	}
}

// TestBuilderUnmaps counts a client once that one program writes as an IPv4 address and another as an IPv6 one.
func TestBuilderUnmaps(t *testing.T) {
	t.Parallel()
	u := newBuilder(newServiceState("shop", RouteLimits{}), 0)
	records := logRecords(4)
	for i, client := range []string{"::ffff:192.0.2.7", "192.0.2.7", "::FFFF:c000:207", "::1"} {
		records[i].Client = client
		if err := u.add(&records[i], time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]int64{}
	for c := range u.finish().Clients.All() {
		got[c.Client] += c.Counts.Requests
	}
	if len(got) != 2 || got["192.0.2.7"] != 3 || got["::1"] != 1 || u.b.Disconnects[0].Client != "192.0.2.7" {
		t.Errorf("requests by client: %v; the hang-up is of %q", got, u.b.Disconnects[0].Client)
	}
}

// BenchmarkBuilder counts 5000 records into a batch.
func BenchmarkBuilder(b *testing.B) {
	records, s := logRecords(5000), newServiceState("shop", RouteLimits{})
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		u := newBuilder(s, 0)
		for i := range records {
			if err := u.add(&records[i], records[i].Time); err != nil {
				b.Fatal(err)
			}
		}
		u.finish()
		n += len(records)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
}

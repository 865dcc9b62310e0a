package report_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hangup/answer"
	"hangup/event"
	"hangup/ingest"
	"hangup/report"
	"hangup/store"
	"hangup/store/storetest"
)

// TestEqualsService reads logs of real servers by the service, into PostgreSQL, and by the report, and compares every
// figure. The evening's logs tell of the same hang-ups and are joined.
func TestEqualsService(t *testing.T) {
	t.Parallel()
	for name, pattern := range map[string]string{"evening": "testdata/evening/*.gz", "alike": alike(t) + "/*.gz"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			packed, err := filepath.Glob(pattern)
			if err != nil || len(packed) == 0 {
				t.Fatal("no logs", err)
			}
			files := unpack(t, packed)
			want := byService(t, files)
			// The report may read the same from compressed files and in another order of the sets' files.
			for _, f := range [][]string{packed, files} {
				sets, err := report.Sets(f)
				if err != nil {
					t.Fatal(err)
				}
				r, err := report.Run(t.Context(), report.Options{Sets: sets, Top: 10_000})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, byReport(r)); diff != "" {
					t.Errorf("the figures are not the service's (-service +report):\n%s", diff)
				}
				if a := r.Read(); a.Records() != want.Read || r.Joined == 0 {
					t.Errorf("%d records were read and %d joined, want %d", a.Records(), r.Joined, want.Read)
				}
			}
		})
	}
}

// alike writes logs of hang-ups that are alike, as a server behind a load balancer has them, and returns their directory: of
// most there are a report and an exchange, of some only one.
func alike(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, layout, line string, n func(second int) int) {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		for s := range 20 {
			at := time.Date(2026, 11, 20, 10, 59, 50+s, 0, time.UTC).Format(layout)
			for i := range n(s) {
				_, err := fmt.Fprintf(w, line+"\n", at, i)
				check(t, err)
			}
		}
		check(t, w.Close())
		check(t, os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o600))
	}
	write("access.log.gz", "02/Jan/2006:15:04:05 -0700", `192.0.2.1 - - [%s] "GET /a HTTP/1.1" 499 0 "-" "curl/8.%d"`, func(int) int { return 100 })
	write("error.log.gz", "2006/01/02 15:04:05", `%s [info] 31#31: *%d client prematurely closed connection, client: 192.0.2.1, server: shop, request: "GET /a HTTP/1.1", host: "shop"`,
		func(s int) int { return 60 + 10*(s%7) })
	return dir
}

// figures are what both give.
type figures struct {
	Verdict         string
	Counts          event.Counts
	Joined, Clients int64
	ByHow, ByPhase  map[string]int64
	Ages            string
	Routes          []string
	TopClients      []string
	Read            int64
	Accounts        event.Accounts
}

// routeLine writes a route's figures.
func routeLine(r event.Route, c event.Counts, drop, done *event.Histogram) string {
	return fmt.Sprintf("%s %s %v %s", r.Method, r.Template, c, ages(drop, done))
}

func ages(drop, done *event.Histogram) string {
	var out strings.Builder
	for _, h := range []*event.Histogram{drop, done} {
		for _, q := range []float64{0, 0.5, 0.95, 0.99, 1} {
			v, ok := h.Quantile(q)
			_, _ = fmt.Fprint(&out, v, ok, " ")
		}
		_, _ = fmt.Fprint(&out, h.Count(), " ")
	}
	return out.String()
}

func byReport(r *report.Report) figures {
	out := figures{
		Verdict: r.Verdict.Text, Counts: r.Counts, Joined: r.Joined, Clients: r.Clients, ByHow: r.ByHow, ByPhase: r.ByPhase,
		Ages: ages(&r.Abandoned, &r.Completed), Accounts: r.Read(), Read: r.Read().Records(),
	}
	for i := range r.Routes {
		v := &r.Routes[i]
		out.Routes = append(out.Routes, routeLine(v.Route, v.Counts, &v.Abandoned, &v.Completed))
	}
	for _, c := range r.TopClients {
		out.TopClients = append(out.TopClients, fmt.Sprint(c.Client, c.Scope, c.Requests, c.Hangups))
	}
	slices.Sort(out.Routes)
	slices.Sort(out.TopClients)
	return out
}

// telling is a Sink that says how many bytes it has stored.
type telling struct {
	*store.Store
	stored chan<- int64
}

func (s telling) Commit(ctx context.Context, now time.Time, b *event.Batch) error {
	err := s.Store.Commit(ctx, now, b)
	if err == nil {
		s.stored <- b.End - b.Start
	}
	return err
}

// byService reads the files as the service does, joins, and asks what the page asks.
func byService(t *testing.T, files []string) figures {
	t.Helper()
	s := store.New(storetest.New(t))
	var sources []ingest.Source
	var size int64
	for _, f := range files {
		sources = append(sources, ingest.Source{Service: "test", Path: f})
		_, _, err := s.OpenSource(t.Context(), "test", f) // in order: reports are joined to those of earlier sources
		check(t, err)
		st, err := os.Stat(f)
		check(t, err)
		size += st.Size()
	}
	ctx, cancel := context.WithCancel(t.Context())
	done, stored := make(chan error, 1), make(chan int64, 1000)
	go func() {
		done <- ingest.Run(ctx, ingest.Options{Sources: sources, Ledger: s, Sink: telling{s, stored}, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	}()
	for off := int64(0); off < size; {
		select {
		case n := <-stored:
			off += n
		case err := <-done:
			t.Fatalf("%d of %d bytes are committed: %v", off, size, err)
		case <-time.After(time.Minute):
			t.Fatalf("%d of %d bytes are committed, and no more come", off, size)
		}
	}
	cancel()
	check(t, <-done)
	for {
		n, err := s.Join(t.Context(), time.Now())
		check(t, err)
		if n == 0 {
			break
		}
	}
	list, err := s.Sources(t.Context())
	check(t, err)
	whole := store.Range{From: time.Unix(0, 0).UTC(), To: time.Now().Add(48 * time.Hour).Truncate(time.Minute)}
	sum, err := s.Summary(t.Context(), whole, nil)
	check(t, err)
	out := figures{
		Counts: sum.Counts, Joined: sum.Joined, Clients: sum.Clients, ByHow: sum.ByHow, ByPhase: sum.ByPhase,
		Ages: ages(&sum.Ages.Abandoned, &sum.Ages.Completed),
	}
	facts := answer.Facts{Counts: sum.Counts, HasData: true}
	if v := sum.Top; v != nil {
		facts.Top = &answer.Route{Route: v.Route, Counts: v.Counts, Abandoned: &v.Ages.Abandoned}
	}
	out.Verdict = answer.Of(facts).Text
	routes, err := s.Routes(t.Context(), whole, nil)
	check(t, err)
	ids := map[int32]store.RouteFigures{}
	for _, v := range routes.Routes {
		ids[v.ID] = v
	}
	of, err := s.AgesOf(t.Context(), whole, nil, slices.Collect(maps.Keys(ids)))
	check(t, err)
	for id, v := range ids {
		a := of[id]
		out.Routes = append(out.Routes, routeLine(v.Route, v.Counts, &a.Abandoned, &a.Completed))
	}
	clients, err := s.Clients(t.Context(), store.ClientQuery{Range: whole, Sort: store.ClientsByDisconnects, Limit: 100_000})
	check(t, err)
	for _, c := range clients.Clients {
		out.TopClients = append(out.TopClients, fmt.Sprint(c.Client, c.Scope, c.Requests, c.Disconnects))
	}
	for _, v := range list {
		out.Accounts.Add(v.Accounts)
	}
	out.Read = out.Accounts.Records()
	slices.Sort(out.Routes)
	slices.Sort(out.TopClients)
	return out
}

// unpack copies files, decompressed, into a directory of the test, with the times at which they were written.
func unpack(t *testing.T, files []string) []string {
	t.Helper()
	var out []string
	dir := t.TempDir()
	for _, f := range files {
		in, err := ingest.OpenStream(f)
		check(t, err)
		b, err := io.ReadAll(in)
		check(t, err)
		check(t, in.Close())
		name := filepath.Join(dir, strings.TrimSuffix(filepath.Base(f), ".gz"))
		check(t, os.WriteFile(name, b, 0o600))
		out = append(out, name)
	}
	return out
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

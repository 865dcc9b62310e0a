package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hangup/event"
	"hangup/ingest"
	"hangup/store"
)

// importTotals shows how an import goes and what it brought.
type importTotals struct {
	out, screen io.Writer
	terminal    bool
	began       time.Time
	took        time.Duration // until all was stored
	shown       time.Time

	files, at  int
	name       string
	size, done int64 // bytes on the disk: of all files, and of those that are read
	here       int64 // of the file at hand

	accounts event.Accounts
	content  int64
	samples  []event.Sample
	routes   map[event.Route]*importRoute
	brought  []store.Part
	first    time.Time // of the file's hang-ups
	last     time.Time
	hangups  store.Brought
}

// importRoute is what was imported of a route.
type importRoute struct{ requests, hangups int64 }

func (t *importTotals) begin(i int, name string) {
	t.at, t.name, t.here = i+1, filepath.Base(name), 0
	t.first, t.last = time.Time{}, time.Time{}
}

// progress draws a line that says how far it is, on a terminal.
func (t *importTotals) progress(read, size int64) {
	t.here = read
	now := time.Now()
	if !t.terminal || now.Sub(t.shown) < 200*time.Millisecond {
		return
	}
	t.shown = now
	done := t.done + read
	rate := float64(done) / max(now.Sub(t.began).Seconds(), 0.001)
	left := time.Duration(float64(max(t.size-done, 0)) / max(rate, 1) * float64(time.Second)).Round(time.Second)
	share := func(a, b int64) int64 { return 100 * a / max(b, 1) }
	_, _ = fmt.Fprintf(t.screen, "\r\x1b[K%d/%d %.40s %d %%, in all %d %%, %.0f MB/s, %s left", t.at, t.files, printable(t.name), share(read, size), share(done, t.size), rate/1e6, left)
}

func (t *importTotals) stored(b *event.Batch) {
	t.accounts.Add(b.Accounts)
	t.content += b.End - b.Start
	t.samples = append(t.samples, b.Unparsed[:min(len(b.Unparsed), 5-min(len(t.samples), 5))]...)
	requests := make([]int64, len(b.Minutes.Routes))
	for m := range b.Minutes.All(false) {
		requests[m.Route] += m.Counts.Requests
	}
	for i, r := range b.Minutes.Routes {
		t.route(r).requests += requests[i]
	}
	for i := range b.Disconnects {
		at := b.Disconnects[i].Time
		if t.first.IsZero() || at.Before(t.first) {
			t.first = at
		}
		if at.After(t.last) {
			t.last = at
		}
	}
}

func (t *importTotals) route(r event.Route) *importRoute {
	v := t.routes[r]
	if v == nil {
		v = &importRoute{}
		t.routes[r] = v
	}
	return v
}

// count asks how many hang-ups the records tell of: several may tell of one.
func (t *importTotals) count(ctx context.Context, s *store.Store) error {
	var err error
	if t.hangups, err = s.Brought(ctx, t.brought); err != nil {
		return err
	}
	for r, n := range t.hangups.Routes {
		t.route(r).hangups = n
	}
	return nil
}

func (t *importTotals) end(f *ingest.Import, out ingest.Imported, size int64, err error) {
	t.done += size
	name := printable(f.File)
	if !t.last.IsZero() {
		t.brought = append(t.brought, store.Part{Service: f.Service, Generation: out.Generation, From: out.From, First: t.first, Last: t.last})
	}
	if t.terminal {
		_, _ = fmt.Fprint(t.screen, "\r\x1b[K")
	}
	switch {
	case out.End == out.From && err != nil: // which is told by itself
	case out.End == out.From && out.As != "":
		_, _ = fmt.Fprintf(t.out, "%s: nothing new, all of it was read before as %s\n", name, printable(out.As))
	case out.End == out.From:
		_, _ = fmt.Fprintf(t.out, "%s: empty\n", name)
	default:
		more := ""
		if out.From > 0 {
			more = fmt.Sprintf(", after %d bytes that were read before as %s", out.From, printable(out.As))
		}
		_, _ = fmt.Fprintf(t.out, "%s: %d lines, %d disconnect records, format %s%s\n", name, out.Lines, out.Accounts.Disconnects, cmp.Or(out.Format, "not known"), more)
	}
}

// topRoutes is how many routes the summary names.
const topRoutes = 10

// summary says what was imported.
func (t *importTotals) summary() {
	a := t.accounts
	_, _ = fmt.Fprintf(t.out, "\n%d records = %d requests + %d disconnect records + %d other + %d not understood + %d skipped; %.1f MB in %s, %.0f MB/s\n",
		a.Requests+a.Disconnects+a.Others+a.Unparsed+a.Skipped, a.Requests, a.Disconnects, a.Others, a.Unparsed, a.Skipped,
		float64(t.content)/1e6, t.took.Round(10*time.Millisecond), float64(t.content)/1e6/max(t.took.Seconds(), 0.001))
	if a.Disconnects > 0 {
		_, _ = fmt.Fprintf(t.out, "%d hang-ups; %d more records tell of one that another record counts, %d of closes between requests\n", t.hangups.Hangups, t.hangups.Joined, t.hangups.Idle)
	}
	routes := slices.SortedFunc(maps.Keys(t.routes), func(x, y event.Route) int {
		return cmp.Or(cmp.Compare(t.routes[y].hangups, t.routes[x].hangups), cmp.Compare(x.Template, y.Template), cmp.Compare(x.Method, y.Method))
	})
	for i, r := range routes {
		c := t.routes[r]
		if i == topRoutes || c.hangups == 0 {
			break
		}
		if i == 0 {
			_, _ = fmt.Fprintf(t.out, "\n%10s %10s  route\n", "hang-ups", "requests")
		}
		_, _ = fmt.Fprintf(t.out, "%10d %10d  %s\n", c.hangups, c.requests, printable(strings.TrimSpace(r.Method+" "+r.Template)))
	}
	if len(t.samples) > 0 {
		_, _ = fmt.Fprintln(t.out, "\nnot understood, for example:")
	}
	for _, s := range t.samples {
		_, _ = fmt.Fprintf(t.out, "  line %d (%s): %.160q\n", s.Line, s.Reason, s.Text)
	}
}

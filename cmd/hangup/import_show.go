package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hangup/event"
	"hangup/ingest"
)

// importTotals shows how an import goes and what it brought.
type importTotals struct {
	out, screen io.Writer
	terminal    bool
	began       time.Time
	shown       time.Time

	files, at  int
	name       string
	size, done int64 // bytes on the disk: of all files, and of those that are read
	here       int64 // of the file at hand

	accounts event.Accounts
	content  int64
	samples  []event.Sample
	routes   map[event.Route]event.Counts
}

func (t *importTotals) begin(i int, name string) { t.at, t.name, t.here = i+1, filepath.Base(name), 0 }

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
	for i := range b.Minutes {
		c := t.routes[b.Minutes[i].Route]
		c.Add(b.Minutes[i].Counts)
		t.routes[b.Minutes[i].Route] = c
	}
}

func (t *importTotals) end(name string, out ingest.Imported, size int64) {
	t.done += size
	name = printable(name)
	if t.terminal {
		_, _ = fmt.Fprint(t.screen, "\r\x1b[K")
	}
	switch {
	case out.End == out.From && out.As != "":
		_, _ = fmt.Fprintf(t.out, "%s: nothing new, all of it was read before as %s\n", name, printable(out.As))
	case out.End == out.From:
		_, _ = fmt.Fprintf(t.out, "%s: empty\n", name)
	default:
		more := ""
		if out.From > 0 {
			more = fmt.Sprintf(", after %d bytes that were read before as %s", out.From, printable(out.As))
		}
		_, _ = fmt.Fprintf(t.out, "%s: %d lines, %d hang-ups, format %s%s\n", name, out.Lines, out.Accounts.Disconnects, cmp.Or(out.Format, "not known"), more)
	}
}

// topRoutes is how many routes the summary names.
const topRoutes = 10

func (t *importTotals) summary() {
	took := time.Since(t.began)
	a := t.accounts
	_, _ = fmt.Fprintf(t.out, "\n%d requests, %d hang-ups, %d other records, %d not understood, %d skipped; %.1f MB in %s, %.0f MB/s\n",
		a.Requests, a.Disconnects, a.Others, a.Unparsed, a.Skipped, float64(t.content)/1e6, took.Round(10*time.Millisecond), float64(t.content)/1e6/max(took.Seconds(), 0.001))
	routes := slices.SortedFunc(maps.Keys(t.routes), func(x, y event.Route) int {
		return cmp.Or(cmp.Compare(t.routes[y].Disconnects(), t.routes[x].Disconnects()), cmp.Compare(x.Template, y.Template), cmp.Compare(x.Method, y.Method))
	})
	for i, r := range routes {
		c := t.routes[r]
		if i == topRoutes || c.Disconnects() == 0 {
			break
		}
		if i == 0 {
			_, _ = fmt.Fprintf(t.out, "\n%10s %10s  route\n", "hang-ups", "requests")
		}
		_, _ = fmt.Fprintf(t.out, "%10d %10d  %s\n", c.Disconnects(), c.Requests, printable(strings.TrimSpace(r.Method+" "+r.Template)))
	}
	if len(t.samples) > 0 {
		_, _ = fmt.Fprintln(t.out, "\nnot understood, for example:")
	}
	for _, s := range t.samples {
		_, _ = fmt.Fprintf(t.out, "  line %d (%s): %.160q\n", s.Line, s.Reason, s.Text)
	}
}

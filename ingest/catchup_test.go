package ingest

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"hangup/event"
	"hangup/parser"
)

// randomLog writes a log as it might be: requests of few and of many clients, hang-ups and what comes after them, and
// between them what breaks readers. strange is how likely a line is of the latter kind.
func randomLog(rnd *rand.Rand, n int, strange float64) string {
	var b strings.Builder
	at := time.Date(2026, 3, 9, 21, 40, 0, 0, time.UTC)
	agents := []string{"curl/8.5.0", "-", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "okhttp/4.12.0", "kube-probe/1.30"}
	for range n {
		at = at.Add(time.Duration(rnd.ExpFloat64() * float64(900*time.Millisecond)))
		if rnd.IntN(400) == 0 {
			at = at.Add(time.Duration(rnd.IntN(40)-5) * time.Minute)
		}
		if rnd.Float64() < strange {
			switch rnd.IntN(8) {
			case 0:
				b.WriteString("\n")
			case 1:
				b.WriteString(strings.Repeat("\x00", 1+rnd.IntN(50)))
				continue
			case 2:
				fmt.Fprintf(&b, "Traceback (most recent call last):\n  File \"x.py\", line %d, in f\nBrokenPipeError: [Errno 32] Broken pipe\n", rnd.IntN(100))
			case 3:
				fmt.Fprintf(&b, "%s [error] 7#7: *%d upstream prematurely closed connection while reading response header from upstream, client: 192.0.2.7, server: x, request: \"GET /a HTTP/1.1\", upstream: \"http://10.0.0.1:80/a\", host: \"x\"\n", at.Format("2006/01/02 15:04:05"), rnd.IntN(1000))
			case 4:
				b.WriteString(strings.Repeat("long ", 400_000*rnd.IntN(2)) + "\n")
			case 5:
				fmt.Fprintf(&b, "no format knows this %d\r\n", rnd.IntN(10))
			case 6:
				fmt.Fprintf(&b, "192.0.2.1 - - [99/Foo/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"x\" rt=1.000\n")
			case 7:
				fmt.Fprintf(&b, "192.0.2.1 - - [%s] \"GET /\xff\xfe%%40 HTTP/1.1\" 499 0 \"-\" \"bad\xffagent%d\" rt=1.000\n", at.Format("02/Jan/2006:15:04:05 -0700"), rnd.IntN(1000))
			}
			continue
		}
		client := fmt.Sprintf("192.0.2.%d", rnd.IntN(30))
		if rnd.IntN(3) == 0 {
			client = fmt.Sprintf("2001:db8::%x", rnd.IntN(2000))
		}
		status := 200
		if rnd.IntN(12) == 0 {
			status = 499
		}
		path := []string{"/a", "/users/" + fmt.Sprint(rnd.IntN(1000)), "/s/word" + fmt.Sprint(rnd.IntN(90)), "/x/" + strings.Repeat("y", rnd.IntN(70)) + "/z?q=1", "/p" + string(rune('a'+rnd.IntN(26))) + "/q"}[rnd.IntN(5)]
		fmt.Fprintf(&b, "%s - - [%s] \"%s %s HTTP/1.1\" %d %d \"-\" \"%s\" rt=%.3f urt=%.3f\n", client, at.Format("02/Jan/2006:15:04:05 -0700"),
			[]string{"GET", "POST", "BREW"}[rnd.IntN(3)], path, status, rnd.IntN(5000), agents[rnd.IntN(len(agents))], rnd.ExpFloat64(), rnd.ExpFloat64())
	}
	return b.String()
}

// readBatches reads a log with a pipeline and returns its batches.
func readBatches(t *testing.T, text string, o parser.Options, workers, chunk int, batch int64) []*event.Batch {
	t.Helper()
	parse, err := parser.New(o)
	if err != nil {
		t.Fatal(err)
	}
	s := newServiceState("shop", RouteLimits{PerPosition: 20, PerService: 60})
	p := &pipeline{
		in: chunks{r: strings.NewReader(text), size: chunk, first: min(chunk, firstChunk), last: true}, parse: parse,
		seen: time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC), workers: workers, batch: batch,
		open: func(c *tallier, start int64) *builder { return c.builder(s, 1, 2, start) },
	}
	p.u = p.open(&p.tally, 0)
	var out []*event.Batch
	err = p.run(t.Context(), nil, func(_ context.Context, f filled) error {
		f.b.Minutes, f.b.Clients, f.b.Signs = event.MinutesOf(f.b.Minutes.List()), event.ClientsOf(f.b.Clients.List()), event.SignsOf(f.b.Signs.List()) // their room is used again
		out = append(out, f.b)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	p.parse.Flush(p.emit)
	if p.fault != nil {
		t.Fatal(p.fault)
	}
	return append(out, p.u.finish())
}

// readLines reads a log line by line, with nothing beside it, into one batch.
func readLines(t *testing.T, text string, o parser.Options) *event.Batch {
	t.Helper()
	parse, err := parser.New(o)
	if err != nil {
		t.Fatal(err)
	}
	s := newServiceState("shop", RouteLimits{PerPosition: 20, PerService: 60})
	p := &pipeline{parse: parse, seen: time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC), u: newBuilder(s, 0)}
	whole := &chunk{text: text}
	whole.each(p.seen, func(l *event.Line) bool {
		p.line(*l)
		if l.Number%7 == 0 {
			p.u.settle()
		}
		return p.fault == nil
	})
	p.parse.Flush(p.emit)
	if p.fault != nil {
		t.Fatal(p.fault)
	}
	return p.u.finish()
}

var batchOptions = gocmp.Options{gocmp.AllowUnexported(event.Histogram{}), gocmp.Comparer(func(a, b event.Histogram) bool {
	return string(a.Encode()) == string(b.Encode())
}), gocmp.Transformer("list", func(m event.Minutes) []event.Minute { return m.List() }), gocmp.Transformer("signs", func(s event.Signs) []event.Activity { return s.List() }), gocmp.Transformer("sorted", func(m event.Clients) map[string]event.ClientHour {
	out := map[string]event.ClientHour{}
	for _, c := range m.List() {
		out[c.Start.String()+c.Client] = c
	}
	return out
})}

// TestCatchUpIsReadingLineByLine compares batches that many workers made with those of one parser that reads line by line.
func TestCatchUpIsReadingLineByLine(t *testing.T) {
	t.Parallel()
	for range 6 {
		seed := rand.Uint64()
		rnd := rand.New(rand.NewPCG(seed, 0))
		strange := []float64{0, 0.0005, 0.02}[rnd.IntN(3)]
		text := randomLog(rnd, 500+rnd.IntN(6000), strange)
		o := []parser.Options{{}, {Format: "nginx-timed"}}[rnd.IntN(2)]
		chunk, workers := 1100_000, 1+rnd.IntN(4) // a line that may be read has to fit
		if strange < 0.02 {
			chunk = 2000 + rnd.IntN(100_000)
		}
		t.Logf("seed %d: %d bytes, format %q, chunks of %d, %d workers", seed, len(text), o.Format, chunk, workers)
		want := readLines(t, text, o)
		if want.End != int64(len(text)) || want.Accounts.Bytes() != want.End {
			t.Fatalf("one by one %d of %d bytes are read, %d accounted for", want.End, len(text), want.Accounts.Bytes())
		}
		if got := readBatches(t, text, o, workers, chunk, 1<<40); len(got) != 1 {
			t.Errorf("%d batches", len(got))
		} else if diff := gocmp.Diff(want, got[0], batchOptions); diff != "" {
			t.Errorf("-one by one +%d workers: %.4000s", workers, diff)
		}
		batches := readBatches(t, text, o, workers, chunk, 1+rnd.Int64N(200_000))
		if diff := gocmp.Diff(outline(want), outline(batches...), batchOptions); diff != "" {
			t.Errorf("-one batch +%d batches: %.4000s", len(batches), diff)
		}
	}
}

// outline is what batches say together, whatever their number.
func outline(batches ...*event.Batch) map[string]any {
	type key struct {
		at    time.Time
		route event.Route
		agent event.Agent
		name  string
	}
	minutes, clients := map[key]event.Minute{}, map[key]event.ClientHour{}
	var accounts event.Accounts
	var hangups []event.Hangup
	var signs []event.Activity
	var end, lines int64
	for _, b := range batches {
		if b.Start != end {
			return map[string]any{"a batch does not join on": b.Start}
		}
		end, lines = b.End, lines+b.Lines
		accounts.Add(b.Accounts)
		hangups, signs = append(hangups, b.Disconnects...), append(signs, b.Signs.List()...)
		for _, m := range b.Minutes.List() {
			k := key{m.Start, m.Route, m.Agent, ""}
			have := minutes[k]
			have.Counts.Add(m.Counts)
			have.Done.Merge(&m.Done)
			have.Drop.Merge(&m.Drop)
			minutes[k] = have
		}
		for _, c := range b.Clients.List() {
			k := key{at: c.Start, name: c.Client}
			have, ok := clients[k]
			if !ok {
				have = event.ClientHour{Scope: c.Scope, LastSeen: c.LastSeen}
			}
			have.Counts.Add(c.Counts)
			if c.LastSeen.After(have.LastSeen) {
				have.LastSeen = c.LastSeen
			}
			clients[k] = have
		}
	}
	return map[string]any{"minutes": minutes, "clients": clients, "accounts": accounts, "hang-ups": hangups, "sessions": sessionsOf(signs), "end": end, "lines": lines}
}

// sessionsOf says what signs of life tell: the outcome of each hang-up, and from when to when each session goes.
func sessionsOf(signs []event.Activity) []string {
	slices.SortStableFunc(signs, func(a, b event.Activity) int {
		return cmp.Or(cmp.Compare(a.Client, b.Client), cmp.Compare(a.AgentHash, b.AgentHash), a.Time.Compare(b.Time), cmp.Compare(a.Off, b.Off))
	})
	same := func(a, b event.Activity) bool { return a.Client == b.Client && a.AgentHash == b.AgentHash }
	var out []string
	for i, a := range signs {
		if i == 0 || !same(signs[i-1], a) || a.Time.Sub(signs[i-1].Time) >= patience {
			out = append(out, fmt.Sprintf("%s %d from %s", a.Client, a.AgentHash, a.Time))
		}
		if i == len(signs)-1 || !same(signs[i+1], a) || signs[i+1].Time.Sub(a.Time) >= patience {
			out = append(out, fmt.Sprintf("%s %d to %s", a.Client, a.AgentHash, a.Time))
		}
		if !a.Drop {
			continue
		}
		outcome := "lost"
		for _, b := range signs[i+1:] {
			d := b.Time.Sub(a.Time)
			if !same(a, b) || d > patience {
				break
			}
			if outcome == "lost" {
				outcome = "stayed"
			}
			if b.Route == a.Route && d <= retryTime {
				outcome = "retried"
			}
		}
		out = append(out, fmt.Sprintf("%d %s", a.Off, outcome))
	}
	return out
}

package parser

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hangup/event"
)

const (
	combinedLine = `203.0.113.7 - - [22/Nov/2026:10:00:00 +0000] "GET /slow HTTP/1.1" 499 0 "-" "curl/8.5.0"`
	gunicornLine = combinedLine + " 321"
	errorLine    = `2026/11/22 10:00:00 [info] 1#1: *1 client closed connection while waiting for request, client: 203.0.113.7, server: 0.0.0.0:443`
	pythonLine   = `2026-11-23 07:19:09,128 - server - INFO - Client ('127.0.0.31', 52929) disconnected`
)

// drive gives lines to a parser one at a time and remembers what came of them.
type drive struct {
	p    Parser
	n    int64
	got  []string // kinds, with the reason
	t    *testing.T
	last int64
}

func newDrive(t *testing.T, o Options) *drive {
	t.Helper()
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return &drive{p: p, t: t}
}

func (d *drive) line(s string, times int) {
	for range times {
		d.n++
		d.p.Line(event.Line{Text: s, Number: d.n, Start: d.n - 1, End: d.n}, d.emit)
	}
}

func (d *drive) emit(r *event.Record) {
	if r.Start != d.last {
		d.t.Errorf("record at %d, want %d", r.Start, d.last)
	}
	d.last = r.End
	d.got = append(d.got, strings.TrimSpace(r.Kind.String()+" "+string(r.Reason)))
}

func (d *drive) flush() { d.p.Flush(d.emit) }

// count says how many records of a kind came, as "disconnect" or "unparsed no_format".
func (d *drive) count(kind string) int {
	n := 0
	for _, k := range d.got {
		if k == kind {
			n++
		}
	}
	return n
}

func (d *drive) format() string {
	name, _ := d.p.Format()
	return name
}

func TestAutoHolds(t *testing.T) {
	t.Parallel()
	d := newDrive(t, Options{})
	d.line(combinedLine, autoLines-1)
	if len(d.got) != 0 || !d.p.Open() || d.format() != "" {
		t.Fatalf("after %d lines: %d records, open %v, format %q", d.n, len(d.got), d.p.Open(), d.format())
	}
	d.line(combinedLine, 1)
	if d.count("disconnect") != autoLines || d.p.Open() || d.format() != "nginx-combined" {
		t.Fatalf("after %d lines: %v, open %v, format %q", d.n, d.got, d.p.Open(), d.format())
	}
	d.line(combinedLine, 1)
	if d.count("disconnect") != autoLines+1 {
		t.Fatal("a line was held after the format was chosen")
	}
}

// TestAutoProvisional decides on one line, which could be nginx's, and again when more have come.
func TestAutoProvisional(t *testing.T) {
	t.Parallel()
	d := newDrive(t, Options{})
	d.line(combinedLine, 1)
	d.flush()
	if d.format() != "nginx-combined" || d.count("disconnect") != 1 {
		t.Fatalf("%s: %v", d.format(), d.got)
	}
	d.line(gunicornLine, 2)
	if !d.p.Open() {
		t.Fatal("the lines behind a provisional choice are not held")
	}
	d.flush()
	if d.format() != "gunicorn-access" || d.count("request") != 2 {
		t.Fatalf("%s: %v", d.format(), d.got)
	}
	d.line(gunicornLine, 2)
	d.flush()
	d.line(gunicornLine, 1)
	if d.p.Open() || d.count("request") != 5 {
		t.Fatalf("five lines are not enough: %v", d.got)
	}
}

func TestAutoHint(t *testing.T) {
	t.Parallel()
	for hint, want := range map[string]string{"": "nginx-combined", "gunicorn-access": "gunicorn-access", "nginx-error": "nginx-combined"} {
		d := newDrive(t, Options{Hint: hint})
		d.line(combinedLine, 1)
		d.flush()
		if d.format() != want {
			t.Errorf("hint %q: %s, want %s", hint, d.format(), want)
		}
	}
}

func TestAutoNothingFits(t *testing.T) {
	t.Parallel()
	d := newDrive(t, Options{})
	d.line("hello", autoLines-1)
	d.line("", 1)
	if d.count("unparsed no_format") != autoLines-1 || d.count("skipped blank") != 1 || d.format() != "" {
		t.Fatalf("%q: %v", d.format(), d.got)
	}
	d.line(errorLine, 20)
	d.flush()
	if d.format() != "nginx-error" || d.count("disconnect") != 20 {
		t.Fatalf("%s: %v", d.format(), d.got)
	}
}

// TestAutoChanges reads a log whose format changes in the middle: no line is lost to the change.
func TestAutoChanges(t *testing.T) {
	t.Parallel()
	d := newDrive(t, Options{})
	d.line(combinedLine, 300)
	d.line(pythonLine, 2*autoWindow)
	d.flush()
	if d.format() != "nginx-combined" || d.count("unparsed") != 0 || len(d.got) != 300+2*autoWindow {
		t.Fatalf("%s, %d records: %v", d.format(), len(d.got), d.got)
	}
	d.line("noise", 3*autoWindow)
	d.line(errorLine, 2)
	d.flush()
	if d.count("unparsed no_format") != 3*autoWindow || d.got[len(d.got)-1] != "disconnect" {
		t.Errorf("behind noise %s", d.got[len(d.got)-1])
	}
}

// TestReader holds how lines become records at the bounds.
func TestReader(t *testing.T) {
	t.Parallel()
	const (
		trace = "Traceback (most recent call last):"
		frame = `  File "x.py", line 1, in y`
		gone  = "BrokenPipeError: [Errno 32] Broken pipe"
	)
	repeat := func(s string, n int) []string {
		return strings.Split(strings.TrimSuffix(strings.Repeat(s+"\n", n), "\n"), "\n")
	}
	join := func(parts ...[]string) (all []string) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	tests := []struct {
		name, format string
		lines        []string
		want         string // kind, lines and reason of each record
	}{
		{"garbage between records", "python-logging", []string{pythonLine, "garbage", pythonLine}, "disconnect 1, unparsed 1 no_format, disconnect 1"},
		{"garbage behind a traceback", "python-logging", []string{pythonLine, trace, frame, gone, "garbage", pythonLine}, "disconnect 4, unparsed 1 no_format, disconnect 1"},
		{"garbage in a traceback", "python-logging", []string{pythonLine, trace, "garbage < here", pythonLine}, "disconnect 2, unparsed 1 no_format, disconnect 1"},
		{"garbage between errors", "nginx-error", []string{errorLine, "garbage", errorLine}, "disconnect 1, unparsed 1 no_format, disconnect 1"},
		{"garbage in the console", "django-runserver", []string{"Not Found: /x", "garbage", "Not Found: /y"}, "other 1, unparsed 1 no_format, other 1"},
		{"empty lines between records", "python-logging", []string{"", pythonLine, "", "", pythonLine, ""}, "skipped 1 blank, disconnect 1, skipped 1 blank, skipped 1 blank, disconnect 1, skipped 1 blank"},
		{"empty lines of a chain", "python-logging", []string{pythonLine, trace, frame, "KeyError: 1", "", contextLine, "", trace, frame, gone, ""}, "disconnect 10, skipped 1 blank"},
		{"rest at the beginning", "python-logging", []string{frame, frame, gone, pythonLine}, "unparsed 3 continuation, disconnect 1"},
		{"traceback at the beginning", "gunicorn-error", []string{trace, frame, gone}, "disconnect 3"},
		{"traceback without its end", "gunicorn-error", []string{trace, frame}, "unparsed 2 continuation"},
		{"two tracebacks", "python-logging", []string{trace, frame, gone, trace, frame, gone}, "disconnect 3, disconnect 3"},
		{"report without an end", "python-logging", []string{rulerLine, "Exception happened during processing of request from ('1.2.3.4', 5)", trace, frame, gone, pythonLine}, "disconnect 5, disconnect 1"},
		{"a line of dashes", "python-logging", []string{rulerLine, "garbage"}, "unparsed 1 no_format, unparsed 1 no_format"},
		{"error of logging", "python-logging", []string{loggingLine, trace, frame, gone, "Call stack:", frame, "Message: 'x'", "Arguments: ()", pythonLine}, "other 8, disconnect 1"},
		{
			"too many lines", "python-logging", join([]string{pythonLine, trace}, repeat(frame, MaxRecordLines+10), []string{gone, pythonLine}),
			fmt.Sprintf("disconnect %d, unparsed 13 continuation, disconnect 1", MaxRecordLines),
		},
		{
			"too many bytes", "python-logging", join([]string{pythonLine, trace}, repeat("  "+strings.Repeat("x", 64<<10), 5), []string{gone, pythonLine}),
			"disconnect 5, unparsed 3 continuation, disconnect 1",
		},
		{
			"a line that is too long", "python-logging",
			[]string{pythonLine, trace, strings.Repeat("x", MaxLine), pythonLine},
			"disconnect 2, unparsed 1 too_long, disconnect 1",
		},
		{"carriage returns", "nginx-combined", []string{combinedLine + "\r", "\r"}, "disconnect 1, skipped 1 blank"},
		{"a hole", "nginx-combined", []string{"\x00\x00", combinedLine}, "skipped 1 hole, disconnect 1"},
		{"a user with brackets", "nginx-combined", []string{strings.Replace(combinedLine, "- -", "- x [y] [z", 1)}, "disconnect 1"},
		{"no time", "nginx-combined", []string{strings.Replace(combinedLine, "22/Nov", "32/Nov", 1)}, "unparsed 1 bad_time"},
		{"no status", "nginx-combined", []string{strings.Replace(combinedLine, "499", "4x9", 1)}, "unparsed 1 bad_number"},
		{"too many bytes sent", "nginx-combined", []string{strings.Replace(combinedLine, " 0 ", " 4611686018427387905 ", 1)}, "unparsed 1 bad_number"},
		{"no duration", "nginx-timed", []string{combinedLine + " rt=NaN", combinedLine + " rt=-1", combinedLine + " rt=1e9"}, "unparsed 1 bad_number, unparsed 1 bad_number, unparsed 1 bad_number"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := New(Options{Format: tt.format})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			feed(p, []byte(strings.Join(tt.lines, "\n")+"\n"), func(r *event.Record) {
				got = append(got, strings.TrimSpace(fmt.Sprintf("%s %d %s", r.Kind, r.Lines, r.Reason)))
			})
			if s := strings.Join(got, ", "); s != tt.want {
				t.Errorf("got  %s\nwant %s", s, tt.want)
			}
		})
	}
}

// panicking is a grammar with a defect.
type panicking struct{ oneLine }

func (panicking) read(string, *event.Record) event.Reason { panic("defect") }

// panickingPlace is a grammar with a defect where it tells whether a line begins a record.
type panickingPlace struct{ panicking }

func (panickingPlace) place(string, bool) place { panic("defect") }

func TestPanic(t *testing.T) {
	t.Parallel()
	for _, r := range []*reader{
		{name: "defect", grammar: panicking{}, single: true, rec: &event.Record{}},
		{name: "defect", grammar: panickingPlace{}, rec: &event.Record{}},
	} {
		n := 0
		feed(r, []byte("a\nb\n"), func(rec *event.Record) {
			n++
			if rec.Kind != event.Unparsed || rec.Reason != event.ParserPanic {
				t.Errorf("%s, %s", rec.Kind, rec.Reason)
			}
		})
		if n != 2 {
			t.Errorf("%d records, want 2", n)
		}
	}
}

// TestNoAllocation holds that lines of access formats cost no memory.
func TestNoAllocation(t *testing.T) {
	for format, line := range map[string]string{
		"nginx-combined":  combinedLine,
		"gunicorn-access": gunicornLine,
		"nginx-timed":     combinedLine + ` rt=30.001 urt="5.003, 25.000" us="504, -" ua="10.0.0.1:80, 10.0.0.2:80" rid=aa`,
		"nginx-json":      `{"time":"2026-11-22T10:00:00+00:00","remote_addr":"203.0.113.7","request":"GET /a?x=1 HTTP/1.1","status":499,"body_bytes_sent":0,"request_time":30.001}`,
		"haproxy-http":    `Nov 22 10:00:00 lb1 haproxy[14389]: 203.0.113.80:51900 [22/Nov/2026:10:00:01.123] www~ api/s1 0/0/1/-1/5003 -1 0 - - CH-- 1/1/0/0/0 0/0 "GET /api/orders?id=7 HTTP/1.1"`,
		"nginx-error":     errorLine,
	} {
		p, err := New(Options{Format: format})
		if err != nil {
			t.Fatal(err)
		}
		kind := event.Unparsed
		emit := func(r *event.Record) { kind = r.Kind }
		l := event.Line{Text: line, End: int64(len(line)), Number: 1}
		if n := testing.AllocsPerRun(100, func() { p.Line(l, emit) }); n != 0 || kind == event.Unparsed {
			t.Errorf("%s: %v allocations, %s", format, n, kind)
		}
	}
}

// combinedTo returns lines of nginx's combined format with more behind them.
func combinedTo(n int, more string) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("192.0.2.1 - - [23/Nov/2026:07:%02d:%02d +0000] \"GET /n/%d HTTP/1.1\" 200 5 \"-\" \"curl/8\"%s", i/60%60, i%60, i, more))
	}
	return out
}

// TestAutoLayoutChanges puts a field to a log's format in the middle: the new lines are read from the first one on, with
// their duration, and the layout is named.
func TestAutoLayoutChanges(t *testing.T) {
	t.Parallel()
	lines := append(combinedTo(100, ""), combinedTo(100, ` "203.0.113.9" 0.250`)...)
	p, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	kinds, took := map[event.Kind]int{}, 0
	emit := func(r *event.Record) {
		kinds[r.Kind]++
		if r.Duration.OK {
			took++
		}
	}
	for i, s := range lines {
		p.Line(event.Line{Text: s, Number: int64(i + 1), Start: int64(i), End: int64(i + 1)}, emit)
	}
	p.Flush(emit)
	if kinds[event.Request] != 200 || took != 100 {
		t.Errorf("%v, %d with a duration", kinds, took)
	}
	found := Found(p).Formats
	if len(found) != 2 || found[1].Layout != nginxLayouts[0] {
		t.Errorf("it is read by %+v", found)
	}
}

// TestAutoFindsAgain has lines come that only a format reads which is not tried on single lines: after some of them it is
// looked for, in a busy log by their number, in a quiet one by the time. The formats before stay in use.
func TestAutoFindsAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		every    time.Duration
		unparsed int
	}{{0, autoRow}, {10 * time.Second, autoSlow}} {
		p, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		list = append(list, combinedTo(60, "")...)
		for i := range 40 {
			list = append(list, fmt.Sprintf(`{"when":"2026-11-23T07:00:%02dZ","level":"info","message":"tick %d"}`, i, i))
		}
		list = append(list, combinedTo(40, "")...)
		unparsed, requests, at := 0, 0, time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
		emit := func(r *event.Record) {
			switch r.Kind {
			case event.Unparsed:
				unparsed++
			case event.Request:
				requests++
			default:
			}
		}
		for i, s := range list {
			p.Line(event.Line{Text: s, Number: int64(i + 1), Start: int64(i), End: int64(i + 1), Seen: at}, emit)
			at = at.Add(c.every)
		}
		p.Flush(emit)
		name, _ := p.Format()
		if unparsed != c.unparsed || requests != 100 {
			t.Errorf("with a line every %v %d are not understood, and %d requests: %s", c.every, unparsed, requests, name)
		}
	}
}

// lookedAt is a format that counts the bytes it is shown, and knows lines that begin with its mark.
type lookedAt struct {
	oneLine
	mark  string
	bytes int
}

func (g *lookedAt) read(text string, r *event.Record) event.Reason {
	if g.bytes += len(text); g.mark == "" || !strings.HasPrefix(text, g.mark) {
		return event.NoFormat
	}
	r.Kind, r.Message = event.Other, text
	return ""
}

// TestSearchLongLine holds how much of a long line the formats that are not in use look at: its two ends. The one that knows
// it by these reads it whole.
func TestSearchLongLine(t *testing.T) {
	t.Parallel()
	no, yes := &lookedAt{}, &lookedAt{mark: "mark"}
	m := &mixed{all: true, found: func(string, string) {}}
	for i, g := range []*lookedAt{no, yes} {
		m.rest = append(m.rest, idle{own: &reader{name: fmt.Sprint(i), grammar: g, single: true, rec: &event.Record{}}})
	}
	for _, s := range []string{"x" + strings.Repeat("a", MaxLine-2), "mark" + strings.Repeat("b", MaxLine-5)} {
		no.bytes, yes.bytes = 0, 0
		read := 0
		known := m.line(&event.Line{Text: s, End: int64(len(s) + 1), Number: 1}, true, func(r *event.Record) { read = len(r.Message) })
		if want := strings.HasPrefix(s, "mark"); known != want || want && read != len(s) || no.bytes > maxSearch || !want && yes.bytes > maxSearch {
			t.Errorf("%s...: known %v, read %d bytes, looked at %d and %d", s[:5], known, read, no.bytes, yes.bytes)
		}
	}
}

// TestFruitlessLooks reads lines of which no format is known: the more there are, the rarer a format is looked for. Lines
// that are known are found after them.
func TestFruitlessLooks(t *testing.T) {
	t.Parallel()
	a := newAuto(Options{}, plan{envelope: -1, all: true})
	requests, n := 0, int64(0)
	line := func(s string) {
		a.Line(event.Line{Text: s, Start: n, End: n + 1, Number: n + 1}, func(r *event.Record) {
			if r.Exchange {
				requests++
			}
		})
		n++
	}
	const access = `203.0.113.7 - - [22/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 5 "-" "curl/8.5.0"`
	for range 100 {
		line(access)
	}
	for i := range 2 * autoWindow * autoWait {
		line(fmt.Sprintf("~~ %d ~~", i))
	}
	if a.wait != autoWait {
		t.Errorf("after garbage: %d windows until the next look, want %d", a.wait, autoWait)
	}
	for range 100 {
		line(access)
	}
	for range autoWindow * autoWait {
		line(access + " 5 + id")
	}
	if a.wait != 1 {
		t.Errorf("after requests: %d windows until the next look, want 1", a.wait)
	}
	if want := 200 + autoWindow*autoWait; requests != want {
		t.Errorf("%d requests, want %d", requests, want)
	}
}

package parser

import (
	"strings"
	"testing"

	"hangup/event"
)

// explained parses lines and explains those that are unparsed.
func explained(t *testing.T, o Options, lines ...string) []Failure {
	t.Helper()
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	var bad []event.Record
	keep := func(r *event.Record) {
		if r.Kind == event.Unparsed {
			bad = append(bad, *r)
		}
	}
	for i, s := range lines {
		p.Line(event.Line{Text: s, Number: int64(i + 1), Start: int64(i), End: int64(i + 1)}, keep)
	}
	p.Flush(keep)
	x := Explain(p)
	var out []Failure
	for i := range bad {
		out = append(out, x.Record(&bad[i]))
	}
	return out
}

// timedLine is a line of nginx-timed with one part of it replaced.
func timedLine(old, new string) string {
	const line = `192.0.2.1 - - [22/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 5 "-" "curl" rt=0.1 us="-"` + "\n"
	return strings.TrimSuffix(strings.Replace(line, old, new, 1), "\n")
}

// TestExplain damages lines and holds that the place and the missing thing are named.
func TestExplain(t *testing.T) {
	t.Parallel()
	const (
		layout = `$remote_addr [$time_local] "$request" $status $request_time`
		good   = `192.0.2.1 [22/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 0.005`
	)
	own := Options{Layout: layout}
	docker := Options{Format: "docker-json/nginx-combined"}
	for _, c := range []struct {
		name, line string
		o          Options
		format     string
		at         string // the text at which it stopped; "?" when the place is not known
		expected   string // part of it
	}{
		{"a word for a status", strings.Replace(good, " 200 ", " abc ", 1), own, "nginx", "abc 0.005", "$status, which is a number"},
		{"no such month", strings.Replace(good, "Nov", "Nox", 1), own, "nginx", "22/Nox", "$time_local, which is a time"},
		{"a bracket is missing", strings.Replace(good, "[22", "22", 1), own, "nginx", "192.0.2.1 22/Nov", `$remote_addr, and behind it " ["`},
		{"the quote has no end", strings.Replace(good, `1.1"`, `1.1`, 1), own, "nginx", "GET /a", `$request, and behind it`},
		{"it goes on", good + " more", own, "nginx", "0.005 more", "$request_time, which is a number"},
		{"it ends early", good[:strings.LastIndex(good, " 0.0")], own, "nginx", "200", `$status, and behind it " "`},
		{"nothing of it", "<b>", own, "nginx", "<b>", "$remote_addr"},
		{"in an envelope", `{"log":"192.0.2.1 - - [22/Nov/2026:10:00:00 +0000] \"GET /a HTTP/1.1\" abc 5 \"-\" \"-\"\n","stream":"stdout","time":"2026-11-23T07:10:01.9Z"}`, docker, "nginx-combined", "?", "$status, which is a number"},
		{"no envelope", "hello", docker, "docker-json", "hello", "a JSON object"},
		{"half an object", `{"level":"info","ts":`, Options{Format: "caddy-json"}, "caddy-json", "", "JSON"},
		{"other keys", `{"a":1}`, Options{Format: "caddy-json"}, "caddy-json", "?", "the keys "},
		{"by its example", "2026/11/22 10:00:00 [error] nonsense", Options{Format: "nginx-error"}, "nginx-error", "nonsense", "looks like this: "},
		{"of all formats the nearest", `192.0.2.1 - - [22/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1" many 5 "-" "curl"`, Options{}, "", "many", "a number"},
		{"timed, in the layout", timedLine(" 200 ", " many "), Options{Format: "nginx-timed"}, "nginx-timed", "many 5", "$status, which is a number"},
		{"timed, a pair's value", timedLine("rt=0.1", "rt=slow"), Options{Format: "nginx-timed"}, "nginx-timed", "slow", "a value, which is a number"},
		{"timed, no pair", timedLine("rt=0.1", "slow"), Options{Format: "nginx-timed"}, "nginx-timed", " slow", "a pair such as"},
		{"timed, a quote without an end", timedLine(`"-"`+"\n", `"-`), Options{Format: "nginx-timed"}, "nginx-timed", "-", "a quote"},
		{"timed, nothing behind", timedLine(" rt=0.1 us=\"-\"\n", ""), Options{Format: "nginx-timed"}, "nginx-timed", "", "a pair that is known"},
		{"of no format", "\x1b]0;\xff<img>", Options{}, "", "\x1b]0;", "a known format"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			list := explained(t, c.o, c.line)
			if len(list) != 1 {
				t.Fatalf("%d records are unparsed, not one", len(list))
			}
			f := list[0]
			if c.format != "" && f.Format != c.format || !strings.Contains(f.Expected, c.expected) {
				t.Errorf("%+v, want format %s and %q in what is expected", f, c.format, c.expected)
			}
			if c.at == "?" {
				if f.At != -1 {
					t.Errorf("it stopped at %d", f.At)
				}
				return
			}
			if !strings.HasPrefix(f.Rest, c.at) {
				t.Errorf("it stopped at %q, want %q", f.Rest, c.at)
			}
			if f.At >= 0 && !strings.HasPrefix(c.line[f.At:], c.at) {
				t.Errorf("it stopped at byte %d, which is %q", f.At, c.line[f.At:])
			}
		})
	}
}

// TestExplainTakesAnything explains damaged forms of every format's example: the place is within the text.
func TestExplainTakesAnything(t *testing.T) {
	t.Parallel()
	p, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	all := Explain(p)
	for _, f := range Formats() {
		x := all
		if !f.Layout {
			own, err := New(Options{Format: f.Name})
			if err != nil {
				t.Fatal(err)
			}
			x = Explain(own)
		}
		for _, s := range []string{f.Example, f.Example[:len(f.Example)/2], f.Example[1:], "\x00\xff" + f.Example, strings.Repeat("\\\"[", 50), ""} {
			got := x.Record(&event.Record{Text: s, Reason: event.NoFormat})
			if got.At < -1 || got.At > len(s) || got.Expected == "" || len(got.Rest) > maxRest {
				t.Errorf("%s: %q is explained as %+v", f.Name, s, got)
			}
		}
	}
}

// TestAdvise takes layouts that show more and less.
func TestAdvise(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		format, layout, config string
		durations              bool
	}{
		{"nginx", `$remote_addr [$time_local] "$request" $status`, "$request_time $request_completion", false},
		{"nginx", `$remote_addr [$time_local] "$request" $status $request_time`, "$request_completion", true},
		{"nginx", `$remote_addr [$time_local] "$request" $status $request_time $request_completion`, "", true},
		{"apache", `%h %t "%r" %>s %X`, "%D", false},
		{"haproxy", `%ci [%tr] %ST %{+Q}r`, "%Ta %tsc", false},
		{"gunicorn", `%(h)s %(t)s "%(r)s" %(s)s %(D)s`, "", true},
		{"nginx-combined", "", "$request_time", false},
	} {
		a, ok := Advise(c.format, c.layout)
		if ok != (c.config != "") || !strings.Contains(a.Config, c.config) {
			t.Errorf("%s %s: %+v", c.format, c.layout, a)
		}
		if (*UserFormats)(nil).HasDurations(c.format, c.layout) != c.durations {
			t.Errorf("%s %s: durations are %v", c.format, c.layout, !c.durations)
		}
	}
	for name, want := range map[string]string{
		"": "", "docker-json": "", "nginx-combined": "nginx-combined", "docker-json/nginx-error+nginx-combined": "nginx-error nginx-combined",
		"syslog-rfc3164/docker-json/redis": "redis",
	} {
		var have []string
		for _, g := range FormatsOf(name) {
			have = append(have, g.Format)
		}
		if strings.Join(have, " ") != want {
			t.Errorf("the formats of %q are %q", name, have)
		}
	}
	for name := range layoutAdvice {
		if !registry[name].Layout {
			t.Errorf("there is advice for the layouts of %s, which is no dialect", name)
		}
	}
}

// TestExplainUser damages lines of formats that users defined.
func TestExplainUser(t *testing.T) {
	t.Parallel()
	set := userTestFormats(t)
	const good = "2026-11-24 10:00:00.125 ERROR [ab1] 203.0.113.7 GET /a 200 12.5"
	for _, c := range []struct{ format, line, rest, expected string }{
		{"shop-text", strings.Replace(good, "[ab1]", "ab1", 1), "ab1", `"[" of its pattern`},
		{"shop-text", strings.Replace(good, " 200 ", " many ", 1), "many", "what matches (?P<status>"},
		{"shop-text", strings.Replace(good, "GET", "get", 1), "get", "of its pattern"},
		{"shop-text", strings.Replace(good, "12.5", "soon", 1), "soon", "duration_ms, which is a number"},
		{"shop-text", strings.Replace(good, "10:00:00", "10:61:00", 1), "2026-11-24 10:61", "a time"},
		{"shop-text", "", "", "of its pattern"},
		{"shop-json", `{"ts":"2026`, "", "JSON"},
		{"shop-json", "what", "what", "a JSON object"},
		{"shop-json", `{"a":1}`, "", "req.url"},
	} {
		p, err := New(Options{Format: c.format, User: set})
		if err != nil {
			t.Fatal(err)
		}
		x := Explain(p)
		p.Line(event.Line{Text: c.line}, func(*event.Record) {})
		f := x.Record(&event.Record{Text: c.line, Reason: event.NoFormat})
		if !strings.HasPrefix(f.Rest, c.rest) || !strings.Contains(f.Expected, c.expected) {
			t.Errorf("%s %q: %+v, want %q at %q", c.format, c.line, f, c.expected, c.rest)
		}
	}
}

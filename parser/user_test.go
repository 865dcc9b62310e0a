package parser

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"hangup/event"
)

// userTestFormats are a format by a pattern, one by keys of JSON and one whose lines may be anybody's.
func userTestFormats(tb testing.TB) *UserFormats {
	tb.Helper()
	set, err := DefineFormats([]UserFormat{
		{
			Name: "shop-text",
			Pattern: `^(?P<time>\S+ \S+) (?P<level>[A-Z]+) \[(?P<request_id>\w*)\] (?P<client>\S+) (?P<method>[A-Z]+) (?P<path>\S+)` +
				` (?P<status>\d+) (?P<duration_ms>\S+)(?: (?P<message>.*))?$`,
			Time:  []string{"%Y-%m-%d %H:%M:%S.%f", "yyyy-MM-dd HH:mm:ss"},
			Rules: []UserRule{{When: map[string][]string{"status": {"599"}}, Party: event.PartyClient, How: event.HowClosed, Phase: event.PhaseWaiting}},
		},
		{
			Name: "shop-json",
			JSON: map[string][]string{
				"time": {"ts"}, "path": {"req.url"}, "status": {"res.code"}, "duration_s": {"took", "elapsed"}, "message": {"what"},
				"error": {"why"}, "stack": {"trace"}, "outcome": {"outcome"}, "level": {"level"},
			},
			Rules: []UserRule{
				{When: map[string][]string{"outcome": {"gone", "left"}, "status": {"0"}}, Party: event.PartyClient, How: event.HowReset},
				{When: map[string][]string{"message": {"Database"}}},
			},
		},
		{Name: "anything", Pattern: `(?P<message>.*)`},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

// TestUserRecords reads single lines by users' formats.
func TestUserRecords(t *testing.T) {
	t.Parallel()
	set := userTestFormats(t)
	text := func(rest string) string { return "2026-11-24 10:00:00.125 ERROR [ab1] " + rest }
	for _, c := range []struct {
		format, line string
		want         string // kind party how phase, then what printed JSON must hold
		holds        []string
	}{
		{"shop-text", text("203.0.113.7:5123 GET /a?x=1 200 12.5"), "request", []string{
			`"time":"2026-11-24T09:00:00.125Z","zone":"assumed"`, `"client":"203.0.113.7","client_port":5123`, `"path":"/a","query":"x=1"`,
			`"duration_ms":12.5`, `"request_id":"ab1"`, `"level":"ERROR"`,
		}},
		{"shop-text", "2026-11-24 10:00:00 INFO [] - GET / 200 -", "request", []string{`"time":"2026-11-24T09:00:00Z"`}},
		{"shop-text", text("203.0.113.7 GET /a 599 3"), "disconnect client closed waiting", nil},
		{"shop-text", text("203.0.113.7 GET /a 499 3"), "disconnect client closed unknown", nil},
		{
			"shop-text", text("203.0.113.7 GET /a 200 3 write tcp 10.0.0.1:80->203.0.113.9:4312: write: broken pipe"), "disconnect client broken_pipe response",
			[]string{`"client":"203.0.113.7"`, `"path":"/a"`},
		},
		{"shop-text", text("203.0.113.7 GET /broken-pipe 200 3 served /reset from the cache of broken pipes"), "request", nil},
		{"shop-text", "2026-99-24 10:00:00 INFO [] - GET / 200 -", "bad_time", nil},
		{"shop-text", text("203.0.113.7 GET /a 200 fast"), "bad_number", nil},
		{"shop-text", "hello", "no_format", nil},
		{
			"shop-json", `{"ts":1795510800.5,"req":{"url":"/a?b=1"},"res":{"code":200},"elapsed":0.25,"what":"ok"}`, "request",
			[]string{`"time":"2026-11-24T09:00:00.5Z"`, `"query":"b=1"`, `"duration_ms":250`},
		},
		{"shop-json", `{"ts":1795510800.5,"req":{"url":"/a"},"res":{"code":200},"took":"1.5s"}`, "request", []string{`"duration_ms":1500`}},
		{"shop-json", `{"ts":1795510800.5,"req":{"url":"/a"},"res":{"code":0},"took":3,"outcome":"left"}`, "disconnect client reset unknown", []string{`"status":0`}},
		{"shop-json", `{"ts":1795510800.5,"req":{"url":"/a"},"res":{"code":500},"what":"failed"}`, "other", nil}, // an error's context
		{"shop-json", `{"ts":1795510800.5,"what":"send failed","why":"write: broken pipe"}`, "disconnect unknown broken_pipe response", nil},
		{"shop-json", `{"ts":1795510800.5,"what":"database: connection reset by peer"}`, "other", nil},
		{
			"shop-json", `{"ts":1795510800.5,"what":"failed","trace":"java.io.IOException: Broken pipe\n\tat org.apache.catalina.connector.OutputBuffer.flush(X.java:1)"}`,
			"disconnect client broken_pipe response", nil,
		},
		{"shop-json", `{"ts":1795510800.5,"what":"response failed","why":"read ECONNRESET"}`, "disconnect unknown reset unknown", nil},
		{"shop-json", `{"what":"no time","why":"x"}`, "no_format", nil},
		{"shop-json", `{"ts":1795510800.5}`, "no_format", nil},
		{"anything", "Client ('127.0.0.31', 52929) disconnected", "disconnect client closed unknown", []string{`"client":"127.0.0.31"`}},
		{"anything", strings.Repeat("é", 40<<10), "other", nil},
	} {
		zone := time.FixedZone("", 3600)
		p, err := New(Options{Format: c.format, Zone: zone, User: set})
		if err != nil {
			t.Fatal(err)
		}
		feed(p, []byte(c.line), func(r *event.Record) {
			got := strings.TrimSpace(fmt.Sprint(r.Kind, " ", r.Party, " ", r.How, " ", r.Phase))
			if r.Kind == event.Unparsed {
				got = string(r.Reason)
			}
			b, _ := r.MarshalJSON()
			if got != c.want {
				t.Errorf("%s: %.200s is %q, want %q", c.format, c.line, got, c.want)
			}
			for _, s := range c.holds {
				if !strings.Contains(string(b), s) {
					t.Errorf("%s: %.200s gives %s, without %s", c.format, c.line, b, s)
				}
			}
		})
	}
}

// TestUserTimes reads times by layouts of both kinds.
func TestUserTimes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ layout, text, want string }{
		{"", "22/Nov/2026:10:00:00 +0100", "2026-11-22T09:00:00Z"},
		{"", "1795510800123", "2026-11-24T09:00:00.123Z"},
		{"%d.%m.%Y %H:%M:%S", "24.11.2026 09:00:00", "2026-11-24T09:00:00Z"},
		{"dd.MM.yyyy HH:mm:ss,SSS Z", "24.11.2026 10:00:00,5 +0100", "2026-11-24T09:00:00.5Z"},
		{"%b %e %H:%M:%S.%f", "Nov  4 09:00:00.25", "2026-11-04T09:00:00.25Z"}, // the year in which it was read
		{"%s.%f", "1795510800.123", "2026-11-24T09:00:00.123Z"},
		{"%H:%M:%S", "09:00:00", ""},
		{"%Y-%m-%d", "24.11.2026", "bad_time"},
		{"%Y-%m-%d", "2026-11-24 and more", "bad_time"},
	} {
		u := UserFormat{Name: "x", Pattern: `^\[(?P<time>.*)\]$`}
		if c.layout != "" {
			u.Time = []string{c.layout}
		}
		set, err := DefineFormats([]UserFormat{u})
		if err != nil {
			t.Fatal(err)
		}
		p, err := New(Options{Format: "x", User: set})
		if err != nil {
			t.Fatal(err)
		}
		feed(p, []byte("["+c.text+"]"), func(r *event.Record) {
			got := string(r.Reason)
			if got == "" && !r.Time.IsZero() {
				got = r.Time.Format(time.RFC3339Nano)
			}
			if got != c.want {
				t.Errorf("%s of %s is %q, want %q", c.text, c.layout, got, c.want)
			}
		})
	}
}

// TestUserDetection finds users' formats where they fit, and only there.
func TestUserDetection(t *testing.T) {
	t.Parallel()
	o := Options{User: userTestFormats(t)}
	line := "2026-11-24 10:00:00.125 ERROR [ab1] 203.0.113.7 GET /a 200 12.5 failed"
	trace := []string{"Traceback (most recent call last):", `  File "a.py", line 1, in x`, "BrokenPipeError: [Errno 32] Broken pipe"}
	for _, c := range []struct {
		name  string
		lines []string
		want  string
	}{
		{"its own", append([]string{line, line, line}, trace...), "shop-text"},
		{"its own in an envelope", []string{
			`{"log":"` + line + `\n","stream":"stdout","time":"2026-11-24T10:00:00.1Z"}`, `{"log":"` + line + `\n","stream":"stdout","time":"2026-11-24T10:00:00.1Z"}`,
		}, "docker-json/shop-text"},
		{"beside another", []string{line, line, `203.0.113.7 - - [22/Nov/2026:10:00:00 +0000] "GET /slow HTTP/1.1" 200 12 "-" "curl/8.5.0"`}, "shop-text+nginx-combined"},
		{"JSON", []string{`{"ts":1795510800.5,"req":{"url":"/a?b=1"},"res":{"code":200},"elapsed":0.25,"what":"ok","level":"info"}`}, "shop-json"},
		{"what anybody's lines fit does not win", []string{`203.0.113.7 - - [22/Nov/2026:10:00:00 +0000] "GET /slow HTTP/1.1" 200 12 "-" "curl/8.5.0"`}, "nginx-combined"},
		{"another logger with the same keys", []string{
			`{"level":"info","ts":1795510800.5,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"127.0.0.1","remote_port":"1","client_ip":"127.0.0.1","proto":"HTTP/1.1","method":"GET","host":"a","uri":"/"},"bytes_read":0,"user_id":"","duration":0.1,"size":2,"status":200}`,
		}, "caddy-json"},
	} {
		if d := DetectLog(c.lines, o, seenAt); d.Name() != c.want {
			t.Errorf("%s: %s, want %s", c.name, d.Name(), c.want)
		}
		p, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		feed(p, []byte(strings.Join(c.lines, "\n")), func(r *event.Record) {
			if r.Kind == event.Unparsed {
				t.Errorf("%s: %s", c.name, r.Text)
			}
		})
	}
	if d := DetectLog([]string{line}, Options{}, seenAt); d.Name() == "shop-text" {
		t.Error("a user's format is known without being given")
	}
	if _, err := New(Options{Format: "docker-json/shop-text+nginx-error", User: o.User}); err != nil {
		t.Error(err)
	}
	if _, err := New(Options{Format: "shop-txt", User: o.User}); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "shop-text") {
		t.Errorf("a name that is nearly a user's: %v", err)
	}
}

// TestUserErrors defines formats that are none: the error says where and what.
func TestUserErrors(t *testing.T) {
	t.Parallel()
	when := func(field string, values ...string) []UserRule {
		return []UserRule{{When: map[string][]string{field: values}, Party: event.PartyClient}}
	}
	for _, c := range []struct {
		u    UserFormat
		want string
	}{
		{UserFormat{Name: "a/b", Pattern: `(?P<time>.)`}, `format a/b: a format's name has letters`},
		{UserFormat{Name: "nginx-combined", Pattern: `(?P<time>.)`}, "the name is taken"},
		{UserFormat{Name: "flask", Pattern: `(?P<time>.)`}, "the name is taken"},
		{UserFormat{Name: "auto", Pattern: `(?P<time>.)`}, "the name is taken"},
		{UserFormat{Name: "docker-json", Pattern: `(?P<time>.)`}, "the name is taken"},
		{UserFormat{Name: "x"}, "format x: it needs a pattern, or json:"},
		{UserFormat{Name: "x", Pattern: `(`}, "format x.pattern: error parsing regexp: missing closing )"},
		{UserFormat{Name: "x", Pattern: `(?=a)(?P<time>.)`}, "no look-around"},
		{UserFormat{Name: "x", Pattern: `.*`}, "format x.pattern: it has no named group"},
		{UserFormat{Name: "x", Pattern: `(?P<statsu>.*)`}, `format x.pattern: group "statsu" is not known; did you mean status `},
		{UserFormat{Name: "x", Pattern: `(?P<time>.)`, JSON: map[string][]string{"time": {"t"}}}, "not both"},
		{UserFormat{Name: "x", JSON: map[string][]string{"tiem": {"t"}}}, `format x.json.tiem: field "tiem" is not known; did you mean time`},
		{UserFormat{Name: "x", JSON: map[string][]string{"time": {"t"}, "path": {"t"}}}, `format x.json.time: the key "t" is of another field`},
		{UserFormat{Name: "x", JSON: map[string][]string{"time": {""}}}, `the key of the field is missing`},
		{UserFormat{Name: "x", Pattern: `(?P<time>.)`, Time: []string{"%H", "%Q"}}, `format x.time[1]: the time format "%Q" has %Q`},
		{UserFormat{Name: "x", Pattern: `(?P<time>.)`, Time: []string{"2006-01-02 15:04:05"}}, `is Go's`},
		{UserFormat{Name: "x", Pattern: `(?P<time>.)`, Time: []string{"--"}}, `no part of a time`},
		{UserFormat{Name: "x", Pattern: `(?P<time>.)`, Rules: when("status", "1")}, `format x.disconnect[0].when.status: "status" is no field of this format`},
		{UserFormat{Name: "x", Pattern: `(?P<message>.)`, Rules: when("message", "")}, `the text is empty`},
		{UserFormat{Name: "x", Pattern: `(?P<time>.)`, Rules: []UserRule{{Party: event.PartyClient}}}, `format x.disconnect[0]: it needs when:`},
		{UserFormat{Name: "x", Pattern: `(?P<time>.)`, Rules: []UserRule{{When: map[string][]string{"time": {"1"}}, How: event.HowReset}}}, `party is missing`},
		{UserFormat{Name: "x", Pattern: `^(?P<time>\d+)$`, Example: "no"}, `format x.example: the format does not understand its example: it does not match`},
		{UserFormat{Name: "x", Pattern: `^(?P<time>\w+)$`, Example: "no"}, `its time is not understood`},
	} {
		_, err := DefineFormats([]UserFormat{c.u})
		if _, ok := errors.AsType[*DefinitionError](err); !ok || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %s", c.u, err, c.want)
		}
	}
	u := UserFormat{Name: "x", Pattern: `^(?P<time>\d+)$`, Example: "1795510800"}
	if _, err := DefineFormats([]UserFormat{u, u}); err == nil {
		t.Error("two formats of one name")
	}
}

// FuzzUser feeds users' formats any pattern and any lines: what is accepted must keep the promises of Parser.
func FuzzUser(f *testing.F) {
	f.Add(`^(?P<time>\S+) (?P<client>\S+) (?P<status>\d+) (?P<duration_ms>\S+) (?P<message>.*)`, "%Y", "a", "2026 127.0.0.1 499 1 broken pipe\n\tat x\n")
	f.Add(`(?P<request>.*)(?P<bytes>\d*)(?P<upstream_s>\d*)`, "HH", "a.b", `{"a":{"b":1},"ts":1}`)
	for i, s := range hostile(200) {
		if i%25 != 0 {
			continue
		}
		f.Add(`(?P<path>.*)(?P<message>.*)`, "", "a", s)
	}
	f.Fuzz(func(t *testing.T, pattern, layout, key, log string) {
		u := UserFormat{Name: "x", Pattern: pattern}
		if layout != "" {
			u.Time = []string{layout}
		}
		j := UserFormat{Name: "y", JSON: map[string][]string{"time": {"ts"}, "message": {key}, "status": {"s"}, "client": {"c"}}}
		for _, u := range []UserFormat{u, j} {
			set, err := DefineFormats([]UserFormat{u})
			if err != nil {
				continue
			}
			check(t, Options{Format: u.Name, User: set}, []byte(log))
			check(t, Options{User: set}, []byte(log))
		}
	})
}

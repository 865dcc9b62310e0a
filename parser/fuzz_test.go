package parser

import (
	"bytes"
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hangup/event"
)

// fuzzLayouts are the layouts that the format that needs one is fed with.
var fuzzLayouts = append([]string{
	`$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"`,
	`log_format j escape=json '{"t":"$msec","a":"$remote_addr","r":"$request","s":$status,"u":"$http_user_agent"}';`,
	`$host$request_uri $upstream_addr $upstream_response_time $status`,
}, nginxLayouts...)

// FuzzParse feeds formats, and the detection, any bytes. No parser may panic, the spans of the records must join on to
// each other and cover the input, only disconnects have a party, and a record prints the same twice. All formats in one run hardly
// get past the seeds: tools/fuzz.sh runs each by itself, named by FUZZ_FORMAT.
func FuzzParse(f *testing.F) {
	only := os.Getenv("FUZZ_FORMAT")
	chosen := only
	if i, ok := envelopeNamed(only); ok {
		chosen = envelopes[i].name
	}
	var formats []Options
	for _, o := range everyFormat(f) {
		if chosen == "" || chosen == cmp.Or(o.Format, "auto") {
			formats = append(formats, o)
		}
	}
	if len(formats) == 0 { // another name of one
		formats = []Options{{Format: only}}
	}
	files, err := filepath.Glob("testdata/*.log")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		first, _, _ := bytes.Cut(b, []byte("\n"))
		f.Add(first)
		name, _, _ := strings.Cut(filepath.Base(file), ".")
		if only == "" || only == name {
			f.Add(b[:min(len(b), 4096)])
		}
		for record := range bytes.Lines(b) {
			if only == name {
				f.Add(record)
			}
		}
	}
	for _, s := range hostile(200) {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, log []byte) {
		for _, o := range formats {
			check(t, o, log)
		}
	})
}

// everyFormat returns options for each format, each layout, users' formats, and the detection.
func everyFormat(tb testing.TB) []Options {
	tb.Helper()
	list := []Options{{}}
	for i := range envelopes {
		list = append(list, Options{Format: envelopes[i].name})
	}
	for _, f := range Formats() {
		if !f.Layout {
			list = append(list, Options{Format: f.Name})
		}
	}
	user := userTestFormats(tb)
	for _, f := range user.Formats() {
		list = append(list, Options{Format: f.Name, User: user})
	}
	for _, l := range fuzzLayouts {
		list = append(list, Options{Format: layoutFormat, Layout: l})
	}
	for _, l := range morganLayouts {
		list = append(list, Options{Format: "morgan", Layout: l})
	}
	for _, d := range dialects {
		if layout, err := os.ReadFile("testdata/" + d.Name + ".layout"); err == nil {
			list = append(list, Options{Format: d.Name, Layout: string(layout)})
		}
	}
	return list
}

// check reads a log and fails the test when a promise of Parser is broken.
func check(t *testing.T, o Options, log []byte) {
	t.Helper()
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	at, line, lines := int64(0), int64(0), 0
	feed(p, log, func(r *event.Record) {
		if r.Start != at || r.End <= r.Start || r.Line <= line || r.Lines < 1 {
			t.Fatalf("%+v: record of line %d (%d lines), bytes %d to %d, must begin at line %d, byte %d", o, r.Line, r.Lines, r.Start, r.End, line, at)
		}
		at, line, lines = r.End, r.Line, lines+r.Lines // records of two writers may lie across each other
		if r.Reason == event.ParserPanic {
			t.Fatalf("%+v: panic on %q", o, r.Text)
		}
		if (r.Kind == event.Disconnect) != (r.Party != 0) || (r.Party != 0) != (r.How != 0) || (r.Party != 0) != (r.Phase != 0) {
			t.Fatalf("%+v: a %s of %s, %s, %s: %q", o, r.Kind, r.Party, r.How, r.Phase, r.Text)
		}
		if (r.Kind == event.Unparsed || r.Kind == event.Skipped) != (r.Reason != "") {
			t.Fatalf("%+v: a %s with the reason %q: %q", o, r.Kind, r.Reason, r.Text)
		}
		if r.Exchange && r.Kind != event.Request && r.Kind != event.Disconnect {
			t.Fatalf("%+v: a %s is an exchange: %q", o, r.Kind, r.Text)
		}
		if r.Status != 0 && (r.Status < 100 || r.Status > 999) || r.Bytes.V < 0 || r.Duration.V < 0 || r.UpstreamDuration.V < 0 {
			t.Fatalf("%+v: values out of range: %+v", o, r.Event)
		}
		if !r.Time.IsZero() && (r.Time.Year() < firstYear-1 || r.Time.Year() > lastYear+1) {
			t.Fatalf("%+v: time %v", o, r.Time)
		}
		if r.Kind == event.Unparsed && o.Format != "" && os.Getenv("FUZZ_FORMAT") == "" {
			return // it prints its text, by whatever format it was not understood: the detection's are enough
		}
		a, err := r.MarshalJSON()
		if err != nil {
			t.Fatalf("%+v: print %q: %v", o, r.Text, err)
		}
		if b, _ := r.MarshalJSON(); !bytes.Equal(a, b) {
			t.Fatalf("%+v: prints as %s and as %s", o, a, b)
		}
		checkPrinted(t, r, a)
	})
	if n := bytes.Count(log, []byte("\n")); lines != n && lines != n+1 {
		t.Fatalf("%+v: the records have %d lines, the log %d", o, lines, n)
	}
	if at != int64(len(log)) || p.Open() {
		t.Fatalf("%+v: %d of %d bytes are covered, open %v", o, at, len(log), p.Open())
	}
}

// checkPrinted reads a printed record back: its texts must be those of the record.
func checkPrinted(t *testing.T, r *event.Record, printed []byte) {
	t.Helper()
	var back struct {
		Event                                                                                  string
		Time                                                                                   time.Time
		Client, Method, Path, Query, Protocol, Host, Upstream, Referer, Logger, Level, Message string
		UserAgent                                                                              string `json:"user_agent"`
		RequestID                                                                              string `json:"request_id"`
		Status                                                                                 int
		Bytes                                                                                  int64
		PID                                                                                    int
	}
	if err := json.Unmarshal(printed, &back); err != nil {
		t.Fatalf("%s cannot be read back: %v", printed, err)
	}
	for _, pair := range [][2]string{
		{back.Event, r.Kind.String()},
		{back.Client, r.Client},
		{back.Method, r.Method},
		{back.Path, r.Path},
		{back.Query, r.Query},
		{back.Protocol, r.Protocol},
		{back.Host, r.Host},
		{back.Upstream, r.Upstream},
		{back.Referer, r.Referer},
		{back.Logger, r.Logger},
		{back.Level, r.Level},
		{back.Message, r.Message},
		{back.UserAgent, r.UserAgent},
		{back.RequestID, r.RequestID},
	} {
		if pair[0] != event.Clean(pair[1]) {
			t.Fatalf("%q is printed as %q in %s", pair[1], pair[0], printed)
		}
	}
	if !back.Time.Equal(r.Time) || back.Status != r.Status || back.Bytes != r.Bytes.V || back.PID != r.PID {
		t.Fatalf("time, status, bytes or process differ: %+v is printed as %s", r.Event, printed)
	}
}

// hostile are lines that attackers write: long ones, bytes that are no text, and those on which a scanner that looks
// back, or looks ahead from each place, takes time squared. The long ones have n bytes and a little more.
func hostile(n int) []string {
	combined := `203.0.113.7 - - [22/Nov/2026:10:00:00 +0000] "GET /`
	tail := ` HTTP/1.1" 499 0 "-" "curl/8.5.0"`
	nginxErr := `2026/11/22 10:00:00 [info] 1#1: *1 `
	py := `2026-11-23 07:19:09,128 - server - ERROR - `
	ha := `203.0.113.80:51900 [22/Nov/2026:10:00:01.123] www~ api/s1 0/0/1/-1/5003 -1 0 - - CH-- 1/1/0/0/0 0/0 `
	lines := n / 20
	list := []string{
		"\x00", "\x00\x00\n\x00text", "\xff\xfe\xfd", "\r\n\r\n", strings.Repeat("\n", lines), "{", `{"a":`, `[`, `"`,
		`203.0.113.7 - - [`, combined, py, nginxErr, ha, "Traceback (most recent call last):", rulerLine,
	}
	for _, unit := range []string{
		"a", `"`, `\`, `\"`, `\x22`, " ", ": ", ", ", ", client: ", " while ", " HTTP/1.1", `, host: "`, "lient ", "client disconnected \"",
		"[Errno ", "('", " from ", " /", " - ", " : ", "#22", "{", "}", `{"a":`, "=", `a="b" `, "path=", "1.", "\x00", "\xff", "/?", "$",
	} {
		body := strings.Repeat(unit, n/len(unit))
		list = append(list, body, combined+body+tail, combined+body, nginxErr+body, py+body, ha+body, ha+`"`+body,
			combined+"x"+tail+" rt="+body, `{"time":"`+body+`"}`, `{"status":`+body+`}`, "["+body,
			`{"level":50,"time":1795417801061,"pid":1,"hostname":"h","msg":"`+body+`","err":{"message":"`+body+`","stack":"`+body+`"}}`)
	}
	return append(list,
		strings.Repeat(py+"x\nTraceback (most recent call last):\n  File \"a\"\n", lines),
		py+"x\nTraceback (most recent call last):\n"+strings.Repeat("  File \"socketserver.py\"\n", lines)+"OSError: [Errno 32] Broken pipe\n",
		py+"x\n"+strings.Repeat("\n", lines)+py+"x\n",
		py+"x\nTraceback (most recent call last):\n  a\nOSError: x\n"+strings.Repeat("\n", lines)+contextLine+"\n",
		strings.Repeat(rulerLine+"\n", lines),
		rulerLine+"\nException happened during processing of request from ('1.2.3.4', 5)\n"+strings.Repeat("x\n", lines),
	)
}

// TestHostile reads the hostile lines, by all formats and the detection. With the race detector they are shorter: a parser
// has no goroutine.
func TestHostile(t *testing.T) {
	t.Parallel()
	n := 5000
	if raceDetector {
		n = 1000
	}
	for _, o := range everyFormat(t) {
		t.Run(cmp.Or(o.Format, "auto"), func(t *testing.T) {
			t.Parallel()
			for _, log := range hostile(n) {
				check(t, o, []byte(log))
			}
		})
	}
}

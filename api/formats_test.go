package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hangup/api"
	"hangup/event"
	"hangup/parser"
	"hangup/store"
)

// excerpts are the sources' lines in these tests.
type excerpts map[int64]struct {
	lines   []event.Line
	options parser.Options
	err     error
}

func (e excerpts) Excerpt(source int64) ([]event.Line, parser.Options, error) {
	x, ok := e[source]
	if !ok {
		return nil, parser.Options{}, store.ErrNotFound
	}
	return x.lines, x.options, x.err
}

// post sends a body to a path and reads the answer, which must be a good one.
func post[T any](t *testing.T, s *server, path string, body any) T {
	t.Helper()
	w := send(t, s, path, body)
	if w.Code != http.StatusOK {
		t.Fatalf("POST %s answers %d: %s\n%s", path, w.Code, w.Body, s.said())
	}
	var v T
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func send(t *testing.T, s *server, path string, body any) *httptest.ResponseRecorder {
	t.Helper()
	b, ok := body.(string)
	if !ok {
		j, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		b = string(j)
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(b))
	r.Host = "localhost:8080"
	r.Header.Set("Content-Type", "application/json")
	return s.ask(t, r)
}

const (
	detect = "/api/v1/formats/detect"
	try    = "/api/v1/formats/test"
)

// timed are lines of nginx with $request_time, of one second each.
func timed(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "192.0.2.%d - - [09/Mar/2026:11:00:%02d +0100] \"GET /a%d HTTP/1.1\" %d 512 \"-\" \"curl/8\" rt=0.%03d uct=\"0.001\" uht=\"0.002\" urt=\"0.002\" us=\"200\"\n",
			1+i%200, i%60, i, 200+299*(i%2), 17+i)
	}
	return b.String()
}

func TestListFormats(t *testing.T) {
	t.Parallel()
	list := get[api.FormatList](t, serverOn(t, nil), "/api/v1/formats")
	if len(list.Items) != len(parser.Formats()) || len(list.Envelopes) != len(parser.Envelopes()) {
		t.Fatalf("%d formats and %d envelopes", len(list.Items), len(list.Envelopes))
	}
	for _, f := range list.Items {
		if f.Name == "nginx-combined" && (f.Advice == nil || !strings.Contains(*f.Advice.Config, "$request_time") || f.Durations) {
			t.Errorf("%+v", f)
		}
	}
}

// TestDetect looks at pasted lines: a format alone, several in one log, an envelope, and none.
func TestDetect(t *testing.T) {
	t.Parallel()
	s := serverOn(t, nil)
	d := post[api.FormatDetection](t, s, detect, map[string]any{"text": timed(30)})
	if d.Name != "nginx-timed" || d.Lines != 30 || d.Share != 1 || len(d.Formats) != 1 || *d.Formats[0].Summary == "" || d.Truncated {
		t.Errorf("%+v", d)
	}
	if d.Times.Zone != api.LogTimesZoneStated || d.Times.Assumed != nil || !d.Times.First.Equal(time.Date(2026, 3, 9, 10, 0, 0, 0, time.UTC)) {
		t.Errorf("its times are %+v", d.Times)
	}
	if d.Durations.Records != 30 || *d.Durations.TickMs != 1 {
		t.Errorf("its durations are %+v", d.Durations)
	}
	if len(d.Advice) != 1 || !strings.Contains(*d.Advice[0].Config, "$request_completion") {
		t.Errorf("the advice is %+v", d.Advice)
	}

	// Of combined lines nobody can say whose they are: the ties are shown.
	combined := strings.Repeat("192.0.2.1 - - [09/Mar/2026:11:00:00 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"curl/8\"\n", 10)
	d = post[api.FormatDetection](t, s, detect, map[string]any{"text": combined})
	ties := 0
	for _, o := range d.Others {
		if o.Tie {
			ties++
		}
	}
	if d.Name == "" || ties == 0 || d.Durations.Records != 0 || d.Durations.TickMs != nil {
		t.Errorf("%+v", d)
	}

	// An access log and an error log on one console, in Docker's envelope; the error log's times have no zone.
	var mixed strings.Builder
	for l := range strings.SplitSeq(strings.TrimSpace(combined), "\n") {
		for _, inner := range []string{l, "2026/03/09 11:00:01 [info] 7#7: *3 client 192.0.2.9 closed keepalive connection"} {
			b, _ := json.Marshal(map[string]string{"log": inner + "\n", "stream": "stdout", "time": "2026-03-09T11:00:01.5Z"})
			mixed.Write(append(b, '\n'))
		}
	}
	d = post[api.FormatDetection](t, s, detect, map[string]any{"text": mixed.String(), "timezone": "Europe/Berlin"})
	if *d.Envelope != "docker-json" || len(d.Formats) != 2 || d.Times.Zone != api.LogTimesZoneMixed || *d.Times.Assumed != "Europe/Berlin" {
		t.Errorf("%+v", d)
	}

	d = post[api.FormatDetection](t, s, detect, map[string]any{"text": "\x00\x01 nothing\n<script>alert(1)</script>\n\n"})
	if d.Name != "" || len(d.Formats) != 0 || d.Confidence != 0 || d.Times.Zone != api.LogTimesZoneNone {
		t.Errorf("%+v", d)
	}
	d = post[api.FormatDetection](t, s, detect, map[string]any{"text": ""})
	if d.Name != "" || d.Lines != 0 {
		t.Errorf("%+v", d)
	}
}

// TestFormatTest reads pasted lines: what was understood, and where the reading stopped.
func TestFormatTest(t *testing.T) {
	t.Parallel()
	s := serverOn(t, nil)
	const layout = `$remote_addr [$time_local] "$request" $status $request_time`
	lines := []string{
		`192.0.2.1 [09/Mar/2026:11:00:00 +0000] "GET /a?q=1 HTTP/1.1" 200 0.005`,
		`192.0.2.2 [09/Mar/2026:11:00:01 +0000] "GET /b HTTP/1.1" 499 2.000`,
		``,
		"192.0.2.3 [09/Mar/2026:11:00:01 +0000] \"GET /\u00fc<img src=x> HTTP/1.1\" many 2.000",
	}
	got := post[api.FormatTest](t, s, try, map[string]any{"text": strings.Join(lines, "\n"), "layout": layout})
	want := api.FormatTest{
		Name: "nginx", Confidence: 1, Lines: 4,
		Records: api.SourceRecords{Read: 4, Request: 1, Disconnect: 1, Unparsed: 1, Skipped: 1},
		Items: []api.TestedRecord{
			{Line: 1, Lines: 1, Kind: "request", Format: new("nginx"), Text: lines[0], Fields: map[string]any{
				"time": "2026-03-09T11:00:00Z", "client": "192.0.2.1", "method": "GET", "path": "/a", "query": "q=1", "protocol": "HTTP/1.1", "status": 200.0, "duration_ms": 5.0,
			}},
			{Line: 2, Lines: 1, Kind: "disconnect", Format: new("nginx"), Text: lines[1], Party: new("client"), How: new("closed"), Phase: got.Items[1].Phase, Fields: map[string]any{
				"time": "2026-03-09T11:00:01Z", "client": "192.0.2.2", "method": "GET", "path": "/b", "protocol": "HTTP/1.1", "status": 499.0, "duration_ms": 2000.0,
			}},
			{Line: 3, Lines: 1, Kind: "skipped", Reason: new("blank"), Fields: map[string]any{}},
			{Line: 4, Lines: 1, Kind: "unparsed", Reason: new("bad_number"), Text: lines[3], Fields: map[string]any{}, Stopped: &api.ParseStop{
				Format: new("nginx"), At: new(len([]rune(strings.SplitN(lines[3], "many", 2)[0]))), Expected: "$status, which is a number", Rest: new("many 2.000"),
			}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := post[api.FormatTest](t, s, try, map[string]any{"text": timed(3) + "Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\nBrokenPipeError: [Errno 32] Broken pipe\n"}); got.Records.Disconnect != 2 || *got.Items[3].Format == "nginx-timed" || got.Items[3].Lines != 3 {
		t.Errorf("of several formats: %+v", got)
	}
}

// TestFormatsOfASource takes the lines of a source, and its settings where none are given.
func TestFormatsOfASource(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	var lines []event.Line
	for i := range 2000 {
		text := fmt.Sprintf("2026/03/09 11:00:%02d [error] 7#7: *%d upstream timed out (110: Connection timed out) while reading response header from upstream, client: 192.0.2.9, server: a, request: \"GET /b HTTP/1.1\"", i%60, i)
		lines = append(lines, event.Line{Text: text, Start: int64(1000 * i), End: int64(1000*i + 1000 - i%2)})
	}
	x := excerpts{1: {lines: lines, options: parser.Options{Format: "nginx-error", Zone: berlin}}, 2: {}, 3: {err: errors.New("open /log/x: permission denied")}}
	s := serverOn(t, nil, func(o *api.Options) { o.Excerpts = x })
	got := post[api.FormatTest](t, s, try, map[string]any{"source": "1"})
	if got.Name != "nginx-error" || got.Lines != 1000 || !got.Truncated || len(got.Items) != 500 || got.Items[0].Fields["time"] != "2026-03-09T10:00:00Z" {
		t.Errorf("%s, %d lines, %d records, %v", got.Name, got.Lines, len(got.Items), got.Items[0].Fields)
	}
	if got := post[api.FormatTest](t, s, try, map[string]any{"source": "1", "format": "nginx-combined"}); got.Records.Unparsed != 500 {
		t.Errorf("by another format: %+v", got.Records)
	}
	if d := post[api.FormatDetection](t, s, detect, map[string]any{"source": "1"}); d.Name != "nginx-error" || !d.Truncated || *d.Times.Assumed != "Europe/Berlin" {
		t.Errorf("%+v", d)
	}
	if d := post[api.FormatDetection](t, s, detect, map[string]any{"source": "2"}); d.Lines != 0 {
		t.Errorf("%+v", d)
	}
	for source, code := range map[string]int{"3": 409, "4": 404, "x": 404, "../../etc/passwd": 404} {
		if w := send(t, s, detect, map[string]any{"source": source}); w.Code != code {
			t.Errorf("source %s answers %d: %s", source, w.Code, w.Body)
		}
	}
	if w := send(t, serverOn(t, nil), detect, map[string]any{"source": "1"}); w.Code != 409 {
		t.Errorf("a process without sources answers %d", w.Code)
	}
}

// TestFormatsRefuse sends what is not as the contract says.
func TestFormatsRefuse(t *testing.T) {
	t.Parallel()
	s := serverOn(t, nil)
	for _, c := range []struct {
		body string
		code int
		part string
	}{
		{`{}`, 400, "either text or source"},
		{`{"text":"a","source":"1"}`, 400, "either text or source"},
		{`{"text":"a","layuot":"x"}`, 400, "no key"},
		{`{"text":5}`, 400, "text: it is a JSON number"},
		{`{"text":"a"} {}`, 400, "something follows"},
		{`{"text":`, 400, "not the JSON"},
		{``, 400, "not the JSON"},
		{`{"text":"a","timezone":"<b>"}`, 400, "not an IANA time zone"},
		{`{"text":"` + strings.Repeat("a", 300<<10) + `"}`, 413, "too large"},
	} {
		for _, path := range []string{detect, try} {
			w := send(t, s, path, c.body)
			if w.Code != c.code || !strings.Contains(w.Body.String(), c.part) {
				t.Errorf("POST %s %.60s answers %d: %s", path, c.body, w.Code, w.Body)
			}
		}
	}
	for body, part := range map[string]string{
		`{"text":"a","format":"ngnix-combined"}`: "did you mean nginx-combined",
		`{"text":"a","layout":"$status$status"}`: "where one ends cannot be known",
		`{"text":"a","format":"nginx"}`:          "needs a layout",
	} {
		if w := send(t, s, try, body); w.Code != 400 || !strings.Contains(w.Body.String(), part) {
			t.Errorf("POST %s answers %d: %s", body, w.Code, w.Body)
		}
	}
	// A page of another site can send a form or text without asking, but no JSON.
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"} {
		r := httptest.NewRequest(http.MethodPost, detect, bytes.NewReader([]byte(`{"text":"a"}`)))
		r.Host = "localhost:8080"
		r.Header.Set("Content-Type", kind)
		if w := s.ask(t, r); w.Code != http.StatusUnsupportedMediaType {
			t.Errorf("a body of the type %q answers %d", kind, w.Code)
		}
	}
}

// TestHostileLines tests what lines may hold: all of it is an answer of the contract, and short.
func TestHostileLines(t *testing.T) {
	t.Parallel()
	s := serverOn(t, nil)
	for _, text := range []string{
		"\x00\x00\x00", "\xff\xfe\xfd", strings.Repeat("a", 200<<10), strings.Repeat("\n", 100<<10), strings.Repeat("{\n", 50<<10), strings.Repeat(`{"a":`, 25<<10),
		"</script><script>alert(1)</script>", strings.Repeat("x\n", 60<<10), strings.Repeat("\tat a.b(C.java:1)\n", 5000), "\u202egnp.exe", strings.Repeat("[\"\\", 30<<10),
	} {
		for _, path := range []string{detect, try} {
			w := send(t, s, path, map[string]any{"text": text})
			if w.Code != http.StatusOK || w.Body.Len() > 1<<20 {
				t.Errorf("POST %s %.20q answers %d with %d bytes", path, text, w.Code, w.Body.Len())
			}
			if strings.Contains(w.Body.String(), "<script") {
				t.Errorf("POST %s gives markup", path)
			}
		}
	}
}

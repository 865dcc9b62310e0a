package parser

import (
	"encoding/json"
	"strings"
	"testing"
)

// appRecord returns what a record of an application's log says, in one line.
func appRecord(m map[string]any) string {
	var b strings.Builder
	for _, key := range []string{"event", "party", "how", "phase", "reason"} {
		if v, ok := m[key].(string); ok {
			if b.Len() > 0 {
				b.WriteByte('/')
			}
			b.WriteString(v)
		}
	}
	for _, key := range []string{"client", "method", "path", "status", "duration_ms", "request_id", "level", "upstream", "lines"} {
		if v, ok := m[key]; ok && v != 1.0 {
			b.WriteString(" " + key + "=" + strings.TrimSuffix(jsonText(v), ".0"))
		}
	}
	return b.String()
}

// testRecords reads logs of a format and compares the records in the form of appRecord.
func testRecords(t *testing.T, format string, tests []recordTest) {
	t.Helper()
	for _, tt := range tests {
		var got []string
		for _, m := range records(t, []byte(tt.log), Options{Format: format}) {
			got = append(got, appRecord(m))
		}
		if strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
			t.Errorf("%s:\n%s\ngives\n%s\nwant\n%s", format, tt.log, strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
		}
	}
}

type recordTest struct {
	log  string
	want []string
}

const goPanic = `goroutine 33 [running]:
net/http.(*conn).serve.func1()
	/usr/local/go/src/net/http/server.go:1898 +0xbe
panic({0x6a5d20?, 0x75f2a0?})
	/usr/local/go/src/runtime/panic.go:770 +0x132
main.h({0x761a40, 0xc0001ac000}, 0xc0001a8000)
	/srv/app/main.go:40 +0x1b4
created by net/http.(*Server).Serve in goroutine 1
	/usr/local/go/src/net/http/server.go:3285 +0x4b4
`

func TestGoStdlog(t *testing.T) {
	t.Parallel()
	const at = "2026/11/23 07:14:07 "
	testRecords(t, "go-stdlog", []recordTest{
		{at + "http: panic serving 127.0.0.16:41234: boom: not a disconnect\n" + goPanic + at + "next\n", []string{"other client=127.0.0.16 lines=10", "other"}},
		{at + "http: panic serving [::1]:41234: write tcp [::1]:8080->[::1]:41234: write: broken pipe\n" + goPanic, []string{"disconnect/client/broken_pipe/response client=::1 lines=10"}},
		{"panic: boom\n\ngoroutine 1 [running]:\nmain.main()\n\t/srv/app/main.go:5 +0x1d\nexit status 2\n" + at + "up\n", []string{"other level=PANIC lines=6", "other"}},
		{"\t/srv/app/main.go:5 +0x1d\nmain.main()\n\t/srv/app/main.go:9 +0x1d\n" + at + "up\n", []string{"unparsed/continuation lines=3", "other"}},
		{"api: 2026/11/23 07:14:07.123456 main.go:23: GET /slow: context canceled\n", []string{"disconnect/client/closed/waiting method=GET path=/slow"}},
		{"[api] 2026/11/23 07:14:07 [ERROR] redis: read tcp 10.0.0.7:51122->10.0.0.9:6379: i/o timeout\n", []string{"disconnect/upstream/timeout/waiting level=ERROR upstream=10.0.0.9:6379"}},
		{at + "INFO request done method=GET path=/fast status=200 request_id=7f\n", []string{"other method=GET path=/fast request_id=7f level=INFO"}},
		{at + "request timed out: GET /slow: context deadline exceeded\n", []string{"disconnect/server/timeout/waiting method=GET path=/slow"}},
		{at + "http: TLS handshake error from 203.0.113.7:51234: EOF\n", []string{"disconnect/client/closed/request client=203.0.113.7"}},
		{at + "http: response.Write on hijacked connection from main.h (main.go:36)\n", []string{"other"}},
		{at + "GET /docs/broken-pipe 200 \"curl: broken pipe checker\"\n", []string{"other method=GET path=/docs/broken-pipe"}},
		{"2026/13/23 07:14:07 x\n", []string{"unparsed/bad_time"}},
		{"2026/11/22 10:00:08 [info] 2312#2312: *1009 client prematurely closed connection\n", []string{"unparsed/no_format"}},
		{"2026/11/22 10:00:08.123\tERROR\thttp.handlers.reverse_proxy\tx\n", []string{"unparsed/no_format"}},
		{"Nov 23 07:14:07 web-1 api[7]: 2026/11/23 07:14:07 x\n", []string{"unparsed/no_format"}},
	})
}

func TestChi(t *testing.T) {
	t.Parallel()
	testRecords(t, "chi", []recordTest{
		{`2026/11/23 07:14:19 "GET http://shop.example/fast HTTP/1.1" from [::1]:58363 - 200 5B in 38.577µs` + "\n", []string{"request client=::1 method=GET path=/fast status=200 duration_ms=0.038577"}},
		{
			"2026/11/23 07:14:19 [h/x-1] \x1b[36m\"\x1b[0m\x1b[35mGET \x1b[0m\x1b[36mhttp://shop.example/fast HTTP/1.1\" \x1b[0mfrom 203.0.113.7:5 - \x1b[32m200\x1b[0m\x1b[34m 5B\x1b[0m in \x1b[32m38.577µs\x1b[0m\n",
			[]string{"request client=203.0.113.7 method=GET path=/fast status=200 duration_ms=0.038577 request_id=h/x-1"},
		},
		{
			`2026/11/23 07:14:19 [h/x-2] "GET http://shop.example/slow HTTP/2.0" from 203.0.113.7:5 - 000 0B in 1m0.5s` + "\n2026/11/23 07:14:19 GET /slow: context canceled\n",
			[]string{"disconnect/unknown/unknown/waiting client=203.0.113.7 method=GET path=/slow status=0 duration_ms=60500 request_id=h/x-2", "disconnect/client/closed/waiting method=GET path=/slow"},
		},
		{
			"\n \x1b[31;1mpanic: boom\x1b[0m\n \n -> \x1b[33;1mmain.h\x1b[0m\n ->   /srv/app/main.go:40\n\n    net/http.HandlerFunc.ServeHTTP\n      /usr/local/go/src/net/http/server.go:2136\n2026/11/23 07:14:19 next\n",
			[]string{"other level=PANIC lines=7", "other"},
		},
		{`2026/11/23 07:14:19 [h/x-1] "GET http://shop.example/fast HTTP/1.1" from 203.0.113.7:5 - 200 in 38.577µs` + "\n", []string{"unparsed/no_format"}},
		{
			`2026/11/23 07:14:19 [h/x-1] "GET http://shop.example/broken-pipe HTTP/1.1" from 203.0.113.7:5 - 499 0B in 3s` + "\n",
			[]string{"request client=203.0.113.7 method=GET path=/broken-pipe status=499 duration_ms=3000 request_id=h/x-1"},
		},
	})
}

func TestGin(t *testing.T) {
	t.Parallel()
	const get = `[GIN] 2026/11/23 - 07:14:20 | 200 |  299.61ms |     203.0.113.7 | GET      "/slow"` + "\n"
	const wasGet = "request client=203.0.113.7 method=GET path=/slow status=200 duration_ms=299.61"
	testRecords(t, "gin", []recordTest{
		{get + get, []string{wasGet, wasGet}},
		{get + "\n\n" + get, []string{wasGet, wasGet}},
		{"[GIN] 2018/01/05 - 14:19:35 | 200 |      1.2ms | ::1 | GET      /ping?a=b\n", []string{"request client=::1 method=GET path=/ping status=200 duration_ms=1.2"}},
		{"[GIN] 2026/11/23 - 07:14:20 |\x1b[97;42m 200 \x1b[0m|      299.61ms |     203.0.113.7 |\x1b[97;44m GET     \x1b[0m \"/slow\"\n", []string{wasGet}},
		{
			get + "Error #01: context canceled\n     Meta: map[a:b]\nError #02: sql: no rows\n" + get,
			[]string{"disconnect/client/closed/waiting client=203.0.113.7 method=GET path=/slow status=200 duration_ms=299.61 lines=4", wasGet},
		},
		{
			get + "Error #01: sql: no rows\nError #02: write tcp 10.0.0.7:8080->203.0.113.7:5122: write: broken pipe\n",
			[]string{"disconnect/client/broken_pipe/response client=203.0.113.7 method=GET path=/slow status=200 duration_ms=299.61 lines=3"},
		},
		{
			get + "Error #01: redis: read tcp 10.0.0.7:51122->10.0.0.9:6379: i/o timeout\n",
			[]string{"disconnect/upstream/timeout/waiting client=203.0.113.7 method=GET path=/slow status=200 duration_ms=299.61 upstream=10.0.0.9:6379 lines=2"},
		},
		{
			"[GIN-debug] [WARNING] Running in \"debug\" mode. Switch to \"release\" mode in production.\n - using env:\texport GIN_MODE=release\n - using code:\tgin.SetMode(gin.ReleaseMode)\n\n" + get,
			[]string{"other level=DEBUG lines=3", wasGet},
		},
		{
			"\n\n\x1b[31m2026/11/23 07:14:23 [Recovery] 2026/11/23 - 07:14:23 panic recovered:\nGET /boom HTTP/1.1\r\nHost: shop.example\r\n\r\n\nboom\n/srv/app/main.go:40 (0x6f)\n\tmain.h: panic(\"boom\")\n\x1b[0m\n" + get,
			[]string{"other method=GET path=/boom lines=9", wasGet},
		},
		{"2026/11/23 07:14:23 [Recovery] 2026/11/23 - 07:14:23 panic recovered:\nboom\n/srv/app/main.go:40 (0x6f)\n\tmain.h: panic(\"boom\")\n" + get, []string{"other lines=4", wasGet}},
		{"2026/11/23 07:14:23 Listening\n" + get, []string{"other", wasGet}},
		{"[GIN] 2026/11/23 - 07:14:20 | 200 | soon | 203.0.113.7 | GET \"/slow\"\n", []string{"unparsed/bad_number"}},
		{"hello\n", []string{"unparsed/no_format"}},
	})
}

func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return strings.Trim(string(b), `"`)
}

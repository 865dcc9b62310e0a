package parser

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestDialects holds which dialect a layout is taken for, as users have it, and what it makes of a line.
func TestDialects(t *testing.T) {
	t.Parallel()
	const combined = `203.0.113.7 - - [22/Nov/2026:10:00:00 +0000] "GET /a?x=1 HTTP/1.1" 200 5 "-" "curl/8.5.0"`
	plain := map[string]any{"client": "203.0.113.7", "path": "/a", "query": "x=1", "status": 200.0, "bytes": 5.0, "user_agent": "curl/8.5.0", "time": "2026-11-22T10:00:00Z"}
	tests := []struct {
		dialect, layout, line string
		want                  map[string]any
	}{
		{"apache", `%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"`, combined, plain},
		{"apache", `%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"`, combined, plain},
		{"apache", `LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"" combined`, combined, plain},
		{"apache", `CustomLog ${APACHE_LOG_DIR}/access.log "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"" env=!x`, combined, plain},
		{"apache", `CustomLog "|/usr/bin/rotatelogs /a 1" '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"'`, combined, plain},
		{"apache", `%400,501h - %u %t "%r" %s/%>s %b`, `203.0.113.7 - - [22/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200/404 5`, map[string]any{"status": 404.0}},
		{"apache", `%{sec}t %{usec_frac}t %a %>s %{ms}T %%`, `1795341600 250000 203.0.113.7 200 12 %`, map[string]any{"time": "2026-11-22T10:00:00.25Z", "duration_ms": 12.0}},
		{"apache", `%{end:usec}t %a %>s %{us}T`, `1795341600250000 203.0.113.7 200 12`, map[string]any{"time": "2026-11-22T10:00:00.25Z", "duration_ms": 0.012}},
		{"apache", `{"t":"%{%FT%T%z}t","a":"%a","r":"%r","s":%>s,"u":"%{User-Agent}i"}`, `{"t":"2026-11-22T11:00:00+0100","a":"::1","r":"GET / HTTP/1.1","s":200,"u":"a\"b"}`, map[string]any{"time": "2026-11-22T10:00:00Z", "client": "::1", "user_agent": `a"b`}},
		{"apache", `%{X-Forwarded-For}i %>s "%r"`, `198.51.100.7, 10.0.0.1 200 "GET / HTTP/1.1"`, map[string]any{"client": "198.51.100.7", "path": "/"}},
		{"tomcat", `server.tomcat.accesslog.pattern=%h %l %u %t "%r" %s %b "%{Referer}i" "%{User-Agent}i"`, combined, plain},
		{"tomcat", `<Valve className="org.apache.catalina.valves.AccessLogValve" pattern="%h %l %u %t &quot;%r&quot; %s %b &quot;%{Referer}i&quot; &quot;%{User-Agent}i&quot;" />`, combined, plain},
		{"tomcat", `%{yy-M-d h:mm:ss a}t %F %s`, `26-11-2 1:02:03 PM 5 200`, map[string]any{"time": "2026-11-02T13:02:03Z", "zone": "assumed"}},
		{"jetty", `%{client}a - %u %t "%r" %s %O "%{Referer}i" "%{User-Agent}i"`, combined, plain},
		{"gunicorn", `%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"`, combined, plain},
		{"gunicorn", `--access-logformat "%(h)s %(l)s %(u)s %(t)s \"%(r)s\" %(s)s %(b)s \"%(f)s\" \"%(a)s\""`, combined, plain},
		{"uwsgi-layout", `logformat = %(addr) - %(user) [%(ltime)] "%(method) %(uri) %(proto)" %(status) %(size) "%(referer)" "%(uagent)"`, combined, plain},
		{"morgan", `combined`, combined, plain},
		{"morgan", `:remote-addr - :remote-user [:date[clf]] ":method :url HTTP/:http-version" :status :res[content-length] ":referrer" ":user-agent"`, combined, plain},
		{"morgan", `:date :status :method :url`, `Sun, 22 Nov 2026 10:00:00 GMT 200 GET /a`, map[string]any{"time": "2026-11-22T10:00:00Z", "path": "/a"}},
		{"varnish", `varnishncsa -F '%h %l %u %t "%r" %s %b "%{Referer}i" "%{User-agent}i" %{Varnish:hitmiss}x'`, strings.Replace(combined, "/a?", "http://shop.example/a?", 1) + " hit", plain},
		{"nginx", `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"`, combined, plain},
		{"nginx", `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent`, `203.0.113.7 - a [b] c [22/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 5`, map[string]any{"status": 200.0}},
	}
	for _, tt := range tests {
		o := Options{Layout: tt.layout}
		if tt.layout == "combined" {
			o.Format = tt.dialect
		} else if got := dialectOf(tt.layout); got != tt.dialect {
			t.Errorf("%s: dialect %s, want %s", tt.layout, got, tt.dialect)
			continue
		}
		r := records(t, []byte(tt.line), o)[0]
		for key, w := range tt.want {
			if !same(key, w, r[key]) {
				t.Errorf("%s: %s is %v, want %v (%v)", tt.layout, key, r[key], w, r)
			}
		}
	}
}

// TestDialectErrors holds that a layout that cannot be read is refused, with what is wrong and where.
func TestDialectErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ format, layout, want string }{
		{"apache", `%h %{Referer`, "line 1, column 4: the closing brace is missing"},
		{"apache", `%h %`, "line 1, column 4: a letter must follow the %"},
		{"apache", `%h %Z`, "line 1, column 4: %Z is not known"},
		{"apache", `%h%>s`, "line 1, column 3: nothing stands between %h and %>s"},
		{"apache", `%{%Q}t %h`, `the time format "%Q" has %Q, which is not read`},
		{"apache", `%{%}t %h`, `ends with %`},
		{"apache", `plain %%`, "it has none of the variables that are read"},
		{"tomcat", `%{yyyy-MM-dd'T}t %h`, "has a quote without its end"},
		{"tomcat", `%{yyyy-GG}t %h`, "has G, which is not read"},
		{"gunicorn", `%(h)s %(r`, `line 1, column 7: ")s" must follow the name`},
		{"morgan", `nothing here`, "it has none of the variables that are read"},
	} {
		_, err := New(Options{Format: tt.format, Layout: tt.layout})
		if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %s: %v, want %s", tt.format, tt.layout, err, tt.want)
		}
	}
}

// TestQuickLooks compares what looks at eight bytes at once with what it stands for.
func TestQuickLooks(t *testing.T) {
	t.Parallel()
	const seed, odd = 11, "-/:; @AZ[\\az\x00\x7f\x80\xaf\xff"
	r := rand.New(rand.NewPCG(seed, 1))
	only := func(s, of string) bool { return strings.Trim(s, of) == "" }
	found := [4]int{}
	for range 200_000 {
		b := make([]byte, r.IntN(26))
		for i := range b {
			b[i] = "0123456789012345678901234567890123456789.....:"[r.IntN(46)]
		}
		if len(b) > 0 && r.IntN(2) == 0 {
			b[r.IntN(len(b))] = odd[r.IntN(len(odd))]
		}
		s := string(b)
		for i, tt := range [...]struct{ got, want bool }{
			{isDotted(s), len(s) >= 8 && len(s) <= 15 && only(s, "0123456789.")},
			{isPlainPeer(s), len(s) >= 8 && len(s) <= 24 && only(s, "0123456789.:")},
			{len(s) >= 8 && isCleanHost(s), len(s) >= 8 && !strings.ContainsAny(s, ":;@AZ[") && !strings.ContainsFunc(s, func(c rune) bool { return c > 127 })},
			{len(s) >= 16 && dotted(s, ' ') > 0, len(s) >= 16 && strings.IndexByte(s[:16], ' ') >= 8 && only(s[:strings.IndexByte(s, ' ')], "0123456789.")},
		} {
			if tt.got != tt.want {
				t.Fatalf("seed %d: %q: case %d: %v", seed, s, i, tt.got)
			}
			if tt.got {
				found[i]++
			}
		}
	}
	if slices.Min(found[:]) == 0 {
		t.Errorf("some were never true: %v", found)
	}
}

// TestIgnoredRuns reads values that nobody reads, of which several go as one.
func TestIgnoredRuns(t *testing.T) {
	t.Parallel()
	const layout = `%ci %ac/%fc/%bc/%sc/%rc %sq/%bq %CC %CS %hr %hs %ST`
	for line, want := range map[string]string{
		`203.0.113.9 1/2/3/4/5 0/0 - - 200`:                                                                 "200",
		`203.0.113.9 1111111/2222222/33333333/4/5 0/0 cookie - 200`:                                         "200",
		`203.0.113.9 ////5 0/0 - cookie {a|b} {c} 201`:                                                      "201",
		`203.0.113.9 ` + strings.Repeat("1", 40) + `/2/3/` + strings.Repeat("4", 40) + `/5 0/0 - - {a} 202`: "202",
		`203.0.113.9 1/2/3/4 0/0 - - 200`:                                                                   "<nil>",
		`203.0.113.9 1/2/3/4/5 0/0 - 200`:                                                                   "<nil>",
	} {
		if r := records(t, []byte(line), Options{Format: "haproxy", Layout: layout})[0]; fmt.Sprint(r["status"]) != want {
			t.Errorf("%s: %v", line, r)
		}
	}
}

// TestIndexShort compares it with what it stands for.
func TestIndexShort(t *testing.T) {
	t.Parallel()
	for n := range 80 {
		for at := range n + 1 {
			s := strings.Repeat("\x80!\x01\x21 \xff", 20)[:at] + `"` + strings.Repeat("\"#", n)
			if at == n {
				s = strings.Repeat("\xa2!\x23\x00", 20)[:n]
			}
			if got, want := indexShort(s, '"'), strings.IndexByte(s, '"'); got != want {
				t.Fatalf("%q: %d, want %d", s, got, want)
			}
		}
	}
}

package parser

import (
	"strings"
	"testing"

	"hangup/event"
)

// TestLayout gives one log_format in the ways users have it.
func TestLayout(t *testing.T) {
	t.Parallel()
	const line = `203.0.113.7 [22/Nov/2026:10:00:00 +0000] "GET /slow?x=1 HTTP/1.1" 499 it's 1.500`
	for name, source := range map[string]string{
		"text":      `$remote_addr [$time_local] "$request" $status it's $request_time`,
		"braces":    `${remote_addr} [${time_local}] "${request}" ${status} it's ${request_time}`,
		"strings":   "'$remote_addr [$time_local] '\n'\"$request\" $status it\\'s $request_time'",
		"directive": "\n\tlog_format main '$remote_addr [$time_local] '  # the client\n\t\t'\"$request\" $status '\n\t\t\"it's $request_time\";\n",
		"escape":    `log_format main escape=default '$remote_addr [$time_local] "$request" $status it\'s $request_time';`,
		"none":      `escape=none '$remote_addr [$time_local] "$request" $status it\'s $request_time'`,
	} {
		r := records(t, []byte(line), Options{Layout: source})[0]
		if r["client"] != "203.0.113.7" || r["status"] != 499.0 || r["duration_ms"] != 1500.0 || r["path"] != "/slow" || r["time"] != "2026-11-22T10:00:00Z" {
			t.Errorf("%s: %v", name, r)
		}
	}
}

func TestLayoutValues(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, layout, line string
		want               map[string]any
	}{
		{
			"a quote in escape=json", `log_format j escape=json '{"a":"$remote_addr","u":"$http_user_agent","s":$status}';`,
			`{"a":"203.0.113.7","u":"say \"hi\" \u00e9\\","s":200}`,
			map[string]any{"user_agent": `say "hi" é\`, "status": 200.0},
		},
		{
			"a quote in escape=default", `$remote_addr "$http_user_agent" $status`, `203.0.113.7 "say \x22hi\x22" 200`,
			map[string]any{"user_agent": `say "hi"`},
		},
		{
			"unquoted lists", `$status $upstream_response_time $upstream_addr $request_time`,
			`200 5.003, 0.251 : 0.100 10.0.0.1:80, 10.0.0.2:80 : 10.0.0.3:80 5.400`,
			map[string]any{"upstream": "10.0.0.3:80", "upstream_ms": 100.0, "duration_ms": 5400.0},
		},
		{
			"joined variables", `$scheme://$host$request_uri $status`, `https://Shop.example:8443/a?x=1 200`,
			map[string]any{"host": "shop.example", "path": "/a", "query": "x=1"},
		},
		{
			"path and arguments", `$uri$is_args$args $status`, `/a?x=1 200`, map[string]any{"path": "/a", "query": "x=1"},
		},
		{
			"scheme and host", `$remote_addr $scheme$host $status`, `203.0.113.7 httpsshop.example 200`, map[string]any{"host": "shop.example"},
		},
		{
			"port and pid", `$remote_addr:$remote_port $pid $connection $status $bytes_sent`, `2001:db8::7:51234 31 88 200 1024`,
			map[string]any{"client": "2001:db8::7", "client_port": 51234.0, "pid": 31.0, "bytes": 1024.0},
		},
		{
			"an incomplete response of a backend", `$status $body_bytes_sent $upstream_addr "$request_completion"`, `200 500 10.0.0.1:80 ""`,
			map[string]any{"event": "disconnect", "party": "unknown", "phase": "response"},
		},
		{
			"the backend's own status", `$request $status $body_bytes_sent $upstream_status`, `POST /a HTTP/1.1 400 0 400`,
			map[string]any{"event": "request"},
		},
		{
			"a time without brackets", `$time_local $status`, `22/Nov/2026:10:00:00 +0000 200`, map[string]any{"time": "2026-11-22T10:00:00Z", "status": 200.0},
		},
		{
			"no body for HEAD", `$request $status $body_bytes_sent`, `HEAD /a HTTP/1.1 400 0`, map[string]any{"event": "request"},
		},
	}
	for _, tt := range tests {
		r := records(t, []byte(tt.line), Options{Layout: tt.layout})[0]
		for key, w := range tt.want {
			if !same(key, w, r[key]) {
				t.Errorf("%s: %s is %v, want %v (%v)", tt.name, key, r[key], w, r)
			}
		}
	}
}

// TestLayoutErrors holds that an error says what is wrong, and where.
func TestLayoutErrors(t *testing.T) {
	t.Parallel()
	for layout, want := range map[string]string{
		`$remote_addr $`:                        `line 1, column 14: a variable's name must follow the $`,
		`$remote_addr ${status`:                 `line 1, column 14: the variable's closing brace is missing`,
		`$remote_addr$status`:                   `line 1, column 13: nothing stands between $remote_addr and $status`,
		`no variable`:                           `it has none of the variables that are read`,
		`$unknown $binary`:                      `it has none of the variables that are read`,
		"$status\n$remote_addr":                 `line 1, column 8: a log line cannot hold a newline`,
		`log_format x`:                          `log_format needs a name and a format`,
		"log_format x\n  '$status":              `line 2, column 3: the string that begins here has no end`,
		`log_format x '$status'; server {`:      `line 1, column 24: text after the semicolon`,
		`log_format x '$status''$remote_addr';`: `line 1, column 23: a blank or a semicolon must follow the string`,
		`log_format x escape=xml '$status';`:    `escape=xml is not one of default, json, none`,
		`log_format x '';`:                      `the format is empty`,
	} {
		_, err := New(Options{Layout: layout})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", layout, err, want)
		}
	}
	if _, err := New(Options{Format: "nginx-error", Layout: "$status"}); err == nil || !strings.Contains(err.Error(), "takes no layout") {
		t.Errorf("a layout for a format without: %v", err)
	}
}

// TestLayoutMisses holds that lines that are not of the layout are told apart, and how.
func TestLayoutMisses(t *testing.T) {
	t.Parallel()
	p, err := New(Options{Layout: `$remote_addr [$time_local] "$request" $status`})
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]event.Reason{
		`203.0.113.7 [22/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200`:  "",
		`203.0.113.7 [22/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" `:     "",
		`203.0.113.7 [22/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1"`:      event.NoFormat,
		`203.0.113.7 22/Nov/2026:10:00:00 +0000 "GET / HTTP/1.1" 200`:    event.NoFormat,
		`203.0.113.7 <x> [22/Nov/2026:10:00:00 +0000] "GET /" 200`:       event.NoFormat,
		`203.0.113.7 [22/Nov/2026:25:00:00 +0000] "GET / HTTP/1.1" 200`:  event.BadTime,
		`203.0.113.7 [22/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" x200`: event.BadNumber,
	} {
		feed(p, []byte(line), func(r *event.Record) {
			if r.Reason != want {
				t.Errorf("%s: reason %q, want %q", line, r.Reason, want)
			}
		})
	}
}

package parser

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hangup/event"
)

// TestAccessOutcomes holds what each server's access log says of how an exchange ended.
func TestAccessOutcomes(t *testing.T) {
	t.Parallel()
	const (
		none     = "request  "
		waiting  = "disconnect client/closed/waiting"
		response = "disconnect client/closed/response"
		late     = "disconnect client/timeout/request"
	)
	head := func(method string) string {
		return `203.0.113.7 - - [22/Nov/2026:10:00:00 +0000] "` + method + ` /a HTTP/1.1" `
	}
	tests := []struct {
		format, line, want string
	}{
		// nginx
		{"nginx-combined", head("GET") + `499 0 "-" "-"`, waiting},
		{"nginx-combined", head("POST") + `408 0 "-" "-"`, late},
		{"nginx-combined", head("POST") + `408 447 "-" "-"`, none},
		{"nginx-combined", head("POST") + `400 0 "-" "-"`, "disconnect client/closed/request"},
		{"nginx-combined", head("HEAD") + `400 0 "-" "-"`, none},
		{"nginx-combined", head("GET") + `444 0 "-" "-"`, "disconnect server/closed/waiting"},
		{"nginx-combined", head("GET") + `000 0 "-" "-"`, "disconnect unknown/closed/unknown"},
		{"nginx-combined", head("GET") + `009 5 "-" "-"`, none},
		{"nginx-combined", head("GET") + `504 167 "-" "-"`, none},
		{"kong", head("GET") + `499 0 "-" "-" kong_request_id: "5f"`, waiting},
		{"ingress-nginx", head("GET") + `504 160 "-" "-" 81 60.001 [a-b-80] [] 10.0.0.1:80 0 60.001 504 5f`, none},
		{"ingress-nginx", head("GET") + `408 0 "-" "-" 81 60.001 [] [] - - - - 5f`, late},
		// Apache httpd
		{"apache-combined", head("GET") + `408 -`, late},
		{"apache-combined", `203.0.113.7 - - [22/Nov/2026:10:00:00 +0000] "-" 408 - "-" "-"`, late},
		{"apache-combined", head("POST") + `400 0 "-" "-"`, none},
		{"apache-combined", head("GET") + `502 568 "-" "-"`, none},
		{"apache-combined", head("GET") + `200 5 "-" "-" 512 290`, none},
		{"apache-vhost-combined", `[2001:db8::1]:443 ` + head("GET") + `499 0 "-" "-"`, waiting},
		{"apache-extended", head("GET") + `200 - "-" "-" 1234 X`, waiting},
		{"apache-extended", head("GET") + `200 0 "-" "-" 1234 X -`, waiting},
		{"apache-extended", head("GET") + `200 5 "-" "-" 1234 X id -`, response},
		{"apache-extended", head("GET") + `504 5 "-" "-" 1234 X id`, response},
		{"apache-extended", head("POST") + `400 5 "-" "-" 1234 X id`, "disconnect client/closed/request"},
		{"apache-extended", head("POST") + `408 5 "-" "-" 1234 - id`, late},
		{"apache-extended", head("GET") + `200 5 "-" "-" 1234 + id`, none},
		{"apache-extended", head("GET") + `200 5 "-" "-" 1234 - id`, none},
		// Traefik, varnishncsa
		{"traefik-clf", head("GET") + `499 21 "-" "-" 1 "a@docker" "http://10.0.0.1:80" 5ms`, waiting},
		{"traefik-clf", head("GET") + `502 11 "-" "-" 1 "a@docker" "http://10.0.0.1:80" 5ms`, none},
		{"traefik-clf", head("GET") + `404 19 "-" "-" 1 "-" "-" 0ms`, none},
		{"varnishncsa", strings.Replace(head("GET"), "/a", "http://a/", 1) + `503 0 "-" "-"`, none},
		// Tomcat, Jetty
		{"tomcat-access", head("GET") + `200 6 "-" "-" 1008838 1003 X`, "disconnect client/unknown/response"},
		{"tomcat-access", head("GET") + `200 - "-" "-" 1008838 1003 X`, "disconnect client/unknown/response"},
		{"tomcat-access", head("POST") + `400 6 "-" "-" 8838 3 X`, "disconnect client/unknown/request"},
		{"tomcat-access", head("POST") + `408 6 "-" "-" 8838 3 X`, "disconnect client/unknown/request"},
		{"tomcat-access", head("POST") + `500 6 "-" "-" 8838 3 X`, "disconnect client/unknown/response"},
		{"tomcat-access", head("GET") + `200 6 "-" "-" 8838 3 +`, none},
		{"jetty-access", head("POST") + `500 0 "-" "-" 8000 X`, "disconnect client/unknown/request"},
		{"jetty-access", head("GET") + `500 0 "-" "-" 8000 X`, "disconnect client/unknown/response"},
		{"jetty-access", head("GET") + `200 9 "-" "-" 8000 -`, none},
		// morgan
		{"morgan-combined", head("GET") + `- - "-" "-"`, waiting},
		{"morgan-combined", head("PUT") + `- - "-" "-"`, "disconnect client/closed/unknown"},
		{"morgan-combined", strings.Replace(head("GET"), "203.0.113.7", "-", 1) + `- -`, "disconnect client/closed/unknown"},
		{"morgan-combined", head("GET") + `499 - "-" "-"`, none},
		{"morgan-tiny", "GET /a - - - - ms", waiting},
		{"morgan-tiny", "::1 - POST /a HTTP/1.1 - - - - ms", "disconnect client/closed/unknown"},
		{"morgan-tiny", "GET /a 304 - - 0.410 ms", none},
		{"morgan-dev", "GET /a 500 0.410 ms - 12", none},
		{"morgan-dev", "\x1b[0mGET /a \x1b[36m304\x1b[0m 0.410 ms - -\x1b[0m", none},
		{"morgan-dev", "GET /a - - ms - -", waiting},
		// gunicorn, uWSGI: statuses are the application's
		{"gunicorn-access", head("GET") + `499 0 "-" "-"`, none},
		{"gunicorn-access", head("POST") + `400 0 "-" "-" 321 0.000321`, none},
		{"uwsgi-custom", head("POST") + `408 0 "-" "-" 3003ms`, none},
	}
	for _, tt := range tests {
		r := records(t, []byte(tt.line), Options{Format: tt.format})[0]
		got := fmt.Sprintf("%v %v/%v/%v", r["event"], r["party"], r["how"], r["phase"])
		if r["party"] == nil {
			got = fmt.Sprintf("%v  ", r["event"])
		}
		if got != tt.want {
			t.Errorf("%s: %s: %s, want %s", tt.format, tt.line, got, tt.want)
		}
	}
}

// TestAccessStrict holds that a format refuses lines of its neighbours: it is by this that they are told apart.
func TestAccessStrict(t *testing.T) {
	t.Parallel()
	const head = `203.0.113.7 - - [22/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1" `
	for format, lines := range map[string][]string{
		"nginx-combined":        {head + `200 - "-" "-"`, head + `- 5 "-" "-"`, head + `200 5`, head + `200 5 "a\"b" "-"`, head + `200 5 "-" "-" 5`, `a:80 ` + head + `200 5 "-" "-"`},
		"apache-combined":       {head + `- - "-" "-"`, head + `200 5 "-" "-" 5`, head + `200 5 "-" "-" 5 X`, head + `200 5x`, `a:80 ` + head + `200 5`},
		"apache-extended":       {head + `200 5 "-" "-" 5 Y`, head + `200 5 "-" "-" 5 X a b c`, head + `200 5 "-" "-" 5us X`},
		"apache-vhost-combined": {head + `200 5 "-" "-"`, `a b:80 ` + head + `200 5 "-" "-"`},
		"ingress-nginx":         {head + `200 5 "-" "-"`, "I1103 06:09:31.002113", "X1103 06:09:31.002113       7 controller.go:193] x", "I1303 06:09:31.002113       7 controller 193] x"},
		"kong":                  {head + `200 5 "-" "-" request_id: "5f"`},
		"traefik-clf":           {head + `200 5 "-" "-" 1 "a" "b" 5`, head + `200 5 "-" "-" 1 "a" "b" xms`},
		"varnishncsa":           {head + `200 5 "-" "-"`},
		"tomcat-access":         {head + `200 5 "-" "-" 5 X`, head + `200 5 "-" "-" 5 a X`, head + `200 5`},
		"jetty-access":          {head + `200 5 "-" "-" 5 X id`, head + `200 5 "-" "-"`},
		"morgan-combined":       {head + `200 5 "-" "-" "-"`, head + `- 5 "-" "-"`},
		"morgan-tiny":           {"GET /a 200 5 - 5", "a GET /a 200 5 - 5 ms", "GET /a b 200 5 - 5 ms", "GET /a two 5 - 5 ms", "upload done - - - 5 ms"},
		"morgan-dev":            {"GET /a 200 5 ms", "GET /a 2000 5 ms - 5", "get it done now 5 ms - 5", "upload done - 5 ms - 5"},
		"gunicorn-access":       {head + `- - "-" "-"`, head + `200 5 "-" "-" 0.321`, head + `200 5 "-" "-" 321 5`},
		"uwsgi-custom":          {head + `200 5 "-" "-" 5`, head + `200 5 "-" "-" ms`},
	} {
		for _, line := range lines {
			if r := records(t, []byte(line), Options{Format: format})[0]; r["event"] != "unparsed" {
				t.Errorf("%s takes %s: %v", format, line, r)
			}
		}
	}
}

// TestTomcatAfterRefused reads a line without a user agent behind one that was refused for its user agent.
func TestTomcatAfterRefused(t *testing.T) {
	t.Parallel()
	p, err := New(Options{Format: "tomcat-access"})
	if err != nil {
		t.Fatal(err)
	}
	var got []event.Kind
	feed(p, []byte(`127.0.0.9 - - [23/Nov/2026:07:15:40 +0000] "GET /a HTTP/1.1" 200 5 "-" "x \"z\""
127.0.0.14 [23/Nov/2026:07:15:41 +0000] "GET /fast HTTP/1.1" 200 5 0 645 +
`), func(r *event.Record) { got = append(got, r.Kind) })
	if want := []event.Kind{event.Unparsed, event.Request}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestTomcatTick holds that milliseconds of Tomcat 9 are told from microseconds by what stands beside them.
func TestTomcatTick(t *testing.T) {
	t.Parallel()
	for tail, want := range map[string]float64{
		`"-" "-" 1008838 1003 -`: 1008.838,
		`"-" "-" 1008 1003 -`:    1008,
		`"-" "-" 1708 1 -`:       1.708,
		`"-" "-" 5 -1 -`:         0.005,
		`1 1008038 -`:            1008.038,
		`1 1008 -`:               1008,
		`0 645 -`:                0.645,
	} {
		line := `127.0.0.4 - - [23/Nov/2026:07:15:31 +0000] "GET /slow HTTP/1.1" 200 6 ` + tail
		if r := records(t, []byte(line), Options{Format: "tomcat-access"})[0]; !same("duration_ms", want, r["duration_ms"]) {
			t.Errorf("%s: %v ms, want %v", tail, r["duration_ms"], want)
		}
	}
}

package parser

import (
	"fmt"
	"strings"
	"testing"
)

// TestHAProxyLayouts reads lines by log-formats in all the ways users write them.
func TestHAProxyLayouts(t *testing.T) {
	t.Parallel()
	tests := []struct{ layout, line, want string }{
		{ // option tcplog
			`%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq`,
			`2001:db8::1:41000 [22/Nov/2026:10:00:10.123] pg pg/db1 0/1/3000 8192 CD 3/3/2/1/0 0/0`,
			"2001:db8::1 41000 <nil> <nil> pg/db1 3000 <nil> 8192 <nil> client closed response",
		},
		{ // option httpslog
			`log-format "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r %[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] %[ssl_fc_sni]/%sslv/%sslc"`,
			`10.9.1.2:33317 [06/Feb/2009:12:14:14.655] https-in static/srv1 10/0/30/-1/109 -1 0 - - CH-- 1/1/1/1/0 0/0 {1wt.eu} {} "GET /index#22.html?x=1 HTTP/1.1" 0/0/0/0/1 1wt.eu/TLSv1.3/TLS_AES_256_GCM_SHA384`,
			`10.9.1.2 33317 GET /index".html static/srv1 109 <nil> 0 <nil> client closed waiting`,
		},
		{ // without captures, and with one
			`log-format %ci:%cp\ [%tr]\ %s\ %Tr/%Tt\ %ST\ %B\ %tsc\ %hr\ %hs\ %{+Q}r`,
			`10.9.1.2:33317 [06/Feb/2009:12:14:14.655] srv1 5/+109 200 +17 ---- "GET / HTTP/1.1"`,
			`10.9.1.2 33317 GET / <nil> <nil> 200 <nil> 5 `,
		},
		{
			`log-format %ci:%cp\ [%tr]\ %s\ %Tr/%Tt\ %ST\ %B\ %tsc\ %hr\ %hs\ %{+Q}r`,
			`10.9.1.2:33317 [06/Feb/2009:12:14:14.655] srv1 5/109 200 17 SD-- {a b|c} "GET / HTTP/1.1"`,
			`10.9.1.2 33317 GET / <nil> 109 200 17 5 upstream closed response`,
		},
		{ // option httplog clf
			`%{+Q}o %{-Q}ci - - [%trg] %r %ST %B \"\" \"\" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc %ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl`,
			`203.0.113.136 - - [22/Nov/2026:10:00:41 +0000] "GET /clf HTTP/1.1" 200 2750 "" "" 33317 655 "http-in" "static" "srv1" 10 0 30 69 109 "CD--" 1 1 1 1 0 0 0 "-" "-" "" ""`,
			`203.0.113.136 33317 GET /clf static/srv1 109 200 2750 69 client closed response`,
		},
		{ // JSON
			`log-format '{"t":%Ts,"src":"%[src]","m":"%HM","u":"%HU","v":"%HV","st":%ST,"b":%B,"be":"%b","s":"%s","tr":%Tr,"ta":%Ta,"tsc":"%tsc","id":"%ID","ua":%{+Q}[req.hdr(User-Agent),json(utf8)]}'`,
			`{"t":1790737209,"src":"203.0.113.9","m":"GET","u":"https://Shop.Example/a?x=1","v":"HTTP/2.0","st":504,"b":198,"be":"api","s":"s1","tr":-1,"ta":15000,"tsc":"sH--","id":"i-1","ua":"curl"}`,
			`203.0.113.9 <nil> GET /a api/s1 15000 504 198 <nil> upstream timeout waiting`,
		},
		{ // without timers and state
			`%ci %HM %HP%HQ %ST 100%%`, `203.0.113.9 GET /a?x=1 200 100%`, `203.0.113.9 <nil> GET /a <nil> <nil> 200 <nil> <nil> `,
		},
		{
			`%ci %HM %HPO %ST %Ta %ts`, `203.0.113.9 GET /a 408 5000 cR`, `203.0.113.9 <nil> GET /a <nil> 5000 408 <nil> <nil> client timeout request`,
		},
		{ // no server
			`%ci  %b/%s   %ST %Ta %ts`, `203.0.113.9 www/<NOSRV> 503 5000 sQ`, `203.0.113.9 <nil> <nil> <nil> <nil> 5000 503 <nil> <nil> server timeout waiting`,
		},
	}
	for _, tt := range tests {
		for _, head := range []string{"", "Nov 22 10:00:00 lb1 haproxy[14387]: "} {
			r := records(t, []byte(head+tt.line), Options{Layout: tt.layout})[0]
			got := fmt.Sprint(r["client"], " ", r["client_port"], " ", r["method"], " ", r["path"], " ", r["upstream"], " ",
				r["duration_ms"], " ", r["status"], " ", r["bytes"], " ", r["upstream_ms"], " ", signalOf(r))
			if got != tt.want || (head != "") != (r["pid"] != nil) {
				t.Errorf("%s\n%s\n%s, want\n%s", tt.layout, head+tt.line, got, tt.want)
			}
		}
		if r := records(t, []byte("x "+tt.line), Options{Layout: tt.layout})[0]; r["event"] != "unparsed" {
			t.Errorf("x %s: %v", tt.line, r)
		}
	}
	for layout, want := range map[string]string{
		`%ci %XX`: "no variable", `%ci %[src`: "bracket", `%ci %{+Q`: "brace", `%{+json}o %(a)ci`: "+json", `%ci%cp %ST`: "nothing stands between",
	} {
		if _, err := New(Options{Format: "haproxy", Layout: layout}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", layout, err)
		}
	}
	p := records(t, []byte("Nov 22 10:00:00 lb1 haproxy[1]: Proxy www started.\n1.2.3.4:5 [22/Nov/2026:10:00:01.123] www/1: Connection closed during SSL handshake\nhello\n"),
		Options{Layout: `%ci:%cp [%tr] %ST %tsc`})
	if p[0]["event"] != "other" || signalOf(p[1]) != "client closed request" || p[2]["event"] != "unparsed" {
		t.Error(p)
	}
}

// TestEnvoyLayouts reads lines by Envoy's format strings.
func TestEnvoyLayouts(t *testing.T) {
	t.Parallel()
	tests := []struct{ layout, line, want string }{
		{
			`[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%"\n`,
			`[2026-11-22T10:00:01.345Z] "GET /api?id=7 HTTP/2" 0 DC 0 0 30001 - "203.0.113.140, 10.0.0.1" "okhttp/4.12.0" "id-1" "shop.example" "10.0.2.1:8080"`,
			"203.0.113.140 GET /api 10.0.2.1:8080 30001 <nil> 0 <nil> client closed waiting",
		},
		{
			`'%START_TIME(%s.%3f)% %DOWNSTREAM_REMOTE_ADDRESS% %REQ(:METHOD)% %REQ(:PATH):32% %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %BYTES_SENT% %DURATION% %UPSTREAM_HOST% 100%%'`,
			`1790737209.642 [2001:db8::9]:443 POST /pay 503 - upstream_reset_before_response_started{remote_reset} 95 12 10.0.2.1:8080 100%`,
			"2001:db8::9 POST /pay 10.0.2.1:8080 12 503 95 <nil> upstream reset waiting",
		},
		{
			`%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %RESPONSE_CODE% %RESPONSE_FLAGS_LONG% %DURATION% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% %DYNAMIC_METADATA(a:b)%`,
			`203.0.113.9 503 UpstreamConnectionFailure,UpstreamRetryLimitExceeded 5001 "delayed connect error: 111" - -`,
			"203.0.113.9 <nil> <nil> <nil> 5001 503 <nil> <nil> ",
		},
		{
			`%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %RESPONSE_CODE% %RESPONSE_FLAGS% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%`, `203.0.113.9 200 UC 20`,
			"203.0.113.9 <nil> <nil> <nil> <nil> 200 <nil> 20 upstream closed response",
		},
	}
	for _, tt := range tests {
		r := records(t, []byte(tt.line), Options{Layout: tt.layout})[0]
		got := fmt.Sprint(r["client"], " ", r["method"], " ", r["path"], " ", r["upstream"], " ", r["duration_ms"], " ", r["status"], " ",
			r["bytes"], " ", r["upstream_ms"], " ", signalOf(r))
		if got != tt.want {
			t.Errorf("%s\n%s, want\n%s", tt.line, got, tt.want)
		}
		if r := records(t, []byte("x"+tt.line), Options{Layout: tt.layout})[0]; r["event"] != "unparsed" && tt.layout[0] == '[' {
			t.Errorf("x%s: %v", tt.line, r)
		}
	}
	for layout, want := range map[string]string{
		`%RESPONSE_CODE% %REQ(:PATH`: "parenthesis", `%RESPONSE_CODE% %duration%`: "ends with %", `%RESPONSE_CODE% %START_TIME(%Q)%`: "not read",
	} {
		if _, err := New(Options{Format: "envoy", Layout: layout}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", layout, err)
		}
	}
	if r := records(t, []byte("203.0.113.9 200 nonsense 5"), Options{Layout: `%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %RESPONSE_CODE% %RESPONSE_FLAGS% %DURATION%`})[0]; r["event"] != "unparsed" {
		t.Error(r)
	}
}

package parser

import (
	"fmt"
	"strings"
	"testing"
)

// TestSquidResults reads all result codes, with each way to fail.
func TestSquidResults(t *testing.T) {
	t.Parallel()
	tags := "NONE NONE_NONE TAG_NONE TCP_HIT TCP_MISS TCP_REFRESH_UNMODIFIED TCP_REFRESH_FAIL_OLD TCP_REFRESH_FAIL_ERR TCP_REFRESH_MODIFIED " +
		"TCP_REFRESH TCP_CLIENT_REFRESH_MISS TCP_IMS_HIT TCP_INM_HIT TCP_SWAPFAIL_MISS TCP_NEGATIVE_HIT TCP_MEM_HIT TCP_DENIED " +
		"TCP_DENIED_REPLY TCP_OFFLINE_HIT TCP_REDIRECT TCP_TUNNEL UDP_HIT UDP_MISS UDP_DENIED UDP_INVALID UDP_MISS_NOFETCH TCP_CF_MISS"
	tests := []struct{ suffix, code, bytes, want string }{
		{"", "200", "5", ""},
		{"", "504", "5", ""},
		{"", "503", "0", ""},
		{"_IGNORED", "200", "5", ""},
		{"", "000", "0", ""},
		{"_ABORTED", "000", "0", "client closed waiting"},
		{"_ABORTED", "200", "5", "unknown closed response"},
		{"_ABORTED", "200", "0", "unknown closed waiting"},
		{"_TIMEDOUT", "504", "5", "upstream timeout waiting"},
		{"_TIMEDOUT", "200", "5", "unknown timeout response"},
		{"_TIMEDOUT_ABORTED", "504", "5", "upstream timeout waiting"},
		{"_IGNORED_ABORTED", "200", "5", "unknown closed response"},
	}
	for tag := range strings.FieldsSeq(tags) {
		for _, tt := range tests {
			for _, line := range []string{
				fmt.Sprintf("1426235912.366     16 192.0.2.50 %s/%s %s GET http://a.example/b?c=1 - HIER_DIRECT/192.0.2.59 text/html", tag+tt.suffix, tt.code, tt.bytes),
				fmt.Sprintf(`192.0.2.50 - - [13/Mar/2015:08:38:32 +0000] "GET http://a.example/b?c=1 HTTP/1.1" %s %s %s:HIER_DIRECT`, tt.code, tt.bytes, tag+tt.suffix),
				fmt.Sprintf(`192.0.2.50 - - [13/Mar/2015:08:38:32 +0000] "GET http://a.example/b?c=1 HTTP/1.1" %s %s "-" "curl/8 \"x\"" %s:HIER_DIRECT`, tt.code, tt.bytes, tag+tt.suffix),
			} {
				r := records(t, []byte(line), Options{Format: "squid"})[0]
				if got := signalOf(r); got != tt.want || r["path"] != "/b" || r["host"] != "a.example" || r["client"] != "192.0.2.50" {
					t.Errorf("%s: %q, want %q: %v", line, got, tt.want, r)
				}
			}
		}
	}
}

// TestSquidForms reads requests that were none, other peers, cache.log, and lines that are not Squid's.
func TestSquidForms(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"1426235919.366 0 192.0.2.53 TAG_NONE/000 0 NONE error:transaction-end-before-headers - HIER_NONE/- -":          "disconnect <nil> <nil> <nil> client closed request",
		"1426235919.366 0 192.0.2.53 NONE_NONE/000 0 - error:transaction-end-before-headers - HIER_NONE/- -":            "disconnect <nil> <nil> <nil> client closed request",
		"1426235919.366 0 192.0.2.53 NONE_NONE_ABORTED/000 0 - error:accept-client-connection - HIER_NONE/- -":          "disconnect <nil> <nil> <nil> client closed request",
		"1426235920.366 120000 192.0.2.54 NONE_NONE/408 3900 NONE error:invalid-request - HIER_NONE/- text/html":        "disconnect <nil> <nil> <nil> client timeout request",
		"1426235920.366 120000 192.0.2.54 TCP_MISS/408 3900 GET http://a.example/ - HIER_DIRECT/2001:db8::5 text/html":  "request GET a.example 2001:db8::5 ",
		"1426235920.366 5 2001:db8::1 TCP_TUNNEL/200 39 CONNECT api.example:443 user FIRSTUP_PARENT/10.0.0.1 -":         "request CONNECT api.example 10.0.0.1 ",
		"1386543500.000 5 192.0.2.184 NONE/400 3364 NONE error:invalid-request - HIER_NONE/- text/html":                 "request <nil> <nil> <nil> ",
		"Nov 22 10:00:00 px squid[12]: 1426235920.366 5 1.2.3.4 TCP_HIT/200 39 GET http://a.example/ - HIER_NONE/- a/b": "request GET a.example <nil> ",
		"2016/12/09 17:55:03| Starting Squid Cache":                                                                     "other <nil> <nil> <nil> ",
		"2016/12/09 17:55:03.123 kid1| WARNING: 1 swapin MD5 mismatches":                                                "other <nil> <nil> <nil> ",
		"2016/12/09 17:55:03 [error] 1#1: *1 | x":                                                                       "unparsed <nil> <nil> <nil> ",
		"2016/12/09 17:55:03 http: TLS handshake error | x":                                                             "unparsed <nil> <nil> <nil> ",
		"1426235920.366 5 1.2.3.4 GET/200 39 GET http://a.example/ - HIER_NONE/- a/b":                                   "unparsed <nil> <nil> <nil> ",
		"1426235920.366 5 1.2.3.4 TCP_HIT/200 39 GET http://a.example/":                                                 "unparsed <nil> <nil> <nil> ",
		`1.2.3.4 - - [13/Mar/2015:08:38:32 +0000] "GET / HTTP/1.1" 200 5`:                                               "unparsed <nil> <nil> <nil> ",
		`1.2.3.4 - - [13/Mar/2015:08:38:32 +0000] "GET / HTTP/1.1" 200 5 "-" "curl TCP_MISS:HIER_DIRECT`:                "unparsed <nil> <nil> <nil> ",
	} {
		r := records(t, []byte(line), Options{Format: "squid"})[0]
		if got := fmt.Sprint(r["event"], " ", r["method"], " ", r["host"], " ", r["upstream"], " ", signalOf(r)); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
}

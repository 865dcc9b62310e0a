package parser

import (
	"fmt"
	"strings"
	"testing"

	"hangup/event"
)

// endOf reads a log and says what its last record tells: "request", "other", or party/how/phase.
func endOf(t *testing.T, format, log string) string {
	t.Helper()
	p, err := New(Options{Format: format})
	if err != nil {
		t.Fatal(err)
	}
	last := ""
	feed(p, []byte(log), func(r *event.Record) {
		if last = r.Kind.String(); r.Kind == event.Disconnect {
			last = fmt.Sprintf("%s/%s/%s", r.Party, r.How, r.Phase)
		}
	})
	return last
}

// TestLoadBalancers holds the codes of load balancers: each is put into a line of its format.
func TestLoadBalancers(t *testing.T) {
	t.Parallel()
	const (
		alb = `https 2026-11-22T10:00:07.451363Z app/lb/50dc6c495c0c9188 203.0.113.180:55999 10.0.0.1:80 %s 132 0 "GET https://www.example.com:443/ HTTP/1.1" "curl/8.5.0" - - - "Root=1-5" "-" "-" 1 2026-11-22T10:00:02.450363Z "forward" "-" "-" "-" "-" "-" "-"`
		elb = `2015-05-13T23:40:43.945958Z lb 203.0.113.41:2819 10.0.0.1:80 %s 0 0 "GET https://www.example.com:443/slow HTTP/1.1" "curl/7.38.0" - -`
		nlb = `tls 2.0 2024-10-25T17:33:59 net/x/c88927aafc9abafe 52878890095341b5 203.0.113.40:2817 10.0.0.1:80 0 %s - - - - - - - - - 2024-10-25T17:33:59`
		cf  = "2024-03-12\t15:22:28\tCDG50-P2\t%s\t-\tcurl/8.5.0\t-\t-\tError\tid==\tcdn.example.net\thttps\t62\t0.113\t-\tTLSv1.3\tX\tError\tHTTP/2.0\t-\t-\t51754\t0.113\t%s\t-\t-\t-\t-"
		gw  = `{"timeStamp":"2026-11-22T10:00:30+00:00","category":"ApplicationGatewayAccessLog","properties":{"instanceId":"appgw_1","clientIP":"203.0.113.220","httpMethod":"GET","requestUri":"/","httpStatus":%s,"error_info":"%s"}}`
		fd  = `{"category":"FrontDoorAccessLog","time":"2026-11-22T10:00:31Z","properties":{"httpMethod":"GET","requestUri":"https://a.example/","httpStatusCode":"%s","responseBytes":"%s","errorInfo":"%s"}}`
		gcp = `{"insertId":"1","jsonPayload":{"statusDetails":"%s"},"httpRequest":{"requestMethod":"GET","requestUrl":"https://a.example/","responseSize":"%s","remoteIp":"203.0.113.200"%s},"timestamp":"2026-11-22T10:00:30Z"}`
		cfl = `{"ClientIP":"203.0.113.210","EdgeResponseBytes":%s,"EdgeResponseStatus":%s,"EdgeStartTimestamp":1795341600,"OriginResponseStatus":%s,"RayID":"8"}`
	)
	tests := []struct {
		format, line string
		args         []any
		want         string
	}{
		{"aws-alb", alb, []any{"0.000 0.122 0.000 200 200"}, "request"},
		{"aws-alb", alb, []any{"-1 -1 -1 460 -"}, "client/closed/request"},
		{"aws-alb", alb, []any{"0.000 -1 -1 460 -"}, "client/closed/waiting"},
		{"aws-alb", alb, []any{"0.000 1.500 -1 460 -"}, "client/closed/response"},
		{"aws-alb", alb, []any{"-1 -1 -1 408 -"}, "client/timeout/request"},
		{"aws-alb", alb, []any{"0.000 0.100 0.000 408 408"}, "request"},
		{"aws-alb", alb, []any{"0.000 -1 -1 502 -"}, "upstream/closed/waiting"},
		{"aws-alb", alb, []any{"0.000 0.100 0.000 502 502"}, "request"},
		{"aws-alb", alb, []any{"0.000 -1 -1 504 -"}, "upstream/timeout/waiting"},
		{"aws-alb", alb, []any{"0.000 0.100 0.000 504 504"}, "request"},
		{"aws-alb", alb, []any{"-1 -1 -1 000 -"}, "server/closed/request"},
		{"aws-alb", alb, []any{"-1 -1 -1 503 -"}, "request"},
		{"aws-alb", alb, []any{"-1 -1 -1 463 -"}, "request"},
		{"aws-alb", alb, []any{"-1 -1 -1 561 -"}, "request"},
		{"aws-alb", alb, []any{"x -1 -1 561 -"}, "unparsed"},
		{"aws-elb-classic", elb, []any{"0.1 0.1 0.1 200 200"}, "request"},
		{"aws-elb-classic", elb, []any{"-1 -1 -1 408 0"}, "client/timeout/request"},
		{"aws-elb-classic", elb, []any{"0.1 -1 -1 504 0"}, "upstream/timeout/waiting"},
		{"aws-elb-classic", elb, []any{"0.1 0.1 0.1 504 504"}, "request"},
		{"aws-elb-classic", elb, []any{"-1 -1 -1 503 0"}, "request"},
		{"aws-nlb-tls", nlb, []any{"- 0 0 -"}, "client/closed/request"},
		{"aws-nlb-tls", nlb, []any{"- 0 0 46"}, "request"}, // its alert says what it did not like
		{"aws-nlb-tls", nlb, []any{"12 98 246 -"}, "request"},
		{"aws-cloudfront", cf, []any{"703\t203.0.113.190\tGET\td.example\t/a\t200", "Miss"}, "request"},
		{"aws-cloudfront", cf, []any{"703\t203.0.113.190\tGET\td.example\t/a\t200", "ClientCommError"}, "client/closed/response"},
		{"aws-cloudfront", cf, []any{"0\t203.0.113.190\tGET\td.example\t/a\t000", "ClientCommError"}, "client/closed/waiting"},
		{"aws-cloudfront", cf, []any{"0\t203.0.113.190\tGET\td.example\t/a\t000", "ClientHungUpRequest"}, "client/closed/request"},
		{"aws-cloudfront", cf, []any{"9\t203.0.113.190\tGET\td.example\t/a\t206", "SlowReaderOriginError"}, "client/timeout/response"},
		{"aws-cloudfront", cf, []any{"9\t203.0.113.190\tGET\td.example\t/a\t200", "AbortedOrigin"}, "upstream/closed/response"},
		{"aws-cloudfront", cf, []any{"9\t203.0.113.190\tGET\td.example\t/a\t502", "OriginCommError"}, "upstream/unknown/waiting"},
		{"aws-cloudfront", cf, []any{"9\t203.0.113.190\tGET\td.example\t/a\t504", "OriginCommError"}, "upstream/timeout/waiting"},
		{"aws-cloudfront", cf, []any{"9\t203.0.113.190\tGET\td.example\t/a\t502", "OriginReadError"}, "upstream/unknown/unknown"},
		{"aws-cloudfront", cf, []any{"9\t203.0.113.190\tGET\td.example\t/a\t502", "OriginWriteError"}, "upstream/unknown/request"},
		{"aws-cloudfront", cf, []any{"9\t203.0.113.190\tGET\td.example\t/a\t502", "OriginConnectError"}, "upstream/unknown/waiting"},
		{"aws-cloudfront", cf, []any{"9\t203.0.113.190\tGET\td.example\t/a\t502", "OriginDnsError"}, "request"},
		{"aws-cloudfront", cf, []any{"9\t203.0.113.190\tGET\td.example\t/a\t502", "OriginInvalidResponseMissingContentTypeError"}, "request"},
		{"aws-cloudfront", cf, []any{"9\t203.0.113.190\tGET\td.example\t/a\t400", "InvalidRequestMethod"}, "request"},
		{"aws-cloudfront", cf, []any{"9\t203.0.113.190\tGET\td.example\t/a\t503", "CapacityExceeded"}, "request"},
		{"azure-appgw", gw, []any{"499", "ERRORINFO_CLIENT_CLOSED_REQUEST"}, "client/closed/waiting"},
		{"azure-appgw", gw, []any{`200,"sentBytes":9`, "ERRORINFO_CLIENT_CLOSED_REQUEST"}, "client/closed/response"},
		{"azure-appgw", gw, []any{"499", ""}, "client/closed/waiting"},
		{"azure-appgw", gw, []any{"408", "ERRORINFO_CLIENT_TIMED_OUT"}, "client/timeout/request"},
		{"azure-appgw", gw, []any{"504", "ERRORINFO_UPSTREAM_TIMED_OUT"}, "upstream/timeout/waiting"},
		{"azure-appgw", gw, []any{"502", "ERRORINFO_UPSTREAM_CLOSED_CONNECTION"}, "upstream/closed/waiting"},
		{"azure-appgw", gw, []any{"502", "ERRORINFO_UPSTREAM_NO_LIVE"}, "request"},
		{"azure-appgw", gw, []any{"400", "ERRORINFO_HTTP_TO_HTTPS_PORT"}, "request"},
		{"azure-appgw", gw, []any{"400", "ERRORINFO_NEW"}, "request"},
		{"azure-appgw", gw, []any{`"x"`, "ERRORINFO_NO_ERROR"}, "unparsed"},
		{"azure-frontdoor", fd, []any{"499", "0", "ClientDisconnected"}, "client/closed/waiting"},
		{"azure-frontdoor", fd, []any{"200", "9", "ClientDisconnected"}, "client/closed/response"},
		{"azure-frontdoor", fd, []any{"499", "0", ""}, "client/closed/waiting"},
		{"azure-frontdoor", fd, []any{"502", "9", "OriginConnectionAborted"}, "upstream/closed/waiting"},
		{"azure-frontdoor", fd, []any{"504", "9", "OriginTimeout"}, "upstream/timeout/waiting"},
		{"azure-frontdoor", fd, []any{"502", "9", "OriginConnectionError"}, "upstream/unknown/waiting"},
		{"azure-frontdoor", fd, []any{"502", "9", "OriginConnectionRefused"}, "request"},
		{"azure-frontdoor", fd, []any{"502", "9", "DNSTimeout"}, "request"},
		{"azure-frontdoor", fd, []any{"403", "9", "RestrictedIP"}, "request"},
		{"azure-frontdoor", fd, []any{"200", "9", "NoError"}, "request"},
		{"gcp-http-lb", gcp, []any{"client_disconnected_before_any_response", "0", ""}, "client/closed/waiting"},
		{"gcp-http-lb", gcp, []any{"client_disconnected_after_partial_response", "9", `,"status":200`}, "client/closed/response"},
		{"gcp-http-lb", gcp, []any{"client_timed_out", "0", `,"status":408`}, "client/timeout/request"},
		{"gcp-http-lb", gcp, []any{"backend_connection_closed_before_data_sent_to_client", "0", `,"status":503`}, "upstream/closed/waiting"},
		{"gcp-http-lb", gcp, []any{"backend_connection_closed_after_partial_response_sent", "0", `,"status":200`}, "upstream/closed/response"},
		{"gcp-http-lb", gcp, []any{"backend_timeout", "0", `,"status":502`}, "upstream/timeout/waiting"},
		{"gcp-http-lb", gcp, []any{"failed_to_connect_to_backend", "0", `,"status":502`}, "upstream/unknown/waiting"},
		{"gcp-http-lb", gcp, []any{"byte_range_caching_aborted", "0", `,"status":206`}, "upstream/closed/response"},
		{"gcp-http-lb", gcp, []any{"cache_lookup_failed_after_partial_response", "0", `,"status":200`}, "upstream/closed/response"},
		{"gcp-http-lb", gcp, []any{"failed_to_pick_backend", "0", `,"status":502`}, "request"},
		{"gcp-http-lb", gcp, []any{"denied_by_security_policy", "0", `,"status":403`}, "request"},
		{"gcp-http-lb", gcp, []any{"a_new_reason", "0", ""}, "unknown/unknown/unknown"},
		{"gcp-http-lb", gcp, []any{"a_new_reason", "0", `,"status":200`}, "request"},
		{"gcp-http-lb", gcp, []any{"", "0", `,"status":499`}, "client/closed/waiting"},
		{"cloudflare-logpush", cfl, []any{"0", "499", "0"}, "client/closed/waiting"},
		{"cloudflare-logpush", cfl, []any{"9", "499", "200"}, "client/closed/response"},
		{"cloudflare-logpush", cfl, []any{"9", "520", "0"}, "upstream/unknown/waiting"},
		{"cloudflare-logpush", cfl, []any{"9", "522", "0"}, "upstream/timeout/waiting"},
		{"cloudflare-logpush", cfl, []any{"9", "524", "0"}, "upstream/timeout/waiting"},
		{"cloudflare-logpush", cfl, []any{"9", "524", "524"}, "request"},
		{"cloudflare-logpush", cfl, []any{"9", "521", "0"}, "request"},
		{"cloudflare-logpush", cfl, []any{"9", "523", "0"}, "request"},
		{"cloudflare-logpush", cfl, []any{"9", "526", "0"}, "request"},
		{"cloudflare-logpush", cfl, []any{"0", "0", "0"}, "unknown/unknown/unknown"},
	}
	for _, tt := range tests {
		line := fmt.Sprintf(tt.line, tt.args...)
		if got := endOf(t, tt.format, line); got != tt.want {
			t.Errorf("%s: %v: %s, want %s", tt.format, tt.args, got, tt.want)
		}
	}
}

// TestIIS holds what IIS's and HTTP.sys's codes mean.
func TestIIS(t *testing.T) {
	t.Parallel()
	for codes, want := range map[string]string{
		"200 0 0": "request", "404 0 2": "request", "401 2 5": "request", "500 0 2147943395": "request",
		"200 0 64": "client/reset/response", "200 0 10054": "client/reset/response", "400 0 64": "client/reset/request", "408 0 64": "client/reset/request",
		"500 0 64": "client/reset/unknown", "200 0 1236": "client/aborted/response", "200 0 10053": "client/aborted/response",
		"200 0 121": "client/timeout/response", "200 0 258": "client/timeout/response", "200 0 1460": "client/timeout/response",
		"200 0 1229": "client/closed/response", "200 0 109": "client/broken_pipe/response", "200 0 995": "unknown/closed/response",
		"502 3 12002": "upstream/timeout/waiting", "502 3 12030": "upstream/aborted/waiting", "502 3 12152": "request", "502 3 12029": "request",
		"200 0 12002": "request", "20 0 0": "unparsed",
	} {
		line := "2026-11-22 10:00:02 10.44.0.136 GET /a - 443 - 203.0.113.251 - - " + codes + " 30123"
		if got := endOf(t, "iis-w3c", line); got != want {
			t.Errorf("%s: %s, want %s", codes, got, want)
		}
	}
	for reason, want := range map[string]string{
		"Timer_ConnectionIdle": "client/timeout/idle", "Timer_HeaderWait": "client/timeout/request", "Timer_EntityBody": "client/timeout/request",
		"Timer_MinBytesPerSecond": "client/timeout/response", "Client_Reset": "client/reset/waiting", "Connection_Dropped": "client/closed/unknown",
		"Request_Cancelled": "client/closed/unknown", "Connection_Abandoned_By_ReqQueue": "server/closed/waiting", "Connection_Dropped_List_Full": "server/closed/unknown",
		"AppOffline": "request", "QueueFull": "request", "Hostname": "request", "ConnLimit": "request", "-": "unparsed",
	} {
		line := "2026-11-22 10:00:05 203.0.113.1 51004 10.44.0.136 443 HTTP/1.1 GET /slow 503 1 " + reason + " DefaultAppPool"
		if got := endOf(t, "iis-httperr", line); got != want {
			t.Errorf("%s: %s, want %s", reason, got, want)
		}
	}
}

// TestW3C reads logs whose columns change, are not those of a format, or are not there.
func TestW3C(t *testing.T) {
	t.Parallel()
	r := records(t, []byte("#Fields: time c-ip cs-method cs-uri-stem sc-status\n10:00:01 2001:db8::7 GET /a 200\n"+
		"#Fields: date time c-ip cs-method cs-uri-stem sc-status sc-win32-status time-taken\n2026-11-22 10:00:02 203.0.113.7 GET /b 200 64 15\n10:00:01 x\n"), Options{Format: "iis-w3c"})
	if len(r) != 5 || r[1]["client"] != "2001:db8::7" || r[1]["path"] != "/a" || r[1]["time"] != nil || r[3]["how"] != "reset" || r[3]["duration_ms"] != 15.0 || r[4]["event"] != "unparsed" {
		t.Errorf("%v", r)
	}
	old := "2010-03-12\t23:53:44\tSEA4\t4\t192.0.2.4\tGET\td.example\t/a.jpg\t200\t-\tMozilla/5.0%2520(X)\t-\t-\tHit\tid=="
	if r := records(t, []byte(old), Options{Format: "aws-cloudfront"}); r[0]["event"] != "request" || r[0]["host"] != "d.example" || r[0]["user_agent"] != "Mozilla/5.0%20(X)" {
		t.Errorf("%v", r)
	}
	object := `{"date":"2024-11-14","time":"22:34:06","x-edge-location":"SOF50-P2","sc-bytes":"1024","c-ip":"203.0.113.9","cs-method":"GET","cs(Host)":"d.example","cs-uri-stem":"/a","sc-status":"200","cs(Referer)":"-","x-edge-request-id":"id==","x-edge-detailed-result-type":"ClientCommError","time-taken":"0.5"}`
	if r := records(t, []byte(object), Options{Format: "aws-cloudfront"}); r[0]["phase"] != "response" || r[0]["bytes"] != 1024.0 || r[0]["referer"] != nil || r[0]["time"] != "2024-11-14T22:34:06Z" {
		t.Errorf("%v", r)
	}
	for _, log := range []string{
		"#Fields: date time x-edge-location sc-bytes c-ip sc-status\n", "#Software: Microsoft HTTP API 2.0\n", "#Fields: date-time,connector-id\n", "# Fields: a\n",
	} {
		if got := endOf(t, "iis-w3c", log); got != "unparsed" {
			t.Errorf("%q: %s", log, got)
		}
	}
}

// TestAppGatewayV1 reads the first version's records: milliseconds, and the backend in the query.
func TestAppGatewayV1(t *testing.T) {
	t.Parallel()
	line := `{"operationName":"ApplicationGatewayAccess","time":"2016-04-11T04:24:37Z","category":"ApplicationGatewayAccessLog","properties":{"instanceId":"ApplicationGatewayRole_IN_0","clientIP":"37.186.113.170","clientPort":"12345","httpMethod":"HEAD","requestUri":"/xyz/portal","requestQuery":"X-AzureApplicationGateway-CACHE-HIT=0&SERVER-ROUTED=10.4.0.4&X-AzureApplicationGateway-LOG-ID=874f&SERVER-STATUS=200","userAgent":"-","httpStatus":"200","httpVersion":"HTTP/1.0","receivedBytes":"27","sentBytes":"202","timeTaken":"359","sslEnabled":"off"}}`
	r := records(t, []byte(line), Options{Format: "azure-appgw"})[0]
	if r["duration_ms"] != 359.0 || r["upstream"] != "10.4.0.4" || r["upstream_status"] != 200.0 || r["query"] != nil || r["user_agent"] != nil || r["client_port"] != 12345.0 {
		t.Errorf("%v", r)
	}
}

// TestCloudflareTimes reads the three forms of times.
func TestCloudflareTimes(t *testing.T) {
	t.Parallel()
	for _, times := range []string{
		`"EdgeStartTimestamp":1795341600000000000,"EdgeEndTimestamp":1795341605000000000`,
		`"EdgeStartTimestamp":"2026-11-22T10:00:00Z","EdgeEndTimestamp":"2026-11-22T10:00:05Z"`,
		`"EdgeStartTimestamp":1795341600,"EdgeEndTimestamp":1795341605`,
		`"EdgeStartTimestamp":1795341600000,"EdgeEndTimestamp":1795341605000`,
	} {
		r := records(t, []byte(`{"EdgeResponseStatus":200,`+times+`}`), Options{Format: "cloudflare-logpush"})[0]
		if r["time"] != "2026-11-22T10:00:00Z" || r["duration_ms"] != 5000.0 {
			t.Errorf("%s: %v", times, r)
		}
	}
	if got := endOf(t, "cloudflare-logpush", `{"EdgeResponseStatus":200,"EdgeStartTimestamp":"yesterday"}`); got != "unparsed" {
		t.Error(got)
	}
}

func TestEpochAny(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"1795341600": "2026-11-22T10:00:00Z", "1795341600.7564": "2026-11-22T10:00:00.7564Z", "1795341600123": "2026-11-22T10:00:00.123Z",
		"1795341600123456": "2026-11-22T10:00:00.123456Z", "1795341600123456789": "2026-11-22T10:00:00.123456789Z",
		"1.7953416001234567e+09": "2026-11-22T10:00:00.123457Z", "1795341600.1234567": "2026-11-22T10:00:00.123457Z",
		"1795341600756.4001": "2026-11-22T10:00:00.7564001Z",
	} {
		got, ok := epochAny(s)
		if text := got.Format("2006-01-02T15:04:05.999999999Z07:00"); !ok || text != want {
			t.Errorf("%s: %s, want %s", s, text, want)
		}
	}
	for _, s := range []string{"", "x", "1", "-1", "1e", strings.Repeat("9", 40)} {
		if got, ok := epochAny(s); ok {
			t.Errorf("%q: %v", s, got)
		}
	}
}

package parser

import (
	"fmt"
	"strings"
	"testing"
)

const istioTail = ` "-" 0 95 33 %s "-" "curl/8.5.0" "id-1" "health.example" "10.80.47.192:8181" outbound|80||h.svc 10.80.45.233:37132 10.80.45.233:80 10.80.46.220:59375 - default`

// TestEnvoyFlags reads all flags by their short and long names, in text and JSON.
func TestEnvoyFlags(t *testing.T) {
	t.Parallel()
	tests := []struct {
		flags  string
		status int
		time   string // x-envoy-upstream-service-time
		want   string
	}{
		{"DC DownstreamConnectionTermination DC,UR UC,DC DI,DC", 0, "-", "client closed waiting"},
		{"DC DownstreamConnectionTermination", 200, "5", "client closed response"},
		{"UC UpstreamConnectionTermination UC,URX", 503, "-", "upstream closed waiting"},
		{"UC UpstreamConnectionTermination", 200, "5", "upstream closed response"},
		{"UC", 503, "5", "upstream closed response"},
		{"UR UpstreamRemoteReset UR,URX", 503, "-", "upstream reset waiting"},
		{"UR UpstreamRemoteReset", 200, "5", "upstream reset response"},
		{"UF UpstreamConnectionFailure UF,URX", 503, "-", "upstream unknown waiting"},
		{"UT UpstreamRequestTimeout UT,URX", 504, "-", "upstream timeout waiting"},
		{"SI StreamIdleTimeout", 408, "-", "client timeout request"},
		{"SI StreamIdleTimeout", 504, "-", "upstream timeout waiting"},
		{"SI StreamIdleTimeout", 200, "5", "unknown timeout response"},
		{"DT DurationTimeout", 408, "-", "server timeout unknown"},
		{"DT DurationTimeout UMSDR UpstreamMaxStreamDurationReached", 200, "5", "server timeout response"},
		{"LR LocalReset", 503, "-", "server reset waiting"},
		{"OM OverloadManagerTerminated", 503, "-", "server closed unknown"},
		{"URX UpstreamRetryLimitExceeded", 503, "-", "upstream unknown waiting"},
		{"LH FailedLocalHealthCheck UH NoHealthyUpstream UO UpstreamOverflow NR NoRouteFound NC NoClusterFound RL RateLimited " +
			"RLSE RateLimitServiceError UAEX UnauthorizedExternalService FI FaultInjected DI DelayInjected IH InvalidEnvoyRequestHeaders " +
			"DPE DownstreamProtocolError UPE UpstreamProtocolError RFCF ResponseFromCacheFilter NFCF NoFilterConfigFound DF " +
			"DnsResolutionFailed DO DropOverload UH,URX -", 503, "-", ""},
		{"XYZ SomethingNew", 503, "-", ""},
		{"XYZ SomethingNew", 0, "-", "unknown unknown unknown"},
		{"-", 0, "-", "unknown closed unknown"},
	}
	for _, tt := range tests {
		for flags := range strings.FieldsSeq(tt.flags) {
			for format, line := range map[string]string{
				"envoy-text": fmt.Sprintf(`[2026-11-22T10:00:01.345Z] "GET /a?b=1 HTTP/2" %d %s 0 95 33 %s "203.0.113.140" "curl/8.5.0" "id-1" "health.example" "10.80.47.192:8181"`, tt.status, flags, tt.time),
				"istio-text": fmt.Sprintf(`[2026-11-22T10:00:01.345Z] "GET /a?b=1 HTTP/2" %d %s - -`+istioTail, tt.status, flags, tt.time),
				"envoy-json": fmt.Sprintf(`{"start_time":"2026-11-22T10:00:01.345Z","method":"GET","path":"/a?b=1","protocol":"HTTP/2","response_code":"%d","response_flags":"%s","bytes_sent":"95","duration":"33","upstream_service_time":"%s","request_id":"id-1","authority":"health.example","upstream_host":"10.80.47.192:8181","user_agent":"curl/8.5.0"}`, tt.status, flags, tt.time),
			} {
				r := records(t, []byte(line), Options{Format: format})[0]
				if got := signalOf(r); got != tt.want || r["request_id"] != "id-1" || r["upstream"] != "10.80.47.192:8181" || r["bytes"] != 95.0 {
					t.Errorf("%s %d: %q, want %q: %v", flags, tt.status, got, tt.want, r)
				}
			}
		}
	}
}

// TestEnvoyDetails reads response code details, with and without flags.
func TestEnvoyDetails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status         int
		flags, details string
		want           string
	}{
		{0, "-", "downstream_remote_disconnect", "client closed waiting"},
		{200, "-", "downstream_remote_disconnect", "client closed response"},
		{0, "-", "downstream_local_disconnect", "server closed unknown"},
		{503, "-", "upstream_reset_before_response_started{connection_termination}", "upstream closed waiting"},
		{200, "-", "upstream_reset_after_response_started{connection_termination}", "upstream closed response"},
		{503, "UC", "upstream_reset_after_response_started{connection_termination}", "upstream closed response"},
		{503, "-", "upstream_reset_before_response_started{remote_reset}", "upstream reset waiting"},
		{200, "UR", "upstream_reset_after_response_started{remote_reset}", "upstream reset response"},
		{503, "UF", "upstream_reset_before_response_started{connection_timeout}", "upstream timeout waiting"},
		{503, "UF,URX", "upstream_reset_before_response_started{connection_timeout}", "upstream timeout waiting"},
		{503, "UF", "upstream_reset_before_response_started{connection_failure,delayed_connect_error:_111}", ""},
		{503, "UF", "upstream_reset_before_response_started{remote_connection_failure,delayed_connect_error:_113}", ""},
		{503, "UF", "upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}", ""},
		{503, "UF", "upstream_reset_before_response_started{remote_connection_failure,delayed_connect_error:_110}", "upstream timeout waiting"},
		{503, "UF", "upstream_reset_before_response_started{connection_failure,TLS_error:_268435581:SSL_routines:CERTIFICATE_VERIFY_FAILED}", ""},
		{503, "UC", "upstream_reset_before_response_started{connection_termination,TLS_error:|268435581:x:TLS_error_end}", ""},
		{503, "UF", "upstream_reset_before_response_started{connection_failure}", "upstream unknown waiting"},
		{503, "UF", "-", "upstream unknown waiting"},
		{503, "LR", "upstream_reset_before_response_started{local_reset}", "server reset waiting"},
		{503, "UO", "upstream_reset_before_response_started{overflow}", ""},
		{502, "UPE", "upstream_reset_before_response_started{protocol_error}", ""},
		{504, "UT", "upstream_response_timeout", "upstream timeout waiting"},
		{504, "-", "upstream_per_try_timeout", "upstream timeout waiting"},
		{408, "-", "request_overall_timeout", "client timeout request"},
		{408, "SI", "stream_idle_timeout", "client timeout request"},
		{504, "-", "stream_idle_timeout", "upstream timeout waiting"},
		{408, "DT", "max_duration_timeout", "server timeout unknown"},
		{503, "URX", "via_upstream", ""},
		{400, "DPE", "http1.codec_error", ""},
		{200, "-", "via_upstream", ""},
		{404, "NR", "route_not_found", ""},
		{503, "UH", "no_healthy_upstream", ""},
	}
	for _, tt := range tests {
		line := fmt.Sprintf(`[2026-11-22T10:00:01.345Z] "GET /a HTTP/2" %d %s %s -`+istioTail, tt.status, tt.flags, tt.details, "-")
		r := records(t, []byte(line), Options{Format: "istio-text"})[0]
		if got := signalOf(r); got != tt.want || r["client"] != "10.80.46.220" {
			t.Errorf("%d %s %s: %q, want %q: %v", tt.status, tt.flags, tt.details, got, tt.want, r)
		}
	}
}

// TestEnvoyForms reads lines of other versions, and with what clients write into them.
func TestEnvoyForms(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		// Istio before 1.8: Mixer's status instead of the details
		`[2026-11-22T10:00:01.345Z] "GET /a HTTP/1.1" 503 UC "-" "-" 0 95 1 - "-" "curl" "id" "h" "10.0.0.1:80" outbound|80||x - 10.0.0.2:80 10.0.0.3:4444 - default`:     "10.0.0.3 curl upstream closed waiting",
		`[2026-11-22T10:00:01.345Z] "GET /a HTTP/1.1" 200 - "-" 0 95 1 1 "-" "curl" "id" "h" "10.0.0.1:80" outbound|80||x - 10.0.0.2:80 10.0.0.3:4444 -`:                  "10.0.0.3 curl ",
		`[2026-11-22T10:00:01.345Z] "- - -" 0 UF,URX - - "-" 0 0 10 - "-" "-" "-" "-" "10.0.0.1:80" outbound|80||x - 10.0.0.2:80 [2001:db8::3]:4444 - -`:                  "2001:db8::3 <nil> upstream unknown waiting",
		`[2026-11-22T10:00:01.345Z] "GET /a" 200 - 0 HTTP/2" 0 DC downstream_remote_disconnect - "-" 0 0 10 - "-" "a" "b" "id" "h" "10.0.0.1:80" x - - 10.0.0.3:4444 - -`: `10.0.0.3 a" "b client closed waiting`,
	} {
		r := records(t, []byte(line), Options{Format: "istio-text"})[0]
		if got := fmt.Sprint(r["client"], " ", r["user_agent"], " ", signalOf(r)); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
	for _, line := range []string{
		`[2026-11-22T10:00:01.345Z] "GET /a HTTP/1.1" 200 - 0 95 1 1 "-" "curl" "id" "h"`,
		`[2026-11-22T10:00:01.345Z] "GET /a HTTP/1.1" 200 "-" "curl"`,
		`[2026-11-22T10:00:01.345Z] "GET /a HTTP/1.1" 200 a=b 0 95 1 1 "-" "curl" "id" "h" "u"`,
		`[2026-11-22T10:00:01.345Z] [INFO] hello world, hello world`,
		`[2026-11-22 10:00:28.001][24][loud][config] hello`,
		`[2026-11-22 10:00:28 +0000] [24] [INFO] hello`,
	} {
		for _, format := range []string{"envoy-text", "istio-text"} {
			if r := records(t, []byte(line), Options{Format: format})[0]; r["event"] != "unparsed" {
				t.Errorf("%s: %v", format, r)
			}
		}
	}
	const access = `[2026-11-22T10:00:01.345Z] "GET /a HTTP/2" 200 - via_upstream -` + ` "-" 0 95 33 1 "-" "curl" "id" "h" "10.0.0.1:80" x - - 10.0.0.3:4444 - -`
	log := access + "\n2026-11-22T10:00:00.000000Z\tinfo\txdsproxy\tconnected to upstream XDS server\n"
	if r := records(t, []byte(log), Options{Format: "istio-text"}); r[1]["event"] != "other" || r[1]["level"] != "info" {
		t.Error(r)
	}
	const notice = `{"level":"warning","time":"2026-11-22T10:00:00.000Z","scope":"config","msg":"gRPC config stream closed"}`
	if r := records(t, []byte(notice), Options{Format: "envoy-json"}); r[0]["event"] != "unparsed" {
		t.Error(r)
	}
}

package parser

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"hangup/event"
)

// busyFormat is a format whose lines are made for measuring: forms of exchanges with the names of visit in braces.
type busyFormat struct {
	format, layout string
	line           string
	inside         string // the format of the line, where format is an envelope's
}

const (
	busyCombined = `{ip} - - [{clf}] "{method} {uri} {http}" {status} {bytes} "{referer}" "{agent}"`
	busyTimed    = busyCombined + ` rt={s} uct="0.000" uht="{us}" urt="{us}" ups="{up}" us="{status}" request_id={id}`
	busyHAProxy  = `{ip}:{port} [{clf3}] www~ api/{server} 0/0/1/{ums}/{ms} {status} {bytes} - - ---- 40/38/12/4/0 0/0 "{method} {uri} {http}"`
)

// busyFormats are access logs in each family of formats, and one of them in each envelope.
var busyFormats = []busyFormat{
	{format: "nginx-combined", line: busyCombined},
	{format: "nginx-timed", line: busyTimed},
	{
		format: "nginx",
		layout: `$remote_addr [$time_iso8601] $host "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_time $upstream_response_time $upstream_addr $upstream_status $request_id $request_completion`,
		line:   `{ip} [{rfc}] shop.example "{method} {uri} {http}" {status} {bytes} "{referer}" "{agent}" {s} {us} {up} {status} {id} OK`,
	},
	{format: "apache-combined", line: busyCombined},
	{format: "apache-vhost-combined", line: `shop.example:443 ` + busyCombined},
	{format: "apache-extended", line: busyCombined + ` {micros} + {id}`},
	{
		format: "apache",
		layout: `%h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i" %D %X`,
		line:   busyCombined + ` {micros} +`,
	},
	{format: "ingress-nginx", line: busyCombined + ` 411 {s} [shop-api-80] [] {up} {bytes} {us} {status} {id}`},
	{format: "traefik-clf", line: busyCombined + ` 4711 "shop@docker" "http://{up}" {ms}ms`},
	{format: "tomcat-access", line: `{ip} - - [{clf}] "{method} {uri} {http}" {status} {bytes} {micros} {ms} http-nio-8080-exec-{n} "{agent}"`},
	{format: "haproxy-http", line: busyHAProxy},
	{
		format: "haproxy",
		layout: `%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r %[unique-id]`,
		line:   busyHAProxy + ` {id}`,
	},
	{format: "envoy-text", line: `[{iso3}] "{method} {uri} {http}" {status} - 0 {bytes} {ms} {ums} "{ip}" "{agent}" "{id}" "shop.example" "{up}"`},
	{
		format: "envoy",
		layout: `[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %DOWNSTREAM_REMOTE_ADDRESS%`,
		line:   `[{iso3}] "{method} {uri} {http}" {status} - 0 {bytes} {ms} {ums} "{ip}" "{agent}" "{id}" "shop.example" "{up}" {ip}:{port}`,
	},
	{format: "aws-alb", line: `https {iso6} app/shop/50dc6c495c0c9188 {ip}:{port} {up} 0.001 {us} 0.000 {status} {status} 132 {bytes} "{method} https://shop.example:443{uri} {http}" "{agent}" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/shop/73e2d6bc24d8a067 "Root=1-{id}" "shop.example" "session-reused" 1 {iso6} "forward" "-" "-" "{up}" "{status}" "-" "-" TID_{id}`},
	{format: "nginx-json", line: `{"time":"{rfc}","remote_addr":"{ip}","request_method":"{method}","request_uri":"{uri}","server_protocol":"{http}","http_host":"shop.example","status":"{status}","body_bytes_sent":"{bytes}","request_time":"{s}","upstream_addr":"{up}","upstream_response_time":"{us}","upstream_status":"{status}","http_user_agent":"{agent}","http_referer":"{referer}","request_id":"{id}"}`},
	{format: "caddy-json", line: `{"level":"info","ts":{epoch}.7564,"logger":"http.log.access.log0","msg":"handled request","request":{"remote_ip":"{ip}","remote_port":"{port}","client_ip":"{ip}","proto":"{http}","method":"{method}","host":"shop.example","uri":"{uri}","headers":{"User-Agent":["{agent}"],"Accept":["*/*"],"Accept-Encoding":["gzip, deflate, br"]},"tls":{"resumed":false,"version":772,"cipher_suite":4865,"proto":"h2","server_name":"shop.example"}},"bytes_read":0,"user_id":"","duration":{s}702,"size":{bytes},"status":{status},"resp_headers":{"Server":["Caddy"],"Content-Type":["application/json"]}}`},
	{format: "traefik-json", line: `{"ClientAddr":"{ip}:{port}","ClientHost":"{ip}","ClientPort":"{port}","ClientUsername":"-","DownstreamContentSize":{bytes},"DownstreamStatus":{status},"Duration":{micros}313,"OriginContentSize":{bytes},"OriginDuration":{micros}200,"OriginStatus":{status},"Overhead":32644,"RequestAddr":"shop.example","RequestContentSize":0,"RequestCount":{n},"RequestHost":"shop.example","RequestMethod":"{method}","RequestPath":"{uri}","RequestPort":"-","RequestProtocol":"{http}","RequestScheme":"http","RetryAttempts":0,"RouterName":"shop@docker","ServiceAddr":"{up}","ServiceName":"shop@docker","ServiceURL":"http://{up}","StartLocal":"{iso9}","StartUTC":"{iso9}","entryPointName":"web","level":"info","msg":"","request_User-Agent":"{agent}","time":"{iso}"}`},
	{format: "envoy-json", line: `{":authority":"shop.example","bytes_received":0,"bytes_sent":{bytes},"connection_termination_details":null,"downstream_local_address":"10.42.0.77:10443","downstream_remote_address":"{ip}:{port}","duration":{ms},"method":"{method}","protocol":"{http}","requested_server_name":null,"response_code":{status},"response_code_details":"via_upstream","response_flags":"-","route_name":"r0","start_time":"{iso3}","upstream_cluster":"httproute/app/rule/0","upstream_host":"{up}","upstream_local_address":"10.42.0.77:51216","upstream_transport_failure_reason":null,"user-agent":"{agent}","x-envoy-origin-path":"{uri}","x-envoy-upstream-service-time":null,"x-forwarded-for":"{ip}","x-request-id":"{id}"}`},
	{format: "pino-http", line: `{"level":30,"time":{epoch}242,"pid":11108,"hostname":"web-1","req":{"id":{n},"method":"{method}","url":"{uri}","query":{},"params":{},"headers":{"host":"shop.example","user-agent":"{agent}","referer":"{referer}","accept":"*/*","connection":"close"},"remoteAddress":"{ip}","remotePort":{port}},"res":{"statusCode":{status},"headers":{"content-type":"text/html; charset=utf-8","content-length":"{bytes}"}},"responseTime":{ms},"msg":"request completed"}`},
	{format: "go-json", line: `{"time":"{iso9}","level":"INFO","msg":"request served","method":"{method}","path":"{uri}","status":{status},"bytes":{bytes},"duration":{micros}501,"remote_addr":"{ip}:{port}","user_agent":"{agent}","request_id":"{id}"}`},

	{format: "docker-json", inside: "nginx-combined", line: `{"log":"{ip} - - [{clf}] \"{method} {uri} {http}\" {status} {bytes} \"{referer}\" \"{agent}\"\n","stream":"stdout","time":"{iso9}"}`},
	{format: "cri", inside: "nginx-combined", line: `{iso9} stdout F ` + busyCombined},
	{format: "syslog-rfc3164", inside: "nginx-combined", line: `{bsd} web-1 nginx: ` + busyCombined},
	{format: "syslog-rfc3164", inside: "haproxy-http", line: `{bsd} lb1 haproxy[14389]: ` + busyHAProxy},
	{format: "syslog-rfc5424", inside: "nginx-combined", line: `<190>1 {iso6} web-1 nginx 812 - - ` + busyCombined},
	{format: "journald-json", inside: "nginx-combined", line: `{"__REALTIME_TIMESTAMP":"{epoch}938123","_HOSTNAME":"web-1","SYSLOG_IDENTIFIER":"nginx","_PID":"911","PRIORITY":"6","_SYSTEMD_UNIT":"nginx.service","MESSAGE":"{ip} - - [{clf}] \"{method} {uri} {http}\" {status} {bytes} \"{referer}\" \"{agent}\""}`},
}

// name is the format's as Options.Format takes it.
func (f busyFormat) name() string {
	if f.inside != "" {
		return f.format + "/" + f.inside
	}
	return f.format
}

func (f busyFormat) options() Options { return Options{Format: f.name(), Layout: f.layout} }

// busyLog makes n lines of a busy server: 200 a second, from many clients, with paths, agents and times of every length.
func busyLog(form string, n int, seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	var b strings.Builder
	for i := range n {
		at = at.Add(time.Duration(r.ExpFloat64() * float64(5*time.Millisecond)))
		took := time.Duration(20e6 * math.Exp(r.NormFloat64())).Truncate(time.Microsecond)
		ip := fmt.Sprintf("%d.%d.%d.%d", 11+r.IntN(200), r.IntN(256), r.IntN(256), 1+r.IntN(254))
		if r.IntN(12) == 0 {
			ip = fmt.Sprintf("2a02:%x:%x:%x::%x", r.IntN(65536), r.IntN(65536), r.IntN(65536), r.IntN(65536))
		}
		uri := "/api/" + pick("v1", "v2") + "/" + pick("users", "orders", "products", "carts", "invoices", "search", "media") + "/" + fmt.Sprint(r.IntN(5_000_000))
		uri += pick("", "", "/items", "/status/history", fmt.Sprintf("/%08x-%04x-4%03x", r.Uint32(), r.IntN(65536), r.IntN(4096)))
		uri += pick("", "", fmt.Sprintf("?page=%d", r.IntN(50)), "?page=3&q=red%20lamp&sort=-price")
		agent := pick("curl/8.5.0", "okhttp/4.12.0", "Go-http-client/2.0", "python-requests/2.31.0", "Apache-HttpClient/4.5.14 (Java/11.0.21)",
			"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
			fmt.Sprintf("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0 Safari/537.36", 100+r.IntN(40)),
			fmt.Sprintf("Mozilla/5.0 (X11; Linux x86_64; rv:%d.0) Gecko/20100101 Firefox/%[1]d.0", 100+r.IntN(40)))
		seconds := func(d time.Duration) string { return fmt.Sprintf("%d.%03d", d/time.Second, d/time.Millisecond%1000) }
		b.WriteString(strings.NewReplacer(
			"{ip}", ip, "{port}", fmt.Sprint(1024+r.IntN(60000)), "{uri}", uri, "{agent}", agent,
			"{clf}", at.Format("02/Jan/2006:15:04:05 -0700"), "{clf3}", at.Format("02/Jan/2006:15:04:05.000"), "{bsd}", at.Format("Jan _2 15:04:05"),
			"{rfc}", at.Format("2006-01-02T15:04:05-07:00"), "{iso}", at.Format("2006-01-02T15:04:05Z"), "{iso3}", at.Format("2006-01-02T15:04:05.000Z"),
			"{iso6}", at.Format("2006-01-02T15:04:05.000000Z"), "{iso9}", at.Format("2006-01-02T15:04:05.000000000Z"), "{epoch}", fmt.Sprint(at.Unix()),
			"{method}", pick("GET", "GET", "GET", "POST", "PUT", "DELETE"), "{http}", pick("HTTP/1.1", "HTTP/1.1", "HTTP/2.0"),
			"{status}", pick("200", "200", "200", "200", "200", "200", "201", "304", "404", "502"), "{bytes}", fmt.Sprint(int(600*math.Exp(1.5*r.NormFloat64()))),
			"{referer}", pick("-", "https://shop.example/", "https://shop.example/cart/checkout?step=2"),
			"{s}", seconds(took), "{us}", seconds(took-took/8), "{ms}", fmt.Sprint(took.Milliseconds()), "{ums}", fmt.Sprint((took - took/8).Milliseconds()),
			"{micros}", fmt.Sprint(took.Microseconds()), "{up}", fmt.Sprintf("10.0.%d.%d:8080", r.IntN(3), r.IntN(250)), "{server}", fmt.Sprintf("s%d", r.IntN(30)),
			"{id}", fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()), "{n}", fmt.Sprint(i),
		).Replace(form))
		b.WriteByte('\n')
	}
	return b.String()
}

// TestNoAllocations reads request lines of each format, by themselves and in envelopes, as a busy server writes them: 20 of
// them together may not cost one allocation.
func TestNoAllocations(t *testing.T) {
	const lines, each = 400, 20
	for _, f := range busyFormats {
		forms := map[string]string{f.name(): f.line}
		if f.inside == "" && f.layout == "" { // a layout is not given with an envelope
			docker, err := json.Marshal(f.line + "\n")
			if err != nil {
				t.Fatal(err)
			}
			forms["docker-json/"+f.format] = `{"log":` + string(docker) + `,"stream":"stdout","time":"{iso9}"}`
			forms["cri/"+f.format] = `{iso9} stdout F ` + f.line
			forms["syslog-rfc3164/"+f.format] = `{bsd} web-1 shop[812]: ` + f.line
			forms["syslog-rfc5424/"+f.format] = `<190>1 {iso6} web-1 shop 812 - - ` + f.line
		}
		for name, form := range forms {
			t.Run(name, func(t *testing.T) {
				p, err := New(Options{Format: name, Layout: f.layout})
				if err != nil {
					t.Fatal(err)
				}
				var log []event.Line
				off := int64(0)
				for text := range strings.Lines(busyLog(form, lines, 2)) {
					log = append(log, event.Line{Text: strings.TrimSuffix(text, "\n"), Start: off, End: off + int64(len(text)), Number: int64(len(log) + 1)})
					off += int64(len(text))
				}
				exchanges := 0
				emit := func(r *event.Record) {
					if r.Exchange && r.Path != "" && r.Status != 0 {
						exchanges++
					}
				}
				for i := range log {
					p.Line(log[i], emit)
				}
				if p.Flush(emit); exchanges != lines {
					t.Fatalf("%d of %d lines are read as requests", exchanges, lines)
				}
				at := 0
				if n := testing.AllocsPerRun(lines/each-1, func() {
					for _, l := range log[at : at+each] {
						p.Line(l, emit)
					}
					at += each
				}); n != 0 {
					t.Errorf("%v allocations for %d lines", n, each)
				}
			})
		}
	}
}

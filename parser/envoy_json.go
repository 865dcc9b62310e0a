package parser

import (
	"strings"

	"hangup/event"
)

// Envoy's access log as JSON: the names of its operators as keys, as Istio, Contour, Envoy Gateway and Emissary use
// them in their json_format.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "envoy-json",
			Summary:   "Envoy access log, one JSON object a line: Envoy Gateway, Istio, Contour, Emissary",
			Example:   `{":authority":"www.example.com","bytes_sent":0,"downstream_remote_address":"203.0.113.150:59292","duration":30001,"method":"GET","protocol":"HTTP/2","response_code":0,"response_code_details":"downstream_remote_disconnect","response_flags":"DC","start_time":"2026-11-22T10:00:02.345Z","upstream_host":"10.42.0.82:8080","user-agent":"curl/8.10.1","x-envoy-origin-path":"/a","x-request-id":"a9864e02"}`,
			Durations: true,
			Aliases:   []string{"istio-json"},
		},
		rank: 22,
		make: func(o Options) (grammar, error) {
			return &envoyJSON{clock: clock{zone: o.Zone}, json: newJSONScanner(envoyKeys)}, nil
		},
	})
}

// envoyKeys are the usual keys. Where two name the same, both stand here and the scanner keeps one of them.
var envoyKeys = func() *jsonTable {
	table := map[string]uint8{}
	for f, keys := range map[envoyField]string{
		evTime:        "start_time @timestamp timestamp time",
		evMethod:      "method request_method :method",
		evPath:        "path x-envoy-origin-path x-envoy-original-path request_path :path",
		evProtocol:    "protocol",
		evStatus:      "response_code status_code status",
		evFlags:       "response_flags response_flags_long",
		evDetails:     "response_code_details",
		evTermination: "connection_termination_details",
		evFailure:     "upstream_transport_failure_reason",
		evBytes:       "bytes_sent",
		evDuration:    "duration",
		evServiceTime: "upstream_service_time x-envoy-upstream-service-time",
		evPeer:        "downstream_remote_address downstream_remote_address_without_port downstream_direct_remote_address",
		evForwarded:   "x_forwarded_for x-forwarded-for",
		evAgent:       "user_agent user-agent",
		evReferer:     "referer",
		evID:          "request_id x_request_id x-request-id",
		evHost:        "authority :authority",
		evUpstream:    "upstream_host upstream_remote_address",
		evLevel:       "level",
		evMessage:     "message msg",
		evLogger:      "scope logger name",
	} {
		for key := range strings.FieldsSeq(keys) {
			table[key] = uint8(f)
		}
	}
	return newJSONTable(table)
}()

type envoyJSON struct {
	oneLine
	clock clock
	json  *jsonScanner
	seen  bool // a record of the access log
	x     envoyExchange
}

func (g *envoyJSON) read(line string, r *event.Record) event.Reason {
	if !g.json.scan(line) {
		return event.NoFormat
	}
	g.x = envoyExchange{}
	for f := envoyField(1); f < envoyFields; f++ {
		if g.json.has(uint8(f)) {
			g.x.values[f] = g.json.get(uint8(f))
		}
	}
	e := &r.Event
	if !g.json.has(uint8(evFlags)) || !g.json.has(uint8(evStatus)) {
		return g.notice(e)
	}
	if _, ok := envoyFlagSet(g.x.values[evFlags]); !ok {
		return event.NoFormat
	}
	g.seen = true
	return g.x.event(&g.clock, e)
}

func (g *envoyJSON) remembers() bool { return g.seen }

// notice reads the application log as JSON, which comes in the same stream: level, time, scope and msg. Many programs
// have such keys, so it counts only where exchanges are logged too.
func (g *envoyJSON) notice(e *event.Event) (why event.Reason) {
	x := &g.x
	if !g.seen || x.get(evMessage) == "" || x.get(evTime) == "" || x.get(evLevel) == "" || !g.json.has(uint8(evLogger)) {
		return event.NoFormat
	}
	var ok bool
	if e.Time, e.ZoneAssumed, ok = g.clock.iso(x.get(evTime)); !ok {
		return event.BadTime
	}
	e.Kind, e.Level, e.Logger, e.Message = event.Other, x.get(evLevel), x.get(evLogger), x.get(evMessage)
	return ""
}

package parser

import (
	"strings"

	"hangup/event"
)

// combined with key=value pairs behind it, as many write it to have the times.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "nginx-timed",
			Summary:   "nginx access log: combined, then key=value with rt, urt, us, ups or ua, rid",
			Example:   `203.0.113.7 - - [22/Nov/2026:10:00:00 +0000] "GET /slow HTTP/1.1" 499 0 "-" "curl/8.5.0" rt=30.001 urt="30.001" us="-" ua="10.0.0.5:8080"`,
			Durations: true,
		},
		rank: 20,
		make: func(o Options) (grammar, error) { return &nginxTimed{clock: clock{zone: o.Zone}}, nil },
	})
}

// timedKeys are the usual short names, and nginx's own. Keys that are not known are passed over.
var timedKeys = map[string]variable{
	"rt": vDuration, "request_time": vDuration, "duration": vDuration,
	"urt": vUpstreamTime, "upstream_response_time": vUpstreamTime, "upstream_time": vUpstreamTime,
	"uct": vIgnored, "uht": vIgnored, "cs": vIgnored, "gzip_ratio": vIgnored,
	"us": vUpstreamStatus, "upstream_status": vUpstreamStatus,
	"ua": vUpstream, "ups": vUpstream, "upstream": vUpstream, "upstream_addr": vUpstream,
	"rid": vID, "request_id": vID, "req_id": vID, "x_request_id": vHeaderID,
	"host": vHost, "http_host": vHTTPHost, "port": vPort, "remote_port": vPort,
	"completion": vCompletion, "request_completion": vCompletion, "pid": vPID, "msec": vMsec,
}

type nginxTimed struct {
	oneLine
	clock clock
	x     exchange
}

func (g *nginxTimed) read(line string, r *event.Record) event.Reason {
	g.x.reset()
	g.x.escape = escapeHex
	rest, ok := cutCombined(line, &g.x)
	if !ok {
		return event.NoFormat
	}
	known := false
	for rest != "" {
		if rest[0] != ' ' {
			return event.NoFormat
		}
		rest = rest[1:]
		if rest != "" && rest[0] == '"' { // "$http_x_forwarded_for" stands before the pairs
			if _, rest, ok = quoted(rest); !ok {
				return event.NoFormat
			}
			continue
		}
		i := strings.IndexByte(rest, '=')
		if i <= 0 || i > 32 || strings.IndexByte(rest[:i], ' ') >= 0 {
			return event.NoFormat
		}
		v, isKnown := timedKeys[rest[:i]]
		known = known || isKnown
		var value string
		if value, rest, ok = pairValue(rest[i+1:]); !ok {
			return event.NoFormat
		}
		if isKnown {
			g.x.set(v, value)
		}
	}
	if !known {
		return event.NoFormat
	}
	return g.x.event(&g.clock, &r.Event)
}

// pairValue cuts a value, quoted or up to the next blank. A bare list of upstreams, "5.003, 0.251", has blanks.
func pairValue(s string) (value, rest string, ok bool) {
	if s != "" && s[0] == '"' {
		return quoted(s)
	}
	end := 0
	for {
		i := strings.IndexByte(s[end:], ' ')
		if i < 0 {
			return s, "", true
		}
		end += i
		if !inList(s, end) {
			return s[:end], s[end:], true
		}
		end++
	}
}

// inList says whether the blank at s[i] is part of a separator of nginx's lists of upstreams: ", " or " : ".
func inList(s string, i int) bool {
	return i > 0 && s[i-1] == ',' || strings.HasPrefix(s[i:], " : ") || i > 1 && s[i-1] == ':' && s[i-2] == ' '
}

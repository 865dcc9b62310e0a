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
		make: func(o Options) (grammar, error) {
			return &nginxTimed{combined: mustLayout(layoutFormat, nginxCombinedLayout), clock: clock{zone: o.Zone}}, nil
		},
	})
}

// timedKey knows the usual short names, and nginx's own. Keys that are not known are passed over.
func timedKey(key string) (v variable, known bool) {
	switch key {
	case "rt", "request_time", "duration":
		return vDuration, true
	case "urt", "upstream_response_time", "upstream_time":
		return vUpstreamTime, true
	case "uct", "uht", "upstream_connect_time", "upstream_header_time", "cs", "gzip_ratio":
		return vIgnored, true
	case "us", "upstream_status":
		return vUpstreamStatus, true
	case "ua", "ups", "upstream", "upstream_addr":
		return vUpstream, true
	case "rid", "request_id", "req_id":
		return vID, true
	case "x_request_id":
		return vHeaderID, true
	case "host":
		return vHost, true
	case "http_host":
		return vHTTPHost, true
	case "port", "remote_port":
		return vPort, true
	case "completion", "request_completion":
		return vCompletion, true
	case "pid":
		return vPID, true
	case "msec":
		return vMsec, true
	}
	return vIgnored, false
}

// maxKey bounds a key.
const maxKey = 32

type nginxTimed struct {
	oneLine
	combined *layout // at the beginning of the line
	clock    clock
	x        exchange
}

func (g *nginxTimed) read(line string, r *event.Record) event.Reason {
	rest, ok := g.combined.scan(line, &g.x)
	if !ok || !isAddress(g.x.values[vAddr]) || !acceptNginx(&g.x, nil) {
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
		i := 0
		for i < len(rest) && i <= maxKey && rest[i] != '=' && rest[i] != ' ' { // keys are short: a call costs more
			i++
		}
		if i == 0 || i > maxKey || i == len(rest) || rest[i] != '=' {
			return event.NoFormat
		}
		v, isKnown := timedKey(rest[:i])
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
	for end := range len(s) {
		if s[end] == ' ' && !inList(s, end) {
			return s[:end], s[end:], true
		}
	}
	return s, "", true
}

// maxList bounds a list of upstreams.
const maxList = 4096

// inList says whether the blank at s[i] is part of a separator of nginx's lists of upstreams: ", " or " : ".
func inList(s string, i int) bool {
	if i > maxList {
		return false
	}
	return i > 0 && s[i-1] == ',' || strings.HasPrefix(s[i:], " : ") || i > 1 && s[i-1] == ':' && s[i-2] == ' '
}

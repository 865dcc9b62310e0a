package parser

import (
	"strings"
	"sync"

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
			return &nginxTimed{combined: nginxCombined(), clock: clock{zone: o.Zone}}, nil
		},
	})
}

var nginxCombined = sync.OnceValue(func() *layout { return mustLayout(layoutFormat, nginxCombinedLayout) })

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

// maxKey bounds a key, maxPairs the pairs of which is remembered what they were.
const (
	maxKey   = 32
	maxPairs = 16
)

// timedPair is what stood at a place behind combined in the line before: it will be the same in this.
type timedPair struct {
	head        [maxKey + 3]byte // ` rt="` or ` rt=`
	size        int
	first, mask uint64 // of its first eight bytes
	value       variable
	known       bool
}

type nginxTimed struct {
	oneLine
	combined *layout // at the beginning of the line
	clock    clock
	x        exchange
	pairs    [maxPairs]timedPair
}

func (g *nginxTimed) read(line string, r *event.Record) event.Reason {
	x := &g.x
	rest, ok := g.combined.scan(line, x)
	if !ok || !acceptNginx(x, nil) {
		return event.NoFormat
	}
	known := false
	for i := 0; rest != ""; i++ {
		p := &g.pairs[min(i, maxPairs-1)]
		n := p.size
		if !p.begins(rest) {
			if rest[0] == ' ' && len(rest) > 1 && rest[1] == '"' { // "$http_x_forwarded_for" stands before the pairs
				if _, rest, ok = quoted(rest[1:]); !ok {
					return event.NoFormat
				}
				i--
				continue
			}
			if n = p.learn(rest); n == 0 {
				return event.NoFormat
			}
		}
		if len(rest) > n && rest[n] == '"' && rest[n-1] == '=' { // it is quoted here
			n++
		}
		s := rest[n:]
		if rest[n-1] == '"' {
			end := indexShort(s, '"')
			if end < 0 {
				return event.NoFormat
			}
			rest = s[end+1:]
			s = s[:end]
		} else {
			s, rest = pairValue(s)
		}
		if p.known {
			known = true
			x.set(p.value, s)
		}
		if rest != "" && rest[0] != ' ' {
			return event.NoFormat
		}
	}
	if !known {
		return event.NoFormat
	}
	if why := x.fill(&g.clock, &r.Event); why != "" {
		return why
	}
	x.outcome(&r.Event)
	return ""
}

// learn reads the head of a pair and returns how long it is; 0 when there is none.
func (p *timedPair) learn(s string) int {
	n := 1
	for n < len(s) && n <= maxKey+1 && s[n] != '=' && s[n] != ' ' {
		n++
	}
	if s[0] != ' ' || n == 1 || n > maxKey+1 || n == len(s) || s[n] != '=' {
		return 0
	}
	p.value, p.known = timedKey(s[1:n])
	if n++; n < len(s) && s[n] == '"' {
		n++
	}
	p.size = copy(p.head[:], s[:n])
	h := headOf(s[:n])
	p.first, p.mask = h.first, h.mask
	return n
}

// begins says whether s begins with the head.
func (p *timedPair) begins(s string) bool {
	n := p.size
	if len(s) < max(n, 8) || load64(s)&p.mask != p.first {
		return false
	}
	return n > 0 && (n <= 8 || s[8:n] == string(p.head[8:n]))
}

// pairValue cuts a bare value, up to the next blank. A list of upstreams, "5.003, 0.251", has blanks.
func pairValue(s string) (value, rest string) {
	for end := 0; ; end++ {
		n := indexShort(s[end:], ' ')
		if n < 0 {
			return s, ""
		}
		if end += n; end > 0 && s[end-1] != ',' && s[end-1] != ':' && end+1 < len(s) && s[end+1] != ':' || !inList(s, end) {
			return s[:end], s[end:]
		}
	}
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

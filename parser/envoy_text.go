package parser

import (
	"strings"

	"hangup/event"
)

// Envoy's default access log (docs: "Access logging", "Default format string") and Istio's (Istio docs: "Envoy Access
// Logs"), with Envoy's own notices between.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "envoy-text",
			Summary:   "Envoy access log in the default format",
			Example:   `[2026-11-22T10:00:01.345Z] "GET /api/v1/orders?id=7 HTTP/2" 0 DC 0 0 30001 - "203.0.113.140" "okhttp/4.12.0" "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2" "shop.example" "10.0.2.1:8080"`,
			Durations: true,
		},
		rank: 20,
		make: func(o Options) (grammar, error) { return &envoyText{clock: clock{zone: o.Zone}}, nil },
	})
	register(format{
		FormatInfo: FormatInfo{
			Name:      "istio-text",
			Summary:   "Istio's sidecars and gateways: Envoy access log in Istio's format",
			Example:   `[2026-11-22T10:00:02.345Z] "GET /v1/status HTTP/1.1" 0 DC downstream_remote_disconnect - "-" 0 0 5001 - "-" "curl/8.5.0" "3a7cbcc1-af72-47fb-bbac-a7672951f50f" "health.example" "10.80.47.192:8181" outbound|80||health.svc 10.80.45.233:37132 10.80.45.233:80 10.80.46.220:59375 - default`,
			Durations: true,
		},
		rank: 21,
		make: func(o Options) (grammar, error) { return &envoyText{clock: clock{zone: o.Zone}, istio: true}, nil },
	})
}

type envoyText struct {
	oneLine
	clock clock
	istio bool
	seen  bool // a record of the access log
	x     envoyExchange
}

func (g *envoyText) read(line string, r *event.Record) event.Reason {
	s := cutCRI(line)
	e := &r.Event
	switch {
	case len(s) < 24:
		return event.NoFormat
	case s[0] == '[' && s[11] == 'T':
		g.x = envoyExchange{}
		if !g.scan(s) {
			return event.NoFormat
		}
		if _, ok := envoyFlagSet(g.x.values[evFlags]); !ok {
			return event.NoFormat
		}
		g.seen = true
		return g.x.event(&g.clock, e)
	case s[0] == '[' && s[11] == ' ':
		return g.notice(s, e)
	case g.istio && g.seen && s[4] == '-' && s[10] == 'T':
		return g.agent(s, e)
	}
	return event.NoFormat
}

func (g *envoyText) remembers() bool { return g.seen }

// scan cuts `[time] "METHOD path PROTOCOL" code flags ...`, and what follows by the format.
func (g *envoyText) scan(s string) bool {
	x := &g.x
	i := strings.IndexByte(s[:min(len(s), 48)], ']')
	if i < 0 || !strings.HasPrefix(s[i:], `] "`) {
		return false
	}
	x.values[evTime], s = s[1:i], s[i+3:]
	end := envoyRequestEnd(s)
	if end < 0 || !x.request(s[:end]) {
		return false
	}
	s = s[end+2:]
	var ok bool
	if x.values[evStatus], s, ok = cutBlank(s); !ok {
		return false
	}
	if _, isNumber := count(x.values[evStatus]); !isNumber {
		return false
	}
	if x.values[evFlags], s, ok = cutBlank(s); !ok {
		return false
	}
	if s, ok = x.reasons(s, g.istio); !ok {
		return false
	}
	var received string
	for _, to := range [...]*string{&received, &x.values[evBytes], &x.values[evDuration], &x.values[evServiceTime]} {
		if *to, s, ok = cutBlank(s); !ok || *to == "" || !isDigit((*to)[0]) && *to != "-" {
			return false
		}
	}
	if g.istio {
		if s, ok = x.peers(s); !ok {
			return false
		}
	}
	return x.headers(s)
}

// envoyRequestEnd finds the quote that ends a request line. Quotes in it are not escaped.
func envoyRequestEnd(s string) int {
	for from := 0; ; {
		i := strings.IndexByte(s[from:], '"')
		if i < 0 {
			return -1
		}
		i += from
		if i+2 < len(s) && s[i+1] == ' ' && isDigit(s[i+2]) && i > 0 && (isDigit(s[i-1]) || s[i-1] == '-') {
			return i
		}
		from = i + 1
	}
}

// request reads "GET /a HTTP/2", "- - HTTP/1.1", or "- - -" of a TCP connection.
func (x *envoyExchange) request(s string) bool {
	method, rest, ok := cutBlank(s)
	i := strings.LastIndexByte(rest, ' ')
	if !ok || i < 0 {
		return false
	}
	protocol := rest[i+1:]
	if method != "-" && !isMethod(method) || protocol != "-" && !isProtocol(protocol) {
		return false
	}
	x.values[evMethod], x.values[evPath], x.values[evProtocol] = method, rest[:i], protocol
	return true
}

// reasons reads what Istio has between the flags and the bytes: `details termination "failure"`, before 1.8
// `"mixer" "failure"`. Envoy's format has nothing there.
func (x *envoyExchange) reasons(s string, istio bool) (rest string, ok bool) {
	for n := 0; ; n++ {
		if s == "" || n > 4 {
			return "", false
		}
		switch {
		case s[0] == '"':
			if x.values[evFailure], s, ok = quoted(s); !ok || !strings.HasPrefix(s, " ") {
				return "", false
			}
			s = s[1:]
			continue
		case isDigit(s[0]):
			return s, istio == (n > 0)
		}
		word, rest, ok := strings.Cut(s, " ")
		if !ok {
			return "", false
		}
		if n == 0 {
			x.values[evDetails] = word
		} else {
			x.values[evTermination] = word
		}
		s = rest
	}
}

// peers cuts what Istio has behind the last quote: `cluster local local remote sni[ route]`.
func (x *envoyExchange) peers(s string) (rest string, ok bool) {
	end := strings.LastIndexByte(s, '"')
	if end < 0 || !strings.HasPrefix(s[end:], `" `) {
		return "", false
	}
	rest, s = s[:end+1], s[end+2:]
	n := 0
	for word := range strings.SplitSeq(s, " ") {
		if n == 3 {
			x.values[evPeer] = word
		}
		n++
	}
	return rest, n >= 5
}

// headers reads `"forwarded-for" "user-agent" "request-id" "authority" "upstream"`. Quotes are not escaped; only the
// client's own words can hold some.
func (x *envoyExchange) headers(s string) bool {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return false
	}
	s = s[1 : len(s)-1]
	var ok1, ok2, ok3 bool
	if x.values[evForwarded], s, ok1 = cutQuotes(s); !ok1 {
		return false
	}
	var rest string
	x.values[evAgent], rest, ok1 = cutQuotes(s)
	x.values[evID], rest, ok2 = cutQuotes(rest)
	x.values[evHost], rest, ok3 = cutQuotes(rest)
	if ok1 && ok2 && ok3 && strings.IndexByte(rest, '"') < 0 && s[len(x.values[evAgent])+3] != ' ' { // nobody's words hold a quote, as nearly always
		x.values[evUpstream] = rest
		return true
	}
	for _, f := range [...]envoyField{evUpstream, evHost, evID} {
		i := strings.LastIndex(s, `" "`)
		if i < 0 {
			return false
		}
		x.values[f], s = s[i+3:], s[:i]
	}
	x.values[evAgent] = s
	return true
}

// cutQuotes cuts between two values in quotes: at the first `" "`.
func cutQuotes(s string) (before, after string, found bool) {
	if i := strings.IndexByte(s, '"'); i >= 0 && i+3 < len(s) && s[i+1] == ' ' && s[i+2] == '"' {
		return s[:i], s[i+3:], true
	}
	return strings.Cut(s, `" "`)
}

// notice reads Envoy's application log: "[2026-11-22 10:00:28.001][24][warning][config] [source] message".
func (g *envoyText) notice(s string, e *event.Event) event.Reason {
	var f [4]string
	for i := range f {
		end := strings.IndexByte(s[:min(len(s), 64)], ']')
		if s == "" || s[0] != '[' || end < 0 {
			return event.NoFormat
		}
		f[i], s = s[1:end], s[end+1:]
	}
	if _, ok := count(f[1]); !ok || !strings.HasPrefix(s, " ") {
		return event.NoFormat
	}
	switch f[2] {
	case "trace", "debug", "info", "warning", "warn", "error", "critical", "off":
	default:
		return event.NoFormat
	}
	var ok bool
	if e.Time, ok = g.clock.sql(f[0], '-'); !ok {
		return event.BadTime
	}
	e.ZoneAssumed = true
	e.Kind, e.Level, e.Logger, e.Message = event.Other, f[2], f[3], s[1:]
	return ""
}

// agent reads what istio-proxy's agent writes to the same stream: time, level, scope and message between tabs.
func (g *envoyText) agent(s string, e *event.Event) event.Reason {
	at, s, ok := strings.Cut(s, "\t")
	level, s, _ := strings.Cut(s, "\t")
	switch level {
	case "debug", "info", "warn", "warning", "error", "critical", "fatal":
	default:
		ok = false
	}
	if !ok {
		return event.NoFormat
	}
	if e.Time, e.ZoneAssumed, ok = g.clock.iso(at); !ok {
		return event.BadTime
	}
	e.Kind, e.Level, e.Message = event.Other, level, s
	return ""
}

// cutCRI takes the head that Kubernetes' runtimes write before a whole line: "time stdout F ".
func cutCRI(s string) string {
	if len(s) < 30 || !isDigit(s[0]) || s[10] != 'T' {
		return s
	}
	i := strings.IndexByte(s[:min(len(s), 40)], ' ')
	if i < 0 {
		return s
	}
	for _, stream := range [...]string{" stdout F ", " stderr F "} {
		if strings.HasPrefix(s[i:], stream) {
			return s[i+len(stream):]
		}
	}
	return s
}

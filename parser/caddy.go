package parser

import (
	"strings"
	"time"

	"hangup/event"
)

// Caddy's logs: its access log and its own, both by zap (modules/caddyhttp/server.go and logging.go, reverseproxy.go and
// streaming.go in modules/caddyhttp/reverseproxy), as JSON or for a console, with or without compose's prefix.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "caddy-json",
			Summary:   "Caddy: access and error log, JSON or console",
			Example:   `{"level":"error","ts":1795341601.25,"logger":"http.log.access.log0","msg":"handled request","request":{"remote_ip":"203.0.113.170","remote_port":"44790","proto":"HTTP/2.0","method":"GET","host":"shop.example","uri":"/api/slow?x=1","headers":{"User-Agent":["curl/8.5.0"]}},"duration":30.000123,"size":0,"status":499}`,
			Durations: true,
		},
		rank: 40,
		make: func(o Options) (grammar, error) {
			return &caddy{clock: clock{zone: o.Zone}, json: newJSONScanner(caddyKeys)}, nil
		},
	})
}

const (
	caddyClientIP = jkOwn + iota
	caddyRemoteAddr
)

var caddyKeys = jsonPlaces(map[uint8][]string{
	jkTime: {"ts", "time", "timestamp"}, jkLevel: {"level"}, jkLogger: {"logger"}, jkMessage: {"msg", "message"}, jkError: {"error"},
	jkClient: {"request.remote_ip"}, caddyClientIP: {"request.client_ip"}, caddyRemoteAddr: {"request.remote_addr"},
	jkClientPort: {"request.remote_port"}, jkMethod: {"request.method"}, jkTarget: {"request.uri"}, jkHost: {"request.host"},
	jkProtocol: {"request.proto"}, jkAgent: {"request.headers.User-Agent"}, jkReferer: {"request.headers.Referer"},
	jkID:     {"request.headers.X-Request-Id", "request.headers.X-Request-ID", "uuid", "request.uuid"},
	jkStatus: {"status"}, jkBytes: {"size"}, jkDuration: {"duration"}, jkUpstream: {"upstream"},
})

type caddy struct {
	oneLine
	clock clock
	json  *jsonScanner
	began bool // a line was read that is certainly Caddy's
}

func (g *caddy) read(line string, r *event.Record) event.Reason {
	e := &r.Event
	line = cutCompose(line)
	if line == "" || line[0] != '{' {
		return g.console(line, e)
	}
	j := g.json
	if !j.scan(line) || !j.has(jkLevel) || !j.has(jkTime) || !j.has(jkMessage) {
		return event.NoFormat
	}
	logger, message := j.get(jkLogger), j.get(jkMessage)
	if !g.owns(logger, message) {
		return event.NoFormat
	}
	var ok bool
	if e.Time, e.ZoneAssumed, ok = g.clock.moment(j.get(jkTime)); !ok {
		return event.BadTime
	}
	e.Level = j.get(jkLevel)
	return g.record(e, logger, message)
}

func (g *caddy) remembers() bool { return g.began }

// cutCompose takes "service  | " off, which compose puts before the lines of a container.
func cutCompose(line string) string {
	if i := strings.Index(line[:min(len(line), 80)], " | "); i > 0 && line[0] != '{' && strings.IndexByte(strings.TrimRight(line[:i], " "), ' ') < 0 {
		return line[i+3:]
	}
	return line
}

// owns says whether a record is Caddy's: by its logger, or when it has none by its message, or by those before it.
func (g *caddy) owns(logger, message string) bool {
	known := caddyModules[firstName(logger)] || message == "handled request" || logger == "" && caddyMessages[message]
	g.began = g.began || known
	return known || g.began
}

func firstName(logger string) string {
	name, _, _ := strings.Cut(logger, ".")
	return name
}

// caddyModules are the names that its modules' loggers begin with.
var caddyModules = map[string]bool{"http": true, "tls": true, "pki": true, "admin": true, "events": true, "docker-proxy": true}

// caddyMessages are what its core says without a logger (caddy.go, cmd/commandfuncs.go, sigtrap.go).
var caddyMessages = map[string]bool{
	"using config from file": true, "using adjacent Caddyfile": true, "using provided configuration": true, "adapted config to JSON": true,
	"serving initial configuration": true, "autosaved config (load with --resume flag)": true, "redirected default logger": true,
	"shutting down apps, then terminating": true, "shutting down": true, "exiting; byeee!! 👋": true, "shutdown complete": true,
	"GOMEMLIMIT is updated": true, "Caddyfile input is not formatted; run 'caddy fmt --overwrite' to fix inconsistencies": true,
}

// record reads what is the same in JSON and on a console. The fields stand in the scanner.
func (g *caddy) record(e *event.Event, logger, message string) event.Reason {
	j := g.json
	e.Logger = logger
	if !j.exchange(e) {
		return event.BadNumber
	}
	if e.Client == "" {
		if e.Client, e.ClientPort = clientAddress(j.get(caddyRemoteAddr)); e.Client == "" {
			e.Client = address(j.get(caddyClientIP))
		}
	}
	if s := j.get(jkDuration); s != "" {
		d, ok := goDuration(s)
		if !ok {
			if d, ok = units(s, time.Second); !ok {
				return event.BadNumber
			}
		}
		e.Duration = event.Some(d)
	}
	e.Kind = event.Other
	if message == "handled request" || strings.HasPrefix(logger, "http.log.access") {
		e.Exchange, e.Kind = true, event.Request
		if e.Status == 499 { // reverseproxy.go: the request's context was cancelled
			hangUp(e, event.PartyClient, event.HowClosed, byBytes(e))
		}
		return ""
	}
	failure := j.get(jkError)
	e.Message = message
	if failure != "" {
		e.Message += ": " + failure
	}
	caddySignal(e, logger, message, failure)
	return ""
}

// caddySignal reads the messages of Caddy's error log.
func caddySignal(e *event.Event, logger, message, failure string) {
	switch {
	case message == "aborting with incomplete response": // reverseproxy.go, copyResponse
		text, reading := strings.CutPrefix(failure, "reading: ")
		text, writing := strings.CutPrefix(text, "writing: ")
		switch how := goHow(text); {
		case reading && !strings.Contains(text, "context canceled"):
			caddyUpstream(e, text, orClosed(how), event.PhaseResponse)
		case writing || reading || strings.Contains(text, "context canceled") || strings.Contains(text, "error code 268") || strings.Contains(text, "error code 0x10c"):
			hangUp(e, event.PartyClient, orClosed(how), event.PhaseResponse) // 268 is H3_REQUEST_CANCELLED (RFC 9114 section 8.1)
		case how != event.HowNone:
			goSignalAfter(e, logger+": "+message, failure)
		}
	case message == "reading from backend": // streaming.go: said besides "aborting with incomplete response"
		if !strings.Contains(failure, "context canceled") {
			caddyUpstream(e, failure, orClosed(goHow(failure)), event.PhaseResponse)
		}
	case strings.HasPrefix(logger, "http.log.error"):
		text := message
		if failure != "" {
			text = failure
		}
		caddyError(e, text)
	default:
		kind := e.Kind
		client, p := e.Client, e.ClientPort
		text := message
		if failure != "" {
			text = failure
		}
		if goSignalAfter(e, logger+": "+message, text); e.Kind == kind {
			return
		}
		if client == "" && e.Client == "" {
			goDetails(e, cut(message))
		} else if client != "" {
			e.Client, e.ClientPort = client, p
		}
	}
}

// caddyError reads the error of a handler, which is the reverse proxy's as a rule: no response has begun.
func caddyError(e *event.Event, text string) {
	at := event.PhaseWaiting
	if e.Status == 0 { // a tunnel: CONNECT
		at = event.PhaseUnknown
	}
	switch how := goHow(text); {
	case strings.Contains(text, "context canceled"):
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseWaiting)
	case strings.HasPrefix(text, "dial ") || strings.Contains(text, ": dial tcp"):
		if how == event.HowTimeout {
			caddyUpstream(e, text, how, event.PhaseWaiting)
		}
	case strings.HasPrefix(text, "readfrom "): // the body of the request could not be copied
		goSignalAfter(e, "reverse proxy", text)
	case how == event.HowNone:
	case how == event.HowTimeout, e.Status == 0, e.Status >= 500, strings.Contains(text, "->"):
		caddyUpstream(e, text, how, at)
	case e.Status >= 400 && hasBody(e.Method): // a handler that read the body itself
		hangUp(e, event.PartyClient, how, event.PhaseRequest)
	}
}

// caddyUpstream makes the event the upstream's end, and takes its address from the socket in the text.
func caddyUpstream(e *event.Event, text string, how event.How, at event.Phase) {
	hangUp(e, event.PartyUpstream, how, at)
	if e.Upstream != "" {
		return
	}
	if _, to, ok := strings.Cut(text, "->"); ok {
		to, _, _ = strings.Cut(to, ": ")
		e.Upstream = upstream(to)
	} else if _, to, ok := strings.Cut(text, "dial tcp "); ok {
		to, _, _ = strings.Cut(to, ": ")
		e.Upstream = upstream(to)
	}
}

// goHow says how a connection ended by the last words of a Go error, HowNone when it did not.
func goHow(text string) event.How {
	text = cut(text)
	switch {
	case strings.HasSuffix(text, "broken pipe"):
		return event.HowBrokenPipe
	case strings.HasSuffix(text, "connection reset by peer"), strings.Contains(text, "stream error: ") && strings.HasSuffix(text, "received from peer"):
		return event.HowReset
	case strings.HasSuffix(text, "connection abort"):
		return event.HowAborted
	case strings.HasSuffix(text, "i/o timeout"), strings.HasSuffix(text, "context deadline exceeded"), strings.HasSuffix(text, "timed out"),
		strings.HasSuffix(text, "timeout awaiting response headers"), strings.HasSuffix(text, "TLS handshake timeout"):
		return event.HowTimeout
	case strings.HasSuffix(text, "EOF"), strings.HasSuffix(text, "context canceled"), strings.HasSuffix(text, "server closed idle connection"),
		strings.HasSuffix(text, "http2: stream closed"), strings.Contains(text, "GOAWAY"):
		return event.HowClosed
	}
	return event.HowNone
}

func orClosed(how event.How) event.How {
	if how == event.HowNone {
		return event.HowClosed
	}
	return how
}

// console reads what Caddy writes to a terminal: time, level, logger, message and fields, with tabs or, where they were
// copied from a screen, blanks between them.
func (g *caddy) console(line string, e *event.Event) event.Reason {
	if len(line) < 25 || line[4] != '/' || line[7] != '/' || line[10] != ' ' || line[19] != '.' {
		return event.NoFormat
	}
	h, ok := cutZap(line[23:])
	if !ok {
		return event.NoFormat
	}
	g.json.given = 0
	if h.fields != "" && !g.json.scan(h.fields) {
		return event.NoFormat
	}
	if e.Time, ok = g.clock.sql(line[:23], '/'); !ok {
		return event.BadTime
	}
	if !g.owns(h.logger, h.message) {
		return event.NoFormat
	}
	e.ZoneAssumed, e.Level = true, h.level
	return g.record(e, h.logger, h.message)
}

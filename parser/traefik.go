package parser

import (
	"strings"
	"time"

	"hangup/event"
)

// Traefik's access log as JSON (pkg/middlewares/accesslog/logdata.go), and the records of its own log that tell why an
// answer was 499, 502 or 504 (pkg/proxy/httputil/proxy.go; before v3 pkg/server/service/proxy.go), as logrus or zerolog
// write them: logfmt, JSON, or for a console.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "traefik-json",
			Summary:   "Traefik: JSON access log, and its own log at debug",
			Example:   `{"ClientAddr":"203.0.113.160:39496","DownstreamContentSize":21,"DownstreamStatus":499,"Duration":6000999888,"OriginDuration":6000000000,"OriginStatus":499,"RequestHost":"shop.example","RequestMethod":"GET","RequestPath":"/slow","RequestProtocol":"HTTP/1.1","ServiceAddr":"172.17.0.3:80","StartUTC":"2026-11-22T10:00:43.587782192Z","level":"info","msg":"","time":"2026-11-22T10:00:43Z"}`,
			Durations: true,
		},
		rank: 71,
		make: func(o Options) (grammar, error) {
			return &traefik{clock: clock{zone: o.Zone}, json: newJSONScanner(traefikKeys)}, nil
		},
	})
}

const (
	traefikStart = jkOwn + iota
	traefikClientHost
	traefikRouter
	traefikOther // keys that other programs' records have
)

var traefikKeys = jsonPlaces(map[uint8][]string{
	traefikStart: {"StartUTC", "StartLocal"}, jkTime: {"time"}, jkLevel: {"level"}, jkMessage: {"msg", "message"}, jkError: {"error"},
	jkClient: {"ClientAddr"}, traefikClientHost: {"ClientHost"}, jkClientPort: {}, jkMethod: {"RequestMethod"}, jkTarget: {"RequestPath"},
	jkHost: {"RequestHost", "RequestAddr"}, jkProtocol: {"RequestProtocol"}, jkStatus: {"DownstreamStatus"}, jkBytes: {"DownstreamContentSize"},
	jkAgent: {"request_User-Agent"}, jkReferer: {"request_Referer"}, jkID: {"request_X-Request-Id", "request_X-Request-ID"},
	jkUpstream:       {"ServiceAddr", "ServiceURL", "ServiceURL.Host", "BackendAddr", "BackendURL.Host"},
	jkUpstreamStatus: {"OriginStatus"}, jkUpstreamTime: {"OriginDuration"}, jkDuration: {"Duration"},
	traefikRouter: {"RouterName", "entryPointName", "FrontendName"},
	traefikOther:  {"method", "path", "uri", "url", "remote_addr", "status", "ts", "err", "pid", "request", "logger", "stacktrace"},
})

type traefik struct {
	oneLine
	clock clock
	json  *jsonScanner
}

func (g *traefik) read(line string, r *event.Record) event.Reason {
	e, j := &r.Event, g.json
	switch {
	case line != "" && line[0] == '{':
		if !j.scan(line) {
			return event.NoFormat
		}
		if j.has(jkStatus) && (j.has(jkMethod) || j.has(traefikStart) || j.has(traefikRouter)) {
			return g.access(e)
		}
		message, failure := j.get(jkMessage), j.get(jkError)
		if j.has(traefikOther) || !j.has(jkLevel) || !j.has(jkTime) || message == "" {
			return event.NoFormat
		}
		e.Message = message
		if failure != "" {
			e.Message += ": " + failure
		}
		return g.own(e, j.get(jkTime), j.get(jkLevel), message, failure)
	case strings.HasPrefix(line, `time="`):
		return g.logrus(e, line)
	}
	return g.console(e, line)
}

// access reads a record of the access log. Durations are nanoseconds.
func (g *traefik) access(e *event.Event) event.Reason {
	j := g.json
	began := j.get(traefikStart)
	if began == "" {
		began = j.get(jkTime)
	}
	var ok bool
	if e.Time, e.ZoneAssumed, ok = g.clock.moment(began); !ok {
		return event.BadTime
	}
	if !j.exchange(e) {
		return event.BadNumber
	}
	if e.Client == "" {
		if s := j.text(traefikClientHost); isAddress(s) {
			e.Client = address(s)
		}
	}
	e.Exchange, e.Kind = true, event.Request
	e.Level = j.get(jkLevel)
	e.Duration, e.UpstreamDuration = j.span(jkDuration, time.Nanosecond), j.span(jkUpstreamTime, time.Nanosecond)
	if e.Status == 499 { // StatusClientClosedRequest: the request's context was cancelled before the response began
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseWaiting)
	}
	return ""
}

// logrus reads `time="2026-11-22T12:59:33+02:00" level=debug msg="..."`, and nothing behind it but names.
func (g *traefik) logrus(e *event.Event, line string) event.Reason {
	when, rest, ok := quoted(line[len("time="):])
	level, isLevel := "", false
	if ok {
		if rest, isLevel = strings.CutPrefix(rest, " level="); isLevel {
			level, rest, _ = strings.Cut(rest, " ")
		}
	}
	if !ok || !isLevel || !isGoLevel(jsonValue{level, jsonString}) {
		return event.NoFormat
	}
	rest, ok = strings.CutPrefix(rest, "msg=")
	if !ok {
		return event.NoFormat
	}
	message := ""
	if rest != "" && rest[0] == '"' {
		if message, rest, ok = quoted(rest); !ok {
			return event.NoFormat
		}
	} else {
		message, rest, _ = strings.Cut(rest, " ")
	}
	for rest = strings.TrimLeft(rest, " "); rest != ""; rest = strings.TrimLeft(rest, " ") {
		var key string
		if key, rest, ok = strings.Cut(rest, "="); !ok || !traefikFields[key] {
			return event.NoFormat
		}
		if rest != "" && rest[0] == '"' {
			if _, rest, ok = quoted(rest); !ok {
				return event.NoFormat
			}
		} else {
			_, rest, _ = strings.Cut(rest, " ")
		}
	}
	message = escapeJSON.unescape(message)
	e.Message = message
	return g.own(e, when, level, "", message)
}

// traefikFields are the fields of its records (pkg/log/fields.go).
var traefikFields = map[string]bool{
	"entryPointName": true, "routerName": true, "middlewareName": true, "middlewareType": true, "serviceName": true, "serverName": true,
	"providerName": true, "tracingProviderName": true, "metricsProviderName": true, "ForwardURL": true, "rule": true,
}

// console reads zerolog's console: time, three letters, the caller, ">", the message and its fields.
func (g *traefik) console(e *event.Event, line string) event.Reason {
	when, rest, ok := strings.Cut(line[:min(len(line), 64)], " ")
	if !ok || len(when) < 20 || when[10] != 'T' || len(rest) < 4 || rest[3] != ' ' {
		return event.NoFormat
	}
	switch rest[:3] {
	case "TRC", "DBG", "INF", "WRN", "ERR", "FTL", "PNC":
	default:
		return event.NoFormat
	}
	level := rest[:3]
	text := line[len(when)+5:]
	caller, message, ok := strings.Cut(text, " > ")
	if !ok || !strings.Contains(caller, "traefik/") {
		return event.NoFormat
	}
	e.Message = message
	head, failure, ok := strings.Cut(message, ` error="`)
	if ok {
		failure, _, _ = strings.Cut(failure, `"`)
	}
	return g.own(e, when, level, head, failure)
}

// own reads a record of Traefik's own log: its message, and the error that it names.
func (g *traefik) own(e *event.Event, when, level, message, failure string) event.Reason {
	var ok bool
	if e.Time, e.ZoneAssumed, ok = g.clock.moment(when); !ok {
		return event.BadTime
	}
	e.Level, e.Kind = level, event.Other
	if failure == "" {
		failure = message
	}
	if goSignalAfter(e, "proxy: "+message, failure) {
		return ""
	}
	// A timeout of dialing is a wait that ended; refusals are not.
	if i := strings.Index(failure, "dial tcp "); i >= 0 && strings.HasSuffix(failure, "i/o timeout") {
		caddyUpstream(e, failure[i:], event.HowTimeout, event.PhaseWaiting)
	}
	return ""
}

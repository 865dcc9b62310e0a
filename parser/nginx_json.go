package parser

import (
	"math/bits"

	"hangup/event"
)

// One JSON object a line, made by log_format ... escape=json. The keys are the user's; those that are usual are known.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "nginx-json",
			Summary:   "nginx access log, one JSON object a line with nginx's variable names as keys",
			Example:   `{"time":"2026-11-22T10:00:00+00:00","remote_addr":"203.0.113.7","request_method":"GET","request_uri":"/slow","status":"499","body_bytes_sent":"0","request_time":"30.000"}`,
			Durations: true,
		},
		rank: 72,
		make: func(o Options) (grammar, error) { return newNginxJSON(o), nil },
	})
}

// jsonKeys are the keys besides nginx's names of variables.
var jsonKeys = map[string]variable{
	"time": vTimeISO, "timestamp": vTimeISO, "@timestamp": vTimeISO, "ts": vTimeISO, "time_iso8601": vTimeISO, "date": vTimeISO,
	"client": vAddr, "client_ip": vAddr, "clientip": vAddr, "remote_ip": vAddr, "ip": vAddr, "client_port": vPort,
	"method": vMethod, "path": vPath, "url": vTarget, "query": vArgs, "protocol": vProtocol,
	"response_code": vStatus, "bytes": vBytes, "size": vBytes, "responsetime": vDuration, "response_time": vDuration,
	"upstream": vUpstream, "upstream_time": vUpstreamTime, "upstreamtime": vUpstreamTime, "upstreamhost": vUpstream,
	"user_agent": vAgent, "agent": vAgent, "referer": vReferer, "referrer": vReferer,
	"x_request_id": vHeaderID, "req_id": vHeaderID, "requestid": vHeaderID,
}

// Places of keys that are no variables of nginx.
const (
	nginxJSONLevel = uint8(variables) + iota
	nginxJSONMessage
)

// nginxJSONKeys are all keys that are read, with their places: those of nginx's variables are the variables themselves.
var nginxJSONKeys = func() *jsonTable {
	table := map[string]uint8{"level": nginxJSONLevel, "msg": nginxJSONMessage, "message": nginxJSONMessage}
	for _, m := range []map[string]variable{nginxVariables, jsonKeys} {
		for key, v := range m {
			table[key] = uint8(v)
		}
	}
	return newJSONTable(table)
}()

type nginxJSON struct {
	oneLine
	clock clock
	x     exchange
	json  *jsonScanner
	began bool // an exchange was read
}

func newNginxJSON(o Options) *nginxJSON {
	g := &nginxJSON{clock: clock{zone: o.Zone}, json: newJSONScanner(nginxJSONKeys)}
	g.x.json = true
	return g
}

func (g *nginxJSON) read(line string, r *event.Record) event.Reason {
	if !g.json.scan(line) {
		return event.NoFormat
	}
	g.x.given, g.x.plain, g.x.escape = 0, false, escapeNone // values come without escaping
	for given := g.json.given & (1<<variables - 1) &^ 1; given != 0; given &= given - 1 {
		v := bits.TrailingZeros64(given)
		g.x.set(variable(v), g.json.get(uint8(v)))
	}
	if t := g.x.raw(vTimeISO); t != "" && g.x.raw(vMsec) == "" { // "ts" and "time" come in any form
		switch {
		case len(t) == 26 && t[2] == '/':
			g.x.set(vTimeLocal, t)
		case len(t) >= 10 && isDigit(t[4]):
			g.x.set(vMsec, t)
		}
	}
	if !g.x.has(vStatus) {
		return g.other(&r.Event)
	}
	if g.json.has(nginxJSONLevel) || g.json.has(nginxJSONMessage) { // an application's: nginx has no levels there
		return event.NoFormat
	}
	g.began = true
	return g.x.event(&g.clock, &r.Event)
}

func (g *nginxJSON) remembers() bool { return g.began }

// other reads an object that is no exchange: a notice of whatever writes to the same log. Before the first exchange it
// may be any program's log.
func (g *nginxJSON) other(e *event.Event) event.Reason {
	message := g.json.get(nginxJSONMessage)
	if !g.began || message == "" || g.x.given&(1<<vTimeISO|1<<vMsec|1<<vTimeLocal) == 0 {
		return event.NoFormat
	}
	if !g.x.time(&g.clock, e) {
		return event.BadTime
	}
	e.Kind, e.Level, e.Message = event.Other, g.json.get(nginxJSONLevel), message
	return ""
}

package parser

import (
	"strings"
	"time"

	"hangup/event"
)

// JSON logs of programs, one object a line. They share their keys and rules; each logger is known by the keys that it
// always writes.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "json",
			Summary:   "any program's log of one JSON object a line, with the usual keys: time, level, message, error, method, path, status, duration",
			Example:   `{"timestamp":"2026-11-23T07:14:10.593Z","level":"error","message":"response aborted","error":"[Errno 32] Broken pipe","method":"GET","path":"/big"}`,
			Durations: true,
		},
		rank: 92,
		make: jsonMaker(isAnyLog, 0),
	})
	register(format{
		FormatInfo: FormatInfo{
			Name:      "go-json",
			Summary:   "Go's JSON loggers: slog, zap, zerolog, logrus",
			Example:   `{"time":"2026-11-23T07:14:10.593092322Z","level":"ERROR","msg":"failed to write response","err":"write tcp 127.0.0.1:47151->127.0.0.6:33659: write: connection reset by peer","method":"GET","path":"/big","duration":302115501}`,
			Durations: true,
		},
		rank: 70,
		make: jsonMaker(isGoLog, 0),
	})
	register(format{
		FormatInfo: FormatInfo{
			Name:      "echo-json",
			Summary:   "echo (Go): middleware.Logger with its default format",
			Example:   `{"time":"2026-11-23T07:14:20.595333449Z","id":"","remote_ip":"127.0.0.4","host":"shop.example","method":"GET","uri":"/slow","user_agent":"curl/7.88.1","status":500,"error":"context canceled","latency":300443151,"latency_human":"300.443151ms","bytes_in":0,"bytes_out":36}`,
			Durations: true,
		},
		rank: 45,
		make: jsonMaker(isEchoLog, time.Nanosecond, "id"),
	})
	register(format{
		FormatInfo: FormatInfo{
			Name:      "bunyan",
			Summary:   "bunyan (Node.js) and restify",
			Example:   `{"name":"api","hostname":"web-1","pid":911,"level":40,"req_id":"a1b2","msg":"request aborted by client","method":"GET","url":"/report","remoteAddress":"203.0.113.7","time":"2026-11-22T10:00:00.123Z","v":0}`,
			Durations: true,
		},
		rank: 48,
		make: jsonMaker(isBunyanLog, time.Millisecond), // restify's latency
	})
}

// jsonLog is a grammar for one logger's objects.
type jsonLog struct {
	oneLine
	logReader
	accept func(*logReader) bool
}

func jsonMaker(accept func(*logReader) bool, unit time.Duration, ids ...string) func(Options) (grammar, error) {
	table := jsonLogKeys
	if len(ids) > 0 {
		more := map[string]uint8{}
		for _, key := range ids {
			more[key] = jkID
		}
		table = jsonKeysAnd(more)
	}
	return func(o Options) (grammar, error) {
		g := &jsonLog{logReader: newLogReader(o, table), accept: accept}
		g.unit = unit
		return g, nil
	}
}

func (g *jsonLog) read(line string, r *event.Record) event.Reason {
	if !g.json.scan(line) || !g.accept(&g.logReader) {
		return event.NoFormat
	}
	e := &r.Event
	if !g.head(e) {
		return event.BadTime
	}
	g.exchange(e)
	g.end(e)
	return ""
}

// isAnyLog says whether an object can be a log record at all.
func isAnyLog(g *logReader) bool {
	j := g.json
	text := j.has(jkMessage) || j.has(jlMessage)
	return g.hasTime() && (text || j.has(jkLevel) || j.has(jkStatus) || j.has(jkError)) || j.has(jkLevel) && text
}

// isGoLog: "time" or "ts", a level by name, and a message or an error.
func isGoLog(g *logReader) bool {
	j := g.json
	if !j.has(jlTime) && !j.has(jlTS) || j.has(jlHostname) && j.has(jkPID) || !isGoLevel(j.value(jkLevel)) {
		return false
	}
	return g.message() != "" || j.get(jkError) != "" || j.has(jkStatus) && (j.has(jkMethod) || j.has(jkTarget) || j.has(jkPath)) // zerolog's hlog
}

// isGoLevel knows the levels of slog (with an offset: "INFO+2"), zap, zerolog and logrus.
func isGoLevel(v jsonValue) bool {
	s := v.raw
	if i := strings.IndexAny(s, "+-"); i > 0 {
		s = s[:i]
	}
	switch s {
	case "info", "error", "warn", "warning", "debug", "trace", "fatal", "panic", "dpanic",
		"INFO", "ERROR", "WARN", "DEBUG", "FATAL", "PANIC", "DPANIC", "WARNING", "TRACE":
		return v.kind == jsonString
	}
	return false
}

func isEchoLog(g *logReader) bool {
	j := g.json
	return j.has(jlLatencyHuman) && j.has(jkStatus) && j.has(jlTime) && (j.has(jkTarget) || j.has(jkPath))
}

// isBunyanLog: "v":0 beside what pino has too (bunyan.js, mkRecord).
func isBunyanLog(g *logReader) bool {
	j := g.json
	return j.get(jlVersion) == "0" && j.has(jkLogger) && j.has(jlHostname) && j.has(jkPID) && j.value(jkLevel).kind == jsonNumber
}

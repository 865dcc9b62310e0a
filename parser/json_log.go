package parser

import (
	"strings"
	"time"

	"hangup/event"
)

// logReader reads the records of programs that log keys and values: JSON, logfmt and their like. What the keys say
// stands in the scanner; formats differ in which records are theirs, and in what they say besides.
type logReader struct {
	clock clock
	json  *jsonScanner

	lower bool          // levels stay as they are printed
	unit  time.Duration // of durations whose key does not tell: 0 when only their size and text do
}

func newLogReader(o Options, table *jsonTable) logReader {
	return logReader{clock: clock{zone: o.Zone}, json: newJSONScanner(table)}
}

// put takes a key and a value that are not JSON's.
func (j *jsonScanner) put(key, raw string, kind jsonKind) {
	if id := j.table.places[key]; id != 0 && (!j.has(id) || j.values[id].raw == "") {
		j.values[id] = jsonValue{raw, kind}
		j.given |= 1 << id
	}
}

// message returns the record's message.
func (g *logReader) message() string {
	if s := g.json.get(jkMessage); s != "" {
		return s
	}
	return g.json.get(jlMessage)
}

// hasTime says whether the record has a time.
func (g *logReader) hasTime() bool {
	return g.json.has(jlTime) || g.json.has(jlTS) || g.json.has(jkTime)
}

// head takes the time, the level, the logger and the process. It returns false when the time is none.
func (g *logReader) head(e *event.Event) bool {
	j := g.json
	for _, id := range [...]uint8{jlTime, jlTS, jkTime} {
		if s := j.get(id); s != "" {
			var ok bool
			if e.Time, e.ZoneAssumed, ok = g.clock.moment(s); !ok {
				return false
			}
			break
		}
	}
	e.Logger, e.PID = j.get(jkLogger), pid(j.get(jkPID))
	e.Level = j.get(jkLevel)
	if j.value(jkLevel).kind == jsonNumber && e.Level != "" && isDigit(e.Level[0]) {
		e.Level = pinoLevel(e.Level)
	} else if !g.lower {
		e.Level = upperLevel(e.Level)
	}
	return true
}

// pinoLevel names the levels that pino and bunyan count.
func pinoLevel(s string) string {
	switch s {
	case "10":
		return "TRACE"
	case "20":
		return "DEBUG"
	case "30":
		return "INFO"
	case "40":
		return "WARN"
	case "50":
		return "ERROR"
	case "60":
		return "FATAL"
	}
	return s
}

// upperLevel writes a level in upper case, the usual ones without allocation.
func upperLevel(s string) string {
	switch s {
	case "info", "Info":
		return "INFO"
	case "error", "Error":
		return "ERROR"
	case "warn", "Warn":
		return "WARN"
	case "warning", "Warning":
		return "WARNING"
	case "debug", "Debug":
		return "DEBUG"
	case "INFO", "ERROR", "WARN", "WARNING", "DEBUG":
		return s
	}
	return strings.ToUpper(s)
}

// exchange takes what the record says of a request. Numbers that are none are somebody's own words and say nothing.
func (g *logReader) exchange(e *event.Event) {
	j := g.json
	e.Method = j.text(jkMethod)
	if e.Method != "" && !isMethod(e.Method) {
		e.Method = ""
	}
	if s := j.text(jkTarget); s != "" && (s[0] == '/' || strings.Contains(s, "://") || e.Method == "CONNECT") {
		setTarget(e, s)
	}
	if s := j.text(jkPath); s != "" && s[0] == '/' && e.Path == "" {
		setTarget(e, s)
	}
	if s := j.get(jlRequestLine); e.Path == "" && s != "" {
		setRequest(e, s)
	}
	if e.Path != "" || e.Method != "" {
		if s := j.text(jkQuery); s != "" && e.Query == "" {
			e.Query = strings.TrimPrefix(s, "?")
		}
		if s := j.text(jkHost); s != "" && isAddress(s) {
			e.Host = host(s)
		}
		if s := j.text(jkProtocol); s != "" && isProtocol(s) {
			e.Protocol = s
		}
	}
	if a, p := clientAddress(j.text(jkClient)); isAddress(a) {
		e.Client, e.ClientPort = a, p
		if p := port(j.get(jkClientPort)); p != 0 {
			e.ClientPort = p
		}
	}
	for _, id := range [...]uint8{jlReqID, jlPinoID, jkID} {
		if s := j.text(id); s != "" && e.RequestID == "" {
			e.RequestID = s
		}
	}
	e.UserAgent, e.Referer = j.text(jkAgent), j.text(jkReferer)
	if s := j.text(jkUpstream); isAddress(upstream(s)) {
		e.Upstream = upstream(s)
	}
	e.Status = statusOrNone(j.get(jkStatus))
	e.UpstreamStatus = statusOrNone(j.get(jkUpstreamStatus))
	if n, ok := count(j.get(jkBytes)); ok {
		e.Bytes = event.Some(n)
	}
	e.Duration = g.duration()
}

func statusOrNone(s string) int {
	if len(s) != 3 {
		return 0
	}
	n, _ := status(s)
	return n
}

// duration reads how long the exchange took: by the unit that the key names, or that the text has, or that is the
// logger's. A bare number without any of these is nothing.
func (g *logReader) duration() event.Opt[time.Duration] {
	j := g.json
	if d, ok := goDuration(j.get(jlSpan)); ok {
		return event.Some(d)
	}
	for _, k := range [...]struct {
		id   uint8
		unit time.Duration
	}{{jlMillis, time.Millisecond}, {jlSeconds, time.Second}, {jlNanos, time.Nanosecond}, {jlMicros, time.Microsecond}, {jlSpan, g.spanUnit()}} {
		s := j.get(k.id)
		if s == "" {
			continue
		}
		d, ok := goDuration(s)
		if !ok && k.unit != 0 {
			d, ok = units(s, k.unit)
		}
		if ok {
			return event.Some(d)
		}
	}
	return event.Opt[time.Duration]{}
}

// spanUnit is the unit of "duration" and its like: zap writes seconds with "ts" as a number (zapcore:
// SecondsDurationEncoder), zerolog milliseconds with "message" (DurationFieldUnit), slog and echo nanoseconds.
// Other loggers print nanoseconds when they are given a time.Duration, but a small number may be anything.
func (g *logReader) spanUnit() time.Duration {
	j := g.json
	s := j.get(jlSpan)
	switch {
	case g.unit != 0:
		return g.unit
	case j.value(jlTS).kind == jsonNumber:
		return time.Second
	case j.has(jlMessage) && j.has(jlTime) && !j.has(jkMessage):
		return time.Millisecond
	case isSlogLevel(j.get(jkLevel)) && j.has(jlTime):
		return time.Nanosecond
	case len(s) >= 7 && strings.IndexByte(s, '.') < 0 && j.has(jkLevel):
		return time.Nanosecond
	}
	return 0
}

func isSlogLevel(s string) bool {
	s, _, _ = strings.Cut(s, "+")
	return s == "INFO" || s == "ERROR" || s == "WARN" || s == "DEBUG"
}

// end says what became of the exchange, or of a connection, and sets the message.
func (g *logReader) end(e *event.Event) {
	j := g.json
	e.Kind = event.Other
	message := cut(g.message())
	// With its duration or size it is the account of an exchange, else an error's context.
	if e.Status != 0 && (e.Path != "" || e.Method != "") && (e.Duration.OK || e.Bytes.OK) {
		e.Exchange, e.Kind = true, event.Request
	}
	failure := j.get(jkError)
	if failure == "" {
		failure = j.get(jlContextError)
	}
	failure = cut(failure)
	switch {
	case g.failed(e, message, failure):
		if e.Exchange {
			canceledPhase(e, failure)
		}
		if s := j.get(jlDialed); e.Party == event.PartyUpstream && e.Upstream == "" && s != "" { // grpc: "endpoint://client-1/10.0.0.5:2379"
			s = s[strings.LastIndexByte(s, '/')+1:]
			if a, p := addressPort(s); p != 0 && isAddress(a) {
				e.Upstream = s
			}
		}
	case e.Kind == event.Request && e.Status == 499: // the program's word; what had been sent it does not say
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseUnknown)
	case e.Kind == event.Request && j.get(jlPanic) == "true" && e.Status < 400 && e.Bytes.V > 0: // as http.ErrAbortHandler in mid-response
		hangUp(e, event.PartyUnknown, event.HowUnknown, event.PhaseResponse)
	case e.Kind == event.Other && failure == "" && mayTell(message) && wordSignal(e, message):
		e.Message = message
	case e.Kind == event.Other:
		e.Message = message
	}
}

// failed reads the record's error: its text, its code and its stack.
func (g *logReader) failed(e *event.Event, message, failure string) bool {
	j := g.json
	code, stack := j.get(jlErrorCode), j.value(jlStack)
	if failure == "" && code == "" && stack.raw == "" {
		return false
	}
	before := message
	if e.Logger != "" {
		before = e.Logger + ": " + message
	}
	switch {
	case g.jsonNodeSignal(e, message, failure):
		return true
	case failure != "" && goSignalAfter(e, before, failure):
		e.Message = failure
		return true
	case stack.raw != "" && stackSignal(e, message, stack.String()):
		return true
	}
	if failure == "" || !messageSignal(e, failure, e.Logger) {
		return false
	}
	if p := messageParty(message, ""); e.Party == event.PartyUnknown && p != event.PartyNone {
		e.Party = p
	}
	return true
}

// stackSignal reads a stack trace of Python or of the JVM that stands in a field.
func stackSignal(e *event.Event, message, stack string) bool {
	if len(stack) > maxStack {
		stack = stack[:maxStack]
	}
	lines := strings.Split(stack, "\n")
	if t, ok := readTrace(lines); ok {
		return traceSignal(e, t, message, e.Logger)
	}
	if strings.Contains(stack, "\n\tat ") {
		t := readJavaTrace(append([]string{message}, lines...))
		return javaTraceSignal(e, message, &t)
	}
	return false
}

// maxStack bounds a stack trace in a field.
const maxStack = 64 << 10

// wordSignal reads a message without an error: Go's errors stand behind its words, others are in them.
func wordSignal(e *event.Event, message string) bool {
	if goSignal(e, message) || messageSignal(e, message, e.Logger) {
		return true
	}
	nodeRecord(e, message, nil)
	return e.Kind == event.Disconnect
}

// canceledPhase corrects when the client of an exchange left whose context was cancelled, by what had been sent. A
// status of an error is made up when there is nobody left to send it to.
func canceledPhase(e *event.Event, failure string) {
	if e.Party != event.PartyClient || e.Phase != event.PhaseWaiting || !strings.Contains(failure, "context cancel") {
		return
	}
	switch {
	case (e.Status == 400 || e.Status == 408) && hasBody(e.Method):
		e.Phase = event.PhaseRequest
	case e.Status < 400 && e.Bytes.V > 0:
		e.Phase = event.PhaseUnknown
	}
}

package parser

import (
	"strings"
	"time"
)

// journaldJSON is journalctl -o json (systemd.journal-fields(7)). Text that is not UTF-8 or has control bytes is an
// array of bytes.
type journaldJSON struct {
	scan            *jsonScanner
	name, pid, lane string // the writer of the line before
}

const (
	journalTime = iota + 1
	journalSource
	journalMessage
	journalName
	journalPID
	journalSyslogPID
	journalPriority
)

var journalKeys = newJSONTable(map[string]uint8{
	"__REALTIME_TIMESTAMP": journalTime, "_SOURCE_REALTIME_TIMESTAMP": journalSource, "MESSAGE": journalMessage,
	"SYSLOG_IDENTIFIER": journalName, "_COMM": journalName, "_PID": journalPID, "SYSLOG_PID": journalSyslogPID, "PRIORITY": journalPriority,
})

func newJournaldJSON() *journaldJSON { return &journaldJSON{scan: newJSONScanner(journalKeys)} }

func (e *journaldJSON) cut(line string, _ time.Time, l *letter) bool {
	if !strings.HasPrefix(line, "{") || !strings.Contains(line, `"__REALTIME_TIMESTAMP"`) || !e.scan.scan(line) || !e.scan.has(journalTime) {
		return false
	}
	if us, ok := count(e.scan.get(journalTime)); ok {
		if at := time.UnixMicro(us).UTC(); at.Year() >= firstYear && at.Year() <= lastYear {
			l.base.Time = at
		}
	}
	if m := e.scan.value(journalMessage); m.kind == jsonArray {
		l.text = byteArray(m.raw)
	} else {
		l.text = e.scan.get(journalMessage)
	}
	l.base.Logger, l.base.Level = e.scan.get(journalName), severity(e.scan.get(journalPriority))
	if l.base.PID = pid(e.scan.get(journalPID)); l.base.PID == 0 {
		l.base.PID = pid(e.scan.get(journalSyslogPID))
	}
	if p := e.scan.get(journalPID); l.base.Logger != e.name || p != e.pid {
		e.name, e.pid = strings.Clone(l.base.Logger), strings.Clone(p)
		e.lane = e.name + e.pid
	}
	l.lane, l.mail = e.lane, true
	l.full = strings.IndexByte(l.text, '\n') >= 0
	return true
}

// byteArray reads "[27,91,48]".
func byteArray(s string) string {
	out := make([]byte, 0, len(s)/3)
	n, digits := 0, 0
	for i := range len(s) {
		switch b := s[i]; {
		case isDigit(b) && digits < 3:
			n, digits = n*10+int(b-'0'), digits+1
		case digits > 0:
			out = append(out, byte(n))
			n, digits = 0, 0
		}
	}
	return string(out)
}

// jsonLetter is a logger's JSON whose text is the line of another format, or an application's words: Elastic Common Schema,
// GELF 1.1, log4j's JsonLayout and JsonTemplateLayout, logstash-logback-encoder.
type jsonLetter struct {
	clock *clock
	name  string
	scan  *jsonScanner
}

const (
	letterTime = iota + 1
	letterEpoch
	letterMillis
	letterNanos
	letterMessage
	letterTrace
	letterThrownMessage
	letterThrownName
	letterLevel
	letterName
	letterPID
	letterClient
	letterPort
	letterMethod
	letterPath
	letterQuery
	letterProtocol
	letterHost
	letterStatus
	letterBytes
	letterDuration
	letterAgent
	letterReferer
	letterRequest
	letterMark // a key that only this kind of log has
)

// jsonLetterKeys are the keys of each: ECS field reference 8; GELF payload specification; log4j 2 manual, JSON layout;
// logstash-logback-encoder, standard fields.
var jsonLetterKeys = map[string]*jsonTable{
	"ecs": newJSONTable(map[string]uint8{
		"@timestamp": letterTime, "message": letterMessage, "error.stack_trace": letterTrace, "error.message": letterThrownMessage, "error.type": letterThrownName,
		"log.level": letterLevel, "log.logger": letterName, "process.pid": letterPID, "client.ip": letterClient, "source.ip": letterClient, "client.port": letterPort,
		"source.port": letterPort, "client.address": letterClient, "http.request.method": letterMethod, "url.path": letterPath, "url.query": letterQuery, "http.version": letterProtocol,
		"url.domain": letterHost, "http.response.status_code": letterStatus, "http.response.body.bytes": letterBytes, "event.duration": letterDuration,
		"user_agent.original": letterAgent, "http.request.referrer": letterReferer, "http.request.id": letterRequest, "ecs.version": letterMark,
	}),
	"gelf": newJSONTable(map[string]uint8{
		"timestamp": letterEpoch, "short_message": letterMessage, "full_message": letterTrace, "level": letterLevel, "_logger_name": letterName, "_LoggerName": letterName,
		"_logger": letterName, "_pid": letterPID, "_process_id": letterPID, "_request_id": letterRequest, "_RequestId": letterRequest, "version": letterMark,
	}),
	"log4j-json": newJSONTable(map[string]uint8{
		"@timestamp": letterTime, "timeMillis": letterMillis, "instant.epochSecond": letterEpoch, "instant.nanoOfSecond": letterNanos, "message": letterMessage,
		"thrown.extendedStackTrace": letterTrace, "stack_trace": letterTrace, "thrown.message": letterThrownMessage, "thrown.name": letterThrownName,
		"level": letterLevel, "loggerName": letterName, "logger_name": letterName, "loggerFqcn": letterMark, "thread": letterMark, "thread_name": letterMark,
	}),
}

func newJSONLetter(c *clock, name string) *jsonLetter {
	return &jsonLetter{clock: c, name: name, scan: newJSONScanner(jsonLetterKeys[name])}
}

func (e *jsonLetter) cut(line string, _ time.Time, l *letter) bool {
	if !strings.HasPrefix(line, "{") || !e.scan.scan(line) || !e.scan.has(letterMark) || !e.scan.has(letterMessage) && !e.scan.has(letterTrace) {
		return false
	}
	b := &l.base
	var ok bool
	get := e.scan.get
	switch {
	case e.scan.has(letterTime):
		b.Time, b.ZoneAssumed, ok = e.clock.iso(get(letterTime))
	case e.scan.has(letterMillis):
		var n int64
		if n, ok = count(get(letterMillis)); ok && n < lastYear*366*86400e3 {
			b.Time = time.UnixMilli(n).UTC()
		}
	case e.scan.has(letterEpoch):
		if b.Time, ok = epoch(get(letterEpoch)); ok {
			n, _ := count(get(letterNanos))
			b.Time = b.Time.Add(time.Duration(n % 1e9))
		}
	}
	if !ok || b.Time.Year() < firstYear || b.Time.Year() > lastYear {
		return false
	}
	b.Level, b.Logger, b.PID = strings.ToUpper(get(letterLevel)), get(letterName), pid(get(letterPID))
	if e.name == "gelf" {
		b.Level = severity(get(letterLevel))
	}
	e.exchange(l)
	l.text, l.more, l.full = get(letterMessage), get(letterTrace), true
	if l.why = get(letterThrownMessage); l.more == "" && l.why != "" {
		l.more = l.why
		if name := get(letterThrownName); name != "" {
			l.more = name + ": " + l.why
		}
	}
	l.mail = true
	return true
}

// exchange takes what the fields say of an exchange. Numbers that are none are left out.
func (e *jsonLetter) exchange(l *letter) {
	b, get := &l.base, e.scan.get
	b.Client, b.ClientPort = address(get(letterClient)), port(get(letterPort))
	b.Method, b.Path, b.Query, b.Host = get(letterMethod), get(letterPath), get(letterQuery), host(get(letterHost))
	if v := get(letterProtocol); v != "" {
		if b.Protocol = v; isDigit(v[0]) { // ECS: "1.1"
			b.Protocol = "HTTP/" + v
		}
	}
	b.UserAgent, b.Referer, b.RequestID = get(letterAgent), get(letterReferer), get(letterRequest)
	if n, ok := status(get(letterStatus)); ok {
		b.Status = n
	}
	if n, ok := count(get(letterBytes)); ok {
		b.Bytes.V, b.Bytes.OK = n, true
	}
	if n, ok := count(get(letterDuration)); ok { // ECS: nanoseconds
		b.Duration.V, b.Duration.OK = time.Duration(n), true
	}
	b.Exchange = b.Status != 0 && b.Method != ""
}

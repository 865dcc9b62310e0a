package parser

import (
	"strings"

	"hangup/event"
)

// What ASP.NET Core programs write: the console logger (SimpleConsoleFormatter.cs, SystemdConsoleFormatter.cs),
// Serilog's console and file sinks, NLog's ${longdate}|${level}|${logger}|${message}, and exceptions alone.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "aspnetcore-console",
			Summary:   "ASP.NET Core: the console logger, Serilog, NLog, and .NET's stack traces",
			Example:   `info: Microsoft.AspNetCore.Hosting.Diagnostics[2]`,
			Durations: true,
			Multiline: true,
		},
		rank: 64,
		make: func(o Options) (grammar, error) { return &dotnetLog{clock: clock{zone: o.Zone}}, nil },
	})
}

type dotnetLog struct {
	clock clock
	state dotnetState
}

type dotnetState uint8

const (
	dotnetNone  dotnetState = iota
	dotnetText              // behind a record's head or message
	dotnetTrace             // behind an exception
	dotnetStray             // inside a trace whose beginning is not there
)

func (g *dotnetLog) place(line string, open bool) place {
	line = plainText(line)
	if line != "" && line[0] != ' ' {
		if _, ok := cutDotnet(line); ok {
			g.state = dotnetText
			return opens
		}
	}
	text := strings.TrimLeft(line, " \t")
	indented := len(text) < len(line)
	bare := dotnetUnhandled(line)
	exception := !indented && isDotnetException(bare)
	trace := isDotnetTrace(line, text)
	if open {
		switch {
		case text == "":
			return maybe
		case trace, indented:
			if trace || isDotnetException(text) {
				g.state = dotnetTrace
			}
			return more
		case exception && g.state == dotnetText && bare == line:
			g.state = dotnetTrace
			return more
		}
	}
	was := g.state
	switch {
	case exception, strings.HasPrefix(line, "EXCEPTION OCCURRED:"):
		g.state = dotnetTrace
		return opens
	case trace && !open, indented && was == dotnetStray && !open:
		g.state = dotnetStray
		return stray
	}
	g.state = dotnetNone
	return whole
}

func (g *dotnetLog) remembers() bool { return g.state == dotnetStray }

// isDotnetTrace says whether a line is of a trace: "   at A.B(String c) in /a.cs:line 1", " ---> A.B: c",
// "   --- End of inner exception stack trace ---", "--- End of stack trace from previous location ---".
func isDotnetTrace(line, text string) bool {
	switch {
	case strings.HasPrefix(text, "at "):
		i := strings.IndexByte(text[:min(len(text), 2000)], '(')
		return len(text) < len(line) && i > 4 && strings.IndexByte(text[3:i], '.') > 0 && text[i-1] != ' '
	case strings.HasPrefix(text, "---> "):
		return true
	}
	return strings.HasPrefix(text, "--- End of ")
}

// dotnetUnhandled cuts what the runtime puts before an exception that nobody caught.
func dotnetUnhandled(s string) string {
	for _, p := range [...]string{"Unhandled exception. ", "Unhandled Exception: "} {
		if rest, ok := strings.CutPrefix(s, p); ok {
			return rest
		}
	}
	return s
}

func isDotnetException(s string) bool { return dotnetClassLen(s) > 0 }

// dotnetClassLen returns the length of an exception's class at the beginning of s: namespaces in Pascal case, and a
// class whose name says what it is. It is 0 when something else stands there.
func dotnetClassLen(s string) int {
	n, last := 0, -1
	for n < len(s) && n < 300 && (isWord(s[n]) || s[n] == '.' || s[n] == '`' || s[n] == '+') {
		if s[n] == '.' {
			last = n
		}
		n++
	}
	if last <= 0 || s[0] < 'A' || s[0] > 'Z' || !strings.Contains(s[last:n], "Exception") {
		return 0
	}
	if n == len(s) || s[n] == ':' || s[n] == '|' || strings.HasPrefix(s[n:], " (") {
		return n
	}
	return 0
}

type dotnetHead struct {
	time    string
	stamp   javaStamp
	level   string
	logger  string
	message string
	console bool // the message stands on the next lines
}

// dotnetLevels are the levels' abbreviations: the console logger's, Serilog's, and the names.
var dotnetLevels = map[string]string{
	"trce": "TRACE", "dbug": "DEBUG", "info": "INFO", "warn": "WARN", "fail": "ERROR", "crit": "CRITICAL",
	"VRB": "VERBOSE", "DBG": "DEBUG", "INF": "INFO", "WRN": "WARN", "ERR": "ERROR", "FTL": "FATAL",
	"Trace": "TRACE", "Verbose": "VERBOSE", "Debug": "DEBUG", "Information": "INFO", "Info": "INFO", "Warning": "WARN", "Warn": "WARN", "Error": "ERROR", "Critical": "CRITICAL", "Fatal": "FATAL",
	"TRACE": "TRACE", "DEBUG": "DEBUG", "INFO": "INFO", "WARN": "WARN", "ERROR": "ERROR", "FATAL": "FATAL",
}

// cutDotnet reads the first line of a record.
func cutDotnet(s string) (h dotnetHead, ok bool) {
	if len(s) < 8 {
		return h, false
	}
	switch {
	case s[0] == '[': // Serilog: [13:17:38 ERR] message; or a time before the console's level
		end := strings.IndexByte(s[:min(len(s), 50)], ']')
		if end < 9 {
			return h, false
		}
		inner := s[1:end]
		stamp, n := javaTime(inner)
		if stamp != javaClock && stamp != javaISO {
			return h, false
		}
		h.stamp, h.time = stamp, inner[:n]
		rest := strings.TrimPrefix(s[end+1:], " ")
		if n == len(inner) {
			return cutDotnetConsole(h, rest)
		}
		h.level = dotnetLevels[strings.TrimSpace(inner[n:])]
		h.message = rest
		return h, h.level != ""
	case s[0] == '<':
		level, found := map[string]string{"<7>": "DEBUG", "<6>": "INFO", "<4>": "WARN", "<3>": "ERROR", "<2>": "CRITICAL"}[s[:3]]
		if !found {
			return h, false
		}
		h, ok = cutDotnetCategory(h, s[3:])
		h.level, h.console = level, false
		return h, ok && h.message != ""
	case isDigit(s[0]):
		stamp, n := javaTime(s)
		if stamp != javaISO && stamp != javaClock || n >= len(s) {
			return h, false
		}
		h.stamp, h.time = stamp, s[:n]
		if s[n] == '|' {
			return cutNLog(h, s[n+1:])
		}
		rest := strings.TrimLeft(s[n:], " ")
		if strings.HasPrefix(rest, "[") { // Serilog's file sink: 2026-11-22 10:00:00.123 +00:00 [ERR] message
			if end := strings.IndexByte(rest[:min(len(rest), 16)], ']'); end == 4 {
				h.level, h.message = dotnetLevels[rest[1:end]], strings.TrimPrefix(rest[end+1:], " ")
			}
			return h, h.level != ""
		}
		return cutDotnetConsole(h, rest)
	}
	return cutDotnetConsole(h, s)
}

// cutDotnetConsole reads "info: Microsoft.AspNetCore.Hosting.Diagnostics[2]".
func cutDotnetConsole(h dotnetHead, s string) (dotnetHead, bool) {
	if len(s) < 8 || s[4] != ':' || s[5] != ' ' || s[0] < 'a' {
		return h, false
	}
	h.level = dotnetLevels[s[:4]]
	if h.level == "" {
		return h, false
	}
	return cutDotnetCategory(h, s[6:])
}

// cutDotnetCategory reads a logger's name with the event's number, and the message that SingleLine puts behind it.
func cutDotnetCategory(h dotnetHead, s string) (dotnetHead, bool) {
	end := strings.IndexByte(s[:min(len(s), 300)], ']')
	if end < 3 {
		return h, false
	}
	name, number, found := strings.Cut(s[:end], "[")
	if _, isNumber := integer(number); !found || !isNumber || name == "" || strings.IndexByte(name, ' ') >= 0 {
		return h, false
	}
	h.logger, h.message = name, strings.TrimPrefix(s[end+1:], " ")
	h.console = h.message == ""
	return h, true
}

// cutNLog reads the fields of NLog's layouts: numbers, a level, a logger, and the message, which may hold more bars.
func cutNLog(h dotnetHead, s string) (dotnetHead, bool) {
	for range 4 {
		field, rest, found := strings.Cut(s, "|")
		if !found {
			break
		}
		_, isNumber := count(field)
		switch {
		case isNumber && field != "", field == "":
		case h.level == "" && dotnetLevels[field] != "":
			h.level = dotnetLevels[field]
		case h.logger == "" && strings.IndexByte(field, '.') > 0 && isJavaLogger(field, true):
			h.logger = field
		default:
			h.message = s
			return h, true
		}
		s = rest
	}
	h.message = s
	return h, true
}

func (g *dotnetLog) read(text string, r *event.Record) event.Reason {
	e := &r.Event
	first, lines := splitRecord(plainText(text), r.Lines)
	h, ok := cutDotnet(first)
	if !ok {
		if !isDotnetException(dotnetUnhandled(first)) && !strings.HasPrefix(first, "EXCEPTION OCCURRED:") {
			return event.NoFormat
		}
		e.Kind = event.Other
		if lines == nil {
			lines = []string{first}
		}
		dotnetSignal(e, "", lines)
		return ""
	}
	if e.Time, e.ZoneAssumed, ok = readJavaTime(&g.clock, h.stamp, h.time); !ok {
		return event.BadTime
	}
	if e.Time.IsZero() {
		e.ZoneAssumed = false
	}
	e.Kind = event.Other
	e.Level, e.Logger = h.level, h.logger
	if len(lines) > 1 {
		lines = lines[1:]
	} else {
		lines = nil
	}
	for h.console && h.message == "" && len(lines) > 0 {
		h.message = strings.TrimSpace(lines[0])
		if isDotnetException(h.message) {
			h.message = ""
			break
		}
		lines = lines[1:]
		if strings.HasPrefix(h.message, "=> ") { // the scopes come first
			dotnetScopes(e, h.message)
			h.message = ""
		}
	}
	message := strings.TrimRight(cut(h.message), " ")
	if rest, found := strings.CutPrefix(message, "Request finished "); found {
		if dotnetFinished(e, rest) {
			return ""
		}
	}
	if rest, found := strings.CutPrefix(message, "HTTP "); found && serilogRequest(e, rest) {
		return ""
	}
	dotnetSignal(e, message, lines)
	return ""
}

// serilogRequest reads the account of Serilog's request logging: "HTTP GET /a responded 200 in 12.3456 ms"
// (Serilog.AspNetCore, RequestLoggingOptions).
func serilogRequest(e *event.Event, s string) bool {
	method, rest, ok1 := strings.Cut(s, " ")
	target, rest, ok2 := strings.Cut(rest, " responded ")
	code, took, ok3 := strings.Cut(rest, " in ")
	took, ok4 := strings.CutSuffix(took, " ms")
	n, ok5 := status(code)
	d, ok6 := seconds(took)
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || !ok6 || n == 0 || !isMethod(method) || target == "" || target[0] != '/' {
		return false
	}
	e.Method, e.Status, e.Duration = method, n, event.Some(d/1000)
	setTarget(e, target)
	e.Kind, e.Exchange = event.Request, true
	if n == 499 {
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseUnknown)
	}
	return true
}

// dotnetScopes takes the request from what IncludeScopes prints: "=> ConnectionId:0HM => RequestPath:/a RequestId:0HM:1".
func dotnetScopes(e *event.Event, s string) {
	for word := range strings.FieldsFuncSeq(s, func(c rune) bool { return c == ' ' || c == ',' }) {
		if v, ok := strings.CutPrefix(word, "RequestPath:"); ok && strings.HasPrefix(v, "/") {
			setTarget(e, v)
		}
		if v, ok := strings.CutPrefix(word, "RequestId:"); ok {
			e.RequestID = v
		}
	}
}

// dotnetFinished reads HostingApplicationDiagnostics's account of an exchange:
//
//	in 12.34ms 200 text/html                                                   (2, 3)
//	HTTP/1.1 GET http://shop.example/a?b - - - 200 12 text/plain 5.2ms         (5 to 7)
//	HTTP/1.1 GET http://shop.example/a?b - 200 12 text/plain 5.2ms             (since 8)
func dotnetFinished(e *event.Event, s string) bool {
	statusText, took := "", ""
	if rest, ok := strings.CutPrefix(s, "in "); ok {
		took, rest, ok = strings.Cut(rest, "ms")
		if !ok {
			return false
		}
		statusText, _, _ = strings.Cut(strings.TrimLeft(rest, " "), " ")
	} else {
		i := strings.LastIndexByte(s, ' ')
		took, ok = strings.CutSuffix(s[i+1:], "ms")
		if !ok || i < 0 {
			return false
		}
		head, tail, ok := strings.Cut(s[:i], " - ")
		if !ok {
			return false
		}
		for strings.HasPrefix(tail, "- ") { // type and length of the request, where they are not known
			tail = tail[2:]
		}
		// What is left of the request's own type and length stands before the last " - " that a status follows.
		if j := strings.LastIndex(tail, " - "); j >= 0 && len(tail) >= j+6 {
			if _, ok := status(tail[j+3 : j+6]); ok && !isStatusWord(tail) {
				tail = tail[j+3:]
			}
		}
		protocol, rest, _ := strings.Cut(head, " ")
		method, target, ok := strings.Cut(rest, " ")
		if !ok || !isMethod(method) || !isProtocol(protocol) {
			return false
		}
		target, _, _ = strings.Cut(target, " ") // a type and a length of the request may follow
		e.Protocol, e.Method = protocol, method
		setTarget(e, target)
		statusText, rest, _ = strings.Cut(tail, " ")
		length, _, _ := strings.Cut(rest, " ")
		if n, ok := count(length); ok {
			e.Bytes = event.Some(n)
		}
	}
	if n, ok := status(statusText); ok {
		e.Status = n
	} else {
		return false
	}
	if d, ok := seconds(took); ok {
		e.Duration = event.Some(d / 1000)
	}
	e.Kind, e.Exchange = event.Request, true
	if e.Status == 499 {
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseUnknown)
	}
	return true
}

func isStatusWord(s string) bool {
	word, _, _ := strings.Cut(s, " ")
	_, ok := status(word)
	return ok && len(word) == 3
}

package parser

import (
	"strings"
	"time"

	"hangup/event"
)

// What Rust programs write: tracing-subscriber's full and compact formats, env_logger, pretty_env_logger, simple_logger,
// actix-web's access log in them (actix_web::middleware::Logger), panics.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "rust",
			Summary:   "Rust: tracing, env_logger and pretty_env_logger, hyper's and actix-web's messages in them",
			Example:   `2026-11-22T10:00:03.000000Z DEBUG hyper::proto::h1::conn: read eof mid-message: connection closed before message completed`,
			Durations: true,
			Multiline: true,
		},
		rank: 58,
		make: func(o Options) (grammar, error) { return &rustLog{clock: clock{zone: o.Zone}}, nil },
	})
}

type rustLog struct {
	clock clock
	stray bool
}

func (g *rustLog) place(line string, open bool) place {
	line = plainText(line)
	if _, ok := cutRust(line); ok {
		g.stray = false
		return opens
	}
	text := strings.TrimLeft(line, " \t")
	switch {
	case text == "" && open:
		return maybe
	case open && len(text) < len(line), open && isRustNote(line):
		return more
	case strings.HasPrefix(text, "at ") && len(text) < len(line) && strings.Contains(text, ".rs:"), g.stray && len(text) < len(line):
		g.stray = true
		return stray
	}
	g.stray = false
	return whole
}

func (g *rustLog) remembers() bool { return g.stray }

// isRustNote says whether a line stands at the margin behind a panic or an error (std's panicking.rs, anyhow).
func isRustNote(s string) bool {
	return hasPrefixOf(s, []string{"note: ", "stack backtrace:", "Caused by:", "called `Result::", "Location:", "Backtrace omitted", "Stack backtrace:", "Error: "})
}

type rustHead struct {
	time    string
	stamp   javaStamp
	level   string
	logger  string
	message string
}

// rustLevels are the levels of the log and tracing crates.
var rustLevels = map[string]bool{"TRACE": true, "DEBUG": true, "INFO": true, "WARN": true, "ERROR": true}

// cutRust reads the first line of a record:
//
//	2022-12-01T18:58:16.237349Z ERROR api::server: message                     tracing, full
//	2022-12-01T18:58:16.237349Z ERROR request{method=GET}: api::server: message
//	2022-12-01T18:58:16.237349Z ERROR ThreadId(02) api::server: message
//	 DEBUG hyper::server::conn > message                                        pretty_env_logger
//	[2026-11-22T10:00:00Z INFO  api::server] message                            env_logger
//	error(apple_pie): message
//	thread 'main' panicked at 'message', src/main.rs:1:9
func cutRust(s string) (h rustHead, ok bool) {
	s = strings.TrimLeft(s, " ")
	if len(s) < 10 {
		return h, false
	}
	switch c := s[0]; {
	case c == '[':
		return cutEnvLogger(s)
	case isDigit(c):
		stamp, n := javaTime(s)
		if stamp != javaISO || n < 20 || n >= len(s) || s[n] != ' ' || !strings.HasSuffix(s[:n], "Z") && s[n-3] != ':' {
			return h, false
		}
		h.stamp, h.time, s = stamp, s[:n], strings.TrimLeft(s[n:], " ")
		word, rest, _ := strings.Cut(s, " ")
		if !rustLevels[word] {
			return h, false
		}
		h.level = word
		return cutRustTarget(h, strings.TrimLeft(rest, " "), true)
	case c == 't' && strings.HasPrefix(s, "thread '"):
		i := strings.Index(s, "' panicked at ")
		return h, i > 0 && i < 200
	case c >= 'A' && c <= 'Z': // no time
		word, rest, _ := strings.Cut(s, " ")
		if !rustLevels[word] {
			return h, false
		}
		h.level = word
		return cutRustTarget(h, strings.TrimLeft(rest, " "), false)
	}
	for _, level := range [...]string{"error", "warn", "info", "debug", "trace"} {
		if rest, found := strings.CutPrefix(s, level+"("); found {
			name, message, found := strings.Cut(rest, "): ")
			if !found || !isRustTarget(name) {
				return h, false
			}
			h.level, h.logger, h.message = strings.ToUpper(level), name, message
			return h, true
		}
	}
	return h, false
}

// cutRustTarget reads what stands behind the level: spans with fields in braces, a thread, the target, the message.
// Without a time the target must be a path of modules.
func cutRustTarget(h rustHead, s string, timed bool) (rustHead, bool) {
	if rest, ok := strings.CutPrefix(s, "ThreadId("); ok {
		_, s, _ = strings.Cut(rest, ") ")
	}
	for range 32 {
		n := 0
		for n < len(s) && (isWord(s[n]) || s[n] == ':' && n+1 < len(s) && s[n+1] == ':' || s[n] == ':' && n > 0 && s[n-1] == ':' || s[n] == '-' || s[n] == '.') {
			n++
		}
		if n == 0 || n == len(s) || n > 200 {
			return h, false
		}
		name := s[:n]
		if s[n] == '{' { // a span
			end := rustSpanEnd(s[n:])
			if end < 0 {
				return h, false
			}
			s = s[n+end:]
			if rest, ok := strings.CutPrefix(s, ": "); ok {
				s = rest
			} else {
				s = strings.TrimPrefix(s, ":")
			}
			continue
		}
		rest := strings.TrimLeft(s[n:], " ")
		switch {
		case strings.HasPrefix(s[n:], ": "):
			if !timed && !strings.Contains(name, "::") {
				return h, false
			}
			if next, _, found := strings.Cut(s[n+2:min(len(s), n+202)], ": "); found && !strings.Contains(name, "::") && strings.Contains(next, "::") && isRustTarget(next) {
				s = s[n+2:] // a span without fields
				continue
			}
			h.logger, h.message = name, s[n+2:]
			if !strings.Contains(name, "::") && !strings.Contains(h.message, " ") && strings.HasSuffix(h.message, ":") {
				return h, false
			}
			return h, true
		case strings.HasPrefix(rest, "> ") && (timed || strings.Contains(name, "::") || isRustTarget(name)):
			h.logger, h.message = name, rest[2:]
			return h, true
		}
		return h, false
	}
	return h, false
}

// rustSpanEnd returns where the fields of a span end: "{method=GET uri="/a"}".
func rustSpanEnd(s string) int {
	depth, quote := 0, false
	for i := range min(len(s), 4096) {
		switch b := s[i]; {
		case b == '"' && s[i-1] != '\\':
			quote = !quote
		case quote:
		case b == '{':
			depth++
		case b == '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

func isRustTarget(s string) bool {
	if s == "" || len(s) > 200 || !isWord(s[0]) || isDigit(s[0]) {
		return false
	}
	for i := range len(s) {
		if b := s[i]; !isWord(b) && b != ':' && b != '-' {
			return false
		}
	}
	return true
}

// cutEnvLogger reads "[2026-11-22T10:00:00Z INFO  api::server] message".
func cutEnvLogger(s string) (h rustHead, ok bool) {
	end := strings.IndexByte(s[:min(len(s), 300)], ']')
	if end < 10 {
		return h, false
	}
	inner := s[1:end]
	if stamp, n := javaTime(inner); stamp == javaISO && strings.HasSuffix(inner[:n], "Z") && n < len(inner) {
		h.stamp, h.time, inner = stamp, inner[:n], strings.TrimLeft(inner[n:], " ")
	} else if stamp != javaNoTime {
		return h, false
	}
	level, target, _ := strings.Cut(inner, " ")
	target = strings.TrimLeft(target, " ")
	if !rustLevels[level] || target != "" && !isRustTarget(target) || target == "" && h.time == "" {
		return h, false
	}
	h.level, h.logger, h.message = level, target, strings.TrimPrefix(s[end+1:], " ")
	return h, true
}

func (g *rustLog) read(text string, r *event.Record) event.Reason {
	e := &r.Event
	first, _, _ := strings.Cut(plainText(text), "\n")
	h, ok := cutRust(first)
	if !ok {
		return event.NoFormat
	}
	if h.time != "" {
		if e.Time, e.ZoneAssumed, ok = readJavaTime(&g.clock, h.stamp, h.time); !ok {
			return event.BadTime
		}
	}
	e.Kind = event.Other
	e.Level, e.Logger = h.level, h.logger
	message := strings.TrimRight(cut(h.message), " ")
	switch {
	case strings.HasPrefix(h.logger, "actix_web::middleware::logger") && actixAccess(e, message):
	case h.logger == "tower_http::trace::on_response" && towerResponse(e, message):
		rustFields(e, first)
	case h.level == "": // a panic: of the program's own making
	case rustSignal(e, message):
		rustFields(e, first)
		if e.Party == event.PartyUpstream {
			e.Upstream = javaURL(message)
		} else {
			peer(e, message)
			details(e, message)
		}
	}
	return ""
}

// towerResponse reads tower-http's account of an exchange: "finished processing request latency=12 ms status=200".
func towerResponse(e *event.Event, s string) bool {
	if !strings.HasPrefix(s, "finished processing request ") {
		return false
	}
	n, ok := status(valueOf(s, "status="))
	if !ok || n == 0 {
		return false
	}
	e.Kind, e.Exchange, e.Status = event.Request, true, n
	if _, rest, found := strings.Cut(s, "latency="); found {
		number, unit, _ := strings.Cut(rest, " ")
		unit, _, _ = strings.Cut(unit, " ")
		d, ok := seconds(number)
		if scale := map[string]time.Duration{"s": 1, "ms": 1e3, "μs": 1e6, "ns": 1e9}[unit]; ok && scale > 0 {
			e.Duration = event.Some(d / scale)
		}
	}
	return true
}

// actixAccess reads actix-web's default access log: %a "%r" %s %b "%{Referer}i" "%{User-Agent}i" %T (seconds).
func actixAccess(e *event.Event, s string) bool {
	client, rest, ok := strings.Cut(s, " ")
	if !ok || !isAddress(client) {
		return false
	}
	request, rest, ok := quoted(rest)
	if !ok {
		return false
	}
	code, rest, _ := strings.Cut(strings.TrimPrefix(rest, " "), " ")
	size, rest, ok := strings.Cut(rest, " ")
	n, isStatus := status(code)
	if !ok || !isStatus {
		return false
	}
	e.Kind, e.Exchange = event.Request, true
	e.Client, e.ClientPort = actixPeer(client)
	setRequest(e, request)
	e.Status = n
	if b, ok := count(size); ok {
		e.Bytes = event.Some(b)
	}
	var referer, agent string
	if referer, rest, ok = quoted(rest); ok && referer != "-" {
		e.Referer = referer
	}
	if agent, rest, ok = quoted(strings.TrimPrefix(rest, " ")); ok && agent != "-" {
		e.UserAgent = agent
	}
	if d, ok := seconds(strings.TrimSpace(rest)); ok {
		e.Duration = event.Some(d)
	}
	return true
}

func actixPeer(s string) (string, uint16) {
	if isIP(s) {
		return address(s), 0
	}
	return addressPort(s)
}

// rustFields takes the request from the fields of tracing's spans, as tower-http's and axum's make them:
// request{method=GET uri=/a?b version=HTTP/1.1}.
func rustFields(e *event.Event, line string) {
	i := strings.IndexByte(line[:min(len(line), 4096)], '{')
	if i < 0 {
		return
	}
	end := rustSpanEnd(line[i:])
	if end < 0 {
		return
	}
	for field := range strings.FieldsSeq(line[i+1 : i+end-1]) {
		key, value, _ := strings.Cut(field, "=")
		value = strings.Trim(value, "\"")
		switch key {
		case "method", "http.method":
			if httpMethods[value] {
				e.Method = value
			}
		case "uri", "path", "http.target", "http.uri":
			if strings.HasPrefix(value, "/") && e.Path == "" {
				setTarget(e, value)
			}
		case "request_id":
			e.RequestID = value
		}
	}
}

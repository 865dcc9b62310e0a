package parser

import (
	"strings"
	"time"

	"hangup/event"
)

// The log package of Go's standard library (log/log.go) with LstdFlags, microseconds, a prefix and the file's name or
// without; log/slog's default handler writes through it. net/http and its ReverseProxy report there.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "go-stdlog",
			Summary:   "Go's log package, net/http's and ReverseProxy's reports, with panics",
			Example:   `2026/11/23 07:14:12 failed to write response: GET /stream: write tcp 10.0.0.7:8080->203.0.113.7:60333: write: broken pipe`,
			Multiline: true,
		},
		rank: 72,
		make: func(o Options) (grammar, error) { return &goStdlog{clock: clock{zone: o.Zone}}, nil },
	})
}

type goStdlog struct {
	clock clock
	dump  goDump
}

func (g *goStdlog) place(line string, open bool) place {
	if h, ok := cutGoLog(line); ok && !goForeign(h.message) {
		return g.dump.begin()
	}
	return g.dump.next(line, open)
}

func (g *goStdlog) remembers() bool { return g.dump.lost }

func (g *goStdlog) read(text string, r *event.Record) event.Reason {
	first, _, _ := strings.Cut(text, "\n")
	h, ok := cutGoLog(first)
	if !ok {
		if isGoCrash(first) {
			r.Kind, r.Level = event.Other, "PANIC"
			return ""
		}
		return event.NoFormat
	}
	if goForeign(h.message) {
		return event.NoFormat
	}
	return goStdRecord(&g.clock, &r.Event, h)
}

// goForeign says whether a message is one of a program that writes times as Go's log does: nginx ("[error] 7#7: "), or
// of frameworks with formats of their own.
func goForeign(message string) bool {
	if message == "" || message[0] != '[' {
		return false
	}
	if strings.HasPrefix(message, "[Recovery] ") {
		return true
	}
	if _, _, _, ok := cutChi(message); ok {
		return true
	}
	_, rest, _ := strings.Cut(message[:min(len(message), 48)], "] ")
	id, _, ok := strings.Cut(rest, ": ")
	if !ok {
		return false
	}
	process, thread, ok := strings.Cut(id, "#")
	return ok && pid(process) != 0 && thread != "" && isDigit(thread[len(thread)-1])
}

type goLogHead struct {
	date, clock, message string
}

// cutGoLog takes the head of a line: "2026/11/23 07:14:07 ", with six digits of a fraction or none, and a prefix before
// it or none.
func cutGoLog(s string) (h goLogHead, ok bool) {
	if !isGoDate(s) {
		i := strings.IndexByte(s[:min(len(s), 40)], '/')
		if i < 5 || i > 29 || s[i-5] != ' ' || !isGoPrefix(s[:i-4]) || !isGoDate(s[i-4:]) {
			return h, false
		}
		s = s[i-4:]
	}
	end := 19
	if len(s) > 26 && s[19] == '.' {
		end = 26
		for i := 20; i < 26; i++ {
			if !isDigit(s[i]) {
				return h, false
			}
		}
	}
	switch {
	case len(s) == end: // an empty message
	case s[end] == ' ':
		h.message = s[end+1:]
	default:
		return h, false
	}
	h.date, h.clock = s[:end], s[11:end]
	return h, true
}

func isGoDate(s string) bool {
	return len(s) >= 19 && s[4] == '/' && s[7] == '/' && s[10] == ' ' && s[13] == ':' && s[16] == ':' && isDigit(s[0]) && isDigit(s[9]) && isDigit(s[11]) && isDigit(s[18])
}

// isGoPrefix says whether s can be a logger's prefix: a name with brackets or a colon, and a blank at its end.
func isGoPrefix(s string) bool {
	for i := range len(s) {
		switch b := s[i]; {
		case b|0x20 >= 'a' && b|0x20 <= 'z', b == '_', b == '-', b == '.', b == ':', b == ' ', b == '[', b == ']', b == '(', b == ')':
		case isDigit(b) && (i == 0 || !isDigit(s[i-1])):
		default:
			return false
		}
	}
	return s != "" && s != "T " && s[0] != ' '
}

// goStdRecord reads a record of Go's log.
func goStdRecord(c *clock, e *event.Event, h goLogHead) event.Reason {
	var ok bool
	if e.Time, ok = c.sql(h.date, '/'); !ok {
		return event.BadTime
	}
	e.ZoneAssumed = true
	e.Kind = event.Other
	message := h.message
	e.Level, message = goLevel(message)
	goMessage(e, cut(message))
	return ""
}

// goLevel takes a level from the beginning of a message: slog's, and what many write by hand.
func goLevel(s string) (level, message string) {
	word, rest, ok := strings.Cut(s[:min(len(s), 16)], " ")
	if !ok {
		return "", s
	}
	bare := strings.Trim(word, "[]:")
	if name, number, found := strings.Cut(bare, "+"); found && number != "" && isDigit(number[0]) { // slog: "INFO+2"
		bare = name
	}
	switch bare {
	case "TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "FATAL", "CRITICAL":
		return bare, strings.TrimLeft(s[len(s[:min(len(s), 16)])-len(rest):], " ")
	}
	return "", s
}

// goMessage reads a message: what it says of the exchange, and whether a connection ended.
func goMessage(e *event.Event, message string) {
	goDetails(e, message)
	if goSignal(e, message) {
		e.Message = message
	}
}

// goFrom are the words before a client's address in the messages of net/http and x/net/http2.
var goFrom = []string{
	" from ", "http: panic serving ", "remote=", "remote_addr=", "remoteAddr=", "client=", "client_ip=", "remote_ip=", "peer=",
	"http2: server: error reading preface from client ", "http2: server connection from ", "http2: server connection error from ",
}

// goDetails takes what a message says of the exchange: "GET /path", path=, request_id=, "from 203.0.113.7:51234".
func goDetails(e *event.Event, message string) {
	keys := strings.IndexByte(message, '=') >= 0
	for _, w := range goFrom {
		if !keys && w[len(w)-1] == '=' {
			continue
		}
		i := strings.Index(message, w)
		if i < 0 || i > 0 && w[0] != ' ' && message[i-1] != ' ' || inQuotes(message, i) {
			continue
		}
		rest := message[i+len(w):]
		rest = strings.TrimPrefix(rest, `"`)
		if a, p, n := peerAt(rest); n > 0 {
			e.Client, e.ClientPort = a, p
			break
		}
	}
	if !keys && !strings.Contains(message, " after ") {
		methodAndPath(e, message)
		return
	}
	method := valueOf(message, "method=")
	if httpMethods[method] {
		e.Method = method
	}
	details(e, message)
	if took := valueOf(message, "duration="); took != "" && !e.Duration.OK {
		if d, ok := goDuration(took); ok {
			e.Duration = event.Some(d)
		}
	}
}

// goDuration reads what time.Duration prints: "31.737µs", "1m30.5s".
func goDuration(s string) (time.Duration, bool) {
	if len(s) < 2 || len(s) > 32 || !isDigit(s[0]) || s[len(s)-1] != 's' && s[len(s)-1] != 'm' && s[len(s)-1] != 'h' {
		return 0, false
	}
	d, err := time.ParseDuration(s)
	return d, err == nil && d >= 0
}

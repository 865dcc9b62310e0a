package parser

import (
	"strings"

	"hangup/event"
)

// zap's console encoder (zapcore/console_encoder.go): time, level, logger, caller and message with tabs between them,
// the fields as a JSON object, and the stack trace in the lines behind it.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "zap-console",
			Summary:   "zap (Go): console encoder, with stack traces",
			Example:   "2026-11-23T07:14:10.593Z\tWARN\tgo/main.go:23\tfailed to write response\t{\"error\": \"write tcp 127.0.0.1:47151->127.0.0.6:33659: write: connection reset by peer\", \"method\": \"GET\", \"path\": \"/big\"}",
			Durations: true,
			Multiline: true,
		},
		rank: 50,
		make: func(o Options) (grammar, error) { return &zapConsole{logReader: newLogReader(o, jsonLogKeys)}, nil },
	})
}

type zapConsole struct {
	logReader
	stray bool // the line before belongs to a stack trace whose record is not there
}

func (g *zapConsole) place(line string, open bool) place {
	where := g.placeOf(line, open)
	g.stray = where == stray
	return where
}

func (g *zapConsole) remembers() bool { return g.stray }

func (g *zapConsole) placeOf(line string, open bool) place {
	switch {
	case isZapHead(line):
		return opens
	case open && (isGoFrame(line) || isGoFunction(line)):
		return more
	case open && strings.HasPrefix(line, "\t"): // errorVerbose
		return more
	case isGoFrame(line), g.stray && isGoFunction(line):
		return stray
	}
	return whole
}

// isZapHead says whether a line begins with a time and a level.
func isZapHead(line string) bool {
	if len(line) < 12 || !isDigit(line[0]) {
		return false
	}
	time, rest, ok := strings.Cut(line[:min(len(line), 64)], "\t")
	if !ok || len(time) < 10 || len(time) > 40 || time[4] == '/' {
		return false
	}
	level, _, ok := strings.Cut(rest, "\t")
	return ok && isZapLevel(zapPlain(level))
}

func isZapLevel(s string) bool {
	switch s {
	case "debug", "info", "warn", "error", "dpanic", "panic", "fatal", "DEBUG", "INFO", "WARN", "ERROR", "DPANIC", "PANIC", "FATAL":
		return true
	}
	return false
}

// zapPlain takes the colour off a level.
func zapPlain(s string) string {
	if s == "" || s[0] != 0x1b {
		return s
	}
	if i := strings.IndexByte(s, 'm'); i > 0 {
		s = s[i+1:]
	}
	s, _, _ = strings.Cut(s, "\x1b")
	return s
}

// isGoFrame: "\t/srv/app/go/main.go:23".
func isGoFrame(line string) bool {
	return len(line) > 5 && line[0] == '\t' && strings.Contains(line[:min(len(line), maxMessage)], ".go:")
}

// isGoFunction: "net/http.(*conn).serve".
func isGoFunction(line string) bool {
	if len(line) > 512 || strings.IndexByte(line, '.') < 1 {
		return false
	}
	for i := range len(line) {
		switch b := line[i]; {
		case isWord(b), b >= 0x80, strings.IndexByte("./*()[]-·{},", b) >= 0:
		default:
			return false
		}
	}
	return !isDigit(line[0])
}

// zapHead is a console line that was taken apart.
type zapHead struct {
	level, logger, caller, message, fields string
}

// cutZap takes apart what follows the time. The parts stand between tabs, or between blanks where the line was copied
// from a screen: then the logger is one word, and the fields begin at the first brace.
func cutZap(rest string) (h zapHead, ok bool) {
	if rest == "" {
		return h, false
	}
	tabs := rest[0] == '\t'
	rest = strings.TrimLeft(rest, " \t")
	if i := strings.Index(rest, "{\""); i > 0 && strings.HasSuffix(strings.TrimRight(rest, " "), "}") && (rest[i-1] == '\t' || !tabs && rest[i-1] == ' ') {
		h.fields, rest = rest[i:], rest[:i]
	}
	rest = strings.TrimRight(rest, " \t")
	if !tabs {
		h.level, rest, _ = strings.Cut(rest, " ")
		rest = strings.TrimLeft(rest, " ")
		if name, after, found := strings.Cut(rest, " "); found && strings.IndexByte(name, '.') > 0 {
			h.logger, rest = name, strings.TrimLeft(after, " ")
		}
		h.message = rest
		return h, isZapLevel(h.level)
	}
	h.level, rest, _ = strings.Cut(rest, "\t")
	h.level = zapPlain(h.level)
	for {
		part, after, found := strings.Cut(rest, "\t")
		if !found {
			break
		}
		switch {
		case isGoCaller(part):
			h.caller = part
		case h.logger == "" && h.caller == "" && strings.IndexByte(part, ' ') < 0:
			h.logger = part
		default: // a tab in the message
			h.message = rest
			return h, isZapLevel(h.level)
		}
		rest = after
	}
	h.message = rest
	return h, isZapLevel(h.level)
}

// isGoCaller: "go/main.go:23".
func isGoCaller(s string) bool {
	file, line, ok := strings.Cut(s, ".go:")
	_, isNumber := count(line)
	return ok && isNumber && file != ""
}

func (g *zapConsole) read(text string, r *event.Record) event.Reason {
	line, _, _ := strings.Cut(text, "\n")
	if !isZapHead(line) {
		return event.NoFormat
	}
	e, j := &r.Event, g.json
	time, _, _ := strings.Cut(line, "\t")
	h, ok := cutZap(line[len(time):])
	if !ok {
		return event.NoFormat
	}
	j.given = 0
	if h.fields != "" && !j.scan(h.fields) {
		return event.NoFormat
	}
	if e.Time, e.ZoneAssumed, ok = g.clock.moment(time); !ok {
		return event.BadTime
	}
	e.Level, e.Logger = upperLevel(h.level), h.logger
	j.put("msg", h.message, jsonNumber) // as it stands
	g.exchange(e)
	g.end(e)
	return ""
}

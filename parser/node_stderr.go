package parser

import (
	"strings"
	"time"

	"hangup/event"
)

// What programs on Node.js write to stderr or the console: text behind an ISO time or none, errors as util.inspect
// prints them (lib/internal/util/inspect.js), winston's and Nest's lines, crashes.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "node-stderr",
			Summary:   "Node.js: console output and errors with their stacks, winston's and Nest's text logs",
			Example:   `2026-11-23T07:10:02.823Z clientError Error: read ECONNRESET`,
			Multiline: true,
		},
		rank: 88,
		make: func(o Options) (grammar, error) { return &nodeLog{clock: clock{zone: o.Zone}}, nil },
	})
}

type nodeLog struct {
	clock clock
	state nodeState
}

type nodeState uint8

const (
	nodeNone  nodeState = iota
	nodeText            // behind a record's first line
	nodeCrash           // behind "node:events:497": source, caret, error
	nodeStack           // behind an error or its frames
	nodeBrace           // inside the properties of an error or an object
	nodeStray           // inside a stack whose beginning is not there
)

func (g *nodeLog) place(line string, open bool) place {
	line = plainText(line)
	if open && g.state == nodeCrash && nodeErrorLen(line) > 0 {
		g.state = nodeStack
		if strings.HasSuffix(line, " {") {
			g.state = nodeBrace
		}
		return more
	}
	if _, ok := cutNode(line); ok {
		g.state = nodeText
		switch {
		case strings.HasSuffix(line, " {") || strings.HasSuffix(line, " ["):
			g.state = nodeBrace
		case isNodeSource(line):
			g.state = nodeCrash
		}
		return opens
	}
	text := strings.TrimLeft(line, " \t")
	indented := len(text) < len(line)
	frame := isNodeFrame(text)
	if !open {
		if was := g.state; frame && indented || was == nodeStray && (indented || line == "}") {
			g.state = nodeStray
			return stray
		}
		g.state = nodeNone
		return whole
	}
	switch {
	case text == "":
		return maybe
	case g.state == nodeBrace:
		if indented {
			return more
		}
		g.state = nodeNone
		if line[0] == '}' || line[0] == ']' {
			return closes
		}
		return whole
	case frame, indented, strings.HasPrefix(line, "Emitted 'error' event"):
		if strings.HasSuffix(line, " {") {
			g.state = nodeBrace
		} else if frame {
			g.state = nodeStack
		}
		return more
	}
	g.state = nodeNone
	return whole
}

func (g *nodeLog) remembers() bool { return g.state == nodeStray }

type nodeHead struct {
	time    string
	nest    bool // the time is Nest's: in the words of a locale
	level   string
	logger  string
	pid     int
	message string
	bare    bool // an error without a head
}

// nodeLevels are the levels of console, winston (npm's), Nest and Next.js.
var nodeLevels = map[string]string{
	"error": "ERROR", "warn": "WARN", "info": "INFO", "http": "HTTP", "verbose": "VERBOSE", "debug": "DEBUG", "silly": "SILLY",
	"log": "LOG", "fatal": "FATAL", "trace": "TRACE", "warning": "WARNING", "notice": "NOTICE", "crit": "CRIT", "alert": "ALERT",
}

// cutNode reads the first line of a record:
//
//	2026-11-23T07:10:02.823Z text
//	[2026-11-23T07:10:02.823Z] error: text
//	2026-11-23 07:10:02 error: text
//	[Nest] 1234  - 11/23/2026, 7:10:02 AM   ERROR [ExceptionsHandler] text
//	[10:00:00.123] ERROR (1234): text
//	(node:1234) UnhandledPromiseRejectionWarning: Error: text
//	error - unhandledRejection: Error: text
//	Error [CODE]: text
func cutNode(s string) (h nodeHead, ok bool) {
	if s == "" {
		return h, false
	}
	switch c := s[0]; {
	case isDigit(c):
		if isNodeTime(s) && (len(s) == 24 || s[24] == ' ') {
			h.time, h.message = s[:24], strings.TrimPrefix(s[24:], " ")
			h.cutLevel()
			return h, !strings.HasPrefix(h.message, "[") || !isNodeTime(h.message[1:])
		}
		if stamp, n := javaTime(s); stamp == javaISO && n < len(s) && (s[n] == ' ' || s[n] == ':') { // winston: a level must follow
			h.time, h.message = s[:n], strings.TrimLeft(s[n+1:], " ")
			return h, isWinston(h.message) && h.cutLevel()
		}
		return h, false
	case c == '[':
		if len(s) > 27 && isNodeTime(s[1:]) && s[25] == ']' && s[26] == ' ' && s[27] != '"' { // a quote begins an access log's request
			h.time, h.message = s[1:25], s[27:]
			h.cutLevel()
			return h, true
		}
		if rest, found := strings.CutPrefix(s, "[Nest] "); found {
			return cutNest(rest)
		}
		if h, ok = cutPinoPretty(s); ok {
			return h, true
		}
	case c == '(':
		if rest, found := strings.CutPrefix(s, "(node:"); found {
			id, rest, found := strings.Cut(rest[:min(len(rest), 40)], ") ")
			if h.pid = pid(id); !found || h.pid == 0 || rest == "" {
				return h, false
			}
			h.message = s[len("(node:)")+len(id)+1:]
			return h, true
		}
	}
	if isNodeSource(s) || strings.HasPrefix(s, "Node.js v") {
		h.message = s
		return h, true
	}
	return cutNodeError(s)
}

// isWinston says whether a text begins with "error: ", "[error]: " or "[label] error: ", and not with others' levels, as
// PostgreSQL's "[123] LOG:" and lager's "[error] <0.1.0>".
func isWinston(s string) bool {
	word, rest, ok := strings.Cut(s[:min(len(s), 100)], ":")
	if label, level, labelled := strings.Cut(word, "] "); labelled && strings.HasPrefix(label, "[") {
		word = level
	}
	return ok && (rest == "" || rest[0] == ' ') && strings.IndexByte(word, ' ') < 0 && word != strings.ToUpper(word)
}

// cutNodeError reads a line that is an error by itself, with the words that Node and Next.js put before one.
func cutNodeError(s string) (h nodeHead, ok bool) {
	s = strings.TrimPrefix(s, " ")
	h.message, h.bare = s, true
	rest := s
	for range 4 {
		was := rest
		for _, p := range [...]string{"⨯ ", "error - ", "- error ", "uncaughtException: ", "unhandledRejection: ", "Uncaught ", "Unhandled rejection ", "Unhandled Rejection: ", "Uncaught Exception: ", "[", "<ref *1> "} {
			if r, found := strings.CutPrefix(rest, p); found {
				rest = strings.TrimLeft(r, " ")
				if p == "error - " || p == "- error " {
					h.level = "ERROR"
				}
			}
		}
		if rest == was {
			break
		}
	}
	return h, nodeErrorLen(rest) > 0
}

// isNodeTime says whether s begins with what Date.prototype.toISOString makes.
func isNodeTime(s string) bool {
	return len(s) >= 24 && s[4] == '-' && s[7] == '-' && s[10] == 'T' && s[13] == ':' && s[16] == ':' && s[19] == '.' && s[23] == 'Z' &&
		isDigit(s[0]) && isDigit(s[22])
}

// cutLevel takes "error: ", "[error]: ", "[app] error: " from the message.
func (h *nodeHead) cutLevel() bool {
	s := h.message
	if s == "" {
		return false
	}
	label := ""
	if s[0] == '[' {
		i := strings.IndexByte(s[:min(len(s), 80)], ']')
		if i < 0 {
			return false
		}
		if label = s[1:i]; isNodeTime(label) { // it is the line's own: the one before is an envelope's
			return false
		}
		s = strings.TrimLeft(s[i+1:], " ")
		if level, ok := nodeLevels[strings.ToLower(label)]; ok {
			h.level, h.message = level, strings.TrimLeft(strings.TrimPrefix(s, ":"), " ")
			return true
		}
	}
	word, rest, ok := strings.Cut(s[:min(len(s), 16)], ":")
	level, isLevel := nodeLevels[strings.ToLower(word)]
	if !ok || !isLevel || rest != "" && rest[0] != ' ' {
		return false
	}
	h.level, h.logger, h.message = level, label, strings.TrimLeft(s[len(word)+1:], " ")
	return true
}

// cutPinoPretty reads "[10:00:00.123] INFO (1234): text", or with a date and "on host" (pino-pretty, lib/pretty.js).
func cutPinoPretty(s string) (h nodeHead, ok bool) {
	stamp, n := javaTime(s[1:])
	if n == 0 || n+2 >= len(s) || s[n+1] != ']' || s[n+2] != ' ' || stamp != javaISO && stamp != javaClock {
		return h, false
	}
	level, rest, _ := strings.Cut(s[n+3:], " (")
	id, rest, ok := strings.Cut(rest, "): ")
	id, _, _ = strings.Cut(id, " on ")
	if _, isLevel := nodeLevels[strings.ToLower(level)]; !ok || !isLevel || level != strings.ToUpper(level) {
		return h, false
	}
	name, number, found := strings.Cut(id, "/")
	if found {
		h.logger, id = name, number
	}
	h.level, h.pid, h.message = level, pid(id), rest
	if stamp == javaISO {
		h.time = s[1 : n+1]
	}
	return h, h.pid != 0
}

// cutNest reads what stands behind "[Nest] " (packages/common/services/console-logger.service.ts).
func cutNest(s string) (h nodeHead, ok bool) {
	id, s, ok1 := strings.Cut(s, " ")
	s = strings.TrimLeft(s, " ")
	if h.pid = pid(id); !ok1 || h.pid == 0 || !strings.HasPrefix(s, "- ") {
		return h, false
	}
	s = s[2:]
	i := strings.Index(s[:min(len(s), 60)], "   ") // the level is padded to seven
	if i < 12 {
		i = strings.Index(s[:min(len(s), 60)], "M ")
		if i < 12 {
			return h, false
		}
		i++
	}
	h.time, h.nest = s[:i], true
	s = strings.TrimLeft(s[i:], " ")
	level, rest, ok := strings.Cut(s, " ")
	if _, isLevel := nodeLevels[strings.ToLower(level)]; !ok || !isLevel {
		return h, false
	}
	h.level, h.message = level, rest
	if strings.HasPrefix(rest, "[") {
		if j := strings.Index(rest[:min(len(rest), 100)], "] "); j > 0 {
			h.logger, h.message = rest[1:j], rest[j+2:]
		}
	}
	return h, true
}

// nestTime reads "11/23/2026, 7:10:02 AM", or with the day first where the clock has 24 hours.
func nestTime(c *clock, s string) (t time.Time, ok bool) {
	date, clockText, ok := strings.Cut(s, ", ")
	if !ok || len(date) != 10 || date[2] != '/' || date[5] != '/' {
		return t, false
	}
	month, ok1 := two(date, 0)
	day, ok2 := two(date, 3)
	year, ok3 := four(date, 6)
	clockText = strings.ReplaceAll(clockText, "\u202f", " ")
	hms, half, _ := strings.Cut(strings.TrimSpace(clockText), " ")
	hour, rest, ok4 := strings.Cut(hms, ":")
	h, ok5 := count(hour)
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || len(rest) != 5 || h > 23 {
		return t, false
	}
	if half == "" || month > 12 {
		day, month = month, day
	} else {
		plus, isHalf := javaHalves[half]
		if !isHalf {
			return t, false
		}
		h = h%12 + int64(plus)
	}
	secs, ok1 := clockTime("00:" + rest)
	days, ok2 := civilDays(year, month, day)
	if !ok1 || !ok2 {
		return t, false
	}
	return c.local(days*86400+h*3600+secs, "")
}

// isNodeSource says whether a line names the place of a crash: "node:events:497", "/srv/app/index.js:15".
func isNodeSource(s string) bool {
	i := strings.LastIndexByte(s[:min(len(s), 500)], ':')
	if i < 4 || strings.IndexByte(s, ' ') >= 0 || len(s) > 500 {
		return false
	}
	if _, ok := count(s[i+1:]); !ok {
		return false
	}
	file := s[:i]
	return strings.HasPrefix(file, "node:") || strings.HasSuffix(file, ".js") || strings.HasSuffix(file, ".mjs") || strings.HasSuffix(file, ".cjs") || strings.HasSuffix(file, ".ts")
}

// isNodeFrame says whether a line, without its indentation, is of a stack: "at Socket.emit (node:events:536:35)",
// "at async /srv/app/index.js:15:28 {".
func isNodeFrame(s string) bool {
	if !strings.HasPrefix(s, "at ") {
		return false
	}
	s = strings.TrimSuffix(s[:min(len(s), 4000)], " {")
	if strings.HasSuffix(s, "(<anonymous>)") || strings.HasSuffix(s, "(native)") {
		return true
	}
	s = strings.TrimSuffix(s, ")")
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return false
	}
	j := strings.LastIndexByte(s[:i], ':')
	if j < 0 {
		return false
	}
	_, ok1 := count(s[i+1:])
	_, ok2 := count(s[j+1 : i])
	return ok1 && ok2
}

// nodeErrorLen returns the length of an error's name at the beginning of s, with the code that Node puts behind it:
// "Error", "BadRequestError", "Error [ERR_STREAM_PREMATURE_CLOSE]". It is 0 when there is none.
func nodeErrorLen(s string) int {
	n := 0
	for n < len(s) && n < 100 && isWord(s[n]) {
		n++
	}
	if n == 0 || s[0] < 'A' || s[0] > 'Z' || !strings.HasSuffix(s[:n], "Error") && !strings.HasSuffix(s[:n], "Exception") && s[:n] != "AggregateError" {
		return 0
	}
	if n+2 < len(s) && s[n] == ' ' && s[n+1] == '[' {
		if i := strings.IndexByte(s[n:min(len(s), n+80)], ']'); i > 2 {
			n += i + 1
		}
	}
	if n == len(s) || s[n] == ':' || s[n] == ']' || strings.HasPrefix(s[n:], " {") {
		return n
	}
	return 0
}

func (g *nodeLog) read(text string, r *event.Record) event.Reason {
	e := &r.Event
	first, lines := splitRecord(plainText(text), r.Lines)
	h, ok := cutNode(first)
	if !ok {
		return event.NoFormat
	}
	switch {
	case h.nest:
		if e.Time, ok = nestTime(&g.clock, h.time); !ok {
			return event.BadTime
		}
		e.ZoneAssumed = true
	case h.time != "":
		if e.Time, e.ZoneAssumed, ok = readJavaTime(&g.clock, javaISO, h.time); !ok {
			return event.BadTime
		}
	}
	e.Kind = event.Other
	e.Level, e.Logger, e.PID = h.level, h.logger, h.pid
	if len(lines) > 1 {
		lines = lines[1:]
	} else {
		lines = nil
	}
	nodeRecord(e, h.message, lines)
	return ""
}

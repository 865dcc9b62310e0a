package parser

import (
	"strings"
	"time"
)

// pyHead is what the layout of a logging formatter puts before the message.
type pyHead struct {
	time, logger, level, request string
	pid                          int
	message                      string
	timeLen                      int  // of the time that the line begins with, when that was measured before
	bare, daphne                 bool // the layout is only a time and a level; the one that daphne has
}

// pyLayouts are the layouts that are in use, by what they begin with. %T is a time, %C one as asctime writes it (a
// comma before the milliseconds, or none), %L a level, %l one in small letters too, %N a logger's name, %Q a name that
// cannot be a word of the message, %P the pid, %D digits, %X any word; a blank stands for several.
// Sources: logging's basicConfig and how-to, flask/logging.py, celery/app/defaults.py, the documentation of Django,
// loguru, structlog, oslo.log, airflow and Scrapy.
var (
	pyTimeLayouts = []string{
		"%T - %L - %Q - ",
		"%C - %L - ",
		"%T | %L | %N:%X:%D - ", // loguru
		"%T | %L | %N:%X - ",
		"%T | %L | %N | ",
		"%T | %N | %L | ",
		"%C | %L | ",
		"%T [%L] %Q: ",
		"%T [%l] ", // structlog's console
		"%T [%P] %L %Q: ",
		"%C [%P] %L: ",
		"%T [%N] %L: ", // Scrapy
		"%T [%N] [%L] ",
		"%C:%L:%Q:",
		"%C:%L:",
		"%C: %L: ",
		"%T %P %L %N ", // oslo.log
		"%T %L [%N:%D] ",
		"%T %L [%Q] ",
		"%T %L %Q:%D ",
		"%T %L %Q: ",
		"%T %L %Q - ",
		"%C %L: ",
		"%C %L - ",
		"%T %L %Q ",
		"%C %L ",
		"%T %N[%P]: %L: ",
		"%T %N[%P]: %L ",
		"%T %N[%P] %L ",
		"%T %N: %L: ",
		"%T %N %L: ",
		"%T %N %L - ",
		"%T %N %L ",
	}
	pyBracketLayouts = []string{
		"[%T] %L in %N: ", // Flask
		"[%C: %L/%X] ",    // Celery
		"[%T] {%X:%D} %L - ",
		"[%T] %L [%N:%D] ",
		"[%T] %L [%N] ",
		"[%T] [%L] [%N] ",
		"[%T] [%L] %Q: ",
		"[%C] [%L] ",
		"[%T] %L %Q: ",
		"[%T] %L %Q - ",
		"[%C] %L: ",
		"[%C] %L - ",
		"[%T] %L %Q ",
		"[%C] %L ",
	}
	pyLevelLayouts = []string{
		"%L:%N:",          // basicConfig
		"%L %C %N %P %D ", // Django's verbose
		"%L %C %Q: ",
		"%L %C %Q ",
		"%L %C - ",
		"%L %C: ",
		"%L %C ",
		"%L [%C] ",
		"[%L] %C %Q: ",
		"[%L] %C - ",
		"[%L] %C: ",
		"[%L] %C ",
	}
)

// cutPyLayout finds the layout of a line.
func cutPyLayout(s string) (h pyHead, ok bool) {
	if len(s) < 8 {
		return h, false
	}
	list := pyTimeLayouts
	switch b := s[0]; {
	case isDigit(b):
	case b == '[' && isDigit(s[1]):
		list = pyBracketLayouts
	case b == '[' || b >= 'A' && b <= 'Z':
		list = pyLevelLayouts
	default:
		return h, false
	}
	known := 0
	if b := s[0]; isDigit(b) {
		known = pyTimeLen(s)
	} else if b == '[' && isDigit(s[1]) {
		known = pyTimeLen(s[1:])
	}
	if known == 0 && (isDigit(s[0]) || isDigit(s[1])) {
		return h, false
	}
	for _, layout := range list {
		h = pyHead{timeLen: known}
		if h.match(layout, s) {
			h.finish(layout)
			return h, true
		}
	}
	return h, false
}

// match reads a line by a layout.
func (h *pyHead) match(layout, s string) bool {
	for i := 0; i < len(layout); i++ {
		if layout[i] != '%' {
			if s == "" && layout[i] == ' ' && i == len(layout)-1 { // an empty message whose blank was cut
				break
			}
			if s == "" || s[0] != layout[i] {
				return false
			}
			s = s[1:]
			if layout[i] == ' ' {
				s = strings.TrimLeft(s, " ")
			}
			continue
		}
		i++
		n := h.field(layout[i], s)
		if n == 0 {
			return false
		}
		s = s[n:]
		if i+1 < len(layout) && layout[i+1] == ']' { // padded inside the brackets
			s = strings.TrimLeft(s, " ")
		}
	}
	h.message = s
	return true
}

// field reads one field and returns its length, 0 when it is not there.
func (h *pyHead) field(kind byte, s string) (n int) {
	switch kind {
	case 'T', 'C':
		if n = h.timeLen; n == 0 {
			n = pyTimeLen(s)
		}
		if n > 19 && kind == 'C' && s[19] == '.' {
			return 0
		}
		h.time = s[:n]
	case 'L', 'l':
		n = pyLevelLen(s, kind == 'l')
		h.level = s[:n]
	case 'N', 'Q':
		if n = pyNameLen(s); kind == 'Q' && !pyNameSure(s[:n]) {
			return 0
		}
		h.logger = s[:n]
	case 'P':
		if n = digitsLen(s); n > 0 {
			h.pid = pid(s[:n])
		}
	case 'D':
		n = digitsLen(s)
	default: // a word, up to what ends it
		for n < len(s) && n < 128 && s[n] != ' ' && s[n] != ']' && s[n] != ':' && s[n] != '}' {
			n++
		}
	}
	return n
}

// finish reads what some loggers put before their messages.
func (h *pyHead) finish(layout string) {
	switch layout {
	case "%T %P %L %N ": // oslo.log: "[-] message", "[req-... user - - -] message"
		if context, rest, ok := strings.Cut(h.message, "] "); ok && strings.HasPrefix(context, "[") && len(context) < 400 {
			id, _, _ := strings.Cut(context[1:], " ")
			if strings.HasPrefix(id, "req-") {
				h.request = id
			}
			h.message = rest
		}
	case "%C %L ", "%T [%l] ", "[%C] [%L] ", "[%C] %L ":
		h.bare, h.daphne = true, layout == "%C %L "
	}
}

// strange says whether a message of a layout that is a time and a level only has the look of another program's: of
// Java's, with the thread in brackets before the class.
func (h *pyHead) strange() bool {
	if !h.bare || h.message == "" {
		return false
	}
	if strings.Contains(h.message[:min(len(h.message), 80)], " --- [") {
		return true
	}
	end := byte(']')
	switch h.message[0] {
	case '{':
		end = '}'
	case '[':
	default:
		return false
	}
	i := strings.IndexByte(h.message[:min(len(h.message), 120)], end)
	if i < 0 || !strings.HasPrefix(h.message[i+1:], " ") {
		return end == '}'
	}
	rest := strings.TrimLeft(h.message[i+2:], " ")
	n := pyNameLen(rest)
	return n > 0 && (strings.HasPrefix(rest[n:], " - ") || strings.HasPrefix(strings.TrimLeft(rest[n:], " "), ": "))
}

// pyTimeLen returns the length of a time at the beginning of s: 2026-11-23 07:19:09,128, with a "T", a fraction and a
// zone or without them, or 23/Nov/2026 07:19:09.
func pyTimeLen(s string) int {
	if len(s) < 19 || s[13] != ':' && s[14] != ':' || !isDigit(s[0]) || !isDigit(s[1]) {
		return 0
	}
	if s[2] == '/' {
		if len(s) < 20 || s[6] != '/' || s[11] != ' ' || s[14] != ':' || s[17] != ':' || !isDigit(s[19]) {
			return 0
		}
		return 20
	}
	if s[4] != '-' || s[7] != '-' || s[10] != ' ' && s[10] != 'T' || s[16] != ':' || !isDigit(s[18]) {
		return 0
	}
	n := 19
	if n+1 < len(s) && (s[n] == ',' || s[n] == '.') && isDigit(s[n+1]) {
		for n++; n < len(s) && isDigit(s[n]); n++ {
		}
	}
	switch rest := s[n:]; {
	case rest == "":
	case rest[0] == 'Z':
		return n + 1
	case len(rest) >= 6 && isOffset(rest[:6]):
		return n + 6
	case len(rest) >= 5 && isOffset(rest[:5]):
		return n + 5
	case len(rest) >= 6 && rest[0] == ' ' && isOffset(rest[1:6]):
		return n + 6
	}
	return n
}

func isOffset(s string) bool {
	_, ok := zoneOffset(s)
	return ok && (s[0] == '+' || s[0] == '-')
}

// isPyLevel says whether s is one of the levels of logging, or of those that its users add.
func isPyLevel(s string) bool {
	switch s {
	case "INFO", "ERROR", "WARNING", "DEBUG", "CRITICAL", "WARN", "FATAL", "TRACE", "SUCCESS", "NOTICE", "EXCEPTION", "NOTSET", "AUDIT":
		return true
	}
	return false
}

func pyLevelLen(s string, small bool) int {
	n := 0
	for n < len(s) && n < 12 && s[n]|0x20 >= 'a' && s[n]|0x20 <= 'z' {
		n++
	}
	if isPyLevel(s[:n]) || small && n > 3 && isPyLevel(strings.ToUpper(s[:n])) {
		return n
	}
	if rest, ok := strings.CutPrefix(s, "Level "); ok { // a number without a name
		if d := digitsLen(rest); d > 0 {
			return len("Level ") + d
		}
	}
	return 0
}

// pyNameLen returns the length of a logger's name.
func pyNameLen(s string) int {
	n := 0
	for n < len(s) && n <= 200 && (isWord(s[n]) || s[n] == '.' || s[n] == '-' || s[n] == '/' || s[n] >= 0x80) {
		n++
	}
	if n == 0 || n > 200 || isDigit(s[0]) || s[0] == '-' || s[0] == '/' {
		return 0
	}
	return n
}

// pyNameSure says whether a text before the message is a logger's name for certain, and not its first word.
func pyNameSure(s string) bool {
	switch s {
	case "":
		return false
	case "root", "__main__", "asyncio", "werkzeug", "waitress", "uvicorn", "celery", "tornado", "gunicorn", "django", "daphne", "aiohttp", "hypercorn":
		return true
	}
	i := strings.IndexByte(s, '.')
	return i > 0 && i < len(s)-1 && strings.IndexByte(s, '/') < 0 && !strings.Contains(s, "..")
}

func digitsLen(s string) int {
	n := 0
	for n < len(s) && n < 20 && isDigit(s[n]) {
		n++
	}
	return n
}

// when reads the time of a head. None is no error: basicConfig writes none.
func (h *pyHead) when(c *clock) (t time.Time, assumed, ok bool) {
	switch {
	case h.time == "":
		return time.Time{}, false, true
	case h.time[2] == '/':
		t, ok = c.apacheLocal(h.time, ' ')
		return t, true, ok
	}
	return c.iso(h.time)
}

package parser

import (
	"strings"
	"time"
	"unicode/utf8"
)

// syslogLine is a line of a syslog file or of journalctl: "<134>Nov 23 07:10:02 web-1 node[911]: text", with rsyslog's
// RFC 3339 time, or with journalctl's short-iso, short-precise and short-unix times. journalctl indents the further
// lines of a message.
type syslogLine struct {
	clock  *clock
	indent int // of the further lines of the message before
	last   letter
}

func (e *syslogLine) cut(line string, seen time.Time, l *letter) bool {
	if e.indent > 0 && len(line) > e.indent && line[0] == ' ' && isBlank(line[:e.indent]) {
		*l = e.last
		l.text = line[e.indent:]
		return true
	}
	if strings.HasPrefix(line, "-- ") && (strings.HasSuffix(line, " --") || strings.HasPrefix(line, "-- Logs begin at ") || strings.HasPrefix(line, "-- Journal begins at ")) {
		l.mail, l.lane = true, "journalctl" // "-- Boot 3f1c... --", "-- No entries --"
		e.indent = 0
		return true
	}
	s := line
	if digits, rest, ok := cutPriority(s); ok {
		if l.base.Level = severity(digits); l.base.Level == "" {
			return false
		}
		s = rest
	}
	t, assumed, rest, ok := e.stamp(s, seen)
	if !ok {
		return false
	}
	if rest, ok = e.writer(rest, l); !ok {
		return false
	}
	l.base.Time, l.base.ZoneAssumed, l.mail = t, assumed, true
	e.indent, e.last = len(line)-len(rest), *l
	l.text = rest
	if strings.Contains(rest, "#012") { // rsyslog's and syslog-ng's way to write a newline
		l.text, l.full = unescapeOctal(rest), true
	}
	return true
}

// cutPriority takes "<134>".
func cutPriority(s string) (digits, rest string, ok bool) {
	if s == "" || s[0] != '<' {
		return "", s, false
	}
	i := strings.IndexByte(s[:min(len(s), 6)], '>')
	if i < 2 || i > 4 {
		return "", s, false
	}
	return s[1:i], s[i+1:], true
}

// stamp takes the time and the blank behind it.
func (e *syslogLine) stamp(s string, seen time.Time) (t time.Time, assumed bool, rest string, ok bool) {
	switch {
	case len(s) > 16 && s[3] == ' ' && s[6] == ' ' && s[9] == ':' && s[12] == ':': // "Nov  3 07:07:50", ".123456" in short-precise
		month, ok1 := monthOf(s[:3])
		day, ok2 := count(strings.TrimLeft(s[4:6], " "))
		secs, ok3 := clockTime(s[7:15])
		i := strings.IndexByte(s[15:min(len(s), 32)], ' ')
		if !ok1 || !ok2 || !ok3 || i < 0 {
			return t, false, s, false
		}
		t, ok = e.clock.yearless(month, int(day), secs, s[15:15+i], seen)
		return t, ok && !t.IsZero(), s[15+i+1:], ok
	case isStamp(s):
		i := strings.IndexByte(s[:min(len(s), 40)], ' ')
		if i < 0 {
			return t, false, s, false
		}
		t, assumed, ok = e.clock.iso(s[:i])
		return t, assumed, s[i+1:], ok
	case len(s) > 18 && s[10] == '.' && isDigit(s[0]) && isDigit(s[9]): // short-unix
		i := strings.IndexByte(s[:min(len(s), 24)], ' ')
		if i < 0 {
			return t, false, s, false
		}
		t, ok = epoch(s[:i])
		return t, false, s[i+1:], ok
	}
	return t, false, s, false
}

// writer takes "host tag[pid]: " or "tag[pid]: ".
func (e *syslogLine) writer(s string, l *letter) (rest string, ok bool) {
	i := strings.Index(s[:min(len(s), 300)], ": ")
	if i < 0 {
		if i = len(s) - 1; i < 1 || i > 300 || s[i] != ':' {
			return s, false
		}
	}
	head, rest := s[:i], s[min(len(s), i+2):]
	if j := strings.IndexByte(head, ' '); j >= 0 {
		if head[0] == '[' { // no host: a time in brackets, behind the time of another envelope
			return s, false
		}
		head = head[j+1:]
	}
	tag := head
	if j := strings.IndexByte(head, '['); j >= 0 && head[len(head)-1] == ']' {
		tag, l.base.PID = head[:j], pid(head[j+1:len(head)-1])
	}
	if tag == "" || strings.ContainsAny(tag, " \"{}=()") {
		return s, false
	}
	l.base.Logger, l.lane = tag, head
	return rest, true
}

// unescapeOctal undoes #012 and #011, as rsyslog writes control bytes.
func unescapeOctal(s string) string {
	return strings.NewReplacer("#012", "\n", "#011", "\t", "#015", "").Replace(s)
}

// syslog5424 is "<14>1 2026-11-23T07:07:50.925Z host app procid msgid [structured data] text" (RFC 5424 section 6).
type syslog5424 struct{ clock *clock }

func (e *syslog5424) cut(line string, _ time.Time, l *letter) bool {
	digits, s, ok := cutPriority(line)
	if !ok || !strings.HasPrefix(s, "1 ") {
		return false
	}
	if l.base.Level = severity(digits); l.base.Level == "" {
		return false
	}
	var field [5]string // time, host, app, procid, msgid
	s = s[2:]
	writer := ""
	for i := range field {
		if i == 2 {
			writer = s
		}
		if field[i], s, ok = strings.Cut(s, " "); !ok || len(field[i]) > 256 {
			return false
		}
	}
	if field[0] != "-" {
		t, assumed, ok := e.clock.iso(field[0])
		if !ok || assumed {
			return false
		}
		l.base.Time = t
	}
	if field[2] != "-" {
		l.base.Logger = field[2]
	}
	l.base.PID = pid(field[3])
	l.lane, l.mail = writer[:len(field[2])+1+len(field[3])], true
	switch {
	case strings.HasPrefix(s, "["):
		n := structuredData(s)
		if n < 0 {
			return false
		}
		s = s[n:]
	case strings.HasPrefix(s, "-"):
		s = s[1:]
	default:
		return false
	}
	if s != "" && s[0] != ' ' {
		return false
	}
	s = strings.TrimPrefix(s, " ")
	l.text = strings.TrimPrefix(s, string(rune(0xFEFF))) // the mark that says that the text is UTF-8
	if strings.Contains(s, "#012") {
		l.text, l.full = unescapeOctal(l.text), true
	}
	return true
}

// structuredData returns the length of one or more [id name="value" ...]; ] in a value is escaped. It returns -1 when
// it has no end.
func structuredData(s string) int {
	quotes := false
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\\' && quotes:
			n++
		case r == '"':
			quotes = !quotes
		case r == ']' && !quotes:
			if i+1 == len(s) || s[i+1] != '[' {
				return i + 1
			}
		}
		i += n
	}
	return -1
}

package parser

import "strings"

// javaHead is the first line of a JVM's log record.
type javaHead struct {
	stamp   javaStamp
	time    string
	level   string
	logger  string
	pid     int
	message string
	simple  bool // java.util.logging.SimpleFormatter: level and message are on the second line
	tabbed  bool // Tomcat's OneLineFormatter: traces are indented
}

// javaLevels are the levels of java.util.logging, log4j and Logback.
var javaLevels = map[string]bool{
	"TRACE": true, "DEBUG": true, "INFO": true, "WARN": true, "ERROR": true, "FATAL": true, "OFF": true, "ALL": true,
	"SEVERE": true, "WARNING": true, "CONFIG": true, "FINE": true, "FINER": true, "FINEST": true,
}

// cutJavaPattern reads the heads that patterns of Logback, log4j 1 and 2, JBoss's log manager and Spring Boot make:
//
//	2024-03-22T10:00:00.123Z ERROR 1 --- [shop] [nio-8080-exec-7] o.e.Service    : message
//	2026-11-22 10:00:01,000 [thread] WARN  c.e.Client - message
//	[2026-11-22 07:58:41] [thread] ERROR [c.e.Handler.handle:49] - message
//	10:00:00,123 DEBUG [c.e.Handler] (default task-5) message
//	WARN  [2026-11-22 10:00:00,123] c.e.Handler: message
//	[thread] WARN  c.e.Handler [299]- message
//
// A level and a logger must be there.
func cutJavaPattern(s string) (h javaHead, ok bool) {
	if len(s) < 12 {
		return h, false
	}
	timed := false
	switch c := s[0]; {
	case c == '[':
		if h.stamp, h.time, s, timed = cutJavaBracketTime(s); !timed && !isJavaThread(s) {
			return h, false
		}
	case isDigit(c):
		stamp, n := javaTime(s)
		if stamp == javaDay && s[2] == '-' { // Tomcat's own
			return h, false
		}
		if stamp != javaNoTime {
			h.stamp, h.time, s, timed = stamp, s[:n], s[n:], true
		}
	case c >= 'A' && c <= 'Z':
		i := strings.IndexByte(s[:12], ' ')
		if i < 4 || !javaLevels[s[:i]] {
			return h, false
		}
		h.level, s = s[:i], strings.TrimLeft(s[i:], " ")
		if s == "" || s[0] != '[' {
			stamp, n := javaTime(s)
			if stamp == javaNoTime {
				return h, false
			}
			h.stamp, h.time, s, timed = stamp, s[:n], s[n:], true
			break
		}
		if h.stamp, h.time, s, timed = cutJavaBracketTime(s); !timed && !isJavaThread(s) {
			return h, false
		}
	default:
		return h, false
	}
	return cutJavaItems(h, s, timed)
}

// cutJavaBracketTime takes "[2026-11-22 07:58:41,123]" from the beginning of s.
func cutJavaBracketTime(s string) (stamp javaStamp, text, rest string, ok bool) {
	if s == "" || s[0] != '[' {
		return javaNoTime, "", s, false
	}
	stamp, n := javaTime(s[1:])
	if stamp == javaNoTime || stamp == javaClock && n < 9 || 1+n >= len(s) || s[1+n] != ']' {
		return javaNoTime, "", s, false
	}
	return stamp, s[1 : 1+n], s[2+n:], true
}

// isJavaThread says whether a line begins with the name of a thread in brackets: without a time it must look like one.
func isJavaThread(s string) bool {
	i := strings.IndexByte(s[:min(len(s), 100)], ']')
	if i < 2 || i+1 >= len(s) || s[i+1] != ' ' {
		return false
	}
	name := strings.TrimSpace(s[1:i])
	return name == "main" || strings.IndexByte(name, '-') > 0 && isDigit(name[len(name)-1])
}

// cutJavaItems reads what stands between a record's time and its message.
func cutJavaItems(h javaHead, s string, timed bool) (javaHead, bool) {
	group, number := "", ""
	dashes := false
	for range 10 {
		s = strings.TrimLeft(s, " |")
		if s == "" {
			return h, false
		}
		switch c := s[0]; {
		case c == '[' || c == '{' || c == '(':
			if number != "" && !dashes && h.level != "" && c != '[' {
				return h, false
			}
			text, rest, ok := cutJavaGroup(s)
			if !ok {
				return h, false
			}
			trimmed := strings.TrimSpace(text)
			if h.level == "" && javaLevels[trimmed] {
				h.level, s = trimmed, rest
				continue
			}
			if message, ok := javaSeparator(rest); ok && h.level != "" && c == '[' && isJavaLogger(trimmed, true) && !dashes {
				h.logger, h.message = javaLoggerName(trimmed), message
				return h, true
			}
			if c == '(' && group != "" && h.level != "" && isJavaLogger(group, false) { // JBoss: [logger] (thread) message
				h.logger, h.message = group, strings.TrimPrefix(rest, " ")
				return h, true
			}
			if c == '[' && h.level != "" {
				group = trimmed
			}
			s = rest
		case strings.HasPrefix(s, "--- "):
			dashes, s = true, s[4:]
			h.pid = pid(number)
		default:
			word, rest, _ := strings.Cut(s, " ")
			switch {
			case h.level == "" && javaLevels[word]:
				h.level, s = word, rest
			case !dashes && number == "" && isJavaNumber(word):
				number, s = word, rest
			case h.level == "":
				return h, false
			default:
				return cutJavaLogger(h, word, rest, timed)
			}
		}
	}
	return h, false
}

// cutJavaGroup takes a text in brackets, with brackets in it.
func cutJavaGroup(s string) (text, rest string, ok bool) {
	depth := 0
	for i := range min(len(s), 300) {
		switch s[i] {
		case '[', '{', '(':
			depth++
		case ']', '}', ')':
			if depth--; depth == 0 {
				return s[1:i], s[i+1:], true
			}
		}
	}
	if i := strings.IndexByte(s[:min(len(s), 300)], ']'); i > 0 && s[0] == '[' { // a name cut to its last letters
		return s[1:i], s[i+1:], true
	}
	return "", "", false
}

// cutJavaLogger reads a logger's name, what may stand behind it in brackets, and the message.
func cutJavaLogger(h javaHead, word, rest string, timed bool) (javaHead, bool) {
	if name, ok := strings.CutSuffix(word, ":"); ok { // "c.e.Handler: message"
		if strings.IndexByte(name, '.') < 0 || !isJavaLogger(name, !timed) {
			return h, false
		}
		h.logger, h.message = javaLoggerName(name), rest
		return h, true
	}
	if name, ok := strings.CutSuffix(word, "-"); ok && isJavaLogger(name, !timed) && rest != "" { // "c.e.Handler- message"
		h.logger, h.message = javaLoggerName(name), rest
		return h, true
	}
	if i := strings.IndexByte(word, '('); i > 0 { // "Handler(57)"
		word = word[:i]
	}
	if !isJavaLogger(word, !timed) {
		return h, false
	}
	rest = strings.TrimLeft(rest, " ")
	if rest != "" && (rest[0] == '[' || rest[0] == '(') { // a line's number, a file, values of the context
		_, behind, ok := cutJavaGroup(rest)
		if !ok {
			return h, false
		}
		rest = behind
	}
	message, ok := javaSeparator(rest)
	if ok && strings.HasPrefix(rest, "| ") && strings.IndexByte(word, '.') < 0 { // fields between bars: that was the thread
		name, behind, _ := strings.Cut(message, " ")
		if text, found := javaSeparator(behind); found && isJavaLogger(name, true) {
			word, message = name, text
		}
	}
	h.logger, h.message = javaLoggerName(word), message
	return h, ok
}

// javaSeparator takes what stands between logger and message: " - ", " : ", " -- ".
func javaSeparator(s string) (message string, ok bool) {
	s = strings.TrimLeft(s, " ")
	for _, mark := range [...]string{"- ", ": ", "-- ", "| "} {
		if rest, found := strings.CutPrefix(s, mark); found {
			return rest, true
		}
	}
	return "", s == "-" || s == ":" || s == "--"
}

// isJavaLogger says whether a word can be the name of a logger, with a method or a line behind it. It must have a dot
// where dotted says so.
func isJavaLogger(s string, dotted bool) bool {
	letter, dot := false, false
	for i := range len(s) {
		switch b := s[i]; {
		case b|0x20 >= 'a' && b|0x20 <= 'z', b >= 0x80:
			letter = true
		case b == '.':
			dot = true
		case isDigit(b), b == '$', b == '_', b == '-', b == '[', b == ']', b == '/', b == '@', b == '#':
		case b == ':' && i > 0 && i+1 < len(s) && s[i+1] != ':' && s[i-1] != ':':
		default:
			return false
		}
	}
	return letter && (dot || !dotted) && len(s) <= 256
}

// javaLoggerName cuts the line or method behind a logger's name: "c.e.Handler:exceptionCaught#38".
func javaLoggerName(s string) string {
	name, _, _ := strings.Cut(s, ":")
	return name
}

func isJavaNumber(s string) bool {
	_, ok := count(s)
	return ok
}

// cutJavaOneLine reads Tomcat's own head (juli/OneLineFormatter.java); levels may be in another language:
//
//	22-Nov-2026 10:00:00.123 SEVERE [http-nio-8080-exec-5] org.apache.catalina.core.StandardWrapperValve.invoke message
func cutJavaOneLine(s string) (h javaHead, ok bool) {
	if len(s) < 30 || s[2] != '-' {
		return h, false
	}
	stamp, n := javaTime(s)
	if stamp != javaDay || n >= len(s) || s[n] != ' ' {
		return h, false
	}
	h.stamp, h.time = stamp, s[:n]
	level, rest, ok := strings.Cut(s[n+1:min(len(s), n+50)], " ")
	if !ok || level == "" || !strings.HasPrefix(rest, "[") {
		return h, false
	}
	_, rest, ok = cutJavaGroup(s[n+1+len(level)+1:])
	if !ok || !strings.HasPrefix(rest, " ") {
		return h, false
	}
	logger, message, _ := strings.Cut(rest[1:], " ")
	if !isJavaLogger(logger, false) {
		return h, false
	}
	h.level, h.logger, h.message, h.tabbed = level, logger, message, true
	return h, true
}

// cutJavaSimple reads the first line of java.util.logging's SimpleFormatter: "Nov 23, 2026 7:15:27 AM class method".
func cutJavaSimple(s string) (h javaHead, ok bool) {
	comma := strings.Index(s[:min(len(s), 24)], ", ")
	if comma < 4 || comma+16 > len(s) || !isDigit(s[comma-1]) || !isDigit(s[comma+2]) {
		return h, false
	}
	i := strings.IndexByte(s[comma+2:min(len(s), comma+10)], ' ')
	if i != 4 {
		return h, false
	}
	n := comma + 2 + i + 1 // the clock's time
	for n < len(s) && (isDigit(s[n]) || s[n] == ':') {
		n++
	}
	if n == len(s) || s[n] != ' ' && s[n] != 0xe2 {
		return h, false
	}
	rest := strings.TrimPrefix(strings.TrimPrefix(s[n:], " "), "\u202f")
	half, name, _ := strings.Cut(rest, " ")
	if _, ok := javaHalves[half]; ok {
		n, rest = len(s)-len(name), name
		n-- // the blank
	}
	name, _, _ = strings.Cut(rest, " ")
	if !isJavaLogger(name, false) {
		return h, false
	}
	h.stamp, h.time, h.logger, h.simple = javaLong, strings.TrimRight(s[:n], " "), name, true
	return h, true
}

// cutJavaSimpleOther reads the same of programs that are not Tomcat.
func cutJavaSimpleOther(s string) (h javaHead, ok bool) {
	h, ok = cutJavaSimple(s)
	if name, found := strings.CutPrefix(h.logger, "org.apache."); found && hasPrefixOf(name, []string{"catalina.", "coyote.", "tomcat.", "jasper."}) {
		return h, false
	}
	return h, ok
}

// cutJavaLevel reads the second line of SimpleFormatter, "INFO: message".
func cutJavaLevel(s string) (level, message string, ok bool) {
	i := strings.IndexByte(s[:min(len(s), 40)], ':')
	if i < 2 || i+1 < len(s) && s[i+1] != ' ' {
		return "", "", false
	}
	for j := range i {
		if b := s[j]; b < 0x80 && (b|0x20 < 'a' || b|0x20 > 'z') {
			return "", "", false
		}
	}
	return s[:i], strings.TrimPrefix(s[i+1:], " "), true
}

// cutJetty reads the head of Jetty's StdErrLog and, since version 10, of its StdErrAppender:
//
//	2026-11-23 07:15:42.974:WARN:oejs.HttpChannel:qtp780237624-19: message
//	2012-03-01 10:00:00.123:WARN:oejs.AbstractHttpConnection:message
func cutJetty(s string) (h javaHead, ok bool) {
	if len(s) < 26 || s[4] != '-' || s[10] != ' ' || s[19] != '.' || s[23] != ':' {
		return h, false
	}
	h.stamp, h.time = javaISO, s[:23]
	level, rest, ok := strings.Cut(s[24:], ":")
	level = strings.TrimRight(level, " ")
	if level == "WARNING" || level == "IGNORED" || level == "IGNORE" || javaLevels[level] {
		h.level = level
	} else {
		return h, false
	}
	logger, rest, found := strings.Cut(rest, ":")
	if !ok || !found || strings.IndexByte(logger, ' ') >= 0 || logger != "" && !isJavaLogger(logger, false) {
		return h, false
	}
	h.logger, h.message = logger, rest
	// A thread's name ends at the first colon that a blank follows, or at the line's end.
	if thread, message, found := strings.Cut(rest, ": "); found && isJettyThread(thread) {
		h.message = message
	} else if thread, found := strings.CutSuffix(rest, ":"); found && isJettyThread(thread) {
		h.message = ""
	}
	return h, true
}

func isJettyThread(s string) bool {
	return s != "" && len(s) < 100 && s[0] != '/' && strings.IndexByte(s, ' ') < 0 && !strings.HasSuffix(s, "Exception")
}

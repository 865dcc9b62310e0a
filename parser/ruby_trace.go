package parser

import "strings"

// cutRubyException reads an exception as Ruby's programs print it: "Errno::EPIPE: Broken pipe", "Errno::EPIPE (Broken
// pipe):", "#<Errno::EPIPE: Broken pipe>", "Broken pipe (Errno::EPIPE)".
func cutRubyException(s string) (class, text string, ok bool) {
	s = strings.TrimRight(cut(s), " ")
	if rest, isInspect := strings.CutPrefix(s, "#<"); isInspect {
		rest, ok = strings.CutSuffix(rest, ">")
		class, text, found := strings.Cut(rest, ": ")
		if !found {
			text = "" // #<Errno::EPIPE>
		}
		return class, text, ok && isRubyClass(class)
	}
	n := rubyClassLength(s)
	switch rest := s[n:]; {
	case n == 0:
	case strings.HasPrefix(rest, ": "):
		return s[:n], rest[2:], true
	case strings.HasPrefix(rest, " (") && strings.HasSuffix(rest, "):"):
		return s[:n], rest[2 : len(rest)-2], true
	case strings.HasPrefix(rest, " (") && strings.HasSuffix(rest, ")"): // in a list of causes
		return s[:n], rest[2 : len(rest)-1], true
	case rest == ":" || rest == "":
		return s[:n], "", true
	}
	if i := strings.LastIndex(s, " ("); i > 0 && s[len(s)-1] == ')' && isRubyClass(s[i+2:len(s)-1]) {
		return s[i+2 : len(s)-1], s[:i], true
	}
	return "", "", false
}

// rubyClassLength returns the length of a class's name at the beginning of s: capitals begin its parts.
func rubyClassLength(s string) int {
	i := 0
	for {
		if i >= len(s) || s[i] < 'A' || s[i] > 'Z' {
			return 0
		}
		for i < len(s) && i < 200 && isWord(s[i]) {
			i++
		}
		if !strings.HasPrefix(s[i:], "::") {
			return i
		}
		i += 2
	}
}

func isRubyClass(s string) bool { return s != "" && rubyClassLength(s) == len(s) }

// isRubyError says whether a class's name is an exception's: it is in a module, or its name says so.
func isRubyError(class string) bool {
	return strings.Contains(class, "::") || strings.HasSuffix(class, "Error") || strings.HasSuffix(class, "Exception") ||
		class == "Interrupt" || class == "SystemExit" || class == "ClientDisconnected"
}

// isRubyBare says whether a class's name is an exception's that only Ruby has: it is in a module, or one of Ruby's own
// (error.c) that other languages do not have.
func isRubyBare(class string) bool {
	if strings.Contains(class, "::") {
		return true
	}
	switch class {
	case "RuntimeError", "NoMethodError", "ArgumentError", "NameError", "EOFError", "IOError", "StandardError", "ZeroDivisionError", "KeyError",
		"IndexError", "FrozenError", "NotImplementedError", "LoadError", "SystemStackError", "ThreadError", "SocketError", "ClientDisconnected":
		return true
	}
	return false
}

// isRubyFrame reads "/gems/puma-2.4.0/lib/puma/server.rb:667:in `syswrite'", "config.ru:5:in 'call'",
// "tubesock (0.2.5) lib/tubesock.rb:27:in `write'", with "from " before it or not.
func isRubyFrame(s string) bool {
	i := strings.Index(s, ":in ")
	if i < 2 || i+5 >= len(s) || s[i+4] != '`' && s[i+4] != '\'' {
		return false
	}
	digits := i
	for digits > 0 && isDigit(s[digits-1]) {
		digits--
	}
	return digits < i && digits > 0 && s[digits-1] == ':'
}

// rubyLogHead is the head of a line of Ruby's Logger (logger/formatter.rb): "E, [2026-11-22T10:00:00.123456 #15916]
// ERROR -- progname: message".
type rubyLogHead struct {
	time, pid, level, program, message string
}

func cutRubyLog(s string) (h rubyLogHead, ok bool) {
	if len(s) < 40 || s[1] != ',' || s[2] != ' ' || s[3] != '[' || s[8] != '-' || s[14] != 'T' || strings.IndexByte("DIWEFA", s[0]) < 0 {
		return h, false
	}
	i := strings.IndexByte(s[:min(len(s), 64)], ']')
	if i < 24 {
		return h, false
	}
	stamp, number, ok := strings.Cut(s[4:i], " #")
	if !ok {
		stamp, number, ok = strings.Cut(s[4:i], "#")
	}
	rest := strings.TrimLeft(s[i+1:], " ")
	level, rest, ok2 := strings.Cut(rest, " -- ")
	if !ok || !ok2 || pid(number) == 0 || len(level) < 3 || len(level) > 7 || level[0] != s[0] {
		return h, false
	}
	h.time, h.pid, h.level = strings.TrimSuffix(stamp, " "), number, level
	if rest == ":" {
		return h, true
	}
	if h.program, h.message, ok = strings.Cut(rest, ": "); !ok {
		h.program, ok = strings.CutSuffix(rest, ":")
	}
	return h, ok && len(h.program) < 256
}

// rubyTrace follows the lines behind an exception.
type rubyTrace struct {
	lost bool // inside a backtrace whose beginning is not there
}

// next says where a line stands that is not the first of a record.
func (t *rubyTrace) next(line string, open bool) place {
	switch {
	case !open:
		if isRubyFrame(line) {
			t.lost = true
			return stray
		}
		if t.lost && isIndented(line) {
			return stray
		}
		t.lost = false
		return whole
	case isBlank(line):
		return maybe
	case isRubyFrame(line), isIndented(line), line == "Causes:", strings.HasPrefix(line, "... ") && strings.HasSuffix(line, " levels..."):
		return more
	}
	return whole
}

// commonLogger reads a line of Rack's CommonLogger (rack/common_logger.rb): the common log format with the seconds behind
// it, in four digits.
type commonLogger struct {
	request, status, bytes, took, client, time string
}

func cutCommonLogger(s string) (c commonLogger, ok bool) {
	i := strings.Index(s[:min(len(s), 512)], " [")
	if i < 4 {
		return c, false
	}
	var rest string
	c.client, rest, ok = strings.Cut(s[:i], " ")
	if !ok || !isAddress(strings.TrimSuffix(c.client, ",")) || !strings.HasPrefix(rest, "- ") && !strings.Contains(rest, " - ") {
		return c, false
	}
	c.client = strings.TrimSuffix(c.client, ",") // X-Forwarded-For's first
	s = s[i+2:]
	if len(s) < 30 || s[26] != ']' || s[27] != ' ' {
		return c, false
	}
	c.time = s[:26]
	if c.request, rest, ok = quoted(s[28:]); !ok {
		return c, false
	}
	var tail string
	if _, tail, ok = strings.Cut(rest, " "); !ok || rest[0] != ' ' {
		return c, false
	}
	c.status, tail, _ = strings.Cut(tail, " ")
	c.bytes, c.took, ok = strings.Cut(tail, " ")
	point := strings.IndexByte(c.took, '.')
	return c, ok && point > 0 && len(c.took)-point == 5
}

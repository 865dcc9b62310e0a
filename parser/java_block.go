package parser

import "strings"

// javaBlock follows the lines that a JVM writes behind a record's first: the rest of a message, and a stack trace
// (java.lang.Throwable.printStackTrace, Logback's ThrowableProxyConverter, log4j's ThrowableProxyRenderer).
type javaBlock struct {
	state  javaState
	simple bool // the record is SimpleFormatter's: an empty line ends its trace
	tabbed bool // the record is OneLineFormatter's: all lines of its trace are indented
}

type javaState uint8

const (
	javaNone  javaState = iota
	javaLevel           // SimpleFormatter's first line was read, the second is awaited
	javaText            // a record's head was read, no exception yet
	javaFrame           // inside a trace
	javaCause           // behind a "Caused by:" whose exception stands on the next line
	javaStray           // inside a trace whose beginning is not there
)

// begin is told that a record's first line was read.
func (b *javaBlock) begin(h *javaHead) place {
	b.simple, b.tabbed, b.state = h.simple, h.tabbed, javaText
	if h.simple {
		b.state = javaLevel
	}
	return opens
}

// next says where a line stands that is not the first of a record.
func (b *javaBlock) next(line string, open bool) place {
	if !open {
		return b.alone(line)
	}
	text := strings.TrimLeft(line, " \t")
	indented := len(text) < len(line)
	switch {
	case text == "":
		if b.state == javaFrame && b.simple {
			b.state = javaNone
			return closes
		}
		return maybe
	case b.state == javaLevel:
		b.state = javaText
		if _, _, ok := cutJavaLevel(line); ok {
			return more
		}
		b.state = javaNone
		return whole
	case isJavaCause(text) && (indented || b.state != javaText): // no trace begins with a cause
		b.state = javaFrame
		if strings.HasSuffix(strings.TrimRight(text, " "), " by:") {
			b.state = javaCause
		}
		return more
	case isJavaFrame(text):
		b.state = javaFrame
		return more
	case indented:
		return more
	case (b.state == javaText && !b.tabbed || b.state == javaCause) && isJavaException(text):
		b.state = javaFrame
		return more
	case b.state == javaFrame && isJavaNote(text):
		return more
	}
	return b.alone(line)
}

// alone says where a line stands that belongs to no record before it.
func (b *javaBlock) alone(line string) place {
	was := b.state
	b.state, b.simple, b.tabbed = javaNone, false, false
	text := strings.TrimLeft(line, " \t")
	cause := isJavaCause(text)
	switch {
	case text == line && (isJavaException(line) || strings.HasPrefix(line, "Exception in thread \"")), cause && text == line && was != javaStray:
		b.state = javaFrame
		return opens
	case cause, isJavaFrame(text) && (text != line || was == javaStray || strings.HasPrefix(text, "! ")):
		b.state = javaStray
		return stray
	}
	return whole
}

// isJavaCause says whether a line, without its indentation, names a further exception of a trace.
func isJavaCause(s string) bool {
	s = strings.TrimPrefix(s, "! ") // Dropwizard marks the lines of a trace
	return strings.HasPrefix(s, "Caused by:") || strings.HasPrefix(s, "Wrapped by:") || strings.HasPrefix(s, "Suppressed:")
}

// isJavaFrame says whether a line, without its indentation, is of a trace: "at class.method(File.java:1)", "... 42 more",
// "... 6 common frames omitted", "[CIRCULAR REFERENCE:...]".
func isJavaFrame(s string) bool {
	s = strings.TrimPrefix(s, "! ")
	switch {
	case strings.HasPrefix(s, "at "):
		i := strings.IndexByte(s[:min(len(s), 2000)], '(')
		return i > 4 && isJavaMember(s[3:i])
	case strings.HasPrefix(s, "... "):
		number, what, _ := strings.Cut(s[4:], " ")
		_, ok := count(number)
		return ok && (what == "more" || what == "common frames omitted" || what == "frames truncated" || what == "lines matching")
	}
	return strings.HasPrefix(s, "[CIRCULAR REFERENCE:") || strings.HasPrefix(s, "... truncated")
}

// isJavaMember says whether s can be a method with its class, and no blanks as .NET's and Node's frames have them:
// "java.base/sun.nio.ch.IOUtil.write", "app//c.e.T$S.<init>".
func isJavaMember(s string) bool {
	dot := false
	for i := range len(s) {
		switch b := s[i]; {
		case b == '.':
			dot = true
		case b == ' ' || b == ':' || b == '\\' || b == '"':
			return false
		}
	}
	return dot
}

// javaNotes are lines of a trace that stand at its margin: Reactor's assembly traces, netty's pipelines in gRPC's status,
// MySQL's messages of several lines.
var javaNotes = []string{"The last packet s", "Error has been observed at the following site(s):", "Assembly trace from producer [", "Original Stack Trace:", "Stack trace:", "Channel Pipeline: ["}

func isJavaNote(s string) bool {
	for _, n := range javaNotes {
		if strings.HasPrefix(s, n) {
			return true
		}
	}
	return strings.HasPrefix(s, "! ")
}

// isJavaException says whether a line is an exception as printStackTrace writes it: a class with its package, alone or
// before a colon.
func isJavaException(s string) bool {
	s = strings.TrimPrefix(s, "! ")
	n := javaClassLen(s)
	return n > 0 && (n == len(s) || s[n] == ':')
}

// javaClassLen returns the length of the exception's class at the beginning of s, 0 when there is none: packages in
// lower case, and a class whose name says that it is an exception.
func javaClassLen(s string) int {
	n, last := 0, -1
	for n < len(s) && n < 300 {
		b := s[n]
		if b == '.' {
			if n == last+1 {
				return 0
			}
			last = n
		} else if !isWord(b) && b != '$' {
			break
		}
		n++
	}
	if last <= 0 || s[0] < 'a' || s[0] > 'z' || last+1 >= n {
		return 0
	}
	if c := s[last+1]; c < 'A' || c > 'Z' {
		return 0
	}
	if !isThrowable(s[last+1 : n]) {
		return 0
	}
	return n
}

// isThrowable says whether a class has the name of an exception.
func isThrowable(s string) bool {
	return strings.Contains(s, "Exception") || strings.HasSuffix(s, "Error") || strings.HasSuffix(s, "Throwable") || strings.HasSuffix(s, "Failure")
}

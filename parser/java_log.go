package parser

import (
	"strings"

	"hangup/event"
)

// Logs of programs on the JVM. They differ in the head of a record, and share messages and stack traces. Heads that
// patterns of Logback and log4j make belong to all of them, as one program's log may hold another's lines: an
// application's in Tomcat's catalina.out, gRPC's or Jetty's in an application's.
func init() {
	for _, f := range []struct {
		info  FormatInfo
		rank  int
		heads []func(string) (javaHead, bool)
	}{
		{
			FormatInfo{
				Name:    "spring-boot",
				Summary: "Spring Boot's console log (1 to 3), and what patterns of Logback, log4j and JBoss make, with stack traces",
				Example: `2024-03-22T10:00:02.000Z  WARN 1 --- [nio-8080-exec-9] .w.s.m.s.DefaultHandlerExceptionResolver : Resolved [org.springframework.web.context.request.async.AsyncRequestTimeoutException]`,
			},
			71,
			[]func(string) (javaHead, bool){cutJavaPattern},
		},
		{
			FormatInfo{
				Name:    "jetty-stderr",
				Summary: "Jetty's StdErrLog, with stack traces",
				Example: `2026-11-23 07:15:26.623:INFO:oejs.Server:main: Started @4009ms`,
			},
			72,
			[]func(string) (javaHead, bool){cutJetty, cutJavaPattern},
		},
		{
			FormatInfo{
				Name:    "netty-undertow",
				Summary: "netty, Reactor Netty, Undertow and gRPC in logs of several patterns, with stack traces",
				Example: `10:00:00,123 DEBUG [io.undertow.request.io] (default task-5) UT005013: An IOException occurred: java.io.IOException: Broken pipe`,
			},
			73,
			[]func(string) (javaHead, bool){cutJavaPattern, cutJavaSimpleOther},
		},
		{
			FormatInfo{
				Name:    "tomcat-catalina",
				Summary: "Tomcat's catalina.out and catalina.log (OneLineFormatter), java.util.logging's SimpleFormatter, with stack traces",
				Example: `22-Nov-2026 10:00:00.130 INFO [main] org.apache.catalina.startup.Catalina.start Server startup in [4231] milliseconds`,
			},
			74,
			[]func(string) (javaHead, bool){cutJavaOneLine, cutJavaSimple, cutJavaPattern},
		},
	} {
		f.info.Multiline = true
		register(format{
			FormatInfo: f.info, rank: f.rank,
			make: func(o Options) (grammar, error) { return &javaLog{clock: clock{zone: o.Zone}, heads: f.heads}, nil },
		})
	}
}

type javaLog struct {
	clock clock
	block javaBlock
	heads []func(string) (javaHead, bool)
}

func (g *javaLog) head(line string) (h javaHead, ok bool) {
	for _, head := range g.heads {
		if h, ok = head(line); ok {
			return h, true
		}
	}
	return h, false
}

func (g *javaLog) place(line string, open bool) place {
	line = plainText(line)
	if line != "" && line[0] != ' ' && line[0] != '\t' {
		if h, ok := g.head(line); ok {
			return g.block.begin(&h)
		}
	}
	return g.block.next(line, open)
}

func (g *javaLog) remembers() bool { return g.block.state == javaStray }

func (g *javaLog) read(text string, r *event.Record) event.Reason {
	e := &r.Event
	first, lines := splitRecord(plainText(text), r.Lines)
	h, ok := g.head(first)
	if !ok {
		if !isJavaException(first) && !strings.HasPrefix(first, "Exception in thread \"") && !isJavaCause(first) {
			return event.NoFormat
		}
		if lines == nil {
			lines = []string{first}
		}
		javaRecord(e, "", lines)
		return ""
	}
	if e.Time, e.ZoneAssumed, ok = readJavaTime(&g.clock, h.stamp, h.time); !ok {
		return event.BadTime
	}
	if e.Time.IsZero() {
		e.ZoneAssumed = false
	}
	e.Level, e.Logger, e.PID = h.level, h.logger, h.pid
	message := h.message
	if h.simple && len(lines) > 1 {
		e.Level, message, _ = cutJavaLevel(lines[1])
		lines = lines[1:]
	}
	if len(lines) > 1 {
		lines = lines[1:]
	} else {
		lines = nil
	}
	javaRecord(e, message, lines)
	return ""
}

// plainText returns s without the terminal's colours, ESC [ ... m. A text without any, or longer than a record of
// several lines may be, is returned as it is.
func plainText(s string) string {
	i := strings.IndexByte(s, 0x1b)
	if i < 0 || len(s) > MaxRecordBytes {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i >= 0 {
		b.WriteString(s[:i])
		s = s[i+1:]
		if s != "" && s[0] == '[' {
			n := 1
			for n < len(s) && n < 32 && (isDigit(s[n]) || s[n] == ';') {
				n++
			}
			if n < len(s) && s[n] == 'm' {
				s = s[n+1:]
			}
		}
		i = strings.IndexByte(s, 0x1b)
	}
	b.WriteString(s)
	return b.String()
}

package parser

import (
	"strings"

	"hangup/event"
)

// Patterns of Tomcat's AccessLogValve (org.apache.catalina.valves.AbstractAccessLogValve), which Spring Boot has too, and
// of Jetty's CustomRequestLog (org.eclipse.jetty.server.CustomRequestLog). Tomcat 10 counts %D in microseconds, as
// httpd; Tomcat 9 and before in milliseconds.
func init() {
	names := map[string]string{
		"common":   `%h %l %u %t "%r" %s %b`,
		"combined": `%h %l %u %t "%r" %s %b "%{Referer}i" "%{User-Agent}i"`,
	}
	tomcat := &percentDialect{escape: escapeC, time: javaOrWord, value: tomcatValue, names: names}
	registerDialect(dialect{
		FormatInfo: FormatInfo{
			Name:      "tomcat",
			Summary:   "Tomcat 10 and later: the AccessLogValve's pattern, given as the layout (%D in microseconds)",
			Example:   `--format tomcat --layout '%h %l %u %t "%r" %s %b %D %X'`,
			Durations: true,
		},
		order: 30,
		mark: func(s string) bool {
			return strings.Contains(s, "AccessLogValve") || strings.Contains(s, "server.tomcat.") || strings.Contains(s, "&quot;%") || strings.Contains(s, " %F")
		},
		split:   tomcat.split,
		outcome: javaOutcome,
	})
	old := *tomcat
	old.value = func(letter, arg string, final bool) (variable, bool) {
		if letter == "D" {
			return vMillis, true
		}
		return tomcatValue(letter, arg, final)
	}
	registerDialect(dialect{
		FormatInfo: FormatInfo{
			Name:      "tomcat9",
			Summary:   "Tomcat 9 and before: the AccessLogValve's pattern, given as the layout (%D in milliseconds)",
			Example:   `--format tomcat9 --layout '%h %l %u %t "%r" %s %b %D'`,
			Durations: true,
		},
		order:   31,
		split:   old.split,
		outcome: javaOutcome,
	})
	jetty := &percentDialect{escape: escapeNone, time: javaDateFormat, value: jettyValue, names: map[string]string{
		"ncsa":          `%{client}a - %u %t "%r" %s %O`,
		"extended_ncsa": `%{client}a - %u %t "%r" %s %O "%{Referer}i" "%{User-Agent}i"`,
	}}
	registerDialect(dialect{
		FormatInfo: FormatInfo{
			Name:      "jetty",
			Summary:   "Jetty's CustomRequestLog, its format given as the layout",
			Example:   `--format jetty --layout '%{client}a - %u %t "%r" %s %O "%{Referer}i" "%{User-Agent}i" %D %X'`,
			Durations: true,
		},
		order: 20,
		mark: func(s string) bool {
			return strings.Contains(s, "%{client}a") || strings.Contains(s, "%{CLF}") || strings.Contains(s, "server.jetty.")
		},
		split:   jetty.split,
		outcome: javaOutcome,
	})
}

// javaOrWord reads Tomcat's %{...}t, which is a SimpleDateFormat, or httpd's if it has a %.
func javaOrWord(s string) (stampFormat, error) {
	if strings.Contains(s, "%") {
		return strftimeFormat(s)
	}
	return javaFormat(s)
}

// javaDateFormat reads Jetty's %{format|zone|locale}t.
func javaDateFormat(s string) (stampFormat, error) {
	s, _, _ = strings.Cut(s, "|")
	return javaFormat(s)
}

// tomcatValue is the AccessLogValve's table of directives.
func tomcatValue(letter, arg string, final bool) (variable, bool) {
	switch letter {
	case "F":
		return vCommit, true
	case "I", "S", "c", "r", "s", "L":
		if arg != "" || letter != "r" && letter != "s" {
			if letter != "c" && (arg == "rid" || strings.Contains(strings.ToLower(arg), "request-id") || strings.Contains(strings.ToLower(arg), "requestid")) {
				return vID, true
			}
			return vIgnored, true
		}
	case "O":
		return vIgnored, false
	case "T":
		if arg == "fractional" {
			return vDuration, true
		}
	}
	return apacheValue(letter, arg, final)
}

// jettyValue is the CustomRequestLog's table.
func jettyValue(letter, arg string, final bool) (variable, bool) {
	switch letter {
	case "a", "p":
		if arg == "server" || arg == "local" || arg == "canonical" || arg == "" && letter == "p" {
			return vIgnored, true
		}
		if letter == "p" {
			return vPort, true
		}
		return vAddr, true
	case "C", "ti", "to", "S", "I":
		return vIgnored, true
	case "v", "V":
		return vHost, true
	}
	return apacheValue(letter, arg, final)
}

// javaOutcome says how the exchange ended. Both servers write X when writing the response, or reading the request,
// met an error, without saying which: an answer with 4xx was made because the request's body did not come, and so was
// a 5xx of which nothing could be sent.
func javaOutcome(x *exchange, e *event.Event) {
	e.Kind = event.Request
	if !x.has(vConnection) || x.values[vConnection] != "X" {
		return
	}
	at := event.PhaseResponse
	if e.Status >= 400 && e.Status < 500 || e.Status >= 500 && hasBody(e.Method) && e.Bytes.OK && e.Bytes.V == 0 {
		at = event.PhaseRequest
	}
	hangUp(e, event.PartyClient, event.HowUnknown, at)
}

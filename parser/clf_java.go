package parser

import (
	"strings"

	"hangup/event"
)

// Access logs of Java's servers.
func init() {
	const (
		id     = ` %{rid}r`
		common = `%h - %u %t "%r" %s %b`
		agent  = ` "%{User-Agent}i"`
	)
	registerAccess(accessFormat{
		FormatInfo: FormatInfo{
			Name:      "tomcat-access",
			Summary:   "Tomcat access log with %D, %F and %I or %X behind common or combined",
			Example:   `127.0.0.4 [23/Nov/2026:07:15:31 +0000] "GET /slow HTTP/1.1" 200 6 1 1008838 X`,
			Durations: true,
			Aliases:   []string{"tomcat-access-x"},
		},
		rank:    14,
		dialect: "tomcat",
		layouts: []string{
			common + ` %D %F %I` + agent,
			`%h %t "%r" %s %b %T %D %X`,
			common + ` "%{Referer}i"` + agent + ` %D %F %X`,
			common + ` "%{Referer}i"` + agent + ` %D %F %X` + id,
			common + ` %T %D %X`,
			common + ` %D %X`,
			common + ` %D %F %X`,
		},
		accept: acceptTomcat,
	})
	registerAccess(accessFormat{
		FormatInfo: FormatInfo{
			Name:      "jetty-access",
			Summary:   "Jetty access log, extended NCSA with %D %X behind it",
			Example:   `127.0.0.5 - - [23/Nov/2026:07:15:31 +0000] "GET /slow HTTP/1.1" 200 32768 "-" "curl/7.88.1" 1004000 X`,
			Durations: true,
		},
		rank:    15,
		dialect: "jetty",
		layouts: []string{`%{client}a - %u %t "%r" %s %O "%{Referer}i" "%{User-Agent}i" %D %X`},
		accept: func(x *exchange, e *event.Event) bool {
			return acceptConnection(x, e) && strings.IndexByte(x.values[vAgent], '"') < 0
		},
	})
}

// acceptTomcat refuses lines with other fields, and durations of Tomcat 9 and before, which counts %D in milliseconds:
// there it is in the second that %T says, and never shorter than %F. Such a duration is read as what it is.
func acceptTomcat(x *exchange, e *event.Event) bool {
	if x.has(vConnection) && !acceptConnection(x, e) || strings.IndexByte(x.raw(vAgent), '"') >= 0 {
		return false
	}
	took, ok := count(x.raw(vMicros))
	if !ok {
		return false
	}
	if x.has(vCommit) {
		head, ok := integer(x.values[vCommit]) // -1: nothing was sent
		if !ok {
			return false
		}
		if took+1000 < head*1000 && took+1 >= head {
			e.Duration.V *= 1000
		}
	} else if s, given := x.number(vWhole); given {
		whole, ok := count(s)
		if !ok {
			return false
		}
		if whole > 0 && took/1000 == whole {
			e.Duration.V *= 1000
		}
	}
	return true
}

package demo

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// serverName is the name of the shop, for which the front answers.
const serverName = "shop.example"

// entry is what the front knows about one exchange when it ends; the access log's line is made of it.
type entry struct {
	client, line, host, referer, userAgent, id string // line is the request line
	start                                      time.Time
	status                                     int
	bytes                                      int64 // of the body, as the kernel took them

	upstream             string        // address; empty when no upstream was asked
	uri                  string        // as sent to the upstream
	connect, header, all time.Duration // of the upstream, valid if not negative
	upstreamStatus       int           // 0 when it has not answered
}

// nginxLog writes access.log and error.log as nginx does. Times are UTC; error.log gives them without a zone.
type nginxLog struct {
	access, errors *logFile
	pid            int
	now            func() time.Time
}

func newNginxLog(l logs) nginxLog {
	return nginxLog{access: l.access, errors: l.errors, pid: os.Getpid(), now: time.Now}
}

// exchange writes the access log's line about an exchange that has ended.
func (l nginxLog) exchange(e *entry) {
	now := l.now()
	var b strings.Builder
	fmt.Fprintf(&b, `%s - - [%s] "%s" %d %d "%s" "%s" rt=%s`, e.client, now.UTC().Format("02/Jan/2006:15:04:05 +0000"),
		escape(e.line), e.status, e.bytes, orDash(e.referer), orDash(e.userAgent), millis(now.Sub(e.start)))
	if e.upstream == "" {
		b.WriteString(` uct="-" uht="-" urt="-" ups="-" us="-"`)
	} else {
		us := "-"
		if e.upstreamStatus != 0 {
			us = fmt.Sprint(e.upstreamStatus)
		}
		fmt.Fprintf(&b, ` uct="%s" uht="%s" urt="%s" ups="%s" us="%s"`, millis(e.connect), millis(e.header), millis(e.all),
			e.upstream, us)
	}
	fmt.Fprintf(&b, " request_id=%s\n", e.id)
	l.access.write([]byte(b.String()))
}

// failure writes an error log line about an exchange. The level names the socket: info the client's, error the
// upstream's.
func (l nginxLog) failure(level string, cid uint64, message string, e *entry) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, client: %s, server: %s", message, e.client, serverName)
	if e.line != "" {
		fmt.Fprintf(&b, `, request: "%s"`, escape(e.line))
	}
	if e.upstream != "" {
		fmt.Fprintf(&b, `, upstream: "http://%s%s"`, e.upstream, escape(e.uri))
	}
	if e.host != "" {
		fmt.Fprintf(&b, `, host: "%s"`, escape(e.host))
	}
	if e.referer != "" {
		fmt.Fprintf(&b, `, referrer: "%s"`, escape(e.referer))
	}
	l.connection(level, cid, b.String())
}

// connection writes an error log line about a connection.
func (l nginxLog) connection(level string, cid uint64, message string) {
	l.errors.write(fmt.Appendf(nil, "%s [%s] %d#%d: *%d %s\n", l.now().UTC().Format("2006/01/02 15:04:05"), level,
		l.pid, l.pid, cid, message))
}

// millis prints seconds with three decimals; a negative duration is one that never came to be.
func millis(d time.Duration) string {
	if d < 0 {
		return "-"
	}
	return fmt.Sprintf("%d.%03d", d/time.Second, d%time.Second/time.Millisecond)
}

// orDash escapes a value that may be absent.
func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return escape(s)
}

// escape makes text from a client harmless as nginx does: quotes, backslashes and what is not printable ASCII
// become \xHH.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			fmt.Fprintf(&b, `\x%02X`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

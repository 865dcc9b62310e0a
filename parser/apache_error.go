package parser

import (
	"strings"

	"hangup/event"
)

// Apache httpd's error log (server/log.c, ErrorLogFormat in docs/manual/mod/core):
//
//	2.4  [Sun Nov 22 10:00:00.123456 2026] [proxy_http:error] [pid 1:tid 2] file.c(12): (104)Text: [client A:P] AH01102: message, referer: R
//	2.2  [Thu May 19 21:04:30 2011] [info] [client A] (32)Broken pipe: message, referer: R
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:    "apache-error",
			Summary: "Apache httpd error log, 2.2 and 2.4 (set LogLevel to info: most client hang-ups are below error)",
			Example: `[Sun Nov 22 10:00:23.123456 2026] [reqtimeout:info] [pid 27914:tid 140628428449536] [client 203.0.113.70:51234] AH01382: Request body read timeout`,
			Aliases: []string{"httpd-error"},
		},
		rank: 40,
		make: func(o Options) (grammar, error) { return &apacheErrorLog{clock: clock{zone: o.Zone}}, nil },
	})
}

type apacheErrorLog struct {
	oneLine
	clock clock
}

func (g *apacheErrorLog) read(line string, r *event.Record) event.Reason {
	e := &r.Event
	s := line
	h, message, isSyslog := cutSyslog(line)
	if isSyslog {
		if !strings.HasPrefix(h.tag, "httpd") && !strings.HasPrefix(h.tag, "apache") {
			return event.NoFormat
		}
		s, e.PID = message, h.pid
	}
	e.Kind = event.Other
	if isApacheCode(s) { // before the log is open there is no head
		e.Message = s
		return ""
	}
	if text, rest, ok := cutBracketed(s); ok && len(text) >= 24 && len(text) <= 31 && text[3] == ' ' {
		civil, fraction, ok := apacheCtime(text)
		if !ok {
			return event.NoFormat
		}
		if e.Time, ok = g.clock.local(civil, fraction); !ok {
			return event.BadTime
		}
		e.ZoneAssumed = true
		s = rest
	} else if !isSyslog { // through syslog there is no time
		return event.NoFormat
	}
	level, s, ok := cutBracketed(s)
	if !ok {
		return event.NoFormat
	}
	module, name, isNew := strings.Cut(level, ":")
	if !isNew {
		name = level
	}
	if !isApacheLevel(name) {
		return event.NoFormat
	}
	e.Level = name
	if isNew {
		e.Logger = module
		if text, rest, ok := cutBracketed(s); ok && strings.HasPrefix(text, "pid ") {
			id, _, _ := strings.Cut(text[len("pid "):], ":")
			e.PID, s = pid(id), rest
		}
	}
	readApacheMessage(s, isNew, e)
	return ""
}

// readApacheMessage reads what follows the head: the place in the source, the error's number, the peer, the text and
// the referer. 2.4 writes the number before the peer, 2.2 behind it.
func readApacheMessage(s string, ports bool, e *event.Event) {
	s = cutSourceFile(s)
	if i := strings.LastIndex(s, ", referer: "); i >= 0 {
		e.Referer, s = escapeC.unescape(s[i+len(", referer: "):]), s[:i]
	}
	errno, s := cutErrno(s)
	remote := false
	for range 2 { // some modules write the client again
		text, rest, ok := cutBracketed(s)
		if !ok {
			break
		}
		name, peer, _ := strings.Cut(text, " ")
		if name != "client" && name != "remote" {
			break
		}
		switch {
		case name == "remote":
			remote, e.Upstream = true, upstream(peer)
		case e.Client == "" && ports:
			e.Client, e.ClientPort = addressPort(peer)
		case e.Client == "" && isAddress(peer):
			e.Client = address(peer)
		}
		s = rest
	}
	e.Message = errno + s
	if errno == "" {
		errno, s = cutErrno(s)
	}
	apacheSignal(e, s, errno, remote)
}

// cutBracketed takes "[text] " from the beginning of s.
func cutBracketed(s string) (text, rest string, ok bool) {
	if s == "" || s[0] != '[' {
		return "", s, false
	}
	i := strings.IndexByte(s[:min(len(s), 300)], ']')
	if i < 1 || i+1 < len(s) && s[i+1] != ' ' {
		return "", s, false
	}
	return s[1:i], s[min(len(s), i+2):], true
}

// cutSourceFile takes "mod_proxy_ajp.c(606): " from the beginning of s: records of the level debug have it.
func cutSourceFile(s string) string {
	i := strings.Index(s[:min(len(s), 80)], "): ")
	if i < 0 {
		return s
	}
	name, line, ok := strings.Cut(s[:i], ".c(")
	if _, isNumber := count(line); !ok || !isNumber || strings.IndexByte(name, ' ') >= 0 {
		return s
	}
	return s[i+len("): "):]
}

// cutErrno takes "(104)Connection reset by peer: " from the beginning of s, or "(OS 10054)..." as on Windows.
func cutErrno(s string) (errno, rest string) {
	if s == "" || s[0] != '(' {
		return "", s
	}
	i := strings.IndexByte(s[:min(len(s), 16)], ')')
	if i < 0 || !isDigit(s[i-1]) {
		return "", s
	}
	end := strings.Index(s[:min(len(s), 300)], ": ")
	if _, ok := count(strings.TrimPrefix(s[1:i], "OS ")); !ok || end < i {
		return "", s
	}
	return s[:end+2], s[end+2:]
}

// isApacheCode says whether s begins with a message's number: "AH01102: ".
func isApacheCode(s string) bool {
	return len(s) > 8 && s[:2] == "AH" && s[7:9] == ": " && isDigit(s[2]) && isDigit(s[3]) && isDigit(s[4]) && isDigit(s[5]) && isDigit(s[6])
}

func isApacheLevel(s string) bool {
	switch s {
	case "emerg", "alert", "crit", "error", "warn", "notice", "info", "debug",
		"trace1", "trace2", "trace3", "trace4", "trace5", "trace6", "trace7", "trace8":
		return true
	}
	return false
}

// apacheCtime reads "Sun Nov 22 10:00:00.123456 2026", with or without the fraction, as seconds since 1970 as if it
// were UTC, and the fraction.
func apacheCtime(s string) (civil int64, fraction string, ok bool) {
	year := len(s) - 5
	if s[7] != ' ' || s[10] != ' ' || s[year] != ' ' || year < 19 {
		return 0, "", false
	}
	month, ok1 := monthOf(s[4:7])
	day, ok2 := two(strings.Replace(s[8:10], " ", "0", 1), 0)
	secs, ok3 := clockTime(s[11:19])
	y, ok4 := four(s, year+1)
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return 0, "", false
	}
	days, ok := civilDays(y, month, day)
	return days*86400 + secs, s[19:year], ok
}

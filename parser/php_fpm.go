package parser

import (
	"strings"

	"hangup/event"
)

// cutFPM takes "WARNING: " from a line of php-fpm's own log (zlog.c).
func cutFPM(s string) (level, message string, ok bool) {
	level, _, ok = strings.Cut(s[:min(len(s), 10)], ": ")
	if !ok {
		return "", s, false
	}
	switch level {
	case "ALERT", "ERROR", "WARNING", "NOTICE", "DEBUG":
		return level, s[len(level)+2:], true
	}
	return "", s, false
}

// fpmMessage reads a message of php-fpm's process manager.
func fpmMessage(e *event.Event, s string) {
	rest := s
	if strings.HasPrefix(s, "[pool ") {
		if i := strings.Index(s, "] "); i > 0 {
			rest = s[i+2:]
		}
	}
	rest, ok := strings.CutPrefix(rest, "child ")
	if !ok {
		return
	}
	switch i := strings.Index(rest, `" (`); {
	case strings.Contains(rest, ") execution timed out ("): // request_terminate_timeout
		fpmRequest(e, rest)
		child, _, _ := strings.Cut(rest, ",")
		e.PID = pid(child)
		hangUp(e, event.PartyServer, event.HowTimeout, event.PhaseWaiting)
		e.Message = s
	case strings.Contains(rest, ") executing too slow ("): // request_slowlog_timeout: it goes on
	case i < 0 && strings.Contains(rest, " said into std"): // catch_workers_output
		if _, said, found := strings.Cut(rest, `: "`); found {
			said = strings.TrimSuffix(said, `"`)
			said = strings.TrimPrefix(said, "NOTICE: ")
			said = strings.TrimPrefix(said, "PHP message: ")
			_, message, _ := phpLevel(said)
			phpSignal(e, message)
		}
	default:
		// A child that the manager has ended itself was told of before.
		if _, signal, found := strings.Cut(rest, " exited on signal "); found && !strings.Contains(signal, "(SIGTERM)") &&
			!strings.Contains(signal, "(SIGQUIT)") && !strings.Contains(signal, "(SIGINT)") && !strings.Contains(signal, "(SIGUSR") {
			hangUp(e, event.PartyServer, event.HowClosed, event.PhaseUnknown)
			e.Message = s
		}
	}
}

// fpmRequest reads `(request: "GET /index.php?r=report") execution timed out (30.123456 sec)`.
func fpmRequest(e *event.Event, s string) {
	_, request, ok := strings.Cut(s, `(request: "`)
	if !ok {
		return
	}
	i := strings.LastIndex(request, `") `)
	if i < 0 {
		return
	}
	method, target, ok := strings.Cut(request[:i], " ")
	if ok && isMethod(method) {
		e.Method = method
		setTarget(e, target)
	}
	_, took, _ := strings.Cut(request[i:], " (")
	took, _, _ = strings.Cut(took, " sec)")
	if d, ok := seconds(took); ok {
		e.Duration = event.Some(d)
	}
}

// cutFPMAccess finds the time of php-fpm's access log with its default access.format, "%R - %u %t \"%m %r\" %s": it has no
// brackets.
func cutFPMAccess(s string) (stamp, rest string, ok bool) {
	end := strings.Index(s[:min(len(s), 300)], ` "`)
	if end < 30 || s[end-6] != ' ' || s[end-27] != ' ' || s[end-5] != '+' && s[end-5] != '-' {
		return "", "", false
	}
	head := s[:end-27]
	peer, user, ok := strings.Cut(head, " - ")
	if !ok && strings.HasSuffix(head, " -") { // no user: two blanks
		peer, ok = strings.TrimSuffix(head, " -"), true
	}
	if !ok || peer != "" && peer != "-" && !isAddress(peer) || strings.IndexByte(user, ' ') >= 0 {
		return "", "", false
	}
	return s[end-26 : end], s[end+1:], true
}

// access reads a line of php-fpm's access log. Behind the status stand what the example in www.conf adds, "%f %{milli}d
// %{kilo}M %C%%": the script, the milliseconds, the memory and the share of a processor.
func (g *php) access(e *event.Event, stamp, rest, line string) event.Reason {
	var ok bool
	if e.Time, ok = g.clock.apache(stamp); !ok {
		return event.BadTime
	}
	request, rest, ok := quoted(rest)
	if !ok || len(rest) < 4 || rest[0] != ' ' {
		return event.NoFormat
	}
	code, tail, _ := strings.Cut(rest[1:], " ")
	if e.Status, ok = status(code); !ok {
		return event.NoFormat
	}
	peer, _, _ := strings.Cut(line, " ")
	e.Client = address(peer)
	method, target, ok := strings.Cut(request, " ")
	if ok && isMethod(method) {
		e.Method = method
		setTarget(e, target)
	}
	if fields := strings.Fields(tail); len(fields) == 4 && strings.HasSuffix(fields[3], "%") {
		if d, ok := seconds(fields[1]); ok {
			e.Duration = event.Some(d / 1000)
		}
	}
	e.Kind, e.Exchange = event.Request, true
	return ""
}

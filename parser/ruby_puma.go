package parser

import (
	"strings"

	"hangup/event"
)

// Puma's log: what it says of itself (log_writer.rb, cluster.rb), Rack's CommonLogger, and the reports of its error
// logger of all ages (events.rb, error_logger.rb):
//
//	2013-09-10 03:22:46 +0200: Read error: #<Errno::EPIPE: Broken pipe>                                  2.x and 3.x
//	2020-11-22 10:00:00 +0000: Rack app error handling request { GET /boom }                             4.x
//	2026-11-22 10:00:00 +0000 Rack app ("GET /report" - (203.0.113.7)): #<Puma::ConnectionError: ...>    5.x and later
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "puma",
			Summary:   "Puma: access lines (Rack's CommonLogger) and errors",
			Example:   `2026-11-22 10:00:00 +0000 Rack app ("GET /report" - (203.0.113.7)): #<Puma::ConnectionError: Socket timeout writing data>`,
			Durations: true,
			Multiline: true,
			Aliases:   []string{"rack-common"},
		},
		rank: 60,
		make: func(o Options) (grammar, error) { return &puma{clock: clock{zone: o.Zone}}, nil },
	})
}

type puma struct {
	clock clock
	trace rubyTrace
}

func (g *puma) place(line string, open bool) place {
	if _, ok := cutCommonLogger(line); ok || isPumaNotice(line) {
		g.trace.lost = false
		return whole
	}
	if _, _, ok := cutPumaError(line); ok {
		g.trace.lost = false
		return opens
	}
	if open && (strings.HasPrefix(line, "#<") || strings.HasPrefix(line, "Handling request { ") || strings.HasPrefix(line, "Headers: {") ||
		strings.HasPrefix(line, "Body: ") || strings.HasPrefix(line, "ENV: {") || line == "---") {
		return more
	}
	return g.trace.next(line, open)
}

func (g *puma) remembers() bool { return g.trace.lost }

// pumaNotices are the beginnings of what Puma says of itself, behind "[pid] " and a mark.
var pumaNotices = []string{
	"Puma version", "Ruby version", "Version ", "Min threads", "Max threads", "Environment", "PID", "Master PID", "Workers", "Restarts", "Preloading",
	"Listening on", "Daemonizing", "Starting control server", "Closing unused", "Process workers", "Phased restart", "Inherited ", "Activated ", "Cleaned up",
	"Worker ", "Gracefully ", "Goodbye!", "Starting phased", "Stopping ", "Early termination", "Terminating timed out worker", "Unable to ", "Could not ",
	"WARNING", "Starting plugin", "TERM sent", "TERMing", "Restarting", "Shutting down", "The ",
}

// isPumaNotice says whether a line is one of Puma's about itself.
func isPumaNotice(s string) bool {
	if strings.HasPrefix(s, "Puma starting in ") || strings.HasPrefix(s, "=== puma ") || s == "Use Ctrl-C to stop" {
		return true
	}
	rest := cutPumaPID(s)
	if strings.HasPrefix(rest, "Puma starting in ") || rest == "Use Ctrl-C to stop" || strings.HasPrefix(rest, "=== puma ") || strings.HasPrefix(rest, "Early termination of worker") {
		return true
	}
	if len(rest) < 3 || rest[1] != ' ' || strings.IndexByte("*-!+", rest[0]) < 0 {
		return false
	}
	rest = strings.TrimLeft(rest[2:], " ")
	for _, n := range pumaNotices {
		if strings.HasPrefix(rest, n) {
			return true
		}
	}
	return false
}

// cutPumaPID takes "[4711] " from the beginning of a line.
func cutPumaPID(s string) string {
	if s == "" || s[0] != '[' {
		return s
	}
	i := strings.Index(s[:min(len(s), 16)], "] ")
	if i < 2 || pid(s[1:i]) == 0 {
		return s
	}
	return s[i+2:]
}

// cutPumaError takes the time from a report's first line: Time#to_s, in the process's zone.
func cutPumaError(s string) (stamp, rest string, ok bool) {
	if len(s) < 28 || s[4] != '-' || s[7] != '-' || s[10] != ' ' || s[13] != ':' || s[19] != ' ' || s[20] != '+' && s[20] != '-' && s[20] != 'U' {
		return "", "", false
	}
	end := 25
	if s[20] == 'U' {
		if !strings.HasPrefix(s[20:], "UTC") {
			return "", "", false
		}
		end = 23
	}
	rest, colon := strings.CutPrefix(s[end:], ": ")
	if !colon {
		if rest, ok = strings.CutPrefix(s[end:], " "); !ok {
			return "", "", false
		}
	}
	return s[:end], rest, strings.Contains(rest, "#<") || strings.Contains(rest, " error") || strings.HasPrefix(rest, "Rack app")
}

func (g *puma) read(text string, r *event.Record) event.Reason {
	e := &r.Event
	first, behind, _ := strings.Cut(text, "\n")
	if l, ok := cutCommonLogger(first); ok {
		return readCommonLogger(&g.clock, e, l)
	}
	e.Kind = event.Other
	if isPumaNotice(first) {
		if first[0] == '[' {
			number, _, _ := strings.Cut(first[1:], "]")
			e.PID = pid(number)
		}
		if strings.Contains(first, "! Terminating timed out worker") { // worker_timeout
			hangUp(e, event.PartyServer, event.HowTimeout, event.PhaseWaiting)
			e.Message = cutPumaPID(first)
		}
		return ""
	}
	stamp, rest, ok := cutPumaError(first)
	if !ok {
		return event.NoFormat
	}
	if e.Time, _, ok = g.clock.iso(strings.Replace(stamp, "UTC", "+0000", 1)); !ok {
		return event.BadTime
	}
	lines := strings.Split(behind, "\n")
	pumaRequest(e, rest)
	for _, line := range lines[:min(len(lines), 2)] {
		if strings.HasPrefix(line, "Handling request { ") {
			pumaRequest(e, line)
		}
	}
	pumaError(e, rest, lines)
	return ""
}

// pumaRequest reads `"GET /report?x=1" - (203.0.113.7)` or "{ GET /boom }".
func pumaRequest(e *event.Event, s string) {
	if _, request, ok := strings.Cut(s, "handling request { "); ok {
		if request, ok = strings.CutSuffix(request, " }"); ok && !strings.HasPrefix(request, `"`) {
			if method, target, ok := strings.Cut(request, " "); ok && isMethod(method) {
				e.Method = method
				setTarget(e, target)
			}
			return
		}
	}
	i := strings.IndexByte(s, '"')
	end := strings.Index(s, `" - (`)
	if i < 0 || end <= i {
		return
	}
	method, target, ok := strings.Cut(s[i+1:end], " ")
	if !ok || !isMethod(method) {
		return
	}
	e.Method = method
	setTarget(e, target)
	peer, _, _ := strings.Cut(s[end+len(`" - (`):], ")")
	peer, _, _ = strings.Cut(peer, ",") // X-Forwarded-For comes first
	if isIP(peer) {
		e.Client = peer
	}
}

// pumaError reads the exception of a report. Puma's own reading and writing is with clients; an application's errors are
// about whatever its frames say.
func pumaError(e *event.Event, s string, lines []string) {
	exception, message := s, s
	if i := strings.Index(s, "#<"); i >= 0 {
		exception = s[i:]
		if strings.HasPrefix(s, "Rack app") {
			message = exception
		}
	} else {
		for _, line := range lines[:min(len(lines), 2)] {
			if strings.HasPrefix(line, "#<") {
				exception, message = line, line
			}
		}
	}
	class, text, ok := cutRubyException(exception)
	if ok && class == "EOFError" && strings.HasPrefix(s, "Read") {
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseRequest)
		e.Message = message
		return
	}
	if !ok || !rubySignal(e, class, text, lines) {
		return
	}
	e.Message = message
	switch {
	case strings.HasPrefix(s, "Read error") && e.How == event.HowBrokenPipe: // 2.x names all of a client's errors so
		e.Party, e.Phase = event.PartyClient, event.PhaseResponse
	case strings.HasPrefix(s, "Read"), strings.HasPrefix(s, "SSL"), strings.HasPrefix(s, "HTTP parse error"):
		e.Party = event.PartyClient
		if e.Phase == event.PhaseUnknown {
			e.Phase = event.PhaseRequest
		}
	case strings.HasPrefix(s, "Write"):
		e.Party, e.Phase = event.PartyClient, event.PhaseResponse
	}
}

package parser

import (
	"strings"

	"hangup/event"
)

// uWSGI's log (core/logging.c, core/uwsgi.c): its own messages, the request line of each exchange, and what the
// application writes. uwsgi_log_verbose and --log-date put the time before.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "uwsgi",
			Summary:   "uWSGI's log: requests, broken connections, harakiri, the routers, the application's tracebacks",
			Example:   `Mon Nov 23 07:07:46 2026 - uwsgi_response_writev_headers_and_body_do(): Connection reset by peer [core/writer.c line 306] during GET /slow (127.0.0.4)`,
			Durations: true,
			Multiline: true,
		},
		rank: 84,
		make: func(o Options) (grammar, error) { return &uwsgi{clock: clock{zone: o.Zone}}, nil },
	})
}

type uwsgi struct {
	clock clock
	block block
	state uwsgiState
}

// uwsgiState says what the open record is.
type uwsgiState uint8

const (
	uwsgiNone     uwsgiState = iota
	uwsgiWrite               // a write that failed: Python's error is behind it
	uwsgiHarakiri            // what the worker was doing when its time was over
	uwsgiCrash               // a backtrace
	uwsgiTrace               // a traceback, or a record of the application's logging
)

func (g *uwsgi) place(line string, open bool) place {
	if !open {
		g.state = uwsgiNone
	}
	_, s := cutUwsgiTime(line)
	if isUwsgiRequest(s) {
		return whole
	}
	switch g.state {
	case uwsgiHarakiri:
		if strings.HasPrefix(s, "HARAKIRI") {
			if strings.HasPrefix(s, "HARAKIRI !!! end of ") {
				return closes
			}
			return more
		}
	case uwsgiCrash:
		if strings.HasPrefix(s, "*** end of backtrace ***") {
			return closes
		}
		return more
	case uwsgiWrite:
		if isWriteError(line) {
			return closes
		}
	case uwsgiNone, uwsgiTrace:
	}
	switch {
	case isUwsgiWrite(s):
		g.state = uwsgiWrite
		return g.block.begin()
	case strings.HasPrefix(s, "[uwsgi-body-read] "):
		g.state = uwsgiTrace
		return g.block.begin()
	case strings.HasPrefix(s, "*** HARAKIRI ON WORKER "):
		g.state = uwsgiHarakiri
		return opens
	case strings.HasPrefix(s, "*** backtrace of "):
		g.state = uwsgiCrash
		return opens
	case isUwsgi(s), len(s) < len(line):
		return whole
	case !open && isWriteError(line): // what it is about was rotated away
		return stray
	}
	if _, ok := cutPythonLogging(pyPlain(line)); ok {
		g.state = uwsgiTrace
		return g.block.begin()
	}
	if _, ok := responsePath(line); ok {
		g.state = uwsgiTrace
		return g.block.begin()
	}
	where := g.block.next(line, open && g.state != uwsgiHarakiri)
	if where == opens || where == more {
		g.state = uwsgiTrace
	}
	return where
}

func (g *uwsgi) remembers() bool { return g.block.remembers() }

func isWriteError(line string) bool {
	return line == "OSError: write error" || line == "IOError: write error"
}

// cutUwsgiTime takes "Mon Nov 23 07:07:46 2026 - " from a line, or a time as --log-date asks for.
func cutUwsgiTime(s string) (when, rest string) {
	if len(s) > 27 && s[24] == ' ' && s[25] == '-' && s[26] == ' ' && isCtime(s[:24]) {
		return s[:24], s[27:]
	}
	if n := pyTimeLen(s); n > 0 && strings.HasPrefix(s[n:], " - ") {
		if rest := s[n+3:]; isUwsgi(rest) || isUwsgiRequest(rest) {
			return s[:n], rest
		}
	}
	return "", s
}

// isCtime says whether s is like "Mon Nov 23 07:07:46 2026".
func isCtime(s string) bool {
	return s[3] == ' ' && s[7] == ' ' && s[10] == ' ' && s[13] == ':' && s[16] == ':' && s[19] == ' ' && isDigit(s[20])
}

// when reads such a time.
func (g *uwsgi) when(e *event.Event, s string) bool {
	if len(s) != 24 || !isCtime(s) {
		t, assumed, ok := g.clock.iso(s)
		e.Time, e.ZoneAssumed = t, assumed
		return ok
	}
	month, ok := monthOf(s[4:7])
	tens := int(s[8] - '0')
	if s[8] == ' ' {
		tens = 0
	}
	year, ok1 := four(s, 20)
	secs, ok2 := clockTime(s[11:19])
	if !ok || !ok1 || !ok2 || tens > 3 || !isDigit(s[9]) {
		return false
	}
	days, ok := civilDays(year, month, tens*10+int(s[9]-'0'))
	if !ok {
		return false
	}
	e.Time, ok = g.clock.local(days*86400+secs, "")
	e.ZoneAssumed = ok
	return ok
}

func (g *uwsgi) read(text string, r *event.Record) event.Reason {
	e := &r.Event
	first, lines := splitRecord(text, r.Lines)
	when, s := cutUwsgiTime(first)
	if isUwsgiRequest(s) {
		return g.request(e, s)
	}
	if !isUwsgi(s) && when == "" {
		return g.application(e, first, lines)
	}
	if when != "" && !g.when(e, when) {
		return event.BadTime
	}
	e.Kind = event.Other
	s = cut(s)
	if strings.HasPrefix(s, "*** HARAKIRI ON WORKER ") {
		harakiri(e, s, lines)
		return ""
	}
	uwsgiSignal(e, s)
	return ""
}

// application reads what the application wrote.
func (g *uwsgi) application(e *event.Event, first string, lines []string) event.Reason {
	if h, ok := cutPythonLogging(pyPlain(first)); ok {
		return h.read(&g.clock, e, lines)
	}
	if path, ok := responsePath(first); ok {
		e.Kind = event.Other
		setTarget(e, path)
		if t, ok := readTrace(lines); ok {
			traceSignal(e, t, "", "")
		}
		return ""
	}
	return readBlock(e, first, lines)
}

// isUwsgiRequest says whether a line is a request's (core/logging.c, log_request).
func isUwsgiRequest(s string) bool {
	return strings.HasPrefix(s, "[pid: ") || strings.HasPrefix(s, "{address space usage: ")
}

// request reads [pid: 5114|app: 0|req: 3/3] 127.0.0.4 () {26 vars in 291 bytes} [Mon Nov 23 07:07:45 2026] GET /slow =>
// generated 0 bytes in 1003 msecs (HTTP/1.1 200) 2 headers in 0 bytes (0 switches on core 0). It does not say whether
// the client got it. The memory may be before it; "via sendfile()" and the like before the protocol.
func (g *uwsgi) request(e *event.Event, s string) event.Reason {
	i := strings.Index(s[:min(len(s), 200)], "[pid: ")
	if i < 0 {
		return event.NoFormat
	}
	id, s, ok := strings.Cut(s[i+len("[pid: "):], "|")
	_, s, ok1 := strings.Cut(s, "] ")
	client, s, ok2 := strings.Cut(s, " (")
	_, s, ok3 := strings.Cut(s, "} [")
	when, s, ok4 := strings.Cut(s, "] ")
	i = strings.LastIndex(s, " => generated ")
	if !ok || !ok1 || !ok2 || !ok3 || !ok4 || pid(id) == 0 || i < 0 {
		return event.NoFormat
	}
	method, target, _ := strings.Cut(s[:i], " ")
	size, s, ok := strings.Cut(s[i+len(" => generated "):], " bytes in ")
	took, s, ok1 := strings.Cut(s, " ")
	unit, s, ok2 := strings.Cut(s, " ")
	if j := strings.Index(s, "() ("); strings.HasPrefix(s, "via ") && j > 0 {
		s = s[j+len("() "):]
	}
	answer, _, ok3 := strings.Cut(strings.TrimPrefix(s, "("), ") ")
	protocol, code, ok4 := strings.Cut(answer, " ")
	bytes, isSize := count(size)
	n, isTime := count(took)
	if !ok || !ok1 || !ok2 || !ok3 || !ok4 || !isSize || !isTime {
		return event.NoFormat
	}
	d, inRange := millis(n)
	if unit == "micros" {
		d, inRange = micros(n)
	} else if unit != "msecs" {
		return event.NoFormat
	}
	e.Status, ok = status(code)
	if !ok || !inRange {
		return event.BadNumber
	}
	if !g.when(e, when) {
		return event.BadTime
	}
	e.PID, e.Client = pid(id), address(client)
	if isMethod(method) {
		e.Method = method
		setTarget(e, target)
	}
	if isProtocol(protocol) {
		e.Protocol = protocol
	}
	e.Bytes, e.Duration = event.Some(bytes), event.Some(d)
	e.Kind, e.Exchange = event.Request, true
	return ""
}

// harakiri reads the block that is written when a worker is killed because its request took too long
// (core/master_checks.c, trigger_harakiri): with several cores the request that is oldest.
func harakiri(e *event.Event, s string, lines []string) {
	hangUp(e, event.PartyServer, event.HowTimeout, event.PhaseUnknown)
	e.Message = s
	if _, rest, ok := strings.Cut(s, "(pid: "); ok {
		e.PID = pid(rest[:digitsLen(rest)])
	}
	oldest := int64(-1)
	for _, line := range lines {
		_, s := cutUwsgiTime(line)
		rest, ok := strings.CutPrefix(s, "HARAKIRI [core ")
		_, rest, ok1 := strings.Cut(rest, "] ")
		client, rest, ok2 := strings.Cut(rest, " - ")
		i := strings.LastIndex(rest, " since ")
		if !ok || !ok1 || !ok2 || i < 0 {
			continue
		}
		since, isTime := count(rest[i+len(" since "):])
		method, target, _ := strings.Cut(rest[:i], " ")
		if !isTime || oldest >= 0 && since >= oldest || !isMethod(method) {
			continue
		}
		oldest = since
		e.Path, e.Query = "", ""
		e.Client, e.Method = address(client), method
		setTarget(e, target)
		// A request that has a body may still have been sending it.
		e.Phase = event.PhaseWaiting
		if hasBody(method) {
			e.Phase = event.PhaseUnknown
		}
	}
}

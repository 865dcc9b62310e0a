package parser

import (
	"strings"

	"hangup/event"
)

// The console of "manage.py runserver" (django/core/servers/basehttp.py, django/utils/log.py).
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "django-runserver",
			Summary:   "console of Django's development server (manage.py runserver)",
			Example:   `[23/Nov/2026 07:07:28,891] - Broken pipe from ('127.0.0.10', 51311)`,
			Multiline: true,
		},
		rank: 80,
		make: func(o Options) (grammar, error) { return &djangoRunserver{clock: clock{zone: o.Zone}}, nil },
	})
}

type djangoRunserver struct {
	clock  clock
	block  block
	doubly bool // the open record's line is one that Django ends with an empty line
}

func (g *djangoRunserver) place(line string, open bool) place {
	if _, message, ok := cutDjango(line); ok {
		if strings.HasPrefix(message, `"`) {
			return whole
		}
		g.doubly = strings.HasPrefix(message, "- Broken pipe from ") || strings.HasPrefix(message, "You're accessing ")
		return g.block.begin()
	}
	if open && g.doubly && isBlank(line) {
		return closes
	}
	if isChannels(line) {
		return whole
	}
	if isNotice(line) && !(open && g.block.state == blockReport) {
		return whole
	}
	if _, ok := responsePath(line); ok && !(open && g.block.state != blockHead && g.block.state != blockEnd) {
		g.doubly = false
		return g.block.begin()
	}
	where := g.block.next(line, open)
	if where == opens {
		g.doubly = false
	}
	return where
}

func (g *djangoRunserver) remembers() bool { return g.block.remembers() }

// cutDjango takes "[23/Nov/2026 07:07:19] " or "[23/Nov/2026 07:07:28,891] " from a line.
func cutDjango(s string) (t, message string, ok bool) {
	if len(s) < 23 || s[0] != '[' || s[3] != '/' || s[7] != '/' || s[12] != ' ' {
		return "", "", false
	}
	i := strings.IndexByte(s[:min(len(s), 32)], ']')
	if i < 21 || len(s) < i+2 || s[i+1] != ' ' {
		return "", "", false
	}
	return s[1:i], s[i+2:], true
}

// responsePath reads "Internal Server Error: /upload", "Not Found: /missing", "Forbidden (CSRF cookie not set.): /x":
// a status's reason phrase and the path (django.utils.log.log_response).
func responsePath(s string) (path string, ok bool) {
	i := strings.Index(s, ": /")
	if i < 0 {
		return "", false
	}
	phrase := s[:i]
	for _, p := range responsePhrases {
		if rest, found := strings.CutPrefix(phrase, p); found && (rest == "" || strings.HasPrefix(rest, " (")) {
			return s[i+2:], true
		}
	}
	return "", false
}

var responsePhrases = []string{
	"Internal Server Error", "Not Found", "Bad Request", "Forbidden", "Unauthorized", "Method Not Allowed", "Not Acceptable",
	"Conflict", "Gone", "Payment Required", "Request Timeout", "Length Required", "Precondition Failed",
	"Request Entity Too Large", "Unsupported Media Type", "Unprocessable Entity", "Too Many Requests",
	"Request Header Fields Too Large", "Not Implemented", "Bad Gateway", "Service Unavailable", "Gateway Timeout",
}

// notices are what the server says of itself when it starts (runserver.py, autoreload.py).
var notices = []string{
	"Performing system checks...", "System check identified ", "Django version ", "Starting development server at ",
	"Starting ASGI/", "Starting ASGI ", "Quit the server with ", "Watching for file changes with ", "You have ", "Run 'python manage.py migrate'",
	"Your project may not work properly until ", "WARNING: This is a development server.", "For more information on production servers",
	"Not checking migrations", "Error: That port is already in use.",
}

// isNotice reads those, and the line with the date and time of the start: "November 23, 2026 - 07:07:13".
func isNotice(s string) bool {
	for _, n := range notices {
		if strings.HasPrefix(s, n) {
			return true
		}
	}
	if len(s) > 3 && strings.HasSuffix(s, " changed, reloading.") {
		return true
	}
	month, rest, ok := strings.Cut(s, " ")
	if !ok || len(s) > 40 || len(month) < 3 {
		return false
	}
	_, isMonth := monthOf(month[:3])
	_, at, hasTime := strings.Cut(rest, " - ")
	_, isTime := clockTimeText(at)
	return isMonth && hasTime && isTime
}

func clockTimeText(s string) (int64, bool) {
	if len(s) != 8 {
		return 0, false
	}
	return clockTime(s)
}

func (g *djangoRunserver) read(text string, r *event.Record) event.Reason {
	e := &r.Event
	first, lines := splitRecord(text, r.Lines)
	if t, message, ok := cutDjango(first); ok {
		if e.Time, ok = g.clock.apacheLocal(t, ' '); !ok {
			return event.BadTime
		}
		e.ZoneAssumed = true
		e.Kind = event.Other
		switch {
		case strings.HasPrefix(message, `"`):
			accessMessage(&g.clock, e, message)
		case strings.HasPrefix(message, "- Broken pipe from "):
			hangUp(e, event.PartyClient, event.HowBrokenPipe, event.PhaseUnknown)
			e.Message = message
			peer(e, cut(message))
		}
		return ""
	}
	if isChannels(first) {
		return g.channels(e, first)
	}
	if path, ok := responsePath(first); ok {
		e.Kind = event.Other
		setTarget(e, path)
		if t, ok := readTrace(lines); ok {
			traceSignal(e, t, "", "")
		}
		return ""
	}
	if isNotice(first) {
		e.Kind = event.Other
		return ""
	}
	return readBlock(e, first, lines)
}

// isChannels says whether a line is of runserver with daphne (daphne/management/commands/runserver.py, formerly of
// channels): HTTP GET /slow 200 [1.01, 127.0.0.1:54321], WebSocket CONNECT /ws [127.0.0.1:54321], with the time before
// them or not.
func isChannels(s string) bool {
	_, s = cutChannelsTime(s)
	return (strings.HasPrefix(s, "HTTP ") || strings.HasPrefix(s, "WebSocket ")) && strings.HasSuffix(s, "]") && strings.Contains(s, " [")
}

// cutChannelsTime takes "[2018/04/26 12:34:56] " from a line.
func cutChannelsTime(s string) (when, rest string) {
	if len(s) > 22 && s[0] == '[' && s[5] == '/' && s[8] == '/' && s[20] == ']' && s[21] == ' ' {
		return s[1:20], s[22:]
	}
	return "", s
}

func (g *djangoRunserver) channels(e *event.Event, s string) event.Reason {
	when, s := cutChannelsTime(s)
	ok := false
	if when != "" {
		if e.Time, ok = g.clock.sql(when, '/'); !ok {
			return event.BadTime
		}
		e.ZoneAssumed = true
	}
	if accessMessage(&g.clock, e, s) {
		return ""
	}
	rest, ok := strings.CutPrefix(s, "WebSocket ")
	i := strings.LastIndex(rest, " [")
	if !ok || i < 0 {
		return event.NoFormat
	}
	if a, p := addressPort(rest[i+2 : len(rest)-1]); isIP(a) {
		e.Client, e.ClientPort = a, p
	}
	if _, target, ok := strings.Cut(rest[:i], " "); ok && target != "" && target[0] == '/' {
		setTarget(e, target)
	}
	e.Kind = event.Other
	return ""
}

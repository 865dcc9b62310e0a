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

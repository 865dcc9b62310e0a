package parser

import (
	"strings"

	"hangup/event"
)

// werkzeugNotices are what werkzeug and Flask say when they start (werkzeug/serving.py, flask/cli.py).
var werkzeugNotices = []string{
	" * ", "Press CTRL+C to quit", "WARNING: This is a development server.", "   WARNING: This is a development server.",
	"   Use a production WSGI server instead.", "Use a production WSGI server instead.",
}

// eventletNotice reads "(7245) accepted ('127.0.0.2', 47047)", "(7245) wsgi starting up on http://127.0.0.1:47123",
// "(7245) wsgi exited, is_accepting=True" (eventlet/wsgi.py).
func eventletNotice(_ *clock, line string, e *event.Event) bool {
	if len(line) < 8 || line[0] != '(' {
		return false
	}
	id, text, ok := strings.Cut(line[1:], ") ")
	if !ok || pid(id) == 0 {
		return false
	}
	switch rest, accepted := strings.CutPrefix(text, "accepted "); {
	case accepted:
		e.Client, e.ClientPort, _ = peerAt(rest)
	case !strings.HasPrefix(text, "wsgi "):
		return false
	}
	e.PID, e.Kind = pid(id), event.Other
	return true
}

// isFailure says whether a line is gevent's account of a greenlet that failed, behind its traceback
// (gevent/_hub_primitives.py, hub.py): "2026-11-23T07:08:46Z <Greenlet at ...> failed with BrokenPipeError".
func isFailure(line string) bool {
	_, context := cutUTC(line)
	return context != "" && (context[0] == '<' || context[0] == '{') && strings.Contains(context, " failed with ")
}

// cutUTC takes "2026-11-23T07:08:46Z " from the beginning of a line.
func cutUTC(s string) (when, rest string) {
	if len(s) > 21 && s[4] == '-' && s[10] == 'T' && s[19] == 'Z' && s[20] == ' ' {
		return s[:20], s[21:]
	}
	return "", s
}

// geventFailure takes time and client from gevent's account of a traceback:
// 2026-11-23T07:08:46Z {'REMOTE_ADDR': '127.0.0.11', 'REMOTE_PORT': '34209', 'HTTP_HOST': 'shop.example', ...} failed
// with OSError.
func geventFailure(c *clock, e *event.Event, lines []string) {
	for i := len(lines) - 1; i > 0 && i >= len(lines)-2; i-- {
		if isFailure(lines[i]) {
			geventAccount(c, e, cut(lines[i]))
			return
		}
	}
}

func geventAccount(c *clock, e *event.Event, line string) {
	when, context := cutUTC(line)
	if when != "" {
		if t, assumed, ok := c.iso(when); ok {
			e.Time, e.ZoneAssumed = t, assumed
		}
	}
	if a := environ(context, "'REMOTE_ADDR': '"); isIP(a) {
		e.Client, e.ClientPort = address(a), port(environ(context, "'REMOTE_PORT': '"))
	}
	if h := environ(context, "'HTTP_HOST': '"); h != "" {
		e.Host = host(h)
	}
	e.Method = environ(context, "'REQUEST_METHOD': '")
	if path := environ(context, "'PATH_INFO': '"); path != "" {
		e.Path = path
	}
}

func environ(s, key string) string {
	_, rest, ok := strings.Cut(s, key)
	v, _, ended := strings.Cut(rest, "'")
	if !ok || !ended {
		return ""
	}
	return v
}

// geventNotice reads lines that stand by themselves: "<gevent._socket3.socket at 0x7fce object, fd=6>: Invalid request:
// [Errno 104] Connection reset by peer", and an account whose traceback is not there.
func geventNotice(c *clock, line string, e *event.Event) bool {
	if line == "" {
		return false
	}
	if i := strings.Index(line[:min(len(line), 300)], ": Invalid "); i > 0 && (line[0] == '<' || strings.HasPrefix(line, "('")) {
		e.Kind = event.Other
		message := cut(line[i+2:])
		if _, text, ok := strings.Cut(message, ": "); ok {
			if how := textHow(text); how != event.HowNone {
				hangUp(e, event.PartyClient, how, event.PhaseRequest)
				e.Message = message
			}
		}
		if line[0] == '(' {
			e.Client, e.ClientPort, _ = peerAt(line)
		}
		return true
	}
	if !isFailure(line) {
		return false
	}
	e.Kind = event.Other
	geventAccount(c, e, cut(line))
	i := strings.LastIndex(line, " failed with ")
	if x, ok := exceptionError(cut(line[i+len(" failed with "):])); ok && x.how != event.HowTimeout {
		party := event.PartyUnknown
		if e.Client != "" || strings.Contains(line, "WSGIServer") {
			party = event.PartyClient
		}
		hangUp(e, party, x.how, event.PhaseUnknown)
		e.Message = cut(line)
	}
	return true
}

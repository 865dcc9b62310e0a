package parser

import (
	"strings"

	"hangup/event"
)

// CherryPy's logs in one stream (cherrypy/_cplogging.py): error lines with their tracebacks, and access lines, which
// are combined with a time that has no zone.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "cherrypy",
			Summary:   "CherryPy's error and access log",
			Example:   `[23/Nov/2026:07:09:01] ENGINE socket.error 32`,
			Multiline: true,
		},
		rank: 20,
		make: func(o Options) (grammar, error) {
			return &cherryPy{access: pyServer{clock: clock{zone: o.Zone}, stamp: stampCherryPy, tail: tailAgents}}, nil
		},
	})
}

type cherryPy struct {
	block  block
	access pyServer
}

func stampCherryPy(s string) bool { return len(s) == 20 && s[2] == '/' && s[11] == ':' }

// cutCherryPy reads "[23/Nov/2026:07:08:31] ENGINE Bus STARTING". The context is a word in capitals, or none.
func cutCherryPy(s string) (when, context, message string, ok bool) {
	if len(s) < 23 || s[0] != '[' || s[21] != ']' || s[22] != ' ' || !stampCherryPy(s[1:21]) {
		return "", "", "", false
	}
	context, message, _ = strings.Cut(s[23:], " ")
	for i := range len(context) {
		if b := context[i]; b < 'A' || b > 'Z' {
			return "", "", "", false
		}
	}
	return s[1:21], context, message, true
}

func (g *cherryPy) place(line string, open bool) place {
	if _, _, _, ok := cutCherryPy(line); ok {
		return g.block.begin()
	}
	if _, _, _, ok := g.access.cutStamped(line); ok {
		return whole
	}
	return g.block.next(line, open)
}

func (g *cherryPy) remembers() bool { return g.block.remembers() || g.access.remembers() }

func (g *cherryPy) read(text string, r *event.Record) event.Reason {
	e := &r.Event
	first, lines := splitRecord(text, r.Lines)
	if client, when, rest, ok := g.access.cutStamped(first); ok {
		return g.access.access(e, client, when, rest)
	}
	when, context, message, ok := cutCherryPy(first)
	if !ok {
		return readBlock(e, first, lines)
	}
	if e.Time, ok = g.access.clock.apacheLocal(when, ':'); !ok {
		return event.BadTime
	}
	e.ZoneAssumed = true
	e.Kind = event.Other
	message = cut(message)
	if strings.HasPrefix(message, tracebackLine) { // "HTTP Traceback (most recent call last):"
		lines = append([]string{tracebackLine}, lines[min(1, len(lines)):]...)
	}
	if t, ok := readTrace(lines); ok {
		traceSignal(e, t, message, "")
		return ""
	}
	// cheroot/server.py: the errno of a socket that failed while a connection was served.
	if number, ok := strings.CutPrefix(message, "socket.error "); ok && context == "ENGINE" {
		if n, isNumber := count(number); isNumber && errnoHow(n) != event.HowNone {
			hangUp(e, event.PartyClient, errnoHow(n), event.PhaseUnknown)
			e.Message = message
			return ""
		}
	}
	messageSignal(e, message, "")
	return ""
}

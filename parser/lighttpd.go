package parser

import (
	"strings"

	"hangup/event"
)

// lighttpd's access log in its default format (mod_accesslog: %h %V %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i",
// where the host stands second), and its error log:
//
//	2026-11-22 10:00:02: (connections.c.544) message
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:    "lighttpd",
			Summary: "lighttpd access and error log (set debug.log-timeouts and debug.log-state-handling to enable)",
			Example: `2026-11-22 10:00:06: (h1.c.989) NOTE: a request from 203.0.113.241 for /big.iso?x=1 timed out after writing 131072 bytes. We waited 360 seconds. If this is a problem, increase server.max-write-idle`,
		},
		rank: 45,
		make: func(o Options) (grammar, error) { return &lighttpd{clock: clock{zone: o.Zone}}, nil },
	})
}

type lighttpd struct {
	oneLine
	clock clock
	named bool // a line of the access log had a host's name
}

func (g *lighttpd) read(line string, r *event.Record) event.Reason {
	e := &r.Event
	s := line
	if h, message, ok := cutSyslog(line); ok {
		if !strings.HasPrefix(h.tag, "lighttpd") {
			return event.NoFormat
		}
		e.PID = h.pid
		return g.message(message, e)
	}
	if len(s) > 21 && s[4] == '-' && s[10] == ' ' && s[19:21] == ": " {
		var ok bool
		if e.Time, ok = g.clock.sql(s[:19], '-'); !ok {
			return event.BadTime
		}
		e.ZoneAssumed = true
		return g.message(s[21:], e)
	}
	return g.access(s, e)
}

func (g *lighttpd) remembers() bool { return g.named }

// access reads `client host user [time] "request" status bytes "referer" "agent"`. Of a request without a host's name
// there is "-", as in the common format: such a line counts behind one with a name only.
func (g *lighttpd) access(s string, e *event.Event) event.Reason {
	client, s, _ := strings.Cut(s, " ")
	name, s, _ := strings.Cut(s, " ")
	_, s, ok := strings.Cut(s, " [")
	if !ok || !isAddress(client) || name == "-" && !g.named || !isAddress(name) || len(s) < 28 || s[26] != ']' {
		return event.NoFormat
	}
	at := s[:26]
	request, s, ok := quoted(s[28:])
	if !ok || !strings.HasPrefix(s, " ") {
		return event.NoFormat
	}
	code, s, _ := strings.Cut(s[1:], " ")
	bytes, s, more := strings.Cut(s, " ")
	if more {
		var referer, agent string
		if referer, s, ok = quoted(s); !ok || !strings.HasPrefix(s, " ") {
			return event.NoFormat
		}
		if agent, s, ok = quoted(s[1:]); !ok || s != "" {
			return event.NoFormat
		}
		e.Referer, e.UserAgent = escapeC.unescape(dash(referer)), escapeC.unescape(dash(agent))
	}
	if e.Status, ok = status(code); !ok {
		return event.NoFormat
	}
	if bytes != "-" {
		n, ok := count(bytes)
		if !ok {
			return event.NoFormat
		}
		e.Bytes = event.Some(n)
	}
	if e.Time, ok = g.clock.apache(at); !ok {
		return event.BadTime
	}
	g.named = true
	e.Kind, e.Exchange = event.Request, true
	e.Client = address(client)
	setRequest(e, escapeC.unescape(request))
	if e.Host == "" {
		e.Host = host(name)
	}
	return ""
}

// message reads "(h1.c.956) text": where in the source it was written, and the text.
func (g *lighttpd) message(s string, e *event.Event) event.Reason {
	place, text, ok := strings.Cut(s, ") ")
	i := strings.LastIndex(place, ".c.")
	if i < 0 {
		i = strings.LastIndex(place, ".c:") // 1.5
	}
	if !ok || i < 2 || len(place) > 64 || place[0] != '(' {
		return event.NoFormat
	}
	if _, isNumber := count(place[i+len(".c."):]); !isNumber || strings.IndexByte(place, ' ') >= 0 {
		return event.NoFormat
	}
	e.Kind, e.Logger, e.Message = event.Other, strings.TrimPrefix(place[1:i+2], "src."), text
	lighttpdSignal(e)
	return ""
}

package parser

import (
	"strings"

	"hangup/event"
)

// The streams of Python's own server and of those that write like it: access lines with a time in brackets, and
// tracebacks between them.
//
//	127.0.0.4 - - [23/Nov/2026 07:06:01] "GET /slow HTTP/1.1" 200 -
func init() {
	registerServer(format{
		FormatInfo: FormatInfo{
			Name:      "http-server",
			Summary:   "Python's http.server, BaseHTTPServer and wsgiref, on standard error",
			Example:   `127.0.0.7 - - [23/Nov/2026 07:06:04] "GET /stream HTTP/1.1" 200 -`,
			Multiline: true,
			Aliases:   []string{"http-server-py2", "http-server-py2-stderr", "http-server-py36", "http-server-py3", "wsgiref"},
		},
		rank: 60,
	}, pyServer{stamp: stampDjango, tail: tailSize, recovers: true})
	registerServer(format{
		FormatInfo: FormatInfo{
			Name:      "werkzeug",
			Summary:   "werkzeug, the development server of Flask, with the application's log",
			Example:   `127.0.0.2 - - [23/Nov/2026 07:08:10] "GET /fast HTTP/1.1" 200 -`,
			Multiline: true,
		},
		rank: 72,
	}, pyServer{stamp: stampDjango, tail: tailSize, recovers: true, notices: werkzeugNotices, logging: true})
	registerServer(format{
		FormatInfo: FormatInfo{
			Name:      "eventlet",
			Summary:   "eventlet.wsgi on standard error",
			Example:   `127.0.0.2 - - [23/Nov/2026 07:08:36] "GET /fast HTTP/1.1" 200 125 0.000233`,
			Durations: true,
			Multiline: true,
		},
		rank: 61,
	}, pyServer{stamp: stampDjango, tail: tailTook, notice: eventletNotice, block: block{blank: true}})
	registerServer(format{
		FormatInfo: FormatInfo{
			Name:      "gevent",
			Summary:   "gevent.pywsgi on standard error",
			Example:   `127.0.0.4 - - [2026-11-23 07:08:37] "GET /slow HTTP/1.1" 200 - 1.000465`,
			Durations: true,
			Multiline: true,
		},
		rank: 62,
	}, pyServer{stamp: stampSQL, tail: tailTook, notice: geventNotice, failures: true, anyRequest: true})
}

func registerServer(f format, like pyServer) {
	f.make = func(o Options) (grammar, error) {
		g := like
		g.clock.zone = o.Zone
		if g.recovers {
			g.clients = make(map[string]*clientRoute)
		}
		return &g, nil
	}
	register(f)
}

// pyServer is the grammar of these streams.
type pyServer struct {
	clock clock
	block block

	stamp      func(time string) bool
	tail       pyTail
	notices    []string                                         // what lines that are no records begin with
	notice     func(c *clock, line string, e *event.Event) bool // reads another line
	logging    bool                                             // lines of logging's layouts come too
	failures   bool                                             // a traceback is followed by gevent's account of it
	anyRequest bool                                             // a line without a valid request is an exchange too
	recovers   bool

	clients map[string]*clientRoute
	tailing bool // behind gevent's account: an empty line ends it
}

// pyTail says what stands behind the status.
type pyTail uint8

const (
	tailSize   pyTail = iota // "-" or a number
	tailTook                 // bytes and seconds
	tailAgents               // bytes, referer and agent
)

func stampDjango(s string) bool { return len(s) == 20 && s[2] == '/' && s[11] == ' ' }

func stampSQL(s string) bool { return len(s) == 19 && s[4] == '-' && s[10] == ' ' }

// cutStamped reads "127.0.0.19 - - [23/Nov/2026 07:06:13] " and returns what follows.
func (g *pyServer) cutStamped(s string) (client, when, rest string, ok bool) {
	i := strings.IndexByte(s, ' ')
	if i < 1 || !isAddress(s[:i]) && s[:i] != "-" && strings.IndexByte(s[:i], ',') < 0 {
		return "", "", "", false
	}
	client, s = s[:i], s[i+1:]
	j := strings.Index(s[:min(len(s), 64)], " [")
	if j < 1 || !strings.HasPrefix(s, "- ") {
		return "", "", "", false
	}
	s = s[j+2:]
	end := strings.IndexByte(s[:min(len(s), 32)], ']')
	if end < 0 || !g.stamp(s[:end]) || len(s) < end+2 || s[end+1] != ' ' {
		return "", "", "", false
	}
	client, _, _ = strings.Cut(client, ",")
	return client, s[:end], s[end+2:], true
}

func (g *pyServer) place(line string, open bool) place {
	line = pyPlain(line)
	if _, _, _, ok := g.cutStamped(line); ok {
		return whole
	}
	if open && g.tailing {
		g.tailing = false
		if isBlank(line) {
			return closes
		}
	}
	if open && g.failures && g.block.state == blockEnd {
		switch {
		case isFailure(line):
			g.tailing = true
			return more
		case strings.HasPrefix(line, "<") && strings.Contains(line, ": Invalid "):
			return closes
		}
	}
	if g.isNotice(line) {
		return whole
	}
	if g.logging {
		if line == "Error on request:" {
			return g.block.begin()
		}
		if _, ok := cutPythonLogging(line); ok {
			return g.block.begin()
		}
	}
	return g.block.next(line, open)
}

func (g *pyServer) remembers() bool { return len(g.clients) > 0 || g.block.remembers() }

func (g *pyServer) isNotice(line string) bool {
	for _, n := range g.notices {
		if strings.HasPrefix(line, n) {
			return true
		}
	}
	if g.notice == nil {
		return false
	}
	var e event.Event
	return g.notice(&g.clock, line, &e)
}

func (g *pyServer) read(text string, r *event.Record) event.Reason {
	e := &r.Event
	first, lines := splitRecord(text, r.Lines)
	first = pyPlain(first)
	if client, when, rest, ok := g.cutStamped(first); ok && lines == nil {
		return g.access(e, client, when, rest)
	}
	if lines == nil {
		if g.notice != nil && g.notice(&g.clock, first, e) {
			return ""
		}
		if g.isNotice(first) {
			e.Kind = event.Other
			if rest := strings.TrimLeft(first, " "); strings.HasPrefix(rest, "WARNING: ") {
				e.Level = "WARNING"
			}
			return ""
		}
	}
	if g.logging {
		if h, ok := cutPythonLogging(first); ok {
			return h.read(&g.clock, e, lines)
		}
		if first == "Error on request:" {
			e.Kind = event.Other
			if t, ok := readTrace(lines); ok {
				traceSignal(e, t, "handling request", "")
			}
			return ""
		}
	}
	why := readBlock(e, first, lines)
	if g.failures && why == "" {
		geventFailure(&g.clock, e, lines)
	}
	if g.recovers && why == "" {
		g.recover(e)
	}
	return why
}

// access reads a line of one exchange, or what else a server says of a client.
func (g *pyServer) access(e *event.Event, client, when, rest string) event.Reason {
	ok := false
	if when[2] == '/' {
		e.Time, ok = g.clock.apacheLocal(when, when[11])
	} else {
		e.Time, ok = g.clock.sql(when, '-')
	}
	if !ok {
		return event.BadTime
	}
	e.ZoneAssumed = true
	e.Client = address(client)
	e.Kind = event.Other
	if rest == "" || rest[0] != '"' {
		if g.tail != tailSize {
			return event.NoFormat
		}
		if !messageSignal(e, cut(rest), "") {
			e.Message = ""
		}
		return ""
	}
	a, ok := cutPyAccess(rest)
	if !ok {
		return event.NoFormat
	}
	a.client, a.port = address(client), 0
	isRequest := a.set(e)
	switch _, took, both := strings.Cut(a.rest, " "); g.tail {
	case tailSize:
		if both || !a.size(e) {
			return event.NoFormat
		}
	case tailTook:
		d, isTime := seconds(took)
		if !both || !isTime || len(took)-strings.IndexByte(took, '.') != 7 || !a.size(e) {
			return event.NoFormat
		}
		e.Duration = event.Some(d)
	case tailAgents:
		if !a.size(e) || !a.agents(e) || a.rest != "" {
			return event.NoFormat
		}
	}
	switch {
	case e.ZeroStatus: // no answer was begun: an application may have failed as well as a client gone
		hangUp(e, event.PartyUnknown, event.HowUnknown, event.PhaseUnknown)
		e.Exchange = true
	case isRequest || g.anyRequest:
		e.Kind, e.Exchange = event.Request, true
	}
	if g.recovers && isRequest {
		g.remember(e)
	}
	return ""
}

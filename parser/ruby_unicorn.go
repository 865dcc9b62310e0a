package parser

import (
	"strings"

	"hangup/event"
)

// Unicorn's stderr: Ruby's Logger (unicorn/http_server.rb, app_error and murder_lazy_workers), Rack's CommonLogger, and
// exceptions that Rack prints (rack/show_exceptions.rb).
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "unicorn",
			Summary:   "Unicorn's stderr: its logger, access lines (Rack's CommonLogger) and exceptions",
			Example:   `E, [2026-11-22T10:00:31.000001 #15830] ERROR -- : worker=1 PID:15917 timeout (31s > 30s), killing`,
			Durations: true,
			Multiline: true,
			Aliases:   []string{"ruby-logger"},
		},
		rank: 61,
		make: func(o Options) (grammar, error) { return &unicorn{clock: clock{zone: o.Zone}}, nil },
	})
}

type unicorn struct {
	clock clock
	trace rubyTrace
	pid   string // of the open record when it is an application's error
}

func (g *unicorn) place(line string, open bool) place {
	if _, ok := cutCommonLogger(line); ok {
		g.pid = ""
		g.trace.lost = false
		return whole
	}
	if h, ok := cutRubyLog(line); ok {
		g.trace.lost = false
		if open && g.pid == h.pid && isRubyFrame(h.message) { // each frame is logged by itself
			return more
		}
		g.pid = ""
		if _, _, isException := unicornException(h.message); isException {
			g.pid = h.pid
		}
		return opens
	}
	if class, _, ok := cutRubyException(line); ok && isRubyBare(class) && strings.HasPrefix(line, class+":") {
		g.pid = ""
		g.trace.lost = false
		return opens
	}
	return g.trace.next(line, open)
}

func (g *unicorn) remembers() bool { return g.trace.lost }

// unicornException takes the exception from "app error: Broken pipe (Errno::EPIPE)", "error: ...", "Read error: #<...>".
func unicornException(message string) (class, text string, ok bool) {
	for _, p := range [...]string{"app error: ", "Read error: ", "listen loop error: ", "error reading client socket: "} {
		if rest, found := strings.CutPrefix(message, p); found {
			return cutRubyException(rest)
		}
	}
	return cutRubyException(message)
}

func (g *unicorn) read(text string, r *event.Record) event.Reason {
	e := &r.Event
	first, behind, _ := strings.Cut(text, "\n")
	if l, ok := cutCommonLogger(first); ok {
		return readCommonLogger(&g.clock, e, l)
	}
	e.Kind = event.Other
	h, ok := cutRubyLog(first)
	if !ok {
		class, message, ok := cutRubyException(first)
		if !ok || !isRubyBare(class) || !strings.HasPrefix(first, class+":") {
			return event.NoFormat
		}
		if rubySignal(e, class, message, strings.Split(behind, "\n")) {
			e.Message = first
			if e.Party == event.PartyUnknown && behind == "" && strings.HasSuffix(message, " - recv") { // kgio reads a request
				e.Party, e.Phase = event.PartyClient, event.PhaseRequest
			}
		}
		return ""
	}
	if isRailsMessage(cutRails(first).message) { // another format's
		return event.NoFormat
	}
	if why := rubyLogEvent(&g.clock, e, h); why != "" {
		return why
	}
	if strings.HasPrefix(h.message, "worker=") && strings.HasSuffix(h.message, ", killing") && strings.Contains(h.message, " timeout (") {
		hangUp(e, event.PartyServer, event.HowTimeout, event.PhaseWaiting)
		e.Message = h.message
		return ""
	}
	class, message, ok := unicornException(h.message)
	if !ok || !rubySignal(e, class, message, strings.Split(behind, "\n")) {
		return ""
	}
	e.Message = h.message
	if strings.HasPrefix(h.message, "app error: ") && strings.HasPrefix(class, "Errno::") {
		// Of the application or of the server: the frames hold both.
		if e.Party == event.PartyClient {
			e.Party, e.Phase = event.PartyUnknown, event.PhaseUnknown
		}
	}
	return ""
}

// rubyLogEvent takes what the head of Ruby's Logger says.
func rubyLogEvent(c *clock, e *event.Event, h rubyLogHead) event.Reason {
	var ok bool
	if e.Time, e.ZoneAssumed, ok = c.iso(h.time); !ok {
		return event.BadTime
	}
	e.Level, e.PID, e.Logger = h.level, pid(h.pid), h.program
	return ""
}

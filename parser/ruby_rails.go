package parser

import (
	"strings"

	"hangup/event"
)

// Rails' log (action_controller/log_subscriber.rb, rails/rack/logger.rb, action_dispatch/middleware/debug_exceptions.rb),
// with the head of Ruby's Logger or without, with config.log_tags or without, and lograge's line of key=value pairs.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "rails",
			Summary:   "Rails log with or without heads and tags, exceptions, lograge",
			Example:   `I, [2026-11-22T10:00:30.000001 #77]  INFO -- : [b685f3fd-3d23-4a0e-921d-eb54289dca4e] Completed 200 OK in 30000ms (Views: 12.1ms | ActiveRecord: 29000.5ms)`,
			Durations: true,
			Multiline: true,
			Aliases:   []string{"lograge"},
		},
		rank: 63,
		make: func(o Options) (grammar, error) { return &rails{clock: clock{zone: o.Zone}}, nil },
	})
}

type rails struct {
	clock     clock
	trace     rubyTrace
	completed bool   // the open record is a "Completed" line: its exception may follow
	pid, tag  string // of the open record when it is an exception whose frames are logged one by one
	failed    bool
}

// railsLine is a line without its head and tags.
type railsLine struct {
	head    rubyLogHead
	hasHead bool
	tag     string // the first tag: as a rule the request's id
	message string
}

func cutRails(s string) (l railsLine) {
	l.message = s
	if l.head, l.hasHead = cutRubyLog(s); l.hasHead {
		l.message = l.head.message
	}
	for range 4 {
		if l.message == "" || l.message[0] != '[' {
			break
		}
		i := strings.IndexByte(l.message[:min(len(l.message), 128)], ']')
		if i < 2 || i+1 < len(l.message) && l.message[i+1] != ' ' {
			break
		}
		if !l.hasHead && l.tag == "" && !isRequestID(l.message[1:i]) {
			break
		}
		if l.tag == "" {
			l.tag = l.message[1:i]
		}
		l.message = l.message[min(len(l.message), i+2):]
	}
	return l
}

// isRequestID says whether a tag is a request's id: a UUID, or many hexadecimal digits.
func isRequestID(s string) bool {
	if len(s) < 16 || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		if _, ok := hexDigit(s[i]); !ok && s[i] != '-' {
			return false
		}
	}
	return true
}

// railsMessages are the beginnings of Rails' own messages at the line's beginning.
var railsMessages = []string{
	"Started ", "Processing by ", "Completed ", "Rendered ", "Rendering ", "Redirected to ", "Filter chain halted as ", "Sent file ", "Sent data ",
	"Unpermitted parameter", "Cannot render console from ", "Can't verify CSRF token", "HTTP Origin header (", "Performing ", "Performed ", "Enqueued ",
	"Error performing ", "Retrying ", "Finished \"/", "Successfully upgraded to WebSocket", "Failed to upgrade to WebSocket", "Registered connection (",
	"Streaming ", "Write fragment ", "Read fragment ",
}

// isRailsMessage says whether a message is one that Rails writes.
func isRailsMessage(s string) bool {
	if isLograge(s) {
		return true
	}
	for _, m := range railsMessages {
		if strings.HasPrefix(s, m) {
			return true
		}
	}
	return false
}

func isLograge(s string) bool {
	return strings.HasPrefix(s, "method=") && strings.Contains(s, " controller=") && strings.Contains(s, " status=")
}

// isRailsException reads "Errno::EPIPE (Broken pipe):".
func isRailsException(s string) bool {
	s = strings.TrimRight(s, " ")
	n := rubyClassLength(s)
	return n > 0 && strings.HasPrefix(s[n:], " (") && strings.HasSuffix(s, "):") && isRubyError(s[:n])
}

func (g *rails) place(line string, open bool) place {
	if !open {
		g.completed, g.failed = false, false
	}
	if isBlank(line) {
		if open {
			return maybe
		}
		return whole
	}
	l := cutRails(line)
	switch {
	case l.hasHead && g.failed && l.head.pid == g.pid && l.tag == g.tag && (isBlank(l.message) || isRubyFrame(l.message)):
		return more
	case !l.hasHead && l.tag == "" && isRailsException(line) && g.completed && open:
		g.completed = false
		return more
	case !l.hasHead && isIndented(line):
		if !open && isRailsMessage(strings.TrimLeft(line, " ")) {
			return opens
		}
		return g.trace.next(line, open)
	case l.hasHead, isRailsException(l.message), isRailsMessage(l.message), isRequestID(l.tag):
		g.trace.lost = false
		g.completed = strings.HasPrefix(l.message, "Completed ")
		g.failed = l.hasHead && isRailsException(l.message)
		g.pid, g.tag = l.head.pid, l.tag
		return opens
	}
	return g.trace.next(line, open)
}

func (g *rails) remembers() bool { return g.trace.lost }

func (g *rails) read(text string, r *event.Record) event.Reason {
	e := &r.Event
	first, behind, _ := strings.Cut(text, "\n")
	l := cutRails(first)
	e.Kind = event.Other
	switch {
	case l.hasHead:
		if why := rubyLogEvent(&g.clock, e, l.head); why != "" {
			return why
		}
	case !isRailsMessage(strings.TrimLeft(l.message, " ")) && !isRailsException(l.message) && !isRequestID(l.tag):
		return event.NoFormat
	}
	if isRequestID(l.tag) {
		e.RequestID = l.tag
	}
	message := cut(l.message)
	switch {
	case strings.HasPrefix(message, "Started "):
		g.started(e, message)
	case strings.HasPrefix(message, "Completed "):
		railsCompleted(e, message)
	case isLograge(message):
		lograge(e, message)
	}
	railsExceptions(e, message, behind)
	return ""
}

// started reads `Started GET "/report?x=1" for 203.0.113.7 at 2026-11-22 10:00:00 +0000`.
func (g *rails) started(e *event.Event, s string) {
	method, rest, ok := strings.Cut(s[len("Started "):], " ")
	if !ok || !isMethod(method) {
		return
	}
	target, rest, ok := quoted(rest)
	if !ok {
		return
	}
	e.Method = method
	setTarget(e, target)
	rest, stamp, _ := strings.Cut(rest, " at ")
	if client, ok := strings.CutPrefix(rest, " for "); ok && isIP(client) {
		e.Client = client
	}
	if e.Time.IsZero() {
		e.Time, e.ZoneAssumed, _ = g.clock.iso(stamp)
	}
}

// railsCompleted reads "Completed 200 OK in 30000ms (Views: 12.1ms | ActiveRecord: 29000.5ms)". Before Rails 3 it was
// "Completed in 123ms (View: 1, DB: 2) | 200 OK [http://shop.example/report]".
func railsCompleted(e *event.Event, s string) {
	rest := s[len("Completed "):]
	if old, ok := strings.CutPrefix(rest, "in "); ok {
		took, tail, _ := strings.Cut(old, " ")
		railsDuration(e, took)
		_, tail, _ = strings.Cut(tail, "| ")
		code, tail, _ := strings.Cut(tail, " ")
		e.Status, _ = status(code)
		if _, url, ok := strings.Cut(tail, "["); ok {
			setTarget(e, strings.TrimSuffix(url, "]"))
		}
	} else {
		code, tail, _ := strings.Cut(rest, " ")
		e.Status, _ = status(code)
		if i := strings.LastIndex(tail, " in "); i >= 0 {
			took, _, _ := strings.Cut(tail[i+len(" in "):], " ")
			railsDuration(e, took)
		} else if took, ok := strings.CutPrefix(tail, "in "); ok { // a status without a name
			took, _, _ = strings.Cut(took, " ")
			railsDuration(e, took)
		}
	}
	if e.Status != 0 {
		e.Kind, e.Exchange = event.Request, true
	}
}

func railsDuration(e *event.Event, s string) {
	s, ok := strings.CutSuffix(s, "ms")
	if !ok {
		return
	}
	if d, ok := seconds(s); ok {
		e.Duration = event.Some(d / 1000)
	}
}

// lograge reads lograge's key=value line. Its 499 is put there by programs that catch the client's leaving.
func lograge(e *event.Event, s string) {
	if m := valueOf(s, "method="); isMethod(m) {
		e.Method = m
	}
	setTarget(e, valueOf(s, "path="))
	e.Status, _ = status(valueOf(s, "status="))
	if d, ok := seconds(valueOf(s, "duration=")); ok {
		e.Duration = event.Some(d / 1000)
	}
	if v := valueOf(s, "request_id="); v != "" {
		e.RequestID = v
	}
	e.Host = host(valueOf(s, "host="))
	for _, key := range [...]string{"remote_ip=", "client_ip=", "ip="} {
		if v := valueOf(s, key); isIP(v) {
			e.Client = v
			break
		}
	}
	e.Kind, e.Exchange = event.Request, true
	if _, text, ok := strings.Cut(s, " error='"); ok {
		text, _, _ = strings.Cut(text, "'")
		if class, message, ok := cutRubyException(text); ok && rubySignal(e, class, message, nil) {
			e.Message = text
			return
		}
	}
	if e.Status == 499 {
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseUnknown)
	}
}

// railsExceptions finds the exception of a record, in its first line or behind it, and those that caused it.
func railsExceptions(e *event.Event, message, behind string) {
	if !isRailsException(message) && behind == "" {
		return
	}
	lines := strings.Split(behind, "\n")
	for i, line := range lines {
		if len(line) > 2 && line[1] == ',' { // frames that were logged one by one
			lines[i] = cutRails(line).message
		}
	}
	request := e.Kind
	try := func(s string, frames []string) bool {
		class, text, ok := cutRubyException(s)
		if !ok || !isRubyError(class) || !rubySignal(e, class, text, frames) {
			return false
		}
		if class == "Errno::EPIPE" && e.Party == event.PartyUnknown { // no library's frames are there: a response was written
			e.Party, e.Phase = event.PartyClient, event.PhaseResponse
		}
		e.Message = s
		return true
	}
	if isRailsException(message) && try(strings.TrimRight(message, " "), lines) {
		return
	}
	causes := false
	for i, line := range lines[:min(len(lines), maxFrames)] {
		line = strings.TrimSpace(cut(line))
		if line == "Causes:" {
			causes = true
		}
		if (isRailsException(line) || causes && !isRubyFrame(line)) && try(line, lines[i+1:]) {
			return
		}
	}
	e.Kind = request
}

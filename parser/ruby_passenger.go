package parser

import (
	"strings"

	"hangup/event"
)

// Phusion Passenger's log (LoggingKit; before 5: Logging.cpp) and what its processes wrote to it:
//
//	[ I 2019-12-20 13:21:47.5051 83951/Ta age/Cor/Con/InternalUtils.cpp:60 ]: [Client 2-3674] message      5.1 and later
//	[ 2014-11-22 10:00:00.1234 83951/7f1 agents/HelperAgent/RequestHandler.h:480 ]: message                4 and 5.0
//	[ pid=2398 file=ext/nginx/HelperServer.cpp:478 time=2009-09-08 14:49:41.259 ]: message                 2 and 3
//	*** Exception Errno::EPIPE in Passenger RequestHandler (Broken pipe) (process 16217):
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "passenger",
			Summary:   "Phusion Passenger log",
			Example:   `[ I 2019-12-20 13:21:47.5051 83951/Ta age/Cor/Con/InternalUtils.cpp:60 ]: [Client 2-3674] Disconnecting client with error: client socket write error: Broken pipe (errno=32)`,
			Multiline: true,
		},
		rank: 30,
		make: func(o Options) (grammar, error) { return &passenger{clock: clock{zone: o.Zone}}, nil },
	})
}

type passenger struct {
	clock  clock
	trace  rubyTrace
	report bool // the open record's message begins on its next line
}

func (g *passenger) place(line string, open bool) place {
	h, ok := cutPassenger(line)
	if ok {
		g.trace.lost = false
		g.report = h.message == ""
		return opens
	}
	if strings.HasPrefix(line, "*** Exception ") && isPassengerException(line) || isPassengerOutput(line) {
		g.trace.lost, g.report = false, false
		return opens
	}
	if open && g.report && !isBlank(line) { // its lines are filled up without marks
		if strings.HasSuffix(line, ".") {
			g.report = false
		}
		return more
	}
	return g.trace.next(line, open)
}

func (g *passenger) remembers() bool { return g.trace.lost }

type passengerHead struct {
	level, time, pid, message string
}

func cutPassenger(s string) (h passengerHead, ok bool) {
	rest, ok := strings.CutPrefix(s, "[ ")
	if !ok {
		return h, false
	}
	i := strings.Index(rest[:min(len(rest), 200)], " ]:")
	if i < 0 {
		return h, false
	}
	head := rest[:i]
	h.message = strings.TrimPrefix(rest[i+len(" ]:"):], " ")
	if after, isOld := strings.CutPrefix(head, "pid="); isOld {
		h.pid, _, _ = strings.Cut(after, " ")
		_, h.time, ok = strings.Cut(after, " time=")
		return h, ok && pid(h.pid) != 0 && len(h.time) >= 19
	}
	if i := strings.IndexByte(head, ' '); i == 1 || i == 2 {
		if h.level = passengerLevel(head[:i]); h.level == "" {
			return h, false
		}
		head = head[i+1:]
	}
	if len(head) < 26 || head[4] != '-' || head[10] != ' ' || head[13] != ':' || head[19] != '.' {
		return h, false
	}
	i = strings.IndexByte(head[11:], ' ') + 11
	if i < 19 {
		return h, false
	}
	h.time, head = head[:i], head[i+1:]
	h.pid, _, ok = strings.Cut(head, "/")
	return h, ok && pid(h.pid) != 0
}

// passengerLevel names a level (LoggingKit's Forward.h).
func passengerLevel(s string) string {
	switch s {
	case "C":
		return "CRITICAL"
	case "E":
		return "ERROR"
	case "W":
		return "WARN"
	case "N":
		return "NOTICE"
	case "I":
		return "INFO"
	case "D", "D2", "D3":
		return "DEBUG"
	}
	return ""
}

// isPassengerOutput reads what an application wrote: "App 12345 stdout: text", "App 12345 output: text".
func isPassengerOutput(s string) bool {
	rest, ok := strings.CutPrefix(s, "App ")
	if !ok {
		return false
	}
	number, rest, _ := strings.Cut(rest, " ")
	return pid(number) != 0 && (strings.HasPrefix(rest, "stdout: ") || strings.HasPrefix(rest, "stderr: ") || strings.HasPrefix(rest, "output: "))
}

func isPassengerException(s string) bool {
	return strings.HasPrefix(s, "*** Exception ") && strings.Contains(s, " (process ")
}

func (g *passenger) read(text string, r *event.Record) event.Reason {
	e := &r.Event
	first, behind, _ := strings.Cut(text, "\n")
	e.Kind = event.Other
	h, ok := cutPassenger(first)
	switch {
	case ok:
		if e.Time, e.ZoneAssumed, ok = g.clock.iso(h.time); !ok {
			return event.BadTime
		}
		e.Level, e.PID = h.level, pid(h.pid)
	case isPassengerOutput(first):
		number, _, _ := strings.Cut(first[len("App "):], " ")
		e.PID = pid(number)
		return ""
	case isPassengerException(first):
		h.message = first
	default:
		return event.NoFormat
	}
	message := cut(h.message)
	if isPassengerException(message) {
		passengerException(e, message, behind)
		return ""
	}
	if message == "" && strings.HasPrefix(strings.TrimLeft(behind, " "), "Couldn't forward the HTTP response back to the HTTP client") {
		hangUp(e, event.PartyClient, event.HowUnknown, event.PhaseResponse)
		e.Message = strings.Join(strings.Fields(cut(behind)), " ")
		return ""
	}
	passengerMessage(e, message)
	return ""
}

// passengerErrors are the reasons for which a client or a request is given up (Core/Controller/InternalUtils.cpp,
// ForwardResponse.cpp, SendRequest.cpp, BufferBody.cpp, ServerKit/HttpServer.h, ServerKit/HttpChunkedBodyParser.h). Those
// that end in a colon are followed by an errno's text.
var passengerErrors = []struct {
	text  string
	party event.Party
	how   event.How
	phase event.Phase
}{
	{"client socket write error: ", event.PartyClient, 0, event.PhaseResponse},
	{"client socket read error: ", event.PartyClient, 0, event.PhaseRequest},
	{"error reading request body: ", event.PartyClient, 0, event.PhaseRequest},
	{"end of chunked request body encountered prematurely", event.PartyClient, event.HowClosed, event.PhaseRequest},
	{"app socket write error: ", event.PartyUpstream, 0, event.PhaseRequest},
	{"app socket read error: ", event.PartyUpstream, 0, event.PhaseWaiting},
	{"application did not send a complete response", event.PartyUpstream, event.HowClosed, event.PhaseResponse},
	{"error parsing app response chunked encoding: unexpected end-of-stream", event.PartyUpstream, event.HowClosed, event.PhaseResponse},
	{"Application sent EOF before finishing response headers", event.PartyUpstream, event.HowClosed, event.PhaseWaiting},
	{"Application socket read error occurred before finishing response headers", event.PartyUpstream, event.HowUnknown, event.PhaseWaiting},
}

// passengerMessage reads "[Client 2-3674] Disconnecting client with error: reason".
func passengerMessage(e *event.Event, s string) {
	if strings.HasPrefix(s, "[Client ") {
		if i := strings.Index(s, "] "); i > 0 {
			s = s[i+2:]
		}
	}
	reason, waiting := s, false
	for _, p := range [...]string{"Disconnecting client with error: ", "Disconnecting with error: ", "Disconnected client with warning: ", "Sending 502 response: "} {
		if rest, ok := strings.CutPrefix(s, p); ok {
			reason, waiting = rest, p == "Sending 502 response: "
			break
		}
	}
	for i := range passengerErrors {
		x := &passengerErrors[i]
		rest, ok := strings.CutPrefix(reason, x.text)
		if !ok {
			continue
		}
		how, at := x.how, x.phase
		if how == event.HowNone {
			if how, _ = strerrorHow(rest); how == event.HowNone {
				how = event.HowUnknown
			}
		}
		if waiting && x.party == event.PartyUpstream { // it can be sent only when no response has begun
			at = event.PhaseWaiting
		}
		hangUp(e, x.party, how, at)
		e.Message = s
		return
	}
}

// passengerException reads "*** Exception Errno::EPIPE in Passenger RequestHandler (Broken pipe) (process 16217, thread
// ...):" and its frames. A RequestHandler's socket is the client's; other objects speak with Passenger's own processes.
func passengerException(e *event.Event, s, behind string) {
	rest := s[len("*** Exception "):]
	class, rest, ok := strings.Cut(rest, " in ")
	object, text, ok2 := strings.Cut(rest, " (")
	i := strings.LastIndex(text, ") (process ")
	if !ok || !ok2 || i < 0 {
		return
	}
	number := text[i+len(") (process "):]
	number = strings.TrimRight(number[:min(len(number), 16)], "):")
	number, _, _ = strings.Cut(number, ",")
	if e.PID == 0 {
		e.PID = pid(number)
	}
	if !rubySignal(e, class, text[:i], strings.Split(behind, "\n")) {
		return
	}
	e.Message = s
	if object != "Passenger RequestHandler" && !strings.HasSuffix(object, "RequestHandler") && e.Party == event.PartyClient {
		e.Party, e.Phase = event.PartyUnknown, event.PhaseUnknown
	}
}

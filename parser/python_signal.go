package parser

import (
	"strings"

	"hangup/event"
)

// pythonError is an exception's account of a connection.
type pythonError struct {
	how   event.How
	party event.Party // PartyNone when the exception does not name it
	phase event.Phase // PhaseNone when it does not say
}

// pythonExceptions are exceptions that tell of a connection by their name, or by name and text. The text must begin
// the message; "" is any. Sources: CPython exceptions.c and http/client.py, aiohttp/web_protocol.py, tornado/iostream.py
// and websocket.py, starlette/requests.py, django/http/request.py, urllib3/connectionpool.py, requests/adapters.py,
// redis/connection.py, waitress/utilities.py, gunicorn/http/errors.py.
var pythonExceptions = []struct {
	name, text string
	pythonError
}{
	{"BrokenPipeError", "", pythonError{how: event.HowBrokenPipe}},
	{"ConnectionResetError", "Cannot write to closing transport", pythonError{event.HowClosed, event.PartyClient, event.PhaseResponse}},
	{"ConnectionResetError", "Connection lost", pythonError{event.HowClosed, event.PartyClient, event.PhaseRequest}},
	{"ConnectionResetError", "", pythonError{how: event.HowReset}},
	{"ClientConnectionResetError", "", pythonError{event.HowClosed, event.PartyClient, event.PhaseResponse}},
	{"ConnectionAbortedError", "", pythonError{how: event.HowAborted}},
	{"UnreadablePostError", "", pythonError{event.HowClosed, event.PartyClient, event.PhaseRequest}},
	{"ClientDisconnect", "", pythonError{event.HowClosed, event.PartyClient, event.PhaseRequest}},
	{"werkzeug.exceptions.ClientDisconnected", "", pythonError{event.HowClosed, event.PartyClient, event.PhaseRequest}},
	{"ClientDisconnected", "", pythonError{event.HowClosed, event.PartyClient, event.PhaseUnknown}},
	{"StreamClosedError", "Stream is closed", pythonError{event.HowClosed, event.PartyClient, event.PhaseResponse}},
	{"WebSocketClosedError", "", pythonError{event.HowClosed, event.PartyClient, event.PhaseResponse}},
	{"RemoteDisconnected", "", pythonError{event.HowClosed, event.PartyUpstream, event.PhaseWaiting}},
	{"ReadTimeout", "", pythonError{event.HowTimeout, event.PartyUpstream, event.PhaseWaiting}},
	{"ReadTimeoutError", "", pythonError{event.HowTimeout, event.PartyUpstream, event.PhaseWaiting}},
	{"ChunkedEncodingError", "", pythonError{event.HowClosed, event.PartyUpstream, event.PhaseResponse}},
	{"IncompleteRead", "", pythonError{event.HowClosed, event.PartyUpstream, event.PhaseResponse}},
	{"RequestAborted", "", pythonError{event.HowClosed, event.PartyClient, event.PhaseUnknown}}, // django/core/exceptions.py
	{"RequestPayloadError", "", pythonError{event.HowClosed, event.PartyClient, event.PhaseRequest}},
	{"OSError", "unexpected end of file while reading request", pythonError{event.HowClosed, event.PartyClient, event.PhaseRequest}}, // gevent/pywsgi.py
	{"IOError", "unexpected end of file while reading request", pythonError{event.HowClosed, event.PartyClient, event.PhaseRequest}},
	{"OSError", "write error", pythonError{event.HowUnknown, event.PartyClient, event.PhaseResponse}}, // uWSGI, plugins/python
	{"IOError", "write error", pythonError{event.HowUnknown, event.PartyClient, event.PhaseResponse}},
	{"OSError", "error during read", pythonError{event.HowUnknown, event.PartyClient, event.PhaseRequest}},
	{"IOError", "error during read", pythonError{event.HowUnknown, event.PartyClient, event.PhaseRequest}},
	{"OSError", "timeout during read", pythonError{event.HowTimeout, event.PartyClient, event.PhaseRequest}},
	{"IOError", "timeout during read", pythonError{event.HowTimeout, event.PartyClient, event.PhaseRequest}},
	{"NoMoreData", "", pythonError{event.HowClosed, event.PartyClient, event.PhaseRequest}},
	{"MaxSizeExceeded", "", pythonError{}}, // cheroot/errors.py: the server's own limit
	{"RemoteProtocolError", "Server disconnected", pythonError{event.HowClosed, event.PartyUpstream, event.PhaseWaiting}}, // httpcore/_async/http11.py
	{"RemoteProtocolError", "peer closed connection without sending complete message body", pythonError{event.HowClosed, event.PartyUpstream, event.PhaseResponse}},
	{"LocalProtocolError", "", pythonError{}},
	{"ServerDisconnectedError", "", pythonError{event.HowClosed, event.PartyUpstream, event.PhaseWaiting}}, // aiohttp/client_exceptions.py
	{"ClientPayloadError", "", pythonError{event.HowClosed, event.PartyUpstream, event.PhaseResponse}},
	{"ClientConnectorError", "", pythonError{}}, // it never connected
	{"ServerTimeoutError", "", pythonError{event.HowTimeout, event.PartyUpstream, event.PhaseWaiting}},
	{"SocketTimeoutError", "", pythonError{event.HowTimeout, event.PartyUpstream, event.PhaseWaiting}},
	{"ConnectionClosedError", "Connection was closed before we received a valid response", pythonError{event.HowClosed, event.PartyUpstream, event.PhaseWaiting}}, // botocore/exceptions.py
	{"ConnectionClosedError", "no close frame received or sent", pythonError{how: event.HowClosed}},                                                               // websockets/exceptions.py
	{"ConnectionClosedError", "sent 1011 (internal error) keepalive ping timeout", pythonError{how: event.HowTimeout}},
	{"ConnectionClosedError", "sent 1011 (unexpected error) keepalive ping timeout", pythonError{how: event.HowTimeout}},
	{"WebSocketDisconnect", "1006", pythonError{event.HowClosed, event.PartyClient, event.PhaseUnknown}}, // starlette/websockets.py: no close frame came
	{"WebSocketDisconnect", "(1006,", pythonError{event.HowClosed, event.PartyClient, event.PhaseUnknown}},
	{"IncompleteReadError", "", pythonError{how: event.HowClosed}}, // asyncio/exceptions.py
	{"ConnectionLost", "", pythonError{how: event.HowClosed}},      // twisted/internet/error.py
	{"ConnectionDone", "", pythonError{how: event.HowClosed}},
	{"SMTPServerDisconnected", "", pythonError{event.HowClosed, event.PartyUpstream, event.PhaseUnknown}},
	{"SSLEOFError", "EOF occurred in violation of protocol", pythonError{how: event.HowClosed}},
}

// pythonTexts are texts of exceptions that name the party whatever the exception's name is.
var pythonTexts = []struct {
	text string
	pythonError
}{
	{"('Connection aborted.', ", pythonError{event.HowClosed, event.PartyUpstream, event.PhaseUnknown}}, // urllib3: ProtocolError
	{"('Connection broken: ", pythonError{event.HowClosed, event.PartyUpstream, event.PhaseResponse}},
	{"Error while reading from socket", pythonError{event.HowUnknown, event.PartyUpstream, event.PhaseWaiting}}, // redis
	{"Connection closed by server.", pythonError{event.HowClosed, event.PartyUpstream, event.PhaseUnknown}},
	{"Timeout reading from socket", pythonError{event.HowTimeout, event.PartyUpstream, event.PhaseWaiting}},
	{"Timeout writing to socket", pythonError{event.HowTimeout, event.PartyUpstream, event.PhaseRequest}},
	{"server closed the connection unexpectedly", pythonError{event.HowClosed, event.PartyUpstream, event.PhaseWaiting}}, // libpq, fe-misc.c
	{"consuming input failed: server closed the connection unexpectedly", pythonError{event.HowClosed, event.PartyUpstream, event.PhaseWaiting}},
	{"(2006, 'MySQL server has gone away", pythonError{event.HowClosed, event.PartyUpstream, event.PhaseUnknown}}, // CR_SERVER_GONE_ERROR
	{`(2006, "MySQL server has gone away`, pythonError{event.HowClosed, event.PartyUpstream, event.PhaseUnknown}},
	{"(2013, 'Lost connection to MySQL server", pythonError{event.HowClosed, event.PartyUpstream, event.PhaseWaiting}}, // CR_SERVER_LOST
	{"(2013, 'Lost connection to server", pythonError{event.HowClosed, event.PartyUpstream, event.PhaseWaiting}},
}

// exceptionError reads the last line of a traceback, or the repr of an exception in a message.
func exceptionError(s string) (x pythonError, ok bool) {
	name, text, _ := strings.Cut(s, ": ")
	if strings.ContainsAny(name, " ('\"[") { // no name: "('Connection aborted.', ...)", "[Errno 32] Broken pipe"
		name, text = "", s
	}
	full := name
	name = name[strings.LastIndexByte(name, '.')+1:]
	text = unwrapped(text)
	how := textHow(text)
	if how == event.HowNone {
		how = pairHow(name, text)
	}
	if how == event.HowNone {
		how = reprHow(text)
	}
	for _, t := range pythonTexts {
		if strings.HasPrefix(text, t.text) {
			x = t.pythonError
			if how != event.HowNone {
				x.how = how
			}
			return x, true
		}
	}
	// redis/connection.py: "Error 32 while writing to socket. Broken pipe."
	if n, rest, isRedis := errorNumber(text); isRedis && strings.HasPrefix(rest, " while writing to socket") {
		return pythonError{orUnknownHow(errnoHow(n)), event.PartyUpstream, event.PhaseRequest}, true
	} else if isRedis && strings.HasPrefix(rest, " while reading from ") {
		return pythonError{orUnknownHow(errnoHow(n)), event.PartyUpstream, event.PhaseWaiting}, true
	}
	for _, e := range pythonExceptions {
		if (e.name == name || e.name == full) && strings.HasPrefix(text, e.text) {
			if x = e.pythonError; x.how == event.HowNone {
				return x, false
			}
			if how != event.HowNone {
				x.how = how
			}
			return x, true
		}
	}
	switch {
	case how != event.HowNone && how != event.HowTimeout:
		return pythonError{how: how}, true
	case strings.HasPrefix(text, "[Errno 9] Bad file descriptor"): // the socket was closed here: by whom is not known
		return pythonError{event.HowUnknown, event.PartyUnknown, event.PhaseNone}, true
	case isTimeout(name) && (how == event.HowTimeout || text == "timed out" || text == "" || text == "The read operation timed out" || text == "The write operation timed out"):
		return pythonError{how: event.HowTimeout}, true
	}
	return x, false
}

func isTimeout(name string) bool { return name == "timeout" || name == "TimeoutError" }

func orUnknownHow(h event.How) event.How {
	if h == event.HowNone {
		return event.HowUnknown
	}
	return h
}

// unwrapped takes off the name of the driver's exception that SQLAlchemy puts before its text: "(psycopg2.Error) ".
func unwrapped(s string) string {
	if s == "" || s[0] != '(' {
		return s
	}
	i := strings.Index(s[:min(len(s), 80)], ") ")
	if i < 2 || !isException(s[1:i]) {
		return s
	}
	return s[i+2:]
}

// textHow reads a message that begins with "[Errno 32] Broken pipe" or "[WinError 10054] An existing ...".
func textHow(s string) event.How {
	rest, ok := strings.CutPrefix(s, "[Errno ")
	if !ok {
		rest, ok = strings.CutPrefix(s, "[WinError ")
	}
	if !ok {
		return event.HowNone
	}
	number, _, ok := strings.Cut(rest, "]")
	n, isNumber := count(number)
	if !ok || !isNumber {
		return event.HowNone
	}
	return errnoHow(n)
}

// pairHow reads what old Pythons and pyOpenSSL write: "(32, 'Broken pipe')", "(104, 'ECONNRESET')".
func pairHow(name, s string) event.How {
	if s == "" || s[0] != '(' || name != "error" && name != "SysCallError" && name != "IOError" && name != "OSError" && name != "Error" {
		return event.HowNone
	}
	if name == "SysCallError" && strings.HasPrefix(s, "(-1, 'Unexpected EOF')") {
		return event.HowClosed
	}
	number, rest, ok := strings.Cut(s[1:], ",")
	n, isNumber := count(number)
	if !ok || !isNumber || !strings.HasPrefix(rest, " '") {
		return event.HowNone
	}
	return errnoHow(n)
}

// reprHow finds the repr of an error in a text: "ConnectionResetError(104, 'Connection reset by peer')",
// "BrokenPipeError(32, ...)", "error(32, 'Broken pipe')", "timeout('timed out',)".
func reprHow(s string) event.How {
	for _, name := range [...]string{"BrokenPipeError(", "ConnectionResetError(", "ConnectionAbortedError(", "OSError(", "error("} {
		_, rest, found := strings.Cut(s, name)
		if !found {
			continue
		}
		number, _, ok := strings.Cut(rest, ",")
		if n, isNumber := count(number); ok && isNumber {
			return errnoHow(n)
		}
		switch name {
		case "BrokenPipeError(":
			return event.HowBrokenPipe
		case "ConnectionResetError(":
			return event.HowReset
		case "ConnectionAbortedError(":
			return event.HowAborted
		}
	}
	return event.HowNone
}

// errorNumber reads "Error 32" and returns what follows.
func errorNumber(s string) (n int64, rest string, ok bool) {
	s, ok = strings.CutPrefix(s, "Error ")
	if !ok {
		return 0, "", false
	}
	i := 0
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	n, ok = count(s[:i])
	return n, s[i:], ok
}

// traceSignal makes the event a disconnect when a traceback tells of one. head is the message above it.
func traceSignal(e *event.Event, t trace, head string, logger string) bool {
	if t.exception != "" && exceptionSignal(e, t, head, logger) {
		return true
	}
	for _, m := range members(t.group) { // what a group holds happened, whatever else did
		if exceptionSignal(e, m, head, logger) {
			return true
		}
	}
	return false
}

func exceptionSignal(e *event.Event, t trace, head string, logger string) bool {
	line := t.exception
	x, ok := exceptionError(line)
	if !ok && t.cause != "" {
		line = t.cause
		x, ok = exceptionError(line)
	}
	if !ok || neverConnected(t.frames) {
		return false
	}
	party := x.party
	if party == event.PartyNone {
		party = frameParty(t.frames)
	}
	if party == event.PartyNone {
		party = messageParty(head, logger)
	}
	if x.how == event.HowTimeout && party == event.PartyNone {
		return false // any timeout is one of these
	}
	if party == event.PartyNone {
		party = event.PartyUnknown
	}
	at := x.phase
	if at == event.PhaseNone {
		at = framePhase(t.frames, party)
	}
	e.Message = line
	hangUp(e, party, x.how, at)
	return true
}

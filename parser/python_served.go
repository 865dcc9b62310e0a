package parser

import (
	"strings"

	"hangup/event"
)

// serverMessages are what servers say of a connection in words of their own. The texts are whole, or the beginning when
// they end in a blank. Sources: daphne/http_protocol.py, asyncio/selector_events.py, sanic/http/http1.py,
// tornado/http1connection.py.
var serverMessages = []struct {
	text  string
	party event.Party
	how   event.How
	phase event.Phase
}{
	{"HTTP disconnect for ", event.PartyClient, event.HowClosed, event.PhaseUnknown},
	{"- Broken pipe from ", event.PartyClient, event.HowBrokenPipe, event.PhaseUnknown}, // django/core/servers/basehttp.py
	{"Application timed out while sending response", event.PartyServer, event.HowTimeout, event.PhaseResponse},
	{"socket.send() raised exception.", event.PartyUnknown, event.HowUnknown, event.PhaseResponse},
	{"Connection lost before response written ", event.PartyClient, event.HowClosed, event.PhaseWaiting},
	{"Timeout reading body from ", event.PartyClient, event.HowTimeout, event.PhaseRequest},
}

func serverSignal(e *event.Event, message string) bool {
	for i := range serverMessages {
		x := &serverMessages[i]
		if message != x.text && (x.text[len(x.text)-1] != ' ' || !strings.HasPrefix(message, x.text)) {
			continue
		}
		hangUp(e, x.party, x.how, x.phase)
		e.Message = message
		peer(e, message)
		details(e, message)
		return true
	}
	return false
}

// served takes the path from waitress's messages (task.py, channel.py), where it is decoded and may hold blanks, and
// from Flask's: Exception on /boom [GET] (flask/app.py).
func served(e *event.Event, message string) {
	for _, text := range [...]string{"Client disconnected while serving /", "Exception while serving /"} {
		if strings.HasPrefix(message, text) {
			e.Path = message[len(text)-1:]
			return
		}
	}
	if path, ok := responsePath(message); ok { // django.request
		setTarget(e, path)
		return
	}
	rest, ok := strings.CutPrefix(message, "Exception on /")
	if i := strings.LastIndex(rest, " ["); ok && i >= 0 {
		if method, ok := strings.CutSuffix(rest[i+2:], "]"); ok && httpMethods[method] {
			e.Method = method
			setTarget(e, message[len("Exception on "):len(message)-len(rest)+i])
		}
	}
}

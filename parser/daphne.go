package parser

import (
	"strings"
	"time"

	"hangup/event"
)

// daphne's log (daphne/cli.py: a time and a level in eight columns) and its access log (daphne/access.py), which may
// be the same stream. That a client left shows at the level debug only.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "daphne",
			Summary:   "daphne's log and access log (-v 2: client hang-ups are debug)",
			Example:   `2026-11-23 07:08:12,691 DEBUG    HTTP disconnect for ['127.0.0.5', 39297]`,
			Multiline: true,
		},
		rank: 85,
		make: func(o Options) (grammar, error) {
			return &daphne{clock: clock{zone: o.Zone}, open: make(map[peerKey]daphneRequest)}, nil
		},
	})
}

type daphne struct {
	clock clock
	block block
	open  map[peerKey]daphneRequest
}

// peerKey is a connection.
type peerKey struct {
	client string
	port   uint16
}

// daphneRequest is what an earlier record told of a connection: the method, and when it came.
type daphneRequest struct {
	method string
	at     time.Time
}

const maxDaphne = 256 // connections that are remembered

var daphneMessages = []string{
	"HTTP ", "HTTP/2 support ", "HTTPFactory starting on ", "Starting server at ", "WebSocket ", "Configuring endpoint ", "Upgraded connection ", "Listening on TCP address ",
	"Sent WebSocket packet to client for ", "Application timed out while sending response", "Killed ",
}

// isDaphne says whether a message is one of daphne's.
func isDaphne(s string) bool {
	for _, m := range daphneMessages {
		if strings.HasPrefix(s, m) {
			return true
		}
	}
	return strings.HasPrefix(s, `"`) && strings.Contains(s[:min(len(s), 64)], `" - - [`)
}

// cutDaphne reads "2026-11-23 07:08:04,100 INFO     message".
func cutDaphne(s string) (h pyHead, ok bool) {
	if len(s) < 33 || s[23] != ' ' || !h.match("%C %L ", s) || len(h.time) != 23 || s[32] != ' ' || len(h.level) > 8 {
		return h, false
	}
	return h, true
}

// cutDaphneAccess reads 127.0.0.6:59807 - - [23/Nov/2026:07:08:14] "GET /big" 200 20000000.
func cutDaphneAccess(s string) (when, client, rest string, ok bool) {
	i := strings.Index(s[:min(len(s), 80)], " - - [")
	if i < 1 || len(s) < i+29 || s[i+26] != ']' || !stampCherryPy(s[i+6:i+26]) || s[i+28] != '"' {
		return "", "", "", false
	}
	return s[i+6 : i+26], s[:i], s[i+28:], true
}

func (g *daphne) place(line string, open bool) place {
	if _, ok := cutDaphne(line); ok {
		return g.block.begin()
	}
	if _, _, _, ok := cutDaphneAccess(line); ok {
		return whole
	}
	return g.block.next(line, open)
}

func (g *daphne) remembers() bool { return len(g.open) > 0 || g.block.remembers() }

func (g *daphne) read(text string, r *event.Record) event.Reason {
	e := &r.Event
	first, lines := splitRecord(text, r.Lines)
	if when, client, rest, ok := cutDaphneAccess(first); ok {
		return g.access(e, when, client, rest)
	}
	h, ok := cutDaphne(first)
	if !ok {
		return readBlock(e, first, lines)
	}
	if why := h.read(&g.clock, e, lines); why != "" {
		return why
	}
	g.connection(e, h.message)
	return ""
}

// access reads a line of the access log. Its WebSocket lines, "WSCONNECT /chat" - -, tell of no exchange.
func (g *daphne) access(e *event.Event, when, client, rest string) event.Reason {
	ok := false
	if e.Time, ok = g.clock.apacheLocal(when, ':'); !ok {
		return event.BadTime
	}
	e.ZoneAssumed = true
	e.Kind = event.Other
	a, p := addressPort(client)
	if a, ok := cutPyAccess(rest); ok {
		if !a.set(e) || !a.size(e) || a.rest != "" || e.Protocol != "" {
			return event.NoFormat
		}
		e.Kind, e.Exchange = event.Request, true
	} else if !strings.HasPrefix(rest, `"WS`) || !strings.HasSuffix(rest, `" - -`) {
		return event.NoFormat
	}
	e.Client, e.ClientPort = a, p
	return ""
}

// connection reads the messages about a connection (daphne/http_protocol.py): HTTP b'GET' request for [ip, port], HTTP
// 200 response started for ..., HTTP disconnect for ... The first tells the last's method and how long it waited.
func (g *daphne) connection(e *event.Event, message string) {
	i := strings.LastIndex(message[:min(len(message), 400)], " for ['")
	if i < 0 || !strings.HasPrefix(message, "HTTP ") && !strings.HasPrefix(message, "WebSocket ") {
		return
	}
	a, p, n := peerAt(message[i+len(" for "):])
	if n == 0 {
		return
	}
	e.Client, e.ClientPort = a, p
	key := peerKey{a, p}
	switch method, isRequest := strings.CutSuffix(strings.TrimPrefix(message[:i], "HTTP "), "' request"); {
	case isRequest && strings.HasPrefix(method, "b'"):
		if len(g.open) >= maxDaphne {
			clear(g.open)
		}
		key.client = strings.Clone(a)
		g.open[key] = daphneRequest{strings.Clone(method[2:]), e.Time}
	case e.Kind == event.Disconnect:
		if q, ok := g.open[key]; ok {
			if d := e.Time.Sub(q.at); d >= 0 {
				e.Method, e.Duration, e.Recovered = q.method, event.Some(d), true
			}
		}
		delete(g.open, key)
	case strings.HasPrefix(message, "HTTP response complete") || strings.HasPrefix(message, "HTTP close"):
		delete(g.open, key)
	}
}

package parser

import (
	"strings"

	"hangup/event"
)

// chi's middleware.Logger (middleware/logger.go), which writes through Go's log package:
//
//	2026/11/23 07:14:19 [host/id-000001] "GET http://host/path HTTP/1.1" from 203.0.113.7:58363 - 200 5B in 38.577µs
//
// The id is there with middleware.RequestID only, colours on a terminal only. Other records of the log package are
// those of the same program.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "chi",
			Summary:   "chi's middleware.Logger (Go), with what else the program logs",
			Example:   `2026/11/23 07:14:19 [web-1/Y3YsGkZ6Pq-000001] "GET http://shop.example/fast HTTP/1.1" from 203.0.113.7:58363 - 200 5B in 38.577µs`,
			Durations: true,
			Multiline: true,
		},
		rank: 73,
		make: func(o Options) (grammar, error) { return &chi{clock: clock{zone: o.Zone}}, nil },
	})
}

type chi struct {
	clock clock
	dump  goDump
}

func (g *chi) place(line string, open bool) place {
	h, ok := cutGoLog(line)
	if !ok {
		bare := stripColour(line)
		if !open && strings.HasPrefix(bare, " panic: ") { // middleware/recoverer.go: its stack is indented
			return g.dump.begin()
		}
		return g.dump.next(bare, open)
	}
	h.message = stripColour(h.message)
	if _, _, _, isAccess := cutChi(h.message); isAccess {
		g.dump.begin()
		return whole
	}
	if goForeign(h.message) {
		return whole
	}
	return g.dump.begin()
}

func (g *chi) remembers() bool { return g.dump.lost }

func (g *chi) read(text string, r *event.Record) event.Reason {
	first, _, _ := strings.Cut(text, "\n")
	h, ok := cutGoLog(first)
	if !ok {
		if isGoCrash(strings.TrimPrefix(stripColour(first), " ")) {
			r.Kind, r.Level = event.Other, "PANIC"
			return ""
		}
		return event.NoFormat
	}
	h.message = stripColour(h.message)
	e := &r.Event
	id, request, rest, ok := cutChi(h.message)
	if !ok {
		if goForeign(h.message) {
			return event.NoFormat
		}
		return goStdRecord(&g.clock, e, h)
	}
	if e.Time, ok = g.clock.sql(h.date, '/'); !ok {
		return event.BadTime
	}
	e.ZoneAssumed, e.Exchange = true, true
	e.RequestID = id
	setRequest(e, request)
	return chiTail(e, rest)
}

// cutChi takes the id and the request line from a message.
func cutChi(s string) (id, request, rest string, ok bool) {
	if s != "" && s[0] == '[' {
		i := strings.Index(s[:min(len(s), 256)], "] ")
		if i < 0 {
			return "", "", "", false
		}
		id, s = s[1:i], s[i+2:]
	}
	if s == "" || s[0] != '"' {
		return "", "", "", false
	}
	// The request line is not escaped: it ends where " from " follows its protocol.
	i := strings.Index(s, "\" from ")
	if i < 1 || !strings.Contains(s[:i], " HTTP/") || !strings.Contains(s[i:], " - ") {
		return "", "", "", false
	}
	return id, s[1:i], s[i+len("\" from "):], true
}

// chiTail reads "203.0.113.7:58363 - 200 5B in 38.577µs".
func chiTail(e *event.Event, s string) event.Reason {
	peer, s, ok1 := strings.Cut(s, " - ")
	code, s, ok2 := strings.Cut(s, " ")
	size, took, ok3 := strings.Cut(s, " in ")
	number, isBytes := strings.CutSuffix(size, "B")
	n, ok4 := count(number)
	if !ok1 || !ok2 || !ok3 || !ok4 || !isBytes {
		return event.NoFormat
	}
	if isAddress(peer) {
		e.Client, e.ClientPort = addressPort(peer)
	}
	e.Bytes = event.Some(n)
	d, ok := goDuration(took)
	if !ok {
		return event.BadNumber
	}
	e.Duration = event.Some(d)
	if e.Status, ok = status(code); !ok {
		return event.NoFormat
	}
	e.Kind = event.Request
	if e.Status == 0 { // nothing was written: the client had gone, or the handler panicked
		e.ZeroStatus = true
		hangUp(e, event.PartyUnknown, event.HowUnknown, event.PhaseWaiting)
	}
	return ""
}

// stripColour takes terminal colours (ECMA-48's SGR sequences) out of a line.
func stripColour(s string) string {
	i := strings.IndexByte(s, 0x1b)
	if i < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for {
		out = append(out, s[:i]...)
		s = s[i:]
		end := 1
		if len(s) > 1 && s[1] == '[' {
			end = 2
			for end < len(s) && end < 24 && (isDigit(s[end]) || s[end] == ';') {
				end++
			}
			if end < len(s) && s[end] == 'm' {
				end++
			}
		}
		s = s[end:]
		if i = strings.IndexByte(s, 0x1b); i < 0 {
			return string(append(out, s...))
		}
	}
}

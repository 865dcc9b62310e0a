package parser

import (
	"strings"

	"hangup/event"
)

// hypercorn's log (hypercorn/logging.py): gunicorn's head, and access lines behind it whose requests have the version
// only: "GET /fast 1.1".
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "hypercorn",
			Summary:   "hypercorn's log and access log",
			Example:   `[2026-11-23 07:07:44 +0000] [5096] [INFO] 127.0.0.3:42435 - - [23/Nov/2026:07:07:44 +0000] "GET /fast 1.1" 200 5 "-" "curl/7.88.1"`,
			Multiline: true,
		},
		rank: 78,
		make: func(o Options) (grammar, error) { return &hypercorn{clock: clock{zone: o.Zone}}, nil },
	})
}

type hypercorn struct {
	clock clock
	block block
}

// isHypercorn says whether a message with gunicorn's head is hypercorn's: gunicorn writes its access log without one.
func isHypercorn(message string) bool {
	if strings.HasPrefix(message, "Running on http") || strings.HasPrefix(message, "Error in ASGI Framework") {
		return true
	}
	i := strings.Index(message[:min(len(message), 80)], " - - [")
	if i < 3 {
		return false
	}
	a, _ := addressPort(message[:i])
	return isIP(a)
}

func (g *hypercorn) place(line string, open bool) place {
	if _, ok := cutGunicorn(line); ok {
		return g.block.begin()
	}
	return g.block.next(line, open)
}

func (g *hypercorn) remembers() bool { return g.block.remembers() }

func (g *hypercorn) read(text string, r *event.Record) event.Reason {
	e := &r.Event
	first, lines := splitRecord(text, r.Lines)
	h, ok := cutGunicorn(first)
	if !ok || h.logger != "" {
		return readBlock(e, first, lines)
	}
	if e.Time, e.ZoneAssumed, ok = g.clock.iso(h.time); !ok {
		return event.BadTime
	}
	e.PID, e.Level = pid(h.pid), h.level
	pythonRecord(&g.clock, e, h.message, lines)
	return ""
}

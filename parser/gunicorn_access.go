package parser

import (
	"strings"

	"hangup/event"
)

// gunicorn's access log: its default access_log_format (gunicorn/glogging.py), which is combined, with %(D)s
// (microseconds), %(L)s (seconds with six digits), %(M)s or both behind it.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "gunicorn-access",
			Summary:   "gunicorn access log, default access_log_format, with %(D)s and %(L)s behind it or not",
			Example:   `127.0.0.2 - - [23/Nov/2026:07:07:18 +0000] "GET /fast HTTP/1.1" 200 5 "-" "curl/7.88.1" 321`,
			Durations: true,
		},
		rank: 11,
		make: func(o Options) (grammar, error) { return &gunicornAccess{clock: clock{zone: o.Zone}}, nil },
	})
}

type gunicornAccess struct {
	oneLine
	clock clock
	x     exchange
}

func (g *gunicornAccess) read(line string, r *event.Record) event.Reason {
	g.x.reset(line, escapeQuote)
	rest, ok := cutCombined(line, &g.x)
	if !ok {
		return event.NoFormat
	}
	e := &r.Event
	for rest != "" {
		if rest[0] != ' ' {
			return event.NoFormat
		}
		var s string
		s, rest = rest[1:], ""
		if i := strings.IndexByte(s, ' '); i >= 0 {
			s, rest = s[:i], s[i:]
		}
		if point := strings.IndexByte(s, '.'); point >= 0 { // %(L)s
			d, ok := seconds(s)
			if !ok || len(s)-point != 7 {
				return event.NoFormat
			}
			e.Duration = event.Some(d)
			continue
		}
		n, ok := count(s) // %(D)s
		if !ok {
			return event.NoFormat
		}
		if d, ok := micros(n); ok && !e.Duration.OK {
			e.Duration = event.Some(d)
		}
	}
	took := e.Duration
	if why := g.x.event(&g.clock, e); why != "" {
		return why
	}
	e.Duration = took
	// gunicorn's statuses are the application's: it has no 499, and a 400 without a body is an answer.
	e.Kind, e.Party, e.How, e.Phase = event.Request, event.PartyNone, event.HowNone, event.PhaseNone
	return ""
}

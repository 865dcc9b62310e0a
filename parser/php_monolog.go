package parser

import (
	"strings"

	"hangup/event"
)

type monologHead struct {
	time, channel, level, message string
}

// cutMonolog reads the head of Monolog's LineFormatter, "[%datetime%] %channel%.%level_name%: %message% %context%
// %extra%": "[2026-11-22T10:00:00.123456+00:00] app.ERROR: ", "[2026-11-22 10:00:00] production.ERROR: ".
func cutMonolog(s string) (h monologHead, ok bool) {
	if len(s) < 30 || s[0] != '[' || s[5] != '-' || s[8] != '-' || s[11] != ' ' && s[11] != 'T' {
		return h, false
	}
	i := strings.IndexByte(s[:min(len(s), 40)], ']')
	if i < 20 || i+2 >= len(s) || s[i+1] != ' ' {
		return h, false
	}
	h.time = s[1:i]
	name, message, ok := strings.Cut(s[i+2:min(len(s), i+200)], ":")
	if !ok || message != "" && message[0] != ' ' {
		return h, false
	}
	point := strings.LastIndexByte(name, '.')
	if point < 1 || strings.IndexByte(name, ' ') >= 0 || !monologLevels[name[point+1:]] {
		return h, false
	}
	h.channel, h.level = name[:point], name[point+1:]
	h.message = strings.TrimPrefix(s[i+2+len(name)+1:], " ")
	return h, true
}

// monologLevels are the levels of RFC 5424, which Monolog writes in capitals.
var monologLevels = map[string]bool{
	"DEBUG": true, "INFO": true, "NOTICE": true, "WARNING": true, "ERROR": true, "CRITICAL": true, "ALERT": true, "EMERGENCY": true,
}

// monolog reads a record of Monolog. Its message ends where the context begins, a JSON object or list. An exception in
// the context says the same as the message, or more.
func (g *php) monolog(e *event.Event, h monologHead, text string) event.Reason {
	var ok bool
	if e.Time, e.ZoneAssumed, ok = g.clock.iso(h.time); !ok {
		return event.BadTime
	}
	e.Logger, e.Level = h.channel, h.level
	message, context := h.message, ""
	for _, mark := range [...]string{` {"`, " [] ", " {} "} {
		if before, after, ok := strings.Cut(message, mark); ok {
			message, context = before, mark[1:]+after
			break
		}
	}
	// Symfony quotes the exception's text: Uncaught PHP Exception ErrorException: "Warning: ..." at /a.php line 1
	if rest, ok := strings.CutPrefix(message, "Uncaught PHP Exception "); ok {
		_, rest, _ = strings.Cut(rest, `: "`)
		if i := strings.LastIndex(rest, `" at `); i >= 0 {
			message = rest[:i]
		}
	}
	phpSignal(e, cut(message))
	if _, exception, found := strings.Cut(context, `"exception":"[object] (`); found && e.Kind == event.Other {
		if i := strings.Index(exception, "): "); i >= 0 {
			exception = exception[i+3:]
		}
		phpSignal(e, cut(exception))
	}
	_, behind, _ := strings.Cut(text, "\n")
	for line := range strings.SplitSeq(cut(behind), "\n") {
		if rest, ok := strings.CutPrefix(line, "[previous exception] [object] ("); ok && e.Kind == event.Other {
			phpSignal(e, rest)
		}
	}
	monologRequest(e, context)
	return ""
}

// monologRequest takes what Symfony's request channel and many middlewares put into the context.
func monologRequest(e *event.Event, context string) {
	context = cut(context)
	value := func(key string) string {
		_, rest, ok := strings.Cut(context, `"`+key+`":`)
		if !ok {
			return ""
		}
		v, _, ok := quoted(rest)
		if !ok {
			return ""
		}
		return escapeJSON.unescape(v)
	}
	if v := value("method"); v != "" && isMethod(v) {
		e.Method = v
	}
	for _, key := range [...]string{"request_uri", "uri", "url", "path"} {
		if v := value(key); v != "" && (v[0] == '/' || strings.HasPrefix(v, "http")) {
			setTarget(e, v)
			break
		}
	}
	for _, key := range [...]string{"ip", "client_ip", "clientIp"} {
		if v := value(key); isIP(v) {
			e.Client = v
			break
		}
	}
}

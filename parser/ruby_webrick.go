package parser

import (
	"strings"
	"time"

	"hangup/event"
)

// WEBrick's log (webrick/log.rb) and its access log (webrick/accesslog.rb), which writes a line of the common log format
// and one of the referer.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "webrick",
			Summary:   "WEBrick: its log, access and referer lines",
			Example:   `[2026-11-23 07:11:43] ERROR Errno::ECONNRESET: Connection reset by peer @ io_fillbuf - fd:8`,
			Multiline: true,
		},
		rank: 62,
		make: func(o Options) (grammar, error) { return &webrick{clock: clock{zone: o.Zone}}, nil },
	})
}

type webrick struct {
	clock clock
	trace rubyTrace
}

func (g *webrick) place(line string, open bool) place {
	switch {
	case isWEBrickReferer(line):
		return whole
	case len(line) > 22 && line[0] == '[':
		if _, ok := cutWEBrick(line); ok {
			g.trace.lost = false
			return opens
		}
	}
	if _, ok := cutWEBrickAccess(line); ok {
		g.trace.lost = false
		return whole
	}
	return g.trace.next(line, open)
}

func (g *webrick) remembers() bool { return g.trace.lost }

type webrickHead struct {
	time, level, message string
}

func cutWEBrick(s string) (h webrickHead, ok bool) {
	if len(s) < 28 || s[0] != '[' || s[5] != '-' || s[8] != '-' || s[11] != ' ' || s[20] != ']' || s[21] != ' ' || len(s) > 28 && s[27] != ' ' {
		return h, false
	}
	h.level = strings.TrimRight(s[22:27], " ")
	switch h.level {
	case "FATAL", "ERROR", "WARN", "INFO", "DEBUG":
	default:
		return h, false
	}
	h.time, h.message = s[1:20], strings.TrimSpace(s[27:])
	return h, true
}

// isWEBrickReferer reads "http://shop.example/cart -> /fast", "- -> /fast".
func isWEBrickReferer(s string) bool {
	referer, target, ok := strings.Cut(s, " -> ")
	if !ok {
		referer, ok = strings.CutSuffix(s, " ->")
	}
	return ok && (referer == "-" || strings.HasPrefix(referer, "http://") || strings.HasPrefix(referer, "https://")) &&
		(target == "" || target == "-" || target[0] == '/' || target[0] == '*' || strings.Contains(target, "://")) && strings.IndexByte(referer, ' ') < 0
}

type webrickAccess struct {
	client, time, zone, request, status, bytes string
}

// cutWEBrickAccess reads a line of the access log: the time has a zone's name.
func cutWEBrickAccess(s string) (a webrickAccess, ok bool) {
	i := strings.Index(s[:min(len(s), 400)], " [")
	if i < 4 || len(s) < i+26 {
		return a, false
	}
	a.client, _, _ = strings.Cut(s[:i], " ")
	end := strings.IndexByte(s[:min(len(s), i+40)], ']')
	if end < i+24 || !isAddress(a.client) || s[i+4] != '/' || s[i+22] != ' ' && s[i+22] != ']' {
		return a, false
	}
	a.time, a.zone = s[i+2:i+22], strings.TrimPrefix(s[i+22:end], " ")
	if a.zone == "" || isDigit(a.zone[len(a.zone)-1]) && a.zone[0] != '+' && a.zone[0] != '-' || len(a.zone) == 5 { // with %z it is another's
		return a, false
	}
	var rest string
	if len(s) < end+3 {
		return a, false
	}
	if a.request, rest, ok = quoted(s[end+2:]); !ok || rest == "" || rest[0] != ' ' {
		return a, false
	}
	a.status, a.bytes, ok = strings.Cut(rest[1:], " ")
	_, isCount := count(a.bytes)
	return a, ok && (isCount || a.bytes == "-")
}

func (g *webrick) read(text string, r *event.Record) event.Reason {
	e := &r.Event
	first, behind, _ := strings.Cut(text, "\n")
	e.Kind = event.Other
	if isWEBrickReferer(first) {
		return ""
	}
	if h, ok := cutWEBrick(first); ok {
		if e.Time, ok = g.clock.sql(h.time, '-'); !ok {
			return event.BadTime
		}
		e.ZoneAssumed, e.Level = true, h.level
		webrickMessage(e, h.message, behind)
		return ""
	}
	a, ok := cutWEBrickAccess(first)
	if !ok {
		return event.NoFormat
	}
	civil, ok := civilApache(a.time, ':')
	if !ok {
		return event.BadTime
	}
	if offset, known := zoneNameOffset(a.zone); known {
		e.Time = time.Unix(civil-offset, 0).UTC()
	} else {
		e.Time, _ = g.clock.local(civil, "")
		e.ZoneAssumed = true
	}
	if e.Status, ok = status(a.status); !ok {
		return event.NoFormat
	}
	if n, ok := count(a.bytes); ok {
		e.Bytes = event.Some(n)
	}
	e.Client = address(a.client)
	setRequest(e, a.request)
	e.Kind, e.Exchange = event.Request, true
	return ""
}

// webrickMessage reads a message. "invalid body size." says that a request's body ended before its length
// (webrick/httprequest.rb, read_body).
func webrickMessage(e *event.Event, s, behind string) {
	s = cut(s)
	if rest, ok := strings.CutPrefix(s, "accept: "); ok {
		e.Client, e.ClientPort = webrickPeer(rest)
		return
	}
	if rest, ok := strings.CutPrefix(s, "close: "); ok {
		e.Client, e.ClientPort = webrickPeer(rest)
		return
	}
	if s == "invalid body size." {
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseRequest)
		e.Message = s
		return
	}
	class, text, ok := cutRubyException(s)
	if ok && isRubyError(class) && rubySignal(e, class, text, strings.Split(behind, "\n")) {
		e.Message = s
	}
}

func webrickPeer(s string) (string, uint16) {
	a, p := addressPort(s)
	if !isIP(a) {
		return "", 0
	}
	return a, p
}

package parser

import (
	"strings"

	"hangup/event"
)

// Squid's access log in its native format (doc: logformat squid), and in its common and combined ones, which end with
// the result code. The lines of cache.log, which many write to the same place, are notices.
//
//	%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "squid",
			Summary:   "Squid access log, native format; also its common and combined formats",
			Example:   `1426235912.366     16 192.0.2.50 TCP_MISS_ABORTED/000 0 GET http://garfield.example/comic/2015-03-13 - HIER_DIRECT/192.0.2.59 -`,
			Durations: true,
		},
		rank: 20,
		make: func(o Options) (grammar, error) { return &squid{clock: clock{zone: o.Zone}}, nil },
	})
}

type squid struct {
	oneLine
	clock clock
}

func (g *squid) read(line string, r *event.Record) event.Reason {
	e := &r.Event
	s := line
	if h, message, ok := cutSyslog(line); ok {
		if !strings.Contains(h.tag, "squid") {
			return event.NoFormat
		}
		s, e.PID = message, h.pid
	}
	switch {
	case len(s) > 20 && s[4] == '/' && s[7] == '/':
		return g.notice(s, e)
	case len(s) > 14 && s[10] == '.' && isDigit(s[0]):
		return g.native(s, e)
	}
	return g.common(s, e)
}

func (g *squid) native(s string, e *event.Event) event.Reason {
	var f [9]string // time, elapsed, client, result, bytes, method, URL, user, hierarchy
	for i := range f {
		s = strings.TrimLeft(s, " ")
		var ok bool
		if f[i], s, ok = strings.Cut(s, " "); !ok && i < len(f)-1 {
			return event.NoFormat
		}
	}
	result, code, ok1 := strings.Cut(f[3], "/")
	hierarchy, peer, ok2 := strings.Cut(f[8], "/")
	if !ok1 || !ok2 || !isSquidTag(result) || !isSquidWord(hierarchy) {
		return event.NoFormat
	}
	var ok bool
	if e.Time, ok = epoch(f[0]); !ok {
		return event.BadTime
	}
	elapsed, ok := integer(f[1])
	if !ok {
		return event.BadNumber
	}
	if elapsed >= 0 {
		d, ok := millis(elapsed)
		if !ok {
			return event.BadNumber
		}
		e.Duration = event.Some(d)
	}
	if !isAddress(f[2]) && f[2] != "-" {
		return event.NoFormat
	}
	e.Client = address(f[2])
	if peer != "-" {
		e.Upstream = peer
	}
	return squidExchange(e, result, code, f[4], f[5], f[6])
}

// squidExchange reads what all formats have.
func squidExchange(e *event.Event, result, code, bytes, method, target string) event.Reason {
	n, ok := count(bytes)
	if !ok {
		return event.BadNumber
	}
	e.Bytes = event.Some(n)
	if e.Status, ok = status(code); !ok {
		return event.BadNumber
	}
	failed := strings.HasPrefix(target, "error:")
	if method != "NONE" && method != "-" {
		e.Method = method
	}
	if !failed && target != "-" {
		setTarget(e, target)
	}
	e.Exchange = true
	squidOutcome(e, result, target, failed)
	return ""
}

// squidOutcome says how the exchange ended, by the result code (src/LogTags.cc: the tag, then _IGNORED, _TIMEDOUT and
// _ABORTED for what went wrong). _ABORTED is "other abnormal termination": the client's as a rule, but certainly only
// where nothing had been sent.
func squidOutcome(e *event.Event, result, target string, failed bool) {
	e.Kind = event.Request
	nothing := e.Bytes.V == 0
	switch aborted := strings.HasSuffix(result, "_ABORTED"); {
	case strings.Contains(result, "_TIMEDOUT"):
		if e.Status == 504 {
			hangUp(e, event.PartyUpstream, event.HowTimeout, event.PhaseWaiting)
			return
		}
		hangUp(e, event.PartyUnknown, event.HowTimeout, event.PhaseResponse)
	case target == "error:transaction-end-before-headers", aborted && failed:
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseRequest)
	case aborted && e.Status == 0 && nothing:
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseWaiting)
	case aborted && nothing:
		hangUp(e, event.PartyUnknown, event.HowClosed, event.PhaseWaiting)
	case aborted:
		hangUp(e, event.PartyUnknown, event.HowClosed, event.PhaseResponse)
	case e.Status == 408 && (strings.HasPrefix(result, "NONE") || result == "TAG_NONE"):
		hangUp(e, event.PartyClient, event.HowTimeout, event.PhaseRequest) // Squid's own: the request did not arrive
	}
}

// isSquidTag says whether s is a result code: NONE, or words behind the protocol.
func isSquidTag(s string) bool {
	first, _, more := strings.Cut(s, "_")
	switch first {
	case "TCP", "UDP", "ICP", "HTCP", "TAG":
		return more && isSquidWord(s)
	case "NONE", "ERR":
		return isSquidWord(s)
	}
	return false
}

// isSquidWord says whether s is capitals and underscores, as result and hierarchy codes are.
func isSquidWord(s string) bool {
	for i := range len(s) {
		if (s[i] < 'A' || s[i] > 'Z') && s[i] != '_' && (!isDigit(s[i]) || i == 0) {
			return false
		}
	}
	return len(s) >= 3
}

// common reads `client ident user [time] "request" status bytes["referer" "agent"] RESULT:HIERARCHY`.
func (g *squid) common(s string, e *event.Event) event.Reason {
	i := strings.LastIndexByte(s, ' ')
	if i < 0 || len(s)-i > 80 {
		return event.NoFormat
	}
	result, hierarchy, ok := strings.Cut(s[i+1:], ":")
	if !ok || !isSquidTag(result) || !isSquidWord(hierarchy) {
		return event.NoFormat
	}
	client, s, _ := strings.Cut(s[:i], " ")
	_, s, ok = strings.Cut(s, " [")
	if !ok || !isAddress(client) || len(s) < 28 || s[26] != ']' {
		return event.NoFormat
	}
	at := s[:26]
	request, s, ok := quoted(s[28:])
	if !ok || !strings.HasPrefix(s, " ") {
		return event.NoFormat
	}
	code, s, _ := strings.Cut(s[1:], " ")
	bytes, s, more := strings.Cut(s, " ")
	if more {
		referer, rest, ok := quoted(s)
		if !ok || !strings.HasPrefix(rest, " ") {
			return event.NoFormat
		}
		agent, _, ok := quoted(rest[1:])
		if !ok {
			return event.NoFormat
		}
		e.Referer, e.UserAgent = dash(referer), dash(agent)
	}
	if e.Time, ok = g.clock.apache(at); !ok {
		return event.BadTime
	}
	e.Client = address(client)
	method, target, _ := strings.Cut(request, " ")
	if i := strings.LastIndexByte(target, ' '); i >= 0 && isProtocol(target[i+1:]) {
		e.Protocol, target = target[i+1:], target[:i]
	}
	return squidExchange(e, result, code, bytes, method, target)
}

// notice reads cache.log: "2016/12/09 17:55:03[.123][ kid1]| [ERROR: ]message".
func (g *squid) notice(s string, e *event.Event) event.Reason {
	head, message, ok := strings.Cut(s, "| ")
	if !ok || len(head) < len("2016/12/09 ") || len(head) > 40 {
		return event.NoFormat
	}
	at, kid, _ := strings.Cut(head[11:], " ")
	if kid != "" && !strings.HasPrefix(kid, "kid") {
		return event.NoFormat
	}
	if e.Time, ok = g.clock.sql(head[:11+len(at)], '/'); !ok {
		return event.BadTime
	}
	e.ZoneAssumed = true
	e.Kind, e.Message = event.Other, message
	for _, level := range [...]string{"FATAL", "ERROR", "WARNING", "SECURITY ALERT", "SECURITY ERROR", "SECURITY NOTICE"} {
		if rest, ok := strings.CutPrefix(message, level+": "); ok {
			e.Level, e.Message = level, rest
			break
		}
	}
	return ""
}

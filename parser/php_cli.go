package parser

import (
	"strings"

	"hangup/event"
)

// PHP's built-in server (sapi/cli/php_cli_server.c), with the worker's process (since 7.4, with PHP_CLI_SERVER_WORKERS) or
// without, colours on a terminal:
//
//	[15837] [Mon Nov 23 07:11:31 2026] 203.0.113.7:44837 [200]: GET /index.php
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "php-cli-server",
			Summary:   "PHP's built-in server (php -S)",
			Example:   `[Mon Nov 23 07:11:39 2026] 203.0.113.7:57157 Invalid request (Unexpected EOF)`,
			Multiline: true,
		},
		rank: 45,
		make: func(o Options) (grammar, error) { return &phpCLI{clock: clock{zone: o.Zone}}, nil },
	})
}

type phpCLI struct{ clock clock }

func (g *phpCLI) place(line string, open bool) place {
	if _, ok := cutPHPCLI(line); ok {
		return opens
	}
	switch {
	case !open && isPHPFrame(line):
		return stray
	case !open:
	case isBlank(line):
		return maybe
	case isPHPTrace(line), isIndented(line):
		return more
	}
	return whole
}

func (*phpCLI) remembers() bool { return false }

type phpCLIHead struct {
	pid, time, message string
}

func cutPHPCLI(s string) (h phpCLIHead, ok bool) {
	if len(s) > 2 && s[0] == '[' && isDigit(s[1]) {
		i := strings.Index(s[:min(len(s), 14)], "] [")
		if i < 2 || pid(s[1:i]) == 0 {
			return h, false
		}
		h.pid, s = s[1:i], s[i+2:]
	}
	if len(s) < 27 || s[0] != '[' || s[25] != ']' || s[26] != ' ' || s[4] != ' ' || s[14] != ':' {
		return h, false
	}
	if len(s) > 27 && s[27] == '[' { // Apache's level, or an address of IPv6
		i := strings.IndexByte(s[28:min(len(s), 80)], ']')
		if i < 0 || !isIP(s[28:28+i]) {
			return h, false
		}
	}
	h.time, h.message = s[1:25], s[27:]
	if strings.IndexByte(h.message, 0x1b) >= 0 {
		h.message = stripColour(h.message)
	}
	_, _, ok = apacheCtime(h.time)
	return h, ok
}

func (g *phpCLI) read(text string, r *event.Record) event.Reason {
	first, _, _ := strings.Cut(text, "\n")
	h, ok := cutPHPCLI(first)
	if !ok {
		return event.NoFormat
	}
	e := &r.Event
	civil, fraction, ok := apacheCtime(h.time)
	if !ok {
		return event.BadTime
	}
	if e.Time, ok = g.clock.local(civil, fraction); !ok {
		return event.BadTime
	}
	e.ZoneAssumed, e.Kind, e.PID = true, event.Other, pid(h.pid)
	message := cut(h.message)
	if _, _, isPHP := phpLevel(message); isPHP {
		phpRecord(e, message, text)
		return ""
	}
	peer, rest, ok := strings.Cut(message, " ")
	if a, p := addressPort(peer); ok && p != 0 && isIP(a) {
		e.Client, e.ClientPort = a, p
		phpCLIMessage(e, rest, message)
		return ""
	}
	phpSignal(e, message)
	return ""
}

// phpCLIMessage reads what is said of a client: "Accepted", "Closing", "[200]: GET /a", "Invalid request (Unexpected EOF)".
func phpCLIMessage(e *event.Event, s, message string) {
	switch {
	case strings.HasPrefix(s, "Invalid request (Unexpected EOF)"):
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseRequest)
		e.Message = message
	case len(s) > 6 && s[0] == '[' && s[4] == ']' && s[5] == ':':
		code, ok := status(s[1:4])
		if !ok {
			return
		}
		e.Status = code
		target := strings.TrimPrefix(s[6:], " ")
		if method, path, ok := strings.Cut(target, " "); ok && isMethod(method) {
			e.Method, target = method, path
		}
		if i := strings.Index(target, " - "); i >= 0 { // the error's message
			target = target[:i]
		}
		setTarget(e, target)
		e.Kind, e.Exchange = event.Request, true
	}
}

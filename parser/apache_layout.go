package parser

import (
	"strings"

	"hangup/event"
)

// Apache httpd's LogFormat (mod_log_config, mod_logio), and varnishncsa's -F, which takes after it.
func init() {
	httpd := &percentDialect{escape: escapeC, time: strftimeFormat, value: apacheValue, names: apacheNames}
	registerDialect(dialect{
		FormatInfo: FormatInfo{
			Name:      "apache",
			Summary:   "Apache httpd access log in any LogFormat, given as the layout",
			Example:   `--layout 'LogFormat "%h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\" %D %X" timed'`,
			Durations: true,
		},
		order:   60,
		mark:    func(s string) bool { return strings.Contains(s, "%") },
		split:   httpd.split,
		outcome: apacheOutcome,
	})
	varnish := &percentDialect{escape: escapeC, time: strftimeFormat, value: varnishValue}
	registerDialect(dialect{
		FormatInfo: FormatInfo{
			Name:      "varnish",
			Summary:   "varnishncsa in any format of its option -F, given as the layout",
			Example:   `--format varnish --layout '%h %l %u %t "%r" %s %b "%{Referer}i" "%{User-agent}i" %D %{Varnish:handling}x'`,
			Durations: true,
		},
		order: 50,
		mark: func(s string) bool {
			return strings.Contains(s, "%{Varnish:") || strings.Contains(s, "%{VSL:") || strings.Contains(s, "%{VCL_Log:")
		},
		split:   varnish.split,
		outcome: requestOutcome,
	})
}

// apacheNames are nicknames of Debian's apache2.conf and of httpd.conf, for those who know only them.
var apacheNames = map[string]string{
	"common":         `%h %l %u %t "%r" %>s %b`,
	"combined":       `%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"`,
	"combinedio":     `%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %I %O`,
	"vhost_combined": `%v:%p %h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"`,
}

// apacheValue is mod_log_config's table of directives, with mod_logio's and mod_ssl's.
func apacheValue(letter, arg string, _ bool) (variable, bool) {
	switch letter {
	case "h", "a":
		return vAddr, true
	case "b", "B":
		return vBodyBytes, true
	case "O":
		return vBytes, true
	case "I":
		return vReceived, true
	case "D":
		return vMicros, true
	case "T":
		switch arg {
		case "us":
			return vMicros, true
		case "ms":
			return vMillis, true
		}
		return vWhole, true
	case "H":
		return vProtocol, true
	case "i":
		return headerSlot(arg), true
	case "o":
		return answerSlot(arg), true
	case "e", "n":
		switch arg {
		case "UNIQUE_ID":
			return vID, true
		case "BALANCER_WORKER_NAME": // mod_proxy_balancer
			return vUpstream, true
		}
		return vIgnored, true
	case "L": // stands in the error log's records of the request too
		return vHeaderID, true
	case "m":
		return vMethod, true
	case "p":
		if arg == "remote" {
			return vPort, true
		}
		return vIgnored, true
	case "P":
		if arg == "" || arg == "pid" {
			return vPID, true
		}
		return vIgnored, true
	case "q":
		return vQuestion, true
	case "r":
		return vRequest, true
	case "s":
		return vStatus, true
	case "U":
		return vPath, true
	case "v", "V":
		return vHost, true
	case "X":
		return vConnection, true
	case "A", "C", "f", "k", "l", "R", "S", "u", "x", "c", "g", "d", "^FB", "^FU", "^ti", "^to", "^IU", "^OU", "^CI":
		return vIgnored, true
	}
	return vIgnored, false
}

// varnishValue is varnishncsa's table (varnishncsa(1)).
func varnishValue(letter, arg string, final bool) (variable, bool) {
	switch letter {
	case "a", "f", "A", "P", "e", "n", "v", "V", "L", "R", "X":
		return vIgnored, false
	case "x":
		if arg == "Varnish:vxid" || strings.EqualFold(arg, "vxid") {
			return vID, true
		}
		return vIgnored, true
	}
	return apacheValue(letter, arg, final)
}

// apacheOutcome says how the exchange ended. httpd keeps the status of a response that a client did not take; only %X
// shows it: "X", the connection was aborted before the response completed (mod_log_config.c). How far the response was
// is in the bytes. 408 comes from mod_reqtimeout: the client did not send its request in time, or nothing at all on a
// connection it had opened for later. 499 is a backend's, which saw the client leave.
func apacheOutcome(x *exchange, e *event.Event) {
	e.Kind = event.Request
	aborted := x.has(vConnection) && x.values[vConnection] == "X"
	switch {
	case e.Status == 408:
		hangUp(e, event.PartyClient, event.HowTimeout, event.PhaseRequest)
	case e.Status == 499:
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseWaiting)
	case !aborted:
	case e.Status == 400:
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseRequest)
	case !x.has(vBytes) && !x.has(vBodyBytes):
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseUnknown)
	case x.sent(e):
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseResponse)
	default:
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseWaiting)
	}
}

// sent says whether bytes of the response were sent, by either of the counts.
func (x *exchange) sent(e *event.Event) bool {
	if e.Bytes.V > 0 {
		return true
	}
	s, ok := x.number(vBytes)
	return ok && s != "0"
}

// requestOutcome is that of servers whose log does not say how the exchange ended.
func requestOutcome(_ *exchange, e *event.Event) { e.Kind = event.Request }

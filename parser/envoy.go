package parser

import (
	"strings"
	"time"

	"hangup/event"
)

// envoyField is a value of Envoy's access log that is read.
type envoyField uint8

const (
	evIgnored envoyField = iota
	evTime
	evMethod
	evPath
	evProtocol
	evStatus
	evFlags
	evDetails     // response_code_details
	evTermination // connection_termination_details
	evFailure     // upstream_transport_failure_reason
	evBytes
	evDuration
	evServiceTime // x-envoy-upstream-service-time
	evPeer        // downstream_remote_address
	evForwarded
	evAgent
	evReferer
	evID
	evHost
	evUpstream
	evLevel
	evMessage
	evLogger
	envoyFields
)

// envoyExchange is one record of Envoy's access log, each value as it stands there; "-" and "" are none.
type envoyExchange struct {
	values [envoyFields]string
}

func (x *envoyExchange) get(f envoyField) string { return dash(x.values[f]) }

// event understands the values. It returns why when a time or a number is none.
func (x *envoyExchange) event(c *clock, e *event.Event) (why event.Reason) {
	if t := x.get(evTime); t != "" {
		var ok bool
		if len(t) > 10 && t[4] == '-' {
			e.Time, e.ZoneAssumed, ok = c.iso(t)
		} else {
			e.Time, ok = epoch(t)
		}
		if !ok {
			return event.BadTime
		}
	}
	if code := x.get(evStatus); code != "" {
		var ok bool
		if e.Status, ok = status(code); !ok {
			return event.BadNumber
		}
	}
	if n := x.get(evBytes); n != "" {
		b, ok := count(n)
		if !ok {
			return event.BadNumber
		}
		e.Bytes = event.Some(b)
	}
	if !envoyMillis(&e.Duration, x.get(evDuration)) || !envoyMillis(&e.UpstreamDuration, x.get(evServiceTime)) {
		return event.BadNumber
	}
	e.Exchange = true
	x.client(e)
	e.Method = x.get(evMethod)
	e.Protocol = x.get(evProtocol)
	if path := x.get(evPath); path != "" {
		setTarget(e, path)
	}
	if name := x.get(evHost); name != "" {
		e.Host = host(name)
	}
	if e.Upstream = x.get(evUpstream); isPlainPeer(e.Upstream) {
		// as nearly always
	} else if strings.HasPrefix(e.Upstream, "/") {
		e.Upstream = "unix:" + e.Upstream
	} else {
		e.Upstream = upstream(e.Upstream)
	}
	e.UserAgent, e.Referer, e.RequestID = x.get(evAgent), x.get(evReferer), x.get(evID)
	envoyOutcome(e, envoyWords{status: x.get(evStatus), flags: x.get(evFlags), details: x.get(evDetails), failure: x.get(evFailure)})
	return ""
}

// client takes the peer, or where none is logged the leftmost entry of X-Forwarded-For.
func (x *envoyExchange) client(e *event.Event) {
	if peer := x.get(evPeer); peer != "" {
		envoyPeer(e, peer)
		return
	}
	if isDotted(x.values[evForwarded]) {
		e.Client = x.values[evForwarded]
		return
	}
	first, _, _ := strings.Cut(x.get(evForwarded), ",")
	first = strings.TrimSpace(first)
	switch {
	case isIP(first):
		e.Client = first
	case first != "" && isAddress(first):
		e.Client, e.ClientPort = addressPort(first)
	}
}

// envoyPeer takes a peer: an address with its port as a rule.
func envoyPeer(e *event.Event, peer string) {
	if n := strings.LastIndexByte(peer, ':'); n > 0 && isDotted(peer[:n]) {
		if p := port(peer[n+1:]); p != 0 {
			e.Client, e.ClientPort = peer[:n], p
			return
		}
	}
	switch {
	case isIP(peer):
		e.Client = peer
	case peer[0] != '/' && peer[0] != '@': // a unix socket's path, or its abstract name
		e.Client, e.ClientPort = addressPort(peer)
	}
}

// envoyMillis takes milliseconds, which some formats write with a fraction or with "ms" behind them.
func envoyMillis(to *event.Opt[time.Duration], s string) bool {
	if s == "" {
		return true
	}
	n, ok := count(s)
	if !ok {
		n, ok = count(strings.TrimSuffix(s, "ms"))
	}
	if !ok {
		d, ok := seconds(strings.TrimSuffix(strings.TrimSuffix(s, "ms"), "s"))
		if !ok {
			return false
		}
		if !strings.HasSuffix(s, "s") || strings.HasSuffix(s, "ms") {
			d /= 1000
		}
		*to = event.Some(d)
		return true
	}
	d, ok := millis(n)
	*to = event.Some(d)
	return ok
}

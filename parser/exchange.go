package parser

import (
	"strings"
	"time"

	"hangup/event"
)

// variable is a value of an access log's line that is read: a slot of exchange. Every dialect of layouts has its own
// names for them. Values that are not read go to vIgnored.
type variable uint8

const (
	vIgnored variable = iota
	vAddr
	vPort
	vTimeLocal // 22/Nov/2026:10:00:00 +0000
	vTimeISO
	vMsec // seconds since 1970, with a fraction or not
	vRequest
	vMethod
	vTarget // path and query: $request_uri, :url
	vPath   // path alone: $uri, %U
	vArgs   // query without "?"
	vProtocol
	vStatus
	vBodyBytes
	vBytes
	vDuration // seconds with a fraction
	vUpstream
	vUpstreamTime
	vUpstreamStatus
	vAgent
	vReferer
	vHost
	vHTTPHost
	vID
	vHeaderID
	vPID
	vCompletion

	vNanos          // the duration in nanoseconds
	vMicros         // in microseconds
	vMillis         // in milliseconds, with a fraction or not
	vWhole          // in whole seconds: only when there is nothing finer
	vCommit         // Tomcat's %F: milliseconds until the response was committed
	vHead           // morgan's :response-time: milliseconds until the response's head was written
	vReceived       // bytes of the request
	vUpstreamMillis // the upstream's time in milliseconds, with a fraction or not
	vEpochMillis    // milliseconds since 1970
	vEpochMicros
	vTimeNoZone // 22/Nov/2026:10:00:00
	vStamp      // a time in a form of its own: scan has read it into exchange.stamp
	vQuestion   // query with its "?"
	vForwarded  // a list of addresses, the first is the client's; taken when there is no vAddr
	vConnection // httpd's %X: "X" aborted, "+" kept alive, "-" closed
	vState      // how the connection ended in the server's own letters: HAProxy's %tsc, Envoy's %RESPONSE_FLAGS%
	vDetails    // the same in words: Envoy's %RESPONSE_CODE_DETAILS%
	vFailure    // Envoy's %UPSTREAM_TRANSPORT_FAILURE_REASON%
	vPeer       // address and port of the client in one

	vTimerTotal    // HAProxy's %Tt: milliseconds, -1 for none, with + when there was no end yet; so are the next two
	vTimerActive   // %Ta
	vTimerResponse // %Tr
	vCounted       // %B, with + when there was no end yet
	vCode          // %ST, -1 for none
	vBackend       // %b
	vServer        // %s, or %b/%s
	variables
)

const (
	slotsTime = 1<<vTimeLocal | 1<<vTimeISO | 1<<vMsec | 1<<vEpochMillis | 1<<vEpochMicros | 1<<vTimeNoZone | 1<<vStamp
	slotsTook = 1<<vDuration | 1<<vNanos | 1<<vMicros | 1<<vMillis | 1<<vWhole | 1<<vHead
)

// exchange is what one line of an access log gives, each value as it stands there. The value of a slot that is not
// given is of a line before, and means nothing.
type exchange struct {
	values [variables]string
	given  uint64 // bit 1<<v: there is a value
	escape escape
	json   bool // numbers may have JSON's forms
	plain  bool // the address needs no cleaning
	stamp  stamp
	texts  texts
}

// reset forgets the line before. A line without a backslash has nothing to unescape.
func (x *exchange) reset(line string, e escape) {
	clear(x.values[:])
	x.given = 0
	x.plain = false
	x.escape = escapeNone
	if strings.IndexByte(line, '\\') >= 0 {
		x.escape = e
	}
}

func (x *exchange) set(v variable, s string) {
	x.values[v] = s
	x.given |= 1 << v
}

func (x *exchange) has(v variable) bool { return x.given&(1<<v) != 0 }

// raw returns a value as it stands there, "" when there is none.
func (x *exchange) raw(v variable) string {
	if !x.has(v) {
		return ""
	}
	return x.values[v]
}

// number returns a value that is none of "" and "-".
func (x *exchange) number(v variable) (string, bool) {
	if !x.has(v) {
		return "", false
	}
	s := x.values[v]
	return s, s != "" && s != "-"
}

// get returns a value, "" for the "-" of nearly all servers, with its escaping undone.
func (x *exchange) get(v variable) string {
	s := x.values[v]
	if !x.has(v) || s == "-" {
		return ""
	}
	if x.escape == escapeNone {
		return s
	}
	return x.texts.unescape(x.escape, s)
}

// event understands the values as nginx means them. It returns why when a time or a number is none.
func (x *exchange) event(c *clock, e *event.Event) event.Reason {
	if why := x.fill(c, e); why != "" {
		return why
	}
	x.outcome(e)
	return ""
}

// fill gives the event all that is in the values but the kind: how the exchange ended is each server's own. It returns
// why when a time or a number is none.
func (x *exchange) fill(c *clock, e *event.Event) event.Reason {
	if x.given&slotsTime != 0 && !x.time(c, e) {
		return event.BadTime
	}
	if !x.numbers(e) {
		return event.BadNumber
	}
	e.Exchange = true
	x.peer(e)
	x.target(e)
	if x.given&(1<<vAgent|1<<vReferer) != 0 {
		e.UserAgent, e.Referer = x.get(vAgent), x.get(vReferer)
	}
	if x.given&(1<<vUpstream) != 0 {
		if e.Upstream = x.get(vUpstream); !isPlainPeer(e.Upstream) {
			e.Upstream = upstream(lastAttempt(e.Upstream))
		}
	}
	if x.given&(1<<vID|1<<vHeaderID) != 0 {
		if e.RequestID = x.get(vID); e.RequestID == "" {
			e.RequestID = x.get(vHeaderID)
		}
	}
	if x.given&(1<<vPID) != 0 {
		e.PID = pid(x.values[vPID])
	}
	return ""
}

func (x *exchange) peer(e *event.Event) {
	switch {
	case x.plain:
		e.Client = x.values[vAddr]
	case x.has(vAddr):
		e.Client = address(x.values[vAddr])
	case x.has(vForwarded):
		if e.Client = x.values[vForwarded]; !isDotted(e.Client) {
			first, _, _ := strings.Cut(e.Client, ",")
			e.Client = address(strings.TrimSpace(first))
		}
	}
	if x.has(vPort) {
		e.ClientPort = port(x.values[vPort])
	}
}

// time takes the finest time that is given.
func (x *exchange) time(c *clock, e *event.Event) (ok bool) {
	switch given := x.given & slotsTime; { // one, as nearly always
	case given == 1<<vTimeLocal && x.values[vTimeLocal] != "":
		e.Time, ok = c.apache(x.values[vTimeLocal])
	case given == 1<<vTimeISO && x.values[vTimeISO] != "":
		e.Time, e.ZoneAssumed, ok = c.iso(x.values[vTimeISO])
	case x.raw(vMsec) != "":
		e.Time, ok = epoch(x.values[vMsec])
	case x.raw(vEpochMicros) != "":
		e.Time, ok = epochOf(x.values[vEpochMicros], time.Microsecond)
	case x.raw(vEpochMillis) != "":
		e.Time, ok = epochOf(x.values[vEpochMillis], time.Millisecond)
	case x.has(vStamp):
		e.Time, e.ZoneAssumed, ok = x.stamp.time(c)
	case x.raw(vTimeLocal) != "":
		e.Time, ok = c.apache(x.values[vTimeLocal])
	case x.raw(vTimeISO) != "":
		e.Time, e.ZoneAssumed, ok = c.iso(x.values[vTimeISO])
	case x.raw(vTimeNoZone) != "":
		e.Time, ok = c.apacheLocal(x.values[vTimeNoZone], ':')
		e.ZoneAssumed = true
	default:
		ok = x.given&slotsTime == 0
	}
	return ok
}

// isCount says whether a value is a whole number, or "-" where that may stand for none.
func (x *exchange) isCount(v variable, orNone bool) bool {
	s := x.raw(v)
	if s == "-" {
		return orNone
	}
	_, ok := count(s)
	return ok
}

// epochOf reads a whole number of units since 1970.
func epochOf(s string, unit time.Duration) (time.Time, bool) {
	n, ok := count(s)
	if !ok || n > int64(1<<62/unit) {
		return time.Time{}, false
	}
	t := time.Unix(0, n*int64(unit)).UTC()
	y := t.Year()
	return t, y >= firstYear && y <= lastYear
}

func (x *exchange) numbers(e *event.Event) (ok bool) {
	if s, given := x.number(vStatus); given {
		if e.Status, ok = status(s); !ok {
			return false
		}
	}
	bytes, given := x.number(vBodyBytes)
	if !given {
		bytes, given = x.number(vBytes)
	}
	if given {
		n, ok := count(bytes)
		if !ok {
			return false
		}
		e.Bytes = event.Some(n)
	}
	if x.given&slotsTook != 0 && !x.took(e) {
		return false
	}
	return x.given&(1<<vUpstreamTime|1<<vUpstreamMillis|1<<vUpstreamStatus) == 0 || x.upstreamNumbers(e)
}

// took reads the duration, the finest that is given.
func (x *exchange) took(e *event.Event) (ok bool) {
	var d time.Duration
	if s, given := x.number(vNanos); given {
		n, isNumber := count(s)
		d, ok = time.Duration(n), isNumber
	} else if s, given := x.number(vMicros); given {
		n, isNumber := count(s)
		d, ok = micros(n)
		ok = ok && isNumber
	} else if s, given := x.number(vMillis); given {
		d, ok = decimalMillis(s)
	} else if s, given := x.number(vDuration); given {
		d, ok = x.seconds(s)
	} else if s, given := x.number(vWhole); given {
		d, ok = x.seconds(s)
	} else if s, given := x.number(vHead); given && e.Bytes.OK { // a response without a length goes on after its head
		d, ok = decimalMillis(s)
	} else {
		return true
	}
	e.Duration = event.Opt[time.Duration]{V: d, OK: ok}
	return ok
}

func (x *exchange) upstreamNumbers(e *event.Event) (ok bool) {
	if s, given := x.number(vUpstreamTime); given {
		if s = lastAttempt(s); s != "" && s != "-" {
			d, ok := x.seconds(s)
			if !ok {
				return false
			}
			e.UpstreamDuration = event.Some(d)
		}
	} else if s, given := x.number(vUpstreamMillis); given {
		d, ok := decimalMillis(s)
		if !ok {
			return false
		}
		e.UpstreamDuration = event.Some(d)
	}
	if s, given := x.number(vUpstreamStatus); given {
		if s = lastAttempt(s); s != "" && s != "-" {
			if e.UpstreamStatus, ok = status(s); !ok {
				return false
			}
		}
	}
	return true
}

func (x *exchange) seconds(s string) (time.Duration, bool) {
	if x.json {
		return secondsJSON(s)
	}
	return seconds(s)
}

// decimalMillis reads "30", "2.597" or "2.597ms" as milliseconds.
func decimalMillis(s string) (time.Duration, bool) {
	if n, ok := count(s); ok {
		return millis(n)
	}
	s = strings.TrimSuffix(s, "ms")
	if n, ok := count(s); ok {
		return millis(n)
	}
	d, ok := seconds(s)
	return d / 1000, ok
}

// target takes the request line, or its parts. The host of an absolute request target is better than none.
func (x *exchange) target(e *event.Event) {
	if x.has(vRequest) {
		if s := x.get(vRequest); s != "" {
			setRequest(e, s)
		}
	}
	const parts = 1<<vMethod | 1<<vTarget | 1<<vPath | 1<<vArgs | 1<<vQuestion | 1<<vProtocol
	if x.given&parts != 0 {
		x.parts(e)
	}
	if x.given&(1<<vHost|1<<vHTTPHost) == 0 {
		return
	}
	s := x.get(vHTTPHost)
	if s == "" {
		s = x.get(vHost)
	}
	if s != "" {
		e.Host = host(s)
	}
}

func (x *exchange) parts(e *event.Event) {
	if e.Method == "" {
		e.Method = x.get(vMethod)
	}
	if e.Path == "" && e.Host == "" {
		if s := x.get(vTarget); s != "" {
			setTarget(e, s)
		} else {
			e.Path = x.get(vPath)
		}
	}
	if e.Query == "" && x.given&(1<<vArgs|1<<vQuestion) != 0 {
		if e.Query = x.get(vArgs); e.Query == "" {
			e.Query = strings.TrimPrefix(x.get(vQuestion), "?")
		}
	}
	if e.Protocol == "" {
		e.Protocol = x.get(vProtocol)
	}
}

// lastAttempt returns the last item of nginx's list of upstreams: "a, b" after a retry, "a : b" after an internal
// redirect.
func lastAttempt(s string) string {
	if indexShort(s, ' ') < 0 {
		return s
	}
	for i := len(s) - 2; i >= 0; i-- {
		if s[i+1] == ' ' && (s[i] == ',' || s[i] == ':' && i > 0 && s[i-1] == ' ') {
			return s[i+2:]
		}
	}
	return strings.TrimSpace(s)
}

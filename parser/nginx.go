package parser

import (
	"strings"

	"hangup/event"
)

// variable is a value of nginx's access log that is read. Other variables are passed over.
type variable uint8

const (
	vIgnored variable = iota
	vAddr
	vPort
	vTimeLocal
	vTimeISO
	vMsec
	vRequest
	vMethod
	vTarget // $request_uri
	vPath   // $uri
	vArgs
	vProtocol
	vStatus
	vBodyBytes
	vBytes
	vDuration
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
	variables
)

// nginxVariables are nginx's names for them (ngx_http_variables.c, ngx_http_log_module.c, ngx_http_upstream.c).
var nginxVariables = map[string]variable{
	"remote_addr": vAddr, "remote_port": vPort,
	"time_local": vTimeLocal, "time_iso8601": vTimeISO, "msec": vMsec,
	"request": vRequest, "request_method": vMethod, "request_uri": vTarget, "uri": vPath, "document_uri": vPath,
	"args": vArgs, "query_string": vArgs, "server_protocol": vProtocol,
	"status": vStatus, "body_bytes_sent": vBodyBytes, "bytes_sent": vBytes, "request_time": vDuration,
	"upstream_addr": vUpstream, "upstream_response_time": vUpstreamTime, "upstream_status": vUpstreamStatus,
	"http_user_agent": vAgent, "http_referer": vReferer, "host": vHost, "http_host": vHTTPHost,
	"request_id": vID, "http_x_request_id": vHeaderID, "sent_http_x_request_id": vHeaderID,
	"upstream_http_x_request_id": vHeaderID, "http_x_correlation_id": vHeaderID,
	"pid": vPID, "request_completion": vCompletion,
}

// exchange is what one line of an nginx access log gives, each value as it stands there.
type exchange struct {
	values [variables]string
	given  uint32 // bit 1<<v: there is a value
	escape escape
	json   bool // numbers may have JSON's forms
}

// reset forgets the line before. A line without a backslash has nothing to unescape.
func (x *exchange) reset(line string, e escape) {
	clear(x.values[:])
	x.given = 0
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

// get returns a value, "" for nginx's "-", with its escaping undone.
func (x *exchange) get(v variable) string {
	s := x.values[v]
	if s == "-" {
		return ""
	}
	return x.escape.unescape(s)
}

// event understands the values. It returns why when a time or a number is none.
func (x *exchange) event(c *clock, e *event.Event) event.Reason {
	if !x.time(c, e) {
		return event.BadTime
	}
	if !x.numbers(e) {
		return event.BadNumber
	}
	e.Exchange = true
	e.Client, e.ClientPort = address(x.values[vAddr]), port(x.values[vPort])
	x.target(e)
	e.Upstream = upstream(lastAttempt(x.get(vUpstream)))
	e.UserAgent, e.Referer = x.get(vAgent), x.get(vReferer)
	if e.RequestID = x.get(vID); e.RequestID == "" {
		e.RequestID = x.get(vHeaderID)
	}
	e.PID = pid(x.values[vPID])
	x.outcome(e)
	return ""
}

// time takes the finest time that is given.
func (x *exchange) time(c *clock, e *event.Event) (ok bool) {
	switch {
	case x.values[vMsec] != "":
		e.Time, ok = epoch(x.values[vMsec])
	case x.values[vTimeLocal] != "":
		e.Time, ok = c.apache(x.values[vTimeLocal])
	case x.values[vTimeISO] != "":
		e.Time, e.ZoneAssumed, ok = c.iso(x.values[vTimeISO])
	default:
		ok = !x.has(vMsec) && !x.has(vTimeLocal) && !x.has(vTimeISO)
	}
	return ok
}

func (x *exchange) numbers(e *event.Event) (ok bool) {
	if s := x.values[vStatus]; s != "" && s != "-" {
		if e.Status, ok = status(s); !ok {
			return false
		}
	}
	bytes := x.values[vBodyBytes]
	if bytes == "" || bytes == "-" {
		bytes = x.values[vBytes]
	}
	if bytes != "" && bytes != "-" {
		n, ok := count(bytes)
		if !ok {
			return false
		}
		e.Bytes = event.Some(n)
	}
	read := seconds
	if x.json {
		read = secondsJSON
	}
	if s := x.values[vDuration]; s != "" && s != "-" {
		d, ok := read(s)
		if !ok {
			return false
		}
		e.Duration = event.Some(d)
	}
	if s := lastAttempt(x.values[vUpstreamTime]); s != "" && s != "-" {
		d, ok := read(s)
		if !ok {
			return false
		}
		e.UpstreamDuration = event.Some(d)
	}
	if s := lastAttempt(x.values[vUpstreamStatus]); s != "" && s != "-" {
		if e.UpstreamStatus, ok = status(s); !ok {
			return false
		}
	}
	return true
}

// target takes the request line, or its parts. The host of an absolute request target is better than none.
func (x *exchange) target(e *event.Event) {
	if s := x.get(vRequest); s != "" {
		setRequest(e, s)
	}
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
	if e.Query == "" {
		e.Query = x.get(vArgs)
	}
	if e.Protocol == "" {
		e.Protocol = x.get(vProtocol)
	}
	for _, v := range [...]variable{vHTTPHost, vHost} {
		if s := x.get(v); s != "" {
			e.Host = host(s)
			return
		}
	}
}

// outcome says how the exchange ended, from the status that nginx gave it (ngx_http_request.h). 499: the client
// closed before a response began. 408 and 400 without a body: nothing could be sent, because the client was gone
// before its request had arrived (its line, its headers or its body); else nginx answers with a page, which has one. 444: the configuration closed the connection. 000: nothing was
// set before the connection was gone. A status that the backend gave is the backend's answer. A client that leaves in
// the middle of a response keeps its 200: only an empty $request_completion shows it.
func (x *exchange) outcome(e *event.Event) {
	e.Kind = event.Request
	nothing := e.Bytes.OK && e.Bytes.V == 0
	switch own := e.UpstreamStatus != e.Status; {
	case e.Status == 499:
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseWaiting)
	case e.Status == 408 && nothing && own:
		hangUp(e, event.PartyClient, event.HowTimeout, event.PhaseRequest)
	case e.Status == 400 && nothing && own && e.Method != "HEAD":
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseRequest)
	case e.Status == 444 && own:
		hangUp(e, event.PartyServer, event.HowClosed, event.PhaseWaiting)
	case x.values[vStatus] == "000":
		hangUp(e, event.PartyUnknown, event.HowClosed, event.PhaseUnknown)
	case x.has(vCompletion) && x.get(vCompletion) == "" && e.Status != 0 && !nothing:
		// Which end left is certain only when there was no backend.
		who := event.PartyClient
		if e.Upstream != "" {
			who = event.PartyUnknown
		}
		hangUp(e, who, event.HowUnknown, event.PhaseResponse)
	}
}

// lastAttempt returns the last item of nginx's list of upstreams: "a, b" after a retry, "a : b" after an internal
// redirect.
func lastAttempt(s string) string {
	if strings.IndexByte(s, ' ') < 0 {
		return s
	}
	for i := len(s) - 2; i >= 0; i-- {
		if s[i+1] == ' ' && (s[i] == ',' || s[i] == ':' && i > 0 && s[i-1] == ' ') {
			return s[i+2:]
		}
	}
	return strings.TrimSpace(s)
}

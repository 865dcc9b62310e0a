package parser

import (
	"strings"
	"time"

	"hangup/event"
)

// varnishlog's transactions, grouped by id, request or session (doc: vsl(7), vsl-query(7)). A head with stars and "<<",
// a line with a tag for each thing that happened, an empty line.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "varnishlog",
			Summary:   "varnishlog: transactions of sessions, requests and fetches (not -g raw)",
			Example:   "*   << Session  >> 55264167\n-   Begin          sess 0 HTTP/1\n-   SessOpen       203.0.113.233 1234 a0 10.0.0.2 80 1580823086.762403 983\n-   SessClose      REM_CLOSE 5.003\n-   End",
			Durations: true,
			Multiline: true,
		},
		rank: 15,
		make: func(Options) (grammar, error) { return varnishlog{}, nil },
	})
}

type varnishlog struct{}

// place: a transaction begins with its head and ends with an empty line, or where the next one of its group begins.
func (varnishlog) place(line string, open bool) place {
	if _, _, ok := cutVarnishHead(line); ok {
		return opens
	}
	tag, _, ok := cutVarnishTag(line)
	switch {
	case ok && open:
		return more
	case ok && varnishTags[tag]:
		return stray
	case open && isBlank(line):
		return closes
	}
	return whole
}

func (varnishlog) remembers() bool { return false }

// cutVarnishHead reads "*   << BeReq    >> 1058444892"; there is a star for each level of the group.
func cutVarnishHead(s string) (kind, id string, ok bool) {
	n := 0
	for n < len(s) && s[n] == '*' {
		n++
	}
	if n == 0 || n > 64 {
		return "", "", false
	}
	s = strings.TrimLeft(s[n:], " ")
	s, ok = strings.CutPrefix(s, "<< ")
	kind, id, found := strings.Cut(s, ">> ")
	id = strings.TrimRight(id, " ")
	if _, isNumber := count(id); !ok || !found || !isNumber {
		return "", "", false
	}
	return strings.TrimRight(kind, " "), id, true
}

// cutVarnishTag reads "-   FetchError     first byte timeout".
func cutVarnishTag(s string) (tag, value string, ok bool) {
	n := 0
	for n < len(s) && s[n] == '-' {
		n++
	}
	if n == 0 || n > 64 || n == len(s) || s[n] != ' ' {
		return "", "", false
	}
	s = strings.TrimLeft(s[n:], " ")
	tag, value, _ = strings.Cut(s, " ")
	if len(tag) < 2 || len(tag) > 24 || tag[0] < 'A' || tag[0] > 'Z' {
		return "", "", false
	}
	return tag, strings.TrimRight(strings.TrimLeft(value, " "), " "), true
}

// varnishTags are those that nearly all transactions have: enough to know one whose beginning is not there.
var varnishTags = map[string]bool{
	"Begin": true, "End": true, "Timestamp": true, "Link": true, "VCL_call": true, "VCL_return": true, "VCL_Log": true,
	"ReqStart": true, "ReqMethod": true, "ReqURL": true, "ReqProtocol": true, "ReqHeader": true, "ReqUnset": true, "ReqAcct": true,
	"RespProtocol": true, "RespStatus": true, "RespReason": true, "RespHeader": true, "RespUnset": true,
	"BereqMethod": true, "BereqURL": true, "BereqProtocol": true, "BereqHeader": true, "BereqUnset": true, "BereqAcct": true,
	"BerespProtocol": true, "BerespStatus": true, "BerespReason": true, "BerespHeader": true, "BerespUnset": true,
	"BackendOpen": true, "BackendReuse": true, "BackendClose": true, "BackendStart": true, "FetchError": true, "Fetch_Body": true,
	"SessOpen": true, "SessClose": true, "SessError": true, "Storage": true, "Length": true, "Hit": true, "HitPass": true, "HitMiss": true,
	"VCL_use": true, "VCL_acl": true, "VCL_Error": true, "TTL": true, "Gzip": true, "Filters": true, "Debug": true, "Error": true, "ObjHeader": true,
}

func (varnishlog) read(text string, r *event.Record) event.Reason {
	head, text, _ := strings.Cut(text, "\n")
	kind, id, ok := cutVarnishHead(head)
	if !ok {
		return event.NoFormat
	}
	e := &r.Event
	e.RequestID, e.Kind = id, event.Other
	var t varnishTransaction
	for line := range strings.SplitSeq(text, "\n") {
		tag, value, ok := cutVarnishTag(line)
		if !ok {
			continue
		}
		if why := t.take(tag, value, e); why != "" {
			return why
		}
	}
	switch kind {
	case "Session":
		if t.ended != "" {
			e.Message = t.ended
			varnishSession(e)
		}
	case "BeReq":
		e.Kind = event.Request
		if t.failure != "" {
			e.Kind, e.Message = event.Other, t.failure
			varnishFetch(e)
		}
	case "Request":
		if t.last == "Restart" { // goes on as another transaction
			break
		}
		e.Kind, e.Exchange = event.Request, !t.inner
		switch {
		case t.writeError != "":
			e.Message = t.writeError
			hangUp(e, event.PartyClient, varnishErrno(t.writeError, event.HowUnknown), event.PhaseResponse)
		case t.reset: // the client closed the connection or reset the stream while its request was worked on
			hangUp(e, event.PartyClient, event.HowClosed, event.PhaseWaiting)
		}
	}
	return ""
}

// varnishTransaction is what is gathered from a transaction's lines besides the event.
type varnishTransaction struct {
	failure    string // the first FetchError
	ended      string // SessClose
	writeError string
	last       string // the last time stamp's name
	inner      bool   // made by Varnish for a part of a page (ESI)
	reset      bool
}

func (t *varnishTransaction) take(tag, value string, e *event.Event) (why event.Reason) {
	switch tag {
	case "Begin":
		t.inner = strings.Contains(value, " esi")
	case "Timestamp":
		return t.stamp(value, e)
	case "ReqMethod", "BereqMethod":
		if isMethod(value) {
			e.Method = value
		}
	case "ReqURL", "BereqURL":
		e.Path, e.Query = "", ""
		setTarget(e, value)
	case "ReqProtocol", "BereqProtocol":
		e.Protocol = value
	case "ReqHeader", "BereqHeader":
		varnishHeader(value, e)
	case "RespStatus":
		if n, ok := status(value); ok {
			e.Status = n
		}
	case "BerespStatus": // behind an error it is Varnish's own
		if n, ok := status(value); ok && t.failure == "" {
			e.UpstreamStatus = n
		}
	case "BackendOpen":
		varnishBackend(value, e)
	case "ReqStart", "SessOpen":
		return varnishClient(tag, value, e)
	case "ReqAcct": // request head, body, both; response head, body, both
		f := strings.Fields(value)
		if len(f) == 6 {
			if n, ok := count(f[4]); ok {
				e.Bytes = event.Some(n)
			}
		}
	case "FetchError":
		if t.failure == "" {
			t.failure = value
		}
	case "SessClose":
		t.ended = value
		if _, s, ok := strings.Cut(value, " "); ok {
			d, ok := seconds(s)
			if !ok {
				return event.BadNumber
			}
			e.Duration = event.Some(d)
		}
	case "Debug":
		if value = strings.Trim(value, `"`); strings.HasPrefix(value, "Write error, ") {
			t.writeError = value
		}
	}
	return ""
}

// stamp reads "Start: 1616162470.789302 0.000000 0.000000": the time, and the seconds since the transaction's start
// and since the time stamp before.
func (t *varnishTransaction) stamp(value string, e *event.Event) event.Reason {
	name, s, ok := strings.Cut(value, ": ")
	at, s, _ := strings.Cut(s, " ")
	since, _, _ := strings.Cut(s, " ")
	if !ok {
		return ""
	}
	t.last = name
	if name == "Reset" {
		t.reset = true
	}
	if name == "Start" || e.Time.IsZero() {
		if e.Time, ok = epoch(at); !ok {
			return event.BadTime
		}
	}
	d, ok := seconds(since)
	if !ok {
		return event.BadNumber
	}
	if e.Duration = event.Some(d); name == "Start" {
		e.Duration = event.Opt[time.Duration]{}
	}
	return ""
}

func varnishHeader(value string, e *event.Event) {
	name, value, ok := strings.Cut(value, ":")
	if !ok {
		return
	}
	value = strings.TrimLeft(value, " ")
	switch len(name) { // few headers are read, so most need no comparison
	case len("Host"):
		if strings.EqualFold(name, "Host") {
			e.Host = host(value)
		}
	case len("Referer"):
		if strings.EqualFold(name, "Referer") {
			e.Referer = value
		}
	case len("User-Agent"):
		if strings.EqualFold(name, "User-Agent") {
			e.UserAgent = value
		}
	}
}

// varnishBackend reads "26 reload_x.be1 10.0.0.5 8080 10.0.0.2 45996 connect".
func varnishBackend(value string, e *event.Event) {
	f := strings.Fields(value)
	if len(f) < 4 || !isAddress(f[2]) || port(f[3]) == 0 {
		return
	}
	if strings.IndexByte(f[2], ':') >= 0 {
		e.Upstream = "[" + f[2] + "]:" + f[3]
	} else {
		e.Upstream = f[2] + ":" + f[3]
	}
}

// varnishClient reads "203.0.113.233 1234 a0 ...", and of a session the time of its begin.
func varnishClient(tag, value string, e *event.Event) event.Reason {
	f := strings.Fields(value)
	if len(f) < 2 || !isAddress(f[0]) {
		return ""
	}
	if f[0] != "0.0.0.0" || f[1] != "0" { // a unix socket
		e.Client, e.ClientPort = address(f[0]), port(f[1])
	}
	if tag == "SessOpen" && len(f) >= 6 {
		var ok bool
		if e.Time, ok = epoch(f[5]); !ok {
			return event.BadTime
		}
	}
	return ""
}

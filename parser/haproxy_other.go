package parser

import (
	"strings"

	"hangup/event"
)

// readCLF reads "option httplog clf" and "option tcplog clf" (doc/configuration.txt 8.2.3, src/log.c clf_http_log_format):
// `client - - [time] "request" status bytes "" "" port ms "frontend" "backend" "server" TR Tw Tc Tr Ta "STATE" ...`.
func (g *haproxy) readCLF(s string, e *event.Event) event.Reason {
	client, s, _ := strings.Cut(s, " - - [")
	at, s, ok := strings.Cut(s, `] "`)
	if !ok || !isAddress(client) || len(at) != 26 {
		return event.NoFormat
	}
	request, s, ok := strings.Cut(s, `" `)
	if !ok {
		return event.NoFormat
	}
	var f [16]string // status bytes "" "" port ms frontend backend server TR Tw Tc Tr Ta state, and the rest
	for i := range len(f) - 1 {
		if f[i], s, ok = haproxyWord(s); !ok {
			return event.NoFormat
		}
	}
	state := strings.TrimSuffix(f[14], "--")
	if len(state) < 2 || !isHAProxyState(state, len(state)) || f[2] != "" || f[3] != "" {
		return event.NoFormat
	}
	if e.Time, ok = g.clock.apache(at); !ok {
		return event.BadTime
	}
	e.Exchange = true
	e.Client, e.ClientPort = address(client), port(f[4])
	tcp := strings.HasPrefix(request, "TCP ")
	if !tcp {
		setRequest(e, unescapeHash(request))
	}
	if code, ok := integer(f[0]); ok && code >= 100 && code <= 999 {
		e.Status = int(code)
	}
	if f[7] != "" && f[8] != "" && f[8][0] != '<' {
		e.Upstream = f[7] + "/" + f[8]
	}
	var t [5]int64
	for i := range t {
		if t[i], ok = haproxyTimer(f[9+i]); !ok {
			return event.BadNumber
		}
	}
	total, responded := t[4], t[3] >= 0
	if tcp { // Th Tw Tc Tt U
		total, t[3], responded = t[3], -1, true
	}
	if !setBytes(e, f[1]) || !haproxyTime(&e.Duration, total) || !haproxyTime(&e.UpstreamDuration, t[3]) {
		return event.BadNumber
	}
	haproxyState(e, state[:2], responded)
	return ""
}

// haproxyWord cuts a word, in quotes or not. A quote may be followed by more of the word: "CD"--.
func haproxyWord(s string) (word, rest string, ok bool) {
	end := strings.IndexByte(s, ' ')
	if s != "" && s[0] == '"' {
		i := strings.IndexByte(s[1:], '"')
		if i < 0 {
			return "", "", false
		}
		word, rest = s[1:1+i], strings.TrimPrefix(s[i+2:], "--")
		return word, strings.TrimPrefix(rest, " "), rest == "" || rest[0] == ' '
	}
	if end < 0 {
		return s, "", s != ""
	}
	return s[:end], s[end+1:], end > 0
}

// haproxyJSON is what is read of a log-format that writes one JSON object a line. The keys are the user's; known are
// those that are usual. Without the termination state an object is none of HAProxy's.
type haproxyJSON struct {
	scanner jsonScanner
	values  [haproxyJSONKeys]string

	field func(key string, value jsonValue)
}

const (
	hjTime = iota
	hjClient
	hjPort
	hjStatus
	hjBytes
	hjHost
	hjAgent
	hjReferer
	hjRequest
	hjMethod
	hjTarget
	hjProtocol
	hjUpstream
	hjBackend
	hjServer
	hjResponse
	hjTotal
	hjActive
	hjState
	hjID
	hjPID
	haproxyJSONKeys
)

// haproxyKeys are the usual keys: HAProxy's own names of what they hold, log-format's letters, and words that many use.
var haproxyKeys = map[string]int{
	"haproxy_timestamp": hjTime, "timestamp": hjTime, "time": hjTime, "@timestamp": hjTime, "date": hjTime, "date_time": hjTime,
	"accept_date": hjTime, "request_date": hjTime, "tr": hjTime, "t": hjTime,
	"client_ip": hjClient, "client": hjClient, "client_addr": hjClient, "clientip": hjClient, "src": hjClient, "remote_addr": hjClient, "ci": hjClient,
	"client_port": hjPort, "src_port": hjPort, "cp": hjPort,
	"http_status": hjStatus, "status": hjStatus, "status_code": hjStatus, "http_status_code": hjStatus, "st": hjStatus,
	"bytes_read": hjBytes, "bytes": hjBytes, "bytes_sent": hjBytes, "b_read": hjBytes,
	"host": hjHost, "http_host": hjHost, "hostname": hjHost, "user_agent": hjAgent, "http_user_agent": hjAgent, "useragent": hjAgent,
	"referer": hjReferer, "referrer": hjReferer, "http_referer": hjReferer,
	"http_request": hjRequest, "request": hjRequest, "request_line": hjRequest, "r": hjRequest,
	"method": hjMethod, "http_method": hjMethod, "request_method": hjMethod, "hm": hjMethod,
	"uri": hjTarget, "path": hjTarget, "http_uri": hjTarget, "request_uri": hjTarget, "http_path": hjTarget, "hu": hjTarget, "hp": hjTarget, "hpo": hjTarget,
	"protocol": hjProtocol, "http_version": hjProtocol, "hv": hjProtocol,
	"upstream_addr": hjUpstream, "server_addr": hjUpstream,
	"backend_name": hjBackend, "backend": hjBackend, "be": hjBackend, "server_name": hjServer, "server": hjServer, "srv": hjServer,
	"upstream_response_time": hjResponse, "response_time": hjResponse, "time_server_response": hjResponse, "server_response_time": hjResponse,
	"session_duration": hjTotal, "time_total": hjTotal, "total_time": hjTotal, "tt": hjTotal,
	"active_time": hjActive, "time_active": hjActive, "ta": hjActive,
	"termination_state": hjState, "termination_state_cookies": hjState, "tsc": hjState, "session_state": hjState, "ts": hjState,
	"request_id": hjID, "unique_id": hjID, "x_request_id": hjID, "id": hjID, "pid": hjPID, "process_id": hjPID,
}

func (j *haproxyJSON) reset() { clear(j.values[:]) }

func (j *haproxyJSON) take(key string, value jsonValue) {
	k, ok := haproxyKeys[key]
	if !ok {
		if k, ok = haproxyKeys[strings.ToLower(key)]; !ok || key == "Tr" || key == "TR" { // %tr is a time, %Tr a duration
			return
		}
	}
	if j.values[k] == "" {
		j.values[k] = value.String()
	}
}

func (g *haproxy) readJSON(s string, e *event.Event) event.Reason {
	j := &g.json
	j.reset()
	if !j.scanner.fields(s, j.field) {
		return event.NoFormat
	}
	v := &j.values
	state := v[hjState]
	if !isHAProxyState(state, 4) && !isHAProxyState(state, 2) || v[hjStatus] == "" && v[hjBytes] == "" {
		return event.NoFormat
	}
	if v[hjTime] != "" && !g.jsonTime(v[hjTime], e) {
		return event.BadTime
	}
	e.Exchange = true
	e.Client, e.ClientPort = addressPort(v[hjClient])
	if p := port(v[hjPort]); p != 0 {
		e.ClientPort = p
	}
	if v[hjRequest] != "" {
		setRequest(e, v[hjRequest])
	}
	if e.Method == "" {
		e.Method = v[hjMethod]
		e.Protocol = v[hjProtocol]
		if v[hjTarget] != "" {
			setTarget(e, v[hjTarget])
		}
	}
	if v[hjHost] != "" {
		e.Host = host(v[hjHost])
	}
	e.UserAgent, e.Referer, e.RequestID = dash(v[hjAgent]), dash(v[hjReferer]), dash(v[hjID])
	if p := pid(v[hjPID]); p != 0 {
		e.PID = p
	}
	switch server := v[hjServer]; {
	case v[hjUpstream] != "" && v[hjUpstream] != "-":
		e.Upstream = v[hjUpstream]
	case v[hjBackend] != "" && server != "" && server[0] != '<' && server != "-":
		e.Upstream = v[hjBackend] + "/" + server
	}
	if code, ok := integer(v[hjStatus]); ok && code >= 100 && code <= 999 {
		e.Status = int(code)
	}
	if v[hjBytes] != "" && !setBytes(e, v[hjBytes]) {
		return event.BadNumber
	}
	total := v[hjTotal]
	if total == "" {
		total = v[hjActive]
	}
	d, ok1 := haproxyTimer(total)
	response, ok2 := haproxyTimer(v[hjResponse])
	if !ok1 || !ok2 || !haproxyTime(&e.Duration, d) || !haproxyTime(&e.UpstreamDuration, response) {
		return event.BadNumber
	}
	responded := response >= 0
	if v[hjResponse] == "" {
		responded = e.Status != 0
	}
	haproxyState(e, state[:2], responded)
	return ""
}

func (g *haproxy) jsonTime(s string, e *event.Event) (ok bool) {
	switch {
	case len(s) == 26 && s[2] == '/':
		e.Time, ok = g.clock.apache(s)
	case len(s) > 2 && s[2] == '/':
		e.Time, ok = g.clock.apacheLocal(s, ':')
		e.ZoneAssumed = true
	case len(s) > 10 && s[4] == '-':
		e.Time, e.ZoneAssumed, ok = g.clock.iso(s)
	default:
		e.Time, ok = epoch(s)
	}
	return ok
}

// dash returns s, or nothing for what stands for nothing.
func dash(s string) string {
	if s == "-" {
		return ""
	}
	return s
}

package parser

import (
	"strings"

	"hangup/event"
)

// apacheRule is what a message of httpd says of a connection's end. A number of an operating system's error, which
// stands before it, says how; without one the rule does. Only with HowNone there must be such a number.
type apacheRule struct {
	code  int    // AHnnnnn; 0: messages of 2.2 and of modules that have no numbers
	text  string // the beginning of the message, without "proxy: "; "" when the number suffices
	party event.Party
	phase event.Phase
	how   event.How
	mark  string // what stands before the backend's address
}

const (
	apClient, apUpstream, apServer, apUnknown = event.PartyClient, event.PartyUpstream, event.PartyServer, event.PartyUnknown

	apRequest, apWaiting, apResponse, apIdle, apAny = event.PhaseRequest, event.PhaseWaiting, event.PhaseResponse, event.PhaseIdle, event.PhaseUnknown
)

// apacheRules are httpd's messages (2.4.6x; the texts are those of 2.2 too). What is not here is no news of a
// connection, or says a second time what another record has said: AH00898 (which has the path), AH01103, AH00567, AH01114,
// AH00896, AH01079, AH02452, AH03352 (never connected), AH01071 and AH01215 (what a program wrote), AH02008.
var apacheRules = [...]apacheRule{
	// mod_proxy_http.c
	{1102, "error reading status line from remote server ", apUpstream, apWaiting, event.HowUnknown, "remote server "},
	{1110, "Network error reading response", apUpstream, apResponse, event.HowUnknown, ""},
	{1110, "error reading response", apUpstream, apResponse, event.HowUnknown, ""},
	{1097, "pass request body failed to ", apUnknown, apRequest, event.HowUnknown, " failed to "},
	// proxy_util.c
	{1084, "pass request body failed to ", apUpstream, apRequest, event.HowUnknown, " failed to "},
	{1095, "prefetch request body failed to ", apClient, apRequest, event.HowClosed, " failed to "},
	{2608, "read request body failed to ", apClient, apRequest, event.HowClosed, " failed to "},
	{957, "attempt to connect to ", apUpstream, apWaiting, event.HowNone, "connect to "},
	{2454, "attempt to connect to Unix domain socket ", apUpstream, apWaiting, event.HowNone, ""},
	{10224, "Tunnel timed out", apUnknown, apResponse, event.HowTimeout, ""}, // and mod_proxy_wstunnel.c
	{10225, "tunnel timed out", apUnknown, apResponse, event.HowTimeout, ""},
	// mod_proxy_fcgi.c, mod_proxy_scgi.c, mod_proxy_uwsgi.c; AH01075 has its own table
	{1067, "Failed to read FastCGI header", apUpstream, apWaiting, event.HowClosed, ""},
	{858, "sending data to ", apUpstream, apRequest, event.HowUnknown, "sending data to "},
	{859, "receiving request body failed", apClient, apRequest, event.HowClosed, ""},
	{860, "error reading response headers from ", apUpstream, apWaiting, event.HowUnknown, " from "},
	{10098, "sending data to ", apUpstream, apRequest, event.HowUnknown, "sending data to "},
	{10099, "receiving request body failed", apClient, apRequest, event.HowClosed, ""},
	// mod_proxy_ajp.c
	{868, "request failed to ", apUpstream, apRequest, event.HowUnknown, " failed to "},
	{871, "ap_get_brigade failed", apClient, apRequest, event.HowUnknown, ""},
	{876, "send failed to ", apUpstream, apRequest, event.HowUnknown, " failed to "},
	{878, "read response failed from ", apUpstream, apWaiting, event.HowUnknown, " from "},
	{893, "dialog to ", apUpstream, apWaiting, event.HowUnknown, "dialog to "},
	{897, "cping/cpong failed to ", apUpstream, apWaiting, event.HowUnknown, " failed to "},
	{2822, "dialog with client ", apClient, apResponse, event.HowUnknown, ""},
	{2821, "client connection aborted", apClient, apResponse, event.HowClosed, ""},
	{887, "error processing body. Client aborted connection.", apClient, apResponse, event.HowClosed, ""},
	// mod_reqtimeout.c
	{1382, "Request header read timeout", apClient, apRequest, event.HowTimeout, ""},
	{1382, "Request body read timeout", apClient, apRequest, event.HowTimeout, ""},
	{1382, "Request handshake read timeout", apClient, apRequest, event.HowTimeout, ""},
	// protocol.c, core_filters.c, mpm_unix.c, event.c
	{574, "ap_content_length_filter: apr_bucket_read() failed", apUpstream, apResponse, event.HowUnknown, ""},
	{0, "core_output_filter: writing data to the network", apClient, apResponse, event.HowUnknown, ""},
	{469, "process_socket: connection aborted", apClient, apIdle, event.HowClosed, ""},
	{51, "child pid ", apServer, apAny, event.HowClosed, ""},
	{52, "child pid ", apServer, apAny, event.HowClosed, ""},
	// ssl_engine_io.c, ssl_engine_kernel.c
	{1991, "SSL input filter read failed.", apClient, apAny, event.HowUnknown, ""},
	{1993, "SSL output filter write failed.", apClient, apResponse, event.HowUnknown, ""},
	{1998, "Connection closed to child ", apClient, apAny, event.HowNone, ""}, // of every connection: the number decides
	{2003, "SSL Proxy connect failed", apUpstream, apWaiting, event.HowNone, ""},
	{2006, "SSL handshake stopped: connection was closed", apClient, apRequest, event.HowClosed, ""},
	{2007, "SSL handshake interrupted by system", apClient, apRequest, event.HowUnknown, ""},
	// mod_cgi.c, mod_cgid.c
	{1220, "Timeout waiting for output from CGI script ", apUpstream, apWaiting, event.HowTimeout, ""},
	{2651, "Error writing request body to script ", apUpstream, apRequest, event.HowUnknown, ""},
	{1225, "Error reading request entity data", apClient, apRequest, event.HowClosed, ""},
	{1270, "Error reading request entity data", apClient, apRequest, event.HowClosed, ""},
	{2550, "Failed to flush CGI output to client", apClient, apResponse, event.HowUnknown, ""},
	{2551, "Failed to flush CGI output to client", apClient, apResponse, event.HowUnknown, ""},
	// mod_http2: h2_c1_io.c, h2_session.c
	{2950, "", apClient, apAny, event.HowUnknown, ""},
	{3199, "", apClient, apAny, event.HowClosed, ""},

	// mod_fcgid: fcgid_bridge.c, fcgid_proc_unix.c. It does not say whether the response had begun.
	{0, "mod_fcgid: read data timeout in ", apUpstream, apAny, event.HowTimeout, ""},
	{0, "mod_fcgid: error reading data", apUpstream, apAny, event.HowClosed, ""},
	{0, "mod_fcgid: ap_pass_brigade failed in handle_request", apClient, apResponse, event.HowUnknown, ""},
	{0, "mod_fcgid: can't get data from http client", apClient, apRequest, event.HowClosed, ""},
	{0, "mod_fcgid: error writing data to FastCGI server", apUpstream, apRequest, event.HowUnknown, ""},
	// mod_wsgi: mod_wsgi.c
	{0, "Timeout when reading response headers from daemon process ", apUpstream, apWaiting, event.HowTimeout, ""},
	{0, "Truncated or oversized response headers received from daemon process ", apUpstream, apWaiting, event.HowClosed, ""},
	{0, "OSError: Apache/mod_wsgi failed to write response data", apClient, apResponse, event.HowUnknown, ""},
	{0, "IOError: Apache/mod_wsgi failed to write response data", apClient, apResponse, event.HowUnknown, ""},
	{0, "OSError: Apache/mod_wsgi request data read error", apClient, apRequest, event.HowUnknown, ""},
	{0, "IOError: Apache/mod_wsgi request data read error", apClient, apRequest, event.HowUnknown, ""},
	{0, "OSError: failed to write data", apClient, apResponse, event.HowUnknown, ""},
	{0, "IOError: failed to write data", apClient, apResponse, event.HowUnknown, ""},
}

// apacheByCode finds the rules with a number.
var apacheByCode = func() map[int]*apacheRule {
	m := make(map[int]*apacheRule, len(apacheRules))
	for i := range apacheRules {
		if x := &apacheRules[i]; x.code != 0 {
			m[x.code] = x
		}
	}
	return m
}()

// fcgiRules say what AH01075, "Error dispatching request to H:P: (what)", means by what was done (mod_proxy_fcgi.c,
// dispatch).
var fcgiRules = map[string]apacheRule{
	"reading input brigade":                     {party: apClient, phase: apRequest, how: event.HowClosed},
	"polling":                                   {party: apUpstream, phase: apWaiting, how: event.HowUnknown},
	"sending begin request":                     {party: apUpstream, phase: apRequest, how: event.HowUnknown},
	"sending environment":                       {party: apUpstream, phase: apRequest, how: event.HowUnknown},
	"sending stdin":                             {party: apUpstream, phase: apRequest, how: event.HowUnknown},
	"reading response headers":                  {party: apUpstream, phase: apWaiting, how: event.HowUnknown},
	"reading response header":                   {party: apUpstream, phase: apWaiting, how: event.HowUnknown},
	"reading response body":                     {party: apUpstream, phase: apResponse, how: event.HowUnknown},
	"passing headers brigade to output filters": {party: apClient, phase: apResponse, how: event.HowUnknown},
	"passing brigade to output filters":         {party: apClient, phase: apResponse, how: event.HowUnknown},
	"passing final brigade to output filters":   {party: apClient, phase: apResponse, how: event.HowUnknown},
	"passing EOS brigade to output filters":     {party: apClient, phase: apResponse, how: event.HowUnknown},
}

// apacheErrno returns what "(104)Connection reset by peer: " says. Numbers from 70000 on are APR's (apr_errno.h),
// from 720000 on Windows's, 20014 stands for what APR has no number for: as a rule an end of file. Those from 120000
// on are a module's own. known is false for errors that end no connection, as 111, refused.
func apacheErrno(s string) (how event.How, given, known bool) {
	if s == "" {
		return event.HowNone, false, false
	}
	n, _ := count(strings.TrimPrefix(s[1:strings.IndexByte(s, ')')], "OS "))
	switch {
	case n == 70007: // APR_TIMEUP
		return event.HowTimeout, true, true
	case n == 70014, n == 70008, n == 20014: // APR_EOF, APR_INCOMPLETE, APR_EGENERAL
		return event.HowClosed, true, true
	case n >= 730000 && n < 740000:
		n -= 720000
	}
	how = errnoHow(n)
	return how, true, how != event.HowNone
}

// apacheSignal reads the message, without what stands before it.
func apacheSignal(e *event.Event, text, errno string, remote bool) {
	var x *apacheRule
	var body string
	if isApacheCode(text) {
		code, _ := count(text[2:7])
		body = text[len("AH00000: "):]
		apacheFacts(e, int(code), body)
		if code == 1075 {
			x = fcgiRule(e, body)
		} else {
			x = apacheByCode[int(code)]
		}
		if x != nil && x.code == 887 && !strings.HasPrefix(body, x.text) {
			x = nil
		}
	} else {
		x, body = apacheByText(e, text)
	}
	if x == nil {
		return
	}
	if x.mark != "" {
		if _, peer, ok := strings.Cut(body, x.mark); ok {
			peer, _, _ = strings.Cut(peer, " ")
			e.Upstream = upstream(strings.TrimSuffix(peer, ","))
		}
	} else if x.code == 2454 {
		if _, path, ok := strings.Cut(body, "socket "); ok {
			path, _, _ = strings.Cut(path, " ")
			e.Upstream = "unix:" + path
		}
	}
	how, given, known := apacheErrno(errno)
	switch {
	case x.how == event.HowNone && !known, x.code == 957 && how != event.HowTimeout, x.code == 2454 && how != event.HowTimeout:
		return // refused or unreachable: there was no connection
	case known:
	case given && !known: // an error that is not one of a connection's end, as a module's own
		how = event.HowUnknown
	default:
		how = x.how
	}
	party, phase := x.party, x.phase
	if remote && party == apClient {
		party, phase = apUpstream, remotePhase(x)
	}
	hangUp(e, party, how, phase)
}

// remotePhase says when a backend left, by a message that clients have too.
func remotePhase(x *apacheRule) event.Phase {
	switch x.code {
	case 1993:
		return apRequest // what is written to a backend is a request
	case 2006, 2007:
		return apWaiting
	}
	if x.phase == apRequest {
		return apWaiting
	}
	return x.phase
}

// apacheByText finds the rule of a message without a number: those of 2.2, of modules, and traces of 2.4.
func apacheByText(e *event.Event, text string) (*apacheRule, string) {
	text = strings.TrimPrefix(text, "proxy: ")
	for _, p := range [...]string{"HTTP: ", "HTTPS: ", "AJP: ", "FCGI: ", "SCGI: ", "CONNECT: ", "http: ", "ajp: "} {
		if rest, ok := strings.CutPrefix(text, p); ok {
			text = rest
			break
		}
	}
	if rest, ok := strings.CutPrefix(text, "mod_wsgi (pid="); ok {
		if _, rest, ok = strings.Cut(rest, "): "); ok {
			text = rest
		}
	}
	for i := range apacheRules {
		x := &apacheRules[i]
		if x.text == "" || !strings.HasPrefix(text, x.text) {
			continue
		}
		switch {
		case x.code == 51 || x.code == 52:
			if !strings.Contains(text, " exit signal ") {
				return nil, text
			}
		case x.code == 1097 && strings.Contains(text, ") from "), x.code != 1097: // AH01084 has no client
		default:
			continue
		}
		return x, text
	}
	if strings.HasPrefix(text, "FastCGI: comm with ") { // mod_fastcgi.c
		switch {
		case strings.Contains(text, " aborted: idle timeout"):
			return &apacheRule{party: apUpstream, phase: apAny, how: event.HowTimeout}, text
		case strings.Contains(text, " aborted: read failed"), strings.Contains(text, " aborted: write failed"):
			return &apacheRule{party: apUpstream, phase: apAny, how: event.HowUnknown}, text
		}
	}
	apacheFacts(e, 0, text)
	return nil, text
}

// fcgiRule finds the rule of AH01075 and takes the backend's address.
func fcgiRule(e *event.Event, body string) *apacheRule {
	to, what, ok := strings.Cut(strings.TrimPrefix(body, "Error dispatching request to "), ": (")
	if !ok {
		return nil
	}
	if to = strings.TrimSuffix(to, ":"); to != "" {
		e.Upstream = upstream(to)
	}
	what, _, _ = strings.Cut(what, ")")
	if x, ok := fcgiRules[what]; ok {
		return &x
	}
	return &apacheRule{party: apUnknown, phase: apAny, how: event.HowUnknown}
}

// apacheFacts takes what a message tells besides: the path of "... returned by /path", the name of TLS's server.
func apacheFacts(e *event.Event, code int, body string) {
	if code == 898 || code == 0 && strings.HasPrefix(body, "Error reading from remote server returned by ") {
		if i := strings.LastIndex(body, " returned by /"); i >= 0 {
			e.Path = body[i+len(" returned by "):]
		}
	}
	if _, name, ok := strings.Cut(body, "(server "); ok && strings.HasSuffix(name, ")") {
		e.Host = host(strings.TrimSuffix(name, ")"))
	}
}

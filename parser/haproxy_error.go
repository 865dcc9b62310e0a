package parser

import (
	"strings"

	"hangup/event"
)

// haproxySignal is what an error of an incoming connection says.
type haproxySignal struct {
	text  string // its beginning
	how   event.How
	phase event.Phase
}

// haproxyErrors are the texts of the connection error format that tell of a client that left (src/connection.c,
// conn_err_code_str). All others, as "SSL handshake failure", tell of one that spoke wrongly, or of HAProxy's limits.
var haproxyErrors = [...]haproxySignal{
	{"Connection closed during SSL handshake", event.HowClosed, event.PhaseRequest},
	{"Connection closed while waiting for ", event.HowClosed, event.PhaseRequest}, // PROXY protocol, NetScaler Client IP header
	{"Connection error during SSL handshake", event.HowUnknown, event.PhaseRequest},
	{"Connection error while waiting for ", event.HowUnknown, event.PhaseRequest},
	{"Timeout during SSL handshake", event.HowTimeout, event.PhaseRequest},
	{"Timeout while waiting for ", event.HowTimeout, event.PhaseRequest},
	{"ECONNRESET returned by OS", event.HowReset, event.PhaseUnknown}, // since 2.8, as the next ones
	{"EPIPE returned by OS", event.HowBrokenPipe, event.PhaseUnknown},
	{"ETIMEDOUT returned by OS", event.HowTimeout, event.PhaseUnknown},
	{"ENOTCONN returned by OS", event.HowClosed, event.PhaseUnknown},
}

// haproxyErrorText reads the message of a connection error.
func haproxyErrorText(e *event.Event) {
	switch {
	case strings.HasPrefix(e.Message, "Aborted connection after "): // a flood of TLS key updates: HAProxy closed it
		hangUp(e, event.PartyServer, event.HowClosed, event.PhaseUnknown)
		return
	case strings.HasPrefix(e.Message, "SSL handshake failure") && strings.Contains(e.Message, "unexpected eof while reading"):
		hangUp(e, event.PartyClient, event.HowUnknown, event.PhaseRequest) // OpenSSL's reason, in parentheses
		return
	}
	for i := range haproxyErrors {
		if x := &haproxyErrors[i]; strings.HasPrefix(e.Message, x.text) {
			hangUp(e, event.PartyClient, x.how, x.phase)
			return
		}
	}
}

// haproxyCodes are the numbers of those errors (enum in include/haproxy/connection-t.h, the table at fc_err in
// doc/configuration.txt 7.3.3).
var haproxyCodes = map[string]event.How{
	"11": event.HowClosed, "12": event.HowUnknown, "13": event.HowTimeout, // PROXY protocol header
	"18": event.HowClosed, "19": event.HowUnknown, "20": event.HowTimeout, // NetScaler Client IP header
	"24": event.HowClosed, "25": event.HowUnknown, "26": event.HowTimeout, // TLS handshake
}

// haproxyTLSError reads the error-log-format that the documentation proposes beside httpslog (8.2.5):
// "ac/fc fc_err/ssl_fc_err/ssl_c_err/ssl_c_ca_err/resumed sni/version/cipher", with or without the counts of
// connections. It returns false when s is of another form.
func haproxyTLSError(s string, e *event.Event) bool {
	codes, names, ok := cutBlank(s)
	if strings.Count(codes, "/") == 1 {
		s = names
		codes, names, ok = cutBlank(s)
	}
	if !ok || indexShort(names, ' ') >= 0 || strings.Count(codes, "/") != 4 || strings.Count(names, "/") != 2 {
		return false
	}
	code, rest, _ := strings.Cut(codes, "/")
	library, _, _ := strings.Cut(rest, "/")
	if _, ok := count(code); !ok {
		return false
	}
	e.Kind, e.Message = event.Other, s
	if sni, _, _ := strings.Cut(names, "/"); sni != "-" {
		e.Host = host(sni)
	}
	how, known := haproxyCodes[code]
	switch {
	case known:
		hangUp(e, event.PartyClient, how, event.PhaseRequest)
	case len(library) > 6 && strings.HasPrefix(library, "0x") && strings.HasSuffix(library, "126"):
		// SSL_R_UNEXPECTED_EOF_WHILE_READING (294) of OpenSSL 3: the client was gone, by FIN or by RST.
		hangUp(e, event.PartyClient, event.HowUnknown, event.PhaseRequest)
	}
	return true
}

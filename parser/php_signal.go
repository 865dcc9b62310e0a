package parser

import (
	"strings"

	"hangup/event"
)

// phpSignals are texts of PHP's extensions and libraries about a server that a program has asked. Sources: ext/mysqlnd
// (mysqlnd_enum_n_def.h), libpq's fe-misc.c, phpredis (library.c), Predis, libcurl's strerror.c and transfer.c.
var phpSignals = []struct {
	text  string
	how   event.How
	phase event.Phase
}{
	{"MySQL server has gone away", event.HowClosed, event.PhaseUnknown},
	{"Lost connection to MySQL server during query", event.HowClosed, event.PhaseWaiting},
	{"Error while sending QUERY packet", event.HowUnknown, event.PhaseRequest},
	{"Error while reading greeting packet", event.HowUnknown, event.PhaseWaiting},
	{"server closed the connection unexpectedly", event.HowClosed, event.PhaseWaiting},
	{"read error on connection to ", event.HowUnknown, event.PhaseWaiting},
	{"Redis server went away", event.HowClosed, event.PhaseUnknown},
	{"Redis server ", event.HowNone, 0}, // "Redis server 10.0.0.9:6379 went away"
	{"Error while reading line from the server", event.HowUnknown, event.PhaseWaiting},
	{"Error while writing bytes to the server", event.HowUnknown, event.PhaseRequest},
	{"cURL error 52: ", event.HowClosed, event.PhaseWaiting},
	{"Empty reply from server", event.HowClosed, event.PhaseWaiting},
	{"cURL error 55: ", event.HowUnknown, event.PhaseRequest},
	{"cURL error 56: ", event.HowUnknown, event.PhaseWaiting},
	{"cURL error 18: ", event.HowClosed, event.PhaseResponse},
	{"Operation timed out after ", event.HowTimeout, event.PhaseWaiting},
}

// phpSignal reads a message of PHP: the warnings of its stream functions do not say who is at the other end.
func phpSignal(e *event.Event, s string) {
	if how, ok := phpErrno(s); ok {
		hangUp(e, event.PartyUnknown, how, event.PhaseUnknown)
		e.Message = s
		return
	}
	if strings.Contains(s, "is closed by client") && strings.Contains(s, "send failed") { // Swoole: src/server/base.cc
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseResponse)
		e.Message = s
		return
	}
	for i := range phpSignals {
		x := &phpSignals[i]
		at := strings.Index(s, x.text)
		if at < 0 || inQuotes(s, at) {
			continue
		}
		rest := s[at+len(x.text):]
		how, phase := x.how, x.phase
		switch {
		case how == event.HowNone:
			if _, behind, ok := strings.Cut(rest, " "); !ok || !strings.HasPrefix(behind, "went away") {
				continue
			}
			how, phase = event.HowClosed, event.PhaseUnknown
		case how == event.HowUnknown:
			if found := phpErrorText(rest); found != event.HowNone {
				how = found
			}
		case how == event.HowTimeout:
			if _, got, ok := strings.Cut(rest, " with "); ok && !strings.HasPrefix(got, "0 ") {
				phase = event.PhaseResponse
			}
		}
		hangUp(e, event.PartyUpstream, how, phase)
		e.Message = s
		if host, p := addressPort(firstWord(rest)); strings.HasPrefix(x.text, "read error on") && p != 0 && isIP(host) {
			e.Upstream = firstWord(rest)
		}
		return
	}
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(s, " ")
	return word
}

// phpErrno reads the warnings of PHP's stream and socket functions (main/streams/xp_socket.c, plain_wrapper.c,
// ext/openssl/xp_ssl.c, ext/sockets/sockets.c):
//
//	fwrite(): Send of 14 bytes failed with errno=32 Broken pipe
//	fwrite(): SSL: Broken pipe
//	socket_write(): Unable to write to socket [32]: Broken pipe
func phpErrno(s string) (event.How, bool) {
	for from := 0; ; {
		i := strings.Index(s[from:], "(): ")
		if i < 0 {
			break
		}
		i += from
		from = i + 4
		rest := s[from:]
		start := i
		for start > 0 && isWord(s[start-1]) {
			start--
		}
		if !phpFunctions[s[start:i]] || inQuotes(s, i) {
			continue
		}
		if _, number, ok := strings.Cut(rest[:min(len(rest), 120)], " bytes failed with errno="); ok {
			digits := 0
			for digits < len(number) && isDigit(number[digits]) {
				digits++
			}
			n, _ := count(number[:digits])
			how := errnoHow(n)
			return how, how != event.HowNone
		}
		if text, ok := strings.CutPrefix(rest, "SSL: "); ok {
			how, _ := strerrorHow(text)
			return how, how != event.HowNone
		}
		if i := strings.Index(rest[:min(len(rest), 60)], " socket ["); i > 0 {
			number, _, _ := strings.Cut(rest[i+len(" socket ["):], "]")
			n, _ := count(number)
			how := errnoHow(n)
			return how, how != event.HowNone
		}
	}
	return event.HowNone, false
}

// phpErrorText finds an errno's text in what libcurl and others say.
func phpErrorText(s string) event.How {
	s = s[:min(len(s), 300)]
	for i := range strerrors {
		if strings.Contains(s, strerrors[i].text) {
			return strerrors[i].how
		}
	}
	return event.HowNone
}

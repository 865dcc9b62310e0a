package parser

import (
	"strings"

	"hangup/event"
)

// accessMessage reads an access line as Python's servers give it to logging: [address[:port]] [- - [time]] [-]
// "request" status [bytes]. http.server, werkzeug, django.server and uvicorn.access differ in what they leave out.
// The time between brackets is not read: the record has one.
func accessMessage(e *event.Event, s string) bool {
	i := strings.IndexByte(s, '"')
	if i < 0 || i > 120 {
		return false
	}
	head := strings.TrimRight(s[:i], " ")
	if head != "" {
		first, rest, _ := strings.Cut(head, " ")
		a, p := addressPort(first)
		if !isIP(a) {
			a, p = address(first), 0
		}
		if !isIP(a) && (rest == "" || !isAddress(a)) || !isAccessHead(rest) {
			return false
		}
		e.Client, e.ClientPort = a, p
	}
	request, rest, ok := quoted(s[i:])
	if !ok || !strings.HasPrefix(rest, " ") {
		return false
	}
	code, rest, _ := strings.Cut(rest[1:], " ")
	if len(code) != 3 {
		return false
	}
	n, ok := status(code)
	if !ok || n == 0 {
		return false
	}
	bytes, _, _ := strings.Cut(rest, " ")
	if b, ok := count(bytes); ok {
		e.Bytes = event.Some(b)
	} else if bytes != "" && bytes != "-" && !isReason(rest) {
		return false
	}
	x := event.Event{}
	if setRequest(&x, request); x.Method == "" {
		return false
	}
	setRequest(e, request)
	e.Status = n
	e.Kind, e.Exchange = event.Request, true
	return true
}

// isAccessHead says whether what stands between the address and the request is dashes and a time in brackets.
func isAccessHead(s string) bool {
	for s != "" {
		switch {
		case s[0] == '-' || s[0] == ' ':
			s = s[1:]
		case s[0] == '[':
			i := strings.IndexByte(s, ']')
			if i < 0 {
				return false
			}
			s = s[i+1:]
		default:
			return false
		}
	}
	return true
}

// isReason says whether a text is a status's reason phrase, which uvicorn writes: "OK", "Not Found".
func isReason(s string) bool {
	for i := range len(s) {
		if b := s[i] | 0x20; (b < 'a' || b > 'z') && b != ' ' && s[i] != '-' && s[i] != '\'' {
			return false
		}
	}
	return true
}

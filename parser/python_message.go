package parser

import (
	"slices"
	"strings"

	"hangup/event"
)

// messageSignal reads a message of one line: an application's own words about a connection. Words inside double
// quotes are a request's, an agent's or a statement's and do not count.
func messageSignal(e *event.Event, message, logger string) bool {
	if serverSignal(e, message) {
		return true
	}
	if how, at, ok := clientWords(message); ok {
		hangUp(e, event.PartyClient, how, at)
		e.Message = message
		peer(e, message)
		details(e, message)
		return true
	}
	x, place, ok := errorInMessage(message)
	if !ok {
		return false
	}
	party := x.party
	if party == event.PartyNone {
		party = messageParty(message, logger)
	}
	if party == event.PartyNone {
		if x.how == event.HowTimeout {
			return false
		}
		party = event.PartyUnknown
	}
	at := x.phase
	if at == event.PhaseNone {
		at = wordsPhase(message[:place], message[place:], party)
	}
	hangUp(e, party, x.how, at)
	e.Message = message
	peer(e, message)
	details(e, message)
	return true
}

// goneWords are what is said of a client that left, behind "Client", its address, or "client". The longest is first.
var goneWords = []struct {
	text  string
	how   event.How
	phase event.Phase
}{
	{"closed connection before sending full body", event.HowClosed, event.PhaseRequest},
	{"closed connection before sending", event.HowClosed, event.PhaseRequest},
	{"disconnected while sending request", event.HowClosed, event.PhaseRequest},
	{"disconnected while serving", event.HowClosed, event.PhaseResponse}, // waitress
	{"disconnected", event.HowClosed, event.PhaseUnknown},
	{"has disconnected", event.HowClosed, event.PhaseUnknown},
	{"closed connection", event.HowClosed, event.PhaseUnknown},
	{"closed the connection", event.HowClosed, event.PhaseUnknown},
	{"aborted connection", event.HowClosed, event.PhaseUnknown},
	{"aborted the request", event.HowClosed, event.PhaseUnknown},
	{"went away", event.HowClosed, event.PhaseUnknown},
	{"hung up", event.HowClosed, event.PhaseUnknown},
	{"gone", event.HowClosed, event.PhaseUnknown},
}

// clientWords finds "Client <address> disconnected" and its like. An error behind the words says how.
func clientWords(s string) (how event.How, at event.Phase, ok bool) {
	for from := 0; ; {
		i := strings.Index(s[from:], "lient")
		if i < 0 {
			return 0, 0, false
		}
		i += from
		from = i + len("lient")
		if i == 0 || s[i-1]|0x20 != 'c' || i > 1 && isWord(s[i-2]) || inQuotes(s, i) {
			continue
		}
		rest := strings.TrimPrefix(s[from:], " ")
		if len(rest) == len(s)-from {
			continue
		}
		if _, _, n := peerAt(rest); n > 0 {
			rest = strings.TrimPrefix(rest[n:], " ")
		} else if _, behind, found := strings.Cut(rest, " "); found && endsWith(behind, "disconnected") {
			return event.HowClosed, event.PhaseUnknown, true // "Client <name> disconnected"
		}
		for _, w := range goneWords {
			tail, found := strings.CutPrefix(rest, w.text)
			if !found || tail != "" && isWord(tail[0]) {
				continue
			}
			how, at = w.how, w.phase
			if x, _, isError := errorInMessage(tail); isError {
				how = x.how
			}
			return how, at, true
		}
	}
}

// endsWith says whether s is the word, with nothing behind it but punctuation.
func endsWith(s, word string) bool {
	rest, ok := strings.CutPrefix(s, word)
	return ok && strings.Trim(rest, ".!") == ""
}

// errorInMessage finds an exception or an errno in a message, and where.
func errorInMessage(s string) (x pythonError, at int, ok bool) {
	if x, ok = exceptionError(s); ok && isErrorText(s) {
		return x, 0, true
	}
	for _, mark := range [...]string{"[Errno ", "[WinError ", "BrokenPipeError", "ConnectionResetError", "ConnectionAbortedError", "TimeoutError(", "timeout('", "error("} {
		i := strings.Index(s, mark)
		if i < 0 || i > 0 && isWord(s[i-1]) || inQuotes(s, i) {
			continue
		}
		rest := s[i:]
		if how := textHow(rest); how != event.HowNone {
			return pythonError{how: how}, i, true
		}
		if how := reprHow(rest); how != event.HowNone && strings.HasPrefix(rest[len(mark):], "(") || mark == "error(" && how != event.HowNone {
			return pythonError{how: how}, i, true
		}
		if mark == "TimeoutError(" || mark == "timeout('" {
			return pythonError{how: event.HowTimeout}, i, true
		}
		if rest == mark || strings.HasPrefix(rest[len(mark):], ":") || strings.HasPrefix(rest[len(mark):], " ") {
			if x, ok = exceptionError(rest); ok {
				return x, i, true
			}
		}
	}
	// The bare text of an errno, behind a colon: "write failed: Broken pipe".
	for i := 0; ; {
		j := strings.Index(s[i:], ": ")
		if j < 0 {
			return x, 0, false
		}
		i += j + 2
		how, n := strerrorHow(s[i:])
		if how != event.HowNone && how != event.HowTimeout && (i+n == len(s) || !isWord(s[i+n]) && s[i+n] != '-') && !inQuotes(s, i) {
			return pythonError{how: how}, i, true
		}
	}
}

// isErrorText says whether a whole message is an exception's text, and not a sentence that holds one.
func isErrorText(s string) bool {
	name, _, ok := strings.Cut(s, ": ")
	_, _, isNumber := errorNumber(s)
	return strings.HasPrefix(s, "[Errno ") || strings.HasPrefix(s, "[WinError ") || strings.HasPrefix(s, "('Connection ") || isNumber || ok && isException(name)
}

// messageParty finds the party in a message's words and the logger's name.
func messageParty(s, logger string) event.Party {
	lower := plainWords(s)
	switch {
	case hasAny(lower, upstreamWords) || hasAny(strings.ToLower(logger), upstreamLoggers):
		return event.PartyUpstream
	case hasAny(lower, clientPartyWords):
		return event.PartyClient
	}
	if i := strings.Index(s, "Request timed out"); i >= 0 && !inQuotes(s, i) { // http/server.py
		return event.PartyClient
	}
	for _, w := range [...]string{" from ", " to ", " with "} {
		for i := 0; ; {
			j := strings.Index(s[i:], w)
			if j < 0 {
				break
			}
			i += j + len(w)
			if _, _, n := peerAt(s[i:]); n > 0 {
				return event.PartyClient
			}
		}
	}
	return event.PartyNone
}

// plainWords returns the beginning of a message in lower case without what the request put there: words with a slash
// or an equals sign.
func plainWords(s string) string {
	words := strings.Fields(strings.ToLower(s[:min(len(s), 300)]))
	words = slices.DeleteFunc(words, func(w string) bool { return strings.ContainsAny(w, "/=") })
	return strings.Join(words, " ") + " "
}

var (
	upstreamWords    = []string{"upstream", "backend", "redis", "database", "memcache", "rabbitmq", "kafka", "postgres", "mysql", "mongo", "elasticsearch", "smtp"}
	upstreamLoggers  = []string{"redis", "database", "cache", "urllib3", "requests", "httpx", "pymongo", "kafka", "pika", "amqp", "sqlalchemy", "botocore"}
	clientPartyWords = []string{"streaming to", "stream to ", "sending response", "writing response", "write response", "request handler", "handling request", "processing request", "serving "}
)

// wordsPhase finds the phase in the words before and behind an error.
func wordsPhase(before, behind string, party event.Party) event.Phase {
	switch {
	case strings.Contains(before, "reading from") || strings.Contains(before, "reading request"):
		return pick(party, event.PhaseRequest, event.PhaseWaiting)
	case strings.Contains(before, "streaming to"), strings.Contains(before, "sending response"), strings.Contains(behind, "while sending response"),
		strings.Contains(behind, "while writing response"), strings.Contains(before, "writing response"):
		return pick(party, event.PhaseResponse, event.PhaseRequest)
	}
	return event.PhaseUnknown
}

// abortedWords are what an application says of a response that ended early without saying who ended it.
var abortedWords = []string{"stream aborted", "response aborted", "download aborted", "transfer aborted"}

func abortedSignal(e *event.Event, message string) bool {
	for _, w := range abortedWords {
		if i := strings.Index(message, w); i >= 0 && !inQuotes(message, i) && (i == 0 || message[i-1] == ' ') {
			hangUp(e, event.PartyUnknown, event.HowUnknown, event.PhaseResponse)
			e.Message = message
			details(e, message)
			return true
		}
	}
	return false
}

// peer takes the first address in a message about a client: "('127.0.0.31', 52929)", "127.0.0.32:35997",
// "[2001:db8::17]:51234". In a message about another party it may be anyone's.
func peer(e *event.Event, s string) {
	if e.Client != "" || e.Party != event.PartyClient {
		return
	}
	for i := 0; i < len(s) && i < 400; i++ {
		if i > 0 && s[i-1] != ' ' {
			continue
		}
		if a, p, n := peerAt(s[i:]); n > 0 && !inQuotes(s, i) {
			e.Client, e.ClientPort = a, p
			return
		}
	}
}

// peerAt reads an address at the beginning of s and returns how many bytes it has, 0 when there is none.
func peerAt(s string) (client string, p uint16, n int) {
	if strings.HasPrefix(s, "('") || strings.HasPrefix(s, "['") { // Python's tuple, or list; for IPv6 it has two more members
		a, rest, ok := strings.Cut(s[2:], "', ")
		end := strings.IndexByte(rest, closer(s[0]))
		if !ok || end < 0 || !isAddress(a) {
			return "", 0, 0
		}
		number, _, _ := strings.Cut(rest[:end], ",")
		return address(a), port(number), len("('") + len(a) + len("', ") + end + 1
	}
	end := 0
	for end < len(s) && end < 64 && (isDigit(s[end]) || s[end]|0x20 >= 'a' && s[end]|0x20 <= 'f' || s[end] == '.' || s[end] == ':' || s[end] == '[' || s[end] == ']') {
		end++
	}
	a := strings.TrimRight(s[:end], ":.")
	n = len(a)
	if end < len(s) && isWord(s[end]) || a == "" {
		return "", 0, 0
	}
	if a[0] == '[' || strings.Count(a, ":") == 1 {
		client, p = addressPort(a)
	} else {
		client = a
	}
	if !isIP(client) {
		return "", 0, 0
	}
	return client, p, n
}

func closer(b byte) byte {
	if b == '[' {
		return ']'
	}
	return ')'
}

// details takes what a message says in the usual forms about the exchange: path=, request_id=, elapsed=,
// "for /path to", "after 2.969s", "handler GET /path".
func details(e *event.Event, s string) {
	if e.Path == "" {
		for _, key := range [...]string{"path=", "route=", "url=", "uri="} {
			if v := valueOf(s, key); v != "" && v[0] == '/' {
				setTarget(e, v)
				break
			}
		}
	}
	if e.Path == "" {
		methodAndPath(e, s)
	}
	for _, key := range [...]string{"request_id=", "rid=", "req_id=", "x_request_id="} {
		if v := valueOf(s, key); v != "" && e.RequestID == "" {
			e.RequestID = v
		}
	}
	v := valueOf(s, "elapsed=")
	if v == "" {
		v = afterValue(s)
	}
	if number, ok := strings.CutSuffix(v, "s"); ok {
		if d, ok := seconds(number); ok {
			e.Duration = event.Some(d)
		}
	}
}

// afterValue reads how long an exchange took in "... to 203.0.113.9 after 2.969s", "disconnected after 30.0s". Behind
// other words "after" may tell of anything.
func afterValue(s string) string {
	i := strings.LastIndex(s, " after ")
	if i < 0 {
		return ""
	}
	word := s[strings.LastIndexByte(s[:i], ' ')+1 : i]
	if _, _, n := peerAt(word); n == 0 && word != "disconnected" && word != "gone" && word != "away" && word != "connection" {
		return ""
	}
	v, _, _ := strings.Cut(s[i+len(" after "):], " ")
	return v
}

// methodAndPath finds "GET /path" or " for /path".
func methodAndPath(e *event.Event, s string) {
	for i := 0; ; {
		j := strings.Index(s[i:], " /")
		if j < 0 {
			return
		}
		i += j + 1
		target, _, _ := strings.Cut(s[i:], " ")
		target = strings.TrimRight(target, ":,;).")
		before := s[:i-1]
		word := before[strings.LastIndexByte(before, ' ')+1:]
		switch {
		case inQuotes(s, i):
		case word == "for" || word == "serving":
			setTarget(e, target)
			return
		case httpMethods[word]:
			e.Method = word
			setTarget(e, target)
			return
		}
	}
}

var httpMethods = map[string]bool{
	"GET": true, "HEAD": true, "POST": true, "PUT": true, "DELETE": true, "PATCH": true, "OPTIONS": true, "TRACE": true,
}

// valueOf returns the value behind "key=" in a message, outside quotes, up to a blank, comma or closing bracket.
func valueOf(s, key string) string {
	for i := 0; ; {
		j := strings.Index(s[i:], key)
		if j < 0 {
			return ""
		}
		i += j
		if i == 0 || s[i-1] == ' ' || s[i-1] == '(' || s[i-1] == ',' {
			v := s[i+len(key):]
			if end := strings.IndexAny(v, " ,)]}\"'\n"); end >= 0 {
				v = v[:end]
			}
			return v
		}
		i += len(key)
	}
}

func isWord(b byte) bool {
	return isDigit(b) || b|0x20 >= 'a' && b|0x20 <= 'z' || b == '_'
}

// inQuotes says whether s[i] is inside double quotes.
func inQuotes(s string, i int) bool { return strings.Count(s[:i], `"`)%2 == 1 }

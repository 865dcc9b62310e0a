package parser

import (
	"strings"

	"hangup/event"
)

// erlangAtoms are the errors of gen_tcp and ssl (inet(3), ssl(3)).
var erlangAtoms = map[string]event.How{
	"closed": event.HowClosed, "econnreset": event.HowReset, "epipe": event.HowBrokenPipe, "econnaborted": event.HowAborted,
	"etimedout": event.HowTimeout, "timeout": event.HowTimeout, "enotconn": event.HowClosed,
}

// erlangTexts are sentences that tell by themselves. Sources: cowboy_http.erl and cowboy_http2.erl (terminate's
// reasons), Bandit's http_transport modules, rabbit_reader.erl, Postgrex and DBConnection.
var erlangTexts = []struct {
	text  string
	how   event.How
	party event.Party
	phase event.Phase
}{
	{"{socket_error,closed,", event.HowClosed, event.PartyClient, event.PhaseUnknown},
	{"{socket_error,econnreset,", event.HowReset, event.PartyClient, event.PhaseUnknown},
	{"{socket_error,epipe,", event.HowBrokenPipe, event.PartyClient, event.PhaseResponse},
	{"{socket_error,etimedout,", event.HowTimeout, event.PartyClient, event.PhaseUnknown},
	{"{socket_error,timeout,", event.HowTimeout, event.PartyClient, event.PhaseUnknown},
	{"{socket_error,enotconn,", event.HowClosed, event.PartyClient, event.PhaseUnknown},
	{"{connection_error,timeout,'No request-line received", event.HowTimeout, event.PartyClient, event.PhaseIdle},
	{"{connection_error,timeout,'Request headers not received", event.HowTimeout, event.PartyClient, event.PhaseRequest},
	{"{connection_error,timeout,", event.HowTimeout, event.PartyClient, event.PhaseUnknown},
	{"{stream_error,closed,", event.HowClosed, event.PartyClient, event.PhaseUnknown},
	{"Bandit.TransportError) Unrecoverable error: closed", event.HowClosed, event.PartyClient, event.PhaseUnknown},
	{"Bandit.HTTPError) Header read timeout", event.HowTimeout, event.PartyClient, event.PhaseRequest},
	{"Bandit.HTTPError) Body read timeout", event.HowTimeout, event.PartyClient, event.PhaseRequest},
	{"Bandit.HTTPError) closed", event.HowClosed, event.PartyClient, event.PhaseUnknown},
	{"client unexpectedly closed TCP connection", event.HowClosed, event.PartyClient, event.PhaseUnknown},
	{"(DBConnection.ConnectionError) tcp recv", event.HowClosed, event.PartyUpstream, event.PhaseWaiting},
	{"(DBConnection.ConnectionError) ssl recv", event.HowClosed, event.PartyUpstream, event.PhaseWaiting},
	{"(DBConnection.ConnectionError) tcp send", event.HowClosed, event.PartyUpstream, event.PhaseRequest},
	{"(Mint.TransportError) socket closed", event.HowClosed, event.PartyUpstream, event.PhaseWaiting},
	{"(Mint.TransportError) timeout", event.HowTimeout, event.PartyUpstream, event.PhaseWaiting},
}

// Modules that tell which end a socket is, by the first that a stack names: it has the deepest call first.
var (
	erlangServers = []string{"cowboy", "ranch", "Ranch", "mochiweb", "yaws", "elli", "Bandit", "bandit", "ThousandIsland", "webmachine", "Plug.", "Phoenix", "inets_httpd", "httpd_"}
	erlangClients = []string{"hackney", "httpc", "ibrowse", "lhttpc", "gun,", "gun_", "eredis", "epgsql", "mysql", "Postgrex", "DBConnection", "Redix", "amqp_", "AMQP", "brod", "kpro", "Mint.", "Finch", "Tesla", "mongo", "riakc", "emysql", "gen_smtp", "Mongo", "MyXQL", "Tds"}
)

// erlangSignal reads a record's text, whose lines are joined by blanks.
func erlangSignal(e *event.Event, s string) {
	for i := range erlangTexts {
		x := &erlangTexts[i]
		if j := strings.Index(s, x.text); j >= 0 && !inQuotes(s, j) {
			how := x.how
			if x.party == event.PartyUpstream && strings.Contains(s[j:], "connection reset by peer") {
				how = event.HowReset
			}
			hangUp(e, x.party, how, x.phase)
			erlangDetails(e, s, len(s))
			return
		}
	}
	how, at, end := erlangReason(s)
	if how == event.HowNone {
		if h, ph, ok := clientWords(s); ok && !hasAny(s, erlangClients) {
			hangUp(e, event.PartyClient, h, ph)
			erlangDetails(e, s, len(s))
		}
		return
	}
	calls := s[at:]
	party := erlangParty(calls)
	if party == event.PartyNone { // "... terminated in cowboy_req:read_body/2 with reason: ..."
		calls = s[:at]
		party = erlangParty(calls)
	}
	if party == event.PartyNone {
		if how == event.HowTimeout {
			return
		}
		party = event.PartyUnknown
	}
	hangUp(e, party, how, erlangPhase(calls, party))
	erlangDetails(e, s, end)
}

// erlangReason finds an exit's reason that is a socket's error: "{badmatch,{error,closed}}", "{case_clause,{error,
// closed}}", "{closed,[{ranch_ssl,accept_ack,2,...". It returns where it stands and where the message may end: before
// the stack, or behind the first call when only that tells.
func erlangReason(s string) (how event.How, at, end int) {
	for from := 0; ; {
		i := strings.Index(s[from:], "{error,")
		if i < 0 {
			break
		}
		i += from
		atom, tail := erlangAtom(s[i+len("{error,"):])
		if h := erlangAtoms[atom]; h != event.HowNone && strings.HasPrefix(tail, "}") && !inQuotes(s, i) {
			end = len(s)
			if j := strings.Index(s[i:], ",[{"); j >= 0 {
				end = i + j
			}
			return h, i, end
		}
		from = i + 1
	}
	for from := 0; ; { // an atom with a stack: {closed,[{
		i := strings.Index(s[from:], ",[{")
		if i < 0 {
			return event.HowNone, 0, 0
		}
		i += from
		j := strings.LastIndexByte(s[:i], '{')
		if j >= 0 && i-j < 16 {
			if h := erlangAtoms[s[j+1:i]]; h != event.HowNone && !inQuotes(s, j) {
				end = len(s)
				if k := strings.Index(s[i:], ",[{file"); k >= 0 {
					end = i + k
				}
				return h, j, end
			}
		}
		from = i + 1
	}
}

// erlangAtom cuts an atom from the beginning of s, after blanks.
func erlangAtom(s string) (atom, rest string) {
	s = strings.TrimLeft(s, " :")
	i := 0
	for i < len(s) && i < 32 && isWord(s[i]) {
		i++
	}
	return s[:i], s[i:]
}

func erlangParty(s string) event.Party {
	server, client := firstOf(s, erlangServers), firstOf(s, erlangClients)
	switch {
	case client >= 0 && (server < 0 || client < server):
		return event.PartyUpstream
	case server >= 0:
		return event.PartyClient
	}
	return event.PartyNone
}

// firstOf returns where the first of the words stands, -1 when none does.
func firstOf(s string, words []string) int {
	first := -1
	for _, w := range words {
		if i := strings.Index(s, w); i >= 0 && (first < 0 || i < first) {
			first, s = i, s[:min(len(s), i+len(w))]
		}
	}
	return first
}

// erlangPhase finds what was being done by the first calls of the stack.
func erlangPhase(s string, party event.Party) event.Phase {
	read := firstOf(s, []string{"accept_ack", "handshake", "cowboy_req,body", "cowboy_req,read_", "cowboy_req,part", "cowboy_req,stream_body", "cowboy_req,init_stream", "cowboy_req:body", "cowboy_req:read_", "wait_request", "wait_header", "parse_request", "read_urlencoded", "mochiweb_request,recv", "gen_tcp,recv"})
	write := firstOf(s, []string{"cowboy_req,response", "cowboy_req,reply", "cowboy_req,chunk", "cowboy_req,chunked", "cowboy_req,stream_reply", "cowboy_req:reply", "cowboy_req:response", "cowboy_req:chunk", "mochiweb_request,send", "mochiweb_request,respond", "elli_http,send", "sendfile", "gen_tcp,send", ",send,"})
	switch {
	case party == event.PartyUnknown:
		return event.PhaseUnknown
	case read >= 0 && (write < 0 || read < write):
		return pick(party, event.PhaseRequest, event.PhaseWaiting)
	case write >= 0:
		return pick(party, event.PhaseResponse, event.PhaseRequest)
	}
	return event.PhaseUnknown
}

// erlangDetails sets the message: the text up to the stack; of the emulator's "Error in process ... with exit value:"
// the reason only. Elixir's reports name the request.
func erlangDetails(e *event.Event, s string, end int) {
	e.Message = s[:end]
	if i := strings.Index(e.Message, " with exit value: "); i >= 0 && strings.HasPrefix(e.Message, "Error in process ") {
		e.Message = strings.TrimSpace(e.Message[i+len(" with exit value: "):])
	}
	if e.Party != event.PartyClient {
		return
	}
	if _, request, found := strings.Cut(s, "Request: "); found {
		method, rest, ok := strings.Cut(request, " ")
		if target, _, _ := strings.Cut(rest, " "); ok && httpMethods[method] && strings.HasPrefix(target, "/") {
			e.Method = method
			setTarget(e, target)
		}
	}
	if _, ends, found := strings.Cut(s, " ("); found && strings.Contains(s, "AMQP connection") { // (10.0.0.1:51234 -> 10.0.0.2:5672)
		if a, p, n := peerAt(ends); n > 0 {
			e.Client, e.ClientPort = a, p
		}
	}
	peer(e, s)
	details(e, s)
}

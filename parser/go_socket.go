package parser

import (
	"strings"

	"hangup/event"
)

// goOp is what was being done on a socket.
type goOp uint8

const (
	goNoOp goOp = iota
	goRead
	goWrite
)

// goSocket is what net.OpError prints: "write tcp 127.0.0.1:8080->203.0.113.7:51234: write".
type goSocket struct {
	op            goOp
	local, remote string
	copying       bool // the error is of what was copied to the socket: "readfrom tcp L->R: "
	to            string
	toLocal       string
}

// findGoSocket finds the last socket in the text before a cause.
func findGoSocket(head string) (s goSocket) {
	inner := cutGoSocket(head, len(head))
	if inner.op == goNoOp {
		switch {
		case strings.HasSuffix(head, "write: "):
			s.op = goWrite
		case strings.HasSuffix(head, "read: "):
			s.op = goRead
		}
		return s
	}
	if !inner.copying {
		if inner.op == goRead && strings.Contains(head, "readfrom tcp ") {
			outer := cutGoSocket(head, strings.LastIndex(head, "->"))
			if outer.copying && outer.remote != inner.remote {
				inner.copying, inner.to, inner.toLocal = true, outer.remote, outer.local
			}
		}
		return inner
	}
	// "readfrom tcp L->R: " and the cause, or a system call that copies.
	switch {
	case strings.HasSuffix(head, "sendfile: "), strings.HasSuffix(head, "write: "), strings.HasSuffix(head, "writev: "):
		inner.copying = false
	case strings.HasSuffix(head, "splice: "): // either end may have failed
		return goSocket{op: inner.op}
	default:
		inner.to, inner.toLocal = inner.remote, inner.local
		inner.local, inner.remote, inner.op = "", "", goRead
	}
	return inner
}

// cutGoSocket reads the last socket before end: an operation, a network and two addresses.
func cutGoSocket(head string, end int) (s goSocket) {
	if end < 0 {
		return s
	}
	arrow := strings.LastIndex(head[:end], "->")
	if arrow < 0 {
		return s
	}
	from := strings.LastIndexByte(head[:arrow], ' ')
	if from < 0 {
		return s
	}
	remote, _, ok := strings.Cut(head[arrow+2:], ": ")
	if !ok || strings.IndexByte(remote, ' ') >= 0 {
		return s
	}
	network := strings.LastIndexByte(head[:from], ' ')
	switch head[network+1 : from] {
	case "tcp", "tcp4", "tcp6", "unix":
	default:
		return s
	}
	op := head[strings.LastIndexAny(head[:max(network, 0)], " (\"=")+1 : max(network, 0)]
	switch op {
	case "read", "raw-read":
		s.op = goRead
	case "write", "writev", "raw-write", "sendfile":
		s.op = goWrite
	case "readfrom", "splice":
		s.op, s.copying = goWrite, true
	default: // accept, close, set, dial: no exchange's
		return s
	}
	s.local, s.remote = head[from+1:arrow], remote
	return s
}

// goPorts says by the two ports who of the ends called the other, if it is clear: the caller has a port that the
// system chose, at 32768 or above by default (Linux's ip_local_port_range; IANA's dynamic ports begin at 49152).
type goPorts uint8

const (
	goPortsUnclear     goPorts = iota
	goCalled                   // the other end has called: it is a client
	goCalling                  // the program has called: the other end is an upstream
	goCalledPerhaps            // as above, but the server's port is none that is known
	goCallingPerhaps           //
	goEphemeral        = 32768 //
	goEphemeralPerhaps = 10000 // systems with a wider range than the default
)

func goPortsOf(local, remote string) goPorts {
	_, l := addressPort(local)
	_, r := addressPort(remote)
	switch {
	case l == 0 || r == 0: // unix sockets: a client has no name, or "@"
		anonymous := func(s string) bool { return s == "" || s == "@" }
		if l == 0 && r == 0 && anonymous(local) != anonymous(remote) {
			if anonymous(remote) {
				return goCalled
			}
			return goCalling
		}
	case l >= goEphemeral && r >= goEphemeral:
	case goServicePort(r) && l >= goEphemeral:
		return goCalling
	case goServicePort(l) && (r >= goEphemeral || r >= goEphemeralPerhaps && !goServicePort(r)):
		return goCalled
	case l >= goEphemeral:
		return goCallingPerhaps
	case r >= goEphemeral:
		return goCalledPerhaps
	}
	return goPortsUnclear
}

// goServicePort says whether servers listen on a port as a rule: the system ports, those of HTTP, and those of
// databases, caches and brokers (IANA's Service Name and Transport Protocol Port Number Registry).
func goServicePort(p uint16) bool {
	switch p {
	case 1433, 1521, 1883, 2181, 2375, 2376, 2379, 2380, 3000, 3306, 4222, 4317, 4318, 5000, 5432, 5671, 5672, 6379, 6380, 6432,
		7000, 7687, 8883, 9000, 9042, 9090, 9092, 9093, 9200, 9300, 11211, 16379, 26257, 26379, 27017, 27018, 50051, 61613, 61616:
		return true
	}
	return p < 1024 && p != 0 || p/100 == 80 || p/10 == 844 || p/10 == 888
}

// side says which end of the socket the other is: a client, an upstream, or that it is not known. Known ports come
// before words, and words before ports that are merely high or low.
func (x *goError) side() event.Party {
	s := &x.socket
	ports := goPortsUnclear
	if s.remote != "" {
		ports = goPortsOf(s.local, s.remote)
	}
	w := x.words
	switch {
	case ports == goCalled:
		return event.PartyClient
	case ports == goCalling:
		return event.PartyUpstream
	case w&goHandshake != 0:
		return event.PartyClient
	case s.copying: // what is copied comes from the end that the words do not name
		switch other := goOther(goPortsOf(s.toLocal, s.to)); {
		case other != event.PartyUnknown:
			return other
		case w&goUpstream != 0:
			return event.PartyClient
		case w.server():
			return event.PartyUpstream
		}
	case w&goClient != 0:
		return event.PartyClient
	case w&goUpstream != 0, w.asks():
		return event.PartyUpstream
	case w.server(), w&goMethod != 0 && ports == goPortsUnclear:
		return event.PartyClient
	}
	switch {
	case ports == goCalledPerhaps:
		return event.PartyClient
	case ports == goCallingPerhaps:
		return event.PartyUpstream
	case w&goMethod != 0:
		return event.PartyClient
	}
	return event.PartyUnknown
}

// goOther says who the source is of what is copied to a socket.
func goOther(to goPorts) event.Party {
	switch to {
	case goCalling, goCallingPerhaps:
		return event.PartyClient
	case goCalled, goCalledPerhaps:
		return event.PartyUpstream
	case goPortsUnclear:
	}
	return event.PartyUnknown
}

// addresses takes the client or the upstream from the socket or the URL that was asked.
func (x *goError) addresses(e *event.Event, party event.Party) {
	s := &x.socket
	peer, up := "", ""
	switch {
	case s.copying && party == event.PartyClient:
		peer, up = s.remote, s.to
	case s.copying && party == event.PartyUpstream:
		peer, up = s.to, s.remote
	case party == event.PartyClient:
		peer = s.remote
	case party == event.PartyUpstream:
		up = s.remote
	}
	if client, p := addressPort(peer); client != "" && client != "@" && (e.Client == "" || e.Client == client && e.ClientPort == 0) && p != 0 {
		e.Client, e.ClientPort = client, p
	}
	if e.Upstream == "" && up != "" && up != "@" {
		e.Upstream = up
		if strings.HasPrefix(up, "/") {
			e.Upstream = "unix:" + up
		}
	}
	if i := strings.Index(x.head, "://"); e.Upstream == "" && i > 0 && x.words&goUpstream != 0 {
		if strings.HasSuffix(x.head[:i], "http") || strings.HasSuffix(x.head[:i], "https") {
			u := x.head[i+3:]
			if j := strings.IndexAny(u, "/?\", "); j >= 0 {
				u = u[:j]
			}
			e.Upstream = strings.TrimSuffix(u, ":")
		}
	}
}

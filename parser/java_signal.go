package parser

import (
	"strings"

	"hangup/event"
)

// javaRecord reads the message of a JVM's log record and the trace in the lines behind it.
func javaRecord(e *event.Event, message string, lines []string) {
	e.Kind = event.Other
	message = cut(message)
	t := readJavaTrace(lines)
	if javaTraceSignal(e, message, &t) || javaWords(e, message) {
		javaDetails(e, message, &t)
	}
}

// javaTraceSignal reads the exceptions of a trace and those that the message names. The message is the line that says
// how the connection ended: the record's own when it names the exception, else that of the outermost exception, unless
// only a deeper one knows more.
func javaTraceSignal(e *event.Event, message string, t *javaTrace) bool {
	x := javaExamine(message)
	line, lineSure := "", false
	if x.how != event.HowNone {
		line, lineSure = message, true
	}
	for i := range t.chain {
		y := javaExamine(t.chain[i].line)
		if y.how != event.HowNone && (line == "" || y.sure && !lineSure) {
			line, lineSure = t.chain[i].line, y.sure
		}
		x.add(y)
	}
	if x.how == event.HowNone || x.refused {
		return false
	}
	if x.party == event.PartyNone {
		x.party = javaParty(e, message, t)
	}
	if !x.known && x.party != event.PartyClient { // the end of a file, for all that is known
		return false
	}
	if x.party == event.PartyNone {
		if x.how == event.HowTimeout {
			return false // any timeout is one of these
		}
		x.party = event.PartyUnknown
	}
	if x.phase == event.PhaseNone {
		x.phase = javaPhase(e, message, t, x)
	}
	hangUp(e, x.party, x.how, x.phase)
	e.Message = line
	return true
}

// javaParty finds who is at the other end of the socket that failed: by the frames, the channel that netty names, the
// logger and the words of the message.
func javaParty(e *event.Event, message string, t *javaTrace) (p event.Party) {
	t.javaFrames(func(frame string) bool {
		switch {
		case hasPrefixOf(frame, javaPipeFrames):
			p = event.PartyUnknown
		case hasPrefixOf(frame, javaClientFrames):
			p = event.PartyUpstream
		case hasPrefixOf(frame, javaServerFrames):
			p = event.PartyClient
		}
		return p == event.PartyNone
	})
	if p != event.PartyNone {
		return p
	}
	if t.checkpoint != "" {
		return event.PartyUpstream
	}
	logger := strings.ToLower(e.Logger)
	if hasAny(logger, javaClientLoggers) {
		return event.PartyUpstream
	}
	if c, ok := nettyChannel(message); ok {
		return c.party
	}
	switch {
	case hasAny(e.Logger, javaServerLoggers):
		return event.PartyClient
	case hasAny(plainWords(message), upstreamWords):
		return event.PartyUpstream
	}
	if _, _, ok := clientWords(message); ok || strings.HasPrefix(message, "Looks like the client has gone away") {
		return event.PartyClient
	}
	if strings.Contains(message, " for HTTP ") { // HttpWebHandlerAdapter: Error [...] for HTTP GET "/a"
		return event.PartyClient
	}
	return event.PartyNone
}

var (
	javaClientLoggers = []string{"httpclient", "webclient", "resttemplate", "restclient", "feign", ".client.", "okhttp", "lettuce", "jedis", "redis", "kafka", "hikari", "mongo", "jdbc", "rabbit", "elasticsearch"}
	javaServerLoggers = []string{
		"TcpServer", "HttpServer", "o.a.c.c.C.", "org.apache.catalina.", "o.a.catalina.", "org.apache.coyote.", "o.a.coyote.", "org.apache.tomcat.",
		"oejs.", "org.eclipse.jetty.server.", "o.e.j.s.", "HttpWebHandlerAdapter", "DisconnectedClient", "DefaultHandlerExceptionResolver",
		"ErrorPageFilter", "HttpTrafficHandler", "Http1xServerConnection", "QuarkusErrorHandler",
	}
)

// javaPhase finds what was being done when the connection failed.
func javaPhase(e *event.Event, message string, t *javaTrace, x javaError) event.Phase {
	if x.party == event.PartyClient {
		return javaClientPhase(e, message, t, x)
	}
	if x.party == event.PartyUpstream {
		return javaUpstreamPhase(t, x)
	}
	return event.PhaseUnknown
}

func javaClientPhase(e *event.Event, message string, t *javaTrace, x javaError) event.Phase {
	at, write := event.PhaseNone, false
	t.javaFrames(func(frame string) bool {
		switch {
		case hasAny(frame, javaReads):
			at = event.PhaseRequest
		case hasAny(frame, javaIdles):
			at = event.PhaseIdle
		case hasAny(frame, javaWrites):
			write = true
		case write && (strings.HasPrefix(frame, "org.") || strings.HasPrefix(frame, "io.")): // the frame below says no more
			at = event.PhaseResponse
		}
		return at == event.PhaseNone
	})
	switch {
	case at != event.PhaseNone:
		return at
	case write, x.how == event.HowBrokenPipe, isNettyWrite(t), strings.Contains(message, "ServerHttpResponse already committed"):
		return event.PhaseResponse
	case strings.Contains(message, "ClientAbortException") || hasThrown(t, "ClientAbortException"):
		if x.how == event.HowClosed {
			return event.PhaseRequest // an EOFException: only who reads meets the end
		}
		if x.how != event.HowTimeout {
			return event.PhaseResponse
		}
	case hasAny(e.Logger, []string{"StandardWrapperValve", "dispatcherServlet"}) && (x.how == event.HowReset || x.how == event.HowAborted):
		return event.PhaseResponse // a servlet's exception: nearly always met in writing
	}
	return event.PhaseUnknown
}

func javaUpstreamPhase(t *javaTrace, x javaError) event.Phase {
	at := event.PhaseNone
	t.javaFrames(func(frame string) bool {
		switch {
		case hasAny(frame, javaSocketReads):
			at = event.PhaseWaiting
		case hasAny(frame, javaWrites):
			at = event.PhaseRequest
		}
		return at == event.PhaseNone
	})
	if at == event.PhaseNone && (x.how == event.HowTimeout || t.checkpoint != "") {
		at = event.PhaseWaiting
	}
	return orUnknown(at)
}

func hasThrown(t *javaTrace, class string) bool {
	for i := range t.chain {
		if strings.Contains(t.chain[i].line, class) {
			return true
		}
	}
	return false
}

// isNettyWrite says whether netty's native transport failed in writing: "writevAddresses(..) failed: Broken pipe".
func isNettyWrite(t *javaTrace) bool {
	for i := range t.chain {
		call, _, found := strings.Cut(t.chain[i].line, "(..) failed: ")
		if found && hasAny(call, []string{"write", "send", "splice"}) {
			return true
		}
	}
	return false
}

// javaWords reads a message that names no exception: what an application says of its client, and netty's errors.
func javaWords(e *event.Event, message string) bool {
	if hasAny(plainWords(message), upstreamWords) || hasAny(strings.ToLower(e.Logger), javaClientLoggers) {
		return false
	}
	how, at, ok := clientWords(message)
	if !ok {
		return false
	}
	if y := javaExamine(message); y.refused {
		return false
	}
	hangUp(e, event.PartyClient, how, at)
	e.Message = message
	return true
}

// nettyEnds are the two ends of a connection, as netty prints a channel.
type nettyEnds struct {
	party  event.Party
	remote string // without host name and slash
}

// nettyChannel finds "[id: 0xc97be89d, L:/10.0.0.1:8080 - R:/203.0.113.7:37420]" in a message (io.netty.channel.
// AbstractChannel.toString; Reactor Netty leaves "id: 0x" out). Who connected is told by the ports, of which a client's
// is high, and by the name that only who connects has.
func nettyChannel(s string) (c nettyEnds, ok bool) {
	i := strings.Index(s, "L:")
	if i <= 0 || s[i-1] != ' ' && s[i-1] != '[' {
		return c, false
	}
	local, rest, ok := strings.Cut(s[i+2:], " ")
	if !ok || len(rest) < 4 || (rest[0] != '-' && rest[0] != '!') || rest[1:4] != " R:" {
		return c, false
	}
	rest = rest[4:]
	end := strings.IndexAny(rest, "], ")
	if end >= 0 && rest[0] == '/' && strings.HasPrefix(rest, "/[") { // an address in brackets
		if j := strings.IndexByte(rest, ']'); j >= 0 {
			end = j + 1
			for end < len(rest) && (rest[end] == ':' || isDigit(rest[end])) {
				end++
			}
		}
	}
	if end < 0 {
		end = len(rest)
	}
	name, remote, _ := strings.Cut(rest[:end], "/")
	if remote == "" {
		remote, name = name, ""
	}
	c.remote = remote
	_, localPort := addressPort(local)
	_, remotePort := addressPort(remote)
	switch {
	case remotePort == 0:
		return c, false
	case name != "" && name != remote:
		c.party = event.PartyUpstream
	case localPort < remotePort && remotePort >= 32768 || localPort < 1024 && localPort > 0:
		c.party = event.PartyClient
	case remotePort < localPort && localPort >= 32768:
		c.party = event.PartyUpstream
	}
	return c, true
}

// javaDetails takes what a record says of the exchange: the ends of netty's channel, an URL that was asked for, a
// request's line or path.
func javaDetails(e *event.Event, message string, t *javaTrace) {
	c, isChannel := nettyChannel(message)
	switch e.Party {
	case event.PartyUpstream:
		javaTarget(e, message) // what was asked of the program, not what it asked
		if isChannel {
			e.Upstream = c.remote
			return
		}
		for _, s := range [...]string{t.checkpoint, e.Message, message} {
			if u := javaURL(s); u != "" {
				e.Upstream = u
				return
			}
		}
	case event.PartyClient:
		if isChannel {
			e.Client, e.ClientPort = addressPort(c.remote)
		}
		javaClient(e, message)
		peer(e, message)
		fallthrough
	default:
		javaTarget(e, message)
		details(e, message)
	}
}

// javaURL finds an URL and returns its host and port.
func javaURL(s string) string {
	for _, scheme := range [...]string{"http://", "https://"} {
		if _, u, ok := strings.Cut(s, scheme); ok {
			if end := strings.IndexAny(u, "/?\"' ]),;"); end >= 0 {
				u = u[:end]
			}
			if u != "" && len(u) <= 260 {
				return u
			}
		}
	}
	return ""
}

// javaClient finds an address as InetSocketAddress prints it: "remoteAddress=/203.0.113.7:51234".
func javaClient(e *event.Event, s string) {
	if e.Client != "" {
		return
	}
	for _, mark := range [...]string{"remoteAddress=/", "remote=/", "remote address /", " from /", " to /", "peer /", "client /"} {
		if _, rest, ok := strings.Cut(s, mark); ok {
			if a, p, n := peerAt(rest); n > 0 {
				e.Client, e.ClientPort = a, p
				return
			}
		}
	}
}

// javaTarget finds the request in messages of servers: HttpWebHandlerAdapter's `for HTTP GET "/a?b"`, ErrorPageFilter's
// "from request [/a]", Undertow's "Exception handling request to /a", Jetty's "/a" alone.
func javaTarget(e *event.Event, s string) {
	if _, request, found := strings.Cut(s, " for HTTP "); found {
		method, rest, ok := strings.Cut(request, " \"")
		if target, _, closed := strings.Cut(rest, "\""); ok && closed && httpMethods[method] && target != "" && target[0] == '/' {
			e.Method = method
			setTarget(e, target)
			return
		}
	}
	if _, exchange, found := strings.Cut(s, "HttpServerExchange{ "); found { // Undertow: "UT005071: Undertow request failed HttpServerExchange{ GET /a}"
		method, rest, ok := strings.Cut(exchange, " ")
		if end := strings.IndexAny(rest, " }"); ok && httpMethods[method] && end > 0 && rest[0] == '/' {
			e.Method = method
			setTarget(e, rest[:end])
			return
		}
	}
	for _, mark := range [...]string{" request [/", " request to /", "HTTP Request to /"} {
		if i := strings.Index(s, mark); i >= 0 && !inQuotes(s, i) {
			target := s[i+len(mark)-1:]
			if end := strings.IndexAny(target, " ],;"); end >= 0 {
				target = target[:end]
			}
			setTarget(e, target)
			return
		}
	}
	if s != "" && s[0] == '/' && strings.IndexByte(s, ' ') < 0 {
		setTarget(e, s)
	}
}

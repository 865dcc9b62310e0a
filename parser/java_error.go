package parser

import (
	"strings"

	"hangup/event"
)

// javaError is what an exception's class and text say of a connection.
type javaError struct {
	how     event.How   // HowNone when nothing is said of a connection's end
	sure    bool        // how is an errno's or a timer's, not only what the class lets expect
	party   event.Party // PartyNone when it does not name it
	phase   event.Phase // PhaseNone when it does not say
	refused bool        // there never was a connection
	known   bool        // the class or the text is in the tables
}

// javaRules are exceptions that tell of a connection by their class, or by class and text. The class is the end of a
// name, "" any; the text must begin the message, "" any. Sources: Tomcat 10.1 (connector/OutputBuffer, InputBuffer,
// coyote/http11, coyote/http2, util/http/fileupload), Jetty 9 to 12 (io/EofException, server/HttpInput, io/IdleTimeout),
// Undertow 2.3 (UndertowMessages, UndertowLogger), xnio (channels), Spring 4 to 6 (web/context/request/async,
// http/converter, web/client), Reactor Netty 1.1 (http/client, channel/AbortedException), netty 4.1 (channel/unix/Errors),
// gRPC (Status, internal/ServerImpl, stub/ServerCalls), Vert.x 4, JDK 21 (sun.net.www.http, java.net.http), Apache
// HttpClient 4 and 5, okhttp 4, Feign, JDBC drivers of MySQL and PostgreSQL, Jedis, Lettuce.
var javaRules = []struct {
	class, text string
	javaError
}{
	// Servers: the other end is the client.
	{"ClientAbortException", "", javaError{how: event.HowUnknown, party: event.PartyClient}},
	{"AsyncRequestNotUsableException", "", javaError{how: event.HowUnknown, party: event.PartyClient, phase: event.PhaseResponse}},
	{"AsyncRequestTimeoutException", "", javaError{how: event.HowTimeout, sure: true, party: event.PartyServer, phase: event.PhaseWaiting}},
	{"EofException", "Early EOF", javaError{how: event.HowClosed, party: event.PartyClient, phase: event.PhaseRequest}},
	{"EofException", "", javaError{how: event.HowClosed, party: event.PartyClient, phase: event.PhaseResponse}},
	{"BadMessageException", "400: Early EOF", javaError{how: event.HowClosed, party: event.PartyClient, phase: event.PhaseRequest}},
	{"BadMessageException", "Early EOF", javaError{how: event.HowClosed, party: event.PartyClient, phase: event.PhaseRequest}},
	{"CloseNowException", "", javaError{party: event.PartyClient}},
	{"StreamException", "Client reset the stream before the response was complete", javaError{how: event.HowReset, party: event.PartyClient, phase: event.PhaseResponse}},
	{"", "Client reset the stream before the response was complete", javaError{how: event.HowReset, party: event.PartyClient, phase: event.PhaseResponse}},
	{"", "Unexpected EOF read on the socket", javaError{how: event.HowClosed, party: event.PartyClient, phase: event.PhaseRequest}},
	{"MalformedStreamException", "Stream ended unexpectedly", javaError{how: event.HowClosed, party: event.PartyClient, phase: event.PhaseRequest}},
	{"FileUploadException", "Stream ended unexpectedly", javaError{how: event.HowClosed, party: event.PartyClient, phase: event.PhaseRequest}},
	{"FileUploadException", "Unexpected EOF", javaError{how: event.HowClosed, party: event.PartyClient, phase: event.PhaseRequest}},
	{"FileUploadException", "", javaError{phase: event.PhaseRequest}},
	{"HttpMessageNotReadableException", "I/O error while reading input message", javaError{phase: event.PhaseRequest}},
	{"MultipartException", "Failed to parse multipart servlet request", javaError{phase: event.PhaseRequest}},
	{"", "Remote peer closed connection before all data could be read", javaError{how: event.HowClosed, party: event.PartyClient, phase: event.PhaseRequest}},
	{"", "UT000128:", javaError{how: event.HowClosed, party: event.PartyClient, phase: event.PhaseRequest}},
	{"", "UT000036:", javaError{how: event.HowClosed, party: event.PartyClient, phase: event.PhaseRequest}},
	{"", "Connection terminated parsing multipart data", javaError{how: event.HowClosed, party: event.PartyClient, phase: event.PhaseRequest}},
	{"AbortedException", "Connection has been closed BEFORE response", javaError{how: event.HowClosed, party: event.PartyUpstream, phase: event.PhaseWaiting}},
	{"AbortedException", "Connection has been closed BEFORE send operation", javaError{how: event.HowClosed, phase: event.PhaseResponse}},
	{"AbortedException", "Connection has been closed", javaError{how: event.HowClosed}},
	{"StatusRuntimeException", "CANCELLED: call already cancelled", javaError{how: event.HowClosed, party: event.PartyClient, phase: event.PhaseResponse}},
	{"StatusRuntimeException", "CANCELLED: cancelled before receiving half close", javaError{how: event.HowClosed, party: event.PartyClient, phase: event.PhaseRequest}},
	{"StatusRuntimeException", "CANCELLED: client cancelled", javaError{how: event.HowClosed, party: event.PartyClient}},
	{"StatusException", "CANCELLED: call already cancelled", javaError{how: event.HowClosed, party: event.PartyClient, phase: event.PhaseResponse}},

	// Clients: the other end is the upstream.
	{"StatusRuntimeException", "UNAVAILABLE: Network closed", javaError{how: event.HowClosed, party: event.PartyUpstream}},
	{"StatusRuntimeException", "UNAVAILABLE: Unable to resolve host", javaError{refused: true}},
	{"StatusRuntimeException", "UNAVAILABLE", javaError{how: event.HowUnknown, party: event.PartyUpstream}},
	{"StatusRuntimeException", "DEADLINE_EXCEEDED", javaError{how: event.HowTimeout, sure: true, party: event.PartyUpstream, phase: event.PhaseWaiting}},
	{"StatusException", "UNAVAILABLE", javaError{how: event.HowUnknown, party: event.PartyUpstream}},
	{"StatusException", "DEADLINE_EXCEEDED", javaError{how: event.HowTimeout, sure: true, party: event.PartyUpstream, phase: event.PhaseWaiting}},
	{"PrematureCloseException", "Connection prematurely closed DURING response", javaError{how: event.HowClosed, party: event.PartyUpstream, phase: event.PhaseResponse}},
	{"PrematureCloseException", "", javaError{how: event.HowClosed, party: event.PartyUpstream, phase: event.PhaseWaiting}},
	{"ResourceAccessException", "", javaError{party: event.PartyUpstream, phase: event.PhaseWaiting}},
	{"WebClientRequestException", "", javaError{party: event.PartyUpstream, phase: event.PhaseWaiting}},
	{"RetryableException", "", javaError{party: event.PartyUpstream, phase: event.PhaseWaiting}},
	{"NoHttpResponseException", "", javaError{how: event.HowClosed, party: event.PartyUpstream, phase: event.PhaseWaiting}},
	{"ConnectionClosedException", "Premature end of", javaError{how: event.HowClosed, party: event.PartyUpstream, phase: event.PhaseResponse}},
	{"TruncatedChunkException", "", javaError{how: event.HowClosed, party: event.PartyUpstream, phase: event.PhaseResponse}},
	{"ConnectionResetException", "", javaError{how: event.HowReset}},
	{"StreamResetException", "stream was reset", javaError{how: event.HowReset, party: event.PartyUpstream, phase: event.PhaseResponse}},
	{"HttpTimeoutException", "", javaError{how: event.HowTimeout, sure: true, party: event.PartyUpstream, phase: event.PhaseWaiting}},
	{"", "unexpected end of stream", javaError{how: event.HowClosed, party: event.PartyUpstream, phase: event.PhaseWaiting}},
	{"", "Unexpected end of file from server", javaError{how: event.HowClosed, party: event.PartyUpstream, phase: event.PhaseWaiting}},
	{"", "HTTP/1.1 header parser received no bytes", javaError{how: event.HowClosed, party: event.PartyUpstream, phase: event.PhaseWaiting}},
	{"", "Premature EOF", javaError{how: event.HowClosed, party: event.PartyUpstream, phase: event.PhaseResponse}},
	{"CommunicationsException", "", javaError{how: event.HowUnknown, party: event.PartyUpstream}},
	{"MySQLNonTransientConnectionException", "", javaError{party: event.PartyUpstream}},
	{"PSQLException", "An I/O error occurred while sending to the backend", javaError{how: event.HowUnknown, party: event.PartyUpstream}},
	{"PSQLException", "This connection has been closed", javaError{how: event.HowClosed, party: event.PartyUpstream}},
	{"", "Can not read response from server.", javaError{how: event.HowClosed, party: event.PartyUpstream, phase: event.PhaseWaiting}},
	{"JedisConnectionException", "Unexpected end of stream", javaError{how: event.HowClosed, party: event.PartyUpstream, phase: event.PhaseWaiting}},
	{"JedisConnectionException", "", javaError{party: event.PartyUpstream}},
	{"RedisCommandTimeoutException", "", javaError{how: event.HowTimeout, sure: true, party: event.PartyUpstream, phase: event.PhaseWaiting}},
	{"RedisException", "", javaError{party: event.PartyUpstream}},
	{"MongoSocketReadException", "", javaError{how: event.HowClosed, party: event.PartyUpstream, phase: event.PhaseWaiting}},
	{"MongoSocketWriteException", "", javaError{how: event.HowClosed, party: event.PartyUpstream, phase: event.PhaseRequest}},
	{"MongoSocketReadTimeoutException", "", javaError{how: event.HowTimeout, sure: true, party: event.PartyUpstream, phase: event.PhaseWaiting}},

	// Either end: frames, channels and words must tell.
	{"ClosedChannelException", "", javaError{how: event.HowClosed}},
	{"HttpClosedException", "Connection was closed", javaError{how: event.HowClosed}},
	{"VertxException", "Connection was closed", javaError{how: event.HowClosed}},
	{"ReadTimeoutException", "", javaError{how: event.HowTimeout, sure: true}},
	{"WriteTimeoutException", "", javaError{how: event.HowTimeout, sure: true}},
	{"SocketTimeoutException", "", javaError{how: event.HowTimeout, sure: true}},
	{"TimeoutException", "Idle timeout expired", javaError{how: event.HowTimeout, sure: true}},

	// No connection was made.
	{"SocketTimeoutException", "connect timed out", javaError{refused: true}},
	{"SocketTimeoutException", "Connect timed out", javaError{refused: true}},
	{"SocketTimeoutException", "failed to connect", javaError{refused: true}},
	{"ConnectException", "", javaError{refused: true}},
	{"ConnectTimeoutException", "", javaError{refused: true}},
	{"HttpConnectTimeoutException", "", javaError{refused: true}},
	{"HttpHostConnectException", "", javaError{refused: true}},
	{"NoRouteToHostException", "", javaError{refused: true}},
	{"UnknownHostException", "", javaError{refused: true}},
	{"UnresolvedAddressException", "", javaError{refused: true}},
	{"PortUnreachableException", "", javaError{refused: true}},
	{"BindException", "", javaError{refused: true}},
	{"RedisConnectionException", "Unable to connect", javaError{refused: true}},
	{"PSQLException", "Connection to", javaError{refused: true}},
	{"", "Connection refused", javaError{refused: true}},
	{"", "No route to host", javaError{refused: true}},
	{"", "finishConnect(..)", javaError{refused: true}},
}

// javaTexts are texts of errors besides those of strerrors: the JDK's own, and the operating system's in other
// languages.
var javaTexts = []struct {
	text string
	how  event.How
}{
	{"Connection reset", event.HowReset}, // sun.nio.ch.NioSocketImpl
	{"Socket closed", event.HowClosed},
	{"Socket is closed", event.HowClosed},
	{"Read timed out", event.HowTimeout},
	{"Write timed out", event.HowTimeout},
	{"Remote host terminated the handshake", event.HowClosed},
	{"Remote host closed connection during handshake", event.HowClosed},
	{"SSL peer shut down incorrectly", event.HowClosed},
	{"closing inbound before receiving peer's close_notify", event.HowClosed},
	{"Eine vorhandene Verbindung wurde vom Remotehost geschlossen", event.HowReset},
	{"Une connexion existante a d", event.HowReset},
	{"Se ha forzado la interrupci", event.HowReset},
	{"远程主机强迫关闭了一个现有的连接", event.HowReset},
	{"连接被对方重设", event.HowReset},
	{"你的主机中的软件中止了一个已建立的连接", event.HowAborted},
	{"断开的管道", event.HowBrokenPipe},
	{"Eine bestehende Verbindung wurde softwaregesteuert", event.HowAborted},
	{"Die Verbindung wurde vom Kommunikationspartner zur", event.HowReset},
	{"Datenübergabe unterbrochen", event.HowBrokenPipe},
	{"Connexion ré-initialisée par le correspondant", event.HowReset},
	{"Relais brisé", event.HowBrokenPipe},
	{"Conexión reinicializada por la máquina remota", event.HowReset},
	{"Tubería rota", event.HowBrokenPipe},
	{"Connessione interrotta dal corrispondente", event.HowReset},
	{"Pipe interrotta", event.HowBrokenPipe},
}

// javaTextHow reads an exception's text: "Broken pipe", "syscall:read(..) failed: Connection reset by peer",
// `I/O error on GET request for "http://a/b": Connection reset; nested ...`.
func javaTextHow(s string) event.How {
	s = strings.TrimSpace(s)
	if i := strings.Index(s, "(..) failed: "); i >= 0 && i < 40 { // netty's native transports
		if strings.Contains(s[:i], "onnect") {
			return event.HowNone
		}
		s = s[i+len("(..) failed: "):]
	}
	if how, n := strerrorHow(s); how != event.HowNone && javaWordEnds(s, n) {
		return how
	}
	for i := range javaTexts {
		if strings.HasPrefix(s, javaTexts[i].text) && (javaTexts[i].text[0] >= 0x80 || javaWordEnds(s, len(javaTexts[i].text))) {
			return javaTexts[i].how
		}
	}
	return event.HowNone
}

// javaWordEnds says whether an error's text is over after n bytes, and not the beginning of other words.
func javaWordEnds(s string, n int) bool {
	return n == len(s) || !isWord(s[n]) && s[n] != '-' && s[n] != '/'
}

// javaExamine finds the exceptions named in a text, and what they say together. An exception's own line has one at its
// beginning and often its cause's behind it; a message may have one anywhere. What stands in quotes is a request's.
func javaExamine(s string) (x javaError) {
	for from, n := 0, 0; n < 16; n++ {
		at, end := javaNameIn(s, from)
		if at < 0 {
			return x
		}
		if at == 0 || !inQuotes(s, at) {
			text := ""
			if rest := s[end:]; strings.HasPrefix(rest, ": ") {
				text = rest[2:]
			}
			x.add(javaMatch(s[at:end], text))
		}
		from = end
	}
	return x
}

// add takes what y says and x does not.
func (x *javaError) add(y javaError) {
	x.known = x.known || y.known
	x.refused = x.refused || y.refused
	if y.how != event.HowNone && (x.how == event.HowNone || !x.sure && (y.sure || x.how == event.HowUnknown)) {
		x.how, x.sure = y.how, y.sure
	}
	if x.party == event.PartyNone {
		x.party = y.party
	}
	if x.phase == event.PhaseNone {
		x.phase = y.phase
	}
}

// javaMatch reads one exception.
func javaMatch(class, text string) (x javaError) {
	name := class[strings.LastIndexByte(class, '.')+1:]
	name = name[strings.LastIndexByte(name, '$')+1:]
	for i := range javaRules {
		r := &javaRules[i]
		if (r.class == "" || r.class == name) && strings.HasPrefix(text, r.text) {
			y := r.javaError
			y.known = true
			x.add(y)
			if r.text != "" {
				break
			}
		}
	}
	if x.refused {
		return x
	}
	if strings.HasSuffix(class, "java.io.EOFException") { // a file's end, unless frames or a wrapper tell otherwise
		x.how, x.known = event.HowClosed, false
		if strings.HasPrefix(text, "\\n not found") { // okhttp's
			x.known, x.party, x.phase = true, event.PartyUpstream, event.PhaseWaiting
		}
	}
	how := javaTextHow(text)
	if how == event.HowNone && x.known && x.party == event.PartyUpstream { // the text of a wrapper: words, then the error
		for i := 0; how == event.HowNone; {
			j := strings.Index(text[i:], ": ")
			if j < 0 {
				break
			}
			i += j + 2
			how = javaTextHow(text[i:])
		}
		if how == event.HowNone && strings.HasPrefix(text, "Read timed out") {
			how = event.HowTimeout
		}
	}
	if how != event.HowNone {
		x.add(javaError{how: how, sure: true, known: true})
		x.known = true
	}
	return x
}

// javaNameIn finds the next name of an exception in a text, with its package or, behind brackets and colons, without.
func javaNameIn(s string, from int) (at, end int) {
	for {
		i := strings.Index(s[from:], "Exception")
		j := strings.Index(s[from:], "Error")
		if i < 0 || j >= 0 && j < i {
			i = j
		}
		if i < 0 {
			return -1, -1
		}
		at, end = from+i, from+i
		for at > 0 && at > from-1 && isJavaNameByte(s[at-1]) && end-at < 300 {
			at--
		}
		for end < len(s) && isJavaNameByte(s[end]) {
			end++
		}
		for end > at && s[end-1] == '.' {
			end--
		}
		if strings.IndexByte(s[at:end], '.') > 0 && at >= from || at == 0 && isThrowable(s[at:end]) {
			return at, end
		}
		from = max(end, from+i+5)
	}
}

func isJavaNameByte(b byte) bool { return isWord(b) || b == '.' || b == '$' }

package parser

import (
	"strings"

	"hangup/event"
)

// rubyError is an exception's account of a connection.
type rubyError struct {
	how   event.How
	party event.Party // PartyNone when the exception does not name it
	phase event.Phase // PhaseNone when it does not say
}

// rubyExceptions are exceptions that tell of a connection by their class, or by class and text; "" is any text. Sources:
// Ruby's error.c (Errno), puma (const.rb, client.rb, server.rb), unicorn (http_server.rb), action_controller/metal/live.rb,
// rack (multipart/parser.rb), rack-timeout (core.rb), net/protocol.rb, redis-client, mysql2, excon, faraday, webrick.
var rubyExceptions = []struct {
	class, text string
	rubyError
}{
	{"Errno::EPIPE", "", rubyError{how: event.HowBrokenPipe}},
	{"Errno::ECONNRESET", "", rubyError{how: event.HowReset}},
	{"Errno::ECONNABORTED", "", rubyError{how: event.HowAborted}},
	{"Errno::ETIMEDOUT", "", rubyError{how: event.HowTimeout}},
	{"Errno::ENOTCONN", "", rubyError{how: event.HowClosed}},
	{"Puma::ConnectionError", "Socket timeout writing data", rubyError{event.HowTimeout, event.PartyClient, event.PhaseResponse}},
	{"Puma::ConnectionError", "Connection error detected during read", rubyError{event.HowUnknown, event.PartyClient, event.PhaseRequest}},
	{"Puma::ConnectionError", "", rubyError{event.HowUnknown, event.PartyClient, event.PhaseUnknown}},
	{"Unicorn::ClientShutdown", "", rubyError{event.HowClosed, event.PartyClient, event.PhaseRequest}},
	{"ActionController::Live::ClientDisconnected", "", rubyError{event.HowClosed, event.PartyClient, event.PhaseResponse}},
	{"ClientDisconnected", "", rubyError{event.HowClosed, event.PartyClient, event.PhaseResponse}},
	{"IOError", "client disconnected", rubyError{event.HowClosed, event.PartyClient, event.PhaseResponse}},
	{"EOFError", "bad content body", rubyError{event.HowClosed, event.PartyClient, event.PhaseRequest}},
	{"Rack::Multipart::EmptyContentError", "", rubyError{event.HowClosed, event.PartyClient, event.PhaseRequest}},
	{"WEBrick::HTTPStatus::EOFError", "", rubyError{event.HowClosed, event.PartyClient, event.PhaseRequest}},
	{"WEBrick::HTTPStatus::RequestTimeout", "", rubyError{event.HowTimeout, event.PartyClient, event.PhaseRequest}},
	{"Rack::Timeout::RequestTimeoutException", "", rubyError{event.HowTimeout, event.PartyServer, event.PhaseWaiting}},
	{"Rack::Timeout::RequestTimeoutError", "", rubyError{event.HowTimeout, event.PartyServer, event.PhaseWaiting}},
	{"Rack::Timeout::RequestExpiryError", "", rubyError{event.HowTimeout, event.PartyServer, event.PhaseWaiting}},

	{"Net::ReadTimeout", "", rubyError{event.HowTimeout, event.PartyUpstream, event.PhaseWaiting}},
	{"Net::WriteTimeout", "", rubyError{event.HowTimeout, event.PartyUpstream, event.PhaseRequest}},
	{"HTTPClient::ReceiveTimeoutError", "", rubyError{event.HowTimeout, event.PartyUpstream, event.PhaseWaiting}},
	{"HTTPClient::SendTimeoutError", "", rubyError{event.HowTimeout, event.PartyUpstream, event.PhaseRequest}},
	{"HTTPClient::KeepAliveDisconnected", "", rubyError{event.HowClosed, event.PartyUpstream, event.PhaseWaiting}},
	{"RestClient::Exceptions::ReadTimeout", "", rubyError{event.HowTimeout, event.PartyUpstream, event.PhaseWaiting}},
	{"RestClient::ServerBrokeConnection", "", rubyError{event.HowClosed, event.PartyUpstream, event.PhaseWaiting}},
	{"Excon::Error::Timeout", "read timeout reached", rubyError{event.HowTimeout, event.PartyUpstream, event.PhaseWaiting}},
	{"Excon::Error::Socket", "", rubyError{event.HowNone, event.PartyUpstream, event.PhaseUnknown}},
	{"Faraday::ConnectionFailed", "end of file reached", rubyError{event.HowClosed, event.PartyUpstream, event.PhaseWaiting}},
	{"Faraday::ConnectionFailed", "", rubyError{event.HowNone, event.PartyUpstream, event.PhaseUnknown}},
	{"Redis::ConnectionError", "", rubyError{event.HowClosed, event.PartyUpstream, event.PhaseUnknown}},
	{"RedisClient::ConnectionError", "", rubyError{event.HowClosed, event.PartyUpstream, event.PhaseUnknown}},
	{"Redis::TimeoutError", "", rubyError{event.HowTimeout, event.PartyUpstream, event.PhaseWaiting}},
	{"RedisClient::ReadTimeoutError", "", rubyError{event.HowTimeout, event.PartyUpstream, event.PhaseWaiting}},
	{"RedisClient::WriteTimeoutError", "", rubyError{event.HowTimeout, event.PartyUpstream, event.PhaseRequest}},
	{"Dalli::RingError", "No server available", rubyError{}},
}

// rubyTexts are texts of exceptions that name the party whatever the class is: databases' words come through several.
var rubyTexts = []struct {
	text string
	rubyError
}{
	{"MySQL server has gone away", rubyError{event.HowClosed, event.PartyUpstream, event.PhaseUnknown}},
	{"Lost connection to MySQL server during query", rubyError{event.HowClosed, event.PartyUpstream, event.PhaseWaiting}},
	{"server closed the connection unexpectedly", rubyError{event.HowClosed, event.PartyUpstream, event.PhaseWaiting}},
	{"Connection lost (ECONNRESET)", rubyError{event.HowReset, event.PartyUpstream, event.PhaseUnknown}},
	{"Connection lost (EPIPE)", rubyError{event.HowBrokenPipe, event.PartyUpstream, event.PhaseUnknown}},
}

// rubyExceptionError says what an exception tells of a connection.
func rubyExceptionError(class, text string) (x rubyError, ok bool) {
	how, _ := strerrorHow(text)
	if how == event.HowNone {
		how = rubyErrnoIn(text)
	}
	for i := range rubyTexts {
		if j := strings.Index(text, rubyTexts[i].text); j >= 0 && j < 200 && !inQuotes(text, j) {
			return rubyTexts[i].rubyError, true
		}
	}
	for i := range rubyExceptions {
		e := &rubyExceptions[i]
		if e.class != class || !strings.HasPrefix(text, e.text) {
			continue
		}
		x = e.rubyError
		if x.how == event.HowNone || x.party == event.PartyUpstream && how != event.HowNone {
			x.how = how
		}
		return x, x.how != event.HowNone
	}
	// A wrapper, as ActionView::Template::Error, gives the errno's text on.
	if how != event.HowNone && how != event.HowTimeout && !strings.HasPrefix(class, "Errno::") {
		return rubyError{how: how}, true
	}
	return x, false
}

// rubyErrnoIn finds "(Errno::EPIPE)" or "Errno::EPIPE: " in a wrapper's text.
func rubyErrnoIn(s string) event.How {
	s = s[:min(len(s), 200)]
	i := strings.Index(s, "Errno::")
	if i < 0 || inQuotes(s, i) {
		return event.HowNone
	}
	switch name := s[i+len("Errno::"):]; {
	case strings.HasPrefix(name, "EPIPE"):
		return event.HowBrokenPipe
	case strings.HasPrefix(name, "ECONNRESET"):
		return event.HowReset
	case strings.HasPrefix(name, "ECONNABORTED"):
		return event.HowAborted
	}
	return event.HowNone
}

// Frames that tell on which socket an exception happened. Ruby prints the deepest first, and it decides.
var rubyServerFrames = []string{
	"/puma/", "/unicorn/", "/webrick/", "/thin/", "/phusion_passenger/", "/rainbows/", "/falcon", "/iodine", "/mongrel", "kgio",
	"/action_controller/metal/live.rb", "/rack/multipart", "/rack/request.rb", "/rack/lint.rb", "tubesock", "hijack'", "/faye/websocket", "/action_cable/",
}

var rubyClientFrames = []string{
	"/net/http.rb", "/net/http/", "/net/protocol.rb", "/net/smtp.rb", "/net/imap.rb", "/net/ftp.rb", "/net/ssh", "/redis/", "/redis-client", "/redis_client",
	"/mysql2/", "/pg/", "/pg-", "/faraday", "/httpclient", "/excon/", "/rest-client", "/restclient/", "/dalli/", "/bunny/", "/mongo/", "/aws-sdk", "/seahorse/",
	"/kafka", "/elasticsearch", "/elastic", "/http-2", "/httpx/", "/typhoeus", "/open-uri", "/savon", "/ldap", "/stomp", "/cassandra", "/fluent-logger",
	"/statsd", "/amqp", "/logger/log_device.rb",
}

// rubyFrames finds who was at the other end of the socket and what was being done, from the frames of an exception.
func rubyFrames(frames []string) (party event.Party, at event.Phase) {
	at = event.PhaseUnknown
	call := event.PhaseNone // what was being done, from the deepest frame that says so: PhaseResponse for writing
	near := maxFrames       // behind the frame that names the party the next ones only may say it
	for i, f := range frames[:min(len(frames), maxFrames)] {
		if i >= near || party != event.PartyNone && call != event.PhaseNone {
			break
		}
		f = cut(f)
		if call == event.PhaseNone {
			switch {
			case strings.Contains(f, "eof?'"):
				call = event.PhaseIdle
			case hasAny(f, rubyWrites):
				call = event.PhaseResponse
			case hasAny(f, rubyReads):
				call = event.PhaseRequest
			}
		}
		if party != event.PartyNone {
			continue
		}
		switch {
		case hasAny(f, rubyClientFrames):
			party, near = event.PartyUpstream, i+4
		case hasAny(f, rubyServerFrames):
			party, near = event.PartyClient, i+4
		}
	}
	switch {
	case party == event.PartyNone || call == event.PhaseNone:
	case party == event.PartyClient:
		at = call
	case call == event.PhaseResponse:
		at = event.PhaseRequest
	default:
		at = event.PhaseWaiting
	}
	return party, at
}

var (
	rubyWrites = []string{
		"write'", "write_nonblock'", "print'", "puts'", "<<'", "flush'", "sendfile'", "send'", "sendmsg'", "fast_write'", "send_body", "copy_stream'", "each'",
		"write_response'", "syswrite'", "kgio_write'",
	}
	rubyReads = []string{
		"read'", "read_nonblock'", "sysread'", "readpartial'", "gets'", "recv'", "rbuf_fill'", "fill_buf", "readline'", "read_request", "read_body", "kgio_read", "getc'", "readuntil'",
	}
)

// rubySignal makes the event a disconnect when an exception tells of one. What neither the exception nor its frames say
// stays unknown.
func rubySignal(e *event.Event, class, text string, frames []string) bool {
	x, ok := rubyExceptionError(class, text)
	if !ok || rubyNeverConnected(text, frames) {
		return false
	}
	party, at := rubyFrames(frames)
	if x.party != event.PartyNone {
		if x.phase == event.PhaseNone || x.phase == event.PhaseUnknown && party != x.party {
			at = x.phase
		} else if x.phase != event.PhaseUnknown {
			at = x.phase
		}
		party = x.party
	}
	if party == event.PartyNone && x.how == event.HowTimeout {
		return false // any timeout is one of these
	}
	if party == event.PartyNone {
		party = event.PartyUnknown
	}
	if at == event.PhaseNone {
		at = event.PhaseUnknown
	}
	hangUp(e, party, x.how, at)
	return true
}

// rubyNeverConnected says whether an exception ended the making of a connection.
func rubyNeverConnected(text string, frames []string) bool {
	if strings.Contains(text, " - connect(2)") || strings.Contains(text, "Failed to open TCP connection") || strings.Contains(text, "SSL_connect") {
		return true
	}
	for _, f := range frames[:min(len(frames), 4)] {
		if f = cut(f); strings.Contains(f, "connect'") || strings.Contains(f, "connect_nonblock'") {
			return true
		}
	}
	return false
}

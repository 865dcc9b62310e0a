package parser

import (
	"strings"

	"hangup/event"
)

// dotnetTexts are messages of Kestrel, IIS, YARP and the runtime, which an exception's text or a log's message begins
// with. Sources: Kestrel's CoreStrings.resx, KestrelTrace and SocketsLog, IIS's CoreStrings.resx and IISHttpContext.Log,
// ExceptionHandlerMiddleware's log, YARP's ForwarderError and HttpForwarder.Log, System.Net.Http's Strings.resx, StackExchange.Redis,
// Npgsql.
var dotnetTexts = []struct {
	text  string
	how   event.How
	party event.Party
	phase event.Phase
}{
	{"Unexpected end of request content.", event.HowClosed, event.PartyClient, event.PhaseRequest},
	{"The client has disconnected", event.HowReset, event.PartyClient, event.PhaseNone},
	{"The client reset the request stream.", event.HowReset, event.PartyClient, event.PhaseRequest},
	{"The request stream was aborted.", event.HowAborted, event.PartyClient, event.PhaseRequest},
	{"Reading the request headers timed out.", event.HowTimeout, event.PartyClient, event.PhaseRequest},
	{"Reading the request body timed out due to data arriving too slowly.", event.HowTimeout, event.PartyClient, event.PhaseRequest},
	{"The request was aborted by the client.", event.HowClosed, event.PartyClient, event.PhaseUnknown},
	{"Request aborted by client:", event.HowClosed, event.PartyClient, event.PhaseUnknown},
	{"The connection was aborted because the server is shutting down", event.HowTimeout, event.PartyServer, event.PhaseUnknown},
	{"The connection was aborted by the application", event.HowAborted, event.PartyServer, event.PhaseUnknown},
	{"The connection was timed out by the server", event.HowTimeout, event.PartyServer, event.PhaseUnknown},
	{"Connection processing ended abnormally.", event.HowUnknown, event.PartyUnknown, event.PhaseUnknown},

	{"RequestTimedOut: ", event.HowTimeout, event.PartyUpstream, event.PhaseWaiting},
	{"RequestCanceled: ", event.HowClosed, event.PartyClient, event.PhaseWaiting},
	{"RequestBodyCanceled: ", event.HowClosed, event.PartyClient, event.PhaseRequest},
	{"RequestBodyClient: ", event.HowUnknown, event.PartyClient, event.PhaseRequest},
	{"RequestBodyDestination: ", event.HowUnknown, event.PartyUpstream, event.PhaseRequest},
	{"ResponseBodyCanceled: ", event.HowClosed, event.PartyClient, event.PhaseResponse},
	{"ResponseBodyClient: ", event.HowUnknown, event.PartyClient, event.PhaseResponse},
	{"ResponseBodyDestination: ", event.HowUnknown, event.PartyUpstream, event.PhaseResponse},

	{"The response ended prematurely, with at least", event.HowClosed, event.PartyUpstream, event.PhaseResponse},
	{"The response ended prematurely", event.HowClosed, event.PartyUpstream, event.PhaseWaiting},
	{"The server returned an invalid or unrecognized response", event.HowUnknown, event.PartyUpstream, event.PhaseWaiting},
	{"The request was canceled due to the configured HttpClient.Timeout", event.HowTimeout, event.PartyUpstream, event.PhaseWaiting},
	{"Exception while reading from stream", event.HowUnknown, event.PartyUpstream, event.PhaseWaiting},
	{"Exception while writing to stream", event.HowUnknown, event.PartyUpstream, event.PhaseRequest},
	{"Status(StatusCode=\"Unavailable\"", event.HowUnknown, event.PartyUpstream, event.PhaseUnknown},
	{"Status(StatusCode=\"DeadlineExceeded\"", event.HowTimeout, event.PartyUpstream, event.PhaseWaiting},
}

// dotnetInside are the same of messages that begin with the connection's id: `Connection id "X", Request id "Y": ...`.
var dotnetInside = []struct {
	text  string
	how   event.How
	party event.Party
	phase event.Phase
}{
	{"request processing ended abnormally.", event.HowUnknown, event.PartyUnknown, event.PhaseUnknown},
	{"communication error.", event.HowUnknown, event.PartyClient, event.PhaseUnknown},
	{"the connection was closed because the response was not read by the client at the specified minimum data rate", event.HowTimeout, event.PartyClient, event.PhaseResponse},
	{"the request timed out because it was not sent by the client at a minimum of", event.HowTimeout, event.PartyClient, event.PhaseRequest},
	{"bad request data: \"Reading the request headers timed out.\"", event.HowTimeout, event.PartyClient, event.PhaseRequest},
	{"bad request data: \"Unexpected end of request content.\"", event.HowClosed, event.PartyClient, event.PhaseRequest},
	{"sending RST because: \"The connection was aborted by the application", event.HowAborted, event.PartyServer, event.PhaseUnknown},
	{"sending RST because: \"The connection was timed out by the server", event.HowTimeout, event.PartyServer, event.PhaseUnknown},
}

var dotnetServerFrames = []string{"Microsoft.AspNetCore.Server.", "Microsoft.AspNetCore.Http.", "Microsoft.AspNetCore.HttpSys", "Microsoft.AspNetCore.WebUtilities.", "System.Web.", "Microsoft.AspNetCore.Connections."}

var dotnetClientFrames = []string{
	"System.Net.Http.", "System.Net.HttpWebRequest", "System.Net.WebClient", "Npgsql.", "MySqlConnector.", "MySql.Data.", "StackExchange.Redis.", "RabbitMQ.Client.",
	"System.Data.SqlClient.", "Microsoft.Data.SqlClient.", "Oracle.ManagedDataAccess.", "MongoDB.Driver.", "Grpc.Net.Client.", "Grpc.Core.", "Confluent.Kafka.",
	"MailKit.", "System.Net.Mail.", "Amazon.Runtime.", "Elasticsearch.Net.", "Renci.SshNet.", "NATS.Client.", "RestSharp.", "Azure.Core.",
}

// dotnetThrown is one exception of a trace.
type dotnetThrown struct{ line, text string }

// dotnetSignal reads a record's message and the exceptions in it and behind it.
func dotnetSignal(e *event.Event, message string, lines []string) {
	dotnetRequest(e, message)
	chain, frames := readDotnetTrace(message, lines)
	how, party, at := event.HowNone, event.PartyNone, event.PhaseNone
	line := ""
	take := func(h event.How, p event.Party, ph event.Phase, s string) {
		if line == "" {
			line = s
		}
		if how == event.HowNone || how == event.HowUnknown {
			how = h
		}
		if party == event.PartyNone || party == event.PartyUnknown {
			party = p
		}
		if at == event.PhaseNone || at == event.PhaseUnknown {
			at = ph
		}
	}
	for _, x := range chain {
		if dotnetRefused(x.text) {
			return
		}
		if h, p, ph, ok := dotnetWords(x.text); ok {
			take(h, p, ph, x.line)
		} else if h := dotnetErrno(x.line, x.text); h != event.HowNone {
			take(h, event.PartyNone, event.PhaseNone, x.line)
		} else if strings.Contains(x.line[:min(len(x.line), 200)], "ConnectionResetException") {
			take(event.HowReset, event.PartyClient, event.PhaseNone, x.line)
		}
	}
	if h, p, ph, ok := dotnetMessage(message); ok {
		weak := h == event.HowUnknown && line != ""
		take(h, p, ph, message)
		if !weak && len(chain) == 0 {
			line = message
		}
	}
	if how == event.HowNone {
		return
	}
	if party == event.PartyNone {
		party = dotnetParty(frames, chain)
	}
	if at == event.PhaseNone {
		at = dotnetPhase(frames, chain, party, how)
	}
	hangUp(e, party, how, at)
	e.Message = line
	if party == event.PartyUpstream {
		e.Upstream = javaURL(line)
		return
	}
	peer(e, message)
}

// readDotnetTrace reads the exceptions from the outermost to the deepest, and the frames, the deepest first.
func readDotnetTrace(message string, lines []string) (chain []dotnetThrown, frames []string) {
	add := func(s string) {
		for part := range strings.SplitSeq(s, " ---> ") {
			part = strings.TrimSpace(dotnetUnhandled(part))
			part = strings.TrimPrefix(part, "---> ")
			if rest, ok := strings.CutPrefix(part, "(Inner Exception #"); ok {
				_, part, _ = strings.Cut(rest, ") ")
			}
			n := dotnetClassLen(part)
			if n == 0 || len(chain) >= 32 {
				continue
			}
			text := part[n:]
			if text != "" && text[0] == ' ' { // " (0x80070040): "
				_, text, _ = strings.Cut(text, ")")
			}
			if rest, ok := strings.CutPrefix(text, "|"); ok { // fields behind bars: class|message|method|trace
				rest, _, _ = strings.Cut(rest, "|")
				chain = append(chain, dotnetThrown{part[:n+1+len(rest)], rest})
				continue
			}
			chain = append(chain, dotnetThrown{part, strings.TrimPrefix(text, ": ")})
		}
	}
	// An exception behind the message: "... by the application. A.B: c", "... by the application.|c".
	if _, rest, ok := strings.Cut(message, "by the application."); ok {
		rest = strings.TrimLeft(rest, " ")
		if text, ok := strings.CutPrefix(rest, "|"); ok {
			if isDotnetException(text) {
				add(text)
			} else {
				text, _, _ = strings.Cut(text, "|")
				chain = append(chain, dotnetThrown{text, text})
			}
		} else {
			add(rest)
		}
	} else if isDotnetException(message) {
		add(message)
	}
	for _, line := range lines {
		text := strings.TrimSpace(cut(line))
		text = strings.TrimPrefix(text, "EXCEPTION OCCURRED:")
		switch {
		case strings.HasPrefix(text, "at "):
			if len(frames) < 200 {
				frames = append(frames, text[3:])
			}
		case strings.HasPrefix(text, "---> "), isDotnetException(dotnetUnhandled(text)):
			add(text)
			if i := strings.Index(text, "|   at "); i >= 0 {
				frames = append(frames, text[i+len("|   at "):])
			}
		}
	}
	return chain, frames
}

// dotnetWords finds a text in the table.
func dotnetWords(s string) (event.How, event.Party, event.Phase, bool) {
	for i := range dotnetTexts {
		if x := &dotnetTexts[i]; strings.HasPrefix(s, x.text) {
			return x.how, x.party, x.phase, true
		}
	}
	return 0, 0, 0, false
}

// dotnetMessage reads a log's message.
func dotnetMessage(s string) (event.How, event.Party, event.Phase, bool) {
	if h, p, at, ok := dotnetWords(s); ok {
		return h, p, at, ok
	}
	if !strings.HasPrefix(s, "Connection id \"") && !strings.HasPrefix(s, "Connection ID \"") {
		if h, at, ok := clientWords(s); ok {
			return h, event.PartyClient, at, true
		}
		return 0, 0, 0, false
	}
	if s == "Connection id \"(null)\" reset." { // no connection: it had no request
		return event.HowReset, event.PartyClient, event.PhaseIdle, true
	}
	rest := s[len("Connection id \""):]
	_, rest, _ = strings.Cut(rest, "\"")
	if request, ok := strings.CutPrefix(rest, ", Request id \""); ok || strings.HasPrefix(rest, ", Request ID \"") {
		if !ok {
			request = rest[len(", Request ID \""):]
		}
		_, rest, _ = strings.Cut(request, "\"")
	}
	rest = strings.TrimLeft(rest, ": ")
	if rest == "reset." {
		return event.HowReset, event.PartyClient, event.PhaseUnknown, true
	}
	for i := range dotnetInside {
		if x := &dotnetInside[i]; strings.HasPrefix(rest, x.text) {
			return x.how, x.party, x.phase, true
		}
	}
	return 0, 0, 0, false
}

// dotnetRequest takes the request's id from a message.
func dotnetRequest(e *event.Event, s string) {
	for _, mark := range [...]string{"Request id \"", "Request ID \""} {
		if _, rest, found := strings.Cut(s, mark); found {
			id, _, ok := strings.Cut(rest, "\"")
			if ok && id != "(null)" {
				e.RequestID = id
			}
			return
		}
	}
}

// dotnetErrno reads an exception that carries an error of the operating system: its number behind the class, libuv's
// name, or its text, alone or behind "transport connection: ".
func dotnetErrno(line, text string) event.How {
	if _, rest, ok := strings.Cut(line, "SocketException ("); ok {
		number, _, _ := strings.Cut(rest, ")")
		if n, ok := count(number); ok {
			if how := errnoHow(n); how != event.HowNone {
				return how
			}
		}
	}
	if _, rest, ok := strings.Cut(text, " transport connection: "); ok {
		text = rest
	}
	if rest, ok := strings.CutPrefix(text, "Error -"); ok { // libuv: "Error -4077 ECONNRESET connection reset by peer"
		_, name, _ := strings.Cut(rest, " ")
		name, _, _ = strings.Cut(name, " ")
		switch name {
		case "ECONNRESET":
			return event.HowReset
		case "EPIPE":
			return event.HowBrokenPipe
		case "ECONNABORTED":
			return event.HowAborted
		case "ETIMEDOUT":
			return event.HowTimeout
		}
	}
	how, n := strerrorHow(text)
	if how != event.HowNone && javaWordEnds(text, n) {
		return how
	}
	return event.HowNone
}

// dotnetRefused says whether an exception tells that no connection was made.
func dotnetRefused(s string) bool {
	return hasPrefixOf(s, []string{
		"Connection refused", "No connection could be made because the target machine actively refused it", "No route to host",
		"Name or service not known", "No such host is known", "nodename nor servname provided", "Resource temporarily unavailable",
		"A connection attempt failed because the connected party did not properly respond", "Failed to bind to address", "Address already in use",
	}) || strings.HasPrefix(s, "Status(StatusCode=\"Unavailable\", Detail=\"Error connecting") || strings.HasPrefix(s, "Status(StatusCode=\"Unavailable\", Detail=\"failed to connect")
}

func dotnetParty(frames []string, chain []dotnetThrown) event.Party {
	for _, f := range frames {
		switch {
		case hasPrefixOf(f, dotnetClientFrames):
			return event.PartyUpstream
		case hasPrefixOf(f, dotnetServerFrames):
			return event.PartyClient
		}
	}
	for _, x := range chain {
		switch {
		case hasPrefixOf(x.line, dotnetClientFrames):
			return event.PartyUpstream
		case hasPrefixOf(x.line, dotnetServerFrames):
			return event.PartyClient
		}
	}
	return event.PartyUnknown
}

// dotnetPhase finds what was being done when the connection failed.
func dotnetPhase(frames []string, chain []dotnetThrown, party event.Party, how event.How) event.Phase {
	text := ""
	if len(chain) > 0 {
		text = chain[len(chain)-1].text
	}
	for _, f := range frames {
		f = cut(f)
		if i := strings.IndexByte(f, '('); i >= 0 {
			f = f[:i]
		}
		switch {
		case strings.Contains(f, "ReadBody"), strings.Contains(f, "MessageBody"), strings.Contains(f, "HttpRequestStream"), strings.Contains(f, "FormReader"), strings.Contains(f, "RequestBody"):
			return pick(party, event.PhaseRequest, event.PhaseRequest)
		case strings.Contains(f, "HttpResponseStream"), strings.Contains(f, "Http1OutputProducer"), strings.Contains(f, "WriteBody"), strings.Contains(f, "ResponseBody"):
			return pick(party, event.PhaseResponse, event.PhaseWaiting)
		case strings.Contains(f, "Pipelines.Pipe.Get"), strings.Contains(f, "Pipelines.PipeCompletion"), strings.Contains(f, "Pipe.GetResult"):
			if party != event.PartyUnknown {
				return pick(party, event.PhaseRequest, event.PhaseWaiting)
			}
		}
	}
	switch {
	case party == event.PartyUnknown:
		return event.PhaseUnknown
	case strings.HasPrefix(text, "Unable to write data"), how == event.HowBrokenPipe:
		return pick(party, event.PhaseResponse, event.PhaseRequest)
	case party == event.PartyUpstream:
		return event.PhaseWaiting
	}
	return event.PhaseUnknown
}

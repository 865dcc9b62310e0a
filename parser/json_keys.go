package parser

import "maps"

// Places of what loggers write besides what jkTime and the others name. Loggers that are told apart by the key of their
// time or message have a place of its own for it.
const (
	jlTime    = jkOwn + iota // "time"
	jlTS                     // "ts"
	jlMessage                // "message"
	jlHostname
	jlVersion // bunyan's "v"
	jlCaller
	jlRequestLine
	jlContextError
	jlErrorCode
	jlErrorType
	jlErrorAddress
	jlErrorPort
	jlErrorSyscall
	jlStack
	jlStatusNull
	jlSeconds
	jlMillis
	jlMicros
	jlNanos
	jlSpan // a duration whose unit the key does not tell
	jlLatencyHuman
	jlPanic
	jlDialed // what the program had connected to
	jlPinoID // req.id
	jlReqID  // reqId
	jlOwn    // further places are the format's own
)

// jsonLogKeys are the keys that loggers and their users give, in any of the usual libraries: slog, zap, zerolog,
// logrus, echo, pino, bunyan, winston, structlog, python-json-logger, Logback's and Log4j's encoders, Serilog, ASP.NET
// Core's JSON console, and OpenTelemetry's and Elastic's names.
var jsonLogKeys = jsonPlaces(map[uint8][]string{
	jlTime:    {"time"},
	jlTS:      {"ts"},
	jkTime:    {"@timestamp", "timestamp", "Timestamp", "t", "asctime", "datetime", "date", "eventTime", "@t", "timeStamp", "requestTime"},
	jkLevel:   {"level", "lvl", "severity", "levelname", "log.level", "log_level", "loglevel", "LogLevel", "Level", "@l"},
	jkLogger:  {"logger", "name", "log.logger", "logger_name", "loggerName", "Category", "SourceContext"},
	jkPID:     {"pid", "process.pid", "process_id", "process", "processId"},
	jkMessage: {"msg", "event", "@message", "Message", "@m", "text"},
	jlMessage: {"message"},
	jkError:   {"error", "err", "err.message", "error.message", "err.msg", "error.msg", "exception", "exception.message", "cause"},
	jkClient: {
		"remote_addr", "remote_ip", "remoteAddr", "remoteAddress", "remote-addr", "remoteIp", "remote", "client_ip", "clientIp", "clientip", "client",
		"client_addr", "ip", "peer", "peer_addr", "req.remoteAddress", "request.remoteAddress", "request.remote_addr", "request.remote_ip",
		"client.address", "client.ip", "source.ip", "source.address", "http.client_ip", "network.client.ip", "network.peer.address", "srcIP",
		"RemoteIpAddress", "ClientIp",
	},
	jkClientPort: {"remotePort", "remote_port", "client_port", "clientPort", "req.remotePort", "request.remotePort", "request.remote_port", "client.port", "source.port", "network.peer.port"},
	jkMethod: {
		"method", "http_method", "httpMethod", "request_method", "requestMethod", "verb", "req.method", "request.method", "http.method", "http.request.method",
		"httpRequest.requestMethod", "RequestMethod", "Method",
	},
	jkTarget: {
		"url", "uri", "request_uri", "requestUri", "requestURI", "originalUrl", "req.url", "req.originalUrl", "request.url", "request.uri", "http.url", "http.target",
		"url.original", "url.full", "httpRequest.requestUrl", "URI",
	},
	jkPath:     {"path", "request_path", "requestPath", "resourcePath", "req.path", "request.path", "http.path", "url.path", "http.route_path", "RequestPath", "Path"},
	jkQuery:    {"query", "query_string", "queryString", "request.query", "url.query", "QueryString"},
	jkProtocol: {"proto", "protocol", "server_protocol", "req.httpVersion", "request.proto", "http.protocol", "Protocol"},
	jkHost:     {"host", "http_host", "vhost", "req.host", "req.hostname", "req.headers.host", "request.host", "request.headers.host", "http.host", "url.domain", "Host"},
	jkStatus: {
		"status", "status_code", "statusCode", "http_status", "httpStatus", "response_status", "responseStatus", "res.statusCode", "res.status", "response.status",
		"response.statusCode", "response.status_code", "http.status", "http.status_code", "http.response.status_code", "httpRequest.status", "resp", "StatusCode",
	},
	jkBytes: {
		"bytes", "bytes_out", "bytesOut", "size", "bytes_sent", "bytesSent", "body_bytes_sent", "bytes_written", "response_size", "responseSize", "resp_size", "responseLength",
		"response_bytes", "http.response.body.bytes", "http.response.bytes", "http.response.body.size", "response.size", "response.bytes",
	},
	jkAgent: {
		"user_agent", "userAgent", "user-agent", "useragent", "ua", "http_user_agent", "req.headers.user-agent", "request.headers.user-agent", "request.headers.User-Agent",
		"request.user_agent", "headers.user-agent", "user_agent.original", "http.useragent", "http.user_agent", "httpRequest.userAgent", "UserAgent",
	},
	jkReferer: {
		"referer", "referrer", "http_referer", "req.headers.referer", "req.headers.referrer", "request.headers.referer", "request.headers.Referer", "headers.referer",
		"http.referer", "http.request.referrer", "httpRequest.referer",
	},
	jkID: {
		"request_id", "requestId", "requestID", "req_id", "x_request_id", "x-request-id", "xRequestId", "correlation_id", "correlationId", "rid",
		"request.id", "request.request_id", "http.request.id", "http.request_id", "RequestId", "audit-ID",
	},
	jlReqID:          {"reqId"},
	jlPinoID:         {"req.id"},
	jkUpstream:       {"upstream", "upstream_addr", "backend", "backend_addr"},
	jkUpstreamStatus: {"upstream_status"},
	jlHostname:       {"hostname", "host.name"},
	jlVersion:        {"v"},
	jlCaller:         {"caller", "source.file", "file"},
	jlRequestLine:    {"request", "request_line"},
	jlContextError:   {"ctx_err", "ctxErr", "context_error"},
	jlErrorCode:      {"err.code", "error.code", "code"},
	jlErrorType:      {"err.type", "err.name", "error.type", "error.name", "exception.class", "exception.type"},
	jlErrorAddress:   {"err.address", "error.address"},
	jlErrorPort:      {"err.port", "error.port"},
	jlErrorSyscall:   {"err.syscall", "error.syscall"},
	jlStack: {
		"err.stack", "error.stack", "error.stack_trace", "stack_trace", "stackTrace", "stack", "exc_info", "exception.stacktrace", "traceback", "@x", "Exception",
	},
	jlSeconds: {
		"request_time", "duration_s", "duration_sec", "duration_seconds", "durationSeconds", "elapsed_s", "elapsed_seconds", "latency_s", "latency_seconds",
		"response_time_s", "took_s", "http.server.request.duration",
	},
	jlMillis: {
		"duration_ms", "durationMs", "duration_millis", "durationMillis", "elapsed_ms", "elapsedMs", "elapsedMillis", "latency_ms", "latencyMs", "responseTime",
		"response_time_ms", "responseTimeMs", "request_duration_ms", "time_ms", "took_ms", "took", "ms", "ElapsedMilliseconds",
	},
	jlMicros:       {"duration_us", "durationUs", "elapsed_us", "latency_us", "took_us"},
	jlNanos:        {"duration_ns", "durationNs", "elapsed_ns", "latency_ns", "took_ns", "event.duration"},
	jlSpan:         {"duration", "latency", "elapsed", "elapsed_time", "cost", "request_duration", "response_time", "time_taken", "Elapsed"},
	jlLatencyHuman: {"latency_human"},
	jlPanic:        {"panic"},
	jlDialed:       {"target", "endpoint", "server.address"},
})

// jsonPlaces turns lists of keys into a table.
func jsonPlaces(lists map[uint8][]string) *jsonTable {
	table := map[string]uint8{}
	for place, keys := range lists {
		for _, key := range keys {
			table[key] = place
		}
	}
	return newJSONTable(table)
}

// jsonKeysAnd returns a copy of jsonLogKeys with further keys, or with other places for its keys.
func jsonKeysAnd(more map[string]uint8) *jsonTable {
	table := maps.Clone(jsonLogKeys.places)
	maps.Copy(table, more)
	return newJSONTable(table)
}

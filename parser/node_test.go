package parser

import (
	"testing"
)

// TestNodeErrors reads errors of Node's servers, clients and drivers, as the console prints them.
func TestNodeErrors(t *testing.T) {
	t.Parallel()
	const ts = "2026-11-23T07:10:02.823Z "
	tests := []struct{ text, want string }{
		{ts + "clientError Error: read ECONNRESET", "client/reset/unknown"},
		{ts + "clientError ECONNRESET read ECONNRESET bytesParsed=undefined 100.65.5.109:59343", "client/reset/unknown"},
		{ts + "clientError EPIPE write EPIPE", "client/broken_pipe/response"},
		{ts + "clientError HPE_INVALID_EOF_STATE Parse Error bytesParsed=0 100.65.7.50:35733", "client/closed/request"},
		{ts + "clientError ERR_HTTP_REQUEST_TIMEOUT Request timeout", "client/timeout/request"},
		{ts + "clientError HPE_INVALID_METHOD Parse Error", "other"},
		{ts + "tlsClientError Error: read ECONNRESET", "client/reset/request"},
		{ts + "request aborted GET /slow", "client/closed/unknown"},
		{ts + "request aborted by client POST /checkout?a=1 after 75ms", "client/closed/request"},
		{ts + "PUT /a request error: ECONNRESET aborted", "client/reset/request"},
		{ts + "response closed before finish GET /slow", "client/closed/unknown"},
		{ts + "client disconnected before response finished: GET /a 100.65.7.50 74ms", "client/closed/unknown"},
		{"Error: aborted\n    at abortIncoming (node:_http_server:796:17) {\n  code: 'ECONNRESET'\n}", "client/reset/request"},
		{"⨯ [Error: aborted] {\n  code: 'ECONNRESET'\n}", "client/reset/request"},
		{"Error: aborted\n    at socketCloseListener (node:_http_client:460:19)\n    at Socket.emit (node:events:549:35) {\n  code: 'ECONNRESET'\n}", "upstream/reset/response"},
		{"BadRequestError: request aborted\n    at IncomingMessage.onAborted (/a/node_modules/raw-body/index.js:245:10) {\n  code: 'ECONNABORTED'\n}", "client/aborted/request"},
		{"Error: write EPIPE\n    at WriteWrap.afterWrite (net.js:836:14)", "unknown/broken_pipe/response"},
		{"Error: read ECONNRESET\n    at TCP.onread (net.js:660:25)", "unknown/reset/unknown"},
		{"Error [ERR_STREAM_PREMATURE_CLOSE]: Premature close\n    at ServerResponse.onclose (node:internal/streams/end-of-stream:159:30) {\n  code: 'ERR_STREAM_PREMATURE_CLOSE'\n}", "client/closed/response"},
		{"FetchError: Invalid response body while trying to fetch http://stock:80/a: Premature close\n    at PassThrough.<anonymous> (/a/node_modules/node-fetch/lib/index.js:272:32) {\n  code: 'ERR_STREAM_PREMATURE_CLOSE'\n}", "upstream/closed/response"},
		{"Error: socket hang up\n    at Socket.socketOnEnd (node:_http_client:518:23) {\n  code: 'ECONNRESET'\n}", "upstream/closed/waiting"},
		{"FetchError: request to http://stock:80/a failed, reason: socket hang up", "upstream/closed/waiting"},
		{"FetchError: request to http://stock:80/a failed, reason: connect ECONNREFUSED 10.0.0.9:80", "other"},
		{"AxiosError: read ECONNRESET\n    at AxiosError.from (/a/node_modules/axios/lib/core/AxiosError.js:92:14) {\n  code: 'ECONNRESET'\n}", "upstream/reset/waiting"},
		{"AxiosError: timeout of 5000ms exceeded\n    at x (/a/node_modules/axios/b.js:1:2) {\n  code: 'ECONNABORTED'\n}", "upstream/timeout/waiting"},
		{"TypeError: fetch failed\n    at node:internal/deps/undici/undici:13502:13 {\n  [cause]: SocketError: other side closed\n      at Socket.onHttpSocketEnd (node:internal/deps/undici/undici:7556:24) {\n    code: 'UND_ERR_SOCKET',\n    socket: {\n      remoteAddress: '10.0.0.9',\n      remotePort: 8080\n    }\n  }\n}", "upstream/closed/waiting"},
		{"TypeError: fetch failed\n    at node:internal/deps/undici/undici:13502:13 {\n  [cause]: Error: connect ECONNREFUSED 10.0.0.9:8080\n      at TCPConnectWrap.afterConnect (node:net:1555:16) {\n    code: 'ECONNREFUSED'\n  }\n}", "other"},
		{"TypeError: fetch failed\n    at x (node:internal/deps/undici/undici:1:2) {\n  [cause]: HeadersTimeoutError: Headers Timeout Error\n      at y (node:internal/deps/undici/undici:2:3) {\n    code: 'UND_ERR_HEADERS_TIMEOUT'\n  }\n}", "upstream/timeout/waiting"},
		{"[ioredis] Unhandled error event: Error: read ECONNRESET", "unparsed"},
		{ts + "[ioredis] Unhandled error event: Error: read ECONNRESET\n    at TCP.onStreamRead (node:internal/stream_base_commons:218:20)", "upstream/reset/waiting"},
		{"Error: Connection lost: The server closed the connection.\n    at Protocol.end (/a/node_modules/mysql/lib/protocol/Protocol.js:112:13) {\n  code: 'PROTOCOL_CONNECTION_LOST'\n}", "upstream/closed/unknown"},
		{"Error: Connection terminated unexpectedly\n    at Connection.<anonymous> (/a/node_modules/pg/lib/client.js:132:73)", "upstream/closed/unknown"},
		{"Error: 14 UNAVAILABLE: read ECONNRESET\n    at callErrorFromStatus (/a/node_modules/@grpc/grpc-js/build/src/call.js:31:19) {\n  code: 14\n}", "upstream/reset/waiting"},
		{"node:events:497\n      throw er; // Unhandled 'error' event\n      ^\n\nError: read ECONNRESET\n    at TCP.onStreamRead (node:internal/stream_base_commons:218:20)\nEmitted 'error' event on Socket instance at:\n    at emitErrorNT (node:internal/streams/destroy:170:8) {\n  errno: -104,\n  code: 'ECONNRESET'\n}", "unknown/reset/unknown"},
		{"(node:1234) UnhandledPromiseRejectionWarning: Error: aborted\n    at abortIncoming (_http_server.js:596:17)", "client/reset/request"},
		{"[Nest] 1234  - 11/23/2026, 7:10:02 AM   ERROR [ExceptionsHandler] request aborted\nBadRequestError: request aborted\n    at IncomingMessage.onAborted (/a/node_modules/raw-body/index.js:245:10)", "client/closed/unknown"},
		{"2026-11-23 07:10:02 error: socket hang up", "upstream/closed/waiting"},
		{"2026-11-23 07:10:02 [api] error: Client disconnected", "client/closed/unknown"},
		{"[10:00:00.123] ERROR (1234): aborted\n    err: {\n      \"type\": \"Error\",\n      \"code\": \"ECONNRESET\"\n    }", "client/reset/request"},
		{"[2026-11-23 10:00:00.123 +0000] INFO (api/1234 on web1): request aborted", "client/closed/unknown"},
		{"MongoNetworkError: connection 3 to 10.0.0.7:27017 closed\n    at Connection.onClose (/a/node_modules/mongodb/lib/cmap/connection.js:134:19)", "upstream/closed/unknown"},
		{"Error: Request aborted\n    at IncomingMessage.<anonymous> (/a/node_modules/formidable/lib/incoming_form.js:122:19)", "client/closed/request"},
		{ts + "GET /a: Client closed request", "client/closed/unknown"},
		// nobody hung up
		{"Error: connect ECONNREFUSED 127.0.0.1:5432\n    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1555:16) {\n  code: 'ECONNREFUSED'\n}", "other"},
		{"Error: connect ETIMEDOUT 10.0.0.9:80", "other"},
		{"Error: getaddrinfo ENOTFOUND stock", "other"},
		{"AbortError: This operation was aborted", "other"},
		{"⨯ Error: failed to pipe response\n    at pipeToNodeResponse (/a/next.js:1:2) {\n  [cause]: TypeError: x\n      at y (/a/b.js:1:2)\n}", "other"},
		{"TypeError: Cannot read properties of undefined (reading 'ECONNRESET')", "other"},
		{ts + "GET /docs/request-aborted 200", "other"},
		{ts + `agent "client disconnected" GET /a`, "other"},
		{ts + "user bob disconnected Google account", "other"},
		{"Error: boom: not a disconnect\n    at /srv/app/node/exp.js:15:28", "other"},
		{ts + "server listening", "other"},
	}
	for _, tt := range tests {
		r := records(t, []byte(tt.text), Options{Format: "node-stderr"})[0]
		if got := outcome(r); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.text, got, tt.want)
		}
	}
}

// TestNodeRecords counts the records that texts make, and reads their heads.
func TestNodeRecords(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text       string
		n          int
		key, value string
	}{
		{"Error: a {\n  b: {\n    c: [\n      1\n    ]\n  }\n}\nError: d", 2, "event", "other"},
		{"2026-11-23T07:10:02.823Z user {\n  name: 'a',\n  tags: [ 'b' ]\n}\n2026-11-23T07:10:02.823Z x", 2, "event", "other"},
		{"Error: a\n    at b (/c.js:1:2)\n\nError: d\n    at b (/c.js:1:2)", 2, "event", "other"},
		{"    at b (/c.js:1:2) {\n  code: 'ECONNRESET'\n}\nError: d", 2, "reason", "continuation"},
		{"[Nest] 1234  - 11/23/2026, 7:10:02 PM     LOG [NestFactory] Starting Nest application...", 1, "time", "2026-11-23T19:10:02Z"},
		{"[Nest] 1234  - 11/23/2026, 7:10:02 PM     LOG [NestFactory] Starting Nest application...", 1, "logger", "NestFactory"},
		{"[2026-11-23T07:10:02.823Z] error: x", 1, "level", "ERROR"},
		{"2026-11-23 07:10:02 [error]: x", 1, "level", "ERROR"},
		{"2026-11-23 07:10:02.123 UTC [123] LOG:  x", 1, "event", "unparsed"},
		{"2026-11-23 07:10:02.123 [error] <0.1.0> x: y", 1, "event", "unparsed"},
		{"[2026-11-23T07:10:02.823Z] \"GET / HTTP/1.1\" 200 - 0", 1, "event", "unparsed"},
		{"2026-11-23T07:10:02.823Z [warn]: x", 1, "level", "WARN"},
		{"\x1b[31merror\x1b[39m - Error: x", 1, "level", "ERROR"},
		{"TypeError: fetch failed\n    at x (node:internal/deps/undici/undici:1:2) {\n  [cause]: SocketError: other side closed\n      at y (node:internal/deps/undici/undici:2:3) {\n    code: 'UND_ERR_SOCKET',\n    socket: {\n      remoteAddress: '10.0.0.9',\n      remotePort: 8080\n    }\n  }\n}", 1, "upstream", "10.0.0.9:8080"},
		{"FetchError: request to http://stock:80/a failed, reason: socket hang up", 1, "upstream", "stock:80"},
	}
	for _, tt := range tests {
		list := records(t, []byte(tt.text), Options{Format: "node-stderr"})
		if len(list) != tt.n || list[0][tt.key] != tt.value {
			t.Errorf("%s: %d records, %s %v, want %d and %s: %v", tt.text, len(list), tt.key, list[0][tt.key], tt.n, tt.value, list)
		}
	}
}

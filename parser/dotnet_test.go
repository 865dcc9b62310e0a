package parser

import (
	"testing"
)

// TestDotnet reads messages and traces of Kestrel, IIS, YARP and the runtime's clients.
func TestDotnet(t *testing.T) {
	t.Parallel()
	kestrel := func(level, message string) string {
		return level + ": Microsoft.AspNetCore.Server.Kestrel[0]\n      " + message
	}
	id := `Connection id "0HM4", Request id "0HM4:00000001": `
	tests := []struct{ text, want string }{
		{kestrel("warn", "Connection processing ended abnormally."), "unknown/unknown/unknown"},
		{kestrel("dbug", `Connection id "(null)" reset.`), "client/reset/idle"},
		{kestrel("dbug", `Connection id "0HM4AJ0A1LLKL" reset.`), "client/reset/unknown"},
		{kestrel("dbug", `Connection id "0HM4AJ0A1LLKL" communication error.`), "client/unknown/unknown"},
		{kestrel("dbug", `Connection id "0HM4AJ0A1LLKL" request processing ended abnormally.`), "unknown/unknown/unknown"},
		{kestrel("info", id+"the request timed out because it was not sent by the client at a minimum of 240 bytes/second."), "client/timeout/request"},
		{kestrel("info", id+"the connection was closed because the response was not read by the client at the specified minimum data rate."), "client/timeout/response"},
		{kestrel("info", `Connection id "0HM4" bad request data: "Reading the request headers timed out."`), "client/timeout/request"},
		{kestrel("fail", id+"An unhandled exception was thrown by the application.") + "\n      Microsoft.AspNetCore.Server.Kestrel.Core.BadHttpRequestException: Unexpected end of request content.\n         at A.B()", "client/closed/request"},
		{kestrel("fail", id+"An unhandled exception was thrown by the application.") + "\nMicrosoft.AspNetCore.Connections.ConnectionResetException: Connection reset by peer\n ---> System.Net.Sockets.SocketException (104): Connection reset by peer\n   --- End of inner exception stack trace ---\n   at System.IO.Pipelines.PipeCompletion.ThrowLatchedException()\n   at Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http.Http1ContentLengthMessageBody.ReadAsyncInternal(CancellationToken c)", "client/reset/request"},
		{kestrel("dbug", "The request was aborted by the client."), "client/closed/unknown"},
		{"System.IO.IOException: The client reset the request stream.\n   at A.B()", "client/reset/request"},
		{"Microsoft.AspNetCore.Connections.ConnectionAbortedException: The connection was aborted by the application\n   at A.B()", "server/aborted/unknown"},
		{"Microsoft.AspNetCore.Connections.ConnectionAbortedException: The connection was aborted because the server is shutting down and request processing didn't complete within the time specified by HostOptions.ShutdownTimeout.", "server/timeout/unknown"},
		{"info: Yarp.ReverseProxy.Forwarder.HttpForwarder[48]\n      ResponseBodyClient: The client reported an error when copying the response body.", "client/unknown/response"},
		{"info: Yarp.ReverseProxy.Forwarder.HttpForwarder[48]\n      ResponseBodyCanceled: Copying the response body was canceled.", "client/closed/response"},
		{"info: Yarp.ReverseProxy.Forwarder.HttpForwarder[48]\n      RequestCanceled: The request was canceled before receiving a response.", "client/closed/waiting"},
		{"warn: Yarp.ReverseProxy.Forwarder.HttpForwarder[48]\n      RequestTimedOut: The request timed out before receiving a response.", "upstream/timeout/waiting"},
		{"warn: Yarp.ReverseProxy.Forwarder.HttpForwarder[48]\n      ResponseBodyDestination: The destination reported an error when copying the response body.\n      System.IO.IOException: Unable to read data from the transport connection: Connection reset by peer.\n       ---> System.Net.Sockets.SocketException (104): Connection reset by peer", "upstream/reset/response"},
		{"System.Net.Http.HttpRequestException: An error occurred while sending the request.\n ---> System.Net.Http.HttpIOException: The response ended prematurely. (ResponseEnded)\n   at System.Net.Http.HttpConnection.SendAsync(HttpRequestMessage r)", "upstream/closed/waiting"},
		{"System.Net.Http.HttpRequestException: Error while copying content to a stream. ---> System.IO.IOException: Unable to read data from the transport connection: An existing connection was forcibly closed by the remote host.\n   at System.Net.Http.HttpConnection.FillAsync()", "upstream/reset/waiting"},
		{"System.IO.IOException: Unable to write data to the transport connection: Broken pipe.\n ---> System.Net.Sockets.SocketException (32): Broken pipe\n   at System.Net.Security.SslStream.Write()\n   at Npgsql.Internal.NpgsqlWriteBuffer.Flush()", "upstream/broken_pipe/request"},
		{"System.Threading.Tasks.TaskCanceledException: The request was canceled due to the configured HttpClient.Timeout of 100 seconds elapsing.\n ---> System.TimeoutException: The operation was canceled.", "upstream/timeout/waiting"},
		{`Grpc.Core.RpcException: Status(StatusCode="Unavailable", Detail="Error starting gRPC call.")`, "upstream/unknown/unknown"},
		{`Grpc.Core.RpcException: Status(StatusCode="DeadlineExceeded", Detail="")`, "upstream/timeout/waiting"},
		{"System.Net.Sockets.SocketException (104): Connection reset by peer\n   at A.B()", "unknown/reset/unknown"},
		{"Unhandled exception. System.Net.Sockets.SocketException (32): Broken pipe\n   at A.B()", "unknown/broken_pipe/unknown"},
		{"[13:17:38 ERR] HTTP POST /a responded 500\nMicrosoft.AspNetCore.Server.Kestrel.Core.BadHttpRequestException: Unexpected end of request content.\n   at A.B()", "client/closed/request"},
		{"2026-11-22 10:00:00.123 +00:00 [ERR] failed\nMicrosoft.AspNetCore.Server.Kestrel.Core.BadHttpRequestException: Reading the request body timed out due to data arriving too slowly. See MinRequestBodyDataRate.\n   at A.B()", "client/timeout/request"},
		{"info: Microsoft.AspNetCore.Hosting.Diagnostics[2]\n      Request finished HTTP/2 POST https://shop.example/a?b=1 application/json 12 - 499 - - 12.5ms", "client/closed/unknown"},
		{"info: Microsoft.AspNetCore.Hosting.Diagnostics[2]\n      Request finished HTTP/1.1 GET http://shop.example/a - - - 200 12 text/plain 5.2ms", "request"},
		{"info: Microsoft.AspNetCore.Hosting.Diagnostics[2]\n      Request finished HTTP/1.1 GET http://shop.example/a - 200 - text/html;+charset=utf-8 5.2ms", "request"},
		{"info: Microsoft.AspNetCore.Hosting.Diagnostics[2] Request finished in 5.2ms 404 ", "request"},
		{"<6>Microsoft.AspNetCore.Hosting.Diagnostics[2] Request finished HTTP/1.1 GET http://shop.example/a - 200 - text/plain 5.2ms", "request"},
		{"[13:17:38 INF] HTTP GET /report responded 499 in 30012.4071 ms", "client/closed/unknown"},
		{"[13:17:38 INF] HTTP GET /report responded 200 in 12.4071 ms", "request"},
		// nobody hung up
		{kestrel("dbug", `Connection id "0HM4AJ0A1LLKK" stopped.`), "other"},
		{kestrel("dbug", `Connection id "0HM4AJ0A1LLKK" received FIN.`), "other"},
		{kestrel("dbug", `Connection id "0HM4AJ0A1LLKK" sending FIN because: "The client has disconnected"`), "other"},
		{kestrel("info", "Executing endpoint 'Blazor disconnect'"), "other"},
		{kestrel("info", "Request starting HTTP/1.1 POST http://shop.example/_blazor/disconnect - 0"), "other"},
		{"System.Net.Sockets.SocketException (111): Connection refused\n   at A.B()", "other"},
		{"System.Net.Http.HttpRequestException: Connection refused (stock:80)\n ---> System.Net.Sockets.SocketException (111): Connection refused", "other"},
		{"System.Threading.Tasks.TaskCanceledException: A task was canceled.\n   at A.B()", "other"},
		{"System.InvalidOperationException: The word Broken pipe\n   at A.B()", "other"},
	}
	for _, tt := range tests {
		list := records(t, []byte(tt.text), Options{Format: "aspnetcore-console"})
		if got := outcome(list[0]); got != tt.want || len(list) != 1 {
			t.Errorf("%s: %s, want %s (%d records)", tt.text, got, tt.want, len(list))
		}
	}
}

// TestDotnetRecords counts the records that texts make.
func TestDotnetRecords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"crit: A.B[0]\n      x\n      System.IO.IOException: y\nUnhandled exception. System.IO.IOException: y\n   at A.B()": 2,
		"crit: A.B[0]\n      x\nSystem.IO.IOException: y\n   at A.B()\nSystem.IO.IOException: z\n   at A.B()":               2,
		"crit: A.B[0]\n      x\n\n      y\ninfo: A.B[0]\n      z":                                                           2,
	} {
		if list := records(t, []byte(text), Options{Format: "aspnetcore-console"}); len(list) != want {
			t.Errorf("%s: %d records, want %d", text, len(list), want)
		}
	}
}

// TestDotnetFields reads heads, scopes and accounts of exchanges.
func TestDotnetFields(t *testing.T) {
	t.Parallel()
	const finished = "info: Microsoft.AspNetCore.Hosting.Diagnostics[2]\n      Request finished "
	tests := []struct {
		text, key string
		want      any
	}{
		{finished + "HTTP/1.1 GET http://shop.example:8080/a?b=1 - - - 200 12 text/plain 5.25ms", "status", 200.0},
		{finished + "HTTP/1.1 GET http://shop.example:8080/a?b=1 - - - 200 12 text/plain 5.25ms", "bytes", 12.0},
		{finished + "HTTP/1.1 GET http://shop.example:8080/a?b=1 - - - 200 12 text/plain 5.25ms", "duration_ms", 5.25},
		{finished + "HTTP/1.1 GET http://shop.example:8080/a?b=1 - - - 200 12 text/plain 5.25ms", "host", "shop.example"},
		{finished + "HTTP/2 POST https://shop.example/a application/json 12 - 201 - - 12.5ms", "path", "/a"},
		{finished + "HTTP/2 POST https://shop.example/a application/json 12 - 201 - - 12.5ms", "status", 201.0},
		{finished + "HTTP/2 POST https://shop.example/a application/json 12 - 201 - - 12.5ms", "bytes", nil},
		{"[10:00:00] fail: A.B[1]\n      x", "level", "ERROR"},
		{"2026-11-22 10:00:00 trce: A.B[1]\n      x", "time", "2026-11-22T10:00:00Z"},
		{"2026-11-22T10:00:00.123Z crit: A.B[1] x", "level", "CRITICAL"},
		{"2026-11-22 10:00:00.1234|13|WARN|A.B|x", "logger", "A.B"},
		{"2026-11-22 10:00:00.1234|WARN|A.B|x", "level", "WARN"},
		{"2026-11-22 10:00:00.123 +01:00 [INF] x", "time", "2026-11-22T09:00:00.123Z"},
		{"fail: A.B[1]\n      => SpanId:1, TraceId:2 => ConnectionId:0HM => RequestPath:/a RequestId:0HM:1\n      An unhandled exception has occurred while executing the request.\n      Microsoft.AspNetCore.Server.Kestrel.Core.BadHttpRequestException: Unexpected end of request content.", "path", "/a"},
		{"fail: A.B[1]\n      => SpanId:1, TraceId:2 => ConnectionId:0HM => RequestPath:/a RequestId:0HM:1\n      An unhandled exception has occurred while executing the request.\n      Microsoft.AspNetCore.Server.Kestrel.Core.BadHttpRequestException: Unexpected end of request content.", "request_id", "0HM:1"},
		{"   at A.B.C(String d) in /a.cs:line 1\n--- End of stack trace from previous location ---", "reason", "continuation"},
	}
	for _, tt := range tests {
		if got := records(t, []byte(tt.text), Options{Format: "aspnetcore-console"})[0][tt.key]; got != tt.want {
			t.Errorf("%s: %s is %v, want %v", tt.text, tt.key, got, tt.want)
		}
	}
}

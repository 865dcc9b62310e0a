package parser

import (
	"testing"
)

// TestErlang reads exit reasons of Cowboy's, Ranch's and other processes.
func TestErlang(t *testing.T) {
	t.Parallel()
	const otp = "2026-11-22T10:00:00.123456+00:00 error: "
	const lager = "2014-09-11 00:00:27.304 [error] <0.1091.0> "
	tests := []struct{ text, want string }{
		{otp + "Ranch listener http, connection process <0.5.0>, stream 1 had its request process <0.6.0> exit with reason {socket_error,closed,'The socket has been closed.'} and stacktrace []", "client/closed/unknown"},
		{otp + "Ranch listener http, stream 1 exit with reason {socket_error,econnreset,'The socket has been closed.'}", "client/reset/unknown"},
		{otp + "Ranch listener http exit with reason {connection_error,timeout,'Request headers not received before request_timeout.'}", "client/timeout/request"},
		{otp + "Ranch listener http exit with reason {connection_error,timeout,'No request-line received before timeout.'}", "client/timeout/idle"},
		{otp + "Ranch listener http exit with reason {connection_error,timeout,'Connection idle longer than configuration allows.'}", "client/timeout/unknown"},
		{lager + "Ranch listener https exit with reason: {closed,[{ranch_ssl,accept_ack,2,[{file,\"src/ranch_ssl.erl\"}]}]}", "client/closed/request"},
		{lager + "Ranch listener https exit with reason: {timeout,[{ranch_ssl,accept_ack,2,[{file,\"src/ranch_ssl.erl\"}]}]}", "client/timeout/request"},
		{lager + "Ranch listener http exit with reason: {{badmatch,{error,closed}},[{cowboy_req,response,6,[]}]}", "client/closed/response"},
		{lager + "Ranch listener http exit with reason: {{badmatch,{error,timeout}},[{cowboy_req,body,2,[]}]}", "client/timeout/request"},
		{lager + "Ranch listener http exit with reason: {{case_clause,{error,enotconn}},[{cowboy_protocol,init,4,[]}]}", "client/closed/unknown"},
		{lager + "Error in process <0.1.0> with exit value: {{badmatch,{error,closed}},[{hackney,request,5,[]},{cowboy_handler,execute,2,[]}]}", "upstream/closed/unknown"},
		{lager + "Error in process <0.1.0> with exit value: {{badmatch,{error,closed}},[{my_app,loop,1,[]}]}", "unknown/closed/unknown"},
		{"=ERROR REPORT==== 5-Mar-2026::11:26:18.123456 ===\nError in process <0.1.0> with exit value:\n{{badmatch,{error,epipe}},\n [{cowboy_req,chunk,2,[]}]}", "client/broken_pipe/response"},
		{"10:00:00.123 request_id=F1 [error] ** (Bandit.TransportError) Unrecoverable error: closed", "client/closed/unknown"},
		{"10:00:00.123 [error] Postgrex.Protocol (#PID<0.1.0>) disconnected: ** (DBConnection.ConnectionError) tcp recv: closed", "upstream/closed/waiting"},
		{"2026-11-22 10:00:00.123456+00:00 [warning] <0.512.0> closing AMQP connection <0.512.0> (203.0.113.9:51234 -> 10.0.0.2:5672):\nclient unexpectedly closed TCP connection", "client/closed/unknown"},
		{"2026-11-22 10:00:00.123456+00:00 [warning] <0.512.0> closing AMQP connection <0.512.0> (203.0.113.9:51234 -> 10.0.0.2:5672): client unexpectedly closed TCP connection", "client/closed/unknown"},
		{"2014-09-11 00:00:27 =ERROR REPORT====\nRanch listener https exit with reason: {closed,[{ranch_ssl,accept_ack,2,[]}]}", "client/closed/request"},
		{lager + "CRASH REPORT Process <0.5.0> with 0 neighbours exited with reason: {badmatch,{error,closed}} in cowboy_req:response/6 line 1049", "client/closed/response"},
		{"=ERROR REPORT==== 25-Mar-2015::11:26:18 ===\nRanch listener http terminated in cowboy_req:read_body/2 with reason: {badmatch,{error,closed}}", "client/closed/request"},
		// nobody hung up
		{lager + "Error in process <0.1.0> with exit value: {{badmatch,{error,econnrefused}},[{hackney,connect,5,[]}]}", "other"},
		{lager + "Error in process <0.1.0> with exit value: {{badmatch,{error,enoent}},[{cowboy_static,init,5,[]}]}", "other"},
		{"10:00:00.123 [error] Postgrex.Protocol (#PID<0.1.0>) disconnected: ** (DBConnection.ConnectionError) client #PID<0.2.0> exited", "other"},
		{lager + `GET "{error,closed}" cowboy`, "other"},
		{lager + "user disconnected Google account", "other"},
		{"=PROGRESS REPORT==== 5-Mar-2026::11:26:18 ===\n          application: cowboy\n          started_at: nonode@nohost", "other"},
	}
	for _, tt := range tests {
		list := records(t, []byte(tt.text), Options{Format: "erlang-cowboy"})
		if got := outcome(list[0]); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.text, got, tt.want)
		}
	}
}

// TestErlangFields reads heads and what reports name.
func TestErlangFields(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text, key string
		want      any
	}{
		{"=ERROR REPORT==== 5-Mar-2026::11:26:18.123456 ===\nx", "time", "2026-03-05T11:26:18.123456Z"},
		{"=WARNING REPORT==== 25-Mar-2026::11:26:18 UTC ===\nx", "zone", nil},
		{"=CRASH REPORT==== 25-Mar-2026::11:26:18 ===\n  crasher:\n    initial call: x", "lines", 3.0},
		{"2026-11-22T10:00:00.123456+01:00 warning: x", "time", "2026-11-22T09:00:00.123456Z"},
		{"10:00:00.123 request_id=F1 user_id=7 [error] x", "request_id", "F1"},
		{"2026-11-22 10:00:00.123456+00:00 [warning] <0.512.0> closing AMQP connection <0.512.0> (203.0.113.9:51234 -> 10.0.0.2:5672): client unexpectedly closed TCP connection", "client", "203.0.113.9"},
		{"10:00:00.123 [error] #PID<0.5.0> running Shop.Endpoint terminated\nServer: shop.example:4000 (http)\nRequest: GET /a?b=1\n** (exit) an exception was raised:\n    ** (Bandit.TransportError) Unrecoverable error: closed", "path", "/a"},
		{"10:00:00.123 [error] #PID<0.5.0> running Shop.Endpoint terminated\nServer: shop.example:4000 (http)\nRequest: GET /a?b=1\n** (exit) an exception was raised:\n    ** (Bandit.TransportError) Unrecoverable error: closed", "lines", 5.0},
	}
	for _, tt := range tests {
		if got := records(t, []byte(tt.text), Options{Format: "erlang-cowboy"})[0][tt.key]; got != tt.want {
			t.Errorf("%s: %s is %v, want %v", tt.text, tt.key, got, tt.want)
		}
	}
}

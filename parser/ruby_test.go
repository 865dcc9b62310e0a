package parser

import "testing"

const rubyClientTrace = "/gems/puma-6.4.0/lib/puma/request.rb:353:in `write_nonblock'\n/gems/puma-6.4.0/lib/puma/request.rb:100:in `fast_write'\n"

// TestRubyExceptions reads exceptions with and without frames.
func TestRubyExceptions(t *testing.T) {
	t.Parallel()
	const (
		app      = "\tapp/models/x.rb:5:in `call'\n"
		net      = "\t/usr/lib/ruby/3.1.0/net/protocol.rb:237:in `rbuf_fill'\n" + app
		netWrite = "\t/usr/lib/ruby/3.1.0/net/protocol.rb:355:in `write0'\n\t/usr/lib/ruby/3.1.0/net/protocol.rb:331:in `write'\n"
		redis    = "\t/gems/redis-4.8.0/lib/redis/connection/ruby.rb:90:in `write_nonblock'\n" + app
		unicorn  = "\t/gems/unicorn-6.1.0/lib/unicorn/http_response.rb:60:in `write'\n"
		input    = "\t/gems/unicorn-6.1.0/lib/unicorn/stream_input.rb:60:in `read'\n"
		quote34  = "\t/gems/unicorn-6.1.0/lib/unicorn/http_response.rb:60:in 'IO#write'\n"
	)
	for _, tt := range []struct{ exception, frames, want string }{
		{"Errno::EPIPE: Broken pipe", "", "disconnect/unknown/broken_pipe/unknown"},
		{"Errno::EPIPE: Broken pipe", app, "disconnect/unknown/broken_pipe/unknown lines=2"},
		{"Errno::EPIPE: Broken pipe", unicorn, "disconnect/client/broken_pipe/response lines=2"},
		{"Errno::EPIPE: Broken pipe", quote34, "disconnect/client/broken_pipe/response lines=2"},
		{"Errno::EPIPE: Broken pipe", redis, "disconnect/upstream/broken_pipe/request lines=3"},
		{"Errno::EPIPE: Broken pipe", netWrite, "disconnect/upstream/broken_pipe/request lines=3"},
		{"Errno::ECONNRESET: Connection reset by peer", net, "disconnect/upstream/reset/waiting lines=3"},
		{"Errno::ECONNRESET: Connection reset by peer", input, "disconnect/client/reset/request lines=2"},
		{"Errno::ECONNRESET: Connection reset by peer - SSL_connect", net, "other lines=3"},
		{"Errno::ECONNREFUSED: Connection refused - connect(2) for \"10.0.0.9\" port 6379", redis, "other lines=3"},
		{"Errno::ETIMEDOUT: Connection timed out - connect(2) for 10.0.0.9:80", app, "other lines=2"},
		{"Errno::ETIMEDOUT: Operation timed out", input, "disconnect/client/timeout/request lines=2"},
		{"Errno::ENOENT: No such file or directory @ rb_sysopen - /broken-pipe", app, "other lines=2"},
		{"Net::ReadTimeout: Net::ReadTimeout with #<TCPSocket:(closed)>", net, "disconnect/upstream/timeout/waiting lines=3"},
		{"Net::OpenTimeout: execution expired", app, "other lines=2"},
		{"EOFError: bad content body", app, "disconnect/client/closed/request lines=2"},
		{"EOFError: end of file reached", app, "other lines=2"},
		{"Rack::Timeout::RequestTimeoutException: Request ran for longer than 15000ms", app, "disconnect/server/timeout/waiting lines=2"},
		{"Redis::ConnectionError: Connection lost (ECONNRESET)", app, "disconnect/upstream/reset/unknown lines=2"},
		{"Redis::CannotConnectError: Error connecting to Redis on 10.0.0.9:6379 (Errno::ECONNREFUSED)", app, "other lines=2"},
		{"Mysql2::Error::ConnectionError: MySQL server has gone away", app, "disconnect/upstream/closed/unknown lines=2"},
		{"ActiveRecord::StatementInvalid: PG::ConnectionBad: PQconsumeInput() server closed the connection unexpectedly", app, "disconnect/upstream/closed/waiting lines=2"},
		{"ActiveRecord::StatementInvalid: PG::SyntaxError: ERROR: at \"server closed the connection unexpectedly\"", app, "other lines=2"},
		{"Faraday::ConnectionFailed: end of file reached", app, "disconnect/upstream/closed/waiting lines=2"},
		{"Faraday::ConnectionFailed: Connection refused - connect(2)", app, "other lines=2"},
		{"Excon::Error::Socket: Broken pipe (Errno::EPIPE)", app, "disconnect/upstream/broken_pipe/unknown lines=2"},
		{"ActionController::Live::ClientDisconnected: client disconnected", app, "disconnect/client/closed/response lines=2"},
		{"Unicorn::ClientShutdown: bytes_read=10", "", "disconnect/client/closed/request"},
		{"RuntimeError: boom: not a disconnect", app, "other lines=2"},
	} {
		testRecords(t, "unicorn", []recordTest{{tt.exception + "\n" + tt.frames, []string{tt.want}}})
	}
}

func TestPuma(t *testing.T) {
	t.Parallel()
	const access = `203.0.113.7, 10.0.0.1 - - [23/Nov/2026:07:11:31 +0000] "GET /fast?a=b HTTP/1.1" 200 5 0.0003` + "\n"
	const wasAccess = "request client=203.0.113.7 method=GET path=/fast status=200 duration_ms=0.3"
	testRecords(t, "puma", []recordTest{
		{access, []string{wasAccess}},
		{`203.0.113.7 - bob [23/Nov/2026:07:11:31 +0000] "GET /fast" 304 - 1.0003` + "\n", []string{"request client=203.0.113.7 method=GET path=/fast status=304 duration_ms=1000.3"}},
		{
			"[77] Puma starting in cluster mode...\n[77] * Version 4.3.12 (ruby 2.7.0-p0), codename: Mysterious Traveller\n[77] - Worker 0 (pid: 80) booted, phase: 0\n- Gracefully stopping, waiting for requests to finish\n=== puma shutdown: 2026-11-22 10:00:00 +0000 ===\n- Goodbye!\n",
			[]string{"other", "other", "other", "other", "other", "other"},
		},
		{"[77] ! Terminating timed out worker (worker failed to check in within 60 seconds): 80\n", []string{"disconnect/server/timeout/waiting"}},
		{"2020-11-22 10:00:00 +0100: Rack app error handling request { GET /boom }\n#<Errno::EPIPE: Broken pipe>\n" + rubyClientTrace + access, []string{"disconnect/client/broken_pipe/response method=GET path=/boom lines=4", wasAccess}},
		{"2020-11-22 10:00:00 +0100: Rack app error: #<RuntimeError: boom>\nconfig.ru:5:in `call'\n", []string{"other lines=2"}},
		{"2026-11-22 10:00:00 +0000 Rack app (\"GET /report\" - (203.0.113.7)): #<Errno::EPIPE: Broken pipe>\n", []string{"disconnect/unknown/broken_pipe/unknown client=203.0.113.7 method=GET path=/report"}},
		{"2026-11-22 10:00:00 +0000 HTTP parse error, malformed request: #<Puma::HttpParserError: Invalid HTTP format, parsing fails. Are you trying to open an SSL connection to a non-SSL Puma?>\n", []string{"other"}},
		{
			"2020-11-22 10:00:00 +0000 Read error: #<Errno::ECONNRESET: Connection reset by peer>\nHandling request { \"POST /up\" - (203.0.113.7) }\nHeaders: {}\nBody: \n" + rubyClientTrace,
			[]string{"disconnect/client/reset/response client=203.0.113.7 method=POST path=/up lines=6"},
		},
		{`203.0.113.7 - - [23/Nov/2026:07:11:31 +0000] "GET /fast HTTP/1.1" 200 5 0.000321` + "\n", []string{"unparsed/no_format"}},
		{"2026-11-22 10:00:00 +0000 Read: #<EOFError: end of file reached>\n", []string{"disconnect/client/closed/request"}},
		{"* a list\n- another\n", []string{"unparsed/no_format", "unparsed/no_format"}},
		{"/gems/puma/a.rb:5:in `call'\n" + access, []string{"unparsed/continuation", wasAccess}},
	})
}

func TestUnicorn(t *testing.T) {
	t.Parallel()
	const head = "E, [2026-11-22T10:00:00.123456 #7] ERROR -- : "
	testRecords(t, "unicorn", []recordTest{
		{
			head + "app error: Connection reset by peer (Errno::ECONNRESET)\n" + head + "/usr/lib/ruby/net/protocol.rb:237:in `rbuf_fill'\n" + head + "worker=0 ready\n",
			[]string{"disconnect/upstream/reset/waiting level=ERROR lines=2", "other level=ERROR"},
		},
		{head + "app error: undefined method `disconnected' (NoMethodError)\n" + head + "config.ru:5:in `call'\n", []string{"other level=ERROR lines=2"}},
		{"F, [2026-11-22T10:00:00.123456 #7] FATAL -- app: Broken pipe\n", []string{"other level=FATAL"}},
		{"E, [2026-11-22 10:00:00] ERROR x\n", []string{"unparsed/no_format"}},
		{"Note: nothing\n", []string{"unparsed/no_format"}},
	})
}

func TestWEBrick(t *testing.T) {
	t.Parallel()
	const at = "[2026-11-23 07:11:43] "
	testRecords(t, "webrick", []recordTest{
		{at + "ERROR Errno::EPIPE: Broken pipe\n\t/gems/webrick-1.8.1/lib/webrick/httpresponse.rb:405:in `write'\n", []string{"disconnect/client/broken_pipe/response level=ERROR lines=2"}},
		{at + "ERROR Errno::ECONNRESET: Connection reset by peer @ io_fillbuf - fd:9 \n\t/gems/webrick-1.8.1/lib/webrick/httprequest.rb:460:in `readpartial'\n", []string{"disconnect/client/reset/request level=ERROR lines=2"}},
		{at + "ERROR bad Request-Line `\\x16\\x03'.\n" + at + "DEBUG accept: 203.0.113.7:51234\n" + at + "WARN  Could not determine content-length of response body.\n", []string{"other level=ERROR", "other client=203.0.113.7 level=DEBUG", "other level=WARN"}},
		{`203.0.113.7 - bob [23/Nov/2026:07:11:31 JST] "GET /broken-pipe HTTP/1.1" 200 -` + "\n", []string{"request client=203.0.113.7 method=GET path=/broken-pipe status=200"}},
		{`203.0.113.7 - - [23/Nov/2026:07:11:31 +0000] "GET /a HTTP/1.1" 200 5` + "\n", []string{"unparsed/no_format"}},
		{"a -> b\n", []string{"unparsed/no_format"}},
	})
}

func TestRails(t *testing.T) {
	t.Parallel()
	const head, fatal = "I, [2026-11-22T10:00:00.000001 #77]  INFO -- : ", "F, [2026-11-22T10:00:00.000001 #77] FATAL -- : "
	const tag = "[b685f3fd-3d23-4a0e-921d-eb54289dca4e] "
	const id = "request_id=b685f3fd-3d23-4a0e-921d-eb54289dca4e"
	testRecords(t, "rails", []recordTest{
		{
			"Started POST \"/up?a=b\" for 2001:db8::7 at 2026-11-22 10:00:00 +0100\nProcessing by UpController#create as HTML\n  Parameters: {\"a\"=>\"Broken pipe\"}\n  Rendered up/create.erb (1.2ms)\nCompleted 204 No Content in 12ms (ActiveRecord: 0.0ms)\n\n\nStarted GET \"/\" for 203.0.113.7 at 2026-11-22 10:00:01 +0100\n",
			[]string{"other client=2001:db8::7 method=POST path=/up", "other lines=3", "request status=204 duration_ms=12", "other client=203.0.113.7 method=GET path=/"},
		},
		{head + tag + "Completed 499  in 30012ms\n", []string{"request status=499 duration_ms=30012 " + id + " level=INFO"}},
		{
			fatal + tag + "  \n" + fatal + tag + "Errno::EPIPE (Broken pipe):\n" + fatal + tag + "  \n" + fatal + tag + "puma (6.4.0) lib/puma/request.rb:353:in `write'\n" + head + tag + "done\n",
			[]string{"other " + id + " level=FATAL", "disconnect/client/broken_pipe/response " + id + " level=FATAL lines=3", "other " + id + " level=INFO"},
		},
		{"Completed 500 Internal Server Error in 5ms\n\n\n  \nActionView::Template::Error (Broken pipe):\n    1: <p>\n  \nCauses:\nErrno::EPIPE (Broken pipe)\n", []string{"disconnect/unknown/broken_pipe/unknown status=500 duration_ms=5 lines=8", "unparsed/no_format"}},
		{"Completed 500 Internal Server Error in 5ms\n\nRuntimeError (boom):\n\napp/controllers/a.rb:5:in `index'\n", []string{"request status=500 duration_ms=5 lines=5"}},
		{
			head + "method=GET path=/report format=html controller=R action=show status=500 duration=12.50 view=0.00 error='ActionController::Live::ClientDisconnected: client disconnected' host=shop.example\n",
			[]string{"disconnect/client/closed/response method=GET path=/report status=500 duration_ms=12.5 level=INFO"},
		},
		{"method=GET path=/broken-pipe format=html controller=R action=show status=200 duration=12.50\n", []string{"request method=GET path=/broken-pipe status=200 duration_ms=12.5"}},
		{"Errno::EPIPE (Broken pipe):\n  app/controllers/a.rb:5:in `index'\n", []string{"disconnect/client/broken_pipe/response lines=2"}},
		{"Errno::EPIPE (Broken pipe):\n  redis (4.8.0) lib/redis/connection/ruby.rb:90:in `write'\n", []string{"disconnect/upstream/broken_pipe/request lines=2"}},
		{"Finished \"/cable/\" [WebSocket] for 203.0.113.7 at 2026-11-22 10:00:00 +0000\n", []string{"other"}},
		{"hello\n", []string{"unparsed/no_format"}},
	})
}

func TestPassenger(t *testing.T) {
	t.Parallel()
	const head = "[ W 2019-12-20 13:21:48.0000 83951/Ta age/Cor/Con/InternalUtils.cpp:65 ]: [Client 2-3675] "
	for reason, want := range map[string]string{
		"client socket write error: Connection reset by peer (errno=104)":       "disconnect/client/reset/response",
		"client socket write error: Protocol wrong type for socket (errno=41)":  "disconnect/client/unknown/response",
		"error reading request body: Connection reset by peer (errno=104)":      "disconnect/client/reset/request",
		"end of chunked request body encountered prematurely":                   "disconnect/client/closed/request",
		"app socket read error: Connection timed out (errno=110)":               "disconnect/upstream/timeout/waiting",
		"app socket write error: Broken pipe (errno=32)":                        "disconnect/upstream/broken_pipe/request",
		"application did not send a complete response":                          "disconnect/upstream/closed/response",
		"error parsing app response chunked encoding: unexpected end-of-stream": "disconnect/upstream/closed/response",
		"could not initiate a session (Broken pipe)":                            "other",
	} {
		testRecords(t, "passenger", []recordTest{{head + "Disconnecting client with error: " + reason + "\n", []string{want + " level=WARN"}}})
	}
	testRecords(t, "passenger", []recordTest{
		{head + "Sending 502 response: application did not send a complete response\n", []string{"disconnect/upstream/closed/waiting level=WARN"}},
		{"[ 2014-11-22 10:00:00.1234 77/7f1 agents/HelperAgent/RequestHandler.h:480 ]: [Client 12] Disconnecting with error: client socket write error: Broken pipe (errno=32)\n", []string{"disconnect/client/broken_pipe/response"}},
		{"App 77 output: Errno::EPIPE (Broken pipe):\nApp 77 stderr: x\n", []string{"other", "other"}},
		{"*** Exception RuntimeError in Rack application object (boom) (process 77, thread 0x7):\n\tfrom a.rb:5:in `call'\n", []string{"other lines=2"}},
		{"[ pid=2398 file=x.cpp:1 time=2009-09-08 14:49:41.259 ]: up\n", []string{"other"}},
		{"[ nothing ]: x\n", []string{"unparsed/no_format"}},
	})
}

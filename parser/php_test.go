package parser

import (
	"strings"
	"testing"
)

// TestPHPMessages reads messages of PHP, its extensions and libraries.
func TestPHPMessages(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"fwrite(): Send of 14 bytes failed with errno=32 Broken pipe in /var/www/redis.php on line 12":              "disconnect/unknown/broken_pipe/unknown",
		"fwrite(): send of 6 bytes failed with errno=104 Connection reset by peer in /a.php on line 1":              "disconnect/unknown/reset/unknown",
		"fwrite(): SSL: Broken pipe in /a.php on line 1":                                                            "disconnect/unknown/broken_pipe/unknown",
		"fread(): SSL: Connection reset by peer in /a.php on line 1":                                                "disconnect/unknown/reset/unknown",
		"fwrite(): Write of 8192 bytes failed with errno=28 No space left on device in /a.php on line 1":            "other",
		"socket_write(): Unable to write to socket [32]: Broken pipe in /a.php on line 1":                           "disconnect/unknown/broken_pipe/unknown",
		"stream_socket_client(): Unable to connect to tcp://10.0.0.9:6379 (Connection refused) in /a.php on line 1": "other",
		"fsockopen(): Unable to connect to 10.0.0.9:25 (Connection timed out) in /a.php on line 1":                  "other",
		"PDO::query(): MySQL server has gone away in /a.php on line 1":                                              "disconnect/upstream/closed/unknown",
		"SQLSTATE[HY000]: General error: 2013 Lost connection to MySQL server during query":                         "disconnect/upstream/closed/waiting",
		"mysqli_query(): Error while sending QUERY packet. PID=77 in /a.php on line 1":                              "disconnect/upstream/unknown/request",
		"Uncaught RedisException: read error on connection to 10.0.0.9:6379 in /a.php:1":                            "disconnect/upstream/unknown/waiting upstream=10.0.0.9:6379",
		"Uncaught RedisException: Redis server 10.0.0.9:6379 went away in /a.php:1":                                 "disconnect/upstream/closed/unknown",
		"cURL error 52: Empty reply from server (see https://curl.haxx.se/) for http://api/x":                       "disconnect/upstream/closed/waiting",
		"cURL error 56: Recv failure: Connection reset by peer (see x)":                                             "disconnect/upstream/reset/waiting",
		"cURL error 55: Send failure: Broken pipe":                                                                  "disconnect/upstream/broken_pipe/request",
		"cURL error 28: Operation timed out after 30001 milliseconds with 0 bytes received":                         "disconnect/upstream/timeout/waiting",
		"cURL error 28: Operation timed out after 30001 milliseconds with 512 out of 4096 bytes received":           "disconnect/upstream/timeout/response",
		"cURL error 28: Connection timed out after 3001 milliseconds":                                               "other",
		"cURL error 7: Failed to connect to api port 80: Connection refused":                                        "other",
		"cURL error 18: transfer closed with 4096 bytes remaining to read":                                          "disconnect/upstream/closed/response",
		"SQLSTATE[HY000]: General error: 7 server closed the connection unexpectedly":                               "disconnect/upstream/closed/waiting",
		"Maximum execution time of 30 seconds exceeded in /a.php on line 1":                                         "other",
		`Undefined index: "fwrite(): Send of 14 bytes failed with errno=32 Broken pipe" in /a.php on line 1`:        "other",
		"Undefined variable $disconnected in /broken-pipe.php on line 1":                                            "other",
		"send failed, because session#5 is closed by client":                                                        "disconnect/client/closed/response",
	} {
		testRecords(t, "php", []recordTest{
			{"[22-Nov-2026 10:00:00 UTC] PHP Warning:  " + message + "\n", []string{withLevel(want, " level=WARNING")}},
			{"PHP Warning:  " + message + "\n", []string{withLevel(want, " level=WARNING")}},
			{"[2026-11-22T10:00:00.123456+00:00] app.ERROR: " + message + ` {"a":1} []` + "\n", []string{withLevel(want, " level=ERROR")}},
			{
				"[2026-11-22 10:00:00] local.ERROR: " + message + ` {"exception":"[object] (ErrorException(code: 0): x at /a.php:1)` + "\n[stacktrace]\n#0 [internal function]: handleError(2)\n#1 {main}\n\"} \n",
				[]string{withLevel(want, " level=ERROR") + " lines=5"},
			},
		})
		testRecords(t, "php-cli-server", []recordTest{{"[Mon Nov 23 07:11:31 2026] PHP Warning:  " + message + "\n", []string{withLevel(want, " level=WARNING")}}})
	}
}

// withLevel puts a level where appRecord writes it.
func withLevel(want, level string) string {
	if i := strings.Index(want, " upstream="); i >= 0 {
		return want[:i] + level + want[i:]
	}
	return want + level
}

func TestPHP(t *testing.T) {
	t.Parallel()
	testRecords(t, "php", []recordTest{
		{
			"[22-Nov-2026 10:00:00 Europe/Berlin] PHP Fatal error:  Uncaught Exception: boom in /a.php:3\nStack trace:\n#0 /a.php(9): f()\n#1 {main}\n  thrown in /a.php on line 3\n[22-Nov-2026 10:00:01] NOTICE: fpm is running, pid 1\n",
			[]string{"other level=FATAL lines=5", "other level=NOTICE"},
		},
		{"#0 /a.php(9): f()\n  thrown in /a.php on line 3\n[22-Nov-2026 10:00:01] NOTICE: ready to handle connections\n", []string{"unparsed/continuation lines=2", "other level=NOTICE"}},
		{
			`[22-Nov-2026 10:00:30] WARNING: [pool www] child 4711, script '/a.php' (request: "POST /a.php?q=") execution timed out (2.5") (request: "GET /b") execution timed out (30.123456 sec), terminating` + "\n",
			[]string{`disconnect/server/timeout/waiting method=POST path=/a.php duration_ms=30123.456 level=WARNING`},
		},
		{"[22-Nov-2026 10:00:30] WARNING: [pool www] child 4711 exited on signal 11 (SIGSEGV - core dumped) after 12.5 seconds from start\n", []string{"disconnect/server/closed/unknown level=WARNING"}},
		{"[22-Nov-2026 10:00:30] NOTICE: [pool www] child 4711 exited with code 0 after 12.5 seconds from start\n", []string{"other level=NOTICE"}},
		{
			`[22-Nov-2026 10:00:30] WARNING: [pool www] child 4711 said into stderr: "NOTICE: PHP message: PHP Warning:  fwrite(): Send of 4 bytes failed with errno=32 Broken pipe in /a.php on line 1"` + "\n",
			[]string{"disconnect/unknown/broken_pipe/unknown level=WARNING"},
		},
		{`203.0.113.7 - app 22/Nov/2026:10:00:32 +0530 "GET /index.php?a=b" 200 /var/www/index.php 30.125 2048 12.50%` + "\n", []string{"request client=203.0.113.7 method=GET path=/index.php status=200 duration_ms=30.125"}},
		{` -  22/Nov/2026:10:00:32 +0000 "GET /ping" 200` + "\n", []string{"request method=GET path=/ping status=200"}},
		{`[2026-11-22T10:00:00+01:00] request.INFO: Matched route "x". {"route":"x","request_uri":"http://shop.example/a?b","method":"GET"} []` + "\n", []string{"other method=GET path=/a level=INFO"}},
		{"[2026-11-22T10:00:00+01:00] php.CRITICAL: Uncaught Exception: x {\"exception\":\"[object] (RuntimeException(code: 0): fwrite(): Send of 4 bytes failed with errno=32 Broken pipe at /a.php:1)\"} []\n", []string{"disconnect/unknown/broken_pipe/unknown level=CRITICAL"}},
		{`[2026-11-22T10:00:00+01:00] request.CRITICAL: Uncaught PHP Exception ErrorException: "Warning: fwrite(): Send of 4 bytes failed with errno=32 Broken pipe" at /a.php line 1 {"exception":"x"} []` + "\n", []string{"disconnect/unknown/broken_pipe/unknown level=CRITICAL"}},
		{"[22-Nov-2026 10:00:30]  [pool www] pid 4711\nscript_filename = /var/www/index.php\n[0x00007f1c] sleep() /var/www/index.php:3\n\n[22-Nov-2026 10:00:31]  [pool www] pid 4712\n", []string{"other lines=3", "other"}},
		{"[2026-11-22T10:00:00+01:00] gunicorn is not Monolog\n", []string{"unparsed/no_format"}},
		{"[32-Nov-2026 10:00:00] NOTICE: x\n", []string{"unparsed/bad_time"}},
		{"fwrite is a function\n", []string{"unparsed/no_format"}},
	})
	for stamp, want := range map[string]string{
		"22-Nov-2026 10:00:00 Europe/Berlin": "2026-11-22T09:00:00Z", "22-Jul-2026 10:00:00 Europe/Berlin": "2026-07-22T08:00:00Z", "22-Nov-2026 10:00:00 +05:30": "2026-11-22T04:30:00Z",
		"22-Nov-2026 10:00:00 EST": "2026-11-22T15:00:00Z", "22-Nov-2026 10:00:00 No/Where": "2026-11-22T10:00:00Z", "22-Nov-2026 10:00:00.25": "2026-11-22T10:00:00.25Z",
	} {
		if got := records(t, []byte("["+stamp+"] PHP Notice:  x\n"), Options{Format: "php"})[0]["time"]; got != want {
			t.Errorf("%s: %v, want %s", stamp, got, want)
		}
	}
	testRecords(t, "php-cli-server", []recordTest{
		{"[Mon Nov 23 07:11:31 2026] 203.0.113.7:44837 [200]: GET /index.php?a=b\n", []string{"request client=203.0.113.7 method=GET path=/index.php status=200"}},
		{"[Mon Nov 23 07:11:31 2026] 203.0.113.7:44837 [404]: /favicon.ico - No such file or directory\n", []string{"request client=203.0.113.7 path=/favicon.ico status=404"}},
		{"[77] [Mon Nov  2 07:11:31 2026] [::1]:44837 \x1b[32m[200]: POST /broken-pipe\x1b[0m\n", []string{"request client=::1 method=POST path=/broken-pipe status=200"}},
		{"[Mon Nov 23 07:11:31 2026] 203.0.113.7:44837 Invalid request (Malformed HTTP request)\n", []string{"other client=203.0.113.7"}},
		{"[Mon Nov 23 07:11:31 2026] PHP Fatal error:  Uncaught Exception: boom in /a.php:3\nStack trace:\n#0 {main}\n  thrown in /a.php on line 3\n", []string{"other level=FATAL lines=4"}},
		{"[Mon Nov 23 07:11:31 2026] [error] [client 203.0.113.7] x\n", []string{"unparsed/no_format"}},
	})
}

package parser

import (
	"fmt"
	"testing"
)

func TestLighttpdMessages(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"(connections.c.544) connection closed - read failed: Connection reset by peer": "client reset unknown <nil> <nil> <nil>",
		"(connections.c.544) connection closed - read failed:  Broken pipe 32":          "client broken_pipe unknown <nil> <nil> <nil>",
		"(connections.c.544) connection closed - read failed: Bad file descriptor":      "client unknown unknown <nil> <nil> <nil>",
		"(connections.c.544) connection closed - recv failed: 10054":                    "client reset unknown <nil> <nil> <nil>",
		"(connections.c.544) connection closed: write failed on fd 12":                  "client unknown response <nil> <nil> <nil>",
		"(h1.c.956) connection closed - keep-alive timeout: 12":                         "client timeout idle <nil> <nil> <nil>",
		"(h1.c.956) connection closed - read timeout: 12":                               "client timeout request <nil> <nil> <nil>",
		"(h1.c.956) request aborted - read timeout: 12":                                 "client timeout request <nil> <nil> <nil>",

		"(server.c:744) NOTE: a request for /a.php timed out after writing 90024 bytes. We waited 360 seconds. If this a problem increase server.max-write-idle": "client timeout response <nil> /a.php <nil>",
		"(h2.c.1) NOTE: a request from 2001:db8::1 for /a for b timed out after writing 5 bytes. We waited 360 seconds.":                                         "client timeout response 2001:db8::1 /a for b <nil>",
		"(gw_backend.c.2534) error: unexpected close of gw connection for /api/x? (no gw process on socket: tcp:10.0.0.5:9000 ?) 3":                              "upstream closed waiting <nil> /api/x 10.0.0.5:9000",
		"(gw_backend.c.2887) read timeout on socket: tcp:10.0.0.5:9000 (fd: 14)":                                                                                 "upstream timeout waiting <nil> <nil> 10.0.0.5:9000",
		"(gw_backend.c.2887) write timeout on socket: unix:/run/php.sock (fd: 14)":                                                                               "upstream timeout request <nil> <nil> unix:/run/php.sock",
		"(gw_backend.c.2887) connect timeout on socket: tcp:10.0.0.5:9000 (fd: 14)":                                                                              "upstream timeout waiting <nil> <nil> 10.0.0.5:9000",
		"(gw_backend.c.476) establishing connection failed: socket: tcp:10.0.0.5:9: Connection refused":                                                          " <nil> <nil> 10.0.0.5:9:",
		"(gw_backend.c.476) establishing connection failed: socket: tcp:10.0.0.5:9: Connection timed out":                                                        "upstream timeout waiting <nil> <nil> 10.0.0.5:9:",
		"(gw_backend.c.2236) response not received, request sent: 950 on socket: unix:/run/php.sock for /a.php?, closing connection":                             "upstream closed waiting <nil> /a.php unix:/run/php.sock",
		"(mod_auth.c.525) password doesn't match for /test-url username: probe, IP: 192.0.2.9":                                                                   " 192.0.2.9 <nil> <nil>",
		"(server.c.1551) server started (lighttpd/1.4.69)":                                                                                                       " <nil> <nil> <nil>",
		"(mod_fastcgi.c.421) FastCGI-stderr: Connection reset by peer":                                                                                           " <nil> <nil> <nil>",
	} {
		r := records(t, []byte("2026-11-22 10:00:02: "+message), Options{Format: "lighttpd"})[0]
		got := fmt.Sprint(signalOf(r), " ", r["client"], " ", r["path"], " ", r["upstream"])
		if want[len(want)-1] == ':' {
			want = want[:len(want)-1]
		}
		if got != want || r["event"] == "unparsed" {
			t.Errorf("%s:\n%s, want\n%s", message, got, want)
		}
		if r := records(t, []byte("Nov 22 10:00:02 web1 lighttpd[7]: "+message), Options{Format: "lighttpd"})[0]; r["pid"] != 7.0 || r["event"] == "unparsed" {
			t.Error(r)
		}
	}
	for _, line := range []string{
		"2026-11-22 10:00:02: message", "2026-11-22 10:00:02: (a.c.x) message", "2026-11-22 10:00:02,123 (a.c.1) message", "2026-11-22 10:00:02: ",
		`203.0.113.240 - - [22/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 5120 "-" "curl/8.5.0"`,
		`203.0.113.240 a.example - [22/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 5120 "-" "curl/8.5.0" "x"`,
	} {
		if r := records(t, []byte(line), Options{Format: "lighttpd"})[0]; r["event"] != "unparsed" {
			t.Error(r)
		}
	}
}

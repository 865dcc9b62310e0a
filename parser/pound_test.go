package parser

import (
	"fmt"
	"testing"
)

func TestPoundMessages(t *testing.T) {
	t.Parallel()
	const req = `"GET /slow?x=": ": HTTP/1.1": `
	for message, want := range map[string]string{
		"e500: 203.0.113.3 <= 10.0.0.5:8080: " + req + "response read error: Connection timed out":                         "upstream timeout waiting 500",
		"e500: 203.0.113.3 <= 10.0.0.5:8080: " + req + "response read error: Connection reset by peer":                     "upstream reset waiting 500",
		"e500: 203.0.113.3 <= 10.0.0.5:8080: " + req + "eof from backend":                                                  "upstream closed waiting 500",
		"e500: 203.0.113.3 => 10.0.0.5:8080: " + req + "write error while sending client request: Broken pipe":             "upstream broken_pipe request 500",
		"e500: 203.0.113.3 => 10.0.0.5:8080: " + req + "error writing to backend: Broken pipe":                             "upstream broken_pipe request 500",
		": 203.0.113.3 <= 10.0.0.5:8080: " + req + "write error while sending response: Broken pipe (3.210 sec)":           "client broken_pipe response <nil>",
		": 203.0.113.3 <= 10.0.0.5:8080: " + req + "error flushing response: Connection reset by peer (3.210 sec)":         "client reset response <nil>",
		": 2001:db8::3: handshake failed: connection reset by peer":                                                        "client reset request <nil>",
		": 203.0.113.3: handshake failed: no shared cipher":                                                                " <nil>",
		": 203.0.113.3: handshake failed: unexpected eof while reading":                                                    "client closed request <nil>",
		": 203.0.113.3: error reading client request: Connection timed out":                                                "client timeout request <nil>",
		`e503: 203.0.113.3: ` + req + `can't connect to backend 10.0.0.5:8080: Connection refused`:                         " 503",
		`e503: 203.0.113.3: ` + req + `can't connect to backend 10.0.0.5:8080: Connection timed out`:                       "upstream timeout waiting 503",
		"e500: 203.0.113.3 => 10.0.0.5:8080: " + req + "read error while sending client request: Connection reset by peer": "client reset request 500",
		": 203.0.113.3 <= 10.0.0.5:8080: " + req + "read error while sending backend response: Connection timed out":       "upstream timeout response <nil>",
		": 203.0.113.3 <= 10.0.0.5:8080: " + req + "write error while sending backend response: Broken pipe":               "client broken_pipe response <nil>",
		": 203.0.113.3 <= 10.0.0.5:8080: " + req + "error sending response headers: Connection reset by peer":              "client reset response <nil>",
		": 203.0.113.3 <= 10.0.0.5:8080: " + req + "error copying ws request body":                                         "upstream unknown response <nil>",
		": 203.0.113.3: request dropped: Connection timed out":                                                             "client timeout unknown <nil>",
		"e503: 203.0.113.3: " + req + "handshake with backend failed: connection reset by peer":                            "upstream reset waiting 503",
		"e503: 203.0.113.3: " + req + "handshake with backend failed: certificate verify failed":                           " 503",
		"e500: 203.0.113.3 => 10.0.0.5:8080: " + req + "error sending chunks":                                              " 500",
		"e503: 203.0.113.3: " + req + "no backend found":                                                                   " 503",
		"error write chunked: Broken pipe":                                                                                 "unknown broken_pipe response <nil>",
		"error read chunked: Resource":                                                                                     "unknown unknown response <nil>",
		"I/O time out in tunnel":                                                                                           "unknown timeout response <nil>",
		"thread terminating on idle timeout":                                                                               " <nil>",
		"e404: 203.0.113.3: no service \"GET /error reading request HTTP/1.1\"":                                            " 404",
	} {
		if message[0] != ':' {
			message = " " + message
		}
		for _, head := range []string{"Nov 22 10:00:00 lb3 pound: ", "Nov 22 10:00:00 lb3 pound[7]: ", ""} {
			if head == "" && message[1] != 'e' && message[0] != ':' {
				continue
			}
			r := records(t, []byte(head+"(7f1c2a3b4c5d)"+message), Options{Format: "pound"})[0]
			if got := fmt.Sprint(signalOf(r), " ", r["status"]); got != want || r["event"] == "unparsed" {
				t.Errorf("%s%s: %s, want %s: %v", head, message, got, want, r)
			}
		}
	}
	for _, line := range []string{"Nov 22 10:00:00 lb3 nginx: (7f1c2a3b4c5d) e500: x", "(7f1c2a3b4c5d) x", "(hello) e500: x", "x"} {
		if r := records(t, []byte(line), Options{Format: "pound"})[0]; r["event"] != "unparsed" {
			t.Error(r)
		}
	}
}

// TestPoundAccess reads the log's lines about exchanges, of all levels.
func TestPoundAccess(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`203.0.113.3 GET /a?x=1 HTTP/1.1 - HTTP/1.1 200 OK`:                                                                                  "203.0.113.3 /a 200 <nil> <nil> <nil> <nil>",
		`203.0.113.3 GET /a HTTP/1.1 - HTTP/1.1 404 Not Found (Shop.example/web -> 10.0.0.5:8080) 0.123 sec`:                                 "203.0.113.3 /a 404 <nil> 10.0.0.5:8080 123 shop.example",
		`shop.example 203.0.113.3 - - [22/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 5120 "" "curl/8"`:                                   "203.0.113.3 /a 200 5120 <nil> <nil> shop.example",
		`2001:db8::3 - bob [22/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1" 304 - "" "curl/8"`:                                                 "2001:db8::3 /a 304 <nil> <nil> <nil> <nil>",
		`shop.example 203.0.113.3 - - [22/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 5120 "" "curl/8" (web -> 10.0.0.5:8080) 30.001 sec`: "203.0.113.3 /a 200 5120 10.0.0.5:8080 30001 shop.example",
	} {
		r := records(t, []byte("Nov 22 10:00:00 lb3 pound[7]: "+line), Options{Format: "pound"})[0]
		got := fmt.Sprint(r["client"], " ", r["path"], " ", r["status"], " ", r["bytes"], " ", r["upstream"], " ", r["duration_ms"], " ", r["host"])
		if got != want || r["event"] != "request" {
			t.Errorf("%s: %s, want %s: %v", line, got, want, r)
		}
	}
}

package parser

import (
	"strings"
	"testing"
)

const (
	apacheHead = "[Sun Nov 22 10:00:00.123456 2026] [core:info] [pid 1:tid 2] "
	errReset   = "(104)Connection reset by peer: "
	errTimeout = "(70007)The timeout specified has expired: "
	errEOF     = "(70014)End of file found: "
	errPartial = "(70008)Partial results are valid but processing is incomplete: "
	errGeneral = "(20014)Internal error (specific information not available): "
	errRefused = "(111)Connection refused: "
)

// TestApacheMessages reads each message with an error before it, and without one.
func TestApacheMessages(t *testing.T) {
	t.Parallel()
	tests := []struct{ errno, message, want, upstream string }{
		{errReset, "AH01102: error reading status line from remote server 127.0.0.1:3000", "upstream reset waiting", "127.0.0.1:3000"},
		{errTimeout, "AH01102: error reading status line from remote server app1:80", "upstream timeout waiting", "app1:80"},
		{errGeneral, "AH01102: error reading status line from remote server [2001:db8::5]:80", "upstream closed waiting", "[2001:db8::5]:80"},
		{"", "AH01102: error reading status line from remote server app1:80", "upstream unknown waiting", "app1:80"},
		{"", "AH01103: read timeout", "", ""},
		{"", "AH00898: Error reading from remote server returned by /api/search", "", ""},
		{errReset, "AH01110: Network error reading response", "upstream reset response", ""},
		{errPartial, "AH01110: error reading response", "upstream closed response", ""},
		{"(32)Broken pipe: ", "AH01084: pass request body failed to 127.0.0.1:8080 (localhost)", "upstream broken_pipe request", "127.0.0.1:8080"},
		{"", "AH01097: pass request body failed to 127.0.0.1:8080 (localhost) from 203.0.113.70 ()", "unknown unknown request", "127.0.0.1:8080"},
		{errPartial, "AH01095: prefetch request body failed to 127.0.0.1:8080 (h) from 1.2.3.4 ()", "client closed request", "127.0.0.1:8080"},
		{errTimeout, "AH02608: read request body failed to 127.0.0.1:8080 (h) from 1.2.3.4 ()", "client timeout request", "127.0.0.1:8080"},
		{errPartial, "AH01075: Error dispatching request to : (reading input brigade)", "client closed request", ""},
		{errTimeout, "AH01075: Error dispatching request to 127.0.0.1:9000: (polling)", "upstream timeout waiting", "127.0.0.1:9000"},
		{errReset, "AH01075: Error dispatching request to : (reading response body)", "upstream reset response", ""},
		{errReset, "AH01075: Error dispatching request to : (reading response headers)", "upstream reset waiting", ""},
		{"(32)Broken pipe: ", "AH01075: Error dispatching request to : (sending stdin)", "upstream broken_pipe request", ""},
		{"(103)Software caused connection abort: ", "AH01075: Error dispatching request to : (passing headers brigade to output filters)", "client aborted response", ""},
		{errReset, "AH01075: Error dispatching request to : (passing brigade to output filters)", "client reset response", ""},
		{errReset, "AH01075: Error dispatching request to : (something new)", "unknown reset unknown", ""},
		{"", "AH01067: Failed to read FastCGI header", "upstream closed waiting", ""},
		{errReset, "AH01067: Failed to read FastCGI header", "upstream reset waiting", ""},
		{"", "AH01071: Got error 'PHP message: fwrite(): send of 8192 bytes failed with errno=32 Broken pipe'", "", ""},
		{"", "AH01215: (104)Connection reset by peer: /srv/cgi/a.pl", "", ""},
		{errTimeout, "AH00878: read response failed from 10.0.0.9:8009 (app9:8009)", "upstream timeout waiting", "10.0.0.9:8009"},
		{"(120006)APR does not understand this error code: ", "AH00878: read response failed from 10.0.0.9:8009 (app9:8009)", "upstream unknown waiting", "10.0.0.9:8009"},
		{errReset, "AH00893: dialog to 10.0.0.9:8009 (app9:8009) failed", "upstream reset waiting", "10.0.0.9:8009"},
		{errReset, "AH02822: dialog with client 203.0.113.70:51234 failed", "client reset response", ""},
		{"", "AH02821: client connection aborted", "client closed response", ""},
		{"", "AH00887: error processing body. Client aborted connection.", "client closed response", ""},
		{"", "AH00887: error processing body.", "", ""},
		{errRefused, "AH00957: http: attempt to connect to 127.0.0.1:8080 (localhost:8080) failed", "", "127.0.0.1:8080"},
		{"(113)No route to host: ", "AH00957: HTTP: attempt to connect to 127.0.0.1:8080 (localhost) failed", "", "127.0.0.1:8080"},
		{"(110)Connection timed out: ", "AH00957: HTTP: attempt to connect to 10.0.0.5:8080 (app5) failed", "upstream timeout waiting", "10.0.0.5:8080"},
		{errTimeout, "AH00957: HTTP: attempt to connect to 10.0.0.5:8080 (app5) failed", "upstream timeout waiting", "10.0.0.5:8080"},
		{"(2)No such file or directory: ", "AH02454: FCGI: attempt to connect to Unix domain socket /run/php.sock (localhost) failed", "", "unix:/run/php.sock"},
		{"", "AH01114: HTTP: failed to make connection to backend: app5.example", "", ""},
		{"", "AH00896: failed to make connection to backend: app5.example", "", ""},
		{"", "AH01079: failed to make connection to backend: 127.0.0.1", "", ""},
		{"", "AH10224: Tunnel timed out", "unknown timeout response", ""},
		{"", "AH10225: Tunnel timed out", "unknown timeout response", ""},
		{"", "AH01382: Request header read timeout", "client timeout request", ""},
		{"", "AH01382: Request body read timeout", "client timeout request", ""},
		{"", "AH01382: Request handshake read timeout", "client timeout request", ""},
		{errReset, "AH00574: ap_content_length_filter: apr_bucket_read() failed", "upstream reset response", ""},
		{errEOF, "AH01991: SSL input filter read failed.", "client closed unknown", ""},
		{"(32)Broken pipe: ", "AH01993: SSL output filter write failed.", "client broken_pipe response", ""},
		{errReset, "AH01998: Connection closed to child 5 with abortive shutdown (server shop.example:443)", "client reset unknown", ""},
		{"", "AH01998: Connection closed to child 5 with standard shutdown (server shop.example:443)", "", ""},
		{"", "AH02006: SSL handshake stopped: connection was closed", "client closed request", ""},
		{errTimeout, "AH02007: SSL handshake interrupted by system [Hint: Stop button pressed in browser?!]", "client timeout request", ""},
		{errReset, "AH02007: SSL handshake interrupted by system [Hint: Stop button pressed in browser?!]", "client reset request", ""},
		{"", "AH02008: SSL library error 1 in handshake (server shop.example:443)", "", ""},
		{errTimeout, "AH01220: Timeout waiting for output from CGI script /srv/cgi/slow.pl", "upstream timeout waiting", ""},
		{"(32)Broken pipe: ", "AH02651: Error writing request body to script /srv/cgi/form.pl", "upstream broken_pipe request", ""},
		{errTimeout, "AH01225: Error reading request entity data", "client timeout request", ""},
		{errPartial, "AH01270: Error reading request entity data", "client closed request", ""},
		{"(103)Software caused connection abort: ", "AH02950: h2_session(5,BUSY,1): error reading, terminating", "client aborted unknown", ""},
		{"", "AH03199: h2_session(5): connection disappeared without proper goodbye, clients will be confused", "client closed unknown", ""},
		{"", "AH00469: process_socket: connection aborted", "client closed idle", ""},
		{"", "AH00052: child pid 28787 exit signal Segmentation fault (11)", "server closed unknown", ""},
		{"", "AH00051: child pid 28787 exit signal Aborted (6), possible coredump in /tmp", "server closed unknown", ""},
		{"", "AH01618: user sss not found: /", "", ""},
		{"", "AH99999: Connection reset by peer", "", ""},
		{"(32)Broken pipe: ", "core_output_filter: writing data to the network", "client broken_pipe response", ""},
		{"", "File does not exist: /srv/(104)Connection reset by peer: AH01102: error reading", "", ""},
		{"(OS 10054)An existing connection was forcibly closed by the remote host.  : ", "AH01102: error reading status line from remote server app:80", "upstream reset waiting", "app:80"},
		{"(730054)An existing connection was forcibly closed by the remote host.  : ", "AH01102: error reading status line from remote server app:80", "upstream reset waiting", "app:80"},
		{errReset, "mod_fcgid: error reading data from FastCGI server", "upstream reset unknown", ""},
		{"", "mod_fcgid: read data timeout in 40 seconds", "upstream timeout unknown", ""},
		{"(32)Broken pipe: ", "mod_fcgid: ap_pass_brigade failed in handle_request_ipc function", "client broken_pipe response", ""},
		{errEOF, "mod_fcgid: can't get data from http client", "client closed request", ""},
		{"", `Timeout when reading response headers from daemon process 'app': /srv/app.wsgi`, "upstream timeout waiting", ""},
		{"", `mod_wsgi (pid=12): Truncated or oversized response headers received from daemon process 'app': /srv/app.wsgi`, "upstream closed waiting", ""},
		{"", `FastCGI: comm with server "/srv/php.fcgi" aborted: idle timeout (30 sec)`, "upstream timeout unknown", ""},
	}
	for _, tt := range tests {
		line := apacheHead + tt.errno + "[client 203.0.113.70:51234] " + tt.message + ", referer: https://a.example/?q=%22"
		r := records(t, []byte(line), Options{Format: "apache-error"})[0]
		up, _ := r["upstream"].(string)
		if got := signalOf(r); got != tt.want || up != tt.upstream || r["client"] != "203.0.113.70" || r["client_port"] != 51234.0 ||
			r["message"] != tt.errno+tt.message || r["referer"] != "https://a.example/?q=%22" || r["exchange"] != nil {
			t.Errorf("%s: %q, want %q: %v", tt.message, got, tt.want, r)
		}
		// The form of 2.2 has no numbers of messages, and no port.
		message := strings.TrimSpace(tt.message)
		if isApacheCode(message) {
			message = "proxy: " + message[len("AH00000: "):]
		}
		if strings.HasPrefix(tt.message, "AH0107") || strings.HasPrefix(tt.message, "AH01215") || strings.HasPrefix(tt.message, "AH02950") || strings.HasPrefix(tt.message, "AH03199") {
			continue
		}
		r = records(t, []byte("[Thu May 19 21:04:30 2011] [error] [client 2001:db8::70] "+tt.errno+message), Options{Format: "apache-error"})[0]
		if got := signalOf(r); got != tt.want && !strings.Contains(tt.message, "unnel") || r["client"] != "2001:db8::70" || r["client_port"] != nil {
			t.Errorf("2.2: %s: %q, want %q: %v", message, got, tt.want, r)
		}
	}
}

// TestApacheRemote holds that a record about an outgoing connection blames the backend.
func TestApacheRemote(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		errReset + "[remote 10.0.0.5:8443] AH01998: Connection closed to child 5 with abortive shutdown (server s:443)": "upstream reset unknown",
		"(32)Broken pipe: [remote 10.0.0.5:8443] AH01993: SSL output filter write failed.":                              "upstream broken_pipe request",
		errReset + "[remote 10.0.0.5:8443] AH01991: SSL input filter read failed.":                                      "upstream reset unknown",
		errTimeout + "[remote 10.0.0.5:8443] AH02007: SSL handshake interrupted by system":                              "upstream timeout waiting",
		"[remote 10.0.0.5:8443] AH02006: SSL handshake stopped: connection was closed":                                  "upstream closed waiting",
		errReset + "[remote 10.0.0.5:8443] AH02003: SSL Proxy connect failed":                                           "upstream reset waiting",
		"[remote 10.0.0.5:8443] AH02003: SSL Proxy connect failed":                                                      "",
	} {
		r := records(t, []byte(apacheHead+"ssl_engine_io.c(12): "+message), Options{Format: "apache-error"})[0]
		if got := signalOf(r); got != want || r["upstream"] != "10.0.0.5:8443" || r["client"] != nil {
			t.Errorf("%s: %q, want %q: %v", message, got, want, r)
		}
	}
}

// TestApacheHeads reads heads of all forms, and refuses what is none.
func TestApacheHeads(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][4]any{ // time, level, logger, pid
		"[Sun Nov 22 10:00:00.123456 2026] [core:info] [pid 1:tid 2] x":           {"2026-11-22T10:00:00.123456Z", "info", "core", 1.0},
		"[Sun Nov 22 10:00:00.123456 2026] [core:info] [pid 1] x":                 {"2026-11-22T10:00:00.123456Z", "info", "core", 1.0},
		"[Sun Nov  1 10:00:00.123456 2026] [:error] [pid 1] [client 1.2.3.4:5] x": {"2026-11-01T10:00:00.123456Z", "error", nil, 1.0},
		"[Sun Nov 22 10:00:00 2026] [notice] x":                                   {"2026-11-22T10:00:00Z", "notice", nil, nil},
		"Nov 22 10:00:00 web1 apache2[12]: [core:info] [pid 1:tid 2] x":           {nil, "info", "core", 1.0},
		"Nov 22 10:00:00 web1 httpd[12]: [info] x":                                {nil, "info", nil, 12.0},
		"AH00558: apache2: x": {nil, nil, nil, nil},
	} {
		r := records(t, []byte(line), Options{Format: "apache-error"})[0]
		if got := [4]any{r["time"], r["level"], r["logger"], r["pid"]}; got != want || r["event"] != "other" {
			t.Errorf("%s: %v", line, r)
		}
	}
	for _, line := range []string{
		"[2026-11-22 10:00:00 +0000] [1] [INFO] x", "[Sun Nov 22 10:00:00 2026] x", "[Sun Nov 22 10:00:00 2026] [loud] x",
		"[Sun Foo 22 10:00:00 2026] [info] x", "[Sun Nov 31 10:00:00 2026] [info] x", "AH0055: x", "AHOY", "[", "[info] x", "[x]", "(104)Connection reset by peer: x",
		"Nov 22 10:00:00 web1 nginx[12]: [core:info] [pid 1:tid 2] x",
	} {
		if r := records(t, []byte(line), Options{Format: "apache-error"})[0]; r["event"] != "unparsed" {
			t.Errorf("%s: %v", line, r)
		}
	}
}

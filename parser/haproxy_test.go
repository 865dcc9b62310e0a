package parser

import (
	"fmt"
	"strings"
	"testing"

	"hangup/event"
)

// TestHAProxyEveryState reads every first and second letter of the termination state.
func TestHAProxyEveryState(t *testing.T) {
	t.Parallel()
	parties := map[byte]string{
		'C': "client closed", 'c': "client timeout", 'S': "upstream closed", 's': "upstream timeout",
		'D': "upstream closed", 'U': "server closed", 'K': "server closed", 'I': "server unknown", 'X': "unknown unknown",
	}
	phases := map[byte]string{
		'R': "request", 'Q': "waiting", 'C': "waiting", 'H': "waiting", 'T': "waiting", 'D': "response", 'L': "response", '-': "unknown", 'x': "unknown",
	}
	for _, first := range []byte("CcSsDUKIX-PLR") {
		for _, second := range []byte("RQCHTDL-x") {
			state := string([]byte{first, second})
			want := parties[first] + " " + phases[second]
			switch {
			case strings.IndexByte("-PLR", first) >= 0:
				want = ""
			case state == "sQ":
				want = "server timeout waiting"
			case state == "SC":
				want = "upstream unknown waiting"
			}
			for _, line := range []string{
				`1.2.3.4:5 [22/Nov/2026:10:00:01.123] www~ api/s1 0/0/1/7/53 200 5 - - ` + state + `-- 1/1/0/0/0 0/0 "GET / HTTP/1.1"`,
				`1.2.3.4:5 [22/Nov/2026:10:00:01.123] www~ api/s1 0/1/53 5 ` + state + ` 1/1/0/0/0 0/0`,
				`1.2.3.4 - - [22/Nov/2026:10:00:41 +0000] "GET /clf HTTP/1.1" 200 5 "" "" 5 655 "in" "api" "s1" 10 0 30 69 109 "` + state + `--" 1 1 1 1 0 0 0 "-" "-" "" ""`,
				`{"status":"200","bytes":5,"tsc":"` + state + `--","Ta":"53"}`,
			} {
				r := records(t, []byte(line), Options{Format: "haproxy-http"})[0]
				if got := signalOf(r); got != want {
					t.Errorf("%s: %q, want %q: %s", state, got, want, line)
				}
			}
		}
	}
}

// signalOf joins a record's party, how and phase.
func signalOf(r map[string]any) string {
	if r["event"] != "disconnect" {
		return ""
	}
	return fmt.Sprint(r["party"], " ", r["how"], " ", r["phase"])
}

// TestHAProxyWaiting holds what "data" means while there is no response.
func TestHAProxyWaiting(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`0/0/1/-1/703 400 0 - - CD-- 1/1/0/0/0 0/0 "POST /pay HTTP/2.0"`:   "client closed waiting",
		`0/0/1/-1/703 -1 0 - - CD-- 1/1/0/0/0 0/0 "POST /pay HTTP/1.1"`:    "client closed request",
		`0/0/1/-1/703 -1 0 - - CD-- 1/1/0/0/0 0/0 "GET /pay HTTP/1.1"`:     "client closed waiting",
		`0/0/1/-1/703 -1 100 - - CD-- 1/1/0/0/0 0/0 "GET /pay HTTP/1.1"`:   "client closed response",
		`0/0/1/5/+703 200 +100 - - ---- 1/1/0/0/0 0/0 "GET /pay HTTP/1.1"`: "",
	} {
		r := records(t, []byte("1.2.3.4:5 [22/Nov/2026:10:00:01.123] www~ api/s1 "+line), Options{Format: "haproxy-http"})[0]
		if got := signalOf(r); got != want || r["event"] == "unparsed" {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

func TestHAProxyErrorTexts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Connection closed during SSL handshake":                                            "client closed request",
		"Connection error during SSL handshake":                                             "client unknown request",
		"Timeout during SSL handshake":                                                      "client timeout request",
		"Connection closed while waiting for PROXY protocol header":                         "client closed request",
		"Connection error while waiting for PROXY protocol header":                          "client unknown request",
		"Timeout while waiting for PROXY protocol header":                                   "client timeout request",
		"Connection closed while waiting for NetScaler Client IP header":                    "client closed request",
		"Connection error while waiting for NetScaler Client IP header":                     "client unknown request",
		"Timeout while waiting for a NetScaler Client IP header":                            "client timeout request",
		"ECONNRESET returned by OS":                                                         "client reset unknown",
		"EPIPE returned by OS":                                                              "client broken_pipe unknown",
		"Aborted connection after a TLS 1.3 KeyUpdate flood":                                "server closed unknown",
		"SSL handshake failure":                                                             "",
		"SSL handshake failure (error:0A00010B:SSL routines::wrong version number)":         "",
		"SSL handshake failure (error:0A000126:SSL routines::unexpected eof while reading)": "client unknown request",
		"SSL handshake failure after heartbeat":                                             "",
		"Received something which does not look like a PROXY protocol header":               "",
		"Received an invalid NetScaler Client IP magic number":                              "",
		"Truncated PROXY protocol header received":                                          "",
		"Stopped a TLSv1 heartbeat attack (CVE-2014-0160)":                                  "",
		"SSL client certificate not trusted":                                                "",
		"Reached configured maxconn value":                                                  "",
		"EINVAL returned by OS":                                                             "",
	} {
		for _, at := range []string{"www/https: ", "www/1: "} {
			r := records(t, []byte("1.2.3.4:5 [22/Nov/2026:10:00:01.123] "+at+text), Options{Format: "haproxy-error"})[0]
			if got := signalOf(r); got != want || r["message"] != text {
				t.Errorf("%s: %q, want %q: %v", text, got, want, r)
			}
		}
	}
	for codes, want := range map[string]string{
		"24/0x0/0/0/0": "client closed request", "25/0x0/0/0/0": "client unknown request", "26/0x0/0/0/0": "client timeout request",
		"11/0x0/0/0/0": "client closed request", "20/0x0/0/0/0": "client timeout request", "34/0x0A000126/0/0/0": "client unknown request",
		"34/0x0A0000C1/0/0/0": "", "31/0x0/20/0/0": "", "0/0x0/0/0/0": "",
	} {
		for _, counts := range []string{"", "12/10 "} {
			r := records(t, []byte("1.2.3.4:5 [22/Nov/2026:10:00:01.123] in~ "+counts+codes+" -/-/-"), Options{Format: "haproxy-error"})[0]
			if got := signalOf(r); got != want || r["host"] != nil || r["message"] != codes+" -/-/-" {
				t.Errorf("%s: %q, want %q: %v", codes, got, want, r)
			}
		}
	}
}

// TestHAProxyStream reads a log that mixes all kinds by each of the names.
func TestHAProxyStream(t *testing.T) {
	t.Parallel()
	own := map[string]string{
		"haproxy-http":  `1.2.3.4:5 [22/Nov/2026:10:00:01.123] www~ api/s1 0/0/1/7/53 200 5 - - ---- 1/1/0/0/0 0/0 "GET / HTTP/1.1"`,
		"haproxy-https": `1.2.3.4:5 [22/Nov/2026:10:00:01.123] www~ api/s1 0/0/1/7/53 200 5 - - ---- 1/1/0/0/0 0/0 "GET / HTTP/1.1" 0/0/0/0/0 a/TLSv1.3/C`,
		"haproxy-tcp":   `1.2.3.4:5 [22/Nov/2026:10:00:01.123] www~ api/s1 0/1/53 5 -- 1/1/0/0/0 0/0`,
		"haproxy-error": `1.2.3.4:5 [22/Nov/2026:10:00:01.123] www/1: SSL handshake failure`,
	}
	for name, line := range own {
		log := strings.Repeat(line+"\n", haproxyCertain)
		for _, other := range own {
			log += other + "\n"
		}
		log += "Feb 25 16:19:38 192.0.2.202 haproxy[1]: Proxy web_in started.\n"
		for _, r := range records(t, []byte(log), Options{Format: name}) {
			if r["event"] == "unparsed" {
				t.Errorf("%s does not read %v", name, r)
			}
		}
		if g := Detect(strings.Split(log, "\n")); len(g) == 0 || g[0].Format != name || g[0].Share < 1 {
			t.Errorf("%s is detected as %+v", name, g)
		}
		for other, line := range own {
			if r := records(t, []byte(line), Options{Format: name})[0]; (r["event"] == "unparsed") != (name != other && name != "haproxy-http") {
				t.Errorf("%s reads a line of %s: %v", name, other, r)
			}
		}
	}
}

// TestHAProxyAuto reads a log that begins with records of one kind and a pause, and goes on with others: whatever name
// is taken for the first, no line may be lost.
func TestHAProxyAuto(t *testing.T) {
	t.Parallel()
	tcp := `1.2.3.4:5 [22/Nov/2026:10:00:01.123] www~ api/s1 0/1/53 5 -- 1/1/0/0/0 0/0` + "\n"
	other := `1.2.3.4:5 [22/Nov/2026:10:00:01.123] www~ api/s1 0/0/1/7/53 200 5 - - ---- 1/1/0/0/0 0/0 "GET / HTTP/1.1"` + "\n" +
		`1.2.3.4:5 [22/Nov/2026:10:00:01.123] www/1: SSL handshake failure` + "\n"
	for n := 1; n <= 2*haproxyCertain; n++ {
		p, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		emit := func(r *event.Record) {
			if r.Kind == event.Unparsed {
				t.Errorf("behind %d lines: %s is not read", n, r.Text)
			}
		}
		feed(p, []byte(strings.Repeat(tcp, n)), emit) // it ends with Flush
		feed(p, []byte(strings.Repeat(other, 30)), emit)
	}
}

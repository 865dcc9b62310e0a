package parser

import (
	"fmt"
	"strings"
	"testing"
)

const varnishFetchLog = `*   << BeReq    >> 7
-   Begin          bereq 6 pass
-   Timestamp      Start: 1616162470.789302 0.000000 0.000000
-   BereqMethod    GET
-   BereqURL       /test?x=1
-   BackendOpen    26 reload_x.be1 2001:db8::5 8080 10.0.0.2 45996 connect
%s-   FetchError     %s
-   BerespStatus   503
-   Timestamp      Error: 1616162472.789302 2.000000 2.000000
-   End            

`

func TestVarnishFetchErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"first byte timeout":                     "upstream timeout waiting",
		"first byte timeout (reused connection)": "upstream timeout waiting",
		"timeout":                                "upstream timeout waiting",
		"HTC eof (Unexpected end of input)":      "upstream closed waiting",
		"HTC eof (-1)":                           "upstream closed waiting",
		"HTC junk (-4)":                          "",
		"backend closed":                         "upstream closed waiting",
		"http first read error: EOF":             "upstream closed waiting",
		"http first read error: -1 104 (Connection reset by peer)":        "upstream reset waiting",
		"http first read error: -1 11 (Resource temporarily unavailable)": "upstream timeout waiting",
		"between bytes timeout":                                      "upstream timeout response",
		"straight insufficient bytes":                                "upstream closed response",
		"chunked insufficient bytes":                                 "upstream closed response",
		"chunked read err":                                           "upstream unknown response",
		"chunked header non-hex":                                     "",
		"eof socket fail":                                            "upstream unknown response",
		"backend write error: 32 (Broken pipe)":                      "upstream broken_pipe request",
		"backend write error: 104 (Connection reset by peer)":        "upstream reset request",
		"backend write error: 11 (Resource temporarily unavailable)": "upstream timeout request",
		"backend write error: 28 (No space left on device)":          "upstream unknown request",
		"req.body read error: 0 (Success)":                           "client closed request",
		"req.body read error: 104 (Connection reset by peer)":        "client reset request",
		"Pass delivery abandoned":                                    "client closed response",
		"backend be1: fail errno 111 (Connection refused)":           "",
		"backend be1: fail errno 113 (No route to host)":             "",
		"backend be1: fail errno 110 (Connection timed out)":         "upstream timeout waiting",
		"backend be1: fail":                                          "upstream unknown waiting",
		"backend be1: unhealthy":                                     "",
		"backend be1: busy":                                          "",
		"No backend":                                                 "",
		"overflow":                                                   "",
		"http format error":                                          "",
		"Received junk":                                              "",
		"workspace_backend overflow":                                 "",
	} {
		for _, status := range []string{"", "-   BerespStatus   200\n"} {
			r := records(t, fmt.Appendf(nil, varnishFetchLog, status, text), Options{Format: "varnishlog"})
			if len(r) != 1 {
				t.Fatalf("%s: %v", text, r)
			}
			if got := signalOf(r[0]); got != want || r[0]["message"] != text || r[0]["upstream"] != "[2001:db8::5]:8080" || r[0]["duration_ms"] != 2000.0 ||
				r[0]["event"] == "request" || (r[0]["upstream_status"] == 200.0) != (status != "") {
				t.Errorf("%s: %q, want %q: %v", text, got, want, r[0])
			}
		}
	}
}

func TestVarnishSessions(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]string{
		"REM_CLOSE": "client closed unknown", "RX_TIMEOUT": "client timeout request", "RX_CLOSE_IDLE": "client timeout idle",
		"RX_BODY": "client unknown request", "TX_ERROR": "client unknown response", "RANGE_SHORT": "upstream closed response",
		"RAPID_RESET": "server closed unknown", "BANKRUPT": "server closed unknown", "OVERLOAD": "server closed unknown",
		"PIPE_OVERFLOW": "server closed unknown", "SESS_PIPE_OVERFLOW": "server closed unknown", "VCL_FAILURE": "server closed unknown",
		"RX_OVERFLOW": "other", "RX_BAD": "other", "RX_JUNK": "other", "REQ_HTTP10": "other", "REQ_HTTP20": "other",
		"RESP_CLOSE": "request", "REQ_CLOSE": "request", "TX_EOF": "request", "TX_PIPE": "request", "SOMETHING": "unknown unknown unknown",
	} {
		log := "*   << Session  >> 9\n-   Begin          sess 0 HTTP/1\n-   SessOpen       2001:db8::1 1234 a0 10.0.0.2 80 1580823086.762403 983\n-   SessClose      " + reason + " 5.003\n-   End\n"
		r := records(t, []byte(log), Options{Format: "varnishlog"})[0]
		got := signalOf(r)
		if got == "" {
			got = fmt.Sprint(r["event"])
		}
		if got != want || r["client"] != "2001:db8::1" || r["duration_ms"] != 5003.0 || r["exchange"] == true {
			t.Errorf("%s: %s, want %s: %v", reason, got, want, r)
		}
	}
}

// TestVarnishGroup reads a group by request, cut at its beginning.
func TestVarnishGroup(t *testing.T) {
	t.Parallel()
	const log = `-   RespStatus     200
-   End

*   << Request  >> 2
-   Begin          req 1 rxreq
-   Timestamp      Start: 1616162470.789302 0.000000 0.000000
-   ReqStart       203.0.113.9 5555 a0
-   ReqMethod      POST
-   ReqURL         /up?x=1
-   ReqProtocol    HTTP/1.1
-   ReqHeader      host: Shop.Example:8080
-   ReqHeader      User-Agent: curl/8.5.0
-   RespStatus     503
-   ReqAcct        82 0 82 304 6962 7266
-   Timestamp      Resp: 1616162472.789302 2.000000 0.000000
-   Link           bereq 3 fetch
-   End
**  << BeReq    >> 3
--  Begin          bereq 2 fetch
--  Timestamp      Start: 1616162470.789302 0.000000 0.000000
--  FetchError     backend closed
--  End
**  << Request  >> 4
--  Begin          req 2 esi 1
--  ReqMethod      GET
--  ReqURL         /part
--  RespStatus     200
--  End

*   << Request  >> 5
-   Begin          req 1 rxreq
-   Timestamp      Start: 1616162470.789302 0.000000 0.000000
-   Debug          "Write error, retval = -1, len = 1460, errno = Broken pipe"
-   RespStatus     200
-   End

*   << Request  >> 6
-   Begin          req 1 rxreq
-   Timestamp      Start: 1616162470.789302 0.000000 0.000000
-   Timestamp      Reset: 1616162470.889302 0.100000 0.100000
-   RespStatus     408
-   End

*   << Request  >> 7
-   Begin          req 1 rxreq
-   Timestamp      Start: 1616162470.789302 0.000000 0.000000
-   Timestamp      Restart: 1616162470.889302 0.100000 0.100000
-   End
- a list
* another
`
	got := records(t, []byte(log), Options{Format: "varnishlog"})
	want := []string{
		"unparsed ", "request ", "disconnect upstream closed waiting", "request ", "disconnect client broken_pipe response",
		"disconnect client closed waiting", "other ", "unparsed ", "unparsed ",
	}
	for i, r := range got {
		if i >= len(want) || fmt.Sprint(r["event"], " ", signalOf(r)) != want[i] {
			t.Errorf("record %d: %v", i, r)
		}
	}
	if r := got[1]; r["client"] != "203.0.113.9" || r["host"] != "shop.example" || r["user_agent"] != "curl/8.5.0" || r["bytes"] != 6962.0 ||
		r["status"] != 503.0 || r["duration_ms"] != 2000.0 || r["path"] != "/up" || len(got) != len(want) {
		t.Error(r)
	}
	if g := Detect(strings.Split(log, "\n")); len(g) == 0 || g[0].Format != "varnishlog" {
		t.Error(g)
	}
}

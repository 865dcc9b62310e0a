package parser

import (
	"fmt"
	"testing"
	"time"
)

// TestPostgresMessages reads messages that tell of connections, and some that do not.
func TestPostgresMessages(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"could not receive data from client: Connection reset by peer":                               "disconnect/client/reset/request",
		"could not receive data from client: Connection timed out":                                   "disconnect/client/timeout/idle",
		"could not receive data from client: No route to host":                                       "disconnect/client/unknown/request",
		"could not send data to client: Connection timed out":                                        "disconnect/client/timeout/response",
		"could not send data to client: Broken pipe":                                                 "disconnect/client/broken_pipe/response",
		"08006: could not send data to client: Broken pipe":                                          "disconnect/client/broken_pipe/response",
		"unexpected EOF on client connection with an open transaction":                               "disconnect/client/closed/unknown",
		"connection to client lost":                                                                  "disconnect/client/closed/unknown",
		"SSL error: unexpected eof while reading":                                                    "disconnect/client/closed/unknown",
		"incomplete message from client":                                                             "disconnect/client/closed/request",
		"could not accept SSL connection: EOF detected":                                              "disconnect/client/closed/request",
		"could not accept SSL connection: Connection reset by peer":                                  "disconnect/client/reset/request",
		"could not accept SSL connection: sslv3 alert bad certificate":                               "other",
		"canceling authentication due to timeout":                                                    "disconnect/client/timeout/request",
		"terminating connection due to idle-in-transaction timeout":                                  "disconnect/server/timeout/idle",
		"57P05: terminating connection due to idle-session timeout":                                  "disconnect/server/timeout/idle",
		"terminating connection due to administrator command":                                        "disconnect/server/closed/unknown",
		"terminating walsender process due to replication timeout":                                   "disconnect/client/timeout/response",
		"could not receive data from WAL stream: server closed the connection unexpectedly":          "disconnect/upstream/closed/response",
		"server process (PID 77) was terminated by signal 9: Killed":                                 "disconnect/server/closed/unknown",
		"canceling statement due to user request":                                                    "other",
		"canceling statement due to statement timeout":                                               "other",
		"disconnection: session time: 0:00:01 user=a database=b host=203.0.113.7 port=51234":         "other client=203.0.113.7",
		"disconnection: session time: 0:00:01 user=a database=b host=[local]":                        "other",
		`syntax error at or near "could not send data to client: Broken pipe"`:                       "other",
		"duration: 12.5 ms  statement: select 'could not send data to client: Broken pipe'":          "other",
		"could not connect to the primary server: connection refused":                                "other",
		"invalid length of startup packet":                                                           "other",
		"no pg_hba.conf entry for host \"203.0.113.7\", user \"app\", database \"x\", no encryption": "other",
	} {
		testRecords(t, "postgresql", []recordTest{{"2026-11-23 07:19:20.011 UTC [3027] LOG:  " + message + "\n", []string{want + " level=LOG"}}})
	}
}

// TestPostgresPrefixes reads lines with the log_line_prefix strings that are in use.
func TestPostgresPrefixes(t *testing.T) {
	t.Parallel()
	const message = "LOG:  could not send data to client: Broken pipe\n"
	for prefix, want := range map[string]string{
		"":                                             "",
		"2026-11-23 07:19:20.011 UTC [3027] ":          "2026-11-23T07:19:20.011Z pid=3027",
		"2026-11-23 07:19:20 CET [3027] ":              "2026-11-23T06:19:20Z pid=3027",
		"2026-11-23 07:19:20 -03 [3027] ":              "2026-11-23T10:19:20Z pid=3027",
		"2026-11-23 07:19:20 XYZ [3027] ":              "2026-11-23T07:19:20Z assumed pid=3027",
		"2026-11-23 07:19:20.011 UTC [3027] app@shop ": "2026-11-23T07:19:20.011Z pid=3027",
		"2026-11-23 07:19:20 UTC [3027-1] app@shop ":   "2026-11-23T07:19:20Z pid=3027",
		"2026-11-23 07:19:20 UTC [3027]: [2-1] user=app,db=shop,app=x,client=203.0.113.7 ": "2026-11-23T07:19:20Z pid=3027 203.0.113.7:0",
		"2026-11-23 07:19:20 UTC:203.0.113.7(51234):app@shop:[3027]:":                      "2026-11-23T07:19:20Z pid=3027 203.0.113.7:51234",
		"2026-11-23 07:19:20.011 UTC [3027] app@shop 2001:db8::7(51234) ":                  "2026-11-23T07:19:20.011Z pid=3027 2001:db8::7:51234",
		"< 2026-11-23 07:19:20.011 CET >":                                                  "2026-11-23T06:19:20.011Z",
		"2026-11-23 07:19:20 UTC-5d835523.f94f8-":                                          "2026-11-23T07:19:20Z",
		"1795418360.123 [3027] ":                                                           "2026-11-23T07:19:20.123Z pid=3027",
		"[3027] ":                                                                          "pid=3027",
	} {
		for _, m := range records(t, []byte(prefix+message), Options{Format: "postgresql"}) {
			got := ""
			if m["time"] != nil {
				got = m["time"].(string)
			}
			if m["zone"] != nil {
				got += " assumed"
			}
			if m["pid"] != nil {
				got += fmt.Sprintf(" pid=%v", m["pid"])
			}
			if m["client"] != nil {
				p := m["client_port"]
				if p == nil {
					p = 0
				}
				got += fmt.Sprintf(" %v:%v", m["client"], p)
			}
			if m["event"] != "disconnect" || got != want && got != " "+want {
				t.Errorf("%q: %s, want %s: %v", prefix, got, want, m)
			}
		}
	}
}

func TestPostgresRecords(t *testing.T) {
	t.Parallel()
	const at = "2026-11-23 07:19:20.011 UTC [3027] "
	testRecords(t, "postgresql", []recordTest{
		{
			at + "ERROR:  syntax error\n\tsecond line\n" + at + "STATEMENT:  select 1,\n\t'could not send data to client: Broken pipe'\n" + at + "HINT:  try again\n",
			[]string{"other level=ERROR lines=2", "other level=STATEMENT lines=2", "other level=HINT"},
		},
		{"\tfrom x\n" + at + "LOG:  up\n", []string{"unparsed/continuation", "other level=LOG"}},
		{"INFO: up\n", []string{"unparsed/no_format"}},
		{"2026-11-23 07:19:20 XXLOG:  up\n", []string{"unparsed/no_format"}},
		{"2026-13-23 07:19:20 UTC [1] LOG:  up\n", []string{"unparsed/bad_time"}},
	})
}

func TestMySQL(t *testing.T) {
	t.Parallel()
	const aborted = "Aborted connection 7 to db: 'shop' user: 'app' host: '203.0.113.7' ("
	for reason, want := range map[string]string{
		"Got an error reading communication packets":                       "disconnect/client/unknown/unknown",
		"Got timeout reading communication packets":                        "disconnect/client/timeout/unknown",
		"Got an error writing communication packets":                       "disconnect/client/unknown/response",
		"Got timeout writing communication packets":                        "disconnect/client/timeout/response",
		"The client was disconnected by the server because of inactivity.": "disconnect/server/timeout/idle",
		"Got a packet bigger than 'max_allowed_packet' bytes":              "disconnect/server/closed/request",
		"CLOSE_CONNECTION":                "disconnect/server/closed/unknown",
		"Unknown error":                   "disconnect/unknown/unknown/unknown",
		"This connection closed normally": "other",
		"This connection closed normally without authentication": "other",
	} {
		testRecords(t, "mysql", []recordTest{
			{"2026-11-22T10:00:00.000001Z 7 [Note] [MY-010914] [Server] " + aborted + reason + ").\n", []string{want + " client=203.0.113.7 level=NOTE"}},
			{"2026-11-22 10:00:00 7 [Warning] " + aborted + reason + ")\n", []string{want + " client=203.0.113.7 level=WARNING"}},
			{"2026-11-22  9:00:00 7 [Warning] " + aborted + reason + ")\n", []string{want + " client=203.0.113.7 level=WARNING"}},
			{"261122  9:00:00 [Warning] " + aborted + reason + ")\n", []string{want + " client=203.0.113.7 level=WARNING"}},
		})
	}
	testRecords(t, "mysql", []recordTest{
		{
			"2026-11-22 10:00:00 0 [Note] InnoDB: ready\n2026-11-22 10:00:00 0 [Note] /usr/sbin/mariadbd: ready for connections.\nVersion: '10.11.6'  socket: '/run/mysqld/mysqld.sock'\n",
			[]string{"other level=NOTE", "other level=NOTE lines=2"},
		},
		{"2026-11-22T10:00:00.000001Z mysqld_safe Logging to '/var/log/mysql/error.log'.\n", []string{"other"}},
		{
			"2026-11-22T10:00:00.000001+01:00 5 [ERROR] [MY-010584] [Repl] Error reading packet from server: Lost connection to MySQL server during query (server_errno=2013)\n",
			[]string{"disconnect/upstream/closed/unknown level=ERROR"},
		},
		{"2026-11-22 10:00:00 7f8b1c7e9700 InnoDB: Using mutexes\n", []string{"other"}},
		{"2026-11-22 10:00:00 12 [INFO] Aborted connection\n", []string{"unparsed/no_format"}},
		{"2026-11-22 10:00:00 message\n", []string{"unparsed/no_format"}},
	})
}

func TestRedis(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"Error writing to client: Broken pipe":                                                       "disconnect/client/broken_pipe/response",
		"Reading from client: Connection reset by peer":                                              "disconnect/client/reset/request",
		"Reading from client: Connection timed out":                                                  "disconnect/client/timeout/request",
		"Client closed connection id=7 addr=203.0.113.7:51234 laddr=10.0.0.9:6379":                   "other client=203.0.113.7",
		"Error accepting a client connection: error:1408F10B:SSL routines":                           "other",
		"Closing idle client":                                                                        "disconnect/server/timeout/idle",
		"Connection with replica client id #5 lost.":                                                 "disconnect/client/closed/unknown",
		"Connection with master lost.":                                                               "disconnect/upstream/closed/unknown",
		"MASTER timeout: no data nor PING received...":                                               "disconnect/upstream/timeout/idle",
		"Disconnecting timedout replica (streaming sync): 203.0.113.7:6379":                          "disconnect/client/timeout/response",
		"I/O error trying to sync with MASTER: connection lost":                                      "disconnect/upstream/closed/response",
		"Error condition on socket for SYNC: Connection refused":                                     "other",
		"Write error sending DB to replica: Broken pipe":                                             "disconnect/client/broken_pipe/response",
		"Client id=7 addr=203.0.113.7:51234 cmd=sync closed for overcoming of output buffer limits.": "disconnect/server/closed/response client=203.0.113.7",
		"Closing client that reached max query buffer length: id=7 addr=203.0.113.7:51234 fd=8 (qbuf initial bytes: \"Broken pipe\")": "disconnect/server/closed/request client=203.0.113.7",
		"Ready to accept connections tcp": "other",
	} {
		testRecords(t, "redis", []recordTest{
			{"1:M 22 Nov 2026 10:00:00.123 * " + message + "\n", []string{want + " level=NOTICE"}},
			{"1:S 22 Nov 10:00:00.123 - " + message + "\n", []string{want + " level=VERBOSE"}},
			{"[12345] 22 Nov 10:00:00.123 # " + message + "\n", []string{want + " level=WARNING"}},
		})
	}
	testRecords(t, "redis", []recordTest{
		{
			"1:M 22 Nov 2026 10:00:00.123 * up\n                _._\n           _.-``__ ''-._\n\n1:M 22 Nov 2026 10:00:00.123 # Server initialized\n",
			[]string{"other level=NOTICE lines=3", "other level=WARNING"},
		},
		{"1:Q 22 Nov 2026 10:00:00.123 * up\n", []string{"unparsed/no_format"}},
		{"1:M 22 Nov 2026 10:00:00 * up\n", []string{"unparsed/no_format"}},
		{"1:M 32 Nov 2026 10:00:00.123 * up\n", []string{"unparsed/bad_time"}},
	})
}

func TestNearestYear(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		month, day int
		seen       string
		want       int
	}{
		{11, 22, "2026-11-23T12:00:00Z", 2026},
		{11, 24, "2026-11-23T12:00:00Z", 2026},
		{3, 10, "2026-11-23T12:00:00Z", 2026},
		{12, 31, "2027-01-01T00:00:30Z", 2026},
		{1, 1, "2026-12-31T23:59:59Z", 2027},
		{2, 29, "2026-11-23T12:00:00Z", 2024},
	} {
		seen, err := time.Parse(time.RFC3339, tt.seen)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := nearestYear(tt.month, tt.day, 0, seen); !ok || got != tt.want {
			t.Errorf("%d-%d seen %s: %d, want %d", tt.month, tt.day, tt.seen, got, tt.want)
		}
	}
}

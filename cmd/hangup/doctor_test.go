package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hangup/store/storetest"
)

// doctor runs `hangup doctor` and returns its exit code and findings by subject and check.
func doctor(t *testing.T, args ...string) (code int, found map[string]finding, text string) {
	t.Helper()
	var out, errs bytes.Buffer
	e := env{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, getenv: func(string) string { return "" }}
	code = run(t.Context(), e, append([]string{"doctor", "-o", "json"}, args...))
	found = map[string]finding{}
	if out.Len() > 0 {
		var answer struct {
			OK     bool      `json:"ok"`
			Checks []finding `json:"checks"`
		}
		if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
			t.Fatalf("%v: %s", err, out.String())
		}
		for _, f := range answer.Checks {
			found[filepath.Base(f.Subject)+" "+f.Check] = f
		}
		if answer.OK != (code == 0) {
			t.Errorf("it is ok: %v, and the exit code is %d", answer.OK, code)
		}
	}
	return code, found, errs.String()
}

// TestDoctor looks at logs that are well, and at each thing that may be wrong with one.
func TestDoctor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := time.Now().UTC().Truncate(time.Second)
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	repeat := func(n int, line string) string { return strings.Repeat(line+"\n", n) }
	stamp := now.Format("02/Jan/2006:15:04:05 -0700")
	combined := fmt.Sprintf(`203.0.113.7 - - [%s] "GET /a HTTP/1.1" 200 12 "-" "curl/8"`, stamp)
	local := now.Add(2 * time.Hour).Format("2006/01/02 15:04:05") // nginx writes its error log in the machine's zone
	write("good.log.1", "")
	write("good.log-20260101.gz", "")
	logs := []string{
		write("good.log", repeat(50, combined+` rt=0.123 uct="0.001" uht="0.002" urt="0.002" us="200"`)),
		write("blind.log", repeat(50, combined)),
		write("early.log", repeat(50, fmt.Sprintf(`203.0.113.7 - - [%s] "GET /a HTTP/1.1" 200 12 "-" "curl/8"`, now.Add(73*time.Hour).Format("02/Jan/2006:15:04:05 -0700")))),
		write("zone.log", repeat(20, now.Add(-2*time.Hour).Format("2006/01/02 15:04:05")+" [error] 7#7: *3 recv() failed (104: Connection reset by peer) while reading client request line, client: 203.0.113.7, server: a")),
		write("some.log", repeat(90, combined)+repeat(5, "\x1b[2J<b>what</b>")),
		write("half.log", repeat(50, combined)+repeat(40, "what")),
		write("none.log", repeat(50, "one two")),
		write("empty.log", ""),
		filepath.Join(dir, "missing.log"),
	}
	url := storetest.URL(t)
	code, found, errs := doctor(t, append([]string{"--database-url", url}, logs...)...)
	if code != 1 || !strings.Contains(errs, "there are problems") {
		t.Errorf("exit code %d, %s", code, errs)
	}
	for _, c := range []struct {
		what  string
		level level
		text  string
		do    string
	}{
		{"good.log file", levelOK, "2 rotated files beside it", ""},
		{"good.log format", levelOK, "nginx-timed, 99 % sure; of 50 records in 50 lines 0 % not understood", ""},
		{"good.log times", levelOK, "with their zone; the newest record is of " + now.Format(time.RFC3339), ""},
		{"good.log durations", levelOK, "50 records of 50 exchanges", ""},
		{"blind.log durations", levelWarn, "no timers can be found", "add the duration"},
		{"blind.log hides", levelNote, "clients that leave in the middle of a response", "$request_time"},
		{"early.log times", levelWarn, "the newest record is 3 d ahead", "clock"},
		{"zone.log times", levelWarn, "2 h off the time at which the file was written", "timezone"},
		{"some.log format", levelWarn, "not understood", `\x1b[2J<b>what`},
		{"half.log format", levelFail, "44 % not understood", "what"},
		{"none.log format", levelFail, "no format that is known fits", "layout"},
		{"empty.log format", levelWarn, "no whole line", ""},
		{"missing.log file", levelWarn, "does not exist", "serve waits"},
		{"database server", levelOK, "answers", ""},
		{"database schema", levelOK, "as this program needs it", ""},
	} {
		f := found[c.what]
		if f.Level != c.level || !strings.Contains(f.Text, c.text) || !strings.Contains(f.Do, c.do) {
			t.Errorf("%s: %+v, want %s, %q, %q", c.what, f, c.level, c.text, c.do)
		}
	}
	if _, ok := found["zone.log durations"]; ok {
		t.Error("of an error log durations are missed")
	}

	// With the right zone the error log is well; then so is all.
	config := write("hangup.yaml", fmt.Sprintf("sources:\n  - path: %s\n    timezone: Etc/GMT-2\n", write("error.log", repeat(20, local+" [error] 7#7: *3 open() failed"))))
	code, found, errs = doctor(t, "--database-url", url, "--config", config, logs[0])
	if f := found["error.log times"]; code != 0 || f.Level != levelOK || !strings.Contains(f.Text, "in the zone Etc/GMT-2") {
		t.Errorf("exit code %d, %s, %+v", code, errs, found)
	}
}

// TestDoctorDatabase looks at databases that are there, that are not, and that are of another version.
func TestDoctorDatabase(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	code, found, _ := doctor(t, "--database-url", url)
	if f := found["database schema"]; code != 0 || f.Level != levelOK || !strings.Contains(f.Text, "as this program needs it") {
		t.Errorf("exit code %d, %+v", code, found)
	}
	if f := found["sources sources"]; f.Level != levelWarn {
		t.Errorf("without a log: %+v", found)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if _, err := conn.Exec(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)`); err != nil {
		t.Fatal(err)
	}
	if code, found, _ := doctor(t, "--database-url", url); code != 1 || found["database schema"].Level != levelFail {
		t.Errorf("of a newer schema: exit code %d, %+v", code, found)
	}
	if _, err := conn.Exec(t.Context(), `UPDATE migration_sum SET sha256 = 'another'`); err != nil {
		t.Fatal(err)
	}
	if code, found, _ := doctor(t, "--database-url", url); code != 1 || found["database server"].Level != levelOK ||
		!strings.Contains(found["database schema"].Text, "was another when it was applied") {
		t.Errorf("of another build's schema: exit code %d, %+v", code, found)
	}
	// No command works with it, and each says so.
	log := filepath.Join(t.TempDir(), "a.log")
	if err := os.WriteFile(log, []byte("127.0.0.1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"serve", "--listen", "127.0.0.1:0", "--database-url", url, log},
		{"import", "--database-url", url, log},
		{"migrate", "--database-url", url},
		{"verify", "--database-url", url},
	} {
		var out, errs bytes.Buffer
		code := run(t.Context(), env{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, getenv: func(string) string { return "" }}, args)
		if code == 0 || !strings.Contains(errs.String(), "Give Hangup an empty database") {
			t.Errorf("%s with another build's schema: exit code %d, %s", args[0], code, errs.String())
		}
	}
	if _, err := conn.Exec(t.Context(), `DROP TABLE goose_db_version`); err != nil {
		t.Fatal(err)
	}
	if code, found, _ := doctor(t, "--database-url", url); code != 0 || !strings.Contains(found["database schema"].Text, "none yet") {
		t.Errorf("without a schema: exit code %d, %+v", code, found)
	}
	code, found, _ = doctor(t, "--database-url", "postgres://someone:geheim@127.0.0.1:1/x")
	f := found["database server"]
	if code != 1 || f.Level != levelFail || strings.Contains(f.Text, "geheim") || !strings.Contains(f.Do, "start PostgreSQL") {
		t.Errorf("without a server: exit code %d, %+v", code, found)
	}

	// The place of a private server is looked at and left as it is.
	state := filepath.Join(t.TempDir(), "state")
	_, found, _ = doctor(t, "--state-dir", state)
	if f := found["database disk"]; f.Level == "" || !strings.Contains(f.Text, "free at ") {
		t.Errorf("of a private server: %+v", found)
	}
	if _, err := os.Stat(state); err == nil {
		t.Error("the state directory was made")
	}
	for _, args := range [][]string{{"--config", "/no/such.yaml"}, {"-o", "xml"}, {"/no/such/directory/a.log"}} {
		if code, _, _ := doctor(t, args...); code != 2 {
			t.Errorf("%v: exit code %d", args, code)
		}
	}
}

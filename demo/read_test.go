package demo

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// accessLine reads the access log with what its layout promises, not with the code that wrote it.
var accessLine = func() *regexp.Regexp {
	variable := regexp.MustCompile(`\\\$([a-z_]+)`)
	pattern := variable.ReplaceAllStringFunc(regexp.QuoteMeta(AccessLogFormat), func(v string) string {
		value := map[string]string{
			"remote_addr": `\d+\.\d+\.\d+\.\d+`, "remote_user": "-", "status": `\d{3}`, "body_bytes_sent": `\d+`,
			"time_local":   `\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000`,
			"request_time": `\d+\.\d{3}`, "request_id": `[0-9a-f]{32}`, "upstream_status": `\d{3}|-`,
			"upstream_connect_time": `\d+\.\d{3}|-`, "upstream_header_time": `\d+\.\d{3}|-`,
			"upstream_response_time": `\d+\.\d{3}|-`,
		}[v[2:]]
		if value == "" {
			value = `[ !#-\[\]-~]*(?:\\x[0-9A-F]{2}[ !#-\[\]-~]*)*`
		}
		return "(?P<" + v[2:] + ">" + value + ")"
	})
	return regexp.MustCompile("^" + pattern + "$")
}()

var errorLine = regexp.MustCompile(`^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[(info|error)\] \d+#\d+: \*\d+ (.+)$`)

var pythonLine = regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - shop\.\w+ - (INFO|WARNING|ERROR|CRITICAL) - (.*)$`)

var inMessage = regexp.MustCompile(`\(request_id=([0-9a-f]{32})\)`)

// lines reads a log file, which must end with a whole line.
func lines(tb testing.TB, path string) []string {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	if len(data) == 0 {
		return nil
	}
	text, whole := strings.CutSuffix(string(data), "\n")
	if !whole {
		tb.Fatalf("%s does not end with a newline", path)
	}
	return strings.Split(text, "\n")
}

// readAccess reads the access log into maps keyed by nginx's variable names.
func readAccess(tb testing.TB, path string) []map[string]string {
	tb.Helper()
	var all []map[string]string
	for _, line := range lines(tb, path) {
		m := accessLine.FindStringSubmatch(line)
		if m == nil {
			tb.Fatalf("access log line is not of its layout:\n%s", line)
		}
		fields := map[string]string{}
		for i, name := range accessLine.SubexpNames() {
			fields[name] = m[i]
		}
		all = append(all, fields)
	}
	return all
}

// appRecord is one record of the application's log.
type appRecord struct{ level, message, id, trace string }

// readApp reads the application's log.
func readApp(tb testing.TB, path string) []appRecord {
	tb.Helper()
	var all []appRecord
	for _, line := range lines(tb, path) {
		if m := pythonLine.FindStringSubmatch(line); m != nil {
			id := inMessage.FindStringSubmatch(m[2])
			if id == nil {
				tb.Fatalf("app log line has no request id:\n%s", line)
			}
			all = append(all, appRecord{level: m[1], message: m[2], id: id[1]})
			continue
		}
		if len(all) == 0 {
			tb.Fatalf("app log begins within a record:\n%s", line)
		}
		all[len(all)-1].trace += line + "\n"
	}
	return all
}

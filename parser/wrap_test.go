package parser

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestGoldenDetected reads each log of testdata without being told its format. What it says must be what the format
// named says.
func TestGoldenDetected(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.log")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		format, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".log"), ".")
		if layoutOf(t, file) != "" {
			continue // a layout of one's own cannot be found
		}
		log := readFile(t, file)
		want := records(t, log, Options{Format: format})
		if len(want) < 6 {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			compare(t, want, records(t, log, Options{}))
		})
		for name, wrap := range wrappers {
			if _, is := envelopeNamed(format); is || format == anyFormat {
				break
			}
			if name == "kubectl" && format == "haproxy-http" {
				continue // HAProxy's own reader takes the time for syslog's, of the lines that have none
			}
			t.Run(filepath.Base(file)+"/"+name, func(t *testing.T) {
				t.Parallel()
				compare(t, want, records(t, wrapLog(log, wrap), Options{}))
			})
		}
	}
}

// compare compares what records say of exchanges and disconnects. What an envelope adds is not compared, and a line that
// the format does not know may be a record in an envelope.
func compare(t *testing.T, want, got []map[string]any) {
	t.Helper()
	bad := 0
	for i := range max(len(want), len(got)) {
		if i >= len(want) || i >= len(got) {
			t.Errorf("%d records, want %d", len(got), len(want))
			return
		}
		w, g := want[i], got[i]
		if w["event"] == "unparsed" && g["event"] == "other" {
			continue
		}
		for _, key := range []string{"line", "lines", "event", "party", "how", "phase", "method", "path", "status", "bytes", "duration_ms", "client", "upstream"} {
			if w[key] != g[key] && (w[key] != nil || key != "client" && key != "duration_ms") {
				t.Errorf("line %v: %s is %#v, want %#v", w["line"], key, g[key], w[key])
				bad++
			}
		}
		if bad > 8 {
			return
		}
	}
}

// wrappers put lines into envelopes.
var wrappers = map[string]func(line string, at time.Time) string{
	"docker-json": func(line string, at time.Time) string {
		s, _ := json.Marshal(line + "\n")
		return fmt.Sprintf(`{"log":%s,"stream":"stderr","time":%q}`, s, at.Format(time.RFC3339Nano))
	},
	"cri":            func(line string, at time.Time) string { return at.Format(time.RFC3339Nano) + " stdout F " + line },
	"kubectl":        func(line string, at time.Time) string { return at.Format(time.RFC3339Nano) + " " + line },
	"docker-compose": func(line string, _ time.Time) string { return "web-1  | " + line },
	"syslog-rfc3164": func(line string, at time.Time) string { return at.Format(time.Stamp) + " web-1 app[77]: " + line },
	"syslog-rfc5424": func(line string, at time.Time) string {
		return "<14>1 " + at.Format(time.RFC3339Nano) + " web-1 app 77 - - " + line
	},
	"journald-json": func(line string, at time.Time) string {
		s, _ := json.Marshal(line)
		return fmt.Sprintf(`{"__REALTIME_TIMESTAMP":"%d","SYSLOG_IDENTIFIER":"app","_PID":"77","PRIORITY":"6","MESSAGE":%s}`, at.UnixMicro(), s)
	},
	"docker in kubectl": func(line string, at time.Time) string {
		s, _ := json.Marshal(line + "\n")
		return fmt.Sprintf(`[pod/web-1/web] {"log":%s,"stream":"stderr","time":%q}`, s, at.Format(time.RFC3339Nano))
	},
}

func wrapLog(log []byte, wrap func(string, time.Time) string) []byte {
	var b strings.Builder
	at := seenAt
	for line := range strings.Lines(string(log)) {
		at = at.Add(time.Millisecond)
		b.WriteString(wrap(strings.ToValidUTF8(strings.TrimSuffix(line, "\n"), "?"), at) + "\n")
	}
	return []byte(b.String())
}

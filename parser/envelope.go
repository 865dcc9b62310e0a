package parser

import (
	"slices"
	"strings"
	"time"

	"hangup/event"
)

// letter is a line that another program passed on, and what that program wrote around it.
type letter struct {
	text string      // the line; several lines are joined by "\n"
	lane string      // who wrote it: only lines of one lane make a record together
	base event.Event // what the envelope says of it: time, logger, level, process id, for JSON all that its fields give
	part bool        // the line goes on in the lane's next letter
	full bool        // the text is all that its record has
	more string      // a stack trace beside the text
	why  string      // the words of the exception
	kind int         // the envelope, in envelopes
	mail bool        // the envelope says who wrote the text: a message that no format understands is a record all the same
}

// envelope is what a program puts around the lines of another: a container engine, syslog, journald, a JSON shipper.
// It may remember the envelope before, of the same log.
type envelope interface {
	// cut takes the envelope off line, and says whether there was one. l is zero. Seen is when the line was read.
	cut(line string, seen time.Time, l *letter) bool
}

// envelopeInfo is an envelope that is known.
type envelopeInfo struct {
	name    string
	aliases []string
	summary string
	example string
	weak    bool // a line in it looks like a line of its own
	make    func(c *clock) envelope
}

// envelopes are all, those first that say most clearly what they are.
var envelopes = []envelopeInfo{
	{
		"docker-json",
		[]string{"env-docker-json"},
		"Docker's json-file: one JSON object a line with the keys log, stream, time",
		`{"log":"127.0.0.2 - - [23/Nov/2026:07:10:01 +0000] \"GET / HTTP/1.1\" 200 5\n","stream":"stdout","time":"2026-11-23T07:10:01.938123456Z"}`,
		false,
		func(c *clock) envelope { return &dockerJSON{clock: c} },
	},
	{
		"journald-json",
		[]string{"env-journald-json"},
		"journalctl -o json",
		`{"__REALTIME_TIMESTAMP":"1795417673100001","SYSLOG_IDENTIFIER":"uwsgi","_PID":"24470","PRIORITY":"6","MESSAGE":"..."}`,
		false,
		func(*clock) envelope { return newJournaldJSON() },
	},
	{
		"gelf",
		[]string{"env-gelf"},
		"GELF (Graylog) as JSON lines",
		`{"version":"1.1","host":"web-1","short_message":"java.io.IOException: Broken pipe","timestamp":1795417802.846,"level":3}`,
		false,
		func(c *clock) envelope { return newJSONLetter(c, "gelf") },
	},
	{
		"ecs",
		[]string{"env-ecs-json"},
		"Elastic Common Schema as JSON lines",
		`{"@timestamp":"2026-11-23T07:10:02.846Z","log.level":"warn","message":"request aborted by client","ecs.version":"8.10.0"}`,
		false,
		func(c *clock) envelope { return newJSONLetter(c, "ecs") },
	},
	{
		"log4j-json",
		[]string{"env-log4j-json"},
		"log4j's JsonLayout and logstash-logback-encoder",
		`{"timeMillis":1795417802846,"thread":"main","level":"INFO","loggerName":"c.e.App","message":"started"}`,
		false,
		func(c *clock) envelope { return newJSONLetter(c, "log4j-json") },
	},
	{
		"cri",
		[]string{"env-k8s-cri", "k8s-cri"},
		"container logs of Kubernetes (CRI): time, stream, P or F",
		`2026-11-23T07:10:01.938123456Z stdout F 127.0.0.2 - - [23/Nov/2026:07:10:01 +0000] "GET / HTTP/1.1" 200 5`,
		false,
		func(c *clock) envelope { return &criEnvelope{clock: c} },
	},
	{
		"syslog-rfc5424",
		[]string{"env-syslog-rfc5424"},
		"syslog as RFC 5424 has it",
		`<14>1 2026-11-23T07:07:50.925Z web-1 waitress 812 - - Client disconnected while serving /stream`,
		false,
		func(c *clock) envelope { return &syslog5424{clock: c} },
	},
	{
		"syslog-rfc3164",
		[]string{"env-syslog-rfc3164", "syslog", "journald-short", "env-journald-short"},
		"syslog files and journalctl's short outputs: time, host, program[pid]:",
		`Nov 23 07:07:50 web-1 waitress[812]: Client disconnected while serving /stream`,
		true,
		func(c *clock) envelope { return &syslogLine{clock: c} },
	},
	{
		"kubectl",
		[]string{"env-kubectl-timestamps", "kubectl-timestamps"},
		"kubectl logs with --timestamps or --prefix, docker logs -t",
		`[pod/web-6d5f/web] 2026-11-23T07:10:02.846123456Z 127.0.0.4 - - [23/Nov/2026:07:10:02 +0000] "GET / HTTP/1.1" 200 5`,
		true,
		func(c *clock) envelope { return &kubectlEnvelope{clock: c} },
	},
	{
		"docker-compose",
		[]string{"env-docker-compose", "compose"},
		"docker compose logs: the container's name and a bar",
		`web-1  | 127.0.0.2 - - [23/Nov/2026:07:10:01 +0000] "GET / HTTP/1.1" 200 5`,
		true,
		func(*clock) envelope { return composeEnvelope{} },
	},
}

// envelopeNamed finds an envelope by its name or another name of it.
func envelopeNamed(name string) (int, bool) {
	for i := range envelopes {
		if envelopes[i].name == name || slices.Contains(envelopes[i].aliases, name) {
			return i, true
		}
	}
	return 0, false
}

// severities are syslog's, RFC 5424 section 6.2.1, by the names that most loggers have for them.
var severities = [...]string{"EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARN", "NOTICE", "INFO", "DEBUG"}

// severity returns the level of a syslog severity, or of a priority (facility * 8 + severity); "" when it is none.
func severity(digits string) string {
	n, ok := count(digits)
	if !ok || len(digits) > 3 || n > 191 {
		return ""
	}
	return severities[n%8]
}

// isStamp says whether s begins like an RFC 3339 time: "2026-11-23T07:10:01".
func isStamp(s string) bool {
	return len(s) >= 20 && isDigit(s[0]) && isDigit(s[3]) && s[4] == '-' && s[7] == '-' && s[10] == 'T' && s[13] == ':' && s[16] == ':' && isDigit(s[18])
}

// cutStamp takes an RFC 3339 time and the blank behind it.
func cutStamp(c *clock, s string) (t time.Time, rest string, ok bool) {
	if !isStamp(s) {
		return t, s, false
	}
	i := strings.IndexByte(s[:min(len(s), 40)], ' ')
	if i < 0 {
		if len(s) > 40 {
			return t, s, false
		}
		i = len(s)
	}
	t, assumed, ok := c.iso(s[:i])
	return t, s[min(len(s), i+1):], ok && !assumed
}

// isDay says whether s begins with a day of RFC 3339 and the T behind it.
func isDay(s string) bool {
	return len(s) > 10 && isDigit(s[0]) && s[4] == '-' && s[7] == '-' && s[10] == 'T'
}

// Envelopes lists what may be around the lines of a format: what a container engine, syslog or a shipper writes. Their
// names are taken by Options.Format, alone or before a slash and a format's name.
func Envelopes() []FormatInfo {
	list := make([]FormatInfo, len(envelopes))
	for i, e := range envelopes {
		list[i] = FormatInfo{Name: e.name, Summary: e.summary, Example: e.example, Aliases: e.aliases}
	}
	return list
}

package parser

import (
	"strings"
	"time"

	"hangup/event"
)

// What Erlang and Elixir programs write: error_logger's reports, OTP's logger on one line or more, lager, Elixir's
// Logger, with the exit reasons of Cowboy's and Ranch's processes.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "erlang-cowboy",
			Summary:   "Erlang and Elixir: error_logger, OTP's logger, lager, Elixir's Logger; Cowboy, Ranch and Bandit",
			Example:   `2014-09-11 00:00:27.304 [error] <0.1091.0> Ranch listener https had connection process started with cowboy_protocol:start_link/4 at <0.27049.9> exit with reason: {closed,[{ranch_ssl,accept_ack,2}]}`,
			Multiline: true,
		},
		rank: 57,
		make: func(o Options) (grammar, error) { return &erlangLog{clock: clock{zone: o.Zone}}, nil },
	})
}

type erlangLog struct {
	clock clock
	state erlangState
}

type erlangState uint8

const (
	erlangNone   erlangState = iota
	erlangReport             // inside "=ERROR REPORT====": all lines up to an empty one
	erlangLine               // behind another record's first line
	erlangEmpty              // behind the empty line that error_logger puts before a report
	erlangStray              // inside a report whose beginning is not there
)

func (g *erlangLog) place(line string, open bool) place {
	line = plainText(line)
	if isBlank(line) {
		// error_logger writes the empty line before a report, not behind it.
		g.state = erlangEmpty
		return opens
	}
	h, ok := cutErlang(line)
	was := g.state
	switch {
	case ok && h.report && was == erlangEmpty && open:
		g.state = erlangReport
		return more
	case ok && h.report:
		g.state = erlangReport
		return opens
	case ok:
		g.state = erlangLine
		return opens
	case open && was == erlangReport, open && was == erlangLine && isErlangMore(line):
		return more
	case line[0] == ' ' && (!open || was == erlangEmpty) && isErlangTerm(strings.TrimLeft(line, " ")):
		g.state = erlangStray
		return stray
	}
	g.state = erlangNone
	return whole
}

func (*erlangLog) remembers() bool { return false }

// isErlangMore says whether a line belongs to the record before it: indented, or one of the lines at the margin that
// Elixir's reports have.
func isErlangMore(s string) bool {
	return s[0] == ' ' || s[0] == '\t' || hasPrefixOf(s, []string{
		"** (", "Server: ", "Client: ", "Request: ", "State: ", "Last message", "Function: ", "Args: ", "an exception was raised:", "Initial Call: ", "Ancestors: ", "Start Call: ", "Pid: ",
		"client unexpectedly closed TCP connection", // RabbitMQ
	})
}

// isErlangTerm says whether an indented line can only be of a report: "exception error: ...", "in function ...", a term.
func isErlangTerm(s string) bool {
	return hasPrefixOf(s, []string{"exception ", "in function ", "in call from ", "crasher:", "initial call: ", "ancestors: ", "neighbours:", "Supervisor: ", "Context: ", "Offender: ", "Reason: "})
}

type erlangHead struct {
	time    string
	stamp   javaStamp
	report  bool
	level   string
	request string
	message string
}

var erlangLevels = map[string]string{
	"debug": "DEBUG", "info": "INFO", "notice": "NOTICE", "warning": "WARNING", "warn": "WARN", "error": "ERROR",
	"critical": "CRITICAL", "alert": "ALERT", "emergency": "EMERGENCY",
}

// erlangReports are the kinds of error_logger's and sasl's reports, with the levels at which they are logged.
var erlangReports = map[string]string{"ERROR": "ERROR", "WARNING": "WARNING", "INFO": "INFO", "NOTICE": "NOTICE", "DEBUG": "DEBUG", "CRITICAL": "CRITICAL", "ALERT": "ALERT", "EMERGENCY": "EMERGENCY", "CRASH": "ERROR", "SUPERVISOR": "ERROR", "PROGRESS": "INFO"}

// cutErlang reads the first line of a record:
//
//	=ERROR REPORT==== 25-Mar-2015::11:26:18 ===
//	2026-11-22T10:00:00.123456+00:00 error: message
//	2014-09-11 00:00:27.304 [error] <0.1091.0> message
//	10:00:00.123 request_id=F1 [error] message
func cutErlang(s string) (h erlangHead, ok bool) {
	if len(s) < 14 {
		return h, false
	}
	if s[0] == '=' {
		kind, rest, found := strings.Cut(s[1:], " REPORT==== ")
		h.level = erlangReports[kind]
		text, found2 := strings.CutSuffix(strings.TrimRight(rest, " "), " ===")
		h.report, h.time = true, text
		return h, found && found2 && h.level != ""
	}
	if !isDigit(s[0]) {
		return h, false
	}
	stamp, n := javaTime(s)
	if stamp != javaISO && stamp != javaClock || n >= len(s) || s[n] != ' ' {
		return h, false
	}
	h.stamp, h.time, s = stamp, s[:n], s[n+1:]
	if kind, found := strings.CutSuffix(s, " REPORT===="); found && s[0] == '=' && stamp == javaISO { // lager's crash.log
		h.report, h.level = true, erlangReports[kind[1:]]
		return h, h.level != ""
	}
	if stamp == javaISO && h.time[10] == 'T' { // OTP's logger, logger_formatter.erl
		word, rest, found := strings.Cut(s[:min(len(s), 12)], ":")
		h.level = erlangLevels[word]
		h.message = strings.TrimPrefix(s[min(len(s), len(word)+1):], " ")
		return h, found && h.level != "" && (rest == "" || rest[0] == ' ') && n > 24
	}
	if stamp == javaClock && n != 12 {
		return h, false
	}
	for s != "" && s[0] != '[' { // Elixir's metadata
		key, value, found := strings.Cut(s[:min(len(s), 200)], "=")
		value, _, closed := strings.Cut(value, " ")
		if stamp != javaClock || !found || !closed || !isRustTarget(key) {
			return h, false
		}
		if key == "request_id" {
			h.request = value
		}
		s = s[len(key)+1+len(value)+1:]
	}
	end := strings.IndexByte(s[:min(len(s), 16)], ']')
	if end < 0 {
		return h, false
	}
	h.level = erlangLevels[s[1:end]]
	if h.level == "" || end+1 < len(s) && s[end+1] != ' ' {
		return h, false
	}
	s = strings.TrimPrefix(s[end+1:], " ")
	if stamp == javaClock { // Elixir's
		h.message = strings.TrimLeft(s, " ")
		return h, true
	}
	// lager and RabbitMQ: a process, "emulator" or "Undefined"
	who, message, _ := strings.Cut(s, " ")
	if !strings.HasPrefix(who, "<0.") && who != "emulator" && who != "Undefined" && !strings.HasPrefix(who, "<") {
		return h, false
	}
	h.message = message
	return h, true
}

// erlangReportTime reads "25-Mar-2015::11:26:18", with a fraction since OTP 21, or "UTC" behind it.
func erlangReportTime(c *clock, s string) (t time.Time, assumed, ok bool) {
	s, utc := strings.CutSuffix(s, " UTC")
	date, clockText, ok := strings.Cut(s, "::")
	dayText, rest, ok1 := strings.Cut(date, "-")
	name, yearText, ok2 := strings.Cut(rest, "-")
	day, ok3 := count(dayText)
	year, ok4 := count(yearText)
	if !ok || !ok1 || !ok2 || !ok3 || !ok4 || len(name) != 3 || len(clockText) < 8 || day > 31 || year > lastYear {
		return t, false, false
	}
	month, ok1 := monthOf(name)
	secs, ok2 := clockTime(clockText[:8])
	if !ok1 || !ok2 {
		return t, false, false
	}
	days, ok := civilDays(int(year), month, int(day))
	if !ok {
		return t, false, false
	}
	if utc {
		nanos, ok := fractionNanos(clockText[8:])
		return time.Unix(days*86400+secs, nanos).UTC(), false, ok
	}
	t, ok = c.local(days*86400+secs, clockText[8:])
	return t, true, ok
}

func (g *erlangLog) read(text string, r *event.Record) event.Reason {
	e := &r.Event
	first, lines := splitRecord(plainText(text), r.Lines)
	if isBlank(first) {
		if len(lines) < 2 {
			e.Kind, r.Reason = event.Skipped, event.Blank
			if strings.IndexByte(first, 0) >= 0 {
				r.Reason = event.Hole
			}
			return ""
		}
		first, lines = lines[1], lines[1:]
	}
	h, ok := cutErlang(first)
	if !ok {
		return event.NoFormat
	}
	if h.report && h.stamp == javaNoTime {
		e.Time, e.ZoneAssumed, ok = erlangReportTime(&g.clock, h.time)
	} else {
		e.Time, e.ZoneAssumed, ok = readJavaTime(&g.clock, h.stamp, h.time)
	}
	if !ok {
		return event.BadTime
	}
	if e.Time.IsZero() {
		e.ZoneAssumed = false
	}
	e.Kind = event.Other
	e.Level, e.RequestID = h.level, h.request
	message := cut(h.message)
	if len(lines) > 1 {
		rest := lines[1:]
		if message == "" {
			message, rest = strings.TrimSpace(cut(rest[0])), rest[1:]
		}
		for _, line := range rest[:min(len(rest), 100)] { // exit reasons go over several lines
			if len(message) > maxMessage {
				break
			}
			message += " " + strings.TrimSpace(cut(line))
		}
	}
	erlangSignal(e, cut(message))
	return ""
}

package parser

import (
	"strings"
	"time"

	"hangup/event"
)

// PostgreSQL's server log on stderr (backend/utils/error/elog.c), with any log_line_prefix that begins with the time:
//
//	2026-11-23 07:19:23.603 UTC [3227] app@shop 203.0.113.7 LOG:  could not receive data from client: ...
//
// The severity is followed by a colon and two blanks. Lines of a message behind its first begin with a tab; the server
// writes the prefix again before STATEMENT, DETAIL and their like, which are records of their own.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "postgresql",
			Summary:   "PostgreSQL server log on stderr, any log_line_prefix",
			Example:   `2026-11-23 07:19:23.603 UTC [3227] app@shop 203.0.113.7 LOG:  could not receive data from client: Connection reset by peer`,
			Multiline: true,
		},
		rank: 20,
		make: func(o Options) (grammar, error) { return &postgresql{clock: clock{zone: o.Zone}}, nil },
	})
}

type postgresql struct{ clock clock }

func (g *postgresql) place(line string, open bool) place {
	switch {
	case line == "":
	case line[0] == '\t':
		if open {
			return more
		}
		return stray
	default:
		if _, _, ok := cutPostgres(line); ok {
			return opens
		}
	}
	return whole
}

func (*postgresql) remembers() bool { return false }

// postgresLevels are the severities, and, as false, the names of a message's further parts (error_severity and
// send_message_to_server_log in elog.c).
var postgresLevels = map[string]bool{
	"DEBUG": true, "DEBUG1": true, "DEBUG2": true, "DEBUG3": true, "DEBUG4": true, "DEBUG5": true, "LOG": true, "INFO": true, "NOTICE": true,
	"WARNING": true, "ERROR": true, "FATAL": true, "PANIC": true,
	"DETAIL": false, "HINT": false, "QUERY": false, "CONTEXT": false, "STATEMENT": false, "LOCATION": false, "BACKTRACE": false,
}

// maxPostgresPrefix bounds a log_line_prefix.
const maxPostgresPrefix = 512

// cutPostgres splits a line at its severity: what stands before it, and the severity with the message.
func cutPostgres(s string) (prefix, rest string, ok bool) {
	limit := s[:min(len(s), maxPostgresPrefix)]
	for from := 0; ; {
		i := strings.Index(limit[from:], ":  ")
		if i < 0 {
			return "", "", false
		}
		i += from
		start := i
		for start > 0 && (limit[start-1] >= 'A' && limit[start-1] <= 'Z' || isDigit(limit[start-1])) {
			start--
		}
		if isMessage, isLevel := postgresLevels[limit[start:i]]; isLevel && (i+3 == len(s) || s[i+3] != ' ') {
			prefix = limit[:start]
			if prefix == "" { // of the severities those that no other program writes so
				level := limit[:i]
				return prefix, s, !isMessage || level == "LOG" || level == "FATAL" || level == "PANIC" || level == "ERROR"
			}
			return prefix, s[start:], isPostgresPrefix(prefix)
		}
		from = i + 3
	}
}

// isPostgresPrefix says whether s can be a log_line_prefix: one that begins with a time or the process.
func isPostgresPrefix(s string) bool {
	s = strings.TrimLeft(s, "<[ ")
	if len(s) > 10 && s[4] == '-' && s[7] == '-' && isDigit(s[0]) && (s[10] == ' ' || s[10] == 'T') {
		return true
	}
	digits := 0
	for digits < len(s) && isDigit(s[digits]) {
		digits++
	}
	return digits > 0 && digits < len(s) && strings.IndexByte(".]-", s[digits]) >= 0
}

func (g *postgresql) read(text string, r *event.Record) event.Reason {
	prefix, rest, ok := cutPostgres(text)
	if !ok {
		return event.NoFormat
	}
	e := &r.Event
	e.Kind = event.Other
	level, message, _ := strings.Cut(rest, ":  ")
	e.Level = level
	if why := g.prefix(e, prefix); why != "" {
		return why
	}
	if !postgresLevels[level] { // a statement, a hint: what a client wrote
		return ""
	}
	message, _, _ = strings.Cut(cut(message), "\n")
	postgresMessage(e, message)
	return ""
}

// prefix reads the time, the process and the client from the prefix.
func (g *postgresql) prefix(e *event.Event, s string) event.Reason {
	s = strings.TrimLeft(s, "< ")
	if len(s) > 18 && s[4] == '-' && s[10] == ' ' {
		end := 19
		if end < len(s) && s[end] == '.' {
			end++
			for end < len(s) && isDigit(s[end]) {
				end++
			}
		}
		zone := ""
		if end < len(s) && s[end] == ' ' {
			zone = s[end+1:]
			i := 0
			for i < len(zone) && (zone[i]|0x20 >= 'a' && zone[i]|0x20 <= 'z' || i == 0 && (zone[0] == '+' || zone[0] == '-') || isDigit(zone[i]) && zone[0] < 'A') {
				i++
			}
			zone = zone[:i]
		}
		if why := zonedTime(&g.clock, e, s[:end], zone); why != "" {
			return why
		}
		s = s[end:]
	} else if i := strings.IndexByte(s, '.'); i == 10 && len(s) > 14 { // %n
		if t, ok := epoch(s[:14]); ok {
			e.Time = t
			s = s[14:]
		}
	}
	postgresPrefix(e, s)
	return ""
}

// zonedTime reads a civil time with the abbreviation of its zone. An abbreviation that is not known is the log's zone.
func zonedTime(c *clock, e *event.Event, civil, zone string) event.Reason {
	offset, known := zoneNameOffset(zone)
	if !known {
		var ok bool
		if e.Time, ok = c.sql(civil, '-'); !ok {
			return event.BadTime
		}
		e.ZoneAssumed = true
		return ""
	}
	seconds, ok := civilSQL(civil[:19], '-')
	nanos, ok2 := fractionNanos(civil[19:])
	if !ok || !ok2 {
		return event.BadTime
	}
	e.Time = time.Unix(seconds-offset, nanos).UTC()
	return ""
}

// postgresPrefix finds the process (%p in brackets, with its line's number behind it or not) and the client (%h, %r) in
// what follows the time.
func postgresPrefix(e *event.Event, s string) {
	for i := 0; i < len(s) && e.PID == 0; i++ {
		if s[i] != '[' {
			continue
		}
		end := strings.IndexByte(s[i:], ']')
		if end < 0 {
			break
		}
		number, _, _ := strings.Cut(s[i+1:i+end], "-")
		e.PID = pid(number)
		i += end
	}
	for _, key := range [...]string{"client=", "host=", "remote=", "c=", "h="} {
		if v := valueOf(s, key); v != "" {
			postgresClient(e, v)
			return
		}
	}
	for from := 0; from < len(s); { // a word, or a part between colons as in %t:%r:%u@%d:[%p]:
		end := from
		for end < len(s) && s[end] != ' ' && s[end] != ',' {
			end++
		}
		word := s[from:end]
		from = end + 1
		if postgresClient(e, strings.TrimSuffix(word, ":")) {
			return
		}
		for part := range strings.SplitSeq(word, ":") {
			if strings.IndexByte(part, '.') > 0 && postgresClient(e, part) {
				return
			}
		}
	}
}

// postgresClient reads "203.0.113.7", "203.0.113.7(51234)", "[local]".
func postgresClient(e *event.Event, s string) bool {
	a, p, hasPort := strings.Cut(strings.TrimSuffix(s, ")"), "(")
	if !isIP(a) || strings.IndexByte(a, ':') >= 0 && strings.Count(a, ":") < 2 {
		return false
	}
	e.Client = address(a)
	if hasPort {
		e.ClientPort = port(p)
	}
	return true
}

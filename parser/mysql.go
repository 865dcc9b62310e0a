package parser

import (
	"strings"

	"hangup/event"
)

// The error log of MySQL and MariaDB (sql/log.cc; MySQL 8: sql/server_component/log_sink_trad.cc), of all ages:
//
//	130928 22:56:26 [Warning] message                                  up to 5.6 and MariaDB 10.0
//	2026-06-30 15:34:19 216 [Warning] message                          5.6, MariaDB 10.1 and later: with a thread's id
//	2024-02-11T02:20:03.555182Z 129 [Note] message                     5.7
//	2024-02-11T02:20:03.555182Z 129 [Note] [MY-010914] [Server] message  8.0 and later
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "mysql",
			Summary:   "error log of MySQL and MariaDB (set log_error_verbosity = 3 or log_warnings = 2: aborted connections are notes)",
			Example:   `2024-02-11T02:20:03.555182Z 129 [Note] [MY-010914] [Server] Aborted connection 129 to db: 'shop' user: 'app' host: '203.0.113.7' (Got an error reading communication packets).`,
			Multiline: true,
		},
		rank: 22,
		make: func(o Options) (grammar, error) { return &mysql{clock: clock{zone: o.Zone}}, nil },
	})
}

type mysql struct{ clock clock }

func (g *mysql) place(line string, open bool) place {
	if _, ok := cutMySQL(line); ok {
		return opens
	}
	if open && (isIndented(line) || strings.HasPrefix(line, "InnoDB: ") || strings.HasPrefix(line, "Version: '")) {
		return more
	}
	return whole
}

func (*mysql) remembers() bool { return false }

type mysqlHead struct {
	short, time, level, message string
}

// cutMySQL takes the head of a line. A program's name stands in the place of the level when mysqld_safe writes.
func cutMySQL(s string) (h mysqlHead, ok bool) {
	rest := ""
	switch {
	case len(s) > 17 && s[6] == ' ' && s[9] == ':' && s[12] == ':' && s[15] == ' ' && isDigit(s[0]) && isDigit(s[5]): // "130928 22:56:26 "
		h.short, rest = s[:15], s[16:]
	case len(s) > 21 && s[4] == '-' && s[7] == '-' && s[10] == ' ' && s[13] == ':' && s[16] == ':' && s[19] == ' ' && isDigit(s[0]):
		h.time, rest = s[:19], s[20:]
	case len(s) > 29 && s[4] == '-' && s[7] == '-' && s[10] == 'T' && s[19] == '.' && isDigit(s[0]):
		i := strings.IndexByte(s[:min(len(s), 34)], ' ')
		if i < 26 {
			return h, false
		}
		h.time, rest = s[:i], s[i+1:]
	default:
		return h, false
	}
	if after, isSafe := strings.CutPrefix(rest, "mysqld_safe "); isSafe {
		h.message = after
		return h, true
	}
	digits := 0
	for digits < len(rest) && (isDigit(rest[digits]) || h.time != "" && rest[digits]-'a' < 6) {
		digits++
	}
	if digits > 0 {
		if digits > 18 || digits == len(rest) || rest[digits] != ' ' {
			return h, false
		}
		rest = rest[digits+1:]
		if strings.HasPrefix(rest, "InnoDB: ") { // MariaDB 10.0, 5.6: no level
			h.message = rest
			return h, true
		}
	} else if h.short == "" && h.time[10] == 'T' {
		return h, false
	}
	rest = strings.TrimPrefix(rest, " ")
	i := strings.IndexByte(rest[:min(len(rest), 12)], ']')
	if i < 4 || rest[0] != '[' || !mysqlLevels[rest[1:i]] || i+1 < len(rest) && rest[i+1] != ' ' {
		return h, false
	}
	h.level = rest[1:i]
	h.message = strings.TrimPrefix(rest[i+1:], " ")
	for range 2 { // "[MY-010914] [Server] "
		if after, found := cutMySQLTag(h.message); found {
			h.message = after
		}
	}
	return h, true
}

var mysqlLevels = map[string]bool{"Note": true, "Warning": true, "ERROR": true, "Error": true, "System": true}

func cutMySQLTag(s string) (string, bool) {
	i := strings.Index(s[:min(len(s), 24)], "] ")
	if i < 2 || s[0] != '[' || !strings.HasPrefix(s, "[MY-") && strings.IndexByte(s[:i], ' ') >= 0 {
		return s, false
	}
	return s[i+2:], true
}

func (g *mysql) read(text string, r *event.Record) event.Reason {
	first, _, _ := strings.Cut(text, "\n")
	h, ok := cutMySQL(first)
	if !ok {
		return event.NoFormat
	}
	e := &r.Event
	e.Kind = event.Other
	switch {
	case h.short != "":
		seconds, ok := civilShort(h.short)
		if !ok {
			return event.BadTime
		}
		if e.Time, ok = g.clock.local(seconds, ""); !ok {
			return event.BadTime
		}
		e.ZoneAssumed = true
	case h.time[11] == ' ': // the hour is padded with a blank
		padded := h.time[:11] + "0" + h.time[12:]
		if e.Time, ok = g.clock.sql(padded, '-'); !ok {
			return event.BadTime
		}
		e.ZoneAssumed = true
	default:
		if e.Time, e.ZoneAssumed, ok = g.clock.iso(h.time); !ok {
			return event.BadTime
		}
	}
	e.Level = strings.ToUpper(h.level)
	mysqlMessage(e, cut(h.message))
	return ""
}

// civilShort reads "130928 22:56:26", with a blank before an hour of one digit, as seconds since 1970.
func civilShort(s string) (int64, bool) {
	year, ok1 := two(s, 0)
	month, ok2 := two(s, 2)
	day, ok3 := two(s, 4)
	if s[7] == ' ' {
		s = s[:7] + "0" + s[8:]
	}
	seconds, ok4 := clockTime(s[7:15])
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return 0, false
	}
	days, ok := civilDays(2000+year, month, day)
	return days*86400 + seconds, ok
}

// mysqlReasons are the reasons of an aborted connection (share/messages_to_error_log.txt and messages_to_clients.txt;
// MariaDB: sql/share/errmsg-utf8.txt, sql/sql_connect.cc). A connection that was closed in order is none.
var mysqlReasons = []struct {
	text  string
	party event.Party
	how   event.How
	phase event.Phase
}{
	{"Got an error reading communication packets", event.PartyClient, event.HowUnknown, event.PhaseUnknown},
	{"Got timeout reading communication packets", event.PartyClient, event.HowTimeout, event.PhaseUnknown},
	{"Got an error writing communication packets", event.PartyClient, event.HowUnknown, event.PhaseResponse},
	{"Got timeout writing communication packets", event.PartyClient, event.HowTimeout, event.PhaseResponse},
	{"Got a packet bigger than 'max_allowed_packet' bytes", event.PartyServer, event.HowClosed, event.PhaseRequest},
	{"Got packets out of order", event.PartyServer, event.HowClosed, event.PhaseUnknown},
	{"The client was disconnected by the server because of inactivity", event.PartyServer, event.HowTimeout, event.PhaseIdle},
	{"Connection was killed", event.PartyServer, event.HowClosed, event.PhaseUnknown},
	{"KILLED", event.PartyServer, event.HowClosed, event.PhaseUnknown},
	{"CLOSE_CONNECTION", event.PartyServer, event.HowClosed, event.PhaseUnknown},
	{"This connection closed normally", event.PartyNone, 0, 0},
}

// mysqlMessage reads a message: who went away.
func mysqlMessage(e *event.Event, s string) {
	switch {
	case strings.HasPrefix(s, "Aborted connection "):
		i := strings.LastIndex(s, " (")
		if i < 0 {
			hangUp(e, event.PartyUnknown, event.HowUnknown, event.PhaseUnknown)
			break
		}
		party, how, at := event.PartyUnknown, event.HowUnknown, event.PhaseUnknown
		for j := range mysqlReasons {
			if x := &mysqlReasons[j]; strings.HasPrefix(s[i+2:], x.text) {
				party, how, at = x.party, x.how, x.phase
				break
			}
		}
		mysqlHost(e, s[:i])
		if party == event.PartyNone {
			return
		}
		hangUp(e, party, how, at)
	case strings.Contains(s, ": Forcing close of thread "): // at a shutdown
		hangUp(e, event.PartyServer, event.HowClosed, event.PhaseUnknown)
	case strings.Contains(s, "Lost connection to MySQL server") || strings.Contains(s, "Lost connection to server during query"): // a replica's source
		hangUp(e, event.PartyUpstream, event.HowClosed, event.PhaseUnknown)
	default:
		return
	}
	e.Message = s
}

// mysqlHost reads " host: '203.0.113.7'" at the end of s. Names are resolved by the server and say less.
func mysqlHost(e *event.Event, s string) {
	i := strings.LastIndex(s, " host: '")
	if i < 0 {
		return
	}
	if a := strings.TrimSuffix(s[i+len(" host: '"):], "'"); isIP(a) {
		e.Client = address(a)
	}
}

package parser

import (
	"strings"

	"hangup/event"
)

// PostgreSQL's log with log_destination = csvlog (backend/utils/error/csvlog.c) or jsonlog (jsonlog.c, since 15). Both
// have all that log_line_prefix can give, and a statement, detail or hint in the record of its message.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "postgresql-csv",
			Summary:   "PostgreSQL server log, log_destination = csvlog",
			Example:   `2026-11-23 07:19:25.575 UTC,"app","shop",3357,"203.0.113.7:53594",6742bd9d.d1d,4,"SELECT",2026-11-23 07:19:24 UTC,3/0,0,LOG,08006,"could not send data to client: Connection reset by peer",,,,,,"select 1",,,"app","client backend",,0`,
			Multiline: true,
			Aliases:   []string{"postgresql-csvlog"},
		},
		rank: 18,
		make: func(o Options) (grammar, error) { return &postgresCSV{clock: clock{zone: o.Zone}}, nil },
	})
	register(format{
		FormatInfo: FormatInfo{
			Name:    "postgresql-json",
			Summary: "PostgreSQL server log, log_destination = jsonlog",
			Example: `{"timestamp":"2026-11-23 07:19:25.575 UTC","user":"app","dbname":"shop","pid":3357,"remote_host":"203.0.113.7","remote_port":53594,"error_severity":"LOG","state_code":"08006","message":"could not send data to client: Connection reset by peer","backend_type":"client backend"}`,
			Aliases: []string{"postgresql-jsonlog"},
		},
		rank: 18,
		make: func(o Options) (grammar, error) { return &postgresJSON{clock: clock{zone: o.Zone}}, nil },
	})
}

type postgresCSV struct {
	clock  clock
	inside bool // the open record ends in a quoted value
}

// Columns of a csvlog record.
const (
	csvTime     = 0
	csvPID      = 3
	csvPeer     = 4
	csvSeverity = 11
	csvMessage  = 13
	csvColumns  = 23 // before 13; later versions add to them
)

func (g *postgresCSV) place(line string, open bool) place {
	odd := strings.Count(line, `"`)%2 == 1
	if open && g.inside && !isPostgresCSV(line) { // a value that is never closed ends with the next record
		if !odd {
			return more
		}
		g.inside = false
		return closes
	}
	if !isPostgresCSV(line) {
		return whole
	}
	g.inside = odd
	if odd {
		return opens
	}
	return whole
}

func (*postgresCSV) remembers() bool { return false }

// isPostgresCSV says whether a line begins with a time and its zone, and a comma.
func isPostgresCSV(s string) bool {
	if len(s) < 40 || s[4] != '-' || s[7] != '-' || s[10] != ' ' || s[19] != '.' || s[23] != ' ' || !isDigit(s[0]) {
		return false
	}
	i := strings.IndexByte(s[24:min(len(s), 32)], ',')
	return i > 1
}

func (g *postgresCSV) read(text string, r *event.Record) event.Reason {
	if !isPostgresCSV(text) {
		return event.NoFormat
	}
	var columns [csvColumns]string
	n := 0
	for rest := text; rest != "" || n == 0; n++ {
		var v string
		var ok bool
		if v, rest, ok = cutCSV(rest); !ok {
			return event.NoFormat
		}
		if n < csvColumns {
			columns[n] = v
		}
	}
	if _, isLevel := postgresLevels[columns[csvSeverity]]; n < csvColumns || !isLevel || pid(columns[csvPID]) == 0 {
		return event.NoFormat
	}
	e := &r.Event
	civil, zone := columns[csvTime][:23], columns[csvTime][24:]
	if why := zonedTime(&g.clock, e, civil, zone); why != "" {
		return why
	}
	e.Level, e.PID = columns[csvSeverity], pid(columns[csvPID])
	if a, p := addressPort(columns[csvPeer]); isIP(a) {
		e.Client, e.ClientPort = a, p
	}
	message, _, _ := strings.Cut(cut(columns[csvMessage]), "\n")
	postgresMessage(e, message)
	return ""
}

// cutCSV takes a value from the beginning of s and the comma behind it. Quotes in a value are doubled; a value without
// any is a part of s.
func cutCSV(s string) (v, rest string, ok bool) {
	if s == "" || s[0] != '"' {
		v, rest, _ = strings.Cut(s, ",")
		return v, rest, true
	}
	doubled := false
	for i := 1; i < len(s); i++ {
		j := strings.IndexByte(s[i:], '"')
		if j < 0 {
			break
		}
		i += j
		if i+1 < len(s) && s[i+1] == '"' {
			doubled = true
			i++
			continue
		}
		v = s[1:i]
		if doubled {
			v = strings.ReplaceAll(v, `""`, `"`)
		}
		if rest = s[i+1:]; rest != "" {
			rest, ok = strings.CutPrefix(rest, ",")
			return v, rest, ok
		}
		return v, "", true
	}
	return "", "", false
}

type postgresJSON struct {
	oneLine
	clock clock
}

func (g *postgresJSON) read(line string, r *event.Record) event.Reason {
	if !strings.HasPrefix(line, `{"timestamp":"`) {
		return event.NoFormat
	}
	var stamp, message, severity, host, remotePort string
	ok := jsonFields(line, func(key, value string) {
		switch key {
		case "timestamp":
			stamp = value
		case "message":
			message = value
		case "error_severity":
			severity = value
		case "remote_host":
			host = value
		case "remote_port":
			remotePort = value
		case "pid":
			r.PID = pid(value)
		}
	})
	if _, isLevel := postgresLevels[severity]; !ok || !isLevel || len(stamp) < 25 || stamp[19] != '.' || stamp[23] != ' ' {
		return event.NoFormat
	}
	e := &r.Event
	if why := zonedTime(&g.clock, e, stamp[:23], stamp[24:]); why != "" {
		return why
	}
	e.Level = severity
	if isIP(host) {
		e.Client, e.ClientPort = address(host), port(remotePort)
	}
	message, _, _ = strings.Cut(cut(message), "\n")
	postgresMessage(e, message)
	return ""
}

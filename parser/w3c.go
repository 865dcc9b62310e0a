package parser

import (
	"strings"
	"time"
)

// w3cField is a column of W3C's extended log file format that is read. Others are passed over.
type w3cField uint8

const (
	wIgnored w3cField = iota
	wDate
	wTime
	wClient
	wClientPort
	wMethod
	wURI // a path with its query
	wStem
	wQuery
	wVersion
	wHost
	wStatus
	wSubstatus
	wWin32
	wBytes
	wAgent
	wReferer
	wTaken
	wReason
	wEdgeHost
	wEdgeID
	wEdgeResult
	wEdgeDetail
	w3cFields
)

// w3cNames are the columns' names, of IIS, HTTP.sys and CloudFront.
var w3cNames = map[string]w3cField{
	"date": wDate, "time": wTime, "c-ip": wClient, "c-port": wClientPort, "cs-method": wMethod, "cs-uri": wURI,
	"cs-uri-stem": wStem, "cs-uri-query": wQuery, "cs-version": wVersion, "cs-protocol-version": wVersion,
	"cs-host": wHost, "cs(Host)": wHost, "sc-status": wStatus, "sc-substatus": wSubstatus, "sc-win32-status": wWin32,
	"sc-bytes": wBytes, "cs(User-Agent)": wAgent, "cs(Referer)": wReferer, "time-taken": wTaken, "s-reason": wReason,
	"x-host-header": wEdgeHost, "x-edge-request-id": wEdgeID, "x-edge-result-type": wEdgeResult,
	"x-edge-detailed-result-type": wEdgeDetail,
}

// w3cTable reads the lines of a log whose columns a line "#Fields: ..." names, which may come again in mid-file.
type w3cTable struct {
	separator byte
	columns   []w3cField
	named     bool // a line has named them, or shown that they are another program's
	values    [w3cFields]string

	day  string // the date that was read last, and when it began
	from int64
}

// directive reads a line that begins with "#". Its name is "" when the line is none.
func w3cDirective(line string) (name, value string) {
	if len(line) < 3 || line[0] != '#' {
		return "", ""
	}
	name, value, ok := strings.Cut(line[1:], ":")
	if !ok {
		return "", ""
	}
	switch name {
	case "Software", "Version", "Date", "Fields", "Start-Date", "End-Date", "Remark":
		return name, strings.TrimSpace(value)
	}
	return "", ""
}

// setColumns takes the columns' names, which are separated by blanks or tabs.
func (t *w3cTable) setColumns(names string) {
	t.columns = t.columns[:0]
	for name := range strings.FieldsSeq(names) {
		t.columns = append(t.columns, w3cNames[name])
	}
}

// maxColumns bounds the columns of a line: a header may name any number.
const maxColumns = 256

// row splits a line into its values, "" for "-". It returns false when it has not one for each column: with fewer
// only if enough of them are there.
func (t *w3cTable) row(line string, enough int) bool {
	clear(t.values[:])
	for i, c := range t.columns {
		value, rest := line, ""
		end := strings.IndexByte(line, t.separator)
		if end >= 0 {
			value, rest = line[:end], line[end+1:]
		}
		if value != "-" {
			t.values[c] = value
		}
		if end < 0 {
			return i+1 == len(t.columns) || i+1 >= enough
		}
		line = rest
	}
	return false
}

// time reads the date and the time, which are UTC.
func (t *w3cTable) time() (time.Time, bool) {
	date, clock := t.values[wDate], t.values[wTime]
	if len(date) != 10 || len(clock) != 8 || clock[2] != ':' || clock[5] != ':' {
		return time.Time{}, false
	}
	if date != t.day {
		year, ok1 := four(date, 0)
		month, ok2 := two(date, 5)
		day, ok3 := two(date, 8)
		days, ok := civilDays(year, month, day)
		if !ok1 || !ok2 || !ok3 || !ok || date[4] != '-' || date[7] != '-' {
			return time.Time{}, false
		}
		t.day, t.from = strings.Clone(date), days*86400
	}
	seconds, ok := clockTime(clock)
	return time.Unix(t.from+seconds, 0).UTC(), ok
}

package parser

import (
	"strings"
	"time"

	"hangup/event"
)

// IIS's log in W3C's extended format (Microsoft Learn: "W3C Logging", "IIS log file formats"). Times are UTC and tell
// when the exchange ended.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "iis-w3c",
			Summary:   "IIS: W3C extended log file format, with the columns that #Fields names",
			Example:   `2026-11-22 10:00:02 10.44.0.136 GET /report.aspx - 443 - 203.0.113.251 Mozilla/5.0+(Windows+NT+10.0) - 200 0 64 30123`,
			Durations: true,
		},
		rank: 38,
		make: func(Options) (grammar, error) {
			g := &iisW3C{table: w3cTable{separator: ' '}}
			g.table.setColumns(iisColumns)
			return g, nil
		},
	})
}

// iisColumns are those of IIS 7 and later by default.
const iisColumns = "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken"

type iisW3C struct {
	oneLine
	table w3cTable
}

func (g *iisW3C) read(line string, r *event.Record) event.Reason {
	t, e := &g.table, &r.Event
	if name, value := w3cDirective(line); name != "" {
		if name == "Software" && !strings.Contains(value, "Internet Information Services") {
			return event.NoFormat
		}
		if name == "Fields" {
			t.named = true
			if !strings.Contains(value, "sc-status") || !strings.Contains(value, "cs-") || !strings.Contains(value, " ") ||
				strings.Contains(value, "x-edge-") || strings.Contains(value, "s-reason") {
				t.columns = t.columns[:0]
				return event.NoFormat
			}
			t.setColumns(value)
		}
		e.Kind = event.Other
		return ""
	}
	if !t.row(line, maxColumns) || len(t.values[wStatus]) != 3 {
		return event.NoFormat
	}
	v := &t.values
	if v[wMethod] != "" && !isMethod(v[wMethod]) || v[wClient] != "" && !isAddress(v[wClient]) {
		return event.NoFormat
	}
	var ok bool
	if v[wDate] != "" && v[wTime] != "" { // without the date it is in "#Date"
		if e.Time, ok = t.time(); !ok {
			return event.BadTime
		}
	}
	if e.Status, ok = status(v[wStatus]); !ok {
		return event.BadNumber
	}
	if v[wBytes] != "" {
		n, ok := count(v[wBytes])
		if !ok {
			return event.BadNumber
		}
		e.Bytes = event.Some(n)
	}
	if v[wTaken] != "" {
		d, ok := units(v[wTaken], time.Millisecond)
		if !ok {
			return event.BadNumber
		}
		e.Duration = event.Some(d)
	}
	e.Exchange, e.Kind = true, event.Request
	e.Client, e.ClientPort = address(v[wClient]), port(v[wClientPort])
	e.Method, e.Path, e.Query, e.Protocol = v[wMethod], v[wStem], v[wQuery], v[wVersion]
	e.Host = host(v[wHost])
	e.UserAgent, e.Referer = unplus(v[wAgent]), unplus(v[wReferer])
	iisEnd(e, v[wWin32])
	return ""
}

func (g *iisW3C) remembers() bool { return g.table.named }

// unplus undoes what IIS does to headers: blanks become "+".
func unplus(s string) string {
	if strings.IndexByte(s, '+') < 0 {
		return s
	}
	return strings.ReplaceAll(s, "+", " ")
}

// iisEnds are the values of sc-win32-status that tell of the client's connection (Microsoft Learn: "System Error
// Codes", "Windows Sockets Error Codes"). Others, as 2 (no such file) and 5 (access denied), tell of an answer.
var iisEnds = map[string]struct {
	party event.Party
	how   event.How
}{
	"64":    {event.PartyClient, event.HowReset},      // ERROR_NETNAME_DELETED
	"10054": {event.PartyClient, event.HowReset},      // WSAECONNRESET
	"1236":  {event.PartyClient, event.HowAborted},    // ERROR_CONNECTION_ABORTED
	"10053": {event.PartyClient, event.HowAborted},    // WSAECONNABORTED
	"121":   {event.PartyClient, event.HowTimeout},    // ERROR_SEM_TIMEOUT
	"258":   {event.PartyClient, event.HowTimeout},    // WAIT_TIMEOUT
	"1460":  {event.PartyClient, event.HowTimeout},    // ERROR_TIMEOUT
	"10060": {event.PartyClient, event.HowTimeout},    // WSAETIMEDOUT
	"1229":  {event.PartyClient, event.HowClosed},     // ERROR_CONNECTION_INVALID
	"109":   {event.PartyClient, event.HowBrokenPipe}, // ERROR_BROKEN_PIPE
	"995":   {event.PartyUnknown, event.HowClosed},    // ERROR_OPERATION_ABORTED: by either end, or by a stop of IIS
}

// iisProxyEnds are those that Application Request Routing writes with 502 and 504 (WinHTTP: "Error Messages"). 12029
// (could not connect), 12007 (no such name) and 12152 (an invalid response) are no connection's end.
var iisProxyEnds = map[string]event.How{
	"12002": event.HowTimeout, // ERROR_WINHTTP_TIMEOUT
	"12030": event.HowAborted, // ERROR_WINHTTP_CONNECTION_ERROR
	"12031": event.HowReset,   // ERROR_INTERNET_CONNECTION_RESET
}

func iisEnd(e *event.Event, win32 string) {
	if how, ok := iisProxyEnds[win32]; ok && (e.Status == 502 || e.Status == 504) {
		hangUp(e, event.PartyUpstream, how, event.PhaseWaiting)
		return
	}
	end, ok := iisEnds[win32]
	if !ok {
		return
	}
	at := event.PhaseResponse
	switch {
	case e.Status == 400 || e.Status == 408: // the request could not be read to its end
		at = event.PhaseRequest
	case e.Status >= 500: // the handler failed on it: while it read, or while it wrote
		at = event.PhaseUnknown
	}
	hangUp(e, end.party, end.how, at)
}

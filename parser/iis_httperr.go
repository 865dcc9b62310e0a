package parser

import (
	"strings"

	"hangup/event"
)

// HTTP.sys's error log, httperr*.log, which has what never came to IIS (Microsoft Learn: "Error logging in HTTP
// APIs").
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:    "iis-httperr",
			Summary: "Windows HTTP.sys: error log (HTTPERR), connections and requests that never came to IIS",
			Example: `2026-11-22 10:00:05 203.0.113.1 51004 10.44.0.136 443 HTTP/1.1 GET /slow - 1 Client_Reset DefaultAppPool`,
		},
		rank: 40,
		make: func(Options) (grammar, error) {
			g := &iisHTTPErr{table: w3cTable{separator: ' '}}
			g.table.setColumns(httpErrColumns)
			return g, nil
		},
	})
}

const httpErrColumns = "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename"

type iisHTTPErr struct {
	oneLine
	table w3cTable
}

func (g *iisHTTPErr) read(line string, r *event.Record) event.Reason {
	t, e := &g.table, &r.Event
	if name, value := w3cDirective(line); name != "" {
		if name == "Software" && !strings.Contains(value, "HTTP API") {
			return event.NoFormat
		}
		if name == "Fields" {
			t.named = true
			if !strings.Contains(value, "s-reason") {
				t.columns = t.columns[:0]
				return event.NoFormat
			}
			t.setColumns(value)
		}
		e.Kind = event.Other
		return ""
	}
	v := &t.values
	if !t.row(line, maxColumns) || v[wReason] == "" || v[wMethod] != "" && !isMethod(v[wMethod]) {
		return event.NoFormat
	}
	var ok bool
	if e.Time, ok = t.time(); !ok {
		return event.BadTime
	}
	if v[wStatus] != "" {
		if e.Status, ok = status(v[wStatus]); !ok {
			return event.BadNumber
		}
	}
	e.Client, e.ClientPort = address(v[wClient]), port(v[wClientPort])
	e.Method, e.Protocol = v[wMethod], v[wVersion]
	if v[wURI] != "" {
		setTarget(e, v[wURI])
	}
	e.Message = v[wReason]
	if end, isEnd := httpErrEnds[e.Message]; isEnd {
		hangUp(e, end.party, end.how, end.phase)
		return ""
	}
	e.Exchange, e.Kind = true, event.Request // HTTP.sys answered: no handler saw it
	return ""
}

func (g *iisHTTPErr) remembers() bool { return g.table.named }

// httpErrEnds are the reasons that tell of a connection. The others tell of requests that are wrong, and of
// applications that are off, busy or full.
var httpErrEnds = map[string]struct {
	party event.Party
	how   event.How
	phase event.Phase
}{
	"Timer_ConnectionIdle":             {event.PartyClient, event.HowTimeout, event.PhaseIdle},
	"Timer_HeaderWait":                 {event.PartyClient, event.HowTimeout, event.PhaseRequest},
	"Timer_EntityBody":                 {event.PartyClient, event.HowTimeout, event.PhaseRequest},
	"Timer_MinBytesPerSecond":          {event.PartyClient, event.HowTimeout, event.PhaseResponse},
	"Client_Reset":                     {event.PartyClient, event.HowReset, event.PhaseWaiting},
	"Connection_Dropped":               {event.PartyClient, event.HowClosed, event.PhaseUnknown},
	"Request_Cancelled":                {event.PartyClient, event.HowClosed, event.PhaseUnknown},
	"Connection_Abandoned_By_ReqQueue": {event.PartyServer, event.HowClosed, event.PhaseWaiting},
	"Connection_Abandoned_By_AppPool":  {event.PartyServer, event.HowClosed, event.PhaseWaiting},
	"Connection_Dropped_List_Full":     {event.PartyServer, event.HowClosed, event.PhaseUnknown},
}

package parser

import (
	"strings"
	"time"

	"hangup/event"
)

// Google Cloud's request logs: those of the external and internal Application Load Balancers (Google Cloud
// documentation: "Global external Application Load Balancer logging and monitoring", statusDetails and proxyStatus)
// and of what else logs an httpRequest, as Cloud Run.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "gcp-http-lb",
			Summary:   "Google Cloud load balancer: request log, one JSON object a line",
			Example:   `{"insertId":"1oek5rg3l3fxj7","jsonPayload":{"statusDetails":"client_disconnected_before_any_response"},"httpRequest":{"requestMethod":"GET","requestUrl":"https://api.example.com/drive?id=7","responseSize":"0","remoteIp":"203.0.113.200","latency":"5.003211s","serverIp":"10.5.3.1"},"timestamp":"2026-11-22T10:00:30.078651Z","severity":"WARNING"}`,
			Durations: true,
		},
		rank: 20,
		make: func(o Options) (grammar, error) {
			return &gcpHTTP{clock: clock{zone: o.Zone}, json: newJSONScanner(gcpKeys)}, nil
		},
	})
}

const (
	gcpDetails = jkOwn + iota
	gcpProxyStatus
	gcpInsertID
	gcpLogName
)

var gcpKeys = newJSONTable(map[string]uint8{
	"timestamp": jkTime, "severity": jkLevel, "insertId": gcpInsertID, "logName": gcpLogName, "trace": jkID,
	"httpRequest.requestMethod": jkMethod, "httpRequest.requestUrl": jkTarget, "httpRequest.status": jkStatus,
	"httpRequest.responseSize": jkBytes, "httpRequest.userAgent": jkAgent, "httpRequest.remoteIp": jkClient,
	"httpRequest.serverIp": jkUpstream, "httpRequest.referer": jkReferer, "httpRequest.latency": jkDuration,
	"httpRequest.protocol": jkProtocol, "jsonPayload.statusDetails": gcpDetails, "jsonPayload.proxyStatus": gcpProxyStatus,
})

type gcpHTTP struct {
	oneLine
	clock clock
	json  *jsonScanner
}

func (g *gcpHTTP) read(line string, r *event.Record) event.Reason {
	j, e := g.json, &r.Event
	if !j.scan(line) || !j.has(jkMethod) && !j.has(jkTarget) || !j.has(gcpInsertID) && !j.has(gcpLogName) && !j.has(gcpDetails) {
		return event.NoFormat
	}
	var ok bool
	if e.Time, e.ZoneAssumed, ok = g.clock.moment(j.get(jkTime)); !ok {
		return event.BadTime
	}
	if !j.exchange(e) {
		return event.BadNumber
	}
	e.Exchange = true
	e.Level = j.get(jkLevel)
	e.RequestID = e.RequestID[strings.LastIndexByte(e.RequestID, '/')+1:] // projects/p/traces/ID
	if s, ok := strings.CutSuffix(j.get(jkDuration), "s"); ok {
		d, ok := units(s, time.Second)
		e.Duration = event.Opt[time.Duration]{V: d, OK: ok}
	}
	details := j.get(gcpDetails)
	if details == "" {
		_, details, _ = strings.Cut(j.get(gcpProxyStatus), `details="`)
		details, _, _ = strings.Cut(details, `"`)
	}
	e.Kind = event.Request
	gcpEnd(e, details)
	return ""
}

// gcpEnds are the details that tell of a connection's end. The others tell of a request that was answered or refused,
// of a backend that was not picked, and of responses that are wrong.
var gcpEnds = map[string]struct {
	party event.Party
	how   event.How
	phase event.Phase
}{
	"client_disconnected_before_any_response":                    {event.PartyClient, event.HowClosed, event.PhaseWaiting},
	"client_disconnected_after_partial_response":                 {event.PartyClient, event.HowClosed, event.PhaseResponse},
	"client_timed_out":                                           {event.PartyClient, event.HowTimeout, event.PhaseRequest},
	"backend_connection_closed_before_data_sent_to_client":       {event.PartyUpstream, event.HowClosed, event.PhaseWaiting},
	"backend_connection_closed_after_partial_response_sent":      {event.PartyUpstream, event.HowClosed, event.PhaseResponse},
	"backend_timeout":                                            {event.PartyUpstream, event.HowTimeout, event.PhaseWaiting},
	"failed_to_connect_to_backend":                               {event.PartyUpstream, event.HowUnknown, event.PhaseWaiting},
	"byte_range_caching_aborted":                                 {event.PartyUpstream, event.HowClosed, event.PhaseResponse},
	"byte_range_caching_failed_after_partial_response":           {event.PartyUpstream, event.HowClosed, event.PhaseResponse},
	"byte_range_caching_retrieval_failed_after_partial_response": {event.PartyUpstream, event.HowClosed, event.PhaseResponse},
	"cache_lookup_failed_after_partial_response":                 {event.PartyUpstream, event.HowClosed, event.PhaseResponse},
}

func gcpEnd(e *event.Event, details string) {
	end, ok := gcpEnds[details]
	switch {
	case ok:
		hangUp(e, end.party, end.how, end.phase)
	case details != "" && e.Status == 0: // nothing was sent, and the reason is not one that is known
		hangUp(e, event.PartyUnknown, event.HowUnknown, event.PhaseUnknown)
	case details == "" && e.Status == 499: // Cloud Run
		hangUp(e, event.PartyClient, event.HowClosed, byBytes(e))
	}
}

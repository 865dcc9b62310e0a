package parser

import (
	"strings"
	"time"

	"hangup/event"
)

// Azure Application Gateway's access log (Microsoft Learn: "Backend health and diagnostic logs for Application
// Gateway", v1 and v2). v2 counts times in seconds, v1 in milliseconds.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "azure-appgw",
			Summary:   "Azure Application Gateway: access log, one JSON object a line",
			Example:   `{"timeStamp":"2026-11-22T10:00:30+00:00","category":"ApplicationGatewayAccessLog","properties":{"instanceId":"appgw_1","clientIP":"203.0.113.220","clientPort":50382,"httpMethod":"GET","requestUri":"/","httpStatus":499,"sentBytes":0,"timeTaken":85.012,"error_info":"ERRORINFO_CLIENT_CLOSED_REQUEST"}}`,
			Durations: true,
		},
		rank: 20,
		make: func(o Options) (grammar, error) {
			return &azureAppGW{clock: clock{zone: o.Zone}, json: newJSONScanner(azureAppGWKeys)}, nil
		},
	})
}

const (
	azureCategory = jkOwn + iota
	azureInstance
	azureError
	azureOtherClient
)

var azureAppGWKeys = newJSONTable(map[string]uint8{
	"timeStamp": jkTime, "time": jkTime, "category": azureCategory, "properties.instanceId": azureInstance,
	"properties.clientIP": jkClient, "properties.clientPort": jkClientPort, "properties.httpMethod": jkMethod,
	"properties.requestUri": jkTarget, "properties.requestQuery": jkQuery, "properties.userAgent": jkAgent,
	"properties.httpStatus": jkStatus, "properties.httpVersion": jkProtocol, "properties.sentBytes": jkBytes,
	"properties.timeTaken": jkDuration, "properties.host": jkHost, "properties.originalHost": jkHost,
	"properties.serverRouted": jkUpstream, "properties.serverStatus": jkUpstreamStatus,
	"properties.serverResponseLatency": jkUpstreamTime, "properties.transactionId": jkID,
	"properties.error_info": azureError, "properties.referer": jkReferer,
})

type azureAppGW struct {
	oneLine
	clock clock
	json  *jsonScanner
}

func (g *azureAppGW) read(line string, r *event.Record) event.Reason {
	j, e := g.json, &r.Event
	if !j.scan(line) || j.get(azureCategory) != "ApplicationGatewayAccessLog" {
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
	unit := time.Second
	if strings.HasPrefix(j.get(azureInstance), "ApplicationGatewayRole") { // v1
		unit = time.Millisecond
		azureServer(e)
	}
	e.Duration = j.span(jkDuration, unit)
	e.UpstreamDuration = j.span(jkUpstreamTime, unit)
	e.Kind = event.Request
	azureAppGWEnd(e, j.get(azureError))
	return ""
}

// azureServer takes the backend of v1, which stands in the query:
// "X-AzureApplicationGateway-CACHE-HIT=0&SERVER-ROUTED=10.4.0.4&X-AzureApplicationGateway-LOG-ID=...&SERVER-STATUS=200".
func azureServer(e *event.Event) {
	if !strings.HasPrefix(e.Query, "X-AzureApplicationGateway-") {
		return
	}
	for pair := range strings.SplitSeq(e.Query, "&") {
		if s, ok := strings.CutPrefix(pair, "SERVER-ROUTED="); ok {
			e.Upstream = s
		} else if s, ok := strings.CutPrefix(pair, "SERVER-STATUS="); ok {
			e.UpstreamStatus, _ = status(s)
		}
	}
	e.Query = ""
}

// azureAppGWEnd reads error_info. Others than these tell of requests and configurations that are wrong, which were
// answered. Before error_info there was the status only: the gateway's, which is nginx.
func azureAppGWEnd(e *event.Event, info string) {
	switch info {
	case "ERRORINFO_CLIENT_CLOSED_REQUEST":
		hangUp(e, event.PartyClient, event.HowClosed, byBytes(e))
	case "ERRORINFO_CLIENT_TIMED_OUT":
		hangUp(e, event.PartyClient, event.HowTimeout, event.PhaseRequest)
	case "ERRORINFO_UPSTREAM_TIMED_OUT":
		hangUp(e, event.PartyUpstream, event.HowTimeout, event.PhaseWaiting)
	case "ERRORINFO_UPSTREAM_CLOSED_CONNECTION":
		hangUp(e, event.PartyUpstream, event.HowClosed, event.PhaseWaiting)
	case "":
		if e.Status == 499 {
			hangUp(e, event.PartyClient, event.HowClosed, byBytes(e))
		}
	}
}

// byBytes says when a client left that a load balancer was serving: before or after it had sent something.
func byBytes(e *event.Event) event.Phase {
	if e.Bytes.V > 0 {
		return event.PhaseResponse
	}
	return event.PhaseWaiting
}

package parser

import (
	"strings"
	"time"

	"hangup/event"
)

// Azure Front Door's access log (Microsoft Learn: "Monitor metrics and logs in Azure Front Door", Standard, Premium
// and classic). All numbers are strings, times are seconds.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "azure-frontdoor",
			Summary:   "Azure Front Door: access log, one JSON object a line",
			Example:   `{"category":"FrontdoorAccessLog","properties":{"trackingReference":"0k1y5YQAAAAAWd0Uc6UcnR7WN8uo2prYZ","httpMethod":"GET","requestUri":"https://shop.example:443/","responseBytes":"0","clientIp":"203.0.113.221","timeTaken":"12.001","httpStatusCode":"499","errorInfo":"ClientDisconnected"},"time":"2026-11-22T10:00:31.6479719Z"}`,
			Durations: true,
		},
		rank: 20,
		make: func(o Options) (grammar, error) {
			return &azureFrontDoor{clock: clock{zone: o.Zone}, json: newJSONScanner(azureFrontDoorKeys)}, nil
		},
	})
}

var azureFrontDoorKeys = newJSONTable(map[string]uint8{
	"time": jkTime, "timeStamp": jkTime, "category": azureCategory, "properties.errorInfo": azureError, "properties.ErrorInfo": azureError,
	"properties.clientIp": jkClient, "properties.socketIp": azureOtherClient, "properties.clientPort": jkClientPort,
	"properties.httpMethod": jkMethod, "properties.requestUri": jkTarget, "properties.httpVersion": jkProtocol,
	"properties.userAgent": jkAgent, "properties.referer": jkReferer, "properties.referrer": jkReferer,
	"properties.httpStatusCode": jkStatus, "properties.responseBytes": jkBytes, "properties.timeTaken": jkDuration,
	"properties.originIp": jkUpstream, "properties.originName": jkUpstream, "properties.backendHostname": jkUpstream,
	"properties.trackingReference": jkID,
})

type azureFrontDoor struct {
	oneLine
	clock clock
	json  *jsonScanner
}

func (g *azureFrontDoor) read(line string, r *event.Record) event.Reason {
	j, e := g.json, &r.Event
	if !j.scan(line) || !strings.EqualFold(j.get(azureCategory), "FrontdoorAccessLog") {
		return event.NoFormat
	}
	var ok bool
	if e.Time, e.ZoneAssumed, ok = g.clock.moment(j.get(jkTime)); !ok {
		return event.BadTime
	}
	if !j.exchange(e) {
		return event.BadNumber
	}
	if e.Client == "" {
		e.Client = address(j.text(azureOtherClient))
	}
	e.Exchange = true
	e.Protocol = azureProtocol(e.Protocol)
	e.Duration = j.span(jkDuration, time.Second)
	e.Kind = event.Request
	azureFrontDoorEnd(e, j.get(azureError))
	return ""
}

// azureProtocol turns "2.0.0.0" and "1.1" into "HTTP/2.0" and "HTTP/1.1".
func azureProtocol(s string) string {
	switch {
	case strings.HasPrefix(s, "1.1"):
		return "HTTP/1.1"
	case strings.HasPrefix(s, "2.0"):
		return "HTTP/2.0"
	case strings.HasPrefix(s, "3.0"):
		return "HTTP/3.0"
	case strings.HasPrefix(s, "1.0"):
		return "HTTP/1.0"
	}
	return s
}

// azureFrontDoorEnd reads ErrorInfo. The other values tell of names, certificates, responses and requests that are
// wrong, of origins that refused, and of clients that are kept out: those exchanges were answered.
func azureFrontDoorEnd(e *event.Event, info string) {
	switch info {
	case "ClientDisconnected":
		hangUp(e, event.PartyClient, event.HowClosed, byBytes(e))
	case "OriginConnectionAborted":
		hangUp(e, event.PartyUpstream, event.HowClosed, event.PhaseWaiting)
	case "OriginTimeout":
		hangUp(e, event.PartyUpstream, event.HowTimeout, event.PhaseWaiting)
	case "OriginConnectionError":
		hangUp(e, event.PartyUpstream, event.HowUnknown, event.PhaseWaiting)
	case "":
		if e.Status == 499 {
			hangUp(e, event.PartyClient, event.HowClosed, byBytes(e))
		}
	}
}

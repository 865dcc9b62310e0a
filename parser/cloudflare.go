package parser

import (
	"time"

	"hangup/event"
)

// Cloudflare's Logpush of HTTP requests (Cloudflare Docs: Logs, Log fields, "HTTP requests"). Which fields there are
// and how times look (unixnano, rfc3339, unix) is the job's setting.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "cloudflare-logpush",
			Summary:   "Cloudflare: Logpush of HTTP requests, one JSON object a line",
			Example:   `{"ClientIP":"203.0.113.210","ClientRequestHost":"www.example.com","ClientRequestMethod":"GET","ClientRequestURI":"/a","EdgeEndTimestamp":1795341605103000000,"EdgeResponseBytes":0,"EdgeResponseStatus":499,"EdgeStartTimestamp":1795341600100000000,"RayID":"87a1b2c3d4e5f001"}`,
			Durations: true,
		},
		rank: 20,
		make: func(o Options) (grammar, error) {
			return &cloudflare{clock: clock{zone: o.Zone}, json: newJSONScanner(cloudflareKeys)}, nil
		},
	})
}

const (
	cloudflareEnd = jkOwn + iota
	cloudflareNanos
)

var cloudflareKeys = newJSONTable(map[string]uint8{
	"EdgeStartTimestamp": jkTime, "EdgeEndTimestamp": cloudflareEnd, "ClientIP": jkClient, "ClientSrcPort": jkClientPort,
	"ClientRequestMethod": jkMethod, "ClientRequestURI": jkTarget, "ClientRequestPath": jkPath, "ClientRequestHost": jkHost,
	"ClientRequestProtocol": jkProtocol, "ClientRequestUserAgent": jkAgent, "ClientRequestReferer": jkReferer,
	"EdgeResponseStatus": jkStatus, "EdgeResponseBytes": jkBytes, "RayID": jkID, "OriginIP": jkUpstream,
	"OriginResponseStatus": jkUpstreamStatus, "OriginResponseDurationMs": jkUpstreamTime, "OriginResponseTime": cloudflareNanos,
})

type cloudflare struct {
	oneLine
	clock clock
	json  *jsonScanner
}

func (g *cloudflare) read(line string, r *event.Record) event.Reason {
	j, e := g.json, &r.Event
	if !j.scan(line) || !j.has(jkStatus) || !j.has(jkTime) && !j.has(cloudflareEnd) && !j.has(jkID) {
		return event.NoFormat
	}
	start, _, ok1 := g.clock.moment(j.get(jkTime))
	end, _, ok2 := g.clock.moment(j.get(cloudflareEnd))
	switch {
	case j.has(jkTime) && !ok1, j.has(cloudflareEnd) && !ok2:
		return event.BadTime
	case ok1:
		e.Time = start
	case ok2:
		e.Time = end
	}
	if ok1 && ok2 && !end.Before(start) {
		e.Duration = event.Some(end.Sub(start))
	}
	if !j.exchange(e) {
		return event.BadNumber
	}
	e.Exchange = true
	e.UpstreamDuration = j.span(jkUpstreamTime, time.Millisecond)
	if !e.UpstreamDuration.OK {
		e.UpstreamDuration = j.span(cloudflareNanos, time.Nanosecond)
	}
	e.Kind = event.Request
	cloudflareStatus(e)
	return ""
}

// cloudflareStatus reads the statuses that are Cloudflare's own (Cloudflare Docs: "5xx errors"). 521, 523 and 525 to
// 530 tell of an origin that was never reached. An origin may have sent any of them itself: then it is its answer.
func cloudflareStatus(e *event.Event) {
	switch own := e.UpstreamStatus != e.Status; {
	case e.Status == 0: // no status was sent: what ended the exchange is not said
		hangUp(e, event.PartyUnknown, event.HowUnknown, event.PhaseUnknown)
	case e.Status == 499:
		hangUp(e, event.PartyClient, event.HowClosed, byBytes(e))
	case e.Status == 520 && own: // an empty, unknown or unexpected response
		hangUp(e, event.PartyUpstream, event.HowUnknown, event.PhaseWaiting)
	case (e.Status == 522 || e.Status == 524) && own:
		hangUp(e, event.PartyUpstream, event.HowTimeout, event.PhaseWaiting)
	}
}

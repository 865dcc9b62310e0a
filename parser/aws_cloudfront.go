package parser

import (
	"strings"
	"time"

	"hangup/event"
)

// CloudFront's standard log (Amazon CloudFront Developer Guide: "Standard log file fields"): W3C's extended format with
// tabs. Columns were only ever added at the end, so older logs have fewer of them.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "aws-cloudfront",
			Summary:   "Amazon CloudFront: standard access log",
			Example:   "2024-03-12\t15:22:29\tCDG50-P2\t81920\t203.0.113.190\tGET\td111111abcdef8.cloudfront.net\t/img/a.jpg\t200\t-\tcurl/8.5.0\tv=1\t-\tError\t375WZmnR4hhhnlZKNn0D==\tcdn.example.net\thttps\t62\t4.120\t-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\tMiss\tHTTP/2.0\t-\t-\t51754\t0.050\tClientCommError\t-\t-\t-\t-",
			Durations: true,
		},
		rank: 42,
		make: func(Options) (grammar, error) {
			g := &cloudFront{table: w3cTable{separator: '\t'}}
			g.table.setColumns(cloudFrontColumns)
			return g, nil
		},
	})
}

const cloudFrontColumns = "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) " +
	"cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for " +
	"ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte " +
	"x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end"

// cloudFrontOld is how many columns the log had in the beginning: up to x-edge-request-id.
const cloudFrontOld = 15

type cloudFront struct {
	oneLine
	table w3cTable
	json  *jsonScanner // standard logging v2 may write JSON with the same names
}

// cloudFrontKeys are the names of the columns as keys, with the columns as places.
var cloudFrontKeys = func() *jsonTable {
	table := map[string]uint8{}
	for name, c := range w3cNames {
		table[name] = uint8(c)
	}
	return newJSONTable(table)
}()

// object reads a JSON object into the table's values.
func (g *cloudFront) object(line string) bool {
	if g.json == nil {
		g.json = newJSONScanner(cloudFrontKeys)
	}
	if !g.json.scan(line) || !g.json.has(uint8(wEdgeResult)) && !g.json.has(uint8(wEdgeDetail)) && !g.json.has(uint8(wEdgeID)) {
		return false
	}
	for c := wDate; c < w3cFields; c++ {
		g.table.values[c] = g.json.text(uint8(c))
	}
	return true
}

func (g *cloudFront) read(line string, r *event.Record) event.Reason {
	t, e := &g.table, &r.Event
	if name, value := w3cDirective(line); name != "" {
		if name == "Fields" {
			t.named = true
			if !strings.Contains(value, "x-edge-") || !strings.Contains(value, "sc-status") {
				t.columns = t.columns[:0]
				return event.NoFormat
			}
			t.setColumns(value)
		} else if name != "Version" {
			return event.NoFormat
		}
		e.Kind = event.Other
		return ""
	}
	v := &t.values
	if line != "" && line[0] == '{' {
		if !g.object(line) {
			return event.NoFormat
		}
	} else if !t.row(line, cloudFrontOld) {
		return event.NoFormat
	}
	if v[wMethod] == "" || !isMethod(v[wMethod]) || !isAddress(v[wClient]) {
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
	if v[wBytes] != "" {
		n, ok := count(v[wBytes])
		if !ok {
			return event.BadNumber
		}
		e.Bytes = event.Some(n)
	}
	if v[wTaken] != "" {
		d, ok := units(v[wTaken], time.Second)
		if !ok {
			return event.BadNumber
		}
		e.Duration = event.Some(d)
	}
	e.Exchange, e.Kind = true, event.Request
	e.Client, e.ClientPort = address(v[wClient]), port(v[wClientPort])
	e.Method, e.Path, e.Query, e.Protocol = v[wMethod], v[wStem], v[wQuery], v[wVersion]
	if e.Host = host(v[wEdgeHost]); e.Host == "" {
		e.Host = host(v[wHost])
	}
	e.UserAgent, e.Referer, e.RequestID = unpercent(v[wAgent]), unpercent(v[wReferer]), v[wEdgeID]
	detail := v[wEdgeDetail]
	if detail == "" {
		detail = v[wEdgeResult]
	}
	cloudFrontEnd(e, detail)
	return ""
}

func (g *cloudFront) remembers() bool { return g.table.named }

// cloudFrontEnd reads x-edge-detailed-result-type. The other values are cache results (Hit, Miss, RefreshHit ...),
// errors of names and of responses that are wrong (OriginDnsError, OriginInvalidResponse..., OriginHeaderTooBigError,
// OriginZeroSizeObjectError), refusals (ClientGeoBlocked, InvalidRequest...) and limits: those exchanges were answered.
func cloudFrontEnd(e *event.Event, detail string) {
	switch detail {
	case "ClientCommError":
		at := byBytes(e)
		if e.Status == 0 {
			at = event.PhaseWaiting
		}
		hangUp(e, event.PartyClient, event.HowClosed, at)
	case "ClientHungUpRequest":
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseRequest)
	case "SlowReaderOriginError":
		hangUp(e, event.PartyClient, event.HowTimeout, event.PhaseResponse)
	case "AbortedOrigin":
		hangUp(e, event.PartyUpstream, event.HowClosed, event.PhaseResponse)
	case "OriginCommError":
		how := event.HowUnknown
		if e.Status == 504 {
			how = event.HowTimeout
		}
		hangUp(e, event.PartyUpstream, how, event.PhaseWaiting)
	case "OriginReadError":
		hangUp(e, event.PartyUpstream, event.HowUnknown, event.PhaseUnknown)
	case "OriginWriteError":
		hangUp(e, event.PartyUpstream, event.HowUnknown, event.PhaseRequest)
	case "OriginConnectError":
		hangUp(e, event.PartyUpstream, event.HowUnknown, event.PhaseWaiting)
	}
}

// unpercent undoes one level of %HH, which CloudFront lays on headers.
func unpercent(s string) string {
	i := strings.IndexByte(s, '%')
	if i < 0 {
		return s
	}
	out := append(make([]byte, 0, len(s)), s[:i]...)
	for ; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if b, ok := hexByte(s[i+1], s[i+2]); ok {
				out = append(out, b)
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}

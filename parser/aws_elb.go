package parser

import (
	"strings"
	"time"

	"hangup/event"
)

// Access logs of Elastic Load Balancing (its user guides: "Access logs for your Application Load Balancer" with its
// connection logs, "... Network Load Balancer", "... Classic Load Balancer"). Times are UTC.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "aws-alb",
			Summary:   "AWS Application Load Balancer: access and connection log",
			Example:   `https 2026-11-22T10:00:07.451363Z app/my-lb/50dc6c495c0c9188 203.0.113.180:55999 10.0.0.1:80 0.000 -1 -1 460 - 132 0 "GET https://www.example.com:443/app/page?id=7 HTTP/1.1" "curl/8.5.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/t/73e2d6bc24d8a067 "Root=1-58337262-36d228ad5d99923122bbe354" "www.example.com" "-" 1 2026-11-22T10:00:02.450363Z "forward" "-" "-" "10.0.0.1:80" "-" "-" "-"`,
			Durations: true,
		},
		rank: 20,
		make: func(Options) (grammar, error) { return &awsALB{}, nil },
	})
	register(format{
		FormatInfo: FormatInfo{
			Name:      "aws-elb-classic",
			Summary:   "AWS Classic Load Balancer: access log",
			Example:   `2015-05-13T23:40:43.945958Z my-loadbalancer 203.0.113.41:2819 10.0.0.1:80 0.000086 -1 -1 504 0 0 0 "GET https://www.example.com:443/slow HTTP/1.1" "curl/7.38.0" - -`,
			Durations: true,
		},
		rank: 20,
		make: func(Options) (grammar, error) { return &awsClassic{}, nil },
	})
	register(format{
		FormatInfo: FormatInfo{
			Name:      "aws-nlb-tls",
			Summary:   "AWS Network Load Balancer: access log of TLS listeners",
			Example:   `tls 2.0 2024-10-25T17:34:59 net/x/c88927aafc9abafe 52878890095341b5 203.0.113.41:2817 10.0.0.1:80 60012 12 517 4096 - - - ECDHE-RSA-AES128-GCM-SHA256 tlsv12 - www.example.com - - - 2024-10-25T17:33:59`,
			Durations: true,
		},
		rank: 20,
		make: func(Options) (grammar, error) { return &awsNLB{}, nil },
	})
}

// awsFields splits a line at blanks; fields in quotes are given without them. It returns how many there are, -1 when
// a quote is missing or there are too many.
func awsFields(s string, fields []string) int {
	n := 0
	for s != "" {
		if n == len(fields) {
			return -1
		}
		var ok bool
		if s[0] == '"' {
			if fields[n], s, ok = quoted(s); !ok || s != "" && s[0] != ' ' {
				return -1
			}
			s = strings.TrimPrefix(s, " ")
		} else {
			fields[n], s, _ = strings.Cut(s, " ")
		}
		n++
	}
	return n
}

// awsDash returns a field, "" for "-".
func awsDash(s string) string {
	if s == "-" {
		return ""
	}
	return s
}

// awsTimes are the three times of an exchange, in seconds: with the request, with the target, with the response. What
// did not happen is -1.
type awsTimes [3]event.Opt[time.Duration]

func (t *awsTimes) read(fields []string) bool {
	for i := range t {
		t[i] = event.Opt[time.Duration]{}
		if strings.HasPrefix(fields[i], "-") {
			if fields[i] != "-1" && fields[i] != "-" {
				return false
			}
			continue
		}
		d, ok := seconds(fields[i])
		if !ok {
			return false
		}
		t[i] = event.Some(d)
	}
	return true
}

// sum returns the times together when all of them happened.
func (t *awsTimes) sum() event.Opt[time.Duration] {
	if !t[0].OK || !t[1].OK || !t[2].OK {
		return event.Opt[time.Duration]{}
	}
	return event.Some(t[0].V + t[1].V + t[2].V)
}

type awsALB struct {
	oneLine
	clock  clock
	fields [64]string
	times  awsTimes
}

var albTypes = map[string]bool{"http": true, "https": true, "h2": true, "grpc": true, "grpcs": true, "ws": true, "wss": true}

func (g *awsALB) read(line string, r *event.Record) event.Reason {
	f, e := &g.fields, &r.Event
	if len(line) < 20 || isDigit(line[0]) {
		return g.connection(line, e)
	}
	if kind, _, _ := strings.Cut(line[:20], " "); !albTypes[kind] {
		return event.NoFormat
	}
	n := awsFields(line, f[:])
	if n < 18 || !strings.HasPrefix(f[2], "app/") {
		return event.NoFormat
	}
	var ok bool
	if e.Time, _, ok = g.clock.iso(f[1]); !ok {
		return event.BadTime
	}
	if !g.times.read(f[5:8]) || !awsStatuses(e, f[8], f[9]) || !awsBytes(e, f[11]) {
		return event.BadNumber
	}
	e.Duration, e.UpstreamDuration = g.times.sum(), g.times[1]
	if n > 21 && !e.Duration.OK {
		if began, _, ok := g.clock.iso(f[21]); ok && !e.Time.Before(began) {
			e.Duration = event.Some(e.Time.Sub(began))
		}
	}
	e.Exchange, e.Kind = true, event.Request
	e.Client, e.ClientPort = addressPort(f[3])
	e.Upstream = upstream(f[4])
	setRequest(e, escapeHex.unescape(f[12]))
	e.UserAgent, e.RequestID = escapeHex.unescape(awsDash(f[13])), awsDash(f[17])
	if e.Host == "" && n > 18 {
		e.Host = host(f[18])
	}
	albEnd(e, f[8], f[9], &g.times)
	return ""
}

// albEnd reads the load balancer's own status ("Troubleshoot your Application Load Balancers": 460 the client closed
// the connection, 408 it sent nothing for the idle timeout, 502 the target closed, 504 it did not answer in time). One
// that the target gave too is its answer. 000: nothing was sent, the connection was ended by the load balancer.
func albEnd(e *event.Event, own, target string, t *awsTimes) {
	answered := target != "-" && target != ""
	switch {
	case own == "460":
		at := event.PhaseWaiting
		switch {
		case !t[0].OK && !t[1].OK && !t[2].OK:
			at = event.PhaseRequest
		case t[1].OK:
			at = event.PhaseResponse
		}
		hangUp(e, event.PartyClient, event.HowClosed, at)
	case own == "000":
		hangUp(e, event.PartyServer, event.HowClosed, event.PhaseRequest)
	case answered:
	case own == "408":
		hangUp(e, event.PartyClient, event.HowTimeout, event.PhaseRequest)
	case own == "502" && !t[1].OK:
		hangUp(e, event.PartyUpstream, event.HowClosed, event.PhaseWaiting)
	case own == "504":
		hangUp(e, event.PartyUpstream, event.HowTimeout, event.PhaseWaiting)
	}
}

// connection reads a connection log's line: time, client, port, listener's port, then what TLS agreed on.
func (g *awsALB) connection(line string, e *event.Event) event.Reason {
	f := &g.fields
	n := awsFields(line, f[:])
	if n < 10 || n > 16 || len(f[0]) < 20 || f[0][len(f[0])-1] != 'Z' || !isIP(f[1]) || port(f[2]) == 0 || port(f[3]) == 0 {
		return event.NoFormat
	}
	var ok bool
	if e.Time, _, ok = g.clock.iso(f[0]); !ok {
		return event.BadTime
	}
	e.Client, e.ClientPort = address(f[1]), port(f[2])
	e.Kind = event.Other
	return ""
}

func awsStatuses(e *event.Event, own, target string) (ok bool) {
	if own != "-" {
		if e.Status, ok = status(own); !ok {
			return false
		}
	}
	if target != "-" {
		if e.UpstreamStatus, ok = status(target); !ok {
			return false
		}
	}
	return true
}

func awsBytes(e *event.Event, s string) bool {
	n, ok := count(s)
	e.Bytes = event.Opt[int64]{V: n, OK: ok}
	return ok
}

type awsClassic struct {
	oneLine
	clock  clock
	fields [24]string
	times  awsTimes
}

func (g *awsClassic) read(line string, r *event.Record) event.Reason {
	f, e := &g.fields, &r.Event
	if len(line) < 40 || !isDigit(line[0]) || line[10] != 'T' {
		return event.NoFormat
	}
	n := awsFields(line, f[:])
	if n < 12 || strings.IndexByte(f[2], ':') < 0 || isIP(f[1]) {
		return event.NoFormat
	}
	if client, p := addressPort(f[2]); !isIP(client) || p == 0 {
		return event.NoFormat
	}
	var ok bool
	if e.Time, _, ok = g.clock.iso(f[0]); !ok {
		return event.BadTime
	}
	if !g.times.read(f[4:7]) || !awsStatuses(e, f[7], f[8]) || !awsBytes(e, f[10]) {
		return event.BadNumber
	}
	e.Exchange, e.Kind = true, event.Request
	e.Duration, e.UpstreamDuration = g.times.sum(), g.times[1]
	e.Client, e.ClientPort = addressPort(f[2])
	e.Upstream = upstream(f[3])
	setRequest(e, escapeHex.unescape(f[11]))
	if n > 12 {
		e.UserAgent = escapeHex.unescape(awsDash(f[12]))
	}
	switch none := !g.times[1].OK && e.UpstreamStatus == 0; { // no answer of a backend
	case f[7] == "408" && none:
		hangUp(e, event.PartyClient, event.HowTimeout, event.PhaseRequest)
	case f[7] == "504" && none:
		hangUp(e, event.PartyUpstream, event.HowTimeout, event.PhaseWaiting)
	}
	return ""
}

type awsNLB struct {
	oneLine
	clock  clock
	fields [40]string
}

func (g *awsNLB) read(line string, r *event.Record) event.Reason {
	f, e := &g.fields, &r.Event
	if !strings.HasPrefix(line, "tls ") {
		return event.NoFormat
	}
	n := awsFields(line, f[:])
	if n < 18 || !strings.HasPrefix(f[3], "net/") {
		return event.NoFormat
	}
	var ok bool
	if e.Time, _, ok = g.clock.iso(f[2]); !ok {
		return event.BadTime
	}
	if !awsBytes(e, f[10]) {
		return event.BadNumber
	}
	if f[7] != "-" {
		d, ok := units(f[7], time.Millisecond)
		if !ok {
			return event.BadNumber
		}
		e.Duration = event.Some(d)
	}
	e.Exchange, e.Kind = true, event.Request
	e.Client, e.ClientPort = addressPort(f[5])
	e.Upstream, e.Host = upstream(f[6]), host(f[17])
	// No handshake, no byte and no alert: the client went away. With an alert it said what it did not like.
	if f[8] == "-" && f[9] == "0" && f[10] == "0" && f[11] == "-" {
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseRequest)
	}
	return ""
}

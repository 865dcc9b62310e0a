package parser

import (
	"strings"

	"hangup/event"
)

// etcd's log: zap's JSON since 3.4, and capnslog's lines before it (server/embed/config_logging.go,
// server/etcdserver/api/rafthttp/stream.go and peer_status.go).
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:    "etcd",
			Summary: "etcd: its log as JSON, or with capnslog before 3.5",
			Example: `{"level":"warn","ts":"2020-10-27T08:38:20.860Z","caller":"embed/config_logging.go:198","msg":"rejected connection","remote-addr":"10.23.247.41:53218","server-name":"","error":"EOF"}`,
		},
		rank: 55,
		make: func(o Options) (grammar, error) { return &etcd{logReader: newLogReader(o, jsonLogKeys)}, nil },
	})
}

type etcd struct {
	oneLine
	logReader
}

// etcdPackages are those that its records come from, as zap's callers and capnslog's names begin.
var etcdPackages = map[string]bool{
	"embed": true, "rafthttp": true, "etcdserver": true, "etcdmain": true, "membership": true, "mvcc": true, "wal": true, "raft": true,
	"v3rpc": true, "clientv3": true, "snap": true, "backend": true, "auth": true, "lease": true, "lessor": true, "traceutil": true, "fileutil": true,
	"osutil": true, "netutil": true, "transport": true, "v2store": true, "v3compactor": true, "compactor": true, "etcdhttp": true, "flags": true,
	"cindex": true, "schema": true, "verify": true, "version": true, "picker": true, "balancer": true, "zapgrpc": true, "grpcproxy": true,
	"gateway": true, "store": true, "discovery": true, "pkg": true, "logutil": true, "zapraft": true, "apply": true, "txn": true, "contention": true,
	"storage": true, "bootstrap": true, "proxy": true, "adapter": true, "rafttest": true, "etcdutl": true, "snapshot": true, "v3rpcclient": true,
}

func (g *etcd) read(line string, r *event.Record) event.Reason {
	e, j := &r.Event, g.json
	if line == "" || line[0] != '{' {
		return g.capnslog(line, e)
	}
	if !j.scan(line) {
		return event.NoFormat
	}
	name, _, ok := strings.Cut(j.get(jlCaller), "/")
	if !ok || !etcdPackages[name] || !isGoLog(&g.logReader) {
		return event.NoFormat
	}
	if !g.head(e) {
		return event.BadTime
	}
	message, failure := j.get(jkMessage), j.get(jkError)
	e.Kind, e.Message = event.Other, message
	if a, p := clientAddress(j.get(jkClient)); isIP(a) {
		e.Client, e.ClientPort = a, p
	}
	if !etcdSignal(e, message, failure) {
		if failure != "" {
			goSignalAfter(e, message, failure)
		}
		return ""
	}
	if failure != "" {
		e.Message += ": " + failure
	}
	return ""
}

// capnslog reads "2021-03-30 01:16:29.095730 I | embed: message".
func (g *etcd) capnslog(line string, e *event.Event) event.Reason {
	if len(line) < 32 || line[4] != '-' || line[19] != '.' {
		return event.NoFormat
	}
	when, rest, ok := strings.Cut(line, " | ")
	name, message, ok2 := strings.Cut(rest, ": ")
	if !ok || !ok2 || len(when) != 28 || when[26] != ' ' || strings.IndexByte(name, ' ') >= 0 {
		return event.NoFormat
	}
	switch when[27] {
	case 'C':
		e.Level = "CRITICAL"
	case 'E':
		e.Level = "ERROR"
	case 'W':
		e.Level = "WARNING"
	case 'N':
		e.Level = "NOTICE"
	case 'I':
		e.Level = "INFO"
	case 'D':
		e.Level = "DEBUG"
	case 'T':
		e.Level = "TRACE"
	default:
		return event.NoFormat
	}
	if e.Time, ok = g.clock.sql(when[:26], '-'); !ok {
		return event.BadTime
	}
	e.ZoneAssumed, e.Logger = true, name
	e.Kind, e.Message = event.Other, message
	text, failure := message, ""
	if head, tail, found := strings.Cut(message, ` (error "`); found { // rejected connection from "A" (error "E", ServerName "N")
		failure, _, _ = strings.Cut(tail, `", ServerName`)
		text, tail, _ = strings.Cut(head, ` from "`)
		e.Client, e.ClientPort = addressPort(strings.TrimSuffix(tail, `"`))
	} else if i := strings.LastIndex(message, " ("); i > 0 && strings.HasSuffix(message, ")") {
		failure = message[i+2 : len(message)-1]
	}
	if !etcdSignal(e, text, failure) {
		goSignal(e, message)
	}
	return ""
}

// etcdSignal reads the messages about connections. A peer is another member, to which this one had connected. What is
// said of connections that another takes the place of is no loss.
func etcdSignal(e *event.Event, message, failure string) bool {
	switch {
	case message == "rejected connection": // a client or a peer, before TLS was agreed on
		how := goHow(failure)
		if how == event.HowNone {
			return true // it spoke wrongly
		}
		hangUp(e, event.PartyClient, how, event.PhaseRequest)
	case strings.HasPrefix(message, "lost TCP streaming connection with "), strings.HasPrefix(message, "lost the TCP streaming connection with "):
		how := goHow(failure)
		if how == event.HowNone {
			how = event.HowUnknown
		}
		caddyUpstream(e, failure, how, event.PhaseUnknown)
	case strings.HasPrefix(message, "closed TCP streaming connection with "), strings.HasPrefix(message, "closed the TCP streaming connection with "):
		hangUp(e, event.PartyServer, event.HowClosed, event.PhaseUnknown)
	default:
		return false
	}
	return true
}

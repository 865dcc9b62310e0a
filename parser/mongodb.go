package parser

import (
	"strings"

	"hangup/event"
)

// mongod's and mongos's log: JSON since 4.4, text before it (MongoDB Manual: "Log Messages"; src/mongo/logv2,
// src/mongo/transport/session_workflow.cpp, service_state_machine.cpp).
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:    "mongodb",
			Summary: "MongoDB: mongod and mongos, JSON or text before 4.4",
			Example: `{"t":{"$date":"2024-06-10T20:13:39.018+00:00"},"s":"I",  "c":"-",        "id":20883,   "ctx":"conn43318","msg":"Interrupted operation as its client disconnected","attr":{"opId":11668171}}`,
		},
		rank: 20,
		make: func(o Options) (grammar, error) {
			return &mongoDB{clock: clock{zone: o.Zone}, json: newJSONScanner(mongoKeys)}, nil
		},
	})
}

const (
	mongoID = jkOwn + iota
	mongoContext
)

var mongoKeys = newJSONTable(map[string]uint8{
	"t.$date": jkTime, "s": jkLevel, "c": jkLogger, "ctx": mongoContext, "id": mongoID, "msg": jkMessage, "attr.remote": jkClient, "attr.client": jkClient,
	"attr.error.errmsg": jkError, "attr.error": jkError,
})

type mongoDB struct {
	oneLine
	clock clock
	json  *jsonScanner
}

func (g *mongoDB) read(line string, r *event.Record) event.Reason {
	e, j := &r.Event, g.json
	if line == "" || line[0] != '{' {
		return g.text(line, e)
	}
	if !j.scan(line) || !j.has(jkTime) || !j.has(mongoContext) || !j.has(jkLogger) {
		return event.NoFormat
	}
	level, ok := mongoLevel(j.get(jkLevel))
	if !ok {
		return event.NoFormat
	}
	if e.Time, _, ok = g.clock.iso(j.get(jkTime)); !ok {
		return event.BadTime
	}
	e.Level, e.Logger = level, j.get(jkLogger)
	e.Kind, e.Message = event.Other, j.get(jkMessage)
	if a, p := clientAddress(j.get(jkClient)); isIP(a) {
		e.Client, e.ClientPort = a, p
	}
	mongoSignal(e, e.Message, j.get(jkError))
	return ""
}

func mongoLevel(s string) (string, bool) {
	switch s {
	case "I":
		return "INFO", true
	case "W":
		return "WARN", true
	case "E":
		return "ERROR", true
	case "F":
		return "FATAL", true
	case "D", "D1", "D2", "D3", "D4", "D5":
		return "DEBUG", true
	}
	return "", false
}

// text reads "2020-12-13T04:01:55.266+0000 I  NETWORK  [conn51] end connection 10.42.195.2:35346 (5 connections now open)".
func (g *mongoDB) text(line string, e *event.Event) event.Reason {
	if len(line) < 40 || line[10] != 'T' || !isDigit(line[0]) {
		return event.NoFormat
	}
	when, rest, ok := strings.Cut(line, " ")
	severity, rest, ok2 := strings.Cut(rest, " ")
	component, rest, ok3 := strings.Cut(strings.TrimLeft(rest, " "), " ")
	level, ok4 := mongoLevel(severity)
	rest = strings.TrimLeft(rest, " ")
	if !ok || !ok2 || !ok3 || !ok4 || component == "" || rest == "" || rest[0] != '[' {
		return event.NoFormat
	}
	_, message, ok := strings.Cut(rest, "] ")
	if !ok {
		return event.NoFormat
	}
	if e.Time, e.ZoneAssumed, ok = g.clock.iso(when); !ok {
		return event.BadTime
	}
	e.Level, e.Logger, e.Kind, e.Message = level, component, event.Other, strings.TrimRight(message, " ")
	for _, head := range [...]string{"connection accepted from ", "end connection ", "received client metadata from "} {
		if s, found := strings.CutPrefix(message, head); found {
			s, _, _ = strings.Cut(s, " ")
			if a, p := addressPort(s); isIP(a) {
				e.Client, e.ClientPort = a, p
			}
		}
	}
	head, failure, _ := strings.Cut(message, "closing client connection: ")
	if failure != "" {
		head = "closing client connection"
	}
	mongoSignal(e, head, failure)
	return ""
}

// mongoSignal reads the messages about clients that left. Every connection ends with "Connection ended", and operations
// that were interrupted are said again when they were slow.
func mongoSignal(e *event.Event, message, failure string) {
	how := mongoHow(failure)
	switch {
	case strings.HasPrefix(message, "Interrupted operation as its client disconnected"):
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseWaiting)
	case strings.HasPrefix(message, "Error receiving request from client"):
		hangUp(e, event.PartyClient, how, event.PhaseUnknown) // between two requests, or in one
	case strings.HasPrefix(message, "Error sending response to client"):
		hangUp(e, event.PartyClient, how, event.PhaseResponse)
	case message == "closing client connection":
		at := event.PhaseUnknown
		if strings.Contains(failure, "SEND_ERROR") {
			at = event.PhaseResponse
		}
		hangUp(e, event.PartyClient, how, at)
	}
}

// mongoHow reads the text of an error: an errno's, or asio's.
func mongoHow(s string) event.How {
	for i := 0; i < len(s); {
		if how, _ := strerrorHow(s[i:]); how != event.HowNone {
			return how
		}
		n := strings.Index(s[i:], ": ")
		if n < 0 {
			break
		}
		i += n + 2
	}
	if strings.Contains(s, "Connection closed by peer") || strings.Contains(s, "End of file") {
		return event.HowClosed
	}
	return event.HowUnknown
}

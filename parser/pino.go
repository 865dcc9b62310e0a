package parser

import (
	"strings"

	"hangup/event"
)

// pino's JSON, and what its two companions write about requests: pino-http (logger.js) and fastify (lib/logger.js,
// lib/reply.js, lib/error-handler.js).
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "pino-http",
			Summary:   "pino (Node.js) with pino-http",
			Example:   `{"level":30,"time":1795417802846,"pid":11108,"hostname":"web-1","req":{"id":3,"method":"GET","url":"/slow","headers":{"host":"shop.example"},"remoteAddress":"127.0.0.4","remotePort":42457},"res":{"statusCode":null,"headers":{}},"responseTime":302,"msg":"request aborted"}`,
			Durations: true,
			Aliases:   []string{"pino"},
		},
		rank: 50,
		make: func(o Options) (grammar, error) { return &pino{logReader: newLogReader(o, jsonLogKeys)}, nil },
	})
	register(format{
		FormatInfo: FormatInfo{
			Name:      "fastify",
			Summary:   "fastify (Node.js) with its logger",
			Example:   `{"level":30,"time":1795417807853,"pid":11105,"hostname":"web-1","reqId":"req-6","res":{"statusCode":200},"msg":"stream closed prematurely"}`,
			Durations: true,
		},
		rank: 52,
		make: func(o Options) (grammar, error) {
			return &pino{logReader: newLogReader(o, jsonLogKeys), fastify: true, routes: map[pinoKey]pinoRoute{}}, nil
		},
	})
}

type pino struct {
	oneLine
	logReader
	fastify bool

	// fastify says the route and the client when a request comes in, and not again when it is completed.
	routes map[pinoKey]pinoRoute
	order  []pinoKey // the keys of routes, a ring of pinoRoutes
	next   int
}

// pinoRoutes bounds the requests that are remembered.
const pinoRoutes = 512

type pinoKey struct {
	host string
	pid  int
	id   string
}

type pinoRoute struct {
	method, path, query, host, client string
	port                              uint16
	place                             int // in the ring
}

func (g *pino) read(line string, r *event.Record) event.Reason {
	j, e := g.json, &r.Event
	if !j.scan(line) || !j.has(jlHostname) || !j.has(jkPID) || !g.hasTime() || j.value(jkLevel).kind != jsonNumber && !isGoLevel(j.value(jkLevel)) ||
		j.get(jlVersion) == "0" {
		return event.NoFormat
	}
	request, response := j.has(jkMethod) || j.has(jkTarget), j.has(jkStatus)
	own := j.has(jlReqID) && (response && !request || g.message() == "incoming request")
	if own && !g.fastify || g.fastify && j.has(jlPinoID) {
		return event.NoFormat // the other's
	}
	if !g.head(e) {
		return event.BadTime
	}
	g.exchange(e)
	if g.fastify {
		g.recall(e, request)
	}
	g.outcome(e)
	return ""
}

func (g *pino) remembers() bool { return len(g.routes) > 0 }

// outcome reads the messages of pino-http and fastify. A response without a duration is an error's context.
func (g *pino) outcome(e *event.Event) {
	j := g.json
	message := cut(g.message())
	switch {
	case message == "request aborted" && (j.has(jlPinoID) || j.has(jkStatus)): // pino-http: the response was closed before its end
		at := event.PhaseWaiting
		switch {
		case e.Status >= 400 && hasBody(e.Method):
			at = event.PhaseRequest
		case e.Status != 0:
			at = event.PhaseResponse
		}
		hangUp(e, event.PartyClient, event.HowClosed, at)
		e.Exchange, e.Message = true, message
	case g.fastify && message == "stream closed prematurely" && j.has(jlReqID): // instead of "request completed"
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseResponse)
		e.Exchange, e.Message = true, message
	case e.Duration.OK && e.Status != 0:
		e.Exchange, e.Kind = true, event.Request
	default:
		if e.Status != 0 && !e.Duration.OK {
			e.Kind = event.Other
			if !g.failed(e, message, cut(j.get(jkError))) {
				e.Message = message
			}
			return
		}
		g.end(e)
	}
}

// recall remembers a request that comes in, and gives the client and the route of one that is completed.
func (g *pino) recall(e *event.Event, request bool) {
	message := g.message()
	if strings.HasPrefix(message, "Server listening at ") { // a start: the numbers begin again
		clear(g.routes)
		return
	}
	id := g.json.get(jlReqID)
	if id == "" {
		return
	}
	key := pinoKey{host: g.json.get(jlHostname), pid: e.PID, id: id}
	if request {
		if message == "incoming request" {
			g.remember(key, e)
		}
		return
	}
	route, ok := g.routes[key]
	if !ok || e.Path != "" || e.Client != "" {
		return
	}
	e.Method, e.Path, e.Query, e.Host, e.Client, e.ClientPort = route.method, route.path, route.query, route.host, route.client, route.port
	e.Recovered = true
	if message == "request completed" || message == "stream closed prematurely" {
		delete(g.routes, key)
	}
}

// remember puts a request into the ring, in the place of the oldest.
func (g *pino) remember(key pinoKey, e *event.Event) {
	if len(key.host)+len(key.id)+len(e.Path)+len(e.Query) > 4096 {
		return
	}
	key.host, key.id = strings.Clone(key.host), strings.Clone(key.id)
	if g.order == nil {
		g.order = make([]pinoKey, pinoRoutes)
	}
	if old := g.order[g.next]; old.id != "" && g.routes[old].place == g.next {
		delete(g.routes, old)
	}
	g.order[g.next] = key
	g.routes[key] = pinoRoute{
		method: strings.Clone(e.Method), path: strings.Clone(e.Path), query: strings.Clone(e.Query), host: strings.Clone(e.Host),
		client: strings.Clone(e.Client), port: e.ClientPort, place: g.next,
	}
	g.next = (g.next + 1) % pinoRoutes
}

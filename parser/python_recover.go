package parser

import (
	"strings"
	"time"

	"hangup/event"
)

// http.server writes the access line when it begins to answer, and a report of the connection that failed behind it.
// The report has the client's address and port, the access line the address only. So a report's route is that of its
// client's access lines when all of those that may still be open have the same.

// clientRoute is what a client asked for last.
type clientRoute struct {
	method, path, query string
	at                  time.Time
	several             bool // its open requests are not for one route
}

const (
	maxClients = 256
	openFor    = 10 * time.Minute // how long a request may be under way
)

func (g *pyServer) remember(e *event.Event) {
	c := g.clients[e.Client]
	if c == nil {
		if len(g.clients) >= maxClients {
			g.forget()
		}
		c = new(clientRoute)
		g.clients[strings.Clone(e.Client)] = c
	}
	same := c.method == e.Method && c.path == e.Path && c.query == e.Query
	fresh := !c.at.IsZero() && e.Time.Sub(c.at).Abs() < openFor
	c.at, c.several = e.Time, fresh && (c.several || !same)
	if !same {
		c.method, c.path, c.query = strings.Clone(e.Method), strings.Clone(e.Path), strings.Clone(e.Query)
	}
}

// forget drops the client that was seen longest ago.
func (g *pyServer) forget() {
	oldest, found := "", false
	for client, c := range g.clients {
		if !found || c.at.Before(g.clients[oldest].at) {
			oldest, found = client, true
		}
	}
	delete(g.clients, oldest)
}

// recover takes the route over to a report about an answer. Before the answer there is no access line.
func (g *pyServer) recover(e *event.Event) {
	if e.Kind != event.Disconnect || e.Party != event.PartyClient || e.Phase != event.PhaseResponse || e.Client == "" || e.Path != "" {
		return
	}
	if c := g.clients[e.Client]; c != nil && !c.several {
		e.Method, e.Path, e.Query, e.Recovered = c.method, c.path, c.query, true
	}
}

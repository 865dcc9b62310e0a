package store_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hangup/event"
	"hangup/store"
	"hangup/store/storetest/fill"
)

// valueOf is what a record has in a field, told without SQL.
func valueOf(h event.Hangup, service string, f store.Field) string {
	switch f {
	case store.FieldService:
		return service
	case store.FieldMethod:
		return h.Method
	case store.FieldAgent:
		return h.Agent.Family
	case store.FieldAgentClass:
		return h.Agent.Class
	case store.FieldParty:
		return h.Party.String()
	case store.FieldClient:
		return h.Client
	case store.FieldHow:
		return h.How.String()
	case store.FieldPhase:
		return h.Phase.String()
	case store.FieldStatus:
		return strconv.Itoa(h.Status)
	case store.FieldExchange:
		return strconv.FormatBool(h.Exchange)
	default:
		return ""
	}
}

func keeps(c store.Condition, h event.Hangup, service string) bool {
	return slices.Contains(c.Values, valueOf(h, service, c.Field)) != c.Not
}

// TestFilters compares what filters keep with a recount of the records.
func TestFilters(t *testing.T) {
	t.Parallel()
	_, st := open(t)
	r := rand.New(rand.NewPCG(11, 12))
	logs := map[string][]event.Hangup{"shop": traffic(r, 800, begin, 3*time.Hour), "blog": traffic(r, 300, begin, 3*time.Hour)}
	for _, service := range []string{"shop", "blog"} {
		fill.Open(t, st, service, "/log").Add(t, logs[service]...)
	}
	// The first minutes and the last are outside.
	rg := store.Range{From: begin.Add(7 * time.Minute), To: begin.Add(2*time.Hour + 51*time.Minute)}
	for _, c := range []store.Condition{
		{Field: store.FieldService, Values: []string{"shop"}},
		{Field: store.FieldMethod, Values: []string{"GET", "PUT"}},
		{Field: store.FieldAgent, Values: []string{"okhttp"}},
		{Field: store.FieldAgentClass, Values: []string{"browser"}},
		{Field: store.FieldParty, Values: []string{"client", "unknown"}},
		{Field: store.FieldClient, Values: []string{"192.0.2.3", "192.0.2.4"}},
		{Field: store.FieldClient, Values: []string{"", "192.0.2.3"}},
		{Field: store.FieldHow, Values: []string{"reset"}},
		{Field: store.FieldPhase, Values: []string{"waiting", "idle"}},
		{Field: store.FieldStatus, Values: []string{"499"}},
		{Field: store.FieldStatus, Values: []string{"not a number"}},
		{Field: store.FieldExchange, Values: []string{"false"}},
	} {
		for _, not := range []bool{false, true} {
			c.Not = not
			f := store.Filter{c}
			var counts event.Counts
			var events int
			for service, records := range logs {
				for _, h := range records {
					if h.Time.Before(rg.From) || !h.Time.Before(rg.To) {
						continue
					}
					if h.Kind == event.Disconnect && h.Phase != event.PhaseIdle && keeps(c, h, service) {
						events++
					}
					switch kept := keeps(c, h, service); {
					case c.Field == store.FieldParty && !kept: // the party chooses among disconnects, and leaves requests alone
						if h.Exchange {
							counts.Requests++
							counts.Bytes += h.Bytes.Or(0)
						}
						if h.Kind == event.Disconnect && h.Phase == event.PhaseIdle {
							counts.Idle++
						}
					case kept:
						if h.Kind != event.Disconnect {
							h.Kind = event.Request
						}
						counts.Count(&h.Event)
					}
				}
			}
			list, err := st.Events(t.Context(), store.EventQuery{Range: rg, Filter: f, Limit: 2000})
			check(t, err)
			if len(list) != events {
				t.Errorf("%+v keeps %d events, and of the records %d", c, len(list), events)
			}
			clients, err := st.Clients(t.Context(), store.ClientQuery{Range: rg, Filter: f, Sort: store.ClientsByName, Limit: 1000})
			check(t, err)
			if int(clients.Disconnects) != events || int(clients.Total) != len(clients.Clients) {
				t.Errorf("%+v: clients have %d disconnects, %d of %d are listed", c, clients.Disconnects, len(clients.Clients), clients.Total)
			}
			switch c.Field {
			case store.FieldClient, store.FieldHow, store.FieldPhase, store.FieldStatus, store.FieldExchange:
				continue // counts do not know it
			default:
			}
			have, err := st.Totals(t.Context(), rg, f)
			check(t, err)
			if diff := cmp.Diff(counts, have); diff != "" {
				t.Errorf("%+v: %s", c, diff)
			}
		}
	}
}

package store

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hangup/event"
)

// Field is what a condition is about.
type Field string

// The fields of a filter. Counts know those up to FieldParty; single disconnects know all.
const (
	FieldService    Field = "service"
	FieldRoute      Field = "route" // the route's id
	FieldMethod     Field = "method"
	FieldAgent      Field = "agent" // the family of the user agent
	FieldAgentClass Field = "agent_class"
	FieldParty      Field = "party"
	FieldClient     Field = "client"
	FieldHow        Field = "how"
	FieldPhase      Field = "phase"
	FieldStatus     Field = "status"
	FieldExchange   Field = "exchange"
)

// Condition keeps what has one of Values in Field, or, when Not is set, what has none of them. The values of FieldRoute
// and FieldStatus are decimal numbers that fit 32 bits, those of FieldExchange "true" or "false"; a value that is not so
// matches nothing.
type Condition struct {
	Field  Field
	Not    bool
	Values []string
}

// Filter keeps what meets all of its conditions. Values reach the database as parameters only.
type Filter []Condition

// without returns the filter without the conditions on the fields.
func (f Filter) without(fields ...Field) Filter {
	var out Filter
	for _, c := range f {
		if !slices.Contains(fields, c.Field) {
			out = append(out, c)
		}
	}
	return out
}

// and returns the filter with one more condition.
func (f Filter) and(c Condition) Filter { return append(slices.Clip(f), c) }

// routeIs keeps the routes of these ids.
func routeIs(ids ...int32) Condition {
	c := Condition{Field: FieldRoute}
	for _, id := range ids {
		c.Values = append(c.Values, strconv.Itoa(int(id)))
	}
	return c
}

// only says whether all conditions are on the fields.
func (f Filter) only(fields ...Field) bool { return len(f.without(fields...)) == 0 }

// has says whether a condition is on the field.
func (f Filter) has(field Field) bool {
	return slices.ContainsFunc(f, func(c Condition) bool { return c.Field == field })
}

// keeps says whether a value of the field meets the conditions on it.
func (f Filter) keeps(field Field, value string) bool {
	for _, c := range f {
		if c.Field == field && slices.Contains(c.Values, value) == c.Not {
			return false
		}
	}
	return true
}

// counts takes from c the disconnects of the parties that the filter does not keep; requests stay as they are.
func (f Filter) counts(c event.Counts) event.Counts {
	if !f.has(FieldParty) {
		return c
	}
	for i, p := range event.Parties() {
		if !f.keeps(FieldParty, p.String()) {
			c.Dropped[i], c.Reported[i] = 0, 0
		}
	}
	return c
}

// args collects the parameters of a statement.
type args struct{ list []any }

// add appends a parameter and returns its place, "$n".
func (a *args) add(v any) string {
	a.list = append(a.list, v)
	return "$" + strconv.Itoa(len(a.list))
}

// onBlock returns the conditions on rows t of minute_block, hour_block and day_block as SQL that begins with " AND". The plan
// chooses the services, Filter.agents the classes of user agents, Filter.counts the parties.
func (f Filter) onBlock(a *args) string {
	return f.sql(a, map[Field]string{
		FieldRoute:  "t.route_id = ANY(%s)",
		FieldMethod: "(t.service_id, t.route_id) IN (SELECT service_id, route_id FROM route WHERE method = ANY(%s))",
	})
}

// onDisconnect returns the conditions on rows t of disconnect as SQL that begins with " AND". Services are not in it.
func (f Filter) onDisconnect(a *args) string {
	return f.sql(a, map[Field]string{
		FieldRoute:      "t.route_id = ANY(%s)",
		FieldMethod:     "(t.service_id, t.route_id) IN (SELECT service_id, route_id FROM route WHERE method = ANY(%s))",
		FieldAgent:      "(t.service_id, t.agent_id) IN (SELECT service_id, agent_id FROM agent WHERE family = ANY(%s))",
		FieldAgentClass: "(t.service_id, t.agent_id) IN (SELECT service_id, agent_id FROM agent WHERE class = ANY(%s))",
		FieldParty:      "t.party = ANY(%s)",
		FieldClient:     "coalesce(t.client, '') = ANY(%s)",
		FieldHow:        "t.how = ANY(%s)",
		FieldPhase:      "t.phase = ANY(%s)",
		FieldStatus:     "coalesce(t.status, 0) = ANY(%s)",
		FieldExchange:   "t.exchange = ANY(%s)",
	})
}

func (f Filter) sql(a *args, fields map[Field]string) string {
	var b strings.Builder
	for _, c := range f {
		form, ok := fields[c.Field]
		if !ok {
			continue
		}
		if c.Field == FieldClient && !c.Not && !slices.Contains(c.Values, "") {
			form = "t.client = ANY(%s)" // so that the index serves
		}
		b.WriteString(" AND ")
		if c.Not {
			b.WriteString("NOT ")
		}
		fmt.Fprintf(&b, form, a.add(c.typed()))
	}
	return b.String()
}

// typed returns the values in the type of the field's column.
func (c Condition) typed() any {
	switch c.Field {
	case FieldRoute, FieldStatus:
		out := []int32{}
		for _, v := range c.Values {
			if n, err := strconv.ParseInt(v, 10, 32); err == nil {
				out = append(out, int32(n))
			}
		}
		return out
	case FieldExchange:
		out := []bool{}
		for _, v := range c.Values {
			if b, err := strconv.ParseBool(v); err == nil {
				out = append(out, b)
			}
		}
		return out
	default:
		return c.Values
	}
}

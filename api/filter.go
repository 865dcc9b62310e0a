package api

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hangup/event"
	"hangup/store"
)

// Endpoints that take filters, by what they are asked from: counts know less than single disconnects.
var (
	onCounts = []string{"summary", "timeseries", "heatmap", "routes"}
	onEvents = []string{"events", "clients"}
)

// field is a field of a filter: the one table of what may be asked for.
type field struct {
	name        store.Field
	description string
	events      bool                // known of single disconnects only
	values      []string            // the values it may have, when these are few
	valid       func(v string) bool // nil: any text
	form        string              // what valid wants, in words
}

var fields = []field{
	{name: store.FieldService, description: "Name of the service"},
	{name: store.FieldRoute, description: "Id of the route", valid: isNumber, form: "a route's id"},
	{name: store.FieldMethod, description: "Request method"},
	{name: store.FieldAgent, description: "Family of the user agent, such as Firefox or okhttp"},
	{name: store.FieldAgentClass, description: "Class of the user agent, such as browser, library or bot"},
	{name: store.FieldParty, description: "The end that went away; requests stay as they are", values: parties()},
	{name: store.FieldClient, description: "Address of the client", events: true},
	{name: store.FieldHow, description: "The way the connection ended", events: true, values: hows()},
	{name: store.FieldPhase, description: "Where in the exchange it ended", events: true, values: phases()},
	{name: store.FieldStatus, description: "Status as logged, 0 when there is none", events: true, valid: isNumber, form: "a status such as 499"},
	{name: store.FieldExchange, description: "Whether it is an access log's own account", events: true, values: []string{"true", "false"}},
}

// op is an operation: whether it turns the condition round, and whether it takes several values.
type op struct {
	name      string
	not, many bool
}

var ops = []op{{name: "eq"}, {name: "ne", not: true}, {name: "in", many: true}, {name: "nin", not: true, many: true}}

// maxValues bounds the values of one condition.
const maxValues = 100

func isNumber(v string) bool {
	n, err := strconv.ParseInt(v, 10, 32)
	return err == nil && n >= 0
}

// parseFilter reads conditions "field:op:value". Those on what only single disconnects have need events.
func parseFilter(list *[]string, events bool) (store.Filter, error) {
	if list == nil {
		return nil, nil
	}
	var (
		out   store.Filter
		wrong []ProblemError
	)
	for _, s := range *list {
		c, detail := parseCondition(s, events)
		if detail != "" {
			param := "f"
			wrong = append(wrong, ProblemError{Param: &param, Detail: detail})
			continue
		}
		out = append(out, c)
	}
	if len(wrong) > 0 {
		return nil, &badRequest{wrong}
	}
	return out, nil
}

// parseCondition returns a condition, or what is wrong with it.
func parseCondition(s string, events bool) (c store.Condition, detail string) {
	name, rest, _ := strings.Cut(s, ":")
	verb, value, ok := strings.Cut(rest, ":")
	if !ok {
		return c, quote(s) + " is not written as field:op:value, such as route:eq:12"
	}
	i := slices.IndexFunc(fields, func(f field) bool { return string(f.name) == name })
	if i < 0 {
		return c, fmt.Sprintf("there is no field %s; there are %s", quote(name), strings.Join(fieldNames(events), ", "))
	}
	f := fields[i]
	if f.events && !events {
		return c, fmt.Sprintf("counts do not tell %s apart; take it at %s", name, strings.Join(onEvents, " or "))
	}
	j := slices.IndexFunc(ops, func(o op) bool { return o.name == verb })
	if j < 0 {
		return c, fmt.Sprintf("there is no op %s; there are %s", quote(verb), strings.Join(opNames(), ", "))
	}
	c = store.Condition{Field: f.name, Not: ops[j].not, Values: []string{value}}
	if ops[j].many {
		c.Values = strings.Split(value, "|")
	}
	if len(c.Values) > maxValues {
		return c, fmt.Sprintf("%s has %d values and may have %d", name, len(c.Values), maxValues)
	}
	for _, v := range c.Values {
		switch {
		case f.values != nil && !slices.Contains(f.values, v):
			return c, fmt.Sprintf("%s is never %s; it is one of %s", name, quote(v), strings.Join(f.values, ", "))
		case f.valid != nil && !f.valid(v):
			return c, fmt.Sprintf("%s %s is not %s", name, quote(v), f.form)
		}
	}
	return c, ""
}

func fieldNames(events bool) []string {
	var out []string
	for _, f := range fields {
		if events || !f.events {
			out = append(out, string(f.name))
		}
	}
	return out
}

func opNames() []string {
	var out []string
	for _, o := range ops {
		out = append(out, o.name)
	}
	return out
}

func parties() []string {
	var out []string
	for _, p := range event.Parties() {
		out = append(out, p.String())
	}
	return out
}

func hows() []string {
	var out []string
	for h := event.HowBrokenPipe; h <= event.HowUnknown; h++ {
		out = append(out, h.String())
	}
	return out
}

func phases() []string {
	var out []string
	for p := event.PhaseRequest; p <= event.PhaseUnknown; p++ {
		out = append(out, p.String())
	}
	return out
}

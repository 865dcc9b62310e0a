package report

import (
	"cmp"
	"slices"
	"strings"

	"hangup/answer"
	"hangup/event"
)

// report makes the answer out of what was collected.
func (c *collector) report(o Options) *Report {
	c.join.finish()
	top := o.Top
	if top == 0 {
		top = 10
	}
	var done, drop event.Ages
	for _, v := range c.routes {
		done.Merge(&v.done)
		drop.Merge(&v.drop)
	}
	r := &Report{
		Filter: o.Filter, From: c.from, To: c.to, Counts: c.counts, Joined: c.joined, Unmatched: c.join.unmatched,
		Clients: int64(len(c.clients.hungUp)), MoreThan: c.clients.over, ByHow: map[string]int64{}, ByPhase: map[string]int64{},
		Completed: done.Histogram(), Abandoned: drop.Histogram(), TopClients: c.clients.top(top), ClientsPart: c.clients.clipped,
	}
	for i, n := range c.how {
		if n != 0 {
			r.ByHow[event.How(i).String()] = n
		}
	}
	for i, n := range c.phase {
		if n != 0 {
			r.ByPhase[event.Phase(i).String()] = n
		}
	}
	r.Peaks = peaks(&r.Abandoned, &r.Completed)
	r.Step, r.Series = c.series.points()
	r.Routes = c.topRoutes()
	r.RoutesAll = len(r.Routes)
	r.Verdict = answer.Of(answer.Facts{Counts: r.Counts, HasData: true, Top: busiest(r.Routes)})
	r.Routes = r.Routes[:min(top, len(r.Routes))]
	for i := range r.Routes {
		r.Routes[i].Peaks = peaks(&r.Routes[i].Abandoned, &r.Routes[i].Completed)
	}
	r.Agents = c.topAgents(top)
	return r
}

// busiest returns the route with the most hang-ups of those that are one path.
func busiest(routes []Route) *answer.Route {
	var out *answer.Route
	for i := range routes {
		v := &routes[i]
		if v.Template != event.NoRoute && v.Template != event.OtherRoute && v.Disconnects() > 0 && (out == nil || v.Disconnects() > out.Disconnects()) {
			out = &answer.Route{Route: v.Route, Counts: v.Counts, Abandoned: &v.Abandoned}
		}
	}
	return out
}

// topRoutes returns all routes with requests or hang-ups, in the page's order.
func (c *collector) topRoutes() []Route {
	var out []Route
	for _, v := range c.routes {
		if v.Requests == 0 && v.Disconnects() == 0 {
			continue
		}
		out = append(out, Route{
			Route: v.Route, Counts: v.Counts, Excess: answer.Excess(v.Counts, c.counts), Completed: v.done.Histogram(), Abandoned: v.drop.Histogram(),
		})
	}
	slices.SortFunc(out, func(a, b Route) int {
		return cmp.Or(
			cmp.Compare(answer.Rank(a.Excess, a.Disconnects()), answer.Rank(b.Excess, b.Disconnects())),
			cmp.Compare(b.Requests, a.Requests), strings.Compare(a.Template, b.Template), strings.Compare(a.Method, b.Method))
	})
	return out
}

func (c *collector) topAgents(n int) []Agent {
	var out []Agent
	for k, v := range c.agents {
		if v.Disconnects() > 0 {
			out = append(out, Agent{k, *v})
		}
	}
	slices.SortFunc(out, func(a, b Agent) int {
		return cmp.Or(cmp.Compare(b.Disconnects(), a.Disconnects()), cmp.Compare(b.Requests, a.Requests),
			strings.Compare(a.Family, b.Family), strings.Compare(a.Class, b.Class))
	})
	return out[:min(n, len(out))]
}

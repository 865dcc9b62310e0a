package api

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hangup/answer"
	"hangup/event"
	"hangup/store"
)

// ListRoutes gives a page of routes.
func (s *service) ListRoutes(ctx context.Context, request ListRoutesRequestObject) (ListRoutesResponseObject, error) {
	p := request.Params
	a, f, err := s.resolve(ctx, p.From, p.To, p.Tz, p.F, false)
	if err != nil {
		return nil, err
	}
	sort := ListRoutesParamsSortMinusExcess
	if p.Sort != nil {
		sort = *p.Sort
	}
	question := questionID("routes", given(p.From), given(p.To), given(p.Tz), all(p.F), string(sort))
	var after *routeAfter
	if p.Cursor != nil {
		c, err := decodeCursor[routeAfter](*p.Cursor, question)
		if err != nil {
			return nil, err
		}
		after, a.Range = &c.After, c.rng()
	}
	list, err := s.Store.Routes(ctx, a.Range, f)
	if err != nil {
		return nil, err
	}
	items, places := sortRoutes(list, sort)
	first := 0
	if after != nil {
		for first < len(places) && compareRoutes(places[first], *after) <= 0 {
			first++
		}
	}
	out := ListRoutes200JSONResponse{Range: a.toRange(), Items: []Route{}, Total: len(items)}
	last := min(first+limit(p.Limit), len(items))
	if last < len(items) && last > 0 {
		c := cursor[routeAfter]{question, [2]int64{a.From.Unix(), a.To.Unix()}, places[last-1]}.encode()
		out.NextCursor = &c
	}
	page := items[first:last]
	ids := make([]int32, len(page))
	for i := range page {
		ids[i] = page[i].ID
	}
	ages, err := s.Store.AgesOf(ctx, a.Range, f, ids)
	if err != nil {
		return nil, err
	}
	for _, v := range page {
		out.Items = append(out.Items, toRoute(v, list.Total, list.Normal, ages[v.ID]))
	}
	return out, nil
}

// sortRoutes returns the routes in the order, and the place of each.
func sortRoutes(list store.Routes, sort ListRoutesParamsSort) ([]store.RouteFigures, []routeAfter) {
	type placed struct {
		store.RouteFigures
		routeAfter
	}
	all := make([]placed, len(list.Routes))
	for i, v := range list.Routes {
		p := routeAfter{ID: v.ID}
		switch sort {
		case ListRoutesParamsSortMinusDisconnects:
			p.Value = -float64(v.Disconnects())
		case ListRoutesParamsSortMinusRequests:
			p.Value = -float64(v.Requests)
		case ListRoutesParamsSortMinusRate: // a few requests do not make the worst rate: see the lower end of the interval
			low, _, ok := answer.Wilson(v.Disconnects(), v.Requests)
			switch {
			case ok:
				p.Value = -low
			default:
				p.Value = 1
			}
		case ListRoutesParamsSortRoute:
			p.Name = v.Template + " " + v.Method
		default:
			p.Value = answer.Rank(answer.Excess(v.Counts, list.Normal), v.Disconnects())
		}
		all[i] = placed{v, p}
	}
	slices.SortFunc(all, func(a, b placed) int { return compareRoutes(a.routeAfter, b.routeAfter) })
	items, places := make([]store.RouteFigures, len(all)), make([]routeAfter, len(all))
	for i, v := range all {
		items[i], places[i] = v.RouteFigures, v.routeAfter
	}
	return items, places
}

func compareRoutes(a, b routeAfter) int {
	return cmp.Or(cmp.Compare(a.Value, b.Value), strings.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
}

func toRoute(v store.RouteFigures, total, normal event.Counts, ages store.Ages) Route {
	out := Route{
		Id: strconv.Itoa(int(v.ID)), Service: v.Service, Method: v.Method, Template: v.Template,
		Requests: v.Requests, Disconnects: v.Disconnects(), Rate: toRate(v.Counts),
		Share: answer.Share(v.Disconnects(), total.Disconnects()), Excess: answer.Excess(v.Counts, normal), ByParty: toParties(v.Counts),
		Completed: toQuantiles(&ages.Completed), Abandoned: toQuantiles(&ages.Abandoned),
	}
	out.RateLow, out.RateHigh = wilson(v.Disconnects(), v.Requests)
	return out
}

// GetRoute gives one route.
func (s *service) GetRoute(ctx context.Context, request GetRouteRequestObject) (GetRouteResponseObject, error) {
	p := request.Params
	id, err := parseID(request.Id, 32)
	if err != nil {
		return nil, err
	}
	a, f, err := s.resolve(ctx, p.From, p.To, p.Tz, p.F, false)
	if err != nil {
		return nil, err
	}
	v, err := s.Store.Route(ctx, int32(id), a.Range, f)
	if err != nil {
		return nil, err
	}
	out := GetRoute200JSONResponse{
		Range: a.toRange(), Route: toRoute(v.RouteFigures, v.Total, v.Total, v.Ages),
		Clients: toClients(v.Clients, v.Disconnects()), Agents: []AgentFigures{},
		Sessions: Outcomes{
			Retried: v.Outcomes.Retried, Stayed: v.Outcomes.Stayed, Lost: v.Outcomes.Lost, Undecided: v.Outcomes.Undecided,
		},
	}
	for _, g := range v.Agents {
		out.Agents = append(out.Agents, AgentFigures{
			Family: g.Family, Class: g.Class, Requests: g.Requests, Disconnects: g.Disconnects(), Rate: toRate(g.Counts),
		})
	}
	return out, nil
}

// parseID reads a number that names something. What is not one names nothing.
func parseID(s string, bits int) (int64, error) {
	n, err := strconv.ParseInt(s, 10, bits)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != s {
		return 0, fmt.Errorf("read the id %s: %w", quote(s), store.ErrNotFound)
	}
	return n, nil
}

func limit(n *int) int {
	if n == nil {
		return defaultLimit
	}
	return *n
}

func given(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func all(list *[]string) string {
	if list == nil {
		return ""
	}
	return strings.Join(*list, "\x01")
}

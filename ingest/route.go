package ingest

import (
	"maps"
	"strings"
	"sync/atomic"

	"hangup/event"
)

// RouteLimits bound how many routes a service may have: paths are written by whoever sends requests.
type RouteLimits struct {
	PerPosition int // different segments kept under one prefix; later ones become {*}; default 50
	PerService  int // routes kept; later ones become (other); default 5000
}

// router makes routes of low cardinality out of methods and paths. It is not safe for concurrent use.
type router struct {
	limits RouteLimits
	root   node
	nodes  int // below root
	known  map[event.Route]bool
	full   fullPrefixes                // those that learn has met
	given  map[event.Route]event.Route // what shapes were admitted as, of the latest ones
}

type node struct {
	children map[string]*node
	full     bool // it is among the full prefixes
}

// fullPrefixes are those under which no more segments are kept, with those that are. Anybody may load them at any time: what
// is there never changes, but for what is added.
type fullPrefixes struct{ atomic.Pointer[prefixes] }

type prefixes struct {
	deep [maxSegments + 1]bool // there are some of so many segments
	kept map[string]map[string]bool
}

// add adds a prefix of n segments. It is for one goroutine at a time.
func (f *fullPrefixes) add(prefix string, segments int, n *node) {
	all := &prefixes{kept: map[string]map[string]bool{}}
	if old := f.Load(); old != nil {
		maps.Copy(all.kept, old.kept)
		all.deep = old.deep
	}
	kept := make(map[string]bool, len(n.children))
	for s := range n.children {
		kept[s] = true
	}
	all.kept[prefix] = kept
	all.deep[min(segments, maxSegments)] = true
	f.Store(all)
	n.full = true
}

// shorten appends the template of a shape, after a method and a NUL, as far as full prefixes tell it: admit gives both the
// same route. It returns false when they tell nothing.
func (f *fullPrefixes) shorten(b []byte, shape string) (out []byte, shorter bool) {
	full := f.Load()
	if full == nil || !strings.HasPrefix(shape, "/") {
		return b, false
	}
	begin := len(b)
	for i, n := 0, 0; i < len(shape); n++ {
		end := i + 1
		for end < len(shape) && shape[end] != '/' {
			end++
		}
		s := shape[i+1 : end]
		if full.deep[min(n, maxSegments)] && !strings.HasPrefix(s, "{") {
			if kept := full.kept[string(b[begin:])]; kept != nil && !kept[s] {
				s, shorter = "{*}", true
			}
		}
		b = append(append(b, '/'), s...)
		i = end
	}
	return b, shorter
}

// nodesPerRoute bounds the tree of what was seen: whoever sends requests chooses paths, and positions multiply.
const nodesPerRoute = 4

func newRouter(l RouteLimits) *router {
	if l.PerPosition == 0 {
		l.PerPosition = 50
	}
	if l.PerService == 0 {
		l.PerService = 5000
	}
	return &router{limits: l, known: map[event.Route]bool{}, given: map[event.Route]event.Route{}}
}

// knows tells the router a route that the service has already, so that it goes on being one after a restart.
func (r *router) knows(route event.Route) {
	r.known[route] = true
	clear(r.given)
	if strings.HasPrefix(route.Template, "/") {
		r.learn(route.Template)
	}
}

// route returns the route of a request. Both strings may be empty.
func (r *router) route(method, path string) event.Route {
	return r.admit(event.Route{Method: normalMethod(method), Template: string(appendShape(nil, path))})
}

// admit returns the route that a shape stands for: the limits depend on what came before. A shape that was admitted
// gets the same route ever after, so whoever counts many requests admits each shape once, in the order of the first of each.
func (r *router) admit(shape event.Route) event.Route {
	route, ok := r.given[shape]
	if !ok {
		route = r.decide(shape)
		if len(r.given) >= r.limits.PerService {
			clear(r.given)
		}
		r.given[shape] = route
	}
	return route
}

// decide is admit for a shape of which it is not known any more.
func (r *router) decide(shape event.Route) event.Route {
	route := shape
	if strings.HasPrefix(shape.Template, "/") {
		route.Template = r.learn(shape.Template)
	}
	if !r.known[route] {
		if len(r.known) >= r.limits.PerService {
			return event.Route{Method: route.Method, Template: event.OtherRoute}
		}
		r.known[route] = true
	}
	return route
}

// learn walks a template through the tree of what was seen, and gives it back with {*} at each position where too many
// different segments were seen, or event.OtherRoute when the tree is full.
func (r *router) learn(t string) string {
	segments := strings.Split(t[1:], "/")
	n := &r.root
	for i, s := range segments {
		next := n.children[s]
		if next == nil {
			if len(n.children) >= r.limits.PerPosition && !strings.HasPrefix(s, "{") {
				if !n.full {
					r.full.add(strings.Join(append([]string{""}, segments[:i]...), "/"), i, n)
				}
				s = "{*}"
				segments[i] = s
				next = n.children[s]
			}
			if next == nil {
				if r.nodes >= nodesPerRoute*r.limits.PerService {
					return event.OtherRoute
				}
				r.nodes++
				if n.children == nil {
					n.children = map[string]*node{}
				}
				next = &node{}
				n.children[s] = next
			}
		}
		n = next
	}
	return "/" + strings.Join(segments, "/")
}

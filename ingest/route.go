package ingest

import (
	"strings"

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
	cache  map[string]string // path -> template, for the paths seen lately
}

type node struct{ children map[string]*node }

const maxCache = 20000

// nodesPerRoute bounds the tree of what was seen: whoever sends requests chooses paths, and positions multiply.
const nodesPerRoute = 4

func newRouter(l RouteLimits) *router {
	if l.PerPosition == 0 {
		l.PerPosition = 50
	}
	if l.PerService == 0 {
		l.PerService = 5000
	}
	return &router{limits: l, known: map[event.Route]bool{}, cache: map[string]string{}}
}

// knows tells the router a route that the service has already, so that it goes on being one after a restart.
func (r *router) knows(route event.Route) {
	r.known[route] = true
	if strings.HasPrefix(route.Template, "/") {
		r.learn(route.Template)
	}
}

// route returns the route of a request. Both strings may be empty.
func (r *router) route(method, path string) event.Route {
	route := event.Route{Method: normalMethod(method), Template: event.NoRoute}
	if path != "" {
		t, ok := r.cache[path]
		if !ok {
			t = r.template(path)
			if len(r.cache) >= maxCache {
				clear(r.cache)
			}
			if len(path) <= maxPath {
				r.cache[strings.Clone(path)] = t
			}
		}
		route.Template = t
	}
	if !r.known[route] {
		if len(r.known) >= r.limits.PerService {
			return event.Route{Method: route.Method, Template: event.OtherRoute}
		}
		r.known[route] = true
	}
	return route
}

// methods are those of RFC 9110 section 9 and RFC 5789, and WebDAV's (RFC 4918) as they are seen. Anything else is
// _OTHER, as OpenTelemetry has it: a method is text that a client sends.
var methods = map[string]bool{
	"": true, "GET": true, "HEAD": true, "POST": true, "PUT": true, "DELETE": true, "CONNECT": true, "OPTIONS": true, "TRACE": true,
	"PATCH": true, "QUERY": true, "PROPFIND": true, "PROPPATCH": true, "MKCOL": true, "COPY": true, "MOVE": true, "LOCK": true,
	"UNLOCK": true, "REPORT": true, "SEARCH": true, "PURGE": true,
}

func normalMethod(m string) string {
	if methods[m] {
		return strings.Clone(m)
	}
	return "_OTHER"
}

// maxSegments bounds the depth of a template.
const maxSegments = 12

func (r *router) template(path string) string {
	path = clip(event.Clean(path), maxPath)
	if i := strings.Index(path, "://"); i > 0 && i < 8 { // absolute form, RFC 9112 section 3.2.2
		if j := strings.IndexByte(path[i+3:], '/'); j >= 0 {
			path = path[i+3+j:]
		} else {
			path = "/"
		}
	}
	if i := strings.IndexAny(path, "?;#"); i >= 0 {
		path = path[:i]
	}
	if !strings.HasPrefix(path, "/") {
		if path == "*" {
			return "*"
		}
		return event.OtherRoute
	}
	segments := strings.Split(path[1:], "/")
	if len(segments) > maxSegments {
		segments = append(segments[:maxSegments:maxSegments], "{*}")
	}
	for i, s := range segments {
		segments[i] = classify(s)
	}
	return r.learn("/" + strings.Join(segments, "/"))
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

// classify returns the class of a path segment that is a value, or the segment itself.
func classify(s string) string {
	var digits, hex, letters, upper, lower, other int
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
			hex++
		case c >= 'a' && c <= 'f':
			hex++
			letters++
			lower++
		case c >= 'A' && c <= 'F':
			hex++
			letters++
			upper++
		case c >= 'g' && c <= 'z':
			letters++
			lower++
		case c >= 'G' && c <= 'Z':
			letters++
			upper++
		default:
			other++
		}
	}
	n := len(s)
	switch {
	case n == 0:
		return s
	case digits == n:
		return "{id}"
	case n == 36 && hex == 32 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-':
		return "{uuid}"
	case isDate(s):
		return "{date}"
	case strings.IndexByte(s, '@') > 0 || strings.Contains(s, "%40"):
		return "{email}"
	case hex == n && n >= 8 && digits > 0:
		return "{hex}"
	case n == 26 && other == 0 && lower == 0 && digits > 0: // ULID
		return "{id}"
	case n >= 20 && digits >= 3 && letters >= 6 && upper > 0 && lower > 0 && other <= n/8: // base64-like
		return "{token}"
	case n >= 16 && digits*4 >= n && letters > 0 && strings.IndexByte(s, '.') < 0:
		return "{token}"
	case digits > 0 && other > 0 && digits+strings.Count(s, "-")+strings.Count(s, "_")+strings.Count(s, ".")+strings.Count(s, ",") == n && !strings.HasPrefix(s, "."):
		return "{id}"
	case n > 64:
		return "{long}"
	}
	return s
}

// isDate says whether s is YYYY-MM-DD, with or without a time after it.
func isDate(s string) bool {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return false
	}
	for _, i := range [...]int{0, 1, 2, 3, 5, 6, 8, 9} {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) == 10 || s[10] == 'T' || s[10] == '_'
}

package ingest

import (
	"fmt"
	"strings"
	"testing"

	"hangup/event"
)

func TestRouteTemplates(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"": "(no request)", "/": "/", "*": "*", "/users": "/users", "/users/17": "/users/{id}", "/users/17/": "/users/{id}/",
		"/u/123e4567-e89b-12d3-a456-426614174000": "/u/{uuid}", "/u/123E4567-E89B-12D3-A456-426614174000/x": "/u/{uuid}/x",
		"/c/deadbeef01": "/c/{hex}", "/c/deadbeef": "/c/deadbeef", "/c/feed": "/c/feed", "/o/01ARZ3NDEKTSV4RRFFQ69G5FAV": "/o/{id}",
		"/d/2026-03-09": "/d/{date}", "/d/2026-03-09T10:00": "/d/{date}", "/m/a@example.org": "/m/{email}", "/m/a%40example.org": "/m/{email}",
		"/t/dGhpcyBpcyBh1IHRva2Vu9IGZvc7g": "/t/{token}", "/l/" + strings.Repeat("x", 65): "/l/{long}", "/v1/items": "/v1/items",
		"/a?b=1": "/a", "/a;s=1": "/a", "/a#b": "/a", "http://example.org/a/1": "/a/{id}", "https://example.org": "/", "example.org:443": "(other)",
		"/app.9.js": "/app.9.js", "/1.2.3": "/{id}", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n": "/a/b/c/d/e/f/g/h/i/j/k/l/{*}",
	} {
		if got := newRouter(RouteLimits{}).route("GET", path); got != (event.Route{Method: "GET", Template: want}) {
			t.Errorf("%q has the route %v, want %q", path, got, want)
		}
	}
	for method, want := range map[string]string{"": "", "GET": "GET", "PROPFIND": "PROPFIND", "get": "_OTHER", "\x16\x03": "_OTHER"} {
		if got := newRouter(RouteLimits{}).route(method, "/").Method; got != want {
			t.Errorf("method %q is %q, want %q", method, got, want)
		}
	}
}

func TestRouteLimitsAndRestart(t *testing.T) {
	t.Parallel()
	limits := RouteLimits{PerPosition: 3, PerService: 8}
	r := newRouter(limits)
	var all []event.Route
	seen := map[event.Route]bool{}
	for i := range 40 {
		all = append(all, r.route("GET", fmt.Sprintf("/%c/x%c", 'a'+i%5, 'a'+i/5)))
	}
	var stored []event.Route
	for _, x := range all {
		if !seen[x] && x.Template != event.OtherRoute {
			seen[x] = true
			stored = append(stored, x)
		}
	}
	if len(stored) != 8 || !seen[event.Route{Method: "GET", Template: "/{*}/xa"}] || all[39].Template != event.OtherRoute {
		t.Errorf("the routes are %v", stored)
	}
	again := newRouter(limits)
	for _, x := range stored {
		again.knows(x)
	}
	for i := range 5 { // those of before the limit of the service
		if got := again.route("GET", fmt.Sprintf("/%c/xa", 'a'+i)); got != all[i] {
			t.Errorf("after a restart, %v is %v", all[i], got)
		}
	}
}

// TestRouterStaysSmall sends paths that differ at every depth.
func TestRouterStaysSmall(t *testing.T) {
	t.Parallel()
	r := newRouter(RouteLimits{PerService: 100})
	for i := range 100_000 {
		r.route("GET", fmt.Sprintf("/%c/%c/%c/%c/%c", 'a'+i%26, 'a'+i/26%26, 'a'+i/676%26, 'a'+i/17576, 'a'+i%7))
	}
	var count func(n *node) int
	count = func(n *node) int {
		sum := len(n.children)
		for _, c := range n.children {
			sum += count(c)
		}
		return sum
	}
	if n := count(&r.root); n > 100*nodesPerRoute || len(r.known) > 100 {
		t.Errorf("the tree has %d nodes and %d routes", n, len(r.known))
	}
}

func FuzzRoute(f *testing.F) {
	f.Add("GET", "/a/1?x")
	f.Add("", "http://x/\xff/{*}")
	f.Fuzz(func(t *testing.T, method, path string) {
		r := newRouter(RouteLimits{})
		got := r.route(method, path)
		if len(got.Template) > len(path)+64*(maxSegments+1) || event.Clean(got.Template) != got.Template || got != r.route(method, path) {
			t.Errorf("%q %q has the route %q", method, path, got)
		}
	})
}

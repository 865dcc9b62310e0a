package demo

import (
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

// spread is a log-normal distribution cut off at both ends, the usual shape of times and sizes on the web.
type spread struct{ median, sigma, least, most float64 }

// draw takes one value.
func (s spread) draw(rng *rand.Rand) float64 {
	return min(max(s.median*math.Exp(s.sigma*rng.NormFloat64()), s.least), s.most)
}

// seconds turns a number of seconds into a duration.
func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// route is one kind of request that the application answers.
type route struct {
	method, prefix string
	contentType    string
	work           spread  // seconds before the answer begins
	size           spread  // bytes of the body
	tail           bool    // a share of the answers takes 2 to 6 s instead of work
	dies           float64 // share of requests in which the worker dies without an answer
}

// The content types that the application sends.
const (
	html = "text/html; charset=utf-8"
	json = "application/json"
	blob = "application/pdf"
)

// routes lists what the application answers; the first match counts. What matches none is a 404.
var routes = []route{
	{"POST", "/api/search", json, spread{0.6, 0.4, 0.3, 1.5}, spread{6000, 0.5, 900, 30000}, true, 0},
	{"GET", "/search", html, spread{1.1, 0.75, 0.15, 9}, spread{24000, 0.4, 6000, 90000}, false, 0},
	{"GET", "/download/", blob, spread{0.03, 0.4, 0.01, 0.2}, spread{1.6e6, 0.5, 6e5, 4e6}, false, 0},
	{"GET", "/products/", html, spread{0.035, 0.6, 0.008, 0.5}, spread{18000, 0.3, 5000, 60000}, false, 0},
	{"GET", "/api/products/", json, spread{0.012, 0.6, 0.003, 0.3}, spread{1400, 0.4, 300, 6000}, false, 0},
	{"GET", "/api/orders/", json, spread{0.05, 0.7, 0.01, 0.8}, spread{1900, 0.5, 400, 9000}, false, 0.003},
	{"GET", "/api/stock", json, spread{0.08, 0.5, 0.02, 0.6}, spread{40000, 0.2, 20000, 90000}, false, 0},
	{"PUT", "/api/stock/", json, spread{0.02, 0.5, 0.005, 0.3}, spread{60, 0.1, 40, 90}, false, 0},
	{"GET", "/cart", html, spread{0.04, 0.5, 0.01, 0.5}, spread{9000, 0.3, 3000, 30000}, false, 0},
	{"POST", "/cart/items", json, spread{0.03, 0.5, 0.008, 0.4}, spread{240, 0.2, 120, 600}, false, 0},
	{"POST", "/checkout", html, spread{0.35, 0.5, 0.1, 1.2}, spread{7000, 0.3, 3000, 20000}, false, 0.03},
	{"GET", "/account", html, spread{0.05, 0.5, 0.01, 0.5}, spread{11000, 0.3, 4000, 30000}, false, 0},
	{"GET", "/healthz", json, spread{0.002, 0.3, 0.001, 0.02}, spread{15, 0, 15, 15}, false, 0},
}

// home is the route of the exact path "/".
var home = route{"GET", "/", html, spread{0.02, 0.5, 0.005, 0.3}, spread{21000, 0.2, 9000, 50000}, false, 0}

// findRoute returns the route of a request; HEAD is answered as GET is.
func findRoute(method, path string) (route, bool) {
	if method == "HEAD" {
		method = "GET"
	}
	if method == "GET" && path == "/" {
		return home, true
	}
	for _, r := range routes {
		if r.method == method && strings.HasPrefix(path, r.prefix) {
			return r, true
		}
	}
	return route{}, false
}

// workTime draws how long the application works on a request of the route; running is how long the demo has been up.
// The share of slow searches drifts between 15 and 35 % with a period of 13 minutes, as an index grows and is merged.
func (r route) workTime(rng *rand.Rand, running time.Duration) time.Duration {
	if r.tail && rng.Float64() < slowShare(running) {
		return seconds(2 + 4*math.Pow(rng.Float64(), 2))
	}
	return seconds(r.work.draw(rng))
}

// slowShare is the share of searches that take longer than two seconds.
func slowShare(running time.Duration) float64 {
	return 0.25 + 0.10*math.Sin(2*math.Pi*running.Minutes()/13)
}

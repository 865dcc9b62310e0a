package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"time"
)

// libraryTimeout is the call timeout of the shop's Android application, in seconds.
const libraryTimeout = 2.0

// patience is how long people wait for a page of search results, in seconds.
var patience = spread{2.3, 0.55, 1, 8}

// populations lists who visits the shop. At rate 1 they send about 40 requests a second.
var populations = []population{
	{"shoppers", 2.8, [2]byte{10, 0}, 4, 200, browsers, shopper},
	{"android", 3.4, [2]byte{40, 0}, 2, 150, []string{"okhttp/4.12.0"}, phone(libraryTimeout)},
	{"iphone", 1.2, [2]byte{41, 0}, 1, 150, []string{"ShopApp/5.2.1 CFNetwork/1568.200.51 Darwin/24.1.0"}, phone(0)},
	{"train", 1.8, [2]byte{66, 6}, 1, 40, mobiles, traveller},
	{"probe", 0.5, [2]byte{0, 0}, 1, 1, []string{"kube-probe/1.31"}, probe},
	{"warehouse", 0.4, [2]byte{90, 1}, 1, 3, []string{"python-requests/2.32.3"}, warehouse},
	{"crawler", 0.5, [2]byte{31, 13}, 1, 8, []string{"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}, crawler},
}

var browsers = append([]string{
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0",
	"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
	"Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0",
}, mobiles...)

var mobiles = []string{
	"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
	"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
	"Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36",
}

var words = []string{
	"red shoes", "kettle", "desk lamp", "café mug", "tent", "usb c cable", "boots size 9", "rain coat", "garden chair",
	"bike light", "wool socks", "coffee grinder", "water bottle", "board game", "backpack", "phone case",
}

const site = "https://" + serverName

// shopper is a person with a browser: pages, now and then a search that may take longer than the person waits.
func shopper(ctx context.Context, c *client) {
	if c.rng.Float64() < 0.1 && c.connect(ctx) == nil { // browsers connect ahead and change their minds
		c.think(ctx, 0.3)
		c.close()
	}
	for _, target := range []string{"/", "/static/app.js", "/static/style.css"} {
		if c.do(ctx, ask{method: "GET", target: target}) != completed {
			return
		}
	}
	for range 1 + c.rng.IntN(4) {
		if !c.think(ctx, spread{0.8, 0.6, 0.2, 4}.draw(c.rng)) || !visit(ctx, c) {
			return
		}
	}
}

// visit is what a shopper does on one page. false means that the shopper has left.
func visit(ctx context.Context, c *client) bool {
	p := c.rng.Float64()
	switch {
	case p < 0.42:
		return search(ctx, c)
	case p < 0.84:
		product := fmt.Sprintf("/products/%d", 100+c.rng.IntN(900))
		if c.do(ctx, ask{method: "GET", target: product, referer: site + "/"}) != completed || c.rng.Float64() < 0.7 {
			return true
		}
		return buy(ctx, c, product)
	case p < 0.93:
		return c.do(ctx, ask{method: "GET", target: "/account", referer: site + "/"}) == completed
	default:
		return c.do(ctx, ask{method: "GET", target: download(c.rng), referer: site + "/account"}) == completed
	}
}

// search waits for results as long as the person has patience. Some who left try another word.
func search(ctx context.Context, c *client) bool {
	for {
		a := ask{
			method: "GET", target: "/search?q=" + url.QueryEscape(words[c.rng.IntN(len(words))]), referer: site + "/",
			cause: Impatience, patience: c.wait(patience.draw(c.rng)),
		}
		switch c.do(ctx, a) {
		case completed:
			return true
		case hungUp:
			if c.rng.Float64() < 0.6 {
				return false
			}
		default:
			return false
		}
	}
}

// buy puts a product in the cart and sometimes pays.
func buy(ctx context.Context, c *client, product string) bool {
	item := fmt.Sprintf(`{"product":%q,"count":%d}`, product, 1+c.rng.IntN(3))
	for _, a := range []ask{
		{method: "POST", target: "/cart/items", body: item, referer: site + product},
		{method: "GET", target: "/cart", referer: site + product},
		{method: "POST", target: "/checkout", body: `{"pay":"card"}`, referer: site + "/cart"},
	} {
		if c.do(ctx, a) != completed || !c.think(ctx, 0.3) {
			return false
		}
		if a.target == "/cart" && c.rng.Float64() < 0.4 {
			return true
		}
	}
	return true
}

// phone is the shop's application for telephones, whose library gives up after a fixed number of seconds; 0 never.
func phone(timeout float64) func(context.Context, *client) {
	return func(ctx context.Context, c *client) {
		call := func(a ask) outcome {
			if timeout > 0 {
				a.cause, a.patience = LibraryTimeout, c.wait(timeout)
			}
			return c.do(ctx, a)
		}
		for range 1 + c.rng.IntN(2) {
			query := fmt.Sprintf(`{"query":%q,"page":%d}`, words[c.rng.IntN(len(words))], 1+c.rng.IntN(3))
			for tries := 0; call(ask{method: "POST", target: "/api/search", body: query}) == hungUp; tries++ {
				if tries == 1 || c.rng.Float64() < 0.6 || !c.think(ctx, 0.5) {
					return
				}
			}
			for range c.rng.IntN(3) {
				call(ask{method: "GET", target: fmt.Sprintf("/api/products/%d", 100+c.rng.IntN(900))})
			}
			if c.rng.Float64() < 0.4 {
				call(ask{method: "GET", target: "/api/orders/" + uuid(c.rng)})
			}
			if !c.think(ctx, 0.6) {
				return
			}
		}
	}
}

// traveller is a person on a train: the same pages as everybody, but the network loses connections, mostly those
// that carry a long download.
func traveller(ctx context.Context, c *client) {
	if c.do(ctx, ask{method: "GET", target: "/"}) != completed {
		return
	}
	a := ask{method: "GET", cause: BadNetwork, reset: true, referer: site + "/"}
	if c.rng.Float64() < 0.7 {
		a.target = download(c.rng)
		a.pace = c.wait(0.05 + 0.13*c.rng.Float64())
		if c.rng.Float64() < 0.7 {
			a.patientFor = int64(3e4 + 5e5*c.rng.Float64())
		}
	} else {
		a.target = []string{"/search?q=train", "/account", "/cart", fmt.Sprintf("/products/%d", 100+c.rng.IntN(900))}[c.rng.IntN(4)]
		a.patience = c.wait(0.02 + 0.6*c.rng.Float64())
	}
	if c.do(ctx, a) == completed && c.rng.Float64() < 0.5 && c.think(ctx, 0.3) && c.conn != nil {
		c.reset()
		c.truth.addIdleReset()
	}
}

// probe is the orchestrator's health check: a new connection each time.
func probe(ctx context.Context, c *client) {
	c.do(ctx, ask{method: "GET", target: "/healthz"})
}

// warehouse is a program that reads the stock and writes it back.
func warehouse(ctx context.Context, c *client) {
	if c.do(ctx, ask{method: "GET", target: "/api/stock"}) != completed {
		return
	}
	c.do(ctx, ask{method: "PUT", target: fmt.Sprintf("/api/stock/%d", 100+c.rng.IntN(900)), body: `{"count":12}`})
}

// crawler reads product pages for a search engine.
func crawler(ctx context.Context, c *client) {
	c.do(ctx, ask{method: "GET", target: fmt.Sprintf("/products/%d", 100+c.rng.IntN(900))})
}

// wait turns planned seconds into a duration at the run's scale.
func (c *client) wait(secs float64) time.Duration {
	return time.Duration(secs * c.scale * float64(time.Second))
}

// download names one of the shop's manuals.
func download(rng *rand.Rand) string { return fmt.Sprintf("/download/%d/manual.pdf", 100+rng.IntN(60)) }

// uuid is a random identifier of an order.
func uuid(rng *rand.Rand) string {
	a, b := rng.Uint64(), rng.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0x3fff|0x8000, b&0xffffffffffff)
}

package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// traffic is a shop's, always the same: 300 routes and 200,000 clients, of which few have most of the requests, paths of
// which nearly each is there once, and 1.5 % hang-ups, most of them by clients with a timer.
type traffic struct {
	r       *rand.Rand
	routes  []trafficRoute
	clients []trafficClient
	route   *rand.Zipf
	client  *rand.Zipf
	line    []byte
}

type trafficRoute struct {
	method string
	parts  []string // "#" stands for a number, "%" for a UUID
	page   bool
	median float64 // seconds
	leaves float64 // share of requests whose client hangs up
}

type trafficClient struct {
	address, agent string
	timer          float64 // seconds; 0 for none
}

// exchange is one request of it.
type exchange struct {
	at              time.Time
	client          *trafficClient
	method          string
	path            []byte
	status, bytes   int
	seconds         float64
	gone            bool
	port, one, two  uint32
	route, upstream int
}

func newTraffic() *traffic {
	s := &traffic{r: rand.New(rand.NewPCG(20261122, 1))}
	things := []string{"baskets", "coupons", "customers", "exports", "images", "labels", "offers", "parcels", "quotes", "ratings", "refunds", "stores", "tags", "visits", "wishes"}
	ends := [][]string{nil, {"#"}, {"#", "lines"}, {"%"}, {"%", "state"}, {"#", "notes", "#"}, {"latest"}, {"#", "print"}, {"%", "history"}, {"#", "similar"}}
	methods := []string{"GET", "GET", "GET", "GET", "POST", "PUT", "DELETE"}
	for v := range 2 {
		for _, thing := range things {
			for _, end := range ends {
				route := trafficRoute{method: methods[s.r.IntN(len(methods))], page: s.r.IntN(3) == 0, median: 0.008 * math.Exp(1.1*s.r.NormFloat64())}
				route.parts = append([]string{"api", "v" + strconv.Itoa(v+1), thing}, end...)
				if thing == "exports" || thing == "refunds" {
					route.median *= 30
				}
				s.routes = append(s.routes, route)
			}
		}
	}
	s.r.Shuffle(len(s.routes), func(i, j int) { s.routes[i], s.routes[j] = s.routes[j], s.routes[i] })
	s.route, s.client = rand.NewZipf(s.r, 1.1, 3, uint64(len(s.routes)-1)), rand.NewZipf(s.r, 1.08, 4, 200_000-1)
	const looks = 100_000
	weight := 0.0
	for range looks {
		weight += 0.3 + 20*s.routes[s.route.Uint64()].median
	}
	for i := range s.routes {
		s.routes[i].leaves = min(0.5, 0.015*(0.3+20*s.routes[i].median)*looks/weight)
	}
	agents := []string{
		"curl/8.5.0", "Go-http-client/2.0", "okhttp/4.12.0", "python-requests/2.32.3", "kube-probe/1.31", "ShopApp/8.1.0 (iOS 18.1)", "Apache-HttpClient/4.5.14 (Java/21.0.4)",
		"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
	}
	systems := []string{"Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64", "Linux; Android 10; K"}
	timers := []float64{3, 5, 10, 15, 30, 30, 60, 0, 0, 0}
	for i := range 200_000 {
		var a netip.Addr
		if s.r.IntN(12) == 0 {
			b := [16]byte{0x20, 0x01, 0x0d, 0xb8}
			for j := 4; j < len(b); j++ {
				b[j] = byte(s.r.Uint32())
			}
			a = netip.AddrFrom16(b)
		} else { // an odd factor makes another of each number
			n := uint32(i) * 2654435761
			a = netip.AddrFrom4([4]byte{byte(11 + n>>24%200), byte(n >> 16), byte(n >> 8), byte(n)})
		}
		c := trafficClient{address: a.String(), agent: agents[s.r.IntN(len(agents))], timer: timers[s.r.IntN(len(timers))]}
		if s.r.IntN(2) == 0 {
			c.agent = fmt.Sprintf("Mozilla/5.0 (%s) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0 Safari/537.36", systems[s.r.IntN(len(systems))], 100+s.r.IntN(43))
		}
		s.clients = append(s.clients, c)
	}
	return s
}

// next makes the next request.
func (s *traffic) next(x *exchange) {
	x.route = int(s.route.Uint64())
	route := &s.routes[x.route]
	x.client, x.method, x.upstream = &s.clients[s.client.Uint64()], route.method, s.r.IntN(12)
	x.seconds = route.median * math.Exp(0.9*s.r.NormFloat64())
	x.port, x.one, x.two = 1024+s.r.Uint32N(60_000), s.r.Uint32(), s.r.Uint32()
	x.status, x.bytes = 200, int(600*math.Exp(1.5*s.r.NormFloat64()))
	x.gone = s.r.Float64() < route.leaves
	switch n := s.r.IntN(1000); {
	case x.gone:
		x.status, x.bytes = 499, 0
		if x.client.timer > 0 && n < 750 {
			x.seconds = x.client.timer + 0.02*s.r.Float64()
		} else {
			x.seconds *= 1 + 20*s.r.Float64()
		}
	case n < 60:
		x.status, x.bytes = 304, 0
	case n < 95:
		x.status, x.bytes = 404, 153
	case n < 115:
		x.status = 401
	case n < 118:
		x.status, x.bytes = 502, 166
	}
	b := x.path[:0]
	for _, part := range route.parts {
		b = append(b, '/')
		switch part {
		case "#":
			b = strconv.AppendInt(b, s.r.Int64N(5_000_000), 10)
		case "%":
			b = fmt.Appendf(b, "%08x-%04x-4%03x-8%03x-%012x", s.r.Uint32(), s.r.Uint32N(1<<16), s.r.Uint32N(1<<12), s.r.Uint32N(1<<12), s.r.Uint64N(1<<48))
		default:
			b = append(b, part...)
		}
	}
	if route.page {
		b = append(strconv.AppendInt(append(b, "?page="...), s.r.Int64N(50), 10), "&sort=-price"...)
	}
	x.path = b
}

// nginx writes it as combined with times and an id behind.
func (x *exchange) nginx(b []byte) []byte {
	b = append(append(b, x.client.address...), " - - ["...)
	b = append(x.at.AppendFormat(b, "02/Jan/2006:15:04:05 -0700"), `] "`...)
	b = append(append(append(append(b, x.method...), ' '), x.path...), ` HTTP/1.1" `...)
	b = strconv.AppendInt(append(strconv.AppendInt(b, int64(x.status), 10), ' '), int64(x.bytes), 10)
	b = append(append(append(b, ` "-" "`...), x.client.agent...), `" rt=`...)
	b = append(strconv.AppendFloat(b, x.seconds, 'f', 3, 64), " urt="...)
	b = append(strconv.AppendFloat(b, x.seconds, 'f', 3, 64), " rid="...)
	return fmt.Appendf(b, "%08x%08x%08x%08x\n", x.one, x.two, x.two, x.one)
}

// haproxy writes it as option httplog behind syslog's head.
func (x *exchange) haproxy(b []byte) []byte {
	status, state := x.status, "----"
	if x.gone {
		status, state = -1, "CH--"
	}
	ms := int64(1000 * x.seconds)
	b = append(x.at.AppendFormat(b, time.Stamp), " lb1 haproxy[1234]: "...)
	b = append(strconv.AppendUint(append(append(b, x.client.address...), ':'), uint64(x.port), 10), " ["...)
	b = append(x.at.AppendFormat(b, "02/Jan/2006:15:04:05.000"), "] fe_https be_app/app"...)
	b = fmt.Appendf(b, "%d 0/0/1/%d/%d %d %d - - %s 120/120/%d/9/0 0/0 \"", x.upstream, ms, ms+1, status, x.bytes, state, x.port%40)
	return append(append(append(append(b, x.method...), ' '), x.path...), " HTTP/1.1\"\n"...)
}

// write writes n requests, as many in each second of a span that begins at a time.
func (s *traffic) write(w io.Writer, n int, at time.Time, span time.Duration, line func(x *exchange, b []byte) []byte) error {
	var x exchange
	for i := range n {
		x.at = at.Add(time.Duration(float64(span) * float64(i) / float64(n)))
		s.next(&x)
		s.line = line(&x, s.line[:0])
		if _, err := w.Write(s.line); err != nil {
			return err
		}
	}
	return nil
}

// trafficLog makes a log of n requests.
func trafficLog(tb testing.TB, name string, n int, span time.Duration, line func(x *exchange, b []byte) []byte) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), name)
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	err = newTraffic().write(w, n, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), span, line)
	if err := cmp.Or(err, w.Flush(), f.Close()); err != nil {
		tb.Fatal(err)
	}
	return path
}

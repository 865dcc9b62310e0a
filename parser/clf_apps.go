package parser

import (
	"strings"

	"hangup/event"
)

// morgan's named formats.
func init() {
	registerAccess(accessFormat{
		FormatInfo: FormatInfo{
			Name:    "morgan-combined",
			Summary: "morgan (Node.js), formats combined and common",
			Example: `127.0.0.5 - - [23/Nov/2026:07:10:04 +0000] "GET /slow HTTP/1.1" - - "http://shop.example/cart" "curl/7.88.1"`,
			Aliases: []string{"morgan-common"},
		},
		rank:    17,
		dialect: "morgan",
		layouts: []string{morganNames["combined"], morganNames["common"]},
		accept: func(x *exchange, e *event.Event) bool {
			return strings.IndexByte(x.get(vAgent), '"') < 0 && e.Method != "-" &&
				(x.values[vStatus] != "-" || x.values[vBodyBytes] == "-")
		},
	})
	registerAccess(accessFormat{
		FormatInfo: FormatInfo{
			Name:      "morgan-tiny",
			Summary:   "morgan (Node.js), formats tiny and short",
			Example:   `GET /fast 200 5 - 2.597 ms`,
			Durations: true,
			Aliases:   []string{"morgan-short"},
		},
		rank:    40,
		dialect: "morgan",
		layouts: []string{morganNames["tiny"], morganNames["short"]},
		accept: func(x *exchange, e *event.Event) bool {
			return isMethod(e.Method) && e.Method != "-" && strings.IndexByte(x.values[vTarget], ' ') < 0
		},
	})
	register(format{
		FormatInfo: FormatInfo{
			Name:      "morgan-dev",
			Summary:   "morgan (Node.js), format dev, with its colours or without",
			Example:   `GET /fast 200 2.597 ms - 5`,
			Durations: true,
		},
		rank: 40,
		make: func(Options) (grammar, error) { return &morganDev{}, nil },
	})
}

// morganDev reads "GET /fast 200 2.597 ms - 5". On a terminal and off it morgan writes the status in the colour of its
// class, ESC[32m200ESC[0m, and ESC[0m around it all.
type morganDev struct {
	oneLine
	clock clock
	x     exchange
}

func (g *morganDev) read(line string, r *event.Record) event.Reason {
	x := &g.x
	x.reset("", escapeNone)
	const off = "\x1b[0m"
	s, coloured := strings.CutPrefix(line, off)
	method, s, ok1 := strings.Cut(s, " ")
	target, s, ok2 := strings.Cut(s, " ")
	code, s, ok3 := strings.Cut(s, " ")
	took, bytes, ok4 := strings.Cut(s, " ms - ")
	if coloured {
		code = strings.TrimSuffix(code, off)
		if i := strings.IndexByte(code, 'm'); strings.HasPrefix(code, "\x1b[") && i > 0 {
			code = code[i+1:]
		}
		bytes = strings.TrimSuffix(bytes, off)
	}
	if !ok1 || !ok2 || !ok3 || !ok4 || !isMethod(method) || method == "-" || code != "-" && len(code) != 3 {
		return event.NoFormat
	}
	x.set(vMethod, method)
	x.set(vTarget, target)
	x.set(vStatus, code)
	x.set(vHead, took)
	x.set(vBodyBytes, bytes)
	if !x.isRequest() {
		return event.NoFormat
	}
	if why := x.fill(&g.clock, &r.Event); why != "" {
		return why
	}
	morganOutcome(x, &r.Event)
	return ""
}

// uWSGI with a log-format that is combined and the milliseconds: the one of its documentation.
func init() {
	registerAccess(accessFormat{
		FormatInfo: FormatInfo{
			Name:      "uwsgi-custom",
			Summary:   "uWSGI request log, log-format combined with %(msecs)ms behind it",
			Example:   `127.0.0.3 - - [23/Nov/2026:07:15:53 +0000] "POST /upload HTTP/1.1" 500 0 "http://shop.example/cart" "curl/7.88.1" 3003ms`,
			Durations: true,
		},
		rank:    15,
		dialect: "uwsgi-layout",
		layouts: []string{`%(addr) - %(user) [%(ltime)] "%(method) %(uri) %(proto)" %(status) %(size) "%(referer)" "%(uagent)" %(msecs)ms`},
		accept: func(x *exchange, _ *event.Event) bool {
			return strings.IndexByte(x.values[vAgent], '"') < 0 && x.isCount(vMillis, false)
		},
	})
}

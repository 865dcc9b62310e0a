package parser

import (
	"strings"

	"hangup/event"
)

// nginx's predefined format "combined" (ngx_http_log_module.c), and the "main" of the configuration that it comes
// with, which adds "$http_x_forwarded_for".
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:    "nginx-combined",
			Summary: "nginx access log, log_format combined or main (also Apache's combined)",
			Example: `203.0.113.7 - - [22/Nov/2026:10:00:00 +0000] "GET /slow HTTP/1.1" 499 0 "-" "curl/8.5.0"`,
		},
		rank: 10,
		make: func(o Options) (grammar, error) { return &nginxCombined{clock: clock{zone: o.Zone}}, nil },
	})
}

type nginxCombined struct {
	oneLine
	clock clock
	x     exchange
}

func (g *nginxCombined) read(line string, r *event.Record) event.Reason {
	g.x.reset(line, escapeHex)
	rest, ok := cutCombined(line, &g.x)
	if !ok {
		return event.NoFormat
	}
	if rest != "" { // "$http_x_forwarded_for"
		if rest[0] != ' ' {
			return event.NoFormat
		}
		if _, rest, ok = quoted(rest[1:]); !ok || rest != "" {
			return event.NoFormat
		}
	}
	return g.x.event(&g.clock, &r.Event)
}

// cutCombined takes the combined format's fields from the beginning of a line and returns what follows them.
func cutCombined(line string, x *exchange) (rest string, ok bool) {
	i := strings.IndexByte(line, ' ')
	if i < 0 || !isAddress(line[:i]) {
		return "", false
	}
	x.set(vAddr, line[:i])
	rest = line[i+1:]
	// "- user [": the user may hold anything, brackets too, but no quote.
	for {
		if i = strings.Index(rest, " ["); i < 0 || len(rest) < i+2+29 {
			return "", false
		}
		rest = rest[i+2:]
		if rest[26] == ']' && rest[27] == ' ' && rest[28] == '"' {
			break
		}
	}
	x.set(vTimeLocal, rest[:26])
	var s string
	if s, rest, ok = quoted(rest[28:]); !ok {
		return "", false
	}
	x.set(vRequest, s)
	for _, v := range [...]variable{vStatus, vBodyBytes} {
		if rest == "" || rest[0] != ' ' {
			return "", false
		}
		rest = rest[1:]
		if i = strings.IndexByte(rest, ' '); i < 0 {
			return "", false
		}
		x.set(v, rest[:i])
		rest = rest[i:]
	}
	for _, v := range [...]variable{vReferer, vAgent} {
		if rest == "" {
			return "", false
		}
		if s, rest, ok = quoted(rest[1:]); !ok {
			return "", false
		}
		x.set(v, s)
		if v == vReferer && (rest == "" || rest[0] != ' ') {
			return "", false
		}
	}
	return rest, true
}

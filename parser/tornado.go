package parser

import (
	"strings"

	"hangup/event"
)

// Tornado's own layout (tornado/log.py): [I 261123 07:08:10 web:2293] message, further lines indented by four, and
// that of Jupyter's servers: [I 2026-11-23 07:08:10.123 ServerApp] message.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "tornado",
			Summary:   "Tornado's log (also Jupyter's), with access lines and tracebacks",
			Example:   `[I 261123 07:08:13 web:2293] 200 GET /slow (127.0.0.5) 1003.45ms`,
			Durations: true,
			Multiline: true,
			Aliases:   []string{"jupyter"},
		},
		rank: 20,
		make: func(o Options) (grammar, error) { return &tornado{clock: clock{zone: o.Zone}}, nil },
	})
}

type tornado struct {
	clock clock
	block block
}

func (g *tornado) place(line string, open bool) place {
	if _, ok := cutTornado(pyPlain(line)); ok {
		return g.block.begin()
	}
	return g.block.next(line, open)
}

func (g *tornado) remembers() bool { return g.block.remembers() }

// cutTornado reads the head of a line: one letter for the level, the time, the module or the program.
func cutTornado(s string) (h pyHead, ok bool) {
	if len(s) < 24 || s[0] != '[' || s[2] != ' ' || !isDigit(s[3]) {
		return h, false
	}
	switch s[1] {
	case 'I':
		h.level = "INFO"
	case 'D':
		h.level = "DEBUG"
	case 'W':
		h.level = "WARNING"
	case 'E':
		h.level = "ERROR"
	case 'C':
		h.level = "CRITICAL"
	default:
		return h, false
	}
	end := strings.IndexByte(s[:min(len(s), 160)], ']')
	if end < 0 || len(s) > end+1 && s[end+1] != ' ' {
		return h, false
	}
	rest := s[3:end]
	h.message = s[min(end+2, len(s)):]
	if n := pyTimeLen(rest); n > 0 { // Jupyter
		if len(rest) <= n+1 || rest[n] != ' ' || strings.IndexByte(rest[n+1:], ' ') >= 0 {
			return h, false
		}
		h.time, h.logger = rest[:n], rest[n+1:]
		return h, true
	}
	if len(rest) < 18 || rest[6] != ' ' || rest[9] != ':' || rest[12] != ':' || rest[15] != ' ' || digitsLen(rest) != 6 {
		return h, false
	}
	module, number, isModule := strings.Cut(rest[16:], ":")
	if !isModule || module == "" || digitsLen(number) != len(number) || number == "" {
		return h, false
	}
	h.time = rest[:15]
	return h, true
}

// shortTime reads "261123 07:08:10".
func (c *clock) shortTime(e *event.Event, s string) bool {
	year, ok1 := two(s, 0)
	month, ok2 := two(s, 2)
	day, ok3 := two(s, 4)
	secs, ok4 := clockTime(s[7:15])
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return false
	}
	days, ok := civilDays(2000+year, month, day)
	if !ok {
		return false
	}
	e.Time, ok = c.local(days*86400+secs, "")
	e.ZoneAssumed = ok
	return ok
}

func (g *tornado) read(text string, r *event.Record) event.Reason {
	e := &r.Event
	first, lines := splitRecord(text, r.Lines)
	h, ok := cutTornado(pyPlain(first))
	if !ok {
		return readBlock(e, first, lines)
	}
	if len(h.time) == 15 {
		ok = g.clock.shortTime(e, h.time)
	} else {
		e.Time, e.ZoneAssumed, ok = h.when(&g.clock)
	}
	if !ok {
		return event.BadTime
	}
	e.Level, e.Logger, e.Kind = h.level, h.logger, event.Other
	message := cut(h.message)
	g.uncaught(e, message)
	for i := 1; i < len(lines); i++ {
		lines[i] = strings.TrimPrefix(lines[i], "    ")
		g.request(e, lines[i])
	}
	if t, ok := readTrace(lines); ok && traceSignal(e, t, message, "") {
		return ""
	}
	if !tornadoAccess(e, message) {
		messageSignal(e, message, "")
	}
	return ""
}

// uncaught reads "Uncaught exception GET /big (127.0.0.6)" (tornado/web.py) and "Malformed HTTP message from
// 127.0.0.17: ..." (tornado/http1connection.py).
func (g *tornado) uncaught(e *event.Event, message string) {
	if rest, ok := strings.CutPrefix(message, "Malformed HTTP message from "); ok {
		client, _, _ := strings.Cut(rest, ": ")
		if isIP(address(client)) {
			e.Client = address(client)
		}
		return
	}
	rest, ok := strings.CutPrefix(message, "Uncaught exception ")
	method, rest, ok1 := strings.Cut(rest, " ")
	i := strings.LastIndex(rest, " (")
	if !ok || !ok1 || i < 0 || !isMethod(method) || !strings.HasSuffix(rest, ")") {
		return
	}
	e.Method = method
	setTarget(e, rest[:i])
	if client := address(rest[i+2 : len(rest)-1]); isIP(client) {
		e.Client = client
	}
}

// request reads HTTPServerRequest(protocol='http', host='shop.example', method='GET', uri='/big', version='HTTP/1.1',
// remote_ip='127.0.0.6') (tornado/httputil.py).
func (g *tornado) request(e *event.Event, line string) {
	rest, ok := strings.CutPrefix(line, "HTTPServerRequest(")
	if !ok {
		return
	}
	rest = cut(rest)
	if h := environ(rest, "host='"); h != "" {
		e.Host = host(h)
	}
	if v := environ(rest, "version='"); isProtocol(v) {
		e.Protocol = v
	}
	if client := address(environ(rest, "remote_ip='")); e.Client == "" && isIP(client) {
		e.Client = client
	}
}

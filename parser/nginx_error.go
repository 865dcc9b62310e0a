package parser

import (
	"strings"

	"hangup/event"
)

// nginx's error log (ngx_log.c, and ngx_http_log_error in ngx_http_request.c):
// YYYY/MM/DD hh:mm:ss [level] pid#tid: *cid MESSAGE[ while ACTION], client: ..., server: ..., request: "...", ...
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "nginx-error",
			Summary:   "nginx error log (set its level to info: client hang-ups are below error)",
			Example:   `2026/11/22 10:00:08 [info] 2312#2312: *1009 client prematurely closed connection while reading client request headers, client: 203.0.113.7, server: shop.example`,
			Multiline: true,
		},
		rank: 40,
		make: func(o Options) (grammar, error) { return &nginxError{clock: clock{zone: o.Zone}}, nil },
	})
}

type nginxError struct {
	clock clock
}

// place joins the lines of what a FastCGI program or a Lua script wrote: such a record is open until the line that
// has the tail.
func (g *nginxError) place(line string, open bool) place {
	if head, ok := cutNginxError(line); ok {
		if goesOn(head.text) {
			return opens
		}
		return whole
	}
	switch {
	case !open:
		return whole
	case strings.Contains(line, ", client: "):
		return closes
	}
	return more
}

func (*nginxError) remembers() bool { return false }

// goesOn says whether a message without its tail is one that may have several lines.
func goesOn(text string) bool {
	return !strings.Contains(text, ", client: ") &&
		(strings.Contains(text, "FastCGI sent in stderr: ") || strings.Contains(text, "[lua]") || strings.Contains(text, "lua entry thread aborted"))
}

type nginxErrorHead struct {
	time, level, pid string
	text             string // behind "pid#tid: *cid "
}

// cutNginxError takes the head of a line, with or without a syslog head before it.
func cutNginxError(line string) (h nginxErrorHead, ok bool) {
	if len(line) < 20 || line[4] != '/' {
		var isSyslog bool
		if _, line, isSyslog = cutSyslog(line); !isSyslog || len(line) < 20 || line[4] != '/' {
			return h, false
		}
	}
	if line[7] != '/' || line[10] != ' ' || line[19] != ' ' {
		return h, false
	}
	h.time = line[:19]
	rest := line[20:]
	i := strings.IndexByte(rest, ']')
	if i < 2 || i > 10 || rest[0] != '[' {
		return h, false
	}
	h.level, rest = rest[1:i], rest[i+1:]
	if rest == "" || rest[0] != ' ' {
		return h, false
	}
	if i = strings.Index(rest, ": "); i < 0 || i > 32 {
		return h, false
	}
	id := rest[1:i]
	rest = rest[i+2:]
	if i = strings.IndexByte(id, '#'); i <= 0 || !isDigit(id[0]) {
		return h, false
	}
	h.pid = id[:i]
	if rest != "" && rest[0] == '*' {
		if i = strings.IndexByte(rest, ' '); i > 1 && isDigit(rest[1]) {
			rest = rest[i+1:]
		}
	}
	h.text = rest
	return h, true
}

func (g *nginxError) read(text string, r *event.Record) event.Reason {
	h, ok := cutNginxError(text)
	if !ok {
		return event.NoFormat
	}
	e := &r.Event
	if e.Time, ok = g.clock.sql(h.time, '/'); !ok {
		return event.BadTime
	}
	e.ZoneAssumed = true
	e.Level, e.PID = h.level, pid(h.pid)
	tail := ""
	e.Message = h.text
	if i := tailStart(h.text); i >= 0 {
		e.Message, tail = h.text[:i], h.text[i+2:]
	}
	readTail(tail, e)
	e.Kind = event.Other
	nginxSignal(e)
	return ""
}

// tailStart finds ", client: " behind the message. A message may quote what a client sent; such texts stand in
// double quotes, so what is inside them does not count unless nothing else is there.
func tailStart(s string) int {
	const mark = ", client: "
	first := -1
	quotes, from := 0, 0
	for {
		i := strings.Index(s[from:], mark)
		if i < 0 {
			return first
		}
		i += from
		quotes += strings.Count(s[from:i], `"`)
		if quotes%2 == 0 {
			return i
		}
		if first < 0 {
			first = i
		}
		from = i + len(mark)
	}
}

// readTail reads `client: A, server: S, request: "R", subrequest: "R", upstream: "U", host: "H", referrer: "F"`, in
// this order (ngx_http_log_error_handler), and Kong's request_id behind it. Quotes inside the values are not escaped.
func readTail(s string, e *event.Event) {
	s, ok := strings.CutPrefix(s, "client: ")
	if !ok {
		return
	}
	client, s, _ := strings.Cut(s, ", ")
	if isAddress(client) {
		e.Client = address(client)
	}
	if i := strings.Index(s, `request: "`); i >= 0 && (i == 0 || strings.HasPrefix(s, "server: ")) {
		s = s[i+len(`request: "`):]
		end := requestEnd(s)
		setRequest(e, s[:end])
		s = s[end:]
	}
	if i := strings.Index(s, `upstream: "`); i >= 0 {
		s = s[i+len(`upstream: "`):]
		e.Upstream = upstream(s[:valueEnd(s)])
	}
	if i := strings.Index(s, `, host: "`); i >= 0 {
		s = s[i+len(`, host: "`):]
		end := valueEnd(s)
		e.Host = host(s[:end])
		s = s[end:]
	}
	if i := strings.LastIndex(s, `, request_id: "`); i >= 0 {
		id := s[i+len(`, request_id: "`):]
		e.RequestID = strings.TrimSuffix(id, `"`)
		s = s[:i]
	}
	if i := strings.Index(s, `, referrer: "`); i >= 0 {
		e.Referer = strings.TrimSuffix(s[i+len(`, referrer: "`):], `"`)
	}
}

// requestEnd finds the end of a request line: the quote behind its protocol, else the one before the next key.
func requestEnd(s string) int {
	for from := 0; ; {
		i := strings.Index(s[from:], " HTTP/")
		if i < 0 {
			return valueEnd(s)
		}
		i += from + len(" HTTP/")
		end := i
		for end < len(s) && (isDigit(s[end]) || s[end] == '.') {
			end++
		}
		if end < len(s) && s[end] == '"' && (end+1 == len(s) || s[end+1] == ',') {
			return end
		}
		from = i
	}
}

// valueEnd finds the quote that ends a value: before the next key, or the last one.
func valueEnd(s string) int {
	end := strings.LastIndexByte(s, '"')
	if end < 0 {
		return len(s)
	}
	for _, key := range [...]string{`", subrequest: "`, `", upstream: "`, `", host: "`, `", referrer: "`, `", request_id: "`, `", bytes from`} {
		if i := strings.Index(s[:end+1], key); i >= 0 {
			end = i
		}
	}
	return end
}

package parser

import (
	"strings"

	"hangup/event"
)

// uvicorn's layout (uvicorn/logging.py): the level, a colon, blanks up to the tenth column, the message. Its access
// lines have the same, or none under gunicorn. FastAPI's own command and applications use it too.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "uvicorn",
			Summary:   "uvicorn's console: log and access log",
			Example:   `INFO:     127.0.0.2:33429 - "GET /fast HTTP/1.1" 200 OK`,
			Multiline: true,
			Aliases:   []string{"fastapi"},
		},
		rank: 30,
		make: func(o Options) (grammar, error) { return &uvicorn{clock: clock{zone: o.Zone}}, nil },
	})
}

type uvicorn struct {
	clock clock
	block block
}

// cutUvicorn reads "INFO:     message", and "      INFO   message" as FastAPI's command writes it.
func cutUvicorn(s string) (level, message string, ok bool) {
	if len(s) > 13 && s[0] == ' ' && s[9] != ' ' && s[10:13] == "   " && s[13] != ' ' {
		level = strings.TrimLeft(s[:10], " ")
		return level, s[13:], pyLevelLen(level, false) == len(level)
	}
	n := pyLevelLen(s, false)
	if n == 0 || n > 8 || len(s) < n+2 || s[n] != ':' {
		return "", "", false
	}
	rest := strings.TrimLeft(s[n+1:], " ")
	if blanks := len(s) - n - 1 - len(rest); blanks != 9-n && rest != "" || strings.Contains(s[:n], " ") {
		return "", "", false
	}
	return s[:n], rest, true
}

func (g *uvicorn) place(line string, open bool) place {
	line = pyPlain(line)
	if _, _, ok := cutUvicorn(line); ok {
		return g.block.begin()
	}
	if isUvicornAccess(line) {
		return whole
	}
	return g.block.next(line, open)
}

func (g *uvicorn) remembers() bool { return g.block.remembers() }

// isUvicornAccess says whether a line is an access line without a level: 127.0.0.1:51234 - "GET / HTTP/1.1" 200.
func isUvicornAccess(s string) bool {
	i := strings.Index(s[:min(len(s), 80)], ` - "`)
	if i < 3 {
		return false
	}
	a, p := addressPort(s[:i])
	return p != 0 && isIP(a)
}

func (g *uvicorn) read(text string, r *event.Record) event.Reason {
	e := &r.Event
	first, lines := splitRecord(text, r.Lines)
	first = pyPlain(first)
	level, message, ok := cutUvicorn(first)
	if !ok {
		if isUvicornAccess(first) && accessMessage(&g.clock, e, first) {
			return ""
		}
		e.Kind = event.Unparsed
		return readBlock(e, first, lines)
	}
	e.Level = level
	pythonRecord(&g.clock, e, message, lines)
	if e.Kind == event.Other && isUvicornAccess(message) { // 127.0.0.1:51234 - "WebSocket /ws" [accepted]
		client, request, _ := strings.Cut(message, ` - "`)
		e.Client, e.ClientPort = addressPort(client)
		rest, isSocket := strings.CutPrefix(request, "WebSocket ")
		if target, _, ended := strings.Cut(rest, `" `); isSocket && ended {
			setTarget(e, target)
		}
	}
	return ""
}

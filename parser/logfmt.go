package parser

import (
	"strings"

	"hangup/event"
)

// logfmt: key=value pairs, values in quotes where they have blanks, as logrus, slog's TextHandler, go-kit and Heroku's
// router write them.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "logfmt",
			Summary:   "any program's log of key=value pairs: logrus, slog, go-kit, Heroku's router",
			Example:   `time=2026-11-23T07:14:10.593Z level=ERROR msg="failed to write response" err="write tcp 127.0.0.1:47151->127.0.0.6:33659: write: connection reset by peer" method=GET path=/big remote_addr=127.0.0.6:33659 duration=302.115501ms`,
			Durations: true,
		},
		rank: 70,
		make: func(o Options) (grammar, error) {
			return &logfmt{logReader: newLogReader(o, logfmtKeys)}, nil
		},
	})
}

const (
	herokuAt = jlOwn + iota
	herokuCode
	herokuClient
	herokuDyno
	herokuService
)

var logfmtKeys = jsonKeysAnd(map[string]uint8{
	"at": herokuAt, "fwd": herokuClient, "dyno": herokuDyno, "service": herokuService, "code": herokuCode,
})

type logfmt struct {
	oneLine
	logReader
}

func (g *logfmt) read(line string, r *event.Record) event.Reason {
	g.json.given = 0
	pairs, ok := g.json.pairs(line)
	if !ok || pairs < 3 {
		return event.NoFormat
	}
	j, e := g.json, &r.Event
	heroku := j.has(herokuAt) && j.has(herokuDyno) && j.has(jkMethod)
	if !heroku && !isAnyLog(&g.logReader) {
		return event.NoFormat
	}
	if !g.head(e) {
		return event.BadTime
	}
	g.exchange(e)
	if heroku {
		g.heroku(e)
		return ""
	}
	g.end(e)
	return ""
}

// pairs reads key=value pairs and puts those of the table. It returns how many there are, and false when the line has
// anything else.
func (j *jsonScanner) pairs(s string) (n int, ok bool) {
	for {
		for s != "" && s[0] == ' ' {
			s = s[1:]
		}
		if s == "" {
			return n, n > 0
		}
		i := 0
		for i < len(s) && i < maxKey && (isWord(s[i]) || s[i] == '.' || s[i] == '-' || s[i] == '@' || s[i] == '/') {
			i++
		}
		if i == 0 || i == len(s) || s[i] != '=' {
			return n, false
		}
		key := s[:i]
		s = s[i+1:]
		if s != "" && s[0] == '"' {
			end := jsonQuote(s, 1)
			if end < 0 || end+1 < len(s) && s[end+1] != ' ' {
				return n, false
			}
			j.put(key, s[1:end], jsonString)
			s = s[end+1:]
		} else {
			end := strings.IndexByte(s, ' ')
			if end < 0 {
				end = len(s)
			}
			if strings.IndexByte(s[:min(end, maxMessage)], '"') >= 0 {
				return n, false
			}
			j.put(key, s[:end], jsonNumber) // as it stands
			s = s[end:]
		}
		n++
	}
}

// heroku reads a line of Heroku's router (Dev Center: "HTTP Routing" and "Heroku Error Codes"). Its time is syslog's.
func (g *logfmt) heroku(e *event.Event) {
	j := g.json
	e.Exchange, e.Kind = true, event.Request
	e.Level = ""
	client, _, _ := strings.Cut(j.get(herokuClient), ",")
	if isAddress(client) {
		e.Client = address(client)
	}
	e.Upstream = j.get(herokuDyno)
	if d, ok := goDuration(j.get(herokuService)); ok {
		e.Duration = event.Some(d)
	}
	switch j.get(herokuCode) {
	case "H12": // no answer within 30 s
		hangUp(e, event.PartyUpstream, event.HowTimeout, event.PhaseWaiting)
	case "H13": // connection closed without response
		hangUp(e, event.PartyUpstream, event.HowClosed, event.PhaseWaiting)
	case "H15": // idle connection: neither end sent anything for 55 s
		hangUp(e, event.PartyUnknown, event.HowTimeout, event.PhaseResponse)
	case "H18": // server request interrupted: the dyno closed in the middle
		hangUp(e, event.PartyUpstream, event.HowClosed, event.PhaseUnknown)
	case "H27": // client request interrupted
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseUnknown)
	case "H28": // client connection idle
		hangUp(e, event.PartyClient, event.HowTimeout, event.PhaseUnknown)
	}
}

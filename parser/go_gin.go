package parser

import (
	"strings"

	"hangup/event"
)

// gin's Logger and Recovery (gin/logger.go, gin/recovery.go, gin/errors.go), with colours or without:
//
//	[GIN] 2026/11/23 - 07:14:20 | 200 |  299.61ms |  203.0.113.7 | GET      "/slow"
//	Error #01: write tcp ...
//
// The errors that a handler left follow its line. Recovery's report of a panic, or of a connection that broke, begins
// with two empty lines and has the request's head. Other records are those of Go's log package.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "gin",
			Summary:   "gin's Logger and Recovery (Go), with what else the program logs",
			Example:   `[GIN] 2026/11/23 - 07:14:20 | 200 |  299.61ms |     203.0.113.7 | GET      "/slow"`,
			Durations: true,
			Multiline: true,
		},
		rank: 73,
		make: func(o Options) (grammar, error) { return &gin{clock: clock{zone: o.Zone}}, nil },
	})
}

type gin struct {
	clock clock
	dump  goDump
	state ginState
}

// ginState is what was read of the open record.
type ginState uint8

const (
	ginNone   ginState = iota
	ginAccess          // an access line
	ginBlank           // empty lines: a report may follow
	ginReport          // Recovery's report, up to the colour's end
	ginDebug           // "[GIN-debug] "
	ginStd             // a record of Go's log
)

func (g *gin) place(line string, open bool) place {
	if !open {
		g.state = ginNone
	}
	bare := line
	if strings.IndexByte(line, 0x1b) >= 0 {
		bare = stripColour(line)
	}
	switch {
	case g.state == ginReport && !strings.HasPrefix(bare, "[GIN"):
		return g.report(line, bare)
	case isGinAccess(bare):
		g.state = ginAccess
		return opens
	case strings.HasPrefix(bare, "[GIN-debug] "):
		g.state = ginDebug
		return opens
	case g.state == ginAccess && isGinError(line):
		return more
	}
	if h, ok := cutGoLog(bare); ok {
		if _, _, _, isChi := cutChi(h.message); isChi || goForeign(h.message) && !strings.HasPrefix(h.message, "[Recovery] ") {
			return whole
		}
		was := g.state
		g.state = ginStd
		if len(bare) != len(line) || strings.HasPrefix(h.message, "[Recovery] ") {
			g.state = ginReport
		}
		g.dump.begin()
		if was == ginBlank && g.state == ginReport {
			return more
		}
		return opens
	}
	switch {
	case isBlank(line) && g.state == ginBlank:
		return more
	case isBlank(line) && g.state == ginDebug:
		return maybe
	case isBlank(line) && open:
		g.state = ginBlank
		return opens
	case g.state == ginStd, g.state == ginNone:
		return g.dump.next(line, open)
	case g.state == ginDebug && (isIndented(line) || strings.HasPrefix(line, " - using ")):
		return more
	}
	return whole
}

func (g *gin) remembers() bool { return g.dump.lost }

// report follows Recovery's report. Its colour's end is the last thing that it writes.
func (g *gin) report(line, bare string) place {
	switch {
	case strings.HasSuffix(line, "\x1b[0m"):
		g.state = ginNone
		return closes
	case isBlank(line):
		return maybe
	}
	if _, ok := cutGoLog(bare); ok && len(bare) == len(line) { // without colours there is no end to see
		g.state = ginStd
		return g.dump.begin()
	}
	if isGoroutine(line) {
		g.dump.inside = true
	}
	return more
}

func isGinAccess(s string) bool {
	return strings.HasPrefix(s, "[GIN] ") && len(s) > 30 && s[10] == '/' && s[13] == '/' && s[16:19] == " - "
}

func isGinError(s string) bool {
	return strings.HasPrefix(s, "Error #") || strings.HasPrefix(s, "     Meta: ")
}

func (g *gin) read(text string, r *event.Record) event.Reason {
	e := &r.Event
	text = strings.TrimLeft(text, "\n\t ")
	if text == "" {
		e.Kind, r.Reason = event.Skipped, event.Blank
		return ""
	}
	first, rest, _ := strings.Cut(text, "\n")
	if strings.IndexByte(first, 0x1b) >= 0 {
		first = stripColour(first)
	}
	switch {
	case isGinAccess(first):
		return g.access(e, first, rest)
	case strings.HasPrefix(first, "[GIN-debug] "):
		e.Kind, e.Level = event.Other, "DEBUG"
		return ""
	case isGoCrash(first):
		e.Kind, e.Level = event.Other, "PANIC"
		return ""
	}
	h, ok := cutGoLog(first)
	if !ok || goForeign(h.message) && !strings.HasPrefix(h.message, "[Recovery] ") {
		return event.NoFormat
	}
	ginHead(e, rest)
	if strings.HasPrefix(h.message, "[Recovery] ") {
		return g.recovery(e, h, rest)
	}
	return goStdRecord(&g.clock, e, h)
}

// access reads an access line and the errors behind it.
func (g *gin) access(e *event.Event, s, errors string) event.Reason {
	s = s[len("[GIN] "):]
	stamp, s, ok1 := strings.Cut(s, " |")
	code, s, ok2 := strings.Cut(s, "|")
	took, s, ok3 := strings.Cut(s, "|")
	client, s, ok4 := strings.Cut(s, "|")
	if !ok1 || !ok2 || !ok3 || !ok4 || len(stamp) != 21 {
		return event.NoFormat
	}
	var ok bool
	if e.Time, ok = g.clock.sql(stamp[:10]+stamp[12:], '/'); !ok {
		return event.BadTime
	}
	e.ZoneAssumed, e.Exchange = true, true
	if e.Status, ok = status(strings.TrimSpace(code)); !ok {
		return event.NoFormat
	}
	d, ok := goDuration(strings.ReplaceAll(strings.TrimSpace(took), " ", ""))
	if !ok {
		return event.BadNumber
	}
	e.Duration = event.Some(d)
	if client = strings.TrimSpace(client); isAddress(client) {
		e.Client = address(client)
	}
	method, target, _ := strings.Cut(strings.TrimLeft(s, " "), " ")
	if !isMethod(method) {
		return event.NoFormat
	}
	e.Method = method
	target = strings.TrimLeft(target, " ")
	if content, _, isQuoted := quoted(target); isQuoted {
		target = escapeJSON.unescape(content)
	}
	setTarget(e, target)
	e.Kind = event.Request
	for errors != "" {
		var line string
		line, errors, _ = strings.Cut(errors, "\n")
		if _, text, ok := strings.Cut(line, ": "); ok && strings.HasPrefix(line, "Error #") && goSignal(e, text) {
			e.Message = text
			break
		}
	}
	return ""
}

// ginHead reads the request's head in a report: its request line and header fields. gin masks Authorization only.
func ginHead(e *event.Event, s string) {
	for range 100 {
		var line string
		line, s, _ = strings.Cut(s, "\n")
		line = strings.TrimSuffix(line, "\r")
		key, value, ok := strings.Cut(line, ": ")
		switch {
		case e.Method == "" && strings.Contains(line, " HTTP/"):
			setRequest(e, line)
		case !ok || e.Method == "":
		case strings.EqualFold(key, "host"):
			e.Host = host(value)
		case strings.EqualFold(key, "user-agent"):
			e.UserAgent = value
		case strings.EqualFold(key, "referer"):
			e.Referer = value
		}
		if s == "" || line == "" && e.Method != "" {
			return
		}
	}
}

// recovery reads "[Recovery] 2026/11/23 - 07:14:23 panic recovered:", with the request's head, the panic's value and the
// stack behind it: the handler's failure, which was answered with 500.
func (g *gin) recovery(e *event.Event, h goLogHead, rest string) event.Reason {
	var ok bool
	if e.Time, ok = g.clock.sql(h.date, '/'); !ok {
		return event.BadTime
	}
	e.ZoneAssumed, e.Kind = true, event.Other
	for n := 0; rest != "" && n < 100; n++ {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		line = strings.TrimSuffix(line, "\r")
		if strings.HasPrefix(line, "/") || isGoroutine(line) { // the stack
			break
		}
		if !strings.Contains(line, ": ") || isHeaderField(line) {
			continue
		}
		if goSignal(e, line) {
			e.Message = line
			break
		}
	}
	return ""
}

// isHeaderField says whether a line can be one of a request's head.
func isHeaderField(s string) bool {
	i := strings.Index(s, ": ")
	return i > 0 && s[0] >= 'A' && s[0] <= 'Z' && strings.IndexByte(s[:i], ' ') < 0
}

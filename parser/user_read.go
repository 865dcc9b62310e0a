package parser

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"hangup/event"
)

// Fields of users' formats.
const (
	ufTime = iota
	ufLevel
	ufLogger
	ufPID
	ufMessage
	ufError
	ufStack
	ufClient
	ufClientPort
	ufRequest
	ufMethod
	ufPath
	ufQuery
	ufProtocol
	ufHost
	ufStatus
	ufBytes
	ufSpan
	ufSeconds
	ufMillis
	ufMicros
	ufNanos
	ufUpstream
	ufUpstreamStatus
	ufUpstreamSpan
	ufUpstreamSeconds
	ufUpstreamMillis
	ufUpstreamMicros
	ufUpstreamNanos
	ufAgent
	ufReferer
	ufID
)

var userFieldNames = []string{
	"time", "level", "logger", "pid", "message", "error", "stack",
	"client", "client_port", "request", "method", "path", "query", "protocol", "host", "status", "bytes",
	"duration", "duration_s", "duration_ms", "duration_us", "duration_ns",
	"upstream", "upstream_status", "upstream_duration", "upstream_s", "upstream_ms", "upstream_us", "upstream_ns",
	"user_agent", "referer", "request_id",
}

var userFields = func() map[string]int {
	m := map[string]int{}
	for i, name := range userFieldNames {
		m[name] = i
	}
	return m
}()

// UserFields lists the fields that a user's format may have: those of a record as hangup parse prints it, and "request",
// a request line; "error" and "stack", an error's text and trace beside the message; "duration_s" and the like, numbers
// in that unit. A plain "duration" has its unit in its text, as 1.5s or 12ms. The path may have a query, and be a URL.
func UserFields() []string { return slices.Clone(userFieldNames) }

// maxUserLine bounds what of a line a pattern is matched with.
const maxUserLine = 64 << 10

// grammar makes a reader of the format.
func (d *userFormat) grammar(o Options) grammar {
	if o.Zone == nil {
		o.Zone = d.zone
	}
	r := userReader{format: d, clock: clock{zone: o.Zone}, values: make([]string, len(d.fields))}
	if d.expr == nil {
		return &userJSON{userReader: r, json: newJSONScanner(d.keys)}
	}
	if !d.text {
		return &userLine{userReader: r}
	}
	return &userText{userReader: r}
}

// userReader makes an event of fields. They stand in values: "" is none.
type userReader struct {
	format *userFormat
	clock  clock
	values []string
}

// userLine reads lines by a pattern.
type userLine struct {
	oneLine
	userReader
}

func (g *userLine) read(line string, r *event.Record) event.Reason {
	if !g.match(line) {
		return event.NoFormat
	}
	return g.event(r, "")
}

// match puts what a pattern finds in a line into values.
func (g *userReader) match(line string) bool {
	if len(line) > maxUserLine {
		line = line[:maxUserLine]
		for !utf8.ValidString(line[len(line)-min(len(line), utf8.UTFMax):]) && len(line) > maxUserLine-utf8.UTFMax {
			line = line[:len(line)-1]
		}
	}
	at := g.format.expr.FindStringSubmatchIndex(line)
	if at == nil {
		return false
	}
	clear(g.values)
	for i, field := range g.format.groups {
		if field >= 0 && at[2*i] >= 0 {
			g.values[field] = line[at[2*i]:at[2*i+1]]
		}
	}
	return true
}

// userText reads records whose message may go on: lines of a trace that do not match the pattern belong to the record
// before them.
type userText struct {
	userReader
	python block
	java   javaBlock
}

func (g *userText) place(line string, open bool) place {
	if g.match(line) {
		g.java.begin(&javaHead{})
		return g.python.begin()
	}
	if !open {
		if isIndented(line) {
			return stray
		}
		return whole
	}
	a, b := g.python.next(line, true), g.java.next(line, true)
	switch {
	case a == more || b == more:
		return more
	case a == maybe || b == maybe:
		return maybe
	}
	return whole
}

func (g *userText) remembers() bool { return false }

func (g *userText) read(text string, r *event.Record) event.Reason {
	first, behind, _ := strings.Cut(text, "\n")
	if !g.match(first) {
		return event.NoFormat
	}
	return g.event(r, behind)
}

// userJSON reads JSON objects.
type userJSON struct {
	oneLine
	userReader
	json *jsonScanner
}

func (g *userJSON) read(line string, r *event.Record) event.Reason {
	if !g.json.scan(line) {
		return event.NoFormat
	}
	n := 0
	for i := range g.values {
		if g.values[i] = g.json.get(uint8(i + 1)); g.values[i] != "" {
			n++
		}
	}
	if n < g.format.least || g.format.given[ufTime] && g.values[ufTime] == "" {
		return event.NoFormat
	}
	return g.event(r, "")
}

// text returns a field, "" for what stands for none.
func (g *userReader) text(field int) string {
	if s := g.values[field]; s != "-" {
		return s
	}
	return ""
}

// event makes an event of the values; behind are the lines that follow the record's first.
func (g *userReader) event(r *event.Record, behind string) event.Reason {
	e := &r.Event
	if !g.time(r) {
		return event.BadTime
	}
	e.Level, e.Logger, e.PID, e.RequestID = upperLevel(g.text(ufLevel)), g.text(ufLogger), pid(g.values[ufPID]), g.text(ufID)
	e.Client, e.ClientPort = clientAddress(g.text(ufClient))
	if p := port(g.values[ufClientPort]); p != 0 {
		e.ClientPort = p
	}
	g.target(e)
	if s := g.text(ufHost); s != "" {
		e.Host = host(s)
	}
	e.UserAgent, e.Referer, e.Upstream = g.text(ufAgent), g.text(ufReferer), upstream(g.text(ufUpstream))
	if !g.numbers(e) {
		return event.BadNumber
	}
	// With its duration or size, if the format has these, it is the account of an exchange, else an error's context.
	e.Kind = event.Other
	if (e.Status != 0 || e.ZeroStatus) && (e.Path != "" || e.Method != "") && g.isAccount() {
		e.Exchange, e.Kind = true, event.Request
	}
	message := cut(g.values[ufMessage])
	if !g.rule(e) {
		g.words(e, message, behind)
	}
	fill(&e.Message, message)
	return ""
}

// isAccount says whether the record has the duration or the size of an exchange, be it only a "-", or its format has none.
func (g *userReader) isAccount() bool {
	if !g.format.took && !g.format.sized {
		return true
	}
	return g.values[ufBytes] != "" || slices.ContainsFunc(g.values[ufSpan:ufNanos+1], func(s string) bool { return s != "" })
}

// time reads the time, by the format's layouts or in any of the usual forms.
func (g *userReader) time(r *event.Record) (ok bool) {
	s := g.text(ufTime)
	if s == "" {
		return true
	}
	e := &r.Event
	if len(g.format.stamps) == 0 {
		e.Time, e.ZoneAssumed, ok = g.clock.moment(s)
		return ok
	}
	for _, f := range g.format.stamps {
		var t stamp
		if n, fits := f.parse(s, &t); !fits || n != len(s) {
			continue
		}
		if t.given&(stampYear|stampMonth|stampDay|stampUnix) == stampMonth|stampDay && t.hour < 24 && t.minute < 60 && t.second <= 60 {
			e.Time, ok = g.clock.yearless(t.month, t.day, int64(t.hour*3600+t.minute*60+t.second), "", r.Seen)
			if e.ZoneAssumed = ok; ok && !e.Time.IsZero() {
				e.Time = e.Time.Add(time.Duration(t.nanos))
			}
			return ok
		}
		e.Time, e.ZoneAssumed, ok = t.time(&g.clock)
		return ok
	}
	return false
}

func (g *userReader) target(e *event.Event) {
	if s := g.text(ufRequest); s != "" {
		setRequest(e, s)
	}
	if s := g.text(ufMethod); isMethod(s) {
		e.Method = s
	}
	if s := g.text(ufPath); s != "" {
		setTarget(e, s)
	}
	if s := g.text(ufQuery); s != "" {
		e.Query = strings.TrimPrefix(s, "?")
	}
	if s := g.text(ufProtocol); s != "" {
		e.Protocol = s
	}
}

// number returns a field that is a number, "" for what stands for none.
func (g *userReader) number(field int) string {
	if s := g.text(field); s != "-1" {
		return s
	}
	return ""
}

func (g *userReader) numbers(e *event.Event) (ok bool) {
	if s := g.number(ufStatus); s != "" {
		if e.Status, ok = status(s); !ok {
			return false
		}
		e.ZeroStatus = s == "0" || s == "000"
	}
	if s := g.number(ufUpstreamStatus); s != "" {
		if e.UpstreamStatus, ok = status(s); !ok {
			return false
		}
	}
	if s := g.number(ufBytes); s != "" {
		n, ok := count(s)
		if !ok {
			return false
		}
		e.Bytes = event.Some(n)
	}
	return g.span(ufSpan, &e.Duration) && g.span(ufUpstreamSpan, &e.UpstreamDuration)
}

var userUnits = [...]time.Duration{0, time.Second, time.Millisecond, time.Microsecond, time.Nanosecond}

// span reads a duration from the first of the five fields for it that has one: with its unit, in s, ms, us, ns.
func (g *userReader) span(first int, to *event.Opt[time.Duration]) bool {
	for i, unit := range userUnits {
		s := g.number(first + i)
		if s == "" {
			continue
		}
		d, ok := goDuration(strings.ReplaceAll(s, " ", ""))
		if !ok && unit != 0 {
			d, ok = units(s, unit)
		}
		if ok {
			*to = event.Some(d)
		}
		return ok
	}
	return true
}

// rule finds the first rule that holds, and does what it says. It returns false when none does.
func (g *userReader) rule(e *event.Event) bool {
	for i := range g.format.rules {
		r := &g.format.rules[i]
		if !slices.ContainsFunc(r.conditions, func(c condition) bool { return !c.holds(g.values[c.field]) }) {
			if r.Party != event.PartyNone {
				hangUp(e, r.Party, r.How, r.Phase)
			}
			return true
		}
	}
	return false
}

func (c *condition) holds(value string) bool {
	if !c.part {
		return slices.Contains(c.values, value)
	}
	value = strings.ToLower(cut(value))
	return slices.ContainsFunc(c.values, func(v string) bool { return strings.Contains(value, v) })
}

// words reads what the record says in words, as of other applications' logs. What its fields say stays.
func (g *userReader) words(e *event.Event, message, behind string) {
	failure, trace := cut(g.values[ufError]), g.values[ufStack]
	if trace = trace[:min(len(trace), maxStack)]; trace == "" {
		trace = behind
	}
	fields := *e
	if (mayTell(message) || mayTell(failure) || mayTell(trace)) && userSignal(e, message, failure, trace) {
		if e.Exchange {
			canceledPhase(e, failure)
		}
		said := *e
		*e = fields
		hangUp(e, said.Party, said.How, said.Phase)
		e.Message = said.Message
		tell(e, &said)
		return
	}
	*e = fields
	if e.Exchange && e.Status == 499 { // the program's word; what had been sent it does not say
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseUnknown)
	}
}

// tell fills in what words say and no field does.
func tell(e, said *event.Event) {
	if e.Client == "" {
		e.Client, e.ClientPort = said.Client, said.ClientPort
	}
	if e.Path == "" {
		e.Method, e.Path, e.Query = said.Method, said.Path, said.Query
	}
	if !e.Duration.OK {
		e.Duration = said.Duration
	}
	fill(&e.RequestID, said.RequestID)
	fill(&e.Upstream, said.Upstream)
}

// userSignal reads an error's text, its trace, and the message, in the words of any of the languages.
func userSignal(e *event.Event, message, failure, trace string) bool {
	if failure != "" {
		before := message
		if e.Logger != "" {
			before = e.Logger + ": " + message
		}
		if goSignalAfter(e, before, failure) || messageSignal(e, failure, e.Logger) {
			if p := messageParty(message, ""); e.Party == event.PartyUnknown && p != event.PartyNone {
				e.Party = p
			}
			e.Message = failure
			return true
		}
	}
	if plainSignal(e, message, "", trace, failure) {
		return true
	}
	var lines []string
	if trace != "" {
		lines = append([]string{message}, strings.Split(trace, "\n")...)
	}
	if nodeRecord(e, message, lines); e.Kind != event.Disconnect && failure != "" {
		nodeRecord(e, failure, nil)
	}
	return e.Kind == event.Disconnect
}

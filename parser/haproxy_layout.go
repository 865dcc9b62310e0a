package parser

import (
	"fmt"
	"strings"

	"hangup/event"
)

// HAProxy's log-format (doc/configuration.txt 8.2.6, "Custom log format").
func init() {
	registerDialect(dialect{
		FormatInfo: FormatInfo{
			Name:      "haproxy",
			Summary:   "HAProxy in any log-format, given as the layout, by syslog or standard output",
			Example:   `--layout 'log-format "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r %ID"'`,
			Durations: true,
		},
		order:   15,
		mark:    isHAProxyLayout,
		split:   splitHAProxy,
		outcome: func(*exchange, *event.Event) {}, // accept does it
		wrap: func(a *access) grammar {
			a.accept = haproxyOutcome
			return &haproxyLayout{access: a, rest: newHAProxy(haproxyHTTP, Options{Zone: a.clock.zone})}
		},
	})
}

// isHAProxyLayout looks for what no other server's layouts have.
func isHAProxyLayout(s string) bool {
	for _, mark := range [...]string{"%ci", "%ft", "%tsc", "%TR", "%ST", "%tr]", "%{+Q}", "%{+E", "%{+X", "%[", "%Tw/", "%CC", "%HM"} {
		if strings.Contains(s, mark) {
			return true
		}
	}
	return false
}

// haproxyLayout reads lines with syslog's head or without it. What is not of the layout may be another kind of
// HAProxy's records: its log holds those of connections that failed too, and its notices.
type haproxyLayout struct {
	*access
	rest *haproxy
}

func (g *haproxyLayout) read(line string, r *event.Record) event.Reason {
	h, s, _ := cutSyslog(line)
	why := g.access.read(s, r)
	if why == "" {
		if r.PID == 0 {
			r.PID = h.pid
		}
		return ""
	}
	r.Event = event.Event{}
	if kind, another := g.rest.record(line, &r.Event); another == "" && (kind == haproxyError || kind == haproxyNotice) {
		return ""
	}
	r.Event = event.Event{}
	return why
}

// explain implements explainer.
func (g *haproxyLayout) explain(line string) stop {
	_, s, _ := cutSyslog(line)
	out := g.access.explain(s)
	if out.at >= 0 {
		out.at += len(line) - len(s)
	}
	return out
}

// haproxyVariable is a variable of log-format: its slot, and whether +Q puts quotes around it.
type haproxyVariable struct {
	slot variable
	text bool
}

var haproxyVariables = map[string]haproxyVariable{
	"B": {slot: vCounted}, "CC": {text: true}, "CS": {text: true}, "H": {text: true}, "HM": {vMethod, true}, "HP": {vTarget, true},
	"HPO": {vPath, true}, "HQ": {vQuestion, true}, "HU": {vTarget, true}, "HV": {vProtocol, true}, "ID": {vID, true}, "ST": {slot: vCode},
	"T": {slot: vTimeLocal}, "Ta": {slot: vTimerActive}, "Tc": {}, "Td": {}, "Th": {}, "Ti": {}, "Tl": {slot: vTimeLocal}, "Tq": {},
	"Tr": {slot: vTimerResponse}, "Ts": {slot: vMsec}, "Tt": {slot: vTimerTotal}, "Tu": {}, "Tw": {}, "TR": {}, "U": {slot: vReceived},
	"ac": {}, "b": {vBackend, true}, "bc": {}, "bi": {text: true}, "bp": {}, "bq": {}, "ci": {vAddr, true}, "cp": {slot: vPort},
	"f": {text: true}, "fc": {}, "fi": {text: true}, "fp": {}, "ft": {text: true}, "hr": {}, "hrl": {text: true}, "hs": {}, "hsl": {text: true},
	"lc": {}, "ms": {}, "pid": {slot: vPID}, "r": {vRequest, true}, "rc": {}, "rt": {}, "s": {vServer, true}, "sc": {}, "si": {text: true},
	"sp": {}, "sq": {}, "sslc": {text: true}, "sslv": {text: true}, "t": {slot: vTimeNoZone}, "tr": {slot: vTimeNoZone},
	"trg": {slot: vTimeLocal}, "trl": {slot: vTimeLocal}, "ts": {vState, true}, "tsc": {vState, true},
}

// haproxySamples are sample expressions that say the same as a variable.
var haproxySamples = map[string]variable{
	"src": vAddr, "src_port": vPort, "method": vMethod, "capture.req.method": vMethod, "url": vTarget, "capture.req.uri": vTarget,
	"path": vPath, "pathq": vTarget, "query": vArgs, "req.ver": vProtocol, "capture.req.ver": vProtocol, "status": vCode, "txn.status": vCode,
	"unique-id": vID, "pid": vPID, "bytes_out": vCounted, "res.bytes_out": vCounted, "be_name": vBackend, "srv_name": vServer, "base": vIgnored,
}

// splitHAProxy cuts a log-format: a directive, a string in quotes, or only the text, whose blanks may be escaped.
func splitHAProxy(source string) (cutLayout, error) {
	s := strings.TrimSpace(source)
	for _, name := range [...]string{"error-log-format", "log-format"} {
		if rest, ok := strings.CutPrefix(s, name); ok {
			s = strings.TrimSpace(rest)
			break
		}
	}
	if text, rest, ok := quotedWord(s); ok && rest == "" {
		s = text
	}
	s = haproxyUnescape(s)
	if strings.Contains(s, "+json") || strings.Contains(s, "+cbor") {
		return cutLayout{}, fmt.Errorf("layout: a log-format encoded by +json or +cbor needs no layout; leave it out")
	}
	cut := cutLayout{text: s}
	quotes := false // +Q of %{+Q}o, for all variables
	literal := 0
	for i := 0; i < len(s); {
		if s[i] != '%' {
			i++
			continue
		}
		cut.add(token{text: s[literal:i], at: literal})
		if strings.HasPrefix(s[i:], "%%") {
			literal, i = i+1, i+2
			continue
		}
		item, n, err := haproxyItem(s, i, quotes)
		if err != nil {
			return cutLayout{}, err
		}
		if item.name == "o" {
			quotes = item.quoted
		} else {
			cut.item(item, s[i:i+n], i)
		}
		i += n
		literal = i
	}
	cut.add(token{text: s[literal:], at: literal})
	cut.tokens = haproxyServers(joinTexts(cut.tokens))
	return cut, nil
}

// haproxyUnescape undoes the configuration's escaping.
func haproxyUnescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
			switch s[i] {
			case 't':
				b.WriteByte('\t')
			case 'n', 'r': // a line has none
			default:
				b.WriteByte(s[i])
			}
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// haproxyPart is one item behind a "%".
type haproxyPart struct {
	name   string // "" for a sample expression
	sample string
	quoted bool
}

// haproxyItem reads "%name", "%{flags}name", "%(name)alias" or "%[expression]" at s[at] and returns how long it is.
func haproxyItem(s string, at int, quotes bool) (p haproxyPart, n int, err error) {
	p.quoted = quotes
	i := at + 1
	for i < len(s) && (s[i] == '{' || s[i] == '(') {
		end := strings.IndexAny(s[i:], "})")
		if end < 0 {
			return p, 0, layoutError(s, at, "the closing brace is missing")
		}
		if flags := s[i : i+end]; s[i] == '{' {
			p.quoted = (p.quoted || strings.Contains(flags, "+Q")) && !strings.Contains(flags, "-Q")
		}
		i += end + 1
	}
	if i < len(s) && s[i] == '[' {
		depth, end := 0, -1
		for j := i; j < len(s) && end < 0; j++ {
			switch s[j] {
			case '[':
				depth++
			case ']':
				if depth--; depth == 0 {
					end = j
				}
			}
		}
		if end < 0 {
			return p, 0, layoutError(s, at, "the expression's closing bracket is missing")
		}
		p.sample = strings.TrimSpace(s[i+1 : end])
		return p, end + 1 - at, nil
	}
	end := i
	for end < len(s) && (s[end]|0x20 >= 'a' && s[end]|0x20 <= 'z') {
		end++
	}
	for p.name = s[i:end]; p.name != ""; p.name = p.name[:len(p.name)-1] {
		if _, ok := haproxyVariables[p.name]; ok || p.name == "o" {
			return p, i + len(p.name) - at, nil
		}
	}
	return p, 0, layoutError(s, at, "no variable of log-format has this name")
}

// add appends a text. Runs of blanks are written as one, and none stands at the beginning.
func (c *cutLayout) add(t token) {
	for strings.Contains(t.text, "  ") {
		t.text = strings.ReplaceAll(t.text, "  ", " ")
	}
	n := len(c.tokens)
	if n == 0 || c.tokens[n-1].text != "" && strings.HasSuffix(c.tokens[n-1].text, " ") || c.tokens[n-1].until == "captures" {
		t.text = strings.TrimPrefix(t.text, " ")
	}
	if t.text != "" {
		c.tokens = append(c.tokens, t)
	}
}

// item appends a value.
func (c *cutLayout) item(p haproxyPart, name string, at int) {
	t := token{name: name, at: at}
	v := haproxyVariables[p.name]
	if t.slot = v.slot; p.name == "" {
		t.slot, v.text = haproxySample(p.sample), true
	}
	t.short = p.name != ""
	switch {
	case p.name == "hr" || p.name == "hs": // nothing is written, not even the blank, where no header is captured
		t.until = "captures"
	case t.slot == vPath || p.name == "HP":
		t.until = "?"
	}
	if v.text && p.quoted {
		c.tokens = append(c.tokens, token{text: `"`, at: at}, t, token{text: `"`, at: at})
		return
	}
	c.tokens = append(c.tokens, t)
}

// haproxySample is the slot of a sample expression, without its converters.
func haproxySample(s string) variable {
	fetch, arg, _ := strings.Cut(s, "(")
	fetch, _, _ = strings.Cut(fetch, ",")
	arg, _, _ = strings.Cut(arg, ")")
	arg, _, _ = strings.Cut(arg, ",")
	switch fetch {
	case "hdr", "req.hdr", "req.fhdr", "fhdr":
		return headerSlot(strings.Trim(arg, `"' `))
	case "var":
		switch name := strings.ToLower(arg[strings.LastIndexByte(arg, '.')+1:]); name {
		case "host", "http_host":
			return vHTTPHost
		case "ua", "user_agent", "useragent":
			return vAgent
		case "referer", "referrer":
			return vReferer
		}
	}
	return haproxySamples[fetch]
}

// haproxyServers makes one value of "%b/%s".
func haproxyServers(tokens []token) []token {
	var out []token
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		if t.slot == vBackend && i+2 < len(tokens) && tokens[i+1].text == "/" && tokens[i+2].slot == vServer {
			t.name, t.slot = t.name+"/"+tokens[i+2].name, vServer
			i += 2
		}
		out = append(out, t)
	}
	return out
}

// haproxyOutcome reads what HAProxy writes in a way of its own, and the termination state. It returns false when one of
// these is not what it has to be.
func haproxyOutcome(x *exchange, e *event.Event) bool {
	e.Kind = event.Request
	code, ok1 := haproxyTimer(x.raw(vCode))
	if code >= 100 && code <= 999 {
		e.Status = int(code)
	}
	whole := x.raw(vTimerActive)
	if whole == "" {
		whole = x.raw(vTimerTotal)
	}
	total, ok2 := haproxyTimer(whole)
	response, ok3 := haproxyTimer(x.raw(vTimerResponse))
	if !ok1 || !ok2 || !ok3 || !haproxyTime(&e.Duration, total) || !haproxyTime(&e.UpstreamDuration, response) {
		return false
	}
	if s, given := x.number(vCounted); given && s != "-1" && !setBytes(e, s) {
		return false
	}
	servers := x.raw(vServer)
	switch slash, name := indexShort(servers, '/'), x.raw(vBackend); {
	case slash > 0 && slash+1 < len(servers) && servers[slash+1] != '<':
		e.Upstream = servers
	case slash < 0 && name != "" && servers != "" && servers != "-" && servers[0] != '<':
		e.Upstream = name + "/" + servers
	}
	if x.has(vRequest) && strings.IndexByte(x.values[vRequest], '#') >= 0 {
		setRequest(e, unescapeHash(x.values[vRequest]))
	} else if !x.has(vRequest) && strings.IndexByte(e.Path, '#') >= 0 {
		e.Path = unescapeHash(e.Path)
	}
	if !x.has(vState) {
		return true
	}
	state := x.values[vState]
	if !isHAProxyState(state, 4) && !isHAProxyState(state, 2) {
		return false
	}
	tcp := e.Method == "" && !x.has(vRequest) && !x.has(vMethod)
	responded := tcp || response >= 0 || response == lowerBound
	if !x.has(vTimerResponse) {
		responded = tcp || e.Status >= 200 && e.Status < 400
	}
	haproxyState(e, state[:2], responded)
	return true
}

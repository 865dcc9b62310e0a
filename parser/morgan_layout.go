package parser

import (
	"strings"

	"hangup/event"
)

// morgan, the access log of Express (morgan's index.js): ":remote-addr :method :url :status :response-time[3] ms", or
// one of its named formats.
func init() {
	registerDialect(dialect{
		FormatInfo: FormatInfo{
			Name:      "morgan",
			Summary:   "morgan (Node.js) in any format, given as the layout, or the name of one of its own",
			Example:   `--layout ':remote-addr [:date[iso]] ":method :url HTTP/:http-version" :status :res[content-length] :response-time ms'`,
			Durations: true,
		},
		order: 40,
		usual: morganLayouts,
		mark: func(s string) bool {
			return strings.Contains(s, ":method") || strings.Contains(s, ":url") || strings.Contains(s, ":status") || strings.Contains(s, ":response-time")
		},
		split:   splitMorgan,
		outcome: morganOutcome,
	})
}

var morganNames = map[string]string{
	"combined": `:remote-addr - :remote-user [:date[clf]] ":method :url HTTP/:http-version" :status :res[content-length] ":referrer" ":user-agent"`,
	"common":   `:remote-addr - :remote-user [:date[clf]] ":method :url HTTP/:http-version" :status :res[content-length]`,
	"default":  `:remote-addr - :remote-user [:date] ":method :url HTTP/:http-version" :status :res[content-length] ":referrer" ":user-agent"`,
	"short":    `:remote-addr :remote-user :method :url HTTP/:http-version :status :res[content-length] - :response-time ms`,
	"tiny":     `:method :url :status :res[content-length] - :response-time ms`,
}

// splitMorgan cuts a format as morgan's compile does: a colon, two or more letters, digits, _ or -, and an argument in
// brackets.
func splitMorgan(source string) (cutLayout, error) {
	text := directiveText(source)
	if named, ok := morganNames[text]; ok {
		text = named
	}
	s := cutLayout{text: text, escape: escapeNone}
	literal := 0
	for i := 0; i < len(text); {
		name, arg, n := morganToken(text[i:])
		if n == 0 {
			i++
			continue
		}
		before := text[literal:i]
		t := token{name: text[i : i+n], at: i, slot: morganValue(name, arg)}
		switch {
		case name == "http-version" && strings.HasSuffix(before, "HTTP/"):
			t.back = len("HTTP/")
		case t.slot == vStamp && arg == "iso":
			t.slot = vTimeISO
		case t.slot == vStamp && arg != "clf":
			t.stamp = webTime
		case t.slot == vStamp:
			t.slot = vTimeLocal
		}
		s.tokens = append(s.tokens, token{text: before, at: literal}, t)
		i += n
		literal = i
	}
	s.tokens = append(s.tokens, token{text: text[literal:], at: literal})
	return s, nil
}

// morganToken reads a token at the beginning of s and returns how long it is, 0 if there is none.
func morganToken(s string) (name, arg string, n int) {
	if s[0] != ':' {
		return "", "", 0
	}
	n = 1
	for n < len(s) && (s[n] == '-' || s[n] == '_' || isDigit(s[n]) || s[n]|0x20 >= 'a' && s[n]|0x20 <= 'z') {
		n++
	}
	if n < 3 {
		return "", "", 0
	}
	name = s[1:n]
	if n < len(s) && s[n] == '[' {
		if end := strings.IndexByte(s[n:], ']'); end > 1 {
			return name, s[n+1 : n+end], n + end + 1
		}
	}
	return name, "", n
}

func morganValue(name, arg string) variable {
	switch name {
	case "remote-addr":
		return vAddr
	case "date":
		return vStamp
	case "method":
		return vMethod
	case "url":
		return vTarget
	case "http-version":
		return vProtocol
	case "status":
		return vStatus
	case "res":
		return answerSlot(arg)
	case "req":
		return headerSlot(arg)
	case "referrer", "referer":
		return vReferer
	case "user-agent":
		return vAgent
	case "total-time": // until the response was finished
		return vMillis
	case "response-time": // until its head was written
		return vHead
	case "pid":
		return vPID
	case "id", "request-id", "rid":
		return vID
	}
	return vIgnored
}

// morganOutcome says how the exchange ended. morgan writes "-" for the status when the response's head was never sent:
// the client was gone before. Whether it had sent its request's body is not said, nor when its address is gone too.
func morganOutcome(x *exchange, e *event.Event) {
	e.Kind = event.Request
	if !x.has(vStatus) || x.values[vStatus] != "-" {
		return
	}
	at := event.PhaseWaiting
	if hasBody(e.Method) || x.has(vAddr) && e.Client == "" {
		at = event.PhaseUnknown
	}
	hangUp(e, event.PartyClient, event.HowClosed, at)
}

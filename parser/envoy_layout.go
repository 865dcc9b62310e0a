package parser

import (
	"fmt"
	"strings"

	"hangup/event"
)

// Envoy's access log format strings (docs: "Access logging", "Format strings", "Command operators").
func init() {
	registerDialect(dialect{
		FormatInfo: FormatInfo{
			Name:      "envoy",
			Summary:   "Envoy access log in any text_format, given as the layout",
			Example:   `--layout '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_SENT% %DURATION% %DOWNSTREAM_REMOTE_ADDRESS%'`,
			Durations: true,
		},
		order: 14,
		mark: func(s string) bool {
			for _, mark := range [...]string{"%START_TIME", "%REQ(", "%RESPONSE_CODE%", "%RESPONSE_FLAGS", "%DOWNSTREAM_", "%UPSTREAM_"} {
				if strings.Contains(s, mark) {
					return true
				}
			}
			return false
		},
		split:   splitEnvoy,
		outcome: envoyLayoutOutcome,
		wrap: func(a *access) grammar {
			a.accept = func(x *exchange, _ *event.Event) bool {
				_, ok := envoyFlagSet(x.raw(vState))
				return ok
			}
			notices := &envoyText{clock: clock{zone: a.clock.zone}}
			a.other = func(line string, r *event.Record) bool {
				ok := len(line) >= 24 && line[0] == '[' && line[11] == ' ' && notices.notice(line, &r.Event) == ""
				if !ok {
					r.Event = event.Event{}
				}
				return ok
			}
			return a
		},
	})
}

// envoyOperators are the command operators that are read. All others are passed over.
var envoyOperators = map[string]variable{
	"START_TIME": vTimeISO, "PROTOCOL": vProtocol, "RESPONSE_CODE": vStatus, "RESPONSE_FLAGS": vState, "RESPONSE_FLAGS_LONG": vState,
	"RESPONSE_CODE_DETAILS": vDetails, "UPSTREAM_TRANSPORT_FAILURE_REASON": vFailure, "BYTES_SENT": vBodyBytes, "BYTES_RECEIVED": vReceived,
	"DURATION": vMillis, "UPSTREAM_HOST": vUpstream, "UPSTREAM_REMOTE_ADDRESS": vUpstream, "DOWNSTREAM_REMOTE_ADDRESS": vPeer,
	"DOWNSTREAM_DIRECT_REMOTE_ADDRESS": vPeer, "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT": vAddr, "DOWNSTREAM_REMOTE_PORT": vPort,
}

// splitEnvoy cuts a format: %OPERATOR%, %OPERATOR(argument)% and %OPERATOR(argument):length%.
func splitEnvoy(source string) (cutLayout, error) {
	s := strings.TrimSpace(source)
	if text, rest, ok := quotedWord(s); ok && rest == "" {
		s = backslashText(text)
	}
	s = strings.TrimSuffix(strings.TrimSuffix(s, `\n`), "\n")
	cut := cutLayout{text: s}
	literal := 0
	for i := 0; i < len(s); {
		if s[i] != '%' {
			i++
			continue
		}
		cut.tokens = append(cut.tokens, token{text: s[literal:i], at: literal})
		if strings.HasPrefix(s[i:], "%%") {
			literal, i = i+1, i+2
			continue
		}
		t, n, err := envoyOperator(s, i)
		if err != nil {
			return cutLayout{}, err
		}
		cut.tokens = append(cut.tokens, t)
		i += n
		literal = i
	}
	cut.tokens = append(cut.tokens, token{text: s[literal:], at: literal})
	return cut, nil
}

// backslashText undoes the escaping of a string in quotes.
func backslashText(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
			b.WriteString(backslash(s[i]))
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// envoyOperator reads the operator at s[at] and returns how long it is.
func envoyOperator(s string, at int) (t token, n int, err error) {
	i := at + 1
	for i < len(s) && (s[i] >= 'A' && s[i] <= 'Z' || s[i] == '_' || isDigit(s[i])) {
		i++
	}
	name, arg := s[at+1:i], ""
	if i < len(s) && s[i] == '(' {
		end := strings.Index(s[i:], ")")
		if strings.HasPrefix(name, "START_TIME") || strings.HasPrefix(name, "EMIT_TIME") { // its argument has % in it
			end = strings.Index(s[i:], ")%")
		}
		if end < 0 {
			return t, 0, layoutError(s, at, "the closing parenthesis is missing")
		}
		arg = s[i+1 : i+end]
		i += end + 1
	}
	if i < len(s) && s[i] == ':' {
		for i++; i < len(s) && isDigit(s[i]); {
			i++
		}
	}
	if name == "" || i == len(s) || s[i] != '%' {
		return t, 0, layoutError(s, at, "a command operator ends with %")
	}
	t = token{name: s[at : i+1], at: at, slot: envoyOperators[name]}
	switch name {
	case "START_TIME":
		if arg != "" {
			f, err := strftimeFormat(arg)
			if err != nil {
				return t, 0, fmt.Errorf("layout: %s: %w", t.name, err)
			}
			t.slot, t.stamp = vStamp, f
		}
	case "REQ", "REQUEST_HEADER":
		t.slot = envoyHeader(arg)
	case "RESP", "RESPONSE_HEADER":
		switch {
		case strings.EqualFold(arg, "X-ENVOY-UPSTREAM-SERVICE-TIME"):
			t.slot = vUpstreamMillis
		case strings.EqualFold(arg, "X-REQUEST-ID"):
			t.slot = vHeaderID
		}
	}
	return t, i + 1 - at, nil
}

// envoyHeader is the slot of "X?Y": the first header of the two that the request has.
func envoyHeader(arg string) variable {
	for name := range strings.SplitSeq(strings.ToUpper(arg), "?") {
		switch name {
		case ":METHOD":
			return vMethod
		case ":PATH":
			return vTarget
		case ":AUTHORITY":
			return vHTTPHost
		}
		if v := headerSlot(name); v != vIgnored {
			return v
		}
	}
	return vIgnored
}

// envoyLayoutOutcome says how the exchange ended, as in all of Envoy's formats.
func envoyLayoutOutcome(x *exchange, e *event.Event) {
	if peer := x.get(vPeer); peer != "" {
		envoyPeer(e, peer)
	}
	words := envoyWords{status: dash(x.raw(vStatus)), flags: dash(x.raw(vState)), details: dash(x.raw(vDetails)), failure: dash(x.raw(vFailure))}
	if !x.has(vMethod) && !x.has(vProtocol) { // whether it is HTTP is not logged; a status says so
		e.Protocol = "HTTP"
		envoyOutcome(e, words)
		e.Protocol = ""
		return
	}
	envoyOutcome(e, words)
}

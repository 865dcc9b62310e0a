package parser

import (
	"fmt"
	"strings"
)

// gunicorn's --access-logformat (gunicorn/glogging.py) and uWSGI's log-format (core/logging.c): "%(h)s" and "%(addr)".
func init() {
	registerDialect(dialect{
		FormatInfo: FormatInfo{
			Name:      "gunicorn",
			Summary:   "gunicorn access log in any --access-logformat, given as the layout",
			Example:   `--layout '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s" %(L)s'`,
			Durations: true,
		},
		order:   20,
		mark:    func(s string) bool { return strings.Contains(s, ")s") && strings.Contains(s, "%(") },
		split:   splitGunicorn,
		outcome: requestOutcome,
	})
	registerDialect(dialect{
		FormatInfo: FormatInfo{
			Name:      "uwsgi-layout",
			Summary:   "uWSGI request log in any log-format, given as the layout",
			Example:   `--layout '%(addr) - %(user) [%(ltime)] "%(method) %(uri) %(proto)" %(status) %(size) "%(referer)" "%(uagent)" %(msecs)ms'`,
			Durations: true,
		},
		order:   21,
		mark:    func(s string) bool { return strings.Contains(s, "%(") },
		split:   splitUWSGI,
		outcome: requestOutcome,
	})
}

// splitParens cuts a format into texts and names in "%(" and close.
func splitParens(text, end string, value func(t token, name string) []token) ([]token, error) {
	var tokens []token
	literal := 0
	for {
		i := strings.Index(text[literal:], "%(")
		if i < 0 {
			return append(tokens, token{text: strings.ReplaceAll(text[literal:], "%%", "%"), at: literal}), nil
		}
		i += literal
		close := strings.Index(text[i:], end)
		if close < 0 {
			return nil, layoutError(text, i, fmt.Sprintf("%q must follow the name", end))
		}
		tokens = append(tokens, token{text: strings.ReplaceAll(text[literal:i], "%%", "%"), at: literal})
		literal = i + close + len(end)
		tokens = append(tokens, value(token{name: text[i:literal], at: i}, text[i+2:i+close])...)
	}
}

func splitGunicorn(source string) (cutLayout, error) {
	s := cutLayout{text: strings.ReplaceAll(directiveText(source), `\"`, `"`), escape: escapeQuote}
	var err error
	s.tokens, err = splitParens(s.text, ")s", func(t token, name string) []token {
		switch name {
		case "h":
			t.slot = vAddr
		case "t":
			t.slot = vTimeLocal
			return []token{{text: "[", at: t.at}, t, {text: "]", at: t.at}}
		case "r":
			t.slot = vRequest
		case "m":
			t.slot = vMethod
		case "U":
			t.slot, t.until = vPath, "?"
		case "q":
			t.slot, t.until = vArgs, "#"
		case "H":
			t.slot = vProtocol
		case "s":
			t.slot = vStatus
		case "b", "B":
			t.slot = vBodyBytes
		case "f":
			t.slot = vReferer
		case "a":
			t.slot = vAgent
		case "T":
			t.slot = vWhole
		case "M":
			t.slot = vMillis
		case "D":
			t.slot = vMicros
		case "L":
			t.slot = vDuration
		case "p":
			t.slot = vPID
			return []token{{text: "<", at: t.at}, t, {text: ">", at: t.at}}
		default:
			if header, ok := strings.CutSuffix(name, "}i"); ok {
				t.slot = headerSlot(strings.TrimPrefix(header, "{"))
			} else if header, ok := strings.CutSuffix(name, "}o"); ok {
				t.slot = answerSlot(strings.TrimPrefix(header, "{"))
			}
		}
		return []token{t}
	})
	return s, err
}

// uwsgiValues are uWSGI's names (core/logging.c, uwsgi_register_logchunks).
var uwsgiValues = map[string]variable{
	"addr": vAddr, "host": vHost, "method": vMethod, "uri": vTarget, "proto": vProtocol, "status": vStatus,
	"size": vBytes, "rsize": vBodyBytes, "referer": vReferer, "uagent": vAgent, "micros": vMicros, "msecs": vMillis,
	"time": vMsec, "epoch": vMsec, "tmsecs": vEpochMillis, "tmicros": vEpochMicros, "ltime": vTimeLocal, "pid": vPID,
	"var.REMOTE_ADDR": vAddr, "var.REMOTE_PORT": vPort, "var.HTTP_HOST": vHTTPHost, "var.HTTP_X_REQUEST_ID": vHeaderID,
	"var.HTTP_USER_AGENT": vAgent, "var.HTTP_REFERER": vReferer, "var.REQUEST_URI": vTarget, "var.PATH_INFO": vPath,
	"var.REQUEST_METHOD": vMethod, "var.QUERY_STRING": vArgs, "var.HTTP_X_FORWARDED_FOR": vForwarded,
	"var.SERVER_PROTOCOL": vProtocol, "var.X-REQUEST-ID": vHeaderID,
}

func splitUWSGI(source string) (cutLayout, error) {
	s := cutLayout{text: strings.ReplaceAll(directiveText(source), `\"`, `"`), escape: escapeNone}
	var err error
	s.tokens, err = splitParens(s.text, ")", func(t token, name string) []token {
		t.slot = uwsgiValues[name]
		if name == "ctime" {
			t.slot, t.stamp = vStamp, cTime
		}
		return []token{t}
	})
	return s, err
}

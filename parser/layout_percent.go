package parser

import (
	"fmt"
	"strings"
)

// percentDialect is what the dialects of httpd's kind differ in: "%h %l %u %t "%r" %>s %b".
type percentDialect struct {
	names  map[string]string                                     // layouts that have a name
	escape escape                                                // of values
	time   func(s string) (stampFormat, error)                   // the language of %{...}t
	value  func(letter, arg string, final bool) (variable, bool) // the slot of a directive, and whether there is such a one
}

// split cuts a format into texts and directives: %, modifiers, an argument in braces, a letter.
func (d *percentDialect) split(source string) (cutLayout, error) {
	text := directiveText(source)
	if named, ok := d.names[strings.ToLower(text)]; ok {
		text = named
	}
	s := cutLayout{text: text, escape: d.escape}
	final := strings.Contains(text, "%>s")
	literal := 0
	for i := 0; i < len(text); {
		if text[i] == '\\' && i+1 < len(text) { // as it is written between quotes
			s.tokens = append(s.tokens, token{text: text[literal:i], at: literal}, token{text: backslash(text[i+1]), at: i})
			i += 2
			literal = i
			continue
		}
		if text[i] != '%' {
			i++
			continue
		}
		s.tokens = append(s.tokens, token{text: text[literal:i], at: literal})
		if i+1 < len(text) && text[i+1] == '%' {
			literal, i = i+1, i+2
			continue
		}
		tokens, n, err := d.directive(text, i, final)
		if err != nil {
			return cutLayout{}, err
		}
		s.tokens = append(s.tokens, tokens...)
		i += n
		literal = i
	}
	s.tokens = append(s.tokens, token{text: text[literal:], at: literal})
	return s, nil
}

func backslash(c byte) string {
	switch c {
	case 't':
		return "\t"
	case 'n':
		return "\n"
	case 'r':
		return "\r"
	case '"', '\\', '\'':
		return string(c)
	}
	return "\\" + string(c)
}

// directive reads one directive at s[at] and returns how long it is.
func (d *percentDialect) directive(s string, at int, final bool) ([]token, int, error) {
	i := at + 1
	original := false
	for i < len(s) && strings.IndexByte("!,<>0123456789", s[i]) >= 0 { // which statuses, which request
		original = original || s[i] == '<'
		i++
	}
	arg := ""
	if i < len(s) && s[i] == '{' {
		end := strings.IndexByte(s[i:], '}')
		if end < 0 {
			return nil, 0, layoutError(s, at, "the closing brace is missing")
		}
		arg = s[i+1 : i+end]
		i += end + 1
	}
	n := 1
	switch rest := s[i:]; {
	case strings.HasPrefix(rest, "^") && len(rest) >= 3:
		n = 3
	case (strings.HasPrefix(rest, "ti") || strings.HasPrefix(rest, "to")) && arg != "": // Jetty's trailers
		n = 2
	case rest == "" || rest[0]|0x20 < 'a' || rest[0]|0x20 > 'z':
		return nil, 0, layoutError(s, at, "a letter must follow the %")
	}
	t := token{name: s[at : i+n], at: at}
	n += i - at
	switch letter := s[i : at+n]; {
	case letter == "t":
		tokens, err := d.timeTokens(t, arg)
		return tokens, n, err
	case letter == "s" && final && (original || !strings.Contains(t.name, ">")): // %>s says how it ended
	default:
		slot, ok := d.value(letter, arg, final)
		if !ok {
			return nil, 0, layoutError(s, at, t.name+" is not known")
		}
		t.slot = slot
		switch slot {
		case vHost, vHTTPHost:
			t.until = "/"
		case vPath:
			t.until = "?"
		case vQuestion:
			t.until = "#"
		default:
		}
	}
	return []token{t}, n, nil
}

// timeTokens makes the tokens of %t: the time in brackets, or in a form of its own.
func (d *percentDialect) timeTokens(t token, arg string) ([]token, error) {
	arg = strings.TrimPrefix(strings.TrimPrefix(arg, "begin:"), "end:")
	if arg == "" || arg == "begin" || arg == "end" {
		t.slot = vTimeLocal
		return []token{{text: "[", at: t.at}, t, {text: "]", at: t.at}}, nil
	}
	t.slot = vStamp
	switch arg {
	case "sec":
		t.stamp = stampFormat{{letter: 's'}}
	case "msec":
		t.stamp = stampFormat{{letter: 'L'}}
	case "usec":
		t.stamp = stampFormat{{letter: 'U'}}
	case "msec_frac", "usec_frac":
		t.stamp = stampFormat{{letter: 'f'}}
	default:
		f, err := d.time(arg)
		if err != nil {
			return nil, fmt.Errorf("layout: %s: %w", t.name, err)
		}
		t.stamp = f
	}
	return []token{t}, nil
}

// directiveText takes the format out of what users have: a directive of httpd's configuration (LogFormat, CustomLog
// and the like), an attribute of XML, a setting or an option with an equals sign or a blank, quotes around it all, or
// only the format.
func directiveText(source string) string {
	s := strings.TrimSpace(source)
	word, rest, _ := strings.Cut(s, " ")
	switch strings.ToLower(word) {
	case "logformat", "transferlog":
		if !strings.HasPrefix(strings.TrimSpace(rest), "=") { // that is uWSGI's
			s = unquoteWord(rest)
		}
	case "varnishncsa":
		s = strings.TrimSpace(rest)
	case "customlog", "globallog":
		rest = strings.TrimSpace(rest)
		if _, after, ok := quotedWord(rest); ok { // the file's name
			s = unquoteWord(after)
		} else if i := strings.IndexAny(rest, " \t"); i >= 0 {
			s = unquoteWord(rest[i:])
		}
	}
	if i := strings.Index(s, `pattern="`); i >= 0 { // <Valve ... pattern="..."/>
		s = s[i+len(`pattern="`):]
		if end := strings.IndexByte(s, '"'); end >= 0 {
			s = s[:end]
		}
	}
	if strings.Contains(s, "&") {
		s = xmlText.Replace(s)
	}
	for _, name := range []string{
		"server.tomcat.accesslog.pattern", "server.jetty.accesslog.custom-format", "--access-logformat", "access_log_format",
		"log-format", "logformat", "--log-format", "--logformat", "-F",
	} {
		if after, ok := strings.CutPrefix(s, name); ok {
			s = strings.TrimLeft(after, " \t=:")
			break
		}
	}
	if _, after, ok := strings.Cut(s, "morgan("); ok {
		s = after
	}
	if text, after, ok := quotedWord(s); ok && (after == "" || strings.IndexByte(",);", after[0]) >= 0) {
		return text
	}
	return s
}

var xmlText = strings.NewReplacer("&quot;", `"`, "&amp;", "&", "&lt;", "<", "&gt;", ">", "&#34;", `"`, "&apos;", "'")

// unquoteWord takes the first word of a directive, which may be in quotes.
func unquoteWord(s string) string {
	s = strings.TrimSpace(s)
	if text, _, ok := quotedWord(s); ok {
		return text
	}
	return s
}

// quotedWord cuts a word in quotes from the beginning of s. What is escaped in it stays so.
func quotedWord(s string) (text, rest string, ok bool) {
	if s == "" || s[0] != '"' && s[0] != '\'' && s[0] != '`' {
		return "", "", false
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[0]:
			rest = s[i+1:]
			if rest != "" && strings.IndexByte(" \t;),", rest[0]) < 0 { // it only begins with a quote
				return "", "", false
			}
			return s[1:i], strings.TrimSpace(rest), true
		}
	}
	return "", "", false
}

// headerSlot is the slot of a request header.
func headerSlot(name string) variable {
	switch strings.ToLower(name) {
	case "user-agent":
		return vAgent
	case "referer", "referrer":
		return vReferer
	case "host":
		return vHTTPHost
	case "x-request-id", "x-correlation-id", "request-id", "x-amzn-trace-id":
		return vHeaderID
	case "x-forwarded-for":
		return vForwarded
	}
	return vIgnored
}

// answerSlot is the slot of a response header.
func answerSlot(name string) variable {
	switch v := headerSlot(name); {
	case v == vHeaderID:
		return v
	case strings.EqualFold(name, "content-length"):
		return vBodyBytes
	}
	return vIgnored
}

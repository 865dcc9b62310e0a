package parser

import (
	"fmt"
	"strings"
)

// layoutFormat is the format that Options.Layout alone means.
const layoutFormat = "nginx"

// layout is an nginx log_format, compiled: pieces in the order of the line.
type layout struct {
	escape escape
	pieces []piece
}

// piece is a literal, or a variable and the literal that ends its value.
type piece struct {
	literal string
	name    string // the variable's; "" for a literal
	value   variable
	ends    string // the literal behind the variable; "" at the end of the line
	until   string // when another variable follows at once: bytes that end the value
}

// compileLayout reads a log_format as users have it: the whole directive of nginx.conf with quotes, newlines,
// comments and escape=, or only its strings, or only the text between the quotes.
func compileLayout(source string) (*layout, error) {
	text, escaping, err := layoutText(source)
	if err != nil {
		return nil, err
	}
	l := &layout{escape: escapeHex}
	switch escaping {
	case "", "default":
	case "json":
		l.escape = escapeJSON
	case "none":
		l.escape = escapeNone
	default:
		return nil, fmt.Errorf("layout: escape=%s is not one of default, json, none", escaping)
	}
	if err := l.split(text); err != nil {
		return nil, err
	}
	return l, l.link(text)
}

// layoutText takes the format's text and its escape= out of the source.
func layoutText(source string) (text, escaping string, err error) {
	trimmed := strings.TrimSpace(source)
	directive := strings.HasPrefix(trimmed, "log_format") && len(trimmed) > 10 && strings.ContainsRune(" \t\r\n", rune(trimmed[10]))
	if !directive && !strings.HasPrefix(trimmed, "'") && !strings.HasPrefix(trimmed, `"`) && !strings.HasPrefix(trimmed, "escape=") {
		return source, "", nil
	}
	words, err := confWords(source)
	if err != nil {
		if !directive {
			return source, "", nil // it only begins with a quote
		}
		return "", "", err
	}
	if directive {
		if len(words) < 3 {
			return "", "", fmt.Errorf("layout: log_format needs a name and a format")
		}
		words = words[2:]
	}
	if !words[0].quoted {
		if s, ok := strings.CutPrefix(words[0].text, "escape="); ok {
			escaping, words = s, words[1:]
		}
	}
	var b strings.Builder
	for _, w := range words {
		if !w.quoted && !directive {
			return source, "", nil
		}
		b.WriteString(w.text)
	}
	if b.Len() == 0 {
		return "", "", fmt.Errorf("layout: the format is empty")
	}
	return b.String(), escaping, nil
}

type confWord struct {
	text   string
	quoted bool
}

// confWords splits a directive as nginx's configuration reader does (ngx_conf_file.c, ngx_conf_read_token): words
// and strings in either quotes, with \" \' \\ \t \r \n in them, comments after #, up to the semicolon.
func confWords(s string) ([]confWord, error) {
	var words []confWord
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			i++
		case c == ';':
			if rest := strings.TrimSpace(s[i+1:]); rest != "" {
				return nil, layoutError(s, i+1, "text after the semicolon")
			}
			return words, nil
		case c == '#':
			n := strings.IndexByte(s[i:], '\n')
			if n < 0 {
				return words, nil
			}
			i += n
		case c == '"' || c == '\'':
			text, n, ok := confString(s[i:])
			if !ok {
				return nil, layoutError(s, i, "the string that begins here has no end")
			}
			i += n
			if i < len(s) && !strings.ContainsRune(" \t\r\n;", rune(s[i])) {
				return nil, layoutError(s, i, "a blank or a semicolon must follow the string")
			}
			words = append(words, confWord{text, true})
		default:
			n := strings.IndexAny(s[i:], " \t\r\n;")
			if n < 0 {
				n = len(s) - i
			}
			words = append(words, confWord{s[i : i+n], false})
			i += n
		}
	}
	return words, nil
}

func confString(s string) (text string, n int, ok bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == s[0]:
			return b.String(), i + 1, true
		case s[i] == '\\' && i+1 < len(s):
			i++
			switch s[i] {
			case '"', '\'', '\\':
				b.WriteByte(s[i])
			case 't':
				b.WriteByte('\t')
			case 'r':
				b.WriteByte('\r')
			case 'n':
				b.WriteByte('\n')
			default:
				b.WriteByte('\\')
				b.WriteByte(s[i])
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return "", 0, false
}

// split cuts the text into literals and variables: $name or ${name}.
func (l *layout) split(s string) error {
	known := 0
	literal := 0 // where the open literal begins
	for i := 0; i < len(s); {
		if s[i] != '$' {
			i++
			continue
		}
		if i > literal {
			l.pieces = append(l.pieces, piece{literal: s[literal:i]})
		}
		name, n, err := variableName(s, i)
		if err != nil {
			return err
		}
		v := nginxVariables[name]
		if v != vIgnored {
			known++
		}
		l.pieces = append(l.pieces, piece{name: name, value: v})
		i += n
		literal = i
	}
	if literal < len(s) {
		l.pieces = append(l.pieces, piece{literal: s[literal:]})
	}
	if known == 0 {
		return fmt.Errorf("layout: it has none of the variables that are read, as $remote_addr, $time_local, $request or $status")
	}
	if strings.ContainsAny(s, "\n\r") {
		return layoutError(s, strings.IndexAny(s, "\n\r"), "a log line cannot hold a newline; put the parts in quotes")
	}
	return nil
}

func variableName(s string, at int) (name string, n int, err error) {
	from, end := at+1, at+1
	braced := from < len(s) && s[from] == '{'
	if braced {
		from, end = from+1, end+1
	}
	for end < len(s) && (s[end] == '_' || isDigit(s[end]) || s[end]|0x20 >= 'a' && s[end]|0x20 <= 'z') {
		end++
	}
	if end == from {
		return "", 0, layoutError(s, at, "a variable's name must follow the $")
	}
	name = s[from:end]
	if braced {
		if end == len(s) || s[end] != '}' {
			return "", 0, layoutError(s, at, "the variable's closing brace is missing")
		}
		end++
	}
	return name, end - at, nil
}

// link tells each variable what ends its value.
func (l *layout) link(text string) error {
	at := 0
	for i := range l.pieces {
		p := &l.pieces[i]
		if p.name == "" {
			at += len(p.literal)
			continue
		}
		at += strings.Index(text[at:], p.name) + len(p.name)
		if i+1 == len(l.pieces) {
			break
		}
		next := &l.pieces[i+1]
		if next.name == "" {
			p.ends = next.literal
			continue
		}
		switch {
		case p.name == "scheme":
			p.until = "hsttp"
		case p.value == vHost || p.value == vHTTPHost || p.name == "server_name":
			p.until = "/"
		case p.value == vPath:
			p.until = "?"
		case p.name == "is_args":
			p.until = "is_args"
		default:
			return layoutError(text, at, fmt.Sprintf("nothing stands between $%s and $%s: where one ends cannot be known", p.name, next.name))
		}
	}
	return nil
}

// layoutError says what is wrong, where, and shows the place.
func layoutError(s string, at int, what string) error {
	line, column := 1+strings.Count(s[:at], "\n"), at-strings.LastIndexByte(s[:at], '\n')
	from, to := max(0, at-20), min(len(s), at+20)
	return fmt.Errorf("layout: line %d, column %d: %s (at %q)", line, column, what, s[from:to])
}

package parser

import (
	"fmt"
	"strings"
)

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

package parser

import (
	"fmt"
	"strings"
)

// nginx's log_format, as it stands in nginx.conf (ngx_http_log_module.c, ngx_http_script.c).
func init() {
	registerDialect(dialect{
		FormatInfo: FormatInfo{
			Name:      layoutFormat,
			Summary:   "nginx access log in any log_format, given as the layout",
			Example:   `--layout '$remote_addr [$time_local] "$request" $status $body_bytes_sent $request_time'`,
			Durations: true,
		},
		order: 10,
		usual: nginxLayouts,
		mark: func(s string) bool {
			return strings.HasPrefix(strings.TrimSpace(s), "log_format") || strings.Contains(s, "$") && !strings.Contains(s, "%{")
		},
		split:   splitNginx,
		outcome: nginxOutcome,
	})
}

// splitNginx reads a log_format as users have it: the whole directive of nginx.conf with quotes, newlines, comments
// and escape=, or only its strings, or only the text between the quotes.
func splitNginx(source string) (cutLayout, error) {
	text, escaping, err := layoutText(source)
	if err != nil {
		return cutLayout{}, err
	}
	s := cutLayout{text: text, escape: escapeHex}
	switch escaping {
	case "", "default":
	case "json":
		s.escape = escapeJSON
	case "none":
		s.escape = escapeNone
	default:
		return cutLayout{}, fmt.Errorf("layout: escape=%s is not one of default, json, none", escaping)
	}
	literal := 0 // where the open text begins
	for i := 0; i < len(text); {
		if text[i] != '$' {
			i++
			continue
		}
		name, n, err := variableName(text, i)
		if err != nil {
			return cutLayout{}, err
		}
		s.tokens = append(s.tokens, token{text: text[literal:i], at: literal}, nginxToken(name, i))
		i += n
		literal = i
	}
	s.tokens = append(s.tokens, token{text: text[literal:], at: literal})
	return s, nil
}

// nginxToken makes the token of a variable: $name or ${name}.
func nginxToken(name string, at int) token {
	t := token{name: "$" + name, at: at, slot: nginxVariables[name], list: strings.HasPrefix(name, "upstream_")}
	switch {
	case name == "scheme" || name == "is_args":
		t.until = name
	case t.slot == vHost || t.slot == vHTTPHost || name == "server_name":
		t.until = "/"
	case t.slot == vPath:
		t.until = "?"
	}
	return t
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

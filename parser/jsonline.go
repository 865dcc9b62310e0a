package parser

import (
	"strings"

	"github.com/valyala/fastjson"
)

// jsonFields calls field with each key and value of a JSON object: strings with their escaping undone, numbers,
// true and false as they stand, "" for null. Flat objects are read in place and their values are parts of the line;
// others are read by fastjson, nested objects are passed over; before that, again is called to forget the fields so
// far. It returns false when the line is no JSON object.
func jsonFields(line string, p *fastjson.Parser, field func(key, value string), again func()) bool {
	s := strings.TrimSpace(line)
	if len(s) < 2 || s[0] != '{' || s[len(s)-1] != '}' {
		return false
	}
	if flat(s, field) {
		return true
	}
	again()
	v, err := p.Parse(s)
	if err != nil {
		return false
	}
	o, err := v.Object()
	if err != nil {
		return false
	}
	o.Visit(func(k []byte, v *fastjson.Value) {
		switch v.Type() {
		case fastjson.TypeString:
			field(string(k), string(v.GetStringBytes()))
		case fastjson.TypeNumber, fastjson.TypeTrue, fastjson.TypeFalse:
			field(string(k), v.String())
		case fastjson.TypeNull:
			field(string(k), "")
		default: // objects and arrays are passed over
		}
	})
	return true
}

// flat goes over an object without nested values. It returns false when there is one, or an error: then fastjson
// decides.
func flat(s string, field func(key, value string)) bool {
	s = skipSpace(s[1:])
	if s == "}" {
		return true
	}
	for {
		key, rest, ok := quoted(s)
		if !ok {
			return false
		}
		rest = skipSpace(rest)
		if rest == "" || rest[0] != ':' {
			return false
		}
		rest = skipSpace(rest[1:])
		value, isString := "", rest != "" && rest[0] == '"'
		if isString {
			value, rest, ok = quoted(rest)
		} else {
			value, rest, ok = scalar(rest)
		}
		if !ok || !isString && value == "" || isString && hasControl(value) {
			return false
		}
		if isString {
			value = escapeJSON.unescape(value)
		} else if value == "null" {
			value = ""
		}
		field(escapeJSON.unescape(key), value)
		rest = skipSpace(rest)
		switch {
		case rest == "}":
			return true
		case rest == "" || rest[0] != ',':
			return false
		}
		s = skipSpace(rest[1:])
	}
}

// hasControl says whether a string holds bytes that JSON forbids in it. Tabs and the like are let through, as
// fastjson lets them.
func hasControl(s string) bool { return strings.IndexByte(s, '\n') >= 0 }

// scalar cuts a number, true, false or null.
func scalar(s string) (value, rest string, ok bool) {
	i := 0
	for i < len(s) && s[i] != ',' && s[i] != '}' && s[i] != ' ' && s[i] != '\t' {
		b := s[i]
		if !isDigit(b) && b != '-' && b != '+' && b != '.' && (b|0x20 < 'a' || b|0x20 > 'z') {
			return "", "", false
		}
		i++
	}
	value = s[:i]
	ok = value == "true" || value == "false" || value == "null" || value != "" && (isDigit(value[0]) || value[0] == '-')
	return value, s[i:], ok
}

func skipSpace(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	return s
}

package parser

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// escape is how a log writes bytes that would break its lines.
type escape uint8

const (
	escapeNone  escape = iota
	escapeHex          // \x22, as nginx by default
	escapeJSON         // \" \\ \n \u00e9
	escapeQuote        // \" only, as gunicorn
	escapeC            // \" \\ \n \t \x22 \u00e9, as httpd, Tomcat and Go's %q
)

// unescape undoes the escaping. A text without any is returned as it is, without allocation.
func (e escape) unescape(s string) string {
	if e == escapeNone || strings.IndexByte(s, '\\') < 0 {
		return s
	}
	return string(e.append(make([]byte, 0, len(s)), s))
}

// append appends s with its escaping undone, which makes no text longer.
func (e escape) append(out []byte, s string) []byte {
	for {
		i := 0
		if s == "" || s[0] != '\\' { // often one follows another
			i = strings.IndexByte(s, '\\')
		}
		if i < 0 || i+1 == len(s) {
			return append(out, s...)
		}
		if i > 0 {
			out = append(out, s[:i]...)
		}
		n := 0
		out, n = e.one(out, s[i:])
		s = s[i+n:]
	}
}

// texts holds texts that had escapes: many in one block, so that hardly a line costs an allocation. A block that is full is
// left to those who have its texts.
type texts struct {
	block strings.Builder
	buf   []byte
}

const textsBlock = 64 << 10 // bytes

// unescape is escape.unescape.
func (t *texts) unescape(e escape, s string) string {
	if e == escapeNone || strings.IndexByte(s, '\\') < 0 {
		return s
	}
	if len(s) > textsBlock/16 {
		return e.unescape(s)
	}
	t.buf = e.append(t.buf[:0], s)
	if t.block.Cap()-t.block.Len() < len(t.buf) {
		t.block.Reset()
		t.block.Grow(textsBlock)
	}
	from := t.block.Len()
	t.block.Write(t.buf)
	return t.block.String()[from:]
}

// one undoes the escape at the beginning of s, which has at least two bytes, and returns how many it took.
func (e escape) one(out []byte, s string) ([]byte, int) {
	c := s[1]
	if c == 'x' && (e == escapeHex || e == escapeC) && len(s) >= 4 {
		if b, ok := hexByte(s[2], s[3]); ok {
			return append(out, b), 4
		}
	}
	if e == escapeHex || e == escapeQuote && c != '"' {
		return append(out, '\\'), 1
	}
	switch c {
	case '"', '\\', '/', '\'':
		return append(out, c), 2
	case 'n':
		return append(out, '\n'), 2
	case 't':
		return append(out, '\t'), 2
	case 'r':
		return append(out, '\r'), 2
	case 'b':
		return append(out, '\b'), 2
	case 'f':
		return append(out, '\f'), 2
	case 'v':
		return append(out, '\v'), 2
	case 'u':
		if r, n := unicodeEscape(s); n > 0 {
			return utf8.AppendRune(out, r), n
		}
	}
	return append(out, '\\'), 1
}

// unicodeEscape reads \uXXXX, two of them for a surrogate pair. A lone surrogate is U+FFFD.
func unicodeEscape(s string) (rune, int) {
	hi, ok := hex4(s)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(hi) {
		return hi, 6
	}
	if len(s) >= 12 && s[6] == '\\' && s[7] == 'u' {
		if lo, ok := hex4(s[6:]); ok {
			if r := utf16.DecodeRune(hi, lo); r != utf8.RuneError {
				return r, 12
			}
		}
	}
	return utf8.RuneError, 6
}

func hex4(s string) (rune, bool) {
	if len(s) < 6 {
		return 0, false
	}
	a, ok1 := hexByte(s[2], s[3])
	b, ok2 := hexByte(s[4], s[5])
	return rune(a)<<8 | rune(b), ok1 && ok2
}

func hexByte(hi, lo byte) (byte, bool) {
	a, ok1 := hexDigit(hi)
	b, ok2 := hexDigit(lo)
	return a<<4 | b, ok1 && ok2
}

func hexDigit(b byte) (byte, bool) {
	switch {
	case b-'0' <= 9:
		return b - '0', true
	case b|0x20 >= 'a' && b|0x20 <= 'f':
		return b | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// unescapeHash undoes HAProxy's #22 in captures and request lines.
func unescapeHash(s string) string {
	if strings.IndexByte(s, '#') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '#' && i+2 < len(s) {
			if b, ok := hexByte(s[i+1], s[i+2]); ok {
				out = append(out, b)
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}

// quoted cuts a text in double quotes from the beginning of s: its content, still escaped, and what follows it.
func quoted(s string) (content, rest string, ok bool) {
	if s == "" || s[0] != '"' {
		return "", "", false
	}
	if len(s) > 2 && s[2] == '"' && s[1] == '-' { // "-": nothing, as often
		return s[1:2], s[3:], true
	}
	from := 1
	for {
		i := strings.IndexByte(s[from:], '"')
		if i < 0 {
			return "", "", false
		}
		end := from + i
		n := 0 // a quote after an odd number of backslashes is content
		for j := end - 1; j > 0 && s[j] == '\\'; j-- {
			n++
		}
		if n%2 == 0 {
			return s[1:end], s[end+1:], true
		}
		from = end + 1
	}
}

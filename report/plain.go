package report

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/text"
)

// plain returns s with everything that could move a terminal's cursor, change its colours, turn the direction of
// writing or not be seen at all, as Go escapes it: \x1b, \u202e. Text in a log is written by whoever sends requests.
func plain(s string) string {
	marks := 0
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if marks = marked(marks, r); !shown(r, n, marks) {
			return escape(s)
		}
		i += n
	}
	return s
}

// shown says whether a character is printed as it is: more than two marks on one character would climb over other lines.
func shown(r rune, bytes, marks int) bool {
	return (r != utf8.RuneError || bytes > 1) && unicode.IsPrint(r) && marks <= 2
}

func marked(marks int, r rune) int {
	if unicode.Is(unicode.M, r) {
		return marks + 1
	}
	return 0
}

func escape(s string) string {
	var out strings.Builder
	marks := 0
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		marks = marked(marks, r)
		switch {
		case shown(r, n, marks):
			out.WriteString(s[i : i+n])
		case r == utf8.RuneError && n == 1:
			out.WriteString(`\x` + strconv.FormatUint(uint64(s[i])+0x100, 16)[1:])
		case marks > 2:
			out.WriteString(`\u` + strconv.FormatInt(int64(r)+0x10000, 16)[1:])
		default:
			q := strconv.QuoteRune(r)
			out.WriteString(q[1 : len(q)-1])
		}
		i += n
	}
	return out.String()
}

// fit returns s, escaped, in so many columns at most; what is cut off is marked by "…".
func fit(s string, columns int) string {
	s = plain(s)
	if text.StringWidth(s) <= columns {
		return s
	}
	width := 0
	for i, r := range s {
		if width += text.RuneWidth(r); width > columns-1 {
			return s[:i] + "…"
		}
	}
	return s
}

// fitEnd is fit for names of files: what is cut off is the beginning.
func fitEnd(s string, columns int) string {
	s = plain(s)
	cut := text.StringWidth(s) > columns
	for text.StringWidth(s) > columns-1 && cut {
		_, n := utf8.DecodeRuneInString(s)
		s = s[n:]
	}
	if cut {
		return "…" + s
	}
	return s
}

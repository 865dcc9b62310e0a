package parser

import (
	"fmt"
	"strings"
	"time"
)

// stamp collects the parts of a time that a layout writes in a form of its own, perhaps in several pieces.
type stamp struct {
	year, month, day, hour, minute, second int
	nanos, offset, unix                    int64
	given                                  stampPart
	afternoon                              bool
}

type stampPart uint8

const (
	stampYear stampPart = 1 << iota
	stampMonth
	stampDay
	stampZone
	stampUnix
	stampTwelve // the hour is one of a clock with twelve hours
)

// time makes a time of the parts. One without a year, a month or a day is left out: it is no error.
func (t *stamp) time(c *clock) (at time.Time, assumed, ok bool) {
	if t.given&stampUnix != 0 {
		at = time.Unix(t.unix, t.nanos).UTC()
		y := at.Year()
		return at, false, y >= firstYear && y <= lastYear
	}
	if t.given&(stampYear|stampMonth|stampDay) != stampYear|stampMonth|stampDay {
		return time.Time{}, false, true
	}
	days, ok := civilDays(t.year, t.month, t.day)
	if !ok || t.hour > 23 || t.minute > 59 || t.second > 60 {
		return time.Time{}, false, false
	}
	hour := t.hour
	if t.given&stampTwelve != 0 {
		if hour %= 12; t.afternoon {
			hour += 12
		}
	}
	civil := days*86400 + int64(hour*3600+t.minute*60+t.second)
	if t.given&stampZone != 0 {
		return time.Unix(civil-t.offset, t.nanos).UTC(), false, true
	}
	at, ok = c.local(civil, "")
	return at.Add(time.Duration(t.nanos)), true, ok
}

// stampFormat is the form of a time: strftime(3)'s letters for its parts, and text between them.
type stampFormat []stampElement

type stampElement struct {
	letter byte // 0 for text, 'f' for digits of a fraction, 'L' for milliseconds since 1970, 'U' for microseconds
	text   string
}

// strftimeFormat reads a format of strftime(3).
func strftimeFormat(s string) (stampFormat, error) {
	var f stampFormat
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			f = f.literal(s[i : i+1])
			continue
		}
		if i++; i < len(s) && (s[i] == '-' || s[i] == 'E' || s[i] == 'O') { // glibc's flags
			i++
		}
		if i == len(s) {
			return nil, fmt.Errorf("the time format %q ends with %%", s)
		}
		switch c := s[i]; c {
		case 'T':
			f = append(f, stampElement{letter: 'H'}, stampElement{text: ":"}, stampElement{letter: 'M'}, stampElement{text: ":"}, stampElement{letter: 'S'})
		case 'R':
			f = append(f, stampElement{letter: 'H'}, stampElement{text: ":"}, stampElement{letter: 'M'})
		case 'F':
			f = append(f, stampElement{letter: 'Y'}, stampElement{text: "-"}, stampElement{letter: 'm'}, stampElement{text: "-"}, stampElement{letter: 'd'})
		case 'D':
			f = append(f, stampElement{letter: 'm'}, stampElement{text: "/"}, stampElement{letter: 'd'}, stampElement{text: "/"}, stampElement{letter: 'y'})
		case 'c':
			f = append(f, cTime...)
		case 'h':
			f = append(f, stampElement{letter: 'b'})
		case '%':
			f = f.literal("%")
		case 'n', 't':
			f = f.literal(" ")
		case 'k':
			f = append(f, stampElement{letter: 'H'})
		case 'l':
			f = append(f, stampElement{letter: 'I'})
		case 'Y', 'm', 'd', 'e', 'H', 'I', 'M', 'S', 'b', 'B', 'a', 'A', 'y', 'z', 'Z', 's', 'p', 'j', 'f':
			f = append(f, stampElement{letter: c})
		default:
			if c >= '1' && c <= '9' && i+1 < len(s) && s[i+1] == 'f' { // Envoy's %3f
				i++
				f = append(f, stampElement{letter: 'f'})
				continue
			}
			return nil, fmt.Errorf("the time format %q has %%%c, which is not read", s, c)
		}
	}
	return f, nil
}

// cTime is what ctime(3) writes: "Mon Nov 23 07:15:52 2026".
var cTime = stampFormat{
	{letter: 'a'},
	{text: " "},
	{letter: 'b'},
	{text: " "},
	{letter: 'e'},
	{text: " "},
	{letter: 'H'},
	{text: ":"},
	{letter: 'M'},
	{text: ":"},
	{letter: 'S'},
	{text: " "},
	{letter: 'Y'},
}

// webTime is HTTP's date (RFC 9110 section 5.6.7): "Mon, 23 Nov 2026 07:15:52 GMT".
var webTime = stampFormat{
	{letter: 'a'},
	{text: ", "},
	{letter: 'd'},
	{text: " "},
	{letter: 'b'},
	{text: " "},
	{letter: 'Y'},
	{text: " "},
	{letter: 'H'},
	{text: ":"},
	{letter: 'M'},
	{text: ":"},
	{letter: 'S'},
	{text: " "},
	{letter: 'Z'},
}

// javaFormat reads a pattern of java.text.SimpleDateFormat or java.time.format.DateTimeFormatter.
func javaFormat(s string) (stampFormat, error) {
	var f stampFormat
	for i := 0; i < len(s); {
		c := s[i]
		n := 1
		for i+n < len(s) && s[i+n] == c {
			n++
		}
		letter := byte(0)
		switch c {
		case '\'':
			end := strings.IndexByte(s[i+1:], '\'')
			if end < 0 {
				return nil, fmt.Errorf("the time format %q has a quote without its end", s)
			}
			if end == 0 {
				f = f.literal("'")
			} else {
				f = f.literal(s[i+1 : i+1+end])
			}
			i += end + 2
			continue
		case 'y', 'u', 'Y':
			letter = 'Y'
			if n == 2 {
				letter = 'y'
			}
		case 'M', 'L':
			letter = [...]byte{'o', 'm', 'b', 'B'}[min(n, 4)-1] // 'o': one digit or two
		case 'd':
			letter = 'e'
		case 'H', 'k':
			letter = 'H'
		case 'h', 'K':
			letter = 'I'
		case 'm':
			letter = 'M'
		case 's':
			letter = 'S'
		case 'S', 'n':
			letter = 'f'
		case 'a':
			letter = 'p'
		case 'E':
			letter = 'a'
		case 'Z', 'X', 'x':
			letter = 'z'
		case 'z', 'V', 'O':
			letter = 'Z'
		default:
			if c|0x20 >= 'a' && c|0x20 <= 'z' {
				return nil, fmt.Errorf("the time format %q has %c, which is not read", s, c)
			}
			f = f.literal(s[i : i+n])
			i += n
			continue
		}
		f = append(f, stampElement{letter: letter})
		i += n
	}
	return f, nil
}

func (f stampFormat) literal(s string) stampFormat {
	if n := len(f); n > 0 && f[n-1].letter == 0 {
		f[n-1].text += s
		return f
	}
	return append(f, stampElement{text: s})
}

// parse reads a time at the beginning of s and returns how long it is.
func (f stampFormat) parse(s string, t *stamp) (n int, ok bool) {
	rest := s
	for i := range f {
		if f[i].letter == 0 {
			if !strings.HasPrefix(rest, f[i].text) {
				return 0, false
			}
			rest = rest[len(f[i].text):]
			continue
		}
		n, ok := t.element(f[i].letter, rest)
		if !ok {
			return 0, false
		}
		rest = rest[n:]
	}
	return len(s) - len(rest), true
}

// element reads one part and returns how long it is.
func (t *stamp) element(letter byte, s string) (n int, ok bool) {
	switch letter {
	case 'Y':
		t.given |= stampYear
		return number(s, 4, &t.year)
	case 'y':
		t.given |= stampYear
		n, ok = number(s, 2, &t.year)
		t.year += 2000
		return n, ok
	case 'm', 'o':
		t.given |= stampMonth
		return padded(s, letter == 'o', &t.month)
	case 'd', 'e':
		t.given |= stampDay
		return padded(s, letter == 'e', &t.day)
	case 'H':
		return padded(s, true, &t.hour)
	case 'I':
		t.given |= stampTwelve
		return padded(s, true, &t.hour)
	case 'M':
		return number(s, 2, &t.minute)
	case 'S':
		return number(s, 2, &t.second)
	case 'b', 'B':
		return t.monthName(s)
	case 'a', 'A', 'Z':
		return t.word(letter, s)
	case 'p':
		if len(s) < 2 || s[1]|0x20 != 'm' {
			return 0, false
		}
		t.afternoon = s[0]|0x20 == 'p'
		return 2, t.afternoon || s[0]|0x20 == 'a'
	case 'j':
		return 3, len(s) >= 3
	case 'f':
		return t.fraction(s)
	case 'z':
		return t.zone(s)
	}
	return t.epoch(letter, s)
}

func (t *stamp) monthName(s string) (n int, ok bool) {
	if len(s) < 3 {
		return 0, false
	}
	if t.month, ok = monthOf(s[:3]); !ok {
		return 0, false
	}
	t.given |= stampMonth
	return letters(s), true
}

// word passes over the name of a day, or takes that of a zone: only those of UTC are known.
func (t *stamp) word(letter byte, s string) (n int, ok bool) {
	n = letters(s)
	if letter == 'Z' {
		if n == 0 {
			return t.zone(s)
		}
		if name := s[:n]; name == "UTC" || name == "GMT" || name == "Z" {
			t.given |= stampZone
			t.offset = 0
		}
	}
	return n, n > 0
}

func (t *stamp) fraction(s string) (n int, ok bool) {
	t.nanos = 0
	for unit := int64(1e8); n < len(s) && isDigit(s[n]) && n < 32; n++ {
		t.nanos += int64(s[n]-'0') * unit
		unit /= 10
	}
	return n, n > 0
}

func (t *stamp) zone(s string) (n int, ok bool) {
	switch {
	case s != "" && s[0] == 'Z':
		n = 1
	case len(s) >= 6 && s[3] == ':':
		n = 6
	case len(s) >= 5:
		n = 5
	}
	if t.offset, ok = zoneOffset(s[:n]); !ok && n == 6 {
		n = 5
		t.offset, ok = zoneOffset(s[:n])
	}
	t.given |= stampZone
	return n, ok
}

// epoch reads seconds ('s'), milliseconds ('L') or microseconds ('U') since 1970.
func (t *stamp) epoch(letter byte, s string) (n int, ok bool) {
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	v, ok := count(s[:n])
	if !ok || v > 1<<53 {
		return 0, false
	}
	t.given |= stampUnix
	switch letter {
	case 'L':
		t.unix, t.nanos = v/1000, v%1000*1e6
	case 'U':
		t.unix, t.nanos = v/1e6, v%1e6*1000
	default:
		t.unix = v
	}
	return n, true
}

// number reads exactly n digits.
func number(s string, n int, to *int) (int, bool) {
	if len(s) < n {
		return 0, false
	}
	v, ok := count(s[:n])
	*to = int(v)
	return n, ok
}

// padded reads two digits, or, where short allows it, one, or a blank and one.
func padded(s string, short bool, to *int) (int, bool) {
	if n, ok := number(s, 2, to); ok || !short {
		return n, ok
	}
	if s != "" && s[0] == ' ' {
		n, ok := number(s[1:], 1, to)
		return n + 1, ok
	}
	return number(s, 1, to)
}

// letters counts the letters at the beginning of s.
func letters(s string) (n int) {
	for n < len(s) && n < 32 && s[n]|0x20 >= 'a' && s[n]|0x20 <= 'z' {
		n++
	}
	return n
}

package parser

import (
	"strings"
	"time"
)

// javaStamp says how a time at the beginning of a JVM's log line is written.
type javaStamp uint8

const (
	javaNoTime javaStamp = iota
	javaISO              // 2026-11-23 07:15:26.551, with "T", "_" or a blank between, "." "," or ":" before the fraction, a zone or none
	javaSlash            // 2026/11/23 07:15:26
	javaShort            // 26/11/23 07:15:26, as Spark
	javaDay              // 23-Nov-2026 07:15:26.551 (juli/OneLineFormatter.java), 23 Nov 2026 07:15:26,551 (log4j's DATE)
	javaLong             // Nov 23, 2026 7:15:27 AM (java.util.logging.SimpleFormatter)
	javaClock            // 07:15:26.551: no date, so no time
)

// javaTime finds out how a line's time is written, and how long it is. It looks at its shape only.
func javaTime(s string) (javaStamp, int) {
	switch {
	case len(s) >= 19 && s[4] == '-' && s[7] == '-' && s[13] == ':' && s[16] == ':':
		return javaISO, 19 + javaTail(s[19:], true)
	case len(s) >= 19 && s[4] == '/' && s[7] == '/' && s[10] == ' ' && s[13] == ':' && s[16] == ':':
		return javaSlash, 19 + javaTail(s[19:], false)
	case len(s) >= 17 && s[2] == '/' && s[5] == '/' && s[8] == ' ' && s[11] == ':' && s[14] == ':':
		return javaShort, 17 + javaTail(s[17:], false)
	case len(s) >= 20 && (s[2] == '-' && s[6] == '-' || s[2] == ' ' && s[6] == ' ') && s[11] == ' ' && s[14] == ':' && s[17] == ':':
		return javaDay, 20 + javaTail(s[20:], false)
	case len(s) >= 8 && s[2] == ':' && s[5] == ':' && isDigit(s[0]) && isDigit(s[1]) && isDigit(s[3]) && isDigit(s[6]) && isDigit(s[7]):
		return javaClock, 8 + javaTail(s[8:], false)
	}
	return javaNoTime, 0
}

// javaTail measures a fraction and, where zoned, the zone behind a time.
func javaTail(s string, zoned bool) int {
	n := 0
	if len(s) > 1 && (s[0] == '.' || s[0] == ',' || s[0] == ':') && isDigit(s[1]) {
		n = 1
		for n < len(s) && isDigit(s[n]) {
			n++
		}
	}
	if !zoned || n >= len(s) {
		return n
	}
	rest := s[n:]
	blank := 0
	if rest[0] == ' ' {
		blank = 1
	}
	switch rest = rest[blank:]; {
	case strings.HasPrefix(rest, "Z"):
		return n + blank + 1
	case strings.HasPrefix(rest, "UTC"), strings.HasPrefix(rest, "GMT"):
		return n + blank + 3
	case len(rest) >= 6 && (rest[0] == '+' || rest[0] == '-') && rest[3] == ':' && isDigit(rest[4]) && isDigit(rest[5]):
		return n + blank + 6
	case len(rest) >= 5 && (rest[0] == '+' || rest[0] == '-') && isDigit(rest[1]) && isDigit(rest[2]) && isDigit(rest[3]) && isDigit(rest[4]):
		return n + blank + 5
	}
	return n
}

// readJavaTime reads a time that javaTime found, or cutJavaSimple. A time without a date gives none; ok is false when
// what looks like a time is none.
func readJavaTime(c *clock, how javaStamp, s string) (t time.Time, assumed, ok bool) {
	year, month, day := 0, 0, 0
	var ok1, ok2, ok3 bool
	at := 0 // where the clock's time begins
	switch how {
	case javaISO, javaSlash:
		year, ok1 = four(s, 0)
		month, ok2 = two(s, 5)
		day, ok3 = two(s, 8)
		at = 11
		if how == javaISO && s[10] != ' ' && s[10] != 'T' && s[10] != '_' && s[10] != 't' {
			return t, false, false
		}
	case javaShort:
		year, ok1 = two(s, 0)
		year += 2000
		month, ok2 = two(s, 3)
		day, ok3 = two(s, 6)
		at = 9
	case javaDay:
		day, ok1 = two(s, 0)
		month, ok2 = monthOf(s[3:6])
		year, ok3 = four(s, 7)
		at = 12
	case javaLong:
		return readJavaLong(c, s)
	default:
		return t, false, true
	}
	if !ok1 || !ok2 || !ok3 || len(s) < at+8 {
		return t, false, false
	}
	secs, ok := clockTime(s[at : at+8])
	if !ok {
		return t, false, false
	}
	days, ok := civilDays(year, month, day)
	if !ok {
		return t, false, false
	}
	n := javaTail(s[at+8:], false)
	fraction, zone := s[at+8:at+8+n], strings.TrimPrefix(s[at+8+n:], " ")
	if strings.HasPrefix(fraction, ":") { // digits behind a colon are of a pattern that nobody else reads: seconds will do
		fraction = ""
	}
	civil := days*86400 + secs
	switch zone {
	case "":
		t, ok = c.local(civil, fraction)
		return t, true, ok
	case "UTC", "GMT":
		zone = "Z"
	}
	nanos, ok := fractionNanos(fraction)
	offset, okZone := zoneOffset(zone)
	if !ok || !okZone {
		return t, false, false
	}
	return time.Unix(civil-offset, nanos).UTC(), false, true
}

// javaMonths and javaHalves are how java.util.logging writes months and halves of the day in other languages than
// English ("%1$tb %1$td, %1$tY %1$tl:%1$tM:%1$tS %1$Tp"): German, French, Spanish, Italian, Portuguese, Chinese, Japanese.
var javaMonths = map[string]int{
	"Januar": 1, "Mär": 3, "März": 3, "Mai": 5, "Juni": 6, "Juli": 7, "Okt": 10, "Dez": 12, "Sept": 9,
	"janv": 1, "févr": 2, "mars": 3, "avr": 4, "mai": 5, "juin": 6, "juil": 7, "août": 8, "sept": 9, "oct": 10, "nov": 11, "déc": 12,
	"ene": 1, "feb": 2, "mar": 3, "abr": 4, "may": 5, "jun": 6, "jul": 7, "ago": 8, "sep": 9, "dic": 12,
	"gen": 1, "apr": 4, "mag": 5, "giu": 6, "lug": 7, "set": 9, "ott": 10,
	"jan": 1, "fev": 2, "out": 10, "dez": 12,
	"一月": 1, "二月": 2, "三月": 3, "四月": 4, "五月": 5, "六月": 6, "七月": 7, "八月": 8, "九月": 9, "十月": 10, "十一月": 11, "十二月": 12,
	"1月": 1, "2月": 2, "3月": 3, "4月": 4, "5月": 5, "6月": 6, "7月": 7, "8月": 8, "9月": 9, "10月": 10, "11月": 11, "12月": 12,
}

var javaHalves = map[string]int{
	"AM": 0, "am": 0, "a.m.": 0, "A.M.": 0, "VORM.": 0, "上午": 0, "午前": 0, "오전": 0,
	"PM": 12, "pm": 12, "p.m.": 12, "P.M.": 12, "NACHM.": 12, "下午": 12, "午後": 12, "오후": 12,
}

// readJavaLong reads "Nov 23, 2026 7:15:27 AM". Since Java 20 a narrow no-break space stands before the half of the day.
func readJavaLong(c *clock, s string) (t time.Time, assumed, ok bool) {
	name, s, ok := strings.Cut(s, " ")
	name = strings.TrimSuffix(name, ".")
	month, isMonth := javaMonths[name]
	if !isMonth && len(name) == 3 {
		month, isMonth = monthOf(name)
	}
	dayText, s, ok1 := strings.Cut(s, ", ")
	yearText, s, ok2 := strings.Cut(s, " ")
	day, ok3 := count(dayText)
	year, ok4 := count(yearText)
	if !ok || !isMonth || !ok1 || !ok2 || !ok3 || !ok4 {
		return t, false, false
	}
	i := 0
	for i < len(s) && (isDigit(s[i]) || s[i] == ':') {
		i++
	}
	clockText, half := s[:i], strings.TrimPrefix(strings.TrimPrefix(s[i:], " "), "\u202f")
	hour, rest, ok := strings.Cut(clockText, ":")
	h, ok1 := count(hour)
	if !ok || !ok1 || len(rest) != 5 || h > 23 || day > 31 || year > lastYear {
		return t, false, false
	}
	if half != "" {
		plus, isHalf := javaHalves[half]
		if !isHalf || h < 1 || h > 12 {
			return t, false, false
		}
		h = h%12 + int64(plus)
	}
	secs, ok := clockTime("00:" + rest)
	if !ok {
		return t, false, false
	}
	days, ok := civilDays(int(year), month, int(day))
	if !ok {
		return t, false, false
	}
	t, ok = c.local(days*86400+h*3600+secs, "")
	return t, true, ok
}

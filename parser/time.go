package parser

import (
	"time"
)

// Times outside these years are not times: a log of ours cannot have them.
const (
	firstYear = 1990
	lastYear  = 2200
)

// clock reads the times of one log. Lines of one second come together, so it remembers the last text it read, and
// the offset of the zone around it.
type clock struct {
	zone *time.Location // nil is UTC

	words  [3]uint64 // the time that was read last: its date, its hour, and its zone
	colon  uint16    // its minute's last digit and the colon
	minute int64     // that minute; a civil one when there is no zone

	isoWords  [2]uint64 // what iso read last, to the minute
	isoMinute int64     // that minute, civil

	quarter int64 // the civil quarter of an hour that offset is right for
	offset  int64
	known   bool
	last    int64 // unix time that was given last: it decides between the two meanings of an ambiguous hour
}

// apache reads "22/Nov/2026:10:00:32 +0000".
func (c *clock) apache(s string) (time.Time, bool) {
	const toMinute, second, end = len("22/Nov/2026:10:00:"), len("22/Nov/2026:10:00:32"), len("22/Nov/2026:10:00:32 +0000")
	if len(s) != end || s[second] != ' ' {
		return time.Time{}, false
	}
	// A time of the minute before differs in two bytes.
	const others = ^uint64(0xffff)
	a, b, behind, colon := load64(s), load64(s[8:]), load64(s[toMinute:]), uint16(s[16])|uint16(s[17])<<8
	if a == c.words[0] && b == c.words[1] && behind&others == c.words[2] && colon == c.colon {
		if sec, ok := two(s, toMinute); ok && sec <= 60 {
			return time.Unix(c.minute+int64(sec), 0).UTC(), true
		}
		return time.Time{}, false
	}
	civil, ok := civilApache(s[:20], ':')
	if !ok {
		return time.Time{}, false
	}
	offset, ok := zoneOffset(s[21:])
	if !ok {
		return time.Time{}, false
	}
	sec, _ := two(s, toMinute)
	c.words, c.colon, c.minute = [3]uint64{a, b, behind & others}, colon, civil-offset-int64(sec)
	return time.Unix(civil-offset, 0).UTC(), true
}

// apacheLocal reads "22/Nov/2026:10:00:01.123", with the given byte between date and time and "." or "," before the
// fraction, which may be absent.
func (c *clock) apacheLocal(s string, between byte) (time.Time, bool) {
	const toMinute, end = len("22/Nov/2026:10:00:"), len("22/Nov/2026:10:00:32")
	if len(s) < end {
		return time.Time{}, false
	}
	a, b, colon := load64(s), load64(s[8:]), uint16(s[16])|uint16(s[17])<<8
	if a != 0 && a == c.words[0] && b == c.words[1] && c.words[2] == 0 && colon == c.colon { // a time of the minute before
		sec, ok := two(s, toMinute)
		if !ok || sec > 60 {
			return time.Time{}, false
		}
		return c.local(c.minute+int64(sec), s[end:])
	}
	civil, ok := civilApache(s[:end], between)
	if !ok {
		return time.Time{}, false
	}
	sec, _ := two(s, toMinute)
	c.words, c.colon, c.minute = [3]uint64{a, b}, colon, civil-int64(sec)
	return c.local(civil, s[end:])
}

// sql reads "2026-11-23 07:19:09,128": the date with the given separator, a blank or "T", "." or "," before the
// fraction, which may be absent.
func (c *clock) sql(s string, separator byte) (time.Time, bool) {
	if len(s) < 19 {
		return time.Time{}, false
	}
	civil, ok := civilSQL(s[:19], separator)
	if !ok {
		return time.Time{}, false
	}
	return c.local(civil, s[19:])
}

// iso reads RFC 3339 and what is near it: "2026-11-22T10:00:00+00:00", "...00.123Z", "... +0000". Without a zone the
// log's is taken, and assumed is true.
func (c *clock) iso(s string) (t time.Time, assumed, ok bool) {
	if len(s) < 19 {
		return time.Time{}, false, false
	}
	civil, ok := c.civilISO(s)
	if !ok {
		return time.Time{}, false, false
	}
	rest := s[19:]
	n := 0
	if rest != "" && (rest[0] == '.' || rest[0] == ',') {
		n = 1
		for n < len(rest) && isDigit(rest[n]) {
			n++
		}
	}
	fraction, zone := rest[:n], rest[n:]
	if zone == "" {
		t, ok = c.local(civil, fraction)
		return t, true, ok
	}
	nanos, ok := fractionNanos(fraction)
	if !ok {
		return time.Time{}, false, false
	}
	if zone[0] == ' ' {
		zone = zone[1:]
	}
	offset, ok := zoneOffset(zone)
	if !ok {
		return time.Time{}, false, false
	}
	return time.Unix(civil-offset, nanos).UTC(), false, true
}

// civilISO is civilSQL for a time of at least 19 bytes. A time of the minute before is compared with that one's.
func (c *clock) civilISO(s string) (int64, bool) {
	a, b := load64(s), load64(s[8:])
	if a == c.isoWords[0] && b == c.isoWords[1] && a != 0 {
		sec, ok := two(s, 17)
		return c.isoMinute + int64(sec), ok && sec <= 60 && s[16] == ':'
	}
	civil, ok := civilSQL(s[:19], '-')
	if ok {
		sec, _ := two(s, 17)
		c.isoWords, c.isoMinute = [2]uint64{a, b}, civil-int64(sec)
	}
	return civil, ok
}

// epoch reads seconds since 1970 with an optional fraction: nginx's $msec.
func epoch(s string) (time.Time, bool) {
	d, ok := seconds(s)
	if !ok {
		return time.Time{}, false
	}
	t := time.Unix(0, int64(d)).UTC()
	if y := t.Year(); y < firstYear || y > lastYear {
		return time.Time{}, false
	}
	return t, true
}

// local makes a time of civil seconds in the log's zone, and a fraction with its point.
func (c *clock) local(civil int64, fraction string) (time.Time, bool) {
	nanos, ok := fractionNanos(fraction)
	if !ok {
		return time.Time{}, false
	}
	if c.zone != nil && c.zone != time.UTC {
		civil = c.resolve(civil)
	}
	c.last = civil
	return time.Unix(civil, nanos).UTC(), true
}

// nearestYear returns the year of a day and a time of it that were logged not long before they were seen: the last one
// that is not in the future, but for two days that clocks and zones may differ.
func nearestYear(month, day int, secs int64, seen time.Time) (int, bool) {
	for y := seen.Year() + 1; y > seen.Year()-9; y-- { // a leap day may be eight years ago
		if days, ok := civilDays(y, month, day); ok && days*86400+secs <= seen.Unix()+2*86400 {
			return y, true
		}
	}
	return 0, false
}

// yearless makes a time of a month, a day and seconds of the day in the log's zone, in the year that nearestYear says. It is zero
// when it is not known when the log was seen.
func (c *clock) yearless(month, day int, secs int64, fraction string, seen time.Time) (t time.Time, ok bool) {
	if seen.IsZero() {
		_, ok = fractionNanos(fraction)
		return t, ok
	}
	year, ok := nearestYear(month, day, secs, seen)
	if !ok {
		return t, false
	}
	days, _ := civilDays(year, month, day)
	return c.local(days*86400+secs, fraction)
}

// resolve turns civil seconds into unix seconds. An hour that the zone has twice means the one nearer to the time
// before; an hour that it has not is moved by what the clock was set forward.
func (c *clock) resolve(civil int64) int64 {
	quarter := civil / 900
	if c.known && quarter == c.quarter {
		return civil - c.offset
	}
	before, after := c.offsetAt(civil-86400), c.offsetAt(civil+86400)
	a, b := civil-before, civil-after
	aOK, bOK := c.offsetAt(a) == before, c.offsetAt(b) == after
	unix := a
	switch {
	case before == after:
	case aOK && bOK && a != b:
		if c.last != 0 && abs(c.last-b) < abs(c.last-a) {
			unix = b
		}
		c.known = false
		return unix
	case !aOK && bOK:
		unix = b
	}
	c.quarter, c.offset, c.known = quarter, civil-unix, true
	return unix
}

func (c *clock) offsetAt(unix int64) int64 {
	_, seconds := time.Unix(unix, 0).In(c.zone).Zone()
	return int64(seconds)
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

// civilApache reads "22/Nov/2026:10:00:32" as seconds since 1970, as if it were UTC.
func civilApache(s string, between byte) (int64, bool) {
	if s[2] != '/' || s[6] != '/' || s[11] != between {
		return 0, false
	}
	day, ok1 := two(s, 0)
	month, ok2 := monthOf(s[3:6])
	year, ok3 := four(s, 7)
	secs, ok4 := clockTime(s[12:20])
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return 0, false
	}
	days, ok := civilDays(year, month, day)
	return days*86400 + secs, ok
}

// civilSQL reads "2026-11-22 10:00:32" as seconds since 1970, as if it were UTC.
func civilSQL(s string, separator byte) (int64, bool) {
	if s[4] != separator || s[7] != separator || (s[10] != ' ' && s[10] != 'T') {
		return 0, false
	}
	year, ok1 := four(s, 0)
	month, ok2 := two(s, 5)
	day, ok3 := two(s, 8)
	secs, ok4 := clockTime(s[11:19])
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return 0, false
	}
	days, ok := civilDays(year, month, day)
	return days*86400 + secs, ok
}

// clockTime reads "10:00:32" as seconds. A leap second counts as the next minute's first.
func clockTime(s string) (int64, bool) {
	h, ok1 := two(s, 0)
	m, ok2 := two(s, 3)
	sec, ok3 := two(s, 6)
	if !ok1 || !ok2 || !ok3 || s[2] != ':' || s[5] != ':' || h > 23 || m > 59 || sec > 60 {
		return 0, false
	}
	return int64(h*3600 + m*60 + sec), true
}

// zoneOffset reads "Z", "+0530" or "+05:30" as seconds east of UTC.
func zoneOffset(s string) (int64, bool) {
	if s == "Z" || s == "z" {
		return 0, true
	}
	if len(s) == 6 && s[3] == ':' {
		h, ok1 := two(s, 1)
		m, ok2 := two(s, 4)
		return signed(s[0], h, m, ok1 && ok2)
	}
	if len(s) == 5 {
		h, ok1 := two(s, 1)
		m, ok2 := two(s, 3)
		return signed(s[0], h, m, ok1 && ok2)
	}
	return 0, false
}

func signed(sign byte, h, m int, ok bool) (int64, bool) {
	if !ok || h > 15 || m > 59 {
		return 0, false
	}
	n := int64(h*3600 + m*60)
	switch sign {
	case '+':
		return n, true
	case '-':
		return -n, true
	}
	return 0, false
}

// fractionNanos reads ".128", ",128" or "" as nanoseconds. Digits after the ninth are cut.
func fractionNanos(s string) (int64, bool) {
	if s == "" {
		return 0, true
	}
	if len(s) < 2 || len(s) > 32 || (s[0] != '.' && s[0] != ',') {
		return 0, false
	}
	if len(s) == 4 { // milliseconds, as nearly always
		a, b, c := s[1]-'0', s[2]-'0', s[3]-'0'
		return (int64(a)*100 + int64(b)*10 + int64(c)) * 1e6, a <= 9 && b <= 9 && c <= 9
	}
	n := int64(0)
	for i := 1; i <= 9; i++ {
		n *= 10
		if i < len(s) {
			if !isDigit(s[i]) {
				return 0, false
			}
			n += int64(s[i] - '0')
		}
	}
	for i := 10; i < len(s); i++ {
		if !isDigit(s[i]) {
			return 0, false
		}
	}
	return n, true
}

var monthDays = [13]int{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// civilDays counts the days from 1970-01-01 to a date of the Gregorian calendar, and refuses dates that are none.
func civilDays(year, month, day int) (int64, bool) {
	if year < firstYear || year > lastYear || month < 1 || month > 12 || day < 1 {
		return 0, false
	}
	leap := year%4 == 0 && (year%100 != 0 || year%400 == 0)
	if day > monthDays[month] && (month != 2 || day != 29 || !leap) {
		return 0, false
	}
	// Years begin with March, so that the leap day is the last: 306 days lie between March and December.
	m := (month + 9) % 12
	y := year - m/10
	return int64(365*y+y/4-y/100+y/400+(m*306+5)/10+day-1) - 719468, true
}

func monthOf(s string) (int, bool) {
	const names = "JanFebMarAprMayJunJulAugSepOctNovDec"
	for i := 0; i < len(names); i += 3 {
		if names[i] == s[0] && names[i+1] == s[1] && names[i+2] == s[2] {
			return i/3 + 1, true
		}
	}
	return 0, false
}

func two(s string, i int) (int, bool) {
	a, b := s[i]-'0', s[i+1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}

func four(s string, i int) (int, bool) {
	a, ok1 := two(s, i)
	b, ok2 := two(s, i+2)
	return a*100 + b, ok1 && ok2
}

func isDigit(b byte) bool { return b-'0' <= 9 }

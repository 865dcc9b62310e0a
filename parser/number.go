package parser

import (
	"math"
	"strconv"
	"time"
)

// count reads a whole number from 0 to 2^62.
func count(s string) (int64, bool) {
	if s == "" || len(s) > 19 {
		return 0, false
	}
	n := uint64(0)
	for i := range len(s) {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + uint64(d)
	}
	return int64(n), n <= 1<<62
}

// integer reads a whole number with an optional minus sign.
func integer(s string) (int64, bool) {
	if s != "" && s[0] == '-' {
		n, ok := count(s[1:])
		return -n, ok
	}
	return count(s)
}

// pid reads a process id; 0 when it is none.
func pid(s string) int {
	if n, ok := count(s); ok && n <= math.MaxInt32 {
		return int(n)
	}
	return 0
}

// port reads a port from 1 to 65535; 0 when it is none.
func port(s string) uint16 {
	if n, ok := count(s); ok && n <= math.MaxUint16 {
		return uint16(n)
	}
	return 0
}

// maxSeconds bounds durations: 2^62 nanoseconds are 146 years.
const maxSeconds = 1 << 62 / int64(time.Second)

// seconds reads "30.000", exact to the nanosecond.
func seconds(s string) (time.Duration, bool) {
	if n := len(s) - 4; n > 0 && n < 9 && s[n] == '.' { // three digits behind the point, as nearly always
		whole, ok1 := count(s[:n])
		a, b, c := s[n+1]-'0', s[n+2]-'0', s[n+3]-'0'
		return time.Duration(whole*1000+int64(a)*100+int64(b)*10+int64(c)) * time.Millisecond, ok1 && a <= 9 && b <= 9 && c <= 9
	}
	i := 0
	n := int64(0)
	for ; i < len(s) && isDigit(s[i]); i++ {
		if n = n*10 + int64(s[i]-'0'); n > maxSeconds {
			return 0, false
		}
	}
	if i == 0 {
		return 0, false
	}
	if i == len(s) {
		return time.Duration(n) * time.Second, true
	}
	nanos, ok := fractionNanos(s[i:])
	if !ok || s[i] != '.' {
		return 0, false
	}
	return time.Duration(n)*time.Second + time.Duration(nanos), true
}

// secondsJSON reads seconds as a JSON number may have them, "1.5e-3" too.
func secondsJSON(s string) (time.Duration, bool) {
	if d, ok := seconds(s); ok {
		return d, true
	}
	if len(s) > 32 {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || f < 0 || f >= float64(maxSeconds) {
		return 0, false
	}
	return time.Duration(math.Round(f * float64(time.Second))), true
}

// micros makes a duration of microseconds.
func micros(n int64) (time.Duration, bool) {
	return time.Duration(n) * time.Microsecond, n >= 0 && n <= maxSeconds*1e6
}

// millis makes a duration of milliseconds.
func millis(n int64) (time.Duration, bool) {
	return time.Duration(n) * time.Millisecond, n >= 0 && n <= maxSeconds*1e3
}

// status reads an HTTP status from 100 to 999. Other numbers, as nginx's 000 and 009, are 0: there is none.
func status(s string) (int, bool) {
	if len(s) == 3 && s[0]-'1' <= 8 && isDigit(s[1]) && isDigit(s[2]) {
		return int(s[0]-'0')*100 + int(s[1]-'0')*10 + int(s[2]-'0'), true
	}
	n, ok := count(s)
	if !ok {
		return 0, false
	}
	if n < 100 || n > 999 {
		return 0, true
	}
	return int(n), true
}

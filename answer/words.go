package answer

import (
	"strconv"

	"hangup/event"
)

// Count writes a number of things: "1 request", "12,310 requests". The plural of what is made with an s.
func Count(n int64, what string) string {
	if n != 1 {
		what += "s"
	}
	return Thousands(n) + " " + what
}

// Thousands writes n with commas: 412,310.
func Thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Percent writes a share of 0 to 1 for a person: "0.04 %", "1.9 %", "62 %".
func Percent(share float64) string {
	p := share * 100
	digits := 0
	switch {
	case p != 0 && p < 0.1:
		digits = 2
	case p != 0 && p < 10:
		digits = 1
	}
	return strconv.FormatFloat(p, 'f', digits, 64) + " %"
}

// Seconds writes milliseconds for a person: "80 ms", "2.0 s", "3 min".
func Seconds(ms int64) string {
	switch {
	case ms < 1000:
		return strconv.FormatInt(ms, 10) + " ms"
	case ms < 120_000:
		return strconv.FormatFloat(float64(ms)/1000, 'f', 1, 64) + " s"
	default:
		return strconv.FormatFloat(float64(ms)/60_000, 'f', 0, 64) + " min"
	}
}

// Escape returns s for a message: at most 60 characters of it, what cannot be printed, quotes and backslashes as Go
// escapes them.
func Escape(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	q := strconv.Quote(event.Clean(s))
	return q[1 : len(q)-1]
}

package parser

import (
	"math"
	"strconv"
	"strings"
	"time"

	"hangup/event"
)

// Places of what JSON logs tell, in the values of a jsonScanner. Formats add their own from jkOwn.
const (
	jkTime = 1 + iota
	jkLevel
	jkLogger
	jkPID
	jkMessage
	jkError
	jkClient
	jkClientPort
	jkMethod
	jkTarget // a path with its query, or an URL
	jkPath
	jkQuery
	jkProtocol
	jkHost
	jkStatus
	jkBytes
	jkAgent
	jkReferer
	jkID
	jkUpstream
	jkUpstreamStatus
	jkUpstreamTime
	jkDuration
	jkOwn
)

// text returns a value, "" for what stands for none.
func (j *jsonScanner) text(id uint8) string {
	s := j.get(id)
	if s == "-" || s == "N/A" {
		return ""
	}
	return s
}

// exchange takes what the line tells about a request: client, target, status, bytes and names. Times and upstream's
// numbers are the format's own. It returns false when a number is none.
func (j *jsonScanner) exchange(e *event.Event) bool {
	e.Client, e.ClientPort = clientAddress(j.text(jkClient))
	if p := port(j.get(jkClientPort)); p != 0 {
		e.ClientPort = p
	}
	e.Method, e.Protocol = j.text(jkMethod), j.text(jkProtocol)
	if s := j.text(jkTarget); s != "" {
		setTarget(e, s)
	}
	if s := j.text(jkPath); s != "" && e.Path == "" {
		setTarget(e, s)
	}
	if s := j.text(jkQuery); s != "" && e.Query == "" {
		e.Query = s
	}
	if s := j.text(jkHost); s != "" {
		e.Host = host(s)
	}
	e.UserAgent, e.Referer, e.RequestID = j.text(jkAgent), j.text(jkReferer), j.text(jkID)
	e.Upstream = upstream(j.text(jkUpstream))
	var ok1, ok2 bool
	e.Status, ok1 = j.status(jkStatus)
	e.UpstreamStatus, ok2 = j.status(jkUpstreamStatus)
	if s := j.text(jkBytes); s != "" {
		n, ok := count(s)
		if !ok {
			return false
		}
		e.Bytes = event.Some(n)
	}
	return ok1 && ok2
}

// clientAddress reads an address with or without a port. IPv6 has its port behind brackets only.
func clientAddress(s string) (string, uint16) {
	if strings.Count(s, ":") == 1 || s != "" && s[0] == '[' {
		return addressPort(s)
	}
	return address(s), 0
}

// status returns a status, 0 when there is none.
func (j *jsonScanner) status(id uint8) (int, bool) {
	s := j.text(id)
	if s == "" {
		return 0, true
	}
	return status(s)
}

// span returns a duration that is a number of units.
func (j *jsonScanner) span(id uint8, unit time.Duration) event.Opt[time.Duration] {
	d, ok := units(j.text(id), unit)
	return event.Opt[time.Duration]{V: d, OK: ok}
}

// units reads a number of units, "0.384", "12" or "1.5e-3", exact where it has no exponent.
func units(s string, unit time.Duration) (time.Duration, bool) {
	if s == "" || len(s) > 40 {
		return 0, false
	}
	if n, ok := count(s); ok {
		return time.Duration(n) * unit, n <= maxSeconds*int64(time.Second/unit)
	}
	if i := strings.IndexByte(s, '.'); i > 0 && i < 20 { // exact, to the ninth digit
		n, ok1 := count(s[:i])
		digits := s[i+1 : min(len(s), i+10)]
		f, ok2 := count(digits)
		if _, rest := count(s[min(len(s), i+10):]); ok1 && ok2 && (rest || len(s) <= i+10) {
			scale := int64(1)
			for range digits {
				scale *= 10
			}
			return time.Duration(n)*unit + time.Duration(f*int64(unit)/scale), n < maxSeconds*int64(time.Second/unit)
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if f *= float64(unit); err != nil || !(f >= 0 && f < float64(maxSeconds)*float64(time.Second)) {
		return 0, false
	}
	return time.Duration(math.Round(f)), true
}

// moment reads a time in any of the forms that JSON logs have: RFC 3339 and what is near it, Apache's, or a number of
// seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size.
func (c *clock) moment(s string) (t time.Time, assumed, ok bool) {
	switch {
	case len(s) >= 19 && s[4] == '-':
		return c.iso(s)
	case len(s) == 26 && s[2] == '/':
		t, ok = c.apache(s)
		return t, false, ok
	case len(s) >= 19 && s[4] == '/' && s[7] == '/':
		t, ok = c.sql(s, '/')
		return t, true, ok
	}
	t, ok = epochAny(s)
	return t, false, ok
}

// epochAny reads a number since 1970 whose unit is known by its size only: seconds have ten digits until 2286.
func epochAny(s string) (time.Time, bool) {
	whole := 0
	if strings.IndexByte(s, 'e') > 0 { // 1.6170669932371874e+09
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || !(f >= 0 && f < float64(maxSeconds)) {
			return time.Time{}, false
		}
		s = strconv.FormatFloat(f, 'f', 7, 64)
	}
	for whole < len(s) && isDigit(s[whole]) {
		whole++
	}
	unit := time.Second
	switch {
	case whole >= 18:
		unit = time.Nanosecond
	case whole >= 15:
		unit = time.Microsecond
	case whole >= 12:
		unit = time.Millisecond
	}
	d, ok := units(s, unit)
	if !ok {
		return time.Time{}, false
	}
	if unit == time.Second && len(s)-whole > 7 && len(s)-whole < 10 { // a float64: microseconds are right
		d = d.Round(time.Microsecond)
	}
	t := time.Unix(0, int64(d)).UTC()
	return t, t.Year() >= firstYear && t.Year() <= lastYear
}

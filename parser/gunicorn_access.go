package parser

import (
	"strings"

	"hangup/event"
)

// gunicorn's access log: its default access_log_format (gunicorn/glogging.py), which is combined, with %(D)s
// (microseconds), %(L)s (seconds with six digits), %(M)s or both behind it.
func init() {
	const combined = `%(h)s - %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"`
	registerAccess(accessFormat{
		FormatInfo: FormatInfo{
			Name:      "gunicorn-access",
			Summary:   "gunicorn access log, default access_log_format, with %(D)s and %(L)s behind it or not",
			Example:   `127.0.0.2 - - [23/Nov/2026:07:07:18 +0000] "GET /fast HTTP/1.1" 200 5 "-" "curl/7.88.1" 321`,
			Durations: true,
		},
		rank:    13,
		dialect: "gunicorn",
		layouts: []string{combined, combined + ` %(D)s`, combined + ` %(L)s`, combined + ` %(D)s %(L)s`, combined + ` %(M)s %(D)s`, combined + ` %(D)s %(M)s`},
		accept:  acceptGunicorn,
	})
}

// acceptGunicorn refuses what gunicorn never writes: a status that is no number, seconds without six digits behind the
// point, milliseconds that are not those of the microseconds.
func acceptGunicorn(x *exchange, _ *event.Event) bool {
	if len(x.values[vStatus]) < 3 || !x.isCount(vBodyBytes, true) {
		return false
	}
	if x.has(vDuration) {
		s := x.values[vDuration]
		if point := strings.IndexByte(s, '.'); point < 1 || len(s)-point != 7 {
			return false
		}
		if _, ok := seconds(s); !ok {
			return false
		}
	}
	if x.has(vMillis) {
		ms, ok1 := count(x.values[vMillis])
		us, ok2 := count(x.values[vMicros])
		return ok1 && ok2 && us/1000 == ms
	}
	return true
}

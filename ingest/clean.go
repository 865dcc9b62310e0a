package ingest

import (
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"hangup/event"
)

// How long stored texts may be, in bytes. A b-tree key holds 8191 at most.
const (
	maxPath    = 2 << 10
	maxQuery   = 4 << 10
	maxAgent   = 1 << 10
	maxShort   = 255
	maxMessage = 8 << 10
	maxSample  = 1 << 10
)

// hangup makes what is stored out of a disconnect's record: its own copy of the texts, without what PostgreSQL or JSON
// cannot hold, cut to bounds, with secrets taken out.
func hangup(r *event.Record) event.Hangup {
	h := event.Hangup{Record: *r, Scope: scope(r.Client)}
	h.Client, h.Method, h.Protocol, h.Host = keep(r.Client, maxShort), keep(r.Method, maxShort), keep(r.Protocol, maxShort), keep(r.Host, maxShort)
	h.Path = keep(redactPath(r.Path), maxPath)
	h.Query = keep(redactQuery(r.Query), maxQuery)
	h.Upstream, h.RequestID = keep(r.Upstream, maxShort), keep(r.RequestID, maxShort)
	h.UserAgent = keep(redactText(r.UserAgent), maxAgent)
	h.Referer = keep(redactReferer(r.Referer), maxPath)
	h.Logger, h.Level = keep(r.Logger, maxShort), keep(r.Level, maxShort)
	h.Message = keep(redactText(r.Message), maxMessage)
	h.Text = keep(redactText(clip(r.Text, 2*maxMessage)), maxMessage)
	return h
}

// keep returns a copy of s that PostgreSQL takes, of n bytes at most.
func keep(s string, n int) string {
	if s == "" {
		return ""
	}
	return strings.Clone(clip(event.Clean(clip(s, 4*n)), n))
}

// clip cuts s to n bytes, not inside a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// scope says where a client is: what hangs up on the machine itself or in the same network is often a check or a test.
func scope(client string) string {
	a, err := netip.ParseAddr(client)
	if err != nil {
		return ""
	}
	switch a = a.Unmap(); {
	case a.IsLoopback():
		return "loopback"
	case a.IsPrivate(), a.IsLinkLocalUnicast():
		return "private"
	default:
		return "public"
	}
}

// eventTime returns the time to count an event at, and whether it was assumed: a record without a time, or with one more
// than a day ahead of the clock or before 1990, counts when it was read.
func eventTime(t, seen time.Time) (time.Time, bool) {
	if t.IsZero() || t.After(seen.Add(24*time.Hour)) || t.Year() < 1990 {
		return seen.UTC(), true
	}
	return t.UTC(), false
}

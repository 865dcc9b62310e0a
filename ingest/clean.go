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
func hangup(h *event.Hangup, r *event.Record) {
	h.Record, h.Scope = *r, scope(r.Client)
	h.Path, h.Query, h.Referer = redactPath(r.Path), redactQuery(r.Query), redactReferer(r.Referer)
	h.UserAgent, h.Message, h.Text = redactText(r.UserAgent), redactText(r.Message), redactText(clip(r.Text, 2*maxMessage))
	own(text{&h.Client, maxShort}, text{&h.Method, maxShort}, text{&h.Protocol, maxShort}, text{&h.Host, maxShort}, text{&h.Path, maxPath},
		text{&h.Query, maxQuery}, text{&h.Upstream, maxShort}, text{&h.RequestID, maxShort}, text{&h.UserAgent, maxAgent},
		text{&h.Referer, maxPath}, text{&h.Logger, maxShort}, text{&h.Level, maxShort}, text{&h.Message, maxMessage}, text{&h.Text, maxMessage})
}

// lean is hangup for whoever stores nothing: of the texts only the client, method, path and request id are there.
func lean(h *event.Hangup, r *event.Record) {
	h.Record, h.Scope = *r, scope(r.Client)
	h.Path = redactPath(r.Path)
	h.Protocol, h.Host, h.Query, h.Upstream, h.UserAgent, h.Referer, h.Logger, h.Level, h.Message, h.Text = "", "", "", "", "", "", "", "", "", ""
	own(text{&h.Client, maxShort}, text{&h.Method, maxShort}, text{&h.Path, maxPath}, text{&h.RequestID, maxShort})
}

// text is a text that is to be of n bytes at most.
type text struct {
	s *string
	n int
}

// own makes the texts clean copies, which share their memory.
func own(texts ...text) {
	size := 0
	for _, x := range texts {
		*x.s = clean(*x.s, x.n)
		size += len(*x.s)
	}
	var all strings.Builder
	all.Grow(size)
	for _, x := range texts {
		all.WriteString(*x.s)
	}
	rest := all.String()
	for _, x := range texts {
		n := len(*x.s)
		*x.s, rest = rest[:n], rest[n:]
	}
}

// keep returns a copy of s that PostgreSQL takes, of n bytes at most.
func keep(s string, n int) string { return strings.Clone(clean(s, n)) }

// clean returns what PostgreSQL takes of s, of n bytes at most. It may be a part of s.
func clean(s string, n int) string {
	if s == "" {
		return ""
	}
	return clip(event.Clean(clip(s, 4*n)), n)
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

// unmapped returns an IPv4 address that is written as an IPv6 one (RFC 4291 section 2.5.5.2), as programs do that listen for both, as
// others write it: it is the same client.
func unmapped(client string) string {
	if client == "" || client[0] != ':' {
		return client
	}
	if a, err := netip.ParseAddr(client); err == nil && a.Is4In6() {
		return a.Unmap().String()
	}
	return client
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
	if t.Before(earliest) || t.After(seen.Add(maxAhead)) {
		return seen.UTC(), true
	}
	return t.UTC(), false
}

// earliest and maxAhead of the clock bound times that are believed.
var earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

const maxAhead = 24 * time.Hour

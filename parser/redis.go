package parser

import (
	"strings"
	"time"

	"hangup/event"
)

// The log of Redis and Valkey (server.c, serverLogRaw), with the role and without, with the year and without:
//
//	7366:M 06 Oct 14:42:47.405 - message        3.0 and later
//	1:M 22 Nov 2026 10:00:00.123 # message      5.0 and later
//	[7366] 06 Oct 14:42:47.405 - message        before 3.0
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "redis",
			Summary:   "Redis and Valkey log (set loglevel to verbose: clients that hang up are below notice)",
			Example:   `1:M 22 Nov 2026 10:00:00.123 - Error writing to client: Broken pipe`,
			Multiline: true,
		},
		rank: 21,
		make: func(o Options) (grammar, error) { return &redis{clock: clock{zone: o.Zone}}, nil },
	})
}

type redis struct{ clock clock }

func (g *redis) place(line string, open bool) place {
	if _, ok := cutRedis(line); ok {
		return opens
	}
	switch {
	case !open:
	case isBlank(line):
		return maybe
	case isIndented(line), strings.HasPrefix(line, "=== "), strings.HasPrefix(line, "------ "): // the logo, a report of a crash
		return more
	}
	return whole
}

func (*redis) remembers() bool { return false }

type redisHead struct {
	pid, time string
	level     byte
	message   string
}

// redisRoles are the server's roles: sentinel, a child that saves, replica, master.
const redisRoles = "XCSM"

func cutRedis(s string) (h redisHead, ok bool) {
	i := 0
	if s != "" && s[0] == '[' {
		i = strings.IndexByte(s[:min(len(s), 14)], ']')
		if i < 2 || len(s) < i+24 {
			return h, false
		}
		h.pid, s = s[1:i], s[i+1:]
	} else {
		i = strings.IndexByte(s[:min(len(s), 14)], ':')
		if i < 1 || len(s) < i+24 || strings.IndexByte(redisRoles, s[i+1]) < 0 {
			return h, false
		}
		h.pid, s = s[:i], s[i+2:]
	}
	if pid(h.pid) == 0 || s[0] != ' ' || s[3] != ' ' || s[7] != ' ' {
		return h, false
	}
	end := 20 // " 06 Oct 14:42:47.405"
	if len(s) > 26 && s[12] == ' ' && isDigit(s[8]) && isDigit(s[11]) {
		end = 25 // " 22 Nov 2026 10:00:00.123"
	}
	if len(s) < end+2 || s[end-4] != '.' || s[end-7] != ':' || s[end] != ' ' || redisLevel(s[end+1]) == "" {
		return h, false
	}
	h.time, h.level = s[1:end], s[end+1]
	if len(s) > end+2 {
		if s[end+2] != ' ' {
			return h, false
		}
		h.message = s[end+3:]
	}
	return h, true
}

// redisLevel names a level: the characters of serverLogRaw, in redis.conf's words.
func redisLevel(c byte) string {
	switch c {
	case '.':
		return "DEBUG"
	case '-':
		return "VERBOSE"
	case '*':
		return "NOTICE"
	case '#':
		return "WARNING"
	}
	return ""
}

func (g *redis) read(text string, r *event.Record) event.Reason {
	first, _, _ := strings.Cut(text, "\n")
	h, ok := cutRedis(first)
	if !ok {
		return event.NoFormat
	}
	e := &r.Event
	e.Kind, e.PID, e.Level = event.Other, pid(h.pid), redisLevel(h.level)
	e.ZoneAssumed = true
	if why := g.time(e, h.time, r.Seen); why != "" {
		return why
	}
	redisMessage(e, cut(h.message))
	return ""
}

// time reads "22 Nov 2026 10:00:00.123", or "06 Oct 14:42:47.405" in the year nearest to when it was seen.
func (g *redis) time(e *event.Event, s string, seen time.Time) event.Reason {
	day, ok1 := two(s, 0)
	month, ok2 := monthOf(s[3:6])
	secs, ok3 := clockTime(s[len(s)-12 : len(s)-4])
	if !ok1 || !ok2 || !ok3 {
		return event.BadTime
	}
	year := 0
	if len(s) > 19 {
		var ok bool
		if year, ok = four(s, 7); !ok {
			return event.BadTime
		}
	} else {
		if seen.IsZero() {
			e.ZoneAssumed = false
			return ""
		}
		if year, ok1 = nearestYear(month, day, secs, seen); !ok1 {
			return event.BadTime
		}
	}
	days, ok := civilDays(year, month, day)
	if !ok {
		return event.BadTime
	}
	if e.Time, ok = g.clock.local(days*86400+secs, s[len(s)-4:]); !ok {
		return event.BadTime
	}
	return ""
}

// redisErrors are messages that end with an errno's text (networking.c, replication.c, connection.c).
var redisErrors = []struct {
	text  string
	party event.Party
	phase event.Phase
}{
	{"Error writing to client: ", event.PartyClient, event.PhaseResponse},
	{"Reading from client: ", event.PartyClient, event.PhaseRequest},
	{"Error accepting a client connection: ", event.PartyClient, event.PhaseRequest},
	{"Write error sending DB to replica: ", event.PartyClient, event.PhaseResponse},
	{"Write error sending DB to slave: ", event.PartyClient, event.PhaseResponse},
	{"Write error sending RDB preamble to replica: ", event.PartyClient, event.PhaseResponse},
	{"I/O error trying to sync with MASTER: ", event.PartyUpstream, event.PhaseResponse},
	{"I/O error reading bulk count from MASTER: ", event.PartyUpstream, event.PhaseWaiting},
	{"I/O error reading PING reply from master: ", event.PartyUpstream, event.PhaseWaiting},
	{"Error reply to PING from master: ", event.PartyUpstream, event.PhaseWaiting},
	{"Error condition on socket for SYNC: ", event.PartyUpstream, event.PhaseWaiting},
	{"Sending command to master in replication handshake: ", event.PartyUpstream, event.PhaseRequest},
}

// redisSignals are messages that tell of a connection's end by themselves.
var redisSignals = []struct {
	text  string
	party event.Party
	how   event.How
	phase event.Phase
}{
	{"Closing client that reached max query buffer length", event.PartyServer, event.HowClosed, event.PhaseRequest},
	{"Closing idle client", event.PartyServer, event.HowTimeout, event.PhaseIdle},
	{"Evicting client: ", event.PartyServer, event.HowClosed, event.PhaseUnknown},
	{"Disconnecting timedout replica (", event.PartyClient, event.HowTimeout, event.PhaseResponse},
	{"Disconnecting timedout slave: ", event.PartyClient, event.HowTimeout, event.PhaseResponse},
	{"Connection with replica ", event.PartyClient, event.HowClosed, event.PhaseUnknown},
	{"Connection with slave ", event.PartyClient, event.HowClosed, event.PhaseUnknown},
	{"Connection with master lost", event.PartyUpstream, event.HowClosed, event.PhaseUnknown},
	{"MASTER timeout: no data nor PING received", event.PartyUpstream, event.HowTimeout, event.PhaseIdle},
	{"Timeout receiving bulk data from MASTER", event.PartyUpstream, event.HowTimeout, event.PhaseResponse},
}

// redisMessage reads a message: who went away.
func redisMessage(e *event.Event, s string) {
	for i := range redisErrors {
		x := &redisErrors[i]
		text, ok := strings.CutPrefix(s, x.text)
		if !ok {
			continue
		}
		how, _ := strerrorHow(text)
		switch {
		case how != event.HowNone:
		case strings.HasPrefix(text, "connection lost"):
			how = event.HowClosed
		default: // refused, no handshake, out of memory
			return
		}
		hangUp(e, x.party, how, x.phase)
		e.Message = s
		redisClient(e, s)
		return
	}
	for i := range redisSignals {
		x := &redisSignals[i]
		if strings.HasPrefix(s, x.text) && (!strings.HasPrefix(x.text, "Connection with ") || strings.HasSuffix(strings.TrimSuffix(s, "."), " lost")) {
			hangUp(e, x.party, x.how, x.phase)
			e.Message = s
			redisClient(e, s)
			return
		}
	}
	if strings.HasPrefix(s, "Client ") && (strings.HasSuffix(s, "scheduled to be closed ASAP for overcoming of output buffer limits.") ||
		strings.HasSuffix(s, "closed for overcoming of output buffer limits.")) {
		hangUp(e, event.PartyServer, event.HowClosed, event.PhaseResponse)
		e.Message = s
	}
	redisClient(e, s)
}

// redisClient reads "addr=203.0.113.7:51234" of a client's description.
func redisClient(e *event.Event, s string) {
	if v := valueOf(s, "addr="); v != "" {
		if a, p := addressPort(v); isIP(a) {
			e.Client, e.ClientPort = a, p
		}
	}
}

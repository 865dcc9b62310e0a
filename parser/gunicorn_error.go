package parser

import (
	"strings"

	"hangup/event"
)

// gunicorn's error log (gunicorn/glogging.py; messages in gunicorn/workers/{sync,base_async,gthread}.py and
// gunicorn/arbiter.py). Clients that hang up show at the level debug only.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "gunicorn-error",
			Summary:   "gunicorn error log (set its level to debug: client hang-ups are below info)",
			Example:   `[2026-11-23 07:07:22 +0000] [4210] [DEBUG] Ignoring EPIPE`,
			Multiline: true,
		},
		rank: 75,
		make: func(o Options) (grammar, error) {
			return &gunicornError{clock: clock{zone: o.Zone}, workers: make(map[int]gunicornWorker)}, nil
		},
	})
}

type gunicornError struct {
	requests bool // lines of requests have been seen
	clock    clock
	block    block
	workers  map[int]gunicornWorker
	master   gunicornMaster
}

func (g *gunicornError) place(line string, open bool) place {
	if _, ok := cutGunicorn(line); ok {
		return g.block.begin()
	}
	return g.block.next(line, open)
}

func (g *gunicornError) remembers() bool {
	return g.requests || len(g.workers) > 0 || g.master != gunicornMaster{} || g.block.remembers()
}

type gunicornHead struct {
	time, pid, level, logger, message string
}

// cutGunicorn reads the heads of three generations:
//
//	[2026-11-23 07:07:12 +0000] [4129] [INFO] message
//	2016-03-06 13:02:20 [12012] [ERROR] message
//	2013-04-29T22:30:46.720Z ERROR N=gunicorn.error P=69755 message
func cutGunicorn(s string) (h gunicornHead, ok bool) {
	if len(s) < 25 {
		return h, false
	}
	rest := ""
	switch {
	case s[0] == '[' && s[5] == '-' && s[8] == '-' && s[11] == ' ':
		i := strings.IndexByte(s[:min(len(s), 40)], ']')
		if i < 20 {
			return h, false
		}
		h.time, rest = s[1:i], s[i+1:]
	case s[4] == '-' && s[7] == '-' && s[10] == ' ' && s[19] == ' ' && s[20] == '[':
		h.time, rest = s[:19], s[19:]
	case s[4] == '-' && s[7] == '-' && s[10] == 'T':
		return cutGunicornNamed(s)
	default:
		return h, false
	}
	if h.pid, rest, ok = bracketed(rest); !ok || pid(h.pid) == 0 {
		return h, false
	}
	if h.level, rest, ok = bracketed(rest); !ok {
		return h, false
	}
	h.message = strings.TrimPrefix(rest, " ")
	return h, true
}

func cutGunicornNamed(s string) (h gunicornHead, ok bool) {
	h.time, s, _ = strings.Cut(s, " ")
	h.level, s, _ = strings.Cut(s, " ")
	name, s, ok1 := strings.Cut(s, " ")
	id, s, ok2 := strings.Cut(s, " ")
	if !ok1 || !ok2 || !strings.HasPrefix(name, "N=") || !strings.HasPrefix(id, "P=") {
		return h, false
	}
	h.logger, h.pid, h.message = name[2:], id[2:], s
	return h, true
}

// bracketed takes " [text]" from the beginning of s.
func bracketed(s string) (text, rest string, ok bool) {
	if !strings.HasPrefix(s, " [") {
		return "", "", false
	}
	i := strings.IndexByte(s[:min(len(s), 40)], ']')
	if i < 3 {
		return "", "", false
	}
	return s[2:i], s[i+1:], true
}

func (g *gunicornError) read(text string, r *event.Record) event.Reason {
	e := &r.Event
	first, lines := splitRecord(text, r.Lines)
	h, ok := cutGunicorn(first)
	if !ok {
		return readBlock(e, first, lines)
	}
	if isHypercorn(h.message) {
		return event.NoFormat
	}
	if e.Time, e.ZoneAssumed, ok = g.clock.iso(h.time); !ok {
		return event.BadTime
	}
	e.Kind = event.Other
	e.PID, e.Level, e.Logger = pid(h.pid), h.level, h.logger
	g.signal(e, cut(h.message), lines)
	g.follow(e, cut(h.message), lines)
	return ""
}

// gunicornSignals are gunicorn's own messages. The texts are whole, or the beginning when they end in a blank.
var gunicornSignals = []struct {
	text  string
	party event.Party
	how   event.How
	phase event.Phase
}{
	{"Ignoring EPIPE", event.PartyClient, event.HowBrokenPipe, event.PhaseResponse},
	{"Ignoring connection epipe", event.PartyClient, event.HowBrokenPipe, event.PhaseResponse},
	{"Ignoring connection reset", event.PartyClient, event.HowReset, event.PhaseResponse},
	{"Ignoring socket not connected", event.PartyClient, event.HowClosed, event.PhaseUnknown},
	{"Ignored premature client disconnection.", event.PartyClient, event.HowClosed, event.PhaseRequest},
	{"WORKER TIMEOUT (pid:", event.PartyServer, event.HowTimeout, event.PhaseUnknown},
}

func (g *gunicornError) signal(e *event.Event, message string, lines []string) {
	if t, ok := readTrace(lines); ok {
		if path, found := strings.CutPrefix(message, "Error handling request "); found {
			setTarget(e, path)
		}
		traceSignal(e, t, message, e.Logger)
		return
	}
	for i := range gunicornSignals {
		x := &gunicornSignals[i]
		if !strings.HasPrefix(message, x.text) {
			continue
		}
		hangUp(e, x.party, x.how, g.phase(e.PID, x.text, x.phase))
		e.Message = message
		return
	}
	if strings.HasPrefix(message, "Worker (pid:") && strings.Contains(message, ") was sent SIGKILL!") {
		hangUp(e, event.PartyServer, event.HowUnknown, event.PhaseUnknown)
		e.Message = message
		return
	}
	if path, ok := strings.CutPrefix(message, "Error handling request "); ok {
		setTarget(e, path)
		return
	}
	if rest, ok := strings.CutPrefix(message, "Invalid request from ip="); ok {
		client, _, _ := strings.Cut(rest, ": ")
		if isIP(client) {
			e.Client = client
		}
		return
	}
	if method, path, ok := strings.Cut(message, " /"); ok && httpMethods[method] { // the default pre_request hook
		e.Method = method
		setTarget(e, message[len(message)-len(path)-1:])
	}
}

// phase corrects a message's phase by what the worker did before. "Ignoring EPIPE" and "Ignoring connection reset"
// behind another hang-up concern a connection on which no request was read, if requests are logged. A reset behind a request line may have
// met its body or its response. "Ignoring connection epipe" is gthread's: its connections share a process.
func (g *gunicornError) phase(pid int, text string, at event.Phase) event.Phase {
	state := g.workers[pid].state
	switch {
	case text == "Ignoring EPIPE" && state == workerHung && g.requests,
		text == "Ignoring connection reset" && state != 0:
		return event.PhaseUnknown
	}
	return at
}

package parser

import (
	"strings"
	"time"

	"hangup/event"
)

// A sync worker serves one connection at a time and says at debug what it works on. So its record before a hang-up
// tells what that interrupted: the phase, and the route. Workers of other classes serve several at once.

// gunicornWorker is what is known of a process.
type gunicornWorker struct {
	state               workerState
	method, path, query string    // of the request line that was its last record
	at                  time.Time // of that record
}

type workerState uint8

const (
	workerBusy workerState = iota + 1 // a request or anything else
	workerHung                        // a hang-up, and no request since
)

// gunicornMaster is what the log says of the whole server when it starts.
type gunicornMaster struct {
	sync    bool          // its workers are of the class sync
	timeout time.Duration // of a worker; 0 when not known
	bare    bool          // connections were reset on which there was no request, as balancers do to see whether it lives
}

// maxWorkers bounds what is remembered: pids come from the log.
const maxWorkers = 256

// follow takes from a record what later ones need, and gives it what earlier ones told.
func (g *gunicornError) follow(e *event.Event, message string, lines []string) {
	w := g.workers[e.PID]
	switch {
	case e.Kind == event.Disconnect && e.Party == event.PartyServer:
		g.killed(e, message)
		return
	case e.Kind == event.Disconnect:
		g.hung(e, w, message)
		w = gunicornWorker{state: workerHung, at: e.Time}
	case strings.HasPrefix(message, "Starting gunicorn "):
		g.master = gunicornMaster{timeout: g.master.timeout} // the settings stand before
		clear(g.workers)
		return
	case strings.HasPrefix(message, "Using worker: "):
		g.master.sync = message == "Using worker: sync"
		return
	case strings.HasPrefix(message, "Current configuration:"):
		g.master.configure(lines)
		return
	case strings.HasPrefix(message, "Booting worker with pid: "), strings.HasPrefix(message, "Worker exiting (pid: "), strings.HasPrefix(message, "Worker with pid "):
		delete(g.workers, e.PID)
		delete(g.workers, firstNumber(message))
		return
	case e.Method != "" && e.Path != "":
		g.requests = true
		w = gunicornWorker{workerBusy, strings.Clone(e.Method), strings.Clone(e.Path), strings.Clone(e.Query), e.Time}
	case strings.HasPrefix(message, "Error handling request ") && w.path == e.Path: // the answer to it may fail as well
		w.state = workerBusy
	default:
		w = gunicornWorker{state: workerBusy, at: e.Time}
	}
	if _, known := g.workers[e.PID]; !known && len(g.workers) >= maxWorkers {
		g.forget()
	}
	g.workers[e.PID] = w
}

// forget drops the worker that was heard of longest ago.
func (g *gunicornError) forget() {
	oldest, found := 0, false
	for id, w := range g.workers {
		if !found || w.at.Before(g.workers[oldest].at) {
			oldest, found = id, true
		}
	}
	delete(g.workers, oldest)
}

// hung gives a hang-up the route of the request that the worker was at. Before a request is read there is none: a
// connection that is reset may be a new one, unless all of those had requests so far.
func (g *gunicornError) hung(e *event.Event, w gunicornWorker, message string) {
	requested := w.state == workerBusy && w.path != ""
	switch message {
	case "Ignoring EPIPE":
	case "Ignoring connection reset":
		if !requested {
			g.master.bare = true
		}
		if g.master.bare {
			return
		}
	default:
		return
	}
	if g.master.sync && requested && e.Path == "" {
		e.Method, e.Path, e.Query, e.Recovered = w.method, w.path, w.query, true
	}
}

// killed gives the end of a worker the route that it was at: its last record is a request line that is not older than
// a worker may be silent, and the second or two that the master takes to see it.
func (g *gunicornError) killed(e *event.Event, message string) {
	id := firstNumber(message)
	w, known := g.workers[id]
	if !known || w.path == "" || w.state != workerBusy || !g.master.sync || g.master.timeout == 0 {
		return
	}
	if silent := e.Time.Sub(w.at); silent < g.master.timeout-time.Second || silent > g.master.timeout+4*time.Second {
		return
	}
	e.Method, e.Path, e.Query, e.Recovered = w.method, w.path, w.query, true
}

// configure reads the settings that are printed at the start with the level debug: "  timeout: 5".
func (m *gunicornMaster) configure(lines []string) {
	m.timeout = 0
	for _, line := range lines {
		if value, ok := strings.CutPrefix(line, "  timeout: "); ok {
			if n, isNumber := count(value); isNumber && n > 0 && n < 86400 {
				m.timeout = time.Duration(n) * time.Second
			}
		}
	}
}

// firstNumber reads the first number in a text.
func firstNumber(s string) int {
	for i := range len(s) {
		if isDigit(s[i]) {
			return pid(s[i : i+digitsLen(s[i:])])
		}
	}
	return 0
}

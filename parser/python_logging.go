package parser

import (
	"strings"

	"hangup/event"
)

// Python's logging with one of the usual layouts, and what comes with it in one file: tracebacks, socketserver's
// reports and access lines of Python's servers. The layout is found line by line: libraries bring their own.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "python-logging",
			Summary:   "Python logging (basicConfig, Flask, Django, Celery, loguru, structlog, aiohttp, waitress), with tracebacks",
			Example:   `2026-11-23 07:19:09,128 - server - INFO - Client ('127.0.0.31', 52929) disconnected`,
			Multiline: true,
			Aliases:   []string{"python", "aiohttp", "waitress", "flask", "celery", "loguru", "structlog"},
		},
		rank: 70,
		make: func(o Options) (grammar, error) { return &pythonLogging{clock: clock{zone: o.Zone}}, nil },
	})
}

type pythonLogging struct {
	clock clock
	block block
}

func (g *pythonLogging) place(line string, open bool) place {
	if _, ok := cutPythonLogging(pyPlain(line)); ok {
		return g.block.begin()
	}
	return g.block.next(line, open)
}

func (g *pythonLogging) remembers() bool { return g.block.remembers() }

// cutPythonLogging reads the head of a line, in the layout of logging's tutorial first: its loggers may have any name
// and its levels too.
func cutPythonLogging(s string) (h pyHead, ok bool) {
	if h, ok = cutTutorial(s); ok {
		return h, true
	}
	if h, ok = cutPyLayout(s); !ok || h.strange() || h.daphne && isDaphne(h.message) {
		return pyHead{}, false
	}
	return h, true
}

// cutTutorial reads %(asctime)s - %(name)s - %(levelname)s - %(message)s.
func cutTutorial(s string) (h pyHead, ok bool) {
	if len(s) < 30 || s[4] != '-' || s[7] != '-' || s[10] != ' ' || s[13] != ':' {
		return h, false
	}
	i := strings.Index(s[:30], " - ")
	if i < 19 || i > 29 {
		return h, false
	}
	h.time = s[:i]
	rest := s[i+3:]
	if i = strings.Index(rest, " - "); i < 1 || i > 256 {
		return h, false
	}
	h.logger, rest = rest[:i], rest[i+3:]
	i = strings.Index(rest, " - ")
	if i < 0 && strings.HasSuffix(rest, " -") { // an empty message whose last blank was cut
		i, rest = len(rest)-2, rest+" "
	}
	if i < 1 || !isLevel(rest[:i]) || pyLevelLen(h.logger, false) == len(h.logger) {
		return h, false
	}
	h.level, h.message = rest[:i], rest[i+3:]
	return h, true
}

// isLevel says whether s can be a level's name: letters, or "Level 25" for a number that has none.
func isLevel(s string) bool {
	if number, ok := strings.CutPrefix(s, "Level "); ok {
		_, ok = count(number)
		return ok
	}
	for i := range len(s) {
		if b := s[i] | 0x20; (b < 'a' || b > 'z') && s[i] != '_' {
			return false
		}
	}
	return len(s) <= 32
}

func (g *pythonLogging) read(text string, r *event.Record) event.Reason {
	first, lines := splitRecord(text, r.Lines)
	h, ok := cutPythonLogging(pyPlain(first))
	if !ok {
		return readBlock(&r.Event, first, lines)
	}
	return h.read(&g.clock, &r.Event, lines)
}

// read reads the record behind a head.
func (h *pyHead) read(c *clock, e *event.Event, lines []string) event.Reason {
	ok := false
	if e.Time, e.ZoneAssumed, ok = h.when(c); !ok {
		return event.BadTime
	}
	e.Logger, e.Level, e.PID, e.RequestID = h.logger, h.level, h.pid, h.request
	pythonRecord(c, e, h.message, lines)
	return ""
}

// splitRecord returns a record's first line, and all its lines when it has several.
func splitRecord(text string, n int) (first string, lines []string) {
	if n <= 1 {
		return text, nil
	}
	lines = strings.Split(text, "\n")
	return lines[0], lines
}

// pythonRecord reads the message of a record's first line and the traceback behind it.
func pythonRecord(c *clock, e *event.Event, message string, lines []string) {
	e.Kind = event.Other
	message = cut(message)
	served(e, message)
	if lines != nil {
		if t, ok := readTrace(lines); ok && traceSignal(e, t, message, e.Logger) {
			peer(e, message)
			details(e, message)
			return
		}
	}
	if accessMessage(c, e, message) || messageSignal(e, message, e.Logger) {
		return
	}
	abortedSignal(e, message)
}

// readBlock reads a record that begins with a traceback, a ruler or logging's own report.
func readBlock(e *event.Event, first string, lines []string) event.Reason {
	e.Kind = event.Other
	switch {
	case first == tracebackLine, first == groupLine:
		t, ok := readTrace(lines)
		if !ok {
			return event.Continuation // its exception was cut off
		}
		traceSignal(e, t, "", "")
	case first == rulerLine:
		if len(lines) < 2 {
			return event.NoFormat
		}
		readReport(e, lines[1], lines)
	case isReport(first):
		if lines == nil {
			return event.Continuation
		}
		readReport(e, first, lines)
	case first == loggingLine: // the log itself could not be written: no exchange's end
	default:
		return event.NoFormat
	}
	return ""
}

// readReport reads "Exception occurred during processing of request from ('127.0.0.7', 58107)" and the traceback behind
// it: the other end is the client.
func readReport(e *event.Event, head string, lines []string) {
	head = cut(head)
	if i := strings.LastIndex(head, " from "); i >= 0 {
		e.Client, e.ClientPort, _ = peerAt(head[i+len(" from "):])
	}
	if t, ok := readTrace(lines); ok {
		traceSignal(e, t, head, "")
	}
}

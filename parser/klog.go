package parser

import (
	"strings"
	"time"

	"hangup/event"
)

// klog, as Kubernetes and its friends log (k8s.io/klog: klog.go, formatHeader; internal/serialize), glog alike:
// Lmmdd hh:mm:ss.uuuuuu threadid file:line] message, the message quoted and with key="value" pairs when it is
// structured. Signals of the API server: k8s.io/apiserver (pkg/server/filters/wrap.go and timeout.go,
// pkg/endpoints/handlers/responsewriters/writers.go, pkg/server/httplog/httplog.go).
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "klog",
			Summary:   "klog: Kubernetes' API server, controllers and others",
			Example:   `E1123 07:14:07.389209   21569 main.go:24] "request cancelled" err="context canceled" method="GET" path="/slow" remoteAddr="127.0.0.4:54237"`,
			Durations: true,
			Multiline: true,
		},
		rank: 12,
		make: func(o Options) (grammar, error) {
			return &klog{logReader: newLogReader(o, klogKeys)}, nil
		},
	})
}

var klogKeys = jsonKeysAnd(map[string]uint8{"audit-ID": jkID, "resp": jkStatus, "latency": jlSpan})

type klog struct {
	logReader
}

func (g *klog) place(line string, open bool) place {
	switch {
	case isKlogHead(line):
		return opens
	case open && (isIndented(line) || strings.HasPrefix(line, "Trace[") || strings.HasPrefix(line, "goroutine ") || isGoFunction(line)):
		return more
	case strings.HasPrefix(line, "Trace["):
		return stray
	}
	return whole
}

func (*klog) remembers() bool { return false }

// isKlogHead: "E1123 07:14:07.389209   21569 main.go:24] ".
func isKlogHead(s string) bool {
	if len(s) < 30 || s[5] != ' ' || s[8] != ':' || s[11] != ':' || s[14] != '.' || !isDigit(s[1]) || !isDigit(s[4]) || !isDigit(s[6]) {
		return false
	}
	return klogLevel(s[0]) != "" && strings.Contains(s[:min(len(s), 256)], "] ")
}

func klogLevel(b byte) string {
	switch b {
	case 'I':
		return "INFO"
	case 'W':
		return "WARNING"
	case 'E':
		return "ERROR"
	case 'F':
		return "FATAL"
	}
	return ""
}

func (g *klog) read(text string, r *event.Record) event.Reason {
	line, _, _ := strings.Cut(text, "\n")
	if !isKlogHead(line) {
		return event.NoFormat
	}
	head, message, _ := strings.Cut(line, "] ")
	fraction := 15
	for fraction < len(head) && isDigit(head[fraction]) {
		fraction++
	}
	rest := strings.TrimLeft(head[fraction:], " ") // the thread and the place
	thread, caller, ok := strings.Cut(rest, " ")
	if !ok || strings.IndexByte(caller, ':') < 0 {
		return event.NoFormat
	}
	e, j := &r.Event, g.json
	if e.Time, ok = g.when(head[1:fraction], r.Seen); !ok {
		return event.BadTime
	}
	e.ZoneAssumed = !e.Time.IsZero()
	e.Level, e.PID = klogLevel(head[0]), pid(thread)
	e.Kind = event.Other
	j.given = 0
	if message != "" && message[0] == '"' { // structured
		if end := jsonQuote(message, 1); end > 0 {
			if _, ok := j.pairs(message[end+1:]); ok || end+1 == len(message) {
				j.put("msg", message[1:end], jsonString)
				g.exchange(e)
				if j.value(jkMessage).raw == "HTTP" && e.Status != 0 {
					e.Exchange, e.Kind = true, event.Request
					return ""
				}
				g.end(e)
				return ""
			}
		}
	}
	message = cut(message)
	e.Message = message
	klogRequest(e, message)
	if e.Kind == event.Request {
		e.Message = ""
		return ""
	}
	if at := strings.Index(message, ": method="); at >= 0 { // "timeout or abort while handling: method=GET URI="/apis" audit-ID="...""
		j.pairs(message[at+2:])
		g.exchange(e)
	}
	if goSignal(e, message) {
		goDetails(e, message)
	}
	return ""
}

// when reads "1123 07:14:07.389209".
func (g *klog) when(s string, seen time.Time) (time.Time, bool) {
	month, ok1 := two(s, 0)
	day, ok2 := two(s, 2)
	secs, ok3 := clockTime(s[5:13])
	if !ok1 || !ok2 || !ok3 || month < 1 || month > 12 || day < 1 || day > 31 {
		return time.Time{}, false
	}
	return g.clock.yearless(month, day, secs, s[13:], seen)
}

// klogRequest reads the API server's requests as it wrote them before they were structured:
// "GET /api/v1/nodes?x=1: (5.195ms) 200 [kubelet/v1.9.2 (linux/amd64) 10.0.0.1:40022]".
func klogRequest(e *event.Event, message string) {
	method, rest, ok := strings.Cut(message, " /")
	if !ok || !httpMethods[method] && method != "WATCH" && method != "LIST" && method != "CONNECT" {
		return
	}
	target, rest, ok := strings.Cut(message[len(message)-len(rest)-1:], ": (")
	if !ok {
		return
	}
	took, rest, ok := strings.Cut(rest, ") ")
	d, isSpan := goDuration(took)
	if !ok || !isSpan || len(rest) < 3 {
		return
	}
	code, ok := status(rest[:3])
	if !ok || code == 0 {
		return
	}
	e.Method, e.Status, e.Duration = method, code, event.Some(d)
	setTarget(e, target)
	e.Exchange, e.Kind = true, event.Request
	inside := rest[3:]
	if i := strings.LastIndexByte(inside, ']'); i > 0 {
		inside = inside[:i]
		if i = strings.LastIndexByte(inside, ' '); i >= 0 {
			if a, p := addressPort(inside[i+1:]); p != 0 && isIP(a) {
				e.Client, e.ClientPort = a, p
				e.UserAgent = strings.Trim(inside[:i], " []")
			}
		}
	}
}

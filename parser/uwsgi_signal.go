package parser

import (
	"strings"

	"hangup/event"
)

// uwsgiNotices are what uWSGI's own lines begin with, besides those that tell of a connection (core/uwsgi.c,
// core/init.c, core/master.c, core/emperor.c, plugins/python).
var uwsgiNotices = []string{
	"***", " ***", "compiled with version: ", "os: ", "nodename: ", "machine: ", "clock source: ", "pcre jit ", "detected number of CPU cores: ",
	"detected max file descriptor number: ", "detected binary path: ", "current working directory: ", "uWSGI ", "chdir() to ",
	"your processes number limit ", "your memory page size ", "lock engine: ", "thunder lock: ", "uwsgi socket ", "Python version: ",
	"Python main interpreter initialized ", "your server socket listen backlog ", "your mercy for graceful operations ", "mapped ", "WSGI app ",
	"spawned uWSGI ", "Respawned uWSGI ", "DAMN ! ", "goodbye to uWSGI", "SIGINT/SIGTERM received", "SIGINT/SIGQUIT received", "SIGHUP received",
	"...gracefully killing workers", "...brutally killing workers", "Gracefully killing worker ", "gracefully (RE)spawned ", "...The work of process ",
	"The work of process ", "[uWSGI] ", "[emperor]", "[uwsgi", "[busyness]", "[cheaper", "setgid() to ", "setuid() to ", "set uid to ", "limiting address space ",
	"announcing my loyalty", "python threads support ", "threads support ", "Set PythonHome to ", "VACUUM: ", "binary reloading uWSGI",
	"closing all non-uwsgi socket fds", "running /", "writing pidfile to ", "no app loaded", "--- no python application found", "unable to load app ",
	"invalid request block size: ", "!!! uWSGI ", "inherit fd ", "bind(): Address already in use [core/", "probably another instance of uWSGI",
	"Listen queue size is greater ", "chmod() socket to ", "chain reloading ", "HARAKIRI", "SIGPIPE: ", "uwsgi_", "dropping root privileges ",
	"daemonizing uWSGI ", "graceful shutdown triggered", "Starting uWSGI", "added /",
}

// uwsgiFirst are the bytes that those begin with.
var uwsgiFirst = func() (set [256]bool) {
	for _, n := range uwsgiNotices {
		set[n[0]] = true
	}
	return set
}()

// isUwsgi says whether a line is uWSGI's own.
func isUwsgi(s string) bool {
	if s == "" {
		return false
	}
	for _, n := range uwsgiNotices {
		if !uwsgiFirst[s[0]] {
			break
		}
		if strings.HasPrefix(s, n) {
			return true
		}
	}
	rest, ok := strings.CutPrefix(s, "worker ") // "worker 3 buried after 1 seconds"
	n := digitsLen(rest)
	return ok && n > 0 && (strings.HasPrefix(rest[n:], " buried after ") || strings.HasPrefix(rest[n:], " killed ") || strings.HasPrefix(rest[n:], " (pid: "))
}

// isUwsgiWrite says whether a line is about a response that could not be sent (core/writer.c): Python's error may be
// behind it.
func isUwsgiWrite(s string) bool {
	return strings.HasPrefix(s, "uwsgi_response_") && strings.Contains(s[:min(len(s), 80)], "_do()")
}

// uwsgiSignal reads a line about a connection.
func uwsgiSignal(e *event.Event, s string) {
	switch {
	case isUwsgiWrite(s):
		uwsgiWriteSignal(e, s)
	case strings.HasPrefix(s, "SIGPIPE: writing to a closed pipe/socket/fd (probably the client disconnected)"):
		hangUp(e, event.PartyClient, event.HowBrokenPipe, event.PhaseResponse)
		e.Message = s
		_, rest, ok := strings.Cut(s, " on request ")
		if i := strings.LastIndex(rest, " (ip "); ok && i >= 0 {
			setTarget(e, rest[:i])
			client, _, _ := strings.Cut(rest[i+len(" (ip "):], ")")
			e.Client = address(client)
		}
	case strings.HasPrefix(s, "[uwsgi-body-read] "):
		uwsgiReadSignal(e, s)
	case strings.HasPrefix(s, "uwsgi_proto_"):
		uwsgiProtoSignal(e, s)
	case strings.HasPrefix(s, "[uwsgi-websocket] no PONG received in "): // core/websockets.c
		hangUp(e, event.PartyClient, event.HowTimeout, event.PhaseUnknown)
		e.Message = s
	case strings.HasPrefix(s, "[uwsgi-"):
		routerSignal(e, s)
	}
}

// uwsgiError reads what uwsgi_error and uwsgi_req_error put behind a function's name: "(): Broken pipe [core/writer.c
// line 429] during GET /big (127.0.0.6)", "() Broken pipe [...]", "()/SSL_write(): Broken pipe [...]".
func uwsgiError(s string) (how event.How, rest string, ok bool) {
	head, rest, ok := strings.Cut(s, " [")
	i := strings.LastIndex(head, "()") // of the library's function, when there are two
	if i < 0 {
		return event.HowNone, "", false
	}
	text := strings.TrimPrefix(strings.TrimPrefix(head[i+len("()"):], ":"), " ")
	how, n := strerrorHow(text)
	if n != len(text) {
		how = event.HowNone
	}
	return how, rest, ok
}

func uwsgiWriteSignal(e *event.Event, s string) {
	if strings.HasSuffix(strings.TrimRight(s, " "), "() TIMEOUT !!!") {
		hangUp(e, event.PartyClient, event.HowTimeout, event.PhaseResponse)
		e.Message = s
		return
	}
	how, rest, ok := uwsgiError(s)
	if !ok {
		return
	}
	party := event.PartyClient
	if how == event.HowNone { // EBADF, ENOMEM: the socket was closed or failed here
		party, how = event.PartyUnknown, event.HowUnknown
	}
	hangUp(e, party, how, event.PhaseResponse)
	e.Message = s
	if _, rest, ok = strings.Cut(rest, "] during "); !ok {
		return
	}
	method, rest, _ := strings.Cut(rest, " ")
	i := strings.LastIndex(rest, " (")
	if i < 0 || !isMethod(method) {
		return
	}
	e.Method = method
	setTarget(e, rest[:i])
	e.Client = address(strings.TrimSuffix(rest[i+2:], ")"))
}

// uwsgiReadSignal reads [uwsgi-body-read] Error reading 990 bytes. Content-Length: 1000 consumed: 10 left: 990 message:
// Client closed connection, and Timeout reading ... (core/reader.c).
func uwsgiReadSignal(e *event.Event, s string) {
	text := strings.TrimPrefix(s, "[uwsgi-body-read] ")
	switch {
	case strings.HasPrefix(text, "Timeout reading "):
		hangUp(e, event.PartyClient, event.HowTimeout, event.PhaseRequest)
	case strings.HasPrefix(text, "Error reading "):
		how := event.HowUnknown
		if _, message, ok := strings.Cut(text, " message: "); ok {
			if h, _ := strerrorHow(message); h != event.HowNone {
				how = h
			} else if strings.HasPrefix(message, "Client closed connection") {
				how = event.HowClosed
			}
		}
		hangUp(e, event.PartyClient, how, event.PhaseRequest)
	default:
		return
	}
	e.Message = s
}

// uwsgiProtoSignal reads what the parsers of requests say (proto/http.c, proto/uwsgi.c, proto/fastcgi.c, proto/scgi.c),
// and the functions that write (proto/base.c).
func uwsgiProtoSignal(e *event.Event, s string) {
	how, _, _ := uwsgiError(s)
	if strings.HasSuffix(s, " -> client closed connection") {
		how = event.HowClosed
	}
	if how != event.HowNone {
		hangUp(e, event.PartyClient, how, event.PhaseRequest)
		if function, _, _ := strings.Cut(s, "()"); strings.Contains(function, "_write") || strings.Contains(function, "_sendfile") {
			e.Phase = event.PhaseResponse
		}
		e.Message = s
	}
}

// routerSignal reads what uWSGI's routers say of a peer (plugins/corerouter/cr.h): [uwsgi-http key: K client_addr: A
// client_port: P] hr_write(): Broken pipe [plugins/http/http.c line 565]. A function of an instance is about the
// backend, any other about the client.
func routerSignal(e *event.Event, s string) {
	head, rest, found := strings.Cut(s, "] ")
	if !found {
		return
	}
	_, peer, ok := strings.Cut(head, " client_addr: ")
	client, number, ok1 := strings.Cut(peer, " client_port: ")
	if !ok || !ok1 {
		return
	}
	if isIP(address(client)) {
		e.Client, e.ClientPort = address(client), port(number)
	}
	if _, key, ok := strings.Cut(head, " key: "); ok {
		key, _, _ = strings.Cut(key, " client_addr: ")
		e.Host = host(key)
	}
	how, _, ok := uwsgiError(rest)
	if !ok || how == event.HowNone {
		return
	}
	function, _, _ := strings.Cut(rest, "()")
	reads := strings.Contains(function, "_read") || strings.Contains(function, "_recv")
	e.Message = s
	switch {
	case strings.Contains(function, "_instance_") && reads:
		hangUp(e, event.PartyUpstream, how, event.PhaseUnknown)
	case strings.Contains(function, "_instance_"):
		hangUp(e, event.PartyUpstream, how, event.PhaseRequest)
	case reads && how != event.HowBrokenPipe:
		hangUp(e, event.PartyClient, how, event.PhaseUnknown)
	default:
		hangUp(e, event.PartyClient, how, event.PhaseResponse)
	}
}

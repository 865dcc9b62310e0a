package parser

import (
	"strings"

	"hangup/event"
)

// Access logs of the common log format's family that are usual enough to have a name. The format's own marks, by which
// it is told from the others, are in its layouts and in accept.

const (
	clfCommon   = `%h - %u %t "%r" %>s %b` // of identd's %l nobody has heard for long
	clfCombined = clfCommon + ` "%{Referer}i" "%{User-Agent}i"`
)

// httpd's common and combined (httpd.conf, Debian's apache2.conf), the latter also with the forwarding addresses or
// mod_logio's counts behind it. The same lines are written by Tomcat and Undertow with the pattern "common", by
// http-server middleware of many languages, and by nginx; of these only httpd writes the 408 of mod_reqtimeout.
func init() {
	registerAccess(accessFormat{
		FormatInfo: FormatInfo{
			Name:    "apache-combined",
			Summary: "Apache httpd access log, LogFormat common, combined or combinedio",
			Example: `203.0.113.54 - - [22/Nov/2026:10:00:21 +0000] "-" 408 0 "-" "-"`,
			Aliases: []string{"tomcat-access-common", "apache-common", "clf"},
		},
		rank:    12,
		dialect: "apache",
		layouts: []string{
			clfCombined, clfCommon, clfCombined + ` "%{X-Forwarded-For}i"`, clfCombined + ` %I %O`,
			clfCommon + ` %I`, // a number that may be a duration of Tomcat's or httpd's, in milliseconds or microseconds: it is left out
		},
		accept: func(x *exchange, _ *event.Event) bool { // "- -" is morgan's aborted request
			return (x.values[vStatus] != "-" || x.values[vBodyBytes] != "-") && x.isCount(vBodyBytes, true) &&
				(!x.has(vReceived) || x.isCount(vReceived, false)) && (!x.has(vBytes) || x.isCount(vBytes, false))
		},
	})
	registerAccess(accessFormat{
		FormatInfo: FormatInfo{
			Name:    "apache-vhost-combined",
			Summary: "Apache httpd access log, LogFormat vhost_combined (other_vhosts_access.log)",
			Example: `shop.example:80 203.0.113.54 - - [22/Nov/2026:10:00:21 +0000] "GET / HTTP/1.1" 200 5120 "-" "curl/8.5.0"`,
			Aliases: []string{"apache-vhosts", "other-vhosts-access"},
		},
		rank:    13,
		dialect: "apache",
		layouts: []string{`%v:%p ` + clfCombined, `%v:%p ` + clfCommon},
		accept: func(x *exchange, _ *event.Event) bool {
			return x.values[vHost] != "" && !isDay(x.values[vHost]) && isAddress(x.values[vHost])
		},
	})
	registerAccess(accessFormat{
		FormatInfo: FormatInfo{
			Name:      "apache-extended",
			Summary:   "Apache httpd access log, combined with %D %X and ids behind it",
			Example:   `203.0.113.62 - - [22/Nov/2026:10:00:31 +0000] "GET /api/report HTTP/1.1" 200 0 "-" "curl/8.5.0" 30000123 X ZxYa1cCoAUoAAC`,
			Durations: true,
		},
		rank:    16,
		dialect: "apache",
		layouts: []string{clfCombined + ` %D %X %{UNIQUE_ID}e`, clfCombined + ` %D %X %{UNIQUE_ID}e %L`, clfCombined + ` %D %X`},
		accept:  acceptConnection,
	})
}

// acceptConnection refuses lines whose %X is none, or that have more fields.
func acceptConnection(x *exchange, _ *event.Event) bool {
	s := x.values[vConnection]
	return (s == "X" || s == "+" || s == "-") && strings.IndexByte(x.raw(vID), ' ') < 0 && strings.IndexByte(x.raw(vHeaderID), ' ') < 0
}

// ingress-nginx's upstreaminfo (rootfs/etc/nginx/template/nginx.tmpl), with the notices of its controller between.
func init() {
	registerAccess(accessFormat{
		FormatInfo: FormatInfo{
			Name:      "ingress-nginx",
			Summary:   "Kubernetes ingress-nginx: its access log (upstreaminfo) and its controller's notices",
			Example:   `198.51.100.30 - - [30/Apr/2024:19:37:13 +0000] "GET / HTTP/1.1" 499 0 "-" "curl/8.4.0" 81 0.470 [test-test0-80] [] 10.244.47.222:80 0 0.470 - 2889e565a82f4db8e58280450ad03e61`,
			Durations: true,
		},
		rank:    15,
		dialect: "nginx",
		layouts: []string{nginxCombinedLayout + ` $request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] $upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id`},
		accept: func(x *exchange, e *event.Event) bool {
			return acceptNginx(x, e) && strings.IndexByte(x.values[vID], ' ') < 0
		},
		other: ingressNotice,
	})
	registerAccess(accessFormat{
		FormatInfo: FormatInfo{
			Name:    "kong",
			Summary: "Kong Gateway's access log: combined and kong_request_id",
			Example: `203.0.113.2 - - [22/Nov/2026:10:00:01 +0000] "POST /svc/slow HTTP/1.1" 499 0 "-" "axios/0.23.0" kong_request_id: "6f1c0a9d2b7e4c3a8d6f0e1b2c3d4e50"`,
		},
		rank:    15,
		dialect: "nginx",
		layouts: []string{nginxCombinedLayout + ` kong_request_id: "$kong_request_id"`},
		accept:  acceptNginx,
	})
}

// ingressNotice reads what the controller says, in klog's form: "I1103 06:09:31.002113       7 controller.go:193] text".
// klog's header has no year: the one nearest to when the line was read is taken.
func ingressNotice(line string, r *event.Record) bool {
	const stamp = len("I1103 06:09:31.002113")
	if len(line) < stamp+3 || strings.IndexByte("IWEF", line[0]) < 0 || line[5] != ' ' || line[stamp] != ' ' {
		return false
	}
	head, message, ok := strings.Cut(line[stamp:], "] ")
	if !ok {
		return false
	}
	thread, source, ok := strings.Cut(strings.TrimLeft(head, " "), " ")
	if !ok || pid(thread) == 0 || strings.IndexByte(source, ':') < 0 {
		return false
	}
	month, ok1 := two(line, 1)
	day, ok2 := two(line, 3)
	if !ok1 || !ok2 {
		return false
	}
	e := &r.Event
	secs, ok := clockTime(line[6:14])
	if !ok {
		return false
	}
	var c clock
	if e.Time, ok = c.yearless(month, day, secs, line[14:stamp], r.Seen); !ok {
		return false
	}
	e.ZoneAssumed = !e.Time.IsZero()
	e.Kind, e.Level, e.PID, e.Logger, e.Message = event.Other, line[:1], pid(thread), source, message
	return true
}

// Traefik's access log in its common format (pkg/middlewares/accesslog/logger_formatters.go): combined, the number of
// the request, the router, the server's URL and the duration. A router that is the last of several has them before it.
// 499 is Traefik's own, for a request whose client has left (pkg/proxy/httputil/proxy.go).
func init() {
	registerAccess(accessFormat{
		FormatInfo: FormatInfo{
			Name:      "traefik-clf",
			Summary:   "Traefik access log, format common",
			Example:   `172.30.0.1 - - [08/Dec/2021:09:16:35 +0000] "GET /slow HTTP/1.1" 499 21 "-" "k6/0.49" 503 "test@docker" "http://172.17.0.3:80" 30001ms`,
			Durations: true,
		},
		rank:    15,
		dialect: "apache",
		layouts: []string{clfCombined + ` %k "%{router}n" "%{BALANCER_WORKER_NAME}e" %{ms}Tms`},
		outcome: traefikOutcome,
	})
}

func traefikOutcome(_ *exchange, e *event.Event) {
	e.Kind = event.Request
	if e.Status == 499 {
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseWaiting)
	}
}

// varnishncsa's own format (varnishncsa(1)), which has the whole URL in the request line, also with the duration and
// how the request was handled behind it. It never says that a client left.
func init() {
	registerAccess(accessFormat{
		FormatInfo: FormatInfo{
			Name:      "varnishncsa",
			Summary:   "varnishncsa in its own format, with %D %{Varnish:handling}x behind it or not",
			Example:   `203.0.113.232 - - [22/Nov/2026:10:00:03 +0000] "GET http://shop.example/a HTTP/1.1" 200 5120 "-" "curl/8.5.0" 81234 pass`,
			Durations: true,
		},
		rank:    9,
		dialect: "varnish",
		layouts: []string{clfCombined, clfCombined + ` %D %{Varnish:handling}x`, clfCombined + ` %D`},
		accept: func(x *exchange, _ *event.Event) bool {
			_, url, _ := strings.Cut(x.values[vRequest], " ")
			return strings.HasPrefix(url, "http://") || strings.HasPrefix(url, "https://")
		},
	})
}

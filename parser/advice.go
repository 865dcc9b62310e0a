package parser

// Advice says what a format cannot show, and what to write into the server's configuration to see more.
type Advice struct {
	Hides  string // what it cannot show
	Config string // the lines for the server's configuration, ready to be pasted; "" when nothing helps
}

// AdviceFor returns the advice for a format by its name, and whether there is any.
func AdviceFor(format string) (Advice, bool) {
	if name, ok := aliases[format]; ok {
		format = name
	}
	a, ok := advice[format]
	return a, ok
}

const (
	nginxConfig = `log_format hangup '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" '
                  '"$http_user_agent" rt=$request_time urt=$upstream_response_time us=$upstream_status ua=$upstream_addr '
                  'completion=$request_completion rid=$request_id';
access_log /var/log/nginx/access.log hangup;
error_log /var/log/nginx/error.log info;`
	apacheConfig = `LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\" %D %X %{UNIQUE_ID}e" hangup
CustomLog ${APACHE_LOG_DIR}/access.log hangup
LogLevel info`
	tomcatConfig = `<Valve className="org.apache.catalina.valves.AccessLogValve" directory="logs" prefix="access" suffix=".log"
       pattern="combined %D %F %X"/>`
	jettyConfig = `new CustomRequestLog(writer, CustomRequestLog.EXTENDED_NCSA_FORMAT + " %{us}T %X")`
)

// advice by format. Sources: the servers' manuals, and TestAccessOutcomes for what each field shows.
var advice = map[string]Advice{
	"nginx-combined": {"how long an exchange took, and clients that leave in the middle of a response: their status stays 200", nginxConfig},
	"nginx-timed":    {"clients that leave in the middle of a response, unless $request_completion is logged", nginxConfig},
	"nginx-json":     {"clients that leave in the middle of a response, unless $request_completion is logged", nginxConfig},
	"ingress-nginx":  {"clients that leave in the middle of a response: their status stays 200", "error-log-level: info"},
	"kong":           {"how long an exchange took, and clients that leave in the middle of a response", nginxConfig},
	"nginx-error":    {"every client that hangs up, at the default level error", "error_log /var/log/nginx/error.log info;"},

	"apache-combined":       {"every client that hangs up but those that send no request in time, and how long an exchange took", apacheConfig},
	"apache-vhost-combined": {"every client that hangs up but those that send no request in time, and how long an exchange took", apacheConfig},
	"apache-error":          {"most clients that hang up, below the level info", "LogLevel info"},
	"tomcat-access":         {"clients that hang up, without %X", tomcatConfig},
	"jetty-access":          {"clients that hang up, without %X", jettyConfig},

	"haproxy-tcp":   {"requests: only connections are logged", "option httplog"},
	"haproxy-error": {"requests: only connections that failed before one", "option httplog"},
	"envoy-text":    {"why an exchange ended, beyond the flags", "access log: add %RESPONSE_CODE_DETAILS% to the format"},
	"squid":         {"whether a client or Squid itself ended an exchange, once a response had begun", ""},
	"lighttpd":      {"clients that hang up, at the default settings", "debug.log-timeouts = \"enable\"\ndebug.log-state-handling = \"enable\""},
	"traefik-clf":   {"why a backend failed: 502 and 504 are answers", "log:\n  level: DEBUG"},
	"varnishncsa":   {"who left: use varnishlog's SessClose and FetchError", "varnishlog -g request -q 'SessClose or FetchError'"},
	"caddy-json":    {"nothing that Caddy 2.11 and later know; before, a client that left has the status 0", ""},
	"gunicorn-access": {"clients that hang up: they have the status that was sent, and how long it took without %(D)s", `accesslog = "-"
access_log_format = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s" %(D)s'
loglevel = "debug"`},
	"gunicorn-error": {"clients that hang up, at the default level info", `loglevel = "debug"`},
	"uwsgi":          {"nothing; do not set disable-write-exception or ignore-sigpipe", ""},
	"uvicorn":        {"clients that hang up, unless the application lets ClientDisconnect through, and how long an exchange took", ""},
	"daphne":         {"clients that hang up, at the default verbosity", "daphne -v 2"},
	"http-server":    {"how long an exchange took", ""},
	"python-logging": {"the route and the client, unless the message has them", `log.warning("client left: %s %s from %s after %.3fs", method, path, client, seconds, exc_info=True)`},

	"morgan-combined": {"how long an exchange took; a client that left before the response has the status -", `morgan(':remote-addr - :remote-user [:date[clf]] ":method :url HTTP/:http-version" :status :res[content-length] ":referrer" ":user-agent" :response-time ms')`},
	"morgan-tiny":     {"the client", `morgan('combined')`},
	"morgan-dev":      {"the client and the time", `morgan('combined')`},
	"chi":             {"a client that left from a panic of the handler: both are 000", ""},

	"aws-alb":            {"clients that leave in the middle of a response: only 460 shows", ""},
	"aws-nlb-tls":        {"requests: only TLS connections are logged", ""},
	"gcp-http-lb":        {"nothing; keep the logging's sample rate at 1", "gcloud compute backend-services update NAME --enable-logging --logging-sample-rate=1"},
	"cloudflare-logpush": {"which timer of the client fired", ""},
	"iis-w3c":            {"who left, without sc-win32-status and time-taken", "logging fields: add sc-win32-status, time-taken, cs-host"},

	"postgresql": {"who the client was, without its address in the prefix", "log_line_prefix = '%m [%p] %q%u@%d %h '"},
	"mysql":      {"aborted connections, at the default verbosity of MySQL 5.6 and before", "log_error_verbosity = 3"},
	"redis":      {"clients that hang up, at the default level notice", "loglevel verbose"},
	"mongodb":    {"clients that hang up between two operations", ""},
	"php":        {"clients that hang up: PHP ends the script without a word", "ignore_user_abort = On\ncatch_workers_output = yes"},
}

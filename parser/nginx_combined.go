package parser

import (
	"hangup/event"
)

// nginx's predefined format "combined" (ngx_http_log_module.c), and the "main" of the configuration that it comes
// with, which adds "$http_x_forwarded_for".
func init() {
	registerAccess(accessFormat{
		FormatInfo: FormatInfo{
			Name:    "nginx-combined",
			Summary: "nginx access log, log_format combined or main",
			Example: `203.0.113.7 - - [22/Nov/2026:10:00:00 +0000] "GET /slow HTTP/1.1" 499 0 "-" "curl/8.5.0"`,
		},
		rank:    10,
		ordered: true,
		dialect: layoutFormat,
		layouts: []string{nginxCombinedLayout, nginxCombinedLayout + ` "$http_x_forwarded_for"`},
		accept:  acceptNginx,
	})
}

const nginxCombinedLayout = `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"`

// acceptNginx refuses what nginx never writes: a status that is not of three digits, bytes that are no number.
func acceptNginx(x *exchange, _ *event.Event) bool {
	return len(x.values[vStatus]) == 3 && x.values[vBodyBytes] != "-"
}

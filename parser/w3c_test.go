package parser

// Logs of the same family share some lines.
func init() {
	for format, others := range map[string]string{
		"ingress-nginx":  "klog",    // its controller's notices
		"aws-cloudfront": "iis-w3c", // directives
		"iis-httperr":    "iis-w3c",
		"traefik-json":   "go-json logfmt", // its own log
		"fastify":        "pino-http",      // what is no request's
	} {
		twins[format] += " " + others
	}
}

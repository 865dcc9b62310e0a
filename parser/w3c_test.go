package parser

import "maps"

// Logs of the same family share some lines.
func init() {
	maps.Copy(twins, map[string]string{
		"aws-cloudfront": "iis-w3c", // directives
		"iis-httperr":    "iis-w3c",
		"fastify":        "pino-http", // what is no request's
	})
}

package parser

import "strings"

var daphneMessages = []string{
	"HTTP ", "HTTPFactory starting on ", "Starting server at ", "WebSocket ", "Configuring endpoint ", "Upgraded connection ", "Listening on TCP address ",
	"Sent WebSocket packet to client for ", "Application timed out while sending response", "Killed ",
}

// isDaphne says whether a message is one of daphne's.
func isDaphne(s string) bool {
	for _, m := range daphneMessages {
		if strings.HasPrefix(s, m) {
			return true
		}
	}
	return strings.HasPrefix(s, `"`) && strings.Contains(s[:min(len(s), 64)], `" - - [`)
}

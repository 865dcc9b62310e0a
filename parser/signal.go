package parser

import (
	"strings"

	"hangup/event"
)

// errnoHow says what an errno means for a connection. Numbers are those of Linux, of macOS and the BSDs where they
// differ, and of Winsock (10053...). HowNone is every other error: refused, unreachable, no such file.
// Sources: errno(3), asm-generic/errno.h, XNU sys/errno.h, "Windows Sockets Error Codes".
func errnoHow(n int64) event.How {
	switch n {
	case 32: // EPIPE
		return event.HowBrokenPipe
	case 104, 54, 10054: // ECONNRESET
		return event.HowReset
	case 103, 53, 10053, 130: // ECONNABORTED
		return event.HowAborted
	case 110, 60, 10060, 145: // ETIMEDOUT
		return event.HowTimeout
	case 107, 57, 10057, 108, 58, 10058: // ENOTCONN, ESHUTDOWN: the other end has gone already
		return event.HowClosed
	}
	return event.HowNone
}

// strerrors are the texts of the same errors: glibc's, musl's, macOS's and Windows's.
var strerrors = []struct {
	text string
	how  event.How
}{
	{"Broken pipe", event.HowBrokenPipe},
	{"Connection reset by peer", event.HowReset},
	{"Connection reset by remote host", event.HowReset},
	{"An existing connection was forcibly closed by the remote host", event.HowReset},
	{"Software caused connection abort", event.HowAborted},
	{"An established connection was aborted by the software in your host machine", event.HowAborted},
	{"Connection timed out", event.HowTimeout},
	{"Operation timed out", event.HowTimeout},
	{"Transport endpoint is not connected", event.HowClosed},
	{"Socket is not connected", event.HowClosed},
	{"Socket not connected", event.HowClosed},
}

// strerrorHow returns what an error's text says when s begins with it, and the length of the text.
func strerrorHow(s string) (event.How, int) {
	for i := range strerrors {
		if strings.HasPrefix(s, strerrors[i].text) {
			return strerrors[i].how, len(strerrors[i].text)
		}
	}
	return event.HowNone, 0
}

// hangUp makes the event a disconnect.
func hangUp(e *event.Event, p event.Party, h event.How, at event.Phase) {
	e.Kind, e.Party, e.How, e.Phase = event.Disconnect, p, h, at
}

package demo

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"
)

// pythonLog writes records as Python's logging module does with the layout
// "%(asctime)s - %(name)s - %(levelname)s - %(message)s". Times are UTC, without a zone, as Python prints them.
type pythonLog struct {
	file *logFile
	now  func() time.Time
}

// record writes one record. The trace, if any, follows on lines of its own.
func (l pythonLog) record(name, level, message, trace string) {
	t := l.now().UTC()
	line := fmt.Sprintf("%s,%03d - %s - %s - %s\n", t.Format("2006-01-02 15:04:05"), t.Nanosecond()/1e6, name, level,
		oneLine(message))
	l.file.write([]byte(line + trace))
}

// oneLine replaces what would break a record or hide in it.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, s)
}

// A frame is one entry of a Python traceback.
type frame struct {
	file string
	line int
	name string
	code string
}

// The frames below the application's own: where it was when the socket refused.
var (
	framesHead = []frame{
		{"/srv/shop/server.py", 61, "do_request", "self.end_headers()"},
		{"/usr/lib/python3.11/http/server.py", 534, "end_headers", "self.flush_headers()"},
		{"/usr/lib/python3.11/http/server.py", 538, "flush_headers", `self.wfile.write(b"".join(self._headers_buffer))`},
	}
	framesBody = []frame{
		{"/srv/shop/server.py", 66, "do_request", "self.wfile.write(block)"},
	}
	frameWrite = frame{"/usr/lib/python3.11/socketserver.py", 834, "write", "self._sock.sendall(b)"}
)

// traceback is what Python prints for a write to a socket that failed with err.
func traceback(frames []frame, err error) string {
	var b strings.Builder
	b.WriteString("Traceback (most recent call last):\n")
	for _, f := range slices.Concat(frames, []frame{frameWrite}) {
		fmt.Fprintf(&b, "  File %q, line %d, in %s\n    %s\n", f.file, f.line, f.name, f.code)
	}
	b.WriteString(pythonError(err))
	b.WriteByte('\n')
	return b.String()
}

// pythonError is the last line of a traceback: the exception that Python makes of a socket error.
func pythonError(err error) string {
	number, text, ok := errnoText(err)
	if !ok {
		return "TimeoutError: timed out"
	}
	name := "OSError"
	switch syscall.Errno(number) {
	case syscall.EPIPE, syscall.ESHUTDOWN:
		name = "BrokenPipeError"
	case syscall.ECONNRESET:
		name = "ConnectionResetError"
	case syscall.ECONNABORTED:
		name = "ConnectionAbortedError"
	case syscall.ETIMEDOUT:
		name = "TimeoutError"
	default:
	}
	return fmt.Sprintf("%s: [Errno %d] %s", name, number, text)
}

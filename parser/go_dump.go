package parser

import "strings"

// goDump follows the lines that Go's runtime prints behind a panic (runtime/panic.go, runtime/traceback.go): the
// goroutines, each with its calls and where they stand.
type goDump struct {
	inside bool // behind "goroutine 7 [running]:"
	lost   bool // inside a dump whose beginning is not there
}

// begin forgets what was and is told that a record's first line was read.
func (d *goDump) begin() place {
	d.inside, d.lost = false, false
	return opens
}

// next says where a line stands that is not the first of a record.
func (d *goDump) next(line string, open bool) place {
	if !open {
		d.inside = false
		switch {
		case isGoCrash(line):
			d.lost = false
			return opens
		case isGoroutine(line), d.lost && isGoCall(line):
			d.lost = true
			return stray
		case isIndented(line) && isGoPosition(line):
			d.lost = true
			return stray
		}
		d.lost = false
		return whole
	}
	switch {
	case isBlank(line):
		return maybe
	case isGoroutine(line):
		d.inside = true
		return more
	case isIndented(line), isGoCrash(line), strings.HasPrefix(line, "[signal "), strings.HasPrefix(line, "[recovered]"):
		return more
	case d.inside && (isGoCall(line) || strings.HasPrefix(line, "exit status ") || strings.HasPrefix(line, "...")):
		return more
	}
	return whole
}

// isGoCrash says whether a line is the first of a program's own end.
func isGoCrash(s string) bool {
	return strings.HasPrefix(s, "panic: ") || strings.HasPrefix(s, "fatal error: ") || strings.HasPrefix(s, "SIGQUIT: quit") ||
		strings.HasPrefix(s, "SIGABRT: abort") || strings.HasPrefix(s, "runtime: goroutine stack exceeds ") || strings.HasPrefix(s, "unexpected fault address ")
}

// isGoroutine reads "goroutine 33 [running]:", "goroutine 1 gp=0xc000 m=0 mp=0x1 [chan receive, 3 minutes]:".
func isGoroutine(s string) bool {
	rest, ok := strings.CutPrefix(s, "goroutine ")
	return ok && rest != "" && isDigit(rest[0]) && strings.HasSuffix(rest, "]:") && len(rest) < 256
}

// isGoCall reads "net/http.(*conn).serve(0xc0000b4000, {0x7d, 0x1})", "created by net/http.(*Server).Serve in goroutine 1".
func isGoCall(s string) bool {
	if strings.HasPrefix(s, "created by ") {
		return true
	}
	i := strings.IndexByte(s, '(')
	return i > 0 && s[len(s)-1] == ')' && strings.IndexByte(s[:i], ' ') < 0
}

// isGoPosition reads "\t/usr/local/go/src/net/http/server.go:2286 +0x1d".
func isGoPosition(s string) bool {
	i := strings.LastIndex(s, ".go:")
	return i > 0 && i+4 < len(s) && isDigit(s[i+4])
}

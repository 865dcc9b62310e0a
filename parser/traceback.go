package parser

import (
	"strings"
)

// Lines of Python's tracebacks (Lib/traceback.py) and of socketserver's reports (Lib/socketserver.py, handle_error).
const (
	tracebackLine = "Traceback (most recent call last):"
	causeLine     = "The above exception was the direct cause of the following exception:"
	contextLine   = "During handling of the above exception, another exception occurred:"
	rulerLine     = "----------------------------------------"
	loggingLine   = "--- Logging error ---"
	groupLine     = "  + Exception Group Traceback (most recent call last):"
	groupMark     = "+ Exception Group Traceback (most recent call last):"
)

// block follows the lines that Python writes behind a record: a traceback, chained ones, the report of socketserver
// between two rulers, and logging's report of an error of its own.
type block struct {
	state blockState
	blank bool // an empty line behind a traceback belongs to it
}

type blockState uint8

const (
	blockNone     blockState = iota
	blockHead                // a record's first line was read
	blockFrames              // inside a traceback, before its exception
	blockEnd                 // behind the exception
	blockChain               // behind "During handling of ..." or "The above exception ..."
	blockRuler               // behind the ruler that opens a report
	blockReport              // inside the report: all belongs to it up to the closing ruler
	blockLogging             // inside "--- Logging error ---"
	blockStray               // inside a traceback whose beginning is not there
	blockStrayEnd            // behind its exception
)

// begin forgets what was and is told that a record's first line was read.
func (b *block) begin() place {
	b.state = blockHead
	return opens
}

// remembers says whether what was read may change where the next line stands while no record is open.
func (b *block) remembers() bool { return b.state == blockStray || b.state == blockStrayEnd }

// starts says whether a block can begin with a line without a record before it.
func (b *block) starts(line string) (place, bool) {
	switch {
	case line == tracebackLine:
		b.state = blockFrames
	case line == rulerLine:
		b.state = blockRuler
	case isReport(line): // its ruler was cut off
		b.state = blockReport
	case line == loggingLine:
		b.state = blockLogging
	case line == groupLine: // all its lines are indented
		b.state = blockEnd
	default:
		return whole, false
	}
	return opens, true
}

// next says where a line stands that is not the first of a record.
func (b *block) next(line string, open bool) place {
	if !open {
		was := b.state
		b.state = blockNone
		if was == blockStrayEnd && line == rulerLine {
			return stray
		}
		if where, ok := b.starts(line); ok {
			return where
		}
		switch {
		case isIndented(line) || line == causeLine || line == contextLine:
			b.state = blockStray
			return stray
		case was == blockStray && isException(line): // the last line of that traceback
			b.state = blockStrayEnd
			return stray
		}
		return whole
	}
	switch b.state {
	case blockRuler:
		if isReport(line) {
			b.state = blockReport
			return more
		}
		if line == rulerLine { // the one before closed a report that began elsewhere
			return opens
		}
		b.state = blockNone
		return whole
	case blockReport:
		if line == rulerLine {
			b.state = blockNone
			return closes
		}
		return more
	case blockLogging:
		return b.logging(line)
	default:
		return b.traceback(line)
	}
}

// isReport says whether a line is the first of socketserver's report, behind the ruler.
func isReport(s string) bool {
	return strings.HasPrefix(s, "Exception happened during processing of ") || strings.HasPrefix(s, "Exception occurred during processing of ")
}

// logging follows "--- Logging error ---": a traceback, then the call stack and the message that could not be logged.
func (b *block) logging(line string) place {
	switch {
	case isBlank(line):
		return maybe
	case isIndented(line), line == tracebackLine, line == "Call stack:",
		strings.HasPrefix(line, "Message: "), isException(line):
		return more
	case strings.HasPrefix(line, "Arguments: "):
		b.state = blockNone
		return closes
	}
	b.state = blockNone
	return whole
}

func (b *block) traceback(line string) place {
	switch {
	case line == tracebackLine:
		if b.state == blockFrames || b.state == blockEnd { // a second traceback that is not chained is another record's
			b.state = blockFrames
			return opens
		}
		b.state = blockFrames
		return more
	case isBlank(line):
		if b.state == blockChain || b.blank && b.state == blockEnd {
			return more
		}
		return maybe
	case isIndented(line):
		if line == groupLine {
			b.state = blockEnd
		}
		return more
	case b.state == blockFrames:
		b.state = blockEnd
		if isException(line) {
			return more
		}
		return whole
	case b.state == blockHead && asyncioContext(line):
		return more
	case b.state == blockEnd && (line == causeLine || line == contextLine):
		b.state = blockChain
		return more
	case b.state == blockEnd && (strings.HasPrefix(line, "[SQL: ") || strings.HasPrefix(line, "[parameters: ") ||
		strings.HasPrefix(line, "(Background on this error at: ")): // SQLAlchemy's messages have several lines
		return more
	}
	b.state = blockNone
	return whole
}

// asyncioContext says whether a line is one of those that asyncio's default handler of exceptions puts between its
// message and the traceback (asyncio/base_events.py).
func asyncioContext(s string) bool {
	key, rest, ok := strings.Cut(s[:min(len(s), 24)], ": ")
	if !ok || rest == "" {
		return false
	}
	switch key {
	case "future", "task", "handle", "protocol", "transport", "message", "context", "socket", "asyncgen", "source_traceback":
		return true
	}
	return strings.HasPrefix(s, "Object created at (most recent call last)")
}

func isIndented(s string) bool { return s != "" && (s[0] == ' ' || s[0] == '\t') && !isBlank(s) }

// isException says whether a line can be the last of a traceback: a dotted name, alone or before a colon.
func isException(s string) bool {
	name, _, _ := strings.Cut(s, ":")
	if name == "" || len(name) > 200 {
		return false
	}
	for i := range len(name) {
		switch b := name[i]; {
		case b == '.' || b == '_' || b|0x20 >= 'a' && b|0x20 <= 'z' || b >= 0x80:
		case isDigit(b) && i > 0:
		default:
			return false
		}
	}
	return true
}

// trace is a traceback that was read: its last exception, and the frames that led to it.
type trace struct {
	frames    []string // the lines between "Traceback" and the exception
	exception string   // "BrokenPipeError: [Errno 32] Broken pipe"
	cause     string   // the exception before it, when it is its direct cause
	group     []string // the lines from an exception group on
}

// Bounds of what is searched for signals: the last frames of a traceback, the beginning of a line.
const (
	maxFrames  = 200
	maxMessage = 4096
	maxMembers = 16 // exceptions of a group
)

// readTrace finds the last traceback in the lines of a record. It returns false when there is none.
func readTrace(lines []string) (t trace, ok bool) {
	begin := -1
	previous, link := "", ""
	for i, line := range lines {
		switch {
		case line == tracebackLine:
			begin, ok = i+1, true
			t.cause = ""
			if link == causeLine {
				t.cause = previous
			}
			t.frames, t.exception = nil, ""
		case line == groupLine: // its members are tried after the exceptions that are chained to it
			begin, ok = -1, true
			t = trace{group: lines[i:]}
		case begin >= 0 && t.exception == "" && line != "" && !isIndented(line) && !isBlank(line):
			t.frames, t.exception = lines[max(begin, i-maxFrames):i], cut(line)
		case line == causeLine || line == contextLine:
			previous, link = t.exception, line
		}
	}
	return t, ok && (t.exception != "" || t.group != nil)
}

// members are the exceptions of an exception group (Lib/traceback.py), each with its own traceback. Their lines stand
// behind "  | ", "    | " and so on; a line of dashes ends each.
func members(lines []string) (list []trace) {
	begin := -1
	for i, line := range lines {
		body := strings.TrimLeft(line, " ")
		if body == "" || body[0] != '|' && body[0] != '+' {
			break
		}
		content, inside := strings.CutPrefix(body, "| ")
		switch {
		case !inside:
			if !strings.HasPrefix(body, groupMark) {
				begin = -1
			}
		case content == tracebackLine:
			begin = i + 1
		case begin >= 0 && !isIndented(content) && !isBlank(content):
			list = append(list, trace{frames: lines[max(begin, i-maxFrames):i], exception: cut(content)})
			begin = -1
		}
		if len(list) == maxMembers {
			break
		}
	}
	return list
}

// cut bounds a line before it is searched.
func cut(s string) string { return s[:min(len(s), maxMessage)] }

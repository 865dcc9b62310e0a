package parser

import (
	"strings"
	"time"
)

// criEnvelope is the kubelet's: "2026-11-23T07:10:01.938123456Z stdout F text". P marks a line that goes on (CRI
// logging format, kubernetes/design-proposals kubelet-cri-logging; containerd splits at 16 KiB).
type criEnvelope struct{ clock *clock }

func (e *criEnvelope) cut(line string, _ time.Time, l *letter) bool {
	t, rest, ok := cutStamp(e.clock, line)
	if !ok {
		return false
	}
	stream, rest, ok := strings.Cut(rest, " ")
	if !ok || stream != "stdout" && stream != "stderr" {
		return false
	}
	tag, text, ok := strings.Cut(rest, " ")
	if first, _, _ := strings.Cut(tag, ":"); first != "P" && first != "F" {
		return false
	}
	if !ok && tag != "F" && tag != "P" {
		return false
	}
	l.text, l.lane, l.part, l.mail = text, stream, tag[0] == 'P', true
	l.base.Time = t
	return true
}

// dockerJSON is Docker's json-file driver (daemon/logger/jsonfilelog). A line without a newline at its end goes on in
// the next: Docker splits at 16 KiB.
type dockerJSON struct {
	clock *clock
	scan  *jsonScanner
}

const (
	dockerLog = iota + 1
	dockerStream
	dockerTime
)

var dockerKeys = newJSONTable(map[string]uint8{"log": dockerLog, "stream": dockerStream, "time": dockerTime})

func (e *dockerJSON) cut(line string, _ time.Time, l *letter) bool {
	if !strings.HasPrefix(line, `{"log":"`) && !(strings.HasPrefix(line, "{") && strings.Contains(line[:min(len(line), 512)], `"log":`)) {
		return false
	}
	if e.scan == nil {
		e.scan = newJSONScanner(dockerKeys)
	}
	if !e.scan.scan(line) || !e.scan.has(dockerLog) || !e.scan.has(dockerStream) || !e.scan.has(dockerTime) {
		return false
	}
	t, _, ok := e.clock.iso(e.scan.get(dockerTime))
	if !ok {
		return false
	}
	l.lane, l.mail, l.base.Time = e.scan.get(dockerStream), true, t
	l.text, ok = strings.CutSuffix(e.scan.get(dockerLog), "\n")
	l.part = !ok
	l.text = strings.TrimSuffix(l.text, "\r")
	return true
}

// kubectlEnvelope is what kubectl logs --timestamps, --prefix and docker logs -t write:
// "[pod/web-6d5f/web] 2026-11-23T07:10:02.846123456Z text", one of the two or both.
type kubectlEnvelope struct{ clock *clock }

func (e *kubectlEnvelope) cut(line string, _ time.Time, l *letter) bool {
	rest, prefixed := strings.CutPrefix(line, "[pod/")
	if prefixed {
		i := strings.Index(rest, "] ")
		if i < 1 || i > 512 || strings.IndexByte(rest[:i], '/') < 0 || strings.IndexByte(rest[:i], ' ') >= 0 {
			return false
		}
		l.lane, rest = rest[:i], rest[i+2:]
	}
	if t, text, ok := cutStamp(e.clock, rest); ok {
		l.base.Time, rest = t, text
	} else if !prefixed {
		return false
	}
	l.text, l.mail = rest, prefixed
	return true
}

// composeEnvelope is what docker compose logs writes: "web-1  | text", version 1 with underscores "web_1  | text".
type composeEnvelope struct{}

func (composeEnvelope) cut(line string, _ time.Time, l *letter) bool {
	i := strings.Index(line[:min(len(line), 200)], " | ")
	if i < 0 {
		if i = len(line) - 2; i < 1 || i > 200 || line[i:] != " |" {
			return false
		}
	}
	name := strings.TrimRight(line[:i], " ")
	n := len(name)
	for n > 0 && isDigit(name[n-1]) {
		n--
	}
	if n < 2 || n == len(name) || name[n-1] != '-' && name[n-1] != '_' {
		return false
	}
	for j := range n {
		if b := name[j]; b != '-' && b != '_' && b != '.' && !isDigit(b) && (b|0x20 < 'a' || b|0x20 > 'z') {
			return false
		}
	}
	l.lane, l.text, l.mail = name, line[min(len(line), i+3):], true
	return true
}

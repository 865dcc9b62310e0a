package parser

import (
	"strings"

	"hangup/event"
)

// jsonNodeSignal reads an error as Node's loggers serialize it: its text, name, code, stack and the address that its
// socket was connected to. The message stays the record's own.
func (g *logReader) jsonNodeSignal(e *event.Event, message, failure string) bool {
	j := g.json
	code, stack := j.get(jlErrorCode), j.value(jlStack)
	text := failure
	if text == "" {
		text = message
	}
	if !isNodeCode(code) && !isNodeText(text) && !(stack.kind == jsonString && strings.Contains(stack.raw, `\n    at `)) {
		return false
	}
	if hasNever(text) || hasNever(code) {
		return false
	}
	inner := nodeError{text: text, code: code, depth: 1}
	if name := j.get(jlErrorType); name != "" && len(name) < 64 {
		inner.text = name + ": " + text
	} else if text == "aborted" {
		inner.text = "Error: aborted"
	}
	if stack.kind == jsonString {
		raw := stack.raw[:min(len(stack.raw), maxStack)]
		for i := range maxFrames {
			var frame string
			var more bool
			if frame, raw, more = strings.Cut(raw, `\n`); i > 0 {
				inner.frames = append(inner.frames, frame)
			}
			if !more {
				break
			}
		}
	}
	addr, to := j.get(jlErrorAddress), j.get(jlErrorPort)
	if addr != "" && to != "" {
		inner.remote = addr + ":" + to
	}
	list := []nodeError{{text: cut(message)}, inner}
	if !nodeErrorSignal(e, &list[1], list) {
		return false
	}
	if addr != "" && e.Party == event.PartyUnknown { // who connects knows the address
		e.Party = event.PartyUpstream
	}
	if e.Party == event.PartyUpstream && e.How == event.HowReset && len(inner.frames) == 0 { // of a connection that is kept, perhaps
		e.Phase = event.PhaseUnknown
	}
	if message != "" {
		e.Message = message
	}
	nodeDetails(e, message, list)
	return true
}

func isNodeCode(s string) bool {
	if len(s) < 4 || len(s) > 64 || s[0] < 'A' || s[0] > 'Z' {
		return false
	}
	for i := range len(s) {
		if b := s[i]; (b < 'A' || b > 'Z') && b != '_' && !isDigit(b) {
			return false
		}
	}
	return true
}

// isNodeText says whether an error's text is of Node's own: "read ECONNRESET", "write EPIPE", "aborted".
func isNodeText(s string) bool {
	word := s[strings.LastIndexByte(s, ' ')+1:]
	return len(word) > 3 && word[0] == 'E' && isNodeCode(word) || s == "aborted" || strings.HasSuffix(s, "socket hang up") ||
		strings.HasSuffix(s, "remature close") || strings.HasSuffix(s, "request aborted") || strings.HasSuffix(s, "Error: aborted")
}

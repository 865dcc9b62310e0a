package parser

import (
	"strings"
)

// syslogHead is what stands before a message that came through syslog.
type syslogHead struct {
	tag string // the program's name
	pid int
}

// cutSyslog takes the head of a line in the form of RFC 3164, as programs send and rsyslog and syslog-ng write it, or
// with rsyslog's ISO time: "<134>Nov 22 10:00:31 lb1 haproxy[14389]: message". The host may be missing. It returns
// false, and the line, when there is no head. The head's time is not read: it has no year, and the message a time.
func cutSyslog(line string) (h syslogHead, message string, ok bool) {
	s := line
	if s != "" && s[0] == '<' {
		i := strings.IndexByte(s, '>')
		if i < 2 || i > 4 {
			return h, line, false
		}
		s = s[i+1:]
	}
	switch {
	case len(s) > 16 && s[3] == ' ' && s[6] == ' ' && s[9] == ':' && s[12] == ':' && s[15] == ' ':
		if _, isMonth := monthOf(s[:3]); !isMonth {
			return h, line, false
		}
		s = s[16:]
	case len(s) > 20 && isDigit(s[0]) && s[4] == '-' && s[10] == 'T':
		i := strings.IndexByte(s, ' ')
		if i < 0 || i > 40 {
			return h, line, false
		}
		s = s[i+1:]
	default:
		return h, line, false
	}
	// "host tag[pid]: " or "tag[pid]: ". An address of six groups is no tag, so the colon must be followed by a blank.
	i := indexShort(s, ':')
	if i >= 0 && (i+1 == len(s) || s[i+1] != ' ') {
		i = strings.Index(s, ": ")
	}
	if i < 0 || i > 256 {
		if !strings.HasSuffix(s, ":") {
			return h, line, false
		}
		i = len(s) - 1
	}
	head := s[:i]
	message = s[min(len(s), i+2):]
	if j := strings.LastIndexByte(head, ' '); j >= 0 {
		head = head[j+1:]
	}
	h.tag = head
	if j := strings.IndexByte(head, '['); j >= 0 && head[len(head)-1] == ']' {
		h.tag, h.pid = head[:j], pid(head[j+1:len(head)-1])
	}
	return h, message, h.tag != ""
}

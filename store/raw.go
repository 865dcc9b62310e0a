package store

import (
	"slices"
	"strings"

	"hangup/event"
)

// A record's text is stored without what other columns of its row have: where one's value stands, a mark and the column's
// letter do. The schema's raw_of puts it together again. rawMark in the text itself is doubled.
const (
	rawMark = '\x1a' // SUBSTITUTE
	rawMin  = 6      // bytes of a value that is left out: it costs two, and looking for it
)

// rawPart is where a column's value stands in a text.
type rawPart struct {
	from, to int
	column   byte
}

// appendRaw appends a hang-up's text as it is stored.
func appendRaw(b []byte, h *event.Hangup) []byte {
	var room [10]rawPart
	parts := room[:0]
	find := func(column byte, value string) {
		if len(value) < rawMin {
			return
		}
		if i := strings.Index(h.Text, value); i >= 0 {
			parts = append(parts, rawPart{i, i + len(value), column})
		}
	}
	find('m', h.Message)
	find('c', h.Client)
	find('p', h.Path)
	find('q', h.Query)
	find('h', h.Host)
	find('u', h.UserAgent)
	find('f', h.Referer)
	find('i', h.RequestID)
	find('s', h.Upstream)
	find('l', h.Logger)
	slices.SortStableFunc(parts, func(a, b rawPart) int { return a.from - b.from })
	at := 0
	for i, p := range parts {
		if p.from < at || i+1 < len(parts) && parts[i+1].from < p.to && parts[i+1].to-parts[i+1].from > p.to-p.from { // the longer one of two that overlap
			continue
		}
		b = append(appendMarked(b, h.Text[at:p.from]), rawMark, p.column)
		at = p.to
	}
	return appendMarked(b, h.Text[at:])
}

// appendMarked appends a text, with its marks doubled.
func appendMarked(b []byte, s string) []byte {
	for {
		i := strings.IndexByte(s, rawMark)
		if i < 0 {
			return append(b, s...)
		}
		b = append(append(b, s[:i+1]...), rawMark)
		s = s[i+1:]
	}
}

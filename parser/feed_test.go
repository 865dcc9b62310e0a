package parser

import (
	"fmt"
	"strings"
	"testing"

	"hangup/event"
)

// NUL bytes before a line are a record, wherever they stand, and end the one that is open; a line that is too long stays one.
func TestFeed(t *testing.T) {
	t.Parallel()
	const line = `203.0.113.9 - - [23/Nov/2026:07:34:59 +0000] "GET /a HTTP/1.1" 200 5 "-" "curl/8.5.0"`
	for _, c := range []struct{ text, want string }{
		{line, "request 0 to 86, 1 lines"},
		{"\x00\x00" + line, "skipped 0 to 2, 0 lines; request 2 to 88, 1 lines"},
		{"\x00\x00\x00", "skipped 0 to 3, 1 lines"},
		{strings.Repeat("\x00", MaxLine), fmt.Sprintf("unparsed 0 to %d, 1 lines", MaxLine+1)},
	} {
		p, err := New(Options{Format: "nginx-combined"})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		emit := func(r *event.Record) {
			got = append(got, fmt.Sprintf("%v %d to %d, %d lines", r.Kind, r.Start, r.End, r.Lines))
		}
		end := int64(len(c.text)) + 1
		if strings.Trim(c.text, "\x00") == "" && len(c.text) < MaxLine {
			end-- // the file ends with them
		}
		Feed(p, event.Line{Text: c.text, End: end, Number: 1}, emit)
		p.Flush(emit)
		if s := strings.Join(got, "; "); s != c.want {
			t.Errorf("%.20q: %s, want %s", c.text, s, c.want)
		}
	}
}

package report

import (
	"fmt"
	"time"

	"hangup/answer"
)

const clock = "2006-01-02 15:04"

// moment writes a time for people, in UTC.
func moment(t time.Time) string { return t.UTC().Format(clock) }

// span writes from when to when the report is, and how long that is.
func span(from, to time.Time) string {
	return fmt.Sprintf("%s to %s UTC (%s)", moment(from), moment(to), duration(to.Sub(from)))
}

// duration writes about how long something is: "5 minutes", "26 hours", "12 days".
func duration(d time.Duration) string {
	switch n := int64(d / time.Minute); {
	case n < 2:
		return answer.Count(max(1, n), "minute")
	case n < 120:
		return answer.Count(n, "minute")
	case n < 48*60:
		return answer.Count((n+30)/60, "hour")
	default:
		return answer.Count((n+720)/1440, "day")
	}
}

// title names the source, with how many files it has.
func (s *Source) title() string {
	if n := len(s.Files); n > 1 {
		return fmt.Sprintf("%s (%d files)", Title(s.Name), n)
	}
	return Title(s.Name)
}

package api

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"hangup/answer"
	"hangup/store"
)

const (
	// maxRangeDays bounds what one question may span.
	maxRangeDays = 400
	day          = 24 * time.Hour
	// stale is how old the newest data may be for the default range to end now.
	stale = time.Hour
)

// The times that are understood at all.
var (
	firstTime = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	lastTime  = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

// asked is a range as it was asked for, and with what data.
type asked struct {
	store.Range
	data store.Span
	zone *time.Location
}

var relative = regexp.MustCompile(`^now(?:-([0-9]{1,9})([smhdw]))?(?:/([hd]))?$`)

var units = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": day, "w": 7 * day}

// parseTime reads a time as the contract says: RFC 3339, unix seconds, or relative to now.
func parseTime(param, s string, now time.Time, zone *time.Location) (time.Time, error) {
	t, ok := readTime(strings.TrimSpace(s), now, zone)
	switch {
	case !ok:
		return t, bad(param, "%s is not a time: write RFC 3339 as 2026-01-31T12:00:00Z, unix seconds, or now, now-90s, now-1h, now-1d/d", quote(s))
	case t.Before(firstTime) || !t.Before(lastTime):
		return t, bad(param, "%s is not between the years 1970 and 2199", quote(s))
	}
	return t.UTC(), nil
}

func readTime(s string, now time.Time, zone *time.Location) (time.Time, bool) {
	if m := relative.FindStringSubmatch(s); m != nil {
		t := now
		if m[1] != "" {
			n, err := strconv.ParseInt(m[1], 10, 64)
			if err != nil || n > int64(math.MaxInt64/units[m[2]]) {
				return t, false
			}
			t = t.Add(-time.Duration(n) * units[m[2]])
		}
		return roundDown(t, m[3], zone), true
	}
	if t, err := time.Parse(time.RFC3339, strings.Replace(s, " ", "+", 1)); err == nil { // "+" in a query is a space
		return t, true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) > 1e11 || strings.ContainsAny(s, "xXpP_") {
		return time.Time{}, false
	}
	sec := math.Floor(f)
	return time.Unix(int64(sec), int64((f-sec)*1e9)), true
}

// roundDown returns the begin of the hour or day that t is in where zone is.
func roundDown(t time.Time, unit string, zone *time.Location) time.Time {
	t = t.In(zone)
	switch unit {
	case "h":
		return t.Add(-time.Duration(t.Minute())*time.Minute - time.Duration(t.Second())*time.Second - time.Duration(t.Nanosecond()))
	case "d":
		return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, zone)
	default:
		return t
	}
}

// parseZone reads a parameter that names a time zone. The machine's own ("Local") is not one.
func parseZone(param string, tz *string) (*time.Location, error) {
	if tz == nil || *tz == "" {
		return time.UTC, nil
	}
	zone, err := time.LoadLocation(*tz)
	if err != nil || *tz == "Local" {
		return nil, bad(param, "%s is not an IANA time zone such as Europe/Berlin", quote(*tz))
	}
	return zone, nil
}

// parseRange resolves from, to and tz. What is not given ends now, or where the data end when they are old, and begins
// an hour before, or 24 hours before the end of old data.
func parseRange(from, to, tz *string, now time.Time, data store.Span) (asked, error) {
	a := asked{data: data}
	var err error
	if a.zone, err = parseZone("tz", tz); err != nil {
		return a, err
	}
	old := !data.To.IsZero() && data.To.Before(now.Add(-stale))
	length, end := time.Hour, now
	if to != nil {
		if end, err = parseTime("to", *to, now, a.zone); err != nil {
			return a, err
		}
	} else if old {
		end = data.To.Truncate(time.Minute).Add(time.Minute) // so that the newest event is in it
		if from == nil {
			length = day
		}
	}
	begin := end.Add(-length)
	if from != nil {
		if begin, err = parseTime("from", *from, now, a.zone); err != nil {
			return a, err
		}
		if to == nil && !begin.Before(end) {
			end = now // data that are older than what is asked for say nothing about its end
		}
	}
	if !begin.Before(end) {
		return a, bad("from", "the range begins at %s and ends at %s: from must be before to",
			begin.UTC().Format(time.RFC3339), end.UTC().Format(time.RFC3339))
	}
	a.Range = store.Minutes(begin, end)
	return a, checkLength(a.Range)
}

func checkLength(r store.Range) error {
	if r.Len() > maxRangeDays*day {
		return bad("from", "the range is %d days long and may be %d", int(r.Len()/day), maxRangeDays)
	}
	return nil
}

// toRange returns the range as it is given back.
func (a asked) toRange() Range {
	r := Range{From: a.From, To: a.To, Tz: a.zone.String()}
	if a.data != (store.Span{}) {
		r.DataFrom, r.DataTo = &a.data.From, &a.data.To
	}
	return r
}

// Widths of a step that "auto" chooses from.
var widths = []time.Duration{
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, day, 2 * day, 7 * day, 14 * day, 28 * day, 91 * day,
}

const (
	maxPoints     = 2000
	defaultPoints = 300
)

var stepForm = regexp.MustCompile(`^([0-9]{1,6})([mhdw])$`)

// parseStep chooses the steps of a range. Steps begin at multiples of their width as the clock of the range's zone has
// them at the begin of the range.
func parseStep(a asked, step *string, points *int) (store.Steps, error) {
	if step == nil || *step == "auto" || *step == "" {
		most := defaultPoints
		if points != nil {
			most = *points
		}
		for _, w := range widths {
			if s := stepsOf(a, w); s.Count(a.Range) <= most {
				return s, nil
			}
		}
		return stepsOf(a, widths[len(widths)-1]), nil
	}
	m := stepForm.FindStringSubmatch(*step)
	if m == nil {
		return store.Steps{}, bad("step", "%s is not auto or a duration of whole minutes such as 1m, 5m, 1h, 1d", quote(*step))
	}
	n, err := strconv.Atoi(m[1])
	if err != nil || n == 0 {
		return store.Steps{}, bad("step", "%s is no width", quote(*step))
	}
	s := stepsOf(a, time.Duration(n)*units[m[2]])
	if c := s.Count(a.Range); c > maxPoints {
		return s, bad("step", "%s gives %s points and there may be %d: take a wider step or auto", *step, answer.Thousands(int64(c)), maxPoints)
	}
	return s, nil
}

func stepsOf(a asked, width time.Duration) store.Steps {
	_, offset := a.From.In(a.zone).Zone()
	shift := time.Duration(offset-offset%60) * time.Second
	// Weeks begin on Mondays: the 5th of January 1970 was one.
	epoch := firstTime
	if width%(7*day) == 0 {
		epoch = epoch.Add(4 * day)
	}
	since := a.From.Sub(epoch) + shift
	past := since % width
	if past < 0 {
		past += width
	}
	return store.Steps{Origin: a.From.Add(-past), Width: width}
}

func (a asked) toStepRange(s store.Steps) Range {
	r := a.toRange()
	seconds := int(s.Width / time.Second)
	r.StepSeconds = &seconds
	return r
}

// starts returns the begin of each step in unix seconds.
func starts(r store.Range, s store.Steps) []int64 {
	out := make([]int64, s.Count(r))
	for i := range out {
		out[i] = s.Origin.Add(time.Duration(i) * s.Width).Unix()
	}
	return out
}

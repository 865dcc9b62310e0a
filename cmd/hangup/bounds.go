package main

import (
	"fmt"
	"time"
)

// bounds reads --since and --until; "" is the zero time. Times without a zone are in zone, of which nil is UTC.
func bounds(since, until string, now time.Time, zone *time.Location) (from, to time.Time, err error) {
	if zone == nil {
		zone = time.UTC
	}
	if from, err = when("--since", since, now, zone); err != nil {
		return from, to, err
	}
	if to, err = when("--until", until, now, zone); err != nil {
		return from, to, err
	}
	if !to.IsZero() && !to.After(from) {
		return from, to, usageError{fmt.Errorf("--until %s is not after --since %s", until, since)}
	}
	return from, to, nil
}

// when reads a time: a date, a time of RFC 3339, or how long before now. "" is no time.
func when(flag, s string, now time.Time, zone *time.Location) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t, nil
		}
	}
	var ago span
	if err := ago.UnmarshalText([]byte(s)); err == nil {
		return now.Add(-time.Duration(ago)), nil
	}
	return time.Time{}, usageError{fmt.Errorf("%s %q is no time: write 2026-11-24, 2026-11-24T08:00:00Z, or 36h or 7d for so long before now", flag, s)}
}

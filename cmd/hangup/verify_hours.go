package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"hangup/event"
)

// levels reports the hours and days that are not what they were folded from.
func (v *verifier) levels() {
	v.out.Buckets = v.stored.Buckets
	for _, f := range v.stored.Faults {
		in := "the minutes"
		if f.Level == "day" {
			in = "the hours"
		}
		v.compare(f.Service, f.Level, f.At, f.Has, f.Sum, in)
	}
}

// hours compares the counts of each hour with the single hang-ups, and with the files where all that the hour can hold
// was read again.
func (v *verifier) hours() {
	seen := map[serviceTime]bool{}
	for _, h := range v.stored.Hours {
		if h.At.Before(v.since) {
			continue
		}
		seen[serviceTime{h.Service, h.At}] = true
		t := v.tell[h.Service]
		empty := h.Counts == event.Counts{} && h.Records == event.Counts{} && (t == nil || t.hours[h.At] == event.Counts{})
		if !h.RollupsOK || empty {
			continue
		}
		v.out.Hours++
		if h.Compared {
			v.out.WithRecords++
			v.compare(h.Service, "hour", h.At, hangupsOf(h.Counts), h.Records, "the single hang-ups")
		}
		if t == nil || v.quick || !h.At.After(t.until) {
			continue
		}
		v.out.WithFiles++
		files, stored := t.hours[h.At], h.Counts
		if h.Compared { // reports that are not counted are stored all the same
			stored.Reported = h.Records.Reported
			for i, n := range h.Joined {
				stored.Reported[i] += n
			}
		} else {
			stored.Reported = files.Reported
		}
		v.compare(h.Service, "hour", h.At, stored, files, "the files")
	}
	v.missing(seen)
	slices.SortStableFunc(v.out.Levels, func(a, b difference) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.At, b.At))
	})
}

// missing reports hours of the files of which nothing is stored, unless that has expired.
func (v *verifier) missing(seen map[serviceTime]bool) {
	for name, t := range v.tell {
		for at, c := range t.hours {
			if seen[serviceTime{name, at}] || at.Before(v.since) || !at.After(t.until) || t.newest[at].Before(v.now.Add(-v.cfg.retention().Rollups)) {
				continue
			}
			v.compare(name, "hour", at, event.Counts{}, c, "the files")
		}
	}
}

// hangupsOf returns what single hang-ups tell of counts.
func hangupsOf(c event.Counts) event.Counts {
	c.Requests, c.Bytes = 0, 0
	return c
}

// compare reports the figures in which two counts of an hour or a day differ.
func (v *verifier) compare(service, level string, at time.Time, stored, found event.Counts, in string) {
	if stored == found {
		return
	}
	bad := func(what string, a, b int64) {
		if a != b {
			layout := "2006-01-02T15:04Z"
			if level == "day" {
				layout = time.DateOnly
			}
			v.out.Levels = append(v.out.Levels, difference{What: what, Stored: a, Found: b, FoundIn: in, Service: service, Level: level, At: at.UTC().Format(layout)})
		}
	}
	bad("requests", stored.Requests, found.Requests)
	bad("bytes", stored.Bytes, found.Bytes)
	for _, p := range event.Parties() {
		k := event.PartyIndex(p)
		bad(fmt.Sprintf("dropped (%s)", p), stored.Dropped[k], found.Dropped[k])
		bad(fmt.Sprintf("reported (%s)", p), stored.Reported[k], found.Reported[k])
	}
	bad("idle", stored.Idle, found.Idle)
}

package parser

import (
	"testing"
	"time"
)

func TestClock(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no zone files: ", err)
	}
	tests := []struct {
		name string
		zone *time.Location
		in   []string // read one after the other
		want string   // of the last; "" when it is no time
	}{
		{"UTC", nil, []string{"2026-11-22 10:00:00,123"}, "2026-11-22T10:00:00.123Z"},
		{"no fraction", nil, []string{"2026-11-22 10:00:00"}, "2026-11-22T10:00:00Z"},
		{"leap day", nil, []string{"2024-02-29 23:59:59"}, "2024-02-29T23:59:59Z"},
		{"century", nil, []string{"2100-02-29 00:00:00"}, ""},
		{"leap second", nil, []string{"2016-12-31 23:59:60"}, "2017-01-01T00:00:00Z"},
		{"no month", nil, []string{"2026-13-01 00:00:00"}, ""},
		{"no day", nil, []string{"2026-04-31 00:00:00"}, ""},
		{"no hour", nil, []string{"2026-04-01 24:00:00"}, ""},
		{"too early", nil, []string{"1989-12-31 00:00:00"}, ""},
		{"first", nil, []string{"1990-01-01 00:00:00"}, "1990-01-01T00:00:00Z"},
		{"last", nil, []string{"2200-12-31 23:59:59"}, "2200-12-31T23:59:59Z"},
		{"too late", nil, []string{"2201-01-01 00:00:00"}, ""},
		{"winter", berlin, []string{"2026-01-22 10:00:00"}, "2026-01-22T09:00:00Z"},
		{"summer", berlin, []string{"2026-07-22 10:00:00"}, "2026-07-22T08:00:00Z"},
		{"summer behind winter", berlin, []string{"2026-03-29 01:59:59", "2026-03-29 03:00:00"}, "2026-03-29T01:00:00Z"},
		{"an hour that is missing", berlin, []string{"2026-03-29 02:30:00"}, "2026-03-29T01:30:00Z"},
		{"an hour that is there twice, first", berlin, []string{"2026-10-25 02:30:00"}, "2026-10-25T00:30:00Z"},
		{"an hour that is there twice, still first", berlin, []string{"2026-10-25 02:10:00", "2026-10-25 02:50:00"}, "2026-10-25T00:50:00Z"},
		{"an hour that is there twice, again", berlin, []string{"2026-10-25 02:59:59", "2026-10-25 02:00:01"}, "2026-10-25T01:00:01Z"},
		{"behind that hour", berlin, []string{"2026-10-25 02:59:59", "2026-10-25 03:00:01"}, "2026-10-25T02:00:01Z"},
	}
	for _, tt := range tests {
		c := clock{zone: tt.zone}
		var got time.Time
		ok := false
		for _, s := range tt.in {
			got, ok = c.sql(s, '-')
		}
		if s := got.Format(time.RFC3339Nano); ok != (tt.want != "") || ok && s != tt.want {
			t.Errorf("%s: %s, %v, want %s", tt.name, s, ok, tt.want)
		}
	}
}

// TestYearlessTwice reads an hour that there is twice from a log that does not name the year.
func TestYearlessTwice(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no zone files: ", err)
	}
	c := clock{zone: berlin}
	seen := time.Date(2026, 10, 25, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		clock int64 // seconds of the day, as the log says
		want  string
	}{{7199, "2026-10-24T23:59:59Z"}, {7200, "2026-10-25T00:00:00Z"}, {10799, "2026-10-25T00:59:59Z"}, {7201, "2026-10-25T01:00:01Z"}, {10800, "2026-10-25T02:00:00Z"}} {
		got, ok := c.yearless(10, 25, tt.clock, "", seen)
		if s := got.Format(time.RFC3339); !ok || s != tt.want {
			t.Errorf("%d s: %s, %v, want %s", tt.clock, s, ok, tt.want)
		}
	}
}

// TestCivil compares the calendar with the standard library's for each day of two centuries.
func TestCivil(t *testing.T) {
	t.Parallel()
	for d := time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC); d.Year() <= lastYear; d = d.AddDate(0, 0, 1) {
		got, ok := civilDays(d.Year(), int(d.Month()), d.Day())
		if !ok || got*86400 != d.Unix() {
			t.Fatalf("%v: %d, %v", d, got, ok)
		}
	}
}

func TestZones(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"22/Nov/2026:10:00:00 +0000": "2026-11-22T10:00:00Z",
		"22/Nov/2026:10:00:00 +0530": "2026-11-22T04:30:00Z",
		"22/Nov/2026:10:00:00 -0730": "2026-11-22T17:30:00Z",
		"22/Nov/2026:10:00:00 0000":  "",
		"22/Nov/2026:10:00:00 *0000": "",
		"22/nov/2026:10:00:00 +0000": "",
		"":                           "",
	} {
		var c clock
		for range 2 { // the second time from memory
			got, ok := c.apache(in)
			if s := got.Format(time.RFC3339); ok != (want != "") || ok && s != want {
				t.Errorf("%q: %s, %v, want %q", in, s, ok, want)
			}
		}
	}
	for in, want := range map[string]string{
		"2026-11-22T10:00:00Z":          "2026-11-22T10:00:00Z",
		"2026-11-22T10:00:00.5+01:00":   "2026-11-22T09:00:00.5Z",
		"2026-11-22 10:00:00 +0000":     "2026-11-22T10:00:00Z",
		"2026-11-22T10:00:00":           "2026-11-22T10:00:00Z",
		"2026-11-22T10:00:00 Berlin":    "",
		"2026-11-22T10:00:00.+00:00":    "",
		"2026-11-22T10:00:00.123456789": "2026-11-22T10:00:00.123456789Z",
	} {
		var c clock
		got, _, ok := c.iso(in)
		if s := got.Format(time.RFC3339Nano); ok != (want != "") || ok && s != want {
			t.Errorf("%q: %s, %v, want %q", in, s, ok, want)
		}
	}
}

func TestSeconds(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]time.Duration{
		"0.000": 0, "30.001": 30001 * time.Millisecond, "5": 5 * time.Second, "0.1234567891": 123456789,
		"": -1, "-1": -1, ".5": -1, "1.": -1, "1,5": -1, "NaN": -1, "1e3": -1, "99999999999999999999": -1, "4611686019": -1,
	} {
		got, ok := seconds(in)
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("%q: %v, %v, want %v", in, got, ok, want)
		}
	}
	if d, ok := secondsJSON("1.5e-3"); !ok || d != 1500*time.Microsecond {
		t.Errorf("1.5e-3: %v, %v", d, ok)
	}
	for _, s := range []string{"NaN", "Inf", "-1", "1e300", "x"} {
		if d, ok := secondsJSON(s); ok {
			t.Errorf("%s: %v", s, d)
		}
	}
}

package ingest

import (
	"slices"
	"testing"
)

// TestIsRotated tells names that log rotation makes of a log's from others.
func TestIsRotated(t *testing.T) {
	t.Parallel()
	for _, n := range []string{
		"a.log.1", "a.log.2.gz", "a.log-20261123", "a.log-20261122.zst", "a-20261123.log", "a-20261121.log.xz", "a.log.gz", "a.log.2026-11-23T10:00",
		"a.1.log", "a.2.log.gz", "a.log-1763900000.bz2",
	} {
		if !isRotated(n, "a.log") {
			t.Errorf("%s is not told to be a.log, rotated", n)
		}
	}
	for _, n := range []string{
		"a.log", "b.log", "aa.log", "a.log.old", "a.log1", "a.log.", "a.log-", "a.logs", ".a.log.1", "a.log.1x", ".gz", "a-1.log", "a1.log", "a.log-1",
	} {
		if isRotated(n, "a.log") {
			t.Errorf("%s is told to be a.log, rotated", n)
		}
	}
	if !isRotated("a-20261123.log.gz", "a-20261123.log") {
		t.Error("a log that is itself named with a date is not found compressed")
	}
}

func TestParseName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]Name{
		"access.log":                      {Log: "access.log"},
		"access.log.1":                    {Log: "access.log", Number: 1},
		"access.log.10.gz":                {Log: "access.log", Number: 10, Packed: true},
		"access_log.1":                    {Log: "access_log", Number: 1},
		"access_log":                      {Log: "access_log"},
		"access.log-20261123":             {Log: "access.log", Date: "20261123"},
		"access.log-20261123.gz":          {Log: "access.log", Date: "20261123", Packed: true},
		"access.log-2026112310.zst":       {Log: "access.log", Date: "2026112310", Packed: true},
		"access-20261123.log":             {Log: "access.log", Date: "20261123"},
		"access-20261123.log.1":           {Log: "access.log", Date: "20261123", Number: 1},
		"access.2026-11-23.log":           {Log: "access.log", Date: "20261123"},
		"access.2026-11-23.1.log.bz2":     {Log: "access.log", Date: "20261123", Number: 1, Packed: true},
		"app-2026-11-23-1.log.xz":         {Log: "app.log", Date: "20261123", Number: 1, Packed: true},
		"app.log.2026-11-23_10-00":        {Log: "app.log", Date: "202611231000"},
		"access_log.2026.11.23":           {Log: "access_log", Date: "20261123"},
		"access20261123.log":              {Log: "access.log", Date: "20261123"},
		"app-2026-11-23T18-30-00.000.log": {Log: "app.log", Date: "20261123183000000"},
		"0.log.20261123-101010":           {Log: "0.log", Date: "20261123101010"},
		"0.log.20261123-101010.gz":        {Log: "0.log", Date: "20261123101010", Packed: true},
		"access.log-1763900000":           {Log: "access.log", Date: "1763900000"},
		"localhost_access.2026-11-23.txt": {Log: "localhost_access.txt", Date: "20261123"},
		"access.gz":                       {Log: "access", Packed: true},
		// Logs of their own.
		"api-1.log":       {Log: "api-1.log"},
		"api-2.log.1":     {Log: "api-2.log", Number: 1},
		"node.1.log":      {Log: "node.1.log"},
		"worker.1.log":    {Log: "worker.log", Number: 1}, // there is a worker.log
		"0.log":           {Log: "0.log"},
		"1.log":           {Log: "1.log"},
		"20261123.log":    {Log: "20261123.log"},
		"10.0.0.1":        {Log: "10.0.0.1"},
		"host-10.0.0.1":   {Log: "host-10.0.0.1"},
		"error.log.old":   {Log: "error.log.old"},
		"v2.log":          {Log: "v2.log"},
		"req-20269999":    {Log: "req-20269999"},
		"id120261123.log": {Log: "id120261123.log"},
		".1":              {Log: ".1"},
		".gz":             {Log: ".gz"},
		"":                {},
	} {
		got := ParseName(name, func(s string) bool { return s == "worker.log" })
		got.forms = nil
		if got.Log != want.Log || got.Date != want.Date || got.Number != want.Number || got.Packed != want.Packed {
			t.Errorf("%q is %+v, want %+v", name, got, want)
		}
	}
}

// TestOrderOfRotation puts the files of a log in the order in which they were written.
func TestOrderOfRotation(t *testing.T) {
	t.Parallel()
	for _, want := range [][]string{
		{"a.log.10.gz", "a.log.9.gz", "a.log.2", "a.log.1", "a.log"},
		{"a.log-20261121.gz", "a.log-20261122", "a.log"},
		{"a-20261121.1.log", "a-20261121.2.log", "a-20261122.1.log", "a.log"},
		{"0.log.20261123-101010.gz", "0.log.20261123-111010", "0.log"},
	} {
		got := slices.Clone(want)
		slices.SortFunc(got, func(a, b string) int {
			return ParseName(a, nil).Compare(ParseName(b, nil))
		})
		if !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
}

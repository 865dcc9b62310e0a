package api

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// listOf says "none here", "there is a", or "there are a, b".
func listOf(one, many string, items []string) string {
	switch len(items) {
	case 0:
		return "there is none"
	case 1:
		return one + " " + items[0]
	default:
		return many + " " + strings.Join(items, ", ")
	}
}

// cut returns s without what a message cannot bear.
func cut(s string) string {
	q := quote(s)
	return q[1 : len(q)-1]
}

// thousands writes n with commas: 412,310.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// percent writes a share of 0 to 1 for a person: "0.04 %", "1.9 %", "62 %".
func percent(share float64) string {
	p := share * 100
	digits := 0
	switch {
	case p != 0 && p < 0.1:
		digits = 2
	case p != 0 && p < 10:
		digits = 1
	}
	return strconv.FormatFloat(p, 'f', digits, 64) + " %"
}

package api

import (
	"maps"
	"slices"
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

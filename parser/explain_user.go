package parser

import (
	"fmt"
	"maps"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"hangup/event"
)

// explain implements explainer: the first parts of the pattern that still match say how far it goes.
func (g *userReader) explain(line string) stop {
	if len(line) > maxUserLine {
		return stop{-1, 0, fmt.Sprintf("a line of less than %d KiB", maxUserLine>>10)}
	}
	if g.match(line) {
		return g.explainValues(g.format.expr.FindStringSubmatchIndex(line))
	}
	tree, err := syntax.Parse(g.format.expr.String(), syntax.Perl)
	if err != nil || tree.Op != syntax.OpConcat {
		return stop{0, 0, "what matches " + g.format.expr.String()}
	}
	for k, next := range slices.Backward(tree.Sub) {
		at := 0
		if k > 0 {
			part := &syntax.Regexp{Op: syntax.OpConcat, Flags: tree.Flags, Sub: tree.Sub[:k]}
			expr, err := regexp.Compile(part.String())
			if err != nil {
				break
			}
			found := expr.FindStringIndex(line)
			if found == nil {
				continue
			}
			at = found[1]
		}
		if next.Op == syntax.OpLiteral && next.Flags&syntax.FoldCase == 0 {
			text := string(next.Rune)
			n := commonPrefix(line[at:], text)
			return stop{at + n, at + n, fmt.Sprintf("%q of its pattern", text[n:])}
		}
		return stop{at, at, "what matches " + next.String() + " of its pattern"}
	}
	return stop{0, 0, "what matches " + g.format.expr.String()}
}

// explainValues says which value of a line that matches is none.
func (g *userReader) explainValues(at []int) stop {
	for i, field := range g.format.groups {
		if field < 0 || at[2*i] < 0 {
			continue
		}
		if field == ufTime && !g.time(&event.Record{}) {
			return stop{at[2*i], at[2*i], "a time, written as the format's definition says"}
		}
		one := userReader{format: g.format, values: make([]string, len(g.values))}
		one.values[field] = g.values[field]
		if !one.numbers(&event.Event{}) {
			return stop{at[2*i], at[2*i], userFieldNames[field] + ", which is a number"}
		}
	}
	return stop{-1, 0, "values that its fields can have"}
}

// explain implements explainer.
func (g *userJSON) explain(line string) stop {
	if s := compareJSON(line, `{"":0}`); s.at >= 0 { // it is no JSON
		if !strings.HasPrefix(strings.TrimSpace(line), "{") {
			s.expected = "a JSON object"
		}
		return s
	}
	keys := slices.Sorted(maps.Keys(g.format.keys.places))
	return stop{-1, 1, fmt.Sprintf("values of the keys that its definition names, %d at least: %s", g.format.least, strings.Join(keys, ", "))}
}

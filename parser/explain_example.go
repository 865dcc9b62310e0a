package parser

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// compareShape says how far a text looks like the example of a format: a word stands for any word, a number for any
// number. Of JSON it says where it is none, or which of the example's keys are missing.
func compareShape(text, example string) stop {
	if strings.HasPrefix(example, "{") {
		return compareJSON(text, example)
	}
	example, _, _ = strings.Cut(example, "\n")
	i, j := 0, 0
	for i < len(text) && j < len(example) {
		a := shapeOf(text[i])
		if a != shapeOf(example[j]) {
			break
		}
		i, j = i+1, j+1
		if a == 'a' || a == '0' {
			for i < len(text) && shapeOf(text[i]) == a {
				i++
			}
			for j < len(example) && shapeOf(example[j]) == a {
				j++
			}
		}
	}
	return stop{i, i, "what looks like this: " + example}
}

// shapeOf returns a letter for any letter, a digit for any digit.
func shapeOf(c byte) byte {
	switch {
	case isDigit(c):
		return '0'
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= utf8.RuneSelf:
		return 'a'
	}
	return c
}

func compareJSON(text, example string) stop {
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		return stop{0, 0, "a JSON object, such as " + example}
	}
	var have, want map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &have); err != nil {
		if s, ok := errors.AsType[*json.SyntaxError](err); ok {
			at := min(max(int(s.Offset)-1, 0), len(text))
			return stop{at, at, "JSON: " + err.Error()}
		}
		return stop{0, 0, "a JSON object: " + err.Error()}
	}
	if json.Unmarshal([]byte(example), &want) != nil || len(want) == 0 {
		return stop{at: -1, near: -1}
	}
	var missing []string
	for k := range want {
		if _, ok := have[k]; !ok {
			missing = append(missing, k)
		}
	}
	slices.Sort(missing)
	s := stop{at: -1, near: len(text) * (len(want) - len(missing)) / len(want), expected: "values as in " + example}
	if len(missing) > 0 {
		s.expected = "the keys " + strings.Join(missing, ", ") + ", as in " + example
	}
	return s
}

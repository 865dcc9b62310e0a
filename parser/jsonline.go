package parser

import (
	"strings"
)

// jsonKind is the type of a JSON value.
type jsonKind uint8

const (
	jsonNone   jsonKind = iota
	jsonString          // raw is what stands between the quotes
	jsonNumber          // as it stands
	jsonBool
	jsonNull
	jsonArray // raw is the whole array with its brackets
)

// jsonValue is a value as it stands in the line.
type jsonValue struct {
	raw  string
	kind jsonKind
}

// String returns the value as text: strings with their escaping undone, numbers, true and false as they stand, the
// first member of an array when it is one of these, else "". Without escaping it is a part of the line.
func (v jsonValue) String() string {
	switch v.kind {
	case jsonString:
		return escapeJSON.unescape(v.raw)
	case jsonNumber, jsonBool:
		return v.raw
	case jsonArray:
		return firstMember(v.raw).String()
	case jsonNone, jsonNull:
	}
	return ""
}

func firstMember(array string) jsonValue {
	i := jsonSpace(array, 1)
	if i < len(array) && array[i] != '{' && array[i] != '[' {
		if v, _ := jsonScalar(array, i); v.kind != jsonArray {
			return v
		}
	}
	return jsonValue{}
}

// Bounds of what is remembered of a log's keys, and of how deep objects are followed. What is deeper is passed over.
const (
	jsonMaxKeys  = 2048
	jsonMaxKey   = 512
	jsonMaxDepth = 24
)

// jsonPlacesMax bounds the places of a table: given has a bit for each.
const jsonPlacesMax = 64

// jsonScanner reads JSON objects of one line each, in place. The lines of a log have the same keys in the same order
// nearly always, so it remembers which key came behind which: a key costs one comparison. It allocates nothing once
// it knows a log's keys.
//
// With a table of keys it keeps the value of each of them (get), with a visitor it tells all (fields). Keys of nested
// objects are joined by dots, {"request":{"uri":"/"}} has the key request.uri, and so has {"request.uri":"/"}.
type jsonScanner struct {
	table *jsonTable // nil for a visitor

	values [jsonPlacesMax]jsonValue
	given  uint64 // bit 1<<id: values[id] is set

	escapes bool // the line may have values with escapes
	texts   texts

	visit func(key string, v jsonValue)

	root *jsonNode
	keys int // nodes that are remembered
}

// jsonNode is a key that was seen, in its object.
type jsonNode struct {
	key  string // between its quotes
	path string // with the keys of the objects around it
	id   uint8  // its place in values
	stem bool   // keys of the table begin with it

	first, next *jsonNode            // the key that came first in its object, and behind it in the object around it
	members     map[string]*jsonNode // of its object
}

// jsonTable is a table of keys. It is made once for all scanners of a format.
type jsonTable struct {
	places map[string]uint8 // from a key to its place in values, from 1; several keys may have the same
	stems  map[string]bool  // what stands before a dot in the keys
}

func newJSONTable(places map[string]uint8) *jsonTable {
	t := &jsonTable{places, map[string]bool{}}
	for key, id := range places {
		if int(id) >= jsonPlacesMax {
			panic("parser: too many keys for " + key)
		}
		for i := range len(key) {
			if key[i] == '.' {
				t.stems[key[:i]] = true
			}
		}
	}
	return t
}

// newJSONScanner makes a scanner that keeps the values of the keys of a table.
func newJSONScanner(t *jsonTable) *jsonScanner { return &jsonScanner{table: t} }

// jsonFields calls visit with each value of a JSON object that is no object: keys dotted, values as text (see
// jsonValue). It returns false when the line is no JSON object; some values may have been told by then. Who reads many
// lines keeps a jsonScanner and calls its fields.
func jsonFields(line string, visit func(key, value string)) bool {
	var j jsonScanner
	return j.fields(line, func(key string, v jsonValue) { visit(key, v.String()) })
}

// fields calls visit with each value of the line's object that is no object, and its dotted key. Arrays are given whole.
// It returns false when the line is no JSON object; some values may have been told by then.
func (j *jsonScanner) fields(line string, visit func(key string, v jsonValue)) bool {
	j.visit = visit
	ok := j.scan(line)
	j.visit = nil
	return ok
}

// scan reads a line. It returns false when it is no JSON object. Of a key that comes several times the first value
// that is not empty counts.
func (j *jsonScanner) scan(line string) bool {
	j.given, j.escapes = 0, strings.IndexByte(line, '\\') >= 0
	if j.root == nil || j.keys > jsonMaxKeys {
		j.root, j.keys = &jsonNode{stem: true}, 0
	}
	i := jsonSpace(line, 0)
	if i == len(line) || line[i] != '{' {
		return false
	}
	i, ok := j.object(line, i+1, j.root, 0)
	return ok && jsonSpace(line, i) == len(line)
}

// has says whether the last line had one of the keys with this place.
func (j *jsonScanner) has(id uint8) bool { return j.given&(1<<id) != 0 }

// value returns the value of the last line.
func (j *jsonScanner) value(id uint8) jsonValue {
	if !j.has(id) {
		return jsonValue{}
	}
	return j.values[id]
}

// get returns the value of the last line as text.
func (j *jsonScanner) get(id uint8) string {
	if !j.has(id) {
		return ""
	}
	v := &j.values[id]
	switch {
	case v.kind == jsonString && j.escapes:
		return j.texts.unescape(escapeJSON, v.raw)
	case v.kind == jsonString:
		return v.raw
	}
	return v.String()
}

// object reads what follows the opening brace and returns where the object ends.
func (j *jsonScanner) object(s string, i int, in *jsonNode, depth int) (end int, ok bool) {
	if i = jsonSpace(s, i); i < len(s) && s[i] == '}' {
		return i + 1, true
	}
	guess := &in.first
	for i < len(s) && s[i] == '"' {
		i++
		n := *guess
		if n != nil && len(s)-i > len(n.key) && s[i:i+len(n.key)] == n.key && s[i+len(n.key)] == '"' {
			i += len(n.key) + 1
		} else {
			from := i
			if i = jsonQuote(s, i); i < 0 {
				return 0, false
			}
			n = j.member(in, s[from:i])
			*guess = n
			i++
		}
		guess = &n.next
		if i = jsonSpace(s, i); i == len(s) || s[i] != ':' {
			return 0, false
		}
		if i = jsonSpace(s, i+1); i == len(s) {
			return 0, false
		}
		if s[i] != '{' {
			var v jsonValue
			if v, i = jsonScalar(s, i); v.kind == jsonNone {
				return 0, false
			}
			j.take(n, v)
		} else if depth < jsonMaxDepth && (n.stem || j.visit != nil) {
			if i, ok = j.object(s, i+1, n, depth+1); !ok {
				return 0, false
			}
		} else if i = jsonPass(s, i); i < 0 {
			return 0, false
		}
		i = jsonSpace(s, i)
		switch {
		case i == len(s):
			return 0, false
		case s[i] == '}':
			return i + 1, true
		case s[i] != ',':
			return 0, false
		}
		i = jsonSpace(s, i+1)
	}
	return 0, false
}

func (j *jsonScanner) take(n *jsonNode, v jsonValue) {
	if j.visit != nil {
		j.visit(n.path, v)
	}
	if n.id != 0 && (j.given&(1<<n.id) == 0 || j.values[n.id].raw == "" || j.values[n.id].kind == jsonNull) {
		j.values[n.id] = v
		j.given |= 1 << n.id
	}
}

// member finds a key of an object, or makes a node for it.
func (j *jsonScanner) member(in *jsonNode, key string) *jsonNode {
	if n := in.members[key]; n != nil {
		return n
	}
	n := &jsonNode{key: strings.Clone(key)}
	n.path = escapeJSON.unescape(n.key)
	if in.path != "" {
		n.path = in.path + "." + n.path
	}
	if j.table != nil {
		n.id, n.stem = j.table.places[n.path], j.table.stems[n.path]
	}
	if j.keys++; j.keys > jsonMaxKeys || len(n.path) > jsonMaxKey { // remembered by its neighbour only
		return n
	}
	if in.members == nil {
		in.members = make(map[string]*jsonNode)
	}
	in.members[n.key] = n
	return n
}

// jsonScalar reads a value that is no object. Arrays are checked no further than that their brackets and quotes match.
func jsonScalar(s string, i int) (v jsonValue, end int) {
	switch s[i] {
	case '"':
		if end = jsonQuote(s, i+1); end < 0 {
			return v, 0
		}
		return jsonValue{s[i+1 : end], jsonString}, end + 1
	case '[':
		if end = jsonPass(s, i); end < 0 {
			return v, 0
		}
		return jsonValue{s[i:end], jsonArray}, end
	}
	end = i
	for end < len(s) && (s[end]-'0' <= 9 || s[end]|0x20 >= 'a' && s[end]|0x20 <= 'z' || s[end] == '.' || s[end] == '-' || s[end] == '+') {
		end++
	}
	switch raw := s[i:end]; {
	case raw == "":
	case isDigit(raw[0]) || raw[0] == '-' && len(raw) > 1 && isDigit(raw[1]):
		return jsonValue{raw, jsonNumber}, end
	case raw == "true" || raw == "false":
		return jsonValue{raw, jsonBool}, end
	case raw == "null":
		return jsonValue{raw, jsonNull}, end
	}
	return v, 0
}

// jsonQuote finds the quote that ends the string that begins at s[i], -1 when there is none. Newlines are no part of
// a string.
func jsonQuote(s string, i int) int {
	from := i
	for {
		n := strings.IndexByte(s[i:], '"')
		if n < 0 {
			return -1
		}
		i += n
		if i == from || s[i-1] != '\\' {
			return i
		}
		back := i - 1 // a quote behind an odd number of backslashes is content
		for back > from && s[back-1] == '\\' {
			back--
		}
		if (i-back)%2 == 0 {
			return i
		}
		i++
		from = i
	}
}

// jsonPass finds the end of an object or an array that is passed over, -1 when its brackets and quotes do not match.
func jsonPass(s string, i int) int {
	depth := 0
	for i < len(s) {
		switch s[i] {
		case '"':
			if i = jsonQuote(s, i+1); i < 0 {
				return -1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return -1
}

func jsonSpace(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\r' || s[i] == '\n') {
		i++
	}
	return i
}

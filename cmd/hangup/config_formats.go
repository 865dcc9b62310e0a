package main

import (
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	yamlparser "github.com/goccy/go-yaml/parser"

	"hangup/event"
	"hangup/parser"
)

// formatConfig is a format that the user defines; see parser.UserFormat.
type formatConfig struct {
	Pattern    string           `yaml:"pattern"`
	JSON       map[string]texts `yaml:"json"`
	Time       texts            `yaml:"time"`
	TimeZone   string           `yaml:"timezone"`
	Disconnect []ruleConfig     `yaml:"disconnect"`
	Example    string           `yaml:"example"`
}

type ruleConfig struct {
	When  map[string]texts `yaml:"when"`
	Party string           `yaml:"party"`
	How   string           `yaml:"how"`
	Phase string           `yaml:"phase"`
}

// texts are one value or a list of them, each as it is written.
type texts []string

// UnmarshalYAML takes a scalar, or a list of scalars.
func (t *texts) UnmarshalYAML(n ast.Node) error {
	list := []ast.Node{n}
	if s, ok := n.(*ast.SequenceNode); ok {
		list = s.Values
	}
	for _, v := range list {
		scalar, ok := v.(ast.ScalarNode)
		if !ok {
			return &yaml.SyntaxError{Message: "a value or a list of values must stand here", Token: v.GetToken()}
		}
		switch v := scalar.(type) {
		case *ast.LiteralNode: // a block of lines
			*t = append(*t, v.Value.Value)
		default:
			*t = append(*t, v.GetToken().Value)
		}
	}
	return nil
}

// userFormats checks the formats of the configuration. Errors name the line in source, the file's text.
func (c config) userFormats(path string, source []byte) (*parser.UserFormats, error) {
	var list []parser.UserFormat
	for _, name := range slices.Sorted(maps.Keys(c.Formats)) {
		u, err := c.Formats[name].define(name)
		if err != nil {
			return nil, placed(path, source, err)
		}
		list = append(list, u)
	}
	set, err := parser.DefineFormats(list)
	if err != nil {
		return nil, placed(path, source, err)
	}
	return set, nil
}

func (f formatConfig) define(name string) (parser.UserFormat, error) {
	fault := func(err error, key ...string) (parser.UserFormat, error) {
		return parser.UserFormat{}, &parser.DefinitionError{Format: name, Key: key, Err: err}
	}
	u := parser.UserFormat{Name: name, Pattern: f.Pattern, Time: f.Time, Example: f.Example}
	if len(f.JSON) > 0 {
		u.JSON = map[string][]string{}
		for field, keys := range f.JSON {
			u.JSON[field] = keys
		}
	}
	if f.TimeZone != "" {
		var err error
		if u.Zone, err = time.LoadLocation(f.TimeZone); err != nil {
			return fault(fmt.Errorf("%q is not an IANA time zone such as Europe/Berlin", f.TimeZone), "timezone")
		}
	}
	for i, r := range f.Disconnect {
		rule := parser.UserRule{When: map[string][]string{}}
		for field, values := range r.When {
			rule.When[field] = values
		}
		at := []string{"disconnect", strconv.Itoa(i)}
		if r.Party == "" {
			return fault(errors.New("party is missing: client, upstream, server or unknown; none for records that are no disconnects"), at...)
		}
		for _, v := range []struct {
			key, text string
			to        encoding.TextUnmarshaler
		}{{"party", r.Party, &rule.Party}, {"how", r.How, &rule.How}, {"phase", r.Phase, &rule.Phase}} {
			if v.text == "" || v.text == "none" && v.key == "party" {
				continue
			}
			if v.to.UnmarshalText([]byte(v.text)) != nil {
				names := namesOf[v.key]
				return fault(fmt.Errorf("%q is not known; did you mean %s? It is one of %s", v.text, nearestName(v.text, names),
					strings.Join(names, ", ")), append(at, v.key)...)
			}
		}
		u.Rules = append(u.Rules, rule)
	}
	return u, nil
}

var namesOf = map[string][]string{
	"party": {event.PartyClient.String(), event.PartyUpstream.String(), event.PartyServer.String(), event.PartyUnknown.String(), "none"},
	"how": {
		event.HowBrokenPipe.String(), event.HowReset.String(), event.HowAborted.String(), event.HowClosed.String(),
		event.HowTimeout.String(), event.HowUnknown.String(),
	},
	"phase": {
		event.PhaseRequest.String(), event.PhaseWaiting.String(), event.PhaseResponse.String(), event.PhaseIdle.String(),
		event.PhaseUnknown.String(),
	},
}

// placed makes a usage error of what is wrong with a user's format, with the file and the line.
func placed(path string, source []byte, err error) error {
	at := path
	if d, ok := errors.AsType[*parser.DefinitionError](err); ok {
		at = path + lineOf(source, append([]string{"formats", d.Format}, d.Key...))
	}
	return usageError{fmt.Errorf("%s: %w", at, err)}
}

// lineOf returns ":12" for the line at which a key stands, or the nearest key around it that is there; "" for none.
func lineOf(source []byte, key []string) string {
	file, err := yamlparser.ParseBytes(source, 0)
	if err != nil {
		return ""
	}
	for ; len(key) > 0; key = key[:len(key)-1] {
		b := (&yaml.PathBuilder{}).Root()
		for _, k := range key {
			if n, err := strconv.ParseUint(k, 10, 32); err == nil {
				b = b.Index(uint(n))
			} else {
				b = b.Child(k)
			}
		}
		if n, err := b.Build().FilterFile(file); err == nil && n != nil {
			return ":" + strconv.Itoa(firstLine(n))
		}
	}
	return ""
}

// firstLine returns the line at which a node begins: that of its first key or value.
func firstLine(n ast.Node) int {
	switch n := n.(type) {
	case *ast.MappingNode:
		if len(n.Values) > 0 {
			return n.Values[0].Key.GetToken().Position.Line
		}
	case *ast.MappingValueNode:
		return n.Key.GetToken().Position.Line
	default:
	}
	return n.GetToken().Position.Line
}

// nearestName returns the name that is most like one that does not exist.
func nearestName(name string, among []string) string {
	return slices.MinFunc(among, func(a, b string) int {
		return cmp.Compare(levenshtein.ComputeDistance(name, a), levenshtein.ComputeDistance(name, b))
	})
}

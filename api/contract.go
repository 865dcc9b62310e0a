package api

import (
	_ "embed"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/labstack/echo/v4"

	"hangup/answer"
)

//go:generate go tool -modfile=../tools/go.mod oapi-codegen -config oapi-codegen.yaml openapi.yaml

//go:embed openapi.yaml
var openapi []byte

// Where the contract is served.
const (
	contractYAML = "/api/v1/openapi.yaml"
	contractJSON = "/api/v1/openapi.json"
)

// contract is what the service itself needs of openapi.yaml: the parameters of each operation.
type contract struct {
	Paths map[string]map[string]struct {
		OperationID string      `yaml:"operationId"`
		Parameters  []parameter `yaml:"parameters"`
	} `yaml:"paths"`
	Components struct {
		Parameters map[string]parameter `yaml:"parameters"`
	} `yaml:"components"`
}

type parameter struct {
	Ref    string `yaml:"$ref"`
	Name   string `yaml:"name"`
	In     string `yaml:"in"`
	Schema schema `yaml:"schema"`
}

type schema struct {
	Type      string   `yaml:"type"`
	Enum      []string `yaml:"enum"`
	Minimum   *int64   `yaml:"minimum"`
	Maximum   *int64   `yaml:"maximum"`
	MaxLength *int     `yaml:"maxLength"`
	MaxItems  *int     `yaml:"maxItems"`
	Items     *schema  `yaml:"items"`
}

// checks holds the query parameters of each path, by the path as Echo writes it.
type checks map[string]map[string]schema

// readContract reads the embedded contract: the checks of its parameters, and the whole as JSON.
func readContract() (checks, []byte, error) {
	var c contract
	if err := yaml.Unmarshal(openapi, &c); err != nil {
		return nil, nil, fmt.Errorf("read the contract: %w", err)
	}
	asJSON, err := yaml.YAMLToJSON(openapi)
	if err != nil {
		return nil, nil, fmt.Errorf("write the contract as JSON: %w", err)
	}
	out := checks{}
	for path, operations := range c.Paths {
		params := map[string]schema{}
		for _, o := range operations {
			for _, p := range o.Parameters {
				if name, ok := strings.CutPrefix(p.Ref, "#/components/parameters/"); ok {
					p = c.Components.Parameters[name]
				}
				if p.In == "query" {
					params[p.Name] = p.Schema
				}
			}
		}
		out[echoPath(path)] = params
	}
	return out, asJSON, nil
}

// echoPath writes a path of the contract as Echo does: "/routes/{id}" is "/routes/:id".
func echoPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

// middleware refuses requests whose query is not as the contract says, before any handler sees it.
func (k checks) middleware(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		params, ok := k[c.Path()]
		if !ok {
			return next(c)
		}
		query, err := url.ParseQuery(c.Request().URL.RawQuery)
		if err != nil {
			return &badRequest{[]ProblemError{{Detail: "the query is not written as RFC 3986 says: check its % signs and use & between parameters"}}}
		}
		var wrong []ProblemError
		for _, name := range sortedKeys(query) {
			s, ok := params[name]
			detail := ""
			if ok {
				detail = s.checkAll(query[name])
			} else {
				detail = "there is no such parameter here; " + listOf("there is", "there are", sortedKeys(params))
				name = answer.Escape(name)
			}
			if detail != "" {
				wrong = append(wrong, ProblemError{Param: &name, Detail: detail})
			}
		}
		if len(wrong) > 0 {
			return &badRequest{wrong}
		}
		return next(c)
	}
}

func (s schema) checkAll(values []string) string {
	if s.Type != "array" {
		if len(values) > 1 {
			return fmt.Sprintf("it is given %d times and may be given once", len(values))
		}
		return s.check(values[0])
	}
	if s.MaxItems != nil && len(values) > *s.MaxItems {
		return fmt.Sprintf("it is given %d times and may be given %d times", len(values), *s.MaxItems)
	}
	for _, v := range values {
		if detail := s.Items.check(v); detail != "" {
			return detail
		}
	}
	return ""
}

// check returns what is wrong with a value, or "".
func (s schema) check(v string) string {
	if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
		return "it is not valid UTF-8, or holds NUL"
	}
	if s.MaxLength != nil && utf8.RuneCountInString(v) > *s.MaxLength {
		return fmt.Sprintf("it is longer than %d characters", *s.MaxLength)
	}
	switch s.Type {
	case "integer":
		n, err := strconv.ParseInt(v, 10, 32)
		switch {
		case err != nil:
			return quote(v) + " is not a whole number" + s.bounds()
		case s.Minimum != nil && n < *s.Minimum, s.Maximum != nil && n > *s.Maximum:
			return v + " is not" + s.bounds()
		}
	case "boolean":
		if v != "true" && v != "false" {
			return quote(v) + " is neither true nor false"
		}
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, v) {
		return quote(v) + " is not one of " + strings.Join(s.Enum, ", ")
	}
	return ""
}

func (s schema) bounds() string {
	if s.Minimum == nil || s.Maximum == nil {
		return ""
	}
	return fmt.Sprintf(" from %d to %d", *s.Minimum, *s.Maximum)
}

// serveContract gives the contract away.
func serveContract(e *echo.Echo, asJSON []byte) {
	e.GET(contractYAML, func(c echo.Context) error { return c.Blob(http.StatusOK, "application/yaml", openapi) })
	e.GET(contractJSON, func(c echo.Context) error { return c.Blob(http.StatusOK, echo.MIMEApplicationJSON, asJSON) })
}

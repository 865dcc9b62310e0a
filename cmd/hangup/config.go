package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"hangup/ingest"
	"hangup/parser"
	"hangup/store"
)

// config is the configuration file. A flag goes before an environment variable, that before this file, that before the
// default.
type config struct {
	Listen   string                  `yaml:"listen"`
	StateDir string                  `yaml:"state_dir"`
	Hosts    []string                `yaml:"hosts"`
	Service  string                  `yaml:"service"`
	Sources  []sourceConfig          `yaml:"sources"`
	Formats  map[string]formatConfig `yaml:"formats"`
	Routes   struct {
		PerPosition int `yaml:"per_position"`
		PerService  int `yaml:"per_service"`
	} `yaml:"routes"`
	Retention struct {
		Minutes  span `yaml:"minutes"`
		Events   span `yaml:"events"`
		Rollups  span `yaml:"rollups"`
		Sessions span `yaml:"sessions"`
	} `yaml:"retention"`
	Log struct {
		Level  string `yaml:"level"`
		Format string `yaml:"format"`
	} `yaml:"log"`

	user  *parser.UserFormats // Formats, checked
	grace time.Duration       // see ingest.Options; tests wait for less
}

// sourceConfig is one log, or the logs that a pattern names.
type sourceConfig struct {
	Path     string `yaml:"path" json:"path"`
	Exclude  texts  `yaml:"exclude,omitempty" json:"exclude,omitempty"`
	Also     texts  `yaml:"also,omitempty" json:"also,omitempty"`
	Since    span   `yaml:"since,omitempty" json:"since,omitempty"`
	Service  string `yaml:"service,omitempty" json:"service,omitempty"`
	Format   string `yaml:"format,omitempty" json:"format,omitempty"`
	Layout   string `yaml:"layout,omitempty" json:"layout,omitempty"`
	TimeZone string `yaml:"timezone,omitempty" json:"timezone,omitempty"`
}

// span is a duration that may be given in days: "36h", "14d".
type span time.Duration

func (s *span) UnmarshalText(b []byte) error {
	var days float64
	if n, err := fmt.Sscanf(string(b)+"|", "%fd|", &days); err == nil && n == 1 && days > 0 {
		*s = span(days * 24 * float64(time.Hour))
		return nil
	}
	d, err := time.ParseDuration(string(b))
	if err != nil || d <= 0 {
		return fmt.Errorf("%q is not a duration such as 14d or 36h", b)
	}
	*s = span(d)
	return nil
}

// readConfig reads the configuration file at path; "" is an empty configuration. Errors are usage errors that name the
// line, and for an unknown key the key that is nearest to it.
func readConfig(path string) (config, error) {
	var c config
	if path == "" {
		return c, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return c, usageError{fmt.Errorf("read the configuration: %w", err)}
	}
	err = yaml.NewDecoder(bytes.NewReader(b), yaml.Strict()).Decode(&c)
	if errors.Is(err, io.EOF) { // an empty file
		return c, nil
	}
	if unknown, ok := errors.AsType[*yaml.UnknownFieldError](err); ok {
		return c, usageError{fmt.Errorf("%s: %s%s", path, yaml.FormatError(err, false, true), suggestKey(unknown.GetToken().Value))}
	}
	if err != nil {
		return c, usageError{fmt.Errorf("%s: %s", path, yaml.FormatError(err, false, true))}
	}
	c.user, err = c.userFormats(path, b)
	return c, err
}

var configKeys = []string{
	"listen", "state_dir", "hosts", "service", "sources", "path", "exclude", "also", "since", "format", "layout", "timezone", "routes", "per_position",
	"per_service", "retention", "minutes", "events", "rollups", "sessions", "log", "level", "formats", "pattern", "json", "time",
	"disconnect", "when", "party", "how", "phase", "example",
}

// suggestKey names the key that is most like one that does not exist.
func suggestKey(key string) string {
	return fmt.Sprintf("\ndid you mean %q? Keys are: %s", nearestName(key, configKeys), strings.Join(configKeys, ", "))
}

// defaultService is the service of logs for which none is named.
const defaultService = "default"

// sources returns what is to be read: the configuration's sources, and files with default settings. It checks all of it,
// so that nothing starts by half.
func (c config) sources(files []string) ([]ingest.Source, error) {
	list := c.Sources
	for _, f := range files {
		list = append(list, sourceConfig{Path: f})
	}
	if len(list) == 0 {
		return nil, usageError{errors.New("no log to read: name log files, or sources in a configuration file (--config)")}
	}
	var out []ingest.Source
	seen := map[string]bool{}
	for _, s := range list {
		src, err := s.source()
		if err == nil && seen[src.Path] {
			err = errors.New("it is named twice")
		}
		seen[src.Path] = true
		src.Service = cmp.Or(s.Service, c.Service, defaultService)
		src.Parser.User = c.user
		if err == nil {
			_, err = parser.New(src.Parser)
		}
		if err != nil {
			return nil, usageError{fmt.Errorf("source %s: %w", s.Path, err)}
		}
		out = append(out, src)
	}
	return out, nil
}

// source checks one source but for its format.
func (s sourceConfig) source() (src ingest.Source, err error) {
	if s.Path == "" {
		return src, errors.New("it has no path")
	}
	src = ingest.Source{Exclude: s.Exclude, Also: s.Also, Since: time.Duration(s.Since)}
	src.Parser = parser.Options{Format: s.Format, Layout: s.Layout}
	if s.TimeZone != "" {
		if src.Parser.Zone, err = time.LoadLocation(s.TimeZone); err != nil {
			return src, fmt.Errorf("%q is not an IANA time zone such as Europe/Berlin", s.TimeZone)
		}
	}
	if _, err := os.Lstat(s.Path); err != nil && ingest.IsPattern(s.Path) { // a file may be named so
		return s.pattern(src)
	}
	if len(s.Exclude) > 0 {
		return src, errors.New("exclude is for patterns, and its path is of one file")
	}
	if src.Path, err = filepath.Abs(s.Path); err != nil {
		return src, err
	}
	if st, err := os.Stat(src.Path); err == nil && st.IsDir() {
		return src, fmt.Errorf("it is a directory: name the log files in it, or a pattern such as %s", filepath.Join(s.Path, "*.log"))
	}
	_, err = os.Stat(filepath.Dir(src.Path))
	return src, err
}

// pattern checks a source that names many files.
func (s sourceConfig) pattern(src ingest.Source) (ingest.Source, error) {
	src.Path, src.Pattern = s.Path, true
	if !filepath.IsAbs(s.Path) {
		here, err := os.Getwd()
		if err != nil {
			return src, err
		}
		src.Path = quotePattern.Replace(here) + "/" + s.Path
	}
	src.Path = filepath.Clean(src.Path)
	if err := ingest.CheckPattern(src.Path); err != nil {
		return src, err
	}
	base := src.Path
	for ingest.IsPattern(base) {
		base = filepath.Dir(base)
	}
	if _, err := os.Stat(base); err != nil && s.Path == src.Path {
		return src, err
	}
	for _, x := range s.Exclude {
		if err := ingest.CheckPattern(x); err != nil {
			return src, fmt.Errorf("exclude: %w", err)
		}
		if strings.Contains(x, "/") && !filepath.IsAbs(x) {
			return src, fmt.Errorf("exclude: %q is neither a name, as debug*.log, nor an absolute path, as /var/log/**/debug*.log", x)
		}
	}
	return src, nil
}

// quotePattern takes the meaning from the characters that stand for others.
var quotePattern = strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, "{", `\{`)

// retention returns how long data are kept.
func (c config) retention() store.Retention {
	r := store.DefaultRetention()
	r.Minutes = cmp.Or(time.Duration(c.Retention.Minutes), r.Minutes)
	r.Events = cmp.Or(time.Duration(c.Retention.Events), r.Events)
	r.Rollups = cmp.Or(time.Duration(c.Retention.Rollups), r.Rollups)
	r.Sessions = cmp.Or(time.Duration(c.Retention.Sessions), r.Sessions)
	return r
}

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"hangup/discover"
	"hangup/parser"
)

// discovery is what a server's configuration says of its logs.
type discovery struct {
	Config   string          `json:"config"`
	Logs     []discoveredLog `json:"logs"`
	Problems []string        `json:"problems,omitempty"` // what could not be read
}

// discoveredLog is a log, and what is to be known before it is read.
type discoveredLog struct {
	Path    string        `json:"path"`
	Kind    string        `json:"kind"` // "access log" or "error log"
	Name    string        `json:"name,omitempty"`
	Level   string        `json:"level,omitempty"`
	Servers []string      `json:"servers,omitempty"`
	Place   string        `json:"place"`
	Size    *int64        `json:"size,omitempty"` // in bytes; absent when there is no readable file
	Notes   []string      `json:"notes,omitempty"`
	Source  *sourceConfig `json:"source,omitempty"` // as the configuration of Hangup takes it; absent when it cannot be read as it is
}

// isServerConfig says whether a name is of a server's configuration rather than of a log.
func isServerConfig(path string) bool {
	if strings.HasSuffix(path, ".conf") {
		return true
	}
	_, err := os.Stat(filepath.Join(path, "nginx.conf"))
	return err == nil
}

// discoverLogs reads a server's configuration.
func discoverLogs(path string) (discovery, error) {
	logs, problems, err := discover.Nginx(path)
	if err != nil {
		return discovery{}, usageError{err}
	}
	d := discovery{Config: path}
	for _, l := range logs {
		d.Logs = append(d.Logs, describeLog(l))
	}
	for _, p := range problems {
		d.Problems = append(d.Problems, p.Error())
	}
	return d, nil
}

const accessLog = "access log"

// describeLog says whether a log can be read, and what it hides.
func describeLog(l discover.Log) discoveredLog {
	d := discoveredLog{Path: l.Path, Kind: accessLog, Name: l.Name, Level: l.Level, Servers: l.Servers, Place: l.Place}
	note := func(format string, args ...any) { d.Notes = append(d.Notes, fmt.Sprintf(format, args...)) }
	s := &sourceConfig{Path: l.Path}
	switch {
	case l.Error:
		d.Kind, s.Format = "error log", "nginx-error"
		if levels[l.Level] > levels["info"] || levels[l.Level] == 0 {
			note("hides every client that hangs up: nginx tells it at the level info; write: error_log %s info;", l.Path)
		}
	case l.Layout == "":
		note("the configuration does not define the format %s: it will be detected", l.Name)
	default:
		if l.Name == "combined" {
			s.Format = "nginx-combined"
		} else {
			s.Layout = l.Layout
		}
		if _, err := parser.New(parser.Options{Layout: s.Layout, Format: s.Format}); err != nil {
			note("the format cannot be read: %v", err)
			s = nil
		} else if a, ok := parser.Advise("nginx", l.Layout); ok {
			note("hides %s; %s", a.Hides, a.Config)
		}
		if !strings.Contains(l.Layout, "$request_id") {
			note("has no $request_id: reports of applications are joined to its requests by client, path and time alone")
		}
	}
	if l.If != "" {
		note("only requests with %s are logged: rates are of those", l.If)
	}
	switch st, err := os.Stat(l.Path); {
	case strings.HasPrefix(l.Path, "syslog:"):
		note("goes to syslog: name the file that syslog writes")
		s = nil
	case l.Path == "stderr" || strings.HasPrefix(l.Path, "/dev/"):
		note("goes to the container's or the service's output: name the file that the container runtime or journald writes")
		s = nil
	case strings.HasPrefix(l.Path, "memory:"):
		note("is kept in nginx's memory and cannot be read")
		s = nil
	case strings.Contains(l.Path, "$"):
		note("the path has variables: name the files that nginx makes of it")
		s = nil
	case l.Gzip:
		note("is written compressed, which can be read only when it is complete: remove gzip")
		s = nil
	case !filepath.IsAbs(l.Path):
		note("the path is relative to nginx's prefix, which nginx -V tells")
		s = nil
	case err != nil:
		note("cannot be read: %v", err)
	case !st.Mode().IsRegular():
		note("is not a file but %s: where it is the container's output, name the file that the container runtime writes", st.Mode().Type())
		s = nil
	default:
		n := st.Size()
		d.Size = &n
		if f, err := os.Open(l.Path); err != nil {
			d.Size = nil
			note("cannot be read: %v; on Debian and Ubuntu its readers are the group adm", err)
		} else {
			_ = f.Close()
		}
	}
	d.Source = s
	return d
}

// levels are those of nginx's error log in rising order, from 1.
var levels = map[string]int{"debug": 1, "info": 2, "notice": 3, "warn": 4, "error": 5, "crit": 6, "alert": 7, "emerg": 8}

// print writes the discovery as a configuration: comments that tell of each log, and the sources.
func (d discovery) print(out io.Writer) error {
	_, err := fmt.Fprintf(out, "# %s names %s\n", d.Config, count(len(d.Logs), "log"))
	for _, p := range d.Problems {
		_, err = fmt.Fprintf(out, "# not read: %q\n", p)
	}
	if !slices.ContainsFunc(d.Logs, func(l discoveredLog) bool { return l.Kind == accessLog }) {
		_, err = fmt.Fprintln(out, "# no access_log: nginx writes the one that it was built with, which nginx -V tells (--http-log-path)")
	}
	if len(d.Logs) > 0 {
		_, err = fmt.Fprintln(out, "sources:")
	}
	for _, l := range d.Logs {
		of := ""
		if len(l.Servers) > 0 {
			of = ", of " + strings.Join(l.Servers[:min(4, len(l.Servers))], " ")
		}
		size := ""
		if l.Size != nil {
			size = fmt.Sprintf(", %d bytes", *l.Size)
		}
		_, err = fmt.Fprintf(out, "  # %s\n", printable(fmt.Sprintf("%s %s%s%s (%s)", l.Kind, cmp.Or(l.Name, l.Level), of, size, l.Place)))
		for _, n := range l.Notes {
			_, err = fmt.Fprintf(out, "  #   %s\n", printable(n))
		}
		if l.Source == nil {
			_, err = fmt.Fprintf(out, "  # - path: %s\n", printable(l.Path))
			continue
		}
		text, yamlErr := yaml.MarshalWithOptions([]sourceConfig{*l.Source}, yaml.Indent(2))
		if yamlErr != nil {
			return yamlErr
		}
		for line := range strings.Lines(string(text)) {
			_, err = fmt.Fprintf(out, "  %s", line)
		}
	}
	return err
}

// write prints the discovery as text or JSON.
func (d discovery) write(out io.Writer, format string) error {
	if format == "json" {
		return json.NewEncoder(out).Encode(d)
	}
	return d.print(out)
}

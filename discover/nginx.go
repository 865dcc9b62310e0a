// Package discover finds logs where servers say that they write them: in their configuration. It reads configuration files
// and nothing else; whether a log exists is for the caller to see.
package discover

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	crossplane "github.com/nginxinc/nginx-go-crossplane"
)

// Log is a log that a configuration names.
type Log struct {
	Path    string   // as it is written there; it may hold variables
	Error   bool     // an error log; else an access log
	Name    string   // of an access log's format, as "combined"
	Layout  string   // of an access log: its format, as parser.Options takes it; "" when the configuration does not define it
	Level   string   // the least level of an error log, as "error"
	Gzip    bool     // written compressed
	If      string   // the condition on which a request is logged; "" for all
	Servers []string // names of the virtual servers that write it; none: the log of all that have no other
	Place   string   // file and line
}

// Nginx reads nginx's configuration, with what it includes: a file, or a directory that holds nginx.conf. It returns
// each log once, in the order of the configuration, and what could not be read of it. The error says that there is
// nothing to read.
// Sources: nginx.org/en/docs/http/ngx_http_log_module.html and ngx_core_module.html#error_log.
func Nginx(path string) (logs []Log, problems []error, err error) {
	if st, err := os.Stat(path); err != nil {
		return nil, nil, err
	} else if st.IsDir() {
		path = filepath.Join(path, "nginx.conf")
	}
	p, err := crossplane.Parse(path, &crossplane.ParseOptions{
		CombineConfigs: true, SkipDirectiveContextCheck: true, SkipDirectiveArgsCheck: true,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", path, err)
	}
	for _, e := range p.Errors {
		problems = append(problems, problem(e))
	}
	w := nginxWalk{formats: map[string]string{"combined": nginxCombined}}
	for _, c := range p.Config {
		w.define(c.Parsed)
		w.collect(c.Parsed, nil, path)
	}
	return w.logs, problems, nil
}

func problem(e crossplane.PayloadError) error {
	at := e.File
	if e.Line != nil {
		at = fmt.Sprintf("%s:%d", e.File, *e.Line)
	}
	if parse, ok := errors.AsType[*crossplane.ParseError](e.Error); ok {
		return fmt.Errorf("%s: %s", at, parse.What)
	}
	return fmt.Errorf("%s: %w", at, e.Error)
}

// nginxCombined is the format that nginx defines itself.
const nginxCombined = `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"`

type nginxWalk struct {
	formats map[string]string
	logs    []Log
}

// define collects the formats, which may stand behind the logs that have them.
func (w *nginxWalk) define(list crossplane.Directives) {
	for _, d := range list {
		if d.Directive == "log_format" && len(d.Args) > 1 {
			text := strings.Join(d.Args[1:], "")
			if strings.HasPrefix(d.Args[1], "escape=") && d.Args[1] != "escape=default" {
				text = d.Args[1] + ` "` + quoted.Replace(strings.Join(d.Args[2:], "")) + `"`
			} else if strings.HasPrefix(d.Args[1], "escape=") {
				text = strings.Join(d.Args[2:], "")
			}
			w.formats[d.Args[0]] = text
		}
		w.define(d.Block)
	}
}

// quoted writes a string as nginx's configuration has it between double quotes.
var quoted = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// collect finds the logs below a block, for virtual servers by their names.
func (w *nginxWalk) collect(list crossplane.Directives, servers []string, file string) {
	for _, d := range list {
		place := fmt.Sprintf("%s:%d", file, d.Line)
		if d.File != "" {
			place = fmt.Sprintf("%s:%d", d.File, d.Line)
		}
		switch {
		case d.Directive == "access_log" && len(d.Args) > 0 && d.Args[0] != "off":
			w.add(w.access(d.Args, place), servers)
		case d.Directive == "error_log" && len(d.Args) > 0:
			l := Log{Path: d.Args[0], Error: true, Level: "error", Place: place}
			if len(d.Args) > 1 {
				l.Level = d.Args[1]
			}
			w.add(l, servers)
		case d.Directive == "server":
			w.collect(d.Block, serverNames(d.Block), file)
		default:
			w.collect(d.Block, servers, file)
		}
	}
}

func (w *nginxWalk) access(args []string, place string) Log {
	l := Log{Path: args[0], Name: "combined", Place: place}
	if len(args) > 1 && !strings.Contains(args[1], "=") && args[1] != "gzip" {
		l.Name = args[1]
	}
	for _, a := range args[1:] {
		key, value, _ := strings.Cut(a, "=")
		switch key {
		case "gzip":
			l.Gzip = true
		case "if":
			l.If = value
		}
	}
	l.Layout = w.formats[l.Name]
	return l
}

// add adds a log, or a server to one that is there.
func (w *nginxWalk) add(l Log, servers []string) {
	for i := range w.logs {
		have := &w.logs[i]
		if have.Path != l.Path || have.Error != l.Error || have.Name != l.Name || have.Level != l.Level {
			continue
		}
		for _, s := range servers {
			if !slices.Contains(have.Servers, s) {
				have.Servers = append(have.Servers, s)
			}
		}
		return
	}
	l.Servers = slices.Clone(servers)
	w.logs = append(w.logs, l)
}

// serverNames returns the names of a virtual server.
func serverNames(block crossplane.Directives) []string {
	for _, d := range block {
		if d.Directive == "server_name" && len(d.Args) > 0 {
			return d.Args
		}
	}
	return []string{"(no name)"}
}

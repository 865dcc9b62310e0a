package parser

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hangup/event"
)

// twins are formats whose lines may be the same: without times behind it gunicorn's access log is combined. Python's
// tracebacks belong to all its formats. Several names stand with blanks between them.
var twins = map[string]string{
	"gunicorn-access": "nginx-combined apache-combined", "apache-combined": "nginx-combined",
	"morgan-combined": "nginx-combined apache-combined",
	anyFormat:         "nginx-error", // whose lines are most
	"nginx-combined":  "varnishncsa", // a request with the whole URL
	"haproxy-http":    "haproxy-tcp", // one stream holds both
	"gunicorn-error":  "python-logging", "django-runserver": "python-logging",
	"werkzeug":     "http-server", // it is one
	"jetty-stderr": "spring-boot", "tomcat-catalina": "spring-boot netty-undertow", "netty-undertow": "spring-boot",

	"php":     "apache-error nginx-error", // what PHP says through them
	"rails":   "unicorn",                  // Ruby's Logger with nothing behind its head
	"unicorn": "puma",                     // Rack's CommonLogger
}

func isTwin(format, other string) bool { return slices.Contains(strings.Fields(twins[format]), other) }

// anyFormat names a log of several formats.
const anyFormat = "nginx-mixed-container"

// TestDetect detects the format of each log in testdata: from all its lines, from the first six, and from each line
// by itself that its own format understands.
func TestDetect(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.log")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("testdata/lab/*.log")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, more...) {
		format, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".log"), ".")
		if name, ok := aliases[format]; ok {
			format = name
		}
		if registry[format].Layout {
			continue // a layout of one's own cannot be found
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			lines := strings.Split(strings.TrimSuffix(string(readFile(t, file)), "\n"), "\n")
			if i, ok := envelopeNamed(format); ok {
				if d := DetectLog(lines, Options{}, seenAt); d.Envelope != envelopes[i].name || d.Confidence < Enough {
					t.Errorf("all lines: %s, %v", d.Name(), d.Confidence)
				}
				return
			}
			if d := DetectLog(lines, Options{}, seenAt); len(d.Formats) == 0 || d.Formats[0].Format != format && !isTwin(format, d.Formats[0].Format) || d.Confidence < 0.8 && format != anyFormat {
				t.Errorf("all lines: %s, %v %v", d.Name(), d.Confidence, d.Misses)
			}
			if format == anyFormat {
				return
			}
			if g := Detect(lines[:min(len(lines), 6)]); len(g) == 0 || g[0].Format != format && !isTwin(format, g[0].Format) {
				t.Errorf("first six lines: %.600v", g)
			}
			for i, line := range lines {
				p, err := New(Options{Format: format})
				if err != nil {
					t.Fatal(err)
				}
				understood := false
				feed(p, []byte(line), func(r *event.Record) { understood = r.Kind >= event.Other })
				if !understood {
					continue
				}
				// A ruler, or the end of a traceback, may be anybody's.
				if g := Detect([]string{line}); !slices.ContainsFunc(g, func(g Guess) bool { return g.Format == format && g.Share == 1 }) {
					t.Errorf("line %d: %.300v", i+1, g)
				}
			}
		})
	}
}

func TestDetectNothing(t *testing.T) {
	t.Parallel()
	for _, lines := range [][]string{nil, {""}, {"", "  "}, {"hello", "world"}, {strings.Repeat("x", maxDetect+1)}} {
		if g := Detect(lines); len(g) != 0 {
			t.Errorf("%.40q: %+v", lines, g)
		}
	}
}

// TestDetectLayout finds common log_formats that have no name of their own.
func TestDetectLayout(t *testing.T) {
	t.Parallel()
	const line = `203.0.113.7 - - [22/Nov/2026:10:00:00 +0000] "GET /slow HTTP/1.1" 499 0 "-" "curl/8.5.0"`
	for i, tail := range []string{` "-" 30.001`, ` 30.001`, ` 30.001 30.000`, ` "198.51.100.7, 10.0.0.1" 30.001 5.003, 25.000`} {
		g := Detect([]string{line + tail})
		if len(g) == 0 || g[0].Format != layoutFormat || g[0].Layout != nginxLayouts[i] {
			t.Errorf("%s: %+v", tail, g)
			continue
		}
		r := records(t, []byte(line+tail), Options{})
		if r[0]["duration_ms"] != 30001.0 {
			t.Errorf("%s: %v", tail, r)
		}
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"nginx-combind": "nginx-combined", "haproxy-htp": "haproxy-http", "django": "django-runserver", "NGINX-ERROR": "nginx-error",
	} {
		_, err := New(Options{Format: name})
		if err == nil || !strings.Contains(err.Error(), "did you mean "+want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDetectOrder tells httpd's combined, whose times are those at which requests began, from nginx's, where they
// ended.
func TestDetectOrder(t *testing.T) {
	t.Parallel()
	var lines []string
	for i := range 40 {
		lines = append(lines, fmt.Sprintf(`203.0.113.7 - - [22/Nov/2026:10:00:%02d +0000] "GET / HTTP/1.1" 200 5 "-" "curl/8.5.0"`, i))
	}
	if g := Detect(lines); g[0].Format != "nginx-combined" {
		t.Errorf("in order: %+v", g)
	}
	lines[10], lines[11] = lines[11], lines[10]
	if g := Detect(lines); g[0].Format != "nginx-combined" {
		t.Errorf("one out of order: %+v", g)
	}
	lines[20], lines[21] = lines[21], lines[20]
	if g := Detect(lines); g[0].Format != "apache-combined" {
		t.Errorf("two out of order: %+v", g)
	}
}

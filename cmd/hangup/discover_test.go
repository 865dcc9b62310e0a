package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hangup/event"
	"hangup/parser"
)

// nginxFiles are a configuration as it is found on servers; DIR stands for a directory.
var nginxFiles = map[string]string{
	"nginx.conf": `error_log DIR/error.log warn;
events { worker_connections 768; }
http {
    access_log DIR/access.log timed;
    access_log syslog:server=unix:/dev/log timed;
    log_format timed '$remote_addr - $remote_user [$time_local] "$request" '
                     '$status $body_bytes_sent "$http_referer" "$http_user_agent" $request_time $request_completion $request_id';
    log_format js escape=json '{"t":"$time_iso8601","c":"$remote_addr","r":"$request","s":"$status","d":$request_time}';
    include conf.d/*.conf;
    include missing/one.conf;
}`,
	"conf.d/shop.conf": `map $status $loggable { ~^[23] 0; default 1; }
server {
    server_name shop.example www.shop.example;
    access_log DIR/shop.json js if=$loggable;
    error_log DIR/shop-error.log info;
    location /health { access_log off; }
}
server { server_name a.example; access_log DIR/plain.log; }
server { server_name b.example; access_log DIR/plain.log; access_log DIR/$host.log; access_log /dev/stdout combined; access_log DIR/z.log.gz timed gzip flush=5m; access_log logs/x.log nope; }`,
}

func nginxDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range nginxFiles {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "DIR", dir)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func detect(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	e := env{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, getenv: func(string) string { return "" }}
	if code := run(t.Context(), e, append([]string{"detect"}, args...)); code != 0 {
		t.Fatalf("hangup detect %q: exit code %d: %s", args, code, &errs)
	}
	return out.String()
}

// TestDiscoverNginx takes what detect prints as a configuration, and reads logs as nginx would write them by it.
func TestDiscoverNginx(t *testing.T) {
	t.Parallel()
	dir := nginxDir(t)
	if err := os.WriteFile(dir+"/access.log", []byte("abc\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	text := detect(t, dir)
	path := filepath.Join(t.TempDir(), "hangup.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := readConfig(path)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	sources, err := c.sources(nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	lines := map[string]string{
		"error.log":      "2026/11/22 10:00:00 [info] 2312#2312: *1001 client 203.0.113.7 closed keepalive connection",
		"shop-error.log": "2026/11/22 10:00:00 [info] 2312#2312: *1001 client 203.0.113.7 closed keepalive connection",
		"access.log":     `203.0.113.7 - - [22/Nov/2026:10:00:00 +0000] "GET /slow HTTP/1.1" 499 0 "-" "curl/8.5.0" 2.001  5f1c`,
		"shop.json":      `{"t":"2026-11-22T10:00:00+00:00","c":"203.0.113.7","r":"GET /slow HTTP/1.1","s":"499","d":2.001}`,
		"plain.log":      `203.0.113.7 - - [22/Nov/2026:10:00:00 +0000] "GET /slow HTTP/1.1" 499 0 "-" "curl/8.5.0"`,
	}
	for _, s := range sources {
		name := filepath.Base(s.Path)
		p, err := parser.New(s.Parser)
		if err != nil {
			t.Fatal(err)
		}
		p.Line(event.Line{Text: lines[name], End: int64(len(lines[name]) + 1), Number: 1}, func(r *event.Record) {
			if r.Kind != event.Disconnect {
				t.Errorf("%s: %q is %s by %+v", name, lines[name], r.Kind, s.Parser)
			}
			delete(lines, name)
		})
		p.Flush(func(*event.Record) {})
	}
	for name := range lines {
		t.Errorf("%s is no source:\n%s", name, text)
	}
	for _, want := range []string{
		"missing/one.conf", "hides every client that hangs up", "4 bytes", "of a.example b.example", "# - path: syslog:",
		"only requests with $loggable", "the path has variables", "compressed", "does not define the format nope", "relative to nginx's prefix",
		"# - path: /dev/stdout",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	var d discovery
	if err := json.Unmarshal([]byte(detect(t, "-o", "json", dir+"/nginx.conf")), &d); err != nil || len(d.Logs) != 10 || len(d.Problems) != 1 {
		t.Errorf("%v: %+v", err, d)
	}
}

// TestDiscoverHostile reads configurations that are none, or that would write to a terminal.
func TestDiscoverHostile(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "\x00\xff}{", "http { access_log \"/a\\\n\x1b[2J b.log\" 'x\x1b'; }", strings.Repeat("a {", 2000), "log_format x;", "log_format x escape=json;"} {
		path := filepath.Join(t.TempDir(), "x.conf")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if out := detect(t, path); strings.Contains(out, "\x1b") {
			t.Errorf("%q gives %q", text, out)
		}
	}
	var errs bytes.Buffer
	e := env{stdin: strings.NewReader(""), stdout: &errs, stderr: &errs, getenv: func(string) string { return "" }}
	if code := run(t.Context(), e, []string{"detect", "/absent/nginx.conf"}); code != 2 {
		t.Errorf("exit code %d: %s", code, &errs)
	}
}

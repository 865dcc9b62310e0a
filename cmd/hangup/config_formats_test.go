package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hangup/parser"
)

// writeConfig writes a configuration and returns its path.
func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hangup.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// runCommand runs hangup with what is on its standard input.
func runCommand(t *testing.T, in string, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), env{stdin: strings.NewReader(in), stdout: &o, stderr: &e, getenv: func(string) string { return "" }}, args)
	return code, o.String(), e.String()
}

var yamlBlock = regexp.MustCompile("(?s)```yaml\nformats:.*?```")

// TestFormatsOfTheManual uses the formats that the manual shows, as a user would.
func TestFormatsOfTheManual(t *testing.T) {
	t.Parallel()
	manual, err := os.ReadFile("../../docs/using.md")
	if err != nil {
		t.Fatal(err)
	}
	block := strings.TrimSuffix(strings.TrimPrefix(string(yamlBlock.Find(manual)), "```yaml\n"), "```")
	path := writeConfig(t, block)
	c, err := readConfig(path)
	if err != nil {
		t.Fatal(err)
	}
	formats := c.user.Formats()
	if len(formats) != 2 {
		t.Fatalf("%d formats in the manual", len(formats))
	}
	for _, f := range formats {
		code, out, errs := runCommand(t, f.Example+"\n", "parse", "--config", path, "--format", f.Name)
		var r struct{ Event, Party, How, Path string }
		if err := json.Unmarshal([]byte(out), &r); code != 0 || err != nil || r.Event != "disconnect" || r.Party != "client" || r.How != "closed" || r.Path != "/cart" {
			t.Errorf("%s: exit code %d: %s%s", f.Name, code, out, errs)
		}
		code, out, errs = runCommand(t, strings.Repeat(f.Example+"\n", 8), "detect", "--config", path, "-")
		if code != 0 || !strings.Contains(out, "standard input: "+f.Name) {
			t.Errorf("detect %s: exit code %d: %s%s", f.Name, code, out, errs)
		}
		if code, out, _ = runCommand(t, "", "formats", "--config", path); code != 0 || !strings.Contains(out, f.Name) {
			t.Errorf("formats: exit code %d, without %s", code, f.Name)
		}
	}
	c.Sources = []sourceConfig{{Path: path, Format: "shop-json"}}
	s, err := c.sources(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.New(s[0].Parser); err != nil {
		t.Error(err)
	}
}

// TestParsePattern tries a format without a configuration.
func TestParsePattern(t *testing.T) {
	t.Parallel()
	code, out, errs := runCommand(t, "2026-11-24T10:00:00Z write: broken pipe\nnothing\n", "parse", "--pattern", `^(?P<time>\S+T\S+) (?P<message>.*)`)
	if code != 0 || !strings.Contains(out, `"how":"broken_pipe"`) || !strings.Contains(errs, "1 unparsed") {
		t.Errorf("exit code %d: %s%s", code, out, errs)
	}
	for pattern, want := range map[string]string{"(": "missing closing", "x": "no named group", "(?P<tme>x)": `did you mean time`} {
		if code, _, errs := runCommand(t, "", "parse", "--pattern", pattern); code != 2 || !strings.Contains(errs, want) {
			t.Errorf("--pattern %s: exit code %d: %s", pattern, code, errs)
		}
	}
}

// TestFormatErrors holds what a mistake in a format is answered with: the file, the line, and what to do.
func TestFormatErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"unknown group", "formats:\n  mine:\n    pattern: '(?P<tme>x)'", ":3: format mine.pattern: group \"tme\" is not known; did you mean time"},
		{"unknown field", "formats:\n  mine:\n    json:\n      time: ts\n      pth: url", ":5: format mine.json.pth: "},
		{"unknown key", "formats:\n  mine:\n    patern: x", `did you mean "pattern"`},
		{"both", "formats:\n  mine:\n    pattern: '(?P<time>x)'\n    json: {time: ts}", "not both"},
		{"neither", "formats:\n  mine:\n    example: x", ":3: format mine: it needs a pattern"},
		{"taken", "formats:\n  nginx-error:\n    pattern: '(?P<time>x)'", "the name is taken"},
		{"example", "formats:\n  mine:\n    pattern: '^(?P<time>x)$'\n    example: y", ":4: format mine.example: the format does not understand its example"},
		{"zone", "formats:\n  mine:\n    pattern: '(?P<time>x)'\n    timezone: Mars", ":4: format mine.timezone: \"Mars\" is not an IANA time zone"},
		{"party", "formats:\n  mine:\n    pattern: '(?P<status>x)'\n    disconnect:\n      - when: {status: 1}\n        party: clint", `did you mean client`},
		{"no party", "formats:\n  mine:\n    pattern: '(?P<status>x)'\n    disconnect:\n      - when: {status: 1}", ":5: format mine.disconnect[0]: party is missing"},
		{"no field of it", "formats:\n  mine:\n    pattern: '(?P<status>x)'\n    disconnect:\n      - when: {path: 1}\n        party: client", "is no field of this format"},
		{"go time", "formats:\n  mine:\n    pattern: '(?P<time>x)'\n    time: '2006-01-02'", "is Go's"},
		{"a list of lists", "formats:\n  mine:\n    json: {time: [[a]]}", "a value or a list of values must stand here"},
	} {
		_, err := readConfig(writeConfig(t, c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

package web_test

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"hangup/web"
)

// inline finds what the content security policy would block: scripts and styles in the page, and handlers.
var inline = regexp.MustCompile(`(?i)<script(?:\s[^>]*)?>[^<]|<style|\sstyle=|\son[a-z]+=|javascript:`)

func TestFiles(t *testing.T) {
	t.Parallel()
	page, err := fs.ReadFile(web.Files(), "index.html")
	if err != nil {
		t.Fatalf("read index.html: %v", err)
	}
	text := string(page)
	if found := inline.FindString(text); found != "" {
		t.Errorf("index.html holds %q, which the content security policy blocks", found)
	}
	if strings.Contains(text, "https://") || strings.Contains(text, "http://") {
		t.Error("index.html names another host; everything must come from here")
	}
	if web.Built() {
		if !strings.Contains(text, `src="/assets/`) {
			t.Error("the built index.html loads no script from /assets/")
		}
		return
	}
	if !strings.Contains(text, "make build") {
		t.Error("the placeholder does not say how to build the page")
	}
}

// TestReferences follows every address in the page to a file, so that none answers 404.
func TestReferences(t *testing.T) {
	t.Parallel()
	if !web.Built() {
		t.Skip("the dashboard is not built: run `make web`")
	}
	files := web.Files()
	page, err := fs.ReadFile(files, "index.html")
	if err != nil {
		t.Fatalf("read index.html: %v", err)
	}
	found := regexp.MustCompile(`(?:src|href)="/([^"]+)"`).FindAllStringSubmatch(string(page), -1)
	if len(found) < 3 {
		t.Fatalf("index.html refers to %d files, want a script, a style sheet and an icon at least", len(found))
	}
	for _, m := range found {
		if _, err := fs.Stat(files, m[1]); err != nil {
			t.Errorf("index.html refers to /%s: %v", m[1], err)
		}
	}
}

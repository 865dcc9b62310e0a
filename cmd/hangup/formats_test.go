package main

import (
	"bytes"
	"os"
	"testing"
)

// TestFormatsPage compares docs/formats.md with what the program says of its formats.
func TestFormatsPage(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	writeFormats(&b)
	page, err := os.ReadFile("../../docs/formats.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(page, b.Bytes()) {
		t.Error("docs/formats.md is stale: bin/hangup formats -o markdown > docs/formats.md")
	}
}

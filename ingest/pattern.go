package ingest

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/bmatcuk/doublestar/v4"
)

// The bounds of a pattern. A tree that is larger is not the place of logs, or the pattern is not what was meant.
const (
	maxDirs  = 50_000
	maxDepth = 40
)

// errNoFile says that a source has nothing to read, which may be as it should be.
var errNoFile = errors.New("no file is like the pattern yet")

var errTooMany = fmt.Errorf("more than %d directories are looked into: make the pattern narrower", maxDirs)

// IsPattern says whether a path has characters that stand for others: * ? [ ] { }.
func IsPattern(path string) bool { return strings.ContainsAny(path, "*?[{") }

// CheckPattern says what is wrong with a pattern of absolute paths: * and ? stand for characters of one name, [a-z] for one of
// several, {a,b} for one of several words, and ** alone between slashes for any number of directories.
func CheckPattern(path string) error {
	if !doublestar.ValidatePattern(path) {
		return fmt.Errorf("pattern %q: a bracket is not closed, or empty", path)
	}
	for name := range strings.SplitSeq(path, "/") {
		if !doublestar.ValidatePattern(name) {
			return fmt.Errorf("pattern %q: alternatives in braces cannot reach over a slash: name two sources", path)
		}
		if strings.Contains(name, "**") && name != "**" {
			return fmt.Errorf("pattern %q: ** stands for directories, alone between slashes: /var/log/**/*.log", path)
		}
	}
	return nil
}

// pattern is a source's path that stands for many.
type pattern struct {
	base  string   // the directory below which files are looked for
	names []string // what follows it, name by name
}

func newPattern(path string) pattern {
	all := strings.Split(strings.TrimPrefix(filepath.Clean(path), "/"), "/")
	p := pattern{base: "/"}
	for len(all) > 1 && !IsPattern(all[0]) {
		p.base, all = filepath.Join(p.base, all[0]), all[1:]
	}
	if all[len(all)-1] == "**" {
		all = append(all, "*")
	}
	p.names = all
	return p
}

// last is what the names of files are like.
func (p pattern) last() string { return p.names[len(p.names)-1] }

// like says whether a name is as a pattern of one name says. Patterns are checked before.
func like(pattern, name string) bool { return doublestar.MatchUnvalidated(pattern, name) }

// excluded says whether a path is excluded: by a pattern of whole paths, or by one without a slash of names.
func (s Source) excluded(path string) bool {
	for _, x := range s.Exclude {
		what := path
		if !strings.Contains(x, "/") {
			what = filepath.Base(path)
		}
		if like(x, what) {
			return true
		}
	}
	return false
}

// Names says whether the source's path, or its pattern without what it excludes, names this path.
func (s Source) Names(path string) bool {
	if !s.Pattern {
		return s.Path == path
	}
	return like(s.Path, path) && !s.excluded(path)
}

// walk finds the directories that hold files of a pattern.
type walk struct {
	m      *manager
	seen   map[string]bool // directories with what is looked for in them
	dirs   []string
	failed []string
	errs   []error
}

func (w *walk) fail(dir string, err error) {
	w.failed = append(w.failed, dir)
	w.errs = append(w.errs, err)
}

// in looks into dir for what names says.
func (w *walk) in(dir string, names []string, depth int) {
	switch {
	case depth > maxDepth, w.seen[dir+"\x00"+names[0]]:
		return
	case len(w.seen) >= maxDirs:
		if len(w.errs) == 0 || !errors.Is(w.errs[len(w.errs)-1], errTooMany) {
			w.fail(dir, errTooMany)
		}
		return
	}
	w.seen[dir+"\x00"+names[0]] = true
	if len(names) == 1 {
		w.dirs = append(w.dirs, dir)
		return
	}
	if !IsPattern(names[0]) {
		sub := filepath.Join(dir, names[0])
		if err := refused(sub); err != nil {
			w.fail(sub, err)
			return
		}
		w.in(sub, names[1:], depth+1)
		return
	}
	all := names[0] == "**"
	if all {
		w.in(dir, names[1:], depth)
	}
	list, _, err := w.m.dirs.names(dir)
	if err != nil && !(depth > 0 && errors.Is(err, fs.ErrNotExist)) {
		w.fail(dir, err)
	}
	for name, kind := range list {
		sub := filepath.Join(dir, name)
		switch {
		case !all && !like(names[0], name):
		case kind.IsDir() && all:
			w.in(sub, names, depth+1)
		case kind.IsDir():
			w.in(sub, names[1:], depth+1)
		case kind&fs.ModeSymlink != 0 && !all: // ** follows none: it could go round in circles
			if _, st, err := resolve(sub); err == nil && st.IsDir() {
				w.in(sub, names[1:], depth+1)
			} else if errors.Is(err, errUntrusted) {
				w.fail(sub, err)
			}
		}
	}
}

// group is one log of a directory: the paths of its files.
type group struct {
	log     string // as rotation and the pattern leave it
	main    string // the file that is written now; "" for none
	rotated []string
}

// grouped are the logs of one directory, as its names tell.
type grouped struct {
	listed time.Time
	groups []group
}

// logs returns the logs of the pattern in dir. They are made again when the directory changes.
func (m *manager) logs(dir string) ([]group, error) {
	names, listed, err := m.dirs.names(dir)
	if err != nil {
		return nil, err
	}
	if g, ok := m.groups[dir]; ok && g.listed.Equal(listed) {
		return g.groups, nil
	}
	type member struct {
		name    string
		parsed  Name
		matches bool
	}
	last := m.pattern.last()
	logs := map[string][]member{}
	for name, kind := range names {
		if !kind.IsRegular() && kind&fs.ModeSymlink == 0 {
			continue
		}
		path := filepath.Join(dir, name)
		x := member{name: name, parsed: ParseName(name, func(s string) bool { _, ok := names[s]; return ok })}
		x.matches = like(last, name)
		log := filepath.Join(dir, x.parsed.Log)
		if !x.matches && !like(last, x.parsed.Log) || m.source.excluded(path) || m.source.excluded(log) || m.elsewhere(path) || m.elsewhere(log) || m.gathered(dir, name) {
			continue
		}
		logs[log] = append(logs[log], x)
	}
	g := &grouped{listed: listed}
	for log, members := range logs {
		slices.SortFunc(members, func(a, b member) int { return a.parsed.Compare(b.parsed) })
		x := group{log: log}
		for i, n := range slices.Backward(members) {
			// A log that is written under the day's date has no other name; of numbered ones none is the newest.
			if !n.parsed.Packed && (n.name == n.parsed.Log || n.matches && n.parsed.Date != "") {
				x.main = filepath.Join(dir, n.name)
				members = slices.Delete(members, i, i+1)
				break
			}
		}
		for _, n := range members {
			x.rotated = append(x.rotated, filepath.Join(dir, n.name))
		}
		g.groups = append(g.groups, x)
	}
	slices.SortFunc(g.groups, func(a, b group) int { return strings.Compare(a.log, b.log) })
	m.groups[dir] = g
	return g.groups, nil
}

// elsewhere says whether a path belongs to another source: to one that names it without a pattern, or an earlier one.
func (m *manager) elsewhere(path string) bool {
	earlier := true
	for i, s := range m.Sources {
		if i == m.number {
			earlier = false
			continue
		}
		if (!s.Pattern || earlier) && s.Names(path) {
			return true
		}
	}
	return false
}

// gathered says whether another source, as elsewhere has it, finds a rotated file in dir by its Also.
func (m *manager) gathered(dir, name string) bool {
	for i, s := range m.Sources {
		if i != m.number && (!s.Pattern || i < m.number) && s.gathers(dir, name) {
			return true
		}
	}
	return false
}

// gathers says whether rotation moves a file of this name from a log of the source to dir.
func (s Source) gathers(dir, name string) bool {
	for _, also := range s.Also {
		also = filepath.Clean(also)
		at, beside := strings.CutSuffix(dir, "/"+also)
		switch there := filepath.IsAbs(also) && also == dir; {
		case !s.Pattern:
			if (there || !filepath.IsAbs(also) && filepath.Join(filepath.Dir(s.Path), also) == dir) && isRotated(name, filepath.Base(s.Path)) {
				return true
			}
		case there || beside:
			for _, log := range ParseName(name, nil).forms {
				if there && like(filepath.Base(s.Path), log) || beside && s.Names(filepath.Join(at, log)) {
					return true
				}
			}
		}
	}
	return false
}

// listPattern returns the files of all logs of the pattern, each log's rotated ones first.
func (m *manager) listPattern() ([]entry, []string, error) {
	w := &walk{m: m, seen: map[string]bool{}}
	if _, err := os.Stat(m.pattern.base); err != nil {
		return nil, []string{m.pattern.base}, err
	}
	w.in(m.pattern.base, m.pattern.names, 0)
	seen := map[inode]bool{}
	var out []entry
	for _, dir := range w.dirs {
		groups, err := m.logs(dir)
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
				w.fail(dir, err)
			}
			continue
		}
		for _, g := range groups {
			var main entry
			if g.main != "" {
				if main, err = look(g.main); err != nil {
					w.fail(g.main, err)
				}
				if main.path == "" || seen[main.inode] {
					main = entry{}
				} else {
					seen[main.inode] = true
				}
			}
			log := g.log
			var list []entry
			for _, n := range g.rotated {
				list = append(list, rotated(n, seen)...)
			}
			if main.path != "" && main.path != g.main { // what a link names is rotated where it is
				there, name := filepath.Split(main.path)
				log = filepath.Join(there, ParseName(name, nil).Log)
				more, err := m.siblings(filepath.Clean(there), name)
				if err != nil {
					w.fail(there, err)
				}
				for _, n := range more {
					list = append(list, rotated(filepath.Join(there, n), seen)...)
				}
			}
			list = append(list, m.moved(log, &w.errs, seen)...)
			slices.SortFunc(list, byAge)
			for _, e := range append(list, main) {
				if e.path != "" {
					e.log = log
					out = append(out, e)
				}
			}
		}
	}
	if len(m.groups) > 2*len(w.dirs)+100 { // directories come and go
		there := make(map[string]bool, len(w.dirs))
		for _, dir := range w.dirs {
			there[dir] = true
		}
		maps.DeleteFunc(m.groups, func(dir string, _ *grouped) bool { return !there[dir] })
	}
	if len(out) == 0 && len(w.errs) == 0 {
		w.errs = append(w.errs, errNoFile)
	}
	return out, w.failed, someErrors(w.errs)
}

// someErrors joins errors: the first few and how many more there are.
func someErrors(errs []error) error {
	const few = 3
	errs = slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	if len(errs) > few {
		errs = append(errs[:few:few], fmt.Errorf("and %d more", len(errs)-few))
	}
	return errors.Join(errs...)
}

// Logs returns the logs that a pattern among sources names now, those that were written to last first, and what could not be
// looked at. rotated is how many further files of them there are.
func Logs(sources []Source, number int) (logs []string, rotated int, err error) {
	s := sources[number]
	m := &manager{
		Options: Options{Sources: sources}, source: s, number: number, pattern: newPattern(s.Path), dirs: newDirectories(),
		groups: map[string]*grouped{}, beside: map[sibling]siblings{},
	}
	found, _, err := m.list()
	if errors.Is(err, errNoFile) {
		return nil, 0, nil
	}
	slices.SortStableFunc(found, func(a, b entry) int { return byAge(b, a) })
	for _, e := range found {
		if e.main {
			logs = append(logs, e.path)
		} else {
			rotated++
		}
	}
	return logs, rotated, err
}

package report

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Stdin is the name of standard input.
const Stdin = "-"

// Set is one log: its files from the oldest to the newest.
type Set struct {
	Name  string
	Files []string
}

// rotated tells a rotated file's name: what it is of, and its place. logrotate, Apache's rotatelogs, Tomcat and log4j
// write a number behind the name, or a date behind or in it.
var (
	compressed = regexp.MustCompile(`\.(gz|zst|zstd|bz2|xz)$`)
	numbered   = regexp.MustCompile(`\.(\d{1,4})$`)
	dated      = regexp.MustCompile(`[-._]?(20\d\d)[-._]?([01]\d)[-._]?([0-3]\d)(?:[-._T]?(\d{2,10}))?`)
)

// Sets finds which of the files belong to one log, and orders them. Patterns that no shell has expanded are expanded. Its
// errors name the file and what to do.
func Sets(names []string) ([]Set, error) {
	var files []string
	for _, name := range names {
		more, err := expand(name)
		if err != nil {
			return nil, err
		}
		for _, f := range more {
			if !slices.Contains(files, f) {
				files = append(files, f)
			}
		}
	}
	type place struct {
		file, date string
		number     int
	}
	logs := map[string][]place{}
	var order []string
	for _, f := range files {
		dir, base := filepath.Split(f)
		p := place{file: f, date: "~"} // sorts behind every date: the file that is written now
		base = compressed.ReplaceAllString(base, "")
		if m := numbered.FindStringSubmatch(base); m != nil {
			p.number, _ = strconv.Atoi(m[1])
			base = numbered.ReplaceAllString(base, "")
		}
		if m := dated.FindStringSubmatch(base); m != nil {
			p.date = m[1] + m[2] + m[3] + m[4]
			base = dated.ReplaceAllString(base, "")
		}
		k := dir + base
		if logs[k] == nil {
			order = append(order, k)
		}
		logs[k] = append(logs[k], p)
	}
	var out []Set
	for _, k := range order {
		slices.SortStableFunc(logs[k], func(a, b place) int {
			return cmp.Or(cmp.Compare(a.date, b.date), cmp.Compare(b.number, a.number))
		})
		s := Set{}
		for _, p := range logs[k] {
			s.Files = append(s.Files, p.file)
		}
		s.Name = s.Files[len(s.Files)-1]
		out = append(out, s)
	}
	return out, nil
}

// expand returns the files that a name stands for, and sees that they can be read.
func expand(name string) ([]string, error) {
	if name == Stdin {
		return []string{name}, nil
	}
	st, err := os.Stat(name)
	if errors.Is(err, os.ErrNotExist) && strings.ContainsAny(name, "*?[") {
		found, globErr := filepath.Glob(name)
		if globErr != nil {
			return nil, fmt.Errorf("pattern %q: %w", name, globErr)
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("no file is like %q", name)
		}
		return found, nil
	}
	if err != nil {
		return nil, err
	}
	if st.IsDir() {
		return nil, fmt.Errorf("%s is a directory: name the log files in it, as %s", name, filepath.Join(name, "*.log*"))
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return []string{filepath.Clean(name)}, f.Close()
}

package report

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hangup/ingest"
)

// Stdin is the name of standard input.
const Stdin = "-"

// Set is one log: its files from the oldest to the newest.
type Set struct {
	Name  string
	Files []string
}

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
		file string
		name ingest.Name
	}
	logs := map[string][]place{}
	var order []string
	for _, f := range files {
		dir, base := filepath.Split(f)
		n := ingest.ParseName(base, func(name string) bool { return slices.Contains(files, filepath.Clean(dir+name)) })
		k := dir + n.Log
		if logs[k] == nil {
			order = append(order, k)
		}
		logs[k] = append(logs[k], place{f, n})
	}
	var out []Set
	for _, k := range order {
		slices.SortStableFunc(logs[k], func(a, b place) int { return a.name.Compare(b.name) })
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
	if st.Mode()&os.ModeNamedPipe != 0 { // opening it is for once: whoever writes into it would be cut off
		return []string{filepath.Clean(name)}, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return []string{filepath.Clean(name)}, f.Close()
}

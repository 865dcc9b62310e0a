package ingest

import (
	"path/filepath"
	"strings"
)

// packedAs are the endings that compression programs give files.
var packedAs = []string{".gz", ".zst", ".bz2", ".xz"}

// unpackedName returns the name that a compressed file had before, and whether it is named as a compressed file.
func unpackedName(name string) (string, bool) {
	for _, ext := range packedAs {
		if n, ok := strings.CutSuffix(name, ext); ok && n != "" {
			return n, true
		}
	}
	return name, false
}

// bases returns the names that a log may have had before log rotation gave it this one: .1, -20261123, .2026-11-23, also
// before the extension, and compressed. The longest comes first.
func bases(name string) []string {
	plain, packed := unpackedName(name)
	var out []string
	if packed {
		out = append(out, plain)
	}
	out = cutRotation(out, plain, "")
	if ext := filepath.Ext(plain); ext != "" && ext != plain {
		out = cutRotation(out, strings.TrimSuffix(plain, ext), ext) // access-20261123.log
	}
	return out
}

// cutRotation adds to names what stays of stem without what log rotation puts after a name, with ext put after it again.
func cutRotation(names []string, stem, ext string) []string {
	for i := len(stem) - 1; i > 0 && strings.IndexByte("0123456789T_.:-", stem[i]) >= 0; i-- {
		if (stem[i] == '.' || stem[i] == '-') && i+1 < len(stem) && stem[i+1] >= '0' && stem[i+1] <= '9' {
			names = append(names, stem[:i]+ext)
		}
	}
	return names
}

// pattern is what a source's path names.
type pattern struct {
	path string
	dir  string // may hold wildcards, as name may
	name string
	glob bool
}

// newPattern reads a path. Wildcards are *, ? and [ ], as in a shell, and do not match a slash; literal takes them as
// they stand.
func newPattern(path string, literal bool) pattern {
	dir, name := filepath.Split(path)
	return pattern{path: path, dir: filepath.Clean(dir + "."), name: name, glob: !literal && isGlob(path)}
}

// isGlob says whether a path holds a wildcard.
func isGlob(path string) bool { return strings.ContainsAny(path, `*?[`) }

// matches says whether a file of that name is meant. As in a shell, a wildcard does not stand for a leading dot.
func (p pattern) matches(name string) bool {
	if !p.glob {
		return name == p.name
	}
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(p.name, ".") {
		return false
	}
	ok, err := filepath.Match(p.name, name)
	return ok && err == nil
}

// role says what a name in the directory of a pattern is: a log that it names (then base is name), a rotated one of log
// base, or nothing ("").
func (p pattern) role(name string, exists map[string]bool) (base string) {
	for _, b := range bases(name) {
		if p.matches(b) {
			if exists[b] {
				return b
			}
			if base == "" {
				base = b
			}
		}
	}
	if _, packed := unpackedName(name); !packed && p.matches(name) {
		return name
	}
	return base
}

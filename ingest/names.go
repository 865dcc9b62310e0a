package ingest

import (
	"path/filepath"
	"slices"
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

// isRotated says whether log rotation may have given a log this name: both stand without their directory.
func isRotated(name, log string) bool { return name != log && slices.Contains(bases(name), log) }

package ingest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// packedAs are the endings that compression programs give files.
var packedAs = []string{".gz", ".zst", ".zstd", ".bz2", ".xz"}

// unpackedName returns the name that a compressed file had before, and whether it is named as a compressed file.
func unpackedName(name string) (string, bool) {
	for _, ext := range packedAs {
		if n, ok := strings.CutSuffix(name, ext); ok && n != "" {
			return n, true
		}
	}
	return name, false
}

// Name is what the name of a file says: of which log it is, and what rotation made of it.
type Name struct {
	Log    string // the name of the log, without a directory
	Date   string // the digits of the date that rotation put behind or into the name; "" for none
	Number int    // that rotation put there; 0 for none
	Packed bool   // it is named as a compressed file

	forms []string // names it may have had before, the longest first: a log can itself be named with a date
}

var (
	// A date, or a time in seconds since 1970, with a number behind it or without; and a number alone.
	datePlace   = regexp.MustCompile(`[-._]?(20\d\d[-._]?[01]\d[-._]?[0-3]\d(?:[-._T]?\d\d(?:[-._:]?\d\d(?:[-._:]?\d\d(?:[.,]\d{1,6})?)?)?)?|[-._]1\d{9})(?:[-._](\d{1,4}))?$`)
	numberPlace = regexp.MustCompile(`\.(\d{1,4})$`)
)

// ParseName tells a log's name from what rotation and compression put to it: access.log.1, access.log-20261123.gz,
// access-20261123.log, 0.log.20261123-101010. A number before the extension, as logrotate's option extension puts it
// (access.1.log), is a log's own, as in node.1.log, unless has says that there is a log without it. A number behind a
// dash always is (api-1.log). name and what has is asked for stand without a directory; has may be nil.
func ParseName(name string, has func(string) bool) Name {
	n := Name{Log: name}
	n.Log, n.Packed = unpackedName(name)
	if n.Packed {
		n.forms = append(n.forms, n.Log)
	}
	if stem, ok := n.cut(n.Log); ok {
		n.Log = stem
		n.forms = append(n.forms, stem)
	}
	if ext := filepath.Ext(n.Log); ext != "" && ext != n.Log && n.Date == "" {
		at := n
		if stem, ok := at.cut(strings.TrimSuffix(n.Log, ext)); ok && (at.Date != "" || has != nil && has(stem+ext)) {
			n.Date, n.Number, n.Log = at.Date, max(at.Number, n.Number), stem+ext
			n.forms = append(n.forms, n.Log)
		}
	}
	return n
}

// cut takes date and number from the end of a name.
func (n *Name) cut(s string) (string, bool) {
	if m := datePlace.FindStringSubmatchIndex(s); m != nil && m[0] > 0 && (m[2] > m[0] || !isDigit(s[m[0]-1])) {
		n.Date = strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, s[m[2]:m[3]])
		if m[4] >= 0 {
			n.Number, _ = strconv.Atoi(s[m[4]:m[5]])
		}
		return s[:m[0]], true
	}
	if m := numberPlace.FindStringSubmatchIndex(s); m != nil && m[0] > 0 && !isDigit(s[m[0]-1]) { // 10.0.0.1 is no rotation
		n.Number, _ = strconv.Atoi(s[m[2]:m[3]])
		return s[:m[0]], true
	}
	return s, false
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// Compare orders the files of one log by age, the oldest first: what bears a date by that, then by number, which rotation
// counts up with each day's files and down without a date; the log itself comes last.
func (n Name) Compare(o Name) int {
	switch {
	case n.Date != o.Date && (n.Date == "" || o.Date == ""): // the file that is written now has no date
		if n.Date == "" {
			return 1
		}
		return -1
	case n.Date != o.Date:
		return strings.Compare(n.Date, o.Date)
	case n.Date != "":
		return n.Number - o.Number
	default:
		return o.Number - n.Number
	}
}

// isRotated says whether log rotation may have given a log this name: both stand without their directory.
func isRotated(name, log string) bool {
	if name == log {
		return false
	}
	n := ParseName(name, func(s string) bool { return s == log })
	return slices.Contains(n.forms, log)
}

// LogOf returns the log that a rotated or compressed file is a part of: access.log for access.log.2.gz. It looks for
// files beside it.
func LogOf(file string) string {
	dir, base := filepath.Split(file)
	return dir + ParseName(base, func(name string) bool {
		_, err := os.Lstat(dir + name)
		return err == nil
	}).Log
}

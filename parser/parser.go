// Package parser turns the lines of a log into records. It is pure: no I/O, no goroutine, no clock, no lock.
//
// A format is one file of this package, which registers it, and one pair in testdata: lines as the program writes them
// in <format>.log, and what they say in <format>.expect.jsonl. Nothing else has to be touched.
package parser

import (
	"time"

	"hangup/event"
)

// Options choose how a log is read.
type Options struct {
	Format string         // a name of Formats; "" or "auto" to detect it
	Layout string         // the layout string for formats that take one, as users have it in the server's configuration
	Zone   *time.Location // for times without a zone; nil is UTC
	Hint   string         // the format that detection takes of those that fit equally well: the one that the log had before
	User   *UserFormats   // formats that users define, beside those of Formats; nil is none
}

// of returns options for another format of the same log.
func (o Options) of(format, layout string) Options {
	return Options{Format: format, Layout: layout, Zone: o.Zone, User: o.User}
}

// Parser reads the lines of one log in order and gives each record once it is complete. It is for one goroutine.
//
// Line and Flush call emit for each complete record, in the order of the file and without a gap: the spans
// [Start, End) of all records join on to each other and cover every line given. The record that emit gets is valid
// only until emit returns; its strings are parts of the lines' text.
type Parser interface {
	// Line takes the next line.
	Line(l event.Line, emit func(*event.Record))
	// Flush ends the record that is open, if there is one: after a second of silence, at a rotation, at the end.
	Flush(emit func(*event.Record))
	// Open says whether a record is open, waiting for its next line.
	Open() bool
	// Format names the format in use and says how sure a detection is, from 0 to 1 (1 when the format was given).
	// The name is "" while the format is not known yet.
	Format() (name string, confidence float64)
}

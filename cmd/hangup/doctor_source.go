package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"hangup/answer"
	"hangup/event"
	"hangup/ingest"
	"hangup/parser"
)

// What makes a log doubtful.
const (
	unparsedWarn = 0.01 // share of the sample
	unparsedFail = 0.2
	aheadOfClock = 5 * time.Minute  // the newest record
	besideFile   = 20 * time.Minute // the newest record, of when the file was written
)

// sampleRead is what a sample of a log says.
type sampleRead struct {
	counts   event.Accounts
	assumed  int // records whose time has no zone
	timed    int // records with a time
	took     int // records with a duration
	newest   time.Time
	format   string
	sure     float64
	found    parser.Detection
	unparsed string // an example of a line that was not understood
}

// mostChecked is how many logs of a pattern are looked at: those that were written to last.
const mostChecked = 5

// checkPattern looks at the logs that a pattern names.
func checkPattern(sources []ingest.Source, number int, now time.Time) []finding {
	f := findings{subject: sources[number].Path}
	logs, rotated, err := ingest.Logs(sources, number)
	if err != nil {
		f.add(levelFail, "files", "let Hangup's user enter and list the directories, or make the pattern narrower", "%v", err)
	}
	if len(logs) == 0 {
		f.add(levelWarn, "files", "check the pattern; serve waits until there are files", "no log is like it, and %s", count(rotated, "rotated file"))
		return f.list
	}
	f.add(levelOK, "files", "", "%s and %s; the newest are looked at", count(len(logs), "log"), count(rotated, "rotated file"))
	for _, path := range logs[:min(len(logs), mostChecked)] {
		s := sources[number]
		s.Path = path
		f.list = append(f.list, checkSource(s, now)...)
	}
	return f.list
}

// checkSource looks at one log as serve would follow it.
func checkSource(s ingest.Source, now time.Time) []finding {
	f := findings{subject: s.Path}
	st, ok := checkFile(&f, s.Path, now)
	if !ok {
		return f.list
	}
	lines, err := ingest.ReadExcerpt(s.Path)
	if err != nil {
		f.add(levelFail, "file", "", "%v", err)
		return f.list
	}
	if len(lines) == 0 {
		f.add(levelWarn, "format", "look again when something has been written", "there is no whole line yet")
		return f.list
	}
	r, err := readSample(lines, s.Parser)
	if err != nil { // checked with the configuration
		f.add(levelFail, "format", "", "%v", err)
		return f.list
	}
	if checkFormat(&f, r, len(lines)) {
		checkTimes(&f, r, s, st, now)
		checkDurations(&f, r, s.Parser.User)
		for _, g := range r.found.Formats {
			if a, ok := parser.Advise(g.Format, g.Layout); ok {
				f.add(levelNote, "hides", a.Config, "%s hides %s", g.Format, a.Hides)
			}
		}
	}
	return f.list
}

func checkFile(f *findings, path string, now time.Time) (os.FileInfo, bool) {
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.add(levelWarn, "file", "check the path; serve waits until the file is there", "it does not exist")
		return nil, false
	case err == nil && !st.Mode().IsRegular():
		f.add(levelFail, "file", "name a log file; what a container writes to its console is in the container engine's log file", "it is no regular file")
		return nil, false
	case err == nil:
		var in *os.File
		if in, err = os.Open(path); err == nil {
			err = in.Close()
		}
	}
	if err != nil {
		f.add(levelFail, "file", "let Hangup's user read it: logs are often readable by the group adm or by the server's user", "%v", err)
		return nil, false
	}
	f.add(levelOK, "file", "", "readable, %s, written %s ago, %s", size(st.Size()), ago(now.Sub(st.ModTime())), siblings(path))
	return st, true
}

// siblings counts the files that a rotation has left beside a log.
func siblings(path string) string {
	base := filepath.Base(path)
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return "its directory cannot be listed, so rotations are not followed"
	}
	n := 0
	for _, e := range entries {
		if e.Name() != base && ingest.ParseName(e.Name(), func(name string) bool { return name == base }).Log == base {
			n++
		}
	}
	if n == 0 {
		return "no rotated files beside it"
	}
	return count(n, "rotated file") + " beside it"
}

// readSample reads lines as serve would.
func readSample(lines []event.Line, o parser.Options) (sampleRead, error) {
	var r sampleRead
	p, err := parser.New(o)
	if err != nil {
		return r, err
	}
	emit := func(rec *event.Record) {
		r.counts.Count(rec.Kind, rec.End-rec.Start)
		if rec.Kind == event.Unparsed && r.unparsed == "" {
			r.unparsed = rec.Text
		}
		if rec.Duration.OK {
			r.took++
		}
		if rec.Time.IsZero() {
			return
		}
		r.timed++
		if rec.ZoneAssumed {
			r.assumed++
		}
		if rec.Time.After(r.newest) {
			r.newest = rec.Time
		}
	}
	for i, l := range lines {
		if i > 0 && l.Start != lines[i-1].End { // nothing goes on across a gap
			p.Flush(emit)
		}
		l.Number = int64(i + 1)
		parser.Feed(p, l, emit)
	}
	p.Flush(emit)
	r.format, r.sure = p.Format()
	r.found = parser.Found(p)
	return r, nil
}

func checkFormat(f *findings, r sampleRead, lines int) bool {
	c := r.counts
	records := c.Requests + c.Disconnects + c.Others + c.Unparsed
	if records == 0 {
		f.add(levelWarn, "format", "look again when something has been written", "there are blank lines only")
		return false
	}
	share := float64(c.Unparsed) / float64(records)
	if r.format == "" {
		f.add(levelFail, "format", "give the server's log format as the source's layout; hangup detect says more", "no format that is known fits %s", count(lines, "line"))
		return false
	}
	l, do := levelOK, ""
	if share > unparsedWarn {
		l, do = levelWarn, fmt.Sprintf("such as %.120q: try it on the page Formats", r.unparsed)
	}
	if share > unparsedFail {
		l = levelFail
	}
	f.add(l, "format", do, "%s, %s sure; of %s in %s %s not understood", r.format, answer.Percent(r.sure), count(int(records), "record"), count(lines, "line"), answer.Percent(share))
	return share <= unparsedFail
}

func checkTimes(f *findings, r sampleRead, s ingest.Source, st os.FileInfo, now time.Time) {
	written := st.ModTime()
	off := r.newest.Sub(written)
	switch {
	case r.timed == 0:
		f.add(levelWarn, "times", "", "no record has a time: each counts when it is read")
		return
	case r.newest.After(now.Add(aheadOfClock)):
		f.add(levelWarn, "times", "set the source's timezone, or the clock of the machine that writes", "the newest record is %s ahead of this machine's clock", ago(r.newest.Sub(now)))
	case r.assumed > 0 && s.Parser.Zone == nil && (off > besideFile || off < -besideFile) && isZoneLike(off):
		f.add(levelWarn, "times", "set the source's timezone, as Europe/Berlin", "they have no zone, and UTC is taken: the newest record is %s off the time at which the file was written", ago(off.Abs()))
	case r.assumed > 0 && s.Parser.Zone == nil:
		f.add(levelOK, "times", "", "they have no zone, and UTC is taken; the newest record is of %s", r.newest.UTC().Format(time.RFC3339))
	case r.assumed > 0:
		f.add(levelOK, "times", "", "in the zone %s, as configured; the newest record is of %s", s.Parser.Zone, r.newest.UTC().Format(time.RFC3339))
	default:
		f.add(levelOK, "times", "", "with their zone; the newest record is of %s", r.newest.UTC().Format(time.RFC3339))
	}
}

// isZoneLike says whether a difference may be that of two time zones: whole quarters of an hour, 14 hours at most.
func isZoneLike(d time.Duration) bool {
	rest := (d.Abs() + time.Minute) % (15 * time.Minute)
	return rest <= 2*time.Minute && d.Abs() <= 14*time.Hour
}

func checkDurations(f *findings, r sampleRead, user *parser.UserFormats) {
	exchanges := r.counts.Requests + r.counts.Disconnects
	can := false
	for _, g := range r.found.Formats {
		can = can || user.HasDurations(g.Format, g.Layout)
	}
	switch {
	case r.took > 0:
		f.add(levelOK, "durations", "", "%s of %s say how long the exchange took", count(r.took, "record"), count(int(exchanges), "exchange"))
	case r.counts.Requests == 0: // an error log
	case can:
		f.add(levelWarn, "durations", "", "none in the sample, though the format has them: no timers can be found")
	default:
		f.add(levelWarn, "durations", "add the duration to the server's log format, as below", "none: how long clients wait cannot be told, and no timers can be found")
	}
}

// ago writes a duration for people.
func ago(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", max(0, int(d.Seconds())))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	default:
		return fmt.Sprintf("%d d", int(d.Hours()/24))
	}
}

// size writes an amount of data for people.
func size(n int64) string {
	const kib = 1 << 10
	switch {
	case n < kib:
		return fmt.Sprintf("%d B", n)
	case n < kib*kib:
		return fmt.Sprintf("%.1f KiB", float64(n)/kib)
	case n < kib*kib*kib:
		return fmt.Sprintf("%.1f MiB", float64(n)/kib/kib)
	default:
		return fmt.Sprintf("%.1f GiB", float64(n)/kib/kib/kib)
	}
}

package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hangup/event"
	"hangup/ingest"
	"hangup/parser"
	"hangup/store"
)

// Verdicts on a generation.
const (
	verdictEqual     = "equal"
	verdictDifferent = "different"
	verdictRegrouped = "regrouped" // records of several lines that stood open for a second were counted in two
	verdictSettings  = "newer settings"
	verdictChanged   = "changed"
	verdictGone      = "gone"
	verdictUnread    = "unread"
	verdictStored    = "not read" // --quick
)

// verifier compares what is stored with what files say.
type verifier struct {
	stored     store.Stored
	named      []bool                   // generations of the source that is asked for, all if none is
	chosen     []bool                   // those of them that are not too old
	configured map[string]ingest.Source // by path
	cfg        config
	since, now time.Time
	quick      bool
	progress   func(string)

	out   verification
	found []ingest.Recounted // by generation
	shelf *ingest.Shelf
	tell  map[string]*told
	days  map[serviceTime]bool // days that are stored, and whether with their single hang-ups
}

// told is what the files tell of a service's hours.
type told struct {
	hours  map[time.Time]event.Counts
	newest map[time.Time]time.Time // when what is in an hour was committed
	// until is the newest event of what cannot be counted again: what came to this hour and those before is not known.
	until time.Time
}

// verification is the result.
type verification struct {
	Schema      string         `json:"schema"`
	At          time.Time      `json:"at"`
	Quick       bool           `json:"quick"`
	Verdicts    map[string]int `json:"verdicts"` // generations by verdict
	Generations []checked      `json:"generations"`
	Buckets     int64          `json:"buckets_compared"`     // hours and days with what they were folded from
	WithRecords int            `json:"hours_with_records"`   // hours that were compared with the single hang-ups
	WithFiles   int            `json:"hours_with_files"`     // and with the files
	Hours       int            `json:"hours"`                // of which counts are kept
	Levels      []difference   `json:"differences_of_hours"` // of hours and days
}

// checked is what was found about a generation.
type checked struct {
	ID          int64          `json:"id"`
	Service     string         `json:"service"`
	Source      string         `json:"source"`
	Path        string         `json:"path"` // where it was found, or seen last
	Verdict     string         `json:"verdict"`
	Note        string         `json:"note,omitempty"`
	Bytes       int64          `json:"bytes"` // committed
	Lost        int64          `json:"bytes_lost"`
	Records     accounts       `json:"records"`
	Differences []difference   `json:"differences,omitempty"`
	was         event.Accounts // as stored
}

// accounts are records by kind.
type accounts struct {
	Request    int64 `json:"request"`
	Disconnect int64 `json:"disconnect"`
	Other      int64 `json:"other"`
	Unparsed   int64 `json:"unparsed"`
	Skipped    int64 `json:"skipped"`
}

// difference is a figure that is not what it should be.
type difference struct {
	What    string `json:"what"`
	Stored  int64  `json:"stored"`
	Found   int64  `json:"found"`
	FoundIn string `json:"found_in"` // the file, the single hang-ups, the minutes, the hours
	Service string `json:"service,omitempty"`
	Level   string `json:"level,omitempty"` // hour or day
	At      string `json:"at,omitempty"`    // begin of the hour or day
}

func (v *verification) differs() bool {
	return v.Verdicts[verdictDifferent] > 0 || len(v.Levels) > 0
}

func (v *verifier) run(ctx context.Context) (*verification, error) {
	v.out = verification{Schema: "hangup.verify/1", At: v.now.UTC(), Quick: v.quick, Verdicts: map[string]int{}, Generations: []checked{}, Levels: []difference{}}
	v.found = make([]ingest.Recounted, len(v.stored.Generations))
	v.tell = map[string]*told{}
	fates := map[int]checked{}
	if !v.quick {
		if err := v.readFiles(ctx, fates); err != nil {
			return nil, err
		}
	}
	for i := range v.stored.Generations {
		g := &v.stored.Generations[i]
		if !v.chosen[i] {
			v.blind(g)
			continue
		}
		c, ok := fates[i]
		if !ok {
			c = v.describe(g, verdictStored)
			if !v.quick && g.Off == 0 {
				c.Verdict = verdictEqual
			}
		}
		v.hangups(i, g, &c)
		if len(c.Differences) > 0 && c.Verdict != verdictSettings && c.Verdict != verdictRegrouped {
			c.Verdict = verdictDifferent
		}
		v.out.Verdicts[c.Verdict]++
		v.out.Generations = append(v.out.Generations, c)
	}
	v.levels()
	v.hours()
	return &v.out, nil
}

func (v *verifier) describe(g *store.StoredGeneration, verdict string) checked {
	a := g.Accounts
	return checked{
		ID: g.ID, Service: g.Service, Source: g.Source, Path: g.Path, Verdict: verdict, Bytes: g.Off, Lost: g.Lost,
		Records: accounts{a.Requests, a.Disconnects, a.Others, a.Unparsed, a.Skipped}, was: a,
	}
}

// readFiles looks for each content twice: the second time for those that were renamed or compressed meanwhile.
func (v *verifier) readFiles(ctx context.Context, fates map[int]checked) error {
	var paths []string
	for i := range v.stored.Generations {
		if g := &v.stored.Generations[i]; v.chosen[i] {
			log := ingest.LogOf(g.Path)
			paths = append(paths, g.Source, g.Path, log)
			for _, dir := range v.configured[g.Source].Also { // rotation moves files there
				if !filepath.IsAbs(dir) {
					dir = filepath.Join(filepath.Dir(log), dir)
				}
				paths = append(paths, filepath.Join(dir, filepath.Base(log)))
			}
		}
	}
	slices.Sort(paths)
	paths = slices.Compact(paths)
	for range 2 {
		v.shelf = v.shelf.Again(paths)
		missing := false
		for i := range v.stored.Generations {
			g := &v.stored.Generations[i]
			if _, done := fates[i]; done || !v.chosen[i] || g.Off == 0 {
				continue
			}
			v.progress(fmt.Sprintf("%d of %d: %s", i+1, len(v.stored.Generations), printable(g.Path)))
			c, ok, err := v.recount(ctx, i, g)
			if err != nil {
				return err
			}
			if ok {
				fates[i] = c
			}
			missing = missing || !ok
		}
		if !missing {
			break
		}
	}
	for i := range v.stored.Generations {
		g := &v.stored.Generations[i]
		if _, done := fates[i]; done || !v.chosen[i] || g.Off == 0 {
			continue
		}
		v.blind(g)
		fate, path, err := v.shelf.Fate(g.Generation)
		c := v.describe(g, string(fate))
		switch fate {
		case ingest.Unread:
			c.Path, c.Note = path, err.Error()
		case ingest.Changed:
			c.Path, c.Note = path, "the file no longer holds the bytes that were read"
		case ingest.Gone:
			c.Verdict, c.Note = verdictGone, "no file beside the log holds the bytes that were read"
		}
		fates[i] = c
	}
	return nil
}

// recount reads one generation's file again, by each of the settings that it may have been read with until one agrees.
func (v *verifier) recount(ctx context.Context, i int, g *store.StoredGeneration) (c checked, ok bool, err error) {
	options, newer := v.options(g)
	r := ingest.Recount{Since: g.Settings.Since, Until: g.Settings.Until, Seen: g.Committed, Refused: map[int64]bool{}}
	for _, off := range g.Refused {
		r.Refused[off] = true
	}
	c = v.describe(g, verdictEqual)
	for try, o := range options {
		r.Parser = o
		found, ok, err := v.shelf.Recount(ctx, g.Generation, r)
		if err != nil || !ok {
			return c, false, err
		}
		c.Path = found.Path
		diff := compareAccounts(g.Accounts, found.Accounts)
		if try == 0 || len(diff) == 0 {
			c.Differences, v.found[i] = diff, found
		}
		if len(diff) == 0 {
			break
		}
	}
	if v.found[i].Path == "" { // the format that it was read by is not known here
		v.blind(g)
		c.Verdict, c.Note = verdictSettings, fmt.Sprintf("it was read as %s, which is not known here: give --config", printable(g.Settings.Format))
		return c, true, nil
	}
	switch {
	case len(c.Differences) == 0:
	case newer:
		c.Verdict, c.Note = verdictSettings, "the source's format, layout or time zone is another now than when it was read"
	case regrouped(g, v.found[i].Accounts):
		c.Verdict, c.Note = verdictRegrouped, "records of several lines that stood open for a second were counted in two"
	default:
		c.Verdict = verdictDifferent
	}
	if c.Verdict == verdictEqual || c.Verdict == verdictDifferent {
		v.note(g, &v.found[i])
	} else {
		v.blind(g)
	}
	return c, true, nil
}

func compareAccounts(stored, found event.Accounts) (out []difference) {
	for _, d := range []difference{
		{What: "requests", Stored: stored.Requests, Found: found.Requests},
		{What: "disconnects", Stored: stored.Disconnects, Found: found.Disconnects},
		{What: "others", Stored: stored.Others, Found: found.Others},
		{What: "unparsed", Stored: stored.Unparsed, Found: found.Unparsed},
		{What: "skipped", Stored: stored.Skipped, Found: found.Skipped},
		{What: "bytes_parsed", Stored: stored.ParsedBytes, Found: found.ParsedBytes},
		{What: "bytes_skipped", Stored: stored.SkippedBytes, Found: found.SkippedBytes},
		{What: "bytes_unparsed", Stored: stored.UnparsedBytes, Found: found.UnparsedBytes},
		{What: "bytes_oversize", Stored: stored.OversizeBytes, Found: found.OversizeBytes},
	} {
		if d.Stored != d.Found {
			d.FoundIn = "the file"
			out = append(out, d)
		}
	}
	return out
}

// regrouped says whether the differences are those that a record leaves whose lines came more than a second apart: it was
// counted in parts, of which none is a request or a hang-up.
func regrouped(g *store.StoredGeneration, found event.Accounts) bool {
	many := false
	for _, f := range parser.FormatsOf(g.Format) {
		for _, info := range parser.Formats() {
			many = many || info.Name == f.Format && info.Multiline
		}
	}
	a := g.Accounts
	return many && a.Requests == found.Requests && a.Disconnects == found.Disconnects && a.OversizeBytes == found.OversizeBytes &&
		a.Bytes() == found.Bytes() && a.Records() > found.Records()
}

// service returns what is told of a service.
func (v *verifier) service(name string) *told {
	t := v.tell[name]
	if t == nil {
		t = &told{hours: map[time.Time]event.Counts{}, newest: map[time.Time]time.Time{}}
		v.tell[name] = t
	}
	return t
}

// blind notes that the hours of a generation cannot be counted again.
func (v *verifier) blind(g *store.StoredGeneration) {
	if t := v.service(g.Service); g.LastEvent.After(t.until) {
		t.until = g.LastEvent
	}
}

// note adds what a file says to the hours of its service.
func (v *verifier) note(g *store.StoredGeneration, r *ingest.Recounted) {
	if r.Undated {
		v.blind(g)
		return
	}
	t := v.service(g.Service)
	for at, c := range r.Hours {
		sum := t.hours[at]
		sum.Add(c)
		t.hours[at] = sum
		if g.Committed.After(t.newest[at]) {
			t.newest[at] = g.Committed
		}
	}
}

// hangups compares how many hang-ups a generation counts with how many are stored, and those with the file's, by day
// where older ones have expired.
func (v *verifier) hangups(i int, g *store.StoredGeneration, c *checked) {
	bad := func(what string, stored, found int64, in string) {
		c.Differences = append(c.Differences, difference{What: what, Stored: stored, Found: found, FoundIn: in})
	}
	whole := v.since.IsZero() // else older days were not asked for
	if found := v.found[i]; found.Path != "" && c.Verdict == verdictEqual {
		first := v.since.UTC().Truncate(24 * time.Hour)
		days := map[time.Time]bool{}
		for d := range found.Hangups {
			days[d] = true
		}
		for d := range g.Hangups {
			days[d] = true
		}
		for d := range days {
			if n, m := g.Hangups[d], found.Hangups[d]; n != m && (whole || !d.Before(first)) && !found.Undated && v.kept(g, d) {
				bad("hang-ups of "+d.Format(time.DateOnly), n, m, "the file")
			}
		}
		if found.Undated && whole && !g.EventsGone && g.HangupCount != g.Accounts.Disconnects {
			bad("hang-ups", g.HangupCount, g.Accounts.Disconnects, "its counter")
		}
		slices.SortFunc(c.Differences, func(a, b difference) int { return strings.Compare(a.What, b.What) })
		return
	}
	if n := g.HangupCount; whole && (n > g.Accounts.Disconnects || n < g.Accounts.Disconnects && !g.EventsGone) {
		bad("hang-ups", n, g.Accounts.Disconnects, "its counter")
	}
}

// kept says whether the single hang-ups of a day of a generation are still stored. The note of a day goes when all of it
// has expired.
func (v *verifier) kept(g *store.StoredGeneration, day time.Time) bool {
	if v.days == nil {
		v.days = map[serviceTime]bool{}
		for _, h := range v.stored.Hours {
			v.days[serviceTime{h.Service, h.At}] = h.Compared
		}
	}
	compared, ok := v.days[serviceTime{g.Service, day}]
	return compared || !ok && g.Committed.After(v.now.Add(-v.cfg.retention().Events))
}

// serviceTime is a time of a service.
type serviceTime struct {
	service string
	at      time.Time
}

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"hangup/answer"
)

// How many rows and differences are printed as text; -o json prints all.
const (
	verifyRows  = 30
	verifyFacts = 20
	verifyWidth = 80
)

func (v *verification) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// verdictOrder is the order of the rows: what has to be looked at comes first.
var verdictOrder = []string{
	verdictDifferent, verdictUnread, verdictChanged, verdictSettings, verdictRegrouped, verdictGone, verdictStored, verdictEqual,
}

func (v *verification) writeText(out io.Writer) error {
	w := bufio.NewWriter(out)
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	rows := slices.Clone(v.Generations)
	slices.SortStableFunc(rows, func(a, b checked) int {
		return slices.Index(verdictOrder, a.Verdict) - slices.Index(verdictOrder, b.Verdict)
	})
	if len(rows) > 0 {
		line("%-14s %8s %12s %10s  %s", "verdict", "bytes", "records", "hang-ups", "file")
	}
	for i, c := range rows {
		if i == verifyRows {
			line("and %s; -o json lists all", answer.Count(int64(len(rows)-i), "more content"))
			break
		}
		line("%-14s %8s %12s %10s  %s", c.Verdict, short(c.Bytes), answer.Thousands(c.was.Records()), answer.Thousands(c.was.Disconnects), endOf(printable(c.Path), verifyWidth-49))
	}
	facts := v.facts(rows)
	if len(facts) > 0 {
		line("")
	}
	for i, f := range facts {
		if i == verifyFacts {
			line("and %s; -o json lists all", answer.Count(int64(len(facts)-i), "more difference"))
			break
		}
		paragraph(line, f)
	}
	line("")
	for _, s := range v.summary() {
		paragraph(line, s)
	}
	return w.Flush()
}

// facts say what differs.
func (v *verification) facts(rows []checked) []string {
	var out []string
	for _, c := range rows {
		if c.Note != "" && c.Verdict != verdictGone {
			out = append(out, fmt.Sprintf("%s: %s", printable(c.Path), c.Note))
		}
		for _, d := range c.Differences {
			out = append(out, fmt.Sprintf("%s: %s: stored %d, %s says %d", printable(c.Path), d.What, d.Stored, d.FoundIn, d.Found))
		}
	}
	for _, d := range v.Levels {
		out = append(out, fmt.Sprintf("%s %s of %s: %s: stored %d, %s say %d", d.Level, d.At, printable(d.Service), d.What, d.Stored, d.FoundIn, d.Found))
	}
	return out
}

// summary says what it comes to, and what to do.
func (v *verification) summary() []string {
	var parts []string
	for _, name := range verdictOrder {
		if n := v.Verdicts[name]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, name))
		}
	}
	out := []string{fmt.Sprintf("%s: %s.", answer.Count(int64(len(v.Generations)), "log content"), strings.Join(parts, ", "))}
	if len(parts) == 0 {
		out = []string{"Nothing is stored of what was asked for."}
	}
	out = append(out, fmt.Sprintf("%s: %s compared with the single hang-ups, %s with the files; %s folded hours and days with what they were made of.",
		answer.Count(int64(v.Hours), "hour"), answer.Thousands(int64(v.WithRecords)), answer.Thousands(int64(v.WithFiles)),
		answer.Thousands(v.Buckets)))
	if v.Verdicts[verdictGone]+v.Verdicts[verdictChanged]+v.Verdicts[verdictSettings] > 0 {
		out = append(out, "What is gone, changed or read with other settings cannot be compared, and is no difference.")
	}
	switch {
	case v.differs():
		out = append(out, `Something differs. Compare with a backup of the database, or import the files into a new one and compare its figures; "When figures differ" in docs/reliability.md says how, and how to have hours and days folded again. If nobody changed the database or the files by hand, it is a fault of Hangup: please report it with this output.`)
	case v.Quick:
		out = append(out, "What is stored agrees with itself; files were not read.")
	case v.Verdicts[verdictEqual] == 0 && len(v.Generations) > 0:
		out = append(out, "What is stored agrees with itself; no file could be compared with it.")
	default:
		out = append(out, "All that could be compared is equal.")
	}
	return out
}

// paragraph prints s in lines of 80 columns, the later ones indented.
func paragraph(line func(string, ...any), s string) {
	for i, l := range strings.Split(text.WrapSoft(s, verifyWidth-2), "\n") {
		if i > 0 {
			l = "  " + l
		}
		line("%s", strings.TrimRight(l, " "))
	}
}

// endOf returns the end of a path that is longer than n.
func endOf(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return "…" + string(r[len(r)-n+1:])
	}
	return s
}

// short returns a size in seven columns.
func short(n int64) string { return strings.ReplaceAll(strings.ReplaceAll(size(n), " ", ""), "iB", "") }

package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"hangup/answer"
	"hangup/event"
	"hangup/parser"
)

// TextOptions say what a terminal can show.
type TextOptions struct {
	Width  int // columns; below 80 it is 80, above 160 it is 160
	Colour bool
}

// WriteText writes the report for a terminal.
func (r *Report) WriteText(w io.Writer, o TextOptions) error {
	t := &writer{Writer: bufio.NewWriter(w), r: r, width: min(max(o.Width, 80), 160), colour: o.Colour}
	t.head()
	t.routes()
	t.ages()
	t.clients()
	t.agents()
	t.sources()
	return t.Flush()
}

// writer writes a report as text. The first error of its bufio.Writer stays there until Flush.
type writer struct {
	*bufio.Writer
	r      *Report
	width  int
	colour bool
}

func (t *writer) line(format string, args ...any) { _, _ = fmt.Fprintf(t, format+"\n", args...) }

// paint gives s a colour, by the number of ECMA-48's SGR.
func (t *writer) paint(sgr, s string) string {
	if !t.colour {
		return s
	}
	return "\x1b[" + sgr + "m" + s + "\x1b[0m"
}

const (
	bold = "1"
	dim  = "2"
	red  = "1;31"
	good = "1;32"
	warn = "1;33"
)

var levelColour = map[answer.Level]string{answer.Bad: red, answer.Good: good, answer.Notice: warn, answer.None: bold}

func (t *writer) head() {
	r := t.r
	for l := range strings.SplitSeq(text.WrapSoft(r.Verdict.Text, t.width), "\n") {
		t.line("%s", t.paint(levelColour[r.Verdict.Level], strings.TrimRight(l, " ")))
	}
	t.line("")
	if !r.From.IsZero() {
		t.line("%s", t.paint(dim, "  "+span(r.From, r.To)))
	}
	if only := r.Filter.words(); only != "" {
		t.note("Only %s; what is left out by time or client is in \"other\" below.", only)
	}
	t.rate()
	if r.Disconnects() == 0 {
		return
	}
	t.field("Who", shares(parties(r.Counts), r.Disconnects()))
	t.field("How", shares(r.ByHow, r.Disconnects()))
	t.field("Phase", shares(r.ByPhase, r.Disconnects()))
	if r.Joined > 0 {
		t.field("Joined", answer.Count(r.Joined, "report")+" of hang-ups that another record counts")
	}
	if r.Unmatched > 0 {
		t.field("Careful", answer.Count(r.Unmatched, "report")+" came with too many others to be compared with all")
	}
	if r.Idle > 0 {
		t.field("Idle", answer.Count(r.Idle, "close")+" between requests, in no rate")
	}
}

func (t *writer) field(name, value string) {
	lines := strings.Split(text.WrapSoft(value, t.width-11), "\n")
	for i, l := range lines {
		if i > 0 {
			name = ""
		}
		t.line("  %s %s", t.paint(dim, fmt.Sprintf("%-7s", name)), strings.TrimRight(l, " "))
	}
}

// rate draws the share of hang-ups over time; without an access log their number.
func (t *writer) rate() {
	points := squeeze(t.r.Series, t.width-11)
	if len(points) < 2 || t.r.Disconnects() == 0 {
		return
	}
	values := make([]float64, len(points))
	var top float64
	var at time.Time
	for i, p := range points {
		v, ok := p.rate()
		if t.r.Requests == 0 {
			v, ok = float64(p.Hangups), true
		}
		if !ok {
			values[i] = -1
			continue
		}
		if values[i] = v; v > top {
			top, at = v, p.Start
		}
	}
	most := answer.Percent(top)
	name := "Rate"
	if t.r.Requests == 0 {
		most, name = answer.Count(int64(top), "hang-up"), "Number"
	}
	t.field(name, spark(values))
	t.field("", "at most "+most+" at "+moment(at)+", each column "+step(points, t.r.Step))
}

// step says how wide the columns of a chart are.
func step(points []Point, one time.Duration) string {
	if len(points) > 1 {
		one = points[1].Start.Sub(points[0].Start)
	}
	return duration(one)
}

func (t *writer) routes() {
	r := t.r
	if len(r.Routes) == 0 {
		return
	}
	title := "ROUTES by hang-ups above the common rate"
	if n := r.RoutesAll - len(r.Routes); n > 0 {
		title += fmt.Sprintf(" (%d of %s)", len(r.Routes), answer.Thousands(int64(r.RoutesAll)))
	}
	t.title(title)
	tw := t.table(table.Row{"Route", "Requests", "Hang-ups", "Rate", "P50", "P95", "Who"}, 2, 3, 4, 5, 6)
	for _, v := range r.Routes {
		p50, p95 := quantiles(&v.Abandoned)
		tw.AppendRow(table.Row{
			fit(strings.TrimSpace(v.Method+" "+v.Template), t.width-53), answer.Thousands(v.Requests), answer.Thousands(v.Disconnects()),
			rate(v.Counts), p50, p95, mostly(v.Counts),
		})
	}
	t.print(tw)
	t.note("P50, P95: after how long they hung up.")
}

func (t *writer) ages() {
	list := t.r.Ages()
	if len(list) == 0 || t.r.Disconnects() == 0 {
		return
	}
	if t.r.Abandoned.Count() == 0 {
		t.title("TIME TO HANG-UP")
		t.note("These logs do not say after how long clients hung up: see below what to log.")
		return
	}
	var drops, dones int64
	for _, b := range list {
		drops, dones = max(drops, b.Dropped), max(dones, b.Completed)
	}
	columns := (t.width - 34) / 2
	t.title("TIME TO HANG-UP, beside the time that completed exchanges took")
	tw := t.table(table.Row{"From", "Hang-ups", "", "Completed", ""}, 1, 2, 4)
	for _, b := range list {
		tw.AppendRow(table.Row{
			b.label(), answer.Thousands(b.Dropped), t.paint("31", bar(b.Dropped, drops, columns)),
			answer.Thousands(b.Completed), t.paint("32", bar(b.Completed, dones, columns)),
		})
	}
	t.print(tw)
	for _, p := range t.r.Peaks {
		t.note("%s at %s (%s of those timed): many at one age are most often a timer.", answer.Count(p.Count, "hang-up"), p.age(), answer.Percent(p.Share))
	}
}

// age writes a peak's age, as finely as it is known.
func (p Peak) age() string {
	if p.At < 1000 {
		return age(p.At)
	}
	return fmt.Sprintf("%.2f s", float64(p.At)/1000)
}

func (t *writer) clients() {
	if len(t.r.TopClients) == 0 {
		return
	}
	title := "CLIENTS"
	if n := t.r.Clients; n > int64(len(t.r.TopClients)) {
		title += fmt.Sprintf(" (%d of %s%s)", len(t.r.TopClients), more(t.r.MoreThan), answer.Thousands(n))
	}
	t.title(title)
	tw := t.table(table.Row{"Client", "Requests", "Hang-ups", "Rate", "Last seen"}, 2, 3, 4)
	for _, c := range t.r.TopClients {
		tw.AppendRow(table.Row{
			fit(c.name(), t.width-50), least(c.Requests, t.r.ClientsPart), answer.Thousands(c.Hangups), clientRate(c, t.r.ClientsPart), moment(c.LastSeen),
		})
	}
	t.print(tw)
}

// name is the client with where it is, if that is near.
func (c Client) name() string {
	if c.Scope == "loopback" || c.Scope == "private" {
		return c.Client + " (" + c.Scope + ")"
	}
	return c.Client
}

func (t *writer) agents() {
	if len(t.r.Agents) == 0 || len(t.r.Agents) == 1 && t.r.Agents[0].Class == "none" {
		return
	}
	t.title("USER AGENTS")
	tw := t.table(table.Row{"User agent", "Kind", "Requests", "Hang-ups", "Rate", "Who"}, 3, 4, 5)
	for _, a := range t.r.Agents {
		tw.AppendRow(table.Row{
			fit(a.Family, t.width-52), a.Class, answer.Thousands(a.Requests), answer.Thousands(a.Disconnects()), rate(a.Counts), mostly(a.Counts),
		})
	}
	t.print(tw)
}

func (t *writer) sources() {
	t.title("READ")
	tw := t.table(table.Row{"Log", "Format", "Requests", "Disconnects", "Other", "Unparsed", "Blank"}, 3, 4, 5, 6, 7)
	for i := range t.r.Sources {
		s := &t.r.Sources[i]
		tw.AppendRow(table.Row{
			fitEnd(s.title(), t.width-66), fit(cmp.Or(s.Format, "unknown"), 15), answer.Thousands(s.Requests), answer.Thousands(s.Disconnects),
			answer.Thousands(s.Others), answer.Thousands(s.Unparsed), answer.Thousands(s.Skipped),
		})
	}
	t.print(tw)
	t.note("%s", accounts(t.r.Read()))
	said := map[string]bool{}
	for i := range t.r.Sources {
		t.source(&t.r.Sources[i], said)
	}
}

// accounts says what became of every record.
func accounts(a event.Accounts) string {
	return fmt.Sprintf("%s read = %s + %s + %s other + %s unparsed + %s blank.", answer.Count(a.Records(), "record"), answer.Count(a.Requests, "request"),
		answer.Count(a.Disconnects, "disconnect record"), answer.Thousands(a.Others), answer.Thousands(a.Unparsed), answer.Thousands(a.Skipped))
}

// source says what is wrong with one source, and what its format hides.
func (t *writer) source(s *Source, said map[string]bool) {
	for _, p := range s.Problems {
		t.note("%s %s", t.paint(red, "Not read whole:"), plain(p))
	}
	if s.Unparsed > 0 {
		t.note("%s: %s of its records were not understood, as these:", fitEnd(s.title(), t.width-50), answer.Percent(s.Share()))
		for _, v := range s.Samples[:min(3, len(s.Samples))] {
			t.line("    %s", t.paint(dim, fit(fmt.Sprintf("line %d: %s", v.Line, v.Text), t.width-4)))
		}
	}
	if hides := s.hides(); hides != "" && !said[hides] {
		said[hides] = true
		t.note("%s", hides)
	}
}

// hides says what the log's format does not show, where it showed no hang-up, and "" elsewhere.
func (s *Source) hides() string {
	a, ok := parser.AdviceFor(s.Format)
	if !ok || s.Disconnects > 0 || strings.HasPrefix(a.Hides, "nothing") {
		return ""
	}
	return s.Format + " hides " + a.Hides + ". docs/formats.md has what to log instead."
}

func (t *writer) title(s string) {
	t.line("")
	t.line("%s", t.paint(bold, s))
}

// note writes a remark, wrapped and indented.
func (t *writer) note(format string, args ...any) {
	for l := range strings.SplitSeq(text.WrapSoft(fmt.Sprintf(format, args...), t.width-2), "\n") {
		t.line("  %s", strings.TrimRight(l, " "))
	}
}

// table makes a table whose columns of these numbers are aligned to the right.
func (t *writer) table(head table.Row, right ...int) table.Writer {
	tw := table.NewWriter()
	style := table.StyleLight
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	style.Format.Header = text.FormatDefault
	tw.SetStyle(style)
	tw.AppendHeader(head)
	var columns []table.ColumnConfig
	for _, n := range right {
		columns = append(columns, table.ColumnConfig{Number: n, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	tw.SetColumnConfigs(columns)
	return tw
}

func (t *writer) print(tw table.Writer) {
	for i, l := range strings.Split(tw.Render(), "\n") {
		l = strings.TrimRight(l, " ")
		if i == 0 {
			l = t.paint(dim, l)
		}
		t.line("  %s", l)
	}
}

// parties returns the hang-ups by party.
func parties(c event.Counts) map[string]int64 {
	out := map[string]int64{}
	for _, p := range event.Parties() {
		i := event.PartyIndex(p)
		if n := c.Dropped[i] + c.Reported[i]; n != 0 {
			out[p.String()] = n
		}
	}
	return out
}

// mostly names the party of most hang-ups.
func mostly(c event.Counts) string {
	by := parties(c)
	if len(by) == 0 {
		return ""
	}
	return ranked(by)[0]
}

// ranked returns the names, those with the most first.
func ranked(by map[string]int64) []string {
	return slices.SortedFunc(maps.Keys(by), func(a, b string) int {
		return cmp.Or(cmp.Compare(by[b], by[a]), strings.Compare(a, b))
	})
}

func shares(by map[string]int64, all int64) string {
	var parts []string
	for _, k := range ranked(by) {
		parts = append(parts, fmt.Sprintf("%s %s (%s)", words(k), answer.Thousands(by[k]), answer.Percent(answer.Share(by[k], all))))
	}
	return strings.Join(parts, " · ")
}

func words(k string) string { return strings.ReplaceAll(k, "_", " ") }

func rate(c event.Counts) string {
	if c.Requests <= 0 || c.Disconnects() > c.Requests {
		return "–"
	}
	return answer.Percent(answer.Share(c.Disconnects(), c.Requests))
}

func clientRate(c Client, part bool) string {
	if part || c.Requests <= 0 || c.Hangups > c.Requests {
		return "–"
	}
	return answer.Percent(answer.Share(c.Hangups, c.Requests))
}

func quantiles(h *event.Histogram) (p50, p95 string) {
	a, ok := h.Quantile(0.5)
	if !ok {
		return "–", "–"
	}
	b, _ := h.Quantile(0.95)
	return answer.Seconds(a), answer.Seconds(b)
}

func least(n int64, part bool) string {
	if part {
		return "≥ " + answer.Thousands(n)
	}
	return answer.Thousands(n)
}

func more(than bool) string {
	if than {
		return "more than "
	}
	return ""
}

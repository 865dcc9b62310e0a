package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"strings"

	"hangup/answer"
)

// WriteMarkdown writes the report for a ticket, in GitHub's Markdown: the verdict, routes, timers, clients and what was
// read. All text from logs and of the command line stands in code spans, where no mention, link or markup is live.
func (r *Report) WriteMarkdown(w io.Writer) error {
	m := &markdown{Writer: bufio.NewWriter(w), r: r}
	m.head()
	m.routes()
	m.timers()
	m.clients()
	m.read()
	return m.Flush()
}

// markdown writes a report as Markdown. The first error of its bufio.Writer stays there until Flush.
type markdown struct {
	*bufio.Writer
	r *Report
}

const codeChars = 120

// code returns s as a code span. Backticks could end it and bars a table's cell: they are written as Go escapes them.
func code(s string) string {
	if s = strings.TrimSpace(s); s == "" {
		return "–"
	}
	return "`" + strings.NewReplacer("`", `\x60`, "|", `\x7c`).Replace(fit(s, codeChars)) + "`"
}

func (m *markdown) line(format string, args ...any) { _, _ = fmt.Fprintf(m, format+"\n", args...) }

func (m *markdown) title(s string) { m.line("\n#### %s\n", s) }

// table writes rows below a head; a column whose name begins with ">" is aligned to the right.
func (m *markdown) table(head []string, rows [][]string) {
	names, rule := make([]string, len(head)), make([]string, len(head))
	for i, h := range head {
		name, right := strings.CutPrefix(h, ">")
		names[i], rule[i] = name, "---"
		if right {
			rule[i] = "--:"
		}
	}
	for _, row := range append([][]string{names, rule}, rows...) {
		m.line("| %s |", strings.Join(row, " | "))
	}
}

func (m *markdown) head() {
	r := m.r
	m.line("**%s**", r.sentence())
	m.line("")
	if !r.From.IsZero() {
		m.line("- %s", span(r.From, r.To))
	}
	if only := r.Filter.words(); only != "" {
		m.line("- Only %s; what is left out by time or client is in \"other\" below", code(only))
	}
	for _, f := range []struct {
		name string
		by   map[string]int64
	}{{"Who", parties(r.Counts)}, {"How", r.ByHow}, {"Phase", r.ByPhase}} {
		if r.Disconnects() > 0 && len(f.by) > 0 {
			m.line("- %s: %s", f.name, shares(f.by, r.Disconnects()))
		}
	}
	for i := range r.Sources {
		for _, p := range r.Sources[i].Problems {
			m.line("- **Not read whole:** %s", code(p))
		}
	}
}

// sentence is the verdict with the route that it names in a code span.
func (r *Report) sentence() string {
	v := r.Verdict
	before, after, ok := strings.Cut(v.Text, ": "+v.Route+", ")
	if v.Route == "" || !ok {
		return v.Text
	}
	return before + ": " + code(v.Route) + ", " + after
}

func (m *markdown) routes() {
	r := m.r
	if len(r.Routes) == 0 {
		return
	}
	title := "Routes by hang-ups above the common rate"
	if len(r.Routes) < r.RoutesAll {
		title += fmt.Sprintf(" (%d of %s)", len(r.Routes), answer.Thousands(int64(r.RoutesAll)))
	}
	m.title(title)
	var rows [][]string
	for i := range r.Routes {
		v := &r.Routes[i]
		p50, p95 := quantiles(&v.Abandoned)
		rows = append(rows, []string{
			code(v.Method + " " + v.Template), answer.Thousands(v.Requests), answer.Thousands(v.Disconnects()), rate(v.Counts),
			cmp.Or(interval(v.Counts), "–"), p50, p95, v.timers(), cmp.Or(mostly(v.Counts), "–"),
		})
	}
	m.table([]string{"Route", ">Requests", ">Hang-ups", ">Rate", ">95 % interval", ">P50", ">P95", "Timer", "Who"}, rows)
	m.line("\nP50, P95: after how long they hung up.")
}

// timers names the ages at which most of a route's hang-ups are.
func (v *Route) timers() string {
	var out []string
	for _, p := range v.Peaks {
		out = append(out, p.age()+" ("+answer.Percent(p.Share)+")")
	}
	return cmp.Or(strings.Join(out, ", "), "–")
}

func (m *markdown) timers() {
	if len(m.r.Peaks) == 0 {
		return
	}
	m.title("Timers")
	for _, p := range m.r.Peaks {
		m.line("- %s at %s (%s of those timed): many at one age are most often a timer", answer.Count(p.Count, "hang-up"), p.age(), answer.Percent(p.Share))
	}
}

func (m *markdown) clients() {
	r := m.r
	if len(r.TopClients) == 0 {
		return
	}
	m.title("Clients (" + r.clientsCount() + ")")
	var rows [][]string
	for _, c := range r.TopClients {
		rows = append(rows, []string{
			code(c.name()), least(c.Requests, r.ClientsPart), answer.Thousands(c.Hangups), clientRate(c, r.ClientsPart), moment(c.LastSeen),
		})
	}
	m.table([]string{"Client", ">Requests", ">Hang-ups", ">Rate", "Last seen"}, rows)
}

func (m *markdown) read() {
	m.title("Read")
	var rows [][]string
	for i := range m.r.Sources {
		s := &m.r.Sources[i]
		name := code(Title(s.Name))
		if n := len(s.Files); n > 1 {
			name += fmt.Sprintf(" (%d files)", n)
		}
		rows = append(rows, []string{
			name, code(cmp.Or(s.Format, "unknown")), answer.Thousands(s.Requests), answer.Thousands(s.Disconnects),
			answer.Thousands(s.Others), answer.Thousands(s.Unparsed), answer.Thousands(s.Skipped),
		})
	}
	m.table([]string{"Log", "Format", ">Requests", ">Disconnects", ">Other", ">Unparsed", ">Blank"}, rows)
	m.line("\n%s", accounts(m.r.Read()))
	for i := range m.r.Sources {
		if s := &m.r.Sources[i]; s.Unparsed > 0 && len(s.Samples) > 0 {
			m.line("\n%s: %s of its records were not understood, as line %d: %s", code(Title(s.Name)), answer.Percent(s.Share()),
				s.Samples[0].Line, code(s.Samples[0].Text))
		}
	}
}

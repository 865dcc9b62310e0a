package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"strings"

	"hangup/answer"
	"hangup/event"
)

//go:embed html.tmpl
var htmlTemplate string

//go:embed html.css
var htmlStyle string

// logChars is how many characters of a text from a log the page shows.
const logChars = 400

// page is what the template shows beside the report itself. What it takes from logs goes through plain, and through the
// template's own escaping.
type page struct {
	*Report
	Policy                    template.HTMLAttr
	Style                     template.CSS
	Span                      string
	Only                      string
	Level                     string
	Time                      *timeChart
	Waits                     *waitChart
	Made                      []breakdown
	Logs                      []logRow
	Hidden                    []string // what formats do not show
	ShownAgents               bool
	RoutesCount, ClientsCount string
}

// breakdown is how hang-ups divide by one property.
type breakdown struct {
	Name  string
	Parts []share
}

type share struct {
	Name  string
	N     int64
	Share float64
	Strip []stripe
}

// stripe is a part of a strip of colours: from X on, W wide, both in percent of it.
type stripe struct {
	Tone string
	X, W float64
}

// logRow is a source with its samples.
type logRow struct {
	*Source
	Title   string
	Samples []sampleRow
}

type sampleRow struct {
	Line int64
	In   string // the file, where the log has several
	Why  string
	Text string
}

// WriteHTML writes the report as one page that needs nothing beside itself: no request, no script. A policy in it forbids
// both, whatever is in the logs.
func (r *Report) WriteHTML(w io.Writer) error {
	t, err := template.New("report").Funcs(htmlFuncs).Parse(htmlTemplate)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, r.page()); err != nil {
		return err
	}
	_, err = out.WriteTo(w)
	return err
}

func (r *Report) page() *page {
	sum := sha256.Sum256([]byte(htmlStyle))
	p := &page{
		Report: r, Style: template.CSS(htmlStyle),
		Policy: template.HTMLAttr(`content="default-src 'none'; style-src 'sha256-` + base64.StdEncoding.EncodeToString(sum[:]) +
			`'; base-uri 'none'; form-action 'none'"`),
		Only: r.Filter.words(), Level: levelWords[r.Verdict.Level], Time: r.timeChart(), Waits: r.waitChart(),
		ShownAgents: len(r.Agents) > 1 || len(r.Agents) == 1 && r.Agents[0].Class != "none",
		RoutesCount: answer.Count(int64(r.RoutesAll), "route"), ClientsCount: r.clientsCount(),
	}
	if !r.From.IsZero() {
		p.Span = span(r.From, r.To)
	}
	for _, b := range []struct {
		name  string
		by    map[string]int64
		toned bool
	}{{"Who went away", parties(r.Counts), true}, {"How", r.ByHow, false}, {"Phase", r.ByPhase, false}} {
		p.Made = append(p.Made, breakdownOf(b.name, b.by, r.Disconnects(), b.toned))
	}
	said := map[string]bool{}
	for i := range r.Sources {
		s := &r.Sources[i]
		p.Logs = append(p.Logs, logRow{s, Title(s.Name), s.sampleRows()})
		if hides := s.hides(); hides != "" && !said[hides] {
			said[hides] = true
			p.Hidden = append(p.Hidden, hides)
		}
	}
	return p
}

var levelWords = map[answer.Level]string{answer.None: "No data", answer.Good: "Good", answer.Notice: "Watch", answer.Bad: "Bad"}

// clientsCount says how many clients hung up, and how many of them are shown.
func (r *Report) clientsCount() string {
	all := more(r.MoreThan) + answer.Count(r.Clients, "client")
	if int64(len(r.TopClients)) < r.Clients {
		return answer.Thousands(int64(len(r.TopClients))) + " of " + all
	}
	return all
}

func breakdownOf(name string, by map[string]int64, all int64, toned bool) breakdown {
	b := breakdown{Name: name}
	for _, k := range ranked(by) {
		s := share{Name: words(k), N: by[k], Share: answer.Share(by[k], all)}
		tone := "plainly"
		if toned {
			tone = k
		}
		s.Strip = []stripe{{tone, 0, round(100 * s.Share)}}
		b.Parts = append(b.Parts, s)
	}
	return b
}

func (s *Source) sampleRows() []sampleRow {
	var out []sampleRow
	for _, v := range s.Samples {
		row := sampleRow{Line: v.Line, Why: words(string(v.Reason)), Text: v.Text}
		if len(s.Files) > 1 {
			row.In = Title(v.File)
		}
		out = append(out, row)
	}
	return out
}

// Age writes a peak's age, as finely as it is known.
func (p Peak) Age() string { return p.age() }

// Label names a bin by its beginning: "1 s".
func (b Bin) Label() string { return b.label() }

// Near says where a client is, if that is near: "private".
func (c Client) Near() string {
	if c.Scope == "loopback" || c.Scope == "private" {
		return c.Scope
	}
	return ""
}

var htmlFuncs = template.FuncMap{
	"count":      answer.Thousands,
	"things":     answer.Count,
	"percent":    answer.Percent,
	"moment":     moment,
	"rate":       rate,
	"interval":   interval,
	"least":      least,
	"clientRate": clientRate,
	"strip":      partyStrip,
	"accounts":   accounts,
	"few":        func(n int64) bool { return n > 0 && n < few },
	"log":        func(s string) string { return fit(s, logChars) },
	"part": func(n, all int64) string {
		if n <= 0 || all <= 0 {
			return ""
		}
		return answer.Percent(answer.Share(n, all))
	},
	"quantiles": func(h event.Histogram) quantilePair {
		p50, p95 := quantiles(&h)
		if h.Count() == 0 {
			p95 = ""
		}
		return quantilePair{p50, p95}
	},
	"whom": func(c event.Counts) []string {
		by := parties(c)
		names := ranked(by)
		if len(names) < 2 {
			return names
		}
		for i, k := range names {
			names[i] = k + " " + answer.Percent(answer.Share(by[k], c.Disconnects()))
		}
		return names
	},
}

type quantilePair struct{ P50, P95 string }

// interval writes Wilson's interval of a rate, "" when there is no rate.
func interval(c event.Counts) string {
	low, high, ok := answer.Wilson(c.Disconnects(), c.Requests)
	if !ok {
		return ""
	}
	from, to := answer.Percent(low), answer.Percent(high)
	if from == to {
		return to
	}
	return strings.TrimSuffix(from, " %") + "–" + to
}

// partyStrip draws who hung up.
func partyStrip(c event.Counts) []stripe {
	var out []stripe
	by, x := parties(c), 0.0
	for _, p := range event.Parties() {
		w := 100 * answer.Share(by[p.String()], c.Disconnects())
		if w > 0 {
			out = append(out, stripe{p.String(), round(x), round(w)})
		}
		x += w
	}
	return out
}

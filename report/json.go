package report

import (
	"encoding/json"
	"io"
	"time"

	"hangup/answer"
	"hangup/event"
)

// schemaName names the keys below; another number says that a key has gone or changed its meaning.
const schemaName = "hangup.report/1"

type reportJSON struct {
	Schema      string           `json:"schema"`
	Verdict     verdictJSON      `json:"verdict"`
	From        *time.Time       `json:"from"` // null without a counted record
	To          *time.Time       `json:"to"`
	Only        string           `json:"only"` // what the filter keeps, "" without one
	Requests    int64            `json:"requests"`
	Disconnects int64            `json:"disconnects"`
	Rate        *float64         `json:"rate"` // null without requests
	Joined      int64            `json:"joined"`
	Unmatched   int64            `json:"unmatched"`
	Idle        int64            `json:"idle"`
	Clients     int64            `json:"clients"`
	MoreClients bool             `json:"more_clients"`
	ByParty     map[string]int64 `json:"by_party"`
	ByHow       map[string]int64 `json:"by_how"`
	ByPhase     map[string]int64 `json:"by_phase"`
	Completed   agesJSON         `json:"completed"`
	Abandoned   agesJSON         `json:"abandoned"`
	Peaks       []peakJSON       `json:"peaks"`
	Ages        []binJSON        `json:"ages"`
	StepSeconds int64            `json:"step_seconds"`
	Series      []pointJSON      `json:"series"`
	Routes      []routeJSON      `json:"routes"`
	RoutesAll   int              `json:"routes_all"`
	TopClients  []clientJSON     `json:"top_clients"`
	AtLeast     bool             `json:"client_requests_at_least"`
	Agents      []agentJSON      `json:"agents"`
	Records     recordsJSON      `json:"records"`
	Sources     []sourceJSON     `json:"sources"`
}

type verdictJSON struct {
	Level answer.Level `json:"level"`
	Text  string       `json:"text"`
}

type agesJSON struct {
	Count int64  `json:"count"`
	P50   *int64 `json:"p50_ms"`
	P95   *int64 `json:"p95_ms"`
}

type peakJSON struct {
	At    int64   `json:"at_ms"`
	Count int64   `json:"count"`
	Share float64 `json:"share"`
}

type binJSON struct {
	From      int64 `json:"from_ms"`
	Abandoned int64 `json:"abandoned"`
	Completed int64 `json:"completed"`
}

type pointJSON struct {
	Start       time.Time `json:"t"`
	Requests    int64     `json:"requests"`
	Disconnects int64     `json:"disconnects"`
}

type routeJSON struct {
	Method      string           `json:"method"`
	Template    string           `json:"template"`
	Requests    int64            `json:"requests"`
	Disconnects int64            `json:"disconnects"`
	Rate        *float64         `json:"rate"`
	Excess      float64          `json:"excess"`
	ByParty     map[string]int64 `json:"by_party"`
	Completed   agesJSON         `json:"completed"`
	Abandoned   agesJSON         `json:"abandoned"`
	Peaks       []peakJSON       `json:"peaks"`
}

type clientJSON struct {
	Client      string    `json:"client"`
	Scope       string    `json:"scope"`
	Requests    int64     `json:"requests"`
	Disconnects int64     `json:"disconnects"`
	LastSeen    time.Time `json:"last_seen_at"`
}

type agentJSON struct {
	Family      string           `json:"family"`
	Class       string           `json:"class"`
	Requests    int64            `json:"requests"`
	Disconnects int64            `json:"disconnects"`
	Rate        *float64         `json:"rate"`
	ByParty     map[string]int64 `json:"by_party"`
}

type recordsJSON struct {
	Read       int64 `json:"read"`
	Request    int64 `json:"request"`
	Disconnect int64 `json:"disconnect"`
	Other      int64 `json:"other"`
	Unparsed   int64 `json:"unparsed"`
	Skipped    int64 `json:"skipped"`
}

type sourceJSON struct {
	Files      []string     `json:"files"`
	Format     string       `json:"format"`
	Confidence float64      `json:"confidence"`
	Bytes      int64        `json:"bytes"`
	Records    recordsJSON  `json:"records"`
	Samples    []sampleJSON `json:"unparsed_samples"`
	Problems   []string     `json:"problems"`
}

type sampleJSON struct {
	File   string       `json:"file"`
	Line   int64        `json:"line"`
	Reason event.Reason `json:"reason"`
	Text   string       `json:"text"`
}

// WriteJSON writes the report as one JSON object with a newline. Texts from logs are valid UTF-8 in it.
func (r *Report) WriteJSON(w io.Writer) error {
	a := r.Read()
	out := reportJSON{
		Schema: schemaName, Verdict: verdictJSON{r.Verdict.Level, r.Verdict.Text}, Only: r.Filter.words(),
		Requests: r.Requests, Disconnects: r.Disconnects(), Rate: rateOf(r.Counts), Joined: r.Joined, Unmatched: r.Unmatched, Idle: r.Idle,
		Clients: r.Clients, MoreClients: r.MoreThan, ByParty: parties(r.Counts), ByHow: r.ByHow, ByPhase: r.ByPhase,
		Completed: agesOf(&r.Completed), Abandoned: agesOf(&r.Abandoned), Peaks: peaksOf(r.Peaks), Ages: []binJSON{},
		StepSeconds: int64(r.Step / time.Second), Series: []pointJSON{}, Routes: []routeJSON{}, RoutesAll: r.RoutesAll,
		TopClients: []clientJSON{}, AtLeast: r.ClientsPart, Agents: []agentJSON{}, Records: recordsOf(a), Sources: []sourceJSON{},
	}
	if !r.From.IsZero() {
		out.From, out.To = &r.From, &r.To
	}
	for _, b := range r.Ages() {
		out.Ages = append(out.Ages, binJSON{b.From, b.Dropped, b.Completed})
	}
	for _, p := range r.Series {
		out.Series = append(out.Series, pointJSON{p.Start, p.Requests, p.Hangups})
	}
	for i := range r.Routes {
		v := &r.Routes[i]
		out.Routes = append(out.Routes, routeJSON{
			v.Method, event.Clean(v.Template), v.Requests, v.Disconnects(), rateOf(v.Counts), v.Excess, parties(v.Counts),
			agesOf(&v.Completed), agesOf(&v.Abandoned), peaksOf(v.Peaks),
		})
	}
	for _, c := range r.TopClients {
		out.TopClients = append(out.TopClients, clientJSON{c.Client, c.Scope, c.Requests, c.Hangups, c.LastSeen})
	}
	for _, g := range r.Agents {
		out.Agents = append(out.Agents, agentJSON{g.Family, g.Class, g.Requests, g.Disconnects(), rateOf(g.Counts), parties(g.Counts)})
	}
	for i := range r.Sources {
		s := &r.Sources[i]
		v := sourceJSON{s.Files, s.Format, s.Confidence, s.Bytes, recordsOf(s.Accounts), []sampleJSON{}, append([]string{}, s.Problems...)}
		for _, x := range s.Samples {
			v.Samples = append(v.Samples, sampleJSON{x.File, x.Line, x.Reason, event.Clean(x.Text)})
		}
		out.Sources = append(out.Sources, v)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

func rateOf(c event.Counts) *float64 {
	if c.Requests <= 0 {
		return nil
	}
	v := float64(c.Disconnects()) / float64(c.Requests)
	return &v
}

func agesOf(h *event.Histogram) agesJSON {
	p50, ok := h.Quantile(0.5)
	if !ok {
		return agesJSON{}
	}
	p95, _ := h.Quantile(0.95)
	return agesJSON{h.Count(), &p50, &p95}
}

func peaksOf(list []Peak) []peakJSON {
	out := []peakJSON{}
	for _, p := range list {
		out = append(out, peakJSON{p.At, p.Count, p.Share})
	}
	return out
}

func recordsOf(a event.Accounts) recordsJSON {
	return recordsJSON{a.Records(), a.Requests, a.Disconnects, a.Others, a.Unparsed, a.Skipped}
}

package api

import (
	"context"
	"slices"
	"sync"
	"time"

	"hangup/event"
	"hangup/parser"
)

// maxOthers bounds the formats that are named beside those that were taken.
const maxOthers = 8

// ListFormats gives the formats and the envelopes.
func (s *service) ListFormats(context.Context, ListFormatsRequestObject) (ListFormatsResponseObject, error) {
	return ListFormats200JSONResponse{Items: toFormats(append(s.Formats.Formats(), parser.Formats()...)), Envelopes: toFormats(parser.Envelopes())}, nil
}

func toFormats(list []parser.FormatInfo) []FormatInfo {
	out := make([]FormatInfo, len(list))
	for i, f := range list {
		out[i] = FormatInfo{
			Name: f.Name, Summary: f.Summary, Example: f.Example, Durations: f.Durations, Layout: f.Layout, Multiline: f.Multiline,
			Aliases: append([]string{}, f.Aliases...),
		}
		if a, ok := parser.AdviceFor(f.Name); ok {
			out[i].Advice = &Advice{Format: f.Name, Hides: a.Hides, Config: some(a.Config)}
		}
	}
	return out
}

// DetectFormats says which formats some lines have.
func (s *service) DetectFormats(ctx context.Context, request DetectFormatsRequestObject) (DetectFormatsResponseObject, error) {
	b := request.Body
	m, err := s.sample(b.Text, b.Source, b.Timezone, detectLines)
	if err != nil {
		return nil, err
	}
	done, err := s.place(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	found := parser.DetectLog(m.texts(), parser.Options{Zone: m.options.Zone, User: s.Formats}, m.seen())
	out := DetectFormats200JSONResponse{
		Lines: len(m.lines), Truncated: m.truncated, Formats: []FormatGuess{}, Others: []FormatGuess{}, Misses: []string{},
		Share: found.Share, Confidence: found.Confidence, Advice: []Advice{}, Times: LogTimes{Zone: LogTimesZoneNone},
	}
	best := 0.0
	if len(found.Formats) > 0 {
		best = found.Formats[0].Share
	}
	for _, g := range found.Others[:min(len(found.Others), maxOthers)] {
		out.Others = append(out.Others, toGuess(g, g.Share >= best))
	}
	for _, miss := range found.Misses {
		out.Misses = append(out.Misses, shown(miss))
	}
	if found.Name() == "" || found.Share < parser.Enough {
		out.Confidence = 0
		for _, g := range found.Formats { // too few lines are of it to be taken
			out.Others = append([]FormatGuess{toGuess(g, false)}, out.Others...)
		}
		return out, nil
	}
	out.Name, out.Envelope = found.Name(), some(found.Envelope)
	for _, g := range found.Formats {
		out.Formats = append(out.Formats, toGuess(g, false))
	}
	out.Advice = advise(found.Formats)
	p, err := parser.New(parser.Options{Zone: m.options.Zone, User: s.Formats})
	if err != nil {
		return nil, err
	}
	out.Times, out.Durations = m.clocks(ctx, p)
	return out, nil
}

func toGuess(g parser.Guess, tie bool) FormatGuess {
	return FormatGuess{Format: g.Format, Layout: some(g.Layout), Summary: some(summaries()[g.Format]), Share: g.Share, Confidence: g.Confidence, Tie: tie}
}

// summaries says of each format which program writes it.
var summaries = sync.OnceValue(func() map[string]string {
	out := map[string]string{}
	for _, f := range parser.Formats() {
		out[f.Name] = f.Summary
	}
	return out
})

// advise says what the formats of a log hide, each once.
func advise(formats []parser.Guess) []Advice {
	out := []Advice{}
	for _, g := range formats {
		if a, ok := parser.Advise(g.Format, g.Layout); ok {
			out = append(out, Advice{Format: g.Format, Hides: a.Hides, Config: some(a.Config)})
		}
	}
	return out
}

// clocks reads the lines and says what their times and durations are like.
func (m *sample) clocks(ctx context.Context, p parser.Parser) (LogTimes, LogDurations) {
	times, took := LogTimes{}, LogDurations{}
	stated, assumed := 0, 0
	var tick tick
	m.read(ctx, p, func(r *event.Record) bool {
		if r.Duration.OK {
			took.Records++
			tick.add(r.Duration.V)
		}
		if r.Time.IsZero() {
			return true
		}
		if r.ZoneAssumed {
			assumed++
		} else {
			stated++
		}
		if t := r.Time.UTC(); times.First == nil || t.Before(*times.First) {
			times.First = &t
		}
		if t := r.Time.UTC(); times.Last == nil || t.After(*times.Last) {
			times.Last = &t
		}
		return true
	})
	switch {
	case stated+assumed == 0:
		times.Zone = LogTimesZoneNone
	case assumed == 0:
		times.Zone = LogTimesZoneStated
	case stated == 0:
		times.Zone = LogTimesZoneAssumed
	default:
		times.Zone = LogTimesZoneMixed
	}
	if assumed > 0 {
		zone := time.UTC
		if m.options.Zone != nil {
			zone = m.options.Zone
		}
		times.Assumed = some(zone.String())
	}
	took.TickMs = tick.milliseconds()
	return times, took
}

// tick finds the step in which durations are written: the largest power of ten of a nanosecond, a second at most, that
// divides all of them.
type tick struct {
	step time.Duration
	seen []time.Duration // the first different ones
}

// tickTells is how many different durations tell the step: fewer may all be whole tenths of a second by accident.
const tickTells = 10

func (t *tick) add(d time.Duration) {
	if d <= 0 {
		return
	}
	if t.step == 0 {
		t.step = time.Second
	}
	for d%t.step != 0 {
		t.step /= 10
	}
	if len(t.seen) < tickTells && !slices.Contains(t.seen, d) {
		t.seen = append(t.seen, d)
	}
}

// milliseconds returns the step; nil while it is not known.
func (t *tick) milliseconds() *float64 {
	if len(t.seen) < tickTells {
		return nil
	}
	return new(float64(t.step) / float64(time.Millisecond))
}

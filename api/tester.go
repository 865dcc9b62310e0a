package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"hangup/event"
	"hangup/parser"
)

// TestFormats reads some lines and says of each what was understood.
func (s *service) TestFormats(ctx context.Context, request TestFormatsRequestObject) (TestFormatsResponseObject, error) {
	b := request.Body
	m, err := s.sample(b.Text, b.Source, b.Timezone, testLines)
	if err != nil {
		return nil, err
	}
	o := m.options
	if given(b.Format) != "" || given(b.Layout) != "" {
		o.Format, o.Layout = given(b.Format), given(b.Layout)
	}
	p, err := parser.New(o)
	if err != nil {
		return nil, badFormat(o, err)
	}
	done, err := s.place(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	out := TestFormats200JSONResponse{Lines: len(m.lines), Items: []TestedRecord{}}
	var counts event.Accounts
	var failed []int // places in Items of records that were not understood
	var texts []event.Record
	all := m.read(ctx, p, func(r *event.Record) bool {
		if len(out.Items) >= testRecords {
			return false
		}
		counts.Count(r.Kind, r.End-r.Start)
		if r.Kind == event.Unparsed {
			failed = append(failed, len(out.Items))
			texts = append(texts, *r)
		}
		var item TestedRecord
		if item, err = toTested(r); err != nil {
			return false
		}
		out.Items = append(out.Items, item)
		return true
	})
	if err != nil {
		return nil, fmt.Errorf("show a record: %w", err)
	}
	x := parser.Explain(p)
	for i, at := range failed {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		out.Items[at].Stopped = toStop(x.Record(&texts[i]), texts[i].Text)
	}
	found := parser.Found(p)
	out.Name, out.Confidence = p.Format()
	out.Envelope = some(found.Envelope)
	out.Truncated = m.truncated || !all
	out.Records = SourceRecords{
		Read: counts.Requests + counts.Disconnects + counts.Others + counts.Unparsed + counts.Skipped, Request: counts.Requests,
		Disconnect: counts.Disconnects, Other: counts.Others, Unparsed: counts.Unparsed, Skipped: counts.Skipped,
	}
	return out, nil
}

// badFormat says which of the request's values is at fault.
func badFormat(o parser.Options, err error) error {
	if !errors.Is(err, parser.ErrFormat) {
		return err
	}
	if o.Layout != "" {
		return bad("layout", "%s", event.Clean(err.Error()))
	}
	return bad("format", "%s", event.Clean(err.Error()))
}

func toTested(r *event.Record) (TestedRecord, error) {
	out := TestedRecord{
		Line: r.Line, Lines: r.Lines, Kind: TestedRecordKind(r.Kind.String()), Reason: some(string(r.Reason)),
		Party: some(r.Party.String()), How: some(r.How.String()), Phase: some(r.Phase.String()),
		Text: shown(r.Text), Fields: map[string]any{},
	}
	if r.Kind == event.Unparsed || r.Kind == event.Skipped {
		return out, nil
	}
	out.Format = some(r.Format)
	b, err := r.MarshalJSON()
	if err != nil {
		return out, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber() // bytes may be more than a float can hold
	if err := d.Decode(&out.Fields); err != nil {
		return out, err
	}
	for _, k := range []string{"line", "lines", "event", "party", "how", "phase", "reason", "text"} {
		delete(out.Fields, k)
	}
	return out, nil
}

// toStop counts in characters of the text as it is shown.
func toStop(f parser.Failure, text string) *ParseStop {
	out := &ParseStop{Format: some(f.Format), Expected: event.Clean(f.Expected), Rest: some(event.Clean(f.Rest))}
	if f.At >= 0 && f.At <= testText {
		out.At = new(utf8.RuneCountInString(event.Clean(text[:min(f.At, len(text))])))
	}
	return out
}

// shown returns text from a log for an answer, cut.
func shown(s string) string {
	if len(s) > testText {
		n := testText
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n] + "…"
	}
	return event.Clean(s)
}

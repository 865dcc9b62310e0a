package api

import (
	"context"
	"time"

	"hangup/answer"
	"hangup/event"
	"hangup/store"
)

// GetSummary gives the figures of a range.
func (s *service) GetSummary(ctx context.Context, request GetSummaryRequestObject) (GetSummaryResponseObject, error) {
	p := request.Params
	a, f, err := s.resolve(ctx, p.From, p.To, p.Tz, p.F, false)
	if err != nil {
		return nil, err
	}
	sum, err := s.Store.Summary(ctx, a.Range, f)
	if err != nil {
		return nil, err
	}
	sources, err := s.sources(ctx)
	if err != nil {
		return nil, err
	}
	out := GetSummary200JSONResponse{
		Range: a.toRange(), Requests: sum.Requests, Disconnects: sum.Disconnects(), Rate: toRate(sum.Counts),
		Dropped: dropped(sum.Counts), Reported: reported(sum.Counts), Joined: sum.Joined, Idle: sum.Idle, Clients: sum.Clients,
		ByParty: toParties(sum.Counts), ByHow: sum.ByHow, ByPhase: sum.ByPhase,
		Completed: toQuantiles(&sum.Ages.Completed), Abandoned: toQuantiles(&sum.Ages.Abandoned), Sources: brief(sources),
	}
	var before *event.Counts
	if shift := shiftOf(p.Compare, a); shift > 0 {
		b := a
		b.Range = store.Range{From: a.From.Add(-shift), To: a.To.Add(-shift)}
		c, err := s.Store.Totals(ctx, b.Range, f)
		if err != nil {
			return nil, err
		}
		before = &c
		out.Baseline = &Baseline{Range: b.toRange(), Requests: c.Requests, Disconnects: c.Disconnects(), Rate: toRate(c)}
	}
	out.Verdict = verdict(sum, before, a.data != store.Span{})
	return out, nil
}

// shiftOf returns how far before the range the one begins that it is compared with; 0 for no comparison.
func shiftOf(compare *GetSummaryParamsCompare, a asked) time.Duration {
	if compare == nil {
		return 0
	}
	switch *compare {
	case GetSummaryParamsComparePrevious:
		return a.Len()
	case GetSummaryParamsCompareN1d:
		return day
	case GetSummaryParamsCompareN7d:
		return 7 * day
	default:
		return 0
	}
}

func brief(sources []Source) SourcesBrief {
	out := SourcesBrief{Total: len(sources)}
	var read, unparsed int64
	for _, v := range sources {
		switch v.State {
		case SourceStateBehind:
			out.Behind++
		case SourceStateFailing:
			out.Failing++
		case SourceStateDegraded:
			out.Degraded++
		default:
		}
		read += v.Records.Read - v.Records.Skipped
		unparsed += v.Records.Unparsed
	}
	if read > 0 {
		r := answer.Share(unparsed, read)
		out.UnparsedRate = &r
	}
	return out
}

package api

import "context"

// GetTimeseries gives the figures over time.
func (s *service) GetTimeseries(ctx context.Context, request GetTimeseriesRequestObject) (GetTimeseriesResponseObject, error) {
	p := request.Params
	a, f, err := s.resolve(ctx, p.From, p.To, p.Tz, p.F, false)
	if err != nil {
		return nil, err
	}
	steps, err := parseStep(a, p.Step, p.MaxPoints)
	if err != nil {
		return nil, err
	}
	series, err := s.Store.Timeseries(ctx, a.Range, steps, f)
	if err != nil {
		return nil, err
	}
	n := len(series)
	out := GetTimeseries200JSONResponse{
		Range: a.toStepRange(steps), T: starts(a.Range, steps),
		Requests: make([]int64, n), Disconnects: make([]int64, n), Rate: make([]*float64, n),
		ByParty: PartySeries{Client: make([]int64, n), Upstream: make([]int64, n), Server: make([]int64, n), Unknown: make([]int64, n)},
	}
	for i, c := range series {
		by := toParties(c)
		out.Requests[i], out.Disconnects[i], out.Rate[i] = c.Requests, c.Disconnects(), toRate(c)
		out.ByParty.Client[i], out.ByParty.Upstream[i] = by.Client, by.Upstream
		out.ByParty.Server[i], out.ByParty.Unknown[i] = by.Server, by.Unknown
	}
	return out, nil
}

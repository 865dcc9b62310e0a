package api

import (
	"context"
	"slices"

	"hangup/store"
)

// maxLimit is how many items a list gives at most; defaultLimit how many when nothing is said. Both as in the contract.
const (
	maxLimit     = 1000
	defaultLimit = 50
)

// GetMeta says what can be asked.
func (s *service) GetMeta(ctx context.Context, _ GetMetaRequestObject) (GetMetaResponseObject, error) {
	services, err := s.Store.Services(ctx)
	if err != nil {
		return nil, err
	}
	out := GetMeta200JSONResponse{
		Version: s.Version, Services: []ServiceInfo{}, Fields: []FilterField{}, Ops: opNames(),
		Parties: parties(), Hows: hows(), Phases: phases(),
		Limits: Limits{MaxLimit: maxLimit, MaxPoints: maxPoints, MaxRangeDays: maxRangeDays},
	}
	for _, v := range services {
		out.Services = append(out.Services, ServiceInfo{Name: v.Name, DataFrom: some(v.Data.From), DataTo: some(v.Data.To)})
	}
	span := store.SpanOf(services, nil)
	out.DataFrom, out.DataTo = some(span.From), some(span.To)
	for _, f := range fields {
		on := onEvents
		if !f.events {
			on = slices.Concat(onCounts, onEvents)
		}
		out.Fields = append(out.Fields, FilterField{Name: string(f.name), Description: f.description, On: on})
	}
	return out, nil
}

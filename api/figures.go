package api

import (
	"context"
	"time"

	"hangup/answer"
	"hangup/event"
	"hangup/store"
)

// resolve reads the parameters that all questions have: the range, and the filter on counts or, with events, on single
// disconnects.
func (s *service) resolve(ctx context.Context, from, to, tz *string, f *[]string, events bool) (asked, store.Filter, error) {
	filter, err := parseFilter(f, events)
	if err != nil {
		return asked{}, nil, err
	}
	services, err := s.Store.Services(ctx)
	if err != nil {
		return asked{}, nil, err
	}
	a, err := parseRange(from, to, tz, s.now(), store.SpanOf(services, filter))
	return a, filter, err
}

func toParties(c event.Counts) ByParty {
	n := func(p event.Party) int64 {
		i := event.PartyIndex(p)
		return c.Dropped[i] + c.Reported[i]
	}
	return ByParty{
		Client: n(event.PartyClient), Upstream: n(event.PartyUpstream), Server: n(event.PartyServer), Unknown: n(event.PartyUnknown),
	}
}

func dropped(c event.Counts) int64 { return c.Dropped[0] + c.Dropped[1] + c.Dropped[2] + c.Dropped[3] }

func reported(c event.Counts) int64 {
	return c.Reported[0] + c.Reported[1] + c.Reported[2] + c.Reported[3]
}

// toRate returns disconnects / requests, nil without requests.
func toRate(c event.Counts) *float64 {
	if c.Requests <= 0 {
		return nil
	}
	r := float64(c.Disconnects()) / float64(c.Requests)
	return &r
}

// toQuantiles returns the quantiles of ages that were counted in milliseconds.
func toQuantiles(h *event.Histogram) Quantiles {
	at := func(q float64) *float64 {
		ms, ok := h.Quantile(q)
		if !ok {
			return nil
		}
		f := float64(ms)
		return &f
	}
	return Quantiles{Count: h.Count(), P50Ms: at(0.5), P95Ms: at(0.95), P99Ms: at(0.99)}
}

// wilson returns the ends of the Wilson interval at 95 % for k of n, nil where there is none.
func wilson(k, n int64) (low, high *float64) {
	l, h, ok := answer.Wilson(k, n)
	if !ok {
		return nil, nil
	}
	return &l, &h
}

// some returns a pointer to v, or nil when v is zero: what is not known is left out.
func some[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

package api

import (
	"context"
	"math"
	"time"

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

// share returns part / whole, 0 without a whole.
func share(part, whole int64) float64 {
	if whole <= 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// wilson returns the ends of the Wilson interval at 95 % for k of n. Reports without an access log can make k greater
// than n: then there is no share, and no interval.
func wilson(k, n int64) (low, high *float64) {
	if n <= 0 || k < 0 || k > n {
		return nil, nil
	}
	const z = 1.959964
	N, p := float64(n), float64(k)/float64(n)
	mid := p + z*z/(2*N)
	half := z * math.Sqrt(p*(1-p)/N+z*z/(4*N*N))
	l, h := max(0, (mid-half)/(1+z*z/N)), min(1, (mid+half)/(1+z*z/N))
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

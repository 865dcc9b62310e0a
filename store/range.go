package store

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// Range is a time range From <= t < To. Both ends are whole minutes in UTC.
type Range struct{ From, To time.Time }

// Minutes returns the range widened to whole minutes.
func Minutes(from, to time.Time) Range {
	end := to.UTC().Truncate(time.Minute)
	if end.Before(to) {
		end = end.Add(time.Minute)
	}
	return Range{From: from.UTC().Truncate(time.Minute), To: end}
}

// Len returns the range's length.
func (r Range) Len() time.Duration { return r.To.Sub(r.From) }

// hours returns the range widened to whole hours.
func (r Range) hours() Range {
	end := r.To.Truncate(time.Hour)
	if end.Before(r.To) {
		end = end.Add(time.Hour)
	}
	return Range{From: r.From.Truncate(time.Hour), To: end}
}

// Span says from when to when there are data; both are zero when there are none.
type Span struct{ From, To time.Time }

const wholeDay = 24 * time.Hour

// grain is how coarse the counts are that a question may use.
type grain int

const (
	byMinute grain = iota
	byHour
	byDay
)

// grainOf returns the coarsest grain whose buckets never straddle the steps that begin at origin.
func grainOf(origin time.Time, step time.Duration) grain {
	switch {
	case step%wholeDay == 0 && origin.Equal(origin.Truncate(wholeDay)):
		return byDay
	case step%time.Hour == 0 && origin.Equal(origin.Truncate(time.Hour)):
		return byHour
	default:
		return byMinute
	}
}

// plan says which counts answer for which part of a range, for each service. Every minute of the range is in exactly
// one of its parts.
type plan struct {
	days, hours []bucket
	minutes     []minutesOfHour
}

type bucket struct {
	service int32
	at      time.Time
}

// minutesOfHour are the minutes from <= minute < to of an hour.
type minutesOfHour struct {
	bucket
	from, to int
}

// newPlan covers r for each service: with days and hours where these are folded and nothing newer is in their
// minutes, with minutes elsewhere. Where the minutes have expired, the hours are all there is, beside minutes that came
// late; an hour's counts are then at its begin. A plan must be made in the transaction in which the counts are read.
func newPlan(ctx context.Context, tx pgx.Tx, services []int32, r Range, coarsest grain) (plan, error) {
	var (
		p plan
		k known
	)
	if r.Len() <= 0 {
		return p, nil
	}
	var err error
	if k.expired, err = expiredIn(ctx, tx, services, r); err != nil {
		return p, err
	}
	if coarsest != byMinute && r.Len() >= time.Hour {
		if k.hours, k.days, err = foldedIn(ctx, tx, services, r); err != nil {
			return p, err
		}
	}
	for _, s := range services {
		p.cover(s, r, k, coarsest)
	}
	return p, nil
}

// known is what is known about the hours and days of a range.
type known struct {
	hours, days map[bucket]bool // folded, with nothing newer in their minutes
	expired     map[bucket]bool // days whose minutes have expired
}

// expiredIn returns the days that r touches whose minutes have expired.
func expiredIn(ctx context.Context, tx pgx.Tx, services []int32, r Range) (map[bucket]bool, error) {
	rows, err := tx.Query(ctx, `SELECT service_id, day FROM day_written WHERE service_id = ANY($1) AND day >= $2 AND day <= $3 AND minutes_expired`,
		services, r.From, r.To)
	if err != nil {
		return nil, err
	}
	out := map[bucket]bool{}
	var b bucket
	_, err = pgx.ForEachRow(rows, []any{&b.service, &b.at}, func() error {
		out[bucket{b.service, b.at.UTC()}] = true
		return nil
	})
	return out, err
}

// foldedIn returns the hours and days inside r whose counts hold all that their minutes say.
func foldedIn(ctx context.Context, tx pgx.Tx, services []int32, r Range) (hours, days map[bucket]bool, err error) {
	rows, err := tx.Query(ctx, `
		SELECT f.service_id, f.grain, f.bucket FROM folded f
		WHERE f.service_id = ANY($1) AND f.bucket >= $2 AND f.bucket < $3
		  AND NOT EXISTS (
			SELECT FROM dirty_hour d WHERE d.service_id = f.service_id AND d.hour >= f.bucket
			  AND d.hour < f.bucket + CASE f.grain WHEN 'day' THEN interval '24 hours' ELSE interval '1 hour' END)`,
		services, r.From, r.To)
	if err != nil {
		return nil, nil, err
	}
	hours, days = map[bucket]bool{}, map[bucket]bool{}
	var (
		b     bucket
		grain string
	)
	_, err = pgx.ForEachRow(rows, []any{&b.service, &grain, &b.at}, func() error {
		k := bucket{b.service, b.at.UTC()}
		if grain == "day" {
			days[k] = true
		} else {
			hours[k] = true
		}
		return nil
	})
	return hours, days, err
}

func (p *plan) cover(service int32, r Range, k known, coarsest grain) {
	for t := r.From; t.Before(r.To); {
		b := bucket{service, t}
		switch {
		case coarsest >= byDay && k.days[b] && !t.Add(wholeDay).After(r.To):
			p.days = append(p.days, b)
			t = t.Add(wholeDay)
			continue
		case k.hours[b] && !t.Add(time.Hour).After(r.To):
			p.hours = append(p.hours, b)
			t = t.Add(time.Hour)
			continue
		}
		if k.expired[bucket{service, t.Truncate(wholeDay)}] && t.Equal(t.Truncate(time.Hour)) {
			p.hours = append(p.hours, b)
		}
		hour := t.Truncate(time.Hour)
		to := hour.Add(time.Hour)
		if to.After(r.To) {
			to = r.To
		}
		p.minutes = append(p.minutes, minutesOfHour{bucket{service, hour}, int(t.Sub(hour) / time.Minute), int(to.Sub(hour) / time.Minute)})
		t = to
	}
}

type sameService struct {
	service int32
	at      []time.Time
}

func byService(buckets []bucket) []sameService {
	var out []sameService
	for _, b := range buckets {
		i := slices.IndexFunc(out, func(s sameService) bool { return s.service == b.service })
		if i < 0 {
			out = append(out, sameService{service: b.service})
			i = len(out) - 1
		}
		out[i].at = append(out[i].at, b.at)
	}
	return out
}

package store

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"hangup/store/block"
)

// Service is what is known of a service: its name, and from when to when it has data.
type Service struct {
	ID   int32
	Name string
	Data Span
}

// Services returns the services in the order of their names. Data end with the newest event.
func (s *Store) Services(ctx context.Context) ([]Service, error) {
	var out []Service
	err := s.ask(ctx, "services", func(tx pgx.Tx) error {
		// The first minute is looked for in its own day only: to ask all days is to open all partitions.
		rows, err := tx.Query(ctx, `
			SELECT service_id, name,
				(SELECT min(bucket) FROM hour_block t WHERE t.service_id = s.service_id),
				(SELECT min(day) FROM day_written d WHERE d.service_id = s.service_id AND NOT minutes_expired),
				greatest((SELECT max(last_event_at) FROM generation g WHERE g.service_id = s.service_id AND NOT summed),
					(SELECT max(last_event_at) FROM source_sum x WHERE x.service_id = s.service_id))
			FROM service s ORDER BY name`)
		if err != nil {
			return err
		}
		found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (v serviceSpan, err error) {
			err = row.Scan(&v.ID, &v.Name, &v.hour, &v.day, &v.newest)
			return v, err
		})
		if err != nil {
			return err
		}
		for _, v := range found {
			if v.day != nil {
				if v.minute, err = firstMinute(ctx, tx, v.ID, *v.day); err != nil {
					return err
				}
			}
			v.Data = v.span()
			out = append(out, v.Service)
		}
		return nil
	})
	return out, err
}

// firstMinute returns the first minute of a day of which something is counted, nil when there is none.
func firstMinute(ctx context.Context, tx pgx.Tx, service int32, day time.Time) (*time.Time, error) {
	rows, err := tx.Query(ctx, `SELECT hour, cells FROM minute_block WHERE service_id = $1 AND day = $2
		AND hour = (SELECT min(hour) FROM minute_block WHERE service_id = $1 AND day = $2)`, service, day)
	if err != nil {
		return nil, err
	}
	var (
		out  *time.Time
		hour time.Time
		b    []byte
	)
	_, err = pgx.ForEachRow(rows, []any{&hour, (*pgtype.DriverBytes)(&b)}, func() error {
		r := block.ReadCells(b)
		if r.Next() {
			if t := hour.Add(time.Duration(r.Minute) * time.Minute); out == nil || t.Before(*out) {
				out = &t
			}
		}
		return r.Err()
	})
	return out, err
}

// serviceSpan is a service with what tells from when to when it has data.
type serviceSpan struct {
	Service
	hour   *time.Time // the oldest hour that was folded
	day    *time.Time // the oldest day whose minutes have not expired
	minute *time.Time // the oldest minute of that day
	newest *time.Time // the newest event
}

func (v serviceSpan) span() Span {
	first := v.minute
	if first == nil || v.hour != nil && v.hour.Before(first.Truncate(time.Hour)) {
		first = v.hour
	}
	if first == nil || v.newest == nil {
		return Span{}
	}
	return Span{From: first.UTC(), To: v.newest.UTC()}
}

// SpanOf returns from when to when there are data of the services that the filter keeps.
func SpanOf(services []Service, f Filter) Span {
	var out Span
	for _, s := range services {
		if s.Data == (Span{}) || !f.keeps(FieldService, s.Name) {
			continue
		}
		if out == (Span{}) || s.Data.From.Before(out.From) {
			out.From = s.Data.From
		}
		if s.Data.To.After(out.To) {
			out.To = s.Data.To
		}
	}
	return out
}

// names are the services that a question is about, by id.
type names map[int32]string

// ids returns the services' ids.
func (n names) ids() []int32 { return slices.Sorted(maps.Keys(n)) }

// sql returns the condition on rows t to be of the services. One service is compared as such: the planner then knows that
// an index gives its rows in the order of their time.
func (n names) sql(a *args) string {
	if ids := n.ids(); len(ids) == 1 {
		return "t.service_id = " + a.add(ids[0])
	}
	return "t.service_id = ANY(" + a.add(n.ids()) + ")"
}

// servicesIn returns the services that the filter keeps.
func servicesIn(ctx context.Context, tx pgx.Tx, f Filter) (names, error) {
	rows, err := tx.Query(ctx, `SELECT service_id, name FROM service`)
	if err != nil {
		return nil, err
	}
	out := names{}
	var (
		id   int32
		name string
	)
	_, err = pgx.ForEachRow(rows, []any{&id, &name}, func() error {
		if f.keeps(FieldService, name) {
			out[id] = name
		}
		return nil
	})
	return out, err
}

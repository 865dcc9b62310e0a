package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"hangup/event"
)

// Stored is what is stored of a moment, as far as it can be counted in another way.
type Stored struct {
	Generations []StoredGeneration // in the order of their service, path and id
	Hours       []StoredHour       // of which counts are kept, in the order of their service and time
	Buckets     int64              // hours and days that were compared with what they are made of
	Faults      []LevelFault       // hours and days that are not what they are made of
}

// StoredGeneration is a generation with what was counted of it.
type StoredGeneration struct {
	event.Generation
	Service     string
	Source      string // the source's path
	Format      string // of the source, as it was found last
	Accounts    event.Accounts
	Lost        int64
	LastEvent   time.Time // zero when there is none
	Committed   time.Time // zero while nothing is
	Refused     []int64   // offsets of records in quarantine
	Hangups     map[time.Time]int64
	EventsGone  bool // single disconnects of some of its days may have expired
	HangupCount int64
}

// StoredHour is an hour of a service.
type StoredHour struct {
	Service   string
	At        time.Time
	Counts    event.Counts // as questions get them
	Records   event.Counts // as the single disconnects give them: Dropped, Reported without joined reports, and Idle
	Joined    [4]int64     // reports left out of Reported, by party
	Compared  bool         // Records are there: they have not expired
	RollupsOK bool         // Counts are whole: they have not expired
}

// LevelFault is an hour or a day whose counts are not the sum of what they were folded from.
type LevelFault struct {
	Service  string
	Level    string // "hour" or "day"
	At       time.Time
	Has, Sum event.Counts
}

// Stored reads, in one read-only snapshot and a day at a time, what is stored of the days from since on, and all
// generations. Where single disconnects were to be kept so long, those of older days may have expired.
func (s *Store) Stored(ctx context.Context, now, since time.Time, keep time.Duration) (Stored, error) {
	var out Stored
	err := s.ask(ctx, "what is stored", func(tx pgx.Tx) error {
		var err error
		if out.Generations, err = storedGenerations(ctx, tx); err != nil {
			return err
		}
		days, err := storedDays(ctx, tx, since)
		if err != nil {
			return err
		}
		at := map[generationID]int{}
		for i := range out.Generations {
			g := &out.Generations[i]
			g.Hangups = map[time.Time]int64{}
			at[generationID{g.Service, g.ID}] = i
		}
		for _, d := range days {
			d.expired = !d.partition && (!d.far || d.written.Before(now.Add(-keep)))
			if err := d.read(ctx, tx, &out, at); err != nil {
				return fmt.Errorf("%s of %s: %w", d.day.Format(time.DateOnly), d.name, err)
			}
		}
		for i := range out.Generations {
			g := &out.Generations[i]
			g.EventsGone = g.FirstSeen.Before(now.Add(-keep)) || slices.ContainsFunc(days, func(d storedDay) bool { return d.expired && d.name == g.Service })
		}
		return nil
	})
	return out, err
}

type generationID struct {
	service string
	id      int64
}

func storedGenerations(ctx context.Context, tx pgx.Tx) ([]StoredGeneration, error) {
	rows, err := tx.Query(ctx, `
		SELECT s.name, c.path, c.format, g.generation_id, g.source_id, g.path, g.dev, g.ino, g.head_len, g.head_sha256, g.mark_len, g.mark_sha256,
			g.off, g.lines, g.size_seen, g.state, g.first_seen_at, g.settings, g.bytes_lost, g.last_event_at, g.committed_at,
			g.requests, g.disconnects, g.others, g.unparsed, g.skipped, g.bytes_parsed, g.bytes_skipped, g.bytes_unparsed, g.bytes_oversize,
			coalesce((SELECT array_agg(q.off) FROM quarantine q WHERE q.service_id = g.service_id AND q.generation_id = g.generation_id), '{}')
		FROM generation g JOIN service s USING (service_id) JOIN source c USING (service_id, source_id)
		ORDER BY s.name, c.path, g.generation_id`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (g StoredGeneration, err error) {
		var (
			dev, ino        int64
			last, committed *time.Time
		)
		a := &g.Accounts
		err = row.Scan(&g.Service, &g.Source, &g.Format, &g.ID, &g.Generation.Source, &g.Path, &dev, &ino, &g.Head.Len, &g.Head.Sum, &g.Mark.Len, &g.Mark.Sum,
			&g.Off, &g.Lines, &g.SizeSeen, &g.State, &g.FirstSeen, &g.Settings, &g.Lost, &last, &committed,
			&a.Requests, &a.Disconnects, &a.Others, &a.Unparsed, &a.Skipped, &a.ParsedBytes, &a.SkippedBytes, &a.UnparsedBytes, &a.OversizeBytes, &g.Refused)
		g.Dev, g.Ino = uint64(dev), uint64(ino)
		if last != nil {
			g.LastEvent = last.UTC()
		}
		if committed != nil {
			g.Committed = committed.UTC()
		}
		return g, err
	})
}

// storedDay is a day of a service of which something may be kept.
type storedDay struct {
	service        int32
	name           string
	day            time.Time
	written        time.Time
	minutesExpired bool
	partition      bool // single disconnects have a partition of their own
	far            bool // too far from when it was written to have one
	expired        bool // single disconnects are gone
}

func storedDays(ctx context.Context, tx pgx.Tx, since time.Time) ([]storedDay, error) {
	rows, err := tx.Query(ctx, `
		SELECT service_id, name, day, written_at, minutes_expired, to_regclass('disconnect_p' || to_char(day, 'YYYYMMDD')) IS NOT NULL
		FROM day_written JOIN service USING (service_id) WHERE day >= $1 ORDER BY name, day`, dayOf(since))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (d storedDay, err error) {
		err = row.Scan(&d.service, &d.name, &d.day, &d.written, &d.minutesExpired, &d.partition)
		d.day = d.day.UTC()
		d.far = d.day.Before(d.written.Add(-partitionWindow)) || d.day.After(d.written.Add(partitionWindow))
		return d, err
	})
}

// hourOf is the number of the hour of `at`, from the Unix epoch.
const hourOf = "floor(extract(epoch FROM at) / 3600)::bigint"

// read compares the day's levels and adds its hours.
func (d storedDay) read(ctx context.Context, tx pgx.Tx, out *Stored, at map[generationID]int) error {
	r := Range{From: d.day, To: d.day.Add(wholeDay)}
	services := []int32{d.service}
	hours, days, err := foldedIn(ctx, tx, services, r)
	if err != nil {
		return err
	}
	p, err := newPlan(ctx, tx, services, r, byHour)
	if err != nil {
		return err
	}
	ofHour := func(c *cell) int64 { return c.at / 3600 }
	counts, err := countsBy(ctx, tx, p, nil, ofHour)
	if err != nil {
		return err
	}
	if !d.minutesExpired && len(hours) > 0 {
		var fine plan
		fine.cover(d.service, r, known{}, byMinute)
		minutes, err := countsBy(ctx, tx, fine, nil, ofHour)
		if err != nil {
			return err
		}
		for h := range hours {
			out.fault(d, "hour", h.at, counts[h.at.Unix()/3600], minutes[h.at.Unix()/3600])
		}
	}
	if b := (bucket{d.service, d.day}); days[b] {
		whole, err := countsBy(ctx, tx, plan{days: []bucket{b}}, nil, together.of)
		if err != nil {
			return err
		}
		out.fault(d, "day", d.day, whole[0], total(counts))
	}
	records, joined, err := d.records(ctx, tx, out, at)
	if err != nil {
		return err
	}
	for t := r.From; t.Before(r.To); t = t.Add(time.Hour) {
		k := t.Unix() / 3600
		h := StoredHour{Service: d.name, At: t, Counts: counts[k], Records: records[k], Joined: joined[k], Compared: !d.expired}
		// Where neither minutes nor a folded hour are left, the counts have expired too.
		h.RollupsOK = !d.minutesExpired || hours[bucket{d.service, t}] || h.Counts != event.Counts{}
		out.Hours = append(out.Hours, h)
	}
	return nil
}

func (out *Stored) fault(d storedDay, level string, at time.Time, has, sum event.Counts) {
	out.Buckets++
	if has != sum {
		out.Faults = append(out.Faults, LevelFault{Service: d.name, Level: level, At: at, Has: has, Sum: sum})
	}
}

// records counts the day's single disconnects by hour, and adds them to their generations.
func (d storedDay) records(ctx context.Context, tx pgx.Tx, out *Stored, at map[generationID]int) (map[int64]event.Counts, map[int64][4]int64, error) {
	rows, err := tx.Query(ctx, `SELECT generation_id, `+hourOf+`, exchange, party, phase = 'idle', joined_generation_id IS NOT NULL, count(*)
		FROM disconnect WHERE service_id = $1 AND day = $2 GROUP BY 1, 2, 3, 4, 5, 6`, d.service, d.day)
	if err != nil {
		return nil, nil, err
	}
	var (
		generation, hour, n    int64
		exchange, idle, joined bool
		party                  string
	)
	records, left := map[int64]event.Counts{}, map[int64][4]int64{}
	_, err = pgx.ForEachRow(rows, []any{&generation, &hour, &exchange, &party, &idle, &joined, &n}, func() error {
		if i, ok := at[generationID{d.name, generation}]; ok {
			out.Generations[i].Hangups[d.day] += n
			out.Generations[i].HangupCount += n
		}
		var p event.Party
		if p.UnmarshalText([]byte(party)) != nil {
			p = event.PartyUnknown
		}
		c, k := records[hour], event.PartyIndex(p)
		switch {
		case idle:
			c.Idle += n
		case exchange:
			c.Dropped[k] += n
		case joined:
			l := left[hour]
			l[k] += n
			left[hour] = l
		default:
			c.Reported[k] += n
		}
		records[hour] = c
		return nil
	})
	return records, left, err
}

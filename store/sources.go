package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"hangup/event"
)

// Source is what is stored about a source, summed over its generations, also those that are forgotten.
type Source struct {
	ID          int64
	Service     string
	Path        string // as configured
	Format      string // "" while it is not known
	Confidence  float64
	Open        int64 // generations that are still read
	Behind      int64 // bytes of them that are not committed, as far as their size was seen
	Off         int64 // bytes committed
	Lost        int64 // bytes that are nowhere to be found
	Accounts    event.Accounts
	Quarantined int64
	LastEventAt *time.Time
	CommittedAt *time.Time
}

// Read returns the number of records read.
func (s Source) Read() int64 {
	a := s.Accounts
	return a.Requests + a.Disconnects + a.Others + a.Unparsed + a.Skipped
}

// Sources returns the sources in the order of their service and path.
func (s *Store) Sources(ctx context.Context) ([]Source, error) {
	var out []Source
	err := s.ask(ctx, "sources", func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT c.source_id, s.name, c.path, c.format, c.confidence::float8, coalesce(g.open, 0), coalesce(g.behind, 0),
				`+eachSummed("coalesce(x.{}, 0) + coalesce(g.{}, 0)")+`,
				coalesce(q.n, 0), greatest(x.last_event_at, g.last_event_at), greatest(x.committed_at, g.committed_at)
			FROM source c JOIN service s USING (service_id)
			LEFT JOIN source_sum x USING (service_id, source_id)
			LEFT JOIN (SELECT service_id, source_id, count(*) FILTER (WHERE state IN ('live', 'draining')) AS open,
					coalesce(sum(greatest(size_seen - off, 0)) FILTER (WHERE state IN ('live', 'draining')), 0)::bigint AS behind,
					max(last_event_at) AS last_event_at, max(committed_at) AS committed_at, `+eachSummed("sum({})::bigint AS {}")+`
				FROM generation WHERE NOT summed GROUP BY 1, 2) g USING (service_id, source_id)
			LEFT JOIN (SELECT service_id, source_id, count(*) AS n FROM quarantine JOIN generation USING (service_id, generation_id) GROUP BY 1, 2) q
				USING (service_id, source_id)
			ORDER BY s.name, c.path`)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (v Source, err error) {
			a := &v.Accounts
			err = row.Scan(&v.ID, &v.Service, &v.Path, &v.Format, &v.Confidence, &v.Open, &v.Behind, &v.Off,
				&a.ParsedBytes, &a.SkippedBytes, &a.UnparsedBytes, &a.OversizeBytes, &v.Lost,
				&a.Requests, &a.Disconnects, &a.Others, &a.Unparsed, &a.Skipped, &v.Quarantined, &v.LastEventAt, &v.CommittedAt)
			return v, err
		})
		return err
	})
	return out, err
}

// File is one file of a source, in one life of its content.
type File struct {
	event.Generation
	Lost                     int64
	CommittedAt, LastEventAt *time.Time
}

// Files returns the files of a source, limit of them at most, and how many there are: those with most to be read first,
// then those that were committed last. Its error is ErrNotFound when there is no such source.
func (s *Store) Files(ctx context.Context, source int64, limit int) (files []File, total int64, err error) {
	err = s.ask(ctx, "files", func(tx pgx.Tx) error {
		var service int32
		switch err := tx.QueryRow(ctx, `SELECT service_id FROM source WHERE source_id = $1`, source).Scan(&service); {
		case errors.Is(err, pgx.ErrNoRows):
			return ErrNotFound
		case err != nil:
			return err
		}
		err := tx.QueryRow(ctx, `SELECT count(*) FROM generation WHERE service_id = $1 AND source_id = $2`, service, source).Scan(&total)
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `
			SELECT path, state, off, size_seen, lines, bytes_lost, first_seen_at, committed_at, last_event_at FROM generation
			WHERE service_id = $1 AND source_id = $2
			ORDER BY CASE WHEN state IN ('live', 'draining') THEN greatest(size_seen - off, 0) ELSE 0 END DESC,
				committed_at DESC NULLS LAST, generation_id DESC LIMIT $3`, service, source, limit)
		if err != nil {
			return err
		}
		files, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (f File, err error) {
			err = row.Scan(&f.Path, &f.State, &f.Off, &f.SizeSeen, &f.Lines, &f.Lost, &f.FirstSeen, &f.CommittedAt, &f.LastEventAt)
			return f, err
		})
		return err
	})
	return files, total, err
}

// Unparsed is a kept example of a record that was not understood.
type Unparsed struct {
	event.Sample
	Path   string // of the file, where it was seen last
	SeenAt time.Time
}

// Unparsed returns the newest examples of a source and how many are kept of each reason. Its error is ErrNotFound when
// there is no such source.
func (s *Store) Unparsed(ctx context.Context, source int64, limit int) (samples []Unparsed, reasons map[string]int64, err error) {
	reasons = map[string]int64{}
	err = s.ask(ctx, "unparsed records", func(tx pgx.Tx) error {
		var service int32
		switch err := tx.QueryRow(ctx, `SELECT service_id FROM source WHERE source_id = $1`, source).Scan(&service); {
		case errors.Is(err, pgx.ErrNoRows):
			return ErrNotFound
		case err != nil:
			return err
		}
		rows, err := tx.Query(ctx, `SELECT reason, count(*) FROM unparsed_sample WHERE service_id = $1 AND source_id = $2 GROUP BY 1`,
			service, source)
		if err != nil {
			return err
		}
		var (
			reason string
			count  int64
		)
		_, err = pgx.ForEachRow(rows, []any{&reason, &count}, func() error {
			reasons[reason] = count
			return nil
		})
		if err != nil {
			return err
		}
		rows, err = tx.Query(ctx, `
			SELECT u.off, u.line, u.reason, u.text, g.path, u.seen_at FROM unparsed_sample u
			JOIN generation g ON g.service_id = u.service_id AND g.generation_id = u.generation_id
			WHERE u.service_id = $1 AND u.source_id = $2
			ORDER BY u.seen_at DESC, u.generation_id DESC, u.off DESC LIMIT $3`, service, source, limit)
		if err != nil {
			return err
		}
		samples, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (v Unparsed, err error) {
			err = row.Scan(&v.Off, &v.Line, (*string)(&v.Reason), &v.Text, &v.Path, &v.SeenAt)
			return v, err
		})
		return err
	})
	return samples, reasons, err
}

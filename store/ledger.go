package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"hangup/event"
)

// OpenSource returns the id of the service's source at path (a file name or pattern), which it makes when there is
// none, and the format that was found for it earlier ("" when none was).
func (s *Store) OpenSource(ctx context.Context, service, path string) (id int64, format string, err error) {
	svc, err := s.ServiceID(ctx, service)
	if err != nil {
		return 0, "", err
	}
	_, err = s.pool.Exec(ctx, `INSERT INTO source (service_id, path) SELECT $1, $2
		WHERE NOT EXISTS (SELECT FROM source WHERE service_id = $1 AND path = $2) ON CONFLICT DO NOTHING`, svc, event.Clean(path))
	if err == nil {
		err = s.pool.QueryRow(ctx, `SELECT source_id, format FROM source WHERE service_id = $1 AND path = $2`, svc, event.Clean(path)).Scan(&id, &format)
	}
	if err != nil {
		return 0, "", fmt.Errorf("open source %s: %w", path, err)
	}
	return id, format, nil
}

// SetFormat notes the format that was found for a source, and how sure that is (0 to 1).
func (s *Store) SetFormat(ctx context.Context, service string, source int64, format string, confidence float64) error {
	svc, err := s.ServiceID(ctx, service)
	if err != nil {
		return err
	}
	if _, err = s.pool.Exec(ctx, `UPDATE source SET format = $3, confidence = $4 WHERE service_id = $1 AND source_id = $2`,
		svc, source, format, confidence); err != nil {
		return fmt.Errorf("note the format of source %d: %w", source, err)
	}
	return nil
}

const generationColumns = `generation_id, source_id, path, dev, ino, head_len, head_sha256, mark_len, mark_sha256, off, lines, size_seen, state, first_seen_at`

func scanGeneration(row pgx.CollectableRow) (g event.Generation, err error) {
	var dev, ino int64
	err = row.Scan(&g.ID, &g.Source, &g.Path, &dev, &ino, &g.Head.Len, &g.Head.Sum, &g.Mark.Len, &g.Mark.Sum,
		&g.Off, &g.Lines, &g.SizeSeen, &g.State, &g.FirstSeen)
	g.Dev, g.Ino = uint64(dev), uint64(ino)
	return g, err
}

// Past returns what a reader has to know of a source before it looks at files.
func (s *Store) Past(ctx context.Context, service string, source int64) (p event.Past, err error) {
	svc, err := s.ServiceID(ctx, service)
	if err != nil {
		return p, err
	}
	err = s.pool.QueryRow(ctx, `SELECT coalesce(c.forgotten_before, g.first_seen_at) FROM generation g JOIN source c USING (service_id, source_id)
		WHERE g.service_id = $1 AND g.source_id = $2 ORDER BY g.generation_id LIMIT 1`, svc, source).Scan(&p.First)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return p, fmt.Errorf("read the past of source %d: %w", source, err)
	}
	rows, err := s.pool.Query(ctx, `SELECT `+generationColumns+` FROM generation
		WHERE service_id = $1 AND source_id = $2 AND state NOT IN ('done', 'lost') ORDER BY generation_id`, svc, source)
	if err == nil {
		p.Open, err = pgx.CollectRows(rows, scanGeneration)
	}
	if err != nil {
		return p, fmt.Errorf("list the open generations of source %d: %w", source, err)
	}
	rows, err = s.pool.Query(ctx, `SELECT dev, ino, size, modified, coalesce(generation_id, 0) FROM archive WHERE service_id = $1 AND source_id = $2`, svc, source)
	if err == nil {
		p.Archives, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (a event.Archive, err error) {
			var dev, ino, modified int64
			err = row.Scan(&dev, &ino, &a.Size, &modified, &a.Generation)
			a.Inode, a.Modified = event.Inode{Dev: uint64(dev), Ino: uint64(ino)}, time.Unix(0, modified)
			return a, err
		})
	}
	if err != nil {
		return p, fmt.Errorf("list the archives of source %d: %w", source, err)
	}
	return p, nil
}

// Candidates returns the generations of a source that files with these inodes and heads may hold, the newest first, and
// the id of the newest generation of the source (0 for none). A head is of event.HeadSize bytes, or of a whole content
// that is shorter. Generations with a shorter one cannot be found by it: where heads are given, the newest 5000 of them
// that were seen in one of the directories are among the result, or for no directories in any.
func (s *Store) Candidates(ctx context.Context, service string, source int64, dirs []string, inodes []event.Inode, heads []event.Print) (gs []event.Generation, newest int64, err error) {
	svc, err := s.ServiceID(ctx, service)
	if err != nil {
		return nil, 0, err
	}
	err = s.pool.QueryRow(ctx, `SELECT coalesce(max(generation_id), 0) FROM generation WHERE service_id = $1 AND source_id = $2`,
		svc, source).Scan(&newest)
	if err != nil {
		return nil, 0, fmt.Errorf("find the newest generation of source %d: %w", source, err)
	}
	dev, ino, sums := make([]int64, len(inodes)), make([]int64, len(inodes)), make([][]byte, len(heads))
	for i, n := range inodes {
		dev[i], ino[i] = int64(n.Dev), int64(n.Ino)
	}
	for i, h := range heads {
		sums[i] = h.Sum
	}
	near := make([]string, len(dirs))
	for i, d := range dirs {
		near[i] = strings.TrimSuffix(event.Clean(d), "/")
	}
	short := ""
	switch {
	case len(heads) == 0:
	case len(dirs) == 0:
		short = shortHeads
	default:
		short = shortHeadsIn
	}
	rows, err := s.pool.Query(ctx, `
		SELECT `+generationColumns+` FROM unnest(@dev::bigint[], @ino::bigint[]) u (u_dev, u_ino)
		JOIN generation ON service_id = @service AND dev = u_dev AND ino = u_ino WHERE source_id = @source
		UNION ALL
		SELECT `+generationColumns+` FROM generation WHERE service_id = @service AND source_id = @source AND head_sha256 = ANY (@heads::bytea[])`+short,
		pgx.NamedArgs{"service": svc, "source": source, "dev": dev, "ino": ino, "heads": sums, "dirs": near})
	if err == nil {
		gs, err = pgx.CollectRows(rows, scanGeneration)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("look for generations of source %d: %w", source, err)
	}
	slices.SortFunc(gs, func(a, b event.Generation) int { return cmp.Compare(b.ID, a.ID) })
	gs = slices.CompactFunc(gs, func(a, b event.Generation) bool { return a.ID == b.ID })
	return gs, newest, nil
}

// The newest generations with a short head: of the source, or of some of its directories. Here and in the index a directory is
// found by its hash.
const (
	shortHeads = `
		UNION ALL (SELECT ` + generationColumns + ` FROM generation WHERE service_id = @service AND source_id = @source AND head_len < 1024
			ORDER BY generation_id DESC LIMIT 5000)`
	shortHeadsIn = `
		UNION ALL (SELECT g.* FROM unnest(@dirs::text[]) d (dir), LATERAL (
				SELECT ` + generationColumns + ` FROM generation WHERE service_id = @service AND source_id = @source AND head_len < 1024
					AND hashtextextended(regexp_replace(path, '/[^/]*$', ''), 0) = hashtextextended(d.dir, 0)
				ORDER BY generation_id DESC LIMIT 5000) g
			ORDER BY g.generation_id DESC LIMIT 5000)`
)

// Abandoned returns the generations of a service that files with these inodes may hold and whose sources are none of
// those at paths, the newest first.
func (s *Store) Abandoned(ctx context.Context, service string, paths []string, inodes []event.Inode) ([]event.Generation, error) {
	svc, err := s.ServiceID(ctx, service)
	if err != nil {
		return nil, err
	}
	known, dev, ino := make([]string, len(paths)), make([]int64, len(inodes)), make([]int64, len(inodes))
	for i, p := range paths {
		known[i] = event.Clean(p)
	}
	for i, n := range inodes {
		dev[i], ino[i] = int64(n.Dev), int64(n.Ino)
	}
	rows, err := s.pool.Query(ctx, `
		SELECT `+generationColumns+` FROM generation WHERE service_id = @service AND generation_id IN (
			SELECT g.generation_id FROM unnest(@dev::bigint[], @ino::bigint[]) u (dev, ino)
			JOIN generation g ON g.service_id = @service AND g.dev = u.dev AND g.ino = u.ino
			JOIN source c ON c.service_id = g.service_id AND c.source_id = g.source_id WHERE c.path <> ALL (@paths::text[])
		) ORDER BY generation_id DESC`, pgx.NamedArgs{"service": svc, "dev": dev, "ino": ino, "paths": known})
	if err == nil {
		var gs []event.Generation
		if gs, err = pgx.CollectRows(rows, scanGeneration); err == nil {
			return gs, nil
		}
	}
	return nil, fmt.Errorf("look for generations that have no source: %w", err)
}

// MoveGeneration makes a generation one of another source, which sees it now for the first time.
func (s *Store) MoveGeneration(ctx context.Context, service string, id, source int64) error {
	svc, err := s.ServiceID(ctx, service)
	if err != nil {
		return err
	}
	// Its figures leave the sums of the source that it was of.
	if _, err := s.pool.Exec(ctx, `
		WITH was AS (
			SELECT * FROM generation WHERE service_id = $1 AND generation_id = $2 FOR UPDATE
		), moved AS (
			UPDATE generation SET source_id = $3, first_seen_at = now(), summed = false WHERE service_id = $1 AND generation_id = $2
		)
		UPDATE source_sum s SET generations = s.generations - 1, `+eachSummed("{} = s.{} - was.{}")+`
		FROM was WHERE was.summed AND s.service_id = was.service_id AND s.source_id = was.source_id`,
		svc, id, source); err != nil {
		return fmt.Errorf("move generation %d to source %d: %w", id, source, err)
	}
	return nil
}

// SettleArchive notes that a compressed file of a source need not be looked at again while it is as it is. Notes that are
// a year old are forgotten.
func (s *Store) SettleArchive(ctx context.Context, service string, source int64, a event.Archive) error {
	svc, err := s.ServiceID(ctx, service)
	if err != nil {
		return err
	}
	_, err = s.pool.Exec(ctx, `INSERT INTO archive AS a (service_id, source_id, dev, ino, size, modified, generation_id) VALUES ($1, $2, $3, $4, $5, $6, nullif($7, 0))
		ON CONFLICT (service_id, source_id, dev, ino) DO UPDATE SET size = excluded.size, modified = excluded.modified,
			generation_id = excluded.generation_id, noted_at = now()`,
		svc, source, int64(a.Dev), int64(a.Ino), a.Size, a.Modified.UnixNano(), a.Generation)
	if err == nil {
		_, err = s.pool.Exec(ctx, `DELETE FROM archive WHERE service_id = $1 AND source_id = $2 AND noted_at < now() - interval '1 year'`, svc, source)
	}
	if err != nil {
		return fmt.Errorf("note an archive of source %d: %w", source, err)
	}
	return nil
}

// Generation returns one generation as it is stored now, or ErrNotFound.
func (s *Store) Generation(ctx context.Context, service string, id int64) (event.Generation, error) {
	svc, err := s.ServiceID(ctx, service)
	if err != nil {
		return event.Generation{}, failure(err)
	}
	rows, err := s.pool.Query(ctx, `SELECT `+generationColumns+` FROM generation WHERE service_id = $1 AND generation_id = $2`, svc, id)
	if err == nil {
		var g event.Generation
		if g, err = pgx.CollectExactlyOneRow(rows, scanGeneration); err == nil {
			return g, nil
		}
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return event.Generation{}, fmt.Errorf("read generation %d: %w", id, ErrNotFound)
	}
	return event.Generation{}, fmt.Errorf("read generation %d: %w", id, failure(err))
}

// GenerationsByHead returns the generations of a service whose content begins as head does, which is the first
// event.HeadSize bytes of a content, or all of it. The one with the most committed bytes comes first.
func (s *Store) GenerationsByHead(ctx context.Context, service string, head []byte) ([]event.Generation, error) {
	svc, err := s.ServiceID(ctx, service)
	if err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, `SELECT `+generationColumns+` FROM generation WHERE service_id = $1
		AND head_sha256 = ANY (ARRAY(SELECT sha256(substring($3::bytea FROM 1 FOR n)) FROM generate_series(1, $2) n))
		AND head_len BETWEEN 1 AND $2 AND head_sha256 = sha256(substring($3::bytea FROM 1 FOR head_len))
		ORDER BY off DESC, generation_id DESC`, svc, len(head), head)
	if err == nil {
		var gs []event.Generation
		if gs, err = pgx.CollectRows(rows, scanGeneration); err == nil {
			return gs, nil
		}
	}
	return nil, fmt.Errorf("look for a content: %w", err)
}

// AddGenerations stores new generations of a source at offset 0 and returns their ids. It returns event.ErrStale when the
// source has a generation that is newer than newest: of two processes that find the same content at the same time the
// second one is to look again.
func (s *Store) AddGenerations(ctx context.Context, service string, source int64, gs []event.Generation, newest int64) ([]int64, error) {
	svc, err := s.ServiceID(ctx, service)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(gs))
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT FROM source WHERE service_id = $1 AND source_id = $2 FOR UPDATE`, svc, source); err != nil {
			return err
		}
		var stale bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM generation WHERE service_id = $1 AND source_id = $2 AND generation_id > $3)`,
			svc, source, newest).Scan(&stale); err != nil {
			return err
		}
		if stale {
			return event.ErrStale
		}
		b := &pgx.Batch{}
		for i, g := range gs {
			settings := g.Settings
			settings.Layout = event.Clean(settings.Layout)
			b.Queue(`INSERT INTO generation (service_id, source_id, path, dev, ino, size_seen, state, first_seen_at, head_len, head_sha256, settings)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, coalesce($10, ''::bytea), $11) RETURNING generation_id`,
				svc, source, event.Clean(g.Path), int64(g.Dev), int64(g.Ino), g.SizeSeen, g.State, g.FirstSeen, g.Head.Len, g.Head.Sum, settings).
				QueryRow(func(row pgx.Row) error { return row.Scan(&ids[i]) })
		}
		return tx.SendBatch(ctx, b).Close()
	})
	if err != nil {
		return nil, fmt.Errorf("add generations of source %d: %w", source, err)
	}
	return ids, nil
}

// SetGeneration notes where a generation is, what state it is in, and how many bytes of it are nowhere to be found.
func (s *Store) SetGeneration(ctx context.Context, service string, id int64, path string, state event.State, lost int64) error {
	svc, err := s.ServiceID(ctx, service)
	if err != nil {
		return err
	}
	if _, err := s.pool.Exec(ctx, `
		WITH was AS (
			SELECT service_id, source_id, summed, bytes_lost FROM generation WHERE service_id = $1 AND generation_id = $2 FOR UPDATE
		), noted AS (
			UPDATE generation SET path = $3, state = $4, bytes_lost = $5 WHERE service_id = $1 AND generation_id = $2
		)
		UPDATE source_sum s SET bytes_lost = s.bytes_lost + $5 - was.bytes_lost
		FROM was WHERE was.summed AND was.bytes_lost <> $5 AND s.service_id = was.service_id AND s.source_id = was.source_id`,
		svc, id, event.Clean(path), state, lost); err != nil {
		return fmt.Errorf("note the state of generation %d: %w", id, err)
	}
	return nil
}

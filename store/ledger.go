package store

import (
	"context"
	"errors"
	"fmt"

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

// Generations returns the newest generations of a source, the newest first, 500 at most.
func (s *Store) Generations(ctx context.Context, service string, source int64) ([]event.Generation, error) {
	svc, err := s.ServiceID(ctx, service)
	if err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, `SELECT `+generationColumns+` FROM generation WHERE service_id = $1 AND source_id = $2
		ORDER BY generation_id DESC LIMIT 500`, svc, source)
	if err != nil {
		return nil, fmt.Errorf("list generations of source %d: %w", source, err)
	}
	gs, err := pgx.CollectRows(rows, scanGeneration)
	if err != nil {
		return nil, fmt.Errorf("list generations of source %d: %w", source, err)
	}
	return gs, nil
}

// Generation returns one generation as it is stored now, or ErrNotFound.
func (s *Store) Generation(ctx context.Context, service string, id int64) (event.Generation, error) {
	svc, err := s.ServiceID(ctx, service)
	if err != nil {
		return event.Generation{}, err
	}
	rows, err := s.pool.Query(ctx, `SELECT `+generationColumns+` FROM generation WHERE service_id = $1 AND generation_id = $2`, svc, id)
	if err == nil {
		var g event.Generation
		if g, err = pgx.CollectExactlyOneRow(rows, scanGeneration); err == nil {
			return g, nil
		}
	}
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNotFound
	}
	return event.Generation{}, fmt.Errorf("read generation %d: %w", id, err)
}

// AddGeneration stores a new generation at offset 0 and returns its id. Of two processes that find the same content at
// the same time both get the id of the same row: while a live generation of the same inode has no committed bytes, it is
// the one.
func (s *Store) AddGeneration(ctx context.Context, service string, g event.Generation) (id int64, err error) {
	svc, err := s.ServiceID(ctx, service)
	if err != nil {
		return 0, err
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT FROM source WHERE service_id = $1 AND source_id = $2 FOR UPDATE`, svc, g.Source); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, `SELECT generation_id FROM generation WHERE service_id = $1 AND source_id = $2 AND dev = $3 AND ino = $4
			AND off = 0 AND state = 'live' ORDER BY generation_id DESC LIMIT 1`, svc, g.Source, int64(g.Dev), int64(g.Ino)).Scan(&id)
		if !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		return tx.QueryRow(ctx, `INSERT INTO generation (service_id, source_id, path, dev, ino, size_seen, state, first_seen_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING generation_id`,
			svc, g.Source, event.Clean(g.Path), int64(g.Dev), int64(g.Ino), g.SizeSeen, g.State, g.FirstSeen).Scan(&id)
	})
	if err != nil {
		return 0, fmt.Errorf("add generation of %s: %w", g.Path, err)
	}
	return id, nil
}

// SetGeneration notes where a generation is and what state it is in. lost is added to the bytes that are nowhere to be
// found.
func (s *Store) SetGeneration(ctx context.Context, service string, id int64, path string, state event.State, lost int64) error {
	svc, err := s.ServiceID(ctx, service)
	if err != nil {
		return err
	}
	if _, err := s.pool.Exec(ctx, `UPDATE generation SET path = $3, state = $4, bytes_lost = bytes_lost + $5
		WHERE service_id = $1 AND generation_id = $2`, svc, id, event.Clean(path), state, lost); err != nil {
		return fmt.Errorf("note the state of generation %d: %w", id, err)
	}
	return nil
}

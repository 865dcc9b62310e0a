package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// How generations end. One that was read to its end is summed: its figures are added to those of its source (source_sum),
// so that it does not matter how many contents a source has had. Should something come to it after all, it is taken out of them
// until it has come to rest again. Later, when nothing is left of what it counts and nobody has seen its file for as long, its
// row is deleted, and the sums stay as they are.

const (
	// sumAfter is for how long nothing must have been committed to a generation before it is summed.
	sumAfter = 10 * time.Minute
	// forgetMargin is how much longer than what it counts a generation is kept: events may lie a day ahead of their commit.
	forgetMargin = 48 * time.Hour
	// lookedLately is how long ago a source may have been looked at whole for its generations to be forgotten: a service
	// that was away has to see first what is still there.
	lookedLately = 48 * time.Hour
)

// summedColumns are the columns of generation whose sums source_sum keeps.
var summedColumns = []string{
	"off", "bytes_parsed", "bytes_skipped", "bytes_unparsed", "bytes_oversize", "bytes_lost",
	"requests", "disconnects", "others", "unparsed", "skipped",
}

// eachSummed writes a piece of SQL for each of summedColumns, where {} stands for its name.
func eachSummed(piece string) string {
	out := make([]string, len(summedColumns))
	for i, c := range summedColumns {
		out[i] = strings.ReplaceAll(piece, "{}", c)
	}
	return strings.Join(out, ", ")
}

var sumGenerations = `
	WITH done AS (
		SELECT service_id, generation_id FROM generation
		WHERE service_id = $1 AND NOT summed AND state IN ('done', 'lost') AND greatest(first_seen_at, committed_at) < $2
		LIMIT $3 FOR UPDATE SKIP LOCKED
	), summed AS (
		UPDATE generation g SET summed = true FROM done WHERE g.service_id = done.service_id AND g.generation_id = done.generation_id
		RETURNING g.*
	), kept AS (
		INSERT INTO source_sum AS t (service_id, source_id, generations, committed_at, last_event_at, ` + eachSummed("{}") + `)
		SELECT service_id, source_id, count(*), max(committed_at), max(last_event_at), ` + eachSummed("sum({})") + ` FROM summed GROUP BY 1, 2 ORDER BY 1, 2
		ON CONFLICT (service_id, source_id) DO UPDATE SET generations = t.generations + excluded.generations,
			committed_at = greatest(t.committed_at, excluded.committed_at), last_event_at = greatest(t.last_event_at, excluded.last_event_at),
			` + eachSummed("{} = t.{} + excluded.{}") + `
	)
	SELECT count(*) FROM summed`

// A generation is forgotten when
//   - its content was read to its end, or is nowhere to be found;
//   - nothing was committed to it, and its file was not seen, since $2;
//   - nothing of the days that it counts something in is kept any more. Should its content come back after all, it is read as a
//     new one, and still counts once;
//   - its source has been looked at lately, so that "not seen" means "not there": what only imports read, or is not configured any
//     more, stays known;
//   - it is not the newest of its source: that tells of two readers that find a content at the same time who is the later one.
const forgetGenerations = `
	WITH old AS (
		SELECT g.generation_id FROM generation g JOIN source c USING (service_id, source_id)
		WHERE g.service_id = $1 AND g.summed AND g.state IN ('done', 'lost') AND g.seen_at < $2 AND (g.committed_at IS NULL OR g.committed_at < $2)
			AND c.looked_at >= $4
			AND NOT EXISTS (SELECT FROM day_written w WHERE w.service_id = g.service_id
				AND w.day BETWEEN coalesce(g.first_day, '-infinity') AND (g.last_event_at AT TIME ZONE 'UTC')::date)
			AND EXISTS (SELECT FROM generation n WHERE n.service_id = g.service_id AND n.source_id = g.source_id AND n.generation_id > g.generation_id)
		LIMIT $3 FOR UPDATE OF g SKIP LOCKED
	), gone AS (
		DELETE FROM generation g USING old WHERE g.service_id = $1 AND g.generation_id = old.generation_id RETURNING g.source_id, g.generation_id
	), samples AS (
		DELETE FROM unparsed_sample u USING gone WHERE u.service_id = $1 AND u.source_id = gone.source_id AND u.generation_id = gone.generation_id
	), noted AS (
		UPDATE source SET forgotten_before = greatest(forgotten_before, $2)
		WHERE service_id = $1 AND source_id IN (SELECT source_id FROM gone)
	)
	SELECT count(*) FROM gone`

// endGenerations sums and forgets generations, in batches. It returns how many it has forgotten.
func (s *Store) endGenerations(ctx context.Context, now time.Time, r Retention) (n int64, err error) {
	keep := max(r.Minutes, r.Events, r.Rollups, r.Sessions) + forgetMargin
	rows, err := s.pool.Query(ctx, `SELECT service_id FROM service ORDER BY service_id`)
	if err != nil {
		return 0, err
	}
	services, err := pgx.CollectRows(rows, pgx.RowTo[int32])
	if err != nil {
		return 0, err
	}
	for _, service := range services {
		if _, err := s.inBatches(ctx, sumGenerations, service, now.Add(-sumAfter), expireBatch); err != nil {
			return n, fmt.Errorf("sum up contents: %w", err)
		}
		k, err := s.inBatches(ctx, forgetGenerations, service, now.Add(-keep), expireBatch, now.Add(-lookedLately))
		n += k
		if err != nil {
			return n, fmt.Errorf("forget contents: %w", err)
		}
	}
	return n, nil
}

// inBatches repeats a statement that says how many rows it changed, expireBatch at most, until it changes fewer.
func (s *Store) inBatches(ctx context.Context, sql string, args ...any) (n int64, err error) {
	for {
		var k int64
		if err := s.pool.QueryRow(ctx, sql, args...).Scan(&k); err != nil {
			return n, err
		}
		n += k
		if k < expireBatch {
			return n, nil
		}
	}
}

// takeFromSum takes a generation, to which a batch was just committed, out of the sums of its source: it may go on for long, and
// its commits are not to wait for those of others.
var takeFromSum = `
	WITH was AS (
		UPDATE generation SET summed = false WHERE service_id = @service AND generation_id = @generation RETURNING *
	)
	UPDATE source_sum s SET generations = s.generations - 1, ` + eachSummed("{} = s.{} - (was.{} - @{})") + `
	FROM was WHERE s.service_id = was.service_id AND s.source_id = was.source_id`

// NoteSeen notes that all that a source names could be looked at and told, and that the contents of these generations are there.
// It returns since when a content must have been written to, to be read if it is not known; zero for no such bound.
func (s *Store) NoteSeen(ctx context.Context, service string, source int64, generations []int64) (since time.Time, err error) {
	svc, err := s.ServiceID(ctx, service)
	if err != nil {
		return since, err
	}
	var before *time.Time
	for ids := range slices.Chunk(generations, expireBatch) { // those that were noted lately are left: a service may be started often
		if _, err = s.pool.Exec(ctx, `UPDATE generation SET seen_at = now() WHERE service_id = $1 AND generation_id IN (
			SELECT generation_id FROM generation WHERE service_id = $1 AND generation_id = ANY ($2) AND seen_at < now() - interval '1 hour'
			ORDER BY generation_id FOR UPDATE)`, svc, ids); err != nil {
			break
		}
	}
	if err == nil { // at the end: it says that all of them are noted
		err = s.pool.QueryRow(ctx, `UPDATE source SET looked_at = now() WHERE service_id = $1 AND source_id = $2 RETURNING forgotten_before`, svc, source).Scan(&before)
	}
	if err != nil {
		return since, fmt.Errorf("note what there is of source %d: %w", source, err)
	}
	if before != nil {
		since = *before
	}
	return since, nil
}

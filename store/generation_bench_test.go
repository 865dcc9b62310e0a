package store_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"hangup/event"
	"hangup/store"
)

// manyGenerations gives a source n contents that were read to their end in the last two months: logs of containers that lived
// for a moment. Two of three have a short head. dir is an expression over n that names where each was.
func manyGenerations(tb testing.TB, pool *pgxpool.Pool, st *store.Store, path, dir string, n int) (source int64) {
	tb.Helper()
	ctx := context.WithoutCancel(tb.Context())
	source, _, err := st.OpenSource(ctx, "shop", path)
	check(tb, err)
	_, err = pool.Exec(ctx, `INSERT INTO generation (service_id, source_id, path, dev, ino, head_len, head_sha256, mark_len, mark_sha256,
			off, lines, size_seen, state, bytes_parsed, requests, disconnects, first_seen_at, committed_at, last_event_at)
		SELECT service_id, source_id, `+dir+` || '/' || n || '.log', 1, n, CASE n % 3 WHEN 0 THEN 1024 ELSE 100 + n % 900 END, sha256(n::text::bytea),
			512, sha256(('mark' || n)::bytea), 100 + n % 9000, 10, 100 + n % 9000, 'done', 100 + n % 9000, 8, 2, at, at, at
		FROM source, generate_series(1, $2) n, LATERAL (SELECT now() - interval '60 days' + n * interval '10 seconds' AS at) t
		WHERE source_id = $1`, source, n)
	check(tb, err)
	return source
}

// BenchmarkManyGenerations asks what a look at a pattern's directories asks, and for the sources, beside 300,000 contents.
func BenchmarkManyGenerations(b *testing.B) {
	const n = 300_000
	pool, st := open(b)
	pods := manyGenerations(b, pool, st, "/var/log/pods/*/*/*.log", `'/var/log/pods/shop_web-' || n || '_5d1f0c9e/web'`, n)
	flat := manyGenerations(b, pool, st, "/var/log/jobs/*.log", `'/var/log/jobs'`, n)
	began := time.Now()
	_, err := st.Expire(b.Context(), began, store.DefaultRetention())
	check(b, err)
	b.Logf("summed up in %v", time.Since(began))
	_, err = pool.Exec(b.Context(), `VACUUM ANALYZE generation`) // as autovacuum does
	check(b, err)
	var (
		dirs   []string
		inodes []event.Inode
		heads  []event.Print
	)
	for i := range 10 {
		sum := sha256.Sum256(fmt.Append(nil, n-i))
		dirs = append(dirs, fmt.Sprintf("/var/log/pods/shop_web-%d_5d1f0c9e/web", n-i))
		inodes, heads = append(inodes, event.Inode{Dev: 2, Ino: uint64(i)}), append(heads, event.Print{Len: event.HeadSize, Sum: sum[:]})
	}
	for _, c := range []struct {
		name   string
		source int64
		dirs   []string
	}{{"pods", pods, dirs}, {"flat", flat, []string{"/var/log/jobs"}}, {"anywhere", flat, nil}} {
		b.Run("candidates/"+c.name, func(b *testing.B) {
			for b.Loop() {
				_, _, err := st.Candidates(b.Context(), "shop", c.source, c.dirs, inodes, heads)
				check(b, err)
			}
		})
	}
	b.Run("head", func(b *testing.B) {
		for b.Loop() {
			_, err := st.GenerationsByHead(b.Context(), "shop", make([]byte, event.HeadSize))
			check(b, err)
		}
	})
	b.Run("sources", func(b *testing.B) {
		for b.Loop() {
			_, err := st.Sources(b.Context())
			check(b, err)
		}
	})
	b.Run("services", func(b *testing.B) {
		for b.Loop() {
			_, err := st.Services(b.Context())
			check(b, err)
		}
	})
	b.Run("files", func(b *testing.B) {
		for b.Loop() {
			_, _, err := st.Files(b.Context(), pods, 100)
			check(b, err)
		}
	})
}

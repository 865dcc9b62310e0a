package migrations_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"hangup/migrations"
	"hangup/store/storetest"
)

// database is a database of a test.
type database struct {
	tb   testing.TB
	url  string
	conn *pgx.Conn
}

// empty returns a database without a schema.
func empty(tb testing.TB) database {
	tb.Helper()
	d := database{tb: tb, url: storetest.URL(tb)}
	var err error
	if d.conn, err = pgx.Connect(tb.Context(), d.url); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = d.conn.Close(context.WithoutCancel(tb.Context())) })
	d.exec(`DROP SCHEMA public CASCADE`)
	d.exec(`CREATE SCHEMA public`)
	return d
}

func (d database) exec(sql string) {
	d.tb.Helper()
	if _, err := d.conn.Exec(d.tb.Context(), sql); err != nil {
		d.tb.Fatalf("%s: %v", sql, err)
	}
}

func (d database) number(sql string) (n int64) {
	d.tb.Helper()
	if err := d.conn.QueryRow(d.tb.Context(), sql).Scan(&n); err != nil {
		d.tb.Fatalf("%s: %v", sql, err)
	}
	return n
}

// up brings the database to the newest version, twice.
func (d database) up() {
	d.tb.Helper()
	for range 2 {
		version, err := migrations.Up(d.tb.Context(), d.url)
		if err != nil {
			d.tb.Fatal(err)
		}
		have, want, err := migrations.Versions(d.tb.Context(), d.url)
		if err != nil || have != want || have != version {
			d.tb.Errorf("after Up to %d the database has version %d of %d, %v", version, have, want, err)
		}
		if n := d.number(`SELECT count(*) FROM migration_sum`); n != version {
			d.tb.Errorf("%d sums are kept of %d migrations", n, version)
		}
	}
}

// refused checks that the database is refused, in words that help, and left as it is.
func (d database) refused() {
	d.tb.Helper()
	const state = `SELECT coalesce(max(version_id), 0) * 1000 + (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace) FROM goose_db_version`
	before := d.number(state)
	_, up := migrations.Up(d.tb.Context(), d.url)
	_, _, versions := migrations.Versions(d.tb.Context(), d.url)
	for what, err := range map[string]error{"Up": up, "Versions": versions} {
		if !errors.Is(err, migrations.ErrOther) {
			d.tb.Errorf("%s says %v", what, err)
		} else if !strings.Contains(err.Error(), d.conn.Config().Database) || !strings.Contains(err.Error(), "Give Hangup an empty database") {
			d.tb.Errorf("%s does not say where and what to do: %v", what, err)
		}
	}
	if after := d.number(state); after != before {
		d.tb.Errorf("a database that is refused was changed: %d, before %d", after, before)
	}
}

// TestUpFromEmpty makes a schema, also when several instances start together.
func TestUpFromEmpty(t *testing.T) {
	t.Parallel()
	d := empty(t)
	d.exec(`CREATE TABLE somebody_elses (id bigint)`)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := migrations.Up(t.Context(), d.url); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	d.up()
}

// TestUpFromUnsummed goes on from each version of the time when no sums were kept, and keeps what is stored.
func TestUpFromUnsummed(t *testing.T) {
	t.Parallel()
	for version := int64(1); version <= 4; version++ {
		d := empty(t)
		if err := migrations.UpTo(t.Context(), d.url, version); err != nil {
			t.Fatal(err)
		}
		print, err := migrations.Fingerprint(t.Context(), d.url)
		if err != nil {
			t.Fatal(err)
		}
		if want := migrations.Unsummed[version]; print != want {
			t.Errorf("version %d has the fingerprint %q, want %q: an old migration was changed", version, print, want)
			continue
		}
		d.exec(`CREATE TABLE somebody_elses (id bigint)`)
		d.exec(`CREATE TABLE disconnect_p20261130 PARTITION OF disconnect FOR VALUES FROM ('2026-11-30') TO ('2026-12-01')`)
		d.exec(`INSERT INTO service (name) VALUES ('shop')`)
		d.exec(`INSERT INTO source (service_id, path) SELECT service_id, '/log' FROM service`)
		d.exec(`INSERT INTO generation (service_id, source_id, path, dev, ino) SELECT service_id, source_id, '/log', 1, 2 FROM source`)
		for _, off := range []int{7, 9} { // signs of life, as they were appended then
			d.exec(fmt.Sprintf(`INSERT INTO activity_block SELECT service_id, generation_id, now(), '{%d,%d}', '{2026-11-30 10:00Z,2026-11-30 10:01Z}', '{a,b}', '{5,-6}', '{1,2}', '{t,f}'
				FROM generation`, off, off+1))
		}
		d.up()
		if n := d.number(`SELECT count(*) FROM activity WHERE off BETWEEN 7 AND 10 AND (client = 'b' AND agent_hash = -6 AND route_id = 2 AND at = '2026-11-30 10:01Z') <> is_drop`); n != 4 {
			t.Errorf("after Up from version %d there are %d of 4 signs of life", version, n)
		}
		// Nobody knows what these count, so that they are kept while any day is.
		if n := d.number(`SELECT count(*) FROM generation WHERE first_day = '-infinity' AND NOT summed AND seen_at > now() - interval '1 hour'`); n != 1 {
			t.Errorf("after Up from version %d the content is not as it should be", version)
		}
		d.exec(`INSERT INTO generation (service_id, source_id, path, dev, ino) SELECT service_id, source_id, '/log', 1, 2 FROM source`)
		if n := d.number(`SELECT count(*) FROM generation WHERE first_day IS NULL`); n != 1 {
			t.Errorf("after Up from version %d a new content counts something", version)
		}
	}
}

// TestOtherSchemaIsRefused refuses databases whose first migrations were others.
func TestOtherSchemaIsRefused(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]string{
		"a column is missing":      `ALTER TABLE generation DROP COLUMN bytes_lost`,
		"a column is of a type":    `ALTER TABLE disconnect ALTER pid TYPE bigint`,
		"an index is missing":      `DROP INDEX generation_open`,
		"a function is missing":    `ALTER FUNCTION cells_of(bytea) RENAME TO cells_in`,
		"a table is missing":       `DROP TABLE archive`,
		"nothing is as it was":     `DROP TABLE source CASCADE`,
		"a column may not be NULL": `ALTER TABLE disconnect ALTER client SET NOT NULL`,
	} {
		t.Run(strings.ReplaceAll(what, " ", "-"), func(t *testing.T) {
			t.Parallel()
			d := empty(t)
			if err := migrations.UpTo(t.Context(), d.url, 4); err != nil {
				t.Fatal(err)
			}
			d.exec(change)
			d.refused()
		})
	}
	t.Run("sum", func(t *testing.T) {
		t.Parallel()
		d := empty(t)
		d.up()
		d.exec(`UPDATE migration_sum SET sha256 = 'another' WHERE version_id = 5`)
		d.refused()
	})
	t.Run("later", func(t *testing.T) { // of what only a later program knows nothing can be said
		t.Parallel()
		d := empty(t)
		d.up()
		d.exec(`INSERT INTO migration_sum VALUES (99, 'of later')`)
		if _, err := migrations.Up(t.Context(), d.url); err != nil {
			t.Error(err)
		}
	})
}

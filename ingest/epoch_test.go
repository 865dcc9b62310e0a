package ingest_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
)

// goBack takes the database back to a time before anything was stored, as a backup of then does that is restored, and ids
// come again. then is done before anybody sees it.
func (r *rig) goBack(then ...string) {
	r.t.Helper()
	err := pgx.BeginFunc(context.Background(), r.pool, func(tx pgx.Tx) error {
		for _, sql := range append([]string{`DO $$ BEGIN
			EXECUTE (SELECT 'TRUNCATE ' || string_agg(quote_ident(relname), ', ') || ' RESTART IDENTITY' FROM pg_class
				WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition AND relname NOT LIKE 'goose%'
					AND relname <> 'epoch');
		END $$`, `UPDATE epoch SET token = gen_random_uuid()`}, then...) {
			if _, err := tx.Exec(context.Background(), sql); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// TestDatabaseGoesBackBehindTheService has a database that has never heard of the service that is being read.
func TestDatabaseGoesBackBehindTheService(t *testing.T) {
	r := newRig(t)
	f := r.open("a.log")
	r.write(f, r.lines(10))
	r.put("b.log", r.lines(10))
	r.start("a.log", "b.log")
	r.complete()
	r.goBack()
	r.write(f, r.lines(5))
	r.complete()
	if n := r.number(`SELECT count(*) FROM day_written`); n == 0 {
		t.Error("the days that are written are not noted: nothing of them would expire")
	}
}

package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hangup/event"
	"hangup/store/storetest"
)

// Rows of every type, of more bytes than are made at once, arrive as they are, also times before PostgreSQL's and Unix's
// years begin.
func TestCopyRows(t *testing.T) {
	t.Parallel()
	s := New(storetest.New(t))
	const n = 3000
	long := strings.Repeat("ü\n", 2*copyBytes)
	times := []time.Time{
		time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
		time.Date(1999, 12, 31, 23, 59, 59, 1000, time.UTC), time.Date(2026, 2, 28, 1, 2, 3, 456_789_000, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	}
	err := pgx.BeginFunc(t.Context(), s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), `CREATE TEMPORARY TABLE "a ""table""" (i integer, big bigint, yes boolean, word text, given text, few integer, us bigint,
			day date, at timestamptz)`); err != nil {
			return err
		}
		columns := []string{"i", "big", "yes", "word", "given", "few", "us", "day", "at"}
		err := copyRows(t.Context(), tx, `a "table"`, columns, n, func(w *copyWriter, i int) {
			at := times[i%len(times)]
			w.int4(int32(-i))
			w.int8(int64(i) << 40)
			w.bool(i%2 == 0)
			w.text(word(i, long))
			w.given([]string{"", "x"}[i%2])
			w.positive(i - 1)
			w.microseconds(event.Opt[time.Duration]{V: time.Duration(i) * time.Microsecond, OK: i%2 == 0})
			w.date(dayOf(at))
			w.time(at)
		})
		if err != nil {
			return err
		}
		rows, err := tx.Query(t.Context(), `SELECT * FROM "a ""table""" ORDER BY i DESC`)
		if err != nil {
			return err
		}
		type row struct {
			I     int32
			Big   int64
			Yes   bool
			Word  string
			Given *string
			Few   *int32
			US    *int64
			Day   time.Time
			At    time.Time
		}
		got, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
		if err != nil {
			return err
		}
		if len(got) != n {
			t.Fatalf("%d rows, want %d", len(got), n)
		}
		for i, r := range got {
			at := times[i%len(times)]
			if r.I != int32(-i) || r.Big != int64(i)<<40 || r.Yes != (i%2 == 0) || r.Word != word(i, long) || (r.Given == nil) != (i%2 == 0) ||
				(r.Few == nil) != (i < 2) || r.Few != nil && *r.Few != int32(i-1) || (r.US == nil) != (i%2 == 1) || r.US != nil && *r.US != int64(i) ||
				!r.Day.Equal(dayOf(at)) || !r.At.Equal(at) {
				t.Fatalf("row %d: %.300v", i, r)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func word(i int, long string) string {
	if i%1000 == 999 {
		return long
	}
	return fmt.Sprint("row ", i)
}

package store

import (
	"context"
	"encoding/binary"
	"io"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"hangup/event"
)

// copyBytes is about how much of a COPY is made at once.
const copyBytes = 64 << 10

// The binary format of COPY (PostgreSQL's documentation, COPY, "Binary Format"): what it begins and ends with.
const (
	copyBegin = "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	copyEnd   = "\xff\xff"
)

// epoch2000 is from when PostgreSQL counts.
const (
	epoch2000 = 946684800 // Unix seconds
	days2000  = epoch2000 / 86400
)

// copyRows appends n rows to a table. row writes a row's values, in the order of the columns and of exactly their types.
// It is pgx's CopyFrom for tables of many columns or rows, of which most of the time goes into looking up how a value is written.
func copyRows(ctx context.Context, tx pgx.Tx, table string, columns []string, n int, row func(w *copyWriter, i int)) error {
	i := 0
	return copyRowsWhile(ctx, tx, table, columns, func(w *copyWriter) bool {
		if i == n {
			return false
		}
		row(w, i)
		i++
		return true
	})
}

// copyRowsWhile is copyRows for as many rows as there are: row returns false when there is none, and has written nothing then.
func copyRowsWhile(ctx context.Context, tx pgx.Tx, table string, columns []string, row func(w *copyWriter) bool) error {
	r := &copyReader{w: copyWriter{b: append(make([]byte, 0, copyBytes+copyBytes/4), copyBegin...)}, columns: len(columns), row: row}
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = pgx.Identifier{c}.Sanitize()
	}
	_, err := tx.Conn().PgConn().CopyFrom(ctx, r, "COPY "+pgx.Identifier{table}.Sanitize()+" ("+strings.Join(names, ", ")+") FROM STDIN BINARY")
	return err
}

// copyReader makes a COPY as it is read.
type copyReader struct {
	w       copyWriter
	columns int
	row     func(w *copyWriter) bool
	taken   int  // of w.b
	ended   bool // all is in w.b
}

func (r *copyReader) Read(b []byte) (int, error) {
	if r.taken == len(r.w.b) {
		if r.ended {
			return 0, io.EOF
		}
		r.w.b, r.taken = r.w.b[:0], 0
	}
	for len(r.w.b) < copyBytes && !r.ended {
		at := len(r.w.b)
		r.w.b = binary.BigEndian.AppendUint16(r.w.b, uint16(r.columns))
		if !r.row(&r.w) {
			r.w.b, r.ended = append(r.w.b[:at], copyEnd...), true
		}
	}
	n := copy(b, r.w.b[r.taken:])
	r.taken += n
	return n, nil
}

// copyWriter writes values as PostgreSQL's receive functions take them.
type copyWriter struct{ b []byte }

func (w *copyWriter) size(n int) { w.b = binary.BigEndian.AppendUint32(w.b, uint32(n)) }

func (w *copyWriter) null() { w.size(-1) }

func (w *copyWriter) int4(v int32) {
	w.size(4)
	w.b = binary.BigEndian.AppendUint32(w.b, uint32(v))
}

func (w *copyWriter) int8(v int64) {
	w.size(8)
	w.b = binary.BigEndian.AppendUint64(w.b, uint64(v))
}

func (w *copyWriter) bool(v bool) {
	w.size(1)
	if v {
		w.b = append(w.b, 1)
	} else {
		w.b = append(w.b, 0)
	}
}

func (w *copyWriter) text(s string) {
	w.size(len(s))
	w.b = append(w.b, s...)
}

// given writes a text, NULL for an empty one: what a record does not give.
func (w *copyWriter) given(s string) {
	if s == "" {
		w.null()
		return
	}
	w.text(s)
}

// raw writes a hang-up's text, see appendRaw.
func (w *copyWriter) raw(h *event.Hangup) {
	at := len(w.b)
	w.size(0)
	w.b = appendRaw(w.b, h)
	binary.BigEndian.PutUint32(w.b[at:], uint32(len(w.b)-at-4))
}

// positive writes an integer, NULL for one that is not above 0.
func (w *copyWriter) positive(n int) {
	if n <= 0 {
		w.null()
		return
	}
	w.int4(int32(min(n, 1<<31-1)))
}

// microseconds writes a duration, NULL for none.
func (w *copyWriter) microseconds(d event.Opt[time.Duration]) {
	if !d.OK {
		w.null()
		return
	}
	w.int8(d.V.Microseconds())
}

// date writes a day, by its first moment in UTC.
func (w *copyWriter) date(day time.Time) {
	w.size(4)
	w.b = binary.BigEndian.AppendUint32(w.b, uint32(int32(day.Unix()/86400-days2000)))
}

// time writes a time with time zone.
func (w *copyWriter) time(t time.Time) { w.int8(t.UnixMicro() - epoch2000*1e6) }

package ingest_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"hangup/event"
	"hangup/ingest"
	"hangup/store"
)

// decides is a sink that decides what became of hang-ups after each batch.
type decides struct{ *store.Store }

func (d decides) Commit(ctx context.Context, now time.Time, b *event.Batch) error {
	err := d.Store.Commit(ctx, now, b)
	if err == nil {
		_, err = d.DecideSessions(ctx, now, 30*24*time.Hour)
	}
	return err
}

// TestImportBesideALiveLog imports two old files of a log of which each client retries five hundred lines after it hung up, beside one
// that is written to now: no hang-up is decided before the rest of the old ones is read, plain or compressed.
func TestImportBesideALiveLog(t *testing.T) {
	for _, ext := range []string{"", ".gz"} {
		t.Run("old.log"+ext, func(t *testing.T) {
			r := newRig(t)
			r.put("live.log", r.line())
			r.start("live.log")
			r.eventually("the live log is read", func() bool { return r.number(`SELECT count(*) FROM disconnect`) == 1 })
			r.stop()
			const n, after = 6000, 500
			var files [2]strings.Builder
			begin := time.Now().UTC().AddDate(0, 0, -10)
			for i := range n + after {
				line := func(client, status int) {
					fmt.Fprintf(&files[i*2/(n+after)], "198.51.%d.%d - - [%s] \"GET /cart HTTP/1.1\" %d 0 \"-\" \"%s\"\n", client/250, client%250,
						begin.Add(time.Duration(i/after)*time.Second).Format("02/Jan/2006:15:04:05 -0700"), status, strings.Repeat("x", 250))
				}
				if i < n {
					line(i, 499)
				}
				if i >= after {
					line(i-after, 200)
				}
			}
			st := store.New(r.pool)
			m := &ingest.Importer{Library: st, Sink: decides{st}}
			for k := range files {
				name := fmt.Sprintf("old.log.%d", 2-k)
				r.put(name, files[k].String())
				if ext != "" {
					r.pack(name, ext)
				}
				quiet := time.Now().Add(-time.Hour)
				if err := os.Chtimes(r.path(name+ext), quiet, quiet); err != nil {
					t.Fatal(err)
				}
				i := ingest.Import{File: r.path(name + ext), Batch: 1 << 20}
				i.Service, i.Path, i.Parser.Format = "test", r.path("old.log"), "nginx-combined"
				if _, err := m.Import(t.Context(), i); err != nil {
					t.Fatal(err)
				}
			}
			if lost := r.number(`SELECT count(*) FROM disconnect WHERE path = '/cart' AND outcome IS DISTINCT FROM 'retried'`); lost != 0 {
				t.Errorf("%d hang-ups are not taken for retried", lost)
			}
		})
	}
}

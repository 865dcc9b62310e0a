package ingest_test

import (
	"context"
	"os"
	"testing"
	"time"

	"hangup/store"
)

// expire has the store forget what it may.
func (r *rig) expire() {
	r.t.Helper()
	if _, err := store.New(r.pool).Expire(context.Background(), time.Now(), store.DefaultRetention()); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) exec(statements ...string) {
	r.t.Helper()
	for _, sql := range statements {
		if _, err := r.pool.Exec(context.Background(), sql); err != nil {
			r.t.Fatalf("%s: %v", sql, err)
		}
	}
}

// once waits until every line is stored, and checks that none is stored twice. Of what was forgotten audit can say nothing.
func (r *rig) once() {
	r.t.Helper()
	r.eventually("all lines are stored", func() bool { return len(r.stored()) >= len(r.want) }, r.generations)
	for n, times := range r.stored() {
		if times != 1 {
			r.t.Errorf("line %d is stored %d times", n, times)
		}
	}
}

// TestForgottenContentsAreNotReadAgain forgets what lies on the disk no more, and nothing that does; and when all of it is
// forgotten after all, reads none of it again.
func TestForgottenContentsAreNotReadAgain(t *testing.T) {
	r := newRig(t)
	f := r.open("a.log")
	r.start("a.log")
	r.eventually("the log is known", func() bool { return r.number(`SELECT count(*) FROM generation`) == 1 })
	for i, name := range []string{"a.log.3", "a.log.2", "a.log.1"} {
		r.write(f, r.lines(100))
		r.rename("a.log", name)
		f = r.open("a.log")
		r.write(f, r.lines(100))
		r.eventually("the renamed file is done", func() bool { return r.number(`SELECT count(*) FROM generation WHERE state = 'done'`) == int64(i+1) }, r.generations)
	}
	r.pack("a.log.3", ".gz")
	r.known()
	r.eventually("the archive is told", func() bool { return r.number(`SELECT count(generation_id) FROM archive`) == 1 })
	gone := r.number(`SELECT generation_id FROM generation WHERE path LIKE '%/a.log.1'`)
	if err := os.Remove(r.path("a.log.1")); err != nil {
		t.Fatal(err)
	}
	r.stop()

	// Five hundred days go by in which the service is down.
	age := []string{
		`UPDATE generation SET first_seen_at = first_seen_at - interval '500 days', committed_at = committed_at - interval '500 days',
			seen_at = seen_at - interval '500 days'`,
		`DELETE FROM dirty_hour`, `DELETE FROM day_written`,
	}
	r.exec(age...)
	r.exec(`UPDATE source SET looked_at = looked_at - interval '500 days'`)
	r.expire()
	if n := r.number(`SELECT count(*) FROM generation`); n != 4 {
		t.Fatalf("%d contents are known before anybody has looked, want 4\n%s", n, r.generations())
	}
	r.start("a.log")
	r.eventually("what is there is noted", func() bool {
		return r.number(`SELECT count(*) FROM source WHERE looked_at > now() - interval '1 day'`) == 1
	})
	r.stop()
	r.expire()
	if n := r.number(`SELECT count(*) FROM generation`); n != 3 || r.number(`SELECT count(*) FROM generation WHERE generation_id = $1`, gone) != 0 {
		t.Fatalf("what is there is to be known, and nothing else:\n%s", r.generations())
	}
	r.start("a.log")
	r.write(f, r.lines(10))
	r.once()
	r.stop()

	// Now the notes are lost as well, and only the times of the files tell.
	past := time.Now().Add(-450 * 24 * time.Hour)
	for _, name := range []string{"a.log.2", "a.log.3.gz"} {
		if err := os.Chtimes(r.path(name), past, past); err != nil {
			t.Fatal(err)
		}
	}
	r.exec(age...)
	r.exec(`DELETE FROM archive`)
	r.expire()
	if n := r.number(`SELECT count(*) FROM generation`); n != 1 {
		t.Fatalf("%d contents are known, want the log's alone\n%s", n, r.generations())
	}
	r.start("a.log")
	r.write(f, r.lines(10))
	r.eventually("the archive is told again", func() bool { return r.number(`SELECT count(*) FROM archive WHERE generation_id IS NULL`) == 1 }, r.generations)
	r.once()
	if n := r.number(`SELECT count(*) FROM generation`); n != 1 {
		t.Errorf("%d contents are known, want the log's alone\n%s", n, r.generations())
	}
	r.put("a.log.1", r.lines(20)) // what nobody knows and is newer is read
	r.once()
}

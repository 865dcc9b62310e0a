package ingest_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"hangup/event"
	"hangup/ingest"
	"hangup/parser"
	"hangup/store"
)

// overtaken is a library that lets somebody else go first, once, between the look for a content and the adding of it.
type overtaken struct {
	ingest.Library
	first func()
}

func (o *overtaken) OpenSource(ctx context.Context, service, path string) (int64, string, error) {
	if first := o.first; first != nil {
		o.first = nil
		first()
	}
	return o.Library.OpenSource(ctx, service, path)
}

// TestImportIsOvertaken has the service begin to follow a file that an import has not found in the database.
func TestImportIsOvertaken(t *testing.T) {
	r := newRig(t)
	f := r.open("a.log")
	r.write(f, r.lines(100))
	s := store.New(r.pool)
	o := &overtaken{Library: s, first: func() {
		r.start("a.log")
		r.eventually("the service has read the file", func() bool { return len(r.stored()) == 100 })
		r.stop()
	}}
	m := &ingest.Importer{Library: o, Sink: s}
	i := ingest.Import{Source: ingest.Source{Service: "test", Path: r.path("a.log"), Parser: parser.Options{Format: "nginx-combined"}}, File: r.path("a.log")}
	if _, err := m.Import(t.Context(), i); err == nil {
		t.Error("the import does not say that it was overtaken")
	}
	r.complete()
	out, err := m.Import(t.Context(), i)
	if err != nil || out.From != out.End || out.Lines != 0 {
		t.Errorf("the import after it: %+v, %v; all is there", out, err)
	}
	r.complete()
}

// cutOff is a library that is cut off, once, when a content is to be called done.
type cutOff struct {
	ingest.Library
	done bool
}

func (c *cutOff) SetGeneration(ctx context.Context, service string, id int64, path string, state event.State, lost int64) error {
	if !c.done {
		c.done = true
		return errors.New("cut off")
	}
	return c.Library.SetGeneration(ctx, service, id, path, state, lost)
}

// TestImportCutOffAtItsEnd has an import stop between its last batch and the note that the content is done.
func TestImportCutOffAtItsEnd(t *testing.T) {
	r := newRig(t)
	r.put("a.log", r.lines(100))
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(r.path("a.log"), old, old); err != nil {
		t.Fatal(err)
	}
	s := store.New(r.pool)
	m := &ingest.Importer{Library: &cutOff{Library: s}, Sink: s}
	i := ingest.Import{Source: ingest.Source{Service: "test", Path: r.path("a.log"), Parser: parser.Options{Format: "nginx-combined"}}, File: r.path("a.log")}
	if _, err := m.Import(t.Context(), i); err == nil {
		t.Error("the import was not cut off")
	}
	if _, err := m.Import(t.Context(), i); err != nil {
		t.Error(err)
	}
	if n := r.number(`SELECT count(*) FROM generation WHERE state = 'done'`); n != 1 {
		t.Errorf("%d contents are done, want 1", n)
	}
	r.complete()
}

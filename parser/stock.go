package parser

import "hangup/event"

// stock holds the readers of the formats that are looked for, for all writers of one log: a line that its writer's formats
// do not know is tried with each of them. So a writer has readers of its own only of the formats in which it writes, and
// of those that remember something of its lines. There may be hundreds of writers and more than a hundred formats.
type stock struct {
	base  Options
	rec   event.Record // of all readers: no two read at once
	kinds []kind
	full  bool // the readers were made
}

// kind is a format that is looked for.
type kind struct {
	name, layout string
	made         Options
	ready        []*reader // that remember nothing, and have no record open
}

// maxReady bounds the readers of one format that nobody uses.
const maxReady = 4

func newStock(base Options) *stock { return &stock{base: base} }

// reader makes a reader for one of the writers.
func (s *stock) reader(o Options) (*reader, error) { return makeReader(o, &s.rec) }

// fill makes the readers. It is not done before a line is met that needs them: most logs have none.
func (s *stock) fill() {
	if s.full {
		return
	}
	s.full = true
	for _, o := range s.base.searched() {
		if r, err := s.reader(o); err == nil {
			r.kind = len(s.kinds) + 1
			s.kinds = append(s.kinds, kind{r.name, r.layout, o, []*reader{r}})
		}
	}
}

// look returns the reader of a kind to try a line with. It stays the stock's until it is taken.
func (s *stock) look(n int) *reader {
	k := &s.kinds[n-1]
	if len(k.ready) == 0 {
		r, err := s.reader(k.made)
		if err != nil { // it was made before
			return nil
		}
		r.kind = n
		k.ready = append(k.ready, r)
	}
	return k.ready[len(k.ready)-1]
}

// take gives the reader that was looked with to a writer.
func (s *stock) take(n int) {
	k := &s.kinds[n-1]
	last := len(k.ready) - 1
	k.ready[last] = nil
	k.ready = k.ready[:last]
}

// put takes a reader back that a writer does not use any more. It returns false when that one is the writer's for good:
// it remembers something, or is of a format that is not looked for.
func (s *stock) put(r *reader) bool {
	if r.kind == 0 || r.grammar.remembers() {
		return false
	}
	if k := &s.kinds[r.kind-1]; len(k.ready) < maxReady {
		k.ready = append(k.ready, r)
	}
	return true
}

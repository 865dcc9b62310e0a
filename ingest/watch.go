package ingest

import (
	"math"
	"slices"
	"time"
)

// patience is how long after a hang-up a client's requests still tell what became of it; retryTime how long one for the
// same route is a retry.
const (
	patience  = 30 * time.Minute
	retryTime = 10 * time.Second
)

// maxWatched bounds how many clients of a service are watched at one time.
const maxWatched = 100_000

// watchKey is a client with one of its user agents.
type watchKey struct {
	client *clientWatch
	agent  int64 // hash
}

// watcher is what is known of a client that hung up. Times are Unix nanoseconds. Hang-ups come in any order: of several
// files that tell of the same hours one is read after another.
type watcher struct {
	client *clientWatch

	window window   // the one to which a hang-up was added last: what is asked for next lies in it, as nearly always
	others []window // the other times within patience of hang-ups, the one that was added to last at the end

	last  int64    // the newest of drops
	dense []window // retryTime after hang-ups that drops has no room for any more: every sign is kept
	next  int      // the oldest of drops, by when they came
	drops [4]dropMark
}

// window is a time from a hang-up until patience after one: within it there is none as long without one.
type window struct{ from, to int64 }

func (x window) holds(at int64) bool { return at >= x.from && at < x.to }

// meets says whether there is no time between two windows.
func (x window) meets(y window) bool { return x.from <= y.to && y.from <= x.to }

// with returns both, and what is between them.
func (x window) with(y window) window { return window{min(x.from, y.from), max(x.to, y.to)} }

// maxWindows bounds the others, and those that are dense.
const maxWindows = 7

// hold says whether a time is in one of the windows.
func hold(list []window, at int64) bool {
	return slices.ContainsFunc(list, func(x window) bool { return x.holds(at) })
}

// without takes those that meet a window out of a list, which has room for one more then, and returns the window with them.
func without(list []window, one window) ([]window, window) {
	list = slices.DeleteFunc(list, func(x window) bool {
		if !one.meets(x) {
			return false
		}
		one = one.with(x)
		return true
	})
	if len(list) > maxWindows {
		list = slices.Delete(list, 0, 1)
	}
	return list, one
}

// awaits says whether a time is within patience after a hang-up.
func (w *watcher) awaits(at int64) bool { return w.window.holds(at) || hold(w.others, at) }

// await adds a hang-up's time to the windows.
func (w *watcher) await(at int64) {
	one := window{at, at + int64(patience)}
	switch {
	case w.window.to == 0: // the first
	case one.meets(w.window):
		one = one.with(w.window)
	default:
		w.others = append(w.others, w.window)
	}
	w.others, w.window = without(w.others, one)
}

type dropMark struct {
	at    int64
	route uint32 // as the service numbers it
}

// watch notes that a client hung up, and returns nil when there is no room to watch it. The caller holds mu.
func (s *serviceState) watch(client string, agent, at int64, route uint32) *watcher {
	c := s.clients[client]
	w := s.watched[watchKey{c, agent}]
	if w == nil {
		if len(s.watched) >= maxWatched {
			if !s.makeRoom(at) {
				return nil
			}
			c = s.clients[client]
		}
		if c == nil {
			c = &clientWatch{name: client, last: at}
			s.clients[client] = c
			s.marked.set(markOf(client))
		}
		c.keys++
		w = &watcher{client: c}
		s.watched[watchKey{c, agent}] = w
	}
	w.await(at)
	c.last = max(c.last, at)
	mark := dropMark{at, route}
	if slices.Contains(w.drops[:], mark) { // read once more
		return w
	}
	if old := w.drops[w.next].at; old != 0 {
		var one window
		w.dense, one = without(w.dense, window{old, old + int64(retryTime) + 1})
		w.dense = append(w.dense, one)
	}
	w.drops[w.next] = mark
	w.next = (w.next + 1) % len(w.drops)
	w.last = 0
	for _, d := range w.drops {
		w.last = max(w.last, d.at)
	}
	return w
}

// makeRoom ends the watch of clients that hung up too long before at, and says whether there is room now. It looks at all
// of them, so when it made room for less than a tenth of as many it turns the rest of that tenth away without looking.
func (s *serviceState) makeRoom(at int64) bool {
	if s.turned > 0 {
		s.turned--
		return false
	}
	s.forget(at - int64(patience))
	room := maxWatched - len(s.watched)
	s.turned = max(0, maxWatched/10-room)
	return room > 0
}

// forget ends the watch of clients that hung up last before a time.
func (s *serviceState) forget(before int64) {
	s.forgot++
	for k, w := range s.watched {
		if w.newest() >= before {
			continue
		}
		delete(s.watched, k)
		if w.client.keys--; w.client.keys == 0 {
			delete(s.clients, k.client.name)
		}
	}
	s.marked = marks{}
	for name := range s.clients {
		s.marked.set(markOf(name))
	}
}

// newest returns the newest hang-up.
func (w *watcher) newest() int64 {
	to := w.window.to
	for _, x := range w.others {
		to = max(to, x.to)
	}
	return to - int64(patience)
}

// clientWatch is what is watched of a client, whatever its user agents.
type clientWatch struct {
	name string
	keys int   // in how many keys of watched it is
	last int64 // its newest hang-up
}

// until is when its signs of life end to be of interest.
func (c *clientWatch) until() int64 {
	if c == nil {
		return math.MinInt64
	}
	return c.last + int64(patience)
}

// marks tell quickly of most clients that they are not watched: each that is has a bit, which others may have too. The
// zero value has none.
type marks struct{ bits []uint64 }

// marksBits is ten times as many as are watched.
const marksBits = 1 << 20

func markOf(client string) uint32 {
	k := keyOf(client)
	return uint32(fold(k.a, k.b) % marksBits)
}

func (m *marks) set(mark uint32) {
	if m.bits == nil {
		m.bits = make([]uint64, marksBits/64)
	}
	m.bits[mark/64] |= 1 << (mark % 64)
}

func (m *marks) has(mark uint32) bool { return m.bits != nil && m.bits[mark/64]&(1<<(mark%64)) != 0 }

// thinner keeps as few of a client's signs of life in one batch as tell the same: every hang-up; after each the first
// sign, and the first for the same route within 10 s; and of the rest so many that sessions begin, end and break where
// they would with all of them. Between two that are kept there are never thinSpan or more without one that was not.
type thinner struct {
	kept    int64     // when the last one was that is kept
	pending crowdSign // the newest, if it is not kept
	waiting bool      // there is one pending
	fresh   bool      // the next one is the first of the batch, or after a hang-up
}

// thinSpan is short against the 30 minutes that end a session.
const thinSpan = int64(5 * time.Minute)

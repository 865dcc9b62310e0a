package ingest

import "math/bits"

// index finds places in a list by hash: a table of open addressing that is cheaper than a map with large keys, and can be
// used again without being made again. The zero value is empty.
type index struct {
	slots []slot
	n     int
}

type slot struct {
	hash uint32
	at   uint32 // place + 1; 0 is free
}

// find returns the place of the entry with hash h for which same says yes. When there is none it returns false and the
// place that the caller has to append the entry at: entries are numbered as they come.
func (x *index) find(h uint64, same func(at uint32) bool) (at uint32, ok bool) {
	if x.n*4 >= len(x.slots)*3 {
		x.grow()
	}
	mask := uint32(len(x.slots) - 1)
	short := uint32(h ^ h>>32)
	for i := short & mask; ; i = (i + 1) & mask {
		switch s := &x.slots[i]; {
		case s.at == 0:
			*s = slot{short, uint32(x.n) + 1}
			x.n++
			return s.at - 1, false
		case s.hash == short && same(s.at-1):
			return s.at - 1, true
		}
	}
}

func (x *index) grow() {
	old := x.slots
	x.slots = make([]slot, max(256, 2*len(old)))
	mask := uint32(len(x.slots) - 1)
	for _, s := range old {
		if s.at == 0 {
			continue
		}
		i := s.hash & mask
		for x.slots[i].at != 0 {
			i = (i + 1) & mask
		}
		x.slots[i] = s
	}
}

// clear empties the index. A table that has become much larger than it was used for is given up.
func (x *index) clear() {
	if len(x.slots) > 1<<12 && x.n*16 < len(x.slots) {
		x.slots = nil
	}
	clear(x.slots)
	x.n = 0
}

// mix spreads a key over 64 bits.
func mix(k uint64) uint64 {
	h, l := bits.Mul64(k^0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9)
	return h ^ l
}

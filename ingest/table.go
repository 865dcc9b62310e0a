package ingest

import (
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
	"slices"
)

// table numbers keys as they come, by open addressing: it is cheaper than a map with large keys, and its room can be used
// again. The zero value is empty.
type table[K comparable] struct {
	slots []slot
	keys  []K // by number
}

type slot struct {
	hash uint32
	at   uint32 // number + 1; 0 is free
}

// number returns the number of key k, whose hash is h, and whether it had one before.
func (x *table[K]) number(h uint64, k K) (at uint32, known bool) {
	if len(x.keys)*4 >= len(x.slots)*3 {
		x.grow(2 * len(x.slots))
	}
	mask := uint32(len(x.slots) - 1)
	short := uint32(h ^ h>>32)
	for i := short & mask; ; i = (i + 1) & mask {
		s := &x.slots[i]
		if s.at == 0 {
			*s = slot{short, uint32(len(x.keys)) + 1}
			x.keys = append(x.keys, k)
			return s.at - 1, false
		}
		if s.hash == short && x.keys[s.at-1] == k {
			return s.at - 1, true
		}
	}
}

// find returns the number of key k, whose hash is h, if it has one.
func (x *table[K]) find(h uint64, k K) (at uint32, known bool) {
	if len(x.slots) == 0 {
		return 0, false
	}
	mask := uint32(len(x.slots) - 1)
	short := uint32(h ^ h>>32)
	for i := short & mask; ; i = (i + 1) & mask {
		s := &x.slots[i]
		if s.at == 0 {
			return 0, false
		}
		if s.hash == short && x.keys[s.at-1] == k {
			return s.at - 1, true
		}
	}
}

// touch has the processor fetch what number looks at first, while it does something else.
func (x *table[K]) touch(h uint64) uint32 {
	if len(x.slots) == 0 {
		return 0
	}
	return x.slots[uint32(h^h>>32)&uint32(len(x.slots)-1)].hash
}

// reserve makes room for n keys at once.
func (x *table[K]) reserve(n int) {
	x.keys = slices.Grow(x.keys, max(n-len(x.keys), 0))
	if n*4 >= len(x.slots)*3 {
		x.grow(1 << bits.Len(uint(n*4/3)))
	}
}

func (x *table[K]) grow(slots int) {
	old := x.slots
	x.slots = make([]slot, max(256, slots))
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

// clear empties the table. Room that has become much larger than it was used for is given up.
func (x *table[K]) clear() {
	if len(x.slots) > 1<<12 && len(x.keys)*16 < len(x.slots) {
		x.slots, x.keys = nil, nil
	}
	clear(x.slots)
	x.keys = x.keys[:0]
}

// words remembers something small of texts, which it knows by their hashes: of two texts it takes one for the other once in
// 2^64 cases, and nobody who sends texts can tell which. The zero value is empty.
type words[W any] struct {
	slots []wordSlot[W]
	n     int // of slots that are taken
}

type wordSlot[W any] struct {
	hash uint64 // 0 is free
	word W
}

// hashText returns the hash by which a text is known.
func hashText(s string) uint64 { return max(maphash.String(seeds[0], s), 1) }

// find returns what is remembered of a text whose hash is h, nil for nothing. It is valid until the next add.
func (x *words[W]) find(h uint64) *W {
	if len(x.slots) == 0 {
		return nil
	}
	mask := uint64(len(x.slots) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		switch s := &x.slots[i]; s.hash {
		case h:
			return &s.word
		case 0:
			return nil
		}
	}
}

// add remembers something of a text that is not there yet.
func (x *words[W]) add(h uint64, w W) *W {
	if x.n*2 >= len(x.slots) {
		old := x.slots
		x.slots = make([]wordSlot[W], max(64, 2*len(old)))
		for _, s := range old {
			if s.hash != 0 {
				x.put(s)
			}
		}
	}
	x.n++
	return x.put(wordSlot[W]{h, w})
}

func (x *words[W]) put(s wordSlot[W]) *W {
	mask := uint64(len(x.slots) - 1)
	i := s.hash & mask
	for x.slots[i].hash != 0 {
		i = (i + 1) & mask
	}
	x.slots[i] = s
	return &x.slots[i].word
}

// secrets are what hashes begin with: whoever sends requests chooses what is hashed.
var secrets = [3]uint64{rand.Uint64(), rand.Uint64(), rand.Uint64()}

// fold spreads two words over 64 bits.
func fold(a, b uint64) uint64 {
	h, l := bits.Mul64(a^secrets[0], b^secrets[1])
	return h ^ l
}

// nameKey stands for a text: it holds those of up to 16 bytes, and tells longer ones apart by 128 bits of two hashes.
type nameKey struct{ a, b uint64 }

// seeds of the hashes of long names.
var seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

// keyOf returns what stands for a text among those of the same length.
func keyOf(s string) nameKey {
	switch n := len(s); {
	case n > 16:
		return nameKey{maphash.String(seeds[0], s), maphash.String(seeds[1], s)}
	case n >= 8:
		return nameKey{word(s), word(s[n-8:])}
	default:
		var a uint64
		for i := range n {
			a = a<<8 | uint64(s[i])
		}
		return nameKey{a, 0}
	}
}

// plain says of most texts of n bytes that they are ASCII without NUL.
func (k nameKey) plain(n int) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	return n >= 8 && n <= 16 && (k.a|k.b|(k.a-ones)|(k.b-ones))&highs == 0
}

// word returns the first eight bytes of s.
func word(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

package event

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"
)

// Histogram counts durations in buckets that are exact below 128 ticks and 0.8 to 1.6 % wide above (64 to an octave),
// with the sum of the values in each. Histograms of one tick merge by adding. A tick is one millisecond throughout
// Hangup. The zero value is empty and ready to use. A copy shares its content with the original: pass pointers.
type Histogram struct {
	cells []bucketCell // the occupied buckets in rising order
}

type bucketCell struct {
	bucket uint32
	Cell
}

// Cell is one bucket's content.
type Cell struct {
	Count int64 // values in the bucket
	Sum   int64 // their sum, in ticks
}

// MaxAge bounds what a Histogram counts, in ms: larger values count as it. It is 34 years.
const MaxAge = 1<<40 - 1

// holds says whether a bucket can hold n values. What it cannot hold is left out, so that sums never overflow and what is
// written can be read: a million of 34 years each, more of what is shorter.
func holds(b uint32, n int64) bool {
	if n <= 1<<20 {
		return true
	}
	_, hi := BucketRange(b)
	return n <= min(1<<50, 1<<60/hi)
}

// Bucket returns the number of the bucket that holds v ticks. Negative values count as 0.
func Bucket(v int64) uint32 {
	v = min(max(v, 0), MaxAge)
	if v < 128 {
		return uint32(v)
	}
	e := bits.Len64(uint64(v)) - 7
	return uint32(e<<6) + uint32(v>>e)
}

// BucketRange returns the values lo <= v < hi, in ticks, that bucket b holds.
func BucketRange(b uint32) (lo, hi int64) {
	if b < 128 {
		return int64(b), int64(b) + 1
	}
	e := (b - 64) >> 6
	m := int64(b - e<<6)
	return m << e, (m + 1) << e
}

// Add counts v ticks once.
func (h *Histogram) Add(v int64) {
	v = min(max(v, 0), MaxAge)
	h.add(Bucket(v), Cell{Count: 1, Sum: v}, 0)
}

// Histograms makes many histograms of few values each. The zero value is ready to use.
type Histograms struct{ room []bucketCell }

// Reset takes back the room of the histograms made so far, which are not valid any more.
func (a *Histograms) Reset() { a.room = a.room[:0] }

// Fill makes h the histogram of the values, in ticks, and sorts these.
func (a *Histograms) Fill(h *Histogram, values []int64) {
	h.cells = nil
	if len(values) == 0 {
		return
	}
	slices.Sort(values)
	if len(a.room)+len(values) > cap(a.room) {
		a.room = make([]bucketCell, 0, max(1024, len(values)))
	}
	from := len(a.room)
	for _, v := range values {
		v = min(max(v, 0), MaxAge)
		b := Bucket(v)
		if n := len(a.room); n > from && a.room[n-1].bucket == b {
			if c := &a.room[n-1]; holds(b, c.Count+1) {
				c.Count++
				c.Sum += v
			}
			continue
		}
		a.room = append(a.room, bucketCell{b, Cell{Count: 1, Sum: v}})
	}
	h.cells = a.room[from:len(a.room):len(a.room)]
}

// find returns where bucket b is, or would be, at or after place from.
func (h *Histogram) find(b uint32, from int) (int, bool) {
	i, ok := slices.BinarySearchFunc(h.cells[from:], b, func(c bucketCell, b uint32) int { return cmp.Compare(c.bucket, b) })
	return from + i, ok
}

// add adds c to bucket b, which is at or after place from, and returns its place.
func (h *Histogram) add(b uint32, c Cell, from int) int {
	if n := len(h.cells); n == 0 || h.cells[n-1].bucket < b {
		h.cells = append(h.cells, bucketCell{b, c})
		return n
	}
	i, ok := h.find(b, from)
	if !ok {
		h.cells = slices.Insert(h.cells, i, bucketCell{b, c})
		return i
	}
	if n := h.cells[i].Count + c.Count; holds(b, n) {
		h.cells[i].Count = n
		h.cells[i].Sum += c.Sum
	}
	return i
}

// Remove takes back one Add of v ticks. It does nothing when no value is in v's bucket.
func (h *Histogram) Remove(v int64) {
	v = min(max(v, 0), MaxAge)
	i, ok := h.find(Bucket(v), 0)
	switch {
	case !ok:
	case h.cells[i].Count > 1:
		h.cells[i].Count--
		n := h.cells[i].Count
		lo, hi := BucketRange(h.cells[i].bucket) // the sum stays one that so many values can have
		h.cells[i].Sum = min(max(h.cells[i].Sum-v, n*lo), n*(hi-1))
	default:
		h.cells = slices.Delete(h.cells, i, i+1)
	}
}

// Merge adds what other holds.
func (h *Histogram) Merge(other *Histogram) {
	at := 0
	for _, c := range other.cells {
		at = h.add(c.bucket, c.Cell, at)
	}
}

// Count returns how many values were counted.
func (h *Histogram) Count() int64 {
	var n int64
	for _, c := range h.cells {
		n += c.Count
	}
	return n
}

// Buckets returns the numbers of the occupied buckets in rising order.
func (h *Histogram) Buckets() []uint32 {
	out := make([]uint32, len(h.cells))
	for i, c := range h.cells {
		out[i] = c.bucket
	}
	return out
}

// Cell returns the content of bucket b.
func (h *Histogram) Cell(b uint32) Cell {
	if i, ok := h.find(b, 0); ok {
		return h.cells[i].Cell
	}
	return Cell{}
}

// Quantile returns the value in ticks below which the share q (0 to 1) of the values lies, by the mean of its bucket.
// It returns false when the histogram is empty.
func (h *Histogram) Quantile(q float64) (int64, bool) {
	n := h.Count()
	if n == 0 {
		return 0, false
	}
	rank := min(max(int64(q*float64(n)), 0), n-1)
	for _, c := range h.cells {
		if rank < c.Count {
			return c.Sum / c.Count, true
		}
		rank -= c.Count
	}
	return 0, false
}

// Encode writes the histogram as triples of unsigned varints in bucket order: the distance to the bucket before,
// the count, and the sum less count times the bucket's lower end. An empty histogram is nil.
func (h *Histogram) Encode() []byte {
	if len(h.cells) == 0 {
		return nil
	}
	return h.AppendEncoded(make([]byte, 0, 8*len(h.cells)))
}

// AppendEncoded appends what Encode writes.
func (h *Histogram) AppendEncoded(out []byte) []byte {
	last := uint32(0)
	for _, c := range h.cells {
		b := c.bucket
		lo, _ := BucketRange(b)
		out = binary.AppendUvarint(out, uint64(b-last))
		out = binary.AppendUvarint(out, uint64(c.Count))
		out = binary.AppendUvarint(out, uint64(c.Sum-c.Count*lo))
		last = b
	}
	return out
}

var errHistogram = errors.New("histogram is damaged")

// MergeEncoded adds an encoded histogram; nil adds nothing. On an error the histogram is left partly merged.
func (h *Histogram) MergeEncoded(b []byte) error {
	next := func() (uint64, error) {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return 0, errHistogram
		}
		b = b[n:]
		return v, nil
	}
	last, at := uint32(0), 0
	for len(b) > 0 {
		d, err := next()
		if err != nil {
			return err
		}
		count, err := next()
		if err != nil {
			return err
		}
		rest, err := next()
		if err != nil {
			return err
		}
		if d > uint64(Bucket(MaxAge)-last) {
			return fmt.Errorf("%w: bucket %d and %d more", errHistogram, last, d)
		}
		last += uint32(d)
		lo, hi := BucketRange(last)
		if count == 0 || count > 1<<50 || !holds(last, int64(count)) || rest > count*uint64(hi-lo-1) {
			return fmt.Errorf("%w: bucket %d, count %d, rest %d", errHistogram, last, count, rest)
		}
		at = h.add(last, Cell{Count: int64(count), Sum: int64(count)*lo + int64(rest)}, at)
	}
	return nil
}

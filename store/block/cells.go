// Package block packs counts into bytes, and unpacks them: what a route's requests were in the minutes of an hour, and what
// clients did in it. A packed count takes a tenth of a row's place in the database, and costs its servers nothing.
// The schema's views unpack blocks, too, for people with psql (cells_of, clients_of).
package block

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"hangup/event"
)

// Cell is what happened to one class of user agents on one route: in one minute of an hour, or in a whole hour or day.
type Cell struct {
	Minute int   // of the hour, 0 to 59; 0 where the cell is of more than a minute
	Agent  int32 // the class's id, at least 0
	event.Counts
	Done, Drop []byte // encoded histograms (see event.Histogram.Encode) of completed and dropped exchanges' ages; nil is empty
}

// version is the first byte of what is written.
const version = 1

// The bits that say which of a cell's values follow, in this order; values that are 0 are left out.
const (
	hasRequests = 1 << iota
	hasBytes
	hasDone
	hasDrop
	hasDropped              // four bits, by party
	hasReported = 1 << 8    // four bits, by party
	hasIdle     = 1 << 12   //
	hasMax      = 1<<13 - 1 // all of them
)

// Cells makes a block of cells. The zero value is an empty block.
type Cells struct {
	b    []byte
	last int
}

// Add appends a cell, whose minute is not before the last one's.
func (w *Cells) Add(c *Cell) {
	if len(w.b) == 0 {
		w.b = append(w.b, version)
	}
	b := binary.AppendUvarint(w.b, uint64(c.Minute-w.last))
	b = binary.AppendUvarint(b, uint64(c.Agent))
	w.last = c.Minute
	mask := uint64(0)
	if c.Requests != 0 {
		mask |= hasRequests
	}
	if c.Bytes != 0 {
		mask |= hasBytes
	}
	if len(c.Done) > 0 {
		mask |= hasDone
	}
	if len(c.Drop) > 0 {
		mask |= hasDrop
	}
	for i := range c.Dropped {
		if c.Dropped[i] != 0 {
			mask |= hasDropped << i
		}
		if c.Reported[i] != 0 {
			mask |= hasReported << i
		}
	}
	if c.Idle != 0 {
		mask |= hasIdle
	}
	b = binary.AppendUvarint(b, mask)
	b = appendCount(b, c.Requests)
	b = appendCount(b, c.Bytes)
	for _, h := range [2][]byte{c.Done, c.Drop} {
		if len(h) > 0 {
			b = append(binary.AppendUvarint(b, uint64(len(h))), h...)
		}
	}
	if mask >= hasDropped {
		for _, n := range c.Dropped {
			b = appendCount(b, n)
		}
		for _, n := range c.Reported {
			b = appendCount(b, n)
		}
		b = appendCount(b, c.Idle)
	}
	w.b = b
}

// Bytes returns the block.
func (w *Cells) Bytes() []byte { return slices.Clip(w.b) }

// Reset begins a new block behind the old one, whose bytes stay valid.
func (w *Cells) Reset() {
	if w.b, w.last = w.b[len(w.b):], 0; cap(w.b) < 1<<10 {
		w.b = make([]byte, 0, 16<<10)
	}
}

// appendCount appends n, which may be negative (a report that is joined is taken back), unless it is 0.
func appendCount(b []byte, n int64) []byte {
	if n == 0 {
		return b
	}
	return binary.AppendVarint(b, n)
}

var errDamaged = errors.New("block is damaged")

// reader takes values off the front of b.
type reader struct {
	b   []byte
	err error
}

func (r *reader) uvarint() uint64 {
	if len(r.b) > 0 && r.b[0] < 0x80 {
		v := r.b[0]
		r.b = r.b[1:]
		return uint64(v)
	}
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v := r.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

func (r *reader) bytes() []byte {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.fail()
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) fail() { r.b, r.err = nil, errDamaged }

// begin takes the version off.
func (r *reader) begin() {
	if len(r.b) == 0 {
		return
	}
	if r.b[0] != version {
		r.err = fmt.Errorf("%w: it has version %d, this program knows %d", errDamaged, r.b[0], version)
		r.b = nil
		return
	}
	r.b = r.b[1:]
}

// CellReader reads the cells of a block one after another.
type CellReader struct {
	Cell // the one that was read last; its histograms are parts of the block
	r    reader
}

// ReadCells reads a block; an empty one has no cells.
func ReadCells(b []byte) CellReader {
	c := CellReader{r: reader{b: b}}
	c.r.begin()
	return c
}

// Next reads the next cell, and says whether there was one.
func (c *CellReader) Next() bool {
	r := &c.r
	if len(r.b) == 0 {
		return false
	}
	later, agent, mask := r.uvarint(), r.uvarint(), r.uvarint()
	if later > uint64(59-c.Minute) || agent > 1<<31-1 || mask > hasMax {
		r.fail()
	}
	c.Cell = Cell{Minute: c.Minute + int(later), Agent: int32(agent)}
	if mask&hasRequests != 0 {
		c.Requests = r.varint()
	}
	if mask&hasBytes != 0 {
		c.Counts.Bytes = r.varint()
	}
	if mask&hasDone != 0 {
		c.Done = r.bytes()
	}
	if mask&hasDrop != 0 {
		c.Drop = r.bytes()
	}
	if mask >= hasDropped {
		for i := range c.Dropped {
			if mask&(hasDropped<<i) != 0 {
				c.Dropped[i] = r.varint()
			}
		}
		for i := range c.Reported {
			if mask&(hasReported<<i) != 0 {
				c.Reported[i] = r.varint()
			}
		}
		if mask&hasIdle != 0 {
			c.Idle = r.varint()
		}
	}
	return r.err == nil
}

// Err says what kept Next from reading on, nil at the block's end.
func (c *CellReader) Err() error { return c.r.err }

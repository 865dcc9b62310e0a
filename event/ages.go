package event

// Ages counts durations as a Histogram does, many times as fast and in more room. The zero value is empty and ready to
// use. Pass pointers.
type Ages struct {
	pages [maxTickBucket/pageCells + 1]*[pageCells]Cell
}

const (
	pageCells     = 64
	maxTickBucket = 33<<6 + 127 // Bucket(MaxAge)
)

// cell returns the cell of bucket b.
func (a *Ages) cell(b uint32) *Cell {
	p := a.pages[b/pageCells]
	if p == nil {
		p = new([pageCells]Cell)
		a.pages[b/pageCells] = p
	}
	return &p[b%pageCells]
}

// Add counts v ticks once.
func (a *Ages) Add(v int64) {
	v = min(max(v, 0), MaxAge)
	b := Bucket(v)
	if c := a.cell(b); holds(b, c.Count+1) {
		c.Count++
		c.Sum += v
	}
}

// Remove takes back one Add of v ticks, which there must have been.
func (a *Ages) Remove(v int64) {
	v = min(max(v, 0), MaxAge)
	c := a.cell(Bucket(v))
	c.Count--
	c.Sum -= v
}

// Merge adds what other holds.
func (a *Ages) Merge(other *Ages) {
	for i, p := range other.pages {
		if p == nil {
			continue
		}
		for j := range p {
			if p[j].Count != 0 {
				b := uint32(i*pageCells + j)
				if c := a.cell(b); holds(b, c.Count+p[j].Count) {
					c.Count += p[j].Count
					c.Sum += p[j].Sum
				}
			}
		}
	}
}

// Histogram returns what was counted.
func (a *Ages) Histogram() (h Histogram) {
	n := 0
	for _, p := range a.pages {
		if p != nil {
			for j := range p {
				n += int(min(p[j].Count, 1))
			}
		}
	}
	if n == 0 {
		return h
	}
	h.cells = make([]bucketCell, 0, n)
	for i, p := range a.pages {
		if p == nil {
			continue
		}
		for j, c := range p {
			if c.Count > 0 {
				h.cells = append(h.cells, bucketCell{uint32(i*pageCells + j), c})
			}
		}
	}
	return h
}

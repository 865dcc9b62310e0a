package join

import (
	"cmp"
	"container/heap"
	"slices"
)

// Match joins reports to records, and each record takes one report of each source at most. Of all that fit, those are
// joined first that are nearest in time, to exchanges before other reports, and of records that are alike the first of
// each: that is the one way in which no report and no record would both rather have each other. Reports that are joined to
// one that is joined as well are given its record.
//
// The time it takes grows little faster than the number of records, alike or not, unless very many fit in all but their
// times. It gives up after so many steps, 0 for no bound, and returns what it has joined until then, and false.
func Match(records []Record, steps int) (pairs []Pair, done bool) {
	m := &matcher{records: records, lists: map[key]*list{}, views: map[viewKey]*view{}, steps: steps, bounded: steps > 0}
	m.order = make([]int32, len(records))
	m.root, m.taken = make([]int32, len(records)), make([][]int64, len(records))
	for i := range records {
		m.order[i], m.root[i], m.taken[i] = int32(i), int32(i), slices.Clip(records[i].Taken)
	}
	slices.SortFunc(m.order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(records[a].At, records[b].At), m.byPlace(a, b))
	})
	if m.addReports(); len(m.best) == 0 {
		return nil, true
	}
	m.addTargets()
	return m.match()
}

// matcher is the state of one call.
type matcher struct {
	records []Record
	order   []int32 // records by time and place
	root    []int32 // the record that a record is joined to, by now; itself if to none
	taken   [][]int64
	kinds   [shapes]bool // shapes of reports that there are
	lists   map[key]*list
	views   map[viewKey]*view
	best    candidates
	steps   int
	bounded bool
}

// list holds records that have a key in common, by time and place.
type list struct {
	of      []int32
	run     []int32 // where those of the same time begin
	longest int64   // duration
}

// viewKey is a list as reports of a source see it.
type viewKey struct {
	list   *list
	source int64
}

// view knows which records of a list cannot take a report of a source, so that they are passed over at once: from each of
// those where to look next.
type view struct {
	viewKey
	right, left map[int32]int32
}

// group holds reports that are alike, those of one time included, by place. They want the same records.
type group struct {
	of    []int32
	views [2][]*view // of exchanges, of reports
}

// candidate is the record that a group's first report would be joined to.
type candidate struct {
	group         *group
	report        int32
	target, class int32
	apart         int64
}

func (m *matcher) byPlace(a, b int32) int {
	x, y := &m.records[a], &m.records[b]
	return cmp.Or(cmp.Compare(x.Generation, y.Generation), cmp.Compare(x.Off, y.Off))
}

// addReports makes groups of the reports, and lists of what they look for, still empty.
func (m *matcher) addReports() {
	type groupKey struct {
		key
		source, at int64
	}
	groups := map[groupKey]*group{}
	for _, i := range m.order {
		r := &m.records[i]
		shape := r.reportShape()
		if !r.Report || !enough(shape) {
			continue
		}
		k := groupKey{r.key(shape, shape, false), r.Source, r.At}
		g := groups[k]
		if g == nil {
			g = &group{}
			groups[k] = g
			m.kinds[shape] = true
			for same := shape; ; same = (same - 1) & shape { // all parts of it
				if enough(same) && same&knowsRoute == shape&knowsRoute {
					g.views[0] = append(g.views[0], m.view(r.key(shape, same, true), r.Source))
					if shape&knowsRoute == 0 {
						g.views[1] = append(g.views[1], m.view(r.key(shape, same, false), r.Source))
					}
				}
				if same == 0 {
					break
				}
			}
			m.best = append(m.best, &candidate{group: g})
		}
		g.of = append(g.of, i)
	}
}

// view returns the list of a key as a source's reports see it.
func (m *matcher) view(k key, source int64) *view {
	l := m.lists[k]
	if l == nil {
		l = &list{}
		m.lists[k] = l
	}
	vk := viewKey{l, source}
	v := m.views[vk]
	if v == nil {
		v = &view{viewKey: vk}
		m.views[vk] = v
	}
	return v
}

// addTargets puts all records into the lists in which reports look for them.
func (m *matcher) addTargets() {
	for _, i := range m.order {
		t := &m.records[i]
		for s, there := range m.kinds {
			if !there {
				continue
			}
			shape := uint8(s)
			same := shape & (t.shape() | knowsRoute)
			if !enough(same) || shape&knowsRoute == 0 && t.Client == 0 {
				continue
			}
			l := m.lists[t.key(shape, same, t.Exchange)]
			if l == nil {
				continue
			}
			run := int32(len(l.of))
			if run > 0 && m.records[l.of[run-1]].At == t.At {
				run = l.run[run-1]
			}
			l.of, l.run, l.longest = append(l.of, i), append(l.run, run), max(l.longest, t.lasts())
		}
	}
}

// match joins what fits best of all, again and again.
func (m *matcher) match() (pairs []Pair, done bool) {
	m.best = slices.DeleteFunc(m.best, func(c *candidate) bool { return !m.next(c) })
	queue := &queue{m.best, m}
	heap.Init(queue)
	for len(queue.candidates) > 0 {
		c := queue.candidates[0]
		if source := m.records[c.report].Source; !m.isTaken(c.target, source) {
			root := m.rootOf(c.target)
			pairs = append(pairs, Pair{int(c.report), int(root)})
			m.root[c.report] = root
			if m.taken[c.target] = append(m.taken[c.target], source); root != c.target {
				m.taken[root] = append(m.taken[root], source)
			}
			m.taken[root] = append(m.taken[root], m.taken[c.report]...) // they come along
			c.group.of = c.group.of[1:]
		}
		if m.next(c) {
			heap.Fix(queue, 0)
		} else {
			heap.Pop(queue)
		}
	}
	return pairs, !m.bounded || m.steps >= 0
}

// rootOf returns the record that a record is joined to, or the record itself.
func (m *matcher) rootOf(i int32) int32 {
	for m.root[i] != i {
		i = m.root[i]
	}
	return i
}

// isTaken says whether a record, or the one that it is joined to, has a report of the source. Once it has, it always has.
func (m *matcher) isTaken(i int32, source int64) bool {
	return slices.Contains(m.taken[i], source) || m.root[i] != i && slices.Contains(m.taken[m.rootOf(i)], source)
}

// next finds the record that the group's first report would be joined to now, and says whether there is one.
func (m *matcher) next(c *candidate) bool {
	if len(c.group.of) == 0 || m.bounded && m.steps < 0 {
		return false
	}
	c.report = c.group.of[0]
	for class := range c.group.views {
		c.target, c.class, c.apart = -1, int32(class), window
		for _, v := range c.group.views[class] {
			m.nearest(v, c)
		}
		if c.target >= 0 {
			return true
		}
	}
	return false
}

// nearest looks for a record that fits c's report better than what c has.
func (m *matcher) nearest(v *view, c *candidate) {
	at, n := m.records[c.report].At, int32(len(v.list.of))
	mid, _ := slices.BinarySearchFunc(v.list.of, at, func(i int32, at int64) int { return cmp.Compare(m.records[i].At, at) })
	better := func(place int32, apart int64) {
		t := v.list.of[place]
		if c.target < 0 || apart < c.apart || apart == c.apart && m.byPlace(t, c.target) < 0 {
			c.target, c.apart = t, apart
		}
	}
	m.steps--
	for i := m.free(v, int32(mid)); i < n; i = m.free(v, i+1) { // the report is not later
		t := &m.records[v.list.of[i]]
		apart := t.At - at
		if apart > min(c.apart, v.list.longest+before) {
			break
		}
		if apart <= t.lasts()+before {
			better(i, apart)
			break
		}
		m.steps--
	}
	for i := m.freeBefore(v, int32(mid)-1); i >= 0; { // the report is later
		apart := at - m.records[v.list.of[i]].At
		if apart > min(c.apart, v.list.longest+after) {
			break
		}
		for k := m.free(v, v.list.run[i]); k <= i; k = m.free(v, k+1) {
			m.steps--
			if apart <= m.records[v.list.of[k]].lasts()+after {
				better(k, apart)
				return
			}
		}
		i = m.freeBefore(v, v.list.run[i]-1)
	}
}

// isFree says whether the record at a place of the list may take a report of the view's source.
func (m *matcher) isFree(v *view, place int32) bool {
	i := v.list.of[place]
	t := &m.records[i]
	return (t.Exchange || t.Source < v.source) && !m.isTaken(i, v.source)
}

// free returns the first place from i on whose record may take a report of the view's source.
func (m *matcher) free(v *view, i int32) int32 {
	from, n := i, int32(len(v.list.of))
	for i < n {
		if next, known := v.right[i]; known {
			i = next
		} else if m.isFree(v, i) {
			break
		} else {
			if v.right == nil {
				v.right = map[int32]int32{}
			}
			v.right[i] = i + 1
			i++
		}
		m.steps--
	}
	for from < i {
		v.right[from], from = i, v.right[from]
	}
	return i
}

// freeBefore returns the last place up to i whose record may take a report of the view's source, or -1.
func (m *matcher) freeBefore(v *view, i int32) int32 {
	from := i
	for i >= 0 {
		if next, known := v.left[i]; known {
			i = next
		} else if m.isFree(v, i) {
			break
		} else {
			if v.left == nil {
				v.left = map[int32]int32{}
			}
			v.left[i] = i - 1
			i--
		}
		m.steps--
	}
	for from > i {
		v.left[from], from = i, v.left[from]
	}
	return i
}

// candidates is the queue of all groups.
type candidates []*candidate

// queue has what is joined next at its head.
type queue struct {
	candidates
	m *matcher
}

func (q *queue) Len() int { return len(q.candidates) }

func (q *queue) Less(i, j int) bool {
	a, b := q.candidates[i], q.candidates[j]
	return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.apart, b.apart), q.m.byPlace(a.target, b.target), q.m.byPlace(a.report, b.report)) < 0
}

func (q *queue) Swap(i, j int) { q.candidates[i], q.candidates[j] = q.candidates[j], q.candidates[i] }

// Push is not used: no group comes later.
func (q *queue) Push(any) {}

// Pop takes the last one off.
func (q *queue) Pop() any {
	last := len(q.candidates) - 1
	c := q.candidates[last]
	q.candidates = q.candidates[:last]
	return c
}

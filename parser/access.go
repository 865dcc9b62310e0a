package parser

import (
	"strings"
	"sync"

	"hangup/event"
)

// access is the grammar of access logs that layouts describe. Of several layouts those that fitted last are tried
// first; no line fits two of them.
type access struct {
	oneLine
	clock   clock
	x       exchange
	layouts []*layout
	last    int

	accept func(x *exchange, e *event.Event) bool  // refuses lines of other formats; nil: none
	other  func(line string, r *event.Record) bool // reads what is no exchange; nil: nothing
}

func (g *access) read(line string, r *event.Record) event.Reason {
	why := g.one(g.layouts[g.last], line, &r.Event)
	if why == "" {
		return ""
	}
	for i, l := range g.layouts {
		if i == g.last {
			continue
		}
		r.Event = event.Event{}
		another := g.one(l, line, &r.Event)
		if another == "" {
			g.last = i
			return ""
		}
		if why == event.NoFormat {
			why = another
		}
	}
	r.Event = event.Event{}
	if g.other != nil && g.other(line, r) {
		return ""
	}
	return why
}

func (g *access) one(l *layout, line string, e *event.Event) event.Reason {
	x := &g.x
	if rest, ok := l.scan(line, x); !ok || rest != "" {
		return event.NoFormat
	}
	if l.unchecked && !x.plain && x.values[vAddr] != "" && !isAddress(x.values[vAddr]) {
		return event.NoFormat
	}
	if l.given&(1<<vMethod|1<<vTarget) != 0 && !x.isRequest() {
		return event.NoFormat
	}
	if why := x.fill(&g.clock, e); why != "" {
		return why
	}
	l.outcome(x, e)
	if g.accept != nil && !g.accept(x, e) {
		return event.NoFormat
	}
	return ""
}

// isRequest says whether a method and a target that stand by themselves can be such.
func (x *exchange) isRequest() bool {
	method, target := x.get(vMethod), x.get(vTarget)
	if method != "" && !isMethod(method) {
		return false
	}
	return target == "" || target[0] == '/' || target[0] == '*' || method == "CONNECT" || strings.Contains(target[:min(len(target), 16)], "://")
}

// accessFormat is an access log that has a name of its own because it is common: layouts that are given.
type accessFormat struct {
	FormatInfo
	rank    int
	ordered bool // as in format
	dialect string
	layouts []string
	outcome func(x *exchange, e *event.Event) // nil: the dialect's
	accept  func(x *exchange, e *event.Event) bool
	other   func(line string, r *event.Record) bool
}

// registerAccess makes an access log's format known. It is called by init functions only.
func registerAccess(f accessFormat) {
	layouts := sync.OnceValue(func() []*layout {
		list := make([]*layout, len(f.layouts))
		for i, text := range f.layouts {
			list[i] = mustLayout(f.dialect, text)
			if f.outcome != nil {
				list[i].outcome = f.outcome
			}
		}
		return list
	})
	register(format{FormatInfo: f.FormatInfo, rank: f.rank, ordered: f.ordered, make: func(o Options) (grammar, error) {
		return &access{layouts: layouts(), clock: clock{zone: o.Zone}, accept: f.accept, other: f.other}, nil
	}})
}

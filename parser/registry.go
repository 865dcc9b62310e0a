package parser

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"hangup/event"
)

// ErrFormat says that Options name a format that does not exist, or a layout that cannot be read.
var ErrFormat = errors.New("format is not known")

// FormatInfo describes a format for those who choose one.
type FormatInfo struct {
	Name      string // as in Options.Format
	Summary   string // one line: which program writes it, by which setting
	Example   string // a line of it
	Durations bool   // its records may say how long the exchange took
	Layout    bool   // it needs Options.Layout
	Multiline bool   // a record may span several lines

	Aliases []string // other names that Options.Format takes for it
}

// format is what a file of this package registers.
type format struct {
	FormatInfo
	rank int // of two formats that read a log equally well the one with the lower rank is taken
	make func(o Options) (grammar, error)

	ordered bool // its records stand in the order of their times: those at which exchanges ended
	user    bool // a user defined it
}

var (
	registry = map[string]format{}
	aliases  = map[string]string{} // from another name to that in the registry
)

// register makes a format known. It is called by init functions only.
func register(f format) {
	if _, twice := registry[f.Name]; twice {
		panic("parser: format " + f.Name + " is registered twice")
	}
	registry[f.Name] = f
	for _, a := range f.Aliases {
		if _, twice := aliases[a]; twice {
			panic("parser: the name " + a + " is taken twice")
		}
		aliases[a] = f.Name
	}
}

// Formats lists the formats in the order of their names.
func Formats() []FormatInfo {
	list := make([]FormatInfo, 0, len(registry))
	for _, f := range registry {
		list = append(list, f.FormatInfo)
	}
	slices.SortFunc(list, func(a, b FormatInfo) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// New returns a parser for one log. An empty format, or "auto", detects the format from the first lines; a layout
// without a format is of the dialect that it looks like. The error wraps ErrFormat when the name is not one of Formats, and
// names the nearest ones, or when the layout cannot be read, and says where.
func New(o Options) (Parser, error) {
	switch {
	case o.Layout != "" && (o.Format == "" || o.Format == "auto"):
		o.Format = dialectOf(o.Layout)
	case o.Format == "" || o.Format == "auto" || o.Format == "nginx-mixed-container":
		return newAuto(o, plan{envelope: -1, all: true}), nil
	}
	if _, ok := o.lookup(); ok || o.Layout != "" {
		return newReader(o)
	}
	return newNamed(o)
}

// newNamed makes a parser of a name as Detection.Name gives it: "envelope", "format+format", "envelope/format+format".
func newNamed(o Options) (Parser, error) {
	p := plan{envelope: -1, forced: true}
	names := o.Format
	for first, rest, more := strings.Cut(names, "/"); ; first, rest, more = strings.Cut(names, "/") {
		i, ok := envelopeNamed(first)
		if !ok {
			break
		}
		if p.envelope < 0 {
			p.envelope = i
		}
		if names = rest; !more {
			break
		}
	}
	if names == "" {
		p.all = true
		return newAuto(o, p), nil
	}
	for name := range strings.SplitSeq(names, "+") {
		f := o.of(name, "")
		if _, err := newReader(f); err != nil {
			return nil, err
		}
		p.formats = append(p.formats, f)
	}
	if p.envelope < 0 && len(p.formats) == 1 {
		return newReader(p.formats[0])
	}
	return newAuto(o, p), nil
}

func newReader(o Options) (*reader, error) { return makeReader(o, &event.Record{}) }

// makeReader makes a reader that reads into rec.
func makeReader(o Options, rec *event.Record) (*reader, error) {
	f, ok := o.lookup()
	if !ok {
		return nil, fmt.Errorf("%w: %q; did you mean %s? (hangup formats lists all)", ErrFormat, o.Format,
			strings.Join(nearest(o.Format, o.names()), " or "))
	}
	switch {
	case f.Layout && o.Layout == "":
		return nil, fmt.Errorf("%w: format %s needs a layout: the format string as in the server's configuration", ErrFormat, f.Name)
	case !f.Layout && o.Layout != "":
		return nil, fmt.Errorf("%w: format %s takes no layout; leave the format out, or use %s", ErrFormat, f.Name, strings.Join(dialectNames(), ", "))
	}
	g, err := f.make(o)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrFormat, f.Name, err)
	}
	_, single := g.(interface{ single() })
	return &reader{name: f.Name, layout: o.Layout, example: f.Example, grammar: g, single: single, made: o, rec: rec}, nil
}

// lookup finds the format that the options name.
func (o Options) lookup() (format, bool) {
	if f, ok := o.User.format(o.Format); ok {
		return f, true
	}
	name := o.Format
	if a, ok := aliases[name]; ok {
		name = a
	}
	f, ok := registry[name]
	return f, ok
}

// names lists the formats that the options can name.
func (o Options) names() []string {
	names := slices.Collect(maps.Keys(registry))
	for _, f := range o.User.all() {
		names = append(names, f.Name)
	}
	return names
}

// nearest returns those of the names that are most like name, at most three.
func nearest(name string, among []string) []string {
	type candidate struct {
		name string
		far  int
	}
	name = strings.ToLower(name)
	if len(name) > 64 {
		name = name[:64]
	}
	var list []candidate
	for _, n := range among {
		far := distance(name, strings.ToLower(n))
		if name != "" && strings.Contains(n, name) {
			far = 1
		}
		list = append(list, candidate{n, far})
	}
	slices.SortFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.far, b.far), cmp.Compare(a.name, b.name))
	})
	var names []string
	for _, c := range list[:min(3, len(list))] {
		if c.far > list[0].far+2 {
			break
		}
		names = append(names, c.name)
	}
	return names
}

// distance counts the letters to insert, delete or change to make b out of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

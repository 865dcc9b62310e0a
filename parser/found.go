package parser

import "strings"

// Found says how p reads its log: the envelope and the formats in use, with their layouts. Formats is empty while p has not
// found any. Formats that were found later, for single lines, have no share.
func Found(p Parser) Detection {
	switch p := p.(type) {
	case *reader:
		return Detection{Formats: []Guess{{Format: p.name, Layout: p.layout, Confidence: 1, Share: 1}}, Share: 1, Confidence: 1, envelope: -1}
	case *auto:
		d := p.found
		if len(p.fixed.formats) > 0 {
			d.Formats = nil
			for _, o := range p.fixed.formats {
				d.Formats = append(d.Formats, Guess{Format: o.Format, Layout: o.Layout, Confidence: 1, Share: 1})
			}
		}
		return d
	}
	return Detection{envelope: -1}
}

// FormatsOf takes a name as Detection.Name gives it, "envelope/format+format", apart. Layouts are not in it.
func FormatsOf(name string) []Guess {
	for {
		first, rest, more := strings.Cut(name, "/")
		if _, ok := envelopeNamed(first); !ok {
			break
		}
		if name = rest; !more {
			break
		}
	}
	if name == "" {
		return nil
	}
	var list []Guess
	for f := range strings.SplitSeq(name, "+") {
		list = append(list, Guess{Format: f})
	}
	return list
}

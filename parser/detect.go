package parser

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"hangup/event"
)

// Guess is how well a format fits some lines.
type Guess struct {
	Format     string
	Layout     string   // the layout, for a format that needs one
	Confidence float64  // from 0 to 1: the share of the lines that are understood, less the fewer they are
	Share      float64  // the share of the lines, empty ones left out, that are understood
	Misses     []string // examples of those that are not, at most three
}

// Detection is what was found about some lines: the envelope around them, the formats that make the most of them
// together, and the formats that would fit by themselves.
type Detection struct {
	Envelope   string  // "" for none
	Formats    []Guess // the formats to read the lines with, the one that reads most first; Share is of all lines
	Others     []Guess // formats that were not taken, the best first
	Share      float64 // the share of the lines, empty ones left out, that Formats understand
	Confidence float64 // from 0 to 1
	Misses     []string

	envelope int // in envelopes, -1 for none
	telling  int // lines of requests and disconnects
}

// Enough is the share of the lines that the formats must understand to be taken.
const Enough = 0.5

const (
	maxDetect  = 64 << 10 // bounds a line that is used to detect a format
	maxFormats = 6        // that are taken for one log
	permissive = 90       // rank from which a format claims lines that may be anybody's
)

// nginxLayouts are log_formats that many use, besides those that are formats of their own. nginx writes times with
// three digits, gunicorn with six.
var nginxLayouts = []string{
	`$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "$http_x_forwarded_for" $request_time`,
	`$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_time`,
	`$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_time $upstream_response_time`,
	`$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "$http_x_forwarded_for" $request_time $upstream_response_time`,
}

// morganLayouts are the same for morgan: with a time that has milliseconds, and the durations.
var morganLayouts = []string{
	`:remote-addr - [:date[iso]] ":method :url HTTP/:http-version" :status :res[content-length] :response-time ms total=:total-time rid=:req[x-request-id]`,
	`:remote-addr - :remote-user [:date[iso]] ":method :url HTTP/:http-version" :status :res[content-length] ":referrer" ":user-agent"`,
	`:remote-addr - :remote-user [:date[iso]] ":method :url HTTP/:http-version" :status :res[content-length] ":referrer" ":user-agent" :response-time ms`,
	`:remote-addr - :remote-user [:date[clf]] ":method :url HTTP/:http-version" :status :res[content-length] ":referrer" ":user-agent" :response-time ms`,
	`[:date[iso]] :method :url :status :response-time ms - :res[content-length]`,
	`:method :url :status :response-time ms`,
}

// Name names what was found, as Options.Format takes it: "docker-json/nginx-error+nginx-combined"; "" when nothing was.
func (d *Detection) Name() string {
	names := make([]string, 0, len(d.Formats))
	for i := range d.Formats {
		names = append(names, d.Formats[i].Format)
	}
	formats := strings.Join(names, "+")
	switch {
	case d.Envelope == "":
		return formats
	case formats == "":
		return d.Envelope
	}
	return d.Envelope + "/" + formats
}

// options are the formats, to be read.
func (d *Detection) options(base Options) []Options {
	list := make([]Options, len(d.Formats))
	for i, g := range d.Formats {
		list[i] = base.of(g.Format, g.Layout)
	}
	return list
}

// add names a format that was found later.
func (d *Detection) add(format, layout string) {
	if len(d.Formats) < maxFormats && !slices.ContainsFunc(d.Formats, func(g Guess) bool { return g.Format == format && g.Layout == layout }) {
		d.Formats = append(slices.Clip(d.Formats), Guess{Format: format, Layout: layout})
	}
}

// DetectLog finds out how to read a log that begins with the lines, by the options' zone, hint and users' formats. Seen
// is when the lines were written, as far as that is known.
func DetectLog(lines []string, o Options, seen time.Time) Detection {
	return detect(lines, o, seen, plan{envelope: -1, all: true})
}

func detect(lines []string, base Options, seen time.Time, fixed plan) Detection {
	lines = joinObjects(lines)
	none := Detection{envelope: -1}
	if fixed.forced && fixed.envelope >= 0 {
		return unpack(lines, fixed.envelope, base, seen)
	}
	best := cover(lines, base)
	if fixed.forced {
		return best
	}
	if i, share := envelopeOf(lines, base.Zone, seen); share >= Enough {
		in := unpack(lines, i, base, seen)
		// A time or a name before a line says little: a format that knows the line with it may be the right one, as those
		// do whose programs write to syslog themselves.
		own := envelopes[i].name == "syslog-rfc3164" && best.Share >= in.Share
		if !envelopes[i].weak || best.Share < Enough || in.telling > best.telling || in.telling == best.telling && in.Share >= best.Share && !own {
			return in
		}
	}
	if best.Share < Enough && len(best.Formats) == 0 {
		return none
	}
	return best
}

// joinObjects puts JSON objects that are printed over several lines on one.
func joinObjects(lines []string) []string {
	if !slices.Contains(lines, "{") {
		return lines
	}
	var out []string
	for i := 0; i < len(lines); i++ {
		end := i
		if lines[i] == "{" {
			if n := slices.Index(lines[i:], "}"); n > 0 {
				end = i + n
			}
		}
		out = append(out, strings.Join(lines[i:end+1], " "))
		i = end
	}
	return out
}

// envelopeOf finds the envelope that most lines are in.
func envelopeOf(lines []string, zone *time.Location, seen time.Time) (best int, share float64) {
	n := 0
	for _, s := range lines {
		if !isBlank(s) {
			n++
		}
	}
	most := 0
	for i := range envelopes {
		e, k := envelopes[i].make(&clock{zone: zone}), 0
		for _, s := range lines {
			var l letter
			if len(s) <= maxDetect && e.cut(s, seen, &l) {
				k++
			}
		}
		if k > most {
			best, most = i, k
		}
	}
	return best, float64(most) / float64(max(n, 1))
}

// unpack detects the formats of the lines that are in an envelope.
func unpack(lines []string, i int, base Options, seen time.Time) Detection {
	e := envelopes[i].make(&clock{zone: base.Zone})
	var inner []string
	part := map[string]string{}
	known := 0
	for _, s := range lines {
		var l letter
		if len(s) > maxDetect || !e.cut(s, seen, &l) {
			continue
		}
		known++
		text := part[l.lane] + l.text
		delete(part, l.lane)
		switch {
		case l.part && len(text) < maxDetect:
			part[l.lane] = text
		default:
			for t := range strings.SplitSeq(text, "\n") {
				inner = append(inner, t)
			}
		}
	}
	if j, share := envelopeOf(inner, base.Zone, seen); share >= Enough && j != i { // one in another
		d := unpack(inner, j, base, seen)
		d.Envelope, d.envelope = envelopes[i].name+"/"+d.Envelope, i
		return d
	}
	d := cover(inner, base)
	d.Envelope, d.envelope = envelopes[i].name, i
	d.Share = 0.6 + 0.4*d.Share // the envelope itself is understood
	d.Confidence = d.Share * float64(known) / (float64(known) + 0.5)
	return d
}

// cover takes the format that understands most lines, then the one that understands most of the rest, and so on.
func cover(lines []string, base Options) Detection {
	d := Detection{envelope: -1}
	total := 0
	for _, s := range lines {
		if !isBlank(s) {
			total++
		}
	}
	rest, left := lines, total
	for round := 0; len(d.Formats) < maxFormats && left > 0; round++ {
		guesses := rate(rest, base)
		if len(guesses) == 0 {
			break
		}
		best := guesses[0]
		for _, g := range guesses[1:] { // of those that fit equally well the one that the log had before
			if g.good == best.good && isNamed(base.Hint, g.Format) && !isNamed(base.Hint, best.Format) {
				best = g
			}
		}
		// A further format must make sense of lines by itself: what claims lines that may be anybody's does so only first.
		if round > 0 && best.rank >= permissive {
			break
		}
		if round == 0 {
			for _, g := range guesses {
				if g.Format != best.Format || g.Layout != best.Layout {
					d.Others = append(d.Others, g.Guess)
				}
			}
		}
		left -= best.good
		d.telling += best.telling
		best.Share = float64(best.good) / float64(total)
		d.Formats = append(d.Formats, best.Guess)
		rest = best.missed
		if len(rest) == 0 {
			break
		}
	}
	d.Share = 1 - float64(max(left, 0))/float64(max(total, 1))
	good := float64(total - left)
	d.Confidence = d.Share * good / (good + 0.5)
	d.Misses = rest[:min(len(rest), 3)]
	if left <= 0 {
		d.Misses = nil
	}
	return d
}

// isNamed says whether a format is part of a name of several.
func isNamed(name, format string) bool {
	_, after, ok := strings.Cut(name, "/")
	for ok {
		name = after
		_, after, ok = strings.Cut(name, "/")
	}
	return slices.Contains(strings.Split(name, "+"), format)
}

// rating is a guess and what it leaves.
type rating struct {
	Guess
	rank    int
	good    int
	telling int // lines of requests and disconnects
	missed  []string

	disorder bool // the times of its records often go back
	user     bool // a user's format
}

// candidates are the formats that need no layout, the most particular first.
func (o Options) candidates() []format {
	list := slices.Collect(maps.Values(registry))
	list = slices.DeleteFunc(append(list, o.User.all()...), func(f format) bool { return f.Layout || f.user && f.rank >= permissive })
	slices.SortFunc(list, func(a, b format) int { return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.Name, b.Name)) })
	return list
}

// detectable are the names of the candidates whose lines cannot be anybody's.
func (o Options) detectable() []string {
	var list []string
	for _, f := range o.candidates() {
		if f.rank < permissive {
			list = append(list, f.Name)
		}
	}
	return list
}

// searched are the formats that are tried on a line which the log's formats do not know: those that need no layout, and
// the layouts that many use.
func (o Options) searched() []Options {
	var list []Options
	for _, name := range o.detectable() {
		list = append(list, o.of(name, ""))
	}
	for _, l := range nginxLayouts {
		list = append(list, o.of(layoutFormat, l))
	}
	for _, l := range morganLayouts {
		list = append(list, o.of("morgan", l))
	}
	return list
}

// Detect says which formats fit the lines by themselves, the best first. Formats that understand none of them are left
// out.
func Detect(lines []string) []Guess {
	list := rate(lines, Options{})
	guesses := make([]Guess, len(list))
	for i := range list {
		guesses[i] = list[i].Guess
	}
	return guesses
}

func rate(lines []string, base Options) []rating {
	var list []rating
	try := func(name, layout string, rank int, ordered, user bool) {
		r, err := newReader(base.of(name, layout))
		if err != nil {
			return // a built-in layout that does not compile: a test sees to that
		}
		if g := fit(r, lines); g.good > 0 {
			g.Format, g.Layout, g.rank, g.user = name, layout, rank, user
			if g.disorder && ordered {
				g.rank += disorderly
			}
			list = append(list, g)
		}
	}
	for _, f := range base.candidates() {
		try(f.Name, "", f.rank, f.ordered, f.user)
	}
	yieldToTelling(list)
	for i, l := range nginxLayouts {
		try(layoutFormat, l, registry[layoutFormat].rank+i, false, false)
	}
	for i, l := range morganLayouts {
		try("morgan", l, registry["morgan"].rank+i, false, false)
	}
	slices.SortFunc(list, func(a, b rating) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.rank, b.rank), cmp.Compare(a.Format, b.Format))
	})
	return list
}

// yieldToTelling puts a user's format behind the built-in ones when one of these finds more requests and disconnects in as
// many lines: keys that many loggers write, as time and message, fit logs that are not the user's own.
func yieldToTelling(list []rating) {
	for i := range list {
		u := &list[i]
		if u.user && slices.ContainsFunc(list, func(g rating) bool { return !g.user && g.Share >= u.Share && g.telling > u.telling }) {
			u.rank = permissive - 1
		}
	}
}

// disorderly is added to the rank of a format whose records stand in the order of their times, when these do not.
const disorderly = 5

// maxBack is the longest request whose time counts as one that goes back; logs that are put together jump further.
const maxBack = 10 * time.Minute

// fit reads the lines and counts those that are part of a record that is understood. It says whether their times often
// go back: one in 25, and more than once. So they do where a slow request is logged with the time at which it began,
// and hardly where several processes write, or write what they have held back.
func fit(r *reader, lines []string) rating {
	var g rating
	bad, back := 0, 0
	var last time.Time
	emit := func(rec *event.Record) {
		if rec.Kind >= event.Other {
			if d := last.Sub(rec.Time); d > 0 && d <= maxBack {
				back++
			}
			last = rec.Time
		}
		switch rec.Kind {
		case event.Skipped:
		case event.Unparsed:
			bad += rec.Lines
			if len(g.Misses) < 3 {
				g.Misses = append(g.Misses, rec.Text)
			}
			g.missed = append(g.missed, strings.Split(rec.Text, "\n")...)
		case event.Request, event.Disconnect:
			g.telling += rec.Lines
			g.good += rec.Lines
		case event.Other:
			g.good += rec.Lines
		}
	}
	for i, s := range lines {
		if len(s) <= maxDetect {
			r.Line(event.Line{Text: s, Number: int64(i + 1)}, emit)
		}
	}
	r.Flush(emit)
	if g.good == 0 {
		return g
	}
	g.Share = float64(g.good) / float64(g.good+bad)
	g.Confidence = g.Share * float64(g.good) / (float64(g.good) + 0.5)
	g.disorder = back > 1 && back*25 >= g.good
	return g
}

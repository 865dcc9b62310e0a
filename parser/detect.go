package parser

import (
	"cmp"
	"slices"
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

// Enough is the share of the lines that a format must understand to be taken.
const Enough = 0.5

// maxDetect bounds a line that is used to detect a format.
const maxDetect = 64 << 10

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

// Detect says which formats fit the lines, the best first. Formats that understand none of them are left out.
func Detect(lines []string) []Guess {
	type candidate struct {
		Guess
		rank int
	}
	var list []candidate
	try := func(o Options, rank int) {
		r, err := newReader(o)
		if err != nil {
			return // a built-in layout that does not compile: a test sees to that
		}
		if g, disorder := fit(r, lines); g.Share > 0 {
			g.Format, g.Layout = o.Format, o.Layout
			if disorder && registry[o.Format].ordered {
				rank += disorderly
			}
			list = append(list, candidate{g, rank})
		}
	}
	for name, f := range registry {
		if !f.Layout {
			try(Options{Format: name}, f.rank)
		}
	}
	for i, l := range nginxLayouts {
		try(Options{Format: layoutFormat, Layout: l}, registry[layoutFormat].rank+i)
	}
	for i, l := range morganLayouts {
		try(Options{Format: "morgan", Layout: l}, registry["morgan"].rank+i)
	}
	slices.SortFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.rank, b.rank), cmp.Compare(a.Format, b.Format))
	})
	guesses := make([]Guess, len(list))
	for i := range list {
		guesses[i] = list[i].Guess
	}
	return guesses
}

// disorderly is added to the rank of a format whose records stand in the order of their times, when these do not.
const disorderly = 5

// maxBack is the longest request whose time counts as one that goes back; logs that are put together jump further.
const maxBack = 10 * time.Minute

// fit reads the lines and counts those that are part of a record that is understood. It says whether their times often
// go back: one in 25, and more than once. So they do where a slow request is logged with the time at which it began,
// and hardly where several processes write, or write what they have held back.
func fit(r *reader, lines []string) (g Guess, disorder bool) {
	good, bad, back := 0, 0, 0
	var last time.Time
	var misses []string
	emit := func(rec *event.Record) {
		switch rec.Kind {
		case event.Skipped:
		case event.Unparsed:
			bad += rec.Lines
			if len(misses) < 3 {
				misses = append(misses, rec.Text)
			}
		default:
			good += rec.Lines
			if d := last.Sub(rec.Time); d > 0 && d <= maxBack {
				back++
			}
			last = rec.Time
		}
	}
	for i, s := range lines {
		if len(s) <= maxDetect {
			r.Line(event.Line{Text: s, Number: int64(i + 1)}, emit)
		}
	}
	r.Flush(emit)
	if good == 0 {
		return Guess{}, false
	}
	share := float64(good) / float64(good+bad)
	return Guess{Share: share, Confidence: share * float64(good) / (float64(good) + 0.5), Misses: misses}, back > 1 && back*25 >= good
}

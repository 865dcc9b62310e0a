package parser

import (
	"strings"
	"time"

	"hangup/event"
)

// The logs of PHP: error_log (main/main.c, php_log_err), php-fpm's own log and its access log with the default
// access.format (sapi/fpm/fpm/fpm_log.c, fpm_request.c, fpm_children.c, zlog.c), Monolog's LineFormatter as Symfony and
// Laravel use it, and what PHP says through mod_fcgid in Apache's error log and through FastCGI in nginx's.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      "php",
			Summary:   "PHP error_log, php-fpm log and access log, Monolog (Symfony, Laravel), mod_fcgid and FastCGI messages",
			Example:   `[22-Nov-2026 10:00:30] WARNING: [pool www] child 4711, script '/var/www/index.php' (request: "GET /index.php?r=report") execution timed out (30.123456 sec), terminating`,
			Durations: true,
			Multiline: true,
			Aliases:   []string{"php-fpm", "monolog", "laravel", "symfony"},
		},
		rank: 76,
		make: func(o Options) (grammar, error) {
			return &php{clock: clock{zone: o.Zone}, nginx: nginxError{clock: clock{zone: o.Zone}}, apache: apacheErrorLog{clock: clock{zone: o.Zone}}}, nil
		},
	})
}

type php struct {
	clock  clock
	nginx  nginxError
	apache apacheErrorLog
	zones  zoneCache
	lost   bool // inside a stack trace whose beginning is not there
}

func (g *php) place(line string, open bool) place {
	if isPHPLine(line) {
		g.lost = false
		if strings.HasPrefix(line, "[") || strings.HasPrefix(line, "PHP ") || strings.HasPrefix(line, "fwrite(): ") {
			return opens
		}
		return whole
	}
	switch {
	case !open && (isPHPFrame(line) || g.lost && isIndented(line)):
		g.lost = true
		return stray
	case !open:
		g.lost = false
	case isBlank(line):
		return maybe
	case isPHPTrace(line), isIndented(line):
		return more
	}
	return whole
}

func (g *php) remembers() bool { return g.lost || len(g.zones.clocks) > 0 }

// isPHPLine says whether a line is the first of a record.
func isPHPLine(s string) bool {
	if len(s) < 12 {
		return false
	}
	switch {
	case s[0] == '[' && s[3] == '-':
		_, _, ok := cutPHPTime(s)
		return ok
	case s[0] == '[':
		if _, ok := cutMonolog(s); ok {
			return true
		}
		return strings.Contains(s[:min(len(s), 60)], " [fcgid:") || strings.Contains(s[:min(len(s), 400)], "mod_fcgid: ")
	case strings.HasPrefix(s, "PHP "):
		_, _, ok := phpLevel(s)
		return ok
	case isDigit(s[0]) && s[4] == '/':
		return strings.Contains(s[:min(len(s), 120)], "FastCGI sent in stderr: ")
	case strings.Contains(s[:min(len(s), 200)], "(): "):
		return isBarePHP(s)
	}
	_, _, ok := cutFPMAccess(s)
	return ok
}

// isBarePHP says whether a line is a warning of one of PHP's functions for streams, without a head.
func isBarePHP(s string) bool {
	name, rest, ok := strings.Cut(s[:min(len(s), 200)], "(): ")
	return ok && phpFunctions[name] && (strings.Contains(rest, "failed with errno=") || strings.HasPrefix(rest, "SSL: "))
}

var phpFunctions = map[string]bool{
	"fwrite": true, "fputs": true, "fread": true, "fgets": true, "fflush": true, "fclose": true, "feof": true, "stream_get_contents": true,
	"stream_copy_to_stream": true, "file_put_contents": true, "stream_socket_sendto": true, "stream_socket_recvfrom": true,
	"readfile": true, "fpassthru": true, "socket_write": true, "socket_read": true, "socket_send": true, "socket_recv": true, "fputcsv": true,
}

func isPHPFrame(s string) bool {
	return len(s) > 2 && s[0] == '#' && isDigit(s[1])
}

// isPHPTrace says whether a line belongs to a stack trace, as PHP, Monolog or php-fpm's slowlog writes it.
func isPHPTrace(s string) bool {
	return isPHPFrame(s) || s == "Stack trace:" || s == "[stacktrace]" || s == `"}` || s == `"} ` || strings.HasPrefix(s, "script_filename = ") || strings.HasPrefix(s, "[0x") || strings.HasPrefix(s, `"} `) || strings.HasPrefix(s, "Next ") ||
		strings.HasPrefix(s, "[previous exception] ")
}

// cutPHPTime takes "[22-Nov-2026 10:00:00 UTC] " or "[22-Nov-2026 10:00:30.123456] " from a line.
func cutPHPTime(s string) (stamp, rest string, ok bool) {
	if len(s) < 22 || s[0] != '[' || s[3] != '-' || s[7] != '-' || s[12] != ' ' || s[15] != ':' || s[18] != ':' {
		return "", "", false
	}
	i := strings.IndexByte(s[:min(len(s), 64)], ']')
	if i < 21 || i+1 < len(s) && s[i+1] != ' ' {
		return "", "", false
	}
	return s[1:i], s[min(len(s), i+2):], true
}

func (g *php) read(text string, r *event.Record) event.Reason {
	e := &r.Event
	first, _, _ := strings.Cut(text, "\n")
	if !isPHPLine(first) {
		return event.NoFormat
	}
	e.Kind = event.Other
	if stamp, rest, ok := cutPHPTime(first); ok {
		if why := g.time(e, stamp); why != "" {
			return why
		}
		if level, message, isFPM := cutFPM(rest); isFPM {
			e.Level = level
			fpmMessage(e, cut(message))
			return ""
		}
		phpRecord(e, rest, text)
		return ""
	}
	if h, ok := cutMonolog(first); ok {
		return g.monolog(e, h, text)
	}
	switch {
	case first[0] == '[':
		return g.fcgid(first, r)
	case isDigit(first[0]) && first[4] == '/':
		return g.stderr(first, r)
	}
	if stamp, rest, ok := cutFPMAccess(first); ok {
		return g.access(e, stamp, rest, first)
	}
	phpRecord(e, first, text)
	return ""
}

// time reads "22-Nov-2026 10:00:00 Europe/Berlin", or without a zone, with a fraction or none.
func (g *php) time(e *event.Event, s string) event.Reason {
	day, ok1 := two(s, 0)
	month, ok2 := monthOf(s[3:6])
	year, ok3 := four(s, 7)
	secs, ok4 := clockTime(s[12:20])
	days, ok5 := civilDays(year, month, day)
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 {
		return event.BadTime
	}
	civil := days*86400 + secs
	fraction, zone, hasZone := strings.Cut(s[20:], " ")
	nanos, ok := fractionNanos(fraction)
	if !ok {
		return event.BadTime
	}
	if hasZone {
		if offset, known := zoneNameOffset(zone); known {
			e.Time = time.Unix(civil-offset, nanos).UTC()
			return ""
		}
		if c := g.zones.clock(zone); c != nil {
			e.Time, _ = c.local(civil, fraction)
			return ""
		}
	}
	e.Time, _ = g.clock.local(civil, fraction)
	e.ZoneAssumed = true
	return ""
}

// zoneCache has clocks for the zones that a log names. The names and their rules are those of the tz database, of
// which Go programs carry a copy.
type zoneCache struct {
	clocks map[string]*clock
}

// maxZones bounds the zones of one log.
const maxZones = 16

// clock returns the clock of a zone, nil when there is no such zone.
func (z *zoneCache) clock(name string) *clock {
	if c, ok := z.clocks[name]; ok {
		return c
	}
	if len(z.clocks) >= maxZones || strings.IndexByte(name, '/') < 0 {
		return nil
	}
	if z.clocks == nil {
		z.clocks = make(map[string]*clock)
	}
	name = strings.Clone(name)
	z.clocks[name] = nil
	if zone, err := time.LoadLocation(name); err == nil {
		z.clocks[name] = &clock{zone: zone}
	}
	return z.clocks[name]
}

// phpRecord reads "PHP Warning:  message", or what a program gave to error_log.
func phpRecord(e *event.Event, s, text string) {
	level, message, ok := phpLevel(s)
	if ok {
		e.Level = level
	} else {
		message = s
		if i := strings.Index(s, ` {"exception":`); i > 0 {
			message = s[:i]
		}
	}
	phpSignal(e, cut(message))
	if e.Kind == event.Other && strings.Contains(message, "Uncaught ") && len(text) > len(s) { // the previous exceptions are above the last
		for line := range strings.SplitSeq(cut(text), "\n") {
			if rest, ok := strings.CutPrefix(line, "Next "); ok {
				phpSignal(e, rest)
			}
		}
	}
}

// phpLevels are the names of PHP's error levels (main/main.c, php_error_cb) and the words they are given here.
var phpLevels = []struct{ text, level string }{
	{"Fatal error", "FATAL"},
	{"Recoverable fatal error", "FATAL"},
	{"Catchable fatal error", "FATAL"},
	{"Parse error", "ERROR"},
	{"Warning", "WARNING"},
	{"Notice", "NOTICE"},
	{"Deprecated", "DEPRECATED"},
	{"Strict Standards", "NOTICE"},
	{"Unknown error", "ERROR"},
}

// phpLevel takes "PHP Warning:  " from the beginning of s.
func phpLevel(s string) (level, message string, ok bool) {
	rest, ok := strings.CutPrefix(s, "PHP ")
	if !ok {
		return "", s, false
	}
	for _, l := range phpLevels {
		if message, ok = strings.CutPrefix(rest, l.text); ok && strings.HasPrefix(message, ":") {
			return l.level, strings.TrimLeft(message[1:], " "), true
		}
	}
	return "", s, false
}

// fcgid reads a line of Apache's error log that mod_fcgid wrote.
func (g *php) fcgid(line string, r *event.Record) event.Reason {
	if why := g.apache.read(line, r); why != "" {
		return why
	}
	e := &r.Event
	e.Level = strings.ToUpper(e.Level)
	if e.Kind != event.Disconnect {
		return ""
	}
	if i := strings.Index(line, "] ("); i >= 0 {
		e.Message = line[i+2:]
	}
	if strings.Contains(e.Message, "mod_fcgid: error reading data") {
		e.Phase = event.PhaseResponse
	}
	return ""
}

// stderr reads a line of nginx's error log that has what PHP wrote to FastCGI's stderr.
func (g *php) stderr(line string, r *event.Record) event.Reason {
	if why := g.nginx.read(line, r); why != "" {
		return why
	}
	e := &r.Event
	e.Level = strings.ToUpper(e.Level)
	text, found := e.Message, false
	e.Kind, e.Party, e.How, e.Phase = event.Other, event.PartyNone, event.HowNone, event.PhaseNone
	if _, text, found = strings.Cut(text, "PHP message: "); !found {
		return ""
	}
	if i := strings.LastIndex(text, `" while `); i >= 0 {
		text = text[:i]
	}
	_, message, _ := phpLevel(text)
	e.Upstream = "" // PHP itself: it has read the request
	phpSignal(e, cut(message))
	return ""
}

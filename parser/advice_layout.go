package parser

import "strings"

// layoutAdvice names what a layout of each dialect needs to show how long an exchange took, and who ended it. Of dialects
// that have no word for the latter the text is "".
var layoutAdvice = map[string]struct{ took, end string }{
	"nginx":        {"$request_time", "$request_completion"},
	"apache":       {"%D", "%X"},
	"tomcat":       {"%D", "%X"},
	"tomcat9":      {"%D", "%X"},
	"jetty":        {"%{us}T", "%X"},
	"haproxy":      {"%Ta", "%tsc"},
	"envoy":        {"%DURATION%", "%RESPONSE_FLAGS%"},
	"gunicorn":     {"%(D)s", ""},
	"uwsgi-layout": {"%(micros)", ""},
	"morgan":       {":total-time ms", ""},
	"varnish":      {"%D", ""},
}

// slotsEnd are those that say how an exchange ended.
const slotsEnd = 1<<vCompletion | 1<<vConnection | 1<<vState

// Advise returns the advice for a log of a format with a layout; for a format without one it is AdviceFor's.
func Advise(format, layout string) (Advice, bool) {
	if layout == "" {
		return AdviceFor(format)
	}
	words, ok := layoutAdvice[format]
	l := compiledLayout(format, layout)
	if !ok || l == nil {
		return Advice{}, false
	}
	var hides, add []string
	if l.given&(slotsTook|1<<vTimerTotal|1<<vTimerActive) == 0 {
		hides, add = append(hides, "how long an exchange took, so no timers can be found"), append(add, words.took)
	}
	if l.given&slotsEnd == 0 && words.end != "" {
		hides, add = append(hides, "clients that leave in the middle of a response"), append(add, words.end)
	}
	if len(add) == 0 {
		return Advice{}, false
	}
	return Advice{Hides: strings.Join(hides, ", and "), Config: "add to the log's format: " + strings.Join(add, " ")}, true
}

// HasDurations says whether records of a format, one of the set or a built-in one, may say how long their exchange took:
// of one with a layout whether that says so.
func (s *UserFormats) HasDurations(format, layout string) bool {
	if layout != "" {
		l := compiledLayout(format, layout)
		return l != nil && l.given&(slotsTook|1<<vTimerTotal|1<<vTimerActive) != 0
	}
	f, _ := Options{Format: format, User: s}.lookup()
	return f.Durations
}

// compiledLayout compiles a layout; nil when it cannot be read.
func compiledLayout(format, text string) *layout {
	for _, d := range dialects {
		if d.Name == format {
			if l, err := d.compile(text); err == nil {
				return l
			}
		}
	}
	return nil
}

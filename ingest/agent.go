package ingest

import (
	"hash/fnv"
	"strings"

	"github.com/mileusna/useragent"

	"hangup/event"
)

// families bounds how many families of user agents a service has. It is not safe for concurrent use.
type families map[string]bool

const maxFamilies = 300

// admit returns the agent class that g is counted as: a family beyond the limit is "(other)", and stays that.
func (f families) admit(g event.Agent) event.Agent {
	if g.Class == classNone || f[g.Family] {
		return g
	}
	if len(f) >= maxFamilies {
		g.Family = "(other)"
		return g
	}
	f[strings.Clone(g.Family)] = true
	return g
}

// classes of user agents.
const (
	classBrowser = "browser"
	classBot     = "bot"
	classLibrary = "library"
	classNone    = "none" // the log has no user agent, or the client sent none
)

// agentOf returns the family and class of a user agent, which may be empty.
func agentOf(ua string) event.Agent {
	if ua == "" || ua == "-" {
		return event.Agent{Family: "(none)", Class: classNone}
	}
	g := classifyAgent(clip(event.Clean(ua), maxAgent))
	g.Family = strings.Clone(g.Family)
	return g
}

// classifyAgent names the family and class of a user agent. A client library is what names itself "name/version" first
// and is no browser: RFC 9110 section 10.1.5 puts the most significant product first.
func classifyAgent(ua string) event.Agent {
	p := useragent.Parse(ua)
	product, _, _ := strings.Cut(ua, " ")
	product, _, _ = strings.Cut(product, "/")
	product = clip(product, 40)
	switch {
	case p.Bot:
		name := p.Name
		if name == "" {
			name = product
		}
		return event.Agent{Family: clip(name, 40), Class: classBot}
	case strings.EqualFold(product, "Mozilla") || strings.EqualFold(product, "Opera"):
		name := p.Name
		if name == "" {
			name = "(unknown browser)"
		}
		return event.Agent{Family: clip(name, 40), Class: classBrowser}
	case product == "":
		return event.Agent{Family: "(other)", Class: classLibrary}
	default:
		return event.Agent{Family: strings.Clone(product), Class: classLibrary}
	}
}

// agentHash names a whole user agent in 64 bits.
func agentHash(ua string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(ua))
	return int64(h.Sum64())
}

package ingest

import (
	"hash/fnv"
	"strings"

	"github.com/mileusna/useragent"

	"hangup/event"
)

// agents puts user agents into classes of low cardinality. It is not safe for concurrent use.
type agents struct {
	cache    map[string]event.Agent
	families map[string]bool
}

const maxFamilies = 300

func newAgents() *agents {
	return &agents{cache: map[string]event.Agent{}, families: map[string]bool{}}
}

// classes of user agents.
const (
	classBrowser = "browser"
	classBot     = "bot"
	classLibrary = "library"
	classNone    = "none" // the log has no user agent, or the client sent none
)

func (a *agents) agent(ua string) event.Agent {
	if ua == "" || ua == "-" {
		return event.Agent{Family: "(none)", Class: classNone}
	}
	if g, ok := a.cache[ua]; ok {
		return g
	}
	g := classifyAgent(clip(event.Clean(ua), maxAgent))
	if !a.families[g.Family] {
		if len(a.families) >= maxFamilies {
			g.Family = "(other)"
		} else {
			a.families[g.Family] = true
		}
	}
	if len(a.cache) >= maxCache {
		clear(a.cache)
	}
	if len(ua) <= maxAgent {
		a.cache[strings.Clone(ua)] = g
	}
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

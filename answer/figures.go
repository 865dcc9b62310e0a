package answer

import (
	"math"

	"hangup/event"
)

// Share returns part / whole, 0 without a whole.
func Share(part, whole int64) float64 {
	if whole <= 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// Wilson returns the ends of the Wilson interval at 95 % for k of n. Reports without an access log can make k greater
// than n: then there is no share, and no interval, and ok is false.
func Wilson(k, n int64) (low, high float64, ok bool) {
	if n <= 0 || k < 0 || k > n {
		return 0, 0, false
	}
	const z = 1.959964
	N, p := float64(n), float64(k)/float64(n)
	mid := p + z*z/(2*N)
	half := z * math.Sqrt(p*(1-p)/N+z*z/(4*N*N))
	return max(0, (mid-half)/(1+z*z/N)), min(1, (mid+half)/(1+z*z/N)), true
}

// Excess returns how many hang-ups c has above what the rate of all requests would give.
func Excess(c, normal event.Counts) float64 {
	if normal.Requests <= 0 {
		return float64(c.Disconnects())
	}
	return float64(c.Disconnects()) - float64(c.Requests)*float64(normal.Disconnects())/float64(normal.Requests)
}

// Rank is a place in the order by excess, the lowest first: routes that lose no more than normal come after the others,
// those with the most hang-ups first.
func Rank(excess float64, hangups int64) float64 {
	if excess > 0 {
		return -excess
	}
	return 1 / float64(1+hangups)
}

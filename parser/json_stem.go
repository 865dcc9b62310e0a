package parser

// signalStems are parts of all texts that tell of a connection's end, in lower case. A message without any of them is
// not searched further: most are.
var signalStems = []string{
	"pipe", "reset", "clos", "abort", "time", "cancel", "eof", "onnect", "stream error", "rror", "rrno", "econn", "deadline", "unavail",
	"goaway", "hang up", "hung up", "gone", "away", "bad conn", "invalid response body", "und_err", "nomoredata", "maxsizeexceeded", "drop", "incomplete", "prematur", "terminated", "disconn",
}

var stemsBy = func() (by [256][]string) {
	for _, s := range signalStems {
		by[s[0]] = append(by[s[0]], s)
		by[s[0]-'a'+'A'] = append(by[s[0]-'a'+'A'], s)
	}
	return by
}()

// mayTell says whether a message can tell of a connection's end at all.
func mayTell(s string) bool {
	for i := range len(s) {
		for _, stem := range stemsBy[s[i]] {
			if foldPrefix(s[i:], stem) {
				return true
			}
		}
	}
	return false
}

// foldPrefix says whether s begins with a text in lower case, in any case of its letters.
func foldPrefix(s, lower string) bool {
	if len(s) < len(lower) {
		return false
	}
	for i := range len(lower) {
		if b := s[i]; b != lower[i] && (b < 'A' || b > 'Z' || b|0x20 != lower[i]) {
			return false
		}
	}
	return true
}

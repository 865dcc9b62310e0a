package ingest

import (
	"net/url"
	"slices"
	"strings"
)

// removed stands where a secret was.
const removed = "[redacted]"

// secretNames are parts of parameter names whose values are never stored. secretWords are so only as a whole word of the
// name: "api_key" and "code", not "keyword" and "status_code".
var (
	secretNames = []string{"token", "secret", "passw", "passphrase", "auth", "session", "jwt", "credential", "email", "signature", "apikey", "accesskey"}
	secretWords = []string{"key", "pass", "pwd", "sig", "sid", "otp", "mail"}
)

func isSecretName(name string) bool {
	if strings.ContainsAny(name, "%+") {
		if n, err := url.QueryUnescape(name); err == nil {
			name = n
		}
	}
	if len(name) < 3 { // shorter than any of them
		return false
	}
	name = strings.ToLower(name)
	for _, s := range secretNames {
		if strings.Contains(name, s) {
			return true
		}
	}
	for rest := name; rest != ""; {
		word := rest
		i := strings.IndexAny(rest, "_-.[]")
		if i >= 0 {
			word, rest = rest[:i], rest[i+1:]
		} else {
			rest = ""
		}
		if slices.Contains(secretWords, word) {
			return true
		}
	}
	return name == "code"
}

// isSecretValue says whether a value looks like a secret whatever it is called: a JSON web token, an AWS key id, an
// e-mail address.
func isSecretValue(v string) bool {
	switch {
	case strings.HasPrefix(v, "eyJ") && strings.Count(v, ".") >= 2:
		return true
	case len(v) == 20 && (strings.HasPrefix(v, "AKIA") || strings.HasPrefix(v, "ASIA")):
		return true
	}
	at := strings.IndexByte(v, '@')
	if at < 0 {
		at = strings.Index(v, "%40")
	}
	return at > 0 && strings.IndexByte(v[at:], '.') > 0
}

// mayHoldValue says whether isSecretValue may be true of a part of s.
func mayHoldValue(s string) bool {
	return strings.IndexByte(s, '@') >= 0 || strings.Contains(s, "%40") || strings.Contains(s, "eyJ") || strings.Contains(s, "AKIA") ||
		strings.Contains(s, "ASIA")
}

// redactQuery keeps the names of a query string and takes secrets out of its values.
func redactQuery(q string) string {
	if q == "" {
		return ""
	}
	var out strings.Builder
	for len(q) > 0 {
		pair := q
		if i := strings.IndexAny(q, "&;"); i >= 0 {
			pair = q[:i]
		}
		sep := q[len(pair):min(len(pair)+1, len(q))]
		q = q[len(pair)+len(sep):]
		name, value, ok := strings.Cut(pair, "=")
		switch {
		case ok && value != "" && (isSecretName(name) || isSecretValue(value)):
			out.WriteString(name + "=" + removed)
		case !ok && isSecretValue(name):
			out.WriteString(removed)
		default:
			out.WriteString(pair)
		}
		out.WriteString(sep)
	}
	return out.String()
}

// redactPath takes secrets out of the segments of a path.
func redactPath(p string) string {
	if !mayHoldValue(p) {
		return p
	}
	segments := strings.Split(p, "/")
	for i, s := range segments {
		if isSecretValue(s) {
			segments[i] = removed
		}
	}
	return strings.Join(segments, "/")
}

// redactReferer takes user names, passwords and secrets in the query out of a referer.
func redactReferer(r string) string {
	head, query, ok := strings.Cut(r, "?")
	if scheme, rest, found := strings.Cut(head, "://"); found {
		authority, path, slash := strings.Cut(rest, "/")
		if i := strings.LastIndexByte(authority, '@'); i >= 0 {
			authority = authority[i+1:]
		}
		head = scheme + "://" + authority
		if slash {
			head += "/" + redactPath(path)
		}
	}
	if ok {
		return head + "?" + redactQuery(query)
	}
	return head
}

// redactText takes secrets out of free text: the values of name=value pairs with a secret's name, web tokens, and
// what follows "Bearer" and "Basic". It goes over the text once.
func redactText(s string) string {
	if strings.IndexByte(s, '=') < 0 && !strings.Contains(s, "eyJ") && !strings.Contains(s, "earer ") && !strings.Contains(s, "asic ") {
		return s
	}
	values := mayHoldValue(s)
	var out strings.Builder
	last := 0 // s[:last] is written
	for i := 0; i < len(s); {
		start := i
		for i < len(s) && !delimits[s[i]] {
			i++
		}
		word := s[start:i]
		switch {
		case i < len(s) && strings.HasPrefix(s[i+1:], removed): // done before
			i += len(removed)
		case i < len(s) && s[i] == '=' && isSecretName(word):
			end := i + 1
			for end < len(s) && !isValueEnd(s[end]) {
				end++
			}
			if end > i+1 {
				out.WriteString(s[last : i+1])
				out.WriteString(removed)
				last, i = end, end
			}
		case values && isSecretValue(word):
			out.WriteString(s[last:start])
			out.WriteString(removed)
			last = i
		case (strings.EqualFold(word, "bearer") || strings.EqualFold(word, "basic")) && i < len(s) && s[i] == ' ':
			end := i + 1
			for end < len(s) && !isValueEnd(s[end]) {
				end++
			}
			if end-i > 8 {
				out.WriteString(s[last : i+1])
				out.WriteString(removed)
				last, i = end, end
			}
		}
		if i < len(s) {
			i++
		}
	}
	if last == 0 {
		return s
	}
	out.WriteString(s[last:])
	return out.String()
}

// delimits are the bytes between words.
var delimits = func() (t [256]bool) {
	for c := range t {
		t[c] = c <= ' ' || strings.IndexByte(`"'=&?/,;:()[]{}<>|`, byte(c)) >= 0
	}
	return t
}()

func isValueEnd(c byte) bool {
	return c <= ' ' || strings.IndexByte(`"'&,;)]}<>|`, c) >= 0
}

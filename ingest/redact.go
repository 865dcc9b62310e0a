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
	if n, err := url.QueryUnescape(name); err == nil {
		name = n
	}
	name = strings.ToLower(name)
	for _, s := range secretNames {
		if strings.Contains(name, s) {
			return true
		}
	}
	words := strings.FieldsFunc(name, func(c rune) bool { return strings.ContainsRune("_-.[]", c) })
	return name == "code" || slices.ContainsFunc(words, func(w string) bool { return slices.Contains(secretWords, w) })
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
	if !strings.ContainsAny(p, "@%") && !strings.Contains(p, "eyJ") && !strings.Contains(p, "AKIA") && !strings.Contains(p, "ASIA") {
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
	if !strings.ContainsAny(s, "=") && !strings.Contains(s, "eyJ") && !strings.Contains(s, "earer ") && !strings.Contains(s, "asic ") {
		return s
	}
	var out strings.Builder
	out.Grow(len(s))
	last := 0 // s[:last] is written
	for i := 0; i < len(s); {
		start := i
		for i < len(s) && !isDelimiter(s[i]) {
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
		case isSecretValue(word):
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

func isDelimiter(c byte) bool {
	return c <= ' ' || strings.IndexByte(`"'=&?/,;:()[]{}<>|`, c) >= 0
}

func isValueEnd(c byte) bool {
	return c <= ' ' || strings.IndexByte(`"'&,;)]}<>|`, c) >= 0
}

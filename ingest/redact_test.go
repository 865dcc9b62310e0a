package ingest

import (
	"strings"
	"testing"
)

const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"

func TestRedact(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		f        func(string) string
		in, want string
	}{
		"query":                {redactQuery, "a=1&token=x&b=2", "a=1&token=[redacted]&b=2"},
		"upper case":           {redactQuery, "API_KEY=x", "API_KEY=[redacted]"},
		"percent-encoded name": {redactQuery, "%74oken=x&to%6ben=y", "%74oken=[redacted]&to%6ben=[redacted]"},
		"semicolon":            {redactQuery, "a=1;token=x;b", "a=1;token=[redacted];b"},
		"e-mail":               {redactQuery, "u=a@example.org&v=a%40example.org", "u=[redacted]&v=[redacted]"},
		"web token":            {redactQuery, "x=" + jwt, "x=[redacted]"},
		"bare web token":       {redactQuery, jwt + "&", "[redacted]&"},
		"AWS key":              {redactQuery, "x=AKIAIOSFODNN7EXAMPLE", "x=[redacted]"},
		"ordinary query":       {redactQuery, "q=a+b&page=2&&=&empty=&token=", "q=a+b&page=2&&=&empty=&token="},
		"path":                 {redactPath, "/m/a@example.org/x/" + jwt, "/m/[redacted]/x/[redacted]"},
		"ordinary path":        {redactPath, "/@user/100%/x", "/@user/100%/x"},
		"referer":              {redactReferer, "https://me:pw@example.org/a?token=x", "https://example.org/a?token=[redacted]"},
		"ordinary referer":     {redactReferer, "https://example.org/a?b=c", "https://example.org/a?b=c"},
		"text":                 {redactText, `"GET /a?token=x&b=1 HTTP/1.1" pass='y' {k: 1}`, `"GET /a?token=[redacted]&b=1 HTTP/1.1" pass='y' {k: 1}`},
		"bearer":               {redactText, "Authorization: Bearer abcdefghijkl", "Authorization: Bearer [redacted]"},
		"basic":                {redactText, `"basic dXNlcjpwYXNz" x`, `"basic [redacted]" x`},
		"web token in text":    {redactText, "got " + jwt + ", left", "got [redacted], left"},
		"ordinary text": {
			redactText, `192.0.2.1 - - [09/Mar/2026:22:17:00 +0000] "GET /a?b=c HTTP/1.1" 499 0 "-" "curl/8" basic idea = x`,
			`192.0.2.1 - - [09/Mar/2026:22:17:00 +0000] "GET /a?b=c HTTP/1.1" 499 0 "-" "curl/8" basic idea = x`,
		},
	} {
		if got := c.f(c.in); got != c.want {
			t.Errorf("%s: %q becomes %q, want %q", name, c.in, got, c.want)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("a=1&token=x;k=[redacted]")
	f.Add("Bearer abcdefghijkl key=[redacted key==" + jwt)
	f.Fuzz(func(t *testing.T, s string) {
		for _, redact := range []func(string) string{redactQuery, redactPath, redactReferer, redactText} {
			once := redact(s)
			if len(once) > 4*len(s)+len(removed) {
				t.Errorf("%q grows to %q", s, once)
			}
			if len(s) < 200 && strings.Count(s, removed) == 0 && redact(once) != once {
				t.Errorf("%q becomes %q and then %q", s, once, redact(once))
			}
		}
	})
}

func TestAgentClasses(t *testing.T) {
	t.Parallel()
	for ua, want := range map[string]string{
		"": "(none) none", "-": "(none) none", "curl/8.5.0": "curl library", "okhttp/4.12.0": "okhttp library", "python-requests/2.32": "python-requests library",
		"Go-http-client/1.1": "Go-http-client library", "kube-probe/1.30": "kube-probe library",
		"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0":                                      "Firefox browser",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36": "Chrome browser",
		"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)":                                    "Googlebot bot",
		" ": "(other) library", "/": "(other) library", strings.Repeat("x", 5000): strings.Repeat("x", 40) + " library",
	} {
		if got := agentOf(ua); got.Family+" "+got.Class != want {
			t.Errorf("%.60q is %v, want %s", ua, got, want)
		}
	}
	a := families{}
	for i := range 2 * maxFamilies {
		a.admit(agentOf("tool" + strings.Repeat("a", i%20) + strings.Repeat("b", i/20) + "/1"))
	}
	if got := a.admit(agentOf("another/1")); got.Family != "(other)" || len(a) > maxFamilies {
		t.Errorf("after %d families, another is %v", len(a), got)
	}
}

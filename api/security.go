package api

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

// policy lets the page run its own scripts and ask its own server, and nothing else: text from a log that became
// markup by a mistake of ours would still do nothing.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'"

// headers sets what every answer carries. Answers are kept by nobody unless a handler says otherwise.
func headers(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set(echo.HeaderContentSecurityPolicy, policy)
		h.Set(echo.HeaderXContentTypeOptions, "nosniff")
		h.Set(echo.HeaderReferrerPolicy, "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set(echo.HeaderCacheControl, "no-store")
		return next(c)
	}
}

// allowHosts refuses requests for names that are not this service's, so that a page of another site cannot read it by
// letting its own name point here (DNS rebinding). Addresses are no names. /healthz says nothing.
func allowHosts(hosts []string) echo.MiddlewareFunc {
	allowed := []string{"localhost"}
	for _, h := range hosts {
		allowed = append(allowed, hostName(h))
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			name := hostName(c.Request().Host)
			_, err := netip.ParseAddr(name) // a foreign page cannot be at an address of ours: rebinding takes a name
			if err == nil || slices.Contains(allowed, name) || slices.Contains(hosts, "*") || c.Path() == "/healthz" {
				return next(c)
			}
			return echo.NewHTTPError(http.StatusMisdirectedRequest,
				"This service is not asked under the name "+quote(name)+". Add that name to hosts in its configuration.")
		}
	}
}

// hostName returns the host of "host:port" in lower case, without brackets and without the dot at its end.
func hostName(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
}

package check

import (
	"html"
	"net"
	"net/url"
	"regexp"
	"strings"

	"oauth-test-client/internal/wire"
)

// blockingPolicy returns the form-action of a page that excludes the redirect URI's origin, or "". All browsers except
// Firefox also apply it to a form's redirects (Content Security Policy Level 3 section 6.4.2.1), so the user presses Allow
// there, and nothing happens.
func (o *Observer) blockingPolicy(page *wire.Exchange) string {
	if page == nil {
		return ""
	}
	from, errFrom := url.Parse(page.URL)
	to, errTo := url.Parse(o.cfg.RedirectURI())
	if errFrom != nil || errTo != nil {
		return ""
	}
	for _, policy := range policiesOf(page) {
		if sources, has := formAction(policy); has && !allows(sources, from, to) {
			return o.sanitized(strings.TrimSpace("form-action "+strings.Join(sources, " ")), 200)
		}
	}
	return ""
}

var (
	comment  = regexp.MustCompile(`(?s)<!--.*?-->`)
	metaTag  = regexp.MustCompile(`(?is)<meta\s[^>]*http-equiv\s*=\s*["']?content-security-policy["'\s][^>]*>`)
	contentA = regexp.MustCompile(`(?is)\scontent\s*=\s*(?:"([^"]*)"|'([^']*)')`)
)

// policiesOf lists the policies of a page. Each of them must allow an action. A header may have several, separated by
// commas; a meta element has one.
func policiesOf(page *wire.Exchange) []string {
	var policies []string
	for _, header := range page.ResponseHeader.Values("Content-Security-Policy") {
		policies = append(policies, strings.Split(header, ",")...)
	}
	for _, tag := range metaTag.FindAllString(comment.ReplaceAllString(page.ResponseBody, ""), -1) {
		if m := contentA.FindStringSubmatch(tag); m != nil {
			policies = append(policies, html.UnescapeString(m[1]+m[2]))
		}
	}
	return policies
}

// formAction returns the sources of a policy's first form-action. Without one every form is allowed:
// default-src does not stand in for it.
func formAction(policy string) (sources []string, has bool) {
	for directive := range strings.SplitSeq(policy, ";") {
		words := strings.Fields(directive)
		if len(words) > 0 && strings.EqualFold(words[0], "form-action") {
			return words[1:], true
		}
	}
	return nil, false
}

// allows reports whether one of the sources matches an address, on a page (CSP section 6.7.2).
func allows(sources []string, page, to *url.URL) bool {
	for _, source := range sources {
		if sourceAllows(source, page, to) {
			return true
		}
	}
	return false
}

// hostSource matches the scheme, host and port of a source; its path is ignored after a redirect.
var hostSource = regexp.MustCompile(`^(?:([a-zA-Z][a-zA-Z0-9+.-]*)://)?(\*|(?:\*\.)?[a-zA-Z0-9._-]+|\[[0-9a-fA-F:.]+\])(?::(\*|[0-9]+))?(?:/.*)?$`)

func sourceAllows(source string, page, to *url.URL) bool {
	switch {
	case source == "*":
		return to.Scheme == "http" || to.Scheme == "https" || to.Scheme == page.Scheme
	case strings.EqualFold(source, "'self'"):
		return strings.EqualFold(page.Hostname(), to.Hostname()) && upgraded(page.Scheme, to.Scheme) &&
			(portOf(page) == portOf(to) || defaultPort(page) && defaultPort(to))
	case strings.HasSuffix(source, ":") && !strings.Contains(source, "/"):
		return upgraded(strings.ToLower(strings.TrimSuffix(source, ":")), to.Scheme)
	}
	m := hostSource.FindStringSubmatch(source)
	if m == nil {
		return false // 'none', a nonce, a hash
	}
	scheme, host, port := strings.ToLower(m[1]), strings.ToLower(m[2]), m[3]
	if scheme == "" {
		scheme = page.Scheme
	}
	return upgraded(scheme, to.Scheme) && hostMatches(host, strings.ToLower(to.Hostname())) && portMatches(port, to)
}

// upgraded reports whether a scheme is the wanted one or its secure form.
func upgraded(wanted, scheme string) bool {
	return wanted == scheme || wanted == "http" && scheme == "https"
}

func hostMatches(pattern, host string) bool {
	if pattern == "*" {
		return true
	}
	if suffix, ok := strings.CutPrefix(pattern, "*."); ok {
		return strings.HasSuffix(host, "."+suffix)
	}
	return strings.Trim(pattern, "[]") == host
}

func portMatches(port string, to *url.URL) bool {
	switch port {
	case "*":
		return true
	case "":
		return defaultPort(to)
	case "80":
		return portOf(to) == "80" || to.Scheme == "https" && defaultPort(to)
	}
	return port == portOf(to)
}

func portOf(u *url.URL) string {
	if _, port, err := net.SplitHostPort(u.Host); err == nil {
		return port
	}
	return map[string]string{"http": "80", "https": "443"}[u.Scheme]
}

func defaultPort(u *url.URL) bool {
	return portOf(u) == map[string]string{"http": "80", "https": "443"}[u.Scheme]
}

package testserver

import (
	"html"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"oauth-test-client/internal/config"
)

// Entrances are the two ways in which an authorization response reaches the app, each as an environment with
// everything in env: the browser brings it, or a person pastes the address at which the browser stopped.
func Entrances(env map[string]string) map[string]map[string]string {
	pasted := map[string]string{"REDIRECT_URI": "https://app.example.com/callback"}
	maps.Copy(pasted, env)
	return map[string]map[string]string{"": env, ", pasted": pasted}
}

// stopsAt reports an address at which nobody answers: the redirect URI that does not lead to the app.
func (b *Browser) stopsAt(address string) bool {
	return b.App.Cfg.IsPasted() && strings.HasPrefix(address, b.App.Cfg.RedirectURI())
}

// Bring is the request that brings an authorization response to the app, at which the browser arrives or not.
func (b *Browser) Bring(address string) *http.Request {
	b.T.Helper()
	method, body := http.MethodGet, ""
	pasted := b.stopsAt(address)
	if pasted {
		method, body, address = http.MethodPost, url.Values{"address": {address}}.Encode(), config.CallbackPath
	}
	req, err := http.NewRequest(method, b.abs(address), strings.NewReader(body))
	if err != nil {
		b.T.Fatal(err)
	}
	if pasted {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	return req
}

// arrive brings a response to the app, and goes where the answer sends a browser.
func (b *Browser) arrive(address, accept string) Reply {
	b.T.Helper()
	req := b.Bring(address)
	req.Header.Set("Accept", accept)
	r := b.Do(req)
	if r.StatusCode == http.StatusSeeOther {
		return b.Get(b.Location(r))
	}
	return r
}

// opensTab is the link to the server on a page that has the form for the way back.
var opensTab = regexp.MustCompile(`<a class="button" href="([^"]*)" target="_blank" rel="noopener"`)

// Leaves returns where an answer sends the browser for the login: by a redirect, or by the link of the page that
// stays open for the way back.
func (b *Browser) Leaves(r Reply) string {
	b.T.Helper()
	if link := opensTab.FindStringSubmatch(r.Body); r.StatusCode == http.StatusOK && b.App.Cfg.IsPasted() && link != nil {
		r.Header.Set("Location", html.UnescapeString(link[1]))
		r.StatusCode = http.StatusFound
	}
	return b.Location(r)
}

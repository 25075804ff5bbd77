package main

import (
	"net/http"
	"net/url"

	"oauth-test-client/internal/flow"
	"oauth-test-client/internal/oauth"
)

// confirmPage is the data of confirm.html: the parameters that a link sets for a login. As JSON it is for programs.
type confirmPage struct {
	layout
	Parameters url.Values `json:"parameters"`
	Login      string     `json:"login_uri"` // the same login, confirmed

	Params []flow.Parameter `json:"-"`
}

// confirmLink shows the parameters of a login before anything is sent, if a different site may have written them: a link
// could choose the account, the organization or the API that the user signs in for. The pages of this app, the address bar
// and programs need no confirmation. A browser that doesn't say where it comes from (plain http beyond this machine) may be
// following any link.
func (s *server) confirmLink(next func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if r.URL.RawQuery == "" {
			return next(w, r)
		}
		query, err := parseQueryOnce(r.URL.RawQuery)
		if err != nil {
			return err
		}
		given, err := oauth.GivenParameters(query)
		if err != nil {
			return err
		}
		asked := given.Encode()
		if asked == "" || isOwnLink(r) || s.sessions.WasShown(r, asked, query.Get("shown")) {
			return next(w, r)
		}
		confirmed, _ := url.ParseQuery(asked)
		data := confirmPage{layout: s.page(r, "Sign in with these parameters?"), Parameters: confirmed, Params: flow.Parameters(confirmed, s.secrets())}
		confirmed = url.Values{"shown": {s.sessions.Show(w, asked)}}
		for _, name := range []string{"step", "step_up", "run"} {
			if value := query.Get(name); value != "" {
				confirmed.Set(name, value)
			}
		}
		data.Login = "/login?" + asked + "&" + confirmed.Encode()
		return s.respond(w, r, http.StatusOK, "confirm.html", data)
	}
}

// isOwnLink reports whether a request for /login was not written by another site: it says that it comes from our page
// or the address bar, or it says nothing and isn't a browser's navigation.
func isOwnLink(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return true
	case "":
		return !wantsHTML(r)
	}
	return false
}

package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Present mode shows every page in large type, for a room, and the steps of a login and its flow one at a time. A cookie of
// ours stores it until the browser is closed.

// handlePresent turns Present mode on or off, and leads back to the page.
func (s *server) handlePresent(w http.ResponseWriter, r *http.Request) error {
	cookie := &http.Cookie{Name: presentCookie, Value: "on", Path: "/", HttpOnly: true, Secure: strings.HasPrefix(s.cfg.BaseURL, "https://"), SameSite: http.SameSiteLaxMode}
	if r.PostFormValue("present") == "off" {
		cookie.Value, cookie.MaxAge = "", -1
	}
	http.SetCookie(w, cookie)
	http.Redirect(w, r, stageAddress(r.PostFormValue("at")), http.StatusSeeOther)
	return nil
}

// stageAddress returns the address of a page that can be presented. It rebuilds the address from the value in a form.
func stageAddress(at string) string {
	path, query, _ := strings.Cut(at, "?")
	values, err := url.ParseQuery(query)
	if err != nil || !slices.Contains([]string{"/step", "/flow"}, path) {
		return "/"
	}
	values.Del("do") // not a page, but an action
	return path + "?" + values.Encode()
}

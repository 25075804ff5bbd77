package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Present mode shows every page to a room, large, and the steps of a login and its flow one step at a time. A cookie of
// ours keeps it for as long as the browser runs.

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

// stageAddress returns the address of a page that can be presented, made anew from what a form says.
func stageAddress(at string) string {
	path, query, _ := strings.Cut(at, "?")
	values, err := url.ParseQuery(query)
	if err != nil || !slices.Contains([]string{"/step", "/flow"}, path) {
		return "/"
	}
	values.Del("do") // no page, but a step that is taken
	return path + "?" + values.Encode()
}

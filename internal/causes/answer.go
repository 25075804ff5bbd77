package causes

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
)

// Answer is what a server said to one request, as far as a cause can be read from it. The checks, the attacks and the page of
// a failed login read the same members of it.
type Answer struct {
	Step    wire.Purpose
	Method  string       // how the client authenticated; empty where it did not
	Status  int          // 0 when no answer came
	Refusal wire.Refusal // what the body says, whatever its form
	To      string       // where a redirect leads, as an absolute URL without its query
	Refused bool         // by the status, or by an error inside a 200
	text    string       // what the server says, in lower case and without what we sent
}

// Read reads the answer to a request. The values that we sent are no words of the server's, although it may repeat them.
func Read(step wire.Purpose, method string, e *wire.Exchange, sent ...string) Answer {
	a := Answer{Step: step, Method: method, Status: e.Status, Refusal: e.Refusal(), Refused: !e.Succeeded()}
	if location := e.ResponseHeader.Get("Location"); e.Status/100 == 3 && location != "" {
		if base, err := url.Parse(e.URL); err == nil {
			if to, err := base.Parse(location); err == nil {
				a.To = wire.WithoutQuery(to.String())
			}
		}
	}
	return a.Without(sent...)
}

// Without returns the answer with the values that we sent taken out of the words that a cause is read from.
func (a Answer) Without(sent ...string) Answer {
	r := a.Refusal
	words := cmp.Or(r.Words, wire.Clip(r.Text, 2000))
	text := strings.Join(append([]string{r.Code, words, r.Hint, r.Field}, r.Details...), " ")
	for _, value := range sent {
		for _, form := range []string{value, url.QueryEscape(value), url.PathEscape(value)} {
			if len(form) >= 8 { // shorter ones are words
				text = strings.ReplaceAll(text, form, "#")
			}
		}
	}
	a.text = strings.ToLower(strings.NewReplacer("’", "'", "‘", "'", "“", `"`, "”", `"`).Replace(text))
	return a
}

// SentBy lists the values of a client that a server may repeat in its words.
func SentBy(cfg config.Effective) []string {
	return []string{cfg.RedirectURI(), cfg.ClientSecret, cfg.ClientID, cfg.ResourceURL}
}

// Says reports whether one of the texts is in the server's words. They are written in lower case.
func (a Answer) Says(texts ...string) bool {
	for _, text := range texts {
		if strings.Contains(a.text, text) {
			return true
		}
	}
	return false
}

// IsPage reports a page for people where a program should have been answered.
func (a Answer) IsPage() bool { return a.Refusal.Format == wire.FormatPage }

// EndsEveryLogin reports a status or a page that no token request survives, whatever is in it: there is no token endpoint at
// this address, or something in front of it answers.
func (a Answer) EndsEveryLogin() bool {
	switch a.Status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone, http.StatusNotAcceptable, http.StatusUnsupportedMediaType, http.StatusNotImplemented:
		return true
	}
	return a.Status/100 == 3 || a.Status >= 500 || a.IsPage() && a.Status != http.StatusUnauthorized && a.Status != http.StatusTooManyRequests
}

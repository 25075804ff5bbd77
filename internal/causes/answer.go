package causes

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
)

// Answer holds what a server said to one request, for finding the cause. The checks, the attacks and the page of a failed
// login all read it.
type Answer struct {
	Step    wire.Purpose
	Method  string       // how the client authenticated; empty where it did not
	Status  int          // 0 when no answer came
	Refusal wire.Refusal // what the body says, whatever its form
	To      string       // where a redirect leads, as an absolute URL without its query
	Refused bool         // by the status, or by an error inside a 200
	text    string       // what the server says, in lower case and without what we sent
}

// Read reads the answer to a request. The values that we sent don't count as the server's words, although it may repeat
// them.
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

// Without returns the answer with the sent values removed from the words that a cause is read from.
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

// SentBy lists the values of a client that a server may repeat.
func SentBy(cfg config.Effective) []string {
	return []string{cfg.RedirectURI(), cfg.ClientSecret, cfg.ClientID, cfg.ResourceURL}
}

// Says reports whether one of the texts is in the server's words. The texts are in lower case.
func (a Answer) Says(texts ...string) bool {
	for _, text := range texts {
		if strings.Contains(a.text, text) {
			return true
		}
	}
	return false
}

// IsPage reports whether an answer is a page for people in place of one for programs.
func (a Answer) IsPage() bool { return a.Refusal.Format == wire.FormatPage }

// EndsEveryLogin reports whether a status or a page makes every token request fail, whatever is in it: there is no
// token endpoint at this address, or something in front of it answers.
func (a Answer) EndsEveryLogin() bool {
	switch a.Status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone, http.StatusNotAcceptable, http.StatusUnsupportedMediaType, http.StatusNotImplemented:
		return true
	}
	return a.Status/100 == 3 || a.Status >= 500 || a.IsPage() && a.Status != http.StatusUnauthorized && a.Status != http.StatusTooManyRequests
}

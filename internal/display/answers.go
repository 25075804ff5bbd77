package display

import (
	"cmp"
	"encoding/json"
	"net/http"
	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/flow"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// Answer is a server's answer as it was sent, with what it means.
type Answer struct {
	flow.Answer
	Kind string            `json:"-"` // which token it is about, when there are several; else empty
	Why  *causes.APIAnswer `json:"why,omitempty"`
	Next *Next             `json:"next,omitempty"` // the login that may open the API

	CanCall bool     `json:"-"`               // a tool of the API can be called
	Tools   []string `json:"tools,omitempty"` // those that it lists
}

// About is the heading of the answer: what was sent.
func (a Answer) About() string {
	switch a.Kind {
	case "access_token":
		return "With the access token"
	case "refresh_token":
		return "With the refresh token"
	case string(causes.NoTokenAtAll):
		return "Without a token"
	case string(causes.AlteredToken):
		return "With one character of the access token changed"
	case string(causes.TheIDToken):
		return "With the ID token instead"
	}
	return "The server’s answer"
}

// bad reports whether the answer is not what it should be. To a wrong token a refusal is right.
func (a Answer) bad() bool {
	if a.Why != nil {
		return a.Why.Result != causes.OK
	}
	return a.Refused
}

// Mood is the colour of the status: none where the reason beside it has one, as a wrong token is right to get a 401.
func (a Answer) Mood() string {
	switch {
	case a.Kind != "" && a.Why != nil:
		return ""
	case a.bad():
		return "bad"
	}
	return "good"
}

// Answers are what a server was asked for one page.
type Answers []Answer

// Good reports whether every answer is what it should be.
func (list Answers) Good() bool {
	for _, a := range list {
		if a.bad() {
			return false
		}
	}
	return true
}

// Verdict is the heading of a page of answers and the sentence below it: good when every answer is what it
// should be, else what is wrong, or bad where no cause is known. What was found is that sentence where there is
// one answer only; of several each has its own.
func (list Answers) Verdict(good, bad string) (heading, lead string) {
	if list.Good() {
		return good, ""
	}
	if len(list) == 1 && list[0].Why != nil {
		lead = Sentence(list[0].Why.Found)
	}
	for _, a := range list {
		if a.bad() && a.Why != nil && a.Why.Name != "" {
			return a.Why.Name.Title(), cmp.Or(lead, bad+".")
		}
		if a.bad() && a.Why != nil && a.Why.Result == causes.Warn {
			if a.Status < http.StatusBadRequest {
				return "The answer is an error", lead // in the body of a 200
			}
			return "The API does not understand the call", lead
		}
	}
	return bad, lead
}

// MarshalJSON writes one answer as it is, and several by their kind.
func (list Answers) MarshalJSON() ([]byte, error) {
	if len(list) == 1 && list[0].Kind == "" {
		return json.Marshal(list[0])
	}
	byKind := map[string]Answer{}
	for _, a := range list {
		byKind[a.Kind] = a
	}
	return json.Marshal(byKind)
}

// RevocationNote says what an answer of the revocation endpoint means (RFC 7009 section 2.2).
func RevocationNote(e *wire.Exchange) string {
	code, _ := e.Refusal()
	switch {
	case e.Succeeded(): // some answer 204
		return "The server accepted it: this app no longer holds the token."
	case e.Status == http.StatusUnauthorized, code == "invalid_client", code == "unauthorized_client":
		return "The server refused this app's own credentials, so the token was not revoked. Check CLIENT_ID, CLIENT_SECRET and TOKEN_ENDPOINT_AUTH_METHOD."
	case code == "unsupported_token_type":
		return "The server does not revoke this kind of token; it stays valid until it expires. That is a limit of the server, not a fault of the setup."
	}
	return "The server did not revoke the token, which stays valid until it expires. Its answer says why."
}

// FlowChecks are the checks of an ID token as a flow shows them.
func FlowChecks(verdicts []oauth.Verdict) []flow.Check {
	var list []flow.Check
	for _, v := range verdicts {
		list = append(list, flow.Check{Name: v.Check, Expected: wire.Clip(v.Expected, 300), Found: wire.Clip(v.Found, 300), Section: v.Section, OK: v.OK})
	}
	return list
}

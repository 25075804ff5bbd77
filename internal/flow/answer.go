package flow

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"oauth-test-client/internal/wire"
)

// Answer is one answer of a server as it was sent, as far as it matters to whoever tests a token. As
// JSON it is for programs: the server's status in a field, its body as it is.
type Answer struct {
	Request    string            `json:"request"`
	Status     int               `json:"status"`
	Headers    map[string]string `json:"headers"`
	Challenges []wire.Challenge  `json:"www_authenticate,omitempty"`
	Body       any               `json:"body"`
	Claims     json.RawMessage   `json:"claims,omitempty"` // of a signed userinfo answer, decoded
	Note       string            `json:"note,omitempty"`   // ours
	Changes    []Change          `json:"changes,omitempty"`

	Refused    bool   `json:"-"` // by the status, or by an error in the body
	StatusText string `json:"-"`
	Shown      string `json:"-"` // the body for a page: JSON indented
	Took       string `json:"-"`
}

// Change is one token, or fact about it, before and after a refresh.
type Change struct {
	Name     string `json:"name"`
	Old, New string `json:"-"`
	Changed  bool   `json:"changed"`
}

// shownHeaders are the ones that matter to whoever tests a token.
var shownHeaders = []string{"Content-Type", "WWW-Authenticate", "Cache-Control", "Retry-After"}

// NewAnswer prepares an exchange to be shown. What hide takes out of a text is not in it.
func NewAnswer(e *wire.Exchange, hide func(string) string) Answer {
	raw := hide(e.ResponseBody)
	a := Answer{Request: e.Method + " " + e.URL, Status: e.Status, StatusText: http.StatusText(e.Status), Headers: map[string]string{},
		Refused: e.Status >= http.StatusBadRequest || e.ErrorInside(), Body: json.RawMessage(raw), Shown: clipBody(wire.Pretty(raw)), Took: Duration(e.Took)}
	if !json.Valid([]byte(raw)) {
		a.Body = strings.ToValidUTF8(raw, "\uFFFD")
	}
	if claims := hide(signedClaims(e, raw)); json.Valid([]byte(claims)) { // the secret is another text in base64
		a.Claims, a.Shown = json.RawMessage(claims), clipBody(wire.Pretty(claims))
		a.Note = "The answer is a signed JWT. Its signature has been verified; these are its claims."
	}
	for _, name := range shownHeaders {
		for _, value := range e.ResponseHeader.Values(name) {
			a.Headers[name] = wire.Clip(hide(value), 1000)
		}
	}
	for _, value := range e.ResponseHeader.Values("WWW-Authenticate") {
		a.Challenges = append(a.Challenges, wire.ParseChallenges(hide(value))...)
	}
	return a
}

// signedClaims are the claims of a userinfo answer that is a JWT (OpenID Connect Core section 5.3.2), or
// "". It was verified before it got here.
func signedClaims(e *wire.Exchange, raw string) string {
	parts := strings.Split(raw, ".")
	if e.Purpose != wire.Userinfo || e.Status != http.StatusOK || e.MediaType() != "application/jwt" || len(parts) != 3 {
		return ""
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || !json.Valid(claims) {
		return ""
	}
	return string(claims)
}

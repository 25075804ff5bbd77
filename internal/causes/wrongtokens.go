package causes

import (
	"net/http"
	"slices"

	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// WrongToken is a token that an API must not open to.
type WrongToken string

const (
	NoTokenAtAll WrongToken = "no_token"
	AlteredToken WrongToken = "altered_token"
	TheIDToken   WrongToken = "id_token"
)

// WrongTokens are all of them, in the order in which they are tried.
var WrongTokens = []WrongToken{NoTokenAtAll, AlteredToken, TheIDToken}

// Of is the wrong token that is made of the tokens held. There may be no ID token: then it is empty.
func (w WrongToken) Of(held oauth.Tokens) string {
	switch w {
	case AlteredToken:
		return oauth.Altered(held.Access)
	case TheIDToken:
		return held.ID
	}
	return ""
}

// Purpose is what a call with it is recorded as.
func (w WrongToken) Purpose() wire.Purpose {
	switch w {
	case AlteredToken:
		return wire.APIAltered
	case TheIDToken:
		return wire.APIWithIDToken
	}
	return wire.APIWithout
}

// JudgeWrongToken says what an API's answer to a wrong token means. Only a refusal that is the API's own
// clears it: what stands in front of an API answers as well, and so does an address where there is none. An error in
// the body is one where the access token opened the API.
func JudgeWrongToken(which WrongToken, e *wire.Exchange, opened bool) Finding {
	challenges, _ := SaidByAPI(e)
	switch {
	case slices.Contains(refusals, e.Status) && (!IsPage(e) || len(challenges) > 0):
		return Proved("refused (%d)", e.Status)
	case e.Status/100 != 2 || IsPage(e):
		f := Warning("not decided: something answers before the API does, or there is no API (%d)", e.Status)
		f.Setting, f.Fix = "RESOURCE_URL", "set RESOURCE_URL to the API itself, and try again"
		return f
	case e.ErrorInside() && opened:
		return Proved("refused, by an error in the body (%d); 401 belongs there (RFC 6750 section 3.1)", e.Status)
	case e.ErrorInside():
		f := Warning("not decided: the API answers %d with an error of its own, which may be a refusal", e.Status)
		f.Setting, f.Fix = "RESOURCE_URL", "compare its words with those for the access token; an API should refuse with 401 (RFC 6750 section 3.1)"
		return f
	}
	f := Finding{Result: Fail, Setting: "RESOURCE_URL", Fix: "the API must check every access token: see docs/verify.md"}
	switch which {
	case NoTokenAtAll:
		f.Name, f.Found = APIOpen, "the API opens without a token"
	case AlteredToken:
		f.Name, f.Found = APIIgnoresSignature, "the API opens to a token that nobody issued: it does not check the signature"
	case TheIDToken:
		f.Name, f.Found = APIAcceptsIDToken, "the API opens to the ID token, which is for the client alone"
	}
	return f
}

// refusals are the statuses with which an API refuses a token (RFC 6750 section 3.1).
var refusals = []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden}

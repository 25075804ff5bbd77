package display

import (
	"regexp"
	"time"

	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/session"
	"oauth-test-client/internal/wire"
)

// Piece is a part of a JSON document: a token, which is shortened by sight only, or what is between two.
type Piece struct {
	Text  string
	Token bool
}

// longValue is what a reader does not read: a token, a key, a hash.
var longValue = regexp.MustCompile(`[A-Za-z0-9._~+/=-]{60,}`)

// pieces takes a document apart. Put together, its pieces are the document.
func pieces(document string) []Piece {
	var list []Piece
	at := 0
	for _, found := range longValue.FindAllStringIndex(document, -1) {
		list = append(list, Piece{Text: document[at:found[0]]}, Piece{Text: document[found[0]:found[1]], Token: true})
		at = found[1]
	}
	return append(list, Piece{Text: document[at:]})
}

// Token is a token as a page shows it: decoded where it can be, and whole, to be copied.
type Token struct {
	ID, Title, Note string
	Raw             string
	Claims, Header  []Claim
}

// Claim is a member of a token, with what a reader wants to know of it.
type Claim struct {
	Name, Value string
	Time        *time.Time // of a claim that is a time
	Words       string     // that time in words
	Coming      bool       // it is still to come
	Checked     bool       // it was verified
	About       string
}

// tokens shows the tokens, the ID token first: it says who signed in.
func tokens(l *session.Login, tokens oauth.Tokens, now time.Time) []Token {
	var views []Token
	if tokens.ID != "" {
		v := newToken("id-token", "ID token: who signed in", tokens.ID, now)
		if l.IDToken != nil && l.IDToken.Raw == tokens.ID {
			markChecked(v, l.IDToken.Verdicts)
		}
		views = append(views, v)
	}
	if tokens.Access != "" {
		v := newToken("access-token", "Access token: opens the API", tokens.Access, now)
		v.Note = "It is opaque: only the server knows what it means. That is fine."
		if d := oauth.Decode(tokens.Access); !d.Opaque {
			v.Note = "A JWT" + map[bool]string{true: " as in RFC 9068"}[d.Profile] + ". The API has to verify it; this app only reads it."
		}
		views = append(views, v)
	}
	if tokens.Refresh != "" {
		views = append(views, Token{ID: "refresh-token", Title: "Refresh token: brings a new access token", Raw: tokens.Refresh})
	}
	return views
}

func newToken(id, title, raw string, now time.Time) Token {
	d := oauth.Decode(raw)
	return Token{ID: id, Title: title, Raw: raw, Claims: claims(d.Claims, now), Header: claims(d.Header, now)}
}

func claims(members []oauth.Claim, now time.Time) []Claim {
	var list []Claim
	for _, c := range members {
		v := Claim{Name: c.Name, Value: c.Value, About: claimWords[c.Name]}
		if !c.Time.IsZero() {
			v.Time, v.Words, v.Coming = &c.Time, relative(c.Time, now), c.Time.After(now)
		}
		list = append(list, v)
	}
	return list
}

// markChecked marks what was verified. The signature is checked with the algorithm of the header.
func markChecked(v Token, verdicts []oauth.Verdict) {
	for _, verdict := range verdicts {
		for i := range v.Claims {
			v.Claims[i].Checked = v.Claims[i].Checked || v.Claims[i].Name == verdict.Check && verdict.OK
		}
		for i := range v.Header {
			v.Header[i].Checked = v.Header[i].Checked || v.Header[i].Name == "alg" && verdict.Check == "signature" && verdict.OK
		}
	}
}

// claimWords say what a claim means, where its name does not.
var claimWords = map[string]string{
	"sub": "the user’s identifier", "iss": "who issued it", "aud": "who it is for", "azp": "the client that asked", "nonce": "ties it to this login",
	"at_hash": "ties it to the access token", "sid": "the session at the server", "jti": "its own number", "amr": "how the user signed in",
	"acr": "how strongly", "scope": "what it allows", "client_id": "the client that asked", "alg": "how it is signed", "kid": "the server’s key",
	"auth_time": "the user signed in", "exp": "it expires", "iat": "it was issued", "nbf": "it is valid from",
}

// claimOf is a claim of a JWT, or "" when it has none.
func claimOf(raw, name string) string {
	for _, c := range oauth.Decode(raw).Claims {
		if c.Name == name {
			return wire.Clip(c.Value, 100)
		}
	}
	return ""
}

package flow

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"

	"oauth-test-client/internal/wire"
)

// Mark stands beside a value that comes back later in the login. The same value has the same mark
// wherever it is shown, so that it can be followed with the eye.
type Mark string

// The values that can be followed. The code challenge and the verifier that it is the hash of share one.
const (
	StateMark Mark = "state"
	PKCEMark  Mark = "pkce"
	NonceMark Mark = "nonce"
	CodeMark  Mark = "code"
	TokenMark Mark = "token"
)

// Sign is the mark as a character: colour alone would not do for everybody, nor in plain text.
func (m Mark) Sign() string {
	switch m {
	case StateMark:
		return "●"
	case PKCEMark:
		return "◆"
	case NonceMark:
		return "▲"
	case CodeMark:
		return "■"
	case TokenMark:
		return "★"
	}
	return ""
}

// LegendLine says what a mark is for.
type LegendLine struct {
	Mark  Mark
	Words string
}

// legend explains the marks, in the order in which a login meets them.
var legend = []LegendLine{
	{StateMark, "state: out and back, proves that this browser began the login"},
	{PKCEMark, "challenge, then verifier: proves that this client began the login"},
	{NonceMark, "nonce: out, and back inside the ID token"},
	{CodeMark, "code: comes once, is spent once"},
	{TokenMark, "access token: opens the API"},
}

// marks are the values of a flow that recur.
type marks map[string]Mark

// paramMarks are the marks of parameters whose values are followed.
var paramMarks = map[string]Mark{"state": StateMark, "nonce": NonceMark, "code_challenge": PKCEMark, "code_verifier": PKCEMark, "code": CodeMark}

// findMarks collects the values to follow, where each is seen first: a state that comes back as another
// one has no mark. The verifier earns its own by fitting the challenge.
func findMarks(flow []*wire.Exchange) marks {
	m := marks{}
	for _, e := range flow {
		switch e.Purpose {
		case wire.AuthorizationRequest, wire.PushedRequest:
			for _, name := range []string{"state", "nonce", "code_challenge"} {
				m.note(param(e, name), paramMarks[name])
			}
		case wire.Response:
			m.note(param(e, "code"), CodeMark)
		case wire.TokenRequest, wire.Refresh:
			if verifier := param(e, "code_verifier"); m[challengeOf(verifier)] == PKCEMark {
				m.note(verifier, PKCEMark)
			}
			m.note(tokensOf(e).Access, TokenMark)
		}
	}
	return m
}

// A shorter value is not followed: it would be found in every other word.
const shortestMark = 6

func (m marks) note(value string, mark Mark) {
	if len(value) >= shortestMark {
		m[value] = mark
	}
}

// challengeOf is the code challenge of a verifier (RFC 7636 section 4.2).
func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// param is a parameter of a request, from the query of a GET or the form of a POST.
func param(e *wire.Exchange, name string) string {
	values, _ := url.ParseQuery(paramsOf(e)) // what can be read of it
	return values.Get(name)
}

// paramsOf is where the parameters of a request are.
func paramsOf(e *wire.Exchange) string {
	if e.RequestBody != "" {
		return formOf(e)
	}
	_, query, _ := strings.Cut(e.URL, "?")
	return query
}

// formOf is the body of a request when it is a form, and none of JSON.
func formOf(e *wire.Exchange) string {
	if strings.HasPrefix(e.RequestHeader.Get("Content-Type"), "application/json") {
		return ""
	}
	return e.RequestBody
}

// tokensIn are the tokens of a token response that are shown in the picture.
type tokensIn struct {
	Access string `json:"access_token"`
	ID     string `json:"id_token"`
}

func tokensOf(e *wire.Exchange) tokensIn {
	var t tokensIn
	if json.Unmarshal([]byte(e.ResponseBody), &t) != nil {
		return tokensIn{}
	}
	return t
}

// nonceIn is the nonce inside an ID token. Nothing is verified here: it is looked at to be shown.
func nonceIn(idToken string) string {
	parts := strings.Split(idToken, ".")
	if len(parts) != 3 {
		return ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Nonce string `json:"nonce"`
	}
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return ""
	}
	return claims.Nonce
}

// Run is a piece of a text, with the mark of the value that it is, if it is one.
type Run struct {
	Text string
	Mark Mark
}

// Text is a text in which the values that can be followed are marked.
type Text []Run

func (t Text) String() string {
	var out strings.Builder
	for _, run := range t {
		out.WriteString(run.Text)
	}
	return out.String()
}

// runs takes a text apart at the values that have marks. It has gone through hide already, so that
// tokens are looked for as they are shown.
func (m marks) runs(text string, hide *redactor) Text {
	shown := map[string]Mark{}
	for value, mark := range m {
		if v := hide.text(value); len(v) >= shortestMark {
			shown[v] = mark
		}
	}
	list := Text{{Text: text}}
	values := slices.SortedFunc(maps.Keys(shown), func(a, b string) int { // the longest first: one may be in another
		return cmp.Or(len(b)-len(a), strings.Compare(a, b))
	})
	for _, value := range values {
		var next Text
		for _, run := range list {
			if run.Mark != "" {
				next = append(next, run)
				continue
			}
			for i, part := range strings.Split(run.Text, value) {
				if i > 0 {
					next = append(next, Run{value, shown[value]})
				}
				next = append(next, Run{Text: part})
			}
		}
		list = next
	}
	return slices.DeleteFunc(list, func(r Run) bool { return r.Text == "" })
}

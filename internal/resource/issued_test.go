package resource

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"oauth-test-client/internal/oauth"
)

const theRegistration = "POST https://auth.example/register"

// told is everything that an error says.
func told(t *testing.T, err error) string {
	t.Helper()
	e, ok := errors.AsType[*oauth.Error](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	return fmt.Sprintf("%+v", *e)
}

// What manages a registration, and a secret that came with a public client, are hidden in what the server says
// later, by the client that was registered and by the one that found it again.
func TestRegistration_IssuedIsHidden(t *testing.T) {
	const secret, token, address = "a-secret-of-the-client-1", "a-registration-token-1", "https://auth.example/manage/1"
	words := "say " + secret + " and " + token + " and " + address
	for _, method := range []string{"client_secret_basic", "none"} {
		w := newWorld(t, nil)
		w.document(theRegistration, registrationAnswer(map[string]any{"registration_access_token": token, "registration_client_uri": address,
			"token_endpoint_auth_method": method}))
		w.at("POST https://auth.example/token", 400, `{"error":"`+token+`","error_description":"`+words+`","error_uri":"https://a.example/`+token+`"}`)
		for range 2 {
			c, err := w.begin(t)
			if err != nil {
				t.Fatal(err)
			}
			r, err := c.NewRequest(nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.AuthorizationURL(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			response := url.Values{"state": {r.State}, "error": {token}, "error_description": {words}, "error_uri": {"https://a.example/" + token}}
			_, refused := c.CheckResponse(t.Context(), r, response)
			_, notRedeemed := c.Exchange(t.Context(), r, "a-code")
			unsolicited := c.UnsolicitedError(response)
			for _, said := range []string{told(t, refused), told(t, notRedeemed), fmt.Sprintf("%+v", *unsolicited), c.Config().Redact(words)} {
				if strings.Contains(said, secret) || strings.Contains(said, token) || strings.Contains(said, address) ||
					!strings.Contains(said, "say [redacted]") {
					t.Errorf("%s: it says %s", method, said)
				}
			}
		}
		if n := w.Asked(theRegistration); n != 1 {
			t.Errorf("%d clients were registered", n)
		}
	}
}

// Of an answer that brings no client nothing is said that it names as a secret, whatever its status and its form are.
func TestRegistration_RefusedIsHidden(t *testing.T) {
	const secret, token = "a-secret-of-nobody", "a-token-of-nobody"
	client := `"client_id":"client-1","client_secret":"` + secret + `","registration_access_token":"` + token + `"`
	for _, row := range []struct {
		status int
		body   string
		header []string
		words  string // which are said all the same
	}{
		{400, `{"error":"invalid_client_metadata","error_description":"no ` + secret + ` with ` + token + `",` + client + `}`, nil,
			"no [redacted] with [redacted]"},
		{400, `{"error":"` + secret + `","error_description":"no",` + client + `}`, nil, "no"},
		{400, `{` + client + `}`, nil, "client-1"},
		{403, `{` + client, nil, "client-1"},
		{401, `{"error":{"message":"no ` + secret + `","client":{` + client + `}}}`, nil, "no [redacted]"},
		{400, `{"error":"invalid_request","error_description":"{\"client_secret\":\"` + secret + `\",\"access_token\":\"` + token + `\"}"}`, nil,
			"invalid_request"},
		{400, "error=invalid_request&error_description=no+" + secret + "&client_secret=" + secret,
			[]string{"Content-Type", "application/x-www-form-urlencoded"}, "no"},
		{422, "no client_secret=" + secret + " here, and " + secret, []string{"Content-Type", "text/plain"}, "no client_secret=[redacted] here"},
		{409, "<html><p>taken: {&quot;client_secret&quot;: &quot;" + secret + "&quot;}</p></html>", []string{"Content-Type", "text/html"}, "taken"},
		{500, `{` + client + `}`, nil, "client-1"},
		{307, `{` + client + `}`, []string{"Location", "https://evil.example/" + secret}, "307"},
		{201, `{"redirect_uris":["https://evil.example/` + secret + `"],` + client + `}`, nil, "https://evil.example/[redacted]"},
		{201, `{"token_endpoint_auth_method":"` + token + `",` + client + `}`, nil, "the token_endpoint_auth_method"},
		{201, `{"` + secret + `":1,"` + secret + `":2,` + client + `}`, nil, "twice"},
	} {
		w := newWorld(t, nil)
		header := row.header
		w.At(theRegistration, func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "application/json")
			for i := 0; i < len(header); i += 2 {
				rw.Header().Set(header[i], header[i+1])
			}
			rw.WriteHeader(row.status)
			rw.Write([]byte(row.body))
		})
		_, err := w.begin(t)
		if said := told(t, err); strings.Contains(said, secret) || strings.Contains(said, token) || !strings.Contains(said, row.words) {
			t.Errorf("of %d %s is said\n%s", row.status, row.body, said)
		}
	}
}

// What a server says of a registration is cut where it is taken in.
func TestRegistration_SaidIsBounded(t *testing.T) {
	long := strings.Repeat("x", 5000)
	w := newWorld(t, nil)
	w.at(theRegistration, 201, `{"`+long+`":1,"`+long+`":2}`)
	_, err := w.begin(t)
	if wantError(t, err, oauth.CodeNotRegistered, "names \"xxx"); len(told(t, err)) > 3000 {
		t.Errorf("an answer that cannot be used: %.3500v", err)
	}
	w.at(theRegistration, 400, `{"error":"`+long+`"}`)
	_, err = w.begin(t)
	if e, ok := errors.AsType[*oauth.Error](err); !ok || len(e.Code) > 100 {
		t.Errorf("a refused registration: %.200v", err)
	}
}

package oauth

import (
	"net/http"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
)

// A member whose name differs in case is another member: nothing is taken from it, and it spoils nothing.
func TestMembers_ExactNames(t *testing.T) {
	l := testserver.StartFakeServer(t)
	c := clientAt(t, l.Env())
	l.Response = func(response map[string]any) {
		response["Access_Token"], response["Refresh_Token"], response["ID_Token"] = "other", "other", "other"
		delete(response, "refresh_token")
	}
	l.Claims = func(claims map[string]any) {
		claims["Sub"], claims["NONCE"], claims["Name"] = "other", "other", "other"
	}
	response, id, err := signIn(t, c, l, nil)
	if err != nil {
		t.Fatal(err)
	}
	if response.Access != "fake-access-token" || response.Refresh != "" || id.Subject != "user-1" || id.Name != "Fake User" {
		t.Errorf("taken were %+v and %+v", response.Tokens, id)
	}

	l.Reset()
	l.Token = func(w http.ResponseWriter, r *http.Request) {
		testserver.SendJSON(w, map[string]any{"access_token": "a2", "token_type": "bearer", "Refresh_Token": "other", "Error": "other"})
	}
	request, err := c.NewRequest(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.AuthorizationURL(t.Context(), request); err != nil { // which ties it to the server
		t.Fatal(err)
	}
	_, refreshed, err := c.Refresh(t.Context(), Tokens{Refresh: "r1"}, request, nil)
	if err != nil || refreshed == nil || refreshed.Access != "a2" || refreshed.Refresh != "" {
		t.Errorf("the refresh brought %+v (%v)", refreshed, err)
	}
}

// What was tried is said without the client secret and without invisible characters, and not at any length.
func TestTried_SanitizedAndBounded(t *testing.T) {
	l := testserver.StartFakeServer(t)
	c := clientAt(t, l.Env())
	secret := strings.ReplaceAll(testserver.FakeClientSecret, "-", `\u002D`)
	malformed := func(w http.ResponseWriter, _ *http.Request) { // which net/http quotes
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		conn.Write([]byte("HTTP/1.1 " + testserver.FakeClientSecret + " OK\r\n\r\n"))
	}
	for name, spoil := range map[string]func(d map[string]any){
		"its status":   nil,
		"the issuer":   func(d map[string]any) { d["issuer"] = "https://" + testserver.FakeClientSecret + "\u202e\u3164" },
		"an endpoint":  func(d map[string]any) { d["token_endpoint"] = "http://" + testserver.FakeClientSecret + "\u202e\u2800" },
		"its spelling": func(d map[string]any) { d["token_endpoint"] = "http://" + secret + "\ufe0f" },
		"its length":   func(d map[string]any) { d["token_endpoint"] = "http://" + strings.Repeat("x", 100_000) },
	} {
		l.Lock()
		l.Document, l.Metadata = spoil, nil
		if spoil == nil {
			l.Metadata = malformed
		}
		l.Unlock()
		_, _, err := signIn(t, c, l, nil)
		failed, _ := err.(*Error)
		if failed == nil || len(failed.Tried) == 0 {
			t.Fatalf("%s: the error is %v", name, err)
		}
		for _, tried := range failed.Tried {
			for _, absent := range []string{testserver.FakeClientSecret, secret, "\u202e", "\u3164", "\u2800", "\ufe0f"} {
				if strings.Contains(tried.Answer, absent) {
					t.Errorf("%s: %q holds %q", name, tried.Answer, absent)
				}
			}
			if len(tried.Answer) > 2000 {
				t.Errorf("%s: an answer of %d bytes", name, len(tried.Answer))
			}
		}
	}
	wantHonest(t, l, c)
}

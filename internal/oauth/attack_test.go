package oauth

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// The tokens that an attack got are found in every form in which servers answer, and nowhere but in a success.
func TestTokensIn(t *testing.T) {
	t.Parallel()
	const all = `{"access_token":"a","refresh_token":"r","id_token":"i"}`
	for _, row := range []struct {
		name   string
		status int
		body   string
		want   Tokens
	}{
		{"JSON", 200, all, Tokens{Access: "a", Refresh: "r", ID: "i"}},
		{"a form", 200, "access_token=a&refresh_token=r&id_token=i&x=%", Tokens{Access: "a", Refresh: "r", ID: "i"}},
		{"inside", 200, `{"ok":true,"authed_user":{"access_token":"a","refresh_token":"r"}}`, Tokens{Access: "a", Refresh: "r"}},
		{"inside and outside", 200, `{"access_token":"a","authed_user":{"access_token":"b","refresh_token":"s"}}`, Tokens{Access: "a"}},
		{"a refusal", 400, all, Tokens{}},
		{"an error inside", 200, `{"error":"invalid_grant","access_token":"a"}`, Tokens{}},
		{"none", 200, `{}`, Tokens{}},
	} {
		header := wire.NewHeader(http.Header{"Content-Type": {"application/json"}})
		if got := tokensIn(&wire.Exchange{Purpose: wire.StolenCode, Status: row.status, ResponseHeader: header, ResponseBody: row.body}); got != row.want {
			t.Errorf("%s: %+v; want %+v", row.name, got, row.want)
		}
	}
}

// A code is refused by its error with a status of 4xx, and by nothing else.
func TestRefusesCode(t *testing.T) {
	t.Parallel()
	const refusal = `{"error":"invalid_grant"}`
	for _, row := range []struct {
		status int
		body   string
		want   bool
	}{{400, refusal, true}, {401, refusal, true}, {499, refusal, true}, {200, refusal, false}, {500, refusal, false}, {400, `{"error":"invalid_client"}`, false}, {400, "", false}} {
		header := wire.NewHeader(http.Header{"Content-Type": {"application/json"}})
		if got := RefusesCode(&wire.Exchange{Status: row.status, ResponseHeader: header, ResponseBody: row.body}); got != row.want {
			t.Errorf("%d %s refuses the code: %t", row.status, row.body, got)
		}
	}
}

// Where a redirect leads is said without a user, a query and a fragment, and only of a redirect to a host.
func TestLocation(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]string{
		"/b": "https://auth.example/b", "https://u:p@b.example/c?d=e#f": "https://b.example/c", "https://b.example/c?": "https://b.example/c",
		"": "", "http://[": "", "mailto:a@b.example": "", "https:///b": "",
	} {
		for _, status := range []int{200, 302, 400} {
			e := &wire.Exchange{Status: status, URL: "https://auth.example/a", ResponseHeader: wire.NewHeader(http.Header{"Location": {to}})}
			if got := location(e); got != want && status == 302 || got != "" && status != 302 {
				t.Errorf("%d to %q leads to %q; want %q", status, to, got, want)
			}
		}
	}
	if got := location(&wire.Exchange{Status: 302, URL: "https://auth.example/a"}); got != "" {
		t.Errorf("a redirect to nowhere leads to %q", got)
	}
}

// The error of an ID token is one sentence.
func TestBadIDToken_OneSentence(t *testing.T) {
	t.Parallel()
	if e := badIDToken(IDTokenMalformed, "alg", "is wrong"); e.Error() != "invalid_id_token: The ID token is wrong." || e.Check != "alg" || e.Step != wire.IDTokenCheck {
		t.Errorf("it is %+v", e)
	}
}

// Of a stolen code is said whether it brought tokens, and whether all of them are revoked; the tokens are in nothing.
func TestStealCode_RevokesTokens(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name            string
		status          int
		body            string
		revoke          int
		tokens, revoked bool
		asked           int
	}{
		{"refused", 400, `{"error":"invalid_grant"}`, 200, false, false, 0},
		{"both", 200, `{"access_token":"stolen-1","refresh_token":"stolen-2","token_type":"bearer"}`, 200, true, true, 2},
		{"one", 200, `{"access_token":"stolen-1"}`, 200, true, true, 1},
		{"not revoked", 200, `{"access_token":"stolen-1"}`, 400, true, false, 1},
		{"an empty answer", 200, `{}`, 200, false, false, 0},
	} {
		l, c, r, _, _ := loginAt(t)
		l.Token = testserver.SendBody(row.status, "application/json", row.body)
		l.Other = testserver.SendBody(row.revoke, "application/json", "{}")
		theft, err := c.StealCode(t.Context(), r, "a-code")
		if err != nil {
			t.Fatal(err)
		}
		if theft.Tokens != row.tokens || theft.Revoked != row.revoked || l.Asked("POST /revoke") != row.asked || (theft.Exchange.Fault != "") != row.tokens ||
			theft.Exchange.Status != row.status || strings.Contains(fmt.Sprintf("%+v", *theft.Exchange), "stolen-") {
			t.Errorf("%s: %+v, %+v after %d revocations", row.name, theft, theft.Exchange, l.Asked("POST /revoke"))
		}
		if theft.Exchange.Purpose != wire.StolenCode || strings.Contains(theft.Exchange.RequestBody, r.Verifier) {
			t.Errorf("%s: sent was %s for %s", row.name, theft.Exchange.RequestBody, theft.Exchange.Purpose)
		}
	}
}

// A member of a response that was refused is one that is there.
func TestError_HasMember(t *testing.T) {
	t.Parallel()
	e := &Error{Received: []Member{{Name: "a", Type: "string"}, {Name: "b", Type: "missing"}}}
	if !e.HasMember("a") || e.HasMember("b") || e.HasMember("c") {
		t.Errorf("of %+v they are %t, %t, %t", e.Received, e.HasMember("a"), e.HasMember("b"), e.HasMember("c"))
	}
}

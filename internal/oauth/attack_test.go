package oauth

import (
	"net/http"
	"testing"

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
func TestBadIDToken(t *testing.T) {
	t.Parallel()
	if e := badIDToken(IDTokenMalformed, "alg", "is wrong"); e.Error() != "invalid_id_token: The ID token is wrong." || e.Check != "alg" || e.Step != wire.IDTokenCheck {
		t.Errorf("it is %+v", e)
	}
}

package oauth

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// loginAt is a finished login at a server that offers everything.
func loginAt(t *testing.T) (*testserver.FakeServer, *Client, *Request, *TokenResponse, *IDToken) {
	t.Helper()
	l := testserver.StartFakeServer(t)
	moment := time.Now() // at which all of it happens: a refreshed ID token has the same auth_time
	l.Now = func() time.Time { return moment }
	l.Document = func(d map[string]any) {
		d["introspection_endpoint"], d["revocation_endpoint"], d["end_session_endpoint"] = l.Issuer+"/introspect", l.Issuer+"/revoke", l.Issuer+"/end?a=b"
	}
	env := l.Env()
	env["RESOURCE_URL"] = l.Issuer + "/api"
	c := clientAt(t, env)
	c.now, c.keys.now = l.Now, l.Now
	r, err := c.NewRequest(nil)
	if err != nil {
		t.Fatal(err)
	}
	to, err := c.AuthorizationURL(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	back, _ := url.Parse(l.Approve(t, to))
	response, err := c.Exchange(t.Context(), r, back.Query().Get("code"))
	if err != nil {
		t.Fatal(err)
	}
	id, err := c.VerifyIDToken(t.Context(), r, response)
	if err != nil {
		t.Fatal(err)
	}
	return l, c, r, response, id
}

// What a server answers to the use of a token is its answer, or an error of the step when it is none: it
// fails, sends us elsewhere, or hangs up.
func TestTokenUse_EachAnswer(t *testing.T) {
	l, c, r, response, id := loginAt(t)
	for step, use := range map[wire.Purpose]func() (*wire.Exchange, error){
		wire.Userinfo:      func() (*wire.Exchange, error) { return c.Userinfo(t.Context(), "a-token", nil) },
		wire.Introspection: func() (*wire.Exchange, error) { return c.Introspect(t.Context(), "access_token", "a-token") },
		wire.Revocation:    func() (*wire.Exchange, error) { return c.Revoke(t.Context(), "refresh_token", "a-token") },
		wire.API:           func() (*wire.Exchange, error) { return c.CallAPI(t.Context(), "a-token") },
		wire.Refresh: func() (*wire.Exchange, error) {
			e, _, err := c.Refresh(t.Context(), response.Tokens, r, id)
			return e, err
		},
	} {
		var newest atomic.Pointer[http.Request]
		answer := func(f http.HandlerFunc) {
			handler := func(w http.ResponseWriter, r *http.Request) {
				r.ParseForm()
				newest.Store(r)
				f(w, r)
			}
			l.Lock()
			l.Other, l.Token = handler, handler
			l.Unlock()
		}
		for _, row := range []struct {
			name        string
			answer      http.HandlerFunc
			code, words string
		}{
			{"refuses", testserver.SendBody(403, "application/json", `{"error":"insufficient_scope"}`), "", ""},
			{"refuses with 499", testserver.SendBody(499, "application/json", `{}`), "", ""},
			{"fails", testserver.SendBody(500, "text/plain", "out of order"), CodeServerError, "returned 500 Internal Server Error"},
			{"fails in its own words", testserver.SendBody(503, "text/plain", "out of order"), CodeServerError, "out of order"},
			{"hangs up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, CodeUnreachable, "closed the connection"},
			{"sends us elsewhere", testserver.SendBody(307, "text/plain", ""), CodeServerError, "307 Temporary Redirect"},
		} {
			answer(row.answer)
			e, err := use()
			if step == wire.API && row.name == "sends us elsewhere" {
				if err != nil || e.Status != 307 {
					t.Errorf("%s %s: %v; an API's redirect is shown", step, row.name, err)
				}
				continue
			}
			if row.code == "" {
				if err != nil || e == nil || e.Status/100 != 4 || e.Purpose != step {
					t.Errorf("%s %s: %+v, %v", step, row.name, e, err)
				}
				continue
			}
			wantError(t, err, row.code, row.words)
			if failed, ok := errors.AsType[*Error](err); ok && failed.Step != step {
				t.Errorf("%s %s: the error is of the step %s", step, row.name, failed.Step)
			}
		}
		answer(testserver.SendBody(403, "application/json", `{}`))
		use()
		want := map[wire.Purpose]string{
			wire.Userinfo:      "GET /userinfo Bearer a-token",
			wire.API:           "GET /api Bearer a-token",
			wire.Introspection: "POST /introspect a-token access_token",
			wire.Revocation:    "POST /revoke a-token refresh_token",
			wire.Refresh:       "POST /token refresh_token fake-refresh-token",
		}[step]
		got := newest.Load()
		sent := []string{got.Method, got.URL.Path}
		if got.Method == http.MethodGet {
			sent = append(sent, got.Header.Get("Authorization"))
		}
		for _, name := range []string{"token", "token_type_hint", "grant_type", "refresh_token"} {
			sent = append(sent, got.PostForm[name]...)
		}
		if strings.Join(sent, " ") != want {
			t.Errorf("%s: sent was %q; want %q", step, sent, want)
		}
	}
}

// Userinfo about a different user is refused, signed or not.
func TestUserinfo_OtherUser(t *testing.T) {
	l, c, _, _, id := loginAt(t)
	signed := func(claims map[string]any) string {
		return testserver.SignClaims(jose.ES256, jose.JSONWebKey{Key: l.Key, KeyID: "k1"}, claims)
	}
	other := testserver.NewKey(t)
	readable := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256","jwk":"none"}`)) // by us, and not by go-jose
	for _, row := range []struct{ name, mediaType, body, words string }{
		{"the user", "application/json", `{"sub":"user-1"}`, ""},
		{"another", "application/json", `{"sub":"user-2"}`, `its sub is "user-2", the ID token's is "user-1"`},
		{"another spelling", "application/json", `{"Sub":"user-1"}`, "sub is missing"},
		{"nobody", "application/json", `{}`, "sub is missing"},
		{"two", "application/json", `{"sub":"user-2","sub":"user-1"}`, `names "sub" twice`},
		{"signed", "application/jwt", signed(map[string]any{"sub": "user-1", "iss": l.Issuer, "aud": testserver.FakeClientID}), ""},
		{"signed, and no more", "Application/JWT; charset=utf-8", signed(map[string]any{"sub": "user-1"}), ""},
		{"signed, about another", "application/jwt", signed(map[string]any{"sub": "user-2"}), "about a different user"},
		{
			"signed, from elsewhere",
			"application/jwt",
			signed(map[string]any{"sub": "user-1", "iss": "https://other.example"}),
			`from the issuer "https://other.example"`,
		},
		{"signed, for another", "application/jwt", signed(map[string]any{"sub": "user-1", "aud": "other"}), "for a different client"},
		{
			"signed by another",
			"application/jwt",
			testserver.SignClaims(jose.ES256, jose.JSONWebKey{Key: other, KeyID: "k1"}, map[string]any{"sub": "user-1"}),
			"not made by the server's key",
		},
		{"signed by nobody", "application/jwt", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c2VyLTEifQ.", "proves nothing"},
		{"signed, with a header that says more than can be read", "application/jwt", readable + ".eyJzdWIiOiJ1c2VyLTEifQ.AAAA", "is not a signed JWT"},
		{"no JWT", "application/jwt", `{"sub":"user-1"}`, "is not a JWT"},
	} {
		l.Lock()
		l.Other = testserver.SendBody(200, row.mediaType, row.body)
		l.Unlock()
		_, err := c.Userinfo(t.Context(), "a-token", id)
		if row.words == "" {
			if err != nil {
				t.Errorf("%s: %v", row.name, err)
			}
			continue
		}
		wantError(t, err, CodeInvalidUserinfo, row.words)
	}
	l.Lock()
	l.Other = testserver.SendBody(200, "application/json", `{"sub":"user-2"}`)
	l.Unlock()
	if _, err := c.Userinfo(t.Context(), "a-token", nil); err != nil {
		t.Errorf("a plain OAuth login has nobody to compare with: %v", err)
	}
}

// A refresh is refused by a status, or by an error in a 200; anything else has to be a token response.
func TestRefresh_EachAnswer(t *testing.T) {
	l, c, r, response, id := loginAt(t)
	const good, refusal = `{"access_token":"a2","token_type":"bearer"}`, `{"error":"invalid_grant"}`
	for _, row := range []struct {
		name            string
		status          int
		mediaType, body string
		refused         bool
		words           string
	}{
		{"good", 200, "application/json", good, false, ""},
		{"201", 201, "application/json", good, false, ""},
		{"refused", 400, "application/json", refusal, true, ""},
		{"refused without a word", 400, "application/json", good, true, ""},
		{"refused with 200", 200, "application/json", refusal, true, ""},
		{"refused with 200, called text", 200, "text/plain", refusal, true, ""},
		{"refused with 200, in a form", 200, "application/x-www-form-urlencoded", "error=invalid_grant", true, ""},
		{"an error that is empty", 200, "application/json", `{"error":"","access_token":"a2","token_type":"bearer"}`, false, ""},
		{"no token", 200, "application/json", `{"token_type":"bearer"}`, false, "without an access_token"},
		{"text", 200, "text/plain", good, false, "text/plain"},
	} {
		l.Lock()
		l.Token = testserver.SendBody(row.status, row.mediaType, row.body)
		l.Unlock()
		e, refreshed, err := c.Refresh(t.Context(), response.Tokens, r, id)
		switch {
		case row.words != "":
			wantError(t, err, CodeInvalidResponse, row.words)
		case err != nil || e == nil || e.Status != row.status || (refreshed == nil) != row.refused:
			t.Errorf("%s: %+v, %+v, %v", row.name, e, refreshed, err)
		}
	}
	held := Tokens{Access: "a1", Refresh: "r1", ID: "i1", Scope: "s1", Expires: r.Began}
	if next := held.ReplacedBy(&TokenResponse{
		Tokens: Tokens{Access: "a2", Scope: "unsaid"},
	}); next != (Tokens{Access: "a2", Refresh: "r1", ID: "i1", Scope: "s1"}) {
		t.Errorf("after a refresh with an access token alone, held is %+v", next)
	}
	all := Tokens{Access: "a2", Refresh: "r2", ID: "i2", Scope: "s2", Expires: r.Began}
	if next := held.ReplacedBy(&TokenResponse{Tokens: all, ScopeSent: true}); next != all {
		t.Errorf("after a refresh with everything, held is %+v", next)
	}
}

// What the server does not name is not offered.
func TestTokenUse_NotOffered(t *testing.T) {
	l := testserver.StartFakeServer(t)
	l.Document = func(d map[string]any) { delete(d, "userinfo_endpoint") }
	c := clientAt(t, l.Env())
	for words, use := range map[string]func() (*wire.Exchange, error){
		"names no userinfo endpoint":      func() (*wire.Exchange, error) { return c.Userinfo(t.Context(), "a", nil) },
		"names no introspection endpoint": func() (*wire.Exchange, error) { return c.Introspect(t.Context(), "access_token", "a") },
		"names no revocation endpoint":    func() (*wire.Exchange, error) { return c.Revoke(t.Context(), "access_token", "a") },
		"No API is configured":            func() (*wire.Exchange, error) { return c.CallAPI(t.Context(), "a") },
	} {
		_, err := use()
		wantError(t, err, CodeNotSupported, words)
	}
}

// The end of a session is asked for with what the server needs to know, and a query of its own is kept.
func TestEndSessionURL_Parameters(t *testing.T) {
	_, c, r, _, _ := loginAt(t)
	u, err := url.Parse(c.EndSessionURL(t.Context(), r, "hint", "a-state"))
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{
		"a":                        {"b"},
		"client_id":                {testserver.FakeClientID},
		"post_logout_redirect_uri": {c.cfg.BaseURL + "/"},
		"id_token_hint":            {"hint"},
		"state":                    {"a-state"},
	}
	if u.Path != "/end" || u.Query().Encode() != want.Encode() {
		t.Errorf("the address is %s", u)
	}
	if u, _ := url.Parse(c.EndSessionURL(t.Context(), r, "", "a-state")); u.Query().Has("id_token_hint") {
		t.Errorf("without an ID token the address is %s", u)
	}
	l := testserver.StartFakeServer(t)
	c = clientAt(t, l.Env())
	if _, err := c.AuthorizationURL(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if to := c.EndSessionURL(t.Context(), r, "", "a-state"); to != "" {
		t.Errorf("a server without the endpoint: %s", to)
	}
}

// A token endpoint that gives no answer is named, and so is what came of it.
func TestExchange_Unreachable(t *testing.T) {
	l := testserver.StartFakeServer(t)
	l.Token = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	_, _, err := signIn(t, clientAt(t, l.Env()), l, nil)
	wantError(t, err, CodeUnreachable, "The token endpoint "+l.Issuer+"/token closed the connection")
	if failed := err.(*Error); failed.Step != wire.TokenRequest {
		t.Errorf("the step is %s", failed.Step)
	}
}

// A refusal of the login is the server's own word, with the client secret taken out.
func TestCheckResponse_Refused(t *testing.T) {
	l := testserver.StartFakeServer(t)
	l.Callback = func(query map[string]string) {
		query["error"], query["error_description"], query["error_uri"] = "access_denied", "You said no to "+testserver.FakeClientSecret, "https://a.example/why"
	}
	_, _, err := signIn(t, clientAt(t, l.Env()), l, nil)
	wantError(t, err, "access_denied", "You said no to [redacted]")
	if failed := err.(*Error); !failed.Theirs || failed.URI != "https://a.example/why" || failed.Step != wire.Response || failed.Silent {
		t.Errorf("the error is %+v", failed)
	}
	for prompt, silent := range map[string]bool{"none": true, "login": false} {
		_, _, err = signIn(t, clientAt(t, l.Env()), l, url.Values{"prompt": {prompt}})
		if failed, ok := errors.AsType[*Error](err); !ok || failed.Silent != silent {
			t.Errorf("after prompt=%s the error is %+v", prompt, err)
		}
		env := l.Env()
		env["AUTHORIZATION_ENDPOINT"] = l.Issuer + "/authorize?prompt=" + prompt
		_, _, err = signIn(t, clientAt(t, env), l, nil)
		if failed, ok := errors.AsType[*Error](err); !ok || failed.Silent != silent {
			t.Errorf("after prompt=%s of the endpoint the error is %+v", prompt, err)
		}
	}
}

// An access token is inspected as far as possible.
func TestInspect_EachToken(t *testing.T) {
	l := testserver.StartFakeServer(t)
	c := clientAt(t, l.Env())
	sign := func(claims map[string]any) string {
		return testserver.SignClaims(jose.ES256, jose.JSONWebKey{Key: l.Key, KeyID: "k1"}, claims)
	}
	good := sign(map[string]any{"iss": "i", "aud": []string{"a", "b"}, "scope": "x y", "scp": []string{"z"}, "exp": 1000})
	got := c.Inspect(t.Context(), good)
	if !got.JWT || got.IDToken || got.Issuer != "i" || !slices.Equal(got.Audience, []string{"a", "b"}) ||
		!slices.Equal(got.Scopes, []string{"x", "y", "z"}) || got.Expires.Unix() != 1000 || got.Signature != SignatureGood {
		t.Errorf("inspected: %+v", got)
	}
	if got := c.Inspect(t.Context(), sign(map[string]any{"aud": testserver.FakeClientID, "nonce": "n"})); !got.IDToken || !got.Expires.IsZero() {
		t.Errorf("an ID token: %+v", got)
	}
	if got := c.Inspect(t.Context(), Altered(good)); got.Signature != SignatureWrong || got.Why == "" {
		t.Errorf("an altered one: %+v", got)
	}
	if got := c.Inspect(t.Context(), "opaque"); got.JWT || got.Signature != SignatureUnknown {
		t.Errorf("an opaque one: %+v", got)
	}
	for _, token := range []string{good, "opaque", "", "A", "a.b."} {
		if other := Altered(token); other == token {
			t.Errorf("%q is not altered", token)
		}
	}
}

// Each exchange of a login is recorded as what it is for.
func TestClient_RecordsPurposes(t *testing.T) {
	l := testserver.StartFakeServer(t)
	c := clientAt(t, l.Env())
	ctx, rec := wire.Record(t.Context())
	r, err := c.NewRequest(nil)
	if err != nil {
		t.Fatal(err)
	}
	to, err := c.AuthorizationURL(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	back, _ := url.Parse(l.Approve(t, to))
	response, err := c.Exchange(ctx, r, back.Query().Get("code"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.VerifyIDToken(ctx, r, response); err != nil {
		t.Fatal(err)
	}
	var purposes []wire.Purpose
	for _, e := range rec.Exchanges() {
		purposes = append(purposes, e.Purpose)
	}
	if want := []wire.Purpose{wire.Metadata, wire.TokenRequest, wire.Keys}; !slices.Equal(purposes, want) {
		t.Errorf("recorded are %q; want %q", purposes, want)
	}
}

// The token request that is shown is the one that is sent, and showing it sends nothing.
func TestTokenRequest_ShownAsSent(t *testing.T) {
	l, c, r, _, _ := loginAt(t)
	before := l.Asked("POST /token")
	ctx, rec := wire.Record(t.Context())
	shown, err := c.TokenRequest(ctx, r, "code-1")
	if err != nil {
		t.Fatal(err)
	}
	if l.Asked("POST /token") != before || len(rec.Exchanges()) != 0 {
		t.Error("showing the request sent it, or left a record")
	}
	c.Exchange(ctx, r, "code-1")
	sent := rec.Last()
	if shown.Purpose != wire.TokenRequest || shown.URL != sent.URL || shown.RequestBody != sent.RequestBody ||
		shown.RequestHeader != sent.RequestHeader || shown.Method != sent.Method {
		t.Errorf("shown is %+v; sent is %+v", shown, sent)
	}
}

// What a token is tried at is the API that is configured, or else the userinfo endpoint of a server that is known.
func TestProtectedResource_APIOrUserinfo(t *testing.T) {
	l := testserver.StartFakeServer(t)
	env := l.Env()
	without := clientAt(t, env)
	env["RESOURCE_URL"] = l.Issuer + "/api"
	with := clientAt(t, env)
	for _, c := range []*Client{without, with} {
		if got := c.ProtectedResource(); got != c.cfg.ResourceURL {
			t.Errorf("before the server is known, it is %q", got)
		}
		if _, err := c.Metadata(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := without.ProtectedResource(); got != l.Issuer+"/userinfo" {
		t.Errorf("without RESOURCE_URL it is %q", got)
	}
	if got := with.ProtectedResource(); got != env["RESOURCE_URL"] {
		t.Errorf("with RESOURCE_URL it is %q", got)
	}
}

// What was revoked is gone, unless a refresh has replaced it meanwhile.
func TestTokens_Without(t *testing.T) {
	held := Tokens{Access: "a1", Refresh: "r1", ID: "i1", Scope: "s", Expires: time.Now()}
	for _, row := range []struct {
		name            string
		kinds           map[string]string
		access, refresh string
	}{
		{"both", map[string]string{"access_token": "a1", "refresh_token": "r1"}, "", ""},
		{"the access token", map[string]string{"access_token": "a1"}, "", "r1"},
		{"the refresh token", map[string]string{"refresh_token": "r1"}, "a1", ""},
		{"those of before", map[string]string{"access_token": "a0", "refresh_token": "r0"}, "a1", "r1"},
		{"nothing", nil, "a1", "r1"},
	} {
		var gone Tokens
		for kind, token := range row.kinds {
			gone.Set(kind, token)
		}
		left := held.Without(gone)
		if left.Access != row.access || left.Refresh != row.refresh || left.Expires.IsZero() != (row.access == "") || left.ID != "i1" || left.Scope != "s" {
			t.Errorf("%s revoked: left is %+v", row.name, left)
		}
	}
	if (Tokens{}).Without(Tokens{}) != (Tokens{}) {
		t.Error("of nothing something is left")
	}
}

// A refresh that is refused says what the server said, with the answer, whatever the status is. What other clients may
// refuse of one that is not is a warning, as it is at a login.
func TestRefusedRefresh_SaysAnswer(t *testing.T) {
	t.Parallel()
	l, c, r, response, id := loginAt(t)
	refresh := func(status int, body string) (*wire.Exchange, *TokenResponse) {
		l.Lock()
		l.Token = testserver.SendBody(status, "application/json", body)
		l.Unlock()
		e, refreshed, err := c.Refresh(t.Context(), response.Tokens, r, id)
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		return e, refreshed
	}
	for _, row := range []struct {
		status            int
		body, code, words string
		kind              Kind
	}{
		{400, `{"error":"invalid_grant","error_description":"It was used."}`, "invalid_grant", "It was used.", Refused},
		{401, `{"message":"No."}`, CodeRefused, "No.", Refused},
		{429, `{"error":"slow_down","message":"m"}`, "slow_down", "m", Refused},
		{200, `{"ok":false,"error":"token_revoked"}`, "token_revoked", "said no more", Refused},
		{200, `{"success":false,"message":"Expired."}`, CodeRefused, "Expired.", Refused},
		{200, `{"status":"BAD_REFRESH_TOKEN","message":"missing or invalid refresh token"}`, "BAD_REFRESH_TOKEN", "missing or invalid", Refused},
		{400, `{"Error":"invalid_grant"}`, CodeServerError, "names are case sensitive", ErrorMisspelled},
		{400, `{"error":"invalid_grant","error_description":"no ` + testserver.FakeClientSecret + `"}`, "invalid_grant", "no [redacted]", Refused},
	} {
		e, refreshed := refresh(row.status, row.body)
		if refreshed != nil {
			t.Errorf("%s: it is taken for %+v", row.body, refreshed)
			continue
		}
		refused := c.RefusedRefresh(e)
		wantError(t, refused, row.code, row.words)
		if refused.Kind != row.kind || refused.Step != wire.Refresh || refused.Answer.Status != row.status || refused.Theirs != (row.kind == Refused) {
			t.Errorf("%s: %+v", row.body, refused)
		}
	}
	_, refreshed := refresh(200, `{"access_token":"a2","scope":"openid,email","expires_in":"`+testserver.FakeClientSecret+`"}`)
	if refreshed == nil || refreshed.Scope != "openid email" || len(refreshed.Warnings) != 3 || strings.Contains(strings.Join(refreshed.Warnings, " "), testserver.FakeClientSecret) {
		t.Errorf("a refresh brought %+v", refreshed)
	}
}

// A refresh names the resource of its login where that began at the API (RFC 8707 section 2.2), and none otherwise.
func TestRefresh_Resource(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		given string
		atAPI bool
		want  string
	}{{"https://api.example", true, "https://api.example"}, {"https://api.example", false, ""}, {"", true, ""}, {"", false, ""}} {
		l, c, r, response, id := loginAt(t)
		l.Token = testserver.SendBody(200, "application/json", `{"access_token":"a","token_type":"Bearer"}`)
		c.cfg.AtAPI = row.atAPI
		if row.given != "" {
			r.Given = map[string]string{"resource": row.given}
		}
		held := response.Tokens
		held.Refresh = "r"
		e, refreshed, err := c.Refresh(t.Context(), held, r, id)
		if err != nil || refreshed == nil {
			t.Fatal(err)
		}
		form, err := url.ParseQuery(e.RequestBody)
		if err != nil || form.Get("resource") != row.want || form.Has("resource") != (row.want != "") || form.Get("grant_type") != "refresh_token" || form.Get("refresh_token") != "r" {
			t.Errorf("%+v: sent was %s, %v", row, e.RequestBody, err)
		}
	}
}

package demo

import (
	"strings"
	"testing"
	"time"
)

func TestBearer_WrongTokens(t *testing.T) {
	h := start(t)
	tokens := h.tokens(authorizeQuery())
	for _, path := range []string{"/userinfo", "/api/me"} {
		if a := h.do("GET", path, nil, bearer(tokens["access_token"])); a.StatusCode != 200 || a.json["sub"] != "user_alice" {
			t.Errorf("%s answered %d %s", path, a.StatusCode, a.body)
		}
		for name, header := range map[string]map[string]string{
			"no token": nil, "a different scheme": basic("web", "s3cret"), "an invented token": bearer("abc"), "the ID token": bearer(tokens["id_token"]),
			"an unsigned token": bearer("eyJhbGciOiJub25lIn0.e30."), "a changed token": bearer(tokens["access_token"].(string) + "A")} {
			a := h.do("GET", path, nil, header)
			if a.StatusCode != 401 || !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer ") {
				t.Errorf("%s with %s answered %d, WWW-Authenticate %q", path, name, a.StatusCode, a.Header.Get("WWW-Authenticate"))
			}
			if silent := name == "no token" || name == "a different scheme"; silent == strings.Contains(a.Header.Get("WWW-Authenticate"), "error=") {
				t.Errorf("%s with %s: WWW-Authenticate is %q (RFC 6750 section 3.1)", path, name, a.Header.Get("WWW-Authenticate"))
			}
		}
	}
	h.now = h.now.Add(accessLife + time.Second)
	h.do("GET", "/api/me", nil, bearer(tokens["access_token"])).want(t, 401, "invalid_token")
}

// Each of the API's routes opens to its own scope. What a token lacks is named, and where it is to be
// had (RFC 6750 section 3.1, RFC 9728 section 5.1).
func TestAPI_ScopeOfEachRoute(t *testing.T) {
	for _, row := range []struct {
		path, scope, lacks string
	}{
		{"/api/me", "openid profile", ""},
		{"/api/me", "openid notes", "profile"},
		{"/api/notes", "openid notes", ""},
		{"/api/notes", "openid profile email", "notes"},
	} {
		h := start(t)
		q := authorizeQuery()
		q.Set("scope", row.scope)
		a := h.do("GET", row.path, nil, bearer(h.tokens(q)["access_token"]))
		if row.lacks == "" {
			if a.StatusCode != 200 || a.json["sub"] != "user_alice" {
				t.Errorf("%s answered the scope %q with %d %s", row.path, row.scope, a.StatusCode, a.body)
			}
			continue
		}
		a.want(t, 403, "insufficient_scope")
		challenge := a.Header.Get("WWW-Authenticate")
		for _, want := range []string{`Bearer realm="demo"`, `error="insufficient_scope"`, `scope="` + row.lacks + `"`, `resource_metadata="http://`} {
			if !strings.Contains(challenge, want) {
				t.Errorf("%s with the scope %q: the challenge %s lacks %s", row.path, row.scope, challenge, want)
			}
		}
	}
}

package demo

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

// A client that has nothing but the URL of a route finds the server, and the token that it gets opens
// just that route.
func TestResourceMetadata_LeadsToServer(t *testing.T) {
	for _, row := range []struct{ path, scope, elsewhere string }{{"/api/me", "profile", "/api/notes"}, {"/api/notes", "notes", "/api/me"}} {
		h := start(t)
		challenge := h.do("GET", row.path, nil, nil).Header.Get("WWW-Authenticate")
		_, address, _ := strings.Cut(challenge, `resource_metadata="`)
		address, _, _ = strings.Cut(address, `"`)
		root := strings.TrimSuffix(h.issuer, "/demo")
		if want := root + "/.well-known/oauth-protected-resource/demo" + row.path; address != want {
			t.Fatalf("the challenge is %s; want the address %s", challenge, want)
		}
		md := h.do("GET", address, nil, nil)
		servers, _ := md.json["authorization_servers"].([]any)
		if md.StatusCode != 200 || md.json["resource"] != h.issuer+row.path || len(servers) != 1 || servers[0] != h.issuer {
			t.Fatalf("the metadata is %d %s", md.StatusCode, md.body)
		}
		if scopes, _ := md.json["scopes_supported"].([]any); len(scopes) != 1 || scopes[0] != row.scope {
			t.Errorf("the scopes are %v", scopes)
		}
		q := authorizeQuery()
		q.Set("scope", "openid profile notes")
		q.Set("resource", h.issuer+row.path)
		tokens := h.tokens(q)
		if _, claims := decode(t, tokens["access_token"].(string)); claims["aud"] != h.issuer+row.path {
			t.Errorf("the audience is %v", claims["aud"])
		}
		if a := h.do("GET", row.path, nil, bearer(tokens["access_token"])); a.StatusCode != 200 {
			t.Errorf("%s answered %d %s", row.path, a.StatusCode, a.body)
		}
		h.do("GET", row.elsewhere, nil, bearer(tokens["access_token"])).want(t, 401, "invalid_token")
		if a := h.do("GET", "/userinfo", nil, bearer(tokens["access_token"])); a.StatusCode != 200 {
			t.Errorf("userinfo answered %d %s", a.StatusCode, a.body)
		}
	}
	h := start(t)
	root := strings.TrimSuffix(h.issuer, "/demo")
	for path, status := range map[string]int{"/demo/api": 200, "/demo/api/me": 200, "/demo/api/other": 404, "/demo/other": 404, "": 404} {
		if a := h.do("GET", root+"/.well-known/oauth-protected-resource"+path, nil, nil); a.StatusCode != status {
			t.Errorf("the metadata for %q is answered %d; want %d", path, a.StatusCode, status)
		}
	}
}

// Each row asks for resources at one of the three endpoints (RFC 8707 sections 2.1 and 2.2).
func TestResource_AtEachEndpoint(t *testing.T) {
	const me, notes, other = "/api/me", "/api/notes", "https://other.example/"
	for _, row := range []struct {
		name             string
		authorize, token []string
		want             string // audiences, or an error
	}{
		{"nothing", nil, nil, "/api"},
		{"at authorization", []string{me}, nil, me},
		{"two at authorization", []string{me, notes}, nil, me + " " + notes},
		{"at the token endpoint", nil, []string{notes}, notes},
		{"one of two", []string{me, notes}, []string{notes}, notes},
		{"the same", []string{me}, []string{me}, me},
		{"another one", []string{me}, []string{notes}, "invalid_target"},
		{"more", []string{me}, []string{me, notes}, "invalid_target"},
		{"unknown at the token endpoint", nil, []string{other}, "invalid_target"},
		{"unknown at authorization", []string{other}, nil, "invalid_target at authorization"},
		{"unknown beside known", []string{me, other}, nil, "invalid_target at authorization"},
		{"with a slash", []string{me + "/"}, nil, "invalid_target at authorization"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := start(t)
			whole := func(paths []string) []string {
				return mapped(paths, func(path string) string {
					if strings.HasPrefix(path, "/") {
						return h.issuer + path
					}
					return path
				})
			}
			q := authorizeQuery()
			q["resource"] = whole(row.authorize)
			if row.want == "invalid_target at authorization" {
				if r := h.response(h.do("GET", "/authorize?"+q.Encode(), nil, nil)); r.Get("error") != "invalid_target" {
					t.Errorf("the response is %v", r)
				}
				return
			}
			form := redeem(h.code(q))
			form["resource"] = whole(row.token)
			first := h.do("POST", "/token", form, basic("web", "s3cret"))
			h.wantAudience(first, row.want)
			form.Del("resource")
			if row.want == "invalid_target" { // the same at a refresh, where it costs nothing
				first = h.do("POST", "/token", redeem(h.code(q)), basic("web", "s3cret"))
			}
			refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first.json["refresh_token"].(string)}, "resource": whole(row.token)}
			h.wantAudience(h.do("POST", "/token", refresh, basic("web", "s3cret")), row.want)
			if row.want == "invalid_target" {
				delete(refresh, "resource")
				if a := h.do("POST", "/token", refresh, basic("web", "s3cret")); a.StatusCode != 200 {
					t.Errorf("after the refused resource the refresh token is answered %d %s", a.StatusCode, a.body)
				}
			}
		})
	}
}

// wantAudience checks the audience of a new access token, or the error.
func (h *harness) wantAudience(a answer, want string) {
	h.t.Helper()
	if want == "invalid_target" {
		a.want(h.t, 400, want)
		return
	}
	if a.StatusCode != 200 {
		h.t.Fatalf("answered %d %s", a.StatusCode, a.body)
	}
	_, claims := decode(h.t, a.json["access_token"].(string))
	var got []string
	switch aud := claims["aud"].(type) {
	case string:
		got = []string{aud}
	case []any:
		for _, v := range aud {
			got = append(got, v.(string))
		}
	}
	if !slices.Equal(got, mapped(strings.Fields(want), func(path string) string { return h.issuer + path })) {
		h.t.Errorf("the audience is %q; want %s", got, want)
	}
}

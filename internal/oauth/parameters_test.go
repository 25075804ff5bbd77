package oauth

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// What a login names comes before the settings, and both are sent; "Sign in again" keeps what the login named, as the
// settings may change.
func TestNewRequest_Precedence(t *testing.T) {
	env := testserver.StartFakeServer(t).Env()
	env["SCOPES"], env["AUTHORIZATION_PARAMS"] = "openid b", "prompt=consent&access_type=offline"
	for _, row := range []struct{ given, scope, extra, again string }{
		{"", "openid b", "access_type=offline&prompt=consent", ""},
		{"prompt=none&hd=a", "openid b", "access_type=offline&hd=a&prompt=none", "hd=a&prompt=none"},
		{"scope=c&prompt=", "c", "access_type=offline&prompt=consent", "scope=c"},
		{"step=1&params=hd%3Da", "openid b", "access_type=offline&hd=a&prompt=consent", "hd=a"},
	} {
		query, err := url.ParseQuery(row.given)
		if err != nil {
			t.Fatal(err)
		}
		r, err := clientAt(t, env).NewRequest(query)
		if err != nil {
			t.Fatal(err)
		}
		if scope := strings.Join(r.Scopes, " "); scope != row.scope || r.Extra().Encode() != row.extra || r.Again().Encode() != row.again {
			t.Errorf("%q: scope %q, %q, again %q; want %+v", row.given, scope, r.Extra().Encode(), r.Again().Encode(), row)
		}
	}
	delete(env, "AUTHORIZATION_PARAMS")
	r, err := clientAt(t, env).NewRequest(nil)
	if err != nil || strings.Join(r.Scopes, " ") != "openid b" || len(r.Extra()) != 0 {
		t.Errorf("without AUTHORIZATION_PARAMS: %+v, %v", r, err)
	}
}

// Every parameter arrives as it was given, once, whether the browser brings the request or it is pushed, and also where
// the authorization endpoint has a query of its own. None takes the place of one of the protocol's.
func TestAuthorizationURL_Parameters(t *testing.T) {
	given := url.Values{"organization": {"org 1&2"}, "claims": {`{"userinfo":{"email":null}}`}, "kc_idp_hint": {"é"}, "audience": {"https://api.example/?a=b"}}
	for _, pushed := range []bool{false, true} {
		l := testserver.StartFakeServer(t)
		sent := make(chan url.Values, 1)
		l.Document = func(md map[string]any) {
			md["authorization_endpoint"] = l.Issuer + "/authorize?organization=other&tenant=t"
			if pushed {
				md["pushed_authorization_request_endpoint"], md["require_pushed_authorization_requests"] = l.Issuer+"/par", true
			}
		}
		l.Around(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/par" {
					next.ServeHTTP(w, r)
					return
				}
				r.ParseForm()
				sent <- r.PostForm
				w.WriteHeader(http.StatusCreated)
				w.Write([]byte(`{"request_uri":"urn:example:1","expires_in":60}`))
			})
		})
		c := clientAt(t, l.Env())
		r, err := c.NewRequest(given)
		if err != nil {
			t.Fatal(err)
		}
		to, err := c.AuthorizationURL(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(to)
		if err != nil || u.Query().Get("tenant") != "t" {
			t.Fatalf("%s: %v", to, err)
		}
		arrived := u.Query()
		if pushed {
			if arrived.Has("claims") || arrived.Get("request_uri") != "urn:example:1" {
				t.Errorf("the browser brings %v", arrived)
			}
			arrived = <-sent
		}
		for name, values := range given {
			if got := arrived[name]; len(got) != 1 || got[0] != values[0] {
				t.Errorf("pushed %t: %s arrives as %q; want %q", pushed, name, got, values)
			}
		}
		for name, want := range map[string]string{"state": r.State, "nonce": r.Nonce, "code_challenge": Challenge(r.Verifier), "response_type": "code"} {
			if got := arrived[name]; len(got) != 1 || got[0] != want {
				t.Errorf("pushed %t: %s arrives as %q; want %q", pushed, name, got, want)
			}
		}
	}
}

// The ID token of the session is sent where id_token_hint=session stands, and only its ends are remembered.
func TestSetHint(t *testing.T) {
	c := clientAt(t, testserver.StartFakeServer(t).Env())
	token := "eyJhbGciOiJFUzI1NiJ9." + strings.Repeat("payload", 20) + ".signature"
	r, err := c.NewRequest(url.Values{"id_token_hint": {"session"}})
	if err != nil || !r.HintsSession() {
		t.Fatalf("%+v, %v", r, err)
	}
	r.SetHint(token)
	to, err := c.AuthorizationURL(t.Context(), r)
	if err != nil || !strings.Contains(to, "id_token_hint="+token+"&") {
		t.Errorf("%s, %v", to, err)
	}
	if r.Hint != "eyJhbGci…ignature" || !r.IsHint(token) || r.IsHint(token[1:]) || (&Request{}).IsHint("") {
		t.Errorf("the hint is remembered as %q", r.Hint)
	}
	if got := r.Again().Encode(); got != "id_token_hint=session" {
		t.Errorf("again it is %s", got)
	}
	back := *r // as its cookie brings it back
	back.hint = ""
	if to := c.KnownAuthorizationURL(&back); strings.Contains(to, "payload") || !strings.Contains(to, url.QueryEscape("eyJhbGci…ignature")) {
		t.Errorf("it is told as %s", to)
	}
	other, err := c.NewRequest(url.Values{"id_token_hint": {token}})
	if err != nil || other.HintsSession() || !maps.Equal(other.Extra(), map[string]string{"id_token_hint": token}) {
		t.Errorf("%+v, %v", other, err)
	}
}

// What is given and what the settings have count together, and a step-up is a small number.
func TestNewRequest_Refuses(t *testing.T) {
	env := testserver.StartFakeServer(t).Env()
	env["AUTHORIZATION_PARAMS"] = "a=" + strings.Repeat("x", 600)
	c := clientAt(t, env)
	for given, want := range map[string]string{
		"b=" + strings.Repeat("x", 300): "",
		"b=" + strings.Repeat("x", 500): "The parameters have more than 1 KB together.",
		"step_up=0":                     "", "step_up=2": "", "step_up=3": "The parameter step_up is not a number up to 2.",
		"step_up=-1": "The parameter step_up is not a number up to 2.", "step_up=x": "The parameter step_up is not a number up to 2.",
	} {
		query, err := url.ParseQuery(given)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.NewRequest(query)
		if e, ok := errors.AsType[*Error](err); (err == nil) != (want == "") || err != nil && (!ok || e.Description != want || e.Kind != BadParameter) {
			t.Errorf("%.20s: %v; want %q", given, err, want)
		}
	}
}

// What a member should be is said in a warning that names it, and what it is read as.
func TestReader_Warnings(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		raw, list, strict string
		flag              bool
		warnings          []string // of the list, the strict list and the flag
	}{
		{`["a","b"]`, "a b", "a b", false, []string{"", "", "x is a list, and should be a boolean. It is ignored."}},
		{`["a",1]`, "a", "a", false, []string{"x is a list in which not everything is a string. The rest of it is ignored.",
			"x is a list in which not everything is a string. The rest of it is ignored.", "x is a list, and should be a boolean. It is ignored."}},
		{`"a b"`, "a b", "", false, []string{"x is a string, and should be a list of strings. It is read as a list of its words.",
			"x is a string, and should be a list of strings. It is ignored.", "x is a string, and should be a boolean. It is ignored."}},
		{`true`, "", "", true, []string{"x is a boolean, and should be a list of strings. It is ignored.", "x is a boolean, and should be a list of strings. It is ignored.", ""}},
		{`"True"`, "True", "", true, []string{"x is a string, and should be a list of strings. It is read as a list of its words.",
			"x is a string, and should be a list of strings. It is ignored.", `x is the string "True", and should be a boolean. It is read as one.`}},
		{`"false"`, "false", "", false, []string{"x is a string, and should be a list of strings. It is read as a list of its words.",
			"x is a string, and should be a list of strings. It is ignored.", `x is the string "false", and should be a boolean. It is read as one.`}},
		{`{}`, "", "", false, []string{"x is an object, and should be a list of strings. It is ignored.", "x is an object, and should be a list of strings. It is ignored.",
			"x is an object, and should be a boolean. It is ignored."}},
		{`null`, "", "", false, []string{"", "", ""}},
	} {
		o, err := wire.ParseObject(`{"x":` + row.raw + `}`)
		if err != nil {
			t.Fatal(err)
		}
		list, strict, flag := &Reader{Object: o}, &Reader{Object: o}, &Reader{Object: o}
		if got := strings.Join(list.List("x"), " "); got != row.list {
			t.Errorf("%s is the list %q", row.raw, got)
		}
		if got := strings.Join(strict.StrictList("x"), " "); got != row.strict {
			t.Errorf("%s is the strict list %q", row.raw, got)
		}
		if got := flag.flag("x"); got != row.flag {
			t.Errorf("%s is the flag %t", row.raw, got)
		}
		for i, r := range []*Reader{list, strict, flag} {
			if got := strings.Join(r.Warnings, " "); got != row.warnings[i] {
				t.Errorf("%s: the warning %q; want %q", row.raw, got, row.warnings[i])
			}
		}
	}
}

// The form of a login has a field for each of these, by the names of their standards.
func TestExtraParameters(t *testing.T) {
	t.Parallel()
	if want := strings.Fields("prompt login_hint max_age acr_values resource audience ui_locales"); !slices.Equal(ExtraParameters, want) {
		t.Errorf("they are %q; want %q", ExtraParameters, want)
	}
}

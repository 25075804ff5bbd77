package config

import (
	"reflect"
	"testing"
)

// What was found completes what is configured, and can be taken away again.
func TestEffective_With(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"", "SCOPES=mine\n", "CLIENT_ID=mine\nCLIENT_SECRET='a-secret-0123'\nTOKEN_ENDPOINT_AUTH_METHOD=client_secret_post\n"} {
		cfg, err := Load(env(nil), writeFile(t, "test.env", "RESOURCE_URL=https://api.example.com/mcp\n"+file), true)
		if err != nil {
			t.Fatal(err)
		}
		what := Found{Issuer: "https://a.clerk.accounts.dev", Resource: "https://api.example.com", ByPost: true, Scope: "theirs too"}
		found := cfg.Effective().With(what)
		if found.Issuer != what.Issuer || !found.Clerk || found.ClientID != cfg.ClientID || found.Found != what {
			t.Errorf("found %+v", found)
		}
		if got, want := found.Scopes[0], map[bool]string{true: "theirs", false: "mine"}[cfg.ScopesUnset]; got != want {
			t.Errorf("it asks for %s; want %s", got, want)
		}
		if cfg.ClientID == "" {
			what.Client = &RegisteredClient{"registered", "a-registered-secret", MethodBasic, []string{"a-registration-token"}}
			found = found.With(what)
			if found.ClientID != "registered" || found.ClientSecret != "a-registered-secret" || found.AuthMethod != MethodBasic || !found.Registered() {
				t.Errorf("registered %+v", found)
			}
		}
		if found.Equal(cfg.Effective()) || !found.Equal(found.With(what)) {
			t.Error("what was found makes no difference")
		}
		if back := found.With(Found{}); !reflect.DeepEqual(back, cfg.Effective()) || !reflect.DeepEqual(found.Written(), cfg) {
			t.Errorf("configured was\n%+v, and is\n%+v", cfg, back)
		}
	}
}

// Two settings differ as soon as one field does, whichever it is.
func TestConfig_Equal(t *testing.T) {
	t.Parallel()
	other := map[reflect.Kind]any{reflect.Bool: true, reflect.String: "x", reflect.Slice: []string{"x"}, reflect.Map: Parameters{"x": "y"},
		reflect.Struct: Endpoints{JWKS: "x"}}
	if !(Config{}).Equal(Config{}) || !(Config{Parameters: Parameters{"x": "y"}, Scopes: []string{"x"}}).Equal(Config{Parameters: Parameters{"x": "y"}, Scopes: []string{"x"}}) {
		t.Error("the same settings differ")
	}
	for i := range reflect.TypeFor[Config]().NumField() {
		var c Config
		field := reflect.ValueOf(&c).Elem().Field(i)
		if field.Type() == reflect.TypeFor[[]Typo]() {
			field.Set(reflect.ValueOf([]Typo{{Name: "x"}}))
		} else {
			field.Set(reflect.ValueOf(other[field.Kind()]))
		}
		if c.Equal(Config{}) || (Config{}).Equal(c) {
			t.Errorf("%s makes no difference", reflect.TypeFor[Config]().Field(i).Name)
		}
	}
}

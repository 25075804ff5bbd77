//go:build interop

package acceptance

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"testing"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/check"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// startProgram starts a server of testdata/interop that prints its address, and the user to sign in as.
func startProgram(t *testing.T, command *exec.Cmd) foreign {
	t.Helper()
	command.Dir = interop
	var settings struct {
		Issuer        string `json:"issuer"`
		Authorization string `json:"authorization_endpoint"`
		Token         string `json:"token_endpoint"`
		Introspection string `json:"introspection_endpoint"`
		Revocation    string `json:"revocation_endpoint"`
		Method        string `json:"token_endpoint_auth_method"`
		Scopes        string `json:"scopes"`
		Resource      string `json:"resource_url"`
		ID            string `json:"client_id"`
		Secret        string `json:"client_secret"`
		OtherID       string `json:"other_client_id"`
		OtherSecret   string `json:"other_client_secret"`
		User          string `json:"user"`
		Password      string `json:"password"`
	}
	first := startForeign(t, command)
	if err := json.Unmarshal([]byte(first), &settings); err != nil {
		t.Fatalf("%v: %v\n%s", command.Args, err, first)
	}
	env := map[string]string{
		"ISSUER": settings.Issuer, "AUTHORIZATION_ENDPOINT": settings.Authorization, "TOKEN_ENDPOINT": settings.Token, "RESOURCE_URL": settings.Resource,
		"INTROSPECTION_ENDPOINT": settings.Introspection, "REVOCATION_ENDPOINT": settings.Revocation,
		"CLIENT_ID": settings.ID, "CLIENT_SECRET": settings.Secret, "TOKEN_ENDPOINT_AUTH_METHOD": settings.Method, "SCOPES": settings.Scopes,
		"OTHER_CLIENT_ID": settings.OtherID, "OTHER_CLIENT_SECRET": settings.OtherSecret}
	maps.DeleteFunc(env, func(_, value string) bool { return value == "" })
	return foreign{env: env, user: settings.User, password: settings.Password, refresh: true}
}

// startBetterAuth starts Better Auth, which answers JSON to every client that accepts JSON.
func startBetterAuth(t *testing.T, configuration, redirectURI string) foreign {
	needsNode(t, "@better-auth/oauth-provider")
	f := startProgram(t, exec.Command("node", "better-auth.mjs", configuration, redirectURI))
	if configuration == "post" {
		f.env["TOKEN_ENDPOINT_AUTH_METHOD"] = "client_secret_post"
	}
	f.env["SCOPES"] = "openid profile email offline_access"
	f.login = "?prompt=consent" // it asks once for each user, not for each login
	f.deny, f.userinfo, f.tokeninfo, f.revoke = "deny=1", true, configuration != "public", true
	f.keepsAccess = true // whose refresh token is gone is answered 400 by its revocation endpoint
	return f
}

// startOAuth2Server starts a server without metadata.
func startOAuth2Server(t *testing.T, configuration, redirectURI string) foreign {
	needsNode(t, "@node-oauth/oauth2-server")
	f := startProgram(t, exec.Command("node", "oauth2-server.mjs", configuration, redirectURI))
	f.deny = "allowed=false"
	return f
}

// startTSOAuth2Server starts another server without metadata.
func startTSOAuth2Server(t *testing.T, configuration, redirectURI string) foreign {
	needsNode(t, "@jmondi/oauth2-server")
	f := startProgram(t, exec.Command("node", "ts-oauth2-server.mjs", configuration, redirectURI))
	f.tokeninfo, f.revoke = true, true
	return f
}

// startAuthlib starts a server on Authlib, which signs the user in before it looks at the request.
func startAuthlib(t *testing.T, configuration, redirectURI string) foreign {
	installed(t, "python3-authlib", "python3-flask")
	f := startProgram(t, exec.Command("/usr/bin/python3", "authlib-server.py", configuration, redirectURI))
	f.deny, f.userinfo, f.tokeninfo, f.revoke = "deny=1", true, true, true
	return f
}

// startLemonLDAP starts the portal of LemonLDAP::NG, which answers JSON to every client that accepts JSON. It signs the
// user in before it looks at the request.
func startLemonLDAP(t *testing.T, configuration, redirectURI string) foreign {
	installed(t, "liblemonldap-ng-portal-perl", "libplack-perl", "libstring-random-perl", "libio-string-perl", "libcrypt-openssl-bignum-perl")
	f := startProgram(t, exec.Command("perl", "lemonldap.pl", configuration, redirectURI))
	f.userinfo, f.tokeninfo = true, configuration != "public"
	return f
}

// installed skips a test whose Debian packages are missing.
func installed(t *testing.T, packages ...string) {
	t.Helper()
	for _, name := range packages {
		out, err := exec.Command("dpkg-query", "-W", "-f", "${db:Status-Status}", name).Output()
		if err == nil && string(out) != "installed" {
			err = errors.New(string(out))
		}
		testserver.Needs(t, os.Getenv, "the Debian package "+name, err)
	}
}

// With real servers, the first line that fails names the one mistake in the settings. If the server doesn't show the
// mistake, nothing fails.
func TestInterop_CheckNamesMistake(t *testing.T) {
	t.Parallel()
	type start func(t *testing.T, configuration, redirectURI string) foreign
	set := func(name, value string) func(map[string]string) {
		return func(env map[string]string) { env[name] = value }
	}
	const slash = "/" // the redirect URI is registered with a slash at its end
	for _, row := range []struct {
		name          string
		start         start
		configuration string
		registered    string
		spoil         func(env map[string]string)
		want          causes.Name // of the first line that fails; none fails when it is empty
	}{
		{"Better Auth: redirect URI", startBetterAuth, "basic", slash, nil, causes.RedirectURINotRegistered},
		{"Better Auth: client ID", startBetterAuth, "basic", "", set("CLIENT_ID", "nobody"), causes.ClientIDUnknown},
		{"Better Auth: secret", startBetterAuth, "basic", "", set("CLIENT_SECRET", "not-the-secret"), causes.ClientSecretWrong},
		{"Better Auth: method", startBetterAuth, "post", "", set("TOKEN_ENDPOINT_AUTH_METHOD", "client_secret_basic"), causes.AuthMethodWrong},
		{"Better Auth: scope", startBetterAuth, "basic", "", set("SCOPES", "openid nonsense"), causes.ScopeNotEnabled},
		{"Better Auth: public", startBetterAuth, "public", "", nil, ""},
		{ // it does not list "none", so the line names both
			"Better Auth: a secret for a public client",
			startBetterAuth,
			"public",
			"",
			set("CLIENT_SECRET", "not-the-secret"),
			causes.ClientSecretWrong,
		},
		{"oauth2-server: redirect URI", startOAuth2Server, "basic", slash, nil, causes.RedirectURINotRegistered},
		{"oauth2-server: client ID", startOAuth2Server, "basic", "", set("CLIENT_ID", "nobody"), causes.ClientIDUnknown},
		{"oauth2-server: secret", startOAuth2Server, "basic", "", set("CLIENT_SECRET", "not-the-secret"), causes.ClientSecretWrong},
		{"oauth2-server: a secret that it does not decode", startOAuth2Server, "not-decoded", "", nil, causes.ClientSecretNotDecoded},
		{"oauth2-server: grant", startOAuth2Server, "no-code-grant", "", nil, causes.GrantNotEnabled},
		{"oauth2-server: sign-in before redirect URI", startOAuth2Server, "sign-in-first", slash, nil, ""},
		{"@jmondi/oauth2-server: redirect URI", startTSOAuth2Server, "basic", slash, nil, causes.RedirectURINotRegistered},
		{"@jmondi/oauth2-server: client ID", startTSOAuth2Server, "basic", "", set("CLIENT_ID", "nobody"), causes.ClientIDUnknown},
		{"@jmondi/oauth2-server: secret", startTSOAuth2Server, "basic", "", set("CLIENT_SECRET", "not-the-secret"), causes.ClientSecretWrong},
		{"@jmondi/oauth2-server: no secret", startTSOAuth2Server, "basic", "", func(env map[string]string) {
			delete(env, "CLIENT_SECRET")
			delete(env, "TOKEN_ENDPOINT_AUTH_METHOD")
		}, causes.ClientSecretMissing},
		{"@jmondi/oauth2-server: scope", startTSOAuth2Server, "basic", "", set("SCOPES", "profile nonsense"), causes.ScopeNotEnabled},
		{"@jmondi/oauth2-server: public", startTSOAuth2Server, "public", "", nil, ""},
		{"Authlib: redirect URI, after the sign-in", startAuthlib, "basic", slash, nil, ""},
		{"Authlib: redirect URI, before the sign-in", startAuthlib, "validate-first", slash, nil, causes.RedirectURINotRegistered},
		{"Authlib: method", startAuthlib, "basic", "", set("TOKEN_ENDPOINT_AUTH_METHOD", "client_secret_post"), causes.AuthMethodWrong},
		{"Authlib: grant", startAuthlib, "no-code-grant", "", nil, causes.GrantNotEnabled},
		{"Authlib: HS256, which the client secret verifies", startAuthlib, "hs256", "", nil, ""},
		{"LemonLDAP::NG: client ID", startLemonLDAP, "confidential", "", set("CLIENT_ID", "nobody"), causes.ClientRefused},
		{"LemonLDAP::NG: redirect URI, after the sign-in", startLemonLDAP, "confidential", slash, nil, ""},
		{"LemonLDAP::NG: public", startLemonLDAP, "public", "", nil, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			base := "http://localhost:" + testserver.FreePort(t)
			f := row.start(t, row.configuration, base+config.CallbackPath+row.registered)
			f.env["BASE_URL"] = base
			if row.spoil != nil {
				row.spoil(f.env)
			}
			if first := firstFailing(t, f.env); first.Name != row.want {
				t.Errorf("the first line that fails is named %q, want %q: %s", first.Name, row.want, first)
			}
		})
	}
}

// firstFailing makes every check with an environment.
func firstFailing(t *testing.T, env map[string]string) causes.Finding {
	t.Helper()
	cfg, err := config.Load(func(name string) string { return env[name] }, "does-not-exist.env", false)
	if err != nil {
		t.Fatal(err)
	}
	r := check.Run(t.Context(), cfg.Effective(), wire.New(nil, time.Now), time.Now, func(string) {}, func(causes.Finding) {})
	for _, line := range r.Checks {
		if line.Result == causes.Fail {
			return line
		}
	}
	return causes.Finding{}
}

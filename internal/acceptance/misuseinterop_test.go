//go:build interop

package acceptance

import (
	"maps"
	"strings"
	"testing"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/misuse"
	"oauth-test-client/internal/testserver"
)

// found holds the findings of a run of /misuse: the results of each attempt, in order.
type found map[misuse.Attempt]string

// sound holds the findings for a server that follows every rule, and replaces refresh tokens.
var sound = found{
	misuse.CodeTwice: "ok ok", misuse.WrongVerifier: "ok", misuse.NoVerifier: "ok", misuse.OtherRedirectURI: "ok", misuse.OtherClient: "ok",
	misuse.OldRefreshToken: "ok ok", misuse.RevokedToken: "ok ok", misuse.WithoutPKCE: "ok", misuse.PromptNone: "ok",
}

// but is the same with some results changed.
func (f found) but(changes found) found {
	next := maps.Clone(f)
	maps.Copy(next, changes)
	return next
}

// A whole run of /misuse at other people's servers finds exactly what docs/misuse.md says of each, where
// it is written why that is so.
func TestInterop_Misuse(t *testing.T) {
	t.Parallel()
	type start func(t *testing.T, configuration, redirectURI string) foreign
	provider := func(t *testing.T, configuration, redirectURI string) foreign {
		needsNode(t, "oidc-provider")
		return startOIDCProvider(t, configuration, redirectURI)
	}
	stays := sound.but(found{misuse.OldRefreshToken: "skip"}) // refresh tokens are not replaced
	for _, row := range []struct {
		name, configuration string
		start               start
		want                found
	}{
		{"oidc-provider, Clerk's paths over TLS", "clerk-paths-tls", provider, stays},
		{"oidc-provider, client_secret_basic", "basic-only", provider, stays},
		{"oidc-provider, client_secret_post", "post-only", provider, stays},
		{"oidc-provider, public client", "public", provider, sound.but(found{misuse.OldRefreshToken: "fail", misuse.RevokedToken: "ok"})},
		{"oidc-provider, public client, refresh rotation", "public-rotation", provider, sound.but(found{misuse.RevokedToken: "ok"})},
		{"oidc-provider, JWT access tokens", "jwt-access-token", provider, stays.but(found{misuse.CodeTwice: "ok skip", misuse.RevokedToken: "skip"})},
		{"oidc-provider, refresh rotation", "rotation", provider, sound},
		{"oidc-provider, RFC 8414 metadata only", "rfc8414-only", provider, stays},
		{"oidc-provider, issuer with a path", "issuer-path", provider, stays},
		{"oidc-provider, no introspection or revocation", "no-introspection", provider, stays.but(found{misuse.RevokedToken: "skip"})},
		{"oidc-provider, pushed authorization required", "par-required", provider, stays},
		{"zitadel/oidc", "", startZitadel, sound.but(found{misuse.CodeTwice: "ok warn", misuse.OldRefreshToken: "ok warn", misuse.WithoutPKCE: "warn"})},
		{"Ory fosite", "", startFosite, sound.but(found{misuse.PromptNone: "warn"})},
		{"Better Auth, client_secret_basic", "basic", startBetterAuth, sound},
		{"Better Auth, client_secret_post", "post", startBetterAuth, sound},
		{"Better Auth, public client", "public", startBetterAuth, sound.but(found{misuse.RevokedToken: "ok"})},
		{"oauth2-server, no metadata", "basic", startOAuth2Server, sound.but(found{misuse.CodeTwice: "ok warn", misuse.OldRefreshToken: "ok warn",
			misuse.RevokedToken: "skip", misuse.WithoutPKCE: "warn", misuse.PromptNone: "skip"})},
		{"oauth2-server, public client", "public", startOAuth2Server, sound.but(found{misuse.CodeTwice: "ok warn", misuse.OldRefreshToken: "ok warn",
			misuse.RevokedToken: "skip", misuse.WithoutPKCE: "fail", misuse.PromptNone: "skip"})},
		{"@jmondi/oauth2-server, client_secret_basic", "basic", startTSOAuth2Server, sound.but(found{misuse.OldRefreshToken: "ok warn", misuse.RevokedToken: "ok",
			misuse.PromptNone: "skip"})},
		{"@jmondi/oauth2-server, public client", "public", startTSOAuth2Server, sound.but(found{misuse.CodeTwice: "ok skip", misuse.OldRefreshToken: "ok warn",
			misuse.RevokedToken: "skip", misuse.PromptNone: "skip"})},
		{"Authlib, client_secret_basic", "basic", startAuthlib, sound.but(found{misuse.CodeTwice: "ok warn", misuse.OldRefreshToken: "ok warn",
			misuse.WithoutPKCE: "warn", misuse.PromptNone: "warn"})},
		{"Authlib, public client", "public", startAuthlib, sound.but(found{misuse.CodeTwice: "ok warn", misuse.OldRefreshToken: "ok warn",
			misuse.RevokedToken: "ok", misuse.PromptNone: "warn"})},
		{"LemonLDAP::NG, confidential client", "confidential", startLemonLDAP, stays.but(found{misuse.CodeTwice: "ok warn",
			misuse.RevokedToken: "skip", misuse.PromptNone: "warn"})},
		{"LemonLDAP::NG, public client", "public", startLemonLDAP, sound.but(found{misuse.CodeTwice: "ok warn", misuse.OldRefreshToken: "fail",
			misuse.RevokedToken: "skip", misuse.PromptNone: "warn"})},
	} {
		t.Run(row.name, func(t *testing.T) {
			port := testserver.FreePort(t)
			base := "http://localhost:" + port
			f := row.start(t, row.configuration, base+config.CallbackPath)
			f.env["BASE_URL"] = base
			a := startAppAt(t, port, f.env)
			b := newBrowserAt(t, a, base)
			b.GetJSON(f.play(b, b.Begin(f.login), false))
			run := b.PlayMisuse(func(address string) string { return f.play(b, address, false) })
			got := found{}
			for _, line := range run.Findings {
				t.Logf("%s %s: %s; %s", line.Result, line.Check, line.Found, line.Control)
				got[misuse.Attempt(line.Check)] = strings.TrimSpace(got[misuse.Attempt(line.Check)] + " " + line.Result)
				if line.Undecided || line.Result == "ok" && line.Control == "" {
					t.Errorf("%s is not decided, or has no control: %s", line.Check, line.Found)
				}
			}
			if !maps.Equal(got, row.want) {
				t.Errorf("%s after %d logins; got %v\nwant %v", run.Verdict, run.Played, got, row.want)
			}
		})
	}
}

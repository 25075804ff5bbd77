package check

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
)

// mistakes lists what users get wrong, and the causes that may be named for it. No other may, by any server: some tell less
// than others, but none may mislead.
var mistakes = []struct {
	name string
	set  map[string]string
	may  []causes.Name
}{
	{"unknown client ID", unknownID, []causes.Name{causes.ClientIDUnknown, causes.ClientRefused}},
	{"wrong secret", wrongSecret, []causes.Name{causes.ClientSecretWrong, causes.ClientRefused}},
	{"no secret", map[string]string{"CLIENT_SECRET": "", "TOKEN_ENDPOINT_AUTH_METHOD": ""},
		[]causes.Name{causes.ClientSecretMissing, causes.ClientRefused, causes.ClientIDUnknown}},
	{"unregistered redirect URI", otherPort, []causes.Name{causes.RedirectURINotRegistered}},
	{"wrong secret, unregistered redirect URI", wrongSecretAndPort,
		[]causes.Name{causes.ClientSecretWrong, causes.ClientRefused, causes.RedirectURINotRegistered}},
	{"client_secret_post", map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": config.MethodPost}, []causes.Name{causes.AuthMethodWrong, causes.ClientRefused}},
	{"client_secret_basic", map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": config.MethodBasic}, []causes.Name{causes.AuthMethodWrong, causes.ClientRefused}},
}

// unfit lists the rows whose server has no true answer to a mistake that the row is not about.
var unfit = map[string][]string{
	// It says so of any secret.
	"hint: a secret is missing": {"wrong secret"},
	// Their client has two mistakes then: the method, too.
	"Zitadel: redirect URI not registered": {"wrong secret"},
	"Zitadel: unknown client ID":           {"wrong secret"},
	// It says so of any client that it refuses.
	"Entra: not enabled for personal accounts": {"wrong secret"},
	// A wrong ID would explain each of their answers.
	"Passport: one answer for the ID and the redirect URI": {"wrong secret, unregistered redirect URI"},
	"a 404 for a redirect URI that is not registered":      {"wrong secret, unregistered redirect URI"},
	"Discord: the form of the ID comes first":              {"wrong secret, unregistered redirect URI"},
	"the form of the ID comes first, a UUID":               {"wrong secret, unregistered redirect URI"},
	// Which is its point.
	"the client is refused, and nothing tells why": {"wrong secret", "client_secret_post", "client_secret_basic"},
}

// Every server that a row knows, with everything right but one setting.
func TestRun_EachMistakeAtEachServer(t *testing.T) {
	t.Parallel()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, right := row.sound(t)
			for _, mistake := range mistakes {
				public := right["CLIENT_SECRET"] == ""
				_, ofSecret := mistake.set["CLIENT_SECRET"]
				_, ofMethod := mistake.set["TOKEN_ENDPOINT_AUTH_METHOD"]
				if slices.Contains(unfit[row.name], mistake.name) || public && (ofSecret || ofMethod) {
					continue
				}
				p, env := row.sound(t)
				maps.Copy(env, mistake.set)
				row.wantCause(t, mistake.name, p, onlySet(env), mistake.may, "")
				p, _ = row.sound(t)
				if advice, words := p.login(t, env, ""); advice.Name != "" && advice.Name != stays && !slices.Contains(mistake.may, advice.Name) {
					t.Errorf("%s: the page of the login says %q: %s", mistake.name, advice.Name, words)
				}
			}
		})
	}
}

// wantCause runs the checks, all of them and those of the start, and expects a cause of a list, or none. The fix must be
// about a line of .env, if one is given.
func (row behavior) wantCause(t *testing.T, mistake string, p *played, env map[string]string, may []causes.Name, variable string) {
	t.Helper()
	report := p.checks(t, env)
	all := report.firstFailing()
	start := p.checksAtStart(t, env).firstFailing()
	for when, f := range map[string]causes.Finding{"check": all, "the start": start} {
		neutral := when == "the start" && (f.Name == causes.ClientRefused || f.Found == "the client ID or the redirect URI is wrong")
		if f.Check != "" && !slices.Contains(may, f.Name) && (!neutral || all.Check == "") {
			t.Errorf("%s: %s says %q: %s", mistake, when, f.Name, f)
		}
	}
	if variable == "" {
		return
	}
	told := slices.ContainsFunc(report.Checks, func(f causes.Finding) bool {
		return f.Result != causes.OK && strings.Contains(f.Setting+" "+f.Found+" "+f.Fix, variable)
	})
	if !told || len(may) > 0 && all.Check == "" {
		t.Errorf("%s: nothing says so\n%s", mistake, report)
	}
}

// Every line that names an endpoint, with the address of every other endpoint that the server names, of a page that is not
// there, and of a host that is not there.
func TestRun_EachEndpointAtEachServer(t *testing.T) {
	t.Parallel()
	type line struct {
		variable, own string
		may           []causes.Name
	}
	forLogins := []line{
		{"AUTHORIZATION_ENDPOINT", "authorize", []causes.Name{causes.AuthorizationEndpointUnusable, causes.ServerUnreachable}},
		{"TOKEN_ENDPOINT", "token", []causes.Name{causes.TokenEndpointUnusable, causes.ServerUnreachable}},
	}
	all := append(slices.Clone(forLogins), line{"JWKS_URI", "jwks", []causes.Name{causes.JWKSUnusable}},
		line{"USERINFO_ENDPOINT", "userinfo", nil}, line{"INTROSPECTION_ENDPOINT", "introspect", nil}, line{"REVOCATION_ENDPOINT", "revoke", nil})
	whole := 10 // the other lines are asked alike at every server, so a few are enough
	for _, row := range rows {
		p, right := row.sound(t)
		if right["ISSUER"] == "" && right["AUTHORIZATION_ENDPOINT"] == "" { // it is found in a different way
			continue
		}
		usual := p.handle == nil && p.authorize == nil && p.token == nil && p.unknownClient == nil && p.wrongRedirect == nil && p.badClient == nil && p.badCode == nil
		if usual && whole < 10 {
			continue // it answers these questions as the first one
		}
		lines := forLogins
		if !p.noDoc && !p.public && whole > 0 {
			lines, whole = all, whole-1
		}
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			known := slices.Collect(maps.Values(right))
			for _, address := range p.documentOf() {
				if address, ok := address.(string); ok && !p.noDoc {
					known = append(known, address)
				}
			}
			for _, line := range lines {
				addresses := map[string]string{"a page that is not there": p.base + "/nothing", "the root": p.base + "/",
					"a host that is not there": "https://dead.example.net/x"}
				for _, other := range all {
					if address := p.base + p.path(other.own); other.own != line.own && slices.Contains(known, address) {
						addresses["the address of "+other.own] = address
					}
				}
				for what, address := range addresses {
					p, env := row.sound(t)
					env[line.variable] = address
					row.wantCause(t, line.variable+" has "+what, p, env, line.may, line.variable)
				}
			}
		})
	}
}

//go:build interop

package acceptance

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/check"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// The demo server satisfies a certified client that we did not write.
func TestDemo_CertifiedClient(t *testing.T) {
	t.Parallel()
	needsNode(t, "openid-client")
	a := startApp(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), testserver.Patience)
	defer cancel()
	node := exec.CommandContext(ctx, "node", "openid-client.mjs", a.Cfg.Issuer, "http://127.0.0.1:1/callback")
	node.Dir = interop
	out, err := node.CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "ok" {
		t.Errorf("openid-client: %v\n%s", err, out)
	}
}

func needsNode(t *testing.T, pkg string) {
	t.Helper()
	_, err := exec.LookPath("node")
	testserver.Needs(t, os.Getenv, "Node", err)
	_, err = os.Stat(interop + "/node_modules/" + pkg)
	testserver.Needs(t, os.Getenv, "the npm packages (npm ci in internal/acceptance/testdata/interop)", err)
}

// foreign is an authorization server that we did not write, and how to play a person on its pages.
type foreign struct {
	env            map[string]string
	user, password string
	deny           string // what the link of its pages that denies contains; empty when they have none
	tokeninfo      bool
	revoke         bool
	userinfo       bool
	refresh        bool
	login          string // the query of /login
	keepsAccess    bool   // it does not revoke access tokens
}

// startOIDCProvider starts panva's oidc-provider in one of its configurations.
func startOIDCProvider(t *testing.T, configuration, redirectURI string) foreign {
	t.Helper()
	args := []string{"oidc-provider.mjs", configuration, redirectURI}
	f := foreign{env: map[string]string{}, user: "interop-user", password: "any", deny: "/abort", tokeninfo: true, revoke: true, userinfo: true, refresh: true}
	if configuration == "clerk-paths-tls" {
		ca := testserver.NewAuthority(t)
		cert, key := testserver.PEMFiles(t, ca.Issue(t, time.Now().Add(time.Hour)))
		args = append(args, cert, key)
		f.env["SSL_CERT_FILE"] = ca.File
	}
	node := exec.Command("node", args...)
	node.Dir = interop
	var settings struct {
		Issuer      string `json:"issuer"`
		ID          string `json:"client_id"`
		Secret      string `json:"client_secret"`
		OtherID     string `json:"other_client_id"`
		OtherSecret string `json:"other_client_secret"`
	}
	first := startForeign(t, node)
	if err := json.Unmarshal([]byte(first), &settings); err != nil {
		t.Fatalf("oidc-provider: %v\n%s", err, first)
	}
	f.env["ISSUER"], f.env["CLIENT_ID"], f.env["CLIENT_SECRET"] = settings.Issuer, settings.ID, settings.Secret
	f.env["OTHER_CLIENT_ID"], f.env["OTHER_CLIENT_SECRET"] = settings.OtherID, settings.OtherSecret
	switch configuration {
	case "clerk-paths-tls": // found from the publishable key, as Clerk is
		u, _ := url.Parse(settings.Issuer)
		f.env["CLERK_PUBLISHABLE_KEY"] = "pk_test_" + base64.RawStdEncoding.EncodeToString([]byte(u.Host+"$"))
		delete(f.env, "ISSUER")
	case "post-only":
		f.env["TOKEN_ENDPOINT_AUTH_METHOD"] = "client_secret_post"
	case "no-introspection":
		f.tokeninfo, f.revoke = false, false
	case "jwt-access-token":
		f.keepsAccess = true
		f.userinfo = false // its token is for https://api.example/, and userinfo wants one for itself
	}
	return f
}

// startForeign runs a server until the test ends, and returns its first line of output. It ends with
// its standard input, or is killed.
func startForeign(t *testing.T, command *exec.Cmd) string {
	t.Helper()
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	command.Stderr = &stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		command.Process.Kill()
		command.Wait()
		if t.Failed() {
			t.Logf("%s said:\n%.4000s", command.Path, stderr.String())
		}
	})
	line := make(chan string, 1)
	go func() {
		scanner := bufio.NewScanner(stdout)
		scanner.Scan()
		line <- scanner.Text()
		for scanner.Scan() { // keep its pipe empty
		}
	}()
	select {
	case first := <-line:
		return first
	case <-time.After(testserver.Patience):
		t.Fatalf("%s printed nothing", command.Path)
		return ""
	}
}

// startGo starts a server of testdata/interop that is written in Go, and reads its settings.
func startGo(t *testing.T, name, redirectURI string) map[string]string {
	t.Helper()
	binary, err := filepath.Abs(interop + "/bin/" + name)
	if err != nil {
		t.Fatal(err)
	}
	_, err = os.Stat(binary)
	testserver.Needs(t, os.Getenv, name+" (go build -o ../bin/ . in internal/acceptance/testdata/interop/"+name+")", err)
	var settings struct {
		Issuer      string `json:"issuer"`
		ID          string `json:"client_id"`
		Secret      string `json:"client_secret"`
		OtherID     string `json:"other_client_id"`
		OtherSecret string `json:"other_client_secret"`
	}
	first := startForeign(t, exec.Command(binary, redirectURI))
	if err := json.Unmarshal([]byte(first), &settings); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, first)
	}
	return map[string]string{"ISSUER": settings.Issuer, "CLIENT_ID": settings.ID, "CLIENT_SECRET": settings.Secret,
		"OTHER_CLIENT_ID": settings.OtherID, "OTHER_CLIENT_SECRET": settings.OtherSecret}
}

// startZitadel starts the example server of zitadel/oidc.
func startZitadel(t *testing.T, _, redirectURI string) foreign {
	f := foreign{
		env:       startGo(t, "zitadel-oidc", redirectURI),
		user:      "test-user@localhost",
		password:  "verysecure",
		tokeninfo: true,
		revoke:    true,
		userinfo:  true,
		refresh:   true,
	}
	f.env["SCOPES"] = "openid profile email offline_access"
	return f
}

// startFosite starts a server on Ory's fosite, whose answers are Clerk's.
func startFosite(t *testing.T, _, redirectURI string) foreign {
	f := foreign{env: startGo(t, "fosite", redirectURI), user: "ory-user", deny: "deny=1", tokeninfo: true, revoke: true, userinfo: true, refresh: true}
	f.env["SCOPES"] = "openid profile offline_access"
	return f
}

// The whole flow, everything after it, Deny and check, against third-party servers.
func TestInterop_LoginAndCheck(t *testing.T) {
	t.Parallel()
	type start func(t *testing.T, configuration, redirectURI string) foreign
	provider := func(t *testing.T, configuration, redirectURI string) foreign {
		needsNode(t, "oidc-provider")
		return startOIDCProvider(t, configuration, redirectURI)
	}
	for _, row := range []struct {
		name, configuration string
		start               start
	}{
		{"oidc-provider, Clerk's paths over TLS", "clerk-paths-tls", provider},
		{"oidc-provider, client_secret_basic", "basic-only", provider},
		{"oidc-provider, client_secret_post", "post-only", provider},
		{"oidc-provider, public client", "public", provider},
		{"oidc-provider, JWT access tokens", "jwt-access-token", provider},
		{"oidc-provider, PS256", "ps256", provider},
		{"oidc-provider, ES256", "es256", provider},
		{"oidc-provider, refresh rotation", "rotation", provider},
		{"oidc-provider, RFC 8414 metadata only", "rfc8414-only", provider},
		{"oidc-provider, issuer with a path", "issuer-path", provider},
		{"oidc-provider, no introspection or revocation", "no-introspection", provider},
		{"oidc-provider, pushed authorization required", "par-required", provider},
		{"zitadel/oidc", "", startZitadel},
		{"Ory fosite", "", startFosite},
		{"Better Auth, client_secret_basic", "basic", startBetterAuth},
		{"Better Auth, client_secret_post", "post", startBetterAuth},
		{"Better Auth, public client", "public", startBetterAuth},
		{"oauth2-server, no metadata", "basic", startOAuth2Server},
		{"oauth2-server, public client", "public", startOAuth2Server},
		{"@jmondi/oauth2-server, client_secret_basic", "basic", startTSOAuth2Server},
		{"@jmondi/oauth2-server, client_secret_post", "post", startTSOAuth2Server},
		{"@jmondi/oauth2-server, public client", "public", startTSOAuth2Server},
		{"Authlib, client_secret_basic", "basic", startAuthlib},
		{"Authlib, public client", "public", startAuthlib},
		{"LemonLDAP::NG, confidential client", "confidential", startLemonLDAP},
		{"LemonLDAP::NG, public client", "public", startLemonLDAP},
	} {
		t.Run(row.name, func(t *testing.T) {
			port := testserver.FreePort(t)
			f := row.start(t, row.configuration, "http://localhost:"+port+config.CallbackPath)
			f.whole(t, port)
		})
	}
}

// The parameters of a login arrive, in the address and pushed: the sign-in page has the user name from login_hint, the ID
// token has the claim that claims asks for, and prompt=login asks for the password again. Without them, none of that
// happens.
func TestInterop_Parameters(t *testing.T) {
	t.Parallel()
	needsNode(t, "oidc-provider")
	for _, configuration := range []string{"basic-only", "par-required"} {
		port := testserver.FreePort(t)
		base := "http://localhost:" + port
		f := startOIDCProvider(t, configuration, base+config.CallbackPath)
		f.env["BASE_URL"], f.env["SCOPES"] = base, "openid"
		b := newBrowserAt(t, startAppAt(t, port, f.env), base)
		asks := url.Values{"login_hint": {"someone-77"}, "claims": {`{"id_token":{"email":{"essential":true}}}`}, "prompt": {"login"}}
		for _, row := range []struct {
			name, query string
			arrives     bool
		}{{"with the parameters", "?" + asks.Encode(), true}, {"without", "", false}} {
			to := b.Begin(row.query)
			page := follow(b, to)
			if got := strings.Contains(page.Body, `value="someone-77"`); got != row.arrives {
				t.Errorf("%s, %s: the user name is filled in: %t\n%s", configuration, row.name, got, page.Body)
			}
			if got := strings.Contains(page.Body, `name="login"`); got != row.arrives {
				t.Errorf("%s, %s: the sign-in is asked for: %t", configuration, row.name, got)
			}
			r := b.GetJSON(f.play(b, b.Begin(row.query), false))
			var response struct {
				ID string `json:"id_token"`
			}
			if err := json.Unmarshal([]byte(r.Body), &response); err != nil {
				t.Fatalf("%s, %s: %v\n%s", configuration, row.name, err, r.Body)
			}
			_, rest, _ := strings.Cut(response.ID, ".")
			payload, _, _ := strings.Cut(rest, ".")
			claims, err := base64.RawURLEncoding.DecodeString(payload)
			if got := strings.Contains(string(claims), `"email"`); err != nil || got != row.arrives {
				t.Errorf("%s, %s: the ID token has the claim: %t: %s", configuration, row.name, got, claims)
			}
		}
	}
}

// The page before a sign-out predicts what the server does with a browser that brings the ID token: it accepts the
// registered address, and refuses the other.
func TestInterop_Logout(t *testing.T) {
	t.Parallel()
	needsNode(t, "oidc-provider")
	for _, row := range []struct {
		configuration string
		start         func(t *testing.T, configuration, redirectURI string) foreign
		isRegistered  bool
	}{{"after-logout", startOIDCProvider, true}, {"basic-only", startOIDCProvider, false}, {"zitadel/oidc", startZitadel, false}} {
		port, configuration, isRegistered := testserver.FreePort(t), row.configuration, row.isRegistered
		base := "http://localhost:" + port
		f := row.start(t, configuration, base+config.CallbackPath)
		f.env["BASE_URL"] = base
		b := newBrowserAt(t, startAppAt(t, port, f.env), base)
		if r := b.GetJSON(f.play(b, b.Begin(""), false)); r.StatusCode != 200 {
			t.Fatalf("%s: the login answered %d %s", configuration, r.StatusCode, r.Body)
		}
		var said struct {
			To    string          `json:"end_session_uri"`
			Asked *causes.Finding `json:"after_sign_out"`
		}
		r := b.Ask("/logout", false)
		if err := json.Unmarshal([]byte(r.Body), &said); err != nil || said.Asked == nil {
			t.Fatalf("%s: the sign-out answered %d %s: %v", configuration, r.StatusCode, r.Body, err)
		}
		if (said.Asked.Result == causes.OK) != isRegistered || (said.Asked.Name == causes.LogoutURINotRegistered) == isRegistered {
			t.Errorf("%s: it says %s", configuration, said.Asked)
		}
		there := follow(b, said.To)
		if refused := there.StatusCode == 400 && strings.Contains(there.Body, "post_logout_redirect_uri"); refused == isRegistered {
			t.Errorf("%s: the server answers %d:\n%s", configuration, there.StatusCode, there.Body)
		}
	}
}

// follow goes where an address redirects to, up to a page.
func follow(b *testserver.Browser, address string) testserver.Reply {
	b.T.Helper()
	for range 10 {
		r := b.Get(address)
		if r.StatusCode/100 != 3 || strings.HasPrefix(b.Location(r), b.App.Cfg.RedirectURI()) {
			return r
		}
		address = b.Location(r)
	}
	b.T.Fatal("the redirects do not end")
	return testserver.Reply{}
}

// whole plays the check, the login, everything after it, and Deny, with an app on a port.
func (f foreign) whole(t *testing.T, port string) {
	t.Helper()
	base := "http://localhost:" + port
	f.env["BASE_URL"] = base
	a := startAppAt(t, port, f.env)
	f.check(t, a)
	b := newBrowserAt(t, a, base)
	r := b.GetJSON(f.play(b, b.Begin(f.login), false))
	a.NoteTokens(r.Body)
	if r.StatusCode != 200 || !strings.Contains(r.Body, `"access_token"`) {
		t.Fatalf("the callback answered %d %s", r.StatusCode, r.Body)
	}
	f.useTokens(t, b)
	if f.deny != "" {
		denied := newBrowserAt(t, a, base)
		denied.GetJSON(f.play(denied, denied.Begin(f.login), true)).WantError(t, 400, "access_denied", "")
	}
}

// check runs every check: none may fail.
func (f foreign) check(t *testing.T, a *app) {
	t.Helper()
	r := check.Run(t.Context(), a.Cfg.Effective(), wire.New(a.Roots, time.Now), time.Now, func(string) {}, func(causes.Finding) {})
	for _, line := range r.Checks {
		t.Log(line.String())
		if line.Result == causes.Fail {
			t.Errorf("check: %s", line)
		}
		if line.Name == causes.FormActionBlocksReturn {
			t.Errorf("this server lets its users back, but check says %s", line)
		}
	}
}

// useTokens goes through everything that can be done with the tokens.
func (f foreign) useTokens(t *testing.T, b *testserver.Browser) {
	t.Helper()
	want := func(path string, offered bool, words string) {
		t.Helper()
		if !offered {
			return
		}
		if r := b.Ask(path, false); r.StatusCode != 200 || !strings.Contains(r.Body, `"status": 200`) || !strings.Contains(r.Body, words) {
			t.Errorf("%s answered %d %s", path, r.StatusCode, r.Body)
		}
	}
	want("/userinfo", f.userinfo, `"sub"`)
	if !f.userinfo && f.env["ISSUER"] != "" { // the server's refusal is its answer
		if r := b.Ask("/userinfo", false); r.StatusCode != 200 || !strings.Contains(r.Body, `"status": 401`) || !strings.Contains(r.Body, "invalid_token") {
			t.Errorf("/userinfo answered %d %s", r.StatusCode, r.Body)
		}
	}
	want("/tokeninfo", f.tokeninfo, `"active": true`)
	want("/refresh", f.refresh, `"access_token"`)
	want("/userinfo", f.userinfo, `"sub"`)
	want("/api", f.env["RESOURCE_URL"] != "", "")
	want("/revoke", f.revoke, "has deleted the token")
	if page := b.Ask("/flow", true); page.StatusCode != 200 {
		t.Errorf("/flow answered %d", page.StatusCode)
	}
	if f.keepsAccess {
		if held := b.Ask("/session", false); strings.Count(held.Body, `"held": true`) != 2 {
			t.Errorf("of three tokens the access and the ID token should be held: %s", held.Body)
		}
	} else if f.revoke {
		b.Ask("/userinfo", false).WantError(t, 401, "no_token", "")
	}
}

var (
	formTag  = regexp.MustCompile(`(?is)<form[^>]*>.*?</form>`)
	actionOf = regexp.MustCompile(`(?is)<form[^>]*\baction="([^"]*)"`)
	inputTag = regexp.MustCompile(`(?is)<(?:input|button)[^>]*>`)
	linkTag  = regexp.MustCompile(`(?is)<a[^>]*\bhref="([^"]*)"`)
)

func attribute(tag, name string) string {
	m := regexp.MustCompile(`(?is)\b` + name + `="([^"]*)"`).FindStringSubmatch(tag)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}

// play plays the user on the server's pages: it signs in, agrees or denies, and returns the address that the browser is
// sent back to.
func (f foreign) play(b *testserver.Browser, address string, deny bool) string {
	b.T.Helper()
	var form url.Values
	for range 15 {
		var r testserver.Reply
		if form == nil {
			r = b.Get(address)
		} else {
			r = b.Post(address, form)
		}
		form = nil
		if r.StatusCode/100 == 3 {
			to := b.Location(r)
			if strings.HasPrefix(to, b.App.Cfg.RedirectURI()) {
				return to
			}
			address = to
			continue
		}
		here := r.Request.URL
		follow := func(to string) { u, _ := here.Parse(html.UnescapeString(to)); address = u.String() }
		if deny && f.deny != "" {
			for _, m := range linkTag.FindAllStringSubmatch(r.Body, -1) {
				if strings.Contains(m[1], f.deny) {
					follow(m[1])
					form = nil
					deny = false
				}
			}
			if !deny {
				continue
			}
		}
		tag := formTag.FindString(r.Body)
		if r.StatusCode != 200 || tag == "" {
			b.T.Fatalf("%s answered %d without a form:\n%.3000s", here, r.StatusCode, r.Body)
		}
		form = url.Values{}
		for _, input := range inputTag.FindAllString(tag, -1) {
			name, value := attribute(input, "name"), attribute(input, "value")
			switch lower := strings.ToLower(name); {
			case name == "":
			case strings.Contains(lower, "password"):
				value = f.password
			case strings.Contains(lower, "login") || strings.Contains(lower, "user"):
				value = f.user
			}
			if name != "" {
				form.Set(name, value)
			}
		}
		if m := actionOf.FindStringSubmatch(tag); m != nil {
			follow(m[1])
		} else {
			address = here.String()
		}
	}
	b.T.Fatal("the server never came back")
	return ""
}

// checksOf makes every check with an environment.
func checksOf(t *testing.T, values map[string]string) check.Report {
	t.Helper()
	cfg, err := config.Load(func(name string) string { return values[name] }, "does-not-exist.env", false)
	if err != nil {
		t.Fatal(err)
	}
	return check.Run(t.Context(), cfg.Effective(), wire.New(nil, time.Now), time.Now, func(string) {}, func(causes.Finding) {})
}

// checkText is a report as text.
func checkText(r check.Report) string {
	var text strings.Builder
	for _, f := range r.Checks {
		text.WriteString(f.String() + "\n")
	}
	return text.String()
}

// wantFails checks which line a reader sees first.
func wantFails(t *testing.T, r check.Report, check, setting, words string) {
	t.Helper()
	for _, f := range r.Checks {
		if f.Result != causes.Fail {
			continue
		}
		if f.Check != check || f.Setting != setting || !strings.Contains(f.String(), words) {
			t.Errorf("the first failing line is %s (%s); want %s, %s and %q", f, f.Setting, check, setting, words)
		}
		return
	}
	t.Errorf("nothing fails; want %s:\n%s", check, checkText(r))
}

// What is wrong is named at a server that we did not write.
func TestInterop_CheckAtOIDCProvider(t *testing.T) {
	t.Parallel()
	needsNode(t, "oidc-provider")
	f := startOIDCProvider(t, "basic-only", testserver.CheckedURI)
	f.env["PORT"] = "3998"
	wantFails(t, checksOf(t, f.env), "redirect_uri", "BASE_URL", "http://localhost:3998/oauth_callback")
	f.env["PORT"], f.env["CLIENT_SECRET"] = "3999", "wrong secret/"
	wantFails(t, checksOf(t, f.env), "client", "CLIENT_SECRET", "paste CLIENT_SECRET again")
}

// The same at a server whose words are Clerk's.
func TestInterop_CheckAtFosite(t *testing.T) {
	t.Parallel()
	values := startGo(t, "fosite", testserver.CheckedURI)
	values["PORT"], values["SCOPES"] = "3999", "openid profile"
	if r := checksOf(t, values); r.Result == causes.Fail {
		t.Errorf("in order it fails:\n%s", checkText(r))
	}
	broken := func(name, value string) map[string]string {
		full := map[string]string{}
		for k, v := range values {
			full[k] = v
		}
		full[name] = value
		return full
	}
	wantFails(t, checksOf(t, broken("TOKEN_ENDPOINT_AUTH_METHOD", "client_secret_post")),
		"client", "TOKEN_ENDPOINT_AUTH_METHOD", "Write TOKEN_ENDPOINT_AUTH_METHOD=client_secret_basic")
	wantFails(t, checksOf(t, broken("CLIENT_SECRET", "wrong")), "client", "CLIENT_SECRET", "Client authentication failed")
	wantFails(t, checksOf(t, broken("PORT", "3998")), "redirect_uri", "BASE_URL", "does not match any of the OAuth 2.0 Client's pre-registered redirect urls")
	wantFails(t, checksOf(t, broken("SCOPES", "openid admin")), "authorization", "SCOPES", "is not allowed to request scope 'admin'")
	wantFails(t, checksOf(t, broken("CLIENT_ID", "nobody")), "redirect_uri", "CLIENT_ID", "doesn't recognize client ID nobody")
}
